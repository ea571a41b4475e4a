//! A store, the threads that wait for it, and how requests to it are repeated.

use std::sync::Arc;

use super::error::SourceError;
use super::object::{ByteRange, ObjectBody, ObjectPage, ObjectState};
use super::object_source::ObjectSource;
use super::runtime::StoreRuntime;
use super::source_gate::SourceGate;

/// One store and all that is needed to ask it from a thread that waits.
#[derive(Debug)]
pub(super) struct StoreConnection {
    source: Box<dyn ObjectSource>,
    gate: SourceGate,
    runtime: Arc<StoreRuntime>,
}

impl StoreConnection {
    pub(super) fn new(
        source: Box<dyn ObjectSource>,
        address: String,
        runtime: &Arc<StoreRuntime>,
    ) -> Self {
        StoreConnection {
            source,
            gate: SourceGate::new(address),
            runtime: Arc::clone(runtime),
        }
    }

    /// The same with so many tries of a request.
    pub(super) fn with_tries(self, tries: u32) -> Self {
        StoreConnection {
            gate: self.gate.with_tries(tries),
            ..self
        }
    }

    pub(super) fn list(&self, after: Option<&str>) -> Result<ObjectPage, SourceError> {
        let list = async || self.source.list(after.map(str::to_owned)).await;
        self.wait_for(self.gate.run(list))
    }

    pub(super) fn read(
        &self,
        key: &str,
        range: ByteRange,
        tag: Option<&str>,
    ) -> Result<ObjectBody, SourceError> {
        let read = async || self.source.read(key, range, tag).await;
        self.wait_for(self.gate.run(read))
    }

    pub(super) fn state(&self, key: &str) -> Result<ObjectState, SourceError> {
        let state = async || self.source.state(key).await;
        self.wait_for(self.gate.run(state))
    }

    /// Waits after reading broke off in the middle for the time to go on, or gives the error back.
    pub(super) fn wait_after(&self, error: SourceError, tried: u32) -> Result<(), SourceError> {
        self.wait_for(self.gate.leave_with(error, tried))
    }

    /// Waits for something on the threads of the stores.
    pub(super) fn wait_for<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.wait_for(answer)
    }
}
