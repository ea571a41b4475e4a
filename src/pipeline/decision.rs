//! What leaves the pipeline: records in the order of the export, each with its final action.

use super::action::Action;
use super::proposal::Proposal;
use crate::domain::Problem;
use crate::events::FurtherRow;

/// What becomes of one record, for good, and what is wrong with it. Only the sequencer makes one.
#[derive(Debug)]
pub struct Decision<J> {
    problems: Vec<Problem>,
    action: Action<J>,
    further: Vec<FurtherRow>,
}

impl<J> Decision<J> {
    /// Makes a proposal final.
    pub(super) fn of(proposal: Proposal<J>) -> Decision<J> {
        Decision {
            problems: proposal.problems,
            action: proposal.action,
            further: proposal.further,
        }
    }

    /// Everything that is wrong, in the order of the stages.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How it goes on.
    pub fn action(&self) -> &Action<J> {
        &self.action
    }

    /// The other rows of the call for which this one speaks.
    pub fn further(&self) -> &[FurtherRow] {
        &self.further
    }

    /// The action, the problems and the further rows.
    pub fn into_parts(self) -> (Action<J>, Vec<Problem>, Vec<FurtherRow>) {
        (self.action, self.problems, self.further)
    }
}
