//! XML documents as the JSON that says the same: metadata that systems lay beside their recordings.
//!
//! An element is an object of its attributes and elements, a text where it has neither, and a list
//! where its name comes again. Prefixes of names are dropped. A document type is refused, because it
//! may define text of any size.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value as Json};

/// Levels of elements inside one another.
const DEPTH: usize = 64;
/// The name under which an element with attributes or elements keeps its text.
const TEXT: &str = "text";

/// What the root element of a document holds.
///
/// # Errors
/// The line of a fault, and what it is.
pub fn xml_to_json(text: &str) -> Result<Json, (u64, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    read(&mut reader).map_err(|why| {
        let end = reader.error_position().max(reader.buffer_position());
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(text.len());
        let breaks = memchr::memchr_iter(b'\n', &text.as_bytes()[..end]).count();
        (breaks as u64 + 1, why)
    })
}

/// An element that is not closed yet.
struct OpenElement {
    name: String,
    members: Map<String, Json>,
    text: String,
}

fn read(reader: &mut Reader<&[u8]>) -> Result<Json, String> {
    let mut open: Vec<OpenElement> = Vec::new();
    loop {
        let ended = match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) if open.len() >= DEPTH => {
                let name = start.local_name();
                let name = name.into_inner();
                return Err(format!("too many elements inside one another, at {name}"));
            }
            Event::Start(start) => {
                open.push(begun(&start)?);
                continue;
            }
            Event::Empty(start) => begun(&start)?,
            Event::End(_) => open.pop().ok_or("an element ends that is not open")?,
            Event::Text(text) => {
                add_text(&mut open, &text.xml10_content())?;
                continue;
            }
            Event::CData(text) => {
                add_text(&mut open, &text.xml10_content())?;
                continue;
            }
            Event::GeneralRef(reference) => {
                add_text(&mut open, &resolved(&reference)?)?;
                continue;
            }
            Event::DocType(_) => return Err("has a document type, which no metadata needs".into()),
            Event::Eof => return Err("the document ends too early".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
        };
        let (name, value) = closed(ended);
        match open.last_mut() {
            Some(around) => add(&mut around.members, &name, value),
            None => return Ok(value),
        }
    }
}

/// The element that begins here, with its attributes. Namespaces are no data.
fn begun(start: &BytesStart<'_>) -> Result<OpenElement, String> {
    let mut members = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?;
        let name = attribute.key.local_name();
        add(
            &mut members,
            name.into_inner(),
            Json::String(value.into_owned()),
        );
    }
    Ok(OpenElement {
        name: start.local_name().into_inner().to_owned(),
        members,
        text: String::new(),
    })
}

fn add_text(open: &mut [OpenElement], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("text outside of an element".to_owned()),
    }
    Ok(())
}

/// The sign that `&name;` or `&#number;` stands for.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    let sign = reference.resolve_char_ref();
    if let Some(sign) = sign.map_err(|error| error.to_string())? {
        return Ok(sign.to_string());
    }
    let name = reference.xml10_content();
    let known = resolve_predefined_entity(&name);
    let known = known.map(str::to_owned);
    known.ok_or_else(|| format!("&{name}; is not known"))
}

/// The name and the content of an element that has ended.
fn closed(element: OpenElement) -> (String, Json) {
    let OpenElement {
        name,
        mut members,
        text,
    } = element;
    let text = text.trim();
    if members.is_empty() {
        return (name, Json::String(text.to_owned()));
    }
    if !text.is_empty() {
        add(&mut members, TEXT, Json::String(text.to_owned()));
    }
    (name, Json::Object(members))
}

/// Adds a member; a name that comes again makes a list.
fn add(members: &mut Map<String, Json>, name: &str, value: Json) {
    match members.get_mut(name) {
        None => {
            members.insert(name.to_owned(), value);
        }
        Some(Json::Array(items)) => items.push(value),
        Some(other) => {
            let first = other.take();
            *other = Json::Array(vec![first, value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_what_its_elements_and_attributes_say() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- made up -->\n<r:recording xmlns:r='urn:x' id = \"7\">\n \
                    <session><sessionID>ab-1</sessionID><start>2024-03-15 &lt;x&gt; &#230;</start></session>\n \
                    <agent name='Ida &amp; Bo'/><agent name='Eva'/><note><![CDATA[<b>]]></note>\n</r:recording>";
        assert_eq!(
            xml_to_json(text),
            Ok(json!({
                "id": "7",
                "session": {"sessionID": "ab-1", "start": "2024-03-15 <x> æ"},
                "agent": [{"name": "Ida & Bo"}, {"name": "Eva"}],
                "note": "<b>",
            }))
        );
    }

    #[test]
    fn what_is_no_document_is_told_with_its_line() {
        for (text, line) in [
            ("<a>\n<b>\n</a>", 3),
            ("<a>", 1),
            ("<!DOCTYPE html>\n<html></html>", 1),
            ("<a>&lol;</a>", 1),
            ("<a b=c></a>", 1),
            ("text", 1),
        ] {
            assert_eq!(
                xml_to_json(text).map_err(|(line, _)| line),
                Err(line),
                "{text}"
            );
        }
        let deep = "<a>".repeat(100_000);
        assert!(xml_to_json(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>/a-c=\"'& ;!?\\[\\]-]{0,60}") {
            let _ = xml_to_json(&text);
        }
    }
}
