//! What shall go wrong: the words of a faults file, which can also be built in code. Whether a rule
//! applies to a request is decided by `draw`.

use hyper::header::HeaderValue;
use serde::Deserialize;

use super::tamper::TamperRule;

/// The faults of a sandbox. Without rules nothing goes wrong. As a file:
///
/// ```toml
/// seed = 7
///
/// [[rule]]                       # every fifth call is told to wait, with a date
/// fault = { answer = { status = 429, retry_after = { date_in = 2 } } }
/// probability = 0.2
///
/// [[rule]]                       # the first upload of each recording is lost after the effect
/// fault = "close"
/// strikes = "after_effect"
/// on = ["upload"]
/// first = 1
///
/// [[rule]]                       # an outage
/// fault = "close"
/// seconds = { from = 5.0, to = 8.0 }
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// Where the dice begin.
    #[serde(default)]
    pub seed: u64,
    /// Looked at in order for every request. Delays add up, the slowest reading counts, and of all
    /// others the first that applies is the one that strikes.
    #[serde(default, rename = "rule")]
    pub rules: Vec<FaultRule>,
    /// What the reading API shows otherwise than it was received.
    #[serde(default, rename = "tamper")]
    pub tampers: Vec<TamperRule>,
}

/// One fault and when it applies. Every condition that is given must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// How likely it is for one request, from 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// The calls that it may befall; empty for all.
    #[serde(default)]
    pub on: Vec<Operation>,
    /// Only the first so many tries of each call. A call is what is sent about one conversation
    /// (or case) for one operation.
    #[serde(default)]
    pub first: Option<u64>,
    /// Only requests with these numbers, counted from 1 since the start or the last reset.
    #[serde(default)]
    pub requests: Option<FaultWindow<u64>>,
    /// Only in these seconds since the start or the last reset.
    #[serde(default)]
    pub seconds: Option<FaultWindow<f64>>,
    /// Whether the call has taken effect when the fault strikes; the fault's own custom when absent.
    #[serde(default)]
    pub strikes: Option<Strikes>,
}

fn always() -> f64 {
    1.0
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The answer is late. Adds to other faults. By custom after effect, so that a client that
    /// gives up waiting has been served all the same.
    Latency {
        /// Always so late.
        milliseconds: u64,
        /// And up to so much later.
        #[serde(default)]
        jitter_milliseconds: u64,
    },
    /// The body is read no faster than this. Adds to other faults.
    SlowReading {
        /// At least 1.
        bytes_per_second: u64,
    },
    /// Another status than the right one: 401, 408, 429, 500, 503, …
    Answer {
        /// From 400 to 599.
        status: u16,
        /// When to come back.
        #[serde(default)]
        retry_after: Option<RetryAfterHeader>,
    },
    /// The connection is closed without an answer. An upload that has no effect is closed as soon
    /// as its first bytes have arrived.
    Close,
    /// The headers of the right answer, and fewer bytes than they announce. By custom after effect.
    Cut,
    /// The right status with the first half of the right JSON. By custom after effect.
    HalfJson,
    /// 200 and a web page, as a proxy or a login portal says it.
    Html,
    /// 200 and no body. By custom after effect.
    Empty,
    /// The reading API as it was before any recording came, as a server answers that needs a
    /// moment to show what it has taken. Other answers stay right.
    Stale,
    /// 307 to another address.
    Redirect {
        /// The `Location`.
        to: String,
    },
}

/// The forms of `Retry-After`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RetryAfterHeader {
    /// As a number of seconds.
    Seconds(u64),
    /// As an HTTP date so many seconds from now.
    DateIn(u64),
    /// Word for word, also when it means nothing.
    Text(String),
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strikes {
    /// The call was never carried out.
    BeforeEffect,
    /// The call was carried out, and its right answer is lost.
    AfterEffect,
}

/// The calls that a fault can be restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Creating a conversation, in any version.
    Create,
    /// Uploading a recording, by either key.
    Upload,
    /// Anything about cases.
    Case,
    /// The reading API and the developer portal.
    Read,
}

/// From one value to another, both included; without an end for ever.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultWindow<T> {
    /// The first value inside.
    pub from: T,
    /// The last value inside.
    #[serde(default = "Option::default")]
    pub to: Option<T>,
}

/// Why faults cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The text is no such TOML document.
    #[error("the faults cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// What is shown otherwise has an impossible share.
    #[error("tamper {number} of the faults: the probability is not between 0 and 1")]
    Tamper {
        /// Counted from 1, in the order of the file.
        number: usize,
    },
    /// A rule asks for something impossible.
    #[error("rule {number} of the faults: {what}")]
    Rule {
        /// Counted from 1, in the order of the file.
        number: usize,
        /// What is impossible about it.
        what: &'static str,
    },
}

impl Faults {
    /// No faults yet, with the seed for those to come.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            rules: Vec::new(),
            tampers: Vec::new(),
        }
    }

    /// Reads and checks the text of a faults file.
    pub fn from_toml(text: &str) -> Result<Self, FaultsError> {
        let faults: Self = toml::from_str(text)?;
        faults.check()?;
        Ok(faults)
    }

    /// The same faults and one more rule.
    #[must_use]
    pub fn with(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The same faults and one more thing that is shown otherwise.
    #[must_use]
    pub fn showing(mut self, rule: TamperRule) -> Self {
        self.tampers.push(rule);
        self
    }

    /// Whether every rule is possible.
    pub fn check(&self) -> Result<(), FaultsError> {
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(what) = rule.impossible() {
                let number = index + 1;
                return Err(FaultsError::Rule { number, what });
            }
        }
        let is_share = |rule: &TamperRule| (0.0..=1.0).contains(&rule.probability);
        if let Some(index) = self.tampers.iter().position(|rule| !is_share(rule)) {
            return Err(FaultsError::Tamper { number: index + 1 });
        }
        Ok(())
    }
}

impl FaultRule {
    /// The fault for every request; the fields narrow it down.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            probability: 1.0,
            on: Vec::new(),
            first: None,
            requests: None,
            seconds: None,
            strikes: None,
        }
    }

    /// Only with this probability, from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Also on this operation; on all others no longer, unless they are added too.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.on.push(operation);
        self
    }

    /// Only for the first so many tries of each call.
    #[must_use]
    pub fn first(mut self, tries: u64) -> Self {
        self.first = Some(tries);
        self
    }

    /// Only for requests with these numbers, counted from 1.
    #[must_use]
    pub fn requests(mut self, from: u64, to: Option<u64>) -> Self {
        self.requests = Some(FaultWindow { from, to });
        self
    }

    /// Only in these seconds since the start.
    #[must_use]
    pub fn seconds(mut self, from: f64, to: Option<f64>) -> Self {
        self.seconds = Some(FaultWindow { from, to });
        self
    }

    /// Before or after the call has taken effect.
    #[must_use]
    pub fn strikes(mut self, strikes: Strikes) -> Self {
        self.strikes = Some(strikes);
        self
    }

    fn impossible(&self) -> Option<&'static str> {
        let is_reading = matches!(self.fault, Fault::SlowReading { .. });
        if !(0.0..=1.0).contains(&self.probability) {
            Some("the probability is not between 0 and 1")
        } else if self.first == Some(0) {
            Some("`first` is 0, so the rule never applies")
        } else if self.requests.is_some_and(|window| window.from == 0) {
            Some("requests are counted from 1")
        } else if self.requests.is_some_and(|window| !window.has_room())
            || self.seconds.is_some_and(|window| !window.has_room())
        {
            Some("the window ends before it begins")
        } else if is_reading && self.strikes.is_some() {
            Some("slow reading strikes neither before nor after the effect")
        } else {
            self.fault.impossible()
        }
    }
}

impl Fault {
    /// An answer with `status` and no `Retry-After`.
    pub fn status(status: u16) -> Self {
        Self::Answer {
            status,
            retry_after: None,
        }
    }

    /// The usual moment: a late, cut, half or empty answer is a right answer that was damaged, so the
    /// call took effect; a status, a page or a redirect comes from somebody who stood before it.
    pub(in crate::sandbox) fn custom(&self) -> Strikes {
        match self {
            Self::Latency { .. } | Self::Cut | Self::HalfJson | Self::Empty | Self::Stale => {
                Strikes::AfterEffect
            }
            Self::SlowReading { .. }
            | Self::Answer { .. }
            | Self::Close
            | Self::Html
            | Self::Redirect { .. } => Strikes::BeforeEffect,
        }
    }

    /// How the counters call it: `close_after_effect`, `status_503_before_effect`.
    pub(in crate::sandbox) fn name(&self, strikes: Strikes) -> String {
        let kind = match self {
            Self::Latency { .. } => "latency".to_owned(),
            Self::SlowReading { .. } => return "slow_reading".to_owned(),
            Self::Answer { status, .. } => format!("status_{status}"),
            Self::Close => "close".to_owned(),
            Self::Cut => "cut".to_owned(),
            Self::HalfJson => "half_json".to_owned(),
            Self::Html => "html".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Stale => "stale".to_owned(),
            Self::Redirect { .. } => "redirect".to_owned(),
        };
        match strikes {
            Strikes::BeforeEffect => format!("{kind}_before_effect"),
            Strikes::AfterEffect => format!("{kind}_after_effect"),
        }
    }

    fn impossible(&self) -> Option<&'static str> {
        match self {
            Self::SlowReading {
                bytes_per_second: 0,
            } => Some("nothing is ever read at 0 bytes a second"),
            Self::Answer { status, .. } if !(400..600).contains(status) => {
                Some("the status is not between 400 and 599")
            }
            Self::Answer {
                retry_after: Some(RetryAfterHeader::Text(text)),
                ..
            } if HeaderValue::from_str(text).is_err() => {
                Some("the text of `retry_after` cannot be part of a header")
            }
            Self::Redirect { to } if to.is_empty() || HeaderValue::from_str(to).is_err() => {
                Some("the address of the redirect cannot be part of a header")
            }
            _ => None,
        }
    }
}

impl<T: PartialOrd + Copy> FaultWindow<T> {
    pub(in crate::sandbox) fn holds(&self, value: T) -> bool {
        value >= self.from && self.to.is_none_or(|to| value <= to)
    }

    /// False also where a bound is no number, which compares with nothing.
    fn has_room(&self) -> bool {
        self.to.unwrap_or(self.from) >= self.from
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_says_the_same_as_the_code() {
        let text = r#"
            seed = 7
            [[rule]]
            fault = { answer = { status = 429, retry_after = { date_in = 2 } } }
            probability = 0.25
            on = ["create", "upload"]
            [[rule]]
            fault = "close"
            strikes = "after_effect"
            first = 2
            [[rule]]
            fault = { latency = { milliseconds = 5 } }
            requests = { from = 10, to = 20 }
            seconds = { from = 1.5 }
        "#;
        let read = Faults::from_toml(text).expect("faults");
        let built = Faults::seeded(7)
            .with(
                FaultRule::new(Fault::Answer {
                    status: 429,
                    retry_after: Some(RetryAfterHeader::DateIn(2)),
                })
                .with_probability(0.25)
                .on(Operation::Create)
                .on(Operation::Upload),
            )
            .with(
                FaultRule::new(Fault::Close)
                    .strikes(Strikes::AfterEffect)
                    .first(2),
            )
            .with(
                FaultRule::new(Fault::Latency {
                    milliseconds: 5,
                    jitter_milliseconds: 0,
                })
                .requests(10, Some(20))
                .seconds(1.5, None),
            );
        assert_eq!(format!("{read:?}"), format!("{built:?}"));
    }

    #[test]
    fn every_fault_has_a_spelling_in_a_file() {
        for fault in [
            "\"close\"",
            "\"cut\"",
            "\"half_json\"",
            "\"html\"",
            "\"empty\"",
            "\"stale\"",
            "{ redirect = { to = \"https://example.com/\" } }",
            "{ latency = { milliseconds = 1, jitter_milliseconds = 2 } }",
            "{ slow_reading = { bytes_per_second = 1 } }",
            "{ answer = { status = 503 } }",
            "{ answer = { status = 503, retry_after = { seconds = 1 } } }",
            "{ answer = { status = 503, retry_after = { text = \"soon\" } } }",
        ] {
            let text = format!("[[rule]]\nfault = {fault}");
            assert!(Faults::from_toml(&text).is_ok(), "{fault}");
        }
        assert!(Faults::from_toml("").expect("none").rules.is_empty());
    }

    #[test]
    fn a_misspelt_file_is_refused_with_its_line() {
        for text in [
            "sed = 1",
            "[[rule]]\nprobability = 1.0",
            "[[rule]]\nfault = \"closed\"",
            "[[rule]]\nfault = \"close\"\nchance = 0.1",
            "[[rule]]\nfault = { answer = { code = 500 } }",
            "[[rule]]\nfault = { answer = { status = 500, after = 1 } }",
            "[[rule]]\nfault = \"close\"\non = [\"audio\"]",
            "[[rule]]\nfault = \"close\"\nstrikes = \"later\"",
            "[[rule]]\nfault = \"close\"\nrequests = { from = 1, until = 2 }",
        ] {
            let error = Faults::from_toml(text).expect_err(text);
            assert!(error.to_string().contains("line "), "{error}");
        }
    }

    #[test]
    fn an_impossible_rule_is_refused_with_its_number() {
        let answer = |retry_after| Fault::Answer {
            status: 503,
            retry_after: Some(retry_after),
        };
        for rule in [
            FaultRule::new(Fault::Close).with_probability(1.1),
            FaultRule::new(Fault::Close).with_probability(-0.1),
            FaultRule::new(Fault::Close).with_probability(f64::NAN),
            FaultRule::new(Fault::Close).first(0),
            FaultRule::new(Fault::Close).requests(0, None),
            FaultRule::new(Fault::Close).requests(5, Some(4)),
            FaultRule::new(Fault::Close).seconds(2.0, Some(1.0)),
            FaultRule::new(Fault::Close).seconds(f64::NAN, None),
            FaultRule::new(Fault::status(200)),
            FaultRule::new(Fault::status(600)),
            FaultRule::new(answer(RetryAfterHeader::Text("a\nb".to_owned()))),
            FaultRule::new(Fault::Redirect { to: String::new() }),
            FaultRule::new(Fault::Redirect {
                to: "a\r\nb: c".to_owned(),
            }),
            FaultRule::new(Fault::SlowReading {
                bytes_per_second: 0,
            }),
            FaultRule::new(Fault::SlowReading {
                bytes_per_second: 1,
            })
            .strikes(Strikes::AfterEffect),
        ] {
            let faults = Faults::default()
                .with(FaultRule::new(Fault::Close))
                .with(rule);
            let error = faults.check().expect_err("impossible").to_string();
            assert!(error.starts_with("rule 2 of the faults"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = Faults::from_toml(&text);
            let _ = Faults::from_toml(&format!("[[rule]]\nfault = {text}"));
        }
    }
}
