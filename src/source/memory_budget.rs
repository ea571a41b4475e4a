//! A bound on the batches that are in memory between their reading and their end.
//!
//! Channels bound the number of batches. A batch may be one record of many megabytes, so their bytes
//! need a bound as well: who reads waits until earlier batches have gone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes of batches may be under way. One batch always may, however large it is.
const MOST: usize = 24 << 20;

/// The bytes of the batches that are under way.
#[derive(Debug, Default)]
pub struct MemoryBudget {
    state: Mutex<BudgetState>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct BudgetState {
    used: usize,
    /// Who waits for room; only tests ask.
    #[cfg(test)]
    waiting: usize,
    is_closed: bool,
}

/// Bytes of a budget, given back when this is dropped, or before.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: AtomicUsize,
}

impl MemoryBudget {
    /// Waits until there is room for `bytes`, and takes it.
    pub(super) fn reserve(self: &Arc<Self>, bytes: usize) -> Reservation {
        let mut state = self.lock();
        while state.used > 0 && state.used.saturating_add(bytes) > MOST && !state.is_closed {
            #[cfg(test)]
            {
                state.waiting += 1;
            }
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            #[cfg(test)]
            {
                state.waiting -= 1;
            }
        }
        state.used = state.used.saturating_add(bytes);
        Reservation {
            budget: Arc::clone(self),
            bytes: AtomicUsize::new(bytes),
        }
    }

    /// Lets nobody wait any more: what comes now is not wanted.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, BudgetState> {
        // A number stays a number when a thread that held it has panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Whether anybody waits for room.
    #[cfg(test)]
    pub(super) fn is_awaited(&self) -> bool {
        self.budget.lock().waiting > 0
    }

    /// Gives the bytes back.
    pub(super) fn release(&self) {
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        let mut state = self.budget.lock();
        state.used = state.used.saturating_sub(bytes);
        drop(state);
        self.budget.freed.notify_all();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_has_no_room_waits_until_there_is_some() {
        let budget = Arc::new(MemoryBudget::default());
        let first = budget.reserve(3 * MOST);
        let (sender, receiver) = channel();
        let other = Arc::clone(&budget);
        let waiting = thread::spawn(move || {
            let second = other.reserve(1);
            sender.send(()).unwrap();
            second
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
        first.release();
        receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        let _second = waiting.join().unwrap();
        drop(first);
        assert_eq!(budget.lock().used, 1);
        budget.close();
        // Nobody waits for what nobody wants.
        drop(budget.reserve(3 * MOST));
    }
}
