//! Files that are not opened, and why.

use std::fs;

use rusqlite::Connection;

use super::*;
use crate::ledger::side_files::files_of;
use crate::ledger::{Error, LedgerOpenError};

fn refusal(fixture: &Fixture) -> LedgerOpenError {
    let before = fs::read(fixture.path()).unwrap();
    let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
    assert_eq!(fs::read(fixture.path()).unwrap(), before, "it was changed");
    error
}

#[test]
fn a_second_run_is_told_who_has_the_ledger() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
    let LedgerOpenError::Locked { holder, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(holder.pid, Some(std::process::id()));
    ledger.close().unwrap();
    fixture.open();
}

#[cfg(unix)]
#[test]
fn another_name_of_the_ledger_is_the_same_ledger() {
    let fixture = Fixture::new();
    let _ledger = fixture.open();
    let other = fixture.folder.path().join("other.db");
    std::os::unix::fs::symlink(fixture.path(), &other).unwrap();
    let error = Ledger::open(&other, DESTINATION).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Locked { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_makes_no_ledger_elsewhere() {
    let fixture = Fixture::new();
    let elsewhere = fixture.folder.path().join("elsewhere.db");
    std::os::unix::fs::symlink(&elsewhere, fixture.path()).unwrap();
    let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Link { .. }), "{error}");
    assert!(!elsewhere.exists());
}

#[cfg(unix)]
#[test]
fn a_ledger_that_others_can_read_is_made_private_with_all_its_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::written(complete("call-1", 1));
    let files = || {
        files_of(&fixture.path())
            .into_iter()
            .filter(|file| file.exists())
    };
    // What a killed run leaves.
    let ledger = fixture.open();
    let left = files().map(|file| (file.clone(), fs::read(file).unwrap()));
    let left: Vec<_> = left.collect();
    ledger.close().unwrap();
    for (file, bytes) in &left {
        fs::write(file, bytes).unwrap();
    }
    for file in files() {
        fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
    }
    let ledger = fixture.open();
    assert!(files().count() >= 4);
    for file in files() {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    ledger.close().unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_log_is_not_written_through() {
    for ending in ["-wal", "-shm", "-journal"] {
        let fixture = Fixture::written(complete("call-1", 1));
        let target = fixture.folder.path().join("precious");
        fs::write(&target, "dear diary").unwrap();
        std::os::unix::fs::symlink(&target, side_file(&fixture.path(), ending)).unwrap();
        let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
        assert!(matches!(error, LedgerOpenError::Link { .. }), "{error}");
        // A reader can do without the third.
        let read = Ledger::read(&fixture.path()).map(drop);
        let is_refused = matches!(read, Err(LedgerOpenError::Link { .. }));
        assert!(is_refused || ending == "-shm", "{ending}: {read:?}");
        assert_eq!(fs::read_to_string(&target).unwrap(), "dear diary");
    }
}

/// A run that is refused changes no file of others, and leaves none beside it.
#[cfg(unix)]
#[test]
fn a_file_of_others_keeps_its_rights_and_gets_no_lock() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for is_database in [false, true] {
        let fixture = Fixture::new();
        let target = fixture.folder.path().join("index.html");
        if is_database {
            let connection = Connection::open(&target).unwrap();
            connection.execute("CREATE TABLE call (id)", ()).unwrap();
        } else {
            fs::write(&target, "<p>dear diary").unwrap();
        }
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&target, fixture.path()).unwrap();
        for open in [Ledger::open, Ledger::open_anew] {
            let error = open(&fixture.path(), DESTINATION).unwrap_err();
            assert!(
                matches!(error, LedgerOpenError::NotALedger { .. }),
                "{error}"
            );
            assert_eq!(mode(&target), 0o644);
            assert!(!side_file(&target, ".lock").exists());
        }
    }
}

/// Its tables and its number are in the log alone, and the file says nothing of them.
#[test]
fn what_a_first_run_leaves_when_it_is_killed_is_a_ledger() {
    let first = Fixture::new();
    let running = first.open();
    running
        .writer()
        .write_blocking(complete("call-1", 1))
        .unwrap();
    let left = Fixture::new();
    for ending in ["", "-wal"] {
        let from = side_file(&first.path(), ending);
        fs::copy(from, side_file(&left.path(), ending)).unwrap();
    }
    assert_eq!(
        fs::read(left.path()).unwrap().get(68..72),
        Some(&[0; 4][..])
    );
    assert!(left.read().call_states(&["call-1"]).unwrap()[0].is_some());
    left.open().close().unwrap();
    assert!(left.read().call_states(&["call-1"]).unwrap()[0].is_some());
}

/// All that opens a ledger, each with what it says; an error if one of them waits.
#[cfg(unix)]
fn refusals(fixture: &Fixture) -> Vec<LedgerOpenError> {
    let (say, said) = std::sync::mpsc::channel();
    let path = fixture.path();
    std::thread::spawn(move || {
        let refusals = [
            Ledger::open(&path, DESTINATION).map(drop).unwrap_err(),
            Ledger::open_anew(&path, DESTINATION).map(drop).unwrap_err(),
            crate::ledger::purge(&path).map(drop).unwrap_err(),
            Ledger::read(&path).map(drop).unwrap_err(),
        ];
        let _ = say.send(refusals);
    });
    let patience = std::time::Duration::from_secs(20);
    said.recv_timeout(patience).expect("it waits").to_vec()
}

/// A pipe, a socket and a folder, made one after the other at this path.
#[cfg(unix)]
fn with_each_special(path: &std::path::Path, check: impl Fn()) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
    check();
    fs::remove_file(path).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(path).unwrap();
    check();
    drop(socket);
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
    check();
    fs::remove_dir(path).unwrap();
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_a_ledger_and_nobody_waits_for_another() {
    let fixture = Fixture::new();
    with_each_special(&fixture.path(), || {
        for error in refusals(&fixture) {
            assert!(
                matches!(error, LedgerOpenError::NotRegular { .. }),
                "{error}"
            );
        }
        assert!(!side_file(&fixture.path(), ".lock").exists());
    });
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_a_log_or_a_lock_of_a_ledger() {
    let fixture = Fixture::written(complete("call-1", 1));
    for ending in ["-wal", "-shm", "-journal"] {
        let log = side_file(&fixture.path(), ending);
        with_each_special(&log, || {
            for error in refusals(&fixture) {
                let is_named =
                    matches!(&error, LedgerOpenError::NotRegular { path } if *path == log);
                assert!(is_named, "{ending}: {error}");
            }
        });
    }
    let lock = side_file(&fixture.path(), ".lock");
    fs::remove_file(&lock).unwrap();
    with_each_special(&lock, || {
        let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
        assert!(
            matches!(error, LedgerOpenError::NotRegular { .. }),
            "{error}"
        );
        assert_eq!(Ledger::holder(&fixture.path()), None);
    });
    fixture.open();
}

#[cfg(unix)]
#[test]
fn a_hard_link_in_place_of_the_lock_is_not_emptied() {
    let fixture = Fixture::written(complete("call-1", 1));
    let lock = side_file(&fixture.path(), ".lock");
    fs::remove_file(&lock).unwrap();
    let target = fixture.folder.path().join("precious");
    fs::write(&target, "pid 4711\n").unwrap();
    fs::hard_link(&target, &lock).unwrap();
    for opened in [
        Ledger::open(&fixture.path(), DESTINATION).map(drop),
        crate::ledger::purge(&fixture.path()).map(drop),
    ] {
        let is_named = matches!(&opened, Err(LedgerOpenError::HardLink { path }) if *path == lock);
        assert!(is_named, "{opened:?}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "pid 4711\n");
}

#[cfg(unix)]
#[test]
fn where_all_users_can_make_files_the_names_of_the_logs_are_taken_first() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::written(complete("call-1", 1));
    let logs = ["-wal", "-shm", "-journal"].map(|ending| side_file(&fixture.path(), ending));
    let are_there = || logs.each_ref().map(|log| log.exists());
    crate::ledger::side_files::take_names_of_logs(&fixture.path()).unwrap();
    assert_eq!(are_there(), [false; 3]);
    let open = fs::Permissions::from_mode(0o1777);
    fs::set_permissions(fixture.folder.path(), open).unwrap();
    crate::ledger::side_files::take_names_of_logs(&fixture.path()).unwrap();
    assert_eq!(are_there(), [true; 3]);
    // They say nothing: what was written is there, and what is written stays.
    assert!(fixture.read().call_states(&["call-1"]).unwrap()[0].is_some());
    fixture.open().close().unwrap();
    assert!(fixture.read().call_states(&["call-1"]).unwrap()[0].is_some());
    assert_eq!(are_there(), [false; 3]);
}

/// Only root can give a file to somebody else, so elsewhere this shows nothing.
#[cfg(unix)]
#[test]
fn a_log_that_another_user_made_is_not_taken_into_the_ledger() {
    for ending in ["-wal", "-shm", "-journal"] {
        let fixture = Fixture::written(complete("call-1", 1));
        let log = side_file(&fixture.path(), ending);
        fs::write(&log, "").unwrap();
        if std::os::unix::fs::chown(&log, Some(4_711), None).is_err() {
            return;
        }
        let opened = [
            Ledger::open(&fixture.path(), DESTINATION).map(drop),
            Ledger::open_anew(&fixture.path(), DESTINATION).map(drop),
            Ledger::read(&fixture.path()).map(drop),
        ];
        for opened in opened {
            let is_named =
                matches!(&opened, Err(LedgerOpenError::OfOthers { path }) if *path == log);
            assert!(is_named, "{ending}: {opened:?}");
        }
        // Root may look at the ledger of another user with that user's logs.
        std::os::unix::fs::chown(fixture.path(), Some(4_711), None).unwrap();
        Ledger::read(&fixture.path()).unwrap();
    }
}

/// Only root can give a file to somebody else, so elsewhere this shows nothing.
#[cfg(unix)]
#[test]
fn a_lock_of_another_user_is_left_alone_unless_the_ledger_is_theirs_too() {
    let fixture = Fixture::written(complete("call-1", 1));
    let lock = side_file(&fixture.path(), ".lock");
    let before = fs::read(&lock).unwrap();
    if std::os::unix::fs::chown(&lock, Some(4_711), None).is_err() {
        return;
    }
    let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
    assert!(matches!(error, LedgerOpenError::OfOthers { .. }), "{error}");
    assert_eq!(fs::read(&lock).unwrap(), before);
    std::os::unix::fs::chown(fixture.path(), Some(4_711), None).unwrap();
    fixture.open();
}

/// A database with its log as they lie there while a program has them open.
fn in_its_log(statements: &str) -> Fixture {
    let running = Fixture::new();
    let connection = Connection::open(running.path()).unwrap();
    let mode = "PRAGMA journal_mode = WAL";
    connection
        .query_row(mode, (), |row| row.get::<_, String>(0))
        .unwrap();
    connection.execute_batch(statements).unwrap();
    let left = Fixture::new();
    for ending in ["", "-wal"] {
        let from = side_file(&running.path(), ending);
        fs::copy(from, side_file(&left.path(), ending)).unwrap();
    }
    left
}

#[cfg(unix)]
#[test]
fn a_database_of_others_that_is_all_in_its_log_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    for statements in [
        "CREATE TABLE diary (day, text); INSERT INTO diary VALUES (1, 'dear diary')",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 7",
    ] {
        let fixture = in_its_log(statements);
        let files = ["", "-wal"].map(|ending| side_file(&fixture.path(), ending));
        for file in &files {
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }
        let state = || {
            files.clone().map(|file| {
                let mode = fs::metadata(&file).unwrap().permissions().mode();
                (mode & 0o777, fs::read(&file).unwrap())
            })
        };
        let before = state();
        for error in refusals(&fixture) {
            assert!(
                matches!(error, LedgerOpenError::NotALedger { .. }),
                "{error}"
            );
        }
        assert!(state() == before, "it was changed");
        let names = fs::read_dir(fixture.folder.path()).unwrap();
        assert_eq!(names.count(), 2, "something was made beside it");
    }
    // One that holds nothing is begun with, as an empty file is.
    in_its_log("PRAGMA user_version = 0").open();
}

#[test]
fn a_log_without_its_ledger_is_not_deleted() {
    let fixture = in_its_log("CREATE TABLE diary (day, text)");
    let log = side_file(&fixture.path(), "-wal");
    let before = fs::read(&log).unwrap();
    let errors = || {
        let open = Ledger::open(&fixture.path(), DESTINATION).map(drop);
        let anew = Ledger::open_anew(&fixture.path(), DESTINATION).map(drop);
        [open, anew].map(Result::unwrap_err)
    };
    fs::write(fixture.path(), "").unwrap();
    let read = Ledger::read(&fixture.path()).unwrap_err();
    let empty = errors();
    fs::remove_file(fixture.path()).unwrap();
    for error in empty.into_iter().chain([read]).chain(errors()) {
        assert!(matches!(error, LedgerOpenError::LogAlone { .. }), "{error}");
    }
    assert_eq!(fs::read(&log).unwrap(), before);
    assert!(!fixture.path().exists());
}

/// The journal of a database as it lies there in the middle of a change.
fn journal_of_a_change(before: &str) -> Vec<u8> {
    let fixture = Fixture::new();
    let connection = Connection::open(fixture.path()).unwrap();
    let change = "PRAGMA cache_size = 1; BEGIN; CREATE TABLE new (a); \
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
        INSERT INTO new SELECT randomblob(3000) FROM n";
    connection.execute_batch(before).unwrap();
    connection.execute_batch(change).unwrap();
    fs::read(side_file(&fixture.path(), "-journal")).unwrap()
}

/// The same before it was brought to the disk.
fn unsynced(journal: &[u8]) -> Vec<u8> {
    let mut unsynced = journal.to_vec();
    unsynced[..12].fill(0);
    assert_ne!(unsynced[12..16], [0; 4], "the number drawn by lot");
    unsynced
}

#[test]
fn a_journal_without_its_ledger_is_not_deleted_unless_it_began_with_nothing() {
    let of_others = journal_of_a_change("CREATE TABLE diary (day, text)");
    for journal in [&of_others[..], &unsynced(&of_others), b"dear diary"] {
        let fixture = Fixture::new();
        let path = side_file(&fixture.path(), "-journal");
        fs::write(&path, journal).unwrap();
        fs::write(fixture.path(), "").unwrap();
        for error in [
            Ledger::read(&fixture.path()).map(drop).unwrap_err(),
            Ledger::open(&fixture.path(), DESTINATION)
                .map(drop)
                .unwrap_err(),
        ] {
            assert!(matches!(error, LedgerOpenError::LogAlone { .. }), "{error}");
        }
        fs::remove_file(fixture.path()).unwrap();
        let error = Ledger::open(&fixture.path(), DESTINATION).unwrap_err();
        assert!(matches!(error, LedgerOpenError::LogAlone { .. }), "{error}");
        assert!(fs::read(&path).unwrap() == journal, "it was changed");
    }
    // What a first run leaves when it is killed before its first commit.
    let begun = journal_of_a_change("");
    for journal in [&begun[..], &unsynced(&begun), &[0; 512]] {
        let fixture = Fixture::new();
        fs::write(side_file(&fixture.path(), "-journal"), journal).unwrap();
        fs::write(fixture.path(), "").unwrap();
        fixture.open();
    }
}

#[cfg(unix)]
#[test]
fn a_hard_link_in_place_of_a_log_is_not_written_to() {
    for ending in ["-wal", "-shm", "-journal"] {
        let fixture = Fixture::written(complete("call-1", 1));
        let target = fixture.folder.path().join("precious");
        fs::write(&target, "dear diary").unwrap();
        let log = side_file(&fixture.path(), ending);
        fs::hard_link(&target, &log).unwrap();
        let opened = [
            Ledger::open(&fixture.path(), DESTINATION).map(drop),
            Ledger::open_anew(&fixture.path(), DESTINATION).map(drop),
            Ledger::read(&fixture.path()).map(drop),
        ];
        for opened in opened {
            let is_named =
                matches!(&opened, Err(LedgerOpenError::HardLink { path }) if *path == log);
            assert!(is_named, "{ending}: {opened:?}");
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "dear diary");
    }
}

#[test]
fn a_ledger_with_something_of_others_is_refused() {
    for (statement, what) in [
        ("CREATE TABLE people (name)", "table `people`"),
        (
            "CREATE VIEW people AS SELECT identity FROM call",
            "view `people`",
        ),
        (
            "CREATE TRIGGER keep AFTER UPDATE ON call BEGIN DELETE FROM call; END",
            "trigger `keep`",
        ),
        (
            "CREATE INDEX by_status ON call (status)",
            "index `by_status`",
        ),
        ("DROP INDEX call_by_hash", "`call_by_hash` is missing"),
        (
            "ALTER TABLE call ADD COLUMN person TEXT",
            "table `call` was changed",
        ),
    ] {
        let fixture = Fixture::written(complete("call-1", 1));
        let connection = Connection::open(fixture.path()).unwrap();
        connection.execute_batch(statement).unwrap();
        drop(connection);
        let error = refusal(&fixture);
        let is_told =
            matches!(&error, LedgerOpenError::Foreign { what: told, .. } if told.contains(what));
        assert!(is_told, "{statement}: {error}");
        let error = Ledger::read(&fixture.path()).unwrap_err();
        assert!(matches!(error, LedgerOpenError::Foreign { .. }), "{error}");
    }
    // What a tool leaves that only makes it faster.
    let fixture = Fixture::written(complete("call-1", 1));
    let connection = Connection::open(fixture.path()).unwrap();
    connection.execute_batch("ANALYZE").unwrap();
    drop(connection);
    fixture.open();
}

#[test]
fn a_ledger_of_another_destination_is_refused_with_both_names() {
    let fixture = Fixture::written(complete("call-1", 1));
    let error = Ledger::open(&fixture.path(), "http://127.0.0.1:8787 v2").unwrap_err();
    let LedgerOpenError::OtherDestination { theirs, ours, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(theirs, DESTINATION);
    assert_eq!(ours, "http://127.0.0.1:8787 v2");
}

#[test]
fn a_ledger_of_a_newer_version_is_refused() {
    let fixture = Fixture::written(complete("call-1", 1));
    let connection = Connection::open(fixture.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::Newer { found: 99, .. }),
        "{error}"
    );
    let error = Ledger::read(&fixture.path()).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Newer { .. }), "{error}");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let fixture = Fixture::new();
    let connection = Connection::open(fixture.path()).unwrap();
    connection.execute("CREATE TABLE call (id)", ()).unwrap();
    drop(connection);
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::NotALedger { .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    for content in ["id;customer;agent\n1;a;b\n", "x"] {
        let fixture = Fixture::new();
        fs::write(fixture.path(), content).unwrap();
        let error = refusal(&fixture);
        assert!(
            matches!(error, LedgerOpenError::NotALedger { .. }),
            "{error}"
        );
        let error = Ledger::read(&fixture.path()).unwrap_err();
        assert!(
            matches!(error, LedgerOpenError::NotALedger { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_folder_is_no_ledger() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path()).unwrap();
    for error in [
        Ledger::open(&fixture.path(), DESTINATION).unwrap_err(),
        Ledger::read(&fixture.path()).unwrap_err(),
    ] {
        assert!(
            matches!(error, LedgerOpenError::NotRegular { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_reader_needs_a_ledger() {
    let fixture = Fixture::new();
    let error = Ledger::read(&fixture.path()).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Missing { .. }), "{error}");
    fs::write(fixture.path(), b"").unwrap();
    let error = Ledger::read(&fixture.path()).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Missing { .. }), "{error}");
}

fn many_calls() -> Fixture {
    let calls = (0..500).flat_map(|number| complete(&format!("call-{number}"), number));
    Fixture::written(calls.collect())
}

#[test]
fn a_cut_file_is_damaged() {
    let fixture = many_calls();
    let length = fs::metadata(fixture.path()).unwrap().len();
    let file = fs::File::options()
        .write(true)
        .open(fixture.path())
        .unwrap();
    file.set_len(length / 2).unwrap();
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::Storage(Error::Damaged { .. })),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Not every flipped byte can be seen: one in the middle of an id is another id. But whatever
    /// the bytes are, opening and reading end with a ledger or with an error.
    #[test]
    fn damage_is_an_error_and_no_panic(
        place in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let fixture = many_calls();
        let mut content = fs::read(fixture.path()).unwrap();
        let start = place.index(content.len());
        for (old, new) in content[start..].iter_mut().zip(bytes) {
            *old = new;
        }
        fs::write(fixture.path(), content).unwrap();
        let _ = Ledger::open(&fixture.path(), DESTINATION);
        if let Ok(reader) = Ledger::read(&fixture.path()) {
            let _ = reader.summary();
            let _ = reader.load_done();
            let _ = reader.call_states(&["call-1", "call-499"]);
            let _ = reader.accepted(|_| Ok::<(), Error>(()));
        }
    }
}

#[test]
fn a_page_of_nonsense_is_found_before_anything_is_sent() {
    let fixture = many_calls();
    let mut content = fs::read(fixture.path()).unwrap();
    let page = content.len() / 4_096 / 2 * 4_096;
    content[page..page + 4_096].fill(0xa5);
    fs::write(fixture.path(), content).unwrap();
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::Storage(Error::Damaged { .. })),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused_unless_root_may_write_it_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::written(complete("call-1", 1));
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o400)).unwrap();
    let may_write = fs::File::options().write(true).open(fixture.path()).is_ok();
    let opened = Ledger::open(&fixture.path(), DESTINATION);
    assert_eq!(opened.is_ok(), may_write);
    if let Err(error) = opened {
        assert!(
            matches!(error, LedgerOpenError::Storage(Error::ReadOnly { .. })),
            "{error}"
        );
    }
}

/// Puts noise into a page of the ledger that no run reads; with `time` the file then looks as if nobody had changed it.
fn damage(fixture: &Fixture, time: Option<std::time::SystemTime>) {
    let mut bytes = fs::read(fixture.path()).unwrap();
    let page: usize = {
        let connection = Connection::open(fixture.path()).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'problem'";
        connection
            .query_row(sql, (), |row| row.get::<_, u32>(0))
            .unwrap() as usize
    };
    bytes[(page - 1) * 4_096..page * 4_096].fill(0xa5);
    fs::write(fixture.path(), bytes).unwrap();
    if let Some(time) = time {
        let file = fs::File::options()
            .write(true)
            .open(fixture.path())
            .unwrap();
        file.set_modified(time).unwrap();
    }
}

#[test]
fn a_ledger_is_looked_through_unless_it_is_as_it_was_closed() {
    let fixture = Fixture::written(complete("call-1", 1));
    let time = fs::metadata(fixture.path()).unwrap().modified().unwrap();
    damage(&fixture, None);
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::Storage(Error::Damaged { .. })),
        "{error}"
    );
    // Whoever opens the ledger removes its marker, and only an orderly end makes a new one.
    damage(&fixture, Some(time));
    let error = refusal(&fixture);
    assert!(
        matches!(error, LedgerOpenError::Storage(Error::Damaged { .. })),
        "{error}"
    );

    let fixture = Fixture::written(complete("call-1", 1));
    let time = fs::metadata(fixture.path()).unwrap().modified().unwrap();
    damage(&fixture, Some(time));
    // What looks as it was closed is not looked through: noise where no row is goes unnoticed.
    let ledger = fixture.open();
    assert_eq!(
        ledger.reader().unwrap().call_states(&["call-2"]).unwrap(),
        [None]
    );
}

#[test]
fn a_ledger_is_begun_anew_unless_a_run_has_it_or_it_is_of_another_server() {
    let fixture = Fixture::new();
    let running = fixture.open();
    let entries = complete("call-1", 1);
    running.writer().write_blocking(entries).unwrap();
    let error = Ledger::open_anew(&fixture.path(), DESTINATION).unwrap_err();
    assert!(matches!(error, LedgerOpenError::Locked { .. }), "{error}");
    running.close().unwrap();

    let error = Ledger::open_anew(&fixture.path(), "sandbox").unwrap_err();
    assert!(
        matches!(error, LedgerOpenError::OtherDestination { .. }),
        "{error}"
    );
    assert!(fixture.read().call_states(&["call-1"]).unwrap()[0].is_some());

    let anew = Ledger::open_anew(&fixture.path(), DESTINATION).unwrap();
    assert_eq!(
        anew.reader().unwrap().call_states(&["call-1"]).unwrap(),
        [None]
    );
}

#[test]
fn a_ledger_of_another_form_is_begun_anew_all_the_same() {
    for form in [1, 1_000] {
        let fixture = Fixture::new();
        fixture.open().close().unwrap();
        let file = Connection::open(fixture.path()).unwrap();
        file.pragma_update(None, "user_version", form).unwrap();
        drop(file);
        assert!(Ledger::read(&fixture.path()).is_err());
        let error = Ledger::open_anew(&fixture.path(), "sandbox").unwrap_err();
        assert!(
            matches!(error, LedgerOpenError::OtherDestination { .. }),
            "{error}"
        );
        Ledger::open_anew(&fixture.path(), DESTINATION).unwrap();
    }
}
