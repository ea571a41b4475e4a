//! The two fields that are lists: labels and segments.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::domain::Code;
use crate::domain::call::{Segment, Value, is_blank};
use crate::mapping::bound::text::{FieldInput, RawText, Reported};

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

fn label(item: &Json) -> Option<Cow<'_, str>> {
    match item {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A cell such as `["a","b"]`. Other text in brackets is a label.
fn json_list(text: &str) -> Option<Vec<Json>> {
    // Nearly every cell says at its first byte that it is none.
    if !text
        .as_bytes()
        .first()
        .is_some_and(|first| *first == b'[' || !first.is_ascii_graphic())
    {
        return None;
    }
    let text = text.trim();
    (text.starts_with('[') && text.ends_with(']'))
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

fn split<'r>(text: &Cow<'r, str>, separators: &[String]) -> Vec<Cow<'r, str>> {
    match text {
        Cow::Borrowed(text) => parts(text, separators).map(Cow::Borrowed).collect(),
        Cow::Owned(text) => parts(text, separators)
            .map(|part| Cow::Owned(part.to_owned()))
            .collect(),
    }
}

/// The parts of a text between the first of these separators that it has; the whole text when it has
/// none, or none is given.
pub(in crate::mapping) fn parts<'t>(
    text: &'t str,
    separators: &[String],
) -> impl Iterator<Item = &'t str> {
    let mut separators = separators.iter().map(String::as_str);
    let separator = separators.find(|separator| position(text, separator).is_some());
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let found = separator.and_then(|separator| Some((position(text, separator)?, separator)));
        let Some((at, separator)) = found else {
            return Some(text);
        };
        rest = text.get(at + separator.len()..);
        text.get(..at)
    })
}

/// Where the separator stands first. One sign is found without preparing a search for a word, which
/// costs more than labels are long.
fn position(text: &str, separator: &str) -> Option<usize> {
    match separator.as_bytes() {
        [] => None,
        [sign] => memchr::memchr(*sign, text.as_bytes()),
        _ => text.find(separator),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
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

fn read_segments(tree: &Json) -> Option<Vec<Segment>> {
    let seconds = |item: &Json, key: &str| u32::try_from(item.get(key)?.as_u64()?).ok();
    let segment = |item: &Json| {
        let is_known = item.as_object()?.len() == 2;
        let segment = Segment {
            start: seconds(item, "startSeconds")?,
            duration: seconds(item, "durationSeconds")?,
        };
        is_known.then_some(segment)
    };
    tree.as_array()?.iter().map(segment).collect()
}
