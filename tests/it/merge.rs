//! The ledgers of all shards as one report: it is complete only when every record of the export is accounted
//! for by exactly one of them.

use std::process::Command;

use serde_json::Value;

use crate::harness::export::calls;
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::Server;
use crate::shards::shard;

fn run(mut program: Command) -> Ended {
    Ended::from(program.output().expect("the program starts"))
}

/// `report --merge` of these ledgers.
fn merge(workdir: &Workdir, ledgers: &[&str]) -> Ended {
    workdir.call(&[&["report", "--out", "merged", "--merge"], ledgers].concat())
}

fn merged(workdir: &Workdir) -> Value {
    serde_json::from_str(&workdir.read("merged/summary.json")).expect("JSON")
}

const FOUR: [&str; 4] = ["shard-0.db", "shard-1.db", "shard-2.db", "shard-3.db"];

fn nothing_more_is_sent(workdir: &Workdir, server: &Server) {
    let requests = server.requests();
    for at in 0..4 {
        run(shard(workdir, server, at, 4));
    }
    assert_eq!(server.requests(), requests);
}

/// Four shards side by side, two of which are killed in the middle and started again.
#[test]
fn killed_shards_are_started_again_and_the_sums_are_those_of_the_server() {
    let given = calls(240, 41);
    let workdir = Workdir::with(&given);
    let mut text = workdir.read("calls.csv");
    // Two that are no calls, and one that is there twice.
    let repeated = format!("{}\n", text.lines().nth(1).expect("a row"));
    text.push_str(&repeated);
    text.push_str(
        &repeated
            .replace(&given[0].id, "bad-1")
            .replace("2024-", "20x4-"),
    );
    text.push_str(&repeated.replace(&given[0].id, "").replace("2024-", "20x4-"));
    workdir.write("calls.csv", text);
    let server = Server::healthy();
    let mut running: Vec<Running> = (0..4)
        .map(|at| Running::of(shard(&workdir, &server, at, 4)))
        .collect();
    let others = running.split_off(2);
    for (at, mut killed) in running.into_iter().enumerate() {
        let least = 40 * (at as u64 + 1);
        let ledger = format!("shard-{at}.db");
        let has_ledger = || workdir.call(&["status", "--ledger", &ledger]).code == 0;
        killed.until(|| server.requests() > least && has_ledger());
        killed.kill();
    }
    for (at, other) in (2..).zip(others) {
        let code = other.end().code;
        assert!(matches!(code, 0 | 3), "shard {at} ended with {code}");
    }
    // Whoever was killed has not read its export to the end, and that is said.
    let unfinished = merge(&workdir, &FOUR).with_code(3);
    if unfinished.out.contains("Not complete") {
        unfinished.says("did not reach the end of the export; run it again");
    }
    for at in 0..2 {
        let code = run(shard(&workdir, &server, at, 4)).code;
        assert!(matches!(code, 0 | 3), "shard {at} ended with {code}");
    }
    merge(&workdir, &FOUR)
        .with_code(3)
        .says("Complete: 4 shards own each of 243 records once.");
    // What was on its way when the process was killed may be sent twice, and is told.
    server.has_at_least_the_recordings_of(&given, "v2");
    let merged = merged(&workdir);
    assert_eq!(merged["is_complete"], true);
    assert_eq!(
        (&merged["read"], &merged["owned"]),
        (&243.into(), &243.into())
    );
    let number = |name: &str| merged["outcomes"][name].as_u64().expect("a number");
    let in_place = number("created") + number("already_there");
    assert_eq!(in_place, server.snapshot().conversations.len() as u64);
    assert_eq!((number("rejected"), number("skipped")), (2, 1));
    assert_eq!(merged["shards"].as_array().map(Vec::len), Some(4));
    let bytes: u64 = given.iter().map(|call| call.recording.len() as u64).sum();
    assert_eq!(merged["status"]["bytes"], bytes);
    let accepted = workdir.read("merged/accepted.csv");
    assert_eq!(accepted.lines().count(), 241);
    for ledger in FOUR {
        assert!(accepted.contains(&format!(",{ledger}\n")), "{ledger}");
    }
    nothing_more_is_sent(&workdir, &server);
}

#[test]
fn what_does_not_belong_together_is_named() {
    let given = calls(40, 42);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    for at in 0..4 {
        run(shard(&workdir, &server, at, 4)).with_code(0);
    }
    let complete = merge(&workdir, &FOUR).with_code(0);
    complete.says("Complete: 4 shards own each of 40 records once.");
    let status = [&["status", "--json", "--merge"][..], &FOUR].concat();
    let status: Value =
        serde_json::from_str(&workdir.call(&status).with_code(0).out).expect("JSON");
    assert_eq!(status["is_complete"], true);

    let missing = merge(&workdir, &FOUR[..3]).with_code(3);
    missing
        .says("shard 3/4 is missing: name its ledger")
        .says("Not complete");
    assert_eq!(merged(&workdir)["is_complete"], false);
    let twice = ["shard-0.db", "shard-1.db", "shard-2.db", "shard-2.db"];
    merge(&workdir, &twice)
        .with_code(3)
        .says("shard-2.db is named twice");
    std::fs::copy(workdir.path("shard-2.db"), workdir.path("copy.db")).expect("a copy");
    let copied = ["shard-0.db", "shard-1.db", "shard-2.db", "copy.db"];
    let copied = merge(&workdir, &copied).with_code(3);
    copied
        .says("both hold shard 2/4")
        .says("nothing was merged");

    // One of eight, one of another export, one of a whole export.
    let mut eighth = shard(&workdir, &server, 5, 8);
    eighth.args(["--existing", "skip"]);
    run(eighth);
    let mixed = [FOUR[0], FOUR[1], FOUR[2], "shard-5.db"];
    let mixed = merge(&workdir, &mixed).with_code(3);
    mixed.says("shard-0.db is of shard 0/4, and shard-5.db of shard 5/8");
    let text = workdir.read("calls.csv");
    workdir.write("calls.csv", format!("{text}\n"));
    std::fs::rename(workdir.path("shard-3.db"), workdir.path("old-3.db")).expect("a name");
    run(shard(&workdir, &server, 3, 4));
    let other = merge(&workdir, &FOUR).with_code(3);
    other.says("shard-3.db was begun with another export than shard-0.db");
    workdir.run(&server, &["calls.csv", "--ledger", "whole.db"]);
    let whole = merge(&workdir, &["whole.db"]).with_code(3);
    whole.says("whole.db holds a whole export");
}

#[test]
fn a_shard_that_was_not_run_to_its_end_is_no_part_of_a_complete_report() {
    let given = calls(30, 43);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    run(shard(&workdir, &server, 0, 2)).with_code(0);
    let mut limited = shard(&workdir, &server, 1, 2);
    limited.args(["--limit", "2"]);
    run(limited).with_code(7);
    let two = ["shard-0.db", "shard-1.db"];
    let unfinished = merge(&workdir, &two).with_code(3);
    unfinished.says("shard 1/2 (shard-1.db): its last run did not reach the end");
    workdir.write("some.txt", format!("{}\n", given[0].id));
    let mut selected = shard(&workdir, &server, 1, 2);
    selected.args(["--only", "some.txt"]);
    run(selected);
    let unfinished = merge(&workdir, &two).with_code(3);
    unfinished.says("--only limited its last run");
    run(shard(&workdir, &server, 1, 2)).with_code(0);
    merge(&workdir, &two)
        .with_code(0)
        .says("Complete: 2 shards");
}

#[test]
fn a_report_is_not_complete_where_a_file_of_the_export_was_not_read() {
    let given = calls(20, 45);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    workdir.write("more/other.csv", "one,two\n1,2\n");
    for at in 0..2 {
        let mut shard = shard(&workdir, &server, at, 2);
        shard.arg("more");
        run(shard).with_code(3).says("file-not-read");
    }
    merge(&workdir, &["shard-0.db", "shard-1.db"])
        .with_code(3)
        .says("a file of the export was not read")
        .says("Not complete");
    assert_eq!(merged(&workdir)["is_complete"], false);
}

#[test]
fn ledgers_that_were_divided_anew_go_on() {
    let given = calls(90, 44);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    for at in 0..3 {
        let mut limited = shard(&workdir, &server, at, 3);
        limited.args(["--limit", "10"]);
        run(limited).with_code(7);
    }
    let three = ["shard-0.db", "shard-1.db", "shard-2.db"];
    let divide = |ledgers: &[&str], into: &str| {
        workdir.call(
            &[
                &["ledger", "reshard", "--into", into, "--to", into],
                ledgers,
            ]
            .concat(),
        )
    };
    divide(&three[..2], "5")
        .with_code(2)
        .says("shard 2/3 is missing");
    let before = std::fs::read(workdir.path("shard-1.db")).expect("a ledger");
    divide(&three, "5")
        .with_code(0)
        .says("30 calls and 0 cases, the same before and after");
    divide(&three, "5")
        .with_code(2)
        .says("name another folder with --to");
    assert_eq!(
        std::fs::read(workdir.path("shard-1.db")).expect("a ledger"),
        before
    );
    let five: Vec<String> = (0..5).map(|at| format!("5/shard-{at}.db")).collect();
    for at in 0..5 {
        std::fs::rename(
            workdir.path(&five[at as usize]),
            workdir.path(&format!("shard-{at}.db")),
        )
        .expect("a name");
        run(shard(&workdir, &server, at, 5)).with_code(0);
    }
    server.has_exactly(&given, "v2");
    let five: Vec<String> = (0..5).map(|at| format!("shard-{at}.db")).collect();
    let five: Vec<&str> = five.iter().map(String::as_str).collect();
    merge(&workdir, &five)
        .with_code(0)
        .says("Complete: 5 shards");
    // One ledger again, which takes the exports of the nights to come.
    divide(&five, "1").with_code(0).says("90 calls");
    let requests = server.requests();
    workdir
        .run(&server, &["calls.csv", "--ledger", "1/capturi-import.db"])
        .with_code(0);
    assert_eq!(server.requests(), requests);
    assert_eq!(workdir.outcome("already_there"), 90);
}
