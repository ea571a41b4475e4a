//! The SQL of comparisons: what is compared, what was seen, and how far a comparison is.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, Transaction};

use super::conversation_state::ConversationState;
use super::counts::VerifyCounts;
use super::known_conversation::KnownConversation;
use super::line::VerifiedLine;
use super::outcome::VerifyOutcome;
use super::scope::VerifyScope;
use super::sighting::Sighting;
use crate::ledger::call::content_rows;
use crate::ledger::call::progress::UploadProgress;
use crate::ledger::columns::{identity_hash, time, unknown};

/// SQL: the destination should have the conversation.
const KNOWN_SQL: &str = "(create_state > 3)";

/// A comparison that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) number: i64,
    pub(super) token: Option<String>,
    pub(super) pages: u64,
}

/// A look at calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The comparison that it belongs to.
    pub(super) pass: i64,
    /// It counts instead of what the comparison saw before, and not together with it.
    pub(super) is_anew: bool,
    pub(super) at: Timestamp,
}

/// Makes the list of calls that are compared, and finds the comparison that was broken off, or begins one.
pub(super) fn begin(
    connection: &mut Connection,
    scope: &VerifyScope,
    now: Timestamp,
) -> Result<Pass> {
    let transaction = connection.transaction()?;
    let read = |row: &Row<'_>| {
        Ok((
            Pass {
                number: row.get(0)?,
                token: row.get(3)?,
                pages: row.get::<_, i64>(4)?.cast_unsigned(),
            },
            row.get::<_, i64>(1)?,
            row.get::<_, Option<i64>>(2)?.is_some(),
        ))
    };
    let sql = "SELECT pass, asked, finished, token, pages FROM verify_pass";
    let last = transaction.query_row(sql, (), read).optional()?;
    let hash = scope.hash();
    let number = last.as_ref().map_or(0, |(pass, ..)| pass.number);
    let pass = match last {
        // A listing goes on where it was; without a place it begins anew.
        Some((pass, asked, false)) if asked == hash && pass.token.is_some() => pass,
        _ => Pass {
            number: number + 1,
            token: None,
            pages: 0,
        },
    };
    let sql = "INSERT OR REPLACE INTO verify_pass (id, pass, asked, started, finished, pages, token) \
               VALUES (1, ?1, ?2, ?3, NULL, ?4, ?5)";
    let pages = pass.pages.cast_signed();
    let started = now.as_millisecond();
    transaction.execute(sql, (pass.number, hash, started, pages, &pass.token))?;
    gather(&transaction, scope, pass.number)?;
    transaction.commit()?;
    Ok(pass)
}

fn gather(transaction: &Transaction<'_>, scope: &VerifyScope, pass: i64) -> Result<()> {
    transaction.execute_batch(
        "DROP TABLE IF EXISTS temp.scope; CREATE TEMP TABLE scope (call INTEGER PRIMARY KEY)",
    )?;
    let condition = format!(
        "{KNOWN_SQL} AND (?1 IS NULL OR party IS NULL OR (party & 65535) >= ?1) \
         AND (?2 IS NULL OR last_at >= ?2) AND (?3 IS NULL OR id IN (SELECT call FROM verified \
         WHERE outcome = ?3 OR pass = ?4))"
    );
    let since = scope.since_day;
    let changed = scope.changed_since.map(Timestamp::as_millisecond);
    let outcome = scope.outcome.map(|outcome| outcome as u8);
    let Some(ids) = &scope.ids else {
        let sql = format!("INSERT INTO temp.scope SELECT id FROM call WHERE {condition}");
        return transaction
            .execute(&sql, (since, changed, outcome, pass))
            .map(drop);
    };
    let sql = format!(
        "INSERT OR IGNORE INTO temp.scope SELECT id FROM call \
         WHERE {condition} AND hash = ?5 AND identity = ?6"
    );
    let mut statement = transaction.prepare(&sql)?;
    for id in ids {
        statement.execute((since, changed, outcome, pass, identity_hash(id), id))?;
    }
    Ok(())
}

/// How many calls are compared.
pub(super) fn known(connection: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM temp.scope";
    let count: i64 = connection.query_row(sql, (), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// The first and the last day of calls that are compared, and how many have no day that is known.
pub(super) fn days(connection: &Connection) -> Result<(Option<i64>, Option<i64>, u64)> {
    let sql = "SELECT min(party & 65535), max(party & 65535), count(*) - count(party) \
               FROM temp.scope JOIN call ON id = scope.call";
    connection.query_row(sql, (), |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get::<_, i64>(2)?.cast_unsigned(),
        ))
    })
}

/// The call of this id, if it is compared.
pub(super) fn find(connection: &Connection, identity: &str) -> Result<Option<KnownConversation>> {
    let sql = concat!(
        "SELECT id, identity, uid, upload_state, length, fingerprint, last_at, recording ",
        "FROM call JOIN temp.scope ON scope.call = id LEFT JOIN sent_audio ON sent_audio.call = id ",
        "WHERE hash = ?1 AND identity = ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_row((identity_hash(identity), identity), |row| {
            read_known(connection, row)
        })
        .optional()
}

/// The column of a recording that arrived.
const RECORDING_ARRIVED: u8 = UploadProgress::Done as u8;

fn read_known(connection: &Connection, row: &Row<'_>) -> Result<KnownConversation> {
    let id = row.get(0)?;
    let fingerprint = u128::from_be_bytes(row.get(5)?);
    let has_recording = row.get::<_, u8>(3)? == RECORDING_ARRIVED;
    // Of what somebody else sent nobody knows the length.
    let is_heard = row
        .get::<_, Option<[u8; 32]>>(7)?
        .is_some_and(|hash| hash != [0; 32]);
    let length = row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned);
    Ok(KnownConversation {
        row: id,
        identity: row.get(1)?,
        uid: row.get(2)?,
        has_recording,
        length: length.filter(|_| has_recording && is_heard),
        fields: content_rows::find(connection, id, fingerprint)?,
        last_at: time(row, 6)?,
    })
}

/// Writes down what was seen of a call, together with what this comparison saw of it before.
pub(super) fn note(
    connection: &Connection,
    look: Look,
    call: &KnownConversation,
    seen: Sighting,
) -> Result<()> {
    let Look { pass, is_anew, at } = look;
    let sql = "SELECT seen, differs, state, day, uid FROM verified WHERE call = ?1 AND pass = ?2";
    let before = if is_anew {
        None
    } else {
        connection
            .prepare_cached(sql)?
            .query_row((call.row, pass), |row| read_sighting(row, 0))
            .optional()?
    };
    let seen = before.map_or(seen, |before| before.with(seen));
    let (found, differs) = seen.columns();
    let sql = "INSERT OR REPLACE INTO verified \
               (call, pass, at, outcome, state, day, seen, differs, uid) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .execute((
            call.row,
            pass,
            at.as_millisecond(),
            seen.outcome() as u8,
            seen.state.map(|state| state as u8),
            seen.day,
            found,
            differs.cast_signed(),
            seen.uid_hash,
        ))
        .map(drop)
}

/// `seen`, `differs`, `state`, `day` and `uid`, from this column on.
fn read_sighting(row: &Row<'_>, first: usize) -> Result<Sighting> {
    let differs: i64 = row.get(first + 1)?;
    let state = match row.get::<_, Option<u8>>(first + 2)? {
        Some(number) => Some(
            ConversationState::of_column(number)
                .ok_or_else(|| unknown(first + 2, number.into()))?,
        ),
        None => None,
    };
    let mut sighting = Sighting::of_columns(row.get(first)?, differs.cast_unsigned());
    sighting.state = state;
    sighting.day = row.get(first + 3)?;
    sighting.uid_hash = row.get(first + 4)?;
    Ok(sighting)
}

/// Writes down how far the listing is.
pub(super) fn note_place(connection: &Connection, token: Option<&str>) -> Result<()> {
    let sql = "UPDATE verify_pass SET token = ?1, pages = pages + 1";
    connection.prepare_cached(sql)?.execute([token]).map(drop)
}

/// Calls that this comparison has not seen, up to so many.
pub(super) fn unseen(
    connection: &Connection,
    pass: i64,
    most: u64,
) -> Result<Vec<KnownConversation>> {
    let sql = "SELECT identity FROM temp.scope JOIN call ON id = scope.call \
               WHERE NOT EXISTS (SELECT 1 FROM verified WHERE verified.call = id AND pass = ?1) \
               ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare(sql)?;
    let ids = statement.query_map((pass, most.cast_signed()), |row| row.get::<_, String>(0))?;
    let ids: Result<Vec<String>> = ids.collect();
    let calls = ids?.into_iter().map(|id| find(connection, &id));
    calls.filter_map(Result::transpose).collect()
}

/// Calls of this comparison with this outcome, up to so many.
pub(super) fn with_outcome(
    connection: &Connection,
    pass: i64,
    outcome: VerifyOutcome,
    most: u64,
) -> Result<Vec<KnownConversation>> {
    let sql = "SELECT identity FROM verified JOIN call ON id = verified.call \
               JOIN temp.scope ON scope.call = verified.call WHERE pass = ?1 AND outcome = ?2 ORDER BY id LIMIT ?3";
    let mut statement = connection.prepare(sql)?;
    let ids = statement.query_map((pass, outcome as u8, most.cast_signed()), |row| {
        row.get::<_, String>(0)
    })?;
    let ids: Result<Vec<String>> = ids.collect();
    let calls = ids?.into_iter().map(|id| find(connection, &id));
    calls.filter_map(Result::transpose).collect()
}

/// Ends the listing: what was not seen is not there.
pub(super) fn settle(connection: &Connection, pass: i64, now: Timestamp) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO verified (call, pass, at, outcome, seen, differs) \
               SELECT call, ?1, ?2, ?3, 0, 0 FROM temp.scope \
               WHERE NOT EXISTS (SELECT 1 FROM verified WHERE verified.call = scope.call AND pass = ?1)";
    let missing = VerifyOutcome::Missing as u8;
    connection.execute(sql, (pass, now.as_millisecond(), missing))?;
    let sql = "UPDATE verify_pass SET finished = ?1, token = NULL";
    connection.execute(sql, [now.as_millisecond()]).map(drop)
}

/// Hands over each call of this comparison that is not verified, in the order of the ledger.
pub(super) fn unverified<E: From<rusqlite::Error>>(
    connection: &Connection,
    pass: i64,
    mut each: impl FnMut(VerifiedLine) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let sql = "SELECT identity, call.uid, at, seen, differs, state, day, verified.uid FROM verified \
               JOIN call ON id = verified.call JOIN temp.scope ON scope.call = id \
               WHERE pass = ?1 AND outcome <> 0 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let lines = statement.query_map([pass], |row| {
        Ok(VerifiedLine {
            identity: row.get(0)?,
            uid: row.get(1)?,
            sighting: read_sighting(row, 3)?,
            at: time(row, 2)?,
        })
    })?;
    for line in lines {
        each(line?)?;
    }
    Ok(())
}

/// How the calls of this comparison compare.
pub(super) fn counts(connection: &Connection, pass: i64) -> Result<VerifyCounts> {
    let mut counts = VerifyCounts {
        known: known(connection)?,
        ..VerifyCounts::default()
    };
    let sql = "SELECT outcome, state, day, count(*) FROM verified JOIN temp.scope ON scope.call = verified.call \
               WHERE pass = ?1 GROUP BY 1, 2, 3";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([pass])?;
    while let Some(row) = rows.next()? {
        let number: u8 = row.get(0)?;
        let outcome = VerifyOutcome::of_column(number).ok_or_else(|| unknown(0, number.into()))?;
        let many = row.get::<_, i64>(3)?.cast_unsigned();
        counts.outcomes[outcome as usize] += many;
        let state = row
            .get::<_, Option<u8>>(1)?
            .and_then(ConversationState::of_column);
        if let (Some(state), Some(day)) = (state, row.get(2)?) {
            counts.days.entry(day).or_default()[state as usize] += many;
        }
    }
    unverified(connection, pass, |line| {
        for word in line.sighting.words() {
            *counts.words.entry(word).or_default() += 1;
        }
        Ok::<(), rusqlite::Error>(())
    })?;
    let sql = "SELECT count(*) FROM verified JOIN temp.scope ON scope.call = verified.call \
               JOIN call ON id = verified.call WHERE pass = ?1 AND outcome = 0 AND NOT EXISTS \
               (SELECT 1 FROM sent_content sent WHERE sent.call = id AND sent.fingerprint = call.fingerprint)";
    let bare: i64 = connection.query_row(sql, [pass], |row| row.get(0))?;
    counts.without_fields = bare.cast_unsigned();
    Ok(counts)
}
