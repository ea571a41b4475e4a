//! Folders that hold what was deleted, or copies that a system keeps for itself.

use std::ffi::OsStr;

/// In lower case. Names that begin with a dot need not stand here.
const BINS: [&str; 26] = [
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "@__thumb",
    "@eadir",
    "@recently-snapshot",
    "@recycle",
    "@sharesnap",
    "@snapshots",
    "@tmp",
    "__macosx",
    "deleted items",
    "lost+found",
    "network trash folder",
    "recycle",
    "recycle bin",
    "recycle.bin",
    "recyclebin",
    "recycled",
    "recycler",
    "system volume information",
    "temporary items",
    "trash",
    "trashbox",
    "trashes",
    "~snapshot",
];

/// Whether a folder of this name is a recycle bin, a snapshot, the index of a file server or hidden.
/// What lies in it was deleted on purpose, or is a copy of what lies elsewhere.
pub fn is_bin(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    // `$RECYCLE.BIN.1`, `found.000`, `~snapshot-2024`: numbered by whoever made them.
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let is_found = stem == "found" && name.len() == "found.000".len();
    name.starts_with('.') || is_found || BINS.contains(&&*name) || BINS.contains(&stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_snapshots_and_hidden_folders_are_known_in_any_letter_case() {
        for name in [
            "#recycle",
            "@Recycle",
            ".Trash-1000",
            ".Trashes",
            "$RECYCLE.BIN",
            "RECYCLER",
            ".snapshot",
            "~snapshot",
            "@eaDir",
            "lost+found",
            ".stversions",
            ".AppleDouble",
            "__MACOSX",
            "System Volume Information",
            "found.000",
            ".x",
        ] {
            assert!(is_bin(OsStr::new(name)), "{name}");
        }
        for name in [
            "2024",
            "trash talk",
            "found",
            "recordings.d",
            "a.b",
            "@home",
        ] {
            assert!(!is_bin(OsStr::new(name)), "{name}");
        }
    }
}
