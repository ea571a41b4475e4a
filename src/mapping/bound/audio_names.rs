//! How a recording may be named.

use std::fmt;

use crate::mapping::template::marks::{VALUE_END, VALUE_START, WILDCARD};

/// A name of a recording, in its parts. A `*` that comes from the export is a letter like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioName {
    parts: Vec<NamePart>,
}

/// What stands between folders.
const SEPARATORS: [char; 2] = ['\\', '/'];

/// A part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePart {
    /// Text of the mapping.
    Text(String),
    /// What the record says; never blank.
    Value(String),
    /// The `*` of the mapping: any text.
    Wildcard,
}

impl AudioName {
    /// Exactly this name, which a column holds.
    pub(in crate::mapping) fn exact(name: &str) -> Option<AudioName> {
        (!name.is_empty()).then(|| AudioName {
            parts: vec![NamePart::Value(name.to_owned())],
        })
    }

    /// The names in a rendered template, a line each. A line of which nothing but wildcards and
    /// punctuation is left is none: it would fit any recording.
    pub(in crate::mapping) fn from_lines(rendered: &str) -> Vec<AudioName> {
        // A value may go over several lines.
        let mut depth = 0_u32;
        let lines = rendered.lines().map(|line| {
            let parts = parts(line, &mut depth);
            line.contains(char::is_alphanumeric).then_some(parts)
        });
        let named = lines.flatten().map(|parts| AudioName { parts });
        named.collect()
    }

    /// Where a file with this path of Windows may be below the folder of the recordings: exactly at one of
    /// the ends of the path, the longest first. A name without a drive or a server is itself.
    pub(in crate::mapping) fn windows_ends(self) -> Vec<AudioName> {
        let Some(NamePart::Text(text) | NamePart::Value(text)) = self.parts.first() else {
            return vec![self];
        };
        let begin = text.len() - without_drive(text).len();
        if begin == 0 {
            return vec![self];
        }
        let mut ends = Vec::new();
        let mut rest = Some(behind(&self.parts, begin));
        while let Some(parts) = rest {
            rest = behind_folder(&parts);
            let here = NamePart::Text("./".to_owned());
            ends.push(AudioName {
                parts: [here].into_iter().chain(parts).collect(),
            });
        }
        ends
    }

    /// The parts of the name, in their order.
    pub fn parts(&self) -> &[NamePart] {
        &self.parts
    }

    /// Whether the name has no wildcard.
    pub fn is_exact(&self) -> bool {
        !self.parts.contains(&NamePart::Wildcard)
    }
}

/// The parts without so many bytes of the first.
fn behind(parts: &[NamePart], bytes: usize) -> Vec<NamePart> {
    let rest = match parts.first() {
        Some(NamePart::Text(text)) if text.len() > bytes => {
            Some(NamePart::Text(text[bytes..].to_owned()))
        }
        Some(NamePart::Value(text)) if text.len() > bytes => {
            Some(NamePart::Value(text[bytes..].to_owned()))
        }
        _ => None,
    };
    rest.into_iter()
        .chain(parts.iter().skip(1).cloned())
        .collect()
}

/// The parts behind the outermost folder; `None` when there is none.
fn behind_folder(parts: &[NamePart]) -> Option<Vec<NamePart>> {
    let separator = |part: &NamePart| match part {
        NamePart::Text(text) | NamePart::Value(text) => text.find(SEPARATORS),
        NamePart::Wildcard => None,
    };
    let (index, at) = parts
        .iter()
        .enumerate()
        .find_map(|(index, part)| Some((index, separator(part)?)))?;
    Some(behind(&parts[index..], at + 1))
}

/// A path without its drive, or without its server and share.
fn without_drive(path: &str) -> &str {
    let bytes = path.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':') {
        return path[2..].trim_start_matches(SEPARATORS);
    }
    let Some(shared) = path
        .strip_prefix("\\\\")
        .or_else(|| path.strip_prefix("//"))
    else {
        return path;
    };
    // `\\server\share\`, also behind `\\?\UNC\`.
    let shared = shared
        .strip_prefix("?\\UNC\\")
        .or_else(|| shared.strip_prefix("?\\"))
        .unwrap_or(shared);
    if shared.as_bytes().get(1) == Some(&b':') {
        return without_drive(shared);
    }
    shared.splitn(3, SEPARATORS).nth(2).unwrap_or_default()
}

/// The parts of a line that begins inside so many values.
fn parts(line: &str, depth: &mut u32) -> Vec<NamePart> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find([WILDCARD, VALUE_START, VALUE_END]) {
        push(&mut parts, &rest[..at], *depth > 0);
        let mark = rest[at..].chars().next().unwrap_or(WILDCARD);
        match mark {
            VALUE_START => *depth += 1,
            VALUE_END => *depth = depth.saturating_sub(1),
            _ => parts.push(NamePart::Wildcard),
        }
        rest = &rest[at + mark.len_utf8()..];
    }
    push(&mut parts, rest, *depth > 0);
    trim(&mut parts);
    parts
}

fn push(parts: &mut Vec<NamePart>, text: &str, is_value: bool) {
    if text.is_empty() {
        return;
    }
    parts.push(if is_value && !text.trim().is_empty() {
        NamePart::Value(text.to_owned())
    } else {
        NamePart::Text(text.to_owned())
    });
}

/// Takes the blanks off both ends of a name.
fn trim(parts: &mut Vec<NamePart>) {
    fn text(part: &mut NamePart) -> Option<&mut String> {
        match part {
            NamePart::Text(text) | NamePart::Value(text) => Some(text),
            NamePart::Wildcard => None,
        }
    }
    while let Some(first) = parts.first_mut().and_then(text) {
        *first = first.trim_start().to_owned();
        if !first.is_empty() {
            break;
        }
        parts.remove(0);
    }
    while let Some(last) = parts.last_mut().and_then(text) {
        last.truncate(last.trim_end().len());
        if !last.is_empty() {
            break;
        }
        parts.pop();
    }
}

impl fmt::Display for AudioName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            NamePart::Text(text) | NamePart::Value(text) => f.write_str(text),
            NamePart::Wildcard => f.write_str("*"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(rendered: &str) -> AudioName {
        let mut names = AudioName::from_lines(rendered);
        assert_eq!(names.len(), 1, "{names:?}");
        names.remove(0)
    }

    #[test]
    fn a_name_knows_what_the_record_says_and_only_the_mapping_has_a_wildcard() {
        let name = only(" out-\u{fdd0}-\u{fdd1}17.42 \u{fdd2} ");
        assert_eq!(name.to_string(), "out-*-17.42");
        assert_eq!(
            name.parts(),
            [
                NamePart::Text("out-".to_owned()),
                NamePart::Wildcard,
                NamePart::Text("-".to_owned()),
                NamePart::Value("17.42".to_owned()),
            ]
        );
        let blank = only("x\u{fdd1} \u{fdd2}");
        assert_eq!(blank.parts(), [NamePart::Text("x".to_owned())]);
        let literal = AudioName::exact("a*b").unwrap();
        assert!(literal.is_exact() && !name.is_exact());
    }

    #[test]
    fn a_value_of_several_lines_is_a_value_on_each() {
        let names = AudioName::from_lines("\u{fdd1}a.wav\nb.wav\u{fdd2}\n");
        let value = |name: &str| AudioName::exact(name).unwrap();
        assert_eq!(names, [value("a.wav"), value("b.wav")]);
    }

    #[test]
    fn a_name_of_nothing_but_wildcards_is_none() {
        assert_eq!(AudioName::from_lines("\u{fdd0}"), []);
        assert_eq!(AudioName::from_lines(" -\u{fdd0}.\u{fdd0} "), []);
        assert_eq!(AudioName::exact(""), None);
    }

    #[test]
    fn a_windows_path_is_looked_up_at_its_ends() {
        let ends = |name: AudioName| -> Vec<String> {
            let ends = name.windows_ends().into_iter();
            ends.map(|end| end.to_string()).collect()
        };
        for (path, expected) in [
            (
                r"C:\Recordings\2024\U3.wav",
                &[r"./Recordings\2024\U3.wav", r"./2024\U3.wav", "./U3.wav"][..],
            ),
            (r"d:U3.wav", &["./U3.wav"]),
            (
                r"\\server\calls\2024\U3.wav",
                &[r"./2024\U3.wav", "./U3.wav"],
            ),
            (r"\\?\C:\Rec\U3.wav", &[r"./Rec\U3.wav", "./U3.wav"]),
            (r"\\?\UNC\server\calls\U3.wav", &["./U3.wav"]),
            (r"Recordings\U3.wav", &[r"Recordings\U3.wav"]),
            ("/var/spool/U3.wav", &["/var/spool/U3.wav"]),
        ] {
            assert_eq!(ends(AudioName::exact(path).unwrap()), expected, "{path}");
        }
        let name = AudioName::from_lines("D:\\calls\\\u{fdd0}.wav");
        assert_eq!(ends(name[0].clone()), [r"./calls\*.wav", "./*.wav"]);
    }
}
