//! The report of a run as it listens.

use std::sync::Arc;

use crate::events::{Event, StopReason, StopSignal};
use crate::import::Listener;
use crate::monitoring::RunBoard;
use crate::report::{self, Report};

/// The report, and the first of its files that could not be written.
pub(super) struct ReportListener {
    pub(super) report: Report,
    pub(super) written: Result<(), report::Error>,
    stop: Arc<StopSignal>,
    /// Where those who watch find the figures; `None` where nobody does.
    pub(super) board: Option<Arc<RunBoard>>,
}

impl ReportListener {
    /// Stops the run when a file of the report cannot be written.
    pub(super) fn new(
        report: Report,
        stop: Arc<StopSignal>,
        board: Option<Arc<RunBoard>>,
    ) -> ReportListener {
        ReportListener {
            report,
            written: Ok(()),
            stop,
            board,
        }
    }
}

impl Listener for ReportListener {
    fn event(&mut self, event: &Event<'_>) {
        // Told to the end whatever happens, so that every record is counted.
        let told = self.report.event(event);
        if let Err(error) = told
            && self.written.is_ok()
        {
            self.stop.raise(StopReason::ReportLost, error.to_string());
            self.written = Err(error);
        }
    }

    fn progress_due(&mut self) -> Option<String> {
        if let Some(board) = &self.board {
            board.publish(|| self.report.figures());
        }
        self.report.work_due().map(|work| work.to_json())
    }
}
