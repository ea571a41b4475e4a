//! Who may call: whoever presents the token, as the documentation describes it.

use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;

use super::answer::Answer;

/// The refusal of a request without the right token. A header counts before the query.
pub(super) fn check(parts: &Parts, token: &str) -> Result<(), Answer> {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let why = match (headers.next(), headers.next()) {
        (Some(_), Some(_)) => "There are two Authorization headers",
        (Some(only), None) if only.as_bytes() == token.as_bytes() => return Ok(()),
        (Some(only), None) if has_prefix(only.as_bytes()) => {
            "The Authorization header must hold the token alone, without a scheme before it"
        }
        (Some(_), None) => "The token is wrong",
        (None, _) => match query(parts, "api-token") {
            Some(given) if given == token => return Ok(()),
            Some(_) => "The token is wrong",
            None => "There is no token: it belongs in the Authorization header",
        },
    };
    Err(Answer::text(StatusCode::UNAUTHORIZED, why))
}

/// A parameter of the query, decoded; the first one if there are several.
pub(super) fn query(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn has_prefix(header: &[u8]) -> bool {
    let header = header.to_ascii_lowercase();
    header.starts_with(b"bearer ") || header.starts_with(b"basic ") || header.starts_with(b"token ")
}
