//! What a broken exchange says: whether the server may have seen the request, and in words that
//! name the host and what can be done about it. Never the URL, since that of an upload holds the
//! id of a call, and never the proxy's, which may hold a password.

use std::error::Error as StdError;

use rustls::{AlertDescription, CertificateError, PeerMisbehaved};

use super::Error;

/// Whether the server may have seen the request.
pub(super) fn classify(error: &reqwest::Error) -> Error {
    let cause = innermost(error);
    if !error.is_connect() && !error.is_builder() {
        // The library has no type for it that could be asked for.
        return if cause.starts_with("invalid HTTP") {
            Error::NoHttp(cause)
        } else {
            Error::Broken(cause)
        };
    }
    let host = error.url().and_then(|url| url.host_str());
    let host = host.unwrap_or("the destination");
    if error.is_dns() {
        return Error::NotSent(format!(
            "the name {host} cannot be resolved; check the URL, the network and the DNS of this \
             machine"
        ));
    }
    if let Some(tls) = chain(error).find_map(tls_in) {
        let words = of_tls(tls, host);
        return if wants_other_protocol(tls) {
            Error::OtherProtocol(words)
        } else {
            Error::Untrusted(words)
        };
    }
    let of_proxy = chain(error).find_map(|cause| of_proxy(&cause.to_string(), host));
    of_proxy.unwrap_or_else(|| Error::NotSent(format!("{host}: {cause}")))
}

/// An error of the system may be an envelope, which is no link of the chain.
fn tls_in<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let envelope = cause.downcast_ref::<std::io::Error>()?;
    tls_in(envelope.get_ref()?)
}

/// Whether the server takes none of the offered versions of HTTP (ALPN, RFC 7301 section 3.2), or picks
/// one that was not offered.
fn wants_other_protocol(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)
            | rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol)
    )
}

fn of_tls(error: &rustls::Error, host: &str) -> String {
    let rustls::Error::InvalidCertificate(why) = error else {
        return format!("no TLS connection with {host}: {error}");
    };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {host} has expired, or the clock of this machine is wrong")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!(
            "the certificate of {host} is not valid yet, or the clock of this machine is wrong"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("{host} shows the certificate of another name; check the URL")
        }
        CertificateError::UnknownIssuer => format!(
            "{host} shows a certificate of an authority that is not trusted here; if it is your \
             own, name its file with --ca-bundle"
        ),
        other => format!("the certificate of {host} cannot be trusted: {other}"),
    }
}

/// The library has no type for these that could be asked for.
fn of_proxy(text: &str, host: &str) -> Option<Error> {
    let why = text.strip_prefix("tunnel error: ")?;
    Some(if why == "proxy authorization required" {
        Error::Untrusted(format!(
            "the proxy wants a login before it connects to {host}; it goes into HTTPS_PROXY as \
             http://name:password@proxy:port"
        ))
    } else {
        Error::NotSent(format!("the proxy does not connect to {host}: {why}"))
    })
}

fn chain<'e>(error: &'e reqwest::Error) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let first: &'e (dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error: &&'e (dyn StdError + 'static)| {
        (*error).source()
    })
}

fn innermost(error: &reqwest::Error) -> String {
    let last = chain(error).last();
    last.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_named() {
        let of = |why| of_tls(&rustls::Error::InvalidCertificate(why), "a.example.com");
        for (why, words) in [
            (CertificateError::Expired, "has expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::UnknownIssuer, "--ca-bundle"),
            (CertificateError::Revoked, "cannot be trusted"),
        ] {
            let text = of(why);
            assert!(
                text.contains(words) && text.contains("a.example.com"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_proxy_says_is_told_without_its_address() {
        let login = of_proxy("tunnel error: proxy authorization required", "a").unwrap();
        assert!(matches!(&login, Error::Untrusted(why) if why.contains("wants a login")));
        assert!(of_proxy("tunnel error: unsuccessful", "a").is_some());
        assert!(of_proxy("connection refused", "a").is_none());
    }
}
