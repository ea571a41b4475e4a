//! For how long a call has been held.

use std::time::Duration;

use jiff::Timestamp;

/// What there is to be told of a call that has been held since then, once it is held for too long.
pub fn overdue(held_at: Option<Timestamp>, now: Timestamp, hold_for: Duration) -> Option<String> {
    let age = held_at.map_or(Duration::ZERO, |at| {
        Duration::try_from(now.duration_since(at)).unwrap_or_default()
    });
    let limit = shown(hold_for);
    (age >= hold_for).then(|| match held_at {
        Some(at) => format!(
            "held for {}, since {}; --hold-for is {limit}",
            shown(age),
            at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        None => format!("held, and --hold-for is {limit}"),
    })
}

/// A time in its largest unit, rounded down.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, name) = unit.unwrap_or((1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        number => format!("{number} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_held_too_long_from_the_limit_on() {
        let now: Timestamp = "2026-12-04T02:15:00Z".parse().unwrap();
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let since = |days_ago| Some(now - days(days_ago));
        assert_eq!(overdue(None, now, days(3)), None);
        assert_eq!(overdue(since(2), now, days(3)), None);
        assert_eq!(
            overdue(since(4), now, days(3)).as_deref(),
            Some("held for 4 days, since 2026-11-30 02:15 UTC; --hold-for is 3 days")
        );
        assert_eq!(
            overdue(None, now, Duration::ZERO).as_deref(),
            Some("held, and --hold-for is 0 seconds")
        );
        // A clock that was set back has held nothing in the future.
        assert_eq!(overdue(Some(now + days(9)), now, days(1)), None);
    }
}
