//! XML documents as the JSON that says the same: metadata that systems lay beside their recordings.
//!
//! An element is an object of its attributes and elements, a text where it has neither, and a list
//! where its name comes again. Prefixes of names are dropped. A document type is refused, because it
//! may define text of any size.

use serde_json::{Map, Value as Json};

/// Levels of elements inside one another.
const DEPTH: usize = 64;
/// The name under which an element with attributes or elements keeps its text.
const TEXT: &str = "text";

/// What the root element of a document holds.
///
/// # Errors
/// The line of a fault, and what it is.
pub fn xml_to_json(text: &str) -> Result<Json, (u64, &'static str)> {
    let mut reader = XmlReader {
        text: text.trim_start_matches('\u{feff}'),
        at: 0,
    };
    let read = reader.document();
    let line = || {
        let before = &reader.text.as_bytes()[..reader.at.min(reader.text.len())];
        let breaks = memchr::memchr_iter(b'\n', before).count();
        u64::try_from(breaks).unwrap_or(u64::MAX).saturating_add(1)
    };
    read.map_err(|reason| (line(), reason))
}

struct XmlReader<'t> {
    text: &'t str,
    at: usize,
}

/// An element that is not closed yet.
struct OpenElement<'t> {
    name: &'t str,
    members: Map<String, Json>,
    text: String,
}

impl<'t> XmlReader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Passes over all before and including `end`, and returns what stands before it.
    fn until(&mut self, end: &str) -> Result<&'t str, &'static str> {
        let rest = self.rest();
        let length = rest.find(end).ok_or("the document ends too early")?;
        self.at += length + end.len();
        Ok(&rest[..length])
    }

    fn document(&mut self) -> Result<Json, &'static str> {
        let mut open: Vec<OpenElement<'t>> = Vec::new();
        loop {
            let text = match self.rest().find('<') {
                Some(length) => &self.rest()[..length],
                None => return Err("the document ends too early"),
            };
            match open.last_mut() {
                Some(element) => element.text.push_str(&unescaped(text)?),
                None if text.trim().is_empty() => {}
                None => return Err("text outside of an element"),
            }
            self.at += text.len();
            if let Some(whole) = self.markup(&mut open)? {
                return Ok(whole);
            }
        }
    }

    /// Takes what begins with `<`; the content of the root element when that is closed.
    fn markup(&mut self, open: &mut Vec<OpenElement<'t>>) -> Result<Option<Json>, &'static str> {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            self.until("-->")?;
        } else if rest.starts_with("<?") {
            self.until("?>")?;
        } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            self.at += rest.len() - inside.len();
            let text = self.until("]]>")?;
            let element = open.last_mut().ok_or("text outside of an element")?;
            element.text.push_str(text);
        } else if rest.starts_with("<!") {
            return Err("has a document type, which no metadata needs");
        } else if rest.starts_with("</") {
            self.at += 2;
            let name = local(self.until(">")?.trim());
            let element = open.pop().filter(|element| element.name == name);
            return Ok(close(
                element.ok_or("an element ends that is not open")?,
                open,
            ));
        } else {
            self.at += 1;
            let (element, is_empty) = self.start()?;
            if open.len() >= DEPTH {
                return Err("too many elements inside one another");
            }
            if is_empty {
                return Ok(close(element, open));
            }
            open.push(element);
        }
        Ok(None)
    }

    /// The element that begins here, and whether it ends at once.
    fn start(&mut self) -> Result<(OpenElement<'t>, bool), &'static str> {
        let is_end = |char: char| char.is_whitespace() || char == '>' || char == '/';
        let rest = self.rest();
        let length = rest.find(is_end).ok_or("the document ends too early")?;
        self.at += length;
        let mut element = OpenElement {
            name: local(&rest[..length]),
            members: Map::new(),
            text: String::new(),
        };
        if element.name.is_empty() {
            return Err("a tag without a name");
        }
        loop {
            let rest = self.rest();
            let inside = rest.trim_start();
            self.at += rest.len() - inside.len();
            if inside.starts_with("/>") {
                self.at += 2;
                return Ok((element, true));
            }
            if inside.starts_with('>') {
                self.at += 1;
                return Ok((element, false));
            }
            let name = self.until("=")?.trim();
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            let quote = match rest.as_bytes().first() {
                Some(b'"') => "\"",
                Some(b'\'') => "'",
                _ => return Err("an attribute without quotes"),
            };
            self.at += 1;
            let value = unescaped(self.until(quote)?)?;
            // Namespaces are no data.
            if name != "xmlns" && !name.starts_with("xmlns:") {
                add(&mut element.members, local(name), Json::String(value));
            }
        }
    }
}

/// Puts an element that has ended into the one around it; the content of the root element.
fn close(element: OpenElement<'_>, open: &mut [OpenElement<'_>]) -> Option<Json> {
    let OpenElement {
        name,
        mut members,
        text,
    } = element;
    let text = text.trim();
    let value = if members.is_empty() {
        Json::String(text.to_owned())
    } else {
        if !text.is_empty() {
            add(&mut members, TEXT, Json::String(text.to_owned()));
        }
        Json::Object(members)
    };
    match open.last_mut() {
        Some(around) => {
            add(&mut around.members, name, value);
            None
        }
        None => Some(value),
    }
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

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Text with its entities undone.
fn unescaped(text: &str) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let end = rest.find(';').ok_or("an entity without an end")?;
        plain.push(character(&rest[..end]).ok_or("an unknown entity")?);
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    Ok(plain)
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        other => {
            let digits = other.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
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
