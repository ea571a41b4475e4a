//! The ways in which a server may write what it quotes. Each gives another reading of a text, or
//! nothing when it would change nothing.

use super::misread;
use super::view::TextView;

/// Readings that are looked at. A server that wraps its quotes deeper hides them from itself.
const MOST: usize = 16;
/// Shorter runs of letters are words.
const SHORTEST_RUN: usize = 8;

/// Reads a text in one way.
type TextReading = fn(&TextView) -> Option<TextView>;

/// Shows the text itself and its readings: without escapes of programs, HTML, URLs and mails, and with UTF-8
/// that was read as Latin-1, up to three deep; then what was written as base64 or as hexadecimal digits.
/// Few are kept at a time. Ends when `look` has seen enough, which it says by false.
pub(super) fn each_reading(text: &str, mut look: impl FnMut(&TextView) -> bool) {
    const ESCAPES: [TextReading; 6] = [
        backslashes,
        html,
        percent,
        form,
        quoted_printable,
        misread::mended,
    ];
    let mut views = vec![TextView::of(text)];
    let mut at = 0;
    for _ in 0..3 {
        let end = views.len();
        while at < end {
            for read in ESCAPES {
                let view = read(&views[at]).filter(|view| !views.contains(view));
                if let Some(view) = view.filter(|_| views.len() < MOST) {
                    views.push(view);
                }
            }
            at += 1;
        }
    }
    for view in views {
        if !look(&view) {
            return;
        }
        for (start, packing) in (0..4)
            .map(|at| (at, BASE64))
            .chain((0..2).map(|at| (at, HEX)))
        {
            let packed = runs(&view, start, packing);
            if !packed.bytes.is_empty() {
                let unescaped = backslashes(&packed);
                if !look(&packed) || !unescaped.iter().all(&mut look) {
                    return;
                }
            }
        }
    }
}

/// Replaces each escape that `read` knows; it gives what stands at the start, and its length.
fn replaced(
    view: &TextView,
    sign: u8,
    read: impl Fn(&[u8]) -> Option<(Vec<u8>, usize)>,
) -> TextView {
    let mut out = TextView::like(view);
    let mut at = 0;
    while let Some(byte) = view.bytes.get(at) {
        let found = if *byte == sign {
            read(&view.bytes[at..])
        } else {
            None
        };
        let (bytes, length) = found.unwrap_or_else(|| (vec![*byte], 1));
        out.push(&bytes, view, at..at + length);
        at += length;
    }
    out
}

fn encoded(char: char) -> Vec<u8> {
    char.to_string().into_bytes()
}

/// The escapes of JSON, and those by which programs write bytes: `\xC3\xB8`, `\303\270`, `\u{f8}`.
fn backslashes(view: &TextView) -> Option<TextView> {
    view.bytes
        .contains(&b'\\')
        .then(|| replaced(view, b'\\', backslash_escape))
}

fn backslash_escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let char = match bytes.get(1)? {
        b'n' | b'r' | b't' | b'b' | b'f' => ' ',
        sign @ (b'"' | b'\\' | b'/' | b'\'') => char::from(*sign),
        b'u' => return braced_escape(bytes).or_else(|| unicode_escape(bytes)),
        b'x' => {
            let byte = hex_byte(bytes.get(2..4)?)?;
            return Some((vec![byte], 4));
        }
        b'0'..=b'3' => {
            let digits = std::str::from_utf8(bytes.get(1..4)?).ok()?;
            let byte = u8::from_str_radix(digits, 8).ok()?;
            return Some((vec![byte], 4));
        }
        _ => return None,
    };
    Some((encoded(char), 2))
}

/// `\u{f8}`
fn braced_escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let digits = bytes.strip_prefix(b"\\u{")?;
    let end = digits.iter().take(7).position(|byte| *byte == b'}')?;
    let code = u32::from_str_radix(std::str::from_utf8(&digits[..end]).ok()?, 16).ok()?;
    Some((encoded(char::from_u32(code)?), end + 4))
}

/// `\u00e6`, or two of them for a character outside of the first plane.
fn unicode_escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let digits = std::str::from_utf8(digits).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    let pair = unit(6).and_then(|second| String::from_utf16(&[first, second]).ok());
    let is_half = char::from_u32(first.into()).is_none();
    match (is_half, pair) {
        (true, Some(text)) => Some((text.into_bytes(), 12)),
        (true, None) => None,
        (false, _) => char::from_u32(first.into()).map(|char| (encoded(char), 6)),
    }
}

fn html(view: &TextView) -> Option<TextView> {
    view.bytes
        .contains(&b'&')
        .then(|| replaced(view, b'&', entity))
}

/// Names of characters in HTML that stand in names of people and in text.
const ENTITIES: [(&str, char); 101] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("plus", '+'),
    ("commat", '@'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("period", '.'),
    ("comma", ','),
    ("lpar", '('),
    ("rpar", ')'),
    ("num", '#'),
    ("sol", '/'),
    ("colon", ':'),
    ("shy", '\u{ad}'),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Atilde", 'Ã'),
    ("Auml", 'Ä'),
    ("Aring", 'Å'),
    ("AElig", 'Æ'),
    ("Ccedil", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Euml", 'Ë'),
    ("Igrave", 'Ì'),
    ("Iacute", 'Í'),
    ("Icirc", 'Î'),
    ("Iuml", 'Ï'),
    ("ETH", 'Ð'),
    ("Ntilde", 'Ñ'),
    ("Ograve", 'Ò'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Ouml", 'Ö'),
    ("Oslash", 'Ø'),
    ("Ugrave", 'Ù'),
    ("Uacute", 'Ú'),
    ("Ucirc", 'Û'),
    ("Uuml", 'Ü'),
    ("Yacute", 'Ý'),
    ("THORN", 'Þ'),
    ("szlig", 'ß'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("eth", 'ð'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("yacute", 'ý'),
    ("thorn", 'þ'),
    ("yuml", 'ÿ'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("Lstrok", 'Ł'),
    ("lstrok", 'ł'),
    ("ccaron", 'č'),
    ("Ccaron", 'Č'),
    ("cacute", 'ć'),
    ("nacute", 'ń'),
    ("sacute", 'ś'),
    ("eogon", 'ę'),
    ("aogon", 'ą'),
];

fn entity(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = bytes.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&bytes[1..end]).ok()?;
    let char = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        char::from_u32(code.ok()?)?
    } else {
        // A message in capitals has its entities in capitals.
        let exact = ENTITIES.iter().find(|(known, _)| *known == name);
        let any_case = || {
            let mut all = ENTITIES.iter();
            all.find(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        exact.or_else(any_case)?.1
    };
    Some((encoded(char), end + 1))
}

fn percent(view: &TextView) -> Option<TextView> {
    view.bytes
        .contains(&b'%')
        .then(|| replaced(view, b'%', percent_escape))
}

fn percent_escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    Some((vec![hex_byte(bytes.get(1..3)?)?], 3))
}

/// `=C3=B8`, and a line that ends with `=` goes on in the next.
fn quoted_printable(view: &TextView) -> Option<TextView> {
    view.bytes
        .contains(&b'=')
        .then(|| replaced(view, b'=', quoted_escape))
}

fn quoted_escape(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    if bytes.starts_with(b"=\r\n") {
        return Some((Vec::new(), 3));
    }
    if bytes.starts_with(b"=\n") {
        return Some((Vec::new(), 2));
    }
    percent_escape(bytes)
}

/// As the values of a form, where a plus is a blank.
fn form(view: &TextView) -> Option<TextView> {
    let blank = |_: &[u8]| Some((b" ".to_vec(), 1));
    let view = view
        .bytes
        .contains(&b'+')
        .then(|| replaced(view, b'+', blank))?;
    Some(percent(&view).unwrap_or(view))
}

/// Reads a group of digits, and gives each byte with the digits that it was read from.
type ReadGroup = fn(&[u8], &mut dyn FnMut(u8, usize, usize));

/// How bytes are written as letters and digits.
#[derive(Clone, Copy)]
struct Packing {
    /// Digits of a group.
    width: usize,
    digit: fn(u8) -> Option<u8>,
    read: ReadGroup,
}

const BASE64: Packing = Packing {
    width: 4,
    digit: sextet,
    read: quantum,
};
const HEX: Packing = Packing {
    width: 2,
    digit: hex_digit,
    read: pair,
};

/// Reads groups of digits in each run of digits, from its place `start` on: where it really begins, nobody
/// knows.
fn runs(view: &TextView, start: usize, packing: Packing) -> TextView {
    let mut out = TextView::like(view);
    let mut at = 0;
    while at < view.bytes.len() {
        let digits = view.bytes[at..]
            .iter()
            .map_while(|byte| (packing.digit)(*byte));
        let digits: Vec<u8> = digits.collect();
        if digits.len() >= SHORTEST_RUN {
            for (number, group) in digits[start..].chunks(packing.width).enumerate() {
                let first = at + start + number * packing.width;
                (packing.read)(group, &mut |byte, from, to| {
                    out.push(&[byte], view, first + from..first + to);
                });
            }
            // Nothing reaches from one run into the next.
            out.push(&[0], view, at + digits.len()..at + digits.len());
        }
        at += digits.len() + 1;
    }
    out
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    Some(hex_digit(*high)? << 4 | hex_digit(*low)?)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn pair(digits: &[u8], push: &mut dyn FnMut(u8, usize, usize)) {
    if let [high, low] = digits {
        push(high << 4 | low, 0, 2);
    }
}

/// A digit of base64 in either alphabet.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn quantum(digits: &[u8], push: &mut dyn FnMut(u8, usize, usize)) {
    for (at, two) in digits.windows(2).enumerate().take(3) {
        let byte = match at {
            0 => two[0] << 2 | two[1] >> 4,
            1 => two[0] << 4 | two[1] >> 2,
            _ => two[0] << 6 | two[1],
        };
        push(byte, at, at + 2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn readings(text: &str) -> Vec<TextView> {
        let mut views = Vec::new();
        each_reading(text, |view| {
            views.push(view.clone());
            true
        });
        views
    }

    fn reads(text: &str, expected: &str) -> bool {
        readings(text).iter().any(|view| {
            let found = view.bytes.windows(expected.len());
            found.into_iter().any(|part| part == expected.as_bytes())
        })
    }

    #[test]
    fn every_way_to_write_a_text_is_read() {
        for text in [
            r#"Ann \"\u00e6\""#,
            r#"\"Ann \\\"\\u00E6\\\"\""#,
            "Ann &quot;&aelig;&#34;",
            "Ann &#x22;&#230;&quot;",
            "Ann%20%22%C3%A6%22",
            "name=Ann+%22%c3%a6%22",
            "QW5uICLDpiI=",
            "x/QW5uICLDpiI",
            "key-QW5uICLDpiI",
            "0x416e6e2022C3A622",
            "Ann%2520%2522%25C3%25A6%2522",
            r#"Ann "\xc3\xa6""#,
            r"Ann \x22\xC3\xA6\x22",
            r#"Ann "\303\246""#,
            r#"Ann "\u{e6}""#,
            r#"Ann \\"\\xC3\\xA6\\""#,
            "Ann =22=C3=A6=22",
            "Ann =\r\n=22=\n=c3=a6=22",
            "ANN &QUOT;&AELIG;&QUOT;"
                .replace("ANN", "Ann")
                .replace("&AELIG;", "&aelig;")
                .as_str(),
            "Ann \"\u{c3}\u{a6}\"",
            "Ann \"&Atilde;&brvbar;\""
                .replace("&brvbar;", "&#166;")
                .as_str(),
        ] {
            assert!(reads(text, "Ann \"æ\""), "{text}");
        }
        assert!(reads(r"\ud83d\ude00", "😀"));
        assert!(reads("c3ViamVjdHM/Pz8+", "subjects???>"));
        assert!(reads("c3ViamVjdHM_Pz8-", "subjects???>"));
    }

    #[test]
    fn half_an_escape_stays_as_it_is() {
        for text in [
            r"\u00",
            r"\ud83d",
            "%4",
            "%",
            "&#x;",
            "&#99999999;",
            "&",
            "\\",
        ] {
            assert!(reads(text, text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_readings_within_its_bounds(text in "\\PC*|[\\\\u%&;#x0-9a-f+=]*") {
            for view in readings(&text) {
                for at in 0..view.bytes.len() {
                    let (start, end) = view.place(at..at + 1);
                    prop_assert!(start <= end && end <= text.len());
                }
            }
        }
    }
}
