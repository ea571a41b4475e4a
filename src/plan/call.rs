//! The next step of a call.

use std::time::Duration;

use crate::domain::Party;
use crate::ledger::{Create, Ending, Standing, Upload};

/// Whether the recording of a call is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Nobody asked for recordings (no audio folder was given).
    NotAsked,
    /// It lies in the audio folder and can be sent.
    Here,
    /// Looked for, and not found.
    Missing,
}

/// What the operator wants done with a call whose recording is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingRecording {
    /// It waits for a run that finds the recording.
    #[default]
    Hold,
    /// It goes out without one.
    Create,
    /// The record is rejected.
    Refuse,
}

/// What the operator wants done with a conversation that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Take it over: the recording is still uploaded.
    #[default]
    Adopt,
    /// Leave it alone.
    Skip,
}

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A missing recording.
    pub missing: MissingRecording,
    /// Somebody else's conversation.
    pub existing: Existing,
    /// How long a call may be held before a person must look.
    pub hold_for: Duration,
}

impl Policy {
    /// Three days: recordings of a Friday that are copied on Monday.
    pub const HOLD_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            missing: MissingRecording::default(),
            existing: Existing::default(),
            hold_for: Policy::HOLD_FOR,
        }
    }
}

/// The next step of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Create the conversation, then upload the recording if there is one.
    Create {
        /// An earlier try may have got through, so a 409 means that it did.
        was_tried: bool,
        /// Whether a recording follows.
        with_upload: bool,
    },
    /// The conversation is there; only its recording is owed.
    Upload {
        /// An earlier upload may have got through.
        is_in_doubt: bool,
    },
    /// Nothing is left to do.
    Nothing,
    /// Wait for the recording.
    Hold,
    /// The conversation is there and its recording is not, and the operator does not want to wait for it:
    /// the ledger is told that nothing is left to do.
    Waive,
    /// The recording is missing, and the operator wants no call without one.
    Refuse,
}

/// The next step of a call of which the ledger knows `standing`.
pub fn step(standing: Option<&Standing>, recording: Recording, policy: Policy) -> Step {
    match standing.map(|standing| (&standing.create, standing.upload)) {
        None | Some((Create::Never, _)) => create(false, recording, policy.missing),
        Some((Create::Intended | Create::Refused, _)) => {
            // After a plain refusal nothing of ours is there: a 409 is somebody else's.
            let was_tried = standing.is_some_and(|known| known.sent_unheard().is_some());
            create(was_tried, recording, policy.missing)
        }
        Some((Create::LeftAlone, _)) => match (policy.existing, recording) {
            (Existing::Adopt, Recording::Here) => Step::Upload { is_in_doubt: false },
            _ => Step::Nothing,
        },
        Some((Create::Done { .. }, upload)) => owed(upload, recording, policy.missing),
    }
}

/// The same for a call that is known to be done, without its whole standing; `None` when the
/// standing must be looked at.
pub fn step_of_done(ending: Ending, recording: Recording, policy: Policy) -> Option<Step> {
    match (ending, recording, policy.existing) {
        (Ending::Complete, _, _)
        | (Ending::LeftAlone, _, Existing::Skip)
        | (Ending::WithoutRecording, Recording::NotAsked, _)
        | (Ending::Waived | Ending::LeftAlone, Recording::NotAsked | Recording::Missing, _) => {
            Some(Step::Nothing)
        }
        _ => None,
    }
}

/// Whether a record is another call than the one that was sent under its id, or may have been, and no
/// newer state of it: the ids have begun anew. Ledgers of earlier versions do not know.
pub fn is_another_call(known: &Standing, now: Party) -> bool {
    let may_be_there =
        matches!(known.create, Create::Done { .. }) || known.sent_unheard().is_some();
    may_be_there && known.party.is_of_another_call(now)
}

fn create(was_tried: bool, recording: Recording, missing: MissingRecording) -> Step {
    match (recording, missing) {
        (Recording::Here, _) => Step::Create {
            was_tried,
            with_upload: true,
        },
        (Recording::NotAsked, _) | (Recording::Missing, MissingRecording::Create) => Step::Create {
            was_tried,
            with_upload: false,
        },
        (Recording::Missing, MissingRecording::Hold) => Step::Hold,
        (Recording::Missing, MissingRecording::Refuse) => Step::Refuse,
    }
}

fn owed(upload: Upload, recording: Recording, missing: MissingRecording) -> Step {
    match (upload, recording) {
        (Upload::Done { .. }, _)
        | (Upload::NotWanted { was_sought: true }, Recording::Missing)
        | (_, Recording::NotAsked) => Step::Nothing,
        (Upload::Intended { .. }, Recording::Here) => Step::Upload { is_in_doubt: true },
        (_, Recording::Here) => Step::Upload { is_in_doubt: false },
        (_, Recording::Missing) => match (missing, upload) {
            (MissingRecording::Hold, _) => Step::Hold,
            (MissingRecording::Refuse, _) => Step::Refuse,
            // It may be there, and only a run that has the recording can settle that.
            (MissingRecording::Create, Upload::Intended { .. }) => Step::Nothing,
            (MissingRecording::Create, _) => Step::Waive,
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn standing(create: Create, upload: Upload) -> Standing {
        Standing {
            create,
            upload,
            ..Standing::new(Timestamp::UNIX_EPOCH)
        }
    }

    fn done() -> Create {
        Create::Done {
            uid: None,
            is_adopted: false,
        }
    }

    const SENT: Upload = Upload::Done {
        hash: [0; 32],
        bytes: 1,
    };
    const NOT_SOUGHT: Upload = Upload::NotWanted { was_sought: false };
    const WAIVED: Upload = Upload::NotWanted { was_sought: true };
    const TRIED: Upload = Upload::Intended { bytes: 1 };

    fn decide(create: Create, upload: Upload, recording: Recording) -> Step {
        step(
            Some(&standing(create, upload)),
            recording,
            Policy::default(),
        )
    }

    #[test]
    fn a_new_call_is_created_held_or_refused_by_its_recording() {
        use MissingRecording::{Create, Hold, Refuse};
        let new = |recording, missing| {
            step(
                None,
                recording,
                Policy {
                    missing,
                    ..Policy::default()
                },
            )
        };
        let create = |with_upload| Step::Create {
            was_tried: false,
            with_upload,
        };
        for missing in [Hold, Create, Refuse] {
            assert_eq!(new(Recording::Here, missing), create(true));
            assert_eq!(new(Recording::NotAsked, missing), create(false));
        }
        assert_eq!(new(Recording::Missing, Hold), Step::Hold);
        assert_eq!(new(Recording::Missing, Create), create(false));
        assert_eq!(new(Recording::Missing, Refuse), Step::Refuse);
    }

    #[test]
    fn a_call_in_doubt_is_created_again_knowing_that_it_was_tried() {
        // Of a refusal without a known content nobody knows whether an earlier try got through.
        for create in [Create::Intended, Create::Refused] {
            assert_eq!(
                decide(create, Upload::Never, Recording::Here),
                Step::Create {
                    was_tried: true,
                    with_upload: true
                }
            );
        }
    }

    #[test]
    fn a_call_that_was_plainly_refused_is_created_as_if_never_tried() {
        let refused = Standing {
            fingerprint: 7,
            ..standing(Create::Refused, Upload::Never)
        };
        assert_eq!(
            step(Some(&refused), Recording::Here, Policy::default()),
            Step::Create {
                was_tried: false,
                with_upload: true
            }
        );
    }

    #[test]
    fn a_conversation_that_is_there_is_never_created_again() {
        for upload in [
            Upload::Never,
            TRIED,
            Upload::Refused,
            NOT_SOUGHT,
            WAIVED,
            Upload::Owed,
            SENT,
        ] {
            for recording in [Recording::NotAsked, Recording::Here, Recording::Missing] {
                for missing in [
                    MissingRecording::Hold,
                    MissingRecording::Create,
                    MissingRecording::Refuse,
                ] {
                    for create in [done(), Create::LeftAlone] {
                        let policy = Policy {
                            missing,
                            ..Policy::default()
                        };
                        let step = step(Some(&standing(create, upload)), recording, policy);
                        assert!(
                            !matches!(step, Step::Create { .. }),
                            "{upload:?} {recording:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn an_owed_recording_is_sent_once_it_is_there() {
        use Recording::{Here, Missing, NotAsked};
        assert_eq!(
            decide(done(), Upload::Never, Here),
            Step::Upload { is_in_doubt: false }
        );
        assert_eq!(
            decide(done(), NOT_SOUGHT, Here),
            Step::Upload { is_in_doubt: false }
        );
        assert_eq!(
            decide(done(), TRIED, Here),
            Step::Upload { is_in_doubt: true }
        );
        assert_eq!(decide(done(), TRIED, Missing), Step::Hold);
        assert_eq!(decide(done(), SENT, Here), Step::Nothing);
        assert_eq!(decide(done(), WAIVED, Missing), Step::Nothing);
        assert_eq!(decide(done(), Upload::Never, NotAsked), Step::Nothing);
    }

    #[test]
    fn a_recording_that_nobody_has_looked_for_is_missing_once_somebody_looks() {
        use MissingRecording::{Create, Hold, Refuse};
        for upload in [NOT_SOUGHT, Upload::Owed, Upload::Never, Upload::Refused] {
            for (missing, expected) in [
                (Hold, Step::Hold),
                (Create, Step::Waive),
                (Refuse, Step::Refuse),
            ] {
                let policy = Policy {
                    missing,
                    ..Policy::default()
                };
                let known = standing(done(), upload);
                let step = |recording| step(Some(&known), recording, policy);
                assert_eq!(step(Recording::Missing), expected, "{upload:?}");
                assert_eq!(step(Recording::NotAsked), Step::Nothing, "{upload:?}");
            }
        }
    }

    #[test]
    fn somebody_elses_conversation_is_left_or_taken_as_asked() {
        let left = standing(Create::LeftAlone, Upload::Never);
        let with = |existing| {
            step(
                Some(&left),
                Recording::Here,
                Policy {
                    existing,
                    ..Policy::default()
                },
            )
        };
        assert_eq!(with(Existing::Skip), Step::Nothing);
        assert_eq!(with(Existing::Adopt), Step::Upload { is_in_doubt: false });
    }

    #[test]
    fn an_id_that_was_used_again_is_told_from_a_record_that_changed() {
        let sent = Party::of("+4512345602", "2024-03-15");
        let known = |create: Create, party: Party| Standing {
            party,
            fingerprint: 1,
            ..standing(create, Upload::Never)
        };
        let anew = Party::of("+4512345699", "2024-06-01");
        for create in [done(), Create::Intended] {
            let known = known(create, sent);
            assert!(is_another_call(&known, anew));
            assert!(!is_another_call(
                &known,
                Party::of("+4512345699", "2024-03-16")
            ));
            assert!(!is_another_call(
                &known,
                Party::of("+4512345602", "2024-06-01")
            ));
            assert!(!is_another_call(&known, sent));
            assert!(!is_another_call(&known, Party::default()));
        }
        // Nothing of ours is there, or nobody knows what.
        for create in [Create::Never, Create::Refused, Create::LeftAlone] {
            assert!(!is_another_call(&known(create, sent), anew));
        }
        assert!(!is_another_call(&known(done(), Party::default()), anew));
    }

    #[test]
    fn the_shortcut_agrees_with_the_whole_standing() {
        let endings = [
            (Ending::Complete, done(), SENT),
            (Ending::WithoutRecording, done(), NOT_SOUGHT),
            (Ending::Waived, done(), WAIVED),
            (Ending::LeftAlone, Create::LeftAlone, Upload::Never),
        ];
        for (ending, create, upload) in endings {
            let standing = standing(create, upload);
            assert_eq!(standing.ending(), Some(ending));
            for recording in [Recording::NotAsked, Recording::Here, Recording::Missing] {
                for existing in [Existing::Adopt, Existing::Skip] {
                    let policy = Policy {
                        existing,
                        ..Policy::default()
                    };
                    if let Some(short) = step_of_done(ending, recording, policy) {
                        assert_eq!(short, step(Some(&standing), recording, policy));
                    }
                }
            }
        }
    }
}
