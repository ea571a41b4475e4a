//! What calls are made with: recordings, and what the operator asked for.

use std::sync::Arc;

use super::call_origins::CallOrigins;
use super::inspection_options::InspectionOptions;
use crate::api::ApiVersion;
use crate::domain::Policy;
use crate::recordings::{Index, Transcoder};

/// Calls: each record is a conversation, or a leg of one.
#[derive(Debug)]
pub struct CallTarget {
    /// The recordings, if an audio folder was given.
    pub recordings: Option<Arc<Index>>,
    /// How far recordings are looked into.
    pub inspection: InspectionOptions,
    /// What decrypts recordings, if the mapping names a command.
    pub decryption: Option<Arc<Transcoder>>,
    /// What the operator asked for.
    pub policy: Policy,
    /// Of what the calls are made, where the ledger keeps that.
    pub origins: Option<CallOrigins>,
    /// The shape of the destination's conversation endpoint, to warn about fields it lacks.
    pub version: ApiVersion,
}
