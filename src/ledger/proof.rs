//! Whether a ledger was shown to be the right one for its destination. A ledger that is new may stand in
//! the place of one that was lost, and one call that it made itself does not show that it is the right one.

use rusqlite::{Connection, Result as Sql};

use super::call::checkpoint::CREATED_SQL;
use super::columns::unsigned;

/// What a run has found out about a ledger, of calls or of cases. The ledger keeps the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Proof {
    /// Nothing: no run has reached the end of its export.
    #[default]
    Missing,
    /// A run stopped because this may be the wrong ledger.
    Doubted,
    /// A run reached the end of its export, or the operator said what to do with what is there.
    Given,
}

/// What a ledger knows to be at its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownAtDestination {
    /// Of conversations.
    pub calls: KnownOf,
    /// Of cases.
    pub cases: KnownOf,
}

/// What a ledger knows of the conversations or of the cases at its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KnownOf {
    /// None that the destination told of. What only followed from the answer to a lost try may be another's.
    #[default]
    Nothing,
    /// Some that were made with this ledger, by runs that ended before the end of their export.
    Unproved {
        /// How many.
        made: u64,
    },
    /// Some that were made with this ledger, and a run stopped because it may be the wrong one.
    Doubted,
    /// Some, and the ledger was shown to be the right one.
    Some,
}

/// What is known to be at the destination, and whether this ledger is the one for it.
pub(super) fn known(connection: &Connection) -> Sql<KnownAtDestination> {
    let sql = "SELECT coalesce(max(call_proof), 0), coalesce(max(case_proof), 0) FROM ledger";
    let (calls, cases): (u8, u8) =
        connection.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let of = |proof: u8, sql: &str| -> Sql<KnownOf> {
        if proof >= Proof::Given as u8 {
            // Nothing has to be counted, which takes a look at every row.
            return Ok(KnownOf::Some);
        }
        let made = connection.query_row(sql, (), |row| unsigned(row, 0))?;
        Ok(match made {
            0 => KnownOf::Nothing,
            _ if proof == Proof::Doubted as u8 => KnownOf::Doubted,
            made => KnownOf::Unproved { made },
        })
    };
    let made_calls = format!("SELECT count(*) FROM call WHERE {CREATED_SQL} AND uid IS NOT NULL");
    let made_cases = "SELECT count(*) FROM desk_case WHERE state >= 2";
    Ok(KnownAtDestination {
        calls: of(calls, &made_calls)?,
        cases: of(cases, made_cases)?,
    })
}

/// Keeps what was found out.
pub(super) fn keep(connection: &Connection, calls: Proof, cases: Proof) -> Sql<()> {
    let sql =
        "UPDATE ledger SET call_proof = max(call_proof, ?1), case_proof = max(case_proof, ?2)";
    connection
        .execute(sql, (calls as u8, cases as u8))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::migrate;

    /// A ledger with two calls and a case, as a run with it made them.
    const MADE: &str = "INSERT INTO ledger (destination, since) VALUES ('x', 0); \
        INSERT INTO call (hash, fingerprint, create_state, upload_state, obstacle, identity, uid, resends, \
        first_at, last_at) VALUES (1, x'00', 5, 3, 0, 'a', 'u', 0, 0, 0), (2, x'00', 5, 3, 0, 'b', 'v', 0, 0, 0), \
        (3, x'00', 5, 3, 0, 'c', NULL, 0, 0, 0); \
        INSERT INTO desk_case (hash, state, obstacle, updated, fingerprint, content, identity, first_at, last_at) \
        VALUES (1, 2, 0, 0, x'00', x'00', 't', 0, 0)";

    fn run(stop: &str) -> String {
        format!(
            "INSERT INTO run (options, started, finished, tally) VALUES ('', 0, 1, '{{\"read\":1{stop}}}');"
        )
    }

    const DOUBT: &str = r#","stop":"wrong_ledger""#;
    const LIMIT: &str = r#","stop":"limit""#;

    #[test]
    fn what_was_made_is_no_proof_and_a_greater_proof_stays() {
        let connection = migrate::in_memory();
        assert_eq!(known(&connection), Ok(KnownAtDestination::default()));
        connection.execute_batch(MADE).unwrap();
        let unproved = |made| KnownOf::Unproved { made };
        let of = |calls, cases| Ok(KnownAtDestination { calls, cases });
        assert_eq!(known(&connection), of(unproved(2), unproved(1)));
        keep(&connection, Proof::Doubted, Proof::Missing).unwrap();
        assert_eq!(known(&connection), of(KnownOf::Doubted, unproved(1)));
        keep(&connection, Proof::Given, Proof::Doubted).unwrap();
        keep(&connection, Proof::Doubted, Proof::Missing).unwrap();
        assert_eq!(known(&connection), of(KnownOf::Some, KnownOf::Doubted));
    }

    #[test]
    fn a_ledger_of_an_earlier_program_is_known_unless_its_last_run_doubted() {
        for (runs, expected) in [
            (&[][..], KnownOf::Some),
            (&[LIMIT], KnownOf::Some),
            (&[DOUBT], KnownOf::Doubted),
            (&["", DOUBT, LIMIT], KnownOf::Doubted),
            (&[DOUBT, ""], KnownOf::Some),
        ] {
            let connection = migrate::in_memory_of(10);
            connection.execute_batch(MADE).unwrap();
            for stop in runs {
                connection.execute_batch(&run(stop)).unwrap();
            }
            let connection = migrate::migrated(connection);
            let known = known(&connection).unwrap();
            assert_eq!((known.calls, known.cases), (expected, expected), "{runs:?}");
        }
    }
}
