//! Columns that look like a consent and that nothing uses: what is not sent counts as consent.

use serde_json::Value as Json;

use super::profile::Profile;
use super::propose::names_of;
use crate::call::Field;
use crate::source::Record;

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
    "agree",
    "tillad",
    "tillat",
    "tillåt",
    "erlaub",
    "godkend",
    "må",
];

/// Names that are told, at the most.
const MOST: usize = 20;

impl Profile {
    /// The columns of a table that look like a consent and that nothing uses, unless a column feeds
    /// `hasConsent`.
    pub fn unused_consent(&self) -> Vec<String> {
        let is_fed = |(field, columns): (Field, Vec<String>)| {
            field == Field::HasConsent && !columns.is_empty()
        };
        if self.sources().into_iter().any(is_fed) {
            return Vec::new();
        }
        let columns = self.unused_columns().into_iter();
        let columns = columns.filter(|column| is_consent(column));
        columns.map(str::to_owned).take(MOST).collect()
    }

    /// The same of records as JSON, which have no header: by the keys that these have.
    pub fn unused_consent_keys<'r>(
        &self,
        records: impl Iterator<Item = Record<'r>> + Clone,
    ) -> Vec<String> {
        let mut fed = records.clone();
        if fed.any(|record| !self.cells_of(Field::HasConsent, &record).is_empty()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for record in records {
            let Some(Json::Object(record)) = record.tree() else {
                continue;
            };
            for (key, value) in record {
                self.add_key(key, &mut found);
                for inner in value.as_object().into_iter().flat_map(|inner| inner.keys()) {
                    self.add_key(&format!("{key}.{inner}"), &mut found);
                }
            }
        }
        found
    }

    fn add_key(&self, key: &str, found: &mut Vec<String>) {
        let is_new = !found.iter().any(|known| known == key);
        if found.len() < MOST && is_new && is_consent(key) && !self.asks_for(key) {
            found.push(key.to_owned());
        }
    }
}

/// Whether the last step of a name is that of a consent.
fn is_consent(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let folded: String = last
        .chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    has(&names_of(Field::HasConsent)) || has(STEMS) || has(RECORDING) && has(ALLOWED)
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
        ] {
            assert!(is_consent(name), "{name}");
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
        ] {
            assert!(!is_consent(name), "{name}");
        }
    }
}
