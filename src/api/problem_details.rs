//! Problem details (RFC 9457), in which the read API says why it refuses, as one sentence.

use serde_json::Value;

/// What an answer says, if it is problem details: `title: detail; errors (type, instance)`.
pub(super) fn sentence(answer: &[u8]) -> Option<String> {
    let Value::Object(fields) = serde_json::from_slice(answer).ok()? else {
        return None;
    };
    let text = |name: &str| {
        let text = fields.get(name)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    // A body with a `detail` alone may be anything.
    if !fields.contains_key("type") && !fields.contains_key("status") {
        return None;
    }
    let words: Vec<String> = ["title", "detail"].into_iter().filter_map(text).collect();
    if words.is_empty() {
        return None;
    }
    let mut sentence = words.join(": ");
    // Servers that check a body tell here, field by field, what is wrong with it.
    if let Some(errors) = fields.get("errors").filter(|errors| !errors.is_null()) {
        sentence = format!("{sentence}; {errors}");
    }
    let kind = text("type").filter(|kind| kind != "about:blank");
    let places: Vec<String> = kind.into_iter().chain(text("instance")).collect();
    Some(match places.as_slice() {
        [] => sentence,
        places => format!("{sentence} ({})", places.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_details_are_told_as_a_sentence() {
        for (answer, expected) in [
            (
                r#"{"type":"https://example.com/limit","title":"Bad Request","status":400,"detail":"limit is too large","instance":"/trace/17"}"#,
                Some("Bad Request: limit is too large (https://example.com/limit, /trace/17)"),
            ),
            (
                r#"{"type":"about:blank","title":"Forbidden","status":403}"#,
                Some("Forbidden"),
            ),
            (
                r#"{"title":"Invalid","status":400,"detail":"S\u00f8ren","errors":{"limit":["too large"]}}"#,
                Some("Invalid: Søren; {\"limit\":[\"too large\"]}"),
            ),
            (r#"{"status":400,"detail":7}"#, None),
            (r#"{"detail":"of something else"}"#, None),
            (r#"{"message":"no","errors":[]}"#, None),
            ("[]", None),
            ("plain", None),
        ] {
            assert_eq!(sentence(answer.as_bytes()).as_deref(), expected, "{answer}");
        }
    }
}
