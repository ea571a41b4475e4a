//! Writes values as JSON. Numbers are copied as text, so that no digit passes through a float.

use crate::domain::call::Value;

pub(crate) fn object<'v>(fields: impl Iterator<Item = (&'static str, Value<'v>)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.push(b'{');
    for (name, value) in fields {
        if out.len() > 1 {
            out.push(b',');
        }
        string(&mut out, name);
        out.push(b':');
        put(&mut out, &value);
    }
    out.push(b'}');
    out
}

fn put(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Absent | Value::Broken => out.extend_from_slice(b"null"),
        Value::Text(text) | Value::Time(text, _) => string(out, text),
        Value::Number(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bool(bool) => out.extend_from_slice(if *bool { b"true" } else { b"false" }),
        Value::Labels(labels) => list(out, labels, |out, label| string(out, label)),
        Value::Segments(segments) => list(out, segments, |out, segment| {
            let (start, duration) = (segment.start, segment.duration);
            out.extend_from_slice(
                format!(r#"{{"startSeconds":{start},"durationSeconds":{duration}}}"#).as_bytes(),
            );
        }),
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        put(out, item);
    }
    out.push(b']');
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to memory cannot fail; were it to, an empty string is refused by the server.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}
