//! How a recording may be named.

use std::fmt;

use super::template::WILDCARD;

/// A name of a recording, or the pieces of it around the `*` of the mapping. A `*` that comes from
/// the export is a letter like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioName {
    pieces: Vec<String>,
}

impl AudioName {
    /// Exactly this name.
    pub(super) fn exact(name: &str) -> Option<AudioName> {
        (!name.is_empty()).then(|| AudioName {
            pieces: vec![name.to_owned()],
        })
    }

    /// A rendered template; `None` when nothing but wildcards and punctuation is left of it, which
    /// would fit any recording.
    pub(super) fn from_template(rendered: &str) -> Option<AudioName> {
        let rendered = rendered.trim();
        rendered.contains(char::is_alphanumeric).then(|| AudioName {
            pieces: rendered.split(WILDCARD).map(str::to_owned).collect(),
        })
    }

    /// The text before, between and after the wildcards; a single piece is a whole name.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Whether the name has no wildcard.
    pub fn is_exact(&self) -> bool {
        self.pieces.len() == 1
    }

    /// Whether `name` is this name, with any text in place of each wildcard.
    pub fn fits(&self, name: &str) -> bool {
        let Some(((first, last), middle)) = self.ends() else {
            return self.pieces.first().is_some_and(|piece| piece == name);
        };
        let inner = name
            .strip_prefix(first)
            .and_then(|rest| rest.strip_suffix(last));
        let Some(mut rest) = inner else {
            return false;
        };
        middle
            .iter()
            .all(|piece| match rest.split_once(piece.as_str()) {
                Some((_, tail)) => {
                    rest = tail;
                    true
                }
                None => false,
            })
    }

    fn ends(&self) -> Option<((&str, &str), &[String])> {
        match self.pieces.as_slice() {
            [first, middle @ .., last] => Some(((first, last), middle)),
            _ => None,
        }
    }
}

impl fmt::Display for AudioName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pieces.join("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_any_text_and_only_the_mapping_has_one() {
        let name = AudioName::from_template("out-\u{fdd0}-17.42\u{fdd0}").unwrap();
        assert_eq!(name.to_string(), "out-*-17.42*");
        assert!(name.fits("out-1-17.42.wav"));
        assert!(name.fits("out--17.42"));
        assert!(!name.fits("out-17.42.wav"));
        assert!(!name.fits("in-1-17.42.wav"));
        let literal = AudioName::exact("a*b").unwrap();
        assert!(literal.is_exact() && literal.fits("a*b") && !literal.fits("axb"));
    }

    #[test]
    fn a_name_of_nothing_but_wildcards_is_none() {
        assert_eq!(AudioName::from_template("\u{fdd0}"), None);
        assert_eq!(AudioName::from_template(" -\u{fdd0}.\u{fdd0} "), None);
        assert_eq!(AudioName::exact(""), None);
    }
}
