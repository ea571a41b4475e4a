//! Records to drafts, by a mapping file.
//!
//! Owns the format of mapping files (`docs/mapping.md`), the presets in `mappings/`, and every rule
//! that turns a cell into a value: times, phones, numbers, durations, yes and no, lists, templates.
//! Promises that a mapping file is checked before a record is read, each mistake at its line; that
//! applying it is pure, reports all problems of a record at once and never guesses; and that a plain
//! column costs no allocation. Leaves the judgement of a conversation to `call`, the dialect of the
//! file to `source`, and the search for recordings to `audio`.

mod error;
mod presets;
mod template;

pub use bound::audio_names::{AudioName, NamePart};
pub use bound::call::{CallMapping, MappedCall};
pub use bound::case::{CaseMapping, MappedCase, MappedMessage};
pub use bound::legs::Legs;
pub use bound::merge::{CallRow, Merged};
pub use bound::nested::Nested;
pub use bound::newest::Newest;
pub use bound::privacy::Form;
pub use bound::record_scope::RecordScope;
pub use bound::unused_consent::{unused_consent, unused_consent_keys};
pub use bound::watch::{Mismatch, RecordWatch};
pub use error::{Finding, LoadError};
pub use file::MappingFile;
pub use file::audio_fetch::{FetchAuth, FetchSection};
pub use file::audio_section::{AudioSection, SeveralArg};
pub use file::audio_sidecar::SidecarSection;
pub use file::case_section::CaseSending;
pub use file::completeness::check_complete;
pub use file::legs::LegRule;
pub use file::locale::UnknownName;
pub use file::source_section::{QuoteSetting, SourceSection};
pub use lookup::agents::AgentsError;
pub use presets::Preset;
pub use suggest::{
    ExportSurvey, GuidedProposal, ListedRecordings, PresetFit, PresetTrial, direction_rank,
    propose, said_in_source, survey,
};

mod bound;
mod file;
mod lookup;
mod suggest;
#[cfg(test)]
mod tests;
mod value;
