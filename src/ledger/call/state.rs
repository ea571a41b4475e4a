//! What the ledger knows of one call, and how that may change. Pure.
//!
//! A conversation that was made, a recording that arrived and a uid that was learned are never
//! forgotten, whatever is written later: an intent that comes late, a refusal, a failure of the
//! next run. Below that the last word counts, since a call that was refused may be tried again.
//!
//! A row that changes while a create of it is in doubt leaves two contents of which the server has one
//! at most; then it counts as not known which, so that the row is told to have changed and not the
//! opposite.

use jiff::Timestamp;

use super::checkpoint::Checkpoint;
use super::progress::{CreateProgress, UploadProgress};
use super::status::{CallStatus, DoneKind};
use crate::domain::{Code, Party};
use crate::ledger::blocker::Blocker;
use crate::ledger::failure::{Failure, FailureKind};
use crate::ledger::stage::Stage;

/// The fingerprint of a content that nobody knows.
pub(super) const UNKNOWN: u128 = 0;

/// The state of the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CreateState {
    /// Never tried from this ledger: a 409 means that somebody else made it.
    #[default]
    Never,
    /// Tried, and not known with what result: a 409 means that it worked.
    Intended,
    /// Refused, and nothing of ours is there: a 409 means that somebody else made it. Only where the
    /// content is not known ([`CallState::unconfirmed`]) an earlier try may have got through.
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

/// The state of the recording.
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
    pub blocker: Option<Blocker>,
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
            blocker: None,
            in_doubt_resends: 0,
            source: None,
            held_at: None,
            first_at: at,
            last_at: at,
        }
    }

    /// How far the call is.
    pub fn checkpoint(&self) -> Checkpoint {
        let create = match self.create {
            CreateState::Never => CreateProgress::Never,
            CreateState::Intended => CreateProgress::Intended,
            CreateState::Refused => CreateProgress::Refused,
            CreateState::LeftAlone => CreateProgress::LeftAlone,
            CreateState::Done {
                is_adopted: true, ..
            } => CreateProgress::Adopted,
            CreateState::Done {
                is_adopted: false, ..
            } => CreateProgress::Created,
        };
        let upload = match self.upload {
            UploadState::Never => UploadProgress::Never,
            UploadState::Intended { .. } => UploadProgress::Intended,
            UploadState::Refused => UploadProgress::Refused,
            UploadState::NotWanted { was_sought: false } => UploadProgress::NotSought,
            UploadState::NotWanted { was_sought: true } => UploadProgress::Waived,
            UploadState::Owed => UploadProgress::Owed,
            UploadState::Done { .. } => UploadProgress::Done,
        };
        Checkpoint::new(create, upload, self.unconfirmed().is_some())
    }

    /// In which way the call is done; `None` while something is left to do.
    pub fn done(&self) -> Option<DoneKind> {
        self.checkpoint().done()
    }

    /// The call as a whole, in one word.
    pub fn status(&self) -> CallStatus {
        if let Some(done) = self.done() {
            return done.into();
        }
        match &self.blocker {
            Some(Blocker::Failed(failure)) => match failure.kind {
                FailureKind::Refused => CallStatus::Refused,
                FailureKind::GaveUp => CallStatus::Failed,
            },
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

    /// Whether it is known what the export said of the call when it was sent or taken over.
    pub fn has_known_content(&self) -> bool {
        self.fingerprint != UNKNOWN
    }

    /// What an earlier try may have brought to the server without being heard of: the fingerprint of
    /// what was sent then, not of what the export says now.
    pub fn unconfirmed(&self) -> Option<u128> {
        match self.create {
            CreateState::Intended => Some(self.fingerprint),
            CreateState::Refused if self.fingerprint == UNKNOWN => Some(UNKNOWN),
            _ => None,
        }
    }

    /// What the server may have once this content has been sent as well.
    fn content_of_try(&self, fingerprint: u128) -> u128 {
        match self.unconfirmed() {
            Some(sent) if sent != fingerprint => UNKNOWN,
            _ => fingerprint,
        }
    }

    /// With whom the call was that the server may have, once this one has been sent as well.
    fn party_of_try(&self, party: Party) -> Party {
        match self.unconfirmed() {
            Some(_) if self.party != party => Party::default(),
            _ => party,
        }
    }

    /// Whether nobody is known to have made the conversation.
    pub(super) fn is_create_open(&self) -> bool {
        matches!(
            self.create,
            CreateState::Never | CreateState::Intended | CreateState::Refused
        )
    }

    /// A create request is about to leave.
    pub(super) fn create_intended(&mut self, fingerprint: u128, party: Party) {
        let content = self.content_of_try(fingerprint);
        if self.is_create_open() {
            self.party = self.party_of_try(party);
        }
        self.set_create(CreateState::Intended, None, content);
    }

    /// Unless the conversation is made or left alone.
    fn set_create(&mut self, create: CreateState, blocker: Option<Blocker>, fingerprint: u128) {
        if self.is_create_open() {
            self.create = create;
            self.blocker = blocker;
            self.fingerprint = fingerprint;
        }
    }

    /// Unless the recording has arrived.
    pub(super) fn set_upload(&mut self, upload: UploadState, blocker: Option<Blocker>) {
        if !matches!(self.upload, UploadState::Done { .. }) {
            self.upload = upload;
            self.blocker = blocker;
        }
    }

    /// Who made a conversation is settled by whoever says "we did"; the uid by whoever knows it.
    pub(super) fn created(&mut self, fingerprint: u128, uid: Option<String>, is_adopted: bool) {
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
        self.blocker = None;
    }

    /// What the server has of a call that we made, or may have, was changed.
    pub(super) fn set_content(&mut self, fingerprint: u128) {
        let is_ours = matches!(
            self.create,
            CreateState::Done {
                is_adopted: false,
                ..
            }
        );
        if is_ours {
            self.fingerprint = fingerprint;
        }
    }

    pub(super) fn left_alone(&mut self, fingerprint: u128) {
        if !matches!(self.create, CreateState::Done { .. }) {
            self.create = CreateState::LeftAlone;
            self.fingerprint = fingerprint;
            self.blocker = None;
        }
    }

    pub(super) fn held(&mut self, fingerprint: u128, why: Code, at: Timestamp) {
        // A run that holds the call has looked for its recording.
        if matches!(
            (&self.create, self.upload),
            (CreateState::Done { .. }, UploadState::NotWanted { .. })
        ) {
            self.upload = UploadState::Owed;
        }
        if self.done().is_none() {
            self.blocker = Some(Blocker::Held { why });
            self.held_at.get_or_insert(at);
        }
        if self.is_create_open() && self.unconfirmed().is_none() {
            self.fingerprint = fingerprint;
        }
    }

    pub(super) fn refused(
        &mut self,
        fingerprint: u128,
        stage: Stage,
        status: u16,
        message: String,
    ) {
        let blocker = Some(Blocker::Failed(Failure {
            kind: FailureKind::Refused,
            request: Some(stage),
            status: Some(status),
            message,
        }));
        match stage {
            Stage::Create => {
                let content = self.content_of_try(fingerprint);
                self.set_create(CreateState::Refused, blocker, content);
            }
            Stage::Upload => self.set_upload(UploadState::Refused, blocker),
        }
    }

    /// A failure leaves the intent: nobody knows whether the last try got through.
    pub(super) fn failed(
        &mut self,
        fingerprint: u128,
        stage: Stage,
        status: Option<u16>,
        why: String,
    ) {
        let blocker = Some(Blocker::Failed(Failure {
            kind: FailureKind::GaveUp,
            request: Some(stage),
            status,
            message: why,
        }));
        match stage {
            Stage::Create => {
                let content = self.unconfirmed().unwrap_or(fingerprint);
                self.set_create(self.create.clone(), blocker, content);
            }
            Stage::Upload => self.set_upload(self.upload, blocker),
        }
    }

    /// Undoes an intent of whose request nothing can have come, and nothing else: else a 409 of the next
    /// run would be taken for the answer to a request of ours. A conversation that was made before an upload was
    /// intended stays, and so does whatever was learned instead of an answer. `before` is what the
    /// run found in the ledger. `false` if there was nothing to undo.
    pub(super) fn take_back(&mut self, stage: Stage, before: Option<Box<CallState>>) -> bool {
        let before = before.map_or_else(|| CallState::new(self.first_at), |before| *before);
        let now = self.clone();
        match (stage, &self.create, self.upload) {
            (Stage::Create, CreateState::Intended, _) if before.is_create_open() => {
                self.create = before.create;
                self.fingerprint = before.fingerprint;
                self.party = before.party;
                self.blocker = before.blocker;
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
        self.blocker = before.blocker;
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
            && self.blocker.is_none()
            && self.in_doubt_resends == 0
    }
}
