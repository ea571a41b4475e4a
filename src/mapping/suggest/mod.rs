//! A first mapping for an export that nobody has described yet.
//!
//! Looks at the first records: which preset knows such columns, and how well its rules do on them;
//! else what each column holds and which target it may feed. Promises that a proposed file loads,
//! and that whatever was concluded from names and shapes says so. Decides nothing for the operator:
//! zones, countries and agents stay questions.

mod agent_fields;
mod audio_rules;
mod build;
mod call_customer;
mod call_side;
mod call_time;
mod choose_records;
mod column_profile;
mod expressions;
mod guide;
mod identity;
mod known_names;
mod known_times;
mod listed_recordings;
mod majority;
mod name_index;
mod name_patterns;
mod name_rank;
mod name_shape;
mod preset_fit;
mod proposal;
mod recording_lengths;
mod recording_names;
mod rows_of_calls;
mod survey;
mod text_fields;
mod time_forms;
mod times;
mod windows_paths;
mod write;

pub(super) use known_names::of as names_of;

pub use choose_records::survey;
pub use guide::{GuidedProposal, said_in_source};
pub use known_names::direction_rank;
pub use listed_recordings::ListedRecordings;
pub use preset_fit::{PresetFit, PresetTrial};
pub use survey::ExportSurvey;
pub use write::propose;
