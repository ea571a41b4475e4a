//! Opens files below one folder, and never through a link.
//!
//! The folder is opened once. What is opened later is looked for from that handle, and a link on the
//! way ends the look: neither a file nor a folder that is exchanged for a link while the program
//! works leads out of the folder.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// A folder whose files are opened.
#[derive(Debug)]
pub(in crate::recordings) struct Root {
    path: PathBuf,
    #[cfg(unix)]
    folder: std::os::fd::OwnedFd,
}

impl Root {
    /// Opens the folder at a path that is absolute and holds no links.
    pub(in crate::recordings) fn open(path: PathBuf) -> io::Result<Root> {
        Ok(Root {
            #[cfg(unix)]
            folder: unix::folder(&path)?,
            path,
        })
    }

    /// Where the folder was when it was opened.
    pub(in crate::recordings) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what is at this path below the folder, to be read; tells what it is. It may be anything:
    /// a pipe is opened without waiting for its writer.
    pub(in crate::recordings) fn open_below(&self, below: &Path) -> io::Result<(File, Metadata)> {
        #[cfg(unix)]
        let file = unix::file(&self.folder, below)?;
        #[cfg(not(unix))]
        let file = {
            let path = self.path.join(below);
            // Without handles of folders the best that can be had: a link is seen before the open.
            if !path.symlink_metadata()?.is_file() || !path.canonicalize()?.starts_with(&self.path)
            {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            File::open(path)?
        };
        let metadata = file.metadata()?;
        Ok((file, metadata))
    }
}

/// Folders are the same when they have the same name: of one run there is only one.
impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Root {}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
    use std::path::{Component, Path};
    use std::thread;
    use std::time::Duration;

    use rustix::fs::{Mode, OFlags, open, openat};
    use rustix::io::{Errno, retry_on_intr};

    /// Without `NONBLOCK` the open of a pipe would wait for its writer.
    const FILE: OFlags = OFlags::RDONLY
        .union(OFlags::NOFOLLOW)
        .union(OFlags::NONBLOCK)
        .union(OFlags::NOCTTY)
        .union(OFlags::CLOEXEC);
    const FOLDER: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);
    /// Another program on this machine (Samba, mostly) may hold a lease on a file and has 45 seconds
    /// to give it up; nearly always it takes a few milliseconds.
    const LEASES: u32 = 100;
    const LEASE_PAUSE: Duration = Duration::from_millis(50);

    pub(in crate::recordings) fn folder(path: &Path) -> io::Result<OwnedFd> {
        Ok(retry_on_intr(|| open(path, FOLDER, Mode::empty()))?)
    }

    pub(in crate::recordings) fn file(root: &OwnedFd, below: &Path) -> io::Result<File> {
        let mut tries = 0;
        loop {
            match retry_on_intr(|| at_once(root.as_fd(), below)) {
                Err(Errno::WOULDBLOCK) if tries < LEASES => {
                    tries += 1;
                    thread::sleep(LEASE_PAUSE);
                }
                opened => return Ok(opened?.into()),
            }
        }
    }

    /// Lets the system look at the whole path where it can.
    #[cfg(target_os = "linux")]
    fn at_once(root: BorrowedFd<'_>, below: &Path) -> Result<OwnedFd, Errno> {
        use rustix::fs::{ResolveFlags, openat2};
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match openat2(root, below, FILE, Mode::empty(), how) {
            // A kernel before 5.6, or a container whose rules are older than the call.
            Err(Errno::NOSYS | Errno::PERM) => by_steps(root, below),
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn at_once(root: BorrowedFd<'_>, below: &Path) -> Result<OwnedFd, Errno> {
        by_steps(root, below)
    }

    /// Opens one folder after the other.
    pub(in crate::recordings) fn by_steps(
        root: BorrowedFd<'_>,
        below: &Path,
    ) -> Result<OwnedFd, Errno> {
        let mut folder: Option<OwnedFd> = None;
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else {
                return Err(Errno::XDEV);
            };
            let within = folder.as_ref().map_or(root, |inner| inner.as_fd());
            if parts.peek().is_none() {
                return openat(within, name, FILE, Mode::empty());
            }
            folder = Some(openat(within, name, passing(), Mode::empty())?);
        }
        Err(Errno::ISDIR)
    }

    /// A folder that is only passed through need not be readable.
    fn passing() -> OFlags {
        #[cfg(target_os = "linux")]
        return FOLDER | OFlags::PATH;
        #[cfg(not(target_os = "linux"))]
        FOLDER
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::io::Read as _;
        use std::os::unix::fs::symlink;

        use super::*;

        type Way = fn(BorrowedFd<'_>, &Path) -> Result<OwnedFd, Errno>;

        #[test]
        fn both_ways_open_files_below_the_folder_and_nothing_through_a_link() {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            fs::create_dir_all(at("root/a/b")).unwrap();
            fs::write(at("secret.wav"), "secret").unwrap();
            fs::write(at("root/a/b/x.wav"), "sound").unwrap();
            symlink(at("secret.wav"), at("root/a/file.wav")).unwrap();
            symlink("b/x.wav", at("root/a/near.wav")).unwrap();
            symlink("b", at("root/a/folder")).unwrap();
            symlink("/proc/self/root", at("root/magic")).unwrap();
            let root = folder(&at("root")).unwrap();
            let ways: [Way; 2] = [at_once, by_steps];
            for way in ways {
                let opened = way(root.as_fd(), Path::new("a/b/x.wav")).unwrap();
                let mut text = String::new();
                File::from(opened).read_to_string(&mut text).unwrap();
                assert_eq!(text, "sound");
                for below in [
                    "a/file.wav",
                    "a/near.wav",
                    "a/folder/x.wav",
                    "magic/etc/hostname",
                    "../secret.wav",
                    "a/../../secret.wav",
                    "/etc/hostname",
                    "a/none.wav",
                ] {
                    assert!(way(root.as_fd(), Path::new(below)).is_err(), "{below}");
                }
            }
        }

        #[test]
        fn a_pipe_is_opened_without_its_writer() {
            let place = tempfile::tempdir().unwrap();
            let pipe = place.path().join("x.wav");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            let root = folder(place.path()).unwrap();
            let opened = file(&root, Path::new("x.wav")).unwrap();
            assert!(!opened.metadata().unwrap().is_file());
        }
    }
}
