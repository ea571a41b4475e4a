//! Places where a test ends the process, or takes the disk away, at the worst moment.
//!
//! Only with the feature `failpoints`, which no release can be built with; without it all of this
//! is empty. `config` reads from the environment which place it is, `tests/it/crash_points.rs` goes
//! through them one by one. The process ends by SIGKILL: nothing is flushed, no destructor runs.

use std::io;
use std::path::Path;

#[cfg(feature = "failpoints")]
mod armed;

#[cfg(feature = "failpoints")]
pub use armed::{FailurePlan, arm};

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("the feature `failpoints` is for tests and never part of a release");

/// A place that the program comes by, over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A step of making or opening a ledger has been taken.
    LedgerOpens,
    /// A group of facts is about to be written.
    CommitBegins,
    /// It is on the disk, and nobody has been told.
    CommitEnds,
    /// The log is about to be folded into the ledger, or has been.
    LedgerCloses,
    /// The intent is durable, and the request is about to leave.
    RequestLeaves,
    /// A piece of a recording has been handed to the connection.
    BodyLeaves,
    /// The server has answered, and the answer has not been read.
    AnswerArrives,
    /// The answer is known, and nothing has been done about it.
    AnswerIsRead,
    /// A fact is about to be handed to the ledger.
    FactIsDue,
}

/// Ends the process if this is the place and the time.
#[inline]
pub fn reached(point: Point) {
    #[cfg(feature = "failpoints")]
    armed::reached(point);
    #[cfg(not(feature = "failpoints"))]
    let _ = point;
}

/// What is to become of a commit.
#[derive(Debug)]
pub struct Begun {
    #[cfg(feature = "failpoints")]
    log: Option<armed::CommitLog>,
}

/// Before a commit. The error is that of a disk that takes no more.
#[inline]
pub fn commit_begins(ledger: &Path) -> io::Result<Begun> {
    reached(Point::CommitBegins);
    #[cfg(not(feature = "failpoints"))]
    let _ = ledger;
    Ok(Begun {
        #[cfg(feature = "failpoints")]
        log: armed::commit_begins(ledger)?,
    })
}

/// After a commit that went well.
#[inline]
#[cfg_attr(
    not(feature = "failpoints"),
    expect(
        clippy::needless_pass_by_value,
        reason = "there is something in it otherwise"
    )
)]
pub fn commit_ends(begun: Begun) {
    #[cfg(feature = "failpoints")]
    armed::commit_ends(begun.log);
    #[cfg(not(feature = "failpoints"))]
    let Begun {} = begun;
    reached(Point::CommitEnds);
}
