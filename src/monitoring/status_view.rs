//! The status of a run as one JSON object.

use serde::Serialize;

use super::board::BoardState;
use crate::events::LimitedBy;
use crate::report::RunFigures;

/// What is known at one moment.
pub(super) struct StatusJson<'s>(pub(super) &'s BoardState);

#[derive(Serialize)]
struct StatusFields<'s> {
    program: &'static str,
    version: &'static str,
    is_running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<jiff::Timestamp>,
    limited_by: Option<LimitedBy>,
    #[serde(flatten)]
    figures: Option<&'s RunFigures>,
}

impl StatusJson<'_> {
    /// As text.
    pub(super) fn text(&self) -> String {
        let state = self.0;
        let fields = StatusFields {
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            is_running: state.end.is_none(),
            exit: state.end.map(|end| end.exit),
            ended: state.end.map(|end| end.at),
            limited_by: state.limited_by,
            figures: state.figures.as_deref(),
        };
        // Our own types always serialize.
        serde_json::to_string(&fields).unwrap_or_default()
    }
}
