//! How long an export says that a recording is.

/// Tolerance between a length that is stated and one that is found: ringing, greetings, rounding.
const LEAST_TOLERANCE: f64 = 15.0;
const TOLERANCE: f64 = 0.1;

/// How long a recording ought to be.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedLength {
    /// The column that says so.
    pub column: String,
    /// Seconds of the longest row of the call, and of all its rows one after the other.
    pub seconds: (f64, f64),
}

impl StatedLength {
    /// Whether a recording of so many seconds can be the one that is meant.
    pub fn fits(&self, seconds: f64) -> bool {
        let (longest, all) = self.seconds;
        let tolerance = |length: f64| (length * TOLERANCE).max(LEAST_TOLERANCE);
        seconds >= longest - tolerance(longest) && seconds <= all + tolerance(all)
    }
}
