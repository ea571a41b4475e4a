//! A step carried out as far as one record alone can be.

use super::recording_match::{RecordingMatch, RecordingUse};
use crate::domain::Problem;
use crate::events::{Matched, Outcome};
use crate::pipeline::decision::{Action, Decision};
use crate::pipeline::proposal::{Proposal, RecordKey};

/// A step carried out as far as one record alone can be.
pub(in crate::pipeline) struct Carried {
    pub(in crate::pipeline) fate: Action,
    pub(in crate::pipeline) mark: Option<Box<RecordingUse>>,
    pub(in crate::pipeline) requests: u8,
    pub(in crate::pipeline) matched: Option<Box<Matched>>,
}

impl Carried {
    /// A record that needs no recording and no request.
    pub(in crate::pipeline) fn ended(fate: Action) -> Carried {
        Carried {
            fate,
            mark: None,
            requests: 0,
            matched: None,
        }
    }

    /// A call without a recording that a check finds good to go.
    pub(in crate::pipeline) fn ready() -> Carried {
        Carried {
            fate: Action::Ready,
            mark: None,
            requests: 1,
            matched: None,
        }
    }

    /// A call of which nothing is left to do; it keeps its recording.
    pub(in crate::pipeline) fn there(sound: RecordingMatch, identity: &str) -> Carried {
        let fate = Action::Ends(Outcome::AlreadyThere, "".into());
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

    pub(in crate::pipeline) fn into_item(
        self,
        problems: Vec<Problem>,
        key: Option<RecordKey>,
    ) -> Proposal {
        let Carried {
            fate,
            mark,
            requests,
            matched,
        } = self;
        Proposal {
            decision: Decision {
                problems,
                fate,
                further: Vec::new(),
            },
            mark,
            requests,
            key,
            is_aside: false,
            untold: None,
            matched,
        }
    }
}
