//! Places where a test ends the process, or takes the disk away, at the worst moment.
//!
//! Only with the feature `failpoints`, which no release can be built with; without it all of this
//! is empty. `config` reads from the environment which place it is, `tests/it/crash_points.rs` goes
//! through them one by one. The process ends by SIGKILL: nothing is flushed, no destructor runs.

use std::io;
use std::path::Path;

#[cfg(feature = "failpoints")]
mod armed;
mod point;

#[cfg(feature = "failpoints")]
pub use armed::{FailurePlan, arm};
pub use point::Point;

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("the feature `failpoints` is for tests and never part of a release");

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
pub struct CommitGuard {
    #[cfg(feature = "failpoints")]
    log: Option<armed::CommitLog>,
}

/// Before a commit. The error is that of a disk that takes no more.
#[inline]
pub fn commit_begins(ledger: &Path) -> io::Result<CommitGuard> {
    reached(Point::CommitBegins);
    #[cfg(not(feature = "failpoints"))]
    let _ = ledger;
    Ok(CommitGuard {
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
pub fn commit_ends(begun: CommitGuard) {
    #[cfg(feature = "failpoints")]
    armed::commit_ends(begun.log);
    #[cfg(not(feature = "failpoints"))]
    let CommitGuard {} = begun;
    reached(Point::CommitEnds);
}
