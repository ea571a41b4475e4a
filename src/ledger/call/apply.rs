//! What each fact changes about a call. Pure.
//!
//! A fact that says nothing new changes nothing, not even the time.

use jiff::Timestamp;

use super::fact::CallFact;
use super::state::{CallState, UNKNOWN, UploadState};
use crate::ledger::blocker::Blocker;

/// Takes in a fact; `false` if it says nothing new. That a call is held is news each time, because it
/// was found again.
pub fn apply_fact(state: &mut CallState, fact: CallFact, at: Timestamp) -> bool {
    let before = state.clone();
    let tells_of_hold = matches!(fact, CallFact::Held { .. });
    match fact {
        CallFact::CreateIntended {
            fingerprint, party, ..
        } => {
            state.create_intended(fingerprint, party);
        }
        CallFact::Created { fingerprint, uid } => state.created(fingerprint, uid, false),
        CallFact::Adopted { fingerprint, uid } => state.created(fingerprint, uid, true),
        CallFact::LeftAlone { fingerprint } => state.left_alone(fingerprint),
        CallFact::WithoutRecording { was_sought } => {
            state.set_upload(UploadState::NotWanted { was_sought }, None);
        }
        CallFact::UploadIntended { bytes } => {
            state.set_upload(UploadState::Intended { bytes }, None);
        }
        // Kept beside the calls.
        CallFact::Takes { .. } | CallFact::Lasts { .. } | CallFact::Hashed { .. } => {}
        CallFact::UploadResent { times } => {
            state.in_doubt_resends = state.in_doubt_resends.max(times);
        }
        CallFact::Uploaded {
            hash,
            bytes,
            in_doubt_resends,
            source,
        } => {
            state.upload = UploadState::Done { hash, bytes };
            state.source = source;
            state.in_doubt_resends = state.in_doubt_resends.max(in_doubt_resends);
            state.blocker = None;
        }
        CallFact::ChangeIntended { .. } => state.set_content(UNKNOWN),
        CallFact::Changed { fingerprint, .. } | CallFact::NotChanged { fingerprint } => {
            state.set_content(fingerprint);
        }
        CallFact::Held { fingerprint, why } => state.held(fingerprint, why, at),
        CallFact::Refused {
            fingerprint,
            stage,
            status,
            message,
        } => state.refused(fingerprint, stage, status, message),
        CallFact::Failed {
            fingerprint,
            stage,
            status,
            why,
        } => state.failed(fingerprint, stage, status, why),
        // What nobody did has no time.
        CallFact::NotSent { stage, before } => return state.take_back(stage, before),
    }
    if state.done().is_some() {
        state.held_at = None;
    }
    let is_held = matches!(state.blocker, Some(Blocker::Held { .. }));
    let is_new = tells_of_hold && is_held || *state != before;
    if is_new {
        state.last_at = state.last_at.max(at);
    }
    is_new
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::Party;
    use crate::ledger::CreateState;
    use crate::ledger::tests::{after, at, facts, held};
    use crate::ledger::{CallStatus, SentContent, Stage};

    /// The conversation, told again from the facts as a whole instead of one by one.
    fn expected_create(facts: &[CallFact]) -> (CreateState, Option<u128>) {
        let first = |of: fn(&CallFact) -> Option<u128>| facts.iter().find_map(of);
        let last = |of: fn(&CallFact) -> Option<u128>| facts.iter().rev().find_map(of);
        let made = first(|fact| match fact {
            CallFact::Created { fingerprint, .. } => Some(*fingerprint),
            _ => None,
        });
        let adopted = first(|fact| match fact {
            CallFact::Adopted { fingerprint, .. } => Some(*fingerprint),
            _ => None,
        });
        if let Some(fingerprint) = made.or(adopted) {
            let create = CreateState::Done {
                uid: None,
                is_adopted: made.is_none(),
            };
            return (create, Some(fingerprint));
        }
        if let Some(fingerprint) = last(|fact| match fact {
            CallFact::LeftAlone { fingerprint } => Some(*fingerprint),
            _ => None,
        }) {
            return (CreateState::LeftAlone, Some(fingerprint));
        }
        let answer = facts.iter().rev().find_map(|fact| match fact {
            CallFact::CreateIntended { .. } => Some(CreateState::Intended),
            CallFact::Refused {
                stage: Stage::Create,
                ..
            } => Some(CreateState::Refused),
            _ => None,
        });
        let said = last(|fact| match fact {
            CallFact::Held { fingerprint, .. }
            | CallFact::Refused {
                fingerprint,
                stage: Stage::Create,
                ..
            }
            | CallFact::Failed {
                fingerprint,
                stage: Stage::Create,
                ..
            } => Some(*fingerprint),
            _ => None,
        });
        let fingerprint = match tries(facts).map(|tries| tries.into_iter().collect::<Vec<_>>()) {
            Some(tries) if tries.is_empty() => said,
            Some(tries) if tries.len() == 1 => Some(tries[0]),
            _ => Some(UNKNOWN),
        };
        (answer.unwrap_or_default(), fingerprint)
    }

    /// The contents that were tried since the last refusal; `None` when an earlier refusal spoke of
    /// another content than the one that was in doubt.
    fn tries(facts: &[CallFact]) -> Option<BTreeSet<u128>> {
        let refusal = |fact: &CallFact| match fact {
            CallFact::Refused {
                fingerprint,
                stage: Stage::Create,
                ..
            } => Some(*fingerprint),
            _ => None,
        };
        let last = facts.iter().rposition(|fact| refusal(fact).is_some());
        let since = last.map_or(0, |at| at + 1);
        if let Some(at) = last {
            let before = tries(&facts[..at])?;
            if !before.is_subset(&refusal(&facts[at]).into_iter().collect()) {
                return None;
            }
        }
        let tried = facts[since..].iter().filter_map(|fact| match fact {
            CallFact::CreateIntended { fingerprint, .. } => Some(*fingerprint),
            _ => None,
        });
        Some(tried.collect())
    }

    fn expected_upload(facts: &[CallFact]) -> UploadState {
        let arrived = facts.iter().rev().find_map(|fact| match fact {
            CallFact::Uploaded { hash, bytes, .. } => Some(UploadState::Done {
                hash: *hash,
                bytes: *bytes,
            }),
            _ => None,
        });
        let is_done =
            |fact: &CallFact| matches!(fact, CallFact::Created { .. } | CallFact::Adopted { .. });
        let made = facts.iter().position(is_done).unwrap_or(facts.len());
        let answer = facts
            .iter()
            .enumerate()
            .fold(None, |so_far, (at, fact)| match fact {
                CallFact::UploadIntended { bytes } => Some(UploadState::Intended { bytes: *bytes }),
                CallFact::WithoutRecording { was_sought } => Some(UploadState::NotWanted {
                    was_sought: *was_sought,
                }),
                CallFact::Refused {
                    stage: Stage::Upload,
                    ..
                } => Some(UploadState::Refused),
                CallFact::Held { .. }
                    if at > made && matches!(so_far, Some(UploadState::NotWanted { .. })) =>
                {
                    Some(UploadState::Owed)
                }
                _ => so_far,
            });
        arrived.or(answer).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn no_order_of_facts_makes_it_forget(facts in prop::collection::vec(facts(), 0..12)) {
            let state = after(&facts);
            let (create, fingerprint) = expected_create(&facts);
            let uids: Vec<&String> = facts.iter().filter_map(|fact| match fact {
                CallFact::Created { uid, .. } | CallFact::Adopted { uid, .. } => uid.as_ref(),
                _ => None,
            }).collect();
            match (&state.create, &create) {
                (CreateState::Done { uid, is_adopted }, CreateState::Done { is_adopted: expected, .. }) => {
                    prop_assert_eq!(is_adopted, expected);
                    prop_assert_eq!(uid.is_some(), !uids.is_empty());
                    prop_assert!(uid.iter().all(|uid| uids.contains(&uid)));
                }
                (one, other) => prop_assert_eq!(one, other),
            }
            prop_assert_eq!(state.upload, expected_upload(&facts));
            prop_assert_eq!(state.fingerprint, fingerprint.unwrap_or(0));
        }

        #[test]
        fn a_fact_told_twice_is_told_once(
            facts in prop::collection::vec(facts(), 1..8),
        ) {
            let mut state = after(&facts);
            let mut once = state.clone();
            let last = facts.last().unwrap().clone();
            let is_hold = matches!(last, CallFact::Held { .. });
            let is_held = is_hold && matches!(once.blocker, Some(Blocker::Held { .. }));
            prop_assert_eq!(apply_fact(&mut state, last, at(99)), is_held);
            if is_held {
                once.last_at = at(99);
            }
            prop_assert_eq!(state, once);
        }

        #[test]
        fn a_complete_call_stays_complete(
            before in prop::collection::vec(facts(), 0..8),
            later in prop::collection::vec(facts(), 0..8),
        ) {
            let done = [
                CallFact::Created { fingerprint: 1, uid: None },
                CallFact::Uploaded { hash: [7; 32], bytes: 9, in_doubt_resends: 0, source: None },
            ];
            let facts = [&before[..], &done, &later].concat();
            prop_assert_eq!(after(&facts).status(), CallStatus::Complete);
        }
    }

    #[test]
    fn a_late_intent_does_not_erase_what_was_made() {
        let state = after(&[
            CallFact::Created {
                fingerprint: 1,
                uid: Some("u-1".into()),
            },
            intent(2, 0),
        ]);
        assert_eq!(state.fingerprint, 1);
        assert_eq!(
            state.create,
            CreateState::Done {
                uid: Some("u-1".into()),
                is_adopted: false
            }
        );
    }

    #[test]
    fn a_conversation_left_alone_can_be_adopted_later() {
        let state = after(&[
            CallFact::LeftAlone { fingerprint: 1 },
            CallFact::Adopted {
                fingerprint: 1,
                uid: None,
            },
        ]);
        assert_eq!(state.done(), None);
        assert_eq!(state.status(), CallStatus::Unfinished);
    }

    #[test]
    fn a_failure_leaves_the_call_in_doubt() {
        let state = after(&[
            intent(1, 0),
            CallFact::Failed {
                fingerprint: 1,
                stage: Stage::Create,
                status: None,
                why: "no answer".into(),
            },
        ]);
        assert_eq!(state.status(), CallStatus::Failed);
        assert_eq!(state.in_doubt(), Some(Stage::Create));
    }

    #[test]
    fn the_next_try_clears_what_stood_in_the_way() {
        let state = after(&[held(1), intent(1, 0)]);
        assert_eq!(state.blocker, None);
        assert_eq!(state.status(), CallStatus::InDoubt);
    }

    #[test]
    fn a_recording_that_arrived_clears_the_blocker_and_forgets_no_resend() {
        let uploaded = |in_doubt_resends, source| CallFact::Uploaded {
            hash: [7; 32],
            bytes: 9,
            in_doubt_resends,
            source,
        };
        let failed = CallFact::Failed {
            fingerprint: 1,
            stage: Stage::Upload,
            status: Some(503),
            why: "busy".into(),
        };
        let resent = |times| CallFact::UploadResent { times };
        let state = after(&[resent(2), resent(1), failed.clone()]);
        assert_eq!(state.in_doubt_resends, 2);
        assert!(state.blocker.is_some());
        let state = after(&[resent(2), failed.clone(), uploaded(1, Some(8))]);
        assert_eq!((state.in_doubt_resends, state.source), (2, Some(8)));
        assert_eq!(state.blocker, None);
        let state = after(&[uploaded(3, None)]);
        assert_eq!((state.in_doubt_resends, state.source), (3, None));
        // What arrived is there, whatever is told later.
        let state = after(&[uploaded(0, None), failed]);
        assert_eq!(state.blocker, None);
    }

    #[test]
    fn the_time_moves_with_news_and_when_a_held_call_is_found_again() {
        let without = CallFact::WithoutRecording { was_sought: true };
        let mut state = after(std::slice::from_ref(&without));
        assert!(!apply_fact(&mut state, without, at(50)));
        assert_eq!(state.last_at, at(1));
        let mut state = after(&[held(1)]);
        assert!(apply_fact(&mut state, held(1), at(40)));
        assert_eq!((state.last_at, state.held_at), (at(40), Some(at(1))));
        apply_fact(&mut state, held(2), at(50));
        assert_eq!((state.last_at, state.held_at), (at(50), Some(at(1))));
    }

    #[test]
    fn a_call_is_held_since_the_first_time_until_it_is_complete() {
        let failed = CallFact::Failed {
            fingerprint: 1,
            stage: Stage::Create,
            status: None,
            why: "no answer".into(),
        };
        let created = CallFact::Created {
            fingerprint: 1,
            uid: None,
        };
        let without = CallFact::WithoutRecording { was_sought: true };
        let facts = [held(1), failed, held(2), created, without];
        for end in 1..facts.len() {
            assert_eq!(after(&facts[..end]).held_at, Some(at(1)));
        }
        assert_eq!(after(&facts).held_at, None);
    }

    #[test]
    fn the_party_is_that_of_the_call_that_the_server_may_have() {
        let refused = CallFact::Refused {
            fingerprint: 1,
            stage: Stage::Create,
            status: 400,
            message: "no".into(),
        };
        let created = CallFact::Created {
            fingerprint: 1,
            uid: None,
        };
        let left_alone = CallFact::LeftAlone { fingerprint: 1 };
        let adopted = |fingerprint| CallFact::Adopted {
            fingerprint,
            uid: None,
        };
        for (facts, party) in [
            (vec![intent(1, 5), created.clone()], 5),
            // A try without an answer may have brought the one or the other.
            (vec![intent(1, 5), intent(2, 5)], 5),
            (vec![intent(1, 5), intent(2, 6)], 0),
            (vec![intent(1, 5), intent(2, 6), intent(2, 6)], 0),
            (vec![intent(1, 5), refused, intent(2, 6)], 6),
            // What is there stays.
            (vec![intent(1, 5), created, intent(2, 6)], 5),
            // What is taken over later is the record of that run.
            (vec![intent(1, 5), left_alone.clone(), adopted(1)], 5),
            (vec![intent(1, 5), left_alone, adopted(2)], 0),
        ] {
            assert_eq!(after(&facts).party, Party::from_bits(party), "{facts:?}");
        }
    }

    fn intent(fingerprint: u128, party: u32) -> CallFact {
        CallFact::CreateIntended {
            fingerprint,
            party: Party::from_bits(party),
            content: SentContent::default(),
        }
    }

    fn not_sent(stage: Stage, before: Option<&CallState>) -> CallFact {
        CallFact::NotSent {
            stage,
            before: before.cloned().map(Box::new),
        }
    }

    /// The intent of the upload of a call in this state, as the delivery writes it.
    fn upload_intents(state: &CallState) -> Vec<CallFact> {
        let mut intents = vec![CallFact::UploadIntended { bytes: 9 }];
        if state.create == CreateState::LeftAlone {
            intents.insert(
                0,
                CallFact::Adopted {
                    fingerprint: 7,
                    uid: None,
                },
            );
        }
        if state.in_doubt() == Some(Stage::Upload) {
            let times = state.in_doubt_resends + 1;
            intents.push(CallFact::UploadResent { times });
        }
        intents
    }

    proptest! {
        #[test]
        fn a_create_that_never_left_changes_nothing(
            facts in prop::collection::vec(facts(), 0..8),
        ) {
            let before = after(&facts);
            prop_assume!(before.is_create_open());
            let mut state = before.clone();
            apply_fact(&mut state, intent(9, 0), at(50));
            apply_fact(&mut state, not_sent(Stage::Create, Some(&before)), at(51));
            prop_assert_eq!(state, before);
        }

        #[test]
        fn an_upload_that_never_left_changes_nothing(
            facts in prop::collection::vec(facts(), 0..8),
        ) {
            let before = after(&facts);
            prop_assume!(!before.is_create_open());
            prop_assume!(!matches!(before.upload, UploadState::Done { .. }));
            let mut state = before.clone();
            for intent in upload_intents(&before) {
                apply_fact(&mut state, intent, at(50));
            }
            apply_fact(&mut state, not_sent(Stage::Upload, Some(&before)), at(51));
            prop_assert_eq!(state, before);
        }

        #[test]
        fn what_was_learned_is_not_taken_back(
            facts in prop::collection::vec(facts(), 0..8),
            answer in prop_oneof![
                Just(CallFact::Created { fingerprint: 1, uid: None }),
                Just(CallFact::Adopted { fingerprint: 1, uid: None }),
                Just(CallFact::Refused {
                    fingerprint: 1,
                    stage: Stage::Create,
                    status: 400,
                    message: "no".into(),
                }),
            ],
        ) {
            let before = after(&facts);
            let mut state = before.clone();
            apply_fact(&mut state, intent(1, 0), at(50));
            apply_fact(&mut state, answer, at(51));
            let learned = state.clone();
            prop_assert!(!apply_fact(&mut state, not_sent(Stage::Create, Some(&before)), at(52)));
            prop_assert_eq!(state, learned);
        }
    }

    #[test]
    fn a_call_that_was_never_tried_leaves_nothing() {
        let state = after(&[intent(1, 0), not_sent(Stage::Create, None)]);
        assert!(state.is_blank());
    }

    #[test]
    fn a_conversation_of_this_run_outlives_its_upload() {
        let before = after(&[held(1)]);
        let state = after(&[
            held(1),
            intent(1, 0),
            CallFact::Created {
                fingerprint: 1,
                uid: Some("u-1".into()),
            },
            CallFact::UploadIntended { bytes: 9 },
            not_sent(Stage::Upload, Some(&before)),
        ]);
        assert!(matches!(state.create, CreateState::Done { .. }));
        assert_eq!(state.upload, UploadState::Never);
        assert_eq!((state.blocker, state.last_at), (None, at(4)));
    }
}
