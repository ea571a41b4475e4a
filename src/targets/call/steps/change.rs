//! The request that changes custom properties of a call that is in place.
//!
//! The same change twice is the same as once, so that it may be sent again. Before that the conversation is
//! read back: a lost answer may have been a success, also one that an earlier run did not live to hear.

use crate::api::{self, ConversationDetails, CustomProperties, Error, ReadClient};
use crate::delivery::job_end::JobEnd;
use crate::delivery::sender::Sender;
use crate::delivery::sender::error::CallError;
use crate::domain::Code;
use crate::events::Outcome;
use crate::ledger::{CallFact, SentContent};
use crate::targets::call::call_change::CallChange;
use crate::targets::call::facts::write;
use crate::targets::call::job::CallJob;
use crate::targets::call::read_back::{ReadBack, ReadBackFailure, ReadRequest};

/// What became of a change.
enum ChangeAnswer {
    /// The conversation has the properties as they are to be.
    Done,
    /// It was changed and has others.
    NotTaken,
    /// There is no such conversation.
    Gone,
}

/// `PATCH …/metadata`.
struct PropertyRequest<'a> {
    identity: &'a str,
    uid: &'a str,
    properties: CustomProperties,
    /// An earlier run sent a change of the call, and nobody knows whether it arrived.
    is_in_doubt: bool,
}

impl PropertyRequest<'_> {
    fn answer(&self, conversation: Option<&ConversationDetails>) -> ChangeAnswer {
        match conversation {
            Some(told) if told.is_of(self.uid, self.identity) => {
                if self.properties.are_in(told) {
                    ChangeAnswer::Done
                } else {
                    ChangeAnswer::NotTaken
                }
            }
            _ => ChangeAnswer::Gone,
        }
    }
}

impl ReadRequest for PropertyRequest<'_> {
    type Answer = ChangeAnswer;

    async fn send(&mut self, client: &ReadClient, failures: u32) -> Result<ChangeAnswer, Error> {
        if failures > 0 || self.is_in_doubt {
            let found = api::conversation_details(client, self.uid).await?;
            let answer = self.answer(found.as_ref());
            if !matches!(answer, ChangeAnswer::NotTaken) {
                return Ok(answer);
            }
        }
        let changed = api::change_properties(client, self.uid, &self.properties).await?;
        Ok(self.answer(changed.as_ref()))
    }
}

/// A change of custom properties on its way.
pub(in crate::targets) struct PropertyChange<'a> {
    pub(in crate::targets) sender: &'a Sender,
    pub(in crate::targets) read_back: Option<&'a ReadBack>,
    pub(in crate::targets) job: &'a CallJob,
    pub(in crate::targets) change: &'a CallChange,
}

impl PropertyChange<'_> {
    /// Changes a call that is in place.
    pub(in crate::targets) async fn carry_out(&self) -> JobEnd {
        let PropertyChange { job, change, .. } = *self;
        let Ok(answer) = self.send().await else {
            // What is in doubt is sent again by the next run.
            return JobEnd::plain(Outcome::NotAttempted, "stopped");
        };
        let (fact, problem) = match answer {
            Ok(ChangeAnswer::Done) => (Some(changed(job, change)), None),
            Ok(ChangeAnswer::NotTaken) => {
                (None, Some("the read API answered without them".to_owned()))
            }
            Ok(ChangeAnswer::Gone) => (
                Some(not_changed(change)),
                Some("the read API does not have the conversation".to_owned()),
            ),
            Err(failure) => (
                failure.is_refusal().then(|| not_changed(change)),
                Some(failure.why),
            ),
        };
        if let Some(fact) = fact
            && write(self.sender, job, vec![fact]).await.is_err()
        {
            return JobEnd::plain(Outcome::NotAttempted, "stopped");
        }
        match problem {
            None => JobEnd::plain(Outcome::AlreadyThere, "changed, and sent"),
            Some(why) => JobEnd {
                problem: Some((
                    Code::ChangedSinceSent,
                    format!("its custom properties changed and were not taken over: {why}"),
                )),
                ..JobEnd::plain(Outcome::Failed, "")
            },
        }
    }

    async fn send(&self) -> Result<Result<ChangeAnswer, ReadBackFailure>, CallError> {
        let PropertyChange { job, change, .. } = *self;
        let Some(read_back) = self.read_back else {
            let why = "--read-url does not name the read API".to_owned();
            return Ok(Err(ReadBackFailure { status: None, why }));
        };
        let intended = CallFact::ChangeIntended {
            content: SentContent {
                fields: change.sent.in_doubt(&change.fields),
                origin: None,
            },
        };
        write(self.sender, job, vec![intended]).await?;
        let mut request = PropertyRequest {
            identity: job.call.identity(),
            uid: &change.uid,
            properties: change.properties(&job.call),
            is_in_doubt: change.sent.is_in_doubt(),
        };
        read_back
            .send(&self.sender.stop, &job.call, &mut request)
            .await
    }
}

/// What the server has now is what the record says, but for what was settled from the recording.
fn changed(job: &CallJob, change: &CallChange) -> CallFact {
    CallFact::Changed {
        fingerprint: job.fingerprint,
        content: SentContent {
            fields: change.now.clone(),
            origin: job.origin.clone(),
        },
    }
}

/// The server has what it had; what an earlier change left in doubt stays so.
fn not_changed(change: &CallChange) -> CallFact {
    CallFact::NotChanged {
        fingerprint: change.fingerprint,
    }
}
