//! Cases and messages as rows of `desk_case` and `desk_message`.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::fact::{CaseFact, CaseHashes, CaseState, CutRow, MessageHashes, MessageState};
use crate::domain::redact::mask;
use crate::ledger::columns::{identity_hash, time, unknown};
use crate::ledger::failure::{Failure, FailureKind};

/// State of a case: bit 1 when the server has it, bit 0 when a request about it is in doubt.
const EXISTS: i64 = 2;
const IN_DOUBT: i64 = 1;
/// State of a message.
const INTENDED: i64 = 0;
pub(super) const ADDED: i64 = 1;

/// Writes a fact to the rows of its case.
pub(in crate::ledger) fn write(
    connection: &Connection,
    identity: &str,
    fact: CaseFact,
    now: Timestamp,
) -> Result<()> {
    if let CaseFact::Held(row) = fact {
        return hold(connection, identity, row, now);
    }
    let fact = masked(fact, identity);
    let (id, mut state) = match find(connection, identity)? {
        Some(found) => found,
        None => (insert(connection, identity, now)?, CaseState::new(now)),
    };
    if matches!(fact, CaseFact::NotSent { .. }) && state.blocker.is_some() {
        // Another part of the case may have failed since this one was decided, and left the same
        // doubt. To keep one costs a request, to lose one costs a message that is there twice.
        return Ok(());
    }
    state.apply(&fact, now);
    save(connection, id, &state)?;
    match &fact {
        CaseFact::Replaced(_, messages) => {
            let mut forget =
                connection.prepare_cached("DELETE FROM desk_message WHERE in_case = ?1")?;
            forget.execute([id])?;
            messages
                .iter()
                .try_for_each(|message| save_message(connection, id, *message, ADDED))
        }
        CaseFact::MessageIntended(message) => save_message(connection, id, *message, INTENDED),
        CaseFact::MessageAdded(message, _) => save_message(connection, id, *message, ADDED),
        CaseFact::Refused { of: Some(hash), .. } => forget_message(connection, id, *hash),
        CaseFact::NotSent { never_sent, .. } => {
            let mut never_sent = never_sent.iter();
            never_sent.try_for_each(|hash| forget_message(connection, id, *hash))?;
            forget_if_blank(connection, id)
        }
        CaseFact::Intended
        | CaseFact::Held(_)
        | CaseFact::Changed(_)
        | CaseFact::Refused { .. }
        | CaseFact::Failed { .. } => Ok(()),
    }
}

/// Keeps that a row was found so; since when, too, if it is not the first time.
fn hold(connection: &Connection, identity: &str, row: CutRow, now: Timestamp) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO cut_row (hash, identity, in_case, message, held_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![
        row.hash.cast_signed(),
        identity,
        identity_hash(identity),
        row.message.cast_signed(),
        now.as_millisecond()
    ])?;
    Ok(())
}

/// Whether an earlier run has found this very row.
pub(in crate::ledger) fn has_cut_row(connection: &Connection, hash: u64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM cut_row WHERE hash = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([hash.cast_signed()], |row| row.get(0))
}

/// The fact with the words of others made fit to keep.
fn masked(mut fact: CaseFact, identity: &str) -> CaseFact {
    if let CaseFact::Refused { message, .. } | CaseFact::Failed { why: message, .. } = &mut fact {
        *message = mask(message, identity);
    }
    fact
}

/// Reads rows of `desk_case`; `id` and `identity` are the columns 9 and 10.
pub(super) const COLUMNS: &str = "SELECT state, obstacle, updated, fingerprint, content, first_at, last_at, \
     status, message, id, identity, replaced FROM desk_case ";

/// The row of a case and what it says, without its messages.
pub(in crate::ledger) fn find(
    connection: &Connection,
    identity: &str,
) -> Result<Option<(i64, CaseState)>> {
    connection
        .prepare_cached(&format!("{COLUMNS} WHERE hash = ?1 AND identity = ?2"))?
        .query_row((identity_hash(identity), identity), |row| {
            Ok((row.get(9)?, read_state(row)?))
        })
        .optional()
}

/// The messages of a case.
pub(in crate::ledger) fn messages(
    connection: &Connection,
    id: i64,
) -> Result<HashMap<u64, MessageState>> {
    let sql = "SELECT hash, mark, state FROM desk_message WHERE in_case = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| {
        let (hash, mark): (i64, i64) = (row.get(0)?, row.get(1)?);
        let state = MessageState {
            mark: mark.cast_unsigned(),
            is_added: row.get::<_, i64>(2)? == ADDED,
        };
        Ok((hash.cast_unsigned(), state))
    })?;
    rows.collect()
}

/// What a row of [`COLUMNS`] says of its case.
pub(super) fn read_state(row: &Row<'_>) -> Result<CaseState> {
    let number: i64 = row.get(0)?;
    Ok(CaseState {
        exists: number & EXISTS != 0,
        in_doubt: number & IN_DOUBT != 0,
        hashes: CaseHashes {
            fields: u128::from_be_bytes(row.get(3)?),
            content: u128::from_be_bytes(row.get(4)?),
            updated: row.get(2)?,
        },
        messages: HashMap::new(),
        replaced: replaced_states(&row.get::<_, Option<Vec<u8>>>(11)?.unwrap_or_default()),
        blocker: read_blocker(row)?,
        first_at: time(row, 5)?,
        last_at: time(row, 6)?,
    })
}

fn read_blocker(row: &Row<'_>) -> Result<Option<Failure>> {
    let (kind, status) = match row.get(1)? {
        0 => return Ok(None),
        1 => (FailureKind::Refused, Some(row.get(7)?)),
        2 => (FailureKind::GaveUp, row.get(7)?),
        number => return Err(unknown(1, number)),
    };
    Ok(Some(Failure {
        kind,
        request: None,
        status,
        message: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
    }))
}

/// States as they lie in a row, 16 bytes each.
fn replaced_states(bytes: &[u8]) -> Vec<u128> {
    let (states, _) = bytes.as_chunks::<16>();
    states.iter().copied().map(u128::from_be_bytes).collect()
}

fn insert(connection: &Connection, identity: &str, now: Timestamp) -> Result<i64> {
    let sql = "INSERT INTO desk_case (hash, state, obstacle, updated, fingerprint, content, \
         identity, first_at, last_at) VALUES (?1, 0, 0, 0, ?2, ?2, ?3, ?4, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        identity_hash(identity),
        [0_u8; 16],
        identity,
        now.as_millisecond()
    ])?;
    Ok(connection.last_insert_rowid())
}

fn save(connection: &Connection, id: i64, state: &CaseState) -> Result<()> {
    let number = i64::from(state.exists) * EXISTS + i64::from(state.in_doubt) * IN_DOUBT;
    let blocker = state.blocker.as_ref();
    let blocker_number = blocker.map_or(0, |failure| match failure.kind {
        FailureKind::Refused => 1,
        FailureKind::GaveUp => 2,
    });
    let sql = "UPDATE desk_case SET state = ?1, obstacle = ?2, updated = ?3, fingerprint = ?4, \
         content = ?5, last_at = ?6, status = ?7, message = ?8, replaced = ?9 WHERE id = ?10";
    let replaced = state.replaced.iter().flat_map(|state| state.to_be_bytes());
    let replaced: Vec<u8> = replaced.collect();
    connection.prepare_cached(sql)?.execute(params![
        number,
        blocker_number,
        state.hashes.updated,
        state.hashes.fields.to_be_bytes(),
        state.hashes.content.to_be_bytes(),
        state.last_at.as_millisecond(),
        blocker.and_then(|failure| failure.status),
        blocker.map(|failure| &failure.message),
        (!replaced.is_empty()).then_some(replaced),
        id
    ])?;
    Ok(())
}

fn save_message(
    connection: &Connection,
    id: i64,
    message: MessageHashes,
    state: i64,
) -> Result<()> {
    let sql = "INSERT INTO desk_message (in_case, hash, mark, state) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (in_case, hash) DO UPDATE SET mark = ?3, state = max(state, ?4)";
    let (hash, mark) = (message.hash.cast_signed(), message.mark.cast_signed());
    connection
        .prepare_cached(sql)?
        .execute(params![id, hash, mark, state])?;
    Ok(())
}

/// Takes out a message that the server does not have.
fn forget_message(connection: &Connection, id: i64, hash: u64) -> Result<()> {
    let sql = "DELETE FROM desk_message WHERE in_case = ?1 AND hash = ?2 AND state = 0";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute((id, hash.cast_signed())).map(drop)
}

/// Takes out a case of which nothing is known.
fn forget_if_blank(connection: &Connection, id: i64) -> Result<()> {
    let sql = "DELETE FROM desk_case WHERE id = ?1 AND state = 0 AND obstacle = 0 \
         AND NOT EXISTS (SELECT 1 FROM desk_message WHERE in_case = ?1)";
    connection.prepare_cached(sql)?.execute([id]).map(drop)
}

/// Rows that are held: those whose message the server does not have.
macro_rules! held_rows {
    () => {
        "cut_row WHERE NOT EXISTS (SELECT 1 FROM desk_case known JOIN desk_message sent \
         ON sent.in_case = known.id \
         WHERE known.hash = cut_row.in_case AND known.identity = cut_row.identity \
         AND sent.hash = cut_row.message AND sent.state = 1)"
    };
}
pub(super) use held_rows;

/// Forgets when rows were found that are sent by now.
pub(in crate::ledger) const FORGET_SENT_ROWS: &str = concat!(
    "UPDATE cut_row SET held_at = 0 WHERE hash NOT IN (SELECT hash FROM ",
    held_rows!(),
    ")"
);

/// The cases of rows that are held since `until` or longer: id, since when; the oldest first.
pub(in crate::ledger) const HELD_SINCE: &str = concat!(
    "SELECT identity, held_at FROM ",
    held_rows!(),
    " AND held_at BETWEEN 1 AND ?1 ORDER BY held_at, hash"
);

/// Forgets rows that are held since `?1` or longer, of the case `?2` if one is named.
pub(in crate::ledger) const FORGET_HELD: &str = concat!(
    "DELETE FROM cut_row WHERE hash IN (SELECT cut_row.hash FROM ",
    held_rows!(),
    " AND held_at BETWEEN 1 AND ?1 AND (?2 IS NULL OR identity = ?2))"
);

/// Takes a case and its messages out.
pub(in crate::ledger) fn forget(connection: &Connection, id: i64) -> Result<()> {
    connection.execute("DELETE FROM desk_message WHERE in_case = ?1", [id])?;
    connection.execute("DELETE FROM desk_case WHERE id = ?1", [id])?;
    Ok(())
}

/// Takes out the rows of a case that may have been cut; how many there were.
pub(in crate::ledger) fn forget_held_of(connection: &Connection, identity: &str) -> Result<usize> {
    connection.execute("DELETE FROM cut_row WHERE identity = ?1", [identity])
}

/// Each case that the server has: id, time of the last news, what went out whole, row; in the order in
/// which they were first seen.
pub(in crate::ledger) const ACCEPTED: &str =
    "SELECT identity, last_at, content, id FROM desk_case WHERE state >= 2 ORDER BY id";

/// The messages of a case that the server has, by the hashes of their ids.
pub(in crate::ledger) fn added(connection: &Connection, id: i64) -> Result<Vec<u64>> {
    let sql = "SELECT hash FROM desk_message WHERE in_case = ?1 AND state = ?2 ORDER BY hash";
    let mut statement = connection.prepare_cached(sql)?;
    let hashes = statement.query_map((id, ADDED), |row| row.get::<_, i64>(0))?;
    hashes.map(|hash| hash.map(i64::cast_unsigned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::CallStatus;
    use crate::ledger::case::summary::{count_messages, summarize};
    use crate::ledger::migrate::in_memory;

    const ONE: MessageHashes = MessageHashes {
        hash: u64::MAX,
        mark: 7,
    };
    const TWO: MessageHashes = MessageHashes { hash: 2, mark: 8 };

    fn tell(connection: &Connection, fact: CaseFact) {
        write(connection, "1001", fact, Timestamp::UNIX_EPOCH).unwrap();
    }

    fn known(connection: &Connection) -> CaseState {
        let (id, state) = find(connection, "1001").unwrap().unwrap();
        let messages = messages(connection, id).unwrap();
        CaseState { messages, ..state }
    }

    fn hashes(updated: i64) -> CaseHashes {
        CaseHashes {
            fields: u128::MAX,
            content: 5,
            updated,
        }
    }

    #[test]
    fn a_case_is_in_doubt_until_it_is_known_to_be_there() {
        let connection = in_memory();
        tell(&connection, CaseFact::Intended);
        let state = known(&connection);
        assert!(state.in_doubt && !state.exists);
        tell(&connection, CaseFact::Replaced(hashes(9), vec![ONE, TWO]));
        let state = known(&connection);
        assert!(!state.in_doubt && state.exists);
        assert_eq!(state.hashes, hashes(9));
        assert!(state.messages.values().all(|message| message.is_added));
        tell(&connection, CaseFact::Intended);
        let state = known(&connection);
        assert!(
            state.in_doubt && state.exists,
            "what is there is never forgotten"
        );
        tell(&connection, CaseFact::Replaced(hashes(10), vec![TWO]));
        assert_eq!(known(&connection).messages.len(), 1);
        assert_eq!(known(&connection).replaced, []);
        let other = CaseHashes {
            content: 6,
            ..hashes(10)
        };
        tell(&connection, CaseFact::Replaced(other, vec![TWO]));
        assert_eq!(known(&connection).replaced, [5]);
    }

    #[test]
    fn a_message_that_is_there_stays_there() {
        let connection = in_memory();
        tell(&connection, CaseFact::MessageIntended(ONE));
        assert!(!known(&connection).messages[&ONE.hash].is_added);
        tell(&connection, CaseFact::MessageAdded(ONE, Some(hashes(3))));
        tell(&connection, CaseFact::MessageIntended(ONE));
        assert!(known(&connection).messages[&ONE.hash].is_added);
        tell(&connection, CaseFact::MessageAdded(TWO, None));
        assert_eq!(
            known(&connection).hashes,
            CaseHashes {
                content: 0,
                ..hashes(3)
            }
        );
    }

    #[test]
    fn what_never_left_is_taken_back_and_what_left_before_stays() {
        let connection = in_memory();
        let not_sent = |was_in_doubt, never_sent: &[MessageHashes]| CaseFact::NotSent {
            was_in_doubt,
            never_sent: never_sent.iter().map(|message| message.hash).collect(),
        };
        tell(&connection, CaseFact::Intended);
        tell(&connection, CaseFact::MessageIntended(ONE));
        tell(&connection, not_sent(false, &[ONE]));
        assert_eq!(find(&connection, "1001").unwrap(), None);
        tell(&connection, CaseFact::MessageAdded(ONE, Some(hashes(3))));
        tell(&connection, CaseFact::MessageIntended(ONE));
        tell(&connection, CaseFact::MessageIntended(TWO));
        tell(&connection, not_sent(false, &[ONE, TWO]));
        let state = known(&connection);
        assert!(state.exists && state.messages[&ONE.hash].is_added);
        assert_eq!(state.messages.len(), 1);
        tell(&connection, CaseFact::Intended);
        tell(&connection, not_sent(true, &[]));
        assert!(known(&connection).in_doubt);
        let (status, why) = (None, "no answer".to_owned());
        tell(&connection, CaseFact::Failed { status, why });
        tell(&connection, not_sent(false, &[]));
        assert!(known(&connection).in_doubt, "the failure left it");
    }

    #[test]
    fn a_row_that_may_be_cut_is_held_until_its_message_is_there() {
        let connection = in_memory();
        let held = |hash, message: MessageHashes| {
            let message = message.hash;
            CaseFact::Held(CutRow { hash, message })
        };
        tell(&connection, held(u64::MAX, ONE));
        tell(&connection, held(u64::MAX, ONE));
        let counts = || {
            let summary = summarize(&connection).unwrap();
            let of = |status| summary.count(status);
            (
                of(CallStatus::Complete),
                of(CallStatus::Held),
                summary.total(),
            )
        };
        assert_eq!(counts(), (0, 1, 1));
        assert!(has_cut_row(&connection, u64::MAX).unwrap());
        assert!(!has_cut_row(&connection, 7).unwrap());
        tell(&connection, CaseFact::MessageIntended(TWO));
        assert_eq!(
            counts(),
            (0, 0, 1),
            "a doubt comes before a row that is held"
        );
        tell(&connection, CaseFact::MessageAdded(TWO, Some(hashes(3))));
        assert_eq!(counts(), (0, 1, 1));
        connection.execute(FORGET_SENT_ROWS, ()).unwrap();
        let held = &summarize(&connection).unwrap().failures[0];
        assert_eq!(
            (held.count, held.examples.as_slice()),
            (1, &["1001".to_owned()][..])
        );
        assert_eq!(held.held_at, Some(Timestamp::UNIX_EPOCH));
        tell(&connection, CaseFact::MessageAdded(ONE, None));
        assert_eq!(counts(), (1, 0, 1));
        assert_eq!(summarize(&connection).unwrap().failures, []);
    }

    #[test]
    fn the_summary_counts_every_case_once() {
        let connection = in_memory();
        let counts = || {
            let summary = summarize(&connection).unwrap();
            let of = |status| summary.count(status);
            let failures = summary.failures.len();
            let (complete, failed) = (of(CallStatus::Complete), of(CallStatus::Failed));
            (complete, failed, of(CallStatus::InDoubt), failures)
        };
        assert_eq!(counts(), (0, 0, 0, 0));
        tell(&connection, CaseFact::MessageIntended(ONE));
        assert_eq!(counts(), (0, 0, 1, 0));
        let in_doubt = summarize(&connection).unwrap().in_doubt;
        assert_eq!(
            (in_doubt.count, in_doubt.examples),
            (1, vec!["1001".to_owned()])
        );
        tell(
            &connection,
            CaseFact::Failed {
                status: Some(503),
                why: "busy".to_owned(),
            },
        );
        assert_eq!(counts(), (0, 1, 0, 1));
        tell(&connection, CaseFact::MessageAdded(ONE, Some(hashes(3))));
        assert_eq!(counts(), (1, 0, 0, 0));
        assert_eq!(count_messages(&connection), Ok(1));
    }
}
