//! What every worker knows of the run: its mapping, its purpose, and what earlier runs have done.

use std::path::PathBuf;

use jiff::Timestamp;

use super::error::Error;
use super::rounds::Rounds;
use super::selection::Selection;
use crate::domain::{Party, Shard};
use crate::ledger::{DoneIndex, Ledger, LedgerReader, SentUntil};
use crate::mapping::MappingFile;

/// What the pipeline runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To know: recordings are looked into, and nothing is kept for sending.
    Check,
    /// To send.
    Run,
}

/// What earlier runs have done.
#[derive(Debug)]
pub struct EarlierRuns {
    /// The ledger.
    pub path: PathBuf,
    /// The calls that are done.
    pub done: DoneIndex,
    /// How much was known of sent recordings.
    pub sent: SentUntil,
}

impl EarlierRuns {
    fn reader(&self) -> Result<LedgerReader, Error> {
        Ledger::read(&self.path).map_err(Error::Ledger)
    }
}

/// What every worker knows of the run.
#[derive(Debug, Clone, Copy)]
pub struct RunContext<'r> {
    /// How records are understood.
    pub mapping: &'r MappingFile,
    /// What earlier runs have done; nothing for a check.
    pub earlier: Option<&'r EarlierRuns>,
    /// What the pipeline runs for.
    pub purpose: Purpose,
    /// The time of the run, to know what lies in the future.
    pub now: Timestamp,
    /// Whether records of several files are held against each other.
    pub has_several_inputs: bool,
    /// Whether the files are read from the last to the first.
    pub is_newest_first: bool,
    /// The ids to which the run is limited, if it is.
    pub selection: Option<&'r Selection>,
    /// The part of the export that this process imports, where several share it.
    pub shard: Option<Shard>,
    /// What is known of claims on recordings.
    pub rounds: &'r Rounds,
}

impl RunContext<'_> {
    /// Whether this process imports the call or case whose id has this hash.
    pub fn owns(&self, identity: u64) -> bool {
        self.shard.is_none_or(|shard| shard.owns(identity))
    }

    /// The party of a call, where records of several files are held against each other.
    pub fn party<'c>(&self, customer_and_time: impl FnOnce() -> (&'c str, &'c str)) -> Party {
        if self.has_several_inputs {
            let (customer, time) = customer_and_time();
            Party::of(customer, time)
        } else {
            Party::default()
        }
    }

    /// What earlier runs have done, to look things up in.
    pub fn reader(&self) -> Result<Option<LedgerReader>, Error> {
        self.earlier.map(EarlierRuns::reader).transpose()
    }

    /// The time after which nothing can have happened. A clock that is a little behind must not
    /// make today's records implausible.
    pub fn latest(&self) -> Timestamp {
        let day = jiff::SignedDuration::from_hours(24);
        self.now.checked_add(day).unwrap_or(self.now)
    }
}
