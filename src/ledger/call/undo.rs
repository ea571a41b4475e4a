//! An intent of whose request nothing can have come is taken back: the call stands again where it
//! stood before, and a call of which nothing else is known is forgotten. Else a 409 of the next run
//! would be taken for the answer to a request of ours. Pure, as `standing` is.

use super::fact::Stage;
use super::state::{CallState, CreateState, UploadState};

impl CallState {
    /// Undoes an intent, and nothing else: a conversation that was made before an upload was
    /// intended stays, and so does whatever was learned instead of an answer. `before` is what the
    /// run found in the ledger. `false` if there was nothing to undo.
    pub(in crate::ledger) fn take_back(
        &mut self,
        stage: Stage,
        before: Option<Box<CallState>>,
    ) -> bool {
        let before = before.map_or_else(|| CallState::new(self.first_at), |before| *before);
        let now = self.clone();
        match (stage, &self.create, self.upload) {
            (Stage::Create, CreateState::Intended, _) if before.is_create_open() => {
                self.create = before.create;
                self.fingerprint = before.fingerprint;
                self.party = before.party;
                self.obstacle = before.obstacle;
                self.last_at = before.last_at;
            }
            (Stage::Upload, _, UploadState::Intended { .. }) => self.take_back_upload(before),
            _ => {}
        }
        *self != now
    }

    fn take_back_upload(&mut self, before: CallState) {
        self.upload = before.upload;
        self.in_doubt_resends = before.in_doubt_resends;
        if before.is_create_open() {
            // The conversation was made since, and what stood in its way is gone.
            return;
        }
        self.obstacle = before.obstacle;
        self.last_at = before.last_at;
        if before.create == CreateState::LeftAlone {
            // It was to be taken over by this upload.
            self.create = CreateState::LeftAlone;
            self.fingerprint = before.fingerprint;
            self.party = before.party;
        }
    }

    /// Whether nothing is known of the call, so that there is nothing to keep.
    pub(in crate::ledger) fn is_blank(&self) -> bool {
        self.create == CreateState::Never
            && self.upload == UploadState::Never
            && self.obstacle.is_none()
            && self.in_doubt_resends == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Party;
    use crate::ledger::CallFact;
    use crate::ledger::tests::{after, at, facts, held};

    fn not_sent(stage: Stage, before: Option<&CallState>) -> CallFact {
        CallFact::NotSent {
            stage,
            before: before.cloned().map(Box::new),
        }
    }

    /// The intent of the upload of a call that stands so, as the delivery writes it.
    fn upload_intents(standing: &CallState) -> Vec<CallFact> {
        let mut intents = vec![CallFact::UploadIntended { bytes: 9 }];
        if standing.create == CreateState::LeftAlone {
            intents.insert(
                0,
                CallFact::Adopted {
                    fingerprint: 7,
                    uid: None,
                },
            );
        }
        if standing.in_doubt() == Some(Stage::Upload) {
            let times = standing.in_doubt_resends + 1;
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
            let mut standing = before.clone();
            standing.apply(CallFact::CreateIntended { fingerprint: 9, party: Party::default() }, at(50));
            standing.apply(not_sent(Stage::Create, Some(&before)), at(51));
            prop_assert_eq!(standing, before);
        }

        #[test]
        fn an_upload_that_never_left_changes_nothing(
            facts in prop::collection::vec(facts(), 0..8),
        ) {
            let before = after(&facts);
            prop_assume!(!before.is_create_open());
            prop_assume!(!matches!(before.upload, UploadState::Done { .. }));
            let mut standing = before.clone();
            for intent in upload_intents(&before) {
                standing.apply(intent, at(50));
            }
            standing.apply(not_sent(Stage::Upload, Some(&before)), at(51));
            prop_assert_eq!(standing, before);
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
            let mut standing = before.clone();
            standing.apply(CallFact::CreateIntended { fingerprint: 1, party: Party::default() }, at(50));
            standing.apply(answer, at(51));
            let learned = standing.clone();
            prop_assert!(!standing.apply(not_sent(Stage::Create, Some(&before)), at(52)));
            prop_assert_eq!(standing, learned);
        }
    }

    #[test]
    fn a_call_that_was_never_tried_leaves_nothing() {
        let standing = after(&[
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
            },
            not_sent(Stage::Create, None),
        ]);
        assert!(standing.is_blank());
    }

    #[test]
    fn a_conversation_of_this_run_outlives_its_upload() {
        let before = after(&[held(1)]);
        let standing = after(&[
            held(1),
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
            },
            CallFact::Created {
                fingerprint: 1,
                uid: Some("u-1".into()),
            },
            CallFact::UploadIntended { bytes: 9 },
            not_sent(Stage::Upload, Some(&before)),
        ]);
        assert!(matches!(standing.create, CreateState::Done { .. }));
        assert_eq!(standing.upload, UploadState::Never);
        assert_eq!((standing.obstacle, standing.last_at), (None, at(4)));
    }
}
