//! Messages that stand inside of a record.

use std::num::NonZeroU64;

use serde_json::{Map, Value as Json};

use super::privacy::Form;
use super::record_scope::{AROUND, RecordScope};
use crate::source::{Batch, Record};

/// The key of a message that is a text and nothing else.
const TEXT: &str = "text";

/// The messages of a record as records of their own, each with the record around it as `ticket`.
#[derive(Debug)]
pub struct Nested {
    batch: Batch,
    messages: Vec<NestedMessage>,
    around: Json,
    line: u64,
    number: Option<NonZeroU64>,
}

#[derive(Debug)]
struct NestedMessage {
    tree: Json,
    /// Where it stands in the record, such as `comments.0`.
    place: String,
    form: Form,
}

impl Nested {
    /// None of the messages of a record yet, around which `around` stands.
    pub(in crate::mapping) fn new(record: &Record<'_>, around: Json) -> Nested {
        Nested {
            batch: Batch::new(record.shared_sheet()),
            messages: Vec::new(),
            around,
            line: record.line(),
            number: record.number(),
        }
    }

    /// Adds a message, unless it is an empty text.
    pub(in crate::mapping) fn push(&mut self, item: &Json, place: String, form: Form) {
        let tree = match item {
            Json::String(text) if text.trim().is_empty() => return,
            Json::String(text) => Json::Object(
                [(TEXT.to_owned(), text.as_str().into())]
                    .into_iter()
                    .collect(),
            ),
            other => other.clone(),
        };
        self.messages.push(NestedMessage { tree, place, form });
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Shows one message after the other with its place. The record around them goes from each to the next:
    /// a copy for each would take its size times their number.
    pub fn each(mut self, scope: &RecordScope, mut see: impl FnMut(&Record<'_>, &str, Form)) {
        for NestedMessage {
            mut tree,
            place,
            form,
        } in self.messages
        {
            let lacks_around = |members: &&mut Map<String, Json>| !members.contains_key(AROUND);
            let members = tree.as_object_mut().filter(lacks_around);
            scope.set_around(members.is_some());
            let is_inside = members.is_some();
            if let Some(members) = members {
                members.insert(AROUND.to_owned(), self.around.take());
            }
            self.batch.push_tree(self.line, self.number, tree);
            see(&self.batch.get(0), &place, form);
            let tree = self.batch.pop_tree();
            if let Some(Json::Object(mut members)) = tree.filter(|_| is_inside) {
                self.around = members.remove(AROUND).unwrap_or_default();
            }
        }
        scope.set_around(false);
    }
}
