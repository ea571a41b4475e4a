//! A step carried out as far as one record alone can be.

use super::proposal::CallProposal;
use super::recording_match::RecordingMatch;
use crate::domain::Problem;
use crate::events::{Matched, Outcome};
use crate::pipeline::RecordKey;
use crate::pipeline::{Action, RecordingUse};
use crate::targets::call::job::CallJob;

/// A step carried out as far as one record alone can be.
pub(in crate::targets) struct Carried {
    pub(in crate::targets) fate: Action<CallJob>,
    pub(in crate::targets) mark: Option<Box<RecordingUse>>,
    pub(in crate::targets) requests: u8,
    pub(in crate::targets) matched: Option<Box<Matched>>,
}

impl Carried {
    /// A record that needs no recording and no request.
    pub(in crate::targets) fn ended(fate: Action<CallJob>) -> Carried {
        Carried {
            fate,
            mark: None,
            requests: 0,
            matched: None,
        }
    }

    /// A call without a recording that a check finds good to go.
    pub(in crate::targets) fn ready() -> Carried {
        Carried {
            fate: Action::Ready,
            mark: None,
            requests: 1,
            matched: None,
        }
    }

    /// A call of which nothing is left to do; it keeps its recording.
    pub(in crate::targets) fn there(sound: RecordingMatch, identity: &str) -> Carried {
        let fate = Action::Finished(Outcome::AlreadyThere, "".into());
        let mark = sound.into_candidates();
        let matched = mark
            .as_ref()
            .map(|mark| Box::new(mark.matched(identity, None)));
        Carried {
            fate,
            mark,
            requests: 0,
            matched,
        }
    }

    pub(in crate::targets) fn into_item(
        self,
        problems: Vec<Problem>,
        key: Option<RecordKey>,
    ) -> CallProposal {
        let Carried {
            fate,
            mark,
            requests,
            matched,
        } = self;
        CallProposal {
            recording: mark,
            requests,
            key,
            matched,
            ..CallProposal::new(problems, fate)
        }
    }
}
