//! What the ledger of a place knows, to be compared with what the server has.

use std::collections::BTreeSet;

use capturi_import::ledger::{CallState, CreateState, Ledger, UploadState};

use super::export::Given;
use super::program::Workdir;
use super::server::Server;

fn states(workdir: &Workdir, ids: &[&str]) -> Vec<Option<CallState>> {
    let ledger = Ledger::read(&workdir.path("capturi-import.db")).expect("a ledger");
    ledger.call_states(ids).expect("states")
}

/// The calls whose recording the ledger knows to have been sent although it may have been there.
pub(crate) fn known_doubts(workdir: &Workdir, given: &[Given]) -> BTreeSet<String> {
    let ids: Vec<&str> = given.iter().map(|call| call.id.as_str()).collect();
    let is_doubt = |(id, state): (&&str, Option<CallState>)| {
        let state = state.expect("every call is known");
        (state.in_doubt_resends > 0).then(|| (*id).to_owned())
    };
    let states = states(workdir, &ids);
    ids.iter().zip(states).filter_map(is_doubt).collect()
}

/// Whether the ledger knows of each recording that the server has.
pub(crate) fn every_answer_is_known(workdir: &Workdir, server: &Server) -> bool {
    let there = server.snapshot().conversations;
    let with_recording = there.iter().filter(|found| !found.uploads.is_empty());
    let ids: Vec<&str> = with_recording
        .map(|found| &*found.external_identity)
        .collect();
    let is_done = |state: &Option<CallState>| {
        state
            .as_ref()
            .is_some_and(|state| matches!(state.upload, UploadState::Done { .. }))
    };
    states(workdir, &ids).iter().all(is_done)
}

/// Whatever the server has was intended before: each conversation, each recording.
#[track_caller]
pub(crate) fn every_request_was_intended(workdir: &Workdir, server: &Server) {
    let there = server.snapshot().conversations;
    if there.is_empty() {
        return;
    }
    let ids: Vec<&str> = there
        .iter()
        .map(|found| &*found.external_identity)
        .collect();
    for (found, state) in there.iter().zip(states(workdir, &ids)) {
        let id = &found.external_identity;
        let state = state.unwrap_or_else(|| panic!("{id} was sent without an intent"));
        assert_ne!(state.create, CreateState::Never, "{id}: no intent");
        assert!(
            found.uploads.is_empty() || state.upload != UploadState::Never,
            "{id}: its recording was sent without an intent"
        );
    }
}
