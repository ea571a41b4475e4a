//! What the ledger holds for too long when all records have been told, and no record told of.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::{Code, Location, Problem};
use crate::ledger::{Ledger, LedgerOpenError};
use crate::pipeline;

/// The look at the ledger after all records: what it holds for too long, and no record told of.
pub(super) struct LookBack<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) hold_for: Duration,
    /// When the run began.
    pub(super) started: Timestamp,
}

/// What is told one by one.
const MOST_OVERDUE: usize = 1000;

impl LookBack<'_> {
    pub(super) fn overdue(&self) -> Result<Vec<Problem>, LedgerOpenError> {
        let now = Timestamp::now();
        let until = now.checked_sub(self.hold_for).unwrap_or(Timestamp::MIN);
        let mut problems = Vec::new();
        let mut more = 0_u64;
        let reader = self.ledger.reader()?;
        reader.overdue(until, self.started, |held| {
            let age = pipeline::overdue(Some(held.held_at), now, self.hold_for);
            match age.filter(|_| problems.len() < MOST_OVERDUE) {
                Some(age) => problems.push(left_held(&age, &held.identity)),
                None => more += 1,
            }
        })?;
        if more > 0 {
            problems.push(left_held(&format!("{more} more records are held"), ""));
        }
        Ok(problems)
    }
}

fn left_held(age: &str, id: &str) -> Problem {
    let message = format!(
        "{age}; this run neither sent nor found it. Run the export that had it, or drop it: \
         `capturi-import ledger forget-held` and the id"
    );
    let mut problem = Problem::new(Code::HeldTooLong, Location::on_line("", 0), message);
    problem.name_record(id);
    problem
}
