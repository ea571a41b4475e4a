//! One folder for each thing that can be imported: what becomes of its records.

mod call;
mod case;
mod content_hash;

pub use call::{CallTarget, InspectionOptions, OddFormats};
pub use case::CaseTarget;
