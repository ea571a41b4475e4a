//! Which file a name means: two paths, a link and a hard link may be one file.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Device and number of a file, as far as the system tells them.
type Node = (u64, u64);

/// What makes a file one file, whatever it is called.
#[derive(Debug, Clone)]
pub struct FileId {
    path: PathBuf,
    node: Option<Node>,
    /// Size and last change: some shares give one number to several files.
    state: (u64, Option<SystemTime>),
}

impl FileId {
    /// The file behind this path; `None` where there is none that can be asked.
    pub fn of(path: &Path) -> Option<FileId> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(FileId {
            path: path.canonicalize().ok()?,
            node: node(&metadata),
            state: (metadata.len(), metadata.modified().ok()),
        })
    }

    /// Whether both are certainly one file.
    pub fn is_same(&self, other: &FileId) -> bool {
        self.path == other.path
            || (self.node.is_some() && self.node == other.node && self.state == other.state)
    }

    /// Whether both may be one file, also when it changes meanwhile.
    pub fn may_be(&self, other: &FileId) -> bool {
        self.path == other.path || (self.node.is_some() && self.node == other.node)
    }

    /// The path without links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// By which files that are not the same are told apart at once.
    pub(super) fn node(&self) -> Option<Node> {
        self.node
    }
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere there is no such number"
)]
fn node(metadata: &Metadata) -> Option<Node> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn node(_: &Metadata) -> Option<Node> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_file_by_all_of_its_names() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("a.csv"), "a").unwrap();
        std::fs::write(at("other.csv"), "b").unwrap();
        std::fs::hard_link(at("a.csv"), at("hard.csv")).unwrap();
        std::os::unix::fs::symlink(at("a.csv"), at("link.csv")).unwrap();
        let id = |name: &str| FileId::of(&at(name)).unwrap();
        for name in ["./a.csv", "hard.csv", "link.csv"] {
            assert!(id("a.csv").is_same(&id(name)), "{name}");
        }
        assert!(!id("a.csv").is_same(&id("other.csv")));
        assert!(FileId::of(&at("none.csv")).is_none());
        let before = id("a.csv");
        std::fs::write(at("hard.csv"), "longer").unwrap();
        assert!(before.may_be(&id("hard.csv")));
    }
}
