//! What an answer in JSON says of where a recording is, by the pointers of `then`.

use serde_json::Value;

/// The most names of keys that a message tells.
const MOST_KEYS: usize = 10;
/// The most characters of one.
const LONGEST_KEY: usize = 40;

/// How many entries a list has of which the pointer takes one by its number, if they are several: which
/// one is the call's recording nobody knows.
pub(super) fn several_at(answer: &Value, pointer: &str) -> Option<usize> {
    let ends = pointer.match_indices('/').map(|(at, _)| at).skip(1);
    let mut lists = ends.chain([pointer.len()]).filter_map(|end| {
        let (list, number) = pointer[..end].rsplit_once('/')?;
        number.parse::<usize>().ok()?;
        Some(answer.pointer(list)?.as_array()?.len())
    });
    lists.find(|count| *count > 1)
}

/// What is told of an answer that has no address at the pointer: how far the pointer leads, and what is
/// there. Names of keys, and no value.
pub(super) fn nothing_at(answer: &Value, pointer: &str) -> String {
    let ends = pointer.match_indices('/').map(|(at, _)| at);
    let ends = ends.chain([pointer.len()]);
    let mut known =
        ends.filter_map(|end| Some((&pointer[..end], answer.pointer(&pointer[..end])?)));
    let (way, found) = known.next_back().unwrap_or(("", answer));
    let there = match found {
        Value::Object(object) if object.is_empty() => "an object without keys".to_owned(),
        Value::Object(object) => {
            let shorten = |key: &String| -> String { key.chars().take(LONGEST_KEY).collect() };
            let keys: Vec<String> = object.keys().take(MOST_KEYS).map(shorten).collect();
            let more = if object.len() > MOST_KEYS {
                ", …"
            } else {
                ""
            };
            format!("the keys {}{more}", keys.join(", "))
        }
        Value::Array(list) if list.is_empty() => "an empty list".to_owned(),
        Value::Array(list) if list.len() == 1 => "a list of one".to_owned(),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Null => "null".to_owned(),
    };
    let at = if way.is_empty() {
        "at its top".to_owned()
    } else {
        format!("at `{way}`")
    };
    format!("the answer at its URL names no recording at `{pointer}`: {at} it has {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_several_recordings_names_none() {
        let answer = serde_json::json!({"one": [{"u": "a"}], "two": [{"u": "a"}, {"u": "b"}], "0": {"u": "c"}});
        assert_eq!(several_at(&answer, "/one/0/u"), None);
        assert_eq!(several_at(&answer, "/two/0/u"), Some(2));
        assert_eq!(several_at(&answer, "/two/0"), Some(2));
        assert_eq!(several_at(&answer, "/0/u"), None);
        assert_eq!(several_at(&answer, "/none/0/u"), None);
    }

    #[test]
    fn a_pointer_that_leads_nowhere_is_told_with_what_is_there() {
        let answer = serde_json::json!({
            "call": {"id": "7301", "media_url": "https://example.com/a?sig=x"},
            "recordings": [], "none": null, "empty": "",
        });
        for (pointer, said) in [
            (
                "/call/recording",
                "`/call/recording`: at `/call` it has the keys id, media_url",
            ),
            (
                "/cal",
                "at its top it has the keys call, recordings, none, empty",
            ),
            ("/recordings/0/url", "at `/recordings` it has an empty list"),
            ("/none", "at `/none` it has null"),
            ("/none/url", "at `/none` it has null"),
            ("/empty", "at `/empty` it has an empty text"),
            ("/call", "at `/call` it has the keys id, media_url"),
            ("/call/id/x", "at `/call/id` it has a text"),
        ] {
            let told = nothing_at(&answer, pointer);
            assert!(told.ends_with(said), "{told}");
            assert!(!told.contains("7301") && !told.contains("sig"), "{told}");
        }
    }
}
