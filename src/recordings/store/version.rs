//! Which state of a stored recording was listed.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use super::error::FileChange;
use xxhash_rust::xxh3::xxh3_64;

/// What a store says of a recording to tell it from what may take its place, in 24 bytes: an index
/// holds one for each. Half a hash each is enough for file and status: another file has another status
/// as well, and nobody can set that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObjectVersion {
    /// Its size.
    pub bytes: u64,
    /// A hash of the numbers of device and file, or of the tag of an object; 0 where it has none.
    pub(in crate::recordings) file: u32,
    /// A hash of the time at which the system last changed anything of the file (`ctime`), which a
    /// program that sets the time of the last writing cannot set; 0 where there is none.
    pub(in crate::recordings) status: u32,
    /// Nanoseconds since 1970.
    pub(in crate::recordings) modified: i64,
}

impl ObjectVersion {
    /// What an object store says: size, tag of the content, time of the last change.
    pub fn tagged(bytes: u64, tag: &[u8], modified: SystemTime) -> ObjectVersion {
        ObjectVersion {
            bytes,
            file: if tag.is_empty() { 0 } else { half_hash(tag) },
            status: 0,
            modified: nanoseconds(modified),
        }
    }

    /// What became of an object, by what its store says of it now. A tag tells more than a time, which
    /// stores round; where there is none, size and time must do.
    pub fn change_to(self, now: ObjectVersion) -> Option<FileChange> {
        let is_tagged = self.file != 0 && now.file != 0;
        if self.bytes != now.bytes {
            let (expected, found) = (self.bytes, now.bytes);
            Some(FileChange::Size { expected, found })
        } else if is_tagged && self.file != now.file {
            Some(FileChange::Replaced)
        } else if !is_tagged && self.modified != now.modified {
            Some(FileChange::Written)
        } else {
            None
        }
    }

    /// What the system says of a file.
    pub(in crate::recordings) fn of(metadata: &Metadata) -> ObjectVersion {
        let (file, status) = numbers(metadata);
        ObjectVersion {
            bytes: metadata.len(),
            file,
            status,
            modified: metadata.modified().map_or(0, nanoseconds),
        }
    }

    /// The time of the last change.
    pub fn modified(self) -> SystemTime {
        let apart = Duration::from_nanos(self.modified.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let at = if self.modified < 0 {
            epoch.checked_sub(apart)
        } else {
            epoch.checked_add(apart)
        };
        at.unwrap_or(epoch)
    }
}

/// Nanoseconds since 1970; what is more than 292 years off is as far as that.
fn nanoseconds(at: SystemTime) -> i64 {
    let narrow = |apart: Duration| i64::try_from(apart.as_nanos()).unwrap_or(i64::MAX);
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => narrow(since),
        Err(before) => -narrow(before.duration()),
    }
}

/// The hashes of which file it is, and of when anything of it last changed.
fn numbers(metadata: &Metadata) -> (u32, u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = pair_hash(metadata.dev().to_le_bytes(), metadata.ino().to_le_bytes());
        let (seconds, rest) = (metadata.ctime(), metadata.ctime_nsec());
        (file, pair_hash(seconds.to_le_bytes(), rest.to_le_bytes()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        (0, 0)
    }
}

#[cfg(unix)]
fn pair_hash(one: [u8; 8], other: [u8; 8]) -> u32 {
    let mut numbers = [0; 16];
    numbers[..8].copy_from_slice(&one);
    numbers[8..].copy_from_slice(&other);
    half_hash(&numbers)
}

fn half_hash(bytes: &[u8]) -> u32 {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_and_far_away_are_kept_or_clamped() {
        let epoch = SystemTime::UNIX_EPOCH;
        let second = Duration::from_millis(1500);
        for at in [epoch, epoch + second, epoch - second] {
            let modified = nanoseconds(at);
            let identity = ObjectVersion {
                modified,
                ..ObjectVersion::default()
            };
            assert_eq!(identity.modified(), at);
        }
        let far = epoch + Duration::from_secs(1 << 40);
        assert_eq!(nanoseconds(far), i64::MAX);
    }
}
