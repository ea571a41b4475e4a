//! What to do next with a call or a case: pure functions of what the ledger knows and of what the
//! operator asked for. No clock, no file, no network, so that a dry run is the plan printed and
//! every combination can be listed in a test.

mod call;
mod case;

pub use call::{
    ExistingConversation, MissingRecording, Policy, RecordingPresence, Step, is_another_call, next,
};
pub use case::{CaseStep, ExportedCase, MessageEndpoint, case_step, may_replace};
