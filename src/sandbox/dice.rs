//! Whether a fault befalls a request.
//!
//! A draw depends on the seed, the rule, the call and how often that call was tried, and on nothing
//! else. So the same calls meet the same faults in every run, in whatever order they arrive, and a
//! rule added at the end of the list leaves the luck of the others alone.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::faults::{Fault, Faults, Operation, Rule, Strikes};

/// All that a draw may depend on.
#[derive(Debug)]
pub(super) struct Moment<'a> {
    pub(super) operation: Operation,
    /// The conversation or case that the request is about; empty when it names none.
    pub(super) key: &'a str,
    /// The how manieth try of this call it is, from 1.
    pub(super) attempt: u64,
    /// The how manieth request it is, from 1.
    pub(super) request: u64,
    pub(super) elapsed: Duration,
}

impl Moment<'_> {
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
pub(super) struct Drawn {
    pub(super) delay: Duration,
    /// Bytes a second at which the body is read.
    pub(super) pace: Option<u64>,
    pub(super) strike: Option<(Fault, Strikes)>,
    /// One word for each fault above, for the counters.
    pub(super) names: Vec<String>,
}

impl Faults {
    /// What befalls one request.
    pub(super) fn draw(&self, moment: &Moment<'_>) -> Drawn {
        let mut drawn = Drawn::default();
        for (index, rule) in self.rules.iter().enumerate() {
            if !rule.holds(moment) {
                continue;
            }
            let mut dice = fastrand::Rng::with_seed(moment.luck(self.seed, index));
            if dice.f64() >= rule.probability {
                continue;
            }
            match &rule.fault {
                Fault::Latency {
                    milliseconds,
                    jitter_milliseconds,
                } => {
                    let late = milliseconds.saturating_add(dice.u64(..=*jitter_milliseconds));
                    drawn.delay = drawn.delay.saturating_add(Duration::from_millis(late));
                    drawn.names.push("latency".to_owned());
                }
                Fault::SlowReading { bytes_per_second } => {
                    let pace = drawn.pace.get_or_insert(*bytes_per_second);
                    *pace = (*pace).min(*bytes_per_second);
                    drawn.names.push("slow_reading".to_owned());
                }
                fault if drawn.strike.is_none() => {
                    let strikes = rule.strikes.unwrap_or_else(|| fault.custom());
                    drawn.names.push(fault.name(strikes));
                    drawn.strike = Some((fault.clone(), strikes));
                }
                _ => {}
            }
        }
        drawn
    }
}

impl Rule {
    fn holds(&self, moment: &Moment<'_>) -> bool {
        (self.on.is_empty() || self.on.contains(&moment.operation))
            && self.first.is_none_or(|tries| moment.attempt <= tries)
            && self
                .requests
                .is_none_or(|window| window.holds(moment.request))
            && self
                .seconds
                .is_none_or(|window| window.holds(moment.elapsed.as_secs_f64()))
    }
}
