//! How a record ended, what was delivered for it, and the sums over all records of a run.

use crate::domain::{Code, Problem};

/// How the problem of a call begins that was sent and whose consent was withdrawn since.
pub const WITHDRAWN: &str = "its consent was withdrawn";

/// Why a record is skipped whose id `--only` does not name, or that a canary did not pick.
pub const NOT_SELECTED: &str = "not selected";

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
    /// Another process imports it: the export is shared by `--shard`.
    OtherShard,
}

impl Outcome {
    /// Every outcome, in the order of the table at the end of a run.
    pub const ALL: [Outcome; 8] = [
        Outcome::Created,
        Outcome::AlreadyThere,
        Outcome::Skipped,
        Outcome::Held,
        Outcome::Rejected,
        Outcome::Failed,
        Outcome::NotAttempted,
        Outcome::OtherShard,
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
            Outcome::OtherShard => "other_shard",
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
    counts: [u64; 8],
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
    pub fn note_export_problem(&mut self, problem: &Problem) {
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

    /// Records read that this process imports: all but those of other shards.
    pub fn own(&self) -> u64 {
        self.read.saturating_sub(self.of(Outcome::OtherShard))
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
