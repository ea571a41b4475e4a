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
    totals: &mut Totals,
    proposal: &Proposal<J>,
    recording: Option<&RecordingUse>,
) {
    if let Action::Ready | Action::Send(_) | Action::WithJob = proposal.action {
        totals.open += 1;
        totals.requests += u64::from(proposal.requests);
        if let Some(recording) = recording.filter(|it| it.is_sent) {
            count_recording(totals, recording);
        }
    }
}

fn count_recording(totals: &mut Totals, recording: &RecordingUse) {
    totals.recordings += 1;
    let far = recording.recordings().filter(|one| one.is_far());
    totals.far += far.count() as u64;
    totals.by_grade[recording.grade as usize] += 1;
    totals.bytes += recording.recordings().map(Recording::bytes).sum::<u64>();
    totals.unheard += u64::from(recording.is_unheard);
    match recording.seconds {
        Some(seconds) => {
            totals.seconds += seconds;
            totals.by_minutes.resize(MINUTES, 0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and the last bucket takes the rest"
            )]
            let minutes = (seconds / 60.0) as usize;
            totals.by_minutes[minutes.min(MINUTES - 1)] += 1;
        }
        None => totals.unknown_length += 1,
    }
}
