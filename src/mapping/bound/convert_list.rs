//! Text to labels and segments, the two kinds of values that are lists.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::columns::RawText;
use super::text::{FieldInput, Reported};
use crate::domain::Code;
use crate::domain::call::{Value, is_blank};
use crate::mapping::value::list::{json_list, label, read_segments, split, trimmed};

/// Labels from a JSON list, from a cell that holds one, or from text that the rule splits. Parts
/// are trimmed and empty ones dropped; the same label twice is left to `Call::new`.
pub(in crate::mapping) fn labels<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    raw: RawText<'r>,
) -> Result<Value<'r>, Reported> {
    let parts: Vec<Cow<'r, str>> = match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Tree(Json::Array(items)) => {
            let parts: Option<Vec<_>> = items.iter().map(label).collect();
            parts.ok_or_else(|| bad_list(apply, &Json::Array(items.clone()).to_string()))?
        }
        RawText::Tree(tree) => return Err(bad_list(apply, &tree.to_string())),
        RawText::Text(text) => match json_list(&text) {
            Some(items) => {
                let own = |item| label(item).map(|label| Cow::Owned(label.into_owned()));
                let parts: Option<Vec<_>> = items.iter().map(own).collect();
                parts.ok_or_else(|| bad_list(apply, &text))?
            }
            None => split(&text, &apply.rule.steps.split),
        },
    };
    let mut labels = Vec::with_capacity(parts.len());
    let mut is_broken = false;
    for part in parts {
        let part = trimmed(part);
        if part.is_empty() {
            continue;
        }
        match apply.mapped(part) {
            Ok(label) if is_blank(&label) => {}
            Ok(label) => labels.push(label),
            Err(Reported) => is_broken = true,
        }
    }
    if is_broken {
        return Err(Reported);
    }
    Ok(if labels.is_empty() {
        Value::Absent
    } else {
        Value::Labels(labels)
    })
}

fn bad_list(apply: &mut FieldInput<'_, '_, '_>, value: &str) -> Reported {
    apply.error(
        Code::BadLabels,
        value,
        "a list of labels holds nothing but texts",
    )
}

/// Segments from a JSON list or from a cell that holds one.
pub(in crate::mapping) fn segments<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    raw: RawText<'r>,
) -> Result<Value<'r>, Reported> {
    let (read, shown) = match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Tree(tree) => (read_segments(tree), tree.to_string()),
        RawText::Text(text) => {
            if text.trim().is_empty() {
                return Ok(Value::Absent);
            }
            let text = apply.mapped(text)?;
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
            Err(apply.error(Code::BadSegments, &shown, message))
        }
    }
}
