//! Conversations that the reading API shows otherwise than they were received, to rehearse what a comparison
//! finds. What was received stays as it is.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

/// What the reading API shows otherwise. As a part of a faults file:
///
/// ```toml
/// [[tamper]]                     # every hundredth conversation is gone
/// what = "missing"
/// probability = 0.01
///
/// [[tamper]]                     # these two have lost their recordings
/// what = "no_audio"
/// ids = ["call-1", "call-2"]
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TamperRule {
    /// What is shown.
    pub what: Tampering,
    /// Of which share of the conversations, told by lot from the seed.
    #[serde(default = "all")]
    pub probability: f64,
    /// Only of these; empty for all.
    #[serde(default)]
    pub ids: Vec<String>,
}

fn all() -> f64 {
    1.0
}

/// How a conversation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tampering {
    /// Not at all.
    Missing,
    /// As deleted.
    Deleted,
    /// As if no recording had come.
    NoAudio,
    /// With another subject.
    Altered,
    /// Without its team.
    NoTeam,
    /// With a recording of another length, as if two had been swapped.
    Swapped,
    /// As one that could not be worked on.
    Error,
    /// As one that is being worked on.
    Processing,
    /// Twice, with two uids.
    Twice,
    /// With another uid.
    OtherUid,
    /// Without its state.
    Stateless,
}

impl TamperRule {
    /// For all conversations; the fields narrow it down.
    pub fn new(what: Tampering) -> TamperRule {
        TamperRule {
            what,
            probability: 1.0,
            ids: Vec::new(),
        }
    }

    /// Only of these.
    #[must_use]
    pub fn of(mut self, ids: impl IntoIterator<Item = String>) -> TamperRule {
        self.ids.extend(ids);
        self
    }

    /// Whether it is about this conversation.
    fn takes(&self, seed: u64, number: usize, identity: &str) -> bool {
        let is_named = || self.ids.iter().any(|id| id == identity);
        if !self.ids.is_empty() && !is_named() {
            return false;
        }
        let hash = xxh3_64(format!("{seed}/{number}/{identity}").as_bytes());
        // The highest bits of the hash as a number from 0 to 1.
        let drawn = f64::from((hash >> 40) as u32) / f64::from(1_u32 << 24);
        drawn < self.probability
    }
}

/// What the first rule that is about a conversation makes of it.
pub(in crate::sandbox) fn tampering(
    rules: &[TamperRule],
    seed: u64,
    identity: &str,
) -> Option<Tampering> {
    let mut numbered = rules.iter().enumerate();
    numbered
        .find(|(number, rule)| rule.takes(seed, *number, identity))
        .map(|(_, rule)| rule.what)
}

/// The second uid of a conversation that is shown twice, or the wrong one.
pub(in crate::sandbox) fn other_uid(uid: Uuid) -> Uuid {
    Uuid::from_u128(uid.as_u128() ^ 0x5A)
}

impl Tampering {
    /// How often the conversation is shown.
    pub(in crate::sandbox) fn copies(self) -> usize {
        match self {
            Tampering::Missing => 0,
            Tampering::Twice => 2,
            _ => 1,
        }
    }

    /// The picture of a conversation as it is shown, the first or the second time.
    pub(in crate::sandbox) fn apply(self, picture: &mut Value, uid: Uuid, copy: usize) {
        let not_worked_on = |picture: &mut Value, state: &str| {
            picture["state"] = json!(state);
            picture["metrics"]["processingDone"] = Value::Null;
        };
        match self {
            Tampering::Twice if copy == 0 => {}
            Tampering::Missing => {}
            Tampering::Twice | Tampering::OtherUid => {
                picture["uid"] = json!(other_uid(uid).to_string());
            }
            Tampering::Deleted => picture["deleted"] = json!(true),
            Tampering::NoAudio => {
                not_worked_on(picture, "Created");
                picture["hasAudio"] = json!(false);
                picture["metrics"]["audioAdded"] = Value::Null;
            }
            Tampering::Altered => picture["subject"] = json!("another subject"),
            Tampering::NoTeam => picture["teamUid"] = Value::Null,
            Tampering::Swapped => picture["duration"] = json!(86_399.5),
            Tampering::Error => picture["state"] = json!("Error"),
            Tampering::Processing => not_worked_on(picture, "Processing"),
            Tampering::Stateless => picture["state"] = Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_shows_the_same_otherwise() {
        let rules = [TamperRule {
            probability: 0.25,
            ..TamperRule::new(Tampering::Error)
        }];
        let struck = |seed| {
            let is_struck =
                |number: &u32| tampering(&rules, seed, &format!("call-{number}")).is_some();
            (0..1000).filter(is_struck).collect::<Vec<u32>>()
        };
        assert_eq!(struck(7), struck(7));
        assert_ne!(struck(7), struck(8));
        assert!((200..300).contains(&struck(7).len()));
    }

    #[test]
    fn the_first_rule_of_a_conversation_counts() {
        let rules = [
            TamperRule::new(Tampering::Missing).of(["a".to_owned()]),
            TamperRule::new(Tampering::Twice),
        ];
        let of = |identity| tampering(&rules, 1, identity);
        assert_eq!(of("a"), Some(Tampering::Missing));
        assert_eq!(of("b"), Some(Tampering::Twice));
        assert_eq!(tampering(&[], 1, "a"), None);
    }
}
