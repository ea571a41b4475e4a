//! Where a run sends to and which ledger it uses, in words.

use std::fmt::Write as _;

use crate::report::format::safe;
use crate::report::{DestinationLabel, Mode};

/// The first line of a run.
pub(super) fn first_line(mode: Mode, to: &DestinationLabel) -> String {
    let name = safe(&to.name);
    let ledger = to.ledger.to_string_lossy();
    let mut ledger = format!("ledger {} ({})", safe(&ledger), to.age());
    if let Some(read_api) = &to.read_api {
        let _ = write!(ledger, "; read API {}", safe(read_api));
    }
    if let Some(shard) = &to.shard {
        let _ = write!(ledger, "; {}", shard.words());
    }
    if let Some(settings) = &to.settings {
        let _ = write!(
            ledger,
            "; settings from {}",
            safe(&settings.to_string_lossy())
        );
    }
    match mode {
        Mode::Rehearsal => {
            format!("Rehearsal: a pretend server takes the calls, Capturi gets nothing; {ledger}")
        }
        Mode::Check | Mode::DryRun => {
            format!("Dry run: nothing is sent; the destination is {name}, {ledger}")
        }
        Mode::Run => format!("Sending to {name}; {ledger}"),
    }
}

/// The line of the page about a destination.
pub(super) fn destination_line(to: &DestinationLabel) -> String {
    let mut line = format!(
        "Destination: {} · Ledger: {} ({})",
        safe(&to.name),
        safe(&to.ledger.to_string_lossy()),
        to.age()
    );
    if let Some(shard) = &to.shard {
        let _ = write!(line, " · {}", shard.words());
    }
    line
}
