//! The pipeline: from an opened export to decided records.
//!
//! Owns the threads between reading and deciding, and the table of ids already seen. Promises that
//! records come out decided in the order of the export, each exactly once, and that memory stays
//! bounded but for a few bytes a record. What is made of a record is a target's ([`ImportTarget`]).
//! `check` ends here; `run` hands what is decided to `delivery`.

mod action;
mod clock_skew;
mod closing_notes;
mod decided_batch;
mod decision;
mod duplicates;
mod error;
mod group;
mod held;
mod open_totals;
mod opened_file;
mod preflight;
mod proposal;
mod read;
mod record_locations;
mod recording_claims;
mod recording_use;
mod rounds;
mod run_context;
mod seen_cases;
mod seen_ids;
mod selection;
mod sequencer;
mod shard_filter;
mod sheet_mapping;
mod target;
mod threads;
mod unused_consent;
mod watched_files;

pub use action::{Action, NotedEnd};
pub use decided_batch::DecidedBatch;
pub use decision::Decision;
pub use error::Error;
pub use group::row_group::{GroupingKind, RowGroup};
pub use held::overdue;
pub use opened_file::OpenedFile;
pub use proposal::{Proposal, Proposals, RecordKey};
pub use recording_use::RecordingUse;
pub use rounds::{Ownership, Round, Rounds};
pub use run_context::{EarlierRuns, Purpose, RunContext};
pub use selection::Selection;
pub use sheet_mapping::{SheetMapping, SheetMappings};
pub use target::{BatchTask, ImportTarget, Worker};
pub use threads::Pipeline;
