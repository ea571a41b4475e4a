//! What one record alone decides of itself.

use std::borrow::Cow;

use super::action::Action;
use super::recording_use::RecordingUse;
use super::rounds::Round;
use super::sheet_mapping::SheetMappings;
use crate::domain::{Code, Party, Problem};
use crate::events::{DeferredFacts, FurtherRow, Matched, Outcome, Totals};
use crate::source::{Batch, Record};

/// Why a record is left out of which a later file has a newer one.
const OLDER: &str = "older copy";

/// A record as it leaves the worker. What other records say of the same call may change it.
#[derive(Debug)]
pub struct Proposal<J> {
    /// Everything that is wrong, in the order of the stages.
    pub problems: Vec<Problem>,
    /// How it goes on.
    pub action: Action<J>,
    /// The other rows of the call for which this one speaks.
    pub further: Vec<FurtherRow>,
    /// The call's recording; that of a rejected record is only named.
    pub recording: Option<Box<RecordingUse>>,
    /// Requests that a run sends for the record.
    pub requests: u8,
    /// What tells the same record once more.
    pub key: Option<RecordKey>,
    /// What the sums have counted of a call that is decided later.
    pub untold: Option<Box<DeferredFacts>>,
    /// Which recording it gets, for the list.
    pub matched: Option<Box<Matched>>,
}

impl<J> Proposal<J> {
    /// A record with this action, and nothing else.
    pub fn new(problems: Vec<Problem>, action: Action<J>) -> Proposal<J> {
        Proposal {
            problems,
            action,
            further: Vec::new(),
            recording: None,
            requests: 0,
            key: None,
            untold: None,
            matched: None,
        }
    }

    /// A record that has ended.
    pub fn finished(
        problems: Vec<Problem>,
        outcome: Outcome,
        detail: impl Into<Cow<'static, str>>,
    ) -> Proposal<J> {
        Proposal::new(problems, Action::Finished(outcome, detail.into()))
    }

    /// What was noted about a record while it was read; the error is how it ends when it is none.
    pub fn readable(record: &Record<'_>) -> Result<Vec<Problem>, Box<Proposal<J>>> {
        let problems: Vec<Problem> = record.problems().cloned().collect();
        if problems.iter().any(Problem::is_error) {
            return Err(Box::new(Proposal::finished(
                problems,
                Outcome::Rejected,
                "",
            )));
        }
        if problems
            .iter()
            .any(|problem| problem.code == Code::TrailingRow)
        {
            let ended = Proposal::finished(problems, Outcome::Skipped, "no record");
            return Err(Box::new(ended));
        }
        Ok(problems)
    }

    /// Whether one of its problems has this code.
    pub fn has(&self, code: Code) -> bool {
        self.problems.iter().any(|problem| problem.code == code)
    }

    /// Whether the record is rejected.
    pub fn is_rejected(&self) -> bool {
        matches!(self.action, Action::Finished(Outcome::Rejected, _))
    }

    /// Whether its call is in place already, with what this record says.
    pub(super) fn is_there(&self) -> bool {
        matches!(&self.action, Action::Finished(Outcome::AlreadyThere, detail) if detail.is_empty())
    }

    /// Whether this is one row, and nothing is said of it, as of most.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.further.is_empty()
    }

    /// The problems of all its rows.
    pub(super) fn problems_of_rows(&mut self) -> impl Iterator<Item = &mut Vec<Problem>> {
        let further = self.further.iter_mut().map(|row| &mut row.problems);
        further.chain([&mut self.problems])
    }

    /// Gives every problem the id of the record, which is asked for only if there is one.
    pub fn name_record(&mut self, id: impl FnOnce() -> Option<String>) {
        if self.problems_of_rows().all(|problems| problems.is_empty()) {
            return;
        }
        let Some(id) = id() else { return };
        let problems = self.problems_of_rows().flatten();
        problems.for_each(|problem| problem.name_record(&id));
    }

    /// Takes what was counted of its call and its rows out of the sums: they are counted when it is decided.
    pub(super) fn put_aside(&mut self, rows: u64, totals: &mut Totals) {
        totals.put_aside(rows);
        if let Some(untold) = self.untold.take() {
            totals.take_back(untold.facts());
        }
    }

    /// Leaves the record out because another file has a newer one.
    pub(super) fn leave_out_as_older(&mut self) {
        self.forget_change();
        self.action = Action::Finished(Outcome::Skipped, OLDER.into());
    }

    /// Forgets what the ledger said of a change: this very run may have sent the newer record by then.
    pub(super) fn forget_change(&mut self) {
        let is_other = |problem: &Problem| problem.code != Code::ChangedSinceSent;
        self.problems.retain(is_other);
    }
}

/// What tells the same call or case once more, in hashes.
#[derive(Debug, Clone, Copy)]
pub enum RecordKey {
    /// A call.
    Call {
        /// The hash of its id.
        identity: u64,
        /// The hash of what it says.
        content: u64,
        /// Nothing where one file alone is read.
        party: Party,
    },
    /// A call whose id may be cut: it may have been seen, and stands for nothing itself.
    Doubtful {
        /// The hash of its id.
        identity: u64,
        /// The hash of what it says.
        content: u64,
        /// Nothing where one file alone is read.
        party: Party,
    },
    /// A record of which no call is made, where the files are read from the last: no older copy of it is
    /// sent in its place.
    Unsent {
        /// The hash of its id.
        identity: u64,
        /// As far as it is known.
        party: Party,
        /// A rule leaves it out; else it is rejected.
        is_left_out: bool,
    },
    /// A case.
    Case {
        /// The hash of its id.
        identity: u64,
        /// The hash of what it says.
        content: u64,
        /// The case's own `updated`, in unix milliseconds.
        updated: i64,
    },
    /// A row of a case, whose rows come together only once.
    CaseRow {
        /// The hash of the id of the case.
        identity: u64,
    },
}

impl RecordKey {
    /// The hash of the id.
    pub fn identity(self) -> u64 {
        match self {
            RecordKey::Call { identity, .. }
            | RecordKey::Doubtful { identity, .. }
            | RecordKey::Unsent { identity, .. }
            | RecordKey::Case { identity, .. }
            | RecordKey::CaseRow { identity } => identity,
        }
    }
}

/// The records of a batch, each decided as far as one record alone can be.
#[derive(Debug)]
pub struct Proposals<M, J> {
    /// The records.
    pub batch: Batch,
    /// What each decides, in their order.
    pub proposals: Vec<Proposal<J>>,
    /// Sums over them.
    pub totals: Totals,
    /// Which time they are decided.
    pub round: Round,
    /// What made something of them.
    pub mappings: SheetMappings<M>,
}
