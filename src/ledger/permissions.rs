//! Who may read and change the files of a ledger: their owner only.

use std::fs::{self, File, Metadata, OpenOptions};
use std::path::Path;
use std::sync::Once;

use super::filesystem::folder_of;

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
pub(super) fn is_of_another_user(found: &Metadata) -> bool {
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
pub(super) fn open_folder(ledger: &Path) -> Option<&Path> {
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
