//! One JSON value, with what the library would pass over in silence.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value as Json};

use crate::source::Limits;

/// Under this key the library hands out the digits of a number as they stand.
const NUMBER: &str = "$serde_json::private::Number";

/// So many keys of a record are named that stand twice; each becomes a problem.
const NAMED: usize = 100;
/// A value takes so many bytes besides its text: an object of one member, which is two values, is the
/// dearest.
const VALUE_BYTES: usize = 192;

/// A parsed value and the keys that stood in one object twice with different values.
#[derive(Debug)]
pub(in crate::source) struct Parsed {
    pub(in crate::source) tree: Json,
    pub(in crate::source) duplicates: Vec<(String, Json)>,
    /// How many more there are than are named.
    pub(in crate::source) more_duplicates: usize,
    /// Bytes of memory that the tree takes, at most.
    pub(in crate::source) bytes: usize,
}

/// Why a text is not a value that is kept.
#[derive(Debug)]
pub(in crate::source) enum JsonRefusal {
    /// It is no JSON, or goes too deep.
    Bad(serde_json::Error),
    /// It has more values than a record may have.
    TooMany,
}

/// Parses `text`, which must be one value and nothing else.
pub(in crate::source) fn parse(text: &str, limits: &Limits) -> Result<Parsed, JsonRefusal> {
    let mut found = JsonFindings {
        duplicates: Vec::new(),
        more_duplicates: 0,
        left: limits.max_values,
        is_full: false,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        depth: limits.depth(),
        found: &mut found,
    };
    let parsed = seed.deserialize(&mut deserializer);
    match parsed.and_then(|tree| deserializer.end().map(|()| tree)) {
        Ok(tree) => Ok(Parsed {
            tree,
            more_duplicates: found.more_duplicates,
            bytes: text.len() + VALUE_BYTES * (limits.max_values - found.left),
            duplicates: found.duplicates,
        }),
        Err(_) if found.is_full => Err(JsonRefusal::TooMany),
        Err(error) => Err(JsonRefusal::Bad(error)),
    }
}

/// What is gathered on the way through a value.
struct JsonFindings {
    duplicates: Vec<(String, Json)>,
    more_duplicates: usize,
    /// So many values more may come: one byte of text can become sixty of a tree.
    left: usize,
    /// Whether one more came.
    is_full: bool,
}

/// Path (`user.name`, `tags.0`) of the first text in `tree` that holds `wanted`.
pub(in crate::source) fn path_of(tree: &Json, wanted: char) -> Option<(String, &str)> {
    let below = |step: &str, value| {
        let (path, text) = path_of(value, wanted)?;
        let dot = if path.is_empty() { "" } else { "." };
        Some((format!("{step}{dot}{path}"), text))
    };
    match tree {
        Json::String(text) => text.contains(wanted).then_some((String::new(), text)),
        Json::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| below(&index.to_string(), item))
        }
        Json::Object(members) => members.iter().find_map(|(key, value)| below(key, value)),
        _ => None,
    }
}

struct Seed<'d> {
    depth: usize,
    found: &'d mut JsonFindings,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        if self.found.left == 0 {
            self.found.is_full = true;
            return Err(D::Error::custom("too many values"));
        }
        self.found.left -= 1;
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn inner<E: serde::de::Error>(&mut self) -> Result<Seed<'_>, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Seed {
                depth,
                found: self.found,
            }),
            None => Err(E::custom("nested too deeply")),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.inner()?)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if key == NUMBER && members.is_empty() {
                let digits: String = access.next_value()?;
                let number = digits
                    .parse()
                    .map_err(|_| A::Error::custom("not a number"))?;
                return Ok(Json::Number(number));
            }
            let value = access.next_value_seed(self.inner()?)?;
            match members.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(known) if *known.get() == value => {}
                Entry::Occupied(_) if self.found.duplicates.len() >= NAMED => {
                    self.found.more_duplicates += 1;
                }
                Entry::Occupied(known) => {
                    self.found.duplicates.push((known.key().clone(), value));
                }
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, depth: usize) -> Result<Parsed, JsonRefusal> {
        let limits = Limits {
            max_depth: depth,
            ..Limits::default()
        };
        super::parse(text, &limits)
    }

    #[test]
    fn values_are_counted() {
        let limits = Limits {
            max_values: 5,
            ..Limits::default()
        };
        assert!(super::parse(r#"{"a":[1,2],"b":3}"#, &limits).is_ok());
        let refused = super::parse(r#"{"a":[1,2],"b":[3]}"#, &limits);
        assert!(matches!(refused, Err(JsonRefusal::TooMany)), "{refused:?}");
    }

    #[test]
    fn digits_and_order_survive() {
        let text = r#"{"z":12345678901234567890123,"a":1.50,"m":[1e400,-0,{"x":null}],"t":true}"#;
        assert_eq!(
            parse(text, 10).unwrap().tree.to_string(),
            text.replace("1e400", "1e+400")
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_told_when_its_values_differ() {
        let parsed = parse(r#"{"a":1,"a":1,"b":{"c":"x","c":"y"}}"#, 10).unwrap();
        assert_eq!(parsed.duplicates, [("c".to_owned(), "y".into())]);
    }

    #[test]
    fn depth_is_limited() {
        assert!(parse("[[[1]]]", 3).is_ok());
        assert!(parse("[[[[1]]]]", 3).is_err());
        let deep = "[".repeat(100_000);
        assert!(parse(&deep, 127).is_err());
    }

    #[test]
    fn rubbish_is_an_error() {
        for text in [
            "",
            "{",
            "{\"a\":1}x",
            "nul",
            "\"\u{1}\"",
            "{\"a\":\"\\ud800\"}",
            "{1:2}",
        ] {
            assert!(parse(text, 10).is_err(), "{text}");
        }
        assert!(parse("{\"$serde_json::private::Number\":\"x\"}", 10).is_err());
    }

    #[test]
    fn the_place_of_a_character_is_found() {
        let tree = parse(r#"{"a":"x","b":{"c":["y","zø"]}}"#, 10).unwrap().tree;
        assert_eq!(path_of(&tree, 'ø'), Some(("b.c.1".to_owned(), "zø")));
        assert_eq!(path_of(&tree, 'q'), None);
    }
}
