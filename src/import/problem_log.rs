//! Problems on their way into the ledger.

use crate::domain::Problem;
use crate::events::{Event, StopReason, StopSignal};
use crate::ledger::LedgerWriter;

/// Problems that the ledger is told in groups, for `status` and `report`.
pub(super) struct ProblemLog {
    writer: LedgerWriter,
    waiting: Vec<Problem>,
}

/// One transaction for each would cost more than the delivery itself.
const GROUP: usize = 1000;

impl ProblemLog {
    pub(super) fn new(writer: LedgerWriter) -> Self {
        ProblemLog {
            writer,
            waiting: Vec::new(),
        }
    }

    /// Keeps the problems of a record that ended, and those that belong to none.
    pub(super) fn take(&mut self, event: &Event<'_>, stop: &StopSignal) {
        match event {
            Event::Ended { problems, .. } => self.waiting.extend_from_slice(problems),
            Event::ExportProblem(problem) => self.waiting.push(without_recording(problem)),
            _ => {}
        }
        if self.waiting.len() >= GROUP {
            self.flush(stop);
        }
    }

    /// Writes what is kept.
    pub(super) fn flush(&mut self, stop: &StopSignal) {
        if let Err(error) = self.writer.note(&self.waiting) {
            stop.raise(StopReason::LedgerLost, error.to_string());
        }
        self.waiting.clear();
    }
}

/// What belongs to no row may be about a recording, and a ledger keeps no names of those.
fn without_recording(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    if problem.location.line == 0 {
        problem.location.file = "".into();
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, Location};

    #[test]
    fn of_a_recording_the_ledger_is_not_told_the_name() {
        let location = |file: &str, line| Location::on_line(file, line);
        let told = |file: &str, line| {
            let problem = Problem::new(Code::RecordingTime, location(file, line), "odd");
            without_recording(&problem).location
        };
        assert_eq!(told("+4512345678.wav", 0), location("", 0));
        assert_eq!(told("calls.csv", 7), location("calls.csv", 7));
    }
}
