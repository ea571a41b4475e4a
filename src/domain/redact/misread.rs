//! Bytes that were read by the wrong table: `BjÃ¸rn` is UTF-8 that somebody took for Latin-1.

use super::view::TextView;

/// The characters of Windows-1252 where it differs from Latin-1, by their bytes from 0x80 on. A byte
/// without a character there stands for itself, as browsers have it.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// What a byte means in Windows-1252.
pub(super) fn character(byte: u8) -> char {
    let high = byte
        .checked_sub(0x80)
        .and_then(|at| HIGH.get(usize::from(at)));
    high.copied().unwrap_or(char::from(byte))
}

/// The byte of a character in Windows-1252 or Latin-1; plain ASCII is none of interest.
fn byte(char: char) -> Option<u8> {
    if char.is_ascii() {
        return None;
    }
    if let Ok(byte) = u8::try_from(u32::from(char)) {
        return Some(byte);
    }
    let at = HIGH.iter().position(|known| *known == char)?;
    u8::try_from(at + 0x80).ok()
}

/// With each character that was taken apart put together again; nothing where there is none.
pub(super) fn mended(view: &TextView) -> Option<TextView> {
    if view.bytes.is_ascii() {
        return None;
    }
    // Each character with its place, and its byte where it has one.
    let mut chars: Vec<(Option<u8>, std::ops::Range<usize>)> = Vec::new();
    let mut at = 0;
    for chunk in view.bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            chars.push((byte(char), at..at + char.len_utf8()));
            at += char.len_utf8();
        }
        let strange = chunk.invalid().len();
        if strange > 0 {
            chars.push((None, at..at + strange));
            at += strange;
        }
    }
    let mut mended = TextView::like(view);
    let mut has_any = false;
    let mut rest = &chars[..];
    while let [(_, place), ..] = rest {
        let (length, bytes) = match sequence(rest) {
            Some(bytes) => (bytes.len(), bytes),
            None => (1, view.bytes[place.clone()].to_vec()),
        };
        has_any |= length > 1;
        let end = rest[length - 1].1.end;
        mended.push(&bytes, view, place.start..end);
        rest = &rest[length..];
    }
    has_any.then_some(mended)
}

/// The bytes of the first characters, where these are one character of UTF-8.
fn sequence(chars: &[(Option<u8>, std::ops::Range<usize>)]) -> Option<Vec<u8>> {
    let length = match chars.first()?.0? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let bytes: Option<Vec<u8>> = chars.get(..length)?.iter().map(|(byte, _)| *byte).collect();
    bytes.filter(|bytes| std::str::from_utf8(bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let view = mended(&TextView::of(text))?;
        Some(String::from_utf8(view.bytes).unwrap())
    }

    #[test]
    fn utf_8_that_was_read_as_latin_1_or_windows_1252_is_mended() {
        for (text, expected) in [
            ("BjÃ¸rn Ã˜rsted", "Bjørn Ørsted"),
            ("Ã…se, Ã\u{85}se, Ã†rø", "Åse, Åse, Ærø"),
            ("RenÃ© â€“ ZoÃ«", "René – Zoë"),
            ("ðŸ˜€", "😀"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["Bjørn", "plain", "SÃO", "Ã", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_mended_has_the_place_of_all_it_was_read_from() {
        let view = mended(&TextView::of("xÃ¸y")).unwrap();
        assert_eq!(view.place(1..3), (1, 5));
        assert_eq!(view.place(3..4), (5, 6));
    }
}
