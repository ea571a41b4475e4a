//! The screens of a command that runs and then says something of its own.

use crate::report::Screen;

/// One for each, because a report keeps the one that it has.
pub(super) struct Screens {
    /// That of the report of the run.
    pub(super) run: Screen,
    /// That of what comes after it.
    pub(super) own: Screen,
}
