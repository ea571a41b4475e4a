//! Text to labels and segments, the two kinds of values that are lists.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::columns::RawText;
use super::field_reader::{FieldReader, Reported};
use crate::domain::Code;
use crate::domain::call::{Value, is_blank};
use crate::mapping::value::list::{json_list, label, parts, read_segments, trimmed};

/// Labels from a JSON list, from a cell that holds one, or from text that the rule splits. Parts
/// are trimmed and empty ones dropped; the same label twice is left to `Call::new`.
pub(in crate::mapping) fn labels<'r>(
    field: &mut FieldReader<'_, 'r>,
    raw: RawText<'r>,
) -> Result<Value<'r>, Reported> {
    let mut list = LabelList::default();
    match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Tree(Json::Array(items)) => {
            let parts: Option<Vec<_>> = items.iter().map(label).collect();
            let parts =
                parts.ok_or_else(|| bad_list(field, &Json::Array(items.clone()).to_string()))?;
            for part in parts {
                list.add(field, part);
            }
        }
        RawText::Tree(tree) => return Err(bad_list(field, &tree.to_string())),
        RawText::Text(text) => match (json_list(&text), text) {
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
        },
    }
    list.value()
}

/// Labels as they are found.
#[derive(Default)]
struct LabelList<'r> {
    labels: Vec<Cow<'r, str>>,
    /// Whether an error was reported for one of them.
    is_broken: bool,
}

impl<'r> LabelList<'r> {
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

    fn value(self) -> Result<Value<'r>, Reported> {
        if self.is_broken {
            return Err(Reported);
        }
        Ok(if self.labels.is_empty() {
            Value::Absent
        } else {
            Value::Labels(self.labels)
        })
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

/// Segments from a JSON list or from a cell that holds one.
pub(in crate::mapping) fn segments<'r>(
    field: &mut FieldReader<'_, 'r>,
    raw: RawText<'r>,
) -> Result<Value<'r>, Reported> {
    let (read, shown) = match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Tree(tree) => (read_segments(tree), tree.to_string()),
        RawText::Text(text) => {
            if text.trim().is_empty() {
                return Ok(Value::Absent);
            }
            let text = field.mapped(text)?;
            let tree = serde_json::from_str(&text).ok();
            (tree.as_ref().and_then(read_segments), text.into_owned())
        }
    };
    match read {
        Some(segments) if segments.is_empty() => Ok(Value::Absent),
        Some(segments) => Ok(Value::Segments(segments)),
        None => {
            let message =
                r#"not a list such as [{"startSeconds":0,"durationSeconds":10}] of whole seconds"#;
            Err(field.error(Code::BadSegments, &shown, message))
        }
    }
}
