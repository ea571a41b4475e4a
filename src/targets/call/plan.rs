//! The next step of a call.

use crate::domain::{ExistingConversation, MissingRecording, Party, Policy};
use crate::ledger::{CallState, Checkpoint, CreateProgress, CreateState, UploadProgress};

/// Whether the recording of a call is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingPresence {
    /// Nobody asked for recordings (no audio folder was given).
    NotAsked,
    /// It lies in the audio folder and can be sent.
    Here,
    /// Looked for, and not found.
    Missing,
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
    /// Everything is there, and custom properties of it have changed.
    Change,
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

/// The next step of a call that is so far.
pub fn next_step(checkpoint: Checkpoint, recording: RecordingPresence, policy: Policy) -> Step {
    match checkpoint.create() {
        CreateProgress::Never | CreateProgress::Intended | CreateProgress::Refused => {
            // After a plain refusal nothing of ours is there: a 409 is somebody else's.
            create(checkpoint.may_be_there(), recording, policy.missing)
        }
        CreateProgress::LeftAlone => match (policy.existing, recording) {
            (ExistingConversation::Adopt, RecordingPresence::Here) => {
                Step::Upload { is_in_doubt: false }
            }
            _ => Step::Nothing,
        },
        CreateProgress::Adopted | CreateProgress::Created => {
            owed(checkpoint.upload(), recording, policy.missing)
        }
    }
}

/// Whether a record is another call than the one that was sent under its id, or may have been, and no
/// newer state of it: the ids have begun anew. Ledgers of earlier versions do not know.
pub fn is_another_call(known: &CallState, now: Party) -> bool {
    let may_be_there =
        matches!(known.create, CreateState::Done { .. }) || known.unconfirmed().is_some();
    may_be_there && known.party.is_of_another_call(now)
}

fn create(was_tried: bool, recording: RecordingPresence, missing: MissingRecording) -> Step {
    match (recording, missing) {
        (RecordingPresence::Here, _) => Step::Create {
            was_tried,
            with_upload: true,
        },
        (RecordingPresence::NotAsked, _)
        | (RecordingPresence::Missing, MissingRecording::Create) => Step::Create {
            was_tried,
            with_upload: false,
        },
        (RecordingPresence::Missing, MissingRecording::Hold) => Step::Hold,
        (RecordingPresence::Missing, MissingRecording::Refuse) => Step::Refuse,
    }
}

fn owed(upload: UploadProgress, recording: RecordingPresence, missing: MissingRecording) -> Step {
    match (upload, recording) {
        (UploadProgress::Done, _)
        | (UploadProgress::Waived, RecordingPresence::Missing)
        | (_, RecordingPresence::NotAsked) => Step::Nothing,
        (_, RecordingPresence::Here) => Step::Upload {
            is_in_doubt: upload == UploadProgress::Intended,
        },
        (_, RecordingPresence::Missing) => match (missing, upload) {
            (MissingRecording::Hold, _) => Step::Hold,
            (MissingRecording::Refuse, _) => Step::Refuse,
            // It may be there, and only a run that has the recording can settle that.
            (MissingRecording::Create, UploadProgress::Intended) => Step::Nothing,
            (MissingRecording::Create, _) => Step::Waive,
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ledger::{DoneKind, UploadState};

    fn state_of(create: CreateState, upload: UploadState) -> CallState {
        CallState {
            create,
            upload,
            ..CallState::new(Timestamp::UNIX_EPOCH)
        }
    }

    fn done() -> CreateState {
        CreateState::Done {
            uid: None,
            is_adopted: false,
        }
    }

    const SENT: UploadState = UploadState::Done {
        hash: [0; 32],
        bytes: 1,
    };
    const NOT_SOUGHT: UploadState = UploadState::NotWanted { was_sought: false };
    const WAIVED: UploadState = UploadState::NotWanted { was_sought: true };
    const TRIED: UploadState = UploadState::Intended { bytes: 1 };

    fn decide(create: CreateState, upload: UploadState, recording: RecordingPresence) -> Step {
        next_step(
            state_of(create, upload).checkpoint(),
            recording,
            Policy::default(),
        )
    }

    #[test]
    fn a_new_call_is_created_held_or_refused_by_its_recording() {
        use MissingRecording::{Create, Hold, Refuse};
        let new = |recording, missing| {
            next_step(
                Checkpoint::default(),
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
            assert_eq!(new(RecordingPresence::Here, missing), create(true));
            assert_eq!(new(RecordingPresence::NotAsked, missing), create(false));
        }
        assert_eq!(new(RecordingPresence::Missing, Hold), Step::Hold);
        assert_eq!(new(RecordingPresence::Missing, Create), create(false));
        assert_eq!(new(RecordingPresence::Missing, Refuse), Step::Refuse);
    }

    #[test]
    fn a_call_in_doubt_is_created_again_knowing_that_it_was_tried() {
        // Of a refusal without a known content nobody knows whether an earlier try got through.
        for create in [CreateState::Intended, CreateState::Refused] {
            assert_eq!(
                decide(create, UploadState::Never, RecordingPresence::Here),
                Step::Create {
                    was_tried: true,
                    with_upload: true
                }
            );
        }
    }

    #[test]
    fn a_call_that_was_plainly_refused_is_created_as_if_never_tried() {
        let refused = CallState {
            fingerprint: 7,
            ..state_of(CreateState::Refused, UploadState::Never)
        };
        assert_eq!(
            next_step(
                refused.checkpoint(),
                RecordingPresence::Here,
                Policy::default()
            ),
            Step::Create {
                was_tried: false,
                with_upload: true
            }
        );
    }

    #[test]
    fn a_conversation_that_is_there_is_never_created_again() {
        for upload in [
            UploadState::Never,
            TRIED,
            UploadState::Refused,
            NOT_SOUGHT,
            WAIVED,
            UploadState::Owed,
            SENT,
        ] {
            for recording in [
                RecordingPresence::NotAsked,
                RecordingPresence::Here,
                RecordingPresence::Missing,
            ] {
                for missing in [
                    MissingRecording::Hold,
                    MissingRecording::Create,
                    MissingRecording::Refuse,
                ] {
                    for create in [done(), CreateState::LeftAlone] {
                        let policy = Policy {
                            missing,
                            ..Policy::default()
                        };
                        let known = state_of(create, upload).checkpoint();
                        let step = next_step(known, recording, policy);
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
        use RecordingPresence::{Here, Missing, NotAsked};
        assert_eq!(
            decide(done(), UploadState::Never, Here),
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
        assert_eq!(decide(done(), UploadState::Never, NotAsked), Step::Nothing);
    }

    #[test]
    fn a_recording_that_nobody_has_looked_for_is_missing_once_somebody_looks() {
        use MissingRecording::{Create, Hold, Refuse};
        for upload in [
            NOT_SOUGHT,
            UploadState::Owed,
            UploadState::Never,
            UploadState::Refused,
        ] {
            for (missing, expected) in [
                (Hold, Step::Hold),
                (Create, Step::Waive),
                (Refuse, Step::Refuse),
            ] {
                let policy = Policy {
                    missing,
                    ..Policy::default()
                };
                let known = state_of(done(), upload).checkpoint();
                let step = |recording| next_step(known, recording, policy);
                assert_eq!(step(RecordingPresence::Missing), expected, "{upload:?}");
                assert_eq!(
                    step(RecordingPresence::NotAsked),
                    Step::Nothing,
                    "{upload:?}"
                );
            }
        }
    }

    #[test]
    fn a_recording_in_doubt_is_never_waived() {
        use MissingRecording::{Create, Hold, Refuse};
        let known = state_of(done(), TRIED).checkpoint();
        for (missing, expected) in [
            (Hold, Step::Hold),
            (Create, Step::Nothing),
            (Refuse, Step::Refuse),
        ] {
            let policy = Policy {
                missing,
                ..Policy::default()
            };
            let step = next_step(known, RecordingPresence::Missing, policy);
            assert_eq!(step, expected, "{missing:?}");
        }
    }

    #[test]
    fn somebody_elses_conversation_is_left_or_taken_as_asked() {
        let left = state_of(CreateState::LeftAlone, UploadState::Never);
        let with = |existing| {
            next_step(
                left.checkpoint(),
                RecordingPresence::Here,
                Policy {
                    existing,
                    ..Policy::default()
                },
            )
        };
        assert_eq!(with(ExistingConversation::Skip), Step::Nothing);
        assert_eq!(
            with(ExistingConversation::Adopt),
            Step::Upload { is_in_doubt: false }
        );
    }

    #[test]
    fn an_id_that_was_used_again_is_told_from_a_record_that_changed() {
        let sent = Party::of("+4512345602", "2024-03-15");
        let known = |create: CreateState, party: Party| CallState {
            party,
            fingerprint: 1,
            ..state_of(create, UploadState::Never)
        };
        let anew = Party::of("+4512345699", "2024-06-01");
        for create in [done(), CreateState::Intended] {
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
        for create in [
            CreateState::Never,
            CreateState::Refused,
            CreateState::LeftAlone,
        ] {
            assert!(!is_another_call(&known(create, sent), anew));
        }
        assert!(!is_another_call(&known(done(), Party::default()), anew));
    }

    /// Everything that an operator may ask for.
    fn policies() -> impl Iterator<Item = Policy> {
        use ExistingConversation::{Adopt, Skip};
        use MissingRecording::{Create, Hold, Refuse};
        let missing = [Hold, Create, Refuse].into_iter();
        missing.flat_map(|missing| {
            [Adopt, Skip].map(|existing| Policy {
                missing,
                existing,
                ..Policy::default()
            })
        })
    }

    const RECORDINGS: [RecordingPresence; 3] = [
        RecordingPresence::NotAsked,
        RecordingPresence::Here,
        RecordingPresence::Missing,
    ];

    #[test]
    fn how_a_call_is_done_decides_as_much_as_its_whole_state() {
        for (kind, create, upload) in [
            (DoneKind::Complete, done(), SENT),
            (DoneKind::WithoutRecording, done(), NOT_SOUGHT),
            (DoneKind::Waived, done(), WAIVED),
            (
                DoneKind::LeftAlone,
                CreateState::LeftAlone,
                UploadState::Never,
            ),
            (DoneKind::LeftAlone, CreateState::LeftAlone, TRIED),
        ] {
            let state = state_of(create, upload);
            assert_eq!(state.done(), Some(kind));
            for recording in RECORDINGS {
                for policy in policies() {
                    let of_kind = next_step(Checkpoint::of_done(kind), recording, policy);
                    assert_eq!(of_kind, next_step(state.checkpoint(), recording, policy));
                }
            }
        }
    }
}
