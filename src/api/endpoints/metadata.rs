//! Changes the custom properties of a conversation.

use reqwest::Method;
use serde_json::{Map, Value as Json};

use super::details::ConversationDetails;
use super::read::ReadClient;
use crate::api::Error;
use crate::domain::Value;
use crate::domain::call::Field;

/// Custom properties as they are to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustomProperties(Map<String, Json>);

impl CustomProperties {
    /// Of these fields; one without a value is to be gone.
    pub fn new<'v>(values: impl Iterator<Item = (Field, Value<'v>)>) -> CustomProperties {
        let json = |value: Value<'_>| match value {
            Value::Text(text) => Json::String(text.into_owned()),
            Value::Number(digits) => serde_json::from_str(&digits).unwrap_or_default(),
            _ => Json::Null,
        };
        let values = values.map(|(field, value)| (field.name().to_owned(), json(value)));
        CustomProperties(values.collect())
    }

    /// Whether a conversation has them so.
    pub fn are_in(&self, conversation: &ConversationDetails) -> bool {
        let metadata = conversation.metadata.as_ref();
        let is_there = |(name, wanted): (&String, &Json)| {
            let told = metadata.and_then(|metadata| metadata.get(name));
            match (told.unwrap_or(&Json::Null), wanted) {
                (Json::Number(told), Json::Number(wanted)) => told.as_f64() == wanted.as_f64(),
                (told, wanted) => told == wanted,
            }
        };
        metadata.is_some() && self.0.iter().all(is_there)
    }
}

/// `PATCH /integrations/conversations/{uid}/metadata`; the conversation as it is then, `None` where there is
/// none.
pub async fn change_properties(
    client: &ReadClient,
    uid: &str,
    properties: &CustomProperties,
) -> Result<Option<ConversationDetails>, Error> {
    let mut url = client.conversation_url(uid)?;
    url.set_path(&format!("{}/metadata", url.path()));
    let body = serde_json::to_vec(&properties.0).unwrap_or_default();
    match client.exchange(Method::PATCH, &url, Some(body)).await {
        Err(Error::Status { status: 404, .. }) => Ok(None),
        changed => changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(metadata: &str) -> ConversationDetails {
        serde_json::from_str(&format!(r#"{{"metadata":{metadata}}}"#)).unwrap()
    }

    #[test]
    fn properties_are_there_when_each_is() {
        let (text, number) = (Value::Text("a".into()), Value::Number("1.50".into()));
        let values = [
            (Field::CustomProp1, text),
            (Field::CustomNumberProp1, number),
            (Field::CustomProp2, Value::Absent),
        ];
        let wanted = CustomProperties::new(values.into_iter());
        for (metadata, is_there) in [
            (
                r#"{"customProp1":"a","customNumberProp1":1.5,"customProp3":"x"}"#,
                true,
            ),
            (
                r#"{"customProp1":"a","customNumberProp1":1.5,"customProp2":null}"#,
                true,
            ),
            (
                r#"{"customProp1":"a","customNumberProp1":1.5,"customProp2":"x"}"#,
                false,
            ),
            (r#"{"customProp1":"a","customNumberProp1":"1.5"}"#, false),
            (r#"{"customNumberProp1":1.5}"#, false),
            ("null", false),
        ] {
            assert_eq!(
                wanted.are_in(&conversation(metadata)),
                is_there,
                "{metadata}"
            );
        }
    }
}
