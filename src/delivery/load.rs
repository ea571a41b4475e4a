//! Why a run is not faster, from what can be seen at one moment. Pure.

use crate::events::LimitedBy;

/// What can be seen at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// What holds all requests back, whatever else is the case.
    pub(super) held: Option<LimitedBy>,
    pub(super) in_flight: u64,
    /// Those of them that carry a recording.
    pub(super) uploads: u64,
    /// Requests that may be in flight, and how many were set.
    pub(super) width: u64,
    pub(super) most: u64,
    /// Jobs under way: in flight, or waiting for their turn, the ledger or another try.
    pub(super) at_hand: u64,
    /// Another record would be taken at once, and none has come.
    pub(super) is_hungry: bool,
    /// The limits that were set.
    pub(super) rate: Option<f64>,
    pub(super) bandwidth: Option<u64>,
}

impl Load {
    /// What keeps it from going faster.
    pub(super) fn limited_by(self) -> LimitedBy {
        if let Some(held) = self.held {
            return held;
        }
        if self.in_flight >= self.width {
            return match () {
                () if self.uploads * 2 < self.in_flight && self.width < self.most => {
                    LimitedBy::Narrowed
                }
                () if self.uploads * 2 < self.in_flight => LimitedBy::Answers,
                () if self.bandwidth.is_some() => LimitedBy::Bandwidth,
                () => LimitedBy::Uploads,
            };
        }
        let waiting = self.at_hand.saturating_sub(self.in_flight);
        if self.at_hand == 0 || self.is_hungry && waiting <= 1 {
            LimitedBy::Reading
        } else if waiting > 0 && self.rate.is_some() {
            LimitedBy::Rate
        } else if waiting > 0 {
            LimitedBy::Machine
        } else if self.uploads > 0 {
            LimitedBy::Uploads
        } else {
            LimitedBy::Answers
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Load = Load {
        held: None,
        in_flight: 2,
        uploads: 0,
        width: 8,
        most: 8,
        at_hand: 60,
        is_hungry: false,
        rate: Some(20.0),
        bandwidth: None,
    };

    #[test]
    fn the_reason_follows_from_what_is_seen() {
        let full = Load {
            in_flight: 8,
            ..FREE
        };
        for (load, reason) in [
            (FREE, LimitedBy::Rate),
            (full, LimitedBy::Answers),
            (Load { most: 16, ..full }, LimitedBy::Narrowed),
            (Load { uploads: 6, ..full }, LimitedBy::Uploads),
            (
                Load {
                    uploads: 6,
                    bandwidth: Some(1),
                    ..full
                },
                LimitedBy::Bandwidth,
            ),
            (Load { rate: None, ..FREE }, LimitedBy::Machine),
            (
                Load {
                    at_hand: 2,
                    is_hungry: true,
                    ..FREE
                },
                LimitedBy::Reading,
            ),
            (
                Load {
                    at_hand: 0,
                    in_flight: 0,
                    ..FREE
                },
                LimitedBy::Reading,
            ),
            (
                Load {
                    held: Some(LimitedBy::Pause),
                    ..full
                },
                LimitedBy::Pause,
            ),
        ] {
            assert_eq!(load.limited_by(), reason, "{load:?}");
        }
    }
}
