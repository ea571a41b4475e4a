//! File name patterns: `*` is any text, `?` is one character, everything else is itself.
//!
//! Two more signs stand where a pattern meets what a record says. [`BORDER`] takes no room and holds
//! where the characters on both sides are not of one kind: `1` and a border fit the beginning of
//! `1_a`, and not that of `10`. [`SIGN`] is one character that is neither letter nor digit.

/// Between a value of a record and a wildcard: no digit beside a digit, no letter beside a letter.
pub(super) const BORDER: char = '\u{fdd3}';
/// In place of a `*` or `?` that a record says: files have another sign there.
pub(super) const SIGN: char = '\u{fdd4}';

/// Whether the name asks for more than one spelling.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', SIGN])
}

/// The signs of a pattern, as they are looked for.
enum Sign {
    Star,
    One,
    Border,
    NoWord,
    Literal(u8),
}

/// The sign that begins a pattern, and its bytes.
fn sign(pattern: &[u8]) -> Option<(Sign, usize)> {
    Some(match *pattern {
        [] => return None,
        [b'*', ..] => (Sign::Star, 1),
        [b'?', ..] => (Sign::One, 1),
        // The bytes of U+FDD3 and U+FDD4.
        [0xEF, 0xB7, 0x93, ..] => (Sign::Border, 3),
        [0xEF, 0xB7, 0x94, ..] => (Sign::NoWord, 3),
        [byte, ..] => (Sign::Literal(byte), 1),
    })
}

/// Whether the whole of `text` fits. Work is bounded by the product of both lengths: only the last
/// `*` is ever reconsidered.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, bytes) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut on) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let fits = match sign(&pattern[at..]) {
            None if on == bytes.len() => return true,
            None => None,
            Some((Sign::Star, length)) => {
                retry = Some((at + length, on));
                Some((length, 0))
            }
            Some((Sign::Border, length)) => is_border(text, on).then_some((length, 0)),
            Some(_) if on == bytes.len() => return false,
            Some((Sign::One, length)) => Some((length, width(bytes[on]))),
            Some((Sign::NoWord, length)) => {
                let next = text[on..].chars().next();
                let next = next.filter(|next| !next.is_alphanumeric());
                next.map(|next| (length, next.len_utf8()))
            }
            Some((Sign::Literal(byte), length)) => (byte == bytes[on]).then_some((length, length)),
        };
        if let Some((signs, taken)) = fits {
            at += signs;
            on += taken;
            continue;
        }
        let Some((after_star, from)) = retry.filter(|(_, from)| *from < bytes.len()) else {
            return false;
        };
        let from = from + width(bytes[from]);
        retry = Some((after_star, from));
        (at, on) = (after_star, from);
    }
}

/// Whether the characters before and behind a place of a text are not both digits or both letters.
pub(super) fn is_border(text: &str, on: usize) -> bool {
    let (Some(before), Some(behind)) = (text.get(..on), text.get(on..)) else {
        return true;
    };
    let kind = |char: char| (char.is_numeric(), char.is_alphabetic());
    let (before, behind) = (before.chars().next_back(), behind.chars().next());
    match (before.map(kind), behind.map(kind)) {
        (Some((digit, letter)), Some((next_digit, next_letter))) => {
            !(digit && next_digit || letter && next_letter)
        }
        _ => true,
    }
}

/// The bytes of the UTF-8 character that starts with `first`.
const fn width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// The pattern without the signs of its own: what fits the one fits the other.
pub(super) fn bare(pattern: &str) -> String {
    pattern.replace(BORDER, "").replace(SIGN, "?")
}

/// What every stem that fits must start with, and the longest text that it must hold. The part
/// from the last dot on may be the extension and so says nothing about the stem. The pattern is
/// [`bare`].
pub(super) fn literals(pattern: &str) -> (&str, &str) {
    let head = pattern.rsplit_once('.').map_or(pattern, |(head, _)| head);
    let runs = || head.split(['*', '?']);
    let prefix = runs().next().unwrap_or_default();
    (
        prefix,
        runs().max_by_key(|run| run.len()).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, fits) in [
            ("12*", "123", true),
            ("12*", "112", false),
            ("*-all", "a-b-all", true),
            ("*-all", "a-b-allx", false),
            ("a?c", "aæc", true),
            ("a?c", "ac", false),
            ("a*?", "aæ", true),
            ("a*b*c", "a1b2b3c", true),
            ("*", "", true),
            ("?", "", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wildcard_beside_a_value_does_not_run_on_into_its_kind() {
        for (pattern, text, fits) in [
            ("1|*", "10", false),
            ("1|*", "1", true),
            ("1|*", "1_0", true),
            ("1|*", "1a", true),
            ("*|123|*", "45112345_9", false),
            ("*|123|*", "45112345_123", true),
            ("*|123|*", "20240315_123_in", true),
            ("*|ab|*", "xab", false),
            ("*|ab|*", "xab-ab", true),
            ("*|æ|*", "øæ", false),
            ("|?", "1", true),
            ("1|?", "10", false),
            ("1|?", "1b", true),
            ("*|1|*|1|*", "11", false),
            ("*|1|*|1|*", "1_1", true),
            ("d!", "d1", false),
            ("d!", "d_", true),
        ] {
            let signs = [("|", BORDER), ("!", SIGN)];
            let pattern = signs
                .iter()
                .fold(pattern.to_owned(), |pattern, (shown, sign)| {
                    pattern.replace(shown, &sign.to_string())
                });
            assert_eq!(matches(&pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let pattern = "*a".repeat(2000);
        assert!(!matches(&pattern, &"a".repeat(1900)));
    }

    #[test]
    fn the_literals_never_include_a_possible_extension() {
        assert_eq!(literals("2024-all.*"), ("2024-all", "2024-all"));
        assert_eq!(literals("17.4*"), ("17", "17"));
        assert_eq!(literals("*__abc__*"), ("", "__abc__"));
    }

    proptest! {
        #[test]
        fn matching_agrees_with_the_definition(
            pattern in "[a1*?æ\u{fdd3}]{0,7}",
            text in "[a1æ_]{0,6}",
        ) {
            fn defined(pattern: &[char], text: &[char], on: usize) -> bool {
                let is_one_kind = |a: char, b: char| {
                    a.is_numeric() && b.is_numeric() || a.is_alphabetic() && b.is_alphabetic()
                };
                match (pattern, &text[on..]) {
                    ([], []) => true,
                    (['*', rest @ ..], _) => {
                        (on..=text.len()).any(|on| defined(rest, text, on))
                    }
                    ([BORDER, rest @ ..], behind) => {
                        let before = text[..on].last();
                        let is_inside = before.zip(behind.first())
                            .is_some_and(|(a, b)| is_one_kind(*a, *b));
                        !is_inside && defined(rest, text, on)
                    }
                    (['?', rest @ ..], [_, ..]) => defined(rest, text, on + 1),
                    ([p, rest @ ..], [t, ..]) => p == t && defined(rest, text, on + 1),
                    _ => false,
                }
            }
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let wanted = defined(&chars(&pattern), &chars(&text), 0);
            prop_assert_eq!(matches(&pattern, &text), wanted);
        }
    }
}
