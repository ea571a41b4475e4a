//! A picked call with all that became known of it.

use super::measure::Measured;
use super::pick::PickedCall;
use super::read_back::{CallReading, SentCall, SentParts};

/// A picked call with all that became known of it.
#[derive(Debug, Clone)]
pub struct CanaryCall {
    /// What was picked.
    pub picked: PickedCall,
    /// What was sent.
    pub sent: SentCall,
    /// What the destination has.
    pub reading: CallReading,
    /// What was measured.
    pub measured: Measured,
}

impl CanaryCall {
    /// The length of the recording that was sent, in seconds.
    pub fn seconds(&self) -> Option<f64> {
        let heard = self.measured.loudness().map(|heard| heard.seconds);
        let upload = self.picked.candidate.upload.as_ref();
        heard.or_else(|| upload.and_then(|upload| upload.seconds))
    }

    /// Whether it was sent whole, and read back once it was worked on.
    pub fn is_complete(&self) -> bool {
        self.sent.sent != SentParts::Incomplete && matches!(self.reading, CallReading::Settled(..))
    }
}
