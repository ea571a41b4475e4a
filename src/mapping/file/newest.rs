//! `newest` in `[source]`: a record that was delivered several times, of which the newest counts.
//!
//! ```toml
//! [source]
//! newest = { by = "ContactId", at = "LastUpdateTimestamp" }
//! ```

use toml::de::DeValue;

use super::toml_table::{SpannedText, TomlTable, wrong_type};
use crate::mapping::error::Findings;

/// Which of several copies counts, by the names in the file.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct NewestSection {
    pub(in crate::mapping) by: Vec<SpannedText>,
    pub(in crate::mapping) at: SpannedText,
}

impl NewestSection {
    pub(in crate::mapping) fn read(
        section: &mut TomlTable<'_, '_>,
        findings: &mut Findings,
    ) -> Option<NewestSection> {
        let value = section.value("newest")?;
        let DeValue::Table(table) = value.get_ref() else {
            let wanted = "a table such as { by = \"id\", at = \"updated\" }";
            return wrong_type("newest", wanted, value.get_ref(), value.span(), findings);
        };
        let mut table = TomlTable::new(table, "`newest`", value.span());
        let by = table.texts("by", findings).unwrap_or_default();
        let at = table.text("at", findings);
        if by.is_empty() || at.is_none() {
            let message = "`newest` needs `by`, the columns of the id, and `at`, that of the time";
            findings.add(value.span(), message);
        }
        table.finish(findings);
        (!by.is_empty()).then_some(NewestSection { by, at: at? })
    }
}
