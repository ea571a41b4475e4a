//! What a preset asks the operator for, because no export of its system says it.

use std::ops::Range;

use super::toml_table::TomlTable;
use crate::mapping::error::{Findings, suggest};

/// Something that must be said before the first record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Need {
    /// The zone of times without an offset.
    Timezone,
    /// The country of phone numbers without a country code.
    Region,
    /// A table of agents.
    Agents,
    /// A table of agents, or a domain for their addresses.
    Email,
}

impl Need {
    const WORDS: [(&str, Need); 4] = [
        ("timezone", Need::Timezone),
        ("region", Need::Region),
        ("agents", Need::Agents),
        ("email", Need::Email),
    ];

    /// The word in `needs`.
    pub(in crate::mapping) fn word(self) -> &'static str {
        let found = Self::WORDS.into_iter().find(|(_, need)| *need == self);
        found.map_or("", |(word, _)| word)
    }

    /// Whether these words ask for something that must be said.
    pub(in crate::mapping) fn asks(words: &str) -> bool {
        Self::WORDS.iter().any(|(_, need)| need.words().0 == words)
    }

    /// What is not known, and how it can be said.
    pub(in crate::mapping) fn words(self) -> (&'static str, &'static str) {
        match self {
            Need::Timezone => (
                "the times of this export have no offset, and nobody has said their zone",
                "--timezone or `timezone` in [source], such as `Europe/Copenhagen`",
            ),
            Need::Region => (
                "the phone numbers of this export have no country code, and nobody has said their country",
                "--region or `region` in [source], such as `DK`",
            ),
            Need::Agents => (
                "this export knows its agents by an id alone, and nobody has said who they are",
                "--agents or `agents` in [source]: a CSV file with the columns id, name, email",
            ),
            Need::Email => (
                "this export has no e-mail addresses of agents, and nobody has said where they come from",
                "--agents FILE (a CSV file with the columns id, name, email) or --email-domain, such as `example.com`",
            ),
        }
    }
}

/// Reads `needs`, each with its place.
pub(in crate::mapping) fn read_needs(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Vec<(Need, Range<usize>)> {
    let mut needs = Vec::new();
    for text in section.texts("needs", findings).unwrap_or_default() {
        match Need::WORDS.iter().find(|(word, _)| word == text.get_ref()) {
            Some((_, need)) => needs.push((*need, text.span())),
            None => findings.add_with(
                text.span(),
                format!("`{}` cannot be asked for", text.get_ref()),
                suggest(text.get_ref(), Need::WORDS.map(|(word, _)| word)),
            ),
        }
    }
    needs
}
