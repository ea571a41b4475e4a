//! Who may ask: only requests for an address of this machine where it listens there, from no page of
//! another site, and with the token where one is set.
//!
//! A web page elsewhere can make a browser send requests to this machine, and by a name of its own that leads
//! here even read the answers (DNS rebinding). The browser says so in `Host`, `Origin` and `Sec-Fetch-Site`.

use std::net::{IpAddr, SocketAddr};

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use secrecy::{ExposeSecret as _, SecretString};

/// Who may ask.
#[derive(Debug)]
pub(super) struct Access {
    listens_on: SocketAddr,
    /// A hash, so that a comparison tells nothing by how long it takes.
    token: Option<blake3::Hash>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAccess {
    /// It is meant for another server, or comes from a page of another site.
    Elsewhere,
    /// It lacks the token.
    NoToken,
}

impl NoAccess {
    pub(super) fn status(self) -> StatusCode {
        match self {
            NoAccess::Elsewhere => StatusCode::FORBIDDEN,
            NoAccess::NoToken => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Access {
    /// Of a server that listens there.
    pub(super) fn new(listens_on: SocketAddr, token: Option<&SecretString>) -> Access {
        Access {
            listens_on,
            token: token.map(|token| blake3::hash(token.expose_secret().as_bytes())),
        }
    }

    /// Whether a request with these headers is meant for this server.
    pub(super) fn check_origin(&self, headers: &HeaderMap) -> Result<(), NoAccess> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(NoAccess::Elsewhere);
        };
        let host = host.to_str().map_err(|_| NoAccess::Elsewhere)?;
        if self.listens_on.ip().is_loopback() && !is_here(host, self.listens_on.port()) {
            return Err(NoAccess::Elsewhere);
        }
        let own = format!("http://{host}");
        let mut origins = headers.get_all(ORIGIN).iter();
        let mut sites = headers.get_all("sec-fetch-site").iter();
        let is_foreign = origins
            .any(|origin| !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()))
            || sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
        if is_foreign {
            return Err(NoAccess::Elsewhere);
        }
        Ok(())
    }

    /// Whether it presents the token: `Bearer`, as programs do, or as the password that a browser asks for.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), NoAccess> {
        let Some(token) = self.token else {
            return Ok(());
        };
        let presented = headers.get(AUTHORIZATION).and_then(presented);
        match presented {
            Some(presented) if blake3::hash(&presented) == token => Ok(()),
            _ => Err(NoAccess::NoToken),
        }
    }
}

/// The token in a header.
fn presented(header: &hyper::header::HeaderValue) -> Option<Vec<u8>> {
    let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = decoded(rest.trim())?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

/// Base64, with or without its padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        held = (held << 6 | u32::from(digit(byte)?)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

/// Whether a `Host` is `localhost` or a loopback address, with this port.
fn is_here(host: &str, port: u16) -> bool {
    let with_port = |name: &str| name.strip_suffix(&format!(":{port}")).map(str::to_owned);
    let name = match with_port(host) {
        Some(name) => name,
        // A client leaves out the port of HTTP.
        None if port == 80 => host.to_owned(),
        None => return false,
    };
    let bare = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || bare
            .unwrap_or(&name)
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    fn headers(of: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in of.iter().map(header) {
            headers.append(name, value);
        }
        headers
    }

    fn access(address: &str, token: Option<&str>) -> Access {
        let token = token.map(SecretString::from);
        Access::new(address.parse().unwrap(), token.as_ref())
    }

    #[test]
    fn on_this_machine_only_its_own_names_are_answered() {
        let access = access("127.0.0.1:9464", None);
        for (host, is_good) in [
            ("127.0.0.1:9464", true),
            ("localhost:9464", true),
            ("LOCALHOST:9464", true),
            ("[::1]:9464", true),
            ("127.0.0.1:9465", false),
            ("127.0.0.1", false),
            ("evil.example.com:9464", false),
            ("localhost.example.com:9464", false),
            ("127.0.0.1.example.com:9464", false),
            ("localhost:9464:9464", false),
        ] {
            let checked = access.check_origin(&headers(&[("host", host)]));
            assert_eq!(checked.is_ok(), is_good, "{host}");
        }
        assert!(access.check_origin(&headers(&[])).is_err());
        let twice = [("host", "localhost:9464"), ("host", "localhost:9464")];
        assert!(access.check_origin(&headers(&twice)).is_err());
    }

    #[test]
    fn a_page_of_another_site_is_not_answered() {
        let access = access("127.0.0.1:9464", None);
        let host = ("host", "localhost:9464");
        for (header, is_good) in [
            (("origin", "http://localhost:9464"), true),
            (("origin", "https://evil.example.com"), false),
            (("origin", "null"), false),
            (("sec-fetch-site", "same-origin"), true),
            (("sec-fetch-site", "none"), true),
            (("sec-fetch-site", "cross-site"), false),
        ] {
            let checked = access.check_origin(&headers(&[host, header]));
            assert_eq!(checked.is_ok(), is_good, "{header:?}");
        }
    }

    #[test]
    fn the_token_comes_as_programs_and_as_browsers_send_it() {
        let access = access("10.0.0.1:9464", Some("s3cret"));
        let any_name = headers(&[("host", "import.example.com:9464")]);
        assert!(access.check_origin(&any_name).is_ok());
        for (value, is_good) in [
            ("Bearer s3cret", true),
            ("bearer s3cret", true),
            ("Bearer other", false),
            ("Bearer s3cre", false),
            // `any:s3cret` and `:s3cret`.
            ("Basic YW55OnMzY3JldA==", true),
            ("Basic OnMzY3JldA", true),
            ("Basic YW55Om90aGVy", false),
            ("Basic ~~~~", false),
            ("s3cret", false),
        ] {
            let checked = access.check_token(&headers(&[("authorization", value)]));
            assert_eq!(checked.is_ok(), is_good, "{value}");
        }
        assert_eq!(access.check_token(&headers(&[])), Err(NoAccess::NoToken));
        assert!(!format!("{access:?}").contains("s3cret"));
    }
}
