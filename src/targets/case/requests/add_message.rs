//! The request that adds one message to a case.

use bytes::Bytes;

use super::replace::whole_case;
use crate::api::{self, Client};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::{Preparation, Request};
use crate::delivery::sender::request_kind::RequestKind;
use crate::ledger::CaseFact;
use crate::targets::case::facts::intent;
use crate::targets::case::job::CaseJob;
use crate::targets::case::plan::MessageEndpoint;

/// `PUT` or `POST /v1/case/messages`. Sent twice it may add twice, so that in doubt the whole case is sent
/// instead, where the export has all of it.
pub(in crate::targets) struct AddMessageRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    pub(in crate::targets) job: &'a CaseJob,
    pub(in crate::targets) index: usize,
    pub(in crate::targets) endpoint: MessageEndpoint,
    /// The messages that may leave with it.
    pub(in crate::targets) leaving: &'a [usize],
    /// The body with this message alone.
    pub(in crate::targets) body: Bytes,
}

impl AddMessageRequest<'_> {
    /// The body that adds message `index` at this endpoint.
    pub(in crate::targets) fn body(
        job: &CaseJob,
        index: usize,
        endpoint: MessageEndpoint,
    ) -> Bytes {
        let message = &job.messages[index];
        match endpoint {
            MessageEndpoint::WithCase => api::case_with_message(&job.case, message),
            MessageEndpoint::Alone => api::message_only(&job.case, message),
        }
    }
}

impl Request for AddMessageRequest<'_> {
    type Answer = ();

    fn kind(&self) -> RequestKind {
        match self.endpoint {
            MessageEndpoint::WithCase => RequestKind::Case,
            MessageEndpoint::Alone => RequestKind::Change,
        }
    }

    fn intent(&self) -> Intent {
        let leaving = self.leaving.iter();
        let facts = leaving.map(|index| CaseFact::MessageIntended(self.job.message_hashes[*index]));
        intent(self.job, facts.collect(), self.leaving)
    }

    async fn before_attempt(&mut self, doubt: &mut Doubt) -> Result<Preparation<()>, CallError> {
        if doubt.is_open() && !self.job.may_replace {
            doubt.resent();
        }
        Ok(Preparation::Send(None))
    }

    async fn send(&mut self, doubt: Doubt) -> Result<(), api::Error> {
        let body = self.body.clone();
        match self.endpoint {
            _ if doubt.is_open() && self.job.may_replace => {
                api::put_case(self.client, whole_case(self.job)).await
            }
            MessageEndpoint::WithCase => api::put_message(self.client, body).await,
            MessageEndpoint::Alone => api::append_message(self.client, body).await,
        }
    }
}
