//! Regular expressions of this program's own.

use regex::Regex;

/// A pattern of this program's own, compiled once.
pub(super) fn literal(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a literal pattern is well formed")
}
