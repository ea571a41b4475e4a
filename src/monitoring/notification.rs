//! What people and programs are told of a run, as one JSON object: counts, exit code, advice and paths. No
//! values, ids or people.

use jiff::Timestamp;
use serde::Serialize;

use super::board::BoardState;
use crate::report::RunFigures;

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Occasion {
    /// The run went to its end.
    Ended,
    /// It stopped early, or never began.
    Stopped,
    /// More calls are held or failed than was set.
    LimitPassed,
}

#[derive(Serialize)]
struct RunMessage<'s> {
    program: &'static str,
    version: &'static str,
    occasion: Occasion,
    /// For those who show one line.
    text: String,
    sent: Timestamp,
    exit: Option<u8>,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'s str>,
    advice: &'s [String],
    files: Vec<String>,
    ledger: Option<String>,
    #[serde(flatten)]
    figures: Option<&'s RunFigures>,
}

impl Occasion {
    /// How a run has ended.
    pub(super) fn of_end(state: &BoardState) -> Occasion {
        let stop = state.figures.as_ref().and_then(|it| it.work.stop);
        if stop.is_some() || state.error.is_some() {
            Occasion::Stopped
        } else {
            Occasion::Ended
        }
    }
}

/// The message of this moment.
pub(super) fn message(state: &BoardState, occasion: Occasion) -> String {
    let files = state.notes.files.iter();
    let advice = &state.notes.advice;
    let error = state.error.as_deref();
    let figures = state.figures.as_deref();
    let exit = state.end.map(|end| end.exit);
    let head = match (occasion, exit) {
        (Occasion::LimitPassed, _) => {
            "more calls are held or failed than --notify-after".to_owned()
        }
        (_, Some(exit)) => format!("exit {exit}"),
        (_, None) => "ended".to_owned(),
    };
    let last = error.or(advice.last().map(String::as_str));
    let text = last.map_or_else(
        || format!("capturi-import: {head}"),
        |last| format!("capturi-import: {head}. {last}"),
    );
    let message = RunMessage {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        occasion,
        text,
        sent: Timestamp::now(),
        exit,
        error,
        advice,
        files: files
            .map(|file| file.to_string_lossy().into_owned())
            .collect(),
        ledger: (state.ledger_path.as_ref()).map(|path| path.to_string_lossy().into_owned()),
        figures,
    };
    // Our own types always serialize.
    serde_json::to_string(&message).unwrap_or_default()
}
