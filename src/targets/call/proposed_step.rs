//! A step carried out as far as one record alone can be.

use super::proposal::CallProposal;
use super::recording_match::RecordingMatch;
use crate::domain::Problem;
use crate::events::{Matched, Outcome};
use crate::pipeline::RecordKey;
use crate::pipeline::{Action, RecordingUse};
use crate::targets::call::job::CallJob;

/// A step carried out as far as one record alone can be.
pub(in crate::targets) struct ProposedStep {
    pub(in crate::targets) action: Action<CallJob>,
    pub(in crate::targets) recording_use: Option<Box<RecordingUse>>,
    pub(in crate::targets) requests: u8,
    pub(in crate::targets) matched: Option<Box<Matched>>,
}

impl ProposedStep {
    /// A record that needs no recording and no request.
    pub(in crate::targets) fn ended(action: Action<CallJob>) -> ProposedStep {
        ProposedStep {
            action,
            recording_use: None,
            requests: 0,
            matched: None,
        }
    }

    /// A call without a recording that a check finds good to go.
    pub(in crate::targets) fn ready() -> ProposedStep {
        ProposedStep {
            action: Action::Ready,
            recording_use: None,
            requests: 1,
            matched: None,
        }
    }

    /// A call of which nothing is left to do; it keeps its recording.
    pub(in crate::targets) fn there(found: RecordingMatch, identity: &str) -> ProposedStep {
        let action = Action::Finished(Outcome::AlreadyThere, "".into());
        let recording_use = found.into_candidates();
        let matched = recording_use
            .as_ref()
            .map(|recording_use| Box::new(recording_use.matched(identity, None)));
        ProposedStep {
            action,
            recording_use,
            requests: 0,
            matched,
        }
    }

    pub(in crate::targets) fn into_proposal(
        self,
        problems: Vec<Problem>,
        key: Option<RecordKey>,
    ) -> CallProposal {
        let ProposedStep {
            action,
            recording_use,
            requests,
            matched,
        } = self;
        CallProposal {
            recording: recording_use,
            requests,
            key,
            matched,
            ..CallProposal::new(problems, action)
        }
    }
}
