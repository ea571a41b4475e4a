//! Strict reading of a JSON object, field by field, that collects every finding.
//!
//! A field that is read here is thereby known; what nobody asked for is an unknown field. A field
//! that is present must have its type, `null` included: the documentation names no nullable field.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use hyper::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::options::UnknownFields;
use super::response::ServerAnswer;
use super::time;

/// The most values in a body: a tree of them takes many times the memory of its text. A case with all
/// its messages has some ten thousand.
const MOST_VALUES: usize = 500_000;

/// Something wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BodyFinding {
    /// A required field is absent or blank.
    Required(String),
    /// Anything else.
    Invalid(String),
}

impl BodyFinding {
    /// The sentence that the client gets.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Required(text) | Self::Invalid(text) => text,
        }
    }
}

/// The refusal that tells all findings, or nothing if there are none.
pub(super) fn refusal(findings: &[BodyFinding]) -> Option<ServerAnswer> {
    let texts: Vec<_> = findings.iter().map(BodyFinding::text).collect();
    (!texts.is_empty()).then(|| ServerAnswer::text(StatusCode::BAD_REQUEST, texts.join("\n")))
}

/// Reads a body as one JSON object in which no key stands twice, at any depth.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let left = Cell::new(MOST_VALUES);
    let mut text = serde_json::Deserializer::from_slice(body);
    let looked_at = NoKeyTwice { left: &left }.deserialize(&mut text);
    looked_at
        .and_then(|()| text.end())
        .map_err(|error| format!("The body is not valid JSON: {error}"))?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("The body must be a JSON object".to_owned()),
        Err(error) => Err(format!("The body is not valid JSON: {error}")),
    }
}

/// One object under examination.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// What stands before a field's name in a finding: empty, or `message.from.`.
    path: String,
    known: HashSet<String>,
    findings: Vec<BodyFinding>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        Self::at(object, String::new())
    }

    fn at(object: &'a Map<String, Value>, path: String) -> Self {
        Self {
            object,
            path,
            known: HashSet::new(),
            findings: Vec::new(),
        }
    }

    /// The raw value, which makes the field known.
    pub(super) fn value(&mut self, name: &str) -> Option<&'a Value> {
        self.known.insert(name.to_owned());
        self.object.get(name)
    }

    /// A finding of the caller's own about `name`.
    pub(super) fn refuse(&mut self, name: &str, why: &str) {
        let text = format!("{}{name} {why}", self.path);
        self.findings.push(BodyFinding::Invalid(text));
    }

    /// A finding that a required field is not there.
    pub(super) fn miss(&mut self, name: &str) {
        let text = format!("{}{name} is required", self.path);
        self.findings.push(BodyFinding::Required(text));
    }

    /// A text that must be present and not blank.
    pub(super) fn required_text(&mut self, name: &str) -> Option<&'a str> {
        match self.value(name) {
            None => {
                self.miss(name);
                None
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                let text = format!("{}{name} is required and must not be blank", self.path);
                self.findings.push(BodyFinding::Required(text));
                None
            }
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.refuse(name, "must be a string");
                None
            }
        }
    }

    /// A text that may be absent or blank.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.value(name)?.as_str();
        if text.is_none() {
            self.refuse(name, "must be a string");
        }
        text
    }

    /// A text that may be absent but not blank.
    pub(super) fn text_not_blank(&mut self, name: &str) -> Option<&'a str> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.refuse(name, "must not be blank when it is sent");
            return None;
        }
        Some(text)
    }

    /// A text out of a closed list.
    pub(super) fn one_of(&mut self, name: &str, choices: &[&str]) -> Option<&'a str> {
        let text = self.text(name)?;
        if !choices.contains(&text) {
            self.refuse(name, &format!("must be one of {}", choices.join(", ")));
            return None;
        }
        Some(text)
    }

    /// A required time stamp.
    pub(super) fn required_time(&mut self, name: &str) -> Option<jiff::Timestamp> {
        let text = self.required_text(name)?;
        self.read_time(name, text)
    }

    /// A time stamp that may be absent.
    pub(super) fn time(&mut self, name: &str) -> Option<jiff::Timestamp> {
        let text = self.text(name)?;
        self.read_time(name, text)
    }

    fn read_time(&mut self, name: &str, text: &str) -> Option<jiff::Timestamp> {
        let read = time::read(text);
        if read.is_none() {
            self.refuse(name, time::EXPECTED);
        }
        read
    }

    /// A truth value that may be absent.
    pub(super) fn truth(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        if !value.is_boolean() {
            self.refuse(name, "must be true or false");
        }
        value.as_bool()
    }

    /// A whole number, written without a fraction or an exponent, that may be absent.
    pub(super) fn whole(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.value(name)?;
        let number = value
            .as_number()
            .and_then(|number| number.to_string().parse::<i64>().ok())
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let why = if most == i64::MAX {
                format!("must be a whole number of {least} or more")
            } else {
                format!("must be a whole number from {least} to {most}")
            };
            self.refuse(name, &why);
        }
        number
    }

    /// A number that a server can hold, that may be absent.
    pub(super) fn number(&mut self, name: &str) {
        let Some(value) = self.value(name) else {
            return;
        };
        let holds = value
            .as_number()
            .and_then(|number| number.to_string().parse::<f64>().ok())
            .is_some_and(f64::is_finite);
        if !holds {
            self.refuse(name, "must be a number");
        }
    }

    /// A list that may be absent.
    pub(super) fn list(&mut self, name: &str) -> Option<&'a [Value]> {
        if let Value::Array(items) = self.value(name)? {
            Some(items)
        } else {
            self.refuse(name, "must be an array");
            None
        }
    }

    /// A list of texts that may be absent.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<&'a str>> {
        let items = self.list(name)?;
        let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
        if texts.is_none() {
            self.refuse(name, "must hold strings only, and no nulls");
        }
        texts
    }

    /// Reads an object below this one; its findings become findings of this one.
    pub(super) fn below<T>(
        &mut self,
        name: &str,
        value: &'a Value,
        unknown: UnknownFields,
        read: impl FnOnce(&mut Fields<'a>) -> T,
    ) -> Option<T> {
        let Value::Object(object) = value else {
            self.refuse(name, "must be an object");
            return None;
        };
        let mut fields = Fields::at(object, format!("{}{name}.", self.path));
        let result = read(&mut fields);
        self.findings.extend(fields.finish(unknown));
        Some(result)
    }

    /// Everything found, with the fields that nobody asked for.
    pub(super) fn finish(mut self, unknown: UnknownFields) -> Vec<BodyFinding> {
        if unknown == UnknownFields::Refuse {
            for name in self.object.keys() {
                if !self.known.contains(name.as_str()) {
                    let text = format!("{}{name} is not a field of this call", self.path);
                    self.findings.push(BodyFinding::Invalid(text));
                }
            }
        }
        self.findings
    }
}

/// Any JSON value of not too many parts in which no object names a key twice. Numbers arrive as an object
/// of one key with this build of the JSON library, which cannot repeat.
#[derive(Clone, Copy)]
struct NoKeyTwice<'a> {
    /// How many values may still come.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for NoKeyTwice<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            let text = format!("there are more than {MOST_VALUES} values in it");
            return Err(D::Error::custom(text));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NoKeyTwice<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(self)?;
            if let Some(key) = seen.replace(key) {
                let text = format!("the key \"{key}\" is there twice");
                return Err(A::Error::custom(text));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        for body in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":{"c":1,"c":2}}]}"#] {
            let error = object(body.as_bytes()).expect_err("twice");
            assert!(error.contains("is there twice"), "{error}");
        }
    }

    #[test]
    fn a_body_of_very_many_values_is_refused_before_they_are_kept() {
        for value in ["1", "[]", "{\"b\":1}", "null"] {
            let many = format!(
                "{{\"a\":[{value}{}]}}",
                format!(",{value}").repeat(MOST_VALUES)
            );
            let error = object(many.as_bytes()).expect_err("too many");
            assert!(error.contains("more than"), "{error}");
            let some = format!("{{\"a\":[{value}{}]}}", format!(",{value}").repeat(1000));
            assert!(object(some.as_bytes()).is_ok());
        }
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in ["[]", "1", "\"a\"", "null", "", "{", "{} {}", "\u{feff}{}"] {
            assert!(object(body.as_bytes()).is_err(), "{body}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
        assert!(object(br#"{"a":[1,2.5,-3e4,true,null,"x",{}]}"#).is_ok());
    }

    #[test]
    fn depth_without_end_is_an_error() {
        let body = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(object(body.as_bytes()).is_err());
    }

    #[test]
    fn a_whole_number_has_no_fraction_and_no_exponent() {
        let body = object(br#"{"a":1.0,"b":1e0,"c":"1","d":2,"e":null,"f":99999999999999999999}"#)
            .expect("an object");
        let mut fields = Fields::new(&body);
        let read: Vec<_> = ["a", "b", "c", "d", "e", "f"]
            .iter()
            .map(|name| fields.whole(name, 1, 2))
            .collect();
        assert_eq!(read, [None, None, None, Some(2), None, None]);
        assert_eq!(fields.finish(UnknownFields::Refuse).len(), 5);
    }

    #[test]
    fn a_number_may_be_long_but_not_endless() {
        let body =
            object(br#"{"a":12345678901234567890.5,"b":1e999,"c":"5","d":null}"#).expect("object");
        let mut fields = Fields::new(&body);
        for name in ["a", "b", "c", "d"] {
            fields.number(name);
        }
        let found = fields.finish(UnknownFields::Refuse);
        let texts: Vec<_> = found.iter().map(BodyFinding::text).collect();
        assert_eq!(
            texts,
            [
                "b must be a number",
                "c must be a number",
                "d must be a number"
            ]
        );
    }

    #[test]
    fn unknown_fields_are_named_with_their_path_unless_they_are_ignored() {
        let body = json!({"a": {"b": "x", "c": 1}, "d": 2});
        let object = body.as_object().expect("an object");
        let findings = |unknown| {
            let mut fields = Fields::new(object);
            let below = fields.value("a").expect("present");
            fields.below("a", below, unknown, |below| below.text("b"));
            let findings = fields.finish(unknown);
            let texts = findings.iter().map(|finding| finding.text().to_owned());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(
            findings(UnknownFields::Refuse),
            [
                "a.c is not a field of this call",
                "d is not a field of this call"
            ]
        );
        assert!(findings(UnknownFields::Ignore).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = object(&bytes);
        }

        #[test]
        fn a_cut_body_is_an_error(cut in 0_usize..45) {
            let body = r#"{"externalIdentity":"a","labels":["b"],"c":1.5}"#;
            prop_assert!(object(&body.as_bytes()[..cut]).is_err());
        }
    }
}
