//! Text to labels and segments, the two kinds of values that are lists.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::field_reader::{FieldReader, Reported};
use super::value_sink::ValueSink;
use crate::domain::Code;
use crate::domain::call::{Segment, Value, is_blank};
use crate::mapping::value::list::{json_list, label, parts, read_segments, trimmed};

/// Labels from a cell that holds a JSON list, or from text that the rule splits. Parts are trimmed and
/// empty ones dropped; the same label twice is left to `Call::new`.
pub(in crate::mapping) fn labels<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let mut list = LabelList::within(field);
    match (json_list(&text), text) {
        (Some(items), text) => {
            let own = |item| label(item).map(|label| Cow::Owned(label.into_owned()));
            let parts: Option<Vec<_>> = items.iter().map(own).collect();
            let parts = parts.ok_or_else(|| bad_list(field, &text))?;
            for part in parts {
                list.add(field, part);
            }
        }
        (None, Cow::Borrowed(text)) => {
            let parts = parts(text, &field.rule.steps.split);
            for part in parts {
                list.add(field, Cow::Borrowed(part));
            }
        }
        (None, Cow::Owned(text)) => {
            let parts = parts(&text, &field.rule.steps.split);
            for part in parts {
                list.add(field, Cow::Owned(part.to_owned()));
            }
        }
    }
    list.end(into)
}

/// The same from a JSON list.
pub(in crate::mapping) fn labels_of<'r>(
    field: &mut FieldReader<'_, 'r>,
    tree: &'r Json,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let mut list = LabelList::within(field);
    let items = tree.as_array();
    let parts = items.and_then(|items| items.iter().map(label).collect::<Option<Vec<_>>>());
    for part in parts.ok_or_else(|| bad_list(field, &tree.to_string()))? {
        list.add(field, part);
    }
    list.end(into)
}

/// Labels as they are found.
struct LabelList<'r> {
    labels: Vec<Cow<'r, str>>,
    /// Whether an error was reported for one of them.
    is_broken: bool,
}

impl<'r> LabelList<'r> {
    fn within(field: &FieldReader<'_, 'r>) -> Self {
        LabelList {
            labels: field.input.room.take(),
            is_broken: false,
        }
    }

    #[inline]
    fn add(&mut self, field: &mut FieldReader<'_, 'r>, part: Cow<'r, str>) {
        let part = trimmed(part);
        if part.is_empty() {
            return;
        }
        match field.mapped(part) {
            Ok(label) if is_blank(&label) => {}
            Ok(label) => self.labels.push(label),
            Err(Reported) => self.is_broken = true,
        }
    }

    fn end(self, into: &mut impl ValueSink<'r>) -> Result<(), Reported> {
        if self.is_broken {
            return Err(Reported);
        }
        if !self.labels.is_empty() {
            into.labels(self.labels);
        }
        Ok(())
    }
}

#[cold]
fn bad_list(field: &mut FieldReader<'_, '_>, value: &str) -> Reported {
    field.error(
        Code::BadLabels,
        value,
        "a list of labels holds nothing but texts",
    )
}

/// Segments from a cell that holds a JSON list.
pub(in crate::mapping) fn segments<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &str,
) -> Result<Value<'r>, Reported> {
    let tree = serde_json::from_str(text).ok();
    let read = tree.as_ref().and_then(read_segments);
    read.map_or_else(|| Err(bad_segments(field, text)), |read| Ok(value_of(read)))
}

/// The same from a JSON list.
pub(in crate::mapping) fn segments_of<'r>(
    field: &mut FieldReader<'_, 'r>,
    tree: &Json,
) -> Result<Value<'r>, Reported> {
    let read = read_segments(tree);
    read.map_or_else(
        || Err(bad_segments(field, &tree.to_string())),
        |read| Ok(value_of(read)),
    )
}

fn value_of<'r>(segments: Vec<Segment>) -> Value<'r> {
    if segments.is_empty() {
        Value::Absent
    } else {
        Value::Segments(segments)
    }
}

#[cold]
fn bad_segments(field: &mut FieldReader<'_, '_>, value: &str) -> Reported {
    let message =
        r#"not a list such as [{"startSeconds":0,"durationSeconds":10}] of whole seconds"#;
    field.error(Code::BadSegments, value, message)
}
