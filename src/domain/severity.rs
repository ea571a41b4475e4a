//! How bad a problem is.

use std::fmt;

/// How bad a problem is for its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing needs to be done.
    Note,
    /// The record goes on, but a person should look.
    Warning,
    /// The record is not sent.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`, as written to `problems.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Severity> {
        let all = [Severity::Note, Severity::Warning, Severity::Error];
        all.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
