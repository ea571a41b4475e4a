//! Forgetting calls and cases that were deleted at the destination, so that a run sends them again.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Result as Sql, Transaction};

use super::call::rows as call_rows;
use super::call::state::CreateState;
use super::call::status::CallStatus;
use super::case::rows as case_rows;
use super::error::LedgerOpenError;
use super::{offline, sent_recordings};

/// What the ledger knew of a call or a case that it has forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Its id.
    pub identity: String,
    /// What was known of a call; nothing for a case.
    pub call: Option<CallStatus>,
    /// The uid of its conversation, where that was known.
    pub uid: Option<String>,
    /// When the ledger last learned something of it; nothing where it only held rows, or was purged.
    pub last_at: Option<Timestamp>,
}

/// What became of the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgottenIds {
    /// What was forgotten, in the order of the ids.
    pub forgotten: Vec<Forgotten>,
    /// Ids of which the ledger knows nothing.
    pub unknown: Vec<String>,
}

/// Forgets all that is known of these calls and cases, all or none of them. Whoever asks for it has deleted
/// them at the destination.
pub fn forget(path: &Path, ids: &[String]) -> Result<ForgottenIds, LedgerOpenError> {
    offline::change(path, |connection| forget_ids(connection, ids))
}

fn forget_ids(connection: &mut Connection, ids: &[String]) -> Sql<ForgottenIds> {
    let transaction = connection.transaction()?;
    let mut ended = ForgottenIds::default();
    let mut seen = HashSet::new();
    for id in ids.iter().filter(|id| seen.insert(*id)) {
        let known = [
            forget_call(&transaction, id)?,
            forget_case(&transaction, id)?,
        ];
        if known.iter().all(Option::is_none) {
            ended.unknown.push(id.clone());
        }
        ended.forgotten.extend(known.into_iter().flatten());
    }
    transaction.commit()?;
    Ok(ended)
}

fn forget_call(transaction: &Transaction<'_>, identity: &str) -> Sql<Option<Forgotten>> {
    let Some((row, state)) = call_rows::find(transaction, identity)? else {
        return Ok(None);
    };
    call_rows::forget(transaction, Some(row))?;
    sent_recordings::forget(transaction, identity)?;
    let call = Some(state.status());
    let uid = match state.create {
        CreateState::Done { uid, .. } => uid,
        _ => None,
    };
    Ok(Some(Forgotten {
        identity: identity.to_owned(),
        call,
        uid,
        last_at: known_time(state.last_at),
    }))
}

/// A purge leaves the beginning of time.
fn known_time(at: Timestamp) -> Option<Timestamp> {
    (at != Timestamp::UNIX_EPOCH).then_some(at)
}

fn forget_case(transaction: &Transaction<'_>, identity: &str) -> Sql<Option<Forgotten>> {
    let held = case_rows::forget_held_of(transaction, identity)?;
    let Some((row, state)) = case_rows::find(transaction, identity)? else {
        return Ok((held > 0).then(|| Forgotten {
            identity: identity.to_owned(),
            call: None,
            uid: None,
            last_at: None,
        }));
    };
    case_rows::forget(transaction, row)?;
    Ok(Some(Forgotten {
        identity: identity.to_owned(),
        call: None,
        uid: None,
        last_at: known_time(state.last_at),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::call::fact::SentFile;
    use crate::ledger::call::state::CallState;
    use crate::ledger::case::fact::{CaseFact, CaseHashes, MessageHashes};
    use crate::ledger::migrate;
    use crate::ledger::{CallFact, apply_fact};

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    fn ledger() -> Connection {
        let connection = migrate::in_memory();
        for id in ["sent", "other"] {
            let mut state = CallState::new(at(10));
            let uid = Some(format!("uid of {id}"));
            let made = CallFact::Created {
                fingerprint: 7,
                uid,
            };
            apply_fact(&mut state, made, at(20));
            call_rows::save(&connection, None, id, &state).unwrap();
            let name = format!("{id}.wav");
            sent_recordings::note(&connection, id, &[SentFile { name, bytes: 1 }]).unwrap();
        }
        let hashes = CaseHashes {
            fields: 1,
            content: 2,
            updated: 3,
        };
        let message = MessageHashes { hash: 4, mark: 5 };
        let replaced = CaseFact::Replaced(hashes, vec![message]);
        case_rows::write(&connection, "1001", replaced, at(30)).unwrap();
        let sql = "INSERT INTO cut_row (hash, identity, in_case, message, held_at) \
                   VALUES (1, '1001', 2, 3, 10), (2, 'held', 2, 3, 10)";
        connection.execute(sql, ()).unwrap();
        connection
    }

    fn rows(connection: &Connection, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, (), |row| row.get(0)).unwrap()
    }

    fn forget(connection: &mut Connection, ids: &[&str]) -> ForgottenIds {
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        forget_ids(connection, &ids).unwrap()
    }

    #[test]
    fn a_call_is_forgotten_with_its_recording_and_told() {
        let mut connection = ledger();
        let ended = forget(&mut connection, &["sent", "nobody", "sent"]);
        assert_eq!(ended.unknown, ["nobody"]);
        let told = Forgotten {
            identity: "sent".to_owned(),
            call: Some(CallStatus::Unfinished),
            uid: Some("uid of sent".to_owned()),
            last_at: Some(at(20)),
        };
        assert_eq!(ended.forgotten, [told]);
        assert_eq!(
            (
                rows(&connection, "call"),
                rows(&connection, "sent_recording")
            ),
            (1, 1)
        );
        assert!(call_rows::find(&connection, "other").unwrap().is_some());
        assert_eq!(forget(&mut connection, &["sent"]).unknown, ["sent"]);
    }

    #[test]
    fn a_case_is_forgotten_with_its_messages_and_held_rows() {
        let mut connection = ledger();
        let ended = forget(&mut connection, &["1001", "held"]);
        assert_eq!(ended.forgotten.len(), 2);
        for table in ["desk_case", "desk_message", "cut_row"] {
            assert_eq!(rows(&connection, table), 0, "{table}");
        }
        assert_eq!(rows(&connection, "call"), 2);
    }
}
