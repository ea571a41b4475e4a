//! Whether a fault befalls a request.
//!
//! A draw depends on the seed, the rule, the call and how often that call was tried, and on nothing
//! else. So the same calls meet the same faults in every run, in whatever order they arrive, and a
//! rule added at the end of the list leaves the luck of the others alone.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::rules::{Fault, FaultRule, Faults, Operation, Strikes};

/// All that a draw may depend on.
#[derive(Debug)]
pub(in crate::sandbox) struct RequestMoment<'a> {
    pub(in crate::sandbox) operation: Operation,
    /// The conversation or case that the request is about; empty when it names none.
    pub(in crate::sandbox) key: &'a str,
    /// The how manieth try of this call it is, from 1.
    pub(in crate::sandbox) attempt: u64,
    /// The how manieth request it is, from 1.
    pub(in crate::sandbox) request: u64,
    pub(in crate::sandbox) elapsed: Duration,
}

impl RequestMoment<'_> {
    /// A request that names nothing has only its number to tell it from others.
    fn luck(&self, seed: u64, rule: usize) -> u64 {
        let count = if self.key.is_empty() {
            self.request
        } else {
            self.attempt
        };
        let words = format!("{rule}/{:?}/{count}/{}", self.operation, self.key);
        xxh3_64_with_seed(words.as_bytes(), seed)
    }
}

/// What befalls one request.
#[derive(Debug, Default, PartialEq)]
pub(in crate::sandbox) struct FaultDraw {
    /// To wait before the call is carried out.
    pub(in crate::sandbox) before: Duration,
    /// To wait between the effect and the answer.
    pub(in crate::sandbox) after: Duration,
    /// Bytes a second at which the body is read.
    pub(in crate::sandbox) pace: Option<u64>,
    pub(in crate::sandbox) strike: Option<(Fault, Strikes)>,
    /// One word for each fault above, for the counters.
    pub(in crate::sandbox) names: Vec<String>,
}

/// What befalls one request.
pub(in crate::sandbox) fn draw(faults: &Faults, moment: &RequestMoment<'_>) -> FaultDraw {
    let mut drawn = FaultDraw::default();
    for (index, rule) in faults.rules.iter().enumerate() {
        if !holds(rule, moment) {
            continue;
        }
        let mut dice = fastrand::Rng::with_seed(moment.luck(faults.seed, index));
        if dice.f64() >= rule.probability {
            continue;
        }
        let strikes = rule.strikes.unwrap_or_else(|| rule.fault.custom());
        match &rule.fault {
            Fault::Latency {
                milliseconds,
                jitter_milliseconds,
            } => {
                let late = milliseconds.saturating_add(dice.u64(..=*jitter_milliseconds));
                let delay = match strikes {
                    Strikes::BeforeEffect => &mut drawn.before,
                    Strikes::AfterEffect => &mut drawn.after,
                };
                *delay = delay.saturating_add(Duration::from_millis(late));
                drawn.names.push(rule.fault.name(strikes));
            }
            Fault::SlowReading { bytes_per_second } => {
                let pace = drawn.pace.get_or_insert(*bytes_per_second);
                *pace = (*pace).min(*bytes_per_second);
                drawn.names.push(rule.fault.name(strikes));
            }
            fault if drawn.strike.is_none() => {
                drawn.names.push(fault.name(strikes));
                drawn.strike = Some((fault.clone(), strikes));
            }
            _ => {}
        }
    }
    drawn
}

/// Whether the rule is about this request.
fn holds(rule: &FaultRule, moment: &RequestMoment<'_>) -> bool {
    (rule.on.is_empty() || rule.on.contains(&moment.operation))
        && rule.first.is_none_or(|tries| moment.attempt <= tries)
        && rule
            .requests
            .is_none_or(|window| window.holds(moment.request))
        && rule
            .seconds
            .is_none_or(|window| window.holds(moment.elapsed.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(key: &str, attempt: u64, request: u64) -> RequestMoment<'_> {
        RequestMoment {
            operation: Operation::Create,
            key,
            attempt,
            request,
            elapsed: Duration::from_secs(request),
        }
    }

    fn half() -> FaultRule {
        FaultRule::new(Fault::Close).with_probability(0.5)
    }

    /// Which of many calls are struck.
    fn struck(faults: &Faults) -> Vec<usize> {
        let is_struck = |call: &usize| {
            let drawn = draw(faults, &moment(&call.to_string(), 1, 1));
            drawn.strike.is_some()
        };
        (0..1000).filter(is_struck).collect()
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls_in_any_order() {
        let faults = Faults::seeded(7).with(half());
        for call in 0..100_u64 {
            let key = call.to_string();
            let early = draw(&faults, &moment(&key, 1, call + 1));
            let late = draw(&faults, &moment(&key, 1, 1000 - call));
            assert_eq!(early, late);
        }
        assert_ne!(struck(&faults), struck(&Faults::seeded(8).with(half())));
    }

    #[test]
    fn the_share_of_the_struck_follows_the_probability() {
        for (probability, least, most) in [
            (0.0, 0, 0),
            (0.1, 70, 130),
            (0.9, 870, 930),
            (1.0, 1000, 1000),
        ] {
            let rule = FaultRule::new(Fault::Close).with_probability(probability);
            let count = struck(&Faults::seeded(1).with(rule)).len();
            assert!((least..=most).contains(&count), "{probability}: {count}");
        }
    }

    #[test]
    fn a_rule_at_the_end_leaves_the_luck_of_the_others_alone() {
        let one = Faults::seeded(7).with(half());
        let latency = Fault::Latency {
            milliseconds: 1,
            jitter_milliseconds: 100,
        };
        let two = one
            .clone()
            .with(FaultRule::new(latency).with_probability(0.5));
        assert_eq!(struck(&one), struck(&two));
    }

    #[test]
    fn another_try_has_its_own_luck() {
        let faults = Faults::seeded(7).with(half());
        let tries: Vec<_> = (1..=20)
            .map(|attempt| draw(&faults, &moment("a", attempt, 1)).strike.is_some())
            .collect();
        assert!(tries.contains(&true) && tries.contains(&false));
    }

    #[test]
    fn a_request_that_names_nothing_is_told_by_its_number() {
        let faults = Faults::seeded(7).with(half());
        let tries: Vec<_> = (1..=20)
            .map(|request| draw(&faults, &moment("", 1, request)).strike.is_some())
            .collect();
        assert!(tries.contains(&true) && tries.contains(&false));
    }

    #[test]
    fn delays_add_up_and_the_first_strike_wins() {
        let late = |milliseconds| {
            FaultRule::new(Fault::Latency {
                milliseconds,
                jitter_milliseconds: 0,
            })
        };
        let slow = |bytes_per_second| FaultRule::new(Fault::SlowReading { bytes_per_second });
        let faults = Faults::default()
            .with(late(10))
            .with(FaultRule::new(Fault::Html))
            .with(slow(500))
            .with(FaultRule::new(Fault::Close))
            .with(slow(900))
            .with(late(5))
            .with(late(2).strikes(Strikes::BeforeEffect));
        let drawn = draw(&faults, &moment("a", 1, 1));
        assert_eq!(drawn.after, Duration::from_millis(15));
        assert_eq!(drawn.before, Duration::from_millis(2));
        assert_eq!(drawn.pace, Some(500));
        assert_eq!(drawn.strike, Some((Fault::Html, Strikes::BeforeEffect)));
        let names = [
            "latency_after_effect",
            "html_before_effect",
            "slow_reading",
            "slow_reading",
            "latency_after_effect",
            "latency_before_effect",
        ];
        assert_eq!(drawn.names, names);
    }

    #[test]
    fn every_condition_of_a_rule_must_hold() {
        let rule = FaultRule::new(Fault::Close)
            .on(Operation::Create)
            .first(2)
            .requests(3, Some(5))
            .seconds(4.0, Some(9.0));
        let holds = |attempt, request| holds(&rule, &moment("a", attempt, request));
        assert!(holds(1, 4) && holds(2, 5));
        assert!(!holds(3, 4) && !holds(1, 3) && !holds(1, 6) && !holds(1, 2));
        let upload = RequestMoment {
            operation: Operation::Upload,
            ..moment("a", 1, 4)
        };
        assert!(!super::holds(&rule, &upload));
    }

    proptest! {
        #[test]
        fn jitter_stays_within_its_bounds(key in "\\PC{1,12}", fixed in 0_u64..1000, jitter in 0_u64..1000) {
            let faults = Faults::seeded(3).with(FaultRule::new(Fault::Latency {
                milliseconds: fixed,
                jitter_milliseconds: jitter,
            }));
            let delay = draw(&faults, &moment(&key, 1, 1)).after;
            prop_assert!(delay >= Duration::from_millis(fixed));
            prop_assert!(delay <= Duration::from_millis(fixed + jitter));
        }
    }
}
