//! How long to wait before another try: arithmetic, without a clock.

use std::time::Duration;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// The wait after try number `attempt` (from 1) failed: doubling from half a second to a minute.
/// `jitter` (0 to 1) spreads tries over the upper half of the wait, since without it all that
/// failed together would come back together.
pub(crate) fn delay(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(16)));
    doubled
        .min(LONGEST)
        .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let full = |attempt| delay(attempt, 1.0).as_millis();
        assert_eq!(
            [full(1), full(2), full(3), full(7), full(8)],
            [500, 1000, 2000, 32_000, 60_000]
        );
        assert_eq!(full(u32::MAX), 60_000);
        assert_eq!(full(0), 500);
    }

    #[test]
    fn jitter_takes_at_most_half() {
        assert_eq!(delay(3, 0.0).as_millis(), 1000);
        assert_eq!(delay(3, 0.5).as_millis(), 1500);
        assert_eq!(delay(3, 7.0).as_millis(), 2000);
    }
}
