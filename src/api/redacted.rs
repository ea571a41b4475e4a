//! What a server repeats of a request, made fit to be told: without the token, and without what was sent.
//!
//! Servers and proxies like to quote what they refuse. The text of a refusal goes to the screen, into the
//! reports and, masked once more, into the ledger, so it is cleaned where it comes in. What was sent
//! is known here word for word; how it is found in an answer is the matter of [`Redactor`].

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use crate::domain::redact::Redactor;

/// A shorter token may be a part of an id by chance.
const SHORTEST_SURE: usize = 8;

/// What a request says that an answer must not repeat.
pub(super) struct Secrets(Box<Sent>);

/// In a box, since it lies in the task of a request until the answer comes.
struct Sent {
    token: Option<HeaderValue>,
    /// The request itself, where its body is no stream.
    copy: Option<Request>,
    /// The name of the recording, where it is one.
    file_name: Option<String>,
}

impl Secrets {
    /// Of a request that is about to leave. The copy shares the body.
    pub(super) fn of(request: &Request, file_name: Option<&str>) -> Self {
        Secrets(Box::new(Sent {
            token: request.headers().get(AUTHORIZATION).cloned(),
            copy: request.try_clone(),
            file_name: file_name.map(str::to_owned),
        }))
    }

    /// The text of an answer without them. Servers that still write Latin-1 do so in pages of errors.
    pub(super) fn leave_out_of(&self, answer: &[u8]) -> String {
        let text = match std::str::from_utf8(answer) {
            Ok(text) => text.into(),
            // Cut inside of a letter.
            Err(error) if error.error_len().is_none() => String::from_utf8_lossy(answer),
            Err(_) => {
                encoding_rs::WINDOWS_1252
                    .decode_without_bom_handling(answer)
                    .0
            }
        };
        self.redactor().clean(&text)
    }

    fn redactor(&self) -> Redactor {
        let mut redactor = Redactor::default();
        if let Some(token) = &self.0.token {
            redactor = redactor.token(&String::from_utf8_lossy(token.as_bytes()));
        }
        if let Some(name) = &self.0.file_name {
            redactor = redactor.value("recording", name);
        }
        let body = self.0.copy.as_ref().and_then(Request::body);
        match body.and_then(reqwest::Body::as_bytes) {
            Some(body) => redactor.body(body),
            None => redactor,
        }
    }
}

/// Whether an id says the token of this header: as it is, or as most of the id in another spelling. Two ids
/// may share a few digits by chance, which the redactor would take out of any other text.
pub(super) fn says_token(authorization: &HeaderValue, id: &str) -> bool {
    let token = String::from_utf8_lossy(authorization.as_bytes());
    // Each call that is made gets one of these, and nothing else can be spelled like it.
    if is_uuid(id) {
        let digits = |text: &str| text.replace('-', "").to_ascii_lowercase();
        return digits(&token).contains(&digits(id));
    }
    let is_whole = token.len() >= SHORTEST_SURE && id.contains(&*token);
    let rest = Redactor::default()
        .token(&token)
        .clean(id)
        .replace("<token>", "");
    is_whole || rest.len() * 2 < id.len()
}

/// `0ce6a362-49d4-489d-801b-335d66d40bed`
fn is_uuid(id: &str) -> bool {
    let bytes = id.as_bytes();
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(answer: &[u8]) -> String {
        told_with("t0ken", answer)
    }

    fn told_with(token: &str, answer: &[u8]) -> String {
        let url = "http://127.0.0.1:1/".parse().unwrap();
        let mut request = Request::new(reqwest::Method::POST, url);
        let token = HeaderValue::from_bytes(token.as_bytes()).unwrap();
        request.headers_mut().insert(AUTHORIZATION, token);
        let body = r#"{"externalIdentity":"c-1","agentName":"Åse Prøvesen"}"#;
        *request.body_mut() = Some(body.into());
        Secrets::of(&request, Some("Åse_2024.wav")).leave_out_of(answer)
    }

    #[test]
    fn an_id_that_says_the_token_is_told_from_others() {
        let token = "1c5bb2d4-9e0f-4a63-8d27-5f0e9b3c7a11";
        let header = HeaderValue::from_str(token).unwrap();
        for id in [
            token,
            &token.to_uppercase(),
            &format!("conversation-of-{token}-and-of-nobody-else-0000000000000000"),
            // In base64.
            "MWM1YmIyZDQtOWUwZi00YTYzLThkMjctNWYwZTliM2M3YTEx",
        ] {
            assert!(says_token(&header, id), "{id}");
        }
        for id in ["77aa01f3-44c2-4a63-8d91-90aa13f0c0de", "c17", ""] {
            assert!(!says_token(&header, id), "{id}");
        }
        let bare = format!("Bearer {}", token.replace('-', ""));
        assert!(says_token(&HeaderValue::from_str(&bare).unwrap(), token));
        assert!(!says_token(&HeaderValue::from_static("c1"), "c17"));
    }

    #[test]
    fn token_body_and_name_are_left_out() {
        for (answer, expected) in [
            (
                "c-1: bad token t0ken of Åse Prøvesen",
                "c-1: bad token <token> of <agentName>",
            ),
            (r#"filename="Åse_2024.wav""#, r#"filename="<recording>""#),
        ] {
            assert_eq!(told(answer.as_bytes()), expected);
        }
    }

    #[test]
    fn a_token_may_have_any_letters() {
        let told = told_with("tøken-4bf92f3577b3", "bad tøken-4bf92f3577b3".as_bytes());
        assert_eq!(told, "bad <token>");
    }

    #[test]
    fn an_answer_in_latin_1_is_read_as_such() {
        assert_eq!(
            told(b"\xc5se Pr\xf8vesen er ukendt: \xe6"),
            "<agentName> er ukendt: æ"
        );
        assert_eq!(told(b"cut in a letter: \xc3"), "cut in a letter: \u{fffd}");
    }
}
