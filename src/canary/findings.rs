//! What is odd about the picked calls as a whole, in sentences with counts, warnings first.
//!
//! One odd call may be an accident; what most calls have is a mistake of the mapping. So who speaks first
//! counts only where most calls of a direction contradict the mapping.

use super::agent_channel::common_sides;
use super::canary_call::CanaryCall;
use super::compare_fields::{OddField, odd_fields};
use super::measure::Sound;
use super::read_back::{CallReading, SentParts};
use crate::domain::call::Field;
use crate::domain::{CallDirection, Severity};

/// Calls of a direction from which on it counts who speaks first.
const FEWEST: usize = 3;
/// How far the destination's length of a recording may be from ours, in seconds.
const CLOSE: f64 = 2.0;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// Calls that were not sent.
    NotSent,
    /// Calls that are not at the destination.
    Missing,
    /// Calls that are not worked on yet.
    Waiting,
    /// Answers that cannot be used.
    Unreadable,
    /// Calls that the destination could not work on.
    Failed,
    /// The other side than the mapping says speaks first.
    SpeaksFirst,
    /// The other side than the mapping says is the agent's.
    AgentChannel,
    /// A channel in which nobody is heard.
    Silent,
    /// Another number of channels than is said.
    Channels,
    /// Another length than the export says.
    Length,
    /// Another length at the destination than was sent.
    LengthThere,
    /// A field that the destination shows otherwise.
    Field,
    /// What could not be measured.
    Unmeasured,
}

/// A sentence about some of the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryFinding {
    /// About what.
    pub finding: FindingKind,
    /// A warning stands against the canary, a note does not.
    pub severity: Severity,
    /// The sentence.
    pub text: String,
    /// The calls that it counts, by their places.
    pub calls: Vec<usize>,
}

impl CanaryFinding {
    /// Whether it stands against the canary.
    pub fn is_against(&self) -> bool {
        self.severity != Severity::Note
    }
}

/// Finds what is odd, warnings first.
pub fn findings(calls: &[CanaryCall]) -> Vec<CanaryFinding> {
    let mut found = FindingList {
        calls,
        found: Vec::new(),
    };
    found.delivery();
    for direction in [CallDirection::Inbound, CallDirection::Outbound] {
        found.speaks_first(direction);
    }
    found.agent_channels();
    found.silence();
    found.lengths();
    found.fields();
    found.unmeasured();
    let mut found = found.found;
    found.sort_by_key(|finding| !finding.is_against());
    found
}

/// Findings under way.
struct FindingList<'c> {
    calls: &'c [CanaryCall],
    found: Vec<CanaryFinding>,
}

impl FindingList<'_> {
    fn places(&self, is_it: impl Fn(&CanaryCall) -> bool) -> Vec<usize> {
        let calls = self.calls.iter().enumerate();
        let places = calls.filter(|(_, call)| is_it(call)).map(|(at, _)| at);
        places.collect()
    }

    fn add(&mut self, severity: Severity, finding: FindingKind, calls: Vec<usize>, text: String) {
        self.found.push(CanaryFinding {
            finding,
            severity,
            text,
            calls,
        });
    }

    /// Warns of these calls, if there are any.
    fn warn(&mut self, finding: FindingKind, calls: Vec<usize>, text: impl Fn(&str) -> String) {
        if !calls.is_empty() {
            let count = counted(calls.len(), self.calls.len());
            self.add(Severity::Warning, finding, calls, text(&count));
        }
    }

    fn delivery(&mut self) {
        let unsent = self.places(|call| call.sent.sent == SentParts::Incomplete);
        self.warn(FindingKind::NotSent, unsent, |count| {
            format!("Not sent whole: {count}. `status` and problems.csv say why.")
        });
        let missing = self.places(|call| call.reading == CallReading::Missing);
        self.warn(FindingKind::Missing, missing, |count| {
            format!("Sent, and not there for the read API: {count}.")
        });
        let waiting = self.places(|call| matches!(call.reading, CallReading::Waiting(_)));
        self.warn(FindingKind::Waiting, waiting, |count| {
            format!("Not worked on yet: {count}. Run the same command again to look once more.")
        });
        let unreadable = self.places(|call| matches!(call.reading, CallReading::Unreadable(_)));
        self.warn(FindingKind::Unreadable, unreadable, |count| {
            format!("The answer of the read API cannot be used: {count}.")
        });
        for (state, words) in [
            ("Error", "Capturi could not work on it (`Error`)"),
            ("NoRecognizedWords", "Capturi recognised no word"),
            ("NeedsSpeakerModel", "Capturi needs a model of the speaker"),
        ] {
            let is_so = |call: &CanaryCall| {
                let details = call.reading.details();
                details.is_some_and(|details| details.state.as_deref() == Some(state))
            };
            let failed = self.places(is_so);
            self.warn(FindingKind::Failed, failed, |count| {
                format!("{words}: {count}.")
            });
        }
    }

    /// Who is called says the first word: the agent on inbound calls, the customer on outbound ones.
    fn speaks_first(&mut self, direction: CallDirection) {
        let expected = |call: &CanaryCall| {
            let (agent, customer) = call.measured.sides()?;
            Some(match direction {
                CallDirection::Inbound => agent,
                CallDirection::Outbound => customer,
            })
        };
        let is_clear = |call: &CanaryCall| {
            call.picked.candidate.direction == Some(direction)
                && expected(call).is_some()
                && call.measured.first().is_some()
        };
        let clear = self.places(is_clear);
        let is_against =
            |call: &CanaryCall| is_clear(call) && call.measured.first() != expected(call);
        let against = self.places(is_against);
        let (name, side, other) = match direction {
            CallDirection::Inbound => ("inbound", "agent", "customer"),
            CallDirection::Outbound => ("outbound", "customer", "agent"),
        };
        let (odd, all) = (against.len(), clear.len());
        if all >= FEWEST && odd * 3 >= all * 2 {
            let text = format!(
                "On {odd} of {all} {name} calls the channel that the mapping gives to the {other} \
                 speaks first. The {side} answers such a call: are the sides swapped \
                 (`salesPersonAudioChannel`)?"
            );
            self.add(Severity::Warning, FindingKind::SpeaksFirst, against, text);
        } else if all > 0 {
            let fits = all - odd;
            let text = format!(
                "On {fits} of {all} {name} calls the channel of the {side} speaks first, as expected."
            );
            self.add(Severity::Note, FindingKind::SpeaksFirst, clear, text);
        }
    }

    fn agent_channels(&mut self) {
        let sides = common_sides(self.calls);
        let (other, fits) = (sides.other, sides.as_mapped);
        let all = other + fits + sides.unclear;
        if other > 0 {
            let severity = if other >= fits {
                Severity::Warning
            } else {
                Severity::Note
            };
            let text = format!(
                "For {other} of {all} agents the channel that all their calls have in common is the \
                 one that the mapping gives to the customer."
            );
            self.add(
                severity,
                FindingKind::AgentChannel,
                sides.calls_of_other,
                text,
            );
        }
        if fits > 0 {
            let text = format!(
                "For {fits} of {all} agents the channel that their calls have in common is the \
                 agent's, as the mapping says."
            );
            self.add(Severity::Note, FindingKind::AgentChannel, Vec::new(), text);
        }
    }

    fn silence(&mut self) {
        let is_silent = |call: &CanaryCall, channel: usize| {
            let loudness = call.measured.loudness();
            loudness.is_some_and(|heard| heard.channels[channel].is_silent)
        };
        let all_silent = |call: &CanaryCall| {
            let loudness = call.measured.loudness();
            loudness.is_some_and(|heard| heard.channels.iter().all(|one| one.is_silent))
        };
        let nobody = self.places(all_silent);
        self.warn(FindingKind::Silent, nobody, |count| {
            format!("Nobody is heard in the recording: {count}.")
        });
        for (side, name) in [(0, "agent"), (1, "customer")] {
            let silent = self.places(|call| {
                let sides = call.measured.sides();
                let channel = sides.map(|(agent, customer)| [agent, customer][side]);
                !all_silent(call) && channel.is_some_and(|channel| is_silent(call, channel))
            });
            self.warn(FindingKind::Silent, silent, |count| {
                format!("The channel of the {name} is silent: {count}.")
            });
        }
        let odd = self.places(|call| {
            let heard = call.measured.loudness();
            call.measured.agent.is_some() && heard.is_some_and(|heard| heard.channels.len() != 2)
        });
        self.warn(FindingKind::Channels, odd, |count| {
            format!("Sent as stereo, and the recording has not two channels: {count}.")
        });
    }

    fn lengths(&mut self) {
        let off = self.places(|call| {
            let stated = call.picked.candidate.stated.as_ref();
            let heard = call.seconds();
            stated
                .zip(heard)
                .is_some_and(|(stated, heard)| !stated.fits(heard))
        });
        self.warn(FindingKind::Length, off, |count| {
            format!("The recording has another length than the export says: {count}. Is it the right one?")
        });
        let off = self.places(|call| {
            let there = call.reading.details().and_then(|told| told.duration);
            let is_cut = call
                .picked
                .candidate
                .call
                .fields()
                .any(|(field, _)| field == Field::ConversationSegments);
            // Nothing is said by a length of 0, as before the recording is worked on.
            let there = there.filter(|there| *there > 0.0 && !is_cut);
            there
                .zip(call.seconds())
                .is_some_and(|(there, heard)| (there - heard).abs() > CLOSE)
        });
        self.warn(FindingKind::LengthThere, off, |count| {
            format!(
                "Capturi shows another length than was sent: {count}. Was it another recording?"
            )
        });
    }

    fn fields(&mut self) {
        let odd: Vec<Vec<OddField>> = self
            .calls
            .iter()
            .map(|call| {
                let details = call.reading.details();
                details.map_or_else(Vec::new, |details| {
                    odd_fields(&call.picked.candidate.call, details)
                })
            })
            .collect();
        let mut fields: Vec<OddField> = odd.iter().flatten().copied().collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let calls = odd.iter().enumerate();
            let calls = calls.filter(|(_, odd)| odd.contains(&field));
            let calls = calls.map(|(at, _)| at).collect();
            self.warn(FindingKind::Field, calls, |count| match field {
                OddField::Team => format!("Capturi shows no team, and one was sent: {count}."),
                _ => format!(
                    "Capturi shows another `{}` than was sent: {count}.",
                    field.name()
                ),
            });
        }
    }

    fn unmeasured(&mut self) {
        let deaf = self.places(|call| matches!(call.measured.sound, Sound::NotDecoded(_)));
        if !deaf.is_empty() {
            let count = counted(deaf.len(), self.calls.len());
            let text = format!(
                "The recording could not be decoded here, so nothing was measured: {count}. An \
                 installed ffmpeg decodes most."
            );
            self.add(Severity::Note, FindingKind::Unmeasured, deaf, text);
        }
        let unknown = self.places(|call| {
            call.picked.candidate.direction.is_none() && call.measured.sides().is_some()
        });
        if !unknown.is_empty() {
            let count = counted(unknown.len(), self.calls.len());
            let text = format!(
                "The export does not say who called whom: {count}. Who speaks first says nothing there."
            );
            self.add(Severity::Note, FindingKind::Unmeasured, unknown, text);
        }
    }
}

fn counted(some: usize, all: usize) -> String {
    format!("{some} of {all} calls")
}
