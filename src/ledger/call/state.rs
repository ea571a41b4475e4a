//! What the ledger knows of one call, and what each fact changes about it. Pure.
//!
//! A conversation that was made, a recording that arrived and a uid that was learned are never
//! forgotten, whatever is written later: an intent that comes late, a refusal, a failure of the
//! next run. Below that the last word counts, since a call that was refused may be tried again.
//! A fact that says nothing new changes nothing, not even the time.
//!
//! A row that changes while a create of it is in doubt leaves two contents of which the server has one
//! at most; then it counts as not known which, so that the row is told to have changed and not the
//! opposite.

use jiff::Timestamp;

use super::fact::{CallFact, Stage};
use crate::domain::{Code, Party};

/// The fingerprint of a content that nobody knows.
const UNKNOWN: u128 = 0;

/// Where the conversation stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CreateState {
    /// Never tried from this ledger: a 409 means that somebody else made it.
    #[default]
    Never,
    /// Tried, and not known with what result: a 409 means that it worked.
    Intended,
    /// Refused, and nothing of ours is there: a 409 means that somebody else made it. Only where the
    /// content is not known ([`CallState::sent_unheard`]) an earlier try may have got through.
    Refused,
    /// Somebody else's, and it was to be left alone.
    LeftAlone,
    /// It exists.
    Done {
        /// Its uid, where the server told.
        uid: Option<String>,
        /// Whether somebody else made it.
        is_adopted: bool,
    },
}

/// Where the recording stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UploadState {
    /// Never tried from this ledger.
    #[default]
    Never,
    /// Tried, and not known with what result: to send it again may send it twice.
    Intended {
        /// The size of what was sent.
        bytes: u64,
    },
    /// The last try was refused.
    Refused,
    /// The call is complete without one.
    NotWanted {
        /// It was looked for, and the operator said to do without it; else nobody has looked.
        was_sought: bool,
    },
    /// The call was complete without one, and a later run looks for it.
    Owed,
    /// It arrived.
    Done {
        /// BLAKE3 of the bytes that were sent.
        hash: [u8; 32],
        /// How many they were.
        bytes: u64,
    },
}

/// Why a call is not complete, when it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Blocker {
    /// It waits for a later run.
    Held {
        /// The problem for which it waits.
        why: Code,
    },
    /// The server said no.
    Refused {
        /// To which request.
        stage: Stage,
        /// With which HTTP status.
        status: u16,
        /// With which words, masked.
        message: String,
    },
    /// It was tried as often as allowed.
    Failed {
        /// Which request.
        stage: Stage,
        /// The HTTP status of the last try, if it was answered.
        status: Option<u16>,
        /// What went wrong, masked.
        why: String,
    },
}

/// How a call ended for which nothing is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DoneKind {
    /// Conversation and recording are there.
    Complete = 0,
    /// The conversation is there; a recording was not expected.
    WithoutRecording = 1,
    /// Somebody else's conversation was left alone.
    LeftAlone = 2,
    /// The conversation is there; its recording was looked for, and the operator said to do without it.
    Waived = 3,
}

/// Where a call stands as a whole; every call of a ledger is in exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallStatus {
    /// [`DoneKind::Complete`].
    Complete,
    /// [`DoneKind::WithoutRecording`].
    WithoutRecording,
    /// [`DoneKind::LeftAlone`].
    LeftAlone,
    /// The server said no.
    Refused,
    /// Tried as often as allowed.
    Failed,
    /// Waits for its recording to be there and whole, or for its row.
    Held,
    /// A request left, and no run has yet learned what became of it.
    InDoubt,
    /// The conversation is there, and the recording was never tried.
    Unfinished,
}

impl From<DoneKind> for CallStatus {
    fn from(ending: DoneKind) -> Self {
        match ending {
            DoneKind::Complete => CallStatus::Complete,
            DoneKind::WithoutRecording | DoneKind::Waived => CallStatus::WithoutRecording,
            DoneKind::LeftAlone => CallStatus::LeftAlone,
        }
    }
}

impl CallStatus {
    /// Every state, the good ones first.
    pub const ALL: [CallStatus; 8] = [
        CallStatus::Complete,
        CallStatus::WithoutRecording,
        CallStatus::LeftAlone,
        CallStatus::Refused,
        CallStatus::Failed,
        CallStatus::Held,
        CallStatus::InDoubt,
        CallStatus::Unfinished,
    ];

    /// A name for JSON.
    pub const fn name(self) -> &'static str {
        match self {
            CallStatus::Complete => "complete",
            CallStatus::WithoutRecording => "without-recording",
            CallStatus::LeftAlone => "left-alone",
            CallStatus::Refused => "refused",
            CallStatus::Failed => "failed",
            CallStatus::Held => "held",
            CallStatus::InDoubt => "in-doubt",
            CallStatus::Unfinished => "unfinished",
        }
    }
}

/// What the ledger knows of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallState {
    /// Of the content that the server has, once the conversation exists; else of the content
    /// that the last fact was about.
    pub fingerprint: u128,
    /// With whom the call was that was sent, or may have been, and when; nothing where that is not
    /// known. Of a call that was never tried it says nothing.
    pub party: Party,
    /// The conversation.
    pub create: CreateState,
    /// The recording.
    pub upload: UploadState,
    /// Why it is not complete, when it is known; cleared by the next try.
    pub obstacle: Option<Blocker>,
    /// How often the recording was sent although it may have been there.
    pub in_doubt_resends: u32,
    /// How many bytes the file had of which the recording was sent, where that is known.
    pub source: Option<u64>,
    /// When it was first held; `None` for a call that never was, or is complete.
    pub held_at: Option<Timestamp>,
    /// When the ledger first heard of the call.
    pub first_at: Timestamp,
    /// When it last learned something new.
    pub last_at: Timestamp,
}

impl CallState {
    /// A call of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        CallState {
            fingerprint: 0,
            party: Party::default(),
            create: CreateState::Never,
            upload: UploadState::Never,
            obstacle: None,
            in_doubt_resends: 0,
            source: None,
            held_at: None,
            first_at: at,
            last_at: at,
        }
    }

    /// How the call ended, if nothing is left to do.
    pub fn ending(&self) -> Option<DoneKind> {
        match (&self.create, self.upload) {
            (CreateState::Done { .. }, UploadState::Done { .. }) => Some(DoneKind::Complete),
            (CreateState::Done { .. }, UploadState::NotWanted { was_sought }) => {
                Some(if was_sought {
                    DoneKind::Waived
                } else {
                    DoneKind::WithoutRecording
                })
            }
            (CreateState::LeftAlone, _) => Some(DoneKind::LeftAlone),
            _ => None,
        }
    }

    /// Where the call stands as a whole.
    pub fn state(&self) -> CallStatus {
        if let Some(ending) = self.ending() {
            return ending.into();
        }
        match &self.obstacle {
            Some(Blocker::Refused { .. }) => CallStatus::Refused,
            Some(Blocker::Failed { .. }) => CallStatus::Failed,
            Some(Blocker::Held { .. }) => CallStatus::Held,
            None if self.in_doubt().is_some() => CallStatus::InDoubt,
            None => CallStatus::Unfinished,
        }
    }

    /// The request that left without an answer, if there is one. A call that failed is in doubt
    /// as well: its last try may have got through.
    pub fn in_doubt(&self) -> Option<Stage> {
        match (&self.create, self.upload) {
            (CreateState::Intended, _) => Some(Stage::Create),
            (_, UploadState::Intended { .. }) => Some(Stage::Upload),
            _ => None,
        }
    }

    /// Takes in a fact; `false` if it says nothing new. That a call is held is news each time, because it
    /// was found again.
    pub fn apply(&mut self, fact: CallFact, at: Timestamp) -> bool {
        let before = self.clone();
        let tells_of_hold = matches!(fact, CallFact::Held { .. });
        match fact {
            CallFact::CreateIntended { fingerprint, party } => {
                let content = self.content_of_try(fingerprint);
                if self.is_create_open() {
                    self.party = self.party_of_try(party);
                }
                self.create_answer(CreateState::Intended, None, content);
            }
            CallFact::Created { fingerprint, uid } => self.created(fingerprint, uid, false),
            CallFact::Adopted { fingerprint, uid } => self.created(fingerprint, uid, true),
            CallFact::LeftAlone { fingerprint } => self.left_alone(fingerprint),
            CallFact::WithoutRecording { was_sought } => {
                self.upload_answer(UploadState::NotWanted { was_sought }, None);
            }
            CallFact::UploadIntended { bytes } => {
                self.upload_answer(UploadState::Intended { bytes }, None);
            }
            // Kept beside the calls.
            CallFact::Takes { .. } => {}
            CallFact::UploadResent { times } => {
                self.in_doubt_resends = self.in_doubt_resends.max(times);
            }
            CallFact::Uploaded {
                hash,
                bytes,
                in_doubt_resends,
                source,
            } => {
                self.upload = UploadState::Done { hash, bytes };
                self.source = source;
                self.in_doubt_resends = self.in_doubt_resends.max(in_doubt_resends);
                self.obstacle = None;
            }
            CallFact::Held { fingerprint, why } => self.held(fingerprint, why, at),
            CallFact::Refused {
                fingerprint,
                stage,
                status,
                message,
            } => self.refused(fingerprint, stage, status, message),
            CallFact::Failed {
                fingerprint,
                stage,
                status,
                why,
            } => self.failed(fingerprint, stage, status, why),
            // What nobody did has no time.
            CallFact::NotSent { stage, before } => return self.take_back(stage, before),
        }
        if self.ending().is_some() {
            self.held_at = None;
        }
        let is_held = matches!(self.obstacle, Some(Blocker::Held { .. }));
        let is_new = tells_of_hold && is_held || *self != before;
        if is_new {
            self.last_at = self.last_at.max(at);
        }
        is_new
    }

    /// Whether it is known what the export said of the call when it was sent or taken over.
    pub fn has_known_content(&self) -> bool {
        self.fingerprint != UNKNOWN
    }

    /// What an earlier try may have brought to the server without being heard of: the fingerprint of
    /// what was sent then, not of what the export says now.
    pub fn sent_unheard(&self) -> Option<u128> {
        match self.create {
            CreateState::Intended => Some(self.fingerprint),
            CreateState::Refused if self.fingerprint == UNKNOWN => Some(UNKNOWN),
            _ => None,
        }
    }

    /// What the server may have once this content has been sent as well.
    fn content_of_try(&self, fingerprint: u128) -> u128 {
        match self.sent_unheard() {
            Some(sent) if sent != fingerprint => UNKNOWN,
            _ => fingerprint,
        }
    }

    /// With whom the call was that the server may have, once this one has been sent as well.
    fn party_of_try(&self, party: Party) -> Party {
        match self.sent_unheard() {
            Some(_) if self.party != party => Party::default(),
            _ => party,
        }
    }

    /// Whether nobody is known to have made the conversation.
    pub(in crate::ledger) fn is_create_open(&self) -> bool {
        matches!(
            self.create,
            CreateState::Never | CreateState::Intended | CreateState::Refused
        )
    }

    fn create_answer(&mut self, create: CreateState, obstacle: Option<Blocker>, fingerprint: u128) {
        if self.is_create_open() {
            self.create = create;
            self.obstacle = obstacle;
            self.fingerprint = fingerprint;
        }
    }

    fn upload_answer(&mut self, upload: UploadState, obstacle: Option<Blocker>) {
        if !matches!(self.upload, UploadState::Done { .. }) {
            self.upload = upload;
            self.obstacle = obstacle;
        }
    }

    /// Who made a conversation is settled by whoever says "we did"; the uid by whoever knows it.
    fn created(&mut self, fingerprint: u128, uid: Option<String>, is_adopted: bool) {
        let known = match &mut self.create {
            CreateState::Done {
                uid: known,
                is_adopted: was_adopted,
            } if is_adopted || !*was_adopted => {
                if known.is_none() {
                    *known = uid;
                }
                return;
            }
            CreateState::Done { uid: known, .. } => known.take(),
            // What was left alone is taken over for a record that may be another by now.
            CreateState::LeftAlone if self.fingerprint != fingerprint => {
                self.party = Party::default();
                None
            }
            _ => None,
        };
        self.create = CreateState::Done {
            uid: uid.or(known),
            is_adopted,
        };
        self.fingerprint = fingerprint;
        self.obstacle = None;
    }

    fn left_alone(&mut self, fingerprint: u128) {
        if !matches!(self.create, CreateState::Done { .. }) {
            self.create = CreateState::LeftAlone;
            self.fingerprint = fingerprint;
            self.obstacle = None;
        }
    }

    fn held(&mut self, fingerprint: u128, why: Code, at: Timestamp) {
        // A run that holds the call has looked for its recording.
        if matches!(
            (&self.create, self.upload),
            (CreateState::Done { .. }, UploadState::NotWanted { .. })
        ) {
            self.upload = UploadState::Owed;
        }
        if self.ending().is_none() {
            self.obstacle = Some(Blocker::Held { why });
            self.held_at.get_or_insert(at);
        }
        if self.is_create_open() && self.sent_unheard().is_none() {
            self.fingerprint = fingerprint;
        }
    }

    fn refused(&mut self, fingerprint: u128, stage: Stage, status: u16, message: String) {
        let obstacle = Some(Blocker::Refused {
            stage,
            status,
            message,
        });
        match stage {
            Stage::Create => {
                let content = self.content_of_try(fingerprint);
                self.create_answer(CreateState::Refused, obstacle, content);
            }
            Stage::Upload => self.upload_answer(UploadState::Refused, obstacle),
        }
    }

    /// A failure leaves the intent: nobody knows whether the last try got through.
    fn failed(&mut self, fingerprint: u128, stage: Stage, status: Option<u16>, why: String) {
        let obstacle = Some(Blocker::Failed { stage, status, why });
        match stage {
            Stage::Create => {
                let content = self.sent_unheard().unwrap_or(fingerprint);
                self.create_answer(self.create.clone(), obstacle, content);
            }
            Stage::Upload => self.upload_answer(self.upload, obstacle),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tests::{after, at, facts, held};

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
            let standing = after(&facts);
            let (create, fingerprint) = expected_create(&facts);
            let uids: Vec<&String> = facts.iter().filter_map(|fact| match fact {
                CallFact::Created { uid, .. } | CallFact::Adopted { uid, .. } => uid.as_ref(),
                _ => None,
            }).collect();
            match (&standing.create, &create) {
                (CreateState::Done { uid, is_adopted }, CreateState::Done { is_adopted: expected, .. }) => {
                    prop_assert_eq!(is_adopted, expected);
                    prop_assert_eq!(uid.is_some(), !uids.is_empty());
                    prop_assert!(uid.iter().all(|uid| uids.contains(&uid)));
                }
                (one, other) => prop_assert_eq!(one, other),
            }
            prop_assert_eq!(standing.upload, expected_upload(&facts));
            prop_assert_eq!(standing.fingerprint, fingerprint.unwrap_or(0));
        }

        #[test]
        fn a_fact_told_twice_is_told_once(
            facts in prop::collection::vec(facts(), 1..8),
        ) {
            let mut standing = after(&facts);
            let mut once = standing.clone();
            let last = facts.last().unwrap().clone();
            let is_hold = matches!(last, CallFact::Held { .. });
            let is_held = is_hold && matches!(once.obstacle, Some(Blocker::Held { .. }));
            prop_assert_eq!(standing.apply(last, at(99)), is_held);
            if is_held {
                once.last_at = at(99);
            }
            prop_assert_eq!(standing, once);
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
            prop_assert_eq!(after(&facts).state(), CallStatus::Complete);
        }
    }

    #[test]
    fn a_late_intent_does_not_erase_what_was_made() {
        let standing = after(&[
            CallFact::Created {
                fingerprint: 1,
                uid: Some("u-1".into()),
            },
            CallFact::CreateIntended {
                fingerprint: 2,
                party: Party::default(),
            },
        ]);
        assert_eq!(standing.fingerprint, 1);
        assert_eq!(
            standing.create,
            CreateState::Done {
                uid: Some("u-1".into()),
                is_adopted: false
            }
        );
    }

    #[test]
    fn a_conversation_left_alone_can_be_adopted_later() {
        let standing = after(&[
            CallFact::LeftAlone { fingerprint: 1 },
            CallFact::Adopted {
                fingerprint: 1,
                uid: None,
            },
        ]);
        assert_eq!(standing.ending(), None);
        assert_eq!(standing.state(), CallStatus::Unfinished);
    }

    #[test]
    fn a_failure_leaves_the_call_in_doubt() {
        let standing = after(&[
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
            },
            CallFact::Failed {
                fingerprint: 1,
                stage: Stage::Create,
                status: None,
                why: "no answer".into(),
            },
        ]);
        assert_eq!(standing.state(), CallStatus::Failed);
        assert_eq!(standing.in_doubt(), Some(Stage::Create));
    }

    #[test]
    fn the_next_try_clears_what_stood_in_the_way() {
        let standing = after(&[
            held(1),
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
            },
        ]);
        assert_eq!(standing.obstacle, None);
        assert_eq!(standing.state(), CallStatus::InDoubt);
    }

    #[test]
    fn the_time_moves_with_news_and_when_a_held_call_is_found_again() {
        let without = CallFact::WithoutRecording { was_sought: true };
        let mut standing = after(std::slice::from_ref(&without));
        assert!(!standing.apply(without, at(50)));
        assert_eq!(standing.last_at, at(1));
        let mut standing = after(&[held(1)]);
        assert!(standing.apply(held(1), at(40)));
        assert_eq!((standing.last_at, standing.held_at), (at(40), Some(at(1))));
        standing.apply(held(2), at(50));
        assert_eq!((standing.last_at, standing.held_at), (at(50), Some(at(1))));
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
        let intent = |fingerprint, party| CallFact::CreateIntended {
            fingerprint,
            party: Party::from_bits(party),
        };
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
}
