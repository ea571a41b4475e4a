//! How long a run takes at least.

use serde::Serialize;

use crate::report::format::{self, float};

/// The time that the limits of the operator leave no way around.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Requests that a run sends.
    pub requests: u64,
    /// Bytes of recordings that it sends.
    pub bytes: u64,
    /// Requests a second; 0 for no limit.
    pub rate: f64,
    /// Bytes a second; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// Seconds that this takes; `None` when nothing limits it.
    pub seconds: Option<f64>,
    /// Which of the two limits it is.
    pub bound: LowerBound,
}

/// What decides how long a run takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LowerBound {
    /// Nothing that is known here.
    Nothing,
    /// The requests a second.
    Rate,
    /// The bytes a second.
    Bandwidth,
}

impl Estimate {
    /// The estimate for so much work under these limits. Requests and bytes flow at the same time,
    /// so the slower of the two decides.
    pub fn new(requests: u64, bytes: u64, rate: f64, bandwidth: Option<u64>) -> Self {
        let by_rate = (rate > 0.0).then(|| float(requests) / rate);
        let by_bandwidth = bandwidth
            .filter(|bandwidth| *bandwidth > 0)
            .map(|bandwidth| float(bytes) / float(bandwidth));
        let (seconds, bound) = match (by_rate, by_bandwidth) {
            (None, None) => (None, LowerBound::Nothing),
            (Some(rate), Some(bandwidth)) if bandwidth > rate => {
                (Some(bandwidth), LowerBound::Bandwidth)
            }
            (Some(rate), _) => (Some(rate), LowerBound::Rate),
            (None, Some(bandwidth)) => (Some(bandwidth), LowerBound::Bandwidth),
        };
        Estimate {
            requests,
            bytes,
            rate,
            bandwidth,
            seconds,
            bound,
        }
    }

    /// The estimate as a sentence.
    pub(super) fn sentence(&self) -> String {
        let work = format!(
            "A run sends {} and {} of recordings",
            format::counted(self.requests, "request"),
            format::bytes(self.bytes),
        );
        let Some(seconds) = self.seconds else {
            return format!("{work}, as fast as the server and the line allow.");
        };
        let limit = match (self.bound, self.bandwidth) {
            (LowerBound::Bandwidth, Some(bandwidth)) => format!("{}/s", format::bytes(bandwidth)),
            _ => format!("{} requests/s", self.rate),
        };
        let line = match self.bandwidth {
            None if self.bytes > 0 => ", if the line is fast enough",
            _ => "",
        };
        format!("{work}: {} at {limit}{line}.", format::clock(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_limit_decides() {
        let by_rate = Estimate::new(120, 1_000, 20.0, Some(1_000));
        assert_eq!(
            (by_rate.seconds, by_rate.bound),
            (Some(6.0), LowerBound::Rate)
        );
        let by_bytes = Estimate::new(120, 10_000, 20.0, Some(1_000));
        assert_eq!(
            (by_bytes.seconds, by_bytes.bound),
            (Some(10.0), LowerBound::Bandwidth)
        );
        let free = Estimate::new(120, 10_000, 0.0, None);
        assert_eq!((free.seconds, free.bound), (None, LowerBound::Nothing));
    }

    #[test]
    fn the_sentence_names_the_limit_that_decides() {
        assert_eq!(
            Estimate::new(7_200, 4_000_000_000, 20.0, Some(100_000)).sentence(),
            "A run sends 7,200 requests and 4.0 GB of recordings: 11:06:40 at 100.0 kB/s."
        );
        assert_eq!(
            Estimate::new(1, 5, 20.0, None).sentence(),
            "A run sends 1 request and 5 B of recordings: 0:00:00 at 20 requests/s, \
             if the line is fast enough."
        );
    }
}
