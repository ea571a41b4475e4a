//! Reads what an export says about the place of a recording.
//!
//! A name from an export is only ever a key into the index. Those that mean to leave the audio
//! folder are refused all the same, so that a person hears about them.

use std::fmt;

use super::asked_part::{AskedPart, shown};
use super::extension::is_audio_extension;
use super::spelling::{composed, split_extension};
use super::value_held::{NamedPart, droppable};
use super::wildcard::is_pattern;

/// Why a name from an export, or a link below the audio folder, is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutsideFolder {
    /// A `..` in the name.
    Parent,
    /// A path from the root of a file system (`/var/…`, `\\server\…`, `file:`).
    Absolute,
    /// A Windows drive letter (`C:\…`).
    Drive,
    /// A symbolic link that leads out of the audio folder.
    Link,
}

impl fmt::Display for OutsideFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OutsideFolder::Parent => "it climbs with `..`",
            OutsideFolder::Absolute => "it is an absolute path",
            OutsideFolder::Drive => "it names a drive",
            OutsideFolder::Link => "it is a link that leads out",
        })
    }
}

/// Longer names exist on no file system (a path is at most 4096 bytes on Linux).
const LONGEST: usize = 4096;

/// What a name asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ParsedName {
    /// Nothing that a file could be called.
    Nothing,
    Refused(OutsideFolder),
    Wanted(WantedName),
}

/// A file to look for, in composed form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WantedName {
    pub(super) folders: Vec<String>,
    pub(super) file: String,
    pub(super) scope: FolderScope,
    /// So many of the outermost folders may be dropped: what is left still tells the record.
    pub(super) droppable: usize,
}

/// How much the folders of a name bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FolderScope {
    /// `./a/b`: exactly there below the audio folder.
    Anchored,
    /// `a/b`: there, or where one path is the end of the other.
    Related,
    /// Folders are evidence at best: URLs, and names without folders.
    Anywhere,
}

impl WantedName {
    /// A file name alone, wherever it is.
    pub(super) fn anywhere(file: &str) -> Option<WantedName> {
        (!file.trim().is_empty() && file.len() <= LONGEST && !file.contains('\0')).then(|| {
            WantedName {
                folders: Vec::new(),
                file: composed(file).into_owned(),
                scope: FolderScope::Anywhere,
                droppable: 0,
            }
        })
    }

    /// The stem and the audio extension, when the name has one.
    pub(super) fn extension(&self) -> Option<(&str, &str)> {
        match split_extension(&self.file) {
            (stem, Some(extension)) if is_audio_extension(extension) => Some((stem, extension)),
            _ => None,
        }
    }
}

/// Reads a rendered match template of the record with this id.
pub(super) fn read(name: &[AskedPart<'_>], identity: &str) -> ParsedName {
    let text = shown(name);
    if text.len() > LONGEST || text.contains('\0') || !text.contains(char::is_alphanumeric) {
        let leaves = text.split(['/', '\\']).any(|part| part == "..");
        return if leaves {
            ParsedName::Refused(OutsideFolder::Parent)
        } else {
            ParsedName::Nothing
        };
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return if scheme.eq_ignore_ascii_case("file") {
            ParsedName::Refused(OutsideFolder::Absolute)
        } else {
            read_url(name, identity)
        };
    }
    if let Some(refusal) = refusal(&text) {
        return ParsedName::Refused(refusal);
    }
    let anchored = text.split(['/', '\\']).next() == Some(".");
    let mut parts = NamedPart::split(name, &['/', '\\'], false);
    let file = parts.pop().filter(|last| !matches!(&*last.text, "" | "."));
    parts.retain(|part| !matches!(&*part.text, "" | "."));
    let Some(file) = file else {
        return ParsedName::Nothing;
    };
    let scope = match (anchored, parts.is_empty()) {
        (true, _) => FolderScope::Anchored,
        (false, true) => FolderScope::Anywhere,
        (false, false) => FolderScope::Related,
    };
    wanted(parts, file, scope, identity)
}

/// A name that says nothing of the record is that of every record, and of none.
fn wanted(
    folders: Vec<NamedPart>,
    mut file: NamedPart,
    scope: FolderScope,
    identity: &str,
) -> ParsedName {
    // A `*` that stands for the extension alone asks for the whole name.
    if let Some(stem) = file.text.strip_suffix(".*")
        && !is_pattern(stem)
    {
        file.text.truncate(stem.len());
    }
    let says_something = folders.iter().chain([&file]).any(NamedPart::says_something);
    let droppable = droppable(&folders, &file, identity);
    let folders: Vec<String> = folders.into_iter().map(|part| part.text).collect();
    let file = file.text;
    if !says_something || file.is_empty() || is_unbound(&file, &folders) {
        return ParsedName::Nothing;
    }
    ParsedName::Wanted(WantedName {
        folders,
        file,
        scope,
        droppable,
    })
}

/// Whether a pattern would fit every recording: what is left of a template such as `{{ id }}*.wav`
/// when the record has no id.
fn is_unbound(file: &str, folders: &[String]) -> bool {
    let head = file.rsplit_once('.').map_or(file, |(head, _)| head);
    is_pattern(file)
        && !head.contains(char::is_alphanumeric)
        && !folders
            .iter()
            .any(|folder| folder.contains(char::is_alphanumeric))
}

fn refusal(name: &str) -> Option<OutsideFolder> {
    let bytes = name.as_bytes();
    let file_url = bytes
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"file:"));
    if name.starts_with(['/', '\\']) || file_url {
        return Some(OutsideFolder::Absolute);
    }
    if bytes[0].is_ascii_alphabetic() && bytes.get(1) == Some(&b':') {
        return Some(OutsideFolder::Drive);
    }
    name.split(['/', '\\'])
        .any(|part| part == "..")
        .then_some(OutsideFolder::Parent)
}

/// A URL is no path: its last segment names the file, the segments before it only help to tell
/// files of the same name apart.
fn read_url(name: &[AskedPart<'_>], identity: &str) -> ParsedName {
    let mut segments = NamedPart::split_url(name);
    segments.retain(|segment| !segment.text.is_empty());
    match segments.pop() {
        Some(file) if !segments.is_empty() => {
            wanted(segments, file, FolderScope::Anywhere, identity)
        }
        _ => ParsedName::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that stands in a column as a whole.
    fn read(name: &str) -> ParsedName {
        super::read(&[AskedPart::Value(name)], "")
    }

    fn wanted(name: &str) -> (Vec<String>, String, FolderScope) {
        match read(name) {
            ParsedName::Wanted(wanted) => (wanted.folders, wanted.file, wanted.scope),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for (name, why) in [
            ("../x.wav", OutsideFolder::Parent),
            ("a/../x.wav", OutsideFolder::Parent),
            ("a\\..\\x.wav", OutsideFolder::Parent),
            ("..", OutsideFolder::Parent),
            (
                "/var/spool/asterisk/monitor/2024/x.wav",
                OutsideFolder::Absolute,
            ),
            ("\\\\server\\share\\x.wav", OutsideFolder::Absolute),
            ("file:///tmp/x.wav", OutsideFolder::Absolute),
            ("file:/tmp/x.wav", OutsideFolder::Absolute),
            ("C:\\rec\\x.wav", OutsideFolder::Drive),
            ("c:x.wav", OutsideFolder::Drive),
        ] {
            assert_eq!(read(name), ParsedName::Refused(why), "{name}");
        }
    }

    #[test]
    fn folders_are_read_with_either_separator() {
        let folders = vec!["2024".to_owned(), "03".to_owned()];
        assert_eq!(
            wanted("2024\\03/x.wav"),
            (folders.clone(), "x.wav".into(), FolderScope::Related)
        );
        assert_eq!(
            wanted("./2024//03/x.wav"),
            (folders, "x.wav".into(), FolderScope::Anchored)
        );
        assert_eq!(wanted("x"), (vec![], "x".into(), FolderScope::Anywhere));
    }

    #[test]
    fn the_last_segment_of_a_url_is_the_file() {
        let (_, file, scope) = wanted("https://example.com/calls/a%20b%3A1.mp3?token=1/2#x");
        assert_eq!((file.as_str(), scope), ("a b:1.mp3", FolderScope::Anywhere));
        let (_, file, _) = wanted("https://example.com/..%2F..%2Fetc%2Fpasswd.wav");
        assert_eq!(file, "../../etc/passwd.wav", "a key, never a path");
        assert_eq!(read("https://example.com"), ParsedName::Nothing);
    }

    #[test]
    fn a_name_without_a_letter_or_digit_asks_for_nothing() {
        for name in [
            "", " ", "*", "*.*", "*.wav", "*-?.wav", "*/*.wav", "/", ".", "a/", "x\0y",
        ] {
            assert_eq!(read(name), ParsedName::Nothing, "{name:?}");
        }
        let constant = [AskedPart::Text("recordings/0"), AskedPart::Wildcard];
        assert_eq!(super::read(&constant, "0"), ParsedName::Nothing);
        assert_eq!(read(&"x".repeat(10_000)), ParsedName::Nothing);
    }
}
