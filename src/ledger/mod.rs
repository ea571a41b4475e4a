//! What was intended and what happened, call by call, in one SQLite file: the only SQL.
//!
//! A [`LedgerEntry`] that [`LedgerWriter::write`] has acknowledged survives `kill -9` and a loss of power;
//! nothing may be sent before its intent is acknowledged, and after one failed write every later
//! one fails as well, because a run without a ledger could create calls twice. One run at a time
//! writes (a lock file beside the ledger says who); anybody may read meanwhile. A ledger belongs
//! to one destination for ever. It keeps ids, hashes and messages, not people: values of records are
//! never handed to it, of names of recordings it keeps keyed hashes (`sent.rs`), and what a server said is
//! masked (see `redact` for what that can do).
//!
//! What a fact means for a call is decided in [`apply_fact`], which knows no SQL. What to do
//! next with a call is decided elsewhere.

mod batch;
mod blocker;
mod call;
mod case;
mod clean_marker;
mod columns;
mod done_index;
mod error;
mod fact;
mod failure;
mod filesystem;
mod forget;
mod forget_held;
mod head;
mod holder;
mod holdings;
mod lock;
mod maintenance;
mod migrate;
mod offline;
mod open;
mod overdue;
mod owner;
mod part_mismatch;
mod permissions;
mod place;
mod problem_log;
mod proof;
mod reader;
mod reshard;
mod runs;
mod schema;
mod sent_recordings;
mod shard_binding;
mod side_files;
mod stage;
mod summary;
mod target_summary;
#[cfg(test)]
mod tests;
mod verify;
mod wal;
mod writer;

pub use blocker::Blocker;
pub use call::apply::apply_fact;
pub use call::checkpoint::Checkpoint;
pub use call::content_key::ContentKey;
pub use call::evidence_rows::{CallEvidence, LastSeen};
pub use call::fact::{CallFact, SentFile, UNKNOWN_HASH};
pub use call::progress::{CreateProgress, UploadProgress};
pub use call::record_origin::{ExportOrigin, MappingOrigin, RecordOrigin};
pub use call::sent_content::SentContent;
pub use call::sent_fields::{FieldHash, SentFields};
pub use call::state::{CallState, CreateState, UploadState};
pub use call::status::{CallStatus, DoneKind};
pub use case::fact::{CaseFact, CaseHashes, CaseState, CutRow, MessageHashes, MessageState};
pub use done_index::DoneIndex;
pub use error::{Error, LedgerOpenError};
pub use fact::{Fact, LedgerEntry};
pub use failure::{Failure, FailureKind};
pub use forget::{Forgotten, ForgottenIds, forget};
pub use forget_held::{ForgottenHeld, HeldChoice, forget_held};
pub use holder::Holder;
pub use maintenance::{LedgerCheck, Purged, purge};
pub use overdue::Overdue;
pub use owner::{foreign_owner, is_open_to_all};
pub use part_mismatch::PartMismatch;
pub use place::LedgerPlace;
pub use problem_log::NotedProblem;
pub use proof::{KnownAtDestination, KnownOf, Proof};
pub use reader::{AcceptedCall, AcceptedCase, LedgerReader, UidOwner};
pub use reshard::{ReshardError, Resharded, reshard};
pub use runs::{Run, RunId};
pub use sent_recordings::{SentTo, SentUntil};
pub use shard_binding::{ShardBinding, SharedContent};
pub use side_files::{beside, files_of};
pub use stage::Stage;
pub use summary::LedgerSummary;
pub use target_summary::{FailureCounts, InDoubt, TargetSummary};
pub use verify::book::{KnownDays, VerifyBook};
pub use verify::conversation_state::ConversationState;
pub use verify::counts::VerifyCounts;
pub use verify::known_conversation::KnownConversation;
pub use verify::line::VerifiedLine;
pub use verify::outcome::VerifyOutcome;
pub use verify::reopen::Reopened;
pub use verify::scope::VerifyScope;
pub use verify::sighting::{Observation, Sighting, day_of, uid_hash};
pub use writer::{Ledger, LedgerWriter};
