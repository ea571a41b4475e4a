//! The status of a run as one JSON object.

use std::collections::BTreeMap;

use serde::Serialize;

use super::board::BoardState;
use super::pace_text::why_not_faster;
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
    why_not_faster: Option<String>,
    /// What to do about each kind of problem that there is.
    cures: BTreeMap<&'static str, &'static str>,
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
            why_not_faster: why_not_faster(state),
            cures: cures(state),
            figures: state.figures.as_deref(),
        };
        // Our own types always serialize.
        serde_json::to_string(&fields).unwrap_or_default()
    }
}

fn cures(state: &BoardState) -> BTreeMap<&'static str, &'static str> {
    let figures = state.figures.iter();
    let problems = figures.flat_map(|figures| &figures.problems);
    problems
        .map(|kind| (kind.code.name(), kind.code.explanation().cure))
        .collect()
}
