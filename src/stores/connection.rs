//! A store, the threads that wait for it, and how requests to it are repeated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt as _};

use super::error::SourceError;
use super::object::{ByteRange, ListedObject, ObjectBody, ObjectPage, ObjectState, UnlistedObject};
use super::object_source::ObjectSource;
use super::runtime::StoreRuntime;
use super::settings::OutagePolicy;
use super::source_gate::SourceGate;
use super::store_line::StoreLine;
use crate::recordings::StoreOutage;

/// Objects whose state is asked for side by side, where a list does not tell it.
const ASKED_AT_ONCE: usize = 16;

/// One store and all that is needed to ask it from a thread that waits.
#[derive(Debug)]
pub(super) struct StoreConnection {
    source: Box<dyn ObjectSource>,
    address: String,
    outage: OutagePolicy,
    /// Other than the usual tries of a request.
    tries: Option<u32>,
    line: StoreLine,
    /// A gate for each host: a store is one, and URLs of an export lead to several.
    gates: Mutex<HashMap<String, Arc<SourceGate>>>,
    runtime: Arc<StoreRuntime>,
}

impl StoreConnection {
    pub(super) fn new(
        source: Box<dyn ObjectSource>,
        address: String,
        outage: OutagePolicy,
        runtime: &Arc<StoreRuntime>,
    ) -> Self {
        StoreConnection {
            source,
            address,
            outage,
            tries: None,
            line: StoreLine::default(),
            gates: Mutex::default(),
            runtime: Arc::clone(runtime),
        }
    }

    /// The same with so many tries of a request.
    pub(super) fn with_tries(self, tries: u32) -> Self {
        StoreConnection {
            tries: Some(tries),
            ..self
        }
    }

    /// The same over this line.
    pub(super) fn over(self, line: &StoreLine) -> Self {
        StoreConnection {
            line: line.clone(),
            ..self
        }
    }

    /// Takes bytes that were read, and waits until more may come.
    pub(super) fn take(&self, bytes: usize) {
        self.wait_for(self.line.take(bytes));
    }

    /// What requests for this key wait at.
    fn gate(&self, key: &str) -> Arc<SourceGate> {
        let host = self.source.host(key);
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let name = host.as_deref().unwrap_or_default();
        if let Some(gate) = gates.get(name) {
            return Arc::clone(gate);
        }
        let address = host.as_ref().unwrap_or(&self.address).clone();
        let mut gate = SourceGate::new(address, self.outage);
        if let Some(tries) = self.tries {
            gate = gate.with_tries(tries);
        }
        let gate = Arc::new(gate);
        gates.insert(name.to_owned(), Arc::clone(&gate));
        gate
    }

    /// The hosts that were down, and what was not asked of them then.
    pub(super) fn outages(&self) -> Vec<StoreOutage> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outages: Vec<_> = gates.values().filter_map(|gate| gate.outage()).collect();
        outages.sort_unstable_by(|one, other| one.place.cmp(&other.place));
        outages
    }

    pub(super) fn list(&self, after: Option<&str>) -> Result<ObjectPage, SourceError> {
        let gate = self.gate("");
        let list = async || self.source.list(after.map(str::to_owned)).await;
        self.wait_for(async {
            let mut page = gate.run(list).await?;
            self.measure(&gate, &mut page).await?;
            Ok(page)
        })
    }

    /// Asks for what the list does not tell of its objects.
    async fn measure(&self, gate: &SourceGate, page: &mut ObjectPage) -> Result<(), SourceError> {
        let unmeasured = std::mem::take(&mut page.unmeasured);
        page.requests += unmeasured.len() as u64;
        let asked = stream::iter(unmeasured).map(async |key| {
            let state = gate.run(async || self.source.state(&key).await).await;
            (key, state)
        });
        let mut asked = std::pin::pin!(asked.buffered(ASKED_AT_ONCE));
        while let Some((key, state)) = asked.next().await {
            match state {
                Ok(state) => page.objects.push(ListedObject { key, state }),
                Err(error @ (SourceError::Refused(_) | SourceError::NotFound)) => {
                    let why = error.to_string();
                    page.unlisted.push(UnlistedObject { name: key, why });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) fn read(
        &self,
        key: &str,
        range: ByteRange,
        tag: Option<&str>,
    ) -> Result<ObjectBody, SourceError> {
        let gate = self.gate(key);
        let read = async || self.source.read(key, range, tag).await;
        self.wait_for(gate.run(read))
    }

    pub(super) fn state(&self, key: &str) -> Result<ObjectState, SourceError> {
        let gate = self.gate(key);
        let state = async || self.source.state(key).await;
        self.wait_for(gate.run(state))
    }

    /// Waits after reading an object broke off in the middle for the time to go on, or gives the error
    /// back.
    pub(super) fn wait_after(
        &self,
        key: &str,
        error: SourceError,
        tried: u32,
    ) -> Result<(), SourceError> {
        let gate = self.gate(key);
        self.wait_for(gate.leave_with(error, tried))
    }

    /// Waits for something on the threads of the stores.
    pub(super) fn wait_for<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.wait_for(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::BoxFuture;

    use super::*;

    /// Two hosts, of which one asks everybody to wait an hour.
    #[derive(Debug)]
    struct TwoHosts;

    impl ObjectSource for TwoHosts {
        fn host(&self, key: &str) -> Option<String> {
            Some(key.to_owned())
        }

        fn list(&self, _: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
            unreachable!("nothing is listed")
        }

        fn read<'a>(
            &'a self,
            _: &'a str,
            _: ByteRange,
            _: Option<&'a str>,
        ) -> BoxFuture<'a, Result<ObjectBody, SourceError>> {
            unreachable!("nothing is read")
        }

        fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
            let is_slow = key == "slow";
            Box::pin(async move {
                if is_slow {
                    return Err(SourceError::Passing {
                        what: "busy".to_owned(),
                        wait: Some(Duration::from_secs(3600)),
                        is_throttle: true,
                    });
                }
                Ok(ObjectState::unknown())
            })
        }
    }

    #[test]
    fn a_host_that_asks_for_patience_holds_only_itself() {
        let runtime = Arc::new(StoreRuntime::start().unwrap());
        let source = Box::new(TwoHosts);
        let name = "URLs of the export".to_owned();
        let connection = StoreConnection::new(source, name, OutagePolicy::Probe, &runtime);
        let connection = Arc::new(connection);
        let slow = Arc::clone(&connection);
        let waits = std::thread::spawn(move || slow.state("slow"));
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(200) {
            assert!(connection.state("fast").is_ok());
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert!(!waits.is_finished());
    }
}
