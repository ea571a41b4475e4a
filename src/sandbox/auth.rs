//! Who may call: whoever presents the token, as the documentation describes it.

use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use uuid::Uuid;

use super::response::ServerAnswer;

/// What a random token begins with: it shall be known as none of the real server.
const PREFIX: &str = "sandbox-";

/// The parameter of the query that may hold the token.
pub(super) const PARAMETER: &str = "api-token";

/// A token that nobody can guess.
pub fn random() -> String {
    format!("{PREFIX}{}", Uuid::new_v4().simple())
}

/// Whether this is a token that [`random`] may have made.
pub(super) fn is_random(token: &str) -> bool {
    let rest = token.strip_prefix(PREFIX);
    rest.is_some_and(|rest| rest.len() == 32 && Uuid::try_parse(rest).is_ok())
}

/// The refusal of a request without the right token. A header counts before the query.
pub(super) fn check(parts: &Parts, token: &str) -> Result<(), ServerAnswer> {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let why = match (headers.next(), headers.next()) {
        (Some(_), Some(_)) => "There are two Authorization headers",
        (Some(only), None) if only.as_bytes() == token.as_bytes() => return Ok(()),
        (Some(only), None) if has_prefix(only.as_bytes()) => {
            "The Authorization header must hold the token alone, without a scheme before it"
        }
        (Some(_), None) => "The token is wrong",
        (None, _) => match query(parts, PARAMETER) {
            Some(given) if given == token => return Ok(()),
            Some(_) => "The token is wrong",
            None => "There is no token: it belongs in the Authorization header",
        },
    };
    Err(ServerAnswer::text(StatusCode::UNAUTHORIZED, why))
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
