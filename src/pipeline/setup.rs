//! What the pipeline works with: its inputs, its mapping, and what earlier runs have done.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::call::inspection_options::InspectionOptions;
use crate::api::ApiVersion;
use crate::domain::Party;
use crate::events::ExportExtent;
use crate::ledger::{DoneIndex, Ledger, LedgerReader, SentUntil};
use crate::mapping::MappingFile;
use crate::plan::Policy;
use crate::recordings;
use crate::source::{self, Input, Unread};

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
    pub(super) fn reader(&self) -> Result<LedgerReader, Error> {
        Ledger::read(&self.path).map_err(Error::Ledger)
    }
}

/// Everything that deciding needs.
#[derive(Debug)]
pub struct Pipeline {
    /// The files of the export.
    pub inputs: Vec<Input>,
    /// What lies among them and is not read.
    pub unread: Vec<Unread>,
    /// How they are read.
    pub options: source::ReadOptions,
    /// How records become calls.
    pub mapping: MappingFile,
    /// The recordings, if an audio folder was given.
    pub audio: Option<Arc<recordings::Index>>,
    /// How far recordings are looked into.
    pub listening: InspectionOptions,
    /// What earlier runs have done; nothing for a check.
    pub past: Option<EarlierRuns>,
    /// What the operator asked for.
    pub policy: Policy,
    /// What the pipeline runs for.
    pub want: Purpose,
    /// The shape of the destination's conversation endpoint, to warn about fields it lacks.
    pub version: ApiVersion,
    /// The time of the run, to know what lies in the future.
    pub now: Timestamp,
    /// How many threads decide.
    pub deciders: usize,
    /// How many records there are, for whoever tells how far the work is.
    pub extent: Arc<ExportExtent>,
}

impl Pipeline {
    /// Whether the files are read from the last to the first. Exports overlap, and of a call that was not
    /// sent yet the last file has its newest record: read first, it is the one that is sent, without
    /// anything that would have to be known before. Where records are brought together over all
    /// files, their order is decided there.
    pub(super) fn is_newest_first(&self) -> bool {
        self.inputs.len() > 1 && !self.mapping.is_of_cases() && !self.mapping.gathers()
    }

    /// The party of a call, where records of several files are held against each other.
    pub(super) fn party<'c>(
        &self,
        customer_and_time: impl FnOnce() -> (&'c str, &'c str),
    ) -> Party {
        if self.inputs.len() > 1 {
            let (customer, time) = customer_and_time();
            Party::of(customer, time)
        } else {
            Party::default()
        }
    }

    /// What earlier runs have done, to look things up in.
    pub(super) fn reader(&self) -> Result<Option<LedgerReader>, Error> {
        self.past.as_ref().map(EarlierRuns::reader).transpose()
    }

    /// The time after which nothing can have happened. A clock that is a little behind must not
    /// make today's records implausible.
    pub(super) fn latest(&self) -> Timestamp {
        let day = jiff::SignedDuration::from_hours(24);
        self.now.checked_add(day).unwrap_or(self.now)
    }
}
