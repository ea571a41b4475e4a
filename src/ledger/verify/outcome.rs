//! How a call compares with its destination, in one word.

/// How a call compares with its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum VerifyOutcome {
    /// The conversation is there as it was sent, with its recording, and was worked on.
    Verified = 0,
    /// It is there, and is being worked on.
    Waiting = 1,
    /// The conversation, or its recording, is not there.
    Missing = 2,
    /// Something is otherwise than it was sent, or is there twice.
    Different = 3,
    /// The destination could not work on it.
    FailedThere = 4,
    /// The answer does not tell.
    NotReadable = 5,
}

impl VerifyOutcome {
    /// Every outcome, in the order in which they are told; its place is its number in the ledger.
    pub const ALL: [VerifyOutcome; 6] = [
        VerifyOutcome::Verified,
        VerifyOutcome::Waiting,
        VerifyOutcome::Missing,
        VerifyOutcome::Different,
        VerifyOutcome::FailedThere,
        VerifyOutcome::NotReadable,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            VerifyOutcome::Verified => "verified",
            VerifyOutcome::Waiting => "waiting",
            VerifyOutcome::Missing => "missing",
            VerifyOutcome::Different => "different",
            VerifyOutcome::FailedThere => "failed-there",
            VerifyOutcome::NotReadable => "not-readable",
        }
    }

    /// The outcome of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<VerifyOutcome> {
        VerifyOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }

    /// The outcome of this number in the ledger.
    pub(in crate::ledger) fn of_column(number: u8) -> Option<VerifyOutcome> {
        VerifyOutcome::ALL.get(usize::from(number)).copied()
    }
}
