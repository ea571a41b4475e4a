//! What happens on the pipeline, told once to whoever listens.

use std::time::Duration;

use crate::domain::call::Field;
use crate::domain::{Code, Problem};
use crate::pipeline::call::changed_since_sent::WITHDRAWN;
use crate::pipeline::{Matched, Totals};
use crate::source::{Record, Sheet};

/// How a record ended. Every record that was read ends in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The conversation was created by this run, and its recording is in place if it has one.
    Created,
    /// It was in place before: an earlier run or somebody else made it. A recording that was still
    /// owed to it may have been delivered now.
    AlreadyThere,
    /// Left out on purpose: by a rule of the mapping, or because it repeats an earlier record.
    Skipped,
    /// Waits for its recording to be there and whole, or for its row; a later run sends it.
    Held,
    /// Not sendable: its problems say why.
    Rejected,
    /// The server refused it, or it was tried as often as allowed.
    Failed,
    /// Good to go but not tried: a check, a dry run, a limit or an early stop.
    NotAttempted,
}

impl Outcome {
    /// Every outcome, in the order of the table at the end of a run.
    pub const ALL: [Outcome; 7] = [
        Outcome::Created,
        Outcome::AlreadyThere,
        Outcome::Skipped,
        Outcome::Held,
        Outcome::Rejected,
        Outcome::Failed,
        Outcome::NotAttempted,
    ];

    /// The key in `summary.json` and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::AlreadyThere => "already_there",
            Outcome::Skipped => "skipped",
            Outcome::Held => "held",
            Outcome::Rejected => "rejected",
            Outcome::Failed => "failed",
            Outcome::NotAttempted => "not_attempted",
        }
    }
}

/// Counts of outcomes. `read` is counted where records are read and the rest where they end, so
/// that the sum is a proof and not a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Records read from the export.
    pub read: u64,
    /// Errors that belong to no record, such as a file whose records have another shape.
    pub faults: u64,
    /// Recordings that went to conversations of somebody else without proof that these had none: each
    /// may be there twice, so somebody has to look.
    pub unproved: u64,
    /// Calls and cases that an earlier run holds for too long, and that this one did not find.
    pub left_held: u64,
    /// Calls that were sent, and whose consent was withdrawn since.
    pub withdrawn: u64,
    counts: [u64; 7],
    /// Of those that are held: records that need a person.
    pressing: u64,
}

impl Tally {
    /// Counts one ended record.
    pub fn count(&mut self, outcome: Outcome) {
        self.counts[outcome as usize] += 1;
    }

    /// Counts one record that is held and needs a person, beside [`Tally::count`].
    pub fn press(&mut self) {
        self.pressing += 1;
    }

    /// Counts what the problems of an ended record say beside its outcome.
    pub fn note(&mut self, problems: &[Problem]) {
        let is_withdrawn = |problem: &Problem| {
            problem.code == Code::ChangedSinceSent && problem.message.starts_with(WITHDRAWN)
        };
        self.withdrawn += u64::from(problems.iter().any(is_withdrawn));
    }

    /// Counts a problem that belongs to no record.
    pub fn note_aside(&mut self, problem: &Problem) {
        self.faults += u64::from(problem.is_error());
        self.left_held += u64::from(problem.code == Code::HeldTooLong);
    }

    /// How many of the held records need a person, and not only time.
    pub fn pressing(&self) -> u64 {
        self.pressing
    }

    /// How many records ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.counts[outcome as usize]
    }

    /// Records that ended in any way; equal to `read` when every record is accounted for.
    pub fn accounted(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// What was delivered for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryKind {
    /// A call.
    Call,
    /// A case with all its messages.
    Case,
    /// One message of a case.
    Message,
}

impl DeliveryKind {
    /// All of them.
    pub const ALL: [DeliveryKind; 3] = [
        DeliveryKind::Call,
        DeliveryKind::Case,
        DeliveryKind::Message,
    ];

    /// The word in `accepted.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            DeliveryKind::Call => "call",
            DeliveryKind::Case => "case",
            DeliveryKind::Message => "message",
        }
    }
}

/// What was delivered for one call, one case or one message of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What it is.
    pub kind: DeliveryKind,
    /// The call's `externalIdentity`, or the `caseUid`.
    pub identity: String,
    /// The conversation's id at the destination; `None` when the answer that named it was lost. Of a
    /// message its `messageUid`.
    pub uid: Option<String>,
    /// The recording's name below the audio folder, if one is in place.
    pub recording: Option<String>,
    /// Somebody else had sent it: it is in place, and was not delivered.
    pub was_there: bool,
    /// Bytes of the recording.
    pub bytes: u64,
    /// How often the recording was sent again without knowing whether it had arrived.
    pub in_doubt: u32,
    /// The recording went to somebody else's conversation, and nothing proves that it had none.
    pub is_unproved: bool,
}

/// Why a run ended early. Ordered: of two reasons the greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// A limit that the operator set (`--limit`, a time).
    Limit,
    /// A signal; running the same command again resumes.
    Interrupted,
    /// The export could not be read to its end, or the mapping does not fit one of its files.
    ExportBroken,
    /// Too many errors, or the destination cannot be reached.
    GaveUp,
    /// The ledger is new, and the destination has the first calls already.
    WrongLedger,
    /// The token was refused (401 or 403).
    TokenRefused,
    /// A file of the report could not be written, so nobody could look up what was sent.
    ReportLost,
    /// The ledger could not be written, so nothing more may be sent.
    LedgerLost,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file of the export was opened.
    Opened {
        /// What its records look like, and how it is read.
        sheet: &'a Sheet,
        /// Columns that nothing in the mapping uses; empty for JSON.
        unused: &'a [String],
        /// The columns that feed each field; none for a constant, and nothing at all for cases.
        sources: &'a [(Field, Vec<String>)],
    },
    /// So much of the input has been read.
    Read {
        /// Bytes read from the files, as they lie on disk.
        bytes: u64,
        /// Bytes of all files; `None` for standard input.
        total: Option<u64>,
    },
    /// A batch of records was checked; sums over its records.
    Checked(&'a Totals),
    /// A call gets this recording, or has it.
    Matched(&'a Matched),
    /// A record ended. Comes exactly once for each record.
    Ended {
        /// The record.
        record: Record<'a>,
        /// How it ended.
        outcome: Outcome,
        /// Why in a word, where the outcome alone does not tell: the name of the skip rule,
        /// `repeat`, `changed`, `adopted`; else empty.
        detail: &'a str,
        /// Everything that is wrong with it.
        problems: &'a [Problem],
        /// What was delivered for it by this run.
        delivered: Option<&'a Delivered>,
    },
    /// A problem that belongs to no record: a recording that nobody claims.
    Aside(&'a Problem),
    /// Bytes of recordings left the machine.
    Sent {
        /// Bytes since the last event of this kind.
        bytes: u64,
    },
    /// The number of requests that may be in flight has changed.
    Width {
        /// So many from now on.
        now: usize,
        /// So many at the least, in this run.
        lowest: usize,
        /// So many at the most, as it was set.
        most: usize,
    },
    /// Nothing is sent for a while.
    Paused {
        /// For how long.
        pause: Duration,
        /// Why, in words for the screen.
        why: &'a str,
    },
    /// A request will be tried again.
    Retried {
        /// Which try failed, from 1.
        attempt: u32,
        /// How long this call waits.
        delay: Duration,
        /// Why, in words for the screen; no personal data.
        why: &'a str,
    },
    /// The run takes no more calls and finishes what is in flight.
    Stopping {
        /// For what reason.
        stop: StopReason,
        /// The reason in words for the screen.
        why: &'a str,
    },
}
