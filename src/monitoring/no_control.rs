//! Systems without sockets that have a place among files.

use std::path::Path;

use super::control_error::ControlError;
use super::control_order::ControlOrder;

/// There is no way to reach a run here.
pub fn ask(_ledger: &Path, _order: ControlOrder) -> Result<String, ControlError> {
    Err(ControlError::NotHere)
}
