//! The keys that are looked for in the records of one file, a bit each.

use serde_json::{Map, Value as Json};

use crate::source::{Column, Header, Record, Sheet};

/// So many keys are watched; a mapping with more of them is not watched for the rest.
pub(in crate::mapping) const MOST_KEYS: usize = 64;

/// A key that a rule looks at.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct WatchedKey {
    pub(in crate::mapping) name: Box<str>,
    /// Steps to it, in a record as JSON.
    pub(in crate::mapping) path: Vec<String>,
    /// `None` in a table that lacks it.
    pub(in crate::mapping) column: Option<Column>,
}

/// Keys, each known by its bit.
#[derive(Debug, Default)]
pub(in crate::mapping) struct WatchedKeys {
    keys: Vec<WatchedKey>,
    /// A bit for each key that is watched.
    watched: u64,
    /// A bit for each that the header of a table has.
    in_header: u64,
}

impl WatchedKeys {
    /// The bits of these names, which are watched from now on.
    pub(in crate::mapping) fn watch(&mut self, names: &[String], sheet: &Sheet) -> u64 {
        let mut keys = 0;
        for name in names {
            let at = self.keys.iter().position(|key| *key.name == **name);
            let at = at.unwrap_or_else(|| {
                // A table has no keys inside of others.
                let first = name.split('.').next().unwrap_or_default();
                let column = sheet.column(name).or_else(|| sheet.column(first));
                let is_table = sheet.header.is_some();
                if column.is_some() && is_table && self.keys.len() < MOST_KEYS {
                    self.in_header |= 1 << self.keys.len();
                }
                self.keys.push(WatchedKey {
                    name: name.as_str().into(),
                    path: name.split('.').map(str::to_owned).collect(),
                    column,
                });
                self.keys.len() - 1
            });
            if at < MOST_KEYS {
                keys |= 1 << at;
            }
        }
        self.watched |= keys;
        keys
    }

    /// How many names there are, watched or too many.
    pub(in crate::mapping) fn count(&self) -> usize {
        self.keys.len()
    }

    /// A bit for each key that is watched.
    pub(in crate::mapping) fn watched(&self) -> u64 {
        self.watched
    }

    /// A bit for each key that the header of a table has.
    pub(in crate::mapping) fn in_header(&self) -> u64 {
        self.in_header
    }

    /// The keys of these bits, each with its bit.
    pub(in crate::mapping) fn of(&self, keys: u64) -> impl Iterator<Item = (u64, &WatchedKey)> {
        let watched = self.keys.iter().enumerate().take(MOST_KEYS);
        let bits = watched.map(|(at, key)| (1 << at, key));
        bits.filter(move |(bit, _)| keys & bit != 0)
    }

    /// Those of the keys that the record lacks.
    pub(in crate::mapping) fn missing(&self, keys: u64, record: &Record<'_>) -> u64 {
        let lacks = |key: &WatchedKey| match &key.column {
            Some(column) => !record.has(column),
            None => true,
        };
        let missing = self.of(keys).filter(|(_, key)| lacks(key));
        missing.fold(0, |missing, (bit, _)| missing | bit)
    }

    /// Whether one of these keys is the column of this name.
    pub(in crate::mapping) fn name(&self, keys: u64, column: &str) -> bool {
        let mut keys = self.of(keys);
        keys.any(|(_, key)| Header::key(&key.name) == Header::key(column))
    }

    /// The names of these keys, for people.
    pub(in crate::mapping) fn listed(&self, keys: u64) -> String {
        let names: Vec<String> = self
            .of(keys)
            .map(|(_, key)| format!("`{}`", key.name))
            .collect();
        names.join(" or ")
    }
}

/// What stands where `path` leads.
pub(in crate::mapping) fn value_at<'t>(tree: &'t Json, path: &[String]) -> Option<&'t Json> {
    path.iter().try_fold(tree, |value, step| value.get(step))
}

/// Puts the value where `path` leads, and makes the way to it.
pub(in crate::mapping) fn fill(tree: &mut Json, path: &[String], value: &Json) {
    let Some((step, rest)) = path.split_first() else {
        *tree = value.clone();
        return;
    };
    if !tree.is_object() {
        *tree = Json::Object(Map::new());
    }
    if let Json::Object(members) = tree {
        fill(members.entry(step).or_insert(Json::Null), rest, value);
    }
}
