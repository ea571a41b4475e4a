//! `verify`: what the destination really has, call by call, and nothing else than that.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use capturi_import::sandbox::{
    Fault, FaultRule, Faults, Operation, RetryAfterHeader, TamperRule, Tampering,
};

use crate::harness::export::{Given, calls};
use crate::harness::meddler::{Meddler, Trick, answer};
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::{Server, always};

/// `verify` of the calls at this server, with files in `seen`.
fn verify(place: &Workdir, server: &Server, more: &[&str]) -> Ended {
    Ended::from(verifier(place, server, more).output().expect("it starts"))
}

fn verifier(place: &Workdir, server: &Server, more: &[&str]) -> Command {
    verifier_by(place, server, &server.url(), more)
}

/// The same, by this read API.
fn verifier_by(place: &Workdir, server: &Server, read_api: &str, more: &[&str]) -> Command {
    let url = server.url();
    let mut arguments = vec![
        "verify",
        "--base-url",
        &url,
        "--read-url",
        read_api,
        "--out",
        "seen",
        "--rate",
        "0",
        "--read-settle",
        "0s",
    ];
    arguments.extend(more);
    place.program(&arguments)
}

fn list_requests(server: &Server) -> u64 {
    let endpoints = server.snapshot().endpoints;
    let label = "POST /integrations/conversations/list-full";
    endpoints.get(label).map_or(0, |count| count.requests)
}

/// The lines of `verify.csv`: outcome and words by id.
fn found(place: &Workdir) -> BTreeMap<String, (String, String)> {
    let text = place.read("seen/verify.csv");
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let rows = csv.records().map(|row| {
        let row = row.expect("a row");
        (row[0].to_owned(), (row[2].to_owned(), row[3].to_owned()))
    });
    rows.collect()
}

/// The numbers of the last comparison.
fn numbers(place: &Workdir) -> serde_json::Value {
    let summary: serde_json::Value =
        serde_json::from_str(&place.read("seen/summary.json")).expect("JSON");
    summary["verify"].clone()
}

fn sent(count: usize, seed: u64) -> (Workdir, Server, Vec<Given>) {
    sent_to(Server::healthy(), count, seed)
}

fn sent_to(server: Server, count: usize, seed: u64) -> (Workdir, Server, Vec<Given>) {
    let given = calls(count, seed);
    let place = Workdir::with(&given);
    place
        .run(&server, &["calls.csv", "--concurrency", "32"])
        .with_code(0);
    (place, server, given)
}

/// What is shown otherwise of which calls: so many of each, from the first on.
fn tampered(given: &[Given], each: usize) -> (Faults, BTreeMap<String, (&'static str, String)>) {
    let kinds = [
        (Tampering::Missing, "missing", "conversation"),
        (Tampering::Deleted, "missing", "deleted"),
        (Tampering::NoAudio, "missing", "recording"),
        (Tampering::Altered, "different", "subject"),
        (Tampering::Twice, "different", "twice"),
        (Tampering::OtherUid, "different", "uid"),
        (Tampering::Swapped, "different", "length"),
        (Tampering::Error, "failed-there", ""),
        (Tampering::Processing, "waiting", ""),
        (Tampering::Stateless, "not-readable", "untold"),
    ];
    let mut faults = Faults::seeded(7);
    let mut expected = BTreeMap::new();
    for ((what, outcome, words), calls) in kinds.into_iter().zip(given.chunks(each)) {
        let ids = calls.iter().map(|call| call.id.clone());
        faults = faults.showing(TamperRule::new(what).of(ids.clone()));
        expected.extend(ids.map(|id| (id, (outcome, words.to_owned()))));
    }
    (faults, expected)
}

fn has_exactly(place: &Workdir, expected: &BTreeMap<String, (&'static str, String)>) {
    let found = found(place);
    for (id, (outcome, words)) in expected {
        let told = found.get(id).unwrap_or_else(|| panic!("{id} is not told"));
        assert_eq!((told.0.as_str(), &told.1), (*outcome, words), "{id}");
    }
    assert_eq!(found.len(), expected.len());
}

fn adds_up(place: &Workdir, known: u64) {
    let numbers = numbers(place);
    let outcomes = numbers["outcomes"].as_object().expect("outcomes");
    let sum: u64 = outcomes
        .values()
        .filter_map(serde_json::Value::as_u64)
        .sum();
    assert_eq!((numbers["known"].as_u64(), sum), (Some(known), known));
    assert_eq!(numbers["is_accounted_for"], true);
}

#[test]
fn what_is_there_as_it_was_sent_is_verified() {
    let (place, server, _) = sent(60, 301);
    let before = server.requests();

    verify(&place, &server, &[]).with_code(0);

    assert_eq!(found(&place), BTreeMap::new());
    assert_eq!(numbers(&place)["outcomes"]["verified"], 60);
    assert_eq!(numbers(&place)["without_fields"], 0);
    adds_up(&place, 60);
    assert_eq!(server.requests() - before, 1, "one page holds all");
}

#[test]
fn of_five_thousand_calls_exactly_those_are_told_that_are_otherwise() {
    let (place, server, given) = sent(5_000, 302);
    let (faults, expected) = tampered(&given, 40);
    server.now_with(faults);
    let before = server.requests();

    verify(&place, &server, &[]).with_code(3);

    has_exactly(&place, &expected);
    adds_up(&place, 5_000);
    assert!(server.requests() - before <= 30);
}

#[test]
fn a_comparison_that_was_killed_goes_on_at_its_page() {
    let (place, server, given) = sent_to(Server::with_pages_of(25), 300, 303);
    let (faults, expected) = tampered(&given, 5);
    let slow = FaultRule::new(Fault::Latency {
        milliseconds: 150,
        jitter_milliseconds: 0,
    });
    server.now_with(faults.clone().with(slow.on(Operation::Read)));
    let mut killed = verifier(&place, &server, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while list_requests(&server) < 6 {
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");
    server.now_with(faults);
    let before = list_requests(&server);

    verify(&place, &server, &[]).with_code(3);

    has_exactly(&place, &expected);
    adds_up(&place, 300);
    // Twelve pages hold all with those that are there twice; five were read before, and what is missing is
    // looked at once more.
    let after = list_requests(&server) - before;
    assert!(after <= 8 + 5, "{after} requests");
}

#[test]
fn a_throttle_and_an_outage_in_the_middle_are_waited_out() {
    let (place, server, given) = sent_to(Server::with_pages_of(25), 100, 304);
    let (faults, expected) = tampered(&given, 2);
    let first = server.requests();
    let throttle = FaultRule::new(Fault::Answer {
        status: 429,
        retry_after: Some(RetryAfterHeader::Seconds(1)),
    });
    let struck = faults
        .with(throttle.requests(first + 2, Some(first + 2)))
        .with(always(Fault::Close).requests(first + 4, Some(first + 5)))
        .with(always(Fault::status(503)).requests(first + 6, Some(first + 6)));
    server.now_with(struck);

    verify(&place, &server, &[]).with_code(3);

    has_exactly(&place, &expected);
    adds_up(&place, 100);
    let snapshot = server.snapshot();
    for fault in [
        "status_429_before_effect",
        "close_before_effect",
        "status_503_before_effect",
    ] {
        assert!(snapshot.faults_of(fault) > 0, "{fault}");
    }
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let (place, server, _) = sent(40, 305);
    server.now_with(Faults::default().with(always(Fault::status(403))));
    verify(&place, &server, &[]).with_code(4);
    assert_eq!(numbers(&place)["not_compared"], 40);
    assert_eq!(numbers(&place)["stop"], "token_refused");
    server.now_with(Faults::default().with(always(Fault::status(503))));
    verify(&place, &server, &["--max-outage", "1s"]).with_code(6);
    assert_eq!(numbers(&place)["not_compared"], 40);
    server.now_with(Faults::default().with(always(Fault::Html)));
    verify(&place, &server, &["--max-outage", "1s"]).with_code(6);
    server.heal();
    verify(&place, &server, &[]).with_code(0);
    // Another ledger's destination, and one whose read API nobody named.
    let url = server.url();
    place.call(&["verify", "--base-url", &url]).with_code(2);
    let other = [
        "verify",
        "--base-url",
        "http://127.0.0.1:9",
        "--read-url",
        &url,
    ];
    place.call(&other).with_code(2);
}

#[test]
fn it_waits_until_all_is_worked_on() {
    let (place, server, given) = sent(12, 306);
    let ids = given.iter().take(5).map(|call| call.id.clone());
    server.now_with(Faults::default().showing(TamperRule::new(Tampering::Processing).of(ids)));
    verify(&place, &server, &[]).with_code(3);
    assert_eq!(numbers(&place)["outcomes"]["waiting"], 5);
    let waiting = verifier(&place, &server, &["--wait", "60s"])
        .spawn()
        .expect("it starts");
    let before = list_requests(&server);
    while list_requests(&server) == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.heal();
    let ended = Ended::from(waiting.wait_with_output().expect("it ends"));
    ended.with_code(0);
    assert_eq!(numbers(&place)["outcomes"]["verified"], 12);
    adds_up(&place, 12);
}

#[test]
fn only_what_is_asked_for_is_compared() {
    let (place, server, given) = sent(30, 307);
    let (faults, _) = tampered(&given, 2);
    server.now_with(faults);
    verify(&place, &server, &[]).with_code(3);
    let missing = numbers(&place)["outcomes"]["missing"].clone();
    verify(&place, &server, &["--only", "missing"]).with_code(3);
    assert_eq!(numbers(&place)["known"], missing);
    adds_up(&place, 6);
    place.write("some.txt", format!("{}\n{}\n", given[28].id, given[29].id));
    verify(&place, &server, &["--only", "some.txt"]).with_code(0);
    adds_up(&place, 2);
    verify(&place, &server, &["--since", "2999-01-01"]).with_code(0);
    adds_up(&place, 0);
}

#[test]
fn what_is_provably_missing_is_opened_again_when_that_is_confirmed() {
    let (place, server, given) = sent(30, 308);
    let ids = |from: usize, to: usize| given[from..to].iter().map(|call| call.id.clone());
    server.now_with(
        Faults::default()
            .showing(TamperRule::new(Tampering::NoAudio).of(ids(0, 3)))
            .showing(TamperRule::new(Tampering::Deleted).of(ids(3, 5))),
    );
    let plan = verify(&place, &server, &["--repair"]);
    assert!(plan.out.contains("plan: 3 recordings"), "{}", plan.out);
    assert!(plan.out.contains("Deleted in Capturi: 2 conversations"));
    plan.with_code(3);
    let requests = server.requests();
    place.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests, "a plan changes nothing");

    verify(&place, &server, &["--repair", "--yes"]).with_code(3);
    server.heal();
    place.run(&server, &["calls.csv"]).with_code(0);
    let again = server.has_at_least_the_recordings_of(&given, "v2");
    assert_eq!(again, ids(0, 3).collect());
    verify(&place, &server, &[]).with_code(0);
}

#[test]
fn calls_whose_conversations_are_gone_are_sent_again() {
    let (place, server, given) = sent(20, 309);
    server.forget_everything();
    let ended = verify(&place, &server, &["--repair", "--yes"]);
    let told = "opened in the ledger: 20 conversations gone";
    assert!(ended.out.contains(told), "{}", ended.out);
    ended.with_code(3);

    place.run(&server, &["calls.csv"]).with_code(0);

    server.has_exactly(&given, "v2");
    verify(&place, &server, &[]).with_code(0);
}

/// A server behind somebody who, while `is_lost`, answers creates and uploads and passes nothing on.
fn losing(server: &Server, is_lost: &Arc<AtomicBool>) -> Meddler {
    let is_lost = Arc::clone(is_lost);
    Meddler::before(server, move |number, line| {
        let is_sent =
            line.starts_with("POST /v2/conversation") || line.starts_with("POST /v1/audio");
        let body = format!("{{\"UID\": \"lost-{number}\"}}");
        let told = answer("200 OK", "", body.as_bytes());
        (is_sent && is_lost.load(Ordering::Relaxed)).then_some(Trick::Instead(told))
    })
}

#[test]
fn what_is_missing_is_planned_opened_sent_and_verified_and_nothing_else_is_sent() {
    let given = calls(20, 313);
    let (place, server) = (Workdir::with(&given), Server::healthy());
    let is_lost = Arc::new(AtomicBool::new(false));
    let between = losing(&server, &is_lost);
    let url = between.url();
    let run = |more: &[&str]| {
        let fixed = ["run", "calls.csv", "--audio", "audio", "--out", "out"];
        let to = ["--base-url", url, "--rate", "0"];
        place.call(&[&fixed[..], &to, more].concat()).with_code(0)
    };
    let repaired = |more: &[&str]| {
        let from = ["--base-url", url, "--read-url", &server.url()].map(str::to_owned);
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let fixed = [
            "verify",
            "--rate",
            "0",
            "--read-settle",
            "0s",
            "--out",
            "seen",
        ];
        place.call(&[&fixed[..], &from, more].concat())
    };
    let ids: Vec<&str> = given[..12].iter().map(|call| call.id.as_str()).collect();
    place.write("first.txt", ids.join("\n"));
    run(&["--only", "first.txt"]);
    is_lost.store(true, Ordering::Relaxed);
    run(&[]);
    is_lost.store(false, Ordering::Relaxed);
    assert_eq!(server.snapshot().conversations.len(), 12, "eight are lost");

    let plan = repaired(&["--repair"]).with_code(3);
    let plan = plan
        .says("plan: 8 conversations gone")
        .says("Nothing was changed");
    assert!(!plan.out.contains("capturi-import run"), "{plan:?}");
    let opened = repaired(&["--repair", "--yes"]).with_code(3);
    let command = format!("--ledger capturi-import.db --base-url {url}");
    let opened = opened.says("Nothing was sent").says(&command);
    assert!(
        opened.out.contains("capturi-import run EXPORT -m MAPPING"),
        "{opened:?}"
    );
    let json = ["--repair", "--yes", "--log-format", "json"];
    for line in repaired(&json).out.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("{line}"));
    }
    run(&[]);

    server.has_exactly(&given, "v2");
    let there = server.snapshot().conversations;
    assert!(
        there.iter().all(|found| found.creates == 1),
        "nothing is sent twice"
    );
    repaired(&[]).with_code(0);
    adds_up(&place, 20);
}

/// A server whose read API has no `list-full`, and says so.
fn without_full(server: &Server, status: &'static str) -> Meddler {
    Meddler::before(server, move |_, line| {
        let told = answer(status, "", b"");
        line.contains("list-full").then_some(Trick::Instead(told))
    })
}

#[test]
fn where_the_server_has_no_full_list_the_other_one_is_read_and_that_is_said() {
    for (status, count) in [
        ("404 Not Found", 60),
        ("405 Method Not Allowed", 9),
        ("400 Bad Request", 60),
    ] {
        let (place, server, given) = sent_to(Server::with_pages_of(25), count, 314);
        let reads = without_full(&server, status);
        let by_delta = || {
            let output = verifier_by(&place, &server, reads.url(), &[]).output();
            Ended::from(output.expect("it starts"))
        };
        by_delta()
            .with_code(0)
            .says("the calls were listed by list-delta");
        assert_eq!(numbers(&place)["listed_by"], "list-delta", "{status}");
        adds_up(&place, count as u64);
        let (faults, expected) = tampered(&given, (count / 10).max(1));
        server.now_with(faults);
        by_delta().with_code(3);
        has_exactly(&place, &expected);
        adds_up(&place, count as u64);
        server.heal();
        verify(&place, &server, &[]).with_code(0);
        assert_eq!(numbers(&place)["listed_by"], "list-full");
    }
}

#[test]
fn a_comparison_by_the_other_list_that_was_killed_goes_on_at_its_page() {
    let (place, server, _) = sent_to(Server::with_pages_of(25), 300, 315);
    let reads = without_full(&server, "404 Not Found");
    let slow = FaultRule::new(Fault::Latency {
        milliseconds: 150,
        jitter_milliseconds: 0,
    });
    server.now_with(Faults::default().with(slow.on(Operation::Read)));
    let before = server.requests();
    let by_delta = || verifier_by(&place, &server, reads.url(), &[]);
    let mut killed = Running::of(by_delta());
    killed.until(|| server.requests() >= before + 6);
    assert_eq!(killed.kill().code, -1, "it was killed");
    server.heal();
    let before = server.requests();
    let output = by_delta().output();
    Ended::from(output.expect("it starts")).with_code(0);
    adds_up(&place, 300);
    let after = server.requests() - before;
    assert!(after <= 8, "{after} requests; twelve pages hold all");
}

#[test]
fn a_run_compares_its_calls_at_its_end() {
    let given = calls(30, 311);
    let (place, server) = (Workdir::with(&given), Server::healthy());
    let url = server.url();
    let arguments = ["calls.csv", "--read-url", &url, "--verify"];

    place.run(&server, &arguments).with_code(0);

    let summary = place.summary();
    assert_eq!(summary["verify"]["outcomes"]["verified"], 30);
    assert_eq!(
        summary["outcomes"]["created"], 30,
        "the run's own numbers stay"
    );
    let page = place.read("out/report.html");
    assert!(page.contains("What the destination has") && page.contains("How the records ended"));
    // The second run sends nothing, and has nothing to compare.
    place.run(&server, &arguments).with_code(0);
    assert_eq!(place.summary()["verify"]["known"], 0);
    place.run(&server, &["calls.csv", "--verify"]).with_code(2);
}

#[test]
fn a_rehearsal_can_show_what_a_comparison_finds() {
    let given = calls(20, 312);
    let place = Workdir::with(&given);
    place.write("faults.toml", "[[tamper]]\nwhat = \"altered\"\n");
    let arguments = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--out",
        "seen",
        "--sandbox",
        "--faults",
        "faults.toml",
        "--verify",
    ];
    place.call(&arguments).with_code(3);
    assert_eq!(numbers(&place)["outcomes"]["different"], 20);
    assert_eq!(numbers(&place)["what"]["subject"], 20);
}
