//! Everything that a server does wrong: each fault alone, and one call of many that never works.

#[expect(dead_code, reason = "each topic uses its part of the harness")]
mod harness;

use std::net::TcpListener;

use capturi_import::sandbox::{Fault, Faults, RetryAfter, Rule, Strikes};
use harness::export::{Given, calls};
use harness::program::Place;
use harness::server::{Server, always, at_first, on_first_try, sometimes};

/// Lets two hundred calls go out under this fault. All must arrive, each conversation once, and a
/// recording twice only where that is told.
fn survives(rule: Rule) {
    let given = calls(200, 11);
    let place = Place::with(&given);
    let server = Server::with(Faults::seeded(7).with(rule));

    place
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    let struck: u64 = server.snapshot().faults.values().sum();
    assert!(struck > 20, "the fault struck only {struck} times");
    all_doubts_are_told(&place, &given, &doubled.into_iter().collect::<Vec<_>>());
    assert_eq!(place.outcome("created"), given.len() as u64);
    assert_eq!(place.rows("accepted.csv").len(), given.len());
    let requests = server.requests();
    place.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests, "a second run sends nothing");
}

/// The same for each of several faults, at the same time, since what they cost is waiting.
fn each_survives(rules: &[Rule]) {
    std::thread::scope(|scope| {
        for rule in rules {
            scope.spawn(|| survives(rule.clone()));
        }
    });
}

/// Each of these ids has an `upload-in-doubt` problem on its line.
fn all_doubts_are_told(place: &Place, given: &[Given], doubled: &[String]) {
    let told = place.lines_with("upload-in-doubt");
    let records = csv::Reader::from_path(place.path("calls.csv")).expect("the export");
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
    let counted = place.summary()["delivered"]["in_doubt"]
        .as_u64()
        .expect("a number");
    assert!(
        counted >= told.len() as u64,
        "{counted} in doubt, {} told",
        told.len()
    );
}

#[test]
fn answers_lost_after_the_effect() {
    survives(at_first(0.3, Fault::Close).strikes(Strikes::AfterEffect));
}

#[test]
fn connections_closed_before_the_effect() {
    survives(at_first(0.3, Fault::Close).strikes(Strikes::BeforeEffect));
}

#[test]
fn answers_that_break_off() {
    survives(at_first(0.25, Fault::Cut));
}

#[test]
fn half_the_json() {
    survives(at_first(0.25, Fault::HalfJson));
}

#[test]
fn a_web_page_with_a_good_status() {
    survives(at_first(0.25, Fault::Html));
}

#[test]
fn a_good_status_with_nothing() {
    survives(at_first(0.25, Fault::Empty));
}

#[test]
fn errors_of_the_server_before_the_effect() {
    let rule = |status| at_first(0.2, Fault::status(status));
    each_survives(&[rule(500), rule(502), rule(503), rule(504)]);
}

#[test]
fn errors_of_the_server_after_the_effect() {
    survives(at_first(0.25, Fault::status(504)).strikes(Strikes::AfterEffect));
}

#[test]
fn requests_that_took_too_long_for_the_server() {
    survives(at_first(0.2, Fault::status(408)));
}

#[test]
fn too_many_requests_without_a_word_about_when() {
    survives(on_first_try(Fault::status(429)).with_probability(0.2));
}

#[test]
fn too_many_requests_with_either_form_of_when() {
    let rule = |retry_after| {
        let fault = Fault::Answer {
            status: 429,
            retry_after: Some(retry_after),
        };
        on_first_try(fault).with_probability(0.2)
    };
    let unreadable = RetryAfter::Text("soon".to_owned());
    each_survives(&[
        rule(RetryAfter::Seconds(1)),
        rule(RetryAfter::DateIn(1)),
        rule(unreadable),
    ]);
}

#[test]
fn a_server_error_with_a_word_about_when() {
    let fault = Fault::Answer {
        status: 503,
        retry_after: Some(RetryAfter::Seconds(1)),
    };
    survives(on_first_try(fault).with_probability(0.15));
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
    let place = Place::with(&given);
    let late = on_first_try(Fault::Latency {
        milliseconds: 3000,
        jitter_milliseconds: 0,
    });
    let server = Server::with_rule(late.with_probability(0.3));

    place
        .run(
            &server,
            &["calls.csv", "--concurrency", "64", "--timeout", "1s"],
        )
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    all_doubts_are_told(&place, &given, &doubled.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_redirect_is_not_followed_and_the_token_stays() {
    let given = calls(40, 13);
    let place = Place::with(&given);
    let elsewhere = Server::healthy();
    let to = format!("{}/v2/conversation", elsewhere.url());
    let server = Server::with_rule(on_first_try(Fault::Redirect { to }).with_probability(0.3));

    place
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    server.has_exactly(&given, "v2");
    assert_eq!(elsewhere.requests(), 0, "the token went to another host");
}

#[test]
fn everything_at_once() {
    let given = calls(300, 14);
    let place = Place::with(&given);
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

    place
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    all_doubts_are_told(&place, &given, &doubled.into_iter().collect::<Vec<_>>());
}

/// A run of 150 calls in which the server says this to exactly one request, which is not tried
/// again: the id of its call.
fn one_is_struck(status: u16, given: &[Given], place: &Place, server: &Server) -> String {
    server.now_with(Faults::default().with(always(Fault::status(status)).requests(101, Some(101))));
    place
        .run(server, &["calls.csv", "--retries", "0"])
        .with_code(3);
    assert_eq!(place.outcome("created"), given.len() as u64 - 1);
    assert_eq!(place.outcome("failed"), 1);
    let snapshot = server.snapshot();
    let has_arrived = |call: &&Given| {
        snapshot
            .conversation(&call.id)
            .is_some_and(|found| found.uploads.len() == 1)
    };
    let (_, missing): (Vec<_>, Vec<_>) = given.iter().partition(has_arrived);
    let [only] = missing.as_slice() else {
        panic!("{} are missing", missing.len())
    };
    only.id.clone()
}

#[test]
fn one_call_that_does_not_get_through_does_not_stop_the_others() {
    for status in [500, 400] {
        let given = calls(150, 15);
        let (place, server) = (Place::with(&given), Server::healthy());

        let unlucky = one_is_struck(status, &given, &place, &server);

        let rejected = place.rows("rejected.csv");
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0]["externalId"], unlucky);
        assert!(
            rejected[0]["_problems"].contains(&status.to_string()),
            "{rejected:?}"
        );
        server.heal();
        place.run(&server, &["calls.csv"]).with_code(0);
        server.has_exactly(&given, "v2");
    }
}

#[test]
fn a_call_is_tried_as_often_as_asked() {
    let given = calls(3, 16);
    let (place, server) = (
        Place::with(&given),
        Server::with_rule(always(Fault::status(500))),
    );

    place
        .run(&server, &["calls.csv", "--retries", "2"])
        .with_code(3)
        .says("gave-up");

    assert_eq!(server.requests(), 9);
    assert_eq!(place.outcome("failed"), 3);
    server.heal();
    place.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_refused_token_stops_the_run_and_blames_no_call() {
    let given = calls(100, 17);
    let place = Place::with(&given);
    let server = Server::with_rule(always(Fault::status(401)).requests(61, None));

    place
        .run(&server, &["calls.csv"])
        .with_code(4)
        .says("token");

    assert_eq!((place.outcome("failed"), place.outcome("rejected")), (0, 0));
    assert_eq!((place.state("failed"), place.state("refused")), (0, 0));
    assert!(!place.has("out/rejected.csv"), "no row is to blame");
    server.heal();
    place.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_wrong_token_is_told_at_the_first_answer() {
    let given = calls(100, 18);
    let place = Place::with(&given);
    let server = Server::healthy();

    let wrong = place
        .runner(&server, &["calls.csv"])
        .env("CAPTURI_API_TOKEN", "wrong")
        .output();

    assert_eq!(wrong.expect("it starts").status.code(), Some(4));
    assert!(server.requests() <= 8, "no more than were in flight");
    place.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn an_outage_is_waited_out() {
    let given = calls(150, 19);
    let place = Place::with(&given);
    let server = Server::with_rule(always(Fault::status(503)).requests(101, Some(118)));

    place.run(&server, &["calls.csv"]).with_code(0);

    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    all_doubts_are_told(&place, &given, &doubled.into_iter().collect::<Vec<_>>());
    assert_eq!(
        place.outcome("failed"),
        0,
        "an outage burns no call's tries"
    );
}

#[test]
fn an_outage_beyond_all_patience_is_given_up() {
    let given = calls(150, 20);
    let place = Place::with(&given);
    let server = Server::with_rule(always(Fault::Close).requests(101, None));

    place
        .run(&server, &["calls.csv", "--max-outage", "1s"])
        .with_code(6);

    assert!(place.outcome("not_attempted") > 0);
    server.heal();
    place.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

#[test]
fn a_pause_that_is_too_long_is_not_waited_for() {
    let given = calls(50, 21);
    let place = Place::with(&given);
    let fault = Fault::Answer {
        status: 429,
        retry_after: Some(RetryAfter::Seconds(36_000)),
    };
    let server = Server::with_rule(always(fault).requests(31, None));

    place
        .run(&server, &["calls.csv"])
        .with_code(6)
        .says("36000");

    server.heal();
    place.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

#[test]
fn nobody_listening_is_told_before_long() {
    let given = calls(20, 22);
    let place = Place::with(&given);
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("one")
        .port();
    let url = format!("http://127.0.0.1:{port}");

    let arguments = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--base-url",
        &url,
        "--max-outage",
        "2s",
        "--out",
        "out",
    ];
    place.call(&arguments).with_code(6);

    assert_eq!(place.outcome("failed"), 0);
    assert_eq!(place.outcome("not_attempted"), 20);
}
