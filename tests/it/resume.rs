//! Killed, interrupted, started twice: the same command finishes the work, and nothing is doubled
//! but what was in flight.

use crate::harness::export::calls;
use crate::harness::known::{every_answer_is_known, known_doubts};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always};
use capturi_import::sandbox::{Fault, FaultRule, Faults, Strikes};

/// Requests in the air at once, when nothing else is said.
const WIDTH: usize = 8;
/// Calls under way for each of them: an answer that has come may not be in the ledger yet.
const IN_HAND: usize = 8;

/// Answers so late that no test waits for them.
fn never_answered(strikes: Strikes) -> FaultRule {
    always(Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    })
    .strikes(strikes)
}

/// Kills the run at random moments, over and over, until one ends by itself.
fn is_killed_again_and_again(seed: u64, version: &str) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let given = calls(150, seed);
    let workdir = Workdir::with(&given);
    let late = Fault::Latency {
        milliseconds: 10,
        jitter_milliseconds: 80,
    };
    let server = Server::with(Faults::seeded(seed).with(always(late)));
    let mut kills = 0;

    loop {
        let mut running = workdir.start(&server, &["calls.csv", "--api-version", version]);
        let moment = server.requests() + dice.u64(0..25);
        running.until(|| server.requests() >= moment);
        for _ in 0..dice.u32(0..300) {
            std::thread::yield_now();
        }
        let ended = running.kill();
        if ended.code >= 0 {
            ended.with_code(0);
            break;
        }
        kills += 1;
    }

    assert!(kills >= 5, "only {kills} kills");
    let doubled = server.has_at_least_the_recordings_of(&given, version);
    assert!(server.surplus_uploads() <= kills * WIDTH * IN_HAND);
    let told = known_doubts(&workdir, &given);
    assert!(
        doubled.is_subset(&told),
        "{doubled:?} came twice, but only {told:?} are known"
    );
    assert_eq!(workdir.state("complete"), given.len() as u64);
    let requests = server.requests();
    workdir
        .run(&server, &["calls.csv", "--api-version", version])
        .with_code(0);
    assert_eq!(server.requests(), requests, "a further run sends nothing");
}

#[test]
fn a_run_that_is_killed_at_any_moment_is_resumed() {
    for seed in 1..=2 {
        is_killed_again_and_again(seed, "v2");
    }
}

#[test]
fn so_it_is_with_version_3() {
    is_killed_again_and_again(3, "v3");
}

#[test]
fn a_kill_at_every_request_doubles_at_most_what_was_in_flight() {
    // One request at a time, so that it is known what was in flight.
    let given = calls(4, 31);
    for strikes in [Strikes::BeforeEffect, Strikes::AfterEffect] {
        for request in 1..=2 * given.len() as u64 {
            let workdir = Workdir::with(&given);
            let rule = never_answered(strikes).requests(request, None);
            let server = Server::with(Faults::default().with(rule));
            let arguments = ["calls.csv", "--concurrency", "1"];

            let mut running = workdir.start(&server, &arguments);
            running.until(|| server.snapshot().faults.len() == 1);
            if strikes == Strikes::BeforeEffect {
                // An answer reaches the disk a little later than the request that follows it leaves.
                running.until(|| every_answer_is_known(&workdir, &server));
            }
            let before = server.surplus_uploads();
            assert_eq!((running.kill().code, before), (-1, 0));
            server.heal();
            workdir.run(&server, &arguments).with_code(0);

            let doubled = server.has_at_least_the_recordings_of(&given, "v2");
            match strikes {
                Strikes::BeforeEffect => assert!(doubled.is_empty(), "{request}: {doubled:?}"),
                Strikes::AfterEffect => assert!(doubled.len() <= IN_HAND, "{request}: {doubled:?}"),
            }
            assert!(doubled.is_subset(&known_doubts(&workdir, &given)));
            assert!(workdir.lines_with("upload-in-doubt").len() >= doubled.len());
        }
    }
}

#[test]
fn an_interrupted_run_finishes_what_is_in_flight_and_is_resumed() {
    let given = calls(200, 32);
    let workdir = Workdir::with(&given);
    let late = always(Fault::Latency {
        milliseconds: 30,
        jitter_milliseconds: 30,
    });
    let server = Server::with_rule(late);

    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() >= 100);
    running.signal("INT");
    let ended = running.end().with_code(130);

    assert!(ended.out.contains("= records read"), "{}", ended.out);
    let created = workdir.outcome("created");
    assert!(created > 0 && created < 200, "{created}");
    assert_eq!(workdir.summary()["stop"], "interrupted");
    // What was begun is finished: no request is left without an answer, no call without its
    // recording.
    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len() as u64, created);
    assert!(
        snapshot
            .conversations
            .iter()
            .all(|found| found.uploads.len() == 1)
    );
    assert!(
        snapshot.endpoints.values().all(|count| count.dropped == 0),
        "{:?}",
        snapshot.endpoints
    );
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_terminated_run_ends_like_an_interrupted_one() {
    let given = calls(100, 33);
    let workdir = Workdir::with(&given);
    let late = always(Fault::Latency {
        milliseconds: 50,
        jitter_milliseconds: 0,
    });
    let server = Server::with_rule(late);

    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() >= 40);
    running.signal("TERM");
    running.end().with_code(130);

    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let given = calls(60, 34);
    let workdir = Workdir::with(&given);
    let rule = never_answered(Strikes::AfterEffect).requests(41, None);
    let server = Server::with(Faults::default().with(rule));

    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() >= 40 + WIDTH as u64);
    running.signal("INT");
    running.until_it_says("stopping");
    running.signal("INT");
    running.end().with_code(130);

    assert_eq!(workdir.outcome("failed"), 0);
    assert!(workdir.outcome("not_attempted") >= WIDTH as u64);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    assert!(doubled.len() <= WIDTH, "{doubled:?}");
}

#[test]
fn a_second_run_at_the_same_time_is_refused_and_told_who_runs() {
    // Enough requests are answered that some calls of all that are in hand are complete.
    let given = calls(200, 35);
    let workdir = Workdir::with(&given);
    let rule = never_answered(Strikes::BeforeEffect).requests(201, None);
    let server = Server::with(Faults::default().with(rule));
    let mut first = workdir.start(&server, &["calls.csv"]);
    first.until(|| server.requests() >= 200 + WIDTH as u64);
    let requests = server.requests();

    workdir
        .run(&server, &["calls.csv"])
        .with_code(5)
        .says(&first.process().to_string());

    assert_eq!(server.requests(), requests);
    assert!(!first.is_over());
    // Looking is allowed meanwhile, and a killed run holds nothing.
    assert!(workdir.state("complete") > 0);
    first.kill();
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_ledger_belongs_to_one_destination() {
    let given = calls(20, 36);
    let workdir = Workdir::with(&given);
    let (real, other) = (Server::healthy(), Server::healthy());
    workdir.run(&real, &["calls.csv"]).with_code(0);

    workdir
        .run(&other, &["calls.csv"])
        .with_code(2)
        .says(&real.url());

    assert_eq!(other.requests(), 0);
    let rehearsal = [
        "run",
        "calls.csv",
        "--sandbox",
        "--ledger",
        "capturi-import.db",
    ];
    workdir.call(&rehearsal).with_code(2);
    workdir.run(&real, &["calls.csv"]).with_code(0);
    real.has_exactly(&given, "v2");
}
