//! A pattern such as `2024/*/calls-*.csv` for the names of objects in a store.

use std::fmt;

use glob::{MatchOptions, Pattern};

/// `*` and `?` stay in one folder, `**` is any number of folders, and a name that begins with a dot must be
/// asked for with its dot: as with files of this machine.
const AS_FILES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What names of objects are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern(Pattern);

impl KeyPattern {
    /// Reads a pattern; nothing where it is none.
    pub fn parse(text: &str) -> Option<KeyPattern> {
        Some(KeyPattern(Pattern::new(text).ok()?))
    }

    /// Whether a text has signs of a pattern.
    pub fn is_one(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Whether what it means lies in folders below.
    pub fn has_folders(&self) -> bool {
        self.0.as_str().contains('/')
    }

    /// Whether it means this key. A name like `calls [march].csv` is a name before it is a pattern.
    pub fn fits(&self, key: &str) -> bool {
        key == self.0.as_str() || self.0.matches_with(key, AS_FILES)
    }
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stays_in_its_folders() {
        for (pattern, key, fits) in [
            ("calls-*.csv", "calls-1.csv", true),
            ("calls-*.csv", "calls-1/x.csv", false),
            ("*/calls-?.csv", "2024/calls-1.csv", true),
            ("**/calls.csv", "a/b/calls.csv", true),
            ("*.csv", ".hidden.csv", false),
            ("calls [march].csv", "calls [march].csv", true),
        ] {
            let read = KeyPattern::parse(pattern).unwrap();
            assert_eq!(read.fits(key), fits, "{pattern} {key}");
        }
        assert!(KeyPattern::parse("a[").is_none());
        assert!(!KeyPattern::is_one("calls.csv"));
    }
}
