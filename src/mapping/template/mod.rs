//! Templates and conditions over the columns of a record.
//!
//! The engine is minijinja: strict about names that do not exist, with limited fuel, compiled once.
//! Templates that only put columns between literal text, and conditions that only compare a column
//! with literals, never reach it: they are most of them, and a million records use them.

mod bound;
mod context;
mod functions;
mod lets;
mod limits;
mod lists;
pub(super) mod marks;
mod pattern;
mod simple;
mod slices;
mod templates;

pub(super) use bound::{BoundTemplates, Rendering, TemplateError};
pub(super) use templates::{TemplateId, Templates};
