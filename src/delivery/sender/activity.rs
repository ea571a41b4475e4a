//! What the sender is doing, counted as it goes: requests that ended and requests in flight.

use std::sync::atomic::{AtomicU64, Ordering};

use super::request_kind::RequestKind;
use crate::api::Error;
use crate::events::{AnswerClass, AnswerCounts};

/// Counts without a lock, so that whoever looks holds nobody up.
#[derive(Debug, Default)]
pub(crate) struct SendingActivity {
    ended: [AtomicU64; 5],
    others: AtomicU64,
    uploads: AtomicU64,
}

/// One request in flight, until it is dropped.
pub(super) struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl SendingActivity {
    /// A request leaves.
    pub(super) fn leave(&self, kind: RequestKind) -> InFlight<'_> {
        let count = match kind {
            RequestKind::Upload => &self.uploads,
            RequestKind::Create | RequestKind::Case | RequestKind::Change => &self.others,
        };
        count.fetch_add(1, Ordering::Relaxed);
        InFlight(count)
    }

    /// A request has ended.
    pub(super) fn ended(&self, error: Option<&Error>) {
        let class = match error {
            None | Some(Error::ForeignUid) => AnswerClass::Success,
            Some(Error::Status { status, .. } | Error::Unreadable { status }) => {
                AnswerClass::of(*status)
            }
            Some(_) => AnswerClass::NoAnswer,
        };
        self.ended[class as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that ended, by class.
    pub(crate) fn answers(&self) -> AnswerCounts {
        AnswerCounts(std::array::from_fn(|class| {
            self.ended[class].load(Ordering::Relaxed)
        }))
    }

    /// Requests in flight that carry a recording.
    pub(crate) fn uploads(&self) -> u64 {
        self.uploads.load(Ordering::Relaxed)
    }

    /// All requests in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        self.others.load(Ordering::Relaxed) + self.uploads()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_while_they_are_in_flight_and_by_their_answers() {
        let activity = SendingActivity::default();
        let upload = activity.leave(RequestKind::Upload);
        let create = activity.leave(RequestKind::Create);
        assert_eq!((activity.in_flight(), activity.uploads()), (2, 1));
        drop(upload);
        activity.ended(None);
        drop(create);
        activity.ended(Some(&Error::TimedOut(std::time::Duration::ZERO)));
        for status in [302, 429, 503] {
            activity.ended(Some(&Error::Unreadable { status }));
        }
        assert_eq!((activity.in_flight(), activity.uploads()), (0, 0));
        assert_eq!(activity.answers(), AnswerCounts([1, 1, 1, 1, 1]));
    }
}
