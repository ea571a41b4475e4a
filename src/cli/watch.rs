//! Those who watch a run: let in before it begins, and out after its end.

use std::sync::Arc;

use super::error::Error;
use super::exit_code::Exit;
use super::signals;
use crate::config::MonitoringArgs;
use crate::monitoring::{Monitor, RunBoard};

/// Those who watch this run; nobody where none were asked in.
#[derive(Default)]
pub(super) struct Watch(Option<Monitor>);

impl Watch {
    /// Opens the doors.
    pub(super) fn start(arguments: &MonitoringArgs) -> Result<Watch, Error> {
        let options = arguments.options()?;
        if !options.is_asked() {
            return Ok(Watch::default());
        }
        Ok(Watch(Some(Monitor::start(options)?)))
    }

    /// Where the run writes its figures.
    pub(super) fn board(&self) -> Option<Arc<RunBoard>> {
        self.0.as_ref().map(|monitor| Arc::clone(monitor.board()))
    }

    /// Where requests are answered.
    pub(super) fn url(&self) -> Option<String> {
        let address = self.0.as_ref()?.address()?;
        Some(format!("http://{address}"))
    }

    /// Tells how the run ended, and closes the doors; a signal closes them at once.
    pub(super) async fn end(self, ended: &Result<Exit, Error>) {
        let exit = ended.as_ref().map_or_else(Exit::of_error, |exit| *exit);
        if let Some(monitor) = &self.0 {
            tokio::select! {
                () = monitor.ended(exit.code()) => {}
                _ = signals::signal() => {}
            }
        }
    }
}
