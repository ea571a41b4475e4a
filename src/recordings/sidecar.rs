//! What stands beside a recording in a file of its own: its metadata, as XML or JSON.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::store::key::RecordingKey;
use super::store::recording_store::RecordingStore;
use crate::source::xml_to_json;

/// A larger file is no metadata of one recording.
const LARGEST: u64 = 1 << 20;

/// How the metadata of recordings are found, and what is done with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sidecar {
    /// What stands behind the name of the recording, with its extension or without: `.xml`,
    /// `_metadata.json`.
    pub ending: String,
    /// Paths in the metadata, and the texts of which one must stand there: else the file is no recording
    /// of a call.
    pub only: Vec<(String, Vec<String>)>,
    /// Paths in the metadata that tell the call.
    pub keys: Vec<String>,
}

/// What the metadata of one recording say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recordings) enum SidecarAnswer {
    /// Nothing: there are none.
    None,
    /// That it is no recording of a call.
    OtherMedia,
    /// What stands at the keys, when all of them are there.
    Keys(Option<Vec<String>>),
}

impl Sidecar {
    /// Whether the metadata are needed at all.
    pub(in crate::recordings) fn is_asked(&self) -> bool {
        !self.only.is_empty() || !self.keys.is_empty()
    }

    /// Looks at the metadata of the recording that the store keeps under this key. The error is the name
    /// of the metadata, and what is wrong with them.
    pub(in crate::recordings) fn ask(
        &self,
        store: &dyn RecordingStore,
        recording: &RecordingKey,
    ) -> Result<SidecarAnswer, (PathBuf, String)> {
        for path in self.names(recording.as_path()) {
            let mut bytes = Vec::new();
            let read = match store.open_beside(&RecordingKey::new(&*path)) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => {
                    opened.and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes))
                }
            };
            let tree = match read {
                Err(error) => Err(error.to_string()),
                Ok(_) if bytes.len() as u64 > LARGEST => {
                    Err("is too large for metadata".to_owned())
                }
                Ok(_) => parse(&bytes),
            };
            return match tree {
                Ok(tree) => Ok(self.judge(&tree)),
                Err(why) => Err((path, why)),
            };
        }
        Ok(SidecarAnswer::None)
    }

    /// The names that the metadata of a recording may have.
    fn names(&self, recording: &Path) -> Vec<PathBuf> {
        let beside = |name: String| recording.with_file_name(name);
        let whole = recording.file_name().unwrap_or_default().to_string_lossy();
        let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
        let mut endings = vec![self.ending.clone()];
        for other in [self.ending.to_uppercase(), self.ending.to_lowercase()] {
            if !endings.contains(&other) {
                endings.push(other);
            }
        }
        let both = |ending: &String| [format!("{whole}{ending}"), format!("{stem}{ending}")];
        endings.iter().flat_map(both).map(beside).collect()
    }

    fn judge(&self, tree: &Json) -> SidecarAnswer {
        let is_other = |(path, allowed): &(String, Vec<String>)| {
            let said = text_at(tree, path);
            said.is_some_and(|said| !allowed.iter().any(|one| one.eq_ignore_ascii_case(&said)))
        };
        if self.only.iter().any(is_other) {
            return SidecarAnswer::OtherMedia;
        }
        let values = self.keys.iter().map(|path| text_at(tree, path));
        SidecarAnswer::Keys(
            values
                .collect::<Option<Vec<_>>>()
                .filter(|values| !values.is_empty()),
        )
    }
}

fn parse(bytes: &[u8]) -> Result<Json, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        let text = String::from_utf8_lossy(bytes);
        return xml_to_json(&text).map_err(|(line, why)| format!("line {line}: {why}"));
    }
    serde_json::from_slice(bytes).map_err(|error| format!("is no JSON and no XML: {error}"))
}

/// The text, number or flag at a path; blank is nothing.
fn text_at(tree: &Json, path: &str) -> Option<String> {
    let mut at = tree;
    for step in path.split('.') {
        at = match at {
            Json::Object(members) => members.get(step).or_else(|| {
                let mut others = members.iter();
                others.find_map(|(name, value)| name.eq_ignore_ascii_case(step).then_some(value))
            })?,
            Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    let text = match at {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
