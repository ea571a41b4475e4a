//! Where in a JSON document the records are, by a sample of it.

use super::pages::{self, DocumentKind};
use super::span::{JsonSpan, JsonWalk};
use crate::source::known::KnownKeys;

/// So many values decide whether a value is a line.
const FIRST_VALUES: usize = 100;

/// How the records of a document are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct JsonLayout {
    pub(in crate::source) shape: JsonShape,
    /// Steps to the records in each document.
    pub(in crate::source) pointer: Vec<String>,
    pub(in crate::source) origin: PointerOrigin,
    /// Whether the pointer is followed in each value on its own; one without it is a record itself.
    pub(in crate::source) each_by_pointer: bool,
}

/// How the pointer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum PointerOrigin {
    /// It was said, or there is none.
    Said,
    /// It leads to the only array of objects.
    OnlyList,
    /// What it leads to has the keys of the records, which leaves no doubt.
    Keys,
}

/// What a document looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum JsonShape {
    /// One record a line.
    Lines,
    /// An array.
    Array,
    /// One object, or several one after the other.
    Objects,
}

/// The beginning of a document.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct JsonSample<'t> {
    pub(in crate::source) text: &'t [u8],
    /// Whether it is the whole text.
    pub(in crate::source) ended: bool,
    /// Whether the file's name promises one record a line.
    pub(in crate::source) named_lines: bool,
    /// A list that is part of a record, and does not hold the records.
    pub(in crate::source) inner: Option<&'t str>,
    /// By which keys the records are known.
    pub(in crate::source) known: &'t KnownKeys,
}

/// The layout of a document; `records` is the pointer that was said. The error is a pointer and what
/// is wrong with it.
pub(in crate::source) fn find(
    sample: JsonSample<'_>,
    records: Option<&str>,
) -> Result<JsonLayout, (String, &'static str)> {
    let text = sample.text.trim_ascii_start();
    let mut pointer = steps(records.unwrap_or_default())?;
    let told = match records {
        Some(_) => DocumentKind::Nothing,
        None => pages::find(text, sample.known),
    };
    let mut origin = PointerOrigin::Said;
    if let DocumentKind::Pages(found) = &told {
        pointer.clone_from(found);
        origin = PointerOrigin::Keys;
    }
    let layout = |shape| JsonLayout {
        shape,
        pointer: pointer.clone(),
        origin,
        each_by_pointer: sample.named_lines
            || (origin == PointerOrigin::Keys && shape == JsonShape::Array),
    };
    if text.first() == Some(&b'[') {
        return Ok(layout(JsonShape::Array));
    }
    let first = JsonSpan::default().walk(text);
    if sample.named_lines {
        let objects = spread(text) || adjoin(text, first);
        return Ok(layout(if objects {
            JsonShape::Objects
        } else {
            JsonShape::Lines
        }));
    }
    if !pointer.is_empty() {
        return Ok(layout(JsonShape::Objects));
    }
    match first {
        JsonWalk::End(end) => {
            let rest = &text[end..];
            if rest.trim_ascii().is_empty() && sample.ended {
                return match told {
                    DocumentKind::Records => Ok(layout(JsonShape::Objects)),
                    _ => single(sample, true, layout(JsonShape::Objects)),
                };
            }
            let breaks = rest.iter().position(|byte| *byte == b'\n');
            let alone = |at: usize| rest[..at].iter().all(|byte| b" \t\r,".contains(byte));
            let lines = breaks.is_some_and(alone) && !spread(text);
            Ok(layout(if lines {
                JsonShape::Lines
            } else {
                JsonShape::Objects
            }))
        }
        JsonWalk::More | JsonWalk::Broken(_) if looks_like_lines(text) => {
            Ok(layout(JsonShape::Lines))
        }
        // A document that is cut short may be an envelope all the same.
        JsonWalk::More => single(sample, sample.ended, layout(JsonShape::Objects)),
        JsonWalk::Broken(_) => Ok(layout(JsonShape::Objects)),
    }
}

/// Whether one of the first values of `text` stands on several lines.
fn spread(text: &[u8]) -> bool {
    let mut rest = text;
    for _ in 0..FIRST_VALUES {
        let JsonWalk::End(end) = JsonSpan::default().walk(rest) else {
            return false;
        };
        if rest[..end].contains(&b'\n') {
            return true;
        }
        rest = rest[end..].trim_ascii_start();
        if end == 0 || rest.is_empty() {
            return false;
        }
    }
    false
}

/// Whether another value follows the first one on its line.
fn adjoin(text: &[u8], first: JsonWalk) -> bool {
    let rest = match first {
        JsonWalk::End(end) => text[end..].trim_ascii_start(),
        JsonWalk::More | JsonWalk::Broken(_) => b"",
    };
    let gap = text.len() - rest.len();
    rest.starts_with(b"{") && !text[..gap].contains(&b'\n')
}

/// A first line that is broken is judged by the one after it, unless it only opens something.
fn looks_like_lines(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default().trim_ascii_end();
    let opens = first.last().is_none_or(|byte| b"[{,:".contains(byte));
    !opens && lines.next().is_some_and(|line| line.starts_with(b"{"))
}

impl JsonLayout {
    /// How it is told on the screen.
    pub(in crate::source) fn reading(&self) -> String {
        match self.shape {
            JsonShape::Lines if self.origin == PointerOrigin::Keys => {
                format!("json lines, the records at {}", pointer(&self.pointer))
            }
            JsonShape::Lines => "json lines".to_owned(),
            JsonShape::Array | JsonShape::Objects if !self.pointer.is_empty() => {
                let said = match self.origin {
                    PointerOrigin::Said => "records",
                    PointerOrigin::OnlyList => "the only array of objects",
                    PointerOrigin::Keys => "the records",
                };
                format!("json, {said} at {}", pointer(&self.pointer))
            }
            JsonShape::Array => "json array".to_owned(),
            JsonShape::Objects => "json objects".to_owned(),
        }
    }
}

/// The pointer of `steps`, escaped as RFC 6901 says.
pub(in crate::source) fn pointer(steps: &[String]) -> String {
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

fn steps(pointer: &str) -> Result<Vec<String>, (String, &'static str)> {
    if pointer.is_empty() || pointer == "/" {
        return Ok(Vec::new());
    }
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err((pointer.to_owned(), "a JSON pointer begins with a slash"));
    };
    Ok(rest
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// One object that is the whole document: an envelope when exactly one member holds records.
fn single(
    sample: JsonSample<'_>,
    whole: bool,
    layout: JsonLayout,
) -> Result<JsonLayout, (String, &'static str)> {
    let mut members = arrays_of_objects(sample.text.trim_ascii_start());
    let all = members.len();
    members.retain(|member| Some(member.as_str()) != sample.inner);
    let is_record = members.len() < all;
    match members.len() {
        0 if !whole && !is_record => Err((
            "the document".to_owned(),
            "no array of objects is near its beginning",
        )),
        0 => Ok(layout),
        1 => Ok(JsonLayout {
            pointer: members,
            origin: PointerOrigin::OnlyList,
            ..layout
        }),
        _ => {
            members.sort();
            let names: Vec<String> = members
                .iter()
                .map(|member| pointer(std::slice::from_ref(member)))
                .collect();
            Err((names.join(", "), "several members hold arrays of objects"))
        }
    }
}

/// Keys of the members that are arrays and begin with an object, as far as `text` goes.
fn arrays_of_objects(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let Some(mut rest) = text.strip_prefix(b"{") else {
        return found;
    };
    loop {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        if !rest.starts_with(b"\"") {
            return found;
        }
        let JsonWalk::End(length) = JsonSpan::default().walk(rest) else {
            return found;
        };
        let key: String = serde_json::from_slice(&rest[..length]).unwrap_or_default();
        rest = rest[length..].trim_ascii_start();
        let Some(value) = rest.strip_prefix(b":") else {
            return found;
        };
        rest = value.trim_ascii_start();
        if let Some(inside) = rest.strip_prefix(b"[")
            && inside.trim_ascii_start().starts_with(b"{")
        {
            found.push(key);
        }
        let JsonWalk::End(length) = JsonSpan::default().walk(rest) else {
            return found;
        };
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> String {
        let sample = JsonSample {
            inner: None,
            known: &KnownKeys::default(),
            text: text.as_bytes(),
            ended: true,
            named_lines: false,
        };
        match find(sample, None) {
            Ok(layout) => layout.reading(),
            Err((pointer, reason)) => format!("{reason}: {pointer}"),
        }
    }

    #[test]
    fn layouts_are_told_apart() {
        assert_eq!(reading("{\"a\":1}\n{\"a\":2}\n"), "json lines");
        assert_eq!(reading("{\"a\":1},\n{\"a\":2}\n"), "json lines");
        assert_eq!(reading("{\"a\":1}{\"a\":2}"), "json objects");
        assert_eq!(reading("{\n\"a\":1\n}\n{\n\"a\":2}"), "json objects");
        assert_eq!(reading(" [ {\"a\":1} ]"), "json array");
        assert_eq!(reading("{\"a\":[1]}"), "json objects");
        assert_eq!(
            reading("{\"n\":{\"x\":[{}]},\"c\":[ {\"a\":[{}]} ],\"t\":2}"),
            "json, the only array of objects at /c"
        );
        assert_eq!(
            reading("{\"b\":[{}],\"a/b\":[{}]}"),
            "several members hold arrays of objects: /a~1b, /b"
        );
        assert_eq!(reading("{\"a\":tru\n{\"a\":1}\n"), "json lines");
        assert_eq!(reading("{\"a\":\"x\n{\"a\":1}\n"), "json lines");
    }

    #[test]
    fn pointers_are_read_as_the_standard_says() {
        assert_eq!(steps("/a~1b/m~0n/0").unwrap(), ["a/b", "m~n", "0"]);
        assert!(steps("").unwrap().is_empty());
        assert!(steps("calls").is_err());
    }
}
