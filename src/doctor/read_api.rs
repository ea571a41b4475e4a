//! Whether the read API answers and takes its token.

use crate::api::{Error, ReadClient, ReadConnection};
use crate::report::DoctorLine;

/// The identity that no call has.
const NO_CALL: &str = "capturi-import-doctor";
const SUBJECT: &str = "read API";

/// Asks the read API for a call that nobody has.
pub async fn check_read_api(connection: &ReadConnection) -> DoctorLine {
    let client = match ReadClient::new(connection) {
        Ok(client) => client,
        Err(error) => return DoctorLine::fault(SUBJECT, error.to_string(), None),
    };
    let base = connection.base.as_str().trim_end_matches('/');
    match client.list_one(NO_CALL, None).await {
        Ok(Some(_)) => DoctorLine::ok(
            SUBJECT,
            match client.version() {
                Some(version) => {
                    format!("{base} answers and accepts the token (version {version})")
                }
                None => format!("{base} answers and accepts the token"),
            },
        ),
        Ok(None) => DoctorLine::warning(
            SUBJECT,
            format!("{base} answers, but has no list of conversations"),
            "Check --read-url. With such a server, `verify` needs more requests.",
        ),
        Err(Error::Status {
            status: status @ (401 | 403),
            ..
        }) => DoctorLine::fault(
            SUBJECT,
            format!("{base} refuses the token ({status})"),
            Some(
                "Name its own token with --read-token-file, or ask for the right to read."
                    .to_owned(),
            ),
        ),
        Err(error) => DoctorLine::fault(
            SUBJECT,
            format!("{base}: {error}"),
            Some("Check --read-url, the network, the proxy and the firewall.".to_owned()),
        ),
    }
}
