//! Something that must not be told, and where a text says it rather than another word.

use std::collections::HashMap;

use memchr::memmem;

use super::view::{TextView, folded};

/// From so many letters and digits together on, a token is known wherever it stands.
const LONG_TOKEN: usize = 12;
/// A shorter value may be a part of a word.
const LONG_VALUE: usize = 8;
/// A number with fewer digits is as likely a limit or a status as a value.
const LONG_NUMBER: usize = 4;
/// From so many digits on, a number is known wherever it stands.
const SURE_NUMBER: usize = 7;
/// So much of a long value is known wherever it stands: servers shorten what they quote.
const PART: usize = 16;
/// The same of a token, which they shorten more.
const PART_OF_TOKEN: usize = 8;

/// What stands before a token that is named.
const NAMES: [&str; 6] = [
    "token",
    "authorization",
    "bearer",
    "key",
    "secret",
    "password",
];

/// Names of the contract, and of what it holds, in small letters. A refusal says them, and a value that is a
/// part of such a word is not what it speaks of.
pub(super) const FIELDS: [&str; 41] = [
    "externalidentity",
    "agentid",
    "agentname",
    "agentemail",
    "customer",
    "datetime",
    "subject",
    "customercompany",
    "labels",
    "status",
    "hasconsent",
    "audiochannels",
    "salespersonaudiochannel",
    "teamid",
    "teamname",
    "conversationsegments",
    "caseuid",
    "source",
    "created",
    "updated",
    "updatedat",
    "inbox",
    "priority",
    "tags",
    "messageuid",
    "messages",
    "message",
    "direction",
    "text",
    "type",
    "attachments",
    "from",
    "to",
    "id",
    "name",
    "email",
    "customprop",
    "customnumberprop",
    "customfields",
    "team",
    "cutaudio",
];

/// More than the bytes of any of them.
const LONGEST_FIELD: usize = 32;

/// Whether the word that this part of a text belongs to is the name of a field.
fn is_in_name(text: &[u8], part: std::ops::Range<usize>) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    // No name is longer, and no answer makes this long.
    let before = text[..part.start].iter().rev().take(LONGEST_FIELD);
    let before = before.take_while(|byte| is_word(byte));
    let behind = text[part.end..].iter().take(LONGEST_FIELD);
    let behind = behind.take_while(|byte| is_word(byte));
    let word = &text[part.start - before.count()..part.end + behind.count()];
    // Those of your own have numbers.
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let name = &word[..word.len() - digits.count()];
    FIELDS.iter().any(|field| field.as_bytes() == name)
}

/// Where a needle may be taken for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Anywhere,
    /// With no letter or digit beside it.
    Alone,
    /// In quotes, or behind its name.
    Named,
}

/// Something that must not be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Needle {
    /// What is told in its place.
    pub(super) mask: String,
    folded: Vec<u8>,
    names: Vec<String>,
    stands: Where,
    is_token: bool,
    /// The least part that is known, if parts are.
    part: Option<usize>,
}

impl Needle {
    /// A token, unless it is empty. One that could be a word of a sentence is known where it stands as a
    /// token: in quotes, or behind a name for such a thing.
    pub(super) fn token(token: &str) -> Option<Needle> {
        let folded = folded(token);
        let has = |is: fn(char) -> bool| token.chars().any(is);
        let is_word = token.chars().all(char::is_alphabetic) && token.len() < LONG_TOKEN * 2;
        let is_sure = token.len() >= LONG_TOKEN
            && !is_word
            && has(|char| char.is_ascii_digit())
            && has(char::is_alphabetic);
        (!folded.is_empty()).then(|| Needle {
            mask: "<token>".to_owned(),
            folded: folded.into_bytes(),
            names: NAMES.map(str::to_owned).into(),
            stands: match (is_sure, is_word) {
                (true, _) => Where::Anywhere,
                (_, true) => Where::Named,
                _ => Where::Alone,
            },
            is_token: true,
            part: is_sure.then_some(PART_OF_TOKEN),
        })
    }

    /// The value of a field, unless it is blank.
    pub(super) fn value(field: &str, value: &str) -> Option<Needle> {
        let folded = folded(value);
        let letters = folded.chars().count();
        let digits = folded.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits > 0 && !folded.chars().any(char::is_alphabetic);
        let stands = match (is_number, digits, letters) {
            (true, SURE_NUMBER.., _) => Where::Anywhere,
            (true, LONG_NUMBER.., _) => Where::Alone,
            (true, ..) | (_, _, ..=2) => Where::Named,
            (_, _, LONG_VALUE..) => Where::Anywhere,
            _ => Where::Alone,
        };
        (!folded.is_empty()).then(|| Needle {
            mask: format!("<{field}>"),
            is_token: false,
            part: (folded.len() > PART).then_some(PART),
            folded: folded.into_bytes(),
            names: vec![field.to_lowercase()],
            stands,
        })
    }

    /// What it costs to look for this needle in a text of so many bytes.
    pub(super) fn cost(&self, text: usize) -> usize {
        let parts = self.part.map_or(0, |_| self.folded.len());
        let whole = if self.folded.len() <= text {
            text / 16
        } else {
            0
        };
        30 + whole + parts
    }

    /// Gives the places of this needle in a folded reading, whole or in part.
    pub(super) fn find(
        &self,
        text: &TextView,
        parts: &mut TextParts<'_>,
        mut found: impl FnMut((usize, usize)),
    ) {
        if self.folded.len() <= text.bytes.len() {
            for at in memmem::find_iter(&text.bytes, &self.folded) {
                let end = at + self.folded.len();
                if !self.is_token && is_in_name(&text.bytes, at..end) {
                    continue;
                }
                if self.is_meant(&text.bytes[..at], &text.bytes[end..]) {
                    found(text.place(at..end));
                }
            }
        }
        let Some(width) = self.part else {
            return;
        };
        for part in self.folded.windows(width) {
            // A blank at an end may be the server's, or stand for the gap between two runs of base64.
            let start = width - part.trim_ascii_start().len();
            let end = part.trim_ascii_end().len();
            for at in parts.take(part) {
                found(text.place(at + start..at + end.max(start)));
            }
        }
    }

    fn is_meant(&self, before: &[u8], behind: &[u8]) -> bool {
        if self.stands == Where::Anywhere {
            return true;
        }
        let before = tail(before);
        let behind = String::from_utf8_lossy(&behind[..behind.len().min(16)]);
        // "Ann's" and the Danish "Anns" are about Ann.
        let ending = behind.strip_prefix('s').unwrap_or(&behind);
        let is_part = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        let is_alone = !is_part(before.chars().next_back()) && !is_part(ending.chars().next());
        is_alone && (self.stands == Where::Alone || self.is_named(&before, &behind))
    }

    /// Whether what stands between these is called by its name, or is quoted.
    fn is_named(&self, before: &str, behind: &str) -> bool {
        let quotes = ['"', '\'', '`', '“', '”', '„', '«', '»', '‘', '’'];
        if before.ends_with(quotes) && behind.starts_with(quotes) {
            return true;
        }
        let name = before.trim_end_matches(|char: char| {
            char.is_whitespace() || matches!(char, ':' | '=') || quotes.contains(&char)
        });
        self.names
            .iter()
            .any(|known| name.ends_with(known.as_str()))
    }
}

/// The last characters, enough for the name of a field.
fn tail(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64)..]).into_owned()
}

/// The parts that a text has, for the widths that needles ask for.
#[derive(Debug, Default)]
pub(super) struct TextParts<'t>(Vec<PartsOf<'t>>);

/// The parts of one width.
#[derive(Debug)]
struct PartsOf<'t> {
    width: usize,
    /// Whether there may be a part that begins like this: a value of a megabyte is asked for all of its
    /// parts, and a text has few.
    may_be: Vec<bool>,
    places: HashMap<&'t [u8], Vec<usize>>,
}

/// Of the first four bytes of a part.
fn mark(part: &[u8]) -> usize {
    let first = part
        .first_chunk()
        .map_or(0, |first| u32::from_le_bytes(*first));
    (first.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

impl<'t> PartsOf<'t> {
    fn new(width: usize, text: &'t [u8]) -> PartsOf<'t> {
        let mut parts = PartsOf {
            width,
            may_be: vec![false; 1 << 16],
            places: HashMap::new(),
        };
        for (at, part) in text.windows(width).enumerate() {
            parts.may_be[mark(part)] = true;
            parts.places.entry(part).or_default().push(at);
        }
        parts
    }
}

impl<'t> TextParts<'t> {
    /// Makes ready to ask `text` for parts of these needles.
    pub(super) fn of(text: &'t TextView, needles: &[Needle]) -> TextParts<'t> {
        let mut parts = TextParts::default();
        for width in needles.iter().filter_map(|needle| needle.part) {
            let is_known = parts.0.iter().any(|known| known.width == width);
            if !is_known && text.bytes.len() >= width {
                parts.0.push(PartsOf::new(width, &text.bytes));
            }
        }
        parts
    }

    /// The places of a part. Each is given once: whoever asks again has them already.
    fn take(&mut self, part: &[u8]) -> Vec<usize> {
        let parts = self.0.iter_mut().find(|parts| parts.width == part.len());
        let parts = parts.filter(|parts| parts.may_be[mark(part)]);
        parts
            .and_then(|parts| parts.places.remove(part))
            .unwrap_or_default()
    }
}
