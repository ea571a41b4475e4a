//! The request that makes a conversation.

use bytes::Bytes;

use crate::api::{self, ApiVersion, Client, Created};
use crate::delivery::sender::doubt::Doubt;
use crate::delivery::sender::intent::Intent;
use crate::delivery::sender::request::Request;
use crate::delivery::sender::request_kind::RequestKind;
use crate::domain::call::{Call, Field};
use crate::ledger::{CallFact, ContentKey, SentContent, SentFields};
use crate::targets::call::facts::{entries, not_sent};
use crate::targets::call::job::CallJob;
use crate::targets::call::known_uids::KnownUids;

/// `POST /v2|v3/conversation`.
pub(in crate::targets) struct CreateRequest<'a> {
    pub(in crate::targets) client: &'a Client,
    /// Which call each uid belongs to.
    pub(in crate::targets) uids: &'a KnownUids,
    /// Makes the hashes that the ledger keeps of what is sent.
    pub(in crate::targets) key: &'a ContentKey,
    pub(in crate::targets) version: ApiVersion,
    pub(in crate::targets) job: &'a CallJob,
    /// The call with what the operator puts on it, if anything.
    pub(in crate::targets) labelled: Option<&'a Call<'a>>,
    pub(in crate::targets) body: Bytes,
}

impl CreateRequest<'_> {
    fn sent_fields(&self) -> SentFields {
        let call = &self.job.call;
        let is_sent = |field| api::has_field(field, self.version);
        let fields = self.key.sent_fields(call, is_sent);
        match self.labelled {
            None => fields,
            Some(labelled) => {
                let labels = labelled.get(Field::Labels);
                let hash = self.key.hash(call.identity(), Field::Labels, &labels);
                fields.with_sent_labels(hash)
            }
        }
    }
}

impl Request for CreateRequest<'_> {
    type Answer = Created;

    fn kind(&self) -> RequestKind {
        RequestKind::Create
    }

    fn intent(&self) -> Intent {
        let intended = CallFact::CreateIntended {
            fingerprint: self.job.fingerprint,
            party: self.job.call.party(),
            content: SentContent {
                fields: self.sent_fields(),
                origin: self.job.origin.clone(),
            },
        };
        Intent {
            facts: Some(entries(self.job, vec![intended])),
            unsent: Some(not_sent(self.job, RequestKind::Create)),
            completes: false,
        }
    }

    /// A uid that is another call's is not believed: like an answer that nobody can read, it leaves open
    /// whether there is a conversation.
    async fn send(&mut self, _doubt: Doubt) -> Result<Created, api::Error> {
        let created = api::create(self.client, self.body.clone()).await?;
        if self.uids.claim(&created.uid, self.job.call.identity_hash()) {
            Ok(created)
        } else {
            Err(api::Error::ForeignUid)
        }
    }
}
