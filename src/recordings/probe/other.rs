//! Files in the place of a recording that are known to be something else: error pages and answers,
//! archives, documents, pictures, and files of which nothing was written yet. What is merely not
//! known is not among them: there are more codecs than anybody lists.

/// The first bytes of formats that hold no sound: where, which, and what it is.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "a ZIP archive"),
    (0, b"PK\x07\x08", "a ZIP archive"),
    (0, b"\x1f\x8b\x08", "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (4, b"1AY&SY", "a bzip2 archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"MSCF\0\0\0\0", "a CAB archive"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    (0, b"\x89PNG\r\n\x1a\n", "a picture"),
    (0, b"\xff\xd8\xff\xe0", "a picture"),
    (0, b"\xff\xd8\xff\xe1", "a picture"),
    (0, b"GIF87a", "a picture"),
    (0, b"GIF89a", "a picture"),
    (0, b"SQLite format 3\0", "a database"),
    (0, b"\x7fELF", "a program"),
    (0, b"\x00\x05\x16\x07", "a Mac's notes about a file"),
    (0, b"L\0\0\0\x01\x14\x02\0", "a shortcut of Windows"),
];

/// Fewer bytes of headerless sound may look like text by chance.
const LEAST_TEXT: usize = 64;

/// What the first bytes of a file are known to be, if that is no sound. `is_headerless` says that
/// its name promises sound without a header, which may begin with anything.
pub(super) fn known_other(head: &[u8], is_headerless: bool) -> Option<&'static str> {
    let signed = SIGNATURES
        .iter()
        .find(|(at, bytes, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    if let Some((_, _, what)) = signed {
        return Some(what);
    }
    if is_headerless && head.len() < LEAST_TEXT {
        return None;
    }
    text(head).map(|text| kind_of_text(&text))
}

/// The first bytes as text, if that is what they are: no sound of more than a few bytes is without a
/// control character.
fn text(head: &[u8]) -> Option<String> {
    let text = match head {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes)?,
        _ => narrow(head)?,
    };
    let is_text = |char: char| !char.is_control() || matches!(char, '\t' | '\n' | '\r' | '\u{c}');
    (!text.trim().is_empty() && text.chars().all(is_text)).then_some(text)
}

/// UTF-8 that may be cut within its last character, or ASCII with a few letters of another
/// encoding between, as in a page.
fn narrow(head: &[u8]) -> Option<String> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()])
                .ok()
                .map(str::to_owned)
        }
        Err(_) => {
            let foreign = head.iter().filter(|byte| !byte.is_ascii()).count();
            (foreign * 20 < head.len()).then(|| head.iter().map(|byte| char::from(*byte)).collect())
        }
    }
}

/// UTF-16, of which most is ASCII, as in a page.
fn wide(rest: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units)
        .map(|char| char.unwrap_or('\0'))
        .collect();
    let ascii = text.chars().filter(char::is_ascii).count();
    (ascii * 2 > text.chars().count()).then_some(text)
}

fn kind_of_text(text: &str) -> &'static str {
    let text = text.trim_start();
    if text.starts_with("{\\rtf") {
        "an RTF document"
    } else if text.starts_with('<') {
        "markup text, such as an error page"
    } else if text.starts_with(['{', '[']) {
        "JSON text, such as an error answer"
    } else if text.starts_with("version https://git-lfs") {
        "a placeholder of a file store"
    } else {
        "text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_place_of_a_recording_is_named() {
        let wide: Vec<u8> = "\u{feff}<html>Fejl æøå</html>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\0");
        for (head, expected) in [
            (&b"<!DOCTYPE html><html>"[..], "markup"),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?><Error/>", "markup"),
            (b"<html>Adgang n\xe6gtet for denne bruger</html>", "markup"),
            (&wide, "markup"),
            (b"  \n{\"error\":\"gone\"}", "JSON"),
            (b"[]", "JSON"),
            (b"{\\rtf1", "RTF"),
            (b"PK\x03\x04....", "ZIP"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (&tar, "tar"),
            (b"403 Forbidden\n", "text"),
            (b"version https://git-lfs.github.com/spec/v1", "placeholder"),
        ] {
            let what = known_other(head, false).unwrap_or_default();
            assert!(what.contains(expected), "{expected}: {what}");
        }
    }

    #[test]
    fn what_may_be_sound_is_not_named() {
        let sound: Vec<u8> = (0..200_u8).collect();
        for head in [
            &sound[..],
            &[0; 100],
            b"\xff\xfe\0\x01\x02\x03",
            b" ",
            b"caff\0",
        ] {
            assert_eq!(known_other(head, false), None);
        }
        // Three bytes of sound without a header are a letter each now and then.
        assert_eq!(known_other(b"<k<", true), None);
        assert!(known_other(&b"<html>".repeat(20), true).is_some());
    }
}
