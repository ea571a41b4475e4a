//! What nobody may read where it was not asked for.

use std::collections::BTreeSet;

use super::export::Given;
use super::server::TOKEN;

/// Everything about the people in these calls, and the token.
pub(crate) fn secrets(given: &[Given]) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = BTreeSet::from([TOKEN.to_owned()]);
    for field in ["customer", "agentName", "agentEmail"] {
        let of_field = given
            .iter()
            .filter_map(|call| call.expected[field].as_str());
        secrets.extend(of_field.map(str::to_owned));
    }
    secrets
}

#[track_caller]
pub(crate) fn holds_none(secrets: &BTreeSet<String>, bytes: &[u8], workdir: &str) {
    for secret in secrets {
        let is_here = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!is_here, "{secret} is in {workdir}");
    }
}
