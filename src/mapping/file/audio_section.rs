//! The `[audio]` table: which recording belongs to a record, and what the upload says about it.
//!
//! ```toml
//! [audio]
//! match    = ["{{ recording_file }}", "{{ uniqueid }}*"]   # tried in order; `*` is any text
//! patterns = ['^(?P<externalIdentity>\d+)_']                # against names; see `audio_pattern`
//! seconds  = "billsec"              # how long the recording ought to be
//! language = "da-DK"
//! stereo   = "AgentChannelTwo"      # sent with recordings of two channels
//! mono     = "TwoSpeakers"          # sent with recordings of one channel
//! several  = "error"                # or "first", "longest", "join"
//! decrypt  = "gpg --decrypt --batch"   # a command for recordings that are encrypted
//! ```
//!
//! An entry of `match` may also be a table with the origins of a field (`from`, `first`, `template`,
//! `choose`) and `optional = true`. A name whose columns are empty is left out, so that
//! `{{ uniqueid }}*` never means "any recording".

use regex::Regex;
use toml::Spanned;
use toml::de::DeValue;

use super::audio_fetch::{FetchSection, read_fetch};
use super::audio_pattern::{CaptureGroup, read_patterns};
use super::audio_sidecar::{SidecarSection, read_sidecar};
use super::origin::{ValueOrigin, read_origin};
use super::rule::{FieldRule, RuleReader};
use super::target::TargetField;
use super::toml_table::{TomlTable, wrong_type};
use crate::mapping::error::Findings;

/// What to do when several recordings fit one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeveralArg {
    /// It is a problem.
    #[default]
    Error,
    /// The first by name.
    First,
    /// The longest.
    Longest,
    /// All, one after the other.
    Join,
}

/// Plain values of the `[audio]` table.
#[derive(Debug, Clone, Default)]
pub struct AudioSection {
    /// Whether the file says how recordings are named; otherwise they go by the external id.
    pub has_match: bool,
    /// Regular expressions against the paths of recordings; what their named groups capture is held
    /// against [`CallMapping::audio_keys`](crate::mapping::CallMapping::audio_keys).
    pub patterns: Vec<Regex>,
    /// `spokenLanguage` of the upload, such as `da-DK`.
    pub language: Option<String>,
    /// `stereoConfig` of the upload: `AgentChannelOne` or `AgentChannelTwo`.
    pub stereo: Option<&'static str>,
    /// `monoConfig` of the upload: `AgentOnly`, `CustomerOnly` or `TwoSpeakers`.
    pub mono: Option<&'static str>,
    /// What to do when several recordings fit.
    pub several: SeveralArg,
    /// Metadata beside the recordings.
    pub sidecar: Option<SidecarSection>,
    /// Whether names of recordings are paths of Windows, of which what stands behind the drive counts.
    pub has_windows_paths: bool,
    /// A command that decrypts recordings, as somebody would type it.
    pub decrypt: Option<String>,
    /// How recordings are fetched that the export names by URL.
    pub fetch: Option<FetchSection>,
}

/// One entry of `match`.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct NameRule {
    pub(in crate::mapping) origin: ValueOrigin,
    pub(in crate::mapping) optional: bool,
}

/// What the table says about each record.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct AudioRules {
    pub(in crate::mapping) names: Vec<NameRule>,
    /// What the groups of each pattern, and then the keys of the metadata, are held against.
    pub(in crate::mapping) groups: Vec<Vec<CaptureGroup>>,
    /// How long the recording ought to be.
    pub(in crate::mapping) seconds: Option<FieldRule>,
    /// Where the URL of the recording comes from.
    pub(in crate::mapping) url: Option<ValueOrigin>,
}

/// Reads the table.
pub(in crate::mapping) fn read_audio(
    mut section: TomlTable<'_, '_>,
    reader: &mut RuleReader<'_>,
) -> (AudioSection, AudioRules) {
    const STEREO: [(&str, &str); 2] = [
        ("AgentChannelOne", "AgentChannelOne"),
        ("AgentChannelTwo", "AgentChannelTwo"),
    ];
    const MONO: [(&str, &str); 3] = [
        ("AgentOnly", "AgentOnly"),
        ("CustomerOnly", "CustomerOnly"),
        ("TwoSpeakers", "TwoSpeakers"),
    ];
    const SEVERAL: [(&str, SeveralArg); 4] = [
        ("error", SeveralArg::Error),
        ("first", SeveralArg::First),
        ("longest", SeveralArg::Longest),
        ("join", SeveralArg::Join),
    ];
    let matches = section.value("match");
    let names = matches
        .map(|value| read_match(value, reader))
        .unwrap_or_default();
    let patterns = section.value("patterns");
    let patterns = patterns
        .map(|value| read_patterns(value, reader))
        .unwrap_or_default();
    let sidecar = section.value("sidecar");
    let sidecar = sidecar.and_then(|value| read_sidecar(value, reader));
    let (sidecar, keys) = sidecar.unzip();
    let fetch = section.table("fetch", reader.findings);
    let fetch = fetch.and_then(|section| read_fetch(section, reader));
    let (fetch, url) = fetch.unzip();
    let seconds = section.value("seconds");
    let seconds = seconds
        .and_then(|value| reader.field(TargetField::Seconds, section.key_span("seconds"), value));
    let findings = &mut *reader.findings;
    let audio = AudioSection {
        has_match: matches.is_some(),
        patterns: patterns.iter().map(|rule| rule.regex.clone()).collect(),
        language: read_language(&mut section, findings),
        stereo: section.choice("stereo", &STEREO, findings),
        mono: section.choice("mono", &MONO, findings),
        several: section
            .choice("several", &SEVERAL, findings)
            .unwrap_or_default(),
        sidecar,
        decrypt: section.text("decrypt", findings).map(Spanned::into_inner),
        has_windows_paths: section
            .choice("path", &[("windows", ())], findings)
            .is_some(),
        fetch,
    };
    section.finish(findings);
    let groups = patterns.into_iter().map(|rule| rule.groups);
    let rules = AudioRules {
        names,
        groups: groups.chain(keys).collect(),
        seconds,
        url,
    };
    (audio, rules)
}

fn read_match(value: &Spanned<DeValue<'_>>, reader: &mut RuleReader<'_>) -> Vec<NameRule> {
    match value.get_ref() {
        DeValue::Array(items) => items
            .iter()
            .filter_map(|item| read_name(item, reader))
            .collect(),
        _ => read_name(value, reader).into_iter().collect(),
    }
}

fn read_name(value: &Spanned<DeValue<'_>>, reader: &mut RuleReader<'_>) -> Option<NameRule> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(text) => {
            let text = Spanned::new(span, text.to_string());
            let template = reader.templates.template(&text, true, reader.findings)?;
            Some(NameRule {
                origin: ValueOrigin::Template(template),
                optional: false,
            })
        }
        DeValue::Table(table) => {
            let mut section = TomlTable::new(table, "an entry of `match`", span);
            let origin = read_origin(&mut section, true, reader.templates, reader.findings);
            let optional = section
                .flag("optional", reader.findings)
                .unwrap_or_default();
            section.finish(reader.findings);
            Some(NameRule {
                origin: origin?,
                optional,
            })
        }
        other => wrong_type(
            "match",
            "a template, a table, or a list of them",
            other,
            span,
            reader.findings,
        ),
    }
}

/// A BCP 47 tag of language and country, as the upload wants it.
fn read_language(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<String> {
    let text = section.text("language", findings)?;
    let mut parts = text.get_ref().split('-');
    let is_tag = parts.next().is_some_and(|part| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase())
    }) && parts.all(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if !is_tag {
        findings.add_with(
            text.span(),
            "not a language tag",
            Some("such as `da-DK`".to_owned()),
        );
    }
    Some(text.into_inner())
}
