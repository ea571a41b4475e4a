//! Something wrong with a record: what, where, how bad.

use std::fmt;

use super::code::Code;
use super::invisible::shown;
use super::location::Location;
use super::severity::Severity;

/// One thing wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// How bad, after the operator's policies.
    pub severity: Severity,
    /// Where the record stands.
    pub location: Location,
    /// The id of the record, cut like a value; empty where the problem belongs to no record, or the
    /// record has no id.
    pub id: Box<str>,
    /// The column of the export, or the target field when no column feeds it; may be empty.
    pub column: Box<str>,
    /// What the export says there, cut to [`Problem::VALUE_LIMIT`] characters; personal data.
    pub value: Box<str>,
    /// Why this is a problem, in one sentence that never repeats the value: messages are kept in
    /// the ledger and in logs, values are not.
    pub message: Box<str>,
    /// The record is neither sent nor rejected because of it: a later run decides anew.
    pub holds: bool,
}

impl Problem {
    /// The most characters of a value that a problem carries.
    pub const VALUE_LIMIT: usize = 200;

    /// A problem of the code's usual severity.
    pub fn new(code: Code, location: Location, message: impl Into<Box<str>>) -> Self {
        Problem {
            code,
            severity: code.severity(),
            location,
            id: Box::default(),
            column: Box::default(),
            value: Box::default(),
            message: message.into(),
            holds: false,
        }
    }

    /// The same problem, for which the record waits for a later run. Its severity says whether a
    /// person must act: of a warning, time may be the cure.
    #[must_use]
    pub fn holding(mut self) -> Self {
        self.holds = true;
        self
    }

    /// Names the column and its value; a long value is cut, and a sign that nobody sees is named.
    #[must_use]
    pub fn at(mut self, column: &str, value: &str) -> Self {
        self.column = column.into();
        self.value = cut(&shown(value));
        self
    }

    /// Names the record by its id, unless that is done already; a long id is cut.
    pub fn name_record(&mut self, id: &str) {
        if self.id.is_empty() {
            self.id = cut(id);
        }
    }

    /// The same problem with the severity that a policy asks for.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether the record cannot be sent because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether the record is rejected because of it.
    pub fn rejects(&self) -> bool {
        self.is_error() && !self.holds
    }

    /// Whether a held record needs a person because of it, and not only time.
    pub fn is_pressing(&self) -> bool {
        self.is_error() || self.code == Code::HeldTooLong
    }
}

/// At most [`Problem::VALUE_LIMIT`] characters, and a sign that there were more.
fn cut(text: &str) -> Box<str> {
    match text.char_indices().nth(Problem::VALUE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.location, self.severity, self.code)?;
        if !self.column.is_empty() {
            write!(f, " {}", self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let location = Location::on_line("a.csv", 2);
        let problem = Problem::new(Code::BadTime, location, "why").at("when", &"æ".repeat(300));
        assert_eq!(problem.value.chars().count(), Problem::VALUE_LIMIT + 1);
    }
}
