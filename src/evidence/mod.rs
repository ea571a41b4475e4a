//! Proof of what was sent, for people who have neither the ledger nor Capturi.
//!
//! A folder of evidence holds a manifest with one line a call, the hashes of these lines, and the root of a
//! Merkle tree over them, which one page names and a key may sign. What can be proved without the ledger is
//! checked here, too. No name, no number and no subject is in any of it.

mod audio_files;
mod certificate;
mod check;
mod compare;
mod error;
mod fault;
mod folder;
mod line_of;
mod line_proof;
mod lines;
mod manifest;
mod merkle;
mod signature;
mod statement;
mod summary;
mod totals;
mod write;

pub use audio_files::AudioFiles;
pub use check::{EvidenceCheck, SignatureState, check};
pub use compare::{EvidenceComparison, ExportRecords};
pub use error::EvidenceError;
pub use fault::{EvidenceFault, EvidenceFaults};
pub use folder::is_evidence;
pub use line_of::line_of;
pub use line_proof::{LineProof, prove_line};
pub use manifest::{ManifestLine, SeenAtDestination, SentAudio, SentConsent};
pub use signature::{KeyError, public_key};
pub use statement::Statement;
pub use totals::{ConsentTotals, EvidenceTotals, NOT_VERIFIED};
pub use write::{EvidenceWriter, Written};
