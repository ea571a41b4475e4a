//! Forgetting what is held and will never be found again, such as a row whose id was cut in its file. Without
//! this each run would tell of it.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Result as Sql, Transaction, params};

use super::call::checkpoint::{DONE_SQL, UNSENT_SQL};
use super::case::rows as case_rows;
use super::error::LedgerOpenError;
use super::offline;

/// What is to be forgotten.
#[derive(Debug, Clone, Copy)]
pub enum HeldChoice<'a> {
    /// What is held since this moment or longer. Calls that the last run found again stay.
    Since(Timestamp),
    /// The calls and cases with these ids.
    Ids(&'a [String]),
}

/// What was forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgottenHeld {
    /// Held calls.
    pub calls: u64,
    /// Of these: calls with a conversation, or with a try that may have made one. Their ids are kept.
    pub known: u64,
    /// Held messages of cases.
    pub messages: u64,
    /// Ids of which nothing is held.
    pub unknown: Vec<String>,
}

/// Forgets what is held in the ledger, of whichever destination. What may have reached the destination stays
/// known, so that nothing is made twice.
pub fn forget_held(path: &Path, choice: HeldChoice<'_>) -> Result<ForgottenHeld, LedgerOpenError> {
    offline::change(path, |connection| forget(connection, choice))
}

fn forget(connection: &mut Connection, choice: HeldChoice<'_>) -> Sql<ForgottenHeld> {
    let transaction = connection.transaction()?;
    let mut forgotten = ForgottenHeld::default();
    match choice {
        HeldChoice::Since(until) => {
            let until = until.as_millisecond();
            forgotten.take(&transaction, &Filter::since(until))?;
        }
        HeldChoice::Ids(ids) => {
            for id in ids {
                let before = forgotten.calls + forgotten.messages;
                forgotten.take(&transaction, &Filter::of(id))?;
                if forgotten.calls + forgotten.messages == before {
                    forgotten.unknown.push(id.clone());
                }
            }
        }
    }
    transaction.commit()?;
    Ok(forgotten)
}

/// Which rows are meant: `?1` is the latest moment, `?2` the only id, if any.
struct Filter<'a> {
    until: i64,
    id: Option<&'a str>,
}

/// Calls that are held and not done, and that the last run did not find unless they are named.
fn held_calls() -> String {
    format!(
        "obstacle = 1 AND NOT {DONE_SQL} AND held_at <= ?1 AND (?2 IS NULL OR identity = ?2) \
         AND (?2 IS NOT NULL OR last_at < coalesce((SELECT max(started) FROM run), ?1))"
    )
}

impl<'a> Filter<'a> {
    fn since(until: i64) -> Self {
        Filter { until, id: None }
    }

    fn of(id: &'a str) -> Self {
        Filter {
            until: i64::MAX,
            id: Some(id),
        }
    }
}

impl ForgottenHeld {
    fn take(&mut self, transaction: &Transaction<'_>, filter: &Filter<'_>) -> Sql<()> {
        let change = |sql: &str| {
            let rows = transaction.execute(sql, params![filter.until, filter.id]);
            rows.map(|rows| rows as u64)
        };
        let held = held_calls();
        let removed = change(&format!("DELETE FROM call WHERE {UNSENT_SQL} AND {held}"))?;
        let known = change(&format!(
            "UPDATE call SET obstacle = 0, message = NULL, status = NULL, held_at = NULL WHERE {held}"
        ))?;
        self.calls += removed + known;
        self.known += known;
        self.messages += change(case_rows::FORGET_HELD)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, Party};
    use crate::ledger::call::rows;
    use crate::ledger::call::state::CallState;
    use crate::ledger::migrate;
    use crate::ledger::{CallFact, CreateState, SentContent, Stage};

    fn moment(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    fn held(facts: Vec<CallFact>) -> CallState {
        let mut state = CallState::new(moment(10));
        let hold = CallFact::Held {
            fingerprint: 7,
            why: Code::RecordingMissing,
        };
        for fact in facts.into_iter().chain([hold]) {
            crate::ledger::apply_fact(&mut state, fact, moment(10));
        }
        state
    }

    fn made() -> CallFact {
        CallFact::Created {
            fingerprint: 7,
            uid: Some("u-1".to_owned()),
        }
    }

    /// Sent without an answer, changed in the export, sent again and refused: of which of the two the server
    /// says no, it does not say.
    fn refused_after_a_lost_answer() -> Vec<CallFact> {
        let intended = |fingerprint| CallFact::CreateIntended {
            fingerprint,
            party: Party::default(),
            content: SentContent::default(),
        };
        let refused = CallFact::Refused {
            fingerprint: 8,
            stage: Stage::Create,
            status: 400,
            message: String::new(),
        };
        vec![intended(7), intended(8), refused]
    }

    #[test]
    fn what_was_refused_after_a_lost_answer_stays_known() {
        let mut connection = migrate::in_memory();
        let state = held(refused_after_a_lost_answer());
        assert!(state.unconfirmed().is_some());
        rows::save(&connection, None, "doubtful", &state).unwrap();
        let all = forget(&mut connection, HeldChoice::Since(moment(20))).unwrap();
        assert_eq!((all.calls, all.known), (1, 1));
        let (_, kept) = rows::find(&connection, "doubtful").unwrap().unwrap();
        assert!(kept.unconfirmed().is_some());
    }

    fn ledger() -> Connection {
        let connection = migrate::in_memory();
        for (id, state) in [("never", held(vec![])), ("made", held(vec![made()]))] {
            rows::save(&connection, None, id, &state).unwrap();
        }
        let sql = "INSERT INTO cut_row (hash, identity, in_case, message, held_at) \
                   VALUES (1, 'case-1', 2, 3, 10)";
        connection.execute(sql, ()).unwrap();
        connection
    }

    #[test]
    fn what_is_held_for_long_is_forgotten_but_not_what_may_be_there() {
        let mut connection = ledger();
        let mut since = |at| forget(&mut connection, HeldChoice::Since(moment(at))).unwrap();
        assert_eq!(since(9), ForgottenHeld::default());
        let all = since(20);
        assert_eq!((all.calls, all.known, all.messages), (2, 1, 1));
        assert_eq!(since(20), ForgottenHeld::default());
        assert!(rows::find(&connection, "never").unwrap().is_none());
        let (_, made) = rows::find(&connection, "made").unwrap().unwrap();
        assert!(matches!(
            made.create,
            CreateState::Done { uid: Some(_), .. }
        ));
        assert!(made.blocker.is_none() && made.held_at.is_none());
    }

    #[test]
    fn what_the_last_run_found_stays_unless_it_is_named() {
        let mut connection = ledger();
        let sql = "INSERT INTO run (options, started) VALUES ('', 10)";
        connection.execute(sql, ()).unwrap();
        let found = forget(&mut connection, HeldChoice::Since(moment(20))).unwrap();
        assert_eq!((found.calls, found.messages), (0, 1));
        let ids = ["never", "nobody"].map(str::to_owned);
        let named = forget(&mut connection, HeldChoice::Ids(&ids)).unwrap();
        assert_eq!((named.calls, named.unknown), (1, vec!["nobody".to_owned()]));
    }
}
