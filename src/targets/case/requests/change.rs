//! The request that changes a case that is there.

use bytes::Bytes;

use crate::api::{self, Client};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::Request;
use crate::delivery::sender::request_kind::RequestKind;
use crate::ledger::CaseFact;
use crate::targets::case::facts::intent;
use crate::targets::case::job::CaseJob;

/// `PATCH /v1/case/{externalID}`. It can be repeated.
pub(in crate::targets) struct ChangeRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    pub(in crate::targets) job: &'a CaseJob,
    pub(in crate::targets) body: Bytes,
}

impl Request for ChangeRequest<'_> {
    type Answer = ();

    fn kind(&self) -> RequestKind {
        RequestKind::Change
    }

    fn intent(&self) -> Intent {
        intent(self.job, vec![CaseFact::Intended], &[])
    }

    async fn send(&mut self, _doubt: Doubt) -> Result<(), api::Error> {
        let uid = &self.job.case.uid;
        api::patch_case(self.client, uid, self.body.clone()).await
    }
}
