//! Every record and every problem is accounted for, in all places where they are told.

use std::collections::BTreeSet;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Place};
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
fn run_the_sample(place: &Place, server: &Server) -> Ended {
    let (export, audio) = (
        format!("{SAMPLES}/with-problems.csv"),
        format!("{SAMPLES}/recordings-with-problems"),
    );
    place.bare_run(server, &[&export, "--audio", &audio])
}

/// What the problems file says, without recordings that nobody claims.
fn told(place: &Place) -> BTreeSet<(u64, String)> {
    let rows = place.rows("problems.csv").into_iter();
    let of_records = rows.filter(|row| row["code"] != "recording-unclaimed");
    of_records
        .map(|row| (row["line"].parse().expect("a line"), row["code"].clone()))
        .collect()
}

#[test]
fn every_planted_fault_is_found_on_its_line_and_nothing_else_is() {
    let (place, server) = (Place::new(), Server::healthy());
    let planted = planted();
    assert!(planted.len() > 25, "the table of the README was not read");
    let (export, audio) = (
        format!("{SAMPLES}/with-problems.csv"),
        format!("{SAMPLES}/recordings-with-problems"),
    );

    place
        .call(&["check", &export, "--audio", &audio, "--out", "out"])
        .with_code(3);
    assert_eq!(told(&place), planted);

    // A run looks at what a check looks at.
    run_the_sample(&place, &server).with_code(3);
    assert_eq!(told(&place), planted);
}

#[test]
fn the_outcomes_add_up_everywhere() {
    let (place, server) = (Place::new(), Server::healthy());

    let ended = run_the_sample(&place, &server).with_code(3);

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
    assert_eq!((place.outcome("created"), created), (7, 7));
    assert_eq!(place.outcome("rejected"), 20);
    assert_eq!(place.outcome("held"), 2);
    assert_eq!(place.outcome("skipped"), 1);
    assert_eq!(place.rows("rejected.csv").len(), 20);
    assert_eq!(place.rows("accepted.csv").len(), 7);
    // In the ledger.
    assert_eq!((place.state("complete"), place.state("held")), (7, 2));
    let run = &place.status()["runs"][0];
    assert_eq!(
        (&run["read"], &run["created"], &run["rejected"]),
        (&json!(30), &json!(7), &json!(20))
    );
}

#[test]
fn the_summary_counts_every_problem() {
    let (place, server) = (Place::new(), Server::healthy());
    run_the_sample(&place, &server);
    let problems = place.rows("problems.csv");
    let groups = place.summary()["problems"]
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
fn with_broken_rows(name: &str) -> (Vec<Given>, Place) {
    let given = calls(20, 61);
    let mut broken = given.clone();
    for call in &mut broken[5..10] {
        call.set("agentEmail", "at home", json!("at home"));
    }
    let place = Place::new();
    place.record(&given);
    place.export(name, &broken);
    (given, place)
}

#[test]
fn rejected_rows_can_be_mended_and_fed_in_again() {
    for (name, rejected) in [
        ("calls.csv", "out/rejected.csv"),
        ("calls.tsv", "out/rejected.csv"),
        ("calls.ndjson", "out/rejected.ndjson"),
    ] {
        let (given, place) = with_broken_rows(name);
        let server = Server::healthy();
        place.run(&server, &[name]).with_code(3);
        assert_eq!(server.snapshot().conversations.len(), 15);

        let mended = place
            .read(rejected)
            .replace("at home", "agent.X@example.com");
        place.write("mended", mended);
        std::fs::rename(place.path("mended"), place.path(rejected)).expect("a file");
        place.run(&server, &[rejected]).with_code(0);

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
        assert_eq!(place.state("complete"), 20, "{name}");
    }
}

#[test]
fn rows_that_are_still_wrong_come_back_as_they_went_in() {
    let (_, place) = with_broken_rows("calls.csv");
    let server = Server::healthy();
    place.run(&server, &["calls.csv"]).with_code(3);
    let first = place.read("out/rejected.csv");
    std::fs::copy(place.path("out/rejected.csv"), place.path("again.csv")).expect("a copy");
    place.run(&server, &["again.csv"]).with_code(3);
    assert_eq!(place.read("out/rejected.csv"), first);
}

#[test]
fn the_report_can_be_written_again_from_the_ledger() {
    let given = calls(30, 65);
    let (place, server) = (Place::with(&given), Server::healthy());
    place.run(&server, &["calls.csv"]).with_code(0);
    let before: BTreeSet<String> = place
        .rows("accepted.csv")
        .into_iter()
        .map(|row| row["external_id"].clone())
        .collect();
    std::fs::remove_dir_all(place.path("out")).expect("a folder");

    place.call(&["report"]).with_code(0);

    let after: BTreeSet<String> = place
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
    let (place, server) = (Place::with(&given), Server::healthy());
    place
        .run(&server, &["calls.csv", "--limit", "7"])
        .with_code(7);
    let status: Value = place.status();
    assert_eq!(status["runs"][0]["ending"], "limit");
    assert_eq!(status["destination"], server.url());
    let shown = place.call(&["status"]).with_code(0);
    assert!(
        shown.out.contains("complete") && shown.out.contains('7'),
        "{}",
        shown.out
    );
    place
        .call(&["status", "--ledger", "elsewhere.db"])
        .with_code(2)
        .says("elsewhere.db");
}

#[test]
fn every_rejected_row_of_the_sample_is_rejected_for_the_same_when_fed_in_again() {
    let (place, server) = (Place::new(), Server::healthy());
    run_the_sample(&place, &server).with_code(3);
    let of_id = |place: &Place| -> BTreeSet<(String, String)> {
        let rows = place.rows("rejected.csv").into_iter();
        rows.map(|row| {
            let problems = row.values().find(|cell| cell.contains(": "));
            let code = problems
                .and_then(|cell| cell.split(':').next())
                .unwrap_or_default();
            (row["externalId"].clone(), code.to_owned())
        })
        .collect()
    };
    let before = of_id(&place);
    let requests = server.requests();
    std::fs::copy(place.path("out/rejected.csv"), place.path("again.csv")).expect("a copy");
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
    place.call(&arguments).with_code(3);

    // The id of line 2 with another title is no duplicate any more, but a change of what was sent.
    let mut expected = before;
    expected.retain(|(id, _)| id != "P-001");
    assert_eq!(of_id(&place), expected);
    assert_eq!(place.lines_with("changed-since-sent").len(), 1);
    assert_eq!(server.requests(), requests);
}
