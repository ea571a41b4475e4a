//! What was said in a conversation. The contract names the request and not the shape of its answer, so any
//! JSON is looked through for pieces of text with a speaker and a time: what is found is shown to people,
//! and nothing else depends on it.

use reqwest::Method;
use serde_json::Value;

use super::read::ReadClient;
use crate::api::Error;

/// The most pieces that are kept; a person reads no more.
const MOST: usize = 200;
/// Names under which a piece may have its text, its speaker, the speaker's channel and its start.
const TEXT: [&str; 4] = ["text", "transcript", "sentence", "content"];
const SPEAKER: [&str; 5] = ["speaker", "speakerName", "speakerRole", "role", "speakerId"];
const CHANNEL: [&str; 2] = ["channel", "audioChannel"];
const START: [&str; 6] = [
    "start",
    "startTime",
    "startSeconds",
    "from",
    "offset",
    "begin",
];

/// What was said, in the order of the answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// Who said what, at most so many as a person reads.
    pub utterances: Vec<Utterance>,
}

/// One piece of what was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Who said it, in the destination's word.
    pub speaker: Option<String>,
    /// On which channel, in the destination's word.
    pub channel: Option<String>,
    /// When, in the destination's own unit.
    pub start: Option<f64>,
    /// What.
    pub text: String,
}

impl Transcript {
    /// How many speakers are named.
    pub fn speakers(&self) -> usize {
        let mut names: Vec<&str> = self
            .utterances
            .iter()
            .filter_map(|one| one.speaker.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    fn read(answer: &Value) -> Transcript {
        let mut transcript = Transcript::default();
        transcript.take(answer);
        transcript
    }

    fn take(&mut self, value: &Value) {
        match value {
            _ if self.utterances.len() >= MOST => {}
            Value::Array(values) => values.iter().for_each(|value| self.take(value)),
            Value::Object(members) => {
                let found = first(value, &TEXT, word).filter(|text| !text.trim().is_empty());
                if let Some(text) = found {
                    self.utterances.push(Utterance {
                        speaker: first(value, &SPEAKER, word),
                        channel: first(value, &CHANNEL, word),
                        start: first(value, &START, Value::as_f64),
                        text,
                    });
                } else {
                    members.values().for_each(|value| self.take(value));
                }
            }
            _ => {}
        }
    }
}

fn first<T>(value: &Value, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    names.iter().find_map(|name| read(value.get(name)?))
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `GET /integrations/conversations/{uid}/transcript`; `None` where there is none.
pub async fn transcript(client: &ReadClient, uid: &str) -> Result<Option<Transcript>, Error> {
    let mut url = client.conversation_url(uid)?;
    url.set_path(&format!("{}/transcript", url.path()));
    url.query_pairs_mut().append_pair("format", "Json");
    match client.exchange::<Value>(Method::GET, &url, None).await {
        Ok(answer) => Ok(answer.map(|answer| Transcript::read(&answer))),
        Err(Error::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_are_found_in_any_shape() {
        for answer in [
            json!([{"speaker": "Agent", "start": 1.5, "text": "Hej"}, {"speaker": 2, "text": "Hallo"}]),
            json!({"segments": [
                {"role": "Agent", "startTime": 1.5, "transcript": "Hej"},
                {"channel": 1, "speakerId": "2", "text": "Hallo"},
                {"text": " "}, null, 7,
            ]}),
        ] {
            let read = Transcript::read(&answer);
            let said: Vec<_> = read
                .utterances
                .iter()
                .map(|one| (one.speaker.as_deref(), one.start, one.text.as_str()))
                .collect();
            let expected = [
                (Some("Agent"), Some(1.5), "Hej"),
                (Some("2"), None, "Hallo"),
            ];
            assert_eq!(said, expected, "{answer}");
            assert_eq!(read.speakers(), 2);
        }
        for none in [json!([]), json!("text"), json!({"text": [1]})] {
            assert_eq!(Transcript::read(&none), Transcript::default());
        }
    }

    #[test]
    fn no_more_is_kept_than_a_person_reads() {
        let many = vec![json!({"text": "x"}); MOST + 50];
        assert_eq!(Transcript::read(&json!(many)).utterances.len(), MOST);
    }
}
