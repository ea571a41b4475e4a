//! Signals that end a run.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::events::{StopReason, StopSignal};

/// Waits for signals for ever: the first one ends the run softly, the second at once.
pub(super) async fn on_signals<T>(stop: &StopSignal) -> T {
    let mut count = 0;
    loop {
        if signal().await.is_err() {
            // Without a handler the system ends the program, and the ledger resumes it.
            return std::future::pending().await;
        }
        count += 1;
        if count == 1 {
            stop.raise(StopReason::Interrupted, "interrupted by a signal");
        } else {
            stop.abort();
        }
    }
}

/// Listens to signals as long as what it gives is kept.
pub(super) fn listen(stop: &Arc<StopSignal>) -> JoinSet<()> {
    let mut listening = JoinSet::new();
    let stop = Arc::clone(stop);
    listening.spawn(async move { on_signals(&stop).await });
    listening
}

/// Waits for a signal that asks the program to end.
#[cfg(unix)]
pub(super) async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for a signal that asks the program to end.
#[cfg(not(unix))]
pub(super) async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
