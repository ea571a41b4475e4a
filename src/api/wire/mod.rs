//! How a call is written as JSON. One table of names per version of the API; the values are alike.

mod json;

use crate::api::Version;
use crate::call::{Call, Field};

/// The JSON body that creates `call` at a server of this version.
pub fn body(call: &Call<'_>, version: Version) -> Vec<u8> {
    json::object(
        call.fields()
            .filter_map(|(field, value)| Some((name(field, version)?, value))),
    )
}

/// Whether a server of this version has the field.
pub fn has_field(field: Field, version: Version) -> bool {
    name(field, version).is_some()
}

/// The name of a field on the wire; `None` when this version does not have it.
///
/// Source: the v2 page and the later v3 page: v3 renamed two fields and dropped `teamId`.
pub(super) fn name(field: Field, version: Version) -> Option<&'static str> {
    match (version, field) {
        (Version::V3, Field::TeamId) => None,
        (Version::V3, Field::TeamName) => Some("team"),
        (Version::V3, Field::ConversationSegments) => Some("cutAudio"),
        _ => Some(field.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Draft, Segment, Value};

    fn call(extra: &[(Field, Value<'static>)]) -> Call<'static> {
        let mut draft = Draft::new();
        for (field, text) in [
            (Field::ExternalIdentity, "a/b \"æ\"\n"),
            (Field::AgentId, "7"),
            (Field::AgentName, "Testine"),
            (Field::AgentEmail, "testine@example.com"),
            (Field::Customer, "+4512345678"),
            (Field::DateTime, "2024-03-15T09:12:03+01:00"),
            (Field::Subject, "S"),
        ] {
            draft.set(field, Value::Text(text.into()));
        }
        for (field, value) in extra {
            draft.set(*field, value.clone());
        }
        Call::new(draft, &mut Vec::new()).unwrap()
    }

    #[test]
    fn each_version_has_its_names_and_absent_fields_are_left_out() {
        let call = call(&[
            (Field::TeamId, Value::Text("t".into())),
            (Field::TeamName, Value::Text("Team".into())),
            (
                Field::ConversationSegments,
                Value::Segments(vec![Segment {
                    start: 1,
                    duration: 2,
                }]),
            ),
            (Field::Labels, Value::Labels(vec!["x".into(), "y".into()])),
            (Field::HasConsent, Value::Bool(false)),
            (
                Field::CustomNumberProp10,
                Value::Number("12345678901234567890.50".into()),
            ),
        ]);
        let v2 = String::from_utf8(body(&call, Version::V2)).unwrap();
        let v3 = String::from_utf8(body(&call, Version::V3)).unwrap();
        assert_eq!(
            v2,
            concat!(
                r#"{"externalIdentity":"a/b \"æ\"\n","agentId":"7","agentName":"Testine","#,
                r#""agentEmail":"testine@example.com","customer":"+4512345678","#,
                r#""dateTime":"2024-03-15T09:12:03+01:00","subject":"S","labels":["x","y"],"#,
                r#""hasConsent":false,"teamId":"t","teamName":"Team","#,
                r#""conversationSegments":[{"startSeconds":1,"durationSeconds":2}],"#,
                r#""customNumberProp10":12345678901234567890.50}"#
            )
        );
        assert!(v3.contains(r#""team":"Team","cutAudio":[{"#), "{v3}");
        assert!(!v3.contains("teamId") && !v3.contains("teamName"));
    }
}
