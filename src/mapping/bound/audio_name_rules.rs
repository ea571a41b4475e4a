//! From a record to the names that its recording may have.

use super::audio_names::AudioName;
use super::binder::Binder;
use super::columns::{RawText, Source, chosen};
use crate::mapping::file::audio_section::{AudioRules, AudioSection};
use crate::mapping::template::Rendering;
use crate::source::Record;

/// The entries of `[audio] match`, bound to one export.
#[derive(Debug, Clone)]
pub(super) struct AudioNameRules {
    sources: Vec<Source>,
    has_windows_paths: bool,
}

impl AudioNameRules {
    pub(super) fn bind(
        rules: &AudioRules,
        section: &AudioSection,
        binder: &mut Binder<'_>,
    ) -> AudioNameRules {
        let names = rules.names.iter();
        AudioNameRules {
            sources: names
                .filter_map(|rule| binder.source(&rule.origin, rule.optional))
                .collect(),
            has_windows_paths: section.has_windows_paths,
        }
    }

    /// The names that each entry makes of the record. Of an entry with paths of Windows each end of the
    /// paths is an entry.
    pub(super) fn of(&self, record: &Record<'_>, templates: &Rendering<'_>) -> Vec<Vec<AudioName>> {
        let sources = self.sources.iter();
        let entries = sources.map(|source| names(source, record, templates));
        if self.has_windows_paths {
            return entries.flat_map(ends_of).collect();
        }
        entries.collect()
    }
}

/// The longest ends of all names, then the next shorter ones.
fn ends_of(names: Vec<AudioName>) -> Vec<Vec<AudioName>> {
    let ends: Vec<Vec<AudioName>> = names.into_iter().map(AudioName::windows_ends).collect();
    let count = ends.iter().map(Vec::len).max().unwrap_or(0);
    let end = |number: usize| {
        let names = ends.iter();
        names
            .filter_map(|ends| ends.get(number.min(ends.len().saturating_sub(1))))
            .cloned()
            .collect()
    };
    (0..count).map(end).collect()
}

fn names(source: &Source, record: &Record<'_>, templates: &Rendering<'_>) -> Vec<AudioName> {
    match source {
        Source::Template(id, _) => {
            let text = templates.name(*id).unwrap_or_default();
            AudioName::from_lines(&text)
        }
        Source::Choice(cases) => {
            let source = chosen(cases, templates).ok().flatten();
            source.map_or_else(Vec::new, |source| names(source, record, templates))
        }
        plain => match RawText::of(plain, record, templates) {
            Ok(RawText::Text(text)) => AudioName::exact(text.trim()).into_iter().collect(),
            _ => Vec::new(),
        },
    }
}
