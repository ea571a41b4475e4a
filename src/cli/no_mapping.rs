//! What a file is that was named where a mapping file belongs.

use std::path::Path;

use crate::config;
use crate::recordings;

/// How much of a file is looked at: whatever was named may be of any size.
const HEAD: u64 = 1 << 20;

/// What `path` is, in a word, if it is plainly no mapping file.
pub(super) fn what_it_is(path: &Path) -> Option<&'static str> {
    if path.is_dir() {
        return Some("a folder");
    }
    if recordings::probe(path).is_ok() {
        return Some("a recording");
    }
    let bytes = config::read_head(path, HEAD).ok()?;
    of_content(&bytes)
}

fn of_content(bytes: &[u8]) -> Option<&'static str> {
    let magic: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "a workbook or a ZIP archive"),
        (b"\x1f\x8b", "a compressed file"),
        (b"\x28\xb5\x2f\xfd", "a compressed file"),
        (b"SQLite format 3\0", "a ledger or another database"),
    ];
    let known = magic.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, what)) = known {
        return Some(what);
    }
    if bytes.contains(&0) {
        return Some("no text");
    }
    // In whatever encoding: the characters that tell are the same in all that hold no zeros.
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let inner = text.strip_prefix('[').map(str::trim_start);
    if text.starts_with('{') || inner.is_some_and(|inner| inner.starts_with('{')) {
        return Some("an export (JSON)");
    }
    if text.starts_with('<') {
        return Some("a page (HTML or XML)");
    }
    let first = text.lines().next().unwrap_or_default();
    let is_toml = first.starts_with(['[', '#']) || first.contains('=');
    (!is_toml && first.contains([',', ';', '\t', '|'])).then_some("an export (a table)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mapping_is_named() {
        for (content, what) in [
            (&b"PK\x03\x04..."[..], "a workbook or a ZIP archive"),
            (b"\x1f\x8b\x08", "a compressed file"),
            (b"a\0b", "no text"),
            (b"\xef\xbb\xbf{\"calls\": []}", "an export (JSON)"),
            (b" [\n {\"id\": 1}]", "an export (JSON)"),
            (b"<!DOCTYPE html>", "a page (HTML or XML)"),
            (b"id;navn\n1;\xe6", "an export (a table)"),
            (b"id\tname\n", "an export (a table)"),
        ] {
            assert_eq!(of_content(content), Some(what));
        }
    }

    #[test]
    fn a_mapping_is_left_to_its_reader_also_when_it_is_wrong() {
        for content in [
            "",
            "# calls, and more\n[fields]\n",
            "[source]\n",
            "[[merge]]\n",
            "fields = [\"a\", \"b\"]\n",
            "nonsense\n",
        ] {
            assert_eq!(of_content(content.as_bytes()), None, "{content}");
        }
        let presets = crate::mapping::Preset::all().iter();
        assert!(
            presets
                .into_iter()
                .all(|preset| of_content(preset.text.as_bytes()).is_none())
        );
    }
}
