//! The question whether the destination has a case.

use crate::api::{self, Client};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::Request;
use crate::delivery::sender::request_kind::RequestKind;

/// `PATCH /v1/case/{externalID}` of no field: it changes nothing, and the ledger need not know of it.
pub(in crate::targets) struct FindRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    pub(in crate::targets) uid: &'a str,
}

/// What the destination says; a 404, which says that it has none, is an error.
#[derive(Debug)]
pub(in crate::targets) enum FindAnswer {
    There,
    /// It does not say, but this.
    Unclear(String),
}

impl Request for FindRequest<'_> {
    type Answer = FindAnswer;

    fn kind(&self) -> RequestKind {
        RequestKind::Change
    }

    fn intent(&self) -> Intent {
        Intent::default()
    }

    /// It changes nothing, so nothing is known of who may change a case.
    fn proves_token(&self) -> bool {
        false
    }

    async fn send(&mut self, _doubt: Doubt) -> Result<FindAnswer, api::Error> {
        match api::patch_case(self.client, self.uid, "{}".into()).await {
            Ok(()) => Ok(FindAnswer::There),
            // Nothing was to be made, so this is no answer to the question.
            Err(error @ api::Error::Status { status: 409, .. }) => {
                Ok(FindAnswer::Unclear(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}
