//! What a part of a name says of its record, and how much of a name may be left out before it says
//! nothing any more.

use super::asked_part::AskedPart;
use super::spelling::{composed, decoded, split_extension};
use super::wildcard::{BORDER, SIGN, is_border};

/// A folder or the file of a name that is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NamedPart {
    /// Composed, with the signs of a pattern.
    pub(super) text: String,
    /// What the record says, where all of it is in this part.
    values: Vec<String>,
    /// It holds a piece of something that goes over several parts, such as a path in a column.
    has_piece: bool,
}

/// Stand around a value while a name is split.
const START: char = '\u{fdd1}';
const END: char = '\u{fdd2}';

/// Words that stand in the names of recordings and tell no call.
const COMMON: [&str; 34] = [
    "agent",
    "all",
    "audio",
    "call",
    "calls",
    "channel",
    "content",
    "customer",
    "download",
    "file",
    "final",
    "in",
    "index",
    "inbound",
    "left",
    "leg",
    "main",
    "media",
    "merged",
    "mix",
    "mono",
    "out",
    "outbound",
    "part",
    "play",
    "rec",
    "record",
    "recording",
    "recordings",
    "right",
    "sound",
    "stereo",
    "track",
    "voice",
];
/// Letters and digits of other words that are enough to tell a call.
const TELLING: usize = 3;
/// A folder whose name has so many digits and nothing else may be a year, and tells no call.
const DATE: usize = 4;

impl NamedPart {
    /// The parts of a name between separators.
    pub(super) fn split(
        name: &[AskedPart<'_>],
        separators: &[char],
        is_url: bool,
    ) -> Vec<NamedPart> {
        let read = if is_url {
            NamedPart::read_escaped
        } else {
            NamedPart::read
        };
        NamedPart::of(&marked(name), separators, false, read)
    }

    /// The segments of a URL, with escapes undone.
    pub(super) fn split_url(name: &[AskedPart<'_>]) -> Vec<NamedPart> {
        let marked = marked(name);
        let Some((scheme, rest)) = marked.split_once("://") else {
            return Vec::new();
        };
        let is_inside = scheme.rfind(START) > scheme.rfind(END);
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        NamedPart::of(path, &['/'], is_inside, NamedPart::read_escaped)
    }

    /// The parts of a marked name, each made by `read`; the first begins inside a value or not.
    fn of(
        marked: &str,
        separators: &[char],
        mut inside: bool,
        read: fn(&str, bool) -> NamedPart,
    ) -> Vec<NamedPart> {
        let parts = marked.split(separators).map(|piece| {
            let begins_inside = inside;
            let mut marks = piece.chars().filter(|char| matches!(*char, START | END));
            inside = marks.next_back().map_or(inside, |mark| mark == START);
            read(piece, begins_inside)
        });
        parts.collect()
    }

    /// Reads one segment of a URL, with its escapes undone.
    fn read_escaped(marked: &str, inside: bool) -> NamedPart {
        NamedPart::read(&decoded(marked), inside)
    }

    /// Reads one part, which may begin inside a value.
    fn read(marked: &str, mut inside: bool) -> NamedPart {
        let mut part = NamedPart::default();
        let mut text = String::with_capacity(marked.len());
        let (mut value, mut is_whole) = (String::new(), false);
        // Whether the last character is a wildcard of the mapping, or of a value.
        let (mut after_wildcard, mut after_value) = (false, false);
        for char in marked.chars() {
            match char {
                START => (inside, is_whole) = (true, true),
                END => {
                    part.keep(std::mem::take(&mut value), is_whole);
                    (inside, is_whole) = (false, false);
                }
                _ if inside => {
                    if after_wildcard {
                        text.push(BORDER);
                    }
                    value.push(char);
                    text.push(if matches!(char, '*' | '?') {
                        SIGN
                    } else {
                        char
                    });
                    (after_wildcard, after_value) = (false, true);
                }
                '*' | '?' => {
                    if after_value {
                        text.push(BORDER);
                    }
                    text.push(char);
                    (after_wildcard, after_value) = (true, false);
                }
                _ => {
                    text.push(char);
                    (after_wildcard, after_value) = (false, false);
                }
            }
        }
        part.keep(value, false);
        part.text = composed(&text).into_owned();
        part
    }

    fn keep(&mut self, value: String, is_whole: bool) {
        if !value.contains(char::is_alphanumeric) {
            return;
        }
        if is_whole {
            self.values.push(value);
        } else {
            self.has_piece = true;
        }
    }

    /// Whether it holds anything that the record says.
    pub(super) fn says_something(&self) -> bool {
        self.has_piece || !self.values.is_empty()
    }

    /// Whether it holds the record's id, or a value of so many bytes that the id holds.
    fn has_id(&self, identity: &str, least: usize) -> bool {
        let is_of_id = |value: &String| value.len() >= least && holds_word(identity, value);
        !identity.is_empty()
            && (holds_word(&self.text, identity) || self.values.iter().any(is_of_id))
    }
}

/// A name in one text, with the values marked.
fn marked(name: &[AskedPart<'_>]) -> String {
    let mut marked = String::new();
    let clean = |text: &str| text.replace([START, END, BORDER, SIGN], "\u{fffd}");
    for part in name {
        match part {
            AskedPart::Text(text) => marked.push_str(&clean(text)),
            AskedPart::Value(text) => {
                marked.push(START);
                marked.push_str(&clean(text));
                marked.push(END);
            }
            AskedPart::Wildcard => marked.push('*'),
        }
    }
    marked
}

/// How many of the outermost folders may be dropped. What is left must hold a value of the record,
/// and the id where a dropped folder held it: else it is a name that other records ask for as well.
pub(super) fn droppable(folders: &[NamedPart], file: &NamedPart, identity: &str) -> usize {
    let may_drop = |count: &usize| {
        let (dropped, left) = folders.split_at(*count);
        let left_has_id = left
            .iter()
            .chain([file])
            .any(|part| part.has_id(identity, 2));
        let holds_value =
            !file.values.is_empty() || left.iter().any(|part| !part.values.is_empty());
        let holds_piece = || {
            let tells =
                |part: &NamedPart| part.has_piece && is_telling(&part.text) && !is_date(&part.text);
            left.iter().any(tells) || file.has_piece && is_telling(split_extension(&file.text).0)
        };
        left_has_id
            || (holds_value || holds_piece())
                && !dropped.iter().any(|part| part.has_id(identity, TELLING))
    };
    (1..=folders.len()).take_while(may_drop).count()
}

/// Whether a piece of a path may tell one call: by what remains of it without common words.
fn is_telling(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut sum = 0;
    let mut rest = &*lower;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_numeric();
        let is_word = |char: char| char.is_alphanumeric() && char.is_numeric() == is_digit;
        let length = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length.max(first.len_utf8()));
        rest = after;
        if length > 0 && !COMMON.contains(&word) {
            sum += word.chars().count();
        }
    }
    sum >= TELLING
}

/// Whether the name of a folder may be a year, a month or a day.
fn is_date(folder: &str) -> bool {
    folder.len() <= DATE && folder.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text holds a word that does not run on into letters or digits of its kind.
fn holds_word(text: &str, word: &str) -> bool {
    let mut places = text.match_indices(word);
    places.any(|(at, _)| is_border(text, at) && is_border(text, at + word.len()))
}

#[cfg(test)]
mod tests {
    use super::AskedPart::{Text, Value, Wildcard};
    use super::*;

    /// How many folders of a name may be dropped.
    fn dropped(name: &[AskedPart<'_>], identity: &str) -> usize {
        let mut parts = NamedPart::split(name, &['/'], false);
        let file = parts.pop().unwrap();
        droppable(&parts, &file, identity)
    }

    #[test]
    fn a_wildcard_beside_a_value_has_a_border_and_a_sign_of_the_record_is_no_wildcard() {
        let text = |name: &[AskedPart<'_>]| NamedPart::split(name, &['/'], false).remove(0).text;
        assert_eq!(
            text(&[Wildcard, Value("1"), Wildcard]),
            "*\u{fdd3}1\u{fdd3}*"
        );
        assert_eq!(text(&[Text("a"), Wildcard, Text("-"), Value("1")]), "a*-1");
        assert_eq!(text(&[Value("a*b?")]), "a\u{fdd4}b\u{fdd4}");
    }

    #[test]
    fn what_is_left_without_folders_must_hold_a_value_of_the_record() {
        let id = "A1";
        assert_eq!(dropped(&[Value(id), Text("/"), Wildcard], id), 0);
        assert_eq!(dropped(&[Value(id), Text("/a/b/"), Wildcard], id), 0);
        assert_eq!(dropped(&[Value(id), Text("/recordings/0.wav")], id), 0);
        assert_eq!(dropped(&[Value("2024"), Text("/"), Value(id)], id), 1);
        assert_eq!(
            dropped(&[Text("x/"), Value("2024"), Text("/"), Value(id)], id),
            2
        );
    }

    #[test]
    fn the_id_is_not_dropped_where_only_less_is_left() {
        assert_eq!(
            dropped(&[Value("A1"), Text("/"), Value("20240315")], "A1"),
            0
        );
        assert_eq!(
            dropped(&[Value("20240315"), Text("/"), Value("A1")], "20240315-A1"),
            1
        );
        assert_eq!(dropped(&[Value("A17"), Text("/"), Value("0")], "A17-0"), 0);
        assert_eq!(
            dropped(
                &[Value("20240315"), Text("/"), Value("117")],
                "20240315-117"
            ),
            1
        );
    }

    #[test]
    fn a_piece_of_a_path_tells_a_call_unless_it_is_a_common_name() {
        for (path, count) in [
            ("calls/CA77/recordings/0.mp3", 1),
            ("calls/CA77/recording.mp3", 1),
            ("2024/03/0.mp3", 0),
            ("2024/03/RE123.mp3", 2),
            ("bucket/2024/20240315-1-117.wav", 2),
        ] {
            assert_eq!(dropped(&[Value(path)], ""), count, "{path}");
        }
        assert_eq!(dropped(&[Value("x/7.wav")], "7"), 1, "the id is enough");
    }
}
