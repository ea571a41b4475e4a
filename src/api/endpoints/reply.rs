//! What the read API says of conversations. It is read leniently, what is not said is not assumed, and an
//! answer about another conversation is no answer.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Map;
use serde_json::value::RawValue;

use super::told_value::ToldValue;
use crate::api::client::is_id;
use crate::domain::call::{Field, Value};

/// Which conversation is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationQuery<'a> {
    /// Its `externalIdentity`.
    pub identity: &'a str,
    /// The uid that the create call returned, unless it was never heard.
    pub uid: Option<&'a str>,
    /// When the call was, by which it is looked for where the read API cannot look by identity.
    pub at: Timestamp,
}

/// What the read API says about the recording of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundConversation {
    /// It does not have the conversation.
    Nothing,
    /// It answered about another conversation than the one that was asked for.
    Another,
    /// It has the conversation.
    Conversation {
        /// Its uid, if it was told.
        uid: Option<String>,
        /// Whether its recording is there; `None` when the answer does not tell.
        has_audio: Option<bool>,
    },
}

/// A conversation as the read API tells it; everything may be missing, or not what it should be.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConversationReply {
    #[serde(alias = "UID", alias = "Uid", deserialize_with = "if_it_is")]
    uid: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    external_identity: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    state: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    has_audio: Option<bool>,
    #[serde(deserialize_with = "if_it_is")]
    deleted: Option<bool>,
    #[serde(deserialize_with = "if_it_is")]
    metrics: Option<Metrics>,
    #[serde(deserialize_with = "if_it_is")]
    duration: Option<f64>,
    #[serde(deserialize_with = "if_it_is")]
    last_changed: Option<Timestamp>,
    #[serde(deserialize_with = "if_told")]
    date_time: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    has_consent: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    subject: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    customer: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    labels: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    status: Option<serde_json::Value>,
    #[serde(deserialize_with = "if_told")]
    team_uid: Option<serde_json::Value>,
    /// The custom properties that are told.
    #[serde(deserialize_with = "properties")]
    metadata: Option<ToldProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    /// Since when the recording is there; null until then. It stays when a recording without consent is
    /// deleted.
    #[serde(deserialize_with = "if_it_is")]
    audio_added: Option<AudioAdded>,
    /// When the work on it ended, well or not; null until then.
    #[serde(deserialize_with = "if_it_is")]
    processing_done: Option<Timestamp>,
}

/// A time, or plainly none.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum AudioAdded {
    At(Timestamp),
    NotYet(()),
}

/// One page of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListPage {
    /// Its conversations, as they were told: read one at a time, so that the largest page takes little.
    conversations: Vec<Box<RawValue>>,
    /// What leads to the next page; none on the last.
    pub continuation_token: Option<String>,
}

impl ListPage {
    /// The only page of one conversation, or of none.
    pub(super) fn of(conversation: Option<Box<RawValue>>) -> ListPage {
        ListPage {
            conversations: conversation.into_iter().collect(),
            continuation_token: None,
        }
    }

    /// Its conversations. What is no conversation tells nothing, and spoils none beside it.
    pub fn conversations(&self) -> impl Iterator<Item = ConversationReply> {
        let told = self.conversations.iter();
        told.filter_map(|told| serde_json::from_str(told.get()).ok())
    }
}

/// A value of another type than the contract says tells nothing, and spoils nothing beside it.
pub(super) fn if_it_is<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Custom properties, each with what is told of it.
type ToldProperties = Box<[(Field, serde_json::Value)]>;

/// The custom properties among what is told; a page has thousands of these, so nothing else is kept.
fn properties<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ToldProperties>, D::Error> {
    let told: Option<Map<String, serde_json::Value>> = if_it_is(deserializer)?;
    let custom = |(name, value): (String, serde_json::Value)| {
        let field = Field::from_name(&name).filter(|field| field.is_custom());
        field.map(|field| (field, value))
    };
    Ok(told.map(|told| told.into_iter().filter_map(custom).collect()))
}

/// Whatever stands there, also `null`; `None` only where nothing stands.
fn if_told<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(Some)
}

impl ConversationReply {
    /// Its uid, if the answer tells one that can be one.
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref().filter(|uid| is_id(uid))
    }

    /// Its `externalIdentity`.
    pub fn external_identity(&self) -> Option<&str> {
        self.external_identity.as_deref()
    }

    /// How far the server is with it, in the words of the read API.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Whether it counts as deleted.
    pub fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }

    /// How long its recording is, in seconds; `None` also for 0, which a server says that does not know.
    pub fn duration(&self) -> Option<f64> {
        self.duration.filter(|seconds| *seconds > 0.0)
    }

    /// When it was last changed.
    pub fn last_changed(&self) -> Option<Timestamp> {
        self.last_changed
    }

    /// Whether the server says that its work on it has ended, well or not.
    pub fn is_processed(&self) -> bool {
        let metrics = self.metrics.as_ref();
        metrics.is_some_and(|metrics| metrics.processing_done.is_some())
    }

    /// Whether it belongs to a team; `None` where the answer does not tell.
    pub fn has_team(&self) -> Option<bool> {
        self.team_uid.as_ref().map(|uid| !uid.is_null())
    }

    /// What the answer says of a field of the create call, as a value of it.
    pub fn value(&self, field: Field) -> ToldValue {
        let told = match field {
            Field::Subject => &self.subject,
            Field::Customer => &self.customer,
            Field::Labels => &self.labels,
            Field::Status => &self.status,
            Field::HasConsent => &self.has_consent,
            Field::DateTime => &self.date_time,
            _ if !field.is_custom() => return ToldValue::Untold,
            _ => {
                let Some(told) = &self.metadata else {
                    return ToldValue::Untold;
                };
                let value = told.iter().find(|(told, _)| *told == field);
                return value.map_or(ToldValue::Empty, |(_, value)| ToldValue::of(field, value));
            }
        };
        told.as_ref()
            .map_or(ToldValue::Untold, |told| ToldValue::of(field, told))
    }

    /// When the conversation took place.
    pub fn at(&self) -> Option<Timestamp> {
        match self.value(Field::DateTime) {
            ToldValue::Value(Value::Time(_, at)) => Some(at),
            _ => None,
        }
    }

    /// A recording that was sent without consent is deleted once it is analysed, so "no audio" says
    /// that none came only of a conversation that nobody has begun to work on. Where `hasAudio` says nothing,
    /// `audioAdded` does.
    pub fn has_audio(&self) -> Option<bool> {
        let metrics = self.metrics.as_ref();
        let added = metrics.and_then(|metrics| metrics.audio_added.as_ref());
        let says = match added {
            Some(AudioAdded::At(_)) => return Some(true),
            Some(AudioAdded::NotYet(())) => self.has_audio.or(Some(false)),
            None => self.has_audio,
        };
        match (says?, self.state.as_deref()) {
            (true, _) => Some(true),
            (false, _) if self.deleted == Some(true) => None,
            (false, Some("Processing" | "Success" | "NoRecognizedWords" | "NeedsSpeakerModel")) => {
                Some(true)
            }
            (false, Some("Created")) => Some(false),
            (false, _) => None,
        }
    }

    pub(super) fn is_of(&self, sought: ConversationQuery<'_>) -> bool {
        let is_uid = |uid: &str| {
            let told = self.uid.as_deref();
            told.is_some_and(|reply| reply.eq_ignore_ascii_case(uid))
        };
        self.external_identity.as_deref() == Some(sought.identity) && sought.uid.is_none_or(is_uid)
    }

    pub(super) fn found(self) -> FoundConversation {
        FoundConversation::Conversation {
            has_audio: self.has_audio(),
            uid: self.uid.filter(|uid| is_id(uid)),
        }
    }
}

/// The conversation among those of a page.
pub(super) fn found_in(
    page: &ListPage,
    sought: ConversationQuery<'_>,
) -> Option<FoundConversation> {
    let mut conversations = page.conversations();
    conversations
        .find(|reply| reply.is_of(sought))
        .map(ConversationReply::found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_audio(text: &str) -> Option<bool> {
        serde_json::from_str::<ConversationReply>(text)
            .unwrap()
            .has_audio()
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for (told, uid) in [
            (r#""conv_000042""#, Some("conv_000042")),
            (r#"" ""#, None),
            (r#""=1+1;\u001b[31m""#, None),
            (r#""+45 12 34 56 78""#, None),
            ("17", None),
        ] {
            let text = format!(r#"{{"uid":{told},"hasAudio":true}}"#);
            let found = serde_json::from_str::<ConversationReply>(&text)
                .unwrap()
                .found();
            let expected = FoundConversation::Conversation {
                uid: uid.map(str::to_owned),
                has_audio: Some(true),
            };
            assert_eq!(found, expected, "{told}");
        }
    }

    #[test]
    fn only_a_plain_no_says_that_no_recording_came() {
        let told = |audio: &str, state: &str| {
            has_audio(&format!(r#"{{"hasAudio":{audio},"state":"{state}"}}"#))
        };
        assert_eq!(told("true", "Error"), Some(true));
        assert_eq!(told("false", "Created"), Some(false));
        // Without consent the recording is deleted after the analysis.
        for worked_on in [
            "Processing",
            "Success",
            "NoRecognizedWords",
            "NeedsSpeakerModel",
        ] {
            assert_eq!(told("false", worked_on), Some(true), "{worked_on}");
        }
        for unclear in ["Error", "", "Something new"] {
            assert_eq!(told("false", unclear), None, "{unclear}");
        }
        assert_eq!(told("null", "Created"), None);
        assert_eq!(has_audio("{}"), None);
        assert_eq!(has_audio(r#"{"hasAudio":false}"#), None);
        assert_eq!(
            has_audio(r#"{"hasAudio":false,"state":"Created","deleted":true}"#),
            None
        );
    }

    #[test]
    fn a_recording_that_was_added_counts_also_when_it_is_deleted_since() {
        let added = r#"{"hasAudio":false,"state":"Created","metrics":{"audioAdded":"2024-05-01T09:30:00Z"}}"#;
        assert_eq!(has_audio(added), Some(true));
        let not_yet = r#"{"hasAudio":false,"state":"Created","metrics":{"audioAdded":null}}"#;
        assert_eq!(has_audio(not_yet), Some(false));
    }

    #[test]
    fn where_the_plain_word_is_missing_the_time_of_the_recording_decides() {
        let told = |metrics: &str, rest: &str| {
            has_audio(&format!(
                r#"{{"metrics":{metrics},"state":"Created"{rest}}}"#
            ))
        };
        let added = r#"{"audioAdded":"2024-05-01T09:30:00Z"}"#;
        let (none, unsaid) = (r#"{"audioAdded":null}"#, "{}");
        assert_eq!(told(added, ""), Some(true));
        for rest in ["", r#","hasAudio":null"#, r#","hasAudio":"?""#] {
            assert_eq!(told(none, rest), Some(false), "{rest}");
            assert_eq!(told(unsaid, rest), None, "{rest}");
        }
        assert_eq!(told(none, r#","hasAudio":true"#), Some(true));
        assert_eq!(told(none, r#","deleted":true"#), None);
        assert_eq!(told(r#"{"audioAdded":"soon"}"#, ""), None);
    }

    #[test]
    fn a_value_of_another_type_tells_nothing() {
        for text in [
            r#"{"hasAudio":"false","state":"Created"}"#,
            r#"{"hasAudio":0,"state":"Created"}"#,
            r#"{"hasAudio":false,"state":1}"#,
            r#"{"hasAudio":null,"state":"Created","metrics":[]}"#,
        ] {
            assert_eq!(has_audio(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_counts_for_the_conversation_that_was_asked_for() {
        let is_of = |uid: Option<&str>, text: &str| {
            let told: ConversationReply = serde_json::from_str(text).unwrap();
            told.is_of(ConversationQuery {
                identity: "a",
                uid,
                at: Timestamp::UNIX_EPOCH,
            })
        };
        assert!(is_of(
            Some("U-1"),
            r#"{"uid":"u-1","externalIdentity":"a"}"#
        ));
        assert!(is_of(None, r#"{"uid":"u-1","externalIdentity":"a"}"#));
        for other in [
            r#"{"uid":"u-2","externalIdentity":"a"}"#,
            r#"{"uid":"u-1","externalIdentity":"A"}"#,
            r#"{"externalIdentity":"a"}"#,
            r#"{"uid":"u-1"}"#,
            r#"{"uid":1,"externalIdentity":"a"}"#,
            "{}",
        ] {
            assert!(!is_of(Some("u-1"), other), "{other}");
        }
    }
}
