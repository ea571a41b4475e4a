//! File name patterns: `*` is any text, `?` is one character, everything else is itself.

/// Whether the name asks for more than one spelling.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether the whole of `text` fits. Work is bounded by the product of both lengths: only the last
/// `*` is ever reconsidered.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, bytes) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut on) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while on < bytes.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, on));
            }
            Some(b'?') => {
                at += 1;
                on += width(bytes[on]);
            }
            Some(literal) if *literal == bytes[on] => {
                at += 1;
                on += 1;
            }
            _ => {
                let Some((after_star, from)) = retry else {
                    return false;
                };
                let from = from + width(bytes[from]);
                retry = Some((after_star, from));
                (at, on) = (after_star, from);
            }
        }
    }
    pattern[at.min(pattern.len())..]
        .iter()
        .all(|byte| *byte == b'*')
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

/// What every stem that fits must start with, and the longest text that it must hold. The part
/// from the last dot on may be the extension and so says nothing about the stem.
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
        fn matching_agrees_with_the_definition(pattern in "[ab*?æ]{0,6}", text in "[abæ]{0,6}") {
            fn defined(pattern: &[char], text: &[char]) -> bool {
                match (pattern, text) {
                    ([], []) => true,
                    (['*', rest @ ..], _) => {
                        (0..=text.len()).any(|skip| defined(rest, &text[skip..]))
                    }
                    (['?', rest @ ..], [_, text @ ..]) => defined(rest, text),
                    ([p, rest @ ..], [t, text @ ..]) => p == t && defined(rest, text),
                    _ => false,
                }
            }
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), defined(&chars(&pattern), &chars(&text)));
        }
    }
}
