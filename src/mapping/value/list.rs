//! The two fields that are lists: labels and segments.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::domain::call::{Segment, trimmed as trimmed_text};

/// The label that an item of a JSON list is.
pub(in crate::mapping) fn label(item: &Json) -> Option<Cow<'_, str>> {
    match item {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A cell such as `["a","b"]`. Other text in brackets is a label.
pub(in crate::mapping) fn json_list(text: &str) -> Option<Vec<Json>> {
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

/// A label without the blanks around it.
pub(in crate::mapping) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trimmed_text(text)),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The segments of a JSON list; `None` when one of its items is none.
pub(in crate::mapping) fn read_segments(tree: &Json) -> Option<Vec<Segment>> {
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
