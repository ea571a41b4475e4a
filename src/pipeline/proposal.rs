//! What one record alone decides of itself.

use std::borrow::Cow;
use std::sync::Arc;

use super::call::recording_match::RecordingUse;
use super::decision::{Action, Decision};
use super::rounds::Round;
use super::seen_cases::CaseSight;
use crate::domain::{Code, Party, Problem};
use crate::events::{Matched, Outcome, Totals, Untold};
use crate::mapping::CallMapping;
use crate::plan::CaseStep;
use crate::source::{Batch, Record};

/// Why a record is left out of which a later file has a newer one.
const OLDER: &str = "older copy";

/// A record as it leaves the worker.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) decision: Decision,
    /// The call's recording, for the sequencer; that of a rejected record is only named.
    pub(super) mark: Option<Box<RecordingUse>>,
    /// Requests that a run sends for the record.
    pub(super) requests: u8,
    /// What tells the same record once more.
    pub(super) key: Option<RecordKey>,
    /// Its recording is found otherwise than by its whole name: it is decided when all inputs have
    /// been read.
    pub(super) is_aside: bool,
    /// What the sums have counted of a call that is decided later.
    pub(super) untold: Option<Box<Untold>>,
    /// Which recording it gets, for the list.
    pub(super) matched: Option<Box<Matched>>,
}

impl Proposal {
    /// Takes what was counted of its call and its rows out of the sums: they are counted when it is decided.
    pub(super) fn leave_for_later(&mut self, rows: u64, facts: &mut Totals) {
        facts.put_aside(rows);
        if let Some(untold) = self.untold.take() {
            facts.take_back(untold.told());
        }
    }

    /// Whether its call is in place already, with what this record says.
    pub(super) fn is_there(&self) -> bool {
        matches!(&self.decision.fate, Action::Ends(Outcome::AlreadyThere, detail) if detail.is_empty())
    }

    /// Whether an earlier run has sent another call under its id.
    pub(super) fn has_reused_id(&self) -> bool {
        let problems = &self.decision.problems;
        problems
            .iter()
            .any(|problem| problem.code == Code::DuplicateId)
    }

    /// Whether its row is none of a record, such as a total.
    pub(super) fn is_no_record(&self) -> bool {
        let problems = &self.decision.problems;
        problems
            .iter()
            .any(|problem| problem.code == Code::TrailingRow)
    }

    /// Whether its row says what an earlier row of its call says.
    pub(super) fn is_repeat(&self) -> bool {
        let problems = &self.decision.problems;
        problems
            .iter()
            .any(|problem| problem.code == Code::RepeatedRecord)
    }

    /// Leaves the record out because another file has a newer one.
    pub(super) fn leave_out_as_older(&mut self) {
        self.forget_change();
        self.decision.fate = Action::Ends(Outcome::Skipped, OLDER.into());
    }

    /// Forgets what the ledger said of a change: this very run may have sent the newer record by then.
    pub(super) fn forget_change(&mut self) {
        let problems = &mut self.decision.problems;
        problems.retain(|problem| problem.code != Code::ChangedSinceSent);
    }

    /// What it means for the record of a whole case that the case came before.
    pub(super) fn see_again(&mut self, sight: CaseSight, record: &Record<'_>) {
        let (why, message) = match sight {
            CaseSight::New => return,
            CaseSight::Newer => {
                // What this run does with the earlier record is not in the ledger yet; to replace
                // the case is right in any event.
                if let Action::SendsCase(shipment) = &mut self.decision.fate {
                    shipment.step = CaseStep::Replace;
                    shipment.earlier.is_there = true;
                }
                return;
            }
            CaseSight::Repeat => ("repeat", "the same case as an earlier record"),
            CaseSight::Older => (
                "superseded",
                "an earlier record has a later state of the case",
            ),
        };
        self.decision.fate = Action::Ends(Outcome::Skipped, why.into());
        let problem = Problem::new(Code::RepeatedRecord, record.place(), message);
        self.decision.problems.push(problem);
    }
}

/// What tells the same call or case once more, in hashes.
#[derive(Debug, Clone, Copy)]
pub(super) enum RecordKey {
    Call {
        identity: u64,
        content: u64,
        /// Nothing where one file alone is read.
        party: Party,
    },
    /// A call whose id may be cut: it may have been seen, and stands for nothing itself.
    Doubtful {
        identity: u64,
        content: u64,
        party: Party,
    },
    Case {
        identity: u64,
        content: u64,
        /// The case's own `updated`, in unix milliseconds.
        updated: i64,
    },
}

/// The records of a batch, each decided as far as one record alone can be.
#[derive(Debug)]
pub(super) struct Proposals {
    pub(super) batch: Batch,
    pub(super) items: Vec<Proposal>,
    pub(super) sums: Totals,
    pub(super) round: Round,
    /// What made calls of the records; `None` where they tell cases.
    pub(super) profile: Option<Arc<CallMapping>>,
}

/// What was noted about a record while it was read; the error is how it ends when it is none.
pub(super) fn readable(record: &Record<'_>) -> Result<Vec<Problem>, Box<Proposal>> {
    let problems: Vec<Problem> = record.problems().cloned().collect();
    if problems.iter().any(Problem::is_error) {
        return Err(Box::new(ended(problems, Outcome::Rejected, "")));
    }
    if problems
        .iter()
        .any(|problem| problem.code == Code::TrailingRow)
    {
        return Err(Box::new(ended(problems, Outcome::Skipped, "no record")));
    }
    Ok(problems)
}

pub(super) fn ended(
    problems: Vec<Problem>,
    outcome: Outcome,
    detail: impl Into<Cow<'static, str>>,
) -> Proposal {
    let fate = Action::Ends(outcome, detail.into());
    Proposal {
        decision: Decision {
            problems,
            fate,
            further: Vec::new(),
        },
        mark: None,
        requests: 0,
        key: None,
        is_aside: false,
        untold: None,
        matched: None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
pub(super) fn low(fingerprint: u128) -> u64 {
    fingerprint as u64
}
