//! Whether a request may have arrived although no answer said so.

use tokio::time::Instant;

/// What is not known of the attempts of one request, in this run and in earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Doubt {
    open: bool,
    ever: bool,
    lost_at: Option<Instant>,
    resends: u32,
}

impl Doubt {
    /// The doubt that earlier runs have left, if one of them tried the request.
    pub(crate) fn of_earlier_runs(was_tried: bool) -> Doubt {
        Doubt {
            open: was_tried,
            ever: was_tried,
            ..Doubt::default()
        }
    }

    /// The same, where it is known when the answer was lost and how often the request was sent again.
    #[must_use]
    pub(crate) fn with(self, lost_at: Option<Instant>, resends: u32) -> Doubt {
        Doubt {
            lost_at: lost_at.filter(|_| self.open),
            resends,
            ..self
        }
    }

    /// An attempt failed; whether it may have arrived.
    pub(crate) fn failed(&mut self, is_lost: bool, now: Instant) {
        self.open |= is_lost;
        self.ever |= is_lost;
        self.lost_at = self.open.then_some(now);
    }

    /// It is known that no attempt has arrived.
    pub(crate) fn settled(&mut self) {
        self.open = false;
    }

    /// The request is sent although it may be there; how often that was done, now included.
    pub(crate) fn resent(&mut self) -> u32 {
        self.resends += 1;
        self.resends
    }

    /// Whether an attempt may have arrived.
    pub(crate) fn is_open(self) -> bool {
        self.open
    }

    /// Whether that was so at any time: whatever was found out since, what is there may be ours.
    pub(crate) fn ever(self) -> bool {
        self.ever
    }

    /// Until when the last attempt in doubt may have been on its way.
    pub(crate) fn lost_at(self) -> Option<Instant> {
        self.lost_at
    }

    /// How often the request was sent although it may have been there, in all runs.
    pub(crate) fn resends(self) -> u32 {
        self.resends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_that_is_settled_is_remembered() {
        let (mut doubt, now) = (Doubt::default(), Instant::now());
        doubt.failed(false, now);
        assert_eq!(doubt, Doubt::default());
        doubt.failed(true, now);
        assert!(doubt.is_open() && doubt.ever());
        assert_eq!(doubt.lost_at(), Some(now));
        doubt.settled();
        assert!(!doubt.is_open() && doubt.ever());
        doubt.failed(false, now);
        assert!(!doubt.is_open() && doubt.lost_at().is_none());
    }

    #[test]
    fn a_refusal_does_not_settle_what_is_in_doubt() {
        let mut doubt = Doubt::of_earlier_runs(true);
        let now = Instant::now();
        doubt.failed(false, now);
        assert!(doubt.is_open());
        assert_eq!(doubt.lost_at(), Some(now));
    }

    #[test]
    fn what_earlier_runs_have_sent_again_counts() {
        let now = Instant::now();
        let mut doubt = Doubt::of_earlier_runs(true).with(Some(now), 2);
        assert_eq!((doubt.lost_at(), doubt.resent()), (Some(now), 3));
        assert_eq!(doubt.resends(), 3);
        let none = Doubt::of_earlier_runs(false).with(Some(now), 0);
        assert_eq!(none, Doubt::default());
    }
}
