//! What a server repeats of a request, made fit to be told: without the token, and without the people.
//!
//! Servers and proxies like to quote what they refuse. The text of a refusal goes to the screen, into the
//! reports and, masked once more, into the ledger, so it is cleaned where it comes in. What was sent
//! is known here word for word; nothing has to be recognised.

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;

/// Fields of calls and cases that hold people, or words about them.
const PERSONAL: [&str; 8] = [
    "customer",
    "customerCompany",
    "agentName",
    "agentEmail",
    "subject",
    "name",
    "email",
    "text",
];

/// Shorter values would be found in ordinary words.
const SHORTEST: usize = 3;

/// What a request says that an answer must not repeat.
pub(super) struct Secrets(Box<Sent>);

/// In a box, since it lies in the task of a request until the answer comes.
struct Sent {
    token: Option<HeaderValue>,
    /// The request itself, where its body is no stream: recordings hold nobody's name.
    copy: Option<Request>,
}

impl Secrets {
    /// Of a request that is about to leave. The copy shares the body.
    pub(super) fn of(request: &Request) -> Self {
        Secrets(Box::new(Sent {
            token: request.headers().get(AUTHORIZATION).cloned(),
            copy: request.try_clone(),
        }))
    }

    /// The text without them.
    pub(super) fn leave_out_of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(token) = self.0.token.as_ref().and_then(|token| token.to_str().ok())
            && !token.is_empty()
        {
            text = text.replace(token, "<token>");
        }
        let body = self.0.copy.as_ref().and_then(Request::body);
        let body = body.and_then(reqwest::Body::as_bytes);
        let body = body.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let mut values = Vec::new();
        collect(&body.unwrap_or_default(), &mut values);
        // A value may be a part of another.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        for (field, value) in values {
            let mask = format!("<{field}>");
            text = text.replace(&value, &mask);
            let quoted = Value::String(value).to_string();
            text = text.replace(quoted.trim_matches('"'), &mask);
        }
        text
    }
}

fn collect(value: &Value, values: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::Object(fields) => {
            for (field, value) in fields {
                match value {
                    Value::String(text)
                        if PERSONAL.contains(&&**field) && text.len() >= SHORTEST =>
                    {
                        values.push((field.clone(), text.clone()));
                    }
                    _ => collect(value, values),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str, answer: &str) -> String {
        let request = reqwest::Client::new()
            .post("http://127.0.0.1:1/")
            .header(AUTHORIZATION, "t0ken")
            .body(body.to_owned())
            .build()
            .unwrap();
        Secrets::of(&request).leave_out_of(answer)
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let body = r#"{"externalIdentity":"c-1","customer":"+45 12 34 56 78","agentName":"Ann \"A\" Prøvesen",
            "message":{"from":{"name":"Ann","email":"ann@example.com"},"text":"hej"}}"#;
        for (answer, expected) in [
            ("bad token t0ken", "bad token <token>"),
            (
                "c-1: no customer +45 12 34 56 78",
                "c-1: no customer <customer>",
            ),
            (r#"Ann "A" Prøvesen is no agent"#, "<agentName> is no agent"),
            (
                r#"{"agentName":"Ann \"A\" Prøvesen"}"#,
                r#"{"agentName":"<agentName>"}"#,
            ),
            (
                "from Ann <ann@example.com>: hej",
                "from <name> <<email>>: <text>",
            ),
            (
                "The field subject is missing.",
                "The field subject is missing.",
            ),
        ] {
            assert_eq!(told(body, answer), expected);
        }
        assert_eq!(told("no JSON", "t0ken, no JSON"), "<token>, no JSON");
    }
}
