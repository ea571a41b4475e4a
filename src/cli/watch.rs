//! Those who watch a run: let in before it begins, and out after its end.

use std::path::Path;
use std::sync::Arc;

use super::error::Error;
use super::exit_code::Exit;
use super::signals;
use crate::config::RunArgs;
use crate::delivery::SendingControl;
use crate::events::StopSignal;
use crate::monitoring::{EndNotes, Monitor, RunBoard};
use crate::report::{RunSummary, advise};

/// Those who watch this run; nobody where none were asked in.
#[derive(Default)]
pub(super) struct Watch {
    monitor: Option<Monitor>,
    is_asked: bool,
}

impl Watch {
    /// Opens the doors.
    pub(super) fn start(run: &RunArgs) -> Result<Watch, Error> {
        let options = run.monitoring.options(run.destination.host.allow_http)?;
        let is_asked = options.is_asked();
        // The operator may always ask, where there are sockets.
        if !is_asked && cfg!(not(unix)) {
            return Ok(Watch::default());
        }
        Ok(Watch {
            monitor: Some(Monitor::start(options)?),
            is_asked,
        })
    }

    /// Whether anybody but the operator looks.
    pub(super) fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Lets the operator steer the run that has this ledger. Where that cannot be, the run goes on.
    #[cfg(unix)]
    pub(super) fn obey(&self, ledger: &Path, control: Arc<SendingControl>, stop: &Arc<StopSignal>) {
        use crate::monitoring::{ControlSocket, ControlledRun};

        let Some(monitor) = &self.monitor else {
            return;
        };
        let run = ControlledRun {
            control,
            stop: Arc::clone(stop),
            board: Arc::clone(monitor.board()),
        };
        match ControlSocket::open(ledger) {
            Ok(socket) => monitor.obey(socket, run),
            Err(error) => tracing::warn!("`control` cannot reach this run: {error}"),
        }
    }

    /// There is no way to steer a run here.
    #[cfg(not(unix))]
    pub(super) fn obey(&self, _: &Path, _: Arc<SendingControl>, _: &Arc<StopSignal>) {}

    /// All is sent: from now on there is nothing to steer.
    pub(super) fn disobey(&self) {
        if let Some(monitor) = &self.monitor {
            monitor.disobey();
        }
    }

    /// Where the run writes its figures.
    pub(super) fn board(&self) -> Option<Arc<RunBoard>> {
        self.monitor
            .as_ref()
            .map(|monitor| Arc::clone(monitor.board()))
    }

    /// Where requests are answered.
    pub(super) fn url(&self) -> Option<String> {
        let address = self.monitor.as_ref()?.address()?;
        Some(format!("http://{address}"))
    }

    /// Tells how the run ended, and closes the doors; a signal closes them at once.
    pub(super) async fn end(self, ended: &Result<Exit, Error>) {
        let exit = ended.as_ref().map_or_else(Exit::of_error, |exit| *exit);
        if let Some(monitor) = &self.monitor {
            if let Err(error) = ended {
                let text = error.to_string();
                let line = text.lines().next().unwrap_or_default();
                let line = line.trim_start_matches("error: ");
                monitor.board().failed(line.to_owned());
            }
            tokio::select! {
                () = monitor.ended(exit.code()) => {}
                _ = signals::signal() => {}
            }
        }
    }
}

/// What to do, and which files there are.
pub(super) fn notes(summary: &RunSummary) -> EndNotes {
    EndNotes {
        advice: advise(summary),
        files: summary.files.clone(),
    }
}
