//! The request that replaces a case with all its messages.

use bytes::Bytes;

use crate::api::{self, Client};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::Request;
use crate::delivery::sender::request_kind::RequestKind;
use crate::domain::case::Message;
use crate::ledger::CaseFact;
use crate::targets::case::facts::intent;
use crate::targets::case::job::CaseJob;

/// `PUT /v1/case`. It can be repeated.
pub(in crate::targets) struct ReplaceRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    pub(in crate::targets) job: &'a CaseJob,
    pub(in crate::targets) body: Bytes,
}

/// The case with all its messages, as it is sent.
pub(in crate::targets) fn whole_case(job: &CaseJob) -> Bytes {
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
