//! Signs that nobody sees: blanks of Unicode, marks of direction, controls.
//!
//! They come from web pages, chat programs and exports that write for another screen. A value never
//! means them, so a reader passes over them, and a key that holds one is refused by the sign's name.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The signs that people meet, with their names in Unicode.
const NAMES: [(char, &str); 16] = [
    ('\t', "tab"),
    ('\n', "line feed"),
    ('\r', "carriage return"),
    ('\u{a0}', "no-break space"),
    ('\u{ad}', "soft hyphen"),
    ('\u{2009}', "thin space"),
    ('\u{200b}', "zero width space"),
    ('\u{200c}', "zero width non-joiner"),
    ('\u{200d}', "zero width joiner"),
    ('\u{200e}', "left-to-right mark"),
    ('\u{200f}', "right-to-left mark"),
    ('\u{202f}', "narrow no-break space"),
    ('\u{2060}', "word joiner"),
    ('\u{202a}', "left-to-right embedding"),
    ('\u{202c}', "pop directional formatting"),
    ('\u{feff}', "byte order mark"),
];

/// Whether the sign is drawn as a gap, and is not the plain blank.
fn is_gap(sign: char) -> bool {
    sign != ' ' && (sign.is_whitespace() || matches!(sign, '\u{2800}' | '\u{3164}' | '\u{ffa0}'))
}

/// Whether the sign is not drawn at all.
fn is_mark(sign: char) -> bool {
    let is_format = matches!(
        sign,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{feff}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    is_format || sign.is_control() && !sign.is_whitespace()
}

/// The first sign of the text that nobody sees; the plain blank is none.
pub(crate) fn unseen(text: &str) -> Option<char> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if text.as_bytes().iter().all(is_plain) {
        return None;
    }
    text.chars().find(|sign| is_gap(*sign) || is_mark(*sign))
}

/// The text as it is seen: with plain blanks for all others, and without the rest.
pub(crate) fn as_seen(text: &str) -> Cow<'_, str> {
    if unseen(text).is_none() {
        return Cow::Borrowed(text);
    }
    let signs = text.chars().filter(|sign| !is_mark(*sign));
    Cow::Owned(
        signs
            .map(|sign| if is_gap(sign) { ' ' } else { sign })
            .collect(),
    )
}

/// How a sign is named in a message: `U+200B (zero width space)`.
pub(crate) fn named(sign: char) -> String {
    let code = u32::from(sign);
    match NAMES.iter().find(|(known, _)| *known == sign) {
        Some((_, name)) => format!("U+{code:04X} ({name})"),
        None => format!("U+{code:04X}"),
    }
}

/// Writes a sign that nobody sees by its code: `<U+202F>`. Messages, lists and the screen spell it so.
pub(crate) fn spell(into: &mut String, sign: char) {
    // Nothing goes wrong in memory.
    let _ = write!(into, "<U+{:04X}>", u32::from(sign));
}

/// The text for people, with `<U+202F>` in place of what they would not see. Tabs and line breaks stay:
/// they show in a row.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_hidden =
        |sign: char| !matches!(sign, '\t' | '\n' | '\r') && (is_gap(sign) || is_mark(sign));
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if is_hidden(sign) {
            spell(&mut shown, sign);
        } else {
            shown.push(sign);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_found_named_and_passed_over() {
        for (text, sign, seen, told) in [
            ("a\u{200b}", '\u{200b}', "a", "U+200B (zero width space)"),
            ("\u{1f}a", '\u{1f}', "a", "U+001F"),
            (
                "1:12\u{202f}PM",
                '\u{202f}',
                "1:12 PM",
                "U+202F (narrow no-break space)",
            ),
            ("\ta", '\t', " a", "U+0009 (tab)"),
            ("\u{feff}a b", '\u{feff}', "a b", "U+FEFF (byte order mark)"),
        ] {
            assert_eq!(unseen(text), Some(sign), "{text:?}");
            assert_eq!(as_seen(text), seen);
            assert_eq!(named(sign), told);
        }
        for plain in ["", "a b", "Ærlig Øst", "日本", "-_./:'\"="] {
            assert_eq!(unseen(plain), None, "{plain}");
        }
        assert_eq!(shown("1:12\u{202f}PM\t"), "1:12<U+202F>PM\t");
    }

    proptest! {
        #[test]
        fn what_is_seen_holds_nothing_unseen(text in any::<String>()) {
            prop_assert_eq!(unseen(&as_seen(&text)), None);
        }
    }
}
