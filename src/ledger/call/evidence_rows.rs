//! All that the ledger can prove of each call, in the order in which the calls were first seen.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Result, Row};

use super::content_rows::read_fields;
use super::rows::{SELECT_CALLS, read_state};
use super::state::CallState;
use crate::ledger::columns::{time, unknown};
use crate::ledger::verify::conversation_state::ConversationState;
use crate::ledger::verify::outcome::VerifyOutcome;
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
    /// What a comparison with the destination last saw.
    pub seen: Option<LastSeen>,
}

/// What a comparison with the destination last saw of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSeen {
    /// When.
    pub at: Timestamp,
    /// How the call compares.
    pub outcome: VerifyOutcome,
    /// How far the destination was with it; nothing where there was no conversation.
    pub state: Option<ConversationState>,
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
         mapping_used.consent_column, sent_audio.sha256, verified.at, verified.outcome, \
         verified.state FROM call \
         LEFT JOIN sent_content sent ON sent.call = call.id AND sent.fingerprint = call.fingerprint \
         LEFT JOIN export_file ON export_file.id = sent.export \
         LEFT JOIN mapping_used ON mapping_used.id = sent.mapping \
         LEFT JOIN sent_audio ON sent_audio.call = call.id \
         LEFT JOIN verified ON verified.call = call.id ORDER BY call.id",
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
        seen: read_seen(row)?,
    })
}

fn read_seen(row: &Row<'_>) -> Result<Option<LastSeen>> {
    let Some(number) = row.get::<_, Option<u8>>(24)? else {
        return Ok(None);
    };
    let outcome = VerifyOutcome::of_column(number).ok_or_else(|| unknown(24, number.into()))?;
    let state = row.get::<_, Option<u8>>(25)?;
    Ok(Some(LastSeen {
        at: time(row, 23)?,
        outcome,
        state: state.and_then(ConversationState::of_column),
    }))
}

fn hashes(bytes: &[u8]) -> Option<Vec<RecordHash>> {
    let (hashes, []) = bytes.as_chunks::<32>() else {
        return None;
    };
    Some(hashes.to_vec())
}
