//! What all templates and expressions at one record share, also those of the messages in it: what is left to
//! them, and the record around the messages.

use std::cell::{Cell, OnceCell};

use minijinja::Value;
use serde_json::Value as Json;

use crate::mapping::file::expression::ExpressionBudget;
use crate::source::Column;

/// Under this name the templates of a nested message see the record around it.
pub(in crate::mapping) const AROUND: &str = "ticket";

/// Steps that all templates may take in one record of tickets together, beyond those that each may take anyway.
/// They take about 50 ms in a release build.
/// A call has few templates, each of which is bounded, and does not count.
const STEPS: u64 = 2_000_000;
/// Steps of one template that cost nothing: ordinary ones take tens, and a ticket has many messages.
const FREE: u64 = 100;
/// Steps for a value of JSON that a template is given.
const STEPS_OF_VALUE: u64 = 4;
/// Bytes of its text for a step.
const BYTES_OF_STEP: u64 = 64;

/// What the templates and expressions at one record share.
#[derive(Debug)]
pub struct RecordScope {
    work: ExpressionBudget,
    steps: Cell<u64>,
    /// Whether the message that is mapped sees the record around it.
    has_around: Cell<bool>,
    /// That record, as templates see it.
    around: OnceCell<Value>,
}

impl Default for RecordScope {
    fn default() -> Self {
        RecordScope {
            work: ExpressionBudget::of_record(),
            steps: Cell::new(STEPS),
            has_around: Cell::new(false),
            around: OnceCell::new(),
        }
    }
}

impl RecordScope {
    /// What is left to the expressions.
    pub(in crate::mapping) fn work(&self) -> &ExpressionBudget {
        &self.work
    }

    /// Whether the templates have taken all of their steps.
    pub(in crate::mapping) fn is_spent(&self) -> bool {
        self.steps.get() == 0
    }

    /// Notes that a template has taken so many steps.
    pub(in crate::mapping) fn take(&self, steps: u64) {
        let steps = steps.saturating_sub(FREE);
        self.steps.set(self.steps.get().saturating_sub(steps));
    }

    /// Notes that this value is copied for a template.
    pub(in crate::mapping) fn take_copy(&self, value: &Json) {
        self.steps
            .set(self.steps.get().saturating_sub(weight(value)));
    }

    /// Says whether the next message sees the record around it.
    pub(in crate::mapping) fn set_around(&self, has_around: bool) {
        self.has_around.set(has_around);
    }

    /// The record around a message, which is the same for all of them, if this column is meant for it.
    pub(in crate::mapping) fn around(
        &self,
        column: &Column,
        read: impl FnOnce() -> Value,
    ) -> Option<Value> {
        let is_around = |path: &[String]| matches!(path, [key] if key == AROUND);
        match column {
            Column::Path(path) if self.has_around.get() && is_around(path) => {
                Some(self.around.get_or_init(read).clone())
            }
            _ => None,
        }
    }
}

fn weight(value: &Json) -> u64 {
    let inner: u64 = match value {
        Json::String(text) => text.len() as u64 / BYTES_OF_STEP,
        Json::Array(items) => items.iter().map(weight).sum(),
        Json::Object(members) => {
            let names = members.keys().map(|name| name.len() as u64 / BYTES_OF_STEP);
            names.sum::<u64>() + members.values().map(weight).sum::<u64>()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    };
    inner.saturating_add(STEPS_OF_VALUE)
}
