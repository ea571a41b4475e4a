//! What the ledger knows of one call, and what each fact changes about it. Pure.
//!
//! A conversation that was made, a recording that arrived and a uid that was learned are never
//! forgotten, whatever is written later: an intent that comes late, a refusal, a failure of the
//! next run. Below that the last word counts, since a call that was refused may be tried again.
//! A fact that says nothing new changes nothing, not even the time.

use std::sync::Arc;

use jiff::Timestamp;

/// One of the two requests of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Making the conversation.
    Create,
    /// Sending the recording.
    Upload,
}

impl Stage {
    /// `create` or `upload`.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Create => "create",
            Stage::Upload => "upload",
        }
    }
}

/// A fact about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The `externalIdentity`.
    pub identity: Arc<str>,
    /// What is to be kept.
    pub fact: Fact,
}

impl Entry {
    /// A fact about the call of this identity.
    pub fn new(identity: impl Into<Arc<str>>, fact: Fact) -> Self {
        Entry {
            identity: identity.into(),
            fact,
        }
    }
}

/// What happened to a call, or is about to happen.
///
/// `fingerprint` is [`crate::call::Call::fingerprint`] of the content that the fact is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The create request is about to leave.
    CreateIntended {
        /// What is about to be sent.
        fingerprint: u128,
    },
    /// We made the conversation (200, or a 409 that answers an earlier try of ours).
    Created {
        /// What the server has. After a lost answer this is what was sent then, not what the
        /// export says now.
        fingerprint: u128,
        /// Its uid, unless a 409 said it.
        uid: Option<String>,
    },
    /// Somebody else made the conversation, and we go on with the recording.
    Adopted {
        /// What the export says; it was not sent.
        fingerprint: u128,
        /// Its uid, if it could be looked up.
        uid: Option<String>,
    },
    /// Somebody else made the conversation, and the operator said to leave it.
    LeftAlone {
        /// What the export says; it was not sent.
        fingerprint: u128,
    },
    /// The operator said to create calls without a recording, and this one has none.
    WithoutRecording,
    /// The upload request is about to leave.
    UploadIntended {
        /// The size of the recording.
        bytes: u64,
    },
    /// The recording arrived.
    Uploaded {
        /// BLAKE3 of the bytes that were sent.
        hash: [u8; 32],
        /// How many they were.
        bytes: u64,
        /// How often they were sent again although an earlier try may have arrived.
        in_doubt_resends: u32,
    },
    /// Not sent: the operator said to wait for a recording.
    Held {
        /// What the export says.
        fingerprint: u128,
    },
    /// The server said no to this call.
    Refused {
        /// What was sent.
        fingerprint: u128,
        /// Which request.
        stage: Stage,
        /// The HTTP status.
        status: u16,
        /// What it said. Kept masked: see `mask.rs`.
        message: String,
    },
    /// Tried as often as allowed; the next run tries again.
    Failed {
        /// What was sent, or would have been.
        fingerprint: u128,
        /// Which request.
        stage: Stage,
        /// The HTTP status of the last try, if it was answered.
        status: Option<u16>,
        /// What went wrong. Kept masked.
        why: String,
    },
}

/// Where the conversation stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Create {
    /// Never tried from this ledger: a 409 means that somebody else made it.
    #[default]
    Never,
    /// Tried, and not known with what result: a 409 means that it worked.
    Intended,
    /// The last try was refused. An earlier one may have got through unheard.
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
pub enum Upload {
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
    NotWanted,
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
pub enum Obstacle {
    /// It waits for a recording.
    Held,
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
pub enum Ending {
    /// Conversation and recording are there.
    Complete = 0,
    /// The conversation is there; a recording was not expected.
    WithoutRecording = 1,
    /// Somebody else's conversation was left alone.
    LeftAlone = 2,
}

/// Where a call stands as a whole; every call of a ledger is in exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// [`Ending::Complete`].
    Complete,
    /// [`Ending::WithoutRecording`].
    WithoutRecording,
    /// [`Ending::LeftAlone`].
    LeftAlone,
    /// The server said no.
    Refused,
    /// Tried as often as allowed.
    Failed,
    /// Waits for a recording.
    Held,
    /// A request left, and no run has yet learned what became of it.
    InDoubt,
    /// The conversation is there, and the recording was never tried.
    Unfinished,
}

impl From<Ending> for State {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Complete => State::Complete,
            Ending::WithoutRecording => State::WithoutRecording,
            Ending::LeftAlone => State::LeftAlone,
        }
    }
}

impl State {
    /// Every state, the good ones first.
    pub const ALL: [State; 8] = [
        State::Complete,
        State::WithoutRecording,
        State::LeftAlone,
        State::Refused,
        State::Failed,
        State::Held,
        State::InDoubt,
        State::Unfinished,
    ];

    /// A name for JSON.
    pub const fn name(self) -> &'static str {
        match self {
            State::Complete => "complete",
            State::WithoutRecording => "without-recording",
            State::LeftAlone => "left-alone",
            State::Refused => "refused",
            State::Failed => "failed",
            State::Held => "held",
            State::InDoubt => "in-doubt",
            State::Unfinished => "unfinished",
        }
    }
}

/// What the ledger knows of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Of the content that the server has, once the conversation exists; else of the content
    /// that the last fact was about.
    pub fingerprint: u128,
    /// The conversation.
    pub create: Create,
    /// The recording.
    pub upload: Upload,
    /// Why it is not complete, when it is known; cleared by the next try.
    pub obstacle: Option<Obstacle>,
    /// How often the recording was sent although it may have been there.
    pub in_doubt_resends: u32,
    /// When the ledger first heard of the call.
    pub first_at: Timestamp,
    /// When it last learned something new.
    pub last_at: Timestamp,
}

impl Standing {
    /// A call of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        Standing {
            fingerprint: 0,
            create: Create::Never,
            upload: Upload::Never,
            obstacle: None,
            in_doubt_resends: 0,
            first_at: at,
            last_at: at,
        }
    }

    /// How the call ended, if nothing is left to do.
    pub fn ending(&self) -> Option<Ending> {
        match (&self.create, self.upload) {
            (Create::Done { .. }, Upload::Done { .. }) => Some(Ending::Complete),
            (Create::Done { .. }, Upload::NotWanted) => Some(Ending::WithoutRecording),
            (Create::LeftAlone, _) => Some(Ending::LeftAlone),
            _ => None,
        }
    }

    /// Where the call stands as a whole.
    pub fn state(&self) -> State {
        if let Some(ending) = self.ending() {
            return ending.into();
        }
        match &self.obstacle {
            Some(Obstacle::Refused { .. }) => State::Refused,
            Some(Obstacle::Failed { .. }) => State::Failed,
            Some(Obstacle::Held) => State::Held,
            None if self.in_doubt().is_some() => State::InDoubt,
            None => State::Unfinished,
        }
    }

    /// The request that left without an answer, if there is one. A call that failed is in doubt
    /// as well: its last try may have got through.
    pub fn in_doubt(&self) -> Option<Stage> {
        match (&self.create, self.upload) {
            (Create::Intended, _) => Some(Stage::Create),
            (_, Upload::Intended { .. }) => Some(Stage::Upload),
            _ => None,
        }
    }

    /// Takes in a fact; `false` if it says nothing new.
    pub fn apply(&mut self, fact: Fact, at: Timestamp) -> bool {
        let before = self.clone();
        match fact {
            Fact::CreateIntended { fingerprint } => {
                self.create_answer(Create::Intended, None, fingerprint);
            }
            Fact::Created { fingerprint, uid } => self.created(fingerprint, uid, false),
            Fact::Adopted { fingerprint, uid } => self.created(fingerprint, uid, true),
            Fact::LeftAlone { fingerprint } => self.left_alone(fingerprint),
            Fact::WithoutRecording => self.upload_answer(Upload::NotWanted, None),
            Fact::UploadIntended { bytes } => {
                self.upload_answer(Upload::Intended { bytes }, None);
            }
            Fact::Uploaded {
                hash,
                bytes,
                in_doubt_resends,
            } => {
                self.upload = Upload::Done { hash, bytes };
                self.in_doubt_resends = self.in_doubt_resends.max(in_doubt_resends);
                self.obstacle = None;
            }
            Fact::Held { fingerprint } => self.held(fingerprint),
            Fact::Refused {
                fingerprint,
                stage,
                status,
                message,
            } => self.refused(fingerprint, stage, status, message),
            Fact::Failed {
                fingerprint,
                stage,
                status,
                why,
            } => self.failed(fingerprint, stage, status, why),
        }
        let is_new = *self != before;
        if is_new {
            self.last_at = self.last_at.max(at);
        }
        is_new
    }

    fn is_create_open(&self) -> bool {
        matches!(
            self.create,
            Create::Never | Create::Intended | Create::Refused
        )
    }

    fn create_answer(&mut self, create: Create, obstacle: Option<Obstacle>, fingerprint: u128) {
        if self.is_create_open() {
            self.create = create;
            self.obstacle = obstacle;
            self.fingerprint = fingerprint;
        }
    }

    fn upload_answer(&mut self, upload: Upload, obstacle: Option<Obstacle>) {
        if !matches!(self.upload, Upload::Done { .. }) {
            self.upload = upload;
            self.obstacle = obstacle;
        }
    }

    /// Who made a conversation is settled by whoever says "we did"; the uid by whoever knows it.
    fn created(&mut self, fingerprint: u128, uid: Option<String>, is_adopted: bool) {
        let known = match &mut self.create {
            Create::Done {
                uid: known,
                is_adopted: was_adopted,
            } if is_adopted || !*was_adopted => {
                if known.is_none() {
                    *known = uid;
                }
                return;
            }
            Create::Done { uid: known, .. } => known.take(),
            _ => None,
        };
        self.create = Create::Done {
            uid: uid.or(known),
            is_adopted,
        };
        self.fingerprint = fingerprint;
        self.obstacle = None;
    }

    fn left_alone(&mut self, fingerprint: u128) {
        if !matches!(self.create, Create::Done { .. }) {
            self.create = Create::LeftAlone;
            self.fingerprint = fingerprint;
            self.obstacle = None;
        }
    }

    fn held(&mut self, fingerprint: u128) {
        if self.ending().is_none() {
            self.obstacle = Some(Obstacle::Held);
        }
        if self.is_create_open() {
            self.fingerprint = fingerprint;
        }
    }

    fn refused(&mut self, fingerprint: u128, stage: Stage, status: u16, message: String) {
        let obstacle = Some(Obstacle::Refused {
            stage,
            status,
            message,
        });
        match stage {
            Stage::Create => self.create_answer(Create::Refused, obstacle, fingerprint),
            Stage::Upload => self.upload_answer(Upload::Refused, obstacle),
        }
    }

    /// A failure leaves the intent: nobody knows whether the last try got through.
    fn failed(&mut self, fingerprint: u128, stage: Stage, status: Option<u16>, why: String) {
        let obstacle = Some(Obstacle::Failed { stage, status, why });
        match stage {
            Stage::Create => self.create_answer(self.create.clone(), obstacle, fingerprint),
            Stage::Upload => self.upload_answer(self.upload, obstacle),
        }
    }
}
