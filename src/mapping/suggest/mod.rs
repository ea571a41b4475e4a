//! A first mapping for an export that nobody has described yet.
//!
//! Looks at the first records: which preset knows such columns, and how well its rules do on them;
//! else what each column holds and which target it may feed. Promises that a proposed file loads,
//! and that whatever was concluded from names and shapes says so. Decides nothing for the operator:
//! zones, countries and agents stay questions.

mod build;
mod call_fields;
mod column_profile;
mod expressions;
mod known_names;
mod name_rank;
mod name_shape;
mod preset_fit;
mod proposal;
mod recording_names;
mod survey;
mod write;

pub(super) use known_names::of as names_of;

pub use preset_fit::{PresetFit, PresetTrial};
pub use survey::ExportSurvey;
pub use write::propose;
