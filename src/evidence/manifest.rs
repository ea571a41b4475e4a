//! One line of the manifest: what is known of one call. No name, no number and no subject is in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// SHA-256 or BLAKE3, as 64 hexadecimal digits in lower case.
pub(super) type HexHash = String;

/// What is known of one call, as one line of JSON. The order of the members is that of the fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestLine {
    /// The `externalIdentity`.
    pub id: String,
    /// The conversation, where the destination named it.
    pub uid: Option<String>,
    /// How far the call is: `complete`, `without-recording`, `held` and so on, as `status` says.
    pub state: String,
    /// What was sent about consent.
    pub consent: SentConsent,
    /// SHA-256 of each record that the call was made of.
    pub records: Vec<HexHash>,
    /// SHA-256 of the export's bytes.
    pub export: Option<HexHash>,
    /// SHA-256 of the mapping file.
    pub mapping: Option<HexHash>,
    /// The recording that arrived; nothing for a call without one.
    pub recording: Option<SentAudio>,
    /// When the ledger first knew the call.
    pub first: Option<Timestamp>,
    /// When it last learned something of it.
    pub last: Option<Timestamp>,
    /// What `verify` last saw.
    pub verified: Option<SeenAtDestination>,
}

/// What was sent about consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentConsent {
    /// `hasConsent`; nothing where the request did not say it, or nobody knows.
    pub sent: Option<bool>,
    /// The column of the export that it came from.
    pub column: Option<String>,
}

/// The bytes of a recording that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentAudio {
    /// How many they were.
    pub bytes: u64,
    /// Their BLAKE3; nothing where an earlier try arrived whose bytes nobody knows.
    pub blake3: Option<HexHash>,
    /// Their SHA-256; only of runs with `--sha256`.
    pub sha256: Option<HexHash>,
    /// Whether the bytes were made of others: joined or converted.
    pub made: bool,
}

/// What `verify` last saw of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenAtDestination {
    /// When.
    pub at: Timestamp,
    /// Its outcome, as in `verify.csv`.
    pub outcome: String,
    /// The state of the conversation at the destination.
    pub state: Option<String>,
}

impl ManifestLine {
    /// The line without its line feed.
    ///
    /// # Errors
    /// Never for a value that this program made.
    pub fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The 32 bytes that 64 hexadecimal digits stand for.
pub(super) fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    let is_digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 64 || !digits.iter().all(is_digit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_and_read() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8).unwrap());
        let text = hex(&bytes);
        assert_eq!(bytes_of(&text), Some(bytes));
        for wrong in [
            &text[1..],
            &text.to_uppercase(),
            &text.replace('0', "g"),
            "",
        ] {
            assert_eq!(bytes_of(wrong), None, "{wrong}");
        }
        assert_eq!(bytes_of(&"+1".repeat(32)), None);
    }

    #[test]
    fn members_that_nobody_knows_are_refused() {
        let line = ManifestLine {
            id: "call-1".to_owned(),
            uid: None,
            state: "complete".to_owned(),
            consent: SentConsent::default(),
            records: Vec::new(),
            export: None,
            mapping: None,
            recording: None,
            first: Some(Timestamp::UNIX_EPOCH),
            last: None,
            verified: None,
        };
        let text = String::from_utf8(line.to_line().unwrap()).unwrap();
        assert!(
            text.starts_with(r#"{"id":"call-1","uid":null,"state":"complete""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<ManifestLine>(&text).unwrap(), line);
        let more = text.replacen('{', r#"{"customer":"x","#, 1);
        assert!(serde_json::from_str::<ManifestLine>(&more).is_err());
    }
}
