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
            text = without_token(&text, token);
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

/// From so many characters on, letters and digits together are a token wherever they stand.
const LONG: usize = 12;
/// What stands before a token that is named.
const NAMES: [&str; 6] = [
    "token",
    "authorization",
    "bearer",
    "key",
    "secret",
    "password",
];

/// The text without the token. One that could be a word of a sentence is left out where it stands as a
/// token: in quotes, or behind a name for such a thing. A short one is left out where it stands alone.
fn without_token(text: &str, token: &str) -> String {
    let has = |is: fn(char) -> bool| token.chars().any(is);
    let is_word = token.chars().all(char::is_alphabetic) && token.len() < LONG * 2;
    let is_sure = token.len() >= LONG
        && !is_word
        && has(|char| char.is_ascii_digit())
        && has(char::is_alphabetic);
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(token) {
        let (before, behind) = (&rest[..at], &rest[at + token.len()..]);
        told.push_str(before);
        let is_part = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        let stands_alone = !is_part(told.chars().next_back()) && !is_part(behind.chars().next());
        let is_token = is_sure || stands_alone && (!is_word || is_named(&told, behind));
        told.push_str(if is_token { "<token>" } else { token });
        rest = behind;
    }
    told.push_str(rest);
    told
}

/// Whether what stands between these is called a token, or is quoted.
fn is_named(before: &str, behind: &str) -> bool {
    let quotes = ['"', '\'', '`'];
    if before.ends_with(quotes) && behind.starts_with(quotes) {
        return true;
    }
    let name = before.trim_end_matches(|char: char| {
        char.is_whitespace() || matches!(char, ':' | '=' | '"' | '\'' | '`')
    });
    let name = name.to_lowercase();
    NAMES.iter().any(|known| name.ends_with(known))
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
    fn a_token_that_is_a_word_is_left_out_where_it_stands_as_one() {
        let told = |token: &str, text: &str| without_token(text, token);
        for text in [
            "a fault that the sandbox was told to give",
            "sandboxes, Sandbox",
        ] {
            assert_eq!(told("sandbox", text), text);
        }
        for (text, expected) in [
            ("token sandbox is unknown", "token <token> is unknown"),
            ("api-token=sandbox&x", "api-token=<token>&x"),
            (r#"{"token":"sandbox"}"#, r#"{"token":"<token>"}"#),
            ("'sandbox' was refused", "'<token>' was refused"),
            ("Authorization: sandbox", "Authorization: <token>"),
        ] {
            assert_eq!(told("sandbox", text), expected);
        }
        assert_eq!(told("t0ken", "xt0ken t0ken."), "xt0ken <token>.");
        let real = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(told(real, &format!("x{real}y {real}")), "x<token>y <token>");
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
