//! Columns that look like a consent and that nothing uses: what is not sent counts as consent.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::call::CallMapping;
use crate::domain::call::Field;
use crate::mapping::suggest::names_of;
use crate::source::{Header, Record};

/// What stands in the names of such columns, in the languages of call centres, beside the names from
/// which a mapping is proposed.
const STEMS: &[&str] = &[
    "samtyk",
    "samtyck",
    "gdpr",
    "optin",
    "optout",
    "einwillig",
    "toestemming",
    "suostum",
    "consens",
    "consentimiento",
    "zgoda",
    "donotrecord",
    "donotcontact",
];

/// `Recording allowed`, `Må samtalen optages`: a word of each.
const RECORDING: &[&str] = &[
    "record",
    "optag",
    "opptak",
    "inspel",
    "aufnahme",
    "aufzeichn",
    "opname",
];
const ALLOWED: &[&str] = &[
    "allow",
    "permit",
    "permission",
    "tillad",
    "tillat",
    "tillåt",
    "erlaub",
    "godkend",
];
/// Of these only whole words: they begin or end many others (`agreement id`, `måned`).
const ALLOWED_WORDS: &[&str] = &["agree", "agreed", "agrees", "må"];

/// Names that are told, at the most.
const MOST: usize = 20;
/// Keys that are looked at, of one record and of all: a record may have any number.
const MOST_KEYS: usize = 1000;

/// The columns of a table that look like a consent and that nothing uses. Where a column feeds
/// `hasConsent`, only those with the same name in another form.
pub fn unused_consent(mapping: &CallMapping) -> Vec<String> {
    let sources = mapping.sources().into_iter();
    let of_consent = sources.filter(|(field, _)| *field == Field::HasConsent);
    let fed: Vec<String> = of_consent.flat_map(|(_, columns)| columns).collect();
    let words = Words::new();
    let is_told = |column: &&str| {
        if fed.is_empty() {
            words.name_consent(column)
        } else {
            let key = Header::key(column);
            fed.iter().any(|used| Header::key(used) == key)
        }
    };
    let columns = mapping.unused_columns().into_iter().filter(is_told);
    columns.map(str::to_owned).take(MOST).collect()
}

/// The same of records as JSON, which have no header: by the keys that these have.
pub fn unused_consent_keys<'r>(
    mapping: &CallMapping,
    records: impl Iterator<Item = Record<'r>> + Clone,
) -> Vec<String> {
    let mut fed = records.clone();
    if fed.any(|record| !mapping.cells_of(Field::HasConsent, &record).is_empty()) {
        return Vec::new();
    }
    let words = Words::new();
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for record in records {
        let Some(Json::Object(record)) = record.tree() else {
            continue;
        };
        for (key, inner) in keys(record).take(MOST_KEYS) {
            if seen.len() >= MOST_KEYS || found.len() >= MOST {
                return found;
            }
            if seen.insert((key, inner)) && words.name_consent(inner.unwrap_or(key)) {
                let key = inner.map_or_else(|| key.to_owned(), |inner| format!("{key}.{inner}"));
                found.extend(Some(key).filter(|key| !mapping.asks_for(key)));
            }
        }
    }
    found
}

/// The keys of a record, and those of the objects in it.
fn keys(record: &Map<String, Json>) -> impl Iterator<Item = (&str, Option<&str>)> {
    record.iter().flat_map(|(key, value)| {
        let inner = value.as_object().into_iter().flat_map(Map::keys);
        let inner = inner.map(move |inner| (&**key, Some(&**inner)));
        std::iter::once((&**key, None)).chain(inner)
    })
}

/// The words by which a consent is known.
struct Words {
    proposed: Vec<&'static str>,
}

impl Words {
    fn new() -> Words {
        Words {
            proposed: names_of(Field::HasConsent),
        }
    }

    /// Whether the last step of a name is that of a consent.
    fn name_consent(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        let folded: String = last
            .chars()
            .filter(|char| char.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        let is_allowed = || has(ALLOWED) || has_word(last, ALLOWED_WORDS);
        has(&self.proposed) || has(STEMS) || has(RECORDING) && is_allowed()
    }
}

/// Whether a name has one of these as a word of its own; a capital behind a small letter begins a word.
fn has_word(name: &str, words: &[&str]) -> bool {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut was_small = false;
    for char in name.chars() {
        if was_small && char.is_uppercase() {
            spaced.push(' ');
        }
        was_small = char.is_lowercase();
        spaced.extend(char.to_lowercase());
    }
    let mut parts = spaced.split(|char: char| !char.is_alphanumeric());
    parts.any(|part| words.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_known_by_its_name_in_many_forms() {
        for name in [
            "Samtykke",
            "customer_consent",
            "GDPR OK",
            "opt-in",
            "OptOut",
            "Recording allowed",
            "call.recordingPermitted",
            "Må samtalen optages?",
            "Optagelse tilladt",
            "Einwilligung zur Aufzeichnung",
            "attributes.doNotRecord",
            "customerAgreedToRecording",
            "recording_agreed",
        ] {
            assert!(Words::new().name_consent(name), "{name}");
        }
        for name in [
            "Option",
            "recording",
            "Recording URL",
            "consultant",
            "allowed",
            "stop_time",
            "consent.id",
            "adoption",
            "Optagelsesmåde",
            "Optaget måned",
            "record_agreement_id",
            "recordingAgreementId",
        ] {
            assert!(!Words::new().name_consent(name), "{name}");
        }
    }
}
