//! Files that change, move or are exchanged after they were found.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::error::{FileChange, RecordingError};
use super::key::RecordingKey;
use super::local::{LocalFolder, keeps_numbers};
use super::recording::Recording;
use super::version::ObjectVersion;

/// The recording of this name in a folder.
pub(in crate::recordings) fn in_folder(folder: &Path, name: &str) -> Recording {
    let metadata = folder.join(name).symlink_metadata().unwrap();
    Recording {
        name: name.to_owned(),
        store: Arc::new(LocalFolder::open(folder).unwrap()),
        key: RecordingKey::new(name),
        version: ObjectVersion::of(&metadata),
        id: 0,
    }
}

#[test]
fn what_was_written_to_after_it_was_found_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    std::fs::write(&path, "sound").unwrap();
    let recording = in_folder(folder.path(), "x.wav");
    let opened = recording.open().unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(recording.modified() + Duration::from_millis(1))
        .unwrap();
    let written = |result| matches!(result, Err(RecordingError::Changed(FileChange::Written)));
    assert!(written(recording.open().map(drop)));
    assert!(written(recording.verify(&opened)));
    std::fs::write(&path, "a sound").unwrap();
    assert!(matches!(
        recording.open(),
        Err(RecordingError::Changed(FileChange::Size {
            expected: 5,
            found: 7
        }))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        recording.open(),
        Err(RecordingError::Changed(FileChange::Gone))
    ));
}

#[test]
fn another_file_of_the_same_size_and_time_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["x.wav", "y.wav"] {
        let file = File::create(path(name)).unwrap();
        io::Write::write_all(&mut &file, name.as_bytes()).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    let recording = in_folder(folder.path(), "x.wav");
    std::fs::rename(path("y.wav"), path("x.wav")).unwrap();
    let opened = recording.open();
    let lasts = keeps_numbers(&File::open(path("x.wav")).unwrap());
    assert_eq!(lasts, opened.is_err(), "{opened:?}");
}

/// The clock of files may stand still for some milliseconds.
#[cfg(unix)]
fn until_status_differs(path: &Path, before: ObjectVersion, mut change: impl FnMut()) {
    for _ in 0..1_000 {
        change();
        if ObjectVersion::of(&path.metadata().unwrap()).status != before.status {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the system keeps no time of changes");
}

#[cfg(unix)]
#[test]
fn what_was_written_over_with_its_time_set_back_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    std::fs::write(&path, "sound").unwrap();
    let recording = in_folder(folder.path(), "x.wav");
    let opened = recording.open().unwrap();
    until_status_differs(&path, recording.version, || {
        std::fs::write(&path, "noise").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(recording.modified()).unwrap();
    });
    for result in [recording.open().map(drop), recording.verify(&opened)] {
        assert!(
            matches!(result, Err(RecordingError::Changed(FileChange::Touched))),
            "{result:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn an_open_recording_may_be_moved_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("x.wav"), folder.path().join("away"));
    std::fs::write(&path, "sound").unwrap();
    let recording = in_folder(folder.path(), "x.wav");
    let opened = recording.open().unwrap();
    until_status_differs(&path, recording.version, || {
        std::fs::rename(&path, &away).unwrap();
        std::fs::rename(&away, &path).unwrap();
    });
    assert!(recording.verify(&opened).is_err());
    std::fs::rename(&path, &away).unwrap();
    assert!(recording.verify(&opened).is_ok());
    std::fs::remove_file(&away).unwrap();
    assert!(recording.verify(&opened).is_ok());
}

/// They hold the call until the next run, because nobody can tell them from what is above.
#[cfg(unix)]
#[test]
fn another_name_or_other_rights_count_as_a_change() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let link = folder.path().join("link");
    let changes: [&dyn Fn(); 2] = [
        &|| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        },
        &|| {
            let _ = std::fs::remove_file(&link);
            std::fs::hard_link(&path, &link).unwrap();
        },
    ];
    for change in changes {
        std::fs::write(&path, "sound").unwrap();
        let recording = in_folder(folder.path(), "x.wav");
        assert!(recording.open().is_ok());
        until_status_differs(&path, recording.version, change);
        let again = recording.open();
        assert!(matches!(
            again,
            Err(RecordingError::Changed(FileChange::Touched))
        ));
        assert!(in_folder(folder.path(), "x.wav").open().is_ok());
    }
}

#[cfg(unix)]
mod exchanged {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::recordings::{
        Depth, Index, IndexOptions, build_index, probe_found, silent_channels,
    };

    /// An audio folder with `a/b/x.wav`, and `other/x.wav` beside it, a file of the same size and time.
    fn place() -> (TempDir, Index, Recording) {
        let place = tempfile::tempdir().unwrap();
        for folder in ["audio/a/b", "other"] {
            fs::create_dir_all(place.path().join(folder)).unwrap();
            let file = File::create(place.path().join(folder).join("x.wav")).unwrap();
            io::Write::write_all(&mut &file, &[1; 100]).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let audio = place.path().join("audio");
        let index = build_index(&audio, &IndexOptions::default()).unwrap();
        let recording = index.recordings().next().unwrap();
        assert!(recording.open().is_ok());
        (place, index, recording)
    }

    #[track_caller]
    fn is_refused(recording: &Recording, why: FileChange) {
        for opened in [
            recording.open().map(drop),
            probe_found(recording, Depth::Length).map(drop),
        ] {
            match opened {
                Err(RecordingError::Changed(change)) => assert_eq!(change, why),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(silent_channels(recording), None);
    }

    #[test]
    fn a_file_or_folder_that_became_a_link_leads_nowhere() {
        for exchanged in ["audio/a", "audio/a/b"] {
            let (place, _, recording) = place();
            let exchanged = place.path().join(exchanged);
            fs::rename(&exchanged, place.path().join("away")).unwrap();
            symlink(place.path().join("other"), &exchanged).unwrap();
            is_refused(&recording, FileChange::Link);
            // Nor where it leads to the very file.
            fs::remove_file(&exchanged).unwrap();
            symlink(place.path().join("away"), &exchanged).unwrap();
            is_refused(&recording, FileChange::Link);
        }
        let (place, _, recording) = place();
        fs::remove_file(recording.local_path().unwrap()).unwrap();
        symlink(
            place.path().join("other/x.wav"),
            recording.local_path().unwrap(),
        )
        .unwrap();
        is_refused(&recording, FileChange::Link);
    }

    #[test]
    fn another_folder_in_the_place_of_its_folder_is_not_looked_into() {
        let (place, _, recording) = place();
        let folder = place.path().join("audio/a/b");
        fs::rename(&folder, place.path().join("away")).unwrap();
        fs::rename(place.path().join("other"), &folder).unwrap();
        is_refused(&recording, FileChange::Replaced);
    }

    #[test]
    fn the_audio_folder_stays_the_one_that_was_opened() {
        let (place, _, recording) = place();
        let audio = place.path().join("audio");
        fs::rename(&audio, place.path().join("away")).unwrap();
        fs::create_dir_all(audio.join("a")).unwrap();
        symlink(place.path().join("other"), audio.join("a/b")).unwrap();
        assert!(recording.open().is_ok());
    }

    #[test]
    fn a_pipe_or_a_socket_in_its_place_is_no_recording() {
        let (_place, _, recording) = place();
        fs::remove_file(recording.local_path().unwrap()).unwrap();
        let socket =
            std::os::unix::net::UnixListener::bind(recording.local_path().unwrap()).unwrap();
        is_refused(&recording, FileChange::Replaced);
        drop(socket);
        fs::remove_file(recording.local_path().unwrap()).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(recording.local_path().unwrap())
            .status();
        assert!(pipe.unwrap().success());
        is_refused(&recording, FileChange::Replaced);
    }

    #[test]
    fn a_link_is_what_it_led_to_when_it_was_found() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("audio")).unwrap();
        fs::write(at("audio/data"), [1; 100]).unwrap();
        fs::write(at("secret"), [2; 100]).unwrap();
        symlink("data", at("audio/x.wav")).unwrap();
        let index = build_index(&at("audio"), &IndexOptions::default()).unwrap();
        let recording = index.recordings().next().unwrap();
        assert!(recording.open().is_ok());
        fs::remove_file(at("audio/x.wav")).unwrap();
        symlink(at("secret"), at("audio/x.wav")).unwrap();
        let mut content = Vec::new();
        let mut opened = recording.open().unwrap();
        io::Read::read_to_end(&mut opened, &mut content).unwrap();
        assert_eq!(content, [1; 100]);
        fs::remove_file(at("audio/data")).unwrap();
        symlink(at("secret"), at("audio/data")).unwrap();
        is_refused(&recording, FileChange::Link);
    }
}
