//! What the sandbox remembers, behind one lock that is never held while waiting.
//!
//! A conversation is kept as the text of its body and not as a tree, so that some hundred thousand
//! of them fit; whoever wants to look at one parses it again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::faults::rules::{Faults, Operation};
use super::route::WireVersion;
use super::snapshot::{self, EndpointCount, ReceivedUpload};

/// A conversation as it is kept.
#[derive(Debug)]
pub(super) struct StoredConversation {
    pub(super) uid: Uuid,
    pub(super) identity: Box<str>,
    pub(super) version: WireVersion,
    pub(super) date_time: Timestamp,
    pub(super) created: Timestamp,
    pub(super) last_changed: Timestamp,
    /// When the first recording came.
    pub(super) audio_added: Option<Timestamp>,
    /// The JSON object of the create call.
    pub(super) body: Box<str>,
    /// Fields of the body of which nothing came.
    pub(super) lost: Box<[&'static str]>,
    pub(super) team: Option<Uuid>,
    pub(super) metadata: Map<String, Value>,
    pub(super) uploads: Vec<ReceivedUpload>,
}

impl StoredConversation {
    /// The fields as they were received.
    pub(super) fn fields(&self) -> Map<String, Value> {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A case as it is kept.
#[derive(Debug, Default)]
pub(super) struct StoredCase {
    pub(super) fields: Map<String, Value>,
    pub(super) messages: Vec<Value>,
}

/// Everything that the sandbox remembers.
#[derive(Debug)]
pub(super) struct ServerState {
    /// What shall go wrong from now on.
    pub(super) plan: Faults,
    pub(super) started: Instant,
    /// Counts the resets, so that requests from before one do not count after it.
    epoch: u64,
    pub(super) conversations: Vec<StoredConversation>,
    by_uid: HashMap<Uuid, usize>,
    by_identity: HashMap<Box<str>, usize>,
    /// How often each call was tried, by the hash of its operation and key: the keys themselves
    /// would be as large as the conversations.
    attempts: HashMap<u64, u64>,
    pub(super) cases: Vec<StoredCase>,
    cases_by_uid: HashMap<String, usize>,
    pub(super) endpoints: BTreeMap<&'static str, EndpointCount>,
    pub(super) faults: BTreeMap<String, u64>,
    /// How many conversations lost each field.
    pub(super) lost: BTreeMap<&'static str, u64>,
    pub(super) requests: u64,
    pub(super) under_way: u64,
    pub(super) max_concurrent: u64,
    /// When the magic links of the last hour were asked for.
    pub(super) magic_links: VecDeque<Instant>,
}

impl ServerState {
    pub(super) fn new(plan: Faults) -> Self {
        Self {
            plan,
            started: Instant::now(),
            epoch: 0,
            conversations: Vec::new(),
            by_uid: HashMap::new(),
            by_identity: HashMap::new(),
            attempts: HashMap::new(),
            cases: Vec::new(),
            cases_by_uid: HashMap::new(),
            endpoints: BTreeMap::new(),
            faults: BTreeMap::new(),
            lost: BTreeMap::new(),
            requests: 0,
            under_way: 0,
            max_concurrent: 0,
            magic_links: VecDeque::new(),
        }
    }

    /// Forgets everything but the faults to come and the requests that are still under way.
    pub(super) fn reset(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            under_way: self.under_way,
            max_concurrent: self.under_way,
            ..Self::new(std::mem::take(&mut self.plan))
        };
    }

    /// Counts a request in.
    pub(super) fn enter(&mut self, endpoint: &'static str) -> Ticket {
        self.requests += 1;
        self.under_way += 1;
        self.max_concurrent = self.max_concurrent.max(self.under_way);
        self.endpoints.entry(endpoint).or_default().requests += 1;
        Ticket {
            endpoint,
            number: self.requests,
            epoch: self.epoch,
        }
    }

    /// Counts a request out, with the status of its answer if it got one.
    pub(super) fn leave(&mut self, ticket: Ticket, status: Option<u16>) {
        self.under_way = self.under_way.saturating_sub(1);
        if ticket.epoch != self.epoch {
            return;
        }
        let count = self.endpoints.entry(ticket.endpoint).or_default();
        match status {
            Some(status) => *count.answers.entry(status).or_default() += 1,
            None => count.dropped += 1,
        }
    }

    /// Counts one more try of a call and says which it is, from 1.
    pub(super) fn attempt(&mut self, operation: Operation, key: &str) -> u64 {
        let count = self.attempts.entry(call_hash(operation, key)).or_default();
        *count += 1;
        *count
    }

    pub(super) fn by_uid(&self, uid: Uuid) -> Option<usize> {
        self.by_uid.get(&uid).copied()
    }

    /// As [`Self::by_uid`], for a text that may be no uid at all.
    pub(super) fn by_uid_text(&self, uid: &str) -> Option<usize> {
        self.by_uid(Uuid::try_parse(uid).ok()?)
    }

    pub(super) fn by_identity(&self, identity: &str) -> Option<usize> {
        self.by_identity.get(identity).copied()
    }

    /// Keeps a new conversation, unless its identity is taken.
    pub(super) fn add(&mut self, conversation: StoredConversation) -> Result<(), IdTaken> {
        if self.by_identity.contains_key(&conversation.identity) {
            return Err(IdTaken);
        }
        for name in &conversation.lost {
            *self.lost.entry(name).or_default() += 1;
        }
        let index = self.conversations.len();
        self.by_uid.insert(conversation.uid, index);
        self.by_identity
            .insert(conversation.identity.clone(), index);
        self.conversations.push(conversation);
        Ok(())
    }

    pub(super) fn case(&mut self, uid: &str) -> Option<&mut StoredCase> {
        let index = *self.cases_by_uid.get(uid)?;
        self.cases.get_mut(index)
    }

    /// The case with this uid, which is made when there is none.
    pub(super) fn case_or_new(&mut self, uid: &str) -> &mut StoredCase {
        let next = self.cases.len();
        let index = *self.cases_by_uid.entry(uid.to_owned()).or_insert(next);
        if index == next {
            self.cases.push(StoredCase::default());
        }
        &mut self.cases[index]
    }

    /// The public picture of one conversation.
    pub(super) fn picture(
        &self,
        conversation: &StoredConversation,
    ) -> snapshot::ReceivedConversation {
        let hash = call_hash(Operation::Create, &conversation.identity);
        snapshot::ReceivedConversation {
            uid: conversation.uid.to_string(),
            external_identity: conversation.identity.to_string(),
            version: conversation.version.name().to_owned(),
            creates: self.attempts.get(&hash).copied().unwrap_or(0),
            fields: conversation.fields(),
            lost: conversation.lost.iter().map(ToString::to_string).collect(),
            metadata: conversation.metadata.clone(),
            uploads: conversation.uploads.clone(),
        }
    }

    /// The public picture of everything.
    pub(super) fn snapshot_of_all(&self) -> snapshot::Snapshot {
        self.snapshot(0..self.conversations.len())
    }

    /// The public pictures of the conversations in `range` of their order.
    pub(super) fn snapshot_of_conversations(
        &self,
        range: Range<usize>,
    ) -> Vec<snapshot::ReceivedConversation> {
        let conversations = self.conversations.get(range).unwrap_or_default();
        conversations
            .iter()
            .map(|conversation| self.picture(conversation))
            .collect()
    }

    /// The public picture of everything, with the conversations in `range` of their order.
    pub(super) fn snapshot(&self, range: Range<usize>) -> snapshot::Snapshot {
        snapshot::Snapshot {
            requests: self.requests,
            max_concurrent: self.max_concurrent,
            endpoints: self
                .endpoints
                .iter()
                .map(|(label, count)| ((*label).to_owned(), count.clone()))
                .collect(),
            faults: self.faults.clone(),
            lost: (self.lost.iter())
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
            conversations: self.snapshot_of_conversations(range),
            cases: self.cases.iter().map(StoredCase::picture).collect(),
        }
    }
}

impl StoredCase {
    fn picture(&self) -> snapshot::ReceivedCase {
        let uid = self.fields.get("caseUid").and_then(Value::as_str);
        snapshot::ReceivedCase {
            uid: uid.unwrap_or_default().to_owned(),
            fields: self.fields.clone(),
            messages: self.messages.clone(),
        }
    }
}

/// What a request gets when it is counted in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) endpoint: &'static str,
    /// From 1, since the start or the last reset.
    pub(super) number: u64,
    epoch: u64,
}

/// The identity belongs to another conversation already.
#[derive(Debug)]
pub(super) struct IdTaken;

fn call_hash(operation: Operation, key: &str) -> u64 {
    xxh3_64(format!("{operation:?}/{key}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_from_before_a_reset_does_not_count_after_it() {
        let mut state = ServerState::new(Faults::default());
        let old = state.enter("GET /x");
        state.reset();
        let new = state.enter("GET /x");
        assert_eq!((new.number, state.max_concurrent), (1, 2));
        state.leave(old, Some(200));
        state.leave(new, None);
        let count = EndpointCount {
            requests: 1,
            dropped: 1,
            ..EndpointCount::default()
        };
        assert_eq!(state.endpoints["GET /x"], count);
        assert_eq!(state.under_way, 0);
    }

    #[test]
    fn the_most_at_once_is_remembered() {
        let mut state = ServerState::new(Faults::default());
        let tickets: Vec<_> = (0..3).map(|_| state.enter("GET /x")).collect();
        for ticket in tickets {
            state.leave(ticket, Some(200));
        }
        let last = state.enter("GET /x");
        state.leave(last, Some(200));
        assert_eq!((state.max_concurrent, state.requests), (3, 4));
    }
}
