//! Which encoding a file is in, and its text as UTF-8.
//!
//! Whatever the file's encoding, the readers see UTF-8 in which a byte that does not decode stands as
//! three bytes that no UTF-8 ever holds. So there is one place where bad bytes are found (the check
//! of a batch), and what the file said can be written out again.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::codepage::{CP437, CP850, CP865, Upper};

/// How the characters of a file are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::source) enum Charset {
    /// One of the Encoding Standard.
    Standard(&'static Encoding),
    /// A single-byte page of our own, with its name.
    Page(&'static Upper, &'static str),
}

impl Charset {
    pub(in crate::source) const UTF_8: Charset = Charset::Standard(UTF_8);

    /// The encoding that `label` names, in any case.
    pub(in crate::source) fn from_label(label: &str) -> Option<Self> {
        let key: String = label
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|char| char.to_ascii_lowercase())
            .collect();
        match key.trim_start_matches("ibm").trim_start_matches("cp") {
            "437" => Some(Charset::Page(&CP437, "cp437")),
            "850" => Some(Charset::Page(&CP850, "cp850")),
            "865" => Some(Charset::Page(&CP865, "cp865")),
            "macroman" => Some(Charset::Standard(MACINTOSH)),
            "1252" => Some(Charset::Standard(WINDOWS_1252)),
            _ => Encoding::for_label_no_replacement(label.as_bytes()).map(Charset::Standard),
        }
    }

    /// Lower-case name for the screen.
    pub(in crate::source) fn name(self) -> String {
        match self {
            Charset::Standard(encoding) => encoding.name().to_ascii_lowercase(),
            Charset::Page(_, name) => name.to_owned(),
        }
    }

    /// Whether only letters speak for it: such a page gives a letter for every byte, so that a wrong one
    /// shows itself as nothing at all.
    pub(in crate::source) fn is_guess(self) -> bool {
        match self {
            Charset::Page(..) => true,
            Charset::Standard(encoding) => ![UTF_8, UTF_16LE, UTF_16BE].contains(&encoding),
        }
    }

    fn char(self, byte: u8) -> Option<char> {
        match self {
            _ if byte.is_ascii() => Some(char::from(byte)),
            Charset::Page(upper, _) => upper.get(usize::from(byte) - 128).copied(),
            Charset::Standard(encoding) => {
                let byte = [byte];
                encoding
                    .decode_without_bom_handling_and_without_replacement(&byte)?
                    .chars()
                    .next()
            }
        }
    }

    /// Appends `text` in this encoding; what it cannot say becomes `?`.
    pub(in crate::source) fn encode(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Charset::Standard(encoding) if encoding == UTF_8 => {
                out.extend_from_slice(text.as_bytes());
            }
            Charset::Standard(encoding) if encoding == UTF_16LE => {
                out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
            Charset::Standard(encoding) if encoding == UTF_16BE => {
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
            Charset::Standard(encoding) => encode_standard(encoding, text, out),
            Charset::Page(upper, _) => out.extend(text.chars().map(|char| {
                u8::try_from(char)
                    .ok()
                    .filter(u8::is_ascii)
                    .or_else(|| {
                        let index = upper.iter().position(|known| *known == char)?;
                        u8::try_from(index + 128).ok()
                    })
                    .unwrap_or(b'?')
            })),
        }
    }
}

fn encode_standard(encoding: &'static Encoding, mut text: &str, out: &mut Vec<u8>) {
    let mut encoder = encoding.new_encoder();
    loop {
        out.reserve(text.len() + 16);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(text, out, true);
        text = &text[read..];
        match result {
            encoding_rs::EncoderResult::InputEmpty => return,
            encoding_rs::EncoderResult::OutputFull => {}
            encoding_rs::EncoderResult::Unmappable(_) => out.push(b'?'),
        }
    }
}

/// What a sample says about the encoding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::source) struct EncodingEvidence {
    pub(in crate::source) charset: Charset,
    /// Length of the byte order mark.
    pub(in crate::source) bom: usize,
    /// Whether the sample is plain ASCII, so that the rest may still be anything.
    pub(in crate::source) ascii: bool,
    /// Whether nothing but the text itself says so.
    pub(in crate::source) inferred: bool,
}

/// A byte order mark at the start of `sample`.
pub(in crate::source) fn byte_order_mark(sample: &[u8]) -> Option<EncodingEvidence> {
    let (encoding, bom) = Encoding::for_bom(sample)?;
    Some(EncodingEvidence {
        charset: Charset::Standard(encoding),
        bom,
        ascii: false,
        inferred: false,
    })
}

/// The encoding that `sample` is in by its own evidence.
///
/// UTF-8 wins as soon as a tenth of what is not ASCII is valid UTF-8: by chance that does not
/// happen, and a wrong UTF-8 shows itself as bytes that do not decode, while a wrong single-byte page
/// shows itself as nothing at all.
///
/// A sample that is not the `whole` text may end inside a character.
pub(in crate::source) fn detect(sample: &[u8], whole: bool) -> EncodingEvidence {
    let found = |charset, ascii| EncodingEvidence {
        charset,
        bom: 0,
        ascii,
        inferred: true,
    };
    if let Some(evidence) = byte_order_mark(sample) {
        return evidence;
    }
    if let Some(encoding) = utf16_without_mark(sample) {
        return found(Charset::Standard(encoding), false);
    }
    let (mut valid, mut bad) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        if !chunk.valid().is_ascii() {
            valid += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        }
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if !whole && std::str::from_utf8(last_bytes(sample)).is_err_and(|e| e.error_len().is_none()) {
        bad = bad.saturating_sub(1);
    }
    match (valid, bad) {
        (0, 0) => found(Charset::UTF_8, true),
        _ if valid * 10 >= bad => found(Charset::UTF_8, false),
        _ => found(single_byte(sample), false),
    }
}

/// The end of `sample`, from its last byte that may begin a character.
fn last_bytes(sample: &[u8]) -> &[u8] {
    let begins = |byte: &u8| byte & 0xc0 != 0x80;
    let tail = &sample[sample.len().saturating_sub(4)..];
    &tail[tail.iter().rposition(begins).unwrap_or(0)..]
}

fn utf16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let head = &sample[..sample.len().min(8192) & !1];
    let pairs = head.len() / 2;
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    if pairs >= 4 && odd * 10 > pairs * 4 && even * 20 < pairs {
        Some(UTF_16LE)
    } else if pairs >= 4 && even * 10 > pairs * 4 && odd * 20 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The detector knows no DOS pages and mistakes Mac Roman; for Latin text its guess is held against
/// them by the letters that come out inside words. The hint `dk` only settles ties between Latin
/// pages, on behalf of those who export.
fn single_byte(sample: &[u8]) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(Some(b"dk"), Utf8Detection::Deny);
    let latin = guess.is_single_byte()
        && ["windows-125", "ISO-8859-", "macintosh"]
            .iter()
            .any(|prefix| guess.name().starts_with(prefix))
        && ![
            "windows-1251",
            "windows-1253",
            "windows-1255",
            "windows-1256",
        ]
        .contains(&guess.name());
    if !latin {
        return Charset::Standard(guess);
    }
    let candidates = [
        Charset::Standard(WINDOWS_1252),
        Charset::Standard(guess),
        Charset::Page(&CP850, "cp850"),
        Charset::Page(&CP865, "cp865"),
        Charset::Standard(MACINTOSH),
    ];
    let mut best = (candidates[0], i64::MIN);
    for candidate in candidates {
        let score = latin_score(candidate, sample);
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

fn latin_score(charset: Charset, sample: &[u8]) -> i64 {
    const COMMON: &str = "æøåÆØÅäöüÄÖÜéèëáíóúßñçàâêîôûðþýÉ";
    let chars: Vec<Option<char>> = (0..=255).map(|byte| charset.char(byte)).collect();
    let mut score = 0;
    for (index, byte) in sample.iter().enumerate().filter(|(_, byte)| **byte >= 128) {
        let before = index.checked_sub(1).map_or(b' ', |index| sample[index]);
        let after = sample.get(index + 1).copied().unwrap_or(b' ');
        let in_word = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
        score += match chars[usize::from(*byte)] {
            None => -4,
            Some(char) if char.is_control() => -4,
            Some(char) if COMMON.contains(char) => {
                // A capital inside a word is a page mistaken for another.
                if char.is_uppercase() && before.is_ascii_lowercase() {
                    -1
                } else {
                    2
                }
            }
            Some(char) if char.is_alphabetic() => 0,
            Some(_) if in_word => -2,
            Some(_) => 0,
        };
    }
    score
}

/// The three bytes that stand for a byte that did not decode.
pub(in crate::source) fn mark(byte: u8) -> [u8; 3] {
    [0xf8 | byte >> 6, 0xf8 | byte >> 3 & 7, 0xf8 | byte & 7]
}

/// The byte that three bytes of [`mark`] stand for.
pub(in crate::source) fn unmark(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [a, b, c, ..] if *a >= 0xf8 && *b >= 0xf8 && *c >= 0xf8 => {
            Some((a & 7) << 6 | (b & 7) << 3 | c & 7)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_what_they_write() {
        let text = "Åse Attrap-Østergård;Testine Prøvesen;Låne Ærøskøbing\r\n".repeat(3);
        for label in ["utf-8", "windows-1252", "cp850", "macintosh"] {
            let charset = Charset::from_label(label).unwrap();
            let mut bytes = Vec::new();
            charset.encode(&text, &mut bytes);
            assert_eq!(detect(&bytes, true).charset.name(), label);
        }
        for (label, charset) in [("utf-16le", UTF_16LE), ("utf-16be", UTF_16BE)] {
            let mut bytes = Vec::new();
            Charset::Standard(charset).encode(&text, &mut bytes);
            assert_eq!(detect(&bytes, true).charset.name(), label);
        }
        assert!(detect(b"plain text", true).ascii);
    }

    #[test]
    fn one_broken_byte_does_not_make_utf8_another_page() {
        let mut bytes = "Testine Prøvesen\n".as_bytes().to_vec();
        bytes.extend_from_slice(b"Pr\xf8vesen\n");
        assert_eq!(detect(&bytes, true).charset, Charset::UTF_8);
        // A sample that ends inside a character is no evidence against it.
        assert_eq!(
            detect(&"æøå".as_bytes()[..5], false).charset,
            Charset::UTF_8
        );
        assert!(detect(&"aæ".as_bytes()[..2], false).ascii);
        assert_eq!(detect(b"navn\n\xe6", true).charset.name(), "windows-1252");
    }

    #[test]
    fn labels_are_taken_in_the_forms_people_write() {
        for (label, name) in [
            ("CP-850", "cp850"),
            ("IBM865", "cp865"),
            ("Latin1", "windows-1252"),
            ("cp1252", "windows-1252"),
            ("UTF8", "utf-8"),
            ("MacRoman", "macintosh"),
        ] {
            assert_eq!(Charset::from_label(label).unwrap().name(), name);
        }
        assert_eq!(Charset::from_label("klingon"), None);
    }

    #[test]
    fn every_byte_comes_back_from_its_mark() {
        for byte in 0..=255 {
            assert_eq!(unmark(&mark(byte)), Some(byte));
            assert!(std::str::from_utf8(&mark(byte)).is_err());
        }
    }
}
