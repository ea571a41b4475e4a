//! All that the ledger can prove of each call, in the order in which the calls were first seen.

use rusqlite::types::Type;
use rusqlite::{Result, Row};

use super::content_rows::read_fields;
use super::rows::{SELECT_CALLS, read_state};
use super::state::CallState;
use crate::source::RecordHash;

/// What can be proved of a call. What a purge has forgotten is as if it had never been known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvidence {
    /// The call's id.
    pub identity: String,
    /// How far it is.
    pub state: CallState,
    /// `hasConsent` as it was sent; `None` when the request did not say it, or nobody knows.
    pub consent: Option<bool>,
    /// The column that consent came from.
    pub consent_column: Option<String>,
    /// SHA-256 of each record of the export that it was made of.
    pub records: Vec<RecordHash>,
    /// SHA-256 of the export.
    pub export: Option<[u8; 32]>,
    /// SHA-256 of the mapping.
    pub mapping: Option<[u8; 32]>,
    /// SHA-256 of the recording that arrived.
    pub sha256: Option<[u8; 32]>,
}

/// The columns of calls, and behind them those of what was sent.
pub(in crate::ledger) fn select() -> String {
    let (columns, _) = SELECT_CALLS
        .split_once(" FROM call ")
        .unwrap_or((SELECT_CALLS, ""));
    let columns = columns.replacen("SELECT ", "", 1);
    let own: Vec<String> = columns
        .split(", ")
        .map(|column| format!("call.{}", column.trim()))
        .collect();
    format!(
        "SELECT {}, sent.fields, sent.record, export_file.hash, mapping_used.hash, \
         mapping_used.consent_column, sent_audio.sha256 FROM call \
         LEFT JOIN sent_content sent ON sent.call = call.id AND sent.fingerprint = call.fingerprint \
         LEFT JOIN export_file ON export_file.id = sent.export \
         LEFT JOIN mapping_used ON mapping_used.id = sent.mapping \
         LEFT JOIN sent_audio ON sent_audio.call = call.id ORDER BY call.id",
        own.join(", ")
    )
}

/// What a row of [`select`] says.
pub(in crate::ledger) fn read_row(row: &Row<'_>) -> Result<CallEvidence> {
    let consent = match row.get_ref(17)?.as_blob_or_null()? {
        Some(_) => read_fields(row, 17)?.consent(),
        None => None,
    };
    let records: Option<Vec<u8>> = row.get(18)?;
    Ok(CallEvidence {
        identity: row.get(13)?,
        state: read_state(row)?,
        consent,
        consent_column: row.get(21)?,
        records: hashes(&records.unwrap_or_default()).ok_or_else(|| {
            let why = "no list of hashes of records";
            rusqlite::Error::FromSqlConversionFailure(18, Type::Blob, why.into())
        })?,
        export: row.get(19)?,
        mapping: row.get(20)?,
        sha256: row.get(22)?,
    })
}

fn hashes(bytes: &[u8]) -> Option<Vec<RecordHash>> {
    let (hashes, []) = bytes.as_chunks::<32>() else {
        return None;
    };
    Some(hashes.to_vec())
}
