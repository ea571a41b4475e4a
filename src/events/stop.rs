//! The one place that knows why a run ends early.

use std::sync::Mutex;

use tokio_util::sync::CancellationToken;

/// Why a run ended early. Ordered: of two reasons the greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// A limit that the operator set (`--limit`, a time).
    Limit,
    /// A signal; running the same command again resumes.
    Interrupted,
    /// The export could not be read to its end, or the mapping does not fit one of its files.
    ExportBroken,
    /// Too many errors, or the destination cannot be reached.
    GaveUp,
    /// The ledger is new, and the destination has the first calls already.
    WrongLedger,
    /// The token was refused (401 or 403).
    TokenRefused,
    /// A file of the report could not be written, so nobody could look up what was sent.
    ReportLost,
    /// The ledger could not be written, so nothing more may be sent.
    LedgerLost,
}

/// Raised by whoever finds a reason to end the run; of several reasons the gravest is kept.
#[derive(Debug, Default)]
pub struct StopSignal {
    reason: Mutex<Option<(StopReason, String)>>,
    soft: CancellationToken,
    /// The reason forbids further requests, and not only further calls.
    firm: CancellationToken,
    hard: CancellationToken,
}

impl StopSignal {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no more calls; what is in flight is finished.
    pub fn raise(&self, stop: StopReason, why: impl Into<String>) {
        let mut reason = self
            .reason
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if reason.as_ref().is_none_or(|(known, _)| *known < stop) {
            *reason = Some((stop, why.into()));
        }
        if stop >= StopReason::GaveUp {
            self.firm.cancel();
        }
        self.soft.cancel();
    }

    /// Ends what is in flight at once; what is in doubt stays intended in the ledger.
    pub fn abort(&self) {
        self.firm.cancel();
        self.soft.cancel();
        self.hard.cancel();
    }

    /// The gravest reason so far, with its words.
    pub fn reason(&self) -> Option<(StopReason, String)> {
        self.reason
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Whether no more calls are taken.
    pub fn is_raised(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Resolves once no more calls are taken.
    pub async fn raised(&self) {
        self.soft.cancelled().await;
    }

    /// Resolves once no more requests may leave, not even for calls that are half done.
    pub async fn forbidden(&self) {
        self.firm.cancelled().await;
    }

    /// Whether everything is to end at once.
    pub fn is_aborted(&self) -> bool {
        self.hard.is_cancelled()
    }

    /// Resolves once everything is to end at once.
    pub async fn aborted(&self) {
        self.hard.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_reason_is_kept() {
        let signal = StopSignal::new();
        assert!(!signal.is_raised());
        for stop in [
            StopReason::Limit,
            StopReason::TokenRefused,
            StopReason::Interrupted,
        ] {
            signal.raise(stop, format!("{stop:?}"));
        }
        assert_eq!(
            signal.reason(),
            Some((StopReason::TokenRefused, "TokenRefused".to_owned()))
        );
        assert!(signal.is_raised());
    }
}
