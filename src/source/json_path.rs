//! What a JSON record has at the end of a path.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::names::{is_joined, member};

/// The value at the end of `path`; a key that itself holds the dots wins.
pub(super) fn value_at<'j>(tree: &'j Json, path: &[String]) -> Option<&'j Json> {
    if let (Json::Object(members), 2..) = (tree, path.len()) {
        let mut members = members.iter();
        if let Some((_, value)) = members.find(|(name, _)| is_joined(name, path)) {
            return Some(value);
        }
    }
    let by_steps = path
        .iter()
        .try_fold(tree, |value, step| step_into(value, step));
    // A key below may hold dots as well.
    by_steps.or_else(|| {
        (path.len() > 2)
            .then(|| through_joined(tree, path))
            .flatten()
    })
}

fn step_into<'j>(value: &'j Json, step: &str) -> Option<&'j Json> {
    match value {
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        Json::Object(members) => member(members, step),
        _ => None,
    }
}

/// The value at the end of a path of which several steps may be one key.
fn through_joined<'j>(value: &'j Json, path: &[String]) -> Option<&'j Json> {
    let Some((first, rest)) = path.split_first() else {
        return Some(value);
    };
    let by_step = step_into(value, first).and_then(|inner| through_joined(inner, rest));
    let Json::Object(members) = value else {
        return by_step;
    };
    by_step.or_else(|| {
        (2..=path.len()).find_map(|steps| {
            let (key, rest) = path.split_at(steps);
            let (_, inner) = members.iter().find(|(name, _)| is_joined(name, key))?;
            through_joined(inner, rest)
        })
    })
}

/// Whether the record has the key at the end of `path`. A container on the way that is there and empty
/// has it, too: `"user": null` says that there is no user, and nothing about what users are called.
pub(super) fn has(tree: &Json, path: &[String]) -> bool {
    if let (Json::Object(members), 2..) = (tree, path.len())
        && members.keys().any(|name| is_joined(name, path))
    {
        return true;
    }
    if path.len() > 2 && through_joined(tree, path).is_some() {
        return true;
    }
    let mut value = tree;
    for (depth, step) in path.iter().enumerate() {
        let next = match value {
            Json::Object(members) if depth > 0 && members.is_empty() => return true,
            Json::Object(members) => member(members, step),
            // A list that is shorter, or one that no number leads into.
            Json::Array(items) => match step.parse::<usize>() {
                Ok(index) if index < items.len() => items.get(index),
                Ok(_) => return true,
                Err(_) => return items.is_empty(),
            },
            Json::Null => return depth > 0,
            Json::String(text) => return depth > 0 && text.is_empty(),
            Json::Bool(_) | Json::Number(_) => return false,
        };
        let Some(next) = next else { return false };
        value = next;
    }
    true
}

/// A value as the text that the file has for it; `None` for `null`.
pub(super) fn text_of(value: &Json) -> Option<Cow<'_, str>> {
    Some(match value {
        Json::Null => return None,
        Json::String(text) => Cow::Borrowed(text.as_str()),
        Json::Bool(true) => Cow::Borrowed("true"),
        Json::Bool(false) => Cow::Borrowed("false"),
        other => Cow::Owned(other.to_string()),
    })
}
