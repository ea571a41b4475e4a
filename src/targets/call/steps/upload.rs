//! The request that sends a recording.
//!
//! What a second upload does to a conversation is not documented, so a recording whose answer was
//! lost is looked up before it is sent again, where a read API is configured. Where nobody knows,
//! it is sent again, and each such sending is written down before it leaves: a recording that is
//! there twice must be told of, also by a run that only hears of it later.

use crate::api::{self, AudioSettings, Client, ConversationRef, UploadBody};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::{Preparation, Request};
use crate::delivery::sender::request_kind::RequestKind;
use crate::events::StopSignal;
use crate::ledger::{CallFact, CreateState, LedgerEntry};
use crate::targets::call::facts::{entries, not_sent};
use crate::targets::call::job::{CallJob, RecordingUpload};
use crate::targets::call::plan::Step;
use crate::targets::call::read_back::{ReadBack, ReadBackAnswer};

/// The conversation that gets a recording.
#[derive(Debug, Clone, Copy)]
pub(in crate::targets) struct Conversation<'a> {
    /// Its uid, unless it was never heard.
    pub(in crate::targets) uid: Option<&'a str>,
    /// It is somebody else's.
    pub(in crate::targets) is_adopted: bool,
}

/// How it turned out that a recording is in place.
#[derive(Debug)]
pub(in crate::targets) enum UploadAnswer {
    /// The read API has it, with the uid of its conversation.
    Found(Option<String>),
    /// It was sent.
    Sent,
}

/// `POST /v1/audio/…`.
pub(in crate::targets) struct UploadRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    pub(in crate::targets) stop: &'a StopSignal,
    /// Where uploads in doubt are looked up.
    pub(in crate::targets) read_back: Option<&'a ReadBack>,
    pub(in crate::targets) job: &'a CallJob,
    pub(in crate::targets) recording: &'a RecordingUpload,
    pub(in crate::targets) conversation: Conversation<'a>,
    pub(in crate::targets) body: UploadBody,
    pub(in crate::targets) settings: AudioSettings,
    pub(in crate::targets) lookup: LookupResult,
}

/// What look-ups have found out.
#[derive(Debug, Default)]
pub(in crate::targets) struct LookupResult {
    /// There was one.
    pub(in crate::targets) has_asked: bool,
    /// The conversation had no recording before this request.
    pub(in crate::targets) is_proved: bool,
    /// Why a look-up could not settle a doubt.
    pub(in crate::targets) unsettled: Option<String>,
}

impl Request for UploadRequest<'_> {
    type Answer = UploadAnswer;

    fn kind(&self) -> RequestKind {
        RequestKind::Upload
    }

    fn intent(&self) -> Intent {
        let bytes = self.recording.bytes;
        let files = self.recording.files.clone();
        let mut facts = vec![
            CallFact::UploadIntended { bytes },
            CallFact::Takes { files },
        ];
        if let Some(milliseconds) = self.recording.milliseconds {
            facts.push(CallFact::Lasts { milliseconds });
        }
        let create = self.job.state.as_ref().map(|known| &known.create);
        if matches!(create, Some(CreateState::LeftAlone)) {
            // To send its recording is to take it over; else every run would send it once more.
            let (fingerprint, uid) = (self.job.fingerprint, None);
            facts.insert(0, CallFact::Adopted { fingerprint, uid });
        }
        Intent {
            facts: Some(entries(self.job, facts)),
            unsent: Some(not_sent(self.job, RequestKind::Upload)),
            completes: matches!(self.job.step, Step::Create { .. }),
        }
    }

    async fn before_attempt(
        &mut self,
        doubt: &mut Doubt,
    ) -> Result<Preparation<UploadAnswer>, CallError> {
        // Nobody knows what somebody else's conversation has.
        let is_strange = self.conversation.is_adopted && !self.lookup.has_asked;
        self.lookup.has_asked = true;
        if let Some(read_back) = self.read_back
            && (doubt.is_open() || is_strange)
        {
            match self.ask(read_back, *doubt).await? {
                ReadBackAnswer::There(uid) => {
                    return Ok(Preparation::Answered(UploadAnswer::Found(uid)));
                }
                ReadBackAnswer::NotThere => {
                    doubt.settled();
                    self.lookup.is_proved = true;
                }
                ReadBackAnswer::Unknown(why) => self.lookup.unsettled = Some(why),
            }
        }
        let resent = doubt.is_open().then(|| {
            let times = doubt.resent();
            LedgerEntry::new(self.job.call.identity(), CallFact::UploadResent { times })
        });
        Ok(Preparation::Send(resent))
    }

    async fn send(&mut self, _doubt: Doubt) -> Result<UploadAnswer, api::Error> {
        let key = match self.conversation.uid {
            Some(uid) => ConversationRef::Uid(uid),
            None => ConversationRef::External(self.job.call.identity()),
        };
        let sent = api::upload(self.client, key, &self.body, &self.settings).await;
        sent.map(|()| UploadAnswer::Sent)
    }
}

impl UploadRequest<'_> {
    async fn ask(&self, read_back: &ReadBack, doubt: Doubt) -> Result<ReadBackAnswer, CallError> {
        let (call, uid) = (&self.job.call, self.conversation.uid);
        read_back.ask(self.stop, call, uid, doubt.lost_at()).await
    }
}
