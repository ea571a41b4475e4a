//! What it takes to decide the calls of a batch.

use super::target::CallTarget;
use crate::mapping::CallMapping;
use crate::pipeline::{Ownership, Round, RunContext};

/// What it takes to decide the calls of a batch.
#[derive(Clone, Copy)]
pub(in crate::targets) struct CallContext<'w> {
    pub(in crate::targets) run: RunContext<'w>,
    pub(in crate::targets) target: &'w CallTarget,
    pub(in crate::targets) mapping: &'w CallMapping,
    pub(in crate::targets) round: Round,
}

impl<'w> CallContext<'w> {
    /// What is known by now of who claims which recording.
    pub(in crate::targets) fn ownership(&self) -> Option<&'w Ownership> {
        self.run.rounds.known_in(self.round)
    }
}
