//! Looking after a ledger: who has it, whether it is whole, how it is made again, and what it forgets.

use std::collections::BTreeSet;

use crate::harness::export::{calls, strange_calls};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always, on_first_try};
use capturi_import::sandbox::{Fault, Operation, Strikes};
use serde_json::json;

const LEDGER: &str = "capturi-import.db";

/// The bytes of the ledger and of everything that SQLite puts beside it.
fn bytes_of_ledger(workdir: &Workdir) -> Vec<u8> {
    let names = workdir.files().into_iter();
    names
        .filter(|name| name.starts_with(LEDGER) && *name != format!("{LEDGER}.lock"))
        .flat_map(|name| std::fs::read(workdir.path(&name)).expect("a file"))
        .collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn a_ledger_that_was_lost_is_made_again_from_what_arrived() {
    let mut given = calls(30, 201);
    given.extend(strange_calls());
    // An id that a URL cannot carry is refused, and one that is a formula is guarded in the files.
    given.retain(|call| ![".", ".."].contains(&&*call.id));
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir
        .run(&server, &["calls.csv", "--limit", "12"])
        .with_code(7);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    workdir.lose_ledger();

    let url = server.url();
    // The accepted.csv of the first run was put aside by the second.
    workdir
        .call(&[
            "ledger",
            "rebuild",
            "--base-url",
            &url,
            "--from",
            "out/accepted*.csv",
        ])
        .with_code(0)
        .says(&format!("{} calls", given.len()));
    workdir.call(&["ledger", "check"]).with_code(0);
    workdir.run(&server, &["calls.csv"]).with_code(0);

    assert_eq!(server.requests(), requests, "everything was known");
    assert_eq!(workdir.outcome("already_there"), given.len() as u64);
    assert!(workdir.lines_with("changed-since-sent").is_empty());
    server.has_exactly(&given, "v2");
    // What was written once is not overwritten, and another destination is another ledger.
    workdir
        .call(&["ledger", "rebuild", "--from", "out/accepted*.csv"])
        .with_code(2)
        .says("already exists");
    workdir.run(&Server::healthy(), &["calls.csv"]).with_code(2);
}

#[test]
fn lists_for_excel_make_the_ledger_again_and_are_no_exports() {
    let mut given = strange_calls();
    given.retain(|call| ![".", ".."].contains(&&*call.id));
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.write("capturi-import.toml", "lists = 'excel'\n");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let accepted = workdir.read("out/accepted.csv");
    assert!(
        accepted.starts_with("\u{feff}external_id;uid;"),
        "{accepted}"
    );
    assert!(
        accepted.contains("\r\n\"=\"\"00012345\"\"\";"),
        "{accepted}"
    );

    workdir
        .call(&["report", "--out", "plain", "--lists", "plain"])
        .with_code(0);
    assert!(workdir.read("plain/accepted.csv").contains("\n00012345,"));
    workdir.call(&["report", "--out", "again"]).with_code(0);
    assert!(
        workdir
            .read("again/accepted.csv")
            .contains("\r\n\"=\"\"00012345\"\"\";")
    );

    let requests = server.requests();
    workdir.lose_ledger();
    let url = server.url();
    let from = ["--from", "out/accepted.csv"];
    workdir
        .call(&["ledger", "rebuild", "--base-url", &url, from[0], from[1]])
        .with_code(0)
        .says(&format!("{} calls", given.len()));
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests, "everything was known");

    workdir
        .call(&["check", "out", "--lists", "plain", "--out", "checked"])
        .with_code(2)
        .says("holds no CSV");
    workdir
        .call(&["check", "calls.csv", "--lists", "excel", "--out", "checked"])
        .with_code(0);
    assert!(
        workdir
            .read("checked/problems.csv")
            .starts_with("\u{feff}file;line;column;code;")
    );
}

#[test]
fn a_list_that_is_none_makes_no_ledger() {
    let workdir = Workdir::new();
    workdir.write("good.csv", "external_id,uid,recording,bytes,when\na,,,0,\n");
    workdir.write(
        "bad.csv",
        "external_id,uid,recording,bytes,when\nb,,,0,\n,,,0,\n",
    );
    workdir
        .call(&["ledger", "rebuild", "--from", "good.csv", "bad.csv"])
        .with_code(2)
        .says("bad.csv:3: no external id");
    assert!(!workdir.has(LEDGER));
}

#[test]
fn without_a_ledger_the_answers_of_the_server_prevent_doubles() {
    let given = calls(12, 202);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.lose_ledger();

    // Left alone: nothing is sent but the questions.
    let arguments = ["calls.csv", "--ledger", "skip.db", "--existing", "skip"];
    workdir.run(&server, &arguments).with_code(0);
    server.has_exactly(&given, "v2");

    // Nobody said what to do: nothing is sent, also when it is tried again.
    for _ in 0..2 {
        workdir
            .run(&server, &["calls.csv"])
            .with_code(2)
            .says("This ledger may be the wrong one")
            .says("--existing adopt");
        assert_eq!(workdir.outcome("not_attempted"), 12);
        server.has_exactly(&given, "v2");
    }

    // Taken over: no conversation twice, each recording once more, and that is told.
    workdir
        .run(&server, &["calls.csv", "--existing", "adopt"])
        .with_code(3);
    assert_eq!(workdir.lines_with("already-there").len(), 12);
    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    assert!(doubled.len() <= given.len());
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests, "and then it is known");
}

#[test]
fn a_ledger_is_made_from_a_folder_of_reports_and_not_from_nothing() {
    let given = calls(4, 208);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.lose_ledger();
    workdir.write(
        "none/accepted.csv",
        "external_id,uid,recording,bytes,when\n",
    );
    let rebuild = ["ledger", "rebuild", "--base-url", &server.url(), "--from"];
    for (from, said) in [("none", "nothing to rebuild"), ("-", "standard input")] {
        workdir
            .call(&[&rebuild[..], &[from]].concat())
            .with_code(2)
            .says(said);
        assert!(!workdir.has("capturi-import.db"), "{from}");
    }
    workdir
        .call(&[&rebuild[..], &["out", "none"]].concat())
        .with_code(0)
        .says("4 calls");
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_purge_forgets_all_but_what_prevents_doubles() {
    let mut given = calls(20, 203);
    given[3].set("agentEmail", "at home", json!("at home"));
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(3);
    let mut sound = given.clone();
    sound.remove(3);
    let words = "calls.csv";
    assert!(holds(&bytes_of_ledger(&workdir), words));
    let requests = server.requests();

    workdir
        .call(&["ledger", "purge"])
        .with_code(0)
        .says("19 calls")
        .says("1 run");

    let left = bytes_of_ledger(&workdir);
    assert!(!holds(&left, words), "the names of the export are gone");
    let others = workdir.files().into_iter();
    let others: Vec<_> = others
        .filter(|name| name.starts_with(LEDGER) && name != LEDGER)
        .collect();
    assert_eq!(
        others,
        [format!("{LEDGER}.lock")],
        "nothing else is left beside it"
    );
    assert_eq!(workdir.read(&others[0]), "", "and the lock names nobody");
    assert!(holds(&left, &given[0].id), "the ids are not");
    workdir.call(&["ledger", "check"]).with_code(0);
    assert_eq!(workdir.state("complete"), 19);
    workdir.call(&["report", "--out", "again"]).with_code(0);
    assert_eq!(workdir.read("again/accepted.csv").lines().count(), 20);
    workdir.run(&server, &["calls.csv"]).with_code(3);
    assert_eq!(server.requests(), requests, "nothing is sent again");
    assert_eq!(workdir.outcome("already_there"), 19);
    server.has_exactly(&sound, "v2");
}

#[test]
fn a_recording_that_was_sent_again_stays_listed_until_it_is_purged() {
    let given = calls(12, 207);
    let workdir = Workdir::with(&given);
    let lost = on_first_try(Fault::Close)
        .on(Operation::Upload)
        .strikes(Strikes::AfterEffect);
    let server = Server::with_rule(lost);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(workdir.lines_with("upload-in-doubt").len(), 12);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert!(workdir.lines_with("upload-in-doubt").is_empty());

    let told = || {
        workdir.call(&["report", "--out", "out"]).with_code(0);
        let rows = workdir.rows("problems.csv").into_iter();
        let rows: Vec<_> = rows
            .filter(|row| row["code"] == "upload-in-doubt")
            .collect();
        let ids: BTreeSet<String> = rows.iter().map(|row| row["value"].clone()).collect();
        assert!(rows.iter().all(|row| row["message"].contains("again once")));
        assert_eq!(ids.len(), rows.len());
        ids
    };
    let ids: BTreeSet<String> = given.iter().map(|call| call.id.clone()).collect();
    assert_eq!(told(), ids);
    let listed = &workdir.status()["resent"];
    assert_eq!(listed.as_array().map(Vec::len), Some(12));
    assert_eq!(listed[0]["times"], 1);
    workdir
        .call(&["status"])
        .with_code(0)
        .says("sent again once")
        .says("and 2 more calls");

    workdir.call(&["ledger", "purge"]).with_code(0);
    assert!(told().is_empty());
    assert_eq!(workdir.status()["resent"], json!([]));
}

#[test]
fn who_only_looks_leaves_nothing_beside_the_ledger() {
    let given = calls(8, 209);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    std::fs::remove_file(workdir.path("capturi-import.db.lock")).expect("a lock");
    let beside = || {
        let mut files = workdir.files();
        files.retain(|name| name.starts_with(LEDGER));
        files
    };
    let before = bytes_of_ledger(&workdir);
    assert_eq!(beside(), [LEDGER]);
    let export = ["calls.csv", "--audio", "audio"];
    let url = server.url();
    let of_export = |command: &[&'static str]| [command, &export[..]].concat();
    let dry_run = [&of_export(&["run", "--dry-run"])[..], &["--base-url", &url]].concat();
    for command in [
        vec!["status"],
        vec!["status", "--json"],
        vec!["report", "--out", "out"],
        vec!["ledger", "check"],
        dry_run,
        of_export(&["check"]),
    ] {
        workdir.call(&command).with_code(0);
        assert_eq!(beside(), [LEDGER], "{command:?}");
        assert_eq!(bytes_of_ledger(&workdir), before, "{command:?}");
    }
}

#[test]
fn what_a_killed_run_left_beside_the_ledger_stays_for_the_next_one() {
    let given = calls(200, 210);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() > 250);
    running.kill();
    let log = std::fs::read(workdir.path("capturi-import.db-wal")).expect("a log");

    assert!(workdir.state("complete") > 0);
    let run = &workdir.status()["runs"][0];
    assert_eq!(
        (&run["ending"], &run["read"]),
        (&json!("not finished"), &json!(null))
    );
    workdir.call(&["ledger", "check"]).with_code(0);

    let after = std::fs::read(workdir.path("capturi-import.db-wal")).expect("a log");
    assert!(after == log, "the log is no longer what it was");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

#[test]
fn a_ledger_in_use_is_not_purged_and_status_says_who_has_it() {
    let given = calls(40, 204);
    let workdir = Workdir::with(&given);
    let late = Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    };
    let server = Server::with_rule(
        always(late)
            .strikes(Strikes::BeforeEffect)
            .requests(21, None),
    );
    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() >= 24);
    let process = running.process().to_string();

    let holder = workdir.status()["held_by"].clone();
    let holder = holder.as_str().expect("somebody");
    assert!(holder.contains(&process), "{holder}");
    workdir.call(&["status"]).says("A run is going on: process");
    workdir
        .call(&["ledger", "purge"])
        .with_code(5)
        .says(&process);
    assert!(!running.is_over());

    running.kill();
    assert!(
        workdir.status()["held_by"].is_null(),
        "a killed run has nothing"
    );
    workdir.call(&["ledger", "purge"]).with_code(0);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

/// What happens to the middle of the file.
fn damage(workdir: &Workdir, with: impl FnOnce(&mut Vec<u8>)) {
    let path = workdir.path(LEDGER);
    let mut bytes = std::fs::read(&path).expect("a ledger");
    with(&mut bytes);
    std::fs::write(&path, bytes).expect("written");
}

#[test]
fn a_damaged_ledger_is_found_before_anything_is_sent_and_the_way_back_is_told() {
    let given = calls(150, 205);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    damage(&workdir, |bytes| {
        let page = bytes.len() / 4096 / 2 * 4096;
        bytes[page..page + 4096].fill(0xa5);
    });

    workdir
        .run(&server, &["calls.csv"])
        .with_code(1)
        .says("is damaged")
        .says("ledger rebuild --from");
    workdir
        .call(&["ledger", "check"])
        .with_code(1)
        .says("damaged");
    assert_eq!(server.requests(), requests);

    // The way back.
    std::fs::rename(workdir.path(LEDGER), workdir.path("damaged.db")).expect("moved");
    let url = server.url();
    let from = [
        "ledger",
        "rebuild",
        "--base-url",
        &url,
        "--from",
        "out/accepted*.csv",
    ];
    workdir.call(&from).with_code(0);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_call_in_the_wrong_place_is_found_by_a_check() {
    // A byte of an id that turned is seen by no look at the pages.
    let given = calls(50, 206);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let id = given[7].id.clone();
    damage(&workdir, |bytes| {
        // Pages keep what they held before until something else takes its place.
        for at in 0..bytes.len() - id.len() {
            if bytes[at..].starts_with(id.as_bytes()) {
                bytes[at] ^= 0x20;
            }
        }
    });
    workdir
        .call(&["ledger", "check"])
        .with_code(1)
        .says("is not where its id belongs");
}

#[test]
fn a_ledger_of_a_newer_version_is_refused_and_left_as_it_is() {
    let given = calls(3, 207);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    // The version stands in the header, at offset 60.
    damage(&workdir, |bytes| {
        bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    });
    let before = bytes_of_ledger(&workdir);
    for command in [
        vec!["status"],
        vec!["ledger", "check"],
        vec!["ledger", "purge"],
    ] {
        workdir.call(&command).with_code(2).says("newer version");
    }
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("newer version");
    assert_eq!(bytes_of_ledger(&workdir), before);
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_conversation_that_was_left_alone_is_taken_over_once() {
    let given = calls(6, 208);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    // Given conversations without recordings, of which this ledger knows nothing.
    workdir
        .call(&[
            "run",
            "calls.csv",
            "--base-url",
            &server.url(),
            "--ledger",
            "other.db",
        ])
        .with_code(0);
    workdir
        .run(&server, &["calls.csv", "--existing", "skip"])
        .with_code(0);
    let requests = server.requests();

    workdir
        .run(&server, &["calls.csv", "--existing", "adopt"])
        .with_code(3);
    assert_eq!(server.requests(), requests + 6);
    workdir
        .run(&server, &["calls.csv", "--existing", "adopt"])
        .with_code(0);
    assert_eq!(
        server.requests(),
        requests + 6,
        "the second time sends nothing"
    );
    server.has_exactly(&given, "v2");
}

#[test]
fn a_ledger_is_made_from_no_list_of_a_rehearsal_or_of_another_destination() {
    let given = calls(3, 231);
    let (workdir, server, other) = (Workdir::with(&given), Server::healthy(), Server::healthy());
    workdir
        .call(&[
            "run",
            "calls.csv",
            "--sandbox",
            "--audio",
            "audio",
            "--out",
            "out",
        ])
        .with_code(0)
        .says("Rehearsal: ")
        .says("This was a rehearsal");
    assert_eq!(workdir.summary()["mode"], "rehearsal");
    let url = server.url();
    let rebuild = ["ledger", "rebuild", "--base-url", &url, "--from"];
    workdir
        .call(&[&rebuild[..], &["out"]].concat())
        .with_code(2)
        .says("accepted.sandbox.csv is the list of a rehearsal");
    workdir
        .run(&other, &["calls.csv", "--ledger", "other.db"])
        .with_code(0);
    workdir
        .call(&[&rebuild[..], &["out/accepted.csv"]].concat())
        .with_code(2)
        .says(&format!("is of {} and not of {url}", other.url()));
    assert!(!workdir.has(LEDGER));
    // Beside a list of this destination both are told and left out.
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let summary = workdir.summary();
    assert_eq!(
        (&summary["destination"], &summary["ledger"]),
        (&json!(url), &json!(LEDGER))
    );
    workdir.lose_ledger();
    workdir
        .call(&[&rebuild[..], &["out"]].concat())
        .with_code(0)
        .says("3 calls")
        .says("accepted.sandbox.csv is the list of a rehearsal; it is left out");
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests);
}

#[test]
fn the_list_of_a_run_that_did_not_end_is_said_to_be_one() {
    let workdir = Workdir::with(&calls(1, 232));
    let server = Server::healthy();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert!(!workdir.has("out/accepted.csv.unfinished"));
    workdir.write("out/accepted.csv.unfinished", "");
    workdir
        .run(
            &server,
            &["calls.csv", "--ledger", "new.db", "--existing", "adopt"],
        )
        .with_code(3);
    workdir.lose_ledger();
    workdir
        .rebuild_ledger(&server)
        .with_code(0)
        .says("did not end");
}

#[test]
fn a_ledger_made_again_keeps_a_sent_recording_from_other_calls() {
    let given = calls(2, 233);
    let (workdir, server) = (Workdir::with(&given[..1]), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.call(&["report", "--out", "hashed"]).with_code(0);
    let url = server.url();
    let rebuild = ["ledger", "rebuild", "--base-url", &url, "--from"];
    workdir.lose_ledger();
    let ended = workdir.call(&[&rebuild[..], &["out/accepted.csv"]].concat());
    assert!(!ended.with_code(0).out.contains("cannot keep"));

    let mut next = given[1].clone();
    next.set(
        "audioFile",
        &given[0].file,
        serde_json::json!(given[0].file),
    );
    workdir.export("next.csv", &[next]);
    workdir.run(&server, &["next.csv"]);
    assert_eq!(workdir.outcome("held"), 1);
    assert_eq!(workdir.lines_with("recording-shared").len(), 1);
    assert_eq!(server.surplus_uploads(), 0);

    // Of a list of hashes it cannot be known, and that is said.
    workdir.lose_ledger();
    workdir
        .call(&[&rebuild[..], &["hashed/accepted.csv"]].concat())
        .with_code(0)
        .says("Recordings whose files the lists do not tell: 1.");
}
