//! A call as a row of the table `call`: the numbers of the states, and back.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, ToSql};

use super::progress::{CreateProgress, UploadProgress};
use super::state::{CallState, CreateState, UploadState};
use crate::domain::{Code, Party};
use crate::ledger::blocker::Blocker;
use crate::ledger::columns::{identity_hash, signed, time, time_if_any, unknown, unsigned};
use crate::ledger::failure::{Failure, FailureKind};
use crate::ledger::stage::Stage;

/// Reads rows of `call` with the columns that [`read_state`] reads, in its order; `id` and `identity`
/// are the columns 12 and 13.
macro_rules! select_calls {
    ($rest:literal) => {
        concat!(
            "SELECT fingerprint, create_state, upload_state, obstacle, uid, recording, bytes, \
             resends, first_at, last_at, status, message, id, identity, held_at, source_bytes, \
             party FROM call ",
            $rest
        )
    };
}
pub(in crate::ledger) use select_calls;

/// The same without a condition, for those that are put together.
pub(in crate::ledger) const SELECT_CALLS: &str = select_calls!("");

/// The number of a blocker. A request that failed without being one of a call belongs to no call.
fn blocker_number(blocker: Option<&Blocker>) -> Result<u8> {
    Ok(match blocker {
        None => 0,
        Some(Blocker::Held { .. }) => 1,
        Some(Blocker::Failed(failure)) => match (failure.kind, failure.request) {
            (FailureKind::Refused, Some(Stage::Create)) => 2,
            (FailureKind::Refused, Some(Stage::Upload)) => 3,
            (FailureKind::GaveUp, Some(Stage::Create)) => 4,
            (FailureKind::GaveUp, Some(Stage::Upload)) => 5,
            (_, None) => {
                let why = "a call failed at a request that no call has";
                return Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
            }
        },
    })
}

/// Reads the call of this identity: the number of its row and its state.
pub(in crate::ledger) fn find(
    connection: &Connection,
    identity: &str,
) -> Result<Option<(i64, CallState)>> {
    connection
        .prepare_cached(select_calls!("WHERE hash = ?1 AND identity = ?2"))?
        .query_row((identity_hash(identity), identity), |row| {
            Ok((row.get(12)?, read_state(row)?))
        })
        .optional()
}

/// Writes the call to its row, or to a new one; the number of the row.
pub(in crate::ledger) fn save(
    connection: &Connection,
    id: Option<i64>,
    identity: &str,
    state: &CallState,
) -> Result<i64> {
    let (status, message) = match &state.blocker {
        None => (None, None),
        Some(Blocker::Held { why }) => (None, Some(why.name())),
        Some(Blocker::Failed(failure)) => (failure.status, Some(&*failure.message)),
    };
    let uid = match &state.create {
        CreateState::Done { uid, .. } => uid.as_ref(),
        _ => None,
    };
    let (recording, bytes) = match &state.upload {
        UploadState::Done { hash, bytes } => (Some(hash.as_slice()), Some(*bytes)),
        UploadState::Intended { bytes } => (None, Some(*bytes)),
        _ => (None, None),
    };
    let checkpoint = state.checkpoint();
    let fingerprint = state.fingerprint.to_be_bytes();
    let party = state.party.is_known().then(|| state.party.bits());
    let values: [&dyn ToSql; 15] = [
        &fingerprint.as_slice(),
        &(checkpoint.create() as u8),
        &(checkpoint.upload() as u8),
        &blocker_number(state.blocker.as_ref())?,
        &uid,
        &recording,
        &bytes.map(signed),
        &state.in_doubt_resends,
        &state.first_at.as_millisecond(),
        &state.last_at.as_millisecond(),
        &status,
        &message,
        &state.held_at.map(Timestamp::as_millisecond),
        &state.source.map(signed),
        &party,
    ];
    let sql = match id {
        Some(_) => UPDATE,
        None => INSERT,
    };
    let mut statement = connection.prepare_cached(sql)?;
    for (index, value) in (1..).zip(values) {
        statement.raw_bind_parameter(index, value)?;
    }
    if let Some(id) = id {
        statement.raw_bind_parameter(16, id)?;
        statement.raw_execute()?;
        return Ok(id);
    }
    statement.raw_bind_parameter(16, identity_hash(identity))?;
    statement.raw_bind_parameter(17, identity)?;
    statement.raw_execute()?;
    Ok(connection.last_insert_rowid())
}

/// Takes a call out, if it has a row.
pub(in crate::ledger) fn forget(connection: &Connection, id: Option<i64>) -> Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM call WHERE id = ?1")?;
    id.map_or(Ok(()), |id| statement.execute([id]).map(drop))
}

const UPDATE: &str = "UPDATE call SET fingerprint = ?1, create_state = ?2, upload_state = ?3, \
     obstacle = ?4, uid = ?5, recording = ?6, bytes = ?7, resends = ?8, first_at = ?9, \
     last_at = ?10, status = ?11, message = ?12, held_at = ?13, source_bytes = ?14, \
     party = ?15 WHERE id = ?16";

const INSERT: &str = "INSERT INTO call (fingerprint, create_state, upload_state, obstacle, uid, \
     recording, bytes, resends, first_at, last_at, status, message, held_at, source_bytes, party, \
     hash, identity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
     ?17)";

/// The state in a row of `select_calls!`.
pub(in crate::ledger) fn read_state(row: &Row<'_>) -> Result<CallState> {
    let uid = row.get(4)?;
    let progress = read_create(row, 1)?;
    let create = match progress {
        CreateProgress::Never => CreateState::Never,
        CreateProgress::Intended => CreateState::Intended,
        CreateProgress::Refused => CreateState::Refused,
        CreateProgress::LeftAlone => CreateState::LeftAlone,
        CreateProgress::Adopted | CreateProgress::Created => CreateState::Done {
            uid,
            is_adopted: progress == CreateProgress::Adopted,
        },
    };
    let upload = match read_upload(row, 2)? {
        UploadProgress::Never => UploadState::Never,
        UploadProgress::Intended => UploadState::Intended {
            bytes: unsigned(row, 6)?,
        },
        UploadProgress::Refused => UploadState::Refused,
        UploadProgress::NotSought => UploadState::NotWanted { was_sought: false },
        UploadProgress::Waived => UploadState::NotWanted { was_sought: true },
        UploadProgress::Done => UploadState::Done {
            hash: row.get(5)?,
            bytes: unsigned(row, 6)?,
        },
        UploadProgress::Owed => UploadState::Owed,
    };
    Ok(CallState {
        fingerprint: u128::from_be_bytes(row.get(0)?),
        create,
        upload,
        blocker: read_blocker(row)?,
        in_doubt_resends: row.get(7)?,
        first_at: time(row, 8)?,
        last_at: time(row, 9)?,
        held_at: time_if_any(row, 14)?,
        source: match row.get::<_, Option<i64>>(15)? {
            Some(_) => Some(unsigned(row, 15)?),
            None => None,
        },
        party: Party::from_bits(row.get::<_, Option<u32>>(16)?.unwrap_or(0)),
    })
}

/// How far the conversation is, by its column.
pub(super) fn read_create(row: &Row<'_>, column: usize) -> Result<CreateProgress> {
    let number = row.get(column)?;
    CreateProgress::of_column(number).ok_or_else(|| unknown(column, number.into()))
}

/// How far the recording is, by its column.
pub(super) fn read_upload(row: &Row<'_>, column: usize) -> Result<UploadProgress> {
    let number = row.get(column)?;
    UploadProgress::of_column(number).ok_or_else(|| unknown(column, number.into()))
}

fn read_blocker(row: &Row<'_>) -> Result<Option<Blocker>> {
    let (kind, request) = match row.get(3)? {
        0 => return Ok(None),
        // Older versions held calls for one reason only, and newer ones may know others.
        1 => {
            let why = row.get::<_, Option<String>>(11)?;
            let why = why.and_then(|name| Code::from_name(&name));
            let why = why.unwrap_or(Code::RecordingMissing);
            return Ok(Some(Blocker::Held { why }));
        }
        2 => (FailureKind::Refused, Stage::Create),
        3 => (FailureKind::Refused, Stage::Upload),
        4 => (FailureKind::GaveUp, Stage::Create),
        5 => (FailureKind::GaveUp, Stage::Upload),
        number => return Err(unknown(3, number)),
    };
    let status = match kind {
        FailureKind::Refused => Some(row.get(10)?),
        FailureKind::GaveUp => row.get(10)?,
    };
    Ok(Some(Blocker::Failed(Failure {
        kind,
        request: Some(request),
        status,
        message: row.get(11)?,
    })))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::call::apply::apply_fact;
    use crate::ledger::call::checkpoint::Checkpoint;
    use crate::ledger::migrate::in_memory;
    use crate::ledger::tests::facts;

    fn columns(connection: &Connection) -> (u8, u8) {
        let sql = "SELECT create_state, upload_state FROM call";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        connection.query_row(sql, (), read).unwrap()
    }

    proptest! {
        #[test]
        fn a_standing_survives_its_row(
            identity in "\\PC{0,40}",
            before in prop::collection::vec(facts(), 0..6),
            after in prop::collection::vec(facts(), 0..6),
        ) {
            let connection = in_memory();
            let mut state = CallState::new(Timestamp::from_millisecond(1).unwrap());
            let mut id = None;
            for facts in [before, after] {
                for fact in facts {
                    apply_fact(&mut state, fact, Timestamp::from_millisecond(2).unwrap());
                }
                id = Some(save(&connection, id, &identity, &state).unwrap());
                let found = find(&connection, &identity).unwrap();
                prop_assert_eq!(found, Some((id.unwrap(), state.clone())));
                let (create, upload) = columns(&connection);
                let counted = Checkpoint::of_columns(create, upload).unwrap();
                prop_assert_eq!(counted.done(), state.done());
            }
        }
    }

    #[test]
    fn a_failure_of_no_request_of_a_call_is_not_kept() {
        let connection = in_memory();
        let mut state = CallState::new(Timestamp::UNIX_EPOCH);
        state.blocker = Some(Blocker::Failed(Failure {
            kind: FailureKind::GaveUp,
            request: None,
            status: None,
            message: "no answer".into(),
        }));
        assert!(save(&connection, None, "call-1", &state).is_err());
        assert_eq!(find(&connection, "call-1").unwrap(), None);
    }

    #[test]
    fn a_number_that_nobody_wrote_is_an_error() {
        for column in [
            "create_state",
            "upload_state",
            "obstacle",
            "bytes",
            "first_at",
            "held_at",
            "source_bytes",
            "party",
        ] {
            let connection = in_memory();
            let mut state = CallState::new(Timestamp::UNIX_EPOCH);
            state.upload = UploadState::Intended { bytes: 1 };
            save(&connection, None, "call-1", &state).unwrap();
            let nonsense = format!("UPDATE call SET {column} = {}", i64::MIN);
            connection.execute(&nonsense, ()).unwrap();
            assert!(find(&connection, "call-1").is_err(), "{column}");
        }
    }
}
