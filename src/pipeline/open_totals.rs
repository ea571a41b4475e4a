//! The sums over what is left to send.

use super::action::Action;
use super::proposal::Proposal;
use super::recording_use::RecordingUse;
use crate::events::Totals;
use crate::recordings::Recording;

/// Lengths are counted by whole minutes up to this many.
const MINUTES: usize = 61;

/// Counts a record that is left to send, with its recording.
pub(super) fn count_open<J>(
    sums: &mut Totals,
    item: &Proposal<J>,
    recording: Option<&RecordingUse>,
) {
    if let Action::Ready | Action::Send(_) | Action::WithJob = item.action {
        sums.open += 1;
        sums.requests += u64::from(item.requests);
        if let Some(recording) = recording {
            count_recording(sums, recording);
        }
    }
}

fn count_recording(sums: &mut Totals, recording: &RecordingUse) {
    sums.recordings += 1;
    sums.by_grade[recording.grade as usize] += 1;
    sums.bytes += recording.recordings().map(Recording::bytes).sum::<u64>();
    sums.unheard += u64::from(recording.is_unheard);
    match recording.seconds {
        Some(seconds) => {
            sums.seconds += seconds;
            sums.by_minutes.resize(MINUTES, 0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and the last bucket takes the rest"
            )]
            let minutes = (seconds / 60.0) as usize;
            sums.by_minutes[minutes.min(MINUTES - 1)] += 1;
        }
        None => sums.unknown_length += 1,
    }
}
