//! When two names are the same name: letter case, Unicode composition, and characters that a file
//! system could not hold.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The text in composed form: macOS writes `é` as two characters, exports as one.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Composed and in lower case.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let lower = composed(text).to_lowercase();
    match composed(&lower) {
        Cow::Borrowed(_) => Cow::Owned(lower),
        Cow::Owned(composed) => Cow::Owned(composed),
    }
}

/// Folded, with percent escapes resolved and one `_` for every character that Windows, S3 tools or
/// archivers replace. Two names that loosen to the same text are probably, not surely, the same.
pub(super) fn loosened(text: &str) -> Cow<'_, str> {
    let decoded = decoded(text);
    let folded = match &decoded {
        Cow::Borrowed(text) => folded(text),
        Cow::Owned(text) => Cow::Owned(folded(text).into_owned()),
    };
    if folded.contains(is_replaced) {
        Cow::Owned(folded.replace(is_replaced, "_"))
    } else {
        folded
    }
}

/// Percent escapes resolved, unless what they hide is no text.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    percent_decode_str(text)
        .decode_utf8()
        .unwrap_or(Cow::Borrowed(text))
}

/// Forbidden on Windows, or rewritten by URL encoding (`+` and blank stand for each other there).
fn is_replaced(character: char) -> bool {
    character.is_control() || r#":/\*?"<>| +"#.contains(character)
}

/// What is written behind the name of a file that was encrypted.
const OF_ENCRYPTED: [&str; 2] = ["pgp", "gpg"];

/// The name of a file before it was encrypted: that of `a.wav.pgp` is `a.wav`.
pub fn plain_name(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((plain, ending))
            if !plain.is_empty()
                && OF_ENCRYPTED
                    .iter()
                    .any(|known| ending.eq_ignore_ascii_case(known)) =>
        {
            plain
        }
        _ => name,
    }
}

/// The stem and the extension of a file name; a leading dot starts no extension. That of `a.wav.pgp` is
/// `wav.pgp`.
pub(super) fn split_extension(name: &str) -> (&str, Option<&str>) {
    let plain = plain_name(name);
    let is_short = |extension: &str| {
        (1..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            // Ids have dots, too: `1715350860.421.pgp`.
            && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    if plain.len() < name.len()
        && let Some((stem, extension)) = plain.rsplit_once('.')
        && !stem.is_empty()
        && is_short(extension)
    {
        return (stem, Some(&name[stem.len() + 1..]));
    }
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, Some(extension)),
        _ => (name, None),
    }
}

/// The folders of a path from the innermost outwards.
pub(super) fn outwards(folder: &str) -> impl Iterator<Item = &str> {
    folder.rsplit('/').filter(|part| !part.is_empty())
}

/// How well a file's name fits, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameLikeness {
    /// As asked.
    Exact,
    /// In other letter case.
    OtherCase,
    /// With `_` or percent escapes in place of characters, or the other way round.
    Escaped,
    /// With another audio extension than asked for.
    OtherExtension,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_letters_and_capitals_are_the_same_name() {
        assert_eq!(folded("A\u{30a}rhus"), folded("åRHUS"));
        assert_eq!(composed("e\u{301}"), "é");
    }

    #[test]
    fn what_a_file_system_cannot_hold_is_one_underscore_a_character() {
        assert_eq!(loosened("X_20240315T08:12_UTC"), "x_20240315t08_12_utc");
        assert_eq!(loosened("X_20240315T08%3A12_UTC"), "x_20240315t08_12_utc");
        assert_eq!(loosened("a/b\\c d+e"), "a_b_c_d_e");
    }

    #[test]
    fn a_percent_sign_that_hides_no_text_stays() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%ff"), "%ff");
    }

    #[test]
    fn a_hidden_file_has_no_extension() {
        assert_eq!(split_extension(".wav"), (".wav", None));
        assert_eq!(split_extension("a.b.wav"), ("a.b", Some("wav")));
        assert_eq!(split_extension("a.b.wav.PGP"), ("a.b", Some("wav.PGP")));
        assert_eq!(split_extension("a.gpg"), ("a", Some("gpg")));
        assert_eq!(
            split_extension("1715.421 x.pgp"),
            ("1715.421 x", Some("pgp"))
        );
    }
}
