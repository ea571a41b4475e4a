//! Everything that a server does wrong, each fault alone and all at once: it costs time, and nothing
//! else.

use crate::harness::export::{Given, calls};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, at_first, on_first_try, sometimes};
use capturi_import::sandbox::{Fault, FaultRule, Faults, RetryAfterHeader, Strikes};

/// Lets two hundred calls go out under this fault. All must arrive, each conversation once, and a
/// recording twice only where that is told.
fn survives(rule: FaultRule) {
    let given = calls(200, 11);
    let workdir = Workdir::with(&given);
    let server = Server::with(Faults::seeded(7).with(rule));

    workdir
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    let struck: u64 = server.snapshot().faults.values().sum();
    assert!(struck > 20, "struck only {struck} times");
    all_doubts_are_told(&workdir, &given, &doubled.into_iter().collect::<Vec<_>>());
    assert_eq!(workdir.outcome("created"), given.len() as u64);
    assert_eq!(workdir.rows("accepted.csv").len(), given.len());
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests, "a second run sends nothing");
}

/// The same for each of several faults, at the same time, since what they cost is waiting.
fn each_survives(rules: &[FaultRule]) {
    std::thread::scope(|scope| {
        for rule in rules {
            scope.spawn(|| survives(rule.clone()));
        }
    });
}

/// Each of these ids has an `upload-in-doubt` problem on its line.
fn all_doubts_are_told(workdir: &Workdir, given: &[Given], doubled: &[String]) {
    let told = workdir.lines_with("upload-in-doubt");
    let records = csv::Reader::from_path(workdir.path("calls.csv")).expect("the export");
    let mut line_of = std::collections::BTreeMap::new();
    for record in records.into_records() {
        let record = record.expect("a row");
        line_of.insert(
            record[0].to_owned(),
            record.position().expect("a place").line(),
        );
    }
    assert_eq!(line_of.len(), given.len());
    for id in doubled {
        assert!(
            told.contains(&line_of[id]),
            "{id} came twice and nobody says so"
        );
    }
    let counted = workdir.summary()["delivered"]["in_doubt"]
        .as_u64()
        .expect("a number");
    assert!(
        counted >= told.len() as u64,
        "{counted} in doubt, {} told",
        told.len()
    );
}

#[test]
fn connections_that_close_before_and_after_the_effect() {
    let close = || at_first(0.3, Fault::Close);
    each_survives(&[
        close().strikes(Strikes::BeforeEffect),
        close().strikes(Strikes::AfterEffect),
    ]);
}

#[test]
fn answers_that_are_cut_halved_empty_or_somebody_elses() {
    let faults = [Fault::Cut, Fault::HalfJson, Fault::Empty, Fault::Html];
    each_survives(&faults.map(|fault| at_first(0.25, fault)));
}

#[test]
fn errors_of_the_server_before_and_after_the_effect() {
    let rule = |status| at_first(0.2, Fault::status(status));
    let after = rule(504).strikes(Strikes::AfterEffect);
    each_survives(&[rule(408), rule(500), rule(502), rule(503), after]);
}

#[test]
fn requests_to_come_later_with_and_without_a_word_about_when() {
    let rule = |status, retry_after| {
        let fault = Fault::Answer {
            status,
            retry_after,
        };
        on_first_try(fault).with_probability(0.2)
    };
    each_survives(&[
        rule(429, None),
        rule(429, Some(RetryAfterHeader::Seconds(1))),
        rule(429, Some(RetryAfterHeader::DateIn(1))),
        rule(429, Some(RetryAfterHeader::Text("soon".to_owned()))),
        rule(503, Some(RetryAfterHeader::Seconds(1))),
    ]);
}

#[test]
fn late_answers() {
    survives(at_first(
        0.5,
        Fault::Latency {
            milliseconds: 20,
            jitter_milliseconds: 200,
        },
    ));
}

#[test]
fn answers_that_come_after_the_client_gave_up() {
    let given = calls(40, 12);
    let workdir = Workdir::with(&given);
    let late = on_first_try(Fault::Latency {
        milliseconds: 3000,
        jitter_milliseconds: 0,
    });
    let server = Server::with_rule(late.with_probability(0.3));

    workdir
        .run(
            &server,
            &["calls.csv", "--concurrency", "64", "--timeout", "1s"],
        )
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    all_doubts_are_told(&workdir, &given, &doubled.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_redirect_is_not_followed_and_the_token_stays() {
    let given = calls(40, 13);
    let workdir = Workdir::with(&given);
    let elsewhere = Server::healthy();
    let to = format!("{}/v2/conversation", elsewhere.url());
    let server = Server::with_rule(on_first_try(Fault::Redirect { to }).with_probability(0.3));

    workdir
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    server.has_exactly(&given, "v2");
    assert_eq!(elsewhere.requests(), 0, "the token went to another host");
}

#[test]
fn everything_at_once() {
    let given = calls(300, 14);
    let workdir = Workdir::with(&given);
    let faults = Faults::seeded(14)
        .with(sometimes(0.04, Fault::Close))
        .with(sometimes(0.04, Fault::Close).strikes(Strikes::AfterEffect))
        .with(sometimes(0.04, Fault::Cut))
        .with(sometimes(0.04, Fault::HalfJson))
        .with(sometimes(0.04, Fault::Html))
        .with(sometimes(0.04, Fault::Empty))
        .with(sometimes(0.04, Fault::status(500)))
        .with(sometimes(0.04, Fault::status(503)).strikes(Strikes::AfterEffect))
        .with(sometimes(0.02, Fault::status(429)))
        .with(sometimes(
            0.10,
            Fault::Latency {
                milliseconds: 5,
                jitter_milliseconds: 50,
            },
        ));
    let server = Server::with(faults);

    workdir
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    all_doubts_are_told(&workdir, &given, &doubled.into_iter().collect::<Vec<_>>());
}
