//! The table `sent_content`: what the create requests of a call carried that the server may have.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::content_key::ContentKey;
use super::origin_rows::OriginRows;
use super::sent_content::SentContent;
use super::sent_fields::SentFields;
use super::state::{CallState, CreateState, UNKNOWN};
use crate::ledger::sent_recordings::name_key;

/// The key of the hashes in this ledger.
pub(in crate::ledger) fn content_key(connection: &Connection) -> Result<ContentKey> {
    Ok(ContentKey::derive(&name_key(connection)?))
}

/// The rows that one call has in the table, where that is known: a call that is new has none, and one that
/// was read from the file may have any.
#[derive(Debug)]
pub(super) struct ContentRows {
    /// Their fingerprints.
    known: Option<Vec<u128>>,
}

impl ContentRows {
    /// Of a call that has no row yet.
    pub(super) fn of_new_call() -> ContentRows {
        ContentRows {
            known: Some(Vec::new()),
        }
    }

    /// Of a call whose row was read.
    pub(super) fn of_read_call() -> ContentRows {
        ContentRows { known: None }
    }

    /// Writes down what a request of the call in this row carried.
    pub(super) fn note(
        &mut self,
        connection: &Connection,
        origins: &mut OriginRows,
        call: i64,
        sent: &SentRequest,
    ) -> Result<()> {
        let sql = "INSERT INTO sent_content (call, fingerprint, fields, record, export, mapping) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (call, fingerprint) DO UPDATE \
                   SET fields = ?3, record = ?4, export = ?5, mapping = ?6";
        let (mut records, mut export, mut mapping) = (None, None, None);
        if let Some(origin) = &sent.content.origin {
            records = Some(origin.records.as_flattened());
            let file = origin.export.as_ref();
            export = file
                .map(|file| origins.export(connection, file))
                .transpose()?;
            mapping = Some(origins.mapping(connection, &origin.mapping)?);
        }
        let fingerprint = sent.fingerprint.to_be_bytes();
        let fields = sent.content.fields.to_bytes();
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute((call, fingerprint, fields, records, export, mapping))?;
        if let Some(known) = &mut self.known {
            known.push(sent.fingerprint);
        }
        Ok(())
    }

    /// Forgets what the server cannot have, of the call in this row.
    pub(super) fn keep_what_may_be_there(
        &mut self,
        connection: &Connection,
        call: i64,
        state: &CallState,
    ) -> Result<()> {
        let Some(kept) = kept(state) else {
            return Ok(());
        };
        let is_kept = |fingerprint: &u128| *fingerprint == kept;
        // Asking the file costs more than all else of a call that was just made.
        if let Some(known) = &self.known
            && known.iter().all(is_kept)
        {
            return Ok(());
        }
        let sql = "DELETE FROM sent_content WHERE call = ?1 AND fingerprint <> ?2";
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute((call, kept.to_be_bytes()))?;
        if let Some(known) = &mut self.known {
            known.retain(is_kept);
        }
        Ok(())
    }
}

/// A request, by the fingerprint of its content.
#[derive(Debug)]
pub(super) struct SentRequest {
    pub(super) fingerprint: u128,
    pub(super) content: SentContent,
}

/// The fingerprint of what the server may have of a call; nothing where it may have several.
fn kept(state: &CallState) -> Option<u128> {
    match (&state.create, state.unconfirmed()) {
        // One of several, and nobody knows which.
        (_, Some(UNKNOWN)) => None,
        (_, Some(sent)) => Some(sent),
        // A change is in doubt: the content before it, and what is in doubt.
        (
            CreateState::Done {
                is_adopted: false, ..
            },
            None,
        ) => state.has_known_content().then_some(state.fingerprint),
        _ => Some(UNKNOWN),
    }
}

/// What the request of this fingerprint carried, of the call in this row.
pub(in crate::ledger) fn find(
    connection: &Connection,
    call: i64,
    fingerprint: u128,
) -> Result<Option<SentFields>> {
    let sql = "SELECT fields FROM sent_content WHERE call = ?1 AND fingerprint = ?2";
    connection
        .prepare_cached(sql)?
        .query_row((call, fingerprint.to_be_bytes()), |row| read_fields(row, 0))
        .optional()
}

/// The fields in this column; an error where they are not as this program writes them.
pub(in crate::ledger) fn read_fields(row: &Row<'_>, column: usize) -> Result<SentFields> {
    let bytes: Vec<u8> = row.get(column)?;
    SentFields::from_bytes(&bytes).ok_or_else(|| {
        let why = "no list of fields that were sent";
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, why.into())
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Party;
    use crate::ledger::call::cache::CallCache;
    use crate::ledger::call::fact::CallFact;
    use crate::ledger::call::rows;
    use crate::ledger::migrate::in_memory;
    use crate::ledger::tests::{after, at, content, facts};
    use crate::ledger::{CallState, Stage};

    fn intent(fingerprint: u128) -> CallFact {
        CallFact::CreateIntended {
            fingerprint,
            party: Party::default(),
            content: content(fingerprint),
        }
    }

    fn apply(connection: &Connection, cache: &mut CallCache, fact: CallFact) {
        cache
            .apply(connection, "call-1".into(), fact, at(1))
            .unwrap();
        cache.save(connection).unwrap();
    }

    fn rows_of_contents(connection: &Connection) -> Vec<u128> {
        let sql = "SELECT fingerprint, fields FROM sent_content ORDER BY fingerprint";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| {
            let fingerprint = u128::from_be_bytes(row.get(0)?);
            let fields = content(fingerprint).fields;
            assert_eq!(read_fields(row, 1)?, fields);
            Ok(fingerprint)
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    proptest! {
        /// Whatever is told in whichever groups, and whether the call is in memory or not.
        #[test]
        fn what_the_server_may_have_is_kept_and_nothing_else(
            facts in prop::collection::vec(facts(), 1..10),
            forgets in prop::collection::vec(any::<bool>(), 10),
        ) {
            let connection = in_memory();
            let mut cache = CallCache::default();
            let mut sent = Vec::new();
            for (fact, forgets) in facts.iter().cloned().zip(forgets) {
                if let CallFact::CreateIntended { fingerprint, .. } = &fact {
                    sent.push(*fingerprint);
                }
                apply(&connection, &mut cache, fact);
                if forgets {
                    cache = CallCache::default();
                }
            }
            let state = after(&facts);
            let kept = rows_of_contents(&connection);
            prop_assert!(kept.iter().all(|one| sent.contains(one)));
            match (&state.create, state.unconfirmed()) {
                (CreateState::Done { is_adopted: false, .. }, _) => {
                    prop_assert!(kept.iter().all(|one| *one == state.fingerprint));
                }
                (_, Some(UNKNOWN)) => {}
                (_, Some(one)) => prop_assert_eq!(kept, [one]),
                (_, None) => prop_assert_eq!(kept, []),
            }
        }
    }

    #[test]
    fn an_intent_that_is_taken_back_leaves_what_was_sent_before_it() {
        let connection = in_memory();
        let mut cache = CallCache::default();
        let not_sent = |before: Option<CallState>| CallFact::NotSent {
            stage: Stage::Create,
            before: before.map(Box::new),
        };
        apply(&connection, &mut cache, intent(1));
        assert_eq!(rows_of_contents(&connection), [1]);
        let (_, before) = rows::find(&connection, "call-1").unwrap().unwrap();
        apply(&connection, &mut cache, intent(2));
        assert_eq!(rows_of_contents(&connection), [1, 2]);
        apply(&connection, &mut cache, not_sent(Some(before)));
        assert_eq!(rows_of_contents(&connection), [1]);
        apply(&connection, &mut cache, not_sent(None));
        assert_eq!(rows_of_contents(&connection), []);
        assert_eq!(rows::find(&connection, "call-1").unwrap(), None);
    }

    #[test]
    fn the_answer_says_which_of_two_contents_is_there() {
        for (answer, expected) in [(1, &[1][..]), (2, &[2]), (3, &[])] {
            let connection = in_memory();
            let mut cache = CallCache::default();
            apply(&connection, &mut cache, intent(1));
            apply(&connection, &mut cache, intent(2));
            let created = CallFact::Created {
                fingerprint: answer,
                uid: None,
            };
            apply(&connection, &mut cache, created);
            assert_eq!(rows_of_contents(&connection), expected);
            let (id, _) = rows::find(&connection, "call-1").unwrap().unwrap();
            let found = find(&connection, id, answer).unwrap();
            assert_eq!(found.is_some(), !expected.is_empty());
        }
    }

    /// A ledger of an earlier program has the intent and not what was sent; the next try says it.
    #[test]
    fn a_try_that_says_nothing_new_of_the_call_says_what_it_carries() {
        let connection = in_memory();
        let mut cache = CallCache::default();
        let before = CallFact::CreateIntended {
            fingerprint: 1,
            party: Party::default(),
            content: SentContent::default(),
        };
        apply(&connection, &mut cache, before);
        assert_eq!(rows_of_contents(&connection), []);
        apply(&connection, &mut cache, intent(1));
        assert_eq!(rows_of_contents(&connection), [1]);
    }

    #[test]
    fn what_nobody_wrote_is_an_error() {
        let connection = in_memory();
        apply(&connection, &mut CallCache::default(), intent(1));
        let (id, state) = rows::find(&connection, "call-1").unwrap().unwrap();
        assert_ne!(state.last_at, Timestamp::UNIX_EPOCH);
        connection
            .execute("UPDATE sent_content SET fields = x'02'", ())
            .unwrap();
        assert!(find(&connection, id, 1).is_err());
    }

    #[test]
    fn a_call_takes_what_it_carried_along_when_it_goes() {
        let connection = in_memory();
        apply(&connection, &mut CallCache::default(), intent(1));
        connection.execute("DELETE FROM call", ()).unwrap();
        assert_eq!(rows_of_contents(&connection), []);
    }
}
