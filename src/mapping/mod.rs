//! Records to drafts, by a mapping file.
//!
//! Owns the format of mapping files (`docs/mapping.md`), the presets in `mappings/`, and every rule
//! that turns a cell into a value: times, phones, numbers, durations, yes and no, lists, templates.
//! Promises that a mapping file is checked before a record is read, each mistake at its line; that
//! applying it is pure, reports all problems of a record at once and never guesses; and that a plain
//! column costs no allocation. Leaves the judgement of a conversation to `call`, the dialect of the
//! file to `source`, and the search for recordings to `audio`.

mod agent_table;
mod agents;
mod audio_name;
mod audio_pattern;
mod audio_section;
mod bind;
mod boolean;
mod bound;
mod case_profile;
mod case_section;
mod complete;
mod consent;
mod conversion;
mod convert;
mod duration;
mod error;
mod expression;
mod file;
mod layout;
mod legs;
mod limits;
mod list;
mod lookup;
mod lookup_json;
mod lookup_rows;
mod merge;
mod need;
mod newest;
mod number;
mod origin;
mod pattern;
mod plain;
mod presets;
mod privacy;
mod privacy_trial;
mod profile;
mod propose;
mod ranking;
mod reader;
mod record_scope;
mod repair;
mod respelled;
mod rule;
mod second_file;
mod size;
mod source_section;
mod target;
mod template;
mod time;
mod value;
mod verdicts;
mod watch;
mod zone;

pub use agents::AgentsError;
pub use audio_name::{AudioName, NamePart};
pub use audio_section::{AudioSection, Several};
pub use case_profile::{CaseProfile, MappedCase, MappedMessage, Nested};
pub use case_section::Sending;
pub use error::{Finding, LoadError};
pub use file::Mapping;
pub use legs::{Leg, Legs};
pub use merge::{Merged, Part};
pub use newest::Newest;
pub use presets::Preset;
pub use privacy::Form;
pub use profile::{Mapped, Profile};
pub use propose::{Fit, Survey, Trial};
pub use record_scope::RecordScope;
pub use source_section::{Quote, SourceSection, UnknownName};
pub use watch::{Misfit, Watch};

#[cfg(test)]
mod tests;
