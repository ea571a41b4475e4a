//! The request that replaces a case with all its messages.

use bytes::Bytes;

use super::facts::intent;
use crate::api::{self, Client};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::Request;
use crate::delivery::sender::request_kind::RequestKind;
use crate::domain::case::Message;
use crate::ledger::CaseFact;
use crate::pipeline::CaseJob;

/// `PUT /v1/case`. It can be repeated.
pub(super) struct ReplaceRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) job: &'a CaseJob,
    pub(super) body: Bytes,
}

/// The case with all its messages, as it is sent.
pub(super) fn whole_case(job: &CaseJob) -> Bytes {
    let messages: Vec<&Message> = job.messages.iter().collect();
    api::whole_case(&job.case, &messages)
}

impl Request for ReplaceRequest<'_> {
    type Answer = ();

    fn kind(&self) -> RequestKind {
        RequestKind::Case
    }

    fn intent(&self) -> Intent {
        intent(self.job, vec![CaseFact::Intended], &[])
    }

    async fn send(&mut self, _doubt: Doubt) -> Result<(), api::Error> {
        api::put_case(self.client, self.body.clone()).await
    }
}
