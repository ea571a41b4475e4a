//! The pretend server inside the test, and whether it has what it must have.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use capturi_import::sandbox::{self, Fault, FaultRule, Faults, Sandbox, SandboxOptions, Snapshot};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::export::Given;

/// A token that cannot be part of anything else.
pub(crate) const TOKEN: &str = "t0ken-that-nobody-may-ever-see-4711";

/// A sandbox with threads of its own, until the end of the test.
pub(crate) struct Server {
    sandbox: Sandbox,
    /// Dropped after the sandbox that runs on it.
    _runtime: Runtime,
}

/// A fault on this share of all requests, told by lot from a seed.
pub(crate) fn sometimes(share: f64, fault: Fault) -> FaultRule {
    FaultRule::new(fault).with_probability(share)
}

/// A fault on this share of the first two tries of each request, which bounds how long the waits
/// between tries grow.
pub(crate) fn at_first(share: f64, fault: Fault) -> FaultRule {
    sometimes(share, fault).first(2)
}

/// A fault on the first try of each request.
pub(crate) fn on_first_try(fault: Fault) -> FaultRule {
    FaultRule::new(fault).first(1)
}

/// A fault for ever.
pub(crate) fn always(fault: Fault) -> FaultRule {
    FaultRule::new(fault)
}

impl Server {
    pub(crate) fn healthy() -> Self {
        Server::with(Faults::default())
    }

    pub(crate) fn with_rule(rule: FaultRule) -> Self {
        Server::with(Faults::seeded(7).with(rule))
    }

    pub(crate) fn with(faults: Faults) -> Self {
        Server::with_options(SandboxOptions::new(TOKEN).with_faults(faults))
    }

    /// Its lists have at most so many conversations in a page.
    pub(crate) fn with_pages_of(most_in_page: usize) -> Self {
        Server::with_options(SandboxOptions {
            most_in_page,
            ..SandboxOptions::new(TOKEN)
        })
    }

    fn with_options(options: SandboxOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        // A meddler or a TLS server in front of it has a port of its own, which clients name.
        let options = SandboxOptions {
            allow_remote: true,
            ..options
        };
        let sandbox = runtime
            .block_on(sandbox::start(options))
            .expect("a sandbox");
        Server {
            sandbox,
            _runtime: runtime,
        }
    }

    /// Other faults from now on.
    pub(crate) fn now_with(&self, faults: Faults) {
        self.sandbox.set_faults(faults).expect("possible faults");
    }

    /// As if nothing had ever arrived.
    pub(crate) fn forget_everything(&self) {
        self.sandbox.reset();
    }

    pub(crate) fn heal(&self) {
        self.now_with(Faults::default());
    }

    pub(crate) fn url(&self) -> String {
        self.sandbox.url()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.sandbox.snapshot()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.snapshot().requests
    }

    /// Each call is there once with all its fields and its recording once, and nothing else is.
    pub(crate) fn has_exactly(&self, calls: &[Given], version: &str) {
        let doubled = self.has_at_least_the_recordings_of(calls, version);
        assert!(
            doubled.is_empty(),
            "recordings that came twice: {doubled:?}"
        );
    }

    /// The same, where recordings may have come more than once: the ids of those.
    pub(crate) fn has_at_least_the_recordings_of(
        &self,
        calls: &[Given],
        version: &str,
    ) -> BTreeSet<String> {
        let snapshot = self.snapshot();
        let mut doubled = BTreeSet::new();
        assert_eq!(
            ids(&snapshot),
            calls.iter().map(|call| call.id.clone()).collect()
        );
        assert_eq!(
            snapshot.conversations.len(),
            calls.len(),
            "a conversation came twice"
        );
        for call in calls {
            let found = snapshot.conversation(&call.id).expect("compared above");
            assert_eq!(found.version, version);
            let fields = serde_json::Value::Object(found.fields.clone());
            assert_eq!(
                fields,
                serde_json::Value::Object(call.expected_in(version)),
                "{}",
                call.id
            );
            assert!(
                !found.uploads.is_empty(),
                "the recording of {} is missing",
                call.id
            );
            for upload in &found.uploads {
                assert_eq!(upload.sha256, sha256(&call.recording), "{}", call.id);
                assert_eq!(upload.bytes, call.recording.len() as u64, "{}", call.id);
                assert_eq!(upload.content_type, "audio/wav", "{}", call.id);
            }
            if found.uploads.len() > 1 {
                doubled.insert(call.id.clone());
            }
        }
        doubled
    }

    /// How often recordings came although they were there.
    pub(crate) fn surplus_uploads(&self) -> usize {
        let snapshot = self.snapshot();
        snapshot
            .conversations
            .iter()
            .map(|found| found.uploads.len().saturating_sub(1))
            .sum()
    }
}

/// The ids of all conversations.
pub(crate) fn ids(snapshot: &Snapshot) -> BTreeSet<String> {
    snapshot
        .conversations
        .iter()
        .map(|found| found.external_identity.clone())
        .collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("memory");
    }
    text
}
