//! One conversation, as far as a person wants to see what became of it. It is read leniently: what is not
//! said, or of another type than the contract says, is absent.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::read::ReadClient;
use super::reply::if_it_is;
use crate::api::Error;

/// What the read API tells of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConversationDetails {
    /// Its id at the destination.
    #[serde(alias = "UID", alias = "Uid", deserialize_with = "if_it_is")]
    pub uid: Option<String>,
    /// The key under which it was created.
    #[serde(deserialize_with = "if_it_is")]
    pub external_identity: Option<String>,
    /// How far the destination is with it: `Created`, `Processing`, `Success`, …
    #[serde(deserialize_with = "if_it_is")]
    pub state: Option<String>,
    /// When the call was.
    #[serde(deserialize_with = "if_it_is")]
    pub date_time: Option<String>,
    /// The length of its recording, in seconds.
    #[serde(deserialize_with = "if_it_is")]
    pub duration: Option<f64>,
    /// Whether its recording is there.
    #[serde(deserialize_with = "if_it_is")]
    pub has_audio: Option<bool>,
    /// Whether its customer agreed.
    #[serde(deserialize_with = "if_it_is")]
    pub has_consent: Option<bool>,
    /// What it is about.
    #[serde(deserialize_with = "if_it_is")]
    pub subject: Option<String>,
    /// The customer.
    #[serde(deserialize_with = "if_it_is")]
    pub customer: Option<String>,
    /// Its labels.
    #[serde(deserialize_with = "if_it_is")]
    pub labels: Option<Vec<String>>,
    /// Its status.
    #[serde(deserialize_with = "if_it_is")]
    pub status: Option<String>,
    /// The id of its team, if it has one.
    #[serde(deserialize_with = "if_it_is")]
    pub team_uid: Option<String>,
    /// The id of the agent's user, if it has one.
    #[serde(deserialize_with = "if_it_is")]
    pub user_uid: Option<String>,
    /// Its custom properties.
    #[serde(deserialize_with = "if_it_is")]
    pub metadata: Option<Map<String, Json>>,
    /// What was counted in it.
    #[serde(deserialize_with = "if_it_is")]
    pub details: Option<CountedInCall>,
}

/// What was counted in a conversation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CountedInCall {
    #[serde(deserialize_with = "if_it_is")]
    /// How many people were told apart.
    pub speaker_count: Option<u32>,
}

impl ConversationDetails {
    /// How many people were told apart.
    pub fn speakers(&self) -> Option<u32> {
        self.details.as_ref()?.speaker_count
    }

    /// Whether the destination will do no more about it: worked on, or given up.
    pub fn is_settled(&self) -> bool {
        matches!(
            self.state.as_deref(),
            Some("Success" | "NoRecognizedWords" | "NeedsSpeakerModel" | "Error")
        )
    }

    /// Whether this is the conversation of these ids: an answer about another one is none.
    pub fn is_of(&self, uid: &str, identity: &str) -> bool {
        let told = self.uid.as_deref();
        told.is_some_and(|told| told.eq_ignore_ascii_case(uid))
            && self.external_identity.as_deref() == Some(identity)
    }
}

/// `GET /integrations/conversations/{uid}`; `None` where there is none.
pub async fn conversation_details(
    client: &ReadClient,
    uid: &str,
) -> Result<Option<ConversationDetails>, Error> {
    let url = client.conversation_url(uid)?;
    match client.exchange(Method::GET, &url, None).await {
        Err(Error::Status { status: 404, .. }) => Ok(None),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ConversationDetails {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_told_is_read_and_what_is_odd_is_absent() {
        let told = read(
            r#"{"UID":"u-1","externalIdentity":"a","state":"Success","duration":12.5,
                "labels":["x"],"hasAudio":"yes","details":{"speakerCount":2},"new":[1]}"#,
        );
        assert_eq!((told.duration, told.speakers()), (Some(12.5), Some(2)));
        assert_eq!((told.has_audio, told.is_settled()), (None, true));
        assert!(told.is_of("U-1", "a"));
        assert!(!told.is_of("u-2", "a") && !told.is_of("u-1", "A"));
        let bare = read(r#"{"details":"none","duration":"long","labels":"x"}"#);
        assert_eq!(bare, ConversationDetails::default());
        assert!(!bare.is_settled() && !bare.is_of("", ""));
    }
}
