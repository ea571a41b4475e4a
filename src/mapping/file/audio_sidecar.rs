//! Metadata beside each recording.
//!
//! ```toml
//! [audio.sidecar]
//! name = "_metadata.json"                     # behind the name of the recording, with its extension or without
//! only = { mediaType = "Call" }               # else the file is no recording of a call
//! keys = { conversationId = "{{ id }}" }      # what stands there must be what the call says
//! ```

use toml::Spanned;
use toml::de::DeValue;

use super::audio_pattern::{CaptureGroup, read_group};
use super::rule::RuleReader;
use super::toml_table::{TomlTable, texts_of, wrong_type};

/// Metadata beside each recording, as plain values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SidecarSection {
    /// What stands behind the name of the recording.
    pub ending: String,
    /// Paths in the metadata, and the texts of which one must stand there.
    pub only: Vec<(String, Vec<String>)>,
    /// Paths in the metadata that tell the call.
    pub keys: Vec<String>,
}

/// Reads `sidecar`: the ending alone, or a table; with what the keys are held against.
pub(in crate::mapping) fn read_sidecar(
    value: &Spanned<DeValue<'_>>,
    reader: &mut RuleReader<'_>,
) -> Option<(SidecarSection, Vec<CaptureGroup>)> {
    let span = value.span();
    let mut read = SidecarSection::default();
    let mut groups = Vec::new();
    match value.get_ref() {
        DeValue::String(text) => read.ending = text.to_string(),
        DeValue::Table(table) => {
            let mut section = TomlTable::new(table, "`sidecar`", span.clone());
            if let Some(name) = section.text("name", reader.findings) {
                read.ending = name.into_inner();
            }
            if let Some(only) = section.table("only", reader.findings) {
                for (path, value) in only.entries() {
                    let texts = texts_of("only", value, reader.findings);
                    let texts = texts.into_iter().flatten().map(Spanned::into_inner);
                    read.only
                        .push((path.get_ref().to_string(), texts.collect()));
                }
            }
            if let Some(keys) = section.table("keys", reader.findings) {
                for (path, value) in keys.entries() {
                    let group = read_group(path.get_ref(), value, reader)?;
                    read.keys.push(path.get_ref().to_string());
                    groups.push(CaptureGroup::Other(group));
                }
            }
            section.finish(reader.findings);
        }
        other => {
            let wanted = "an ending such as \".xml\", or a table with `name`";
            return wrong_type("sidecar", wanted, other, span, reader.findings);
        }
    }
    let is_ending = !read.ending.is_empty() && !read.ending.contains(['/', '\\']);
    if !is_ending {
        let message = "`sidecar` needs the ending behind the name of a recording";
        let near = Some("such as `.xml` or `_metadata.json`".to_owned());
        reader.findings.add_with(span, message, near);
        return None;
    }
    Some((read, groups))
}
