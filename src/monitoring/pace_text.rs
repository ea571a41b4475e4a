//! Why a run is not faster, in a sentence, and what would change that.

use super::board::BoardState;
use crate::events::LimitedBy;

/// The sentence; nothing before anything was sent.
pub(super) fn why_not_faster(state: &BoardState) -> Option<String> {
    let figures = state.figures.as_ref()?;
    let sending = figures.sending?;
    if state.end.is_some() {
        return Some("The run has ended.".to_owned());
    }
    // A pause and an order of the operator hold now, whatever held for the last minute.
    let now = sending.limited_by;
    let reason = match now {
        LimitedBy::Pause | LimitedBy::Window | LimitedBy::Operator => now,
        _ => state.limited_by.unwrap_or(now),
    };
    let until = figures.pause.as_ref().and_then(|pause| pause.until);
    let until = until.map_or_else(String::new, |until| {
        format!(" until {}", until.strftime("%H:%M:%S UTC"))
    });
    let width = sending.width;
    Some(match reason {
        LimitedBy::Rate => {
            let rate = sending.rate.unwrap_or_default();
            format!("The set rate: {rate} requests a second (--rate, `control rate`).")
        }
        LimitedBy::Bandwidth => {
            let line = sending.bandwidth.unwrap_or_default();
            format!("The set bandwidth: {line} bytes a second (--bandwidth, `control bandwidth`).")
        }
        LimitedBy::Pause => {
            let why = figures.pause.as_ref().map(|pause| pause.why.as_str());
            let why = why.unwrap_or("the server does not answer");
            format!("Paused{until}: {why}.")
        }
        LimitedBy::Window => format!("Outside the set hours (--window): paused{until}."),
        LimitedBy::Operator => "Paused by the operator; `control resume` goes on.".to_owned(),
        LimitedBy::Answers => format!(
            "The server's answers: all {width} requests that may be in flight wait for one (--concurrency)."
        ),
        LimitedBy::Narrowed => format!(
            "The server's answers: it asked for less, so {width} of {} requests are in flight at once.",
            sending.most
        ),
        LimitedBy::Uploads => format!(
            "Recordings on their way: the line, or the place where they come from; {width} requests at once \
             (--concurrency)."
        ),
        LimitedBy::Machine => {
            "This machine: the disk of the ledger, recordings that are converted, or tries that wait."
                .to_owned()
        }
        LimitedBy::Reading => {
            "Reading: records are read and checked, and few of them are left to send.".to_owned()
        }
    })
}
