//! Looking at a ledger, also while a run writes to it.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use rusqlite::{Connection, Result as Sql, Row};
use xxhash_rust::xxh3::xxh3_64;

use super::call::checkpoint::{AT_SERVER_SQL, Checkpoint, DONE_SQL};
use super::call::content_key::ContentKey;
use super::call::content_rows;
use super::call::evidence_rows::{self, CallEvidence};
use super::call::fact::SentFile;
use super::call::rows::{self, SELECT_CALLS};
use super::call::sent_fields::SentFields;
use super::call::state::{CallState, CreateState, UploadState};
use super::case::fact::CaseState;
use super::case::rows as case_rows;
use super::columns::time;
use super::done_index::{DoneIndex, DoneIndexBuilder};
use super::error::{Error, LedgerOpenError, at};
use super::maintenance::{LedgerCheck, inspect};
use super::open;
use super::overdue::{self, Overdue};
use super::problem_log::NotedProblem;
use super::proof::{self, KnownAtDestination};
use super::sent_recordings::{self, SentTo, SentUntil};
use super::shard_binding::{self, ShardBinding};
use super::summary::{LedgerSummary, summarize};

/// From so many rows on, reading them takes long enough to do it in two threads.
const WORTH_A_THREAD: i64 = if cfg!(test) { 2 } else { 100_000 };

/// A connection that only looks. Every answer sees all that was acknowledged before it, and is taken
/// from one moment; only [`LedgerReader::load_done`] may see the halves of a large table at two.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    connection: Connection,
}

/// A case that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedCase {
    /// Its `caseUid`.
    pub identity: String,
    /// When the ledger learned the last of it, unless that was purged.
    pub at: Option<Timestamp>,
    /// The messages that were added one by one, by the hashes of their ids; `None` for a case that goes
    /// out whole.
    pub messages: Option<Vec<u64>>,
}

/// A call that the server has, as in `accepted.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedCall {
    /// The `externalIdentity`.
    pub identity: String,
    /// The uid, where the server told.
    pub uid: Option<String>,
    /// Whether somebody else made the conversation.
    pub is_adopted: bool,
    /// BLAKE3 and size of the recording; `None` for a call without one.
    pub recording: Option<([u8; 32], u64)>,
    /// When the ledger learned the last of it; `None` once that was purged.
    pub at: Option<Timestamp>,
}

/// Whose a uid is, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidOwner {
    /// Of the uid, as XXH3 has it.
    pub uid_hash: u64,
    /// See [`crate::domain::call::Call::identity_hash`].
    pub identity_hash: u64,
}

/// So many of the newest calls are looked at for their uids: a few milliseconds at the start of each run.
const RECENT_CALLS: i64 = 1 << 14;

impl LedgerReader {
    pub(super) fn open(path: &Path) -> Result<Self, LedgerOpenError> {
        Ok(LedgerReader {
            path: path.to_owned(),
            connection: open::for_reading(path)?,
        })
    }

    /// An error if the ledger speaks about another destination than this.
    pub fn expect_destination(&self, ours: &str) -> Result<(), LedgerOpenError> {
        match open::destination(&self.connection).map_err(at(&self.path))? {
            Some(theirs) => open::expect_destination(&self.path, theirs, ours),
            None => Ok(()),
        }
    }

    /// The part of an export that the ledger is kept for; nothing for a whole one.
    pub fn part(&self) -> Result<Option<ShardBinding>, Error> {
        shard_binding::read(&self.connection).map_err(at(&self.path))
    }

    /// An error if the ledger is kept for another part than this; nothing is the whole export.
    pub fn expect_part(&self, ours: Option<&ShardBinding>) -> Result<(), LedgerOpenError> {
        shard_binding::expect(&self.path, &self.connection, ours)
    }

    /// What is known to be at the destination, and whether this ledger is the one for it.
    pub fn known(&self) -> Result<KnownAtDestination, Error> {
        proof::known(&self.connection).map_err(at(&self.path))
    }

    /// Reads everything there is: pages, indexes against their tables, every call. Takes some
    /// seconds for a million calls; a run only looks at the pages.
    pub fn inspect(&self) -> Result<LedgerCheck, Error> {
        inspect(&self.connection).map_err(at(&self.path))
    }

    /// How much is known of sent recordings by now.
    pub fn sent_until(&self) -> Result<SentUntil, Error> {
        sent_recordings::sent_until(&self.connection).map_err(at(&self.path))
    }

    /// The call, other than this one, that a file went to or may have gone to until then: the first of
    /// those with a file of this name and size that `is_same` takes.
    pub fn sent_to(
        &self,
        file: &SentFile,
        identity: &str,
        until: SentUntil,
        is_same: impl FnMut(&SentTo) -> bool,
    ) -> Result<Option<SentTo>, Error> {
        let sent = sent_recordings::sent_to(&self.connection, file, identity, until, is_same);
        sent.map_err(at(&self.path))
    }

    /// The key of the hashes that the ledger keeps of fields.
    pub fn content_key(&self) -> Result<ContentKey, Error> {
        content_rows::content_key(&self.connection).map_err(at(&self.path))
    }

    /// What the server has of each of these calls, as the requests carried it that made them, in the same
    /// order; `None` where that is not known: of calls that somebody else made, of calls that are not made
    /// yet, after a purge, and of calls of earlier programs.
    pub fn sent_fields(&self, identities: &[&str]) -> Result<Vec<Option<SentFields>>, Error> {
        let look_up = || -> Sql<Vec<Option<SentFields>>> {
            let moment = self.connection.unchecked_transaction()?;
            let look = |identity: &&str| match rows::find(&moment, identity)? {
                Some((id, state)) if matches!(state.create, CreateState::Done { .. }) => {
                    content_rows::find(&moment, id, state.fingerprint)
                }
                _ => Ok(None),
            };
            identities.iter().map(look).collect()
        };
        look_up().map_err(at(&self.path))
    }

    /// What is known of each of these calls, in the same order.
    pub fn call_states(&self, identities: &[&str]) -> Result<Vec<Option<CallState>>, Error> {
        let look_up = || -> Sql<Vec<Option<CallState>>> {
            let moment = self.connection.unchecked_transaction()?;
            identities
                .iter()
                .map(|identity| Ok(rows::find(&moment, identity)?.map(|(_, state)| state)))
                .collect()
        };
        look_up().map_err(at(&self.path))
    }

    /// What is known of each of these cases, in the same order. The messages of a case are left out
    /// when the server has exactly this content of it.
    pub fn cases(&self, wanted: &[(&str, u128)]) -> Result<Vec<Option<CaseState>>, Error> {
        let look_up = || -> Sql<Vec<Option<CaseState>>> {
            let moment = self.connection.unchecked_transaction()?;
            let look = |(identity, content): &(&str, u128)| {
                let Some((id, mut state)) = case_rows::find(&moment, identity)? else {
                    return Ok(None);
                };
                if *content == 0 || state.hashes.content != *content {
                    state.messages = case_rows::messages(&moment, id)?;
                }
                Ok(Some(state))
            };
            wanted.iter().map(look).collect()
        };
        look_up().map_err(at(&self.path))
    }

    /// Whether an earlier run has found this row, by the hash of what it says, at the end of its file.
    pub fn has_cut_row(&self, hash: u64) -> Result<bool, Error> {
        case_rows::has_cut_row(&self.connection, hash).map_err(at(&self.path))
    }

    /// Hands over what is held since `until` or longer and was not found again since `started`.
    pub fn overdue(
        &self,
        until: Timestamp,
        started: Timestamp,
        each: impl FnMut(Overdue),
    ) -> Result<(), Error> {
        overdue::overdue(&self.connection, until, started, each).map_err(at(&self.path))
    }

    /// Hands over each case that the server has, in the order in which they were first seen. Stops at
    /// the first error of `each`.
    pub fn accepted_cases<E: From<Error>>(
        &self,
        each: impl FnMut(AcceptedCase) -> Result<(), E>,
    ) -> Result<(), E> {
        let read = |row: &Row<'_>| {
            let is_whole = row.get::<_, [u8; 16]>(2)? != [0; 16];
            Ok(AcceptedCase {
                identity: row.get(0)?,
                at: unless_purged(time(row, 1)?),
                messages: if is_whole {
                    None
                } else {
                    Some(case_rows::added(&self.connection, row.get(3)?)?)
                },
            })
        };
        self.stream(case_rows::ACCEPTED, read, each)
    }

    /// The calls for which nothing is left to do. Reads the whole table once, of a large one both halves
    /// side by side: a nightly run waits for it.
    pub fn load_done(&self) -> Result<DoneIndex, LedgerOpenError> {
        let last = self
            .connection
            .query_row("SELECT max(id) FROM call", (), |row| row.get(0));
        let last: Option<i64> = last.map_err(at(&self.path))?;
        let last = last.unwrap_or(0);
        let gathered = if last < WORTH_A_THREAD {
            vec![self.gather(0, last)?]
        } else {
            let other = LedgerReader::open(&self.path)?;
            let upper = thread::Builder::new().spawn(move || other.gather(last / 2, last));
            let lower = self.gather(0, last / 2)?;
            // Without a thread it takes twice as long, and that is all.
            let upper = match upper.map(JoinHandle::join) {
                Ok(Ok(gathered)) => gathered?,
                _ => self.gather(last / 2, last)?,
            };
            vec![lower, upper]
        };
        let done = DoneIndexBuilder::finish(gathered).ok_or_else(|| Error::Damaged {
            path: self.path.clone(),
            detail: "more calls than a file can hold".to_owned(),
        })?;
        Ok(done)
    }

    /// The calls that are done of the rows behind `before`, up to `last`.
    fn gather(&self, before: i64, last: i64) -> Result<DoneIndexBuilder, Error> {
        self.gather_rows(before, last).map_err(at(&self.path))
    }

    fn gather_rows(&self, before: i64, last: i64) -> Sql<DoneIndexBuilder> {
        let room = usize::try_from(last - before).unwrap_or(0);
        let mut builder = DoneIndexBuilder::with_room_for(room);
        let mut statement = self.connection.prepare(&format!(
            "SELECT hash, fingerprint, create_state, upload_state, source_bytes FROM call \
             WHERE id > ?1 AND id <= ?2 AND {DONE_SQL}"
        ))?;
        let mut rows = statement.query((before, last))?;
        while let Some(row) = rows.next()? {
            let checkpoint = Checkpoint::of_columns(row.get(2)?, row.get(3)?);
            if let Some(kind) = checkpoint.and_then(Checkpoint::done) {
                let hash: i64 = row.get(0)?;
                let fingerprint = u128::from_be_bytes(row.get(1)?);
                let size = row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned);
                builder.push(hash.cast_unsigned(), fingerprint, kind, size);
            }
        }
        builder.sort();
        Ok(builder)
    }

    /// The uids of the calls that came into the ledger last, the newest at the end.
    pub fn recent_uids(&self) -> Result<Vec<UidOwner>, Error> {
        let sql = "SELECT uid, hash FROM call WHERE uid IS NOT NULL \
                   AND id > (SELECT max(id) FROM call) - ?1 ORDER BY id";
        let read = || -> Sql<Vec<UidOwner>> {
            let mut statement = self.connection.prepare(sql)?;
            let owners = statement.query_map([RECENT_CALLS], |row| {
                Ok(UidOwner {
                    uid_hash: xxh3_64(row.get_ref(0)?.as_str()?.as_bytes()),
                    identity_hash: row.get::<_, i64>(1)?.cast_unsigned(),
                })
            })?;
            owners.collect()
        };
        read().map_err(at(&self.path))
    }

    /// Everything, counted.
    pub fn summary(&self) -> Result<LedgerSummary, Error> {
        summarize(&self.connection).map_err(at(&self.path))
    }

    /// Hands over each call that the server has and for which nothing is left to do, in the order
    /// in which they were first seen. Stops at the first error of `each`.
    pub fn accepted<E: From<Error>>(
        &self,
        mut each: impl FnMut(AcceptedCall) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("{SELECT_CALLS} WHERE {AT_SERVER_SQL} ORDER BY id");
        self.stream(&sql, accepted, |accepted| {
            accepted.map_or(Ok(()), &mut each)
        })
    }

    /// Hands over what can be proved of each call, in the order in which they were first seen. Stops at
    /// the first error of `each`.
    pub fn evidence<E: From<Error>>(
        &self,
        each: impl FnMut(CallEvidence) -> Result<(), E>,
    ) -> Result<(), E> {
        self.stream(&evidence_rows::select(), evidence_rows::read_row, each)
    }

    /// Hands over the id of each call and each case.
    pub fn identities<E: From<Error>>(
        &self,
        mut each: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        for table in ["call", "desk_case"] {
            let sql = format!("SELECT identity FROM {table} ORDER BY id");
            self.stream(&sql, |row| row.get(0), &mut each)?;
        }
        Ok(())
    }

    /// Hands over each call whose recording was sent again although it may have arrived, and how
    /// often, in the order in which they were first seen. Stops at the first error of `each`.
    pub fn resent<E: From<Error>>(
        &self,
        mut each: impl FnMut(String, u32) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT identity, resends FROM call WHERE resends > 0 ORDER BY id";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.stream(sql, read, |(identity, times)| each(identity, times))
    }

    /// Hands over the problems of the last run, in the order in which they were noted. Stops at
    /// the first error of `each`.
    pub fn problems<E: From<Error>>(
        &self,
        each: impl FnMut(NotedProblem) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT file, line, name, code, severity, message, record, identity FROM problem \
                   ORDER BY rowid";
        self.stream(sql, NotedProblem::from_row, each)
    }

    fn stream<T, E: From<Error>>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Sql<T>,
        mut each: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = at(&self.path);
        let mut statement = self.connection.prepare(sql).map_err(&failed)?;
        for item in statement.query_map((), |row| read(row)).map_err(&failed)? {
            each(item.map_err(&failed)?)?;
        }
        Ok(())
    }
}

/// A purge leaves the beginning of time.
fn unless_purged(at: Timestamp) -> Option<Timestamp> {
    (at != Timestamp::UNIX_EPOCH).then_some(at)
}

fn accepted(row: &Row<'_>) -> Sql<Option<AcceptedCall>> {
    let state = rows::read_state(row)?;
    let CreateState::Done { uid, is_adopted } = state.create else {
        return Ok(None);
    };
    Ok(Some(AcceptedCall {
        identity: row.get(13)?,
        uid,
        is_adopted,
        recording: match state.upload {
            UploadState::Done { hash, bytes } => Some((hash, bytes)),
            _ => None,
        },
        at: unless_purged(state.last_at),
    }))
}
