//! JSON and keys for programs.

use serde::Serialize;

use super::format::safe_json;
use crate::events::StopReason;

/// One line of JSON that a terminal shows as it is. Our own types always serialize; if one does not,
/// the line says so instead of being left out.
pub(super) fn json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(json) => safe_json(json),
        Err(error) => {
            let error = serde_json::Value::from(error.to_string());
            safe_json(format!("{{\"event\":\"fault\",\"message\":{error}}}"))
        }
    }
}

/// The key of a reason to stop.
pub(super) fn stop_name(stop: StopReason) -> &'static str {
    match stop {
        StopReason::Limit => "limit",
        StopReason::Interrupted => "interrupted",
        StopReason::ExportBroken => "export_broken",
        StopReason::GaveUp => "gave_up",
        StopReason::WrongLedger => "wrong_ledger",
        StopReason::TokenRefused => "token_refused",
        StopReason::ReportLost => "report_lost",
        StopReason::LedgerLost => "ledger_lost",
    }
}
