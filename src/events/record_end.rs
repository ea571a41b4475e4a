//! How a record ended, told once for each row of its call.

use super::event::Event;
use super::outcome::{Delivered, Outcome};
use crate::domain::Problem;
use crate::source::Batch;

/// A row of a call for which another row speaks.
#[derive(Debug)]
pub struct FurtherRow {
    /// Its place in the batch.
    pub index: usize,
    /// What is wrong with this very row.
    pub problems: Vec<Problem>,
}

/// How a call ended, as it is told.
#[derive(Debug, Clone, Copy)]
pub struct RecordEnd<'a> {
    /// How.
    pub outcome: Outcome,
    /// Why, in a word.
    pub detail: &'a str,
    /// Everything that is wrong with the row that speaks for the call.
    pub problems: &'a [Problem],
    /// What was delivered.
    pub delivered: Option<&'a Delivered>,
}

impl RecordEnd<'_> {
    /// Tells how the call ended, once for each of its rows. The further rows are left out as `leg`;
    /// where the call is not sent they share its outcome, so that all of it can be fed in again.
    pub fn tell(
        &self,
        batch: &Batch,
        index: usize,
        further: &[FurtherRow],
        on_event: &mut dyn FnMut(Event<'_>),
    ) {
        on_event(Event::Ended {
            record: batch.get(index),
            outcome: self.outcome,
            detail: self.detail,
            problems: self.problems,
            delivered: self.delivered,
        });
        let outcome = match self.outcome {
            shared @ (Outcome::Rejected | Outcome::Failed | Outcome::OtherShard) => shared,
            _ => Outcome::Skipped,
        };
        for row in further {
            on_event(Event::Ended {
                record: batch.get(row.index),
                outcome,
                detail: "leg",
                problems: &row.problems,
                delivered: None,
            });
        }
    }
}
