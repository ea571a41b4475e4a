//! Where requests to stores run: the reader of a recording may block its thread and waits here.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Threads for the connections to all stores of a run.
#[derive(Debug)]
pub(super) struct StoreRuntime {
    /// Always there, until it is dropped.
    runtime: Option<Runtime>,
}

impl StoreRuntime {
    pub(super) fn start() -> io::Result<StoreRuntime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stores")
            .enable_all()
            .build()?;
        Ok(StoreRuntime {
            runtime: Some(runtime),
        })
    }

    /// Waits on this thread for what a store answers. `tokio`'s own ways of doing so panic inside a
    /// runtime, where a run lists its recordings; the threads that answer are these here alone.
    pub(super) fn wait_for<T>(&self, answer: impl Future<Output = T>) -> T {
        let _timers_and_sockets = self.runtime.as_ref().map(Runtime::enter);
        // Inside a task tokio would say "pending" once the task's budget is spent.
        futures::executor::block_on(tokio::task::unconstrained(answer))
    }
}

impl Drop for StoreRuntime {
    /// Waits for nothing: the last user may be a task.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
