//! How a call is written as JSON. One table of names per version of the API; the values are alike.

use crate::api::ApiVersion;
use crate::domain::call::{Call, Field};

/// The JSON body that creates `call` at a server of this version.
pub fn body(call: &Call<'_>, version: ApiVersion) -> Vec<u8> {
    crate::api::json_writer::object(call.fields().flat_map(|(field, value)| {
        let names = names(field, version).into_iter().flatten();
        names.map(move |name| (name, value.clone()))
    }))
}

/// Whether a server of this version has the field.
pub fn has_field(field: Field, version: ApiVersion) -> bool {
    names(field, version).into_iter().flatten().next().is_some()
}

/// The names of a field on the wire; none when this version does not have it.
///
/// Source: the older page of v2, and the newer one, which gives v2 the names of v3. v2 does not check
/// strictly and drops a name that it does not know, so both go out: right under either page.
fn names(field: Field, version: ApiVersion) -> [Option<&'static str>; 2] {
    let new = match field {
        Field::TeamName => "team",
        Field::ConversationSegments => "cutAudio",
        Field::TeamId if version == ApiVersion::V3 => return [None, None],
        other => return [Some(other.name()), None],
    };
    match version {
        ApiVersion::V2 => [Some(field.name()), Some(new)],
        ApiVersion::V3 => [Some(new), None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{Draft, Segment, Value};

    fn call(extra: &[(Field, Value<'static>)]) -> Call<'static> {
        let mut draft = Draft::new();
        for (field, text) in [
            (Field::ExternalIdentity, "a/b \"æ\""),
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
        let v2 = String::from_utf8(body(&call, ApiVersion::V2)).unwrap();
        let v3 = String::from_utf8(body(&call, ApiVersion::V3)).unwrap();
        assert_eq!(
            v2,
            concat!(
                r#"{"externalIdentity":"a/b \"æ\"","agentId":"7","agentName":"Testine","#,
                r#""agentEmail":"testine@example.com","customer":"+4512345678","#,
                r#""dateTime":"2024-03-15T09:12:03+01:00","subject":"S","labels":["x","y"],"#,
                r#""hasConsent":false,"teamId":"t","teamName":"Team","team":"Team","#,
                r#""conversationSegments":[{"startSeconds":1,"durationSeconds":2}],"#,
                r#""cutAudio":[{"startSeconds":1,"durationSeconds":2}],"#,
                r#""customNumberProp10":12345678901234567890.50}"#
            )
        );
        assert!(v3.contains(r#""team":"Team","cutAudio":[{"#), "{v3}");
        assert!(!v3.contains("teamId") && !v3.contains("teamName"));
    }
}
