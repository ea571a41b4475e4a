//! Under which name a store keeps a recording.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The name under which a store keeps a recording: a path below a folder, or the key of an object.
/// It comes from the store's own list, never from an export.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordingKey(PathBuf);

impl RecordingKey {
    /// A key as the store writes it.
    pub fn new(key: impl Into<PathBuf>) -> RecordingKey {
        RecordingKey(key.into())
    }

    /// It as a path below a folder.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// It as the store writes it.
    pub fn as_os_str(&self) -> &OsStr {
        self.0.as_os_str()
    }
}
