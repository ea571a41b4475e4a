//! Every record and every problem is accounted for, in all places where they are told.

use std::collections::BTreeSet;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::Server;
use serde_json::{Value, json};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

/// Line and code of everything that `samples/README.md` says is planted.
fn planted() -> BTreeSet<(u64, String)> {
    let readme = std::fs::read_to_string(format!("{SAMPLES}/README.md")).expect("the README");
    let (_, table) = readme.split_once("planted: begin").expect("the table");
    let (table, _) = table.split_once("planted: end").expect("its end");
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let line = cells.get(1)?.parse().ok()?;
        Some((line, cells.get(3)?.trim_matches('`').to_owned()))
    });
    rows.collect()
}

/// A run (or check) of the faulty sample.
fn run_the_sample(workdir: &Workdir, server: &Server) -> Ended {
    let (export, audio) = (
        format!("{SAMPLES}/with-problems.csv"),
        format!("{SAMPLES}/recordings-with-problems"),
    );
    workdir.bare_run(server, &[&export, "--audio", &audio])
}

/// What the problems file says, without recordings that nobody claims.
fn told(workdir: &Workdir) -> BTreeSet<(u64, String)> {
    let rows = workdir.rows("problems.csv").into_iter();
    let of_records = rows.filter(|row| row["code"] != "recording-unclaimed");
    of_records
        .map(|row| (row["line"].parse().expect("a line"), row["code"].clone()))
        .collect()
}

#[test]
fn every_planted_fault_is_found_on_its_line_and_nothing_else_is() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let planted = planted();
    assert!(planted.len() > 25, "the table of the README was not read");
    let (export, audio) = (
        format!("{SAMPLES}/with-problems.csv"),
        format!("{SAMPLES}/recordings-with-problems"),
    );

    workdir
        .call(&["check", &export, "--audio", &audio, "--out", "out"])
        .with_code(3);
    assert_eq!(told(&workdir), planted);

    // A run looks at what a check looks at.
    run_the_sample(&workdir, &server).with_code(3);
    assert_eq!(told(&workdir), planted);
}

#[test]
fn the_outcomes_add_up_everywhere() {
    let (workdir, server) = (Workdir::new(), Server::healthy());

    let ended = run_the_sample(&workdir, &server).with_code(3);

    // On the screen: the numbers of the table, and their sum in its last row.
    let number = |line: &str| -> Option<u64> {
        let cells: Vec<&str> = line.split('│').map(str::trim).collect();
        cells
            .get(2)?
            .replace([' ', ',', '\u{a0}', '\u{202f}'], "")
            .parse()
            .ok()
    };
    let rows: Vec<(bool, u64)> = ended
        .out
        .lines()
        .filter_map(|line| Some((line.contains("= records read"), number(line)?)))
        .collect();
    let total: u64 = rows
        .iter()
        .filter(|(is_sum, _)| *is_sum)
        .map(|(_, number)| number)
        .sum();
    let parts: u64 = rows
        .iter()
        .filter(|(is_sum, _)| !is_sum)
        .map(|(_, number)| number)
        .sum();
    assert_eq!((total, parts), (30, 30), "{}", ended.out);
    // In the summary, which the harness adds up as well.
    let created = server.snapshot().conversations.len() as u64;
    assert_eq!((workdir.outcome("created"), created), (7, 7));
    assert_eq!(workdir.outcome("rejected"), 20);
    assert_eq!(workdir.outcome("held"), 2);
    assert_eq!(workdir.outcome("skipped"), 1);
    assert_eq!(workdir.rows("rejected.csv").len(), 20);
    assert_eq!(workdir.rows("accepted.csv").len(), 7);
    // In the ledger.
    assert_eq!((workdir.state("complete"), workdir.state("held")), (7, 2));
    let run = &workdir.status()["runs"][0];
    assert_eq!(
        (&run["read"], &run["created"], &run["rejected"]),
        (&json!(30), &json!(7), &json!(20))
    );
}

#[test]
fn the_summary_counts_every_problem() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    run_the_sample(&workdir, &server);
    let problems = workdir.rows("problems.csv");
    let groups = workdir.summary()["problems"]
        .as_array()
        .expect("groups")
        .clone();
    for group in &groups {
        let of_kind = |row: &&std::collections::BTreeMap<String, String>| {
            group["code"] == row["code"].as_str() && group["severity"] == row["severity"].as_str()
        };
        assert_eq!(
            group["problems"],
            json!(problems.iter().filter(of_kind).count()),
            "{group}"
        );
        assert!(
            group["cure"].as_str().is_some_and(|cure| !cure.is_empty()),
            "{group}"
        );
    }
    let counted: u64 = groups
        .iter()
        .map(|group| group["problems"].as_u64().expect("a number"))
        .sum();
    assert_eq!(counted, problems.len() as u64);
}

/// Twenty calls, five of them with a broken address, as an export of this name.
fn with_broken_rows(name: &str) -> (Vec<Given>, Workdir) {
    let given = calls(20, 61);
    let mut broken = given.clone();
    for call in &mut broken[5..10] {
        call.set("agentEmail", "at home", json!("at home"));
    }
    let workdir = Workdir::new();
    workdir.record(&given);
    workdir.export(name, &broken);
    (given, workdir)
}

#[test]
fn rejected_rows_can_be_mended_and_fed_in_again() {
    for (name, rejected) in [
        ("calls.csv", "out/rejected.csv"),
        ("calls.tsv", "out/rejected.csv"),
        ("calls.ndjson", "out/rejected.ndjson"),
    ] {
        let (given, workdir) = with_broken_rows(name);
        let server = Server::healthy();
        workdir.run(&server, &[name]).with_code(3);
        assert_eq!(server.snapshot().conversations.len(), 15);

        let mended = workdir
            .read(rejected)
            .replace("at home", "agent.X@example.com");
        workdir.write("mended", mended);
        std::fs::rename(workdir.path("mended"), workdir.path(rejected)).expect("a file");
        workdir.run(&server, &[rejected]).with_code(0);

        let expected: Vec<Given> = given
            .iter()
            .enumerate()
            .map(|(number, call)| {
                let mut call = call.clone();
                if (5..10).contains(&number) {
                    call.say("agentEmail", "agentEmail", "agent.X@example.com");
                }
                call
            })
            .collect();
        server.has_exactly(&expected, "v2");
        assert_eq!(workdir.state("complete"), 20, "{name}");
    }
}

#[test]
fn rows_that_are_still_wrong_come_back_as_they_went_in() {
    let (_, workdir) = with_broken_rows("calls.csv");
    let server = Server::healthy();
    workdir.run(&server, &["calls.csv"]).with_code(3);
    let first = workdir.read("out/rejected.csv");
    std::fs::copy(workdir.path("out/rejected.csv"), workdir.path("again.csv")).expect("a copy");
    workdir.run(&server, &["again.csv"]).with_code(3);
    assert_eq!(workdir.read("out/rejected.csv"), first);
}

#[test]
fn the_report_can_be_written_again_from_the_ledger() {
    let given = calls(30, 65);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let before: BTreeSet<String> = workdir
        .rows("accepted.csv")
        .into_iter()
        .map(|row| row["external_id"].clone())
        .collect();
    std::fs::remove_dir_all(workdir.path("out")).expect("a folder");

    workdir.call(&["report"]).with_code(0);

    let after: BTreeSet<String> = workdir
        .rows("accepted.csv")
        .into_iter()
        .map(|row| row["external_id"].clone())
        .collect();
    assert_eq!(after, before);
    assert_eq!(after.len(), 30);
}

#[test]
fn status_is_told_in_words_and_in_json() {
    let given = calls(12, 66);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir
        .run(&server, &["calls.csv", "--limit", "7"])
        .with_code(7);
    let status: Value = workdir.status();
    assert_eq!(status["runs"][0]["ending"], "limit");
    assert_eq!(status["destination"], server.url());
    let shown = workdir.call(&["status"]).with_code(0);
    assert!(
        shown.out.contains("complete") && shown.out.contains('7'),
        "{}",
        shown.out
    );
    workdir
        .call(&["status", "--ledger", "elsewhere.db"])
        .with_code(2)
        .says("elsewhere.db");
}

#[test]
fn every_rejected_row_of_the_sample_is_rejected_for_the_same_when_fed_in_again() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    run_the_sample(&workdir, &server).with_code(3);
    let of_id = |workdir: &Workdir| -> BTreeSet<(String, String)> {
        let rows = workdir.rows("rejected.csv").into_iter();
        rows.map(|row| {
            let problems = row.values().find(|cell| cell.contains(": "));
            let code = problems
                .and_then(|cell| cell.split(':').next())
                .unwrap_or_default();
            (row["externalId"].clone(), code.to_owned())
        })
        .collect()
    };
    let before = of_id(&workdir);
    let requests = server.requests();
    std::fs::copy(workdir.path("out/rejected.csv"), workdir.path("again.csv")).expect("a copy");
    let audio = format!("{SAMPLES}/recordings-with-problems");
    let url = server.url();

    let arguments = [
        "run",
        "again.csv",
        "--audio",
        &audio,
        "--base-url",
        &url,
        "--rate",
        "0",
        "--out",
        "out",
    ];
    workdir.call(&arguments).with_code(3);

    // The id of line 2 with another title is no duplicate any more, but a change of what was sent.
    let mut expected = before;
    expected.retain(|(id, _)| id != "P-001");
    assert_eq!(of_id(&workdir), expected);
    assert_eq!(workdir.lines_with("changed-since-sent").len(), 1);
    assert_eq!(server.requests(), requests);
}
