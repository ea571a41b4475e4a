//! What a record decides of itself, where it tells a case.

use crate::pipeline::Proposal;
use crate::targets::case::job::CaseJob;

/// A record as it leaves the worker.
pub(in crate::targets) type CaseProposal = Proposal<CaseJob>;
