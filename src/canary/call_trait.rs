//! In what calls differ: each way in which one call may go wrong and another may not.

use crate::domain::call::{Call, Field};
use crate::domain::{CallDirection, Value};
use crate::targets::{RecordingUpload, StatedLength};

/// In what calls differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TraitKind {
    /// The team.
    Team,
    /// The agent.
    Agent,
    /// Container and codec of the recording.
    Codec,
    /// How many channels it has.
    Channels,
    /// Its length, roughly.
    Length,
    /// The month of the call: summer time, and what changed in the dialer since.
    Month,
    /// Its hour.
    Hour,
    /// Who called whom.
    Direction,
    /// Whether its customer agreed.
    Consent,
}

impl TraitKind {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            TraitKind::Team => "team",
            TraitKind::Agent => "agent",
            TraitKind::Codec => "codec",
            TraitKind::Channels => "channels",
            TraitKind::Length => "length",
            TraitKind::Month => "month",
            TraitKind::Hour => "hour",
            TraitKind::Direction => "direction",
            TraitKind::Consent => "consent",
        }
    }
}

/// What a call has of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallTrait {
    /// In what.
    pub kind: TraitKind,
    /// What, in words for people.
    pub value: String,
}

impl CallTrait {
    fn new(kind: TraitKind, value: impl Into<String>) -> CallTrait {
        CallTrait {
            kind,
            value: value.into(),
        }
    }

    /// All that a call has.
    pub(super) fn all_of(
        call: &Call<'_>,
        upload: Option<&RecordingUpload>,
        stated: Option<&StatedLength>,
        direction: Option<CallDirection>,
    ) -> Vec<CallTrait> {
        let mut traits = Vec::with_capacity(9);
        let mut add = |kind, value: &str| traits.push(CallTrait::new(kind, value));
        let team = [Field::TeamName, Field::TeamId].map(|field| call.text(field));
        let team = team.into_iter().find(|team| !team.is_empty());
        add(TraitKind::Team, team.unwrap_or("none"));
        add(TraitKind::Agent, call.text(Field::AgentId));
        let codec = upload.map(|upload| upload.kind.as_deref().unwrap_or("unknown"));
        add(TraitKind::Codec, codec.unwrap_or("no recording"));
        let channels = upload.and_then(|upload| upload.channels);
        add(
            TraitKind::Channels,
            &channels.map_or_else(|| "unknown".to_owned(), |count| count.to_string()),
        );
        let stated = stated.map(|stated| stated.seconds.1);
        let seconds = upload.and_then(|upload| upload.seconds).or(stated);
        add(TraitKind::Length, length(seconds));
        // RFC 3339 in the zone of the export: that is the clock which may be wrong.
        let time = call.text(Field::DateTime);
        add(TraitKind::Month, time.get(..7).unwrap_or("unknown"));
        add(TraitKind::Hour, time.get(11..13).unwrap_or("unknown"));
        let direction = direction.map_or("unknown", |it| it.name());
        add(TraitKind::Direction, direction);
        let consent = match call.get(Field::HasConsent) {
            Value::Bool(true) => "yes",
            Value::Bool(false) => "no",
            _ => "not stated",
        };
        add(TraitKind::Consent, consent);
        traits
    }
}

fn length(seconds: Option<f64>) -> &'static str {
    match seconds {
        None => "unknown",
        Some(..30.0) => "under 30 s",
        Some(..120.0) => "30 s to 2 min",
        Some(..600.0) => "2 to 10 min",
        Some(..1800.0) => "10 to 30 min",
        Some(_) => "over 30 min",
    }
}
