//! From what the ledger knows of a call to its line.

use jiff::Timestamp;

use super::manifest::{ManifestLine, SeenAtDestination, SentAudio, SentConsent, hex};
use crate::ledger::{CallEvidence, CreateState, UNKNOWN_HASH, UploadState};

/// The line of a call.
pub fn line_of(call: CallEvidence) -> ManifestLine {
    let state = &call.state;
    let recording = match state.upload {
        UploadState::Done { hash, bytes } => Some(SentAudio {
            bytes,
            blake3: (hash != UNKNOWN_HASH).then(|| hex(&hash)),
            sha256: call.sha256.map(|hash| hex(&hash)),
            made: state.source.is_some_and(|source| source != bytes),
        }),
        _ => None,
    };
    let uid = match &state.create {
        CreateState::Done { uid, .. } => uid.clone(),
        _ => None,
    };
    ManifestLine {
        uid,
        state: state.status().name().to_owned(),
        consent: SentConsent {
            sent: call.consent,
            column: call.consent_column,
        },
        records: call.records.iter().map(|hash| hex(hash)).collect(),
        export: call.export.map(|hash| hex(&hash)),
        mapping: call.mapping.map(|hash| hex(&hash)),
        recording,
        first: unless_purged(state.first_at),
        last: unless_purged(state.last_at),
        verified: call.seen.map(|seen| SeenAtDestination {
            at: seen.at,
            outcome: seen.outcome.name().to_owned(),
            state: seen.state.map(|state| state.name().to_owned()),
        }),
        id: call.identity,
    }
}

/// A purge leaves the beginning of time.
fn unless_purged(at: Timestamp) -> Option<Timestamp> {
    (at != Timestamp::UNIX_EPOCH).then_some(at)
}
