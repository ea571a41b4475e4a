//! What one comparison has seen of a call.

use jiff::Timestamp;

use super::conversation_state::ConversationState;
use super::outcome::VerifyOutcome;
use crate::domain::call::Field;

/// What one comparison has seen of a call. The default is a call of which nothing was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sighting {
    /// How far the destination is with it.
    pub state: Option<ConversationState>,
    /// The day of the conversation, counted from 1970-01-01.
    pub day: Option<i64>,
    /// XXH3 of the uid that was seen, in lower case.
    pub uid_hash: Option<i64>,
    found: u16,
    differs: u64,
}

/// One thing that a sighting may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Observation {
    /// The conversation is there, with the uid that the ledger knows, if it knows one.
    There = 1,
    /// The recording of the call should be there, and is not.
    NoRecording = 1 << 1,
    /// Another conversation has the id of this call.
    Another = 1 << 2,
    /// The recording is longer or shorter than the one that was sent.
    Length = 1 << 3,
    /// The conversation is there and counts as deleted.
    Deleted = 1 << 4,
    /// The answer does not tell what must be known.
    Untold = 1 << 5,
    /// The destination has not worked on it yet.
    Unfinished = 1 << 6,
}

impl Observation {
    /// Every finding that a list tells, with the word for it.
    const TOLD: [(Observation, &'static str); 4] = [
        (Observation::NoRecording, "recording"),
        (Observation::Length, "length"),
        (Observation::Deleted, "deleted"),
        (Observation::Untold, "untold"),
    ];
}

impl Sighting {
    /// As the ledger has it.
    pub(super) fn of_columns(found: u16, differs: u64) -> Sighting {
        Sighting {
            found,
            differs,
            ..Sighting::default()
        }
    }

    /// As the ledger keeps it.
    pub(super) fn columns(&self) -> (u16, u64) {
        (self.found, self.differs)
    }

    /// Adds a finding.
    pub fn add(&mut self, finding: Observation) {
        self.found |= finding as u16;
    }

    /// Whether this was found.
    pub fn has(&self, finding: Observation) -> bool {
        self.found & finding as u16 != 0
    }

    /// Adds a field that is not as it was sent.
    pub fn differs_in(&mut self, field: Field) {
        self.differs |= 1 << field.index();
    }

    /// What two looks at the same call say together: `other` is the later one.
    #[must_use]
    pub fn with(self, other: Sighting) -> Sighting {
        let (there, strange) = (self.has(Observation::There), other.has(Observation::There));
        match (there, strange) {
            // The same conversation again, or a second one of the same id.
            (true, true) => {
                let mut latest = other;
                if self.uid_hash != other.uid_hash || self.has(Observation::Another) {
                    latest.add(Observation::Another);
                }
                latest
            }
            (true, false) => Sighting {
                found: self.found | other.found & Observation::Another as u16,
                ..self
            },
            (false, _) => Sighting {
                found: other.found | self.found & Observation::Another as u16,
                ..other
            },
        }
    }

    /// All of it in one word. What is not there at all says more than what is wrong with the rest.
    pub fn outcome(&self) -> VerifyOutcome {
        let is_there = self.has(Observation::There);
        if !is_there && self.has(Observation::Another) {
            VerifyOutcome::Different
        } else if !is_there || self.has(Observation::Deleted) || self.has(Observation::NoRecording)
        {
            VerifyOutcome::Missing
        } else if self.has(Observation::Untold) {
            VerifyOutcome::NotReadable
        } else if self.has(Observation::Another)
            || self.has(Observation::Length)
            || self.differs != 0
        {
            VerifyOutcome::Different
        } else if self.state == Some(ConversationState::Error) {
            VerifyOutcome::FailedThere
        } else if self.has(Observation::Unfinished) {
            VerifyOutcome::Waiting
        } else {
            VerifyOutcome::Verified
        }
    }

    /// What is missing, other or not told, each in one word: `conversation`, `recording`, `uid`, `twice`,
    /// `length`, `deleted`, `untold`, and the names of fields.
    pub fn words(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        match (self.has(Observation::There), self.has(Observation::Another)) {
            (false, false) => words.push("conversation"),
            (false, true) => words.push("uid"),
            (true, true) => words.push("twice"),
            (true, false) => {}
        }
        let told = Observation::TOLD
            .iter()
            .filter(|(finding, _)| self.has(*finding));
        words.extend(told.map(|(_, word)| *word));
        let fields = Field::ALL
            .into_iter()
            .filter(|field| self.differs & 1 << field.index() != 0);
        words.extend(fields.map(Field::name));
        words
    }
}

/// The hash by which a uid is known again, however its letters are written.
pub fn uid_hash(uid: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(uid.to_ascii_lowercase().as_bytes()).cast_signed()
}

/// The day of a moment, counted from 1970-01-01.
pub fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(findings: &[Observation], uid: i64) -> Sighting {
        let mut sighting = Sighting {
            state: Some(ConversationState::Success),
            uid_hash: Some(uid),
            ..Sighting::default()
        };
        for finding in findings {
            sighting.add(*finding);
        }
        sighting
    }

    #[test]
    fn the_gravest_finding_gives_the_outcome() {
        use Observation::*;
        for (findings, outcome, words) in [
            (&[][..], VerifyOutcome::Missing, &["conversation"][..]),
            (&[There], VerifyOutcome::Verified, &[]),
            (&[There, Unfinished], VerifyOutcome::Waiting, &[]),
            (
                &[There, NoRecording],
                VerifyOutcome::Missing,
                &["recording"],
            ),
            (&[There, Deleted], VerifyOutcome::Missing, &["deleted"]),
            (&[There, Untold], VerifyOutcome::NotReadable, &["untold"]),
            (&[There, Length], VerifyOutcome::Different, &["length"]),
            (&[There, Another], VerifyOutcome::Different, &["twice"]),
            (&[Another], VerifyOutcome::Different, &["uid"]),
        ] {
            let sighting = seen(findings, 1);
            assert_eq!(sighting.outcome(), outcome, "{findings:?}");
            assert_eq!(sighting.words(), words, "{findings:?}");
        }
        let mut failed = seen(&[There], 1);
        failed.state = Some(ConversationState::Error);
        assert_eq!(failed.outcome(), VerifyOutcome::FailedThere);
        failed.differs_in(Field::Subject);
        assert_eq!(failed.outcome(), VerifyOutcome::Different);
        assert_eq!(failed.words(), ["subject"]);
    }

    #[test]
    fn an_id_that_two_conversations_have_is_told_and_one_that_is_seen_again_is_not() {
        use Observation::*;
        let (right, again, second) = (seen(&[There], 1), seen(&[There], 1), seen(&[There], 2));
        let strange = seen(&[Another], 3);
        let words = |one: Sighting, other: Sighting| one.with(other).words();
        assert!(words(right, again).is_empty());
        assert_eq!(words(right, second), ["twice"]);
        assert_eq!(words(right, strange), ["twice"]);
        assert_eq!(words(strange, right), ["twice"]);
        assert_eq!(words(strange, strange), ["uid"]);
        assert_eq!(right.with(second).with(second).words(), ["twice"]);
        assert_eq!(words(Sighting::default(), right), [""; 0]);
    }
}
