//! Which requests are meant for this sandbox: those to its own address, from no page of another site.
//!
//! A web page elsewhere can make a browser send requests here, and by a name of its own that leads
//! to this machine (DNS rebinding) even read the answers. The browser says so in `Host`, `Origin` and
//! `Sec-Fetch-Site`, which no page can change. So every request is looked at before anything of it
//! is read, counted or answered.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::StatusCode;
use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::response::ServerAnswer;

/// What a browser says of the page that a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The port that a `Host` without one means.
const HTTP_PORT: u16 = 80;

/// Which addresses a request may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnAddresses {
    /// `localhost` and loopback addresses, with this port.
    Loopback(u16),
    /// Any: nobody knows by which names other machines reach this one.
    Any,
}

/// The refusal of a request that names another server, or that a page of another site sent.
pub(super) fn check(parts: &Parts, own: OwnAddresses) -> Result<(), ServerAnswer> {
    let Some(host) = only_host(parts) else {
        let text = "A request needs exactly one Host header";
        return Err(ServerAnswer::text(StatusCode::BAD_REQUEST, text));
    };
    // The address in the request line counts before the header, so the two must not differ.
    let line = parts.uri.authority().map(Authority::as_str);
    let is_one = line.is_none_or(|line| line.eq_ignore_ascii_case(host));
    if !is_one || !own.has(host) {
        let text = "The sandbox answers only requests to its own address, such as 127.0.0.1 with its \
                    port; --allow-remote takes other names";
        return Err(ServerAnswer::text(StatusCode::FORBIDDEN, text));
    }
    if comes_from_elsewhere(parts, host) {
        let text = "A page of another site may not call the sandbox";
        return Err(ServerAnswer::text(StatusCode::FORBIDDEN, text));
    }
    Ok(())
}

/// The `Host`, if there is one and no second.
fn only_host(parts: &Parts) -> Option<&str> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (only, None) = (hosts.next()?, hosts.next()) else {
        return None;
    };
    only.to_str().ok()
}

/// Whether a browser sent it for a page of another site. Programs say nothing about pages.
fn comes_from_elsewhere(parts: &Parts, host: &str) -> bool {
    let own = format!("http://{host}");
    let is_own = |origin: &[u8]| origin.eq_ignore_ascii_case(own.as_bytes());
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let mut sites = parts.headers.get_all(SEC_FETCH_SITE).iter();
    origins.any(|origin| !is_own(origin.as_bytes()))
        || sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

impl OwnAddresses {
    fn has(self, host: &str) -> bool {
        match self {
            Self::Loopback(port) => is_loopback(host, port),
            Self::Any => !host.contains('@') && host.parse::<Authority>().is_ok(),
        }
    }
}

/// Whether a `Host` is `localhost` or a loopback address, with this port.
fn is_loopback(host: &str, own: u16) -> bool {
    let (is_here, port) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((name, port))) => (
            name.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()),
            port,
        ),
        Some(None) => return false,
        None => {
            let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
            let is_here = name.eq_ignore_ascii_case("localhost")
                || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
            (is_here, port)
        }
    };
    is_here && port_of(port) == Some(own)
}

/// The port in `:80`; nothing means that of HTTP.
fn port_of(text: &str) -> Option<u16> {
    if text.is_empty() {
        return Some(HTTP_PORT);
    }
    let digits = text.strip_prefix(':')?;
    // A sign before the digits would be read as well.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use proptest::prelude::*;

    use super::*;
    use crate::sandbox::test_support::{Given, TOKEN, conversation};

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn status(own: OwnAddresses, uri: &str, headers: &[(&str, &str)]) -> u16 {
        check(&parts(uri, headers), own).map_or_else(|answer| answer.status.as_u16(), |()| 200)
    }

    #[test]
    fn the_own_address_has_several_names_and_one_port() {
        for host in [
            "localhost:8787",
            "LOCALHOST:8787",
            "127.0.0.1:8787",
            "127.1.2.3:8787",
            "[::1]:8787",
        ] {
            assert!(is_loopback(host, 8787), "{host}");
        }
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(is_loopback(host, 80), "{host}");
        }
        for host in [
            "",
            ":8787",
            "localhost",
            "localhost:",
            "localhost:80",
            "localhost:+8787",
            "localhost:8787:8787",
            "localhost:74323",
            "localhost.:8787",
            "localhost.example.com:8787",
            "evil.localhost:8787",
            "evil.example:8787",
            "user@localhost:8787",
            "127.0.0.1.example.com:8787",
            "127.1:8787",
            "0x7f.0.0.1:8787",
            "2130706433:8787",
            "0.0.0.0:8787",
            "10.0.0.1:8787",
            "[::1:8787",
            "[::1]8787",
            "[::]:8787",
            "[::ffff:127.0.0.1]:8787",
            "[127.0.0.1]:8787",
            "::1:8787",
            " localhost:8787",
        ] {
            assert!(!is_loopback(host, 8787), "{host}");
        }
    }

    #[test]
    fn a_request_names_one_server_and_this_one() {
        let own = OwnAddresses::Loopback(8787);
        let here = ("host", "127.0.0.1:8787");
        let there = ("host", "evil.example:8787");
        for (uri, headers, expected) in [
            ("/", vec![here], 200),
            ("http://127.0.0.1:8787/", vec![here], 200),
            ("/", vec![], 400),
            ("/", vec![here, here], 400),
            ("/", vec![here, there], 400),
            ("/", vec![there], 403),
            ("http://evil.example:8787/", vec![here], 403),
            ("http://127.0.0.1:8787/", vec![there], 403),
            ("http://127.0.0.1:8787/", vec![], 400),
            ("http://user@127.0.0.1:8787/", vec![here], 403),
        ] {
            assert_eq!(status(own, uri, &headers), expected, "{uri} {headers:?}");
        }
        for (uri, host, expected) in [
            ("/", "sandbox.example:80", 200),
            ("/", "10.0.0.7:8787", 200),
            ("/", "user@sandbox.example", 403),
            ("/", "", 403),
            ("/", "a b", 403),
            ("http://evil.example/", "sandbox.example", 403),
        ] {
            assert_eq!(
                status(OwnAddresses::Any, uri, &[("host", host)]),
                expected,
                "{host}"
            );
        }
    }

    #[test]
    fn no_page_of_another_site_may_call() {
        let here = ("host", "127.0.0.1:8787");
        for own in [OwnAddresses::Loopback(8787), OwnAddresses::Any] {
            for (name, value, expected) in [
                ("origin", "http://127.0.0.1:8787", 200),
                ("origin", "HTTP://127.0.0.1:8787", 200),
                ("origin", "null", 403),
                ("origin", "", 403),
                ("origin", "https://127.0.0.1:8787", 403),
                ("origin", "http://127.0.0.1:3000", 403),
                ("origin", "http://localhost:8787", 403),
                ("origin", "http://127.0.0.1:8787.evil.example", 403),
                ("origin", "http://evil.example", 403),
                ("sec-fetch-site", "none", 200),
                ("sec-fetch-site", "same-origin", 200),
                ("sec-fetch-site", "same-site", 403),
                ("sec-fetch-site", "cross-site", 403),
                ("sec-fetch-site", "else", 403),
            ] {
                let headers = [here, (name, value)];
                assert_eq!(status(own, "/", &headers), expected, "{name}: {value}");
            }
            let twice = [
                here,
                ("origin", "http://127.0.0.1:8787"),
                ("origin", "null"),
            ];
            assert_eq!(status(own, "/", &twice), 403);
        }
    }

    #[tokio::test]
    async fn every_route_looks_at_the_host_and_the_origin() {
        let given = Given::sandbox().await;
        let own = format!("http://{}", given.host());
        let body = conversation("a").to_string();
        for path in [
            "/",
            "/__state",
            "/__reset",
            "/v2/conversation",
            "/v1/audio/external/a",
            "/integrations/conversations/list-delta",
            "/nowhere",
            "/v1/case/%ff",
        ] {
            for method in ["GET", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"] {
                for foreign in [
                    "host: evil.example\r\n".to_owned(),
                    format!("host: {}\r\norigin: http://evil.example\r\n", given.host()),
                    format!("host: {}\r\norigin: null\r\n", given.host()),
                    format!(
                        "host: {}\r\norigin: {own}\r\nsec-fetch-site: same-site\r\n",
                        given.host()
                    ),
                ] {
                    let request = format!(
                        "{method} {path} HTTP/1.1\r\n{foreign}authorization: {TOKEN}\r\n\
                         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    let (answer, _) = given.raw(request).await;
                    let head = answer.to_lowercase();
                    assert!(
                        head.starts_with("http/1.1 403"),
                        "{method} {path}: {answer}"
                    );
                    assert!(head.contains("connection: close"), "{answer}");
                    assert!(!head.contains("access-control"), "{answer}");
                }
            }
        }
        let snapshot = given.sandbox.snapshot();
        assert!(snapshot.conversations.is_empty());
        // A page that is refused must not move the window of a fault either.
        assert_eq!(snapshot.requests, 0);
    }

    #[tokio::test]
    async fn what_names_no_server_or_two_is_refused() {
        let given = Given::sandbox().await;
        let host = given.host();
        for (request, expected) in [
            (
                format!("GET /__state HTTP/1.0\r\nauthorization: {TOKEN}\r\n"),
                "400",
            ),
            (
                format!("GET /__state HTTP/1.1\r\nauthorization: {TOKEN}\r\n"),
                "400",
            ),
            (
                format!(
                    "GET /__state HTTP/1.1\r\nhost: {host}\r\nhost: {host}\r\nauthorization: {TOKEN}\r\n"
                ),
                "400",
            ),
            (
                format!(
                    "GET http://evil.example/__state HTTP/1.1\r\nhost: {host}\r\nauthorization: {TOKEN}\r\n"
                ),
                "403",
            ),
            (
                format!(
                    "CONNECT evil.example:443 HTTP/1.1\r\nhost: {host}\r\nauthorization: {TOKEN}\r\n"
                ),
                "403",
            ),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "4"),
        ] {
            let (answer, _) = given.raw(format!("{request}\r\n")).await;
            let is_refused = answer.starts_with(&format!("HTTP/1.1 {expected}"))
                || answer.starts_with(&format!("HTTP/1.0 {expected}"));
            assert!(
                is_refused || (expected == "4" && answer.is_empty()),
                "{request}: {answer}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_host_makes_it_panic(host in "\\PC{0,40}", port: u16) {
            let _ = is_loopback(&host, port);
            let _ = OwnAddresses::Any.has(&host);
        }
    }
}
