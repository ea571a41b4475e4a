//! What an operator asks of a run while it goes on. Whoever hears the operator writes it down, and the run
//! obeys when it looks at the clock next, so nobody who sends waits for it.

use std::sync::{Mutex, PoisonError};

/// What holds until the operator says something else.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OperatorOrders {
    /// No request leaves.
    pub is_paused: bool,
    /// Requests a second instead of `--rate`; 0 for no limit.
    pub rate: Option<f64>,
    /// Bytes a second instead of `--bandwidth`; 0 for no limit.
    pub bandwidth: Option<u64>,
}

/// The orders of one run.
#[derive(Debug, Default)]
pub struct SendingControl(Mutex<OperatorOrders>);

impl SendingControl {
    /// Changes the orders.
    pub fn give(&self, change: impl FnOnce(&mut OperatorOrders)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The orders of this moment.
    pub fn orders(&self) -> OperatorOrders {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
