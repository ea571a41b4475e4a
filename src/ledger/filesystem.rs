//! What kind of disk a ledger is on, and how its files are opened.
//!
//! SQLite's write-ahead log needs memory that all its users share. Two machines that look at one
//! share have none, and what they read and write can then be wrong. There the ledger falls back to
//! the rollback journal, which is slower and safe.

use std::fs::{self, File, Metadata, OpenOptions};
use std::path::Path;

use super::error::{Error, LedgerOpenError};

/// File systems of other machines, as Linux names them.
const REMOTE: [&str; 11] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "fuse.sshfs",
    "glusterfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "vboxsf",
];

/// Whether the file is on the disk of another machine, as far as this one tells.
pub(super) fn is_remote(path: &Path) -> bool {
    fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| is_remote_in(&mounts, path))
}

/// The last of the longest mount points above the file is the one that counts.
fn is_remote_in(mounts: &str, path: &Path) -> bool {
    mounts
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let point = unescaped(before.split(' ').nth(4)?);
            let kind = after.split(' ').next()?;
            path.starts_with(&point).then_some((point.len(), kind))
        })
        .max_by_key(|(length, _)| *length)
        .is_some_and(|(_, kind)| REMOTE.contains(&kind))
}

/// The kernel writes a blank as `\040`, and tab, line feed and backslash likewise.
fn unescaped(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .into_iter()
    .fold(point.to_owned(), |point, (escape, character)| {
        point.replace(escape, character)
    })
}

/// Brings the names of new files to the disk: a file whose folder was not written is not there after a
/// loss of power. SQLite does the same for its own files; where it cannot be done, it need not be.
pub(super) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

/// Opens a file of the ledger, but never through a link: what it points to is somebody else's. Nor
/// does it open a folder, a device or a pipe, where even opening can change something or never end.
pub(super) fn open_no_link(options: &OpenOptions, path: &Path) -> Result<File, LedgerOpenError> {
    if fs::symlink_metadata(path).is_ok_and(|found| is_special(&found)) {
        return Err(LedgerOpenError::NotRegular { path: path.into() });
    }
    let file = open_at_once(options, path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if is_link {
            LedgerOpenError::Link { path: path.into() }
        } else {
            Error::io(path, error).into()
        }
    })?;
    // The name may have changed its file since the first look; the handle cannot.
    let found = file.metadata().map_err(|error| Error::io(path, error))?;
    if is_special(&found) {
        return Err(LedgerOpenError::NotRegular { path: path.into() });
    }
    Ok(file)
}

/// Opens a file whose name may be exchanged for a link or a pipe meanwhile; waits for no writer.
fn open_at_once(options: &OpenOptions, path: &Path) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let open = |flags: OFlags| {
            let flags = i32::try_from(flags.bits()).unwrap_or_default();
            options.clone().custom_flags(flags).open(path)
        };
        match open(OFlags::NOFOLLOW | OFlags::NONBLOCK) {
            // It is a file, and another program (Samba, mostly) gives up its lease on it.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => open(OFlags::NOFOLLOW),
            opened => opened,
        }
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Bytes that this user may still write where the file is; `None` where the system does not tell.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(folder_of(path)).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Neither file nor link.
pub(super) fn is_special(found: &Metadata) -> bool {
    !(found.is_file() || found.is_symlink())
}

/// The folder that a file of the ledger is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// The numbers of the device and the file behind a name; `None` where there is no file, or where
/// files have no numbers.
pub(super) fn file_number(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = fs::metadata(path).ok()?;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 21 0:40 / /srv rw shared:7 - nfs4 files.example.com:/srv rw,vers=4.2\n\
        31 30 8:2 / /srv/local rw - xfs /dev/sdb1 rw\n\
        32 21 0:41 / /mnt/night\\040shift rw - cifs //files.example.com/night rw\n\
        line that no kernel writes\n";

    #[test]
    fn the_nearest_mount_point_tells_the_disk() {
        for (path, expected) in [
            ("/home/calls.db", false),
            ("/srv/calls.db", true),
            ("/srvcalls.db", false),
            ("/srv/local/calls.db", false),
            ("/srv/local2/calls.db", true),
            ("/mnt/night shift/calls.db", true),
        ] {
            assert_eq!(is_remote_in(MOUNTS, Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_is_mounted_over_another_disk_hides_it() {
        let mounts = "1 0 8:1 / /a rw - nfs x rw\n2 0 8:2 / /a rw - ext4 y rw\n";
        assert!(!is_remote_in(mounts, Path::new("/a/calls.db")));
    }
}
