//! The base URL of an API: what is one, and how it is shown without its secrets.

use url::Url;

use super::Error;

/// By which a ledger knows the server inside this process.
pub const SANDBOX: &str = "sandbox";

/// By which a ledger knows the destination, from the base URL as it was typed.
pub(super) fn destination_name(typed: &str) -> Result<String, Error> {
    // With and without the last slash it is one destination.
    Ok(base_url(typed)?.as_str().trim_end_matches('/').to_owned())
}

/// The address, if requests can be sent below it and it carries no secret.
pub(super) fn base_url(value: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Error::BaseUrl {
        value: beginning(value),
        why: why.to_owned(),
    };
    let url: Url = value
        .parse()
        .map_err(|error: url::ParseError| refuse(&error.to_string()))?;
    let refuse = |why: &str| Error::BaseUrl {
        // `user:password@host` reads as an address of its own kind, whose rest has no parts.
        value: if url.cannot_be_a_base() {
            beginning(value)
        } else {
            without_secrets(&url)
        },
        why: why.to_owned(),
    };
    match url.scheme() {
        "http" | "https" if url.host().is_none() => Err(refuse("it names no host")),
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err(refuse("a URL must not carry a password"))
        }
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err(refuse("it must end before ? or #"))
        }
        "http" | "https" => Ok(url),
        _ => Err(refuse("it must begin with https://")),
    }
}

/// Whether the address is of this machine, so that nothing crosses a network.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An address as it may be told: a token or a password may stand in the rest of it.
fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fail only for addresses that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// As much of a text that is no address as can be told: where a password or a token begins in it, nobody
/// knows, but none does in letters, digits, dots and lines before any other sign.
fn beginning(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            (format!("{scheme}://"), rest)
        }
        _ => (String::new(), text),
    };
    // A token may have been typed in place of an address: a host has dots, and is written small.
    let is_host = text.contains('.') && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if scheme.is_empty() && !text.is_empty() && !is_host {
        return "…".to_owned();
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-');
    let end = rest.find(|char| !is_plain(char)).unwrap_or(rest.len());
    if rest.contains('@') {
        return format!("{scheme}…");
    }
    let more = if end < rest.len() { "…" } else { "" };
    format!("{scheme}{}{more}", &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_judged_before_anything_is_sent() {
        for good in [
            "https://integrations.capturi.ai",
            "http://127.0.0.1:8787",
            "https://x/base/",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "integrations.capturi.ai",
            "ftp://x",
            "https://u:p@x",
            "u:p@x",
            "https://x?a=b",
            "http://",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_secret_in_an_address_is_not_repeated() {
        for text in [
            "https://u:s3cret@example.com/a",
            "https://s3cret@example.com/a",
            "https://example.com/a?api-token=s3cret",
            "https://example.com/a#s3cret",
        ] {
            let error = base_url(text).unwrap_err().to_string();
            assert!(error.starts_with("https://example.com/a is no"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn of_an_address_that_cannot_be_read_only_the_beginning_is_told() {
        for (text, told) in [
            ("integrations.capturi.ai", "integrations.capturi.ai"),
            ("https://u:s3cret@exa mple.com", "https://…"),
            ("https://example.com:s3cret", "https://example.com…"),
            ("https://u:s3cret", "https://u…"),
            ("//u:s3cret@x", "…"),
            ("example.com?api-token=s3cret", "example.com…"),
            ("https://[s3cret", "https://…"),
            ("s3cret-4bf92f3577b3", "…"),
            ("eyJhbGciOi.eyJzdWIi.s3cret", "…"),
            ("u:s3cret@example.com", "…"),
            ("mailto:u:s3cret@example.com", "…"),
            ("u:s3cret@example.com:443/a?x", "…"),
            ("example.com:443", "example.com…"),
            ("", ""),
        ] {
            let error = base_url(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{told} is not a base URL")),
                "{error}"
            );
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
        let loopback = |text: &str| is_loopback(&text.parse().unwrap());
        assert!(
            loopback("http://127.0.0.1")
                && loopback("http://[::1]")
                && loopback("http://localhost")
        );
        assert!(!loopback("http://localhost.example.com") && !loopback("http://10.0.0.1"));
    }
}
