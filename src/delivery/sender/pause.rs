//! Until when nothing may leave whatever the server's health is: it asked for a pause, or the window of
//! the schedule is closed. A pause ends by time alone. Arithmetic, without a clock of its own.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than any run; a moment so far away can still be reckoned with.
const FOR_EVER: Duration = Duration::from_secs(366 * 86_400);

/// The moment after so long, however long that is.
pub(super) fn after(now: Instant, pause: Duration) -> Instant {
    now + pause.min(FOR_EVER)
}

/// What holds all requests back, and for how long it has done so since the first failure in a row.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// The server wants to be left alone.
    asked: Option<AskedPause>,
    /// Since when the window is closed.
    closed_since: Option<Instant>,
    /// The first failure in a row: quiet is measured from then on.
    measured_from: Option<Instant>,
    /// How long the window was closed since then, without the time that goes on.
    closed_for: Duration,
    /// The longest pause that the server asked for and that is over, since then.
    longest_asked: Duration,
}

/// A pause that the server asked for.
#[derive(Debug, Clone, Copy)]
struct AskedPause {
    from: Instant,
    until: Instant,
}

impl AskedPause {
    /// How much of it lies between these moments.
    fn within(self, since: Instant, now: Instant) -> Duration {
        let until = self.until.min(now);
        until.saturating_duration_since(self.from.max(since))
    }
}

impl Pause {
    /// Takes notice of a pause that the server asks for. A shorter one never ends a longer one.
    pub(super) fn ask(&mut self, pause: Duration, now: Instant) {
        let until = after(now, pause);
        self.asked = match self.asked {
            Some(asked) if asked.until > now => Some(AskedPause {
                from: asked.from,
                until: asked.until.max(until),
            }),
            over => {
                if let (Some(over), Some(since)) = (over, self.measured_from) {
                    self.longest_asked = self.longest_asked.max(over.within(since, now));
                }
                Some(AskedPause { from: now, until })
            }
        };
    }

    /// Closes the window, or opens it.
    pub(super) fn set_closed(&mut self, is_closed: bool, now: Instant) {
        match (self.closed_since, is_closed) {
            (None, true) => self.closed_since = Some(now),
            (Some(from), false) => {
                self.closed_since = None;
                if let Some(since) = self.measured_from {
                    self.closed_for += now - from.max(since);
                }
            }
            _ => {}
        }
    }

    /// Whether the window is closed, for nobody knows how long.
    pub(super) fn is_closed(&self) -> bool {
        self.closed_since.is_some()
    }

    /// Until when the server wants quiet; a moment that has passed, too.
    pub(super) fn until(&self) -> Option<Instant> {
        self.asked.map(|asked| asked.until)
    }

    /// Measures quiet from now on, unless it is measured already.
    pub(super) fn measure(&mut self, now: Instant) {
        self.measured_from.get_or_insert(now);
    }

    /// Forgets what was measured: the failures are over.
    pub(super) fn forget(&mut self) {
        *self = Pause {
            asked: self.asked,
            closed_since: self.closed_since,
            ..Pause::default()
        };
    }

    /// For how long nothing could leave since the first of the failures. Hours in which the window is
    /// closed say nothing about the server, and neither does a pause that it asked for; but of several
    /// pauses the longest counts alone, or a server that answers all requests with one would never be
    /// given up.
    pub(super) fn quiet(&self, now: Instant) -> Duration {
        let Some(since) = self.measured_from else {
            return Duration::ZERO;
        };
        let closed = self.closed_since.map(|from| now - from.max(since));
        let asked = self.asked.map(|asked| asked.within(since, now));
        let longest = self.longest_asked.max(asked.unwrap_or_default());
        self.closed_for + closed.unwrap_or_default() + longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_shorter_pause_does_not_end_a_longer_one() {
        let (mut pause, now) = (Pause::default(), Instant::now());
        pause.ask(seconds(30), now);
        pause.ask(seconds(5), now);
        assert_eq!(pause.until(), Some(now + seconds(30)));
        pause.ask(Duration::MAX, now);
        assert!(pause.until() > Some(now + seconds(30)));
    }

    #[test]
    fn hours_in_which_the_window_is_closed_are_quiet() {
        let (mut pause, now) = (Pause::default(), Instant::now());
        pause.set_closed(true, now);
        pause.measure(now + seconds(10));
        // Looking at the clock again changes nothing.
        pause.set_closed(true, now + seconds(20));
        assert!(pause.is_closed());
        assert_eq!(pause.quiet(now + seconds(70)), seconds(60));
        pause.set_closed(false, now + seconds(70));
        assert_eq!(pause.quiet(now + seconds(100)), seconds(60));
        pause.set_closed(true, now + seconds(100));
        assert_eq!(pause.quiet(now + seconds(105)), seconds(65));
    }

    #[test]
    fn of_several_pauses_the_longest_is_quiet() {
        let (mut pause, now) = (Pause::default(), Instant::now());
        pause.measure(now);
        for (at, length) in [(0, 20), (100, 50), (200, 30)] {
            pause.ask(seconds(length), now + seconds(at));
        }
        assert_eq!(pause.quiet(now + seconds(210)), seconds(50));
        pause.forget();
        assert_eq!(pause.quiet(now + seconds(300)), Duration::ZERO);
        assert_eq!(pause.until(), Some(now + seconds(230)));
    }

    #[test]
    fn what_was_before_the_first_failure_is_not_measured() {
        let (mut pause, now) = (Pause::default(), Instant::now());
        pause.ask(seconds(60), now);
        pause.measure(now + seconds(50));
        assert_eq!(pause.quiet(now + seconds(100)), seconds(10));
    }
}
