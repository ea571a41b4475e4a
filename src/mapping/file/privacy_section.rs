//! What `[messages]` says about private messages; `bound::privacy` says what it means.

use super::toml_table::{SpannedText, TomlTable};
use crate::mapping::error::Findings;
use crate::mapping::template::TemplateId;

/// What a mapping file says about private messages.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct PrivacySection {
    pub(in crate::mapping) public: Vec<SpannedText>,
    pub(in crate::mapping) internal: Vec<SpannedText>,
    /// The condition under which a message is private.
    pub(in crate::mapping) private: Option<TemplateId>,
    pub(in crate::mapping) unmarked: Option<Unmarked>,
}

/// What a message is that has no key that could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Unmarked {
    Public,
    Private,
}

impl PrivacySection {
    pub(in crate::mapping) fn read(
        section: &mut TomlTable<'_, '_>,
        private: Option<TemplateId>,
        findings: &mut Findings,
    ) -> PrivacySection {
        let words = [("public", Unmarked::Public), ("private", Unmarked::Private)];
        PrivacySection {
            public: section.texts("public", findings).unwrap_or_default(),
            internal: section.texts("internal", findings).unwrap_or_default(),
            private,
            unmarked: section.choice("unmarked", &words, findings),
        }
    }
}
