//! What a record decides of itself, where it tells a case.

use crate::pipeline::{CaseJob, Proposal};

/// A record as it leaves the worker.
pub(in crate::targets) type CaseProposal = Proposal<CaseJob>;
