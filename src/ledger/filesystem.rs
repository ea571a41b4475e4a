//! What kind of disk a ledger stands on, and whether it still stands there.
//!
//! SQLite's write-ahead log needs memory that all its users share. Two machines that look at one
//! share have none, and what they read and write can then be wrong. There the ledger falls back to
//! the rollback journal, which is slower and safe.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

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

/// Whether the file stands on the disk of another machine, as far as this one tells.
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

/// All files that a ledger at this path may have: itself, its logs and its lock.
pub fn files_of(ledger: &Path) -> [PathBuf; 5] {
    ["", "-wal", "-shm", "-journal", ".lock"].map(|ending| beside(ledger, ending))
}

/// The file beside a ledger whose name ends like this: `-wal`, `-journal`, `.lock`.
pub(super) fn beside(ledger: &Path, ending: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(ending);
    name.into()
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

/// Files of the ledger can be read by their owner only; SQLite gives its own the same mode.
pub(super) fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// Neither file nor link.
fn is_special(found: &Metadata) -> bool {
    !(found.is_file() || found.is_symlink())
}

/// Whether the file has more names than one; false where files have no such count.
pub(super) fn has_other_names(found: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        found.nlink() > 1
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

/// Whether the file belongs to another user than this one. False where files have no owners.
fn is_of_another_user(found: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        found.uid() != rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

/// Whether a file beside the ledger is somebody else's: neither of the user nor of the ledger's owner,
/// for whom root, say, runs this program. False where files have no owners.
pub(super) fn is_of_others(found: &Metadata, ledger: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let ours = rustix::process::geteuid().as_raw();
        let of_ledger = fs::symlink_metadata(ledger).ok();
        let known = [Some(ours), of_ledger.map(|ledger| ledger.uid())];
        !known.contains(&Some(found.uid()))
    }
    #[cfg(not(unix))]
    {
        let _ = (found, ledger);
        false
    }
}

/// An error if a log of the ledger is no regular file, or may be somebody else's: by a second name, or because
/// another user made it. SQLite plays the logs back, writes to them, and cuts them, even for a reader.
pub(super) fn expect_regular_logs(ledger: &Path) -> Result<(), LedgerOpenError> {
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        if found.is_symlink() {
            // SQLite itself follows no link there, and a reader does without the file.
            if ending != "-shm" {
                return Err(LedgerOpenError::Link { path });
            }
        } else if is_special(&found) {
            return Err(LedgerOpenError::NotRegular { path });
        } else {
            expect_own_log(path, &found, ledger)?;
        }
    }
    Ok(())
}

/// In a folder where all may make files, anybody can put a log beside the ledger of another.
fn expect_own_log(path: PathBuf, found: &Metadata, ledger: &Path) -> Result<(), LedgerOpenError> {
    if has_other_names(found) {
        return Err(LedgerOpenError::HardLink { path });
    }
    if is_of_others(found, ledger) {
        return Err(LedgerOpenError::OfOthers { path });
    }
    Ok(())
}

/// The folder that a file of the ledger stands in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// An error if there is a log with something in it and no ledger: SQLite would delete it. Only the journal of
/// a ledger that was about to be made may be there, which a killed run leaves.
pub(super) fn expect_no_log(ledger: &Path) -> Result<(), LedgerOpenError> {
    for ending in LOGS {
        let path = beside(ledger, ending);
        if !fs::symlink_metadata(&path).is_ok_and(|found| found.len() > 0) {
            continue;
        }
        let file = open_no_link(OpenOptions::new().read(true), &path)?;
        if ending != "-journal" || !begins_with_nothing(&path, &file)? {
            return Err(LedgerOpenError::LogAlone { path });
        }
    }
    Ok(())
}

/// Whether a rollback journal was begun for a database without pages. Its header, where a loss of power has
/// left one, has eight fixed bytes first, and the number of pages before the change at 16.
fn begins_with_nothing(path: &Path, journal: &File) -> Result<bool, LedgerOpenError> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut head = Vec::new();
    let read = journal.take(20).read_to_end(&mut head);
    read.map_err(|error| Error::io(path, error))?;
    let is_blank = head.iter().all(|byte| *byte == 0);
    Ok(is_blank || head.starts_with(&MAGIC) && head.get(16..) == Some(&[0; 4]))
}

/// The rights of others to the file; none where files have no such rights.
fn rights_of_others(file: &File) -> u32 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.metadata()
            .map_or(0, |found| found.permissions().mode() & 0o077)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        0
    }
}

/// Takes the rights of others to the file away; says so, and goes on where that cannot be done.
pub(super) fn make_private(path: &Path, file: &File) {
    if rights_of_others(file) == 0 {
        return;
    }
    let name = path.display();
    match take_rights(file) {
        Ok(()) => tracing::warn!("removed the access that other users had to {name}"),
        Err(error) => {
            tracing::warn!("other users can read or change {name} (chmod 600): {error}");
        }
    }
}

fn take_rights(file: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata()?.permissions().mode();
        file.set_permissions(fs::Permissions::from_mode(mode & 0o700))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(())
    }
}

/// The same for the logs that an earlier run left, which hold rows of the ledger. A link in place of one,
/// of either kind, is an error: SQLite would write through it.
pub(super) fn make_logs_private(ledger: &Path) -> Result<(), LedgerOpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        if fs::symlink_metadata(&path).is_ok() {
            let file = open_no_link(&options, &path)?;
            // Asked of the handle, so that no swap of names comes between.
            if let Ok(found) = file.metadata() {
                expect_own_log(path.clone(), &found, ledger)?;
            }
            make_private(&path, &file);
        }
    }
    Ok(())
}

/// Says that others have rights to a ledger that is only looked at.
pub(super) fn tell_if_open(path: &Path, file: &File) {
    if rights_of_others(file) != 0 {
        tracing::warn!(
            "other users can read or change {}; the next run makes it private",
            path.display()
        );
    }
}

/// The folder of a ledger if all users can make files there.
fn open_folder(ledger: &Path) -> Option<&Path> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder_of(ledger);
        let mode = fs::metadata(folder).map_or(0, |found| found.permissions().mode());
        (mode & 0o002 != 0).then_some(folder)
    }
    #[cfg(not(unix))]
    {
        let _ = ledger;
        None
    }
}

/// Says once that all users can make files beside the ledger.
pub(super) fn tell_if_folder_is_open(ledger: &Path) {
    static TOLD: Once = Once::new();
    if let Some(folder) = open_folder(ledger) {
        TOLD.call_once(|| {
            tracing::warn!(
                "all users can make files in {}, and change the ledger by them; keep it in a folder \
                 of your own",
                folder.display()
            );
        });
    }
}

/// Makes empty logs where all users could make them: a log of another user is refused, but might come between
/// that look and SQLite's own. In a folder like `/tmp` nobody else can take these away. To SQLite an empty log
/// says nothing.
pub(super) fn take_names_of_logs(ledger: &Path) -> Result<(), LedgerOpenError> {
    // Root makes none for the owner of the ledger, who could not use them.
    let is_of_others = fs::symlink_metadata(ledger).is_ok_and(|found| is_of_another_user(&found));
    if open_folder(ledger).is_none() || is_of_others || is_remote(ledger) {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        match open_no_link(&options, &path) {
            Err(LedgerOpenError::Storage(Error::Io { source, .. }))
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                // One that is gone again was there for a moment, as only another user's is.
                let found = fs::symlink_metadata(&path);
                if !found.is_ok_and(|found| !is_of_another_user(&found)) {
                    return Err(LedgerOpenError::OfOthers { path });
                }
            }
            // Where none can be made, SQLite makes none either.
            _ => {}
        }
    }
    Ok(())
}

/// Removes the empty journal that [`take_names_of_logs`] made, once SQLite has looked for one: with a
/// write-ahead log it needs none, and leaves it.
pub(super) fn leave_name_of_journal(ledger: &Path) {
    let journal = beside(ledger, "-journal");
    let is_empty = |found: Metadata| found.is_file() && found.len() == 0;
    if open_folder(ledger).is_some()
        && !is_remote(ledger)
        && fs::symlink_metadata(&journal).is_ok_and(is_empty)
    {
        let _ = fs::remove_file(journal);
    }
}

/// All files that SQLite makes beside a ledger.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Files beside a ledger without which it is not all there.
pub(super) const LOGS: [&str; 2] = ["-wal", "-journal"];

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
