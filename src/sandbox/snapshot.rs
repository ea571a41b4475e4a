//! What arrived, as plain values for tests and for the state page.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// Everything that the sandbox knows, copied at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Requests to the API, with those that were refused or dropped; the sandbox's own pages are
    /// not counted anywhere.
    pub requests: u64,
    /// The most requests that were under way at once.
    pub max_concurrent: u64,
    /// By method and path pattern, like `POST /v2/conversation`. Requests to addresses that the
    /// server does not have are under `elsewhere`.
    pub endpoints: BTreeMap<String, EndpointCount>,
    /// How often each fault was injected, like `close_after_effect` or `status_503_before_effect`.
    pub faults: BTreeMap<String, u64>,
    /// How many conversations lost each field, because the page of version 2 does not have its name.
    pub lost: BTreeMap<String, u64>,
    /// In the order of their creation.
    pub conversations: Vec<ReceivedConversation>,
    /// In the order of their creation.
    pub cases: Vec<ReceivedCase>,
}

impl Snapshot {
    /// The conversation with this external identity.
    pub fn conversation(&self, external_identity: &str) -> Option<&ReceivedConversation> {
        self.conversations
            .iter()
            .find(|conversation| conversation.external_identity == external_identity)
    }

    /// The case with this uid.
    pub fn case(&self, uid: &str) -> Option<&ReceivedCase> {
        self.cases.iter().find(|case| case.uid == uid)
    }

    /// How often a fault was injected.
    pub fn faults_of(&self, name: &str) -> u64 {
        self.faults.get(name).copied().unwrap_or(0)
    }
}

/// What happened at one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EndpointCount {
    /// Requests that arrived.
    pub requests: u64,
    /// Answers that were given, by status. A damaged answer counts under its status.
    pub answers: BTreeMap<u16, u64>,
    /// Connections that were closed without an answer, by a fault or because the client went away.
    pub dropped: u64,
}

/// A conversation that was created.
#[derive(Debug, Clone, Serialize)]
pub struct ReceivedConversation {
    /// What the create call answered.
    pub uid: String,
    /// The organisation's own key, from whichever field carries it in this version.
    pub external_identity: String,
    /// `v1`, `v2` or `v3`.
    pub version: String,
    /// Create requests that named this identity, with those refused or struck by a fault.
    pub creates: u64,
    /// The body of the create call, field by field as it was received.
    pub fields: Map<String, Value>,
    /// Those of the fields of which nothing came.
    pub lost: Vec<String>,
    /// Custom properties that were replaced later.
    pub metadata: Map<String, Value>,
    /// Every recording that arrived whole, in order.
    pub uploads: Vec<ReceivedUpload>,
}

/// A recording that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceivedUpload {
    /// In lower-case hexadecimal.
    pub sha256: String,
    /// Of the recording alone.
    pub bytes: u64,
    /// Of the `data` part.
    pub filename: String,
    /// Of the `data` part.
    pub content_type: String,
    /// `uid` or `external`, by which the conversation was addressed.
    pub addressed_by: String,
    /// The other parts of the form.
    pub parts: BTreeMap<String, String>,
}

/// A case as its calls left it.
#[derive(Debug, Clone, Serialize)]
pub struct ReceivedCase {
    /// `caseUid`.
    pub uid: String,
    /// The case's own fields, without its messages.
    pub fields: Map<String, Value>,
    /// In the order of their arrival; a message that was sent twice stands here twice.
    pub messages: Vec<Value>,
}
