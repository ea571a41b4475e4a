//! The sums over a manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::manifest::ManifestLine;

/// The sums over a manifest. Each line is counted once in `states` and once in `consent`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceTotals {
    /// Lines of the manifest.
    pub calls: u64,
    /// Calls by how far they are.
    pub states: BTreeMap<String, u64>,
    /// What was sent about consent.
    pub consent: ConsentTotals,
    /// Calls of which the record of the export is known by its hash.
    pub with_record: u64,
    /// Recordings that arrived.
    pub recordings: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Recordings of which BLAKE3 is known.
    pub with_blake3: u64,
    /// Recordings of which SHA-256 is known.
    pub with_sha256: u64,
    /// Recordings that were joined or converted before they were sent.
    pub made: u64,
    /// Calls by what `verify` last saw; calls that it never saw are `not looked at`.
    pub verified: BTreeMap<String, u64>,
}

/// What was sent about consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentTotals {
    /// `true`.
    pub yes: u64,
    /// `false`.
    pub no: u64,
    /// Not sent, or not known.
    pub not_stated: u64,
}

/// What `verify` has not looked at.
pub const NOT_VERIFIED: &str = "not looked at";

impl EvidenceTotals {
    /// Counts a line.
    pub fn count(&mut self, line: &ManifestLine) {
        self.calls += 1;
        *self.states.entry(line.state.clone()).or_default() += 1;
        match line.consent.sent {
            Some(true) => self.consent.yes += 1,
            Some(false) => self.consent.no += 1,
            None => self.consent.not_stated += 1,
        }
        self.with_record += u64::from(!line.records.is_empty());
        if let Some(recording) = &line.recording {
            self.recordings += 1;
            self.bytes = self.bytes.saturating_add(recording.bytes);
            self.with_blake3 += u64::from(recording.blake3.is_some());
            self.with_sha256 += u64::from(recording.sha256.is_some());
            self.made += u64::from(recording.made);
        }
        let verified = line.verified.as_ref();
        let verified = verified.map_or(NOT_VERIFIED, |seen| &seen.outcome);
        *self.verified.entry(verified.to_owned()).or_default() += 1;
    }
}
