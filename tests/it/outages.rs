//! What waiting does not heal: a call that never gets through, a refused token, an outage, a server
//! that is not there. Who is blamed, how the run ends, and that the next one finishes the work.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::harness::export::{Given, calls};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always, on_first_try};
use capturi_import::sandbox::{Fault, Faults, Operation, RetryAfterHeader, Strikes};

/// A run of 150 calls in which the server says this to exactly one request, which is not tried
/// again: the id of its call.
fn one_is_struck(status: u16, given: &[Given], workdir: &Workdir, server: &Server) -> String {
    server.now_with(Faults::default().with(always(Fault::status(status)).requests(101, Some(101))));
    workdir
        .run(server, &["calls.csv", "--retries", "0"])
        .with_code(3);
    assert_eq!(workdir.outcome("created"), given.len() as u64 - 1);
    assert_eq!(workdir.outcome("failed"), 1);
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
        let (workdir, server) = (Workdir::with(&given), Server::healthy());

        let unlucky = one_is_struck(status, &given, &workdir, &server);

        let rejected = workdir.rows("rejected.csv");
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0]["externalId"], unlucky);
        assert!(
            rejected[0]["_problems"].contains(&status.to_string()),
            "{rejected:?}"
        );
        server.heal();
        workdir.run(&server, &["calls.csv"]).with_code(0);
        server.has_exactly(&given, "v2");
    }
}

#[test]
fn a_call_is_tried_as_often_as_asked() {
    let given = calls(3, 16);
    let (workdir, server) = (
        Workdir::with(&given),
        Server::with_rule(always(Fault::status(500))),
    );

    workdir
        .run(&server, &["calls.csv", "--retries", "2"])
        .with_code(3)
        .says("gave-up");

    assert_eq!(server.requests(), 9);
    assert_eq!(workdir.outcome("failed"), 3);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_refused_token_stops_the_run_and_blames_no_call() {
    let given = calls(100, 17);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::status(401)).requests(61, None));

    workdir
        .run(&server, &["calls.csv"])
        .with_code(4)
        .says("token");

    assert_eq!(
        (workdir.outcome("failed"), workdir.outcome("rejected")),
        (0, 0)
    );
    assert_eq!((workdir.state("failed"), workdir.state("refused")), (0, 0));
    assert!(!workdir.has("out/rejected.csv"), "no row is to blame");
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_wrong_token_is_told_at_the_first_answer() {
    let given = calls(100, 18);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();

    let wrong = workdir
        .runner(&server, &["calls.csv"])
        .env("CAPTURI_API_TOKEN", "wrong")
        .output();

    assert_eq!(wrong.expect("it starts").status.code(), Some(4));
    assert!(server.requests() <= 8 + 3, "few more than were in flight");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn an_outage_is_waited_out() {
    let given = calls(150, 19);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::status(503)).requests(101, Some(118)));

    workdir.run(&server, &["calls.csv"]).with_code(0);

    server.has_at_least_the_recordings_of(&given, "v2");
    assert_eq!(
        workdir.outcome("failed"),
        0,
        "an outage burns no call's tries"
    );
}

#[test]
fn an_outage_beyond_all_patience_is_given_up() {
    let given = calls(150, 20);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::Close).requests(101, None));

    workdir
        .run(&server, &["calls.csv", "--max-outage", "1s"])
        .with_code(6);

    assert!(workdir.outcome("not_attempted") > 0);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

#[test]
fn an_outage_that_few_calls_meet_is_given_up_in_time() {
    let given = calls(3, 27);
    let workdir = Workdir::with(&given);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = listener.local_addr().expect("one");
    drop(listener);
    let closed = format!("http://{closed}");
    let unwell = Server::with_rule(always(Fault::status(503)));
    for url in [&*closed, &unwell.url()] {
        let begun = Instant::now();

        let arguments = ["--audio", "audio", "--out", "out", "--max-outage", "2s"];
        let run = ["run", "calls.csv", "--base-url", url];
        workdir.call(&[&run[..], &arguments].concat()).with_code(6);

        // A run that did not heed --max-outage would go on for 30 s; a slow machine takes less.
        assert!(begun.elapsed() < Duration::from_secs(25), "{url}");
        assert_eq!(
            (workdir.outcome("failed"), workdir.outcome("not_attempted")),
            (0, 3)
        );
        workdir.lose_ledger();
    }
}

#[test]
fn a_pause_that_is_too_long_is_not_waited_for() {
    let given = calls(50, 21);
    let workdir = Workdir::with(&given);
    let fault = Fault::Answer {
        status: 429,
        retry_after: Some(RetryAfterHeader::Seconds(36_000)),
    };
    let server = Server::with_rule(always(fault).requests(31, None));

    workdir
        .run(&server, &["calls.csv"])
        .with_code(6)
        .says("36000");

    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

/// A server that says this to the first request, late enough for the next one to wait behind it.
fn slow_to_say(status: u16, retry_after: Option<RetryAfterHeader>) -> Server {
    let late = Fault::Latency {
        milliseconds: 400,
        jitter_milliseconds: 0,
    };
    let answer = Fault::Answer {
        status,
        retry_after,
    };
    let both = Faults::default().with(always(answer).requests(1, Some(1)));
    Server::with(both.with(always(late).requests(1, Some(1))))
}

/// No call can be there by a request of ours: all are known to be somebody else's when somebody else
/// has made them meanwhile.
#[track_caller]
fn none_is_in_doubt(workdir: &Workdir, server: &Server) {
    let known: u64 = workdir.status()["states"]
        .as_array()
        .expect("states")
        .iter()
        .map(|state| state["calls"].as_u64().expect("a number"))
        .sum();
    assert_eq!((known, workdir.state("in doubt")), (0, 0));
    server.heal();
    workdir
        .run(server, &["calls.csv", "--ledger", "other.db"])
        .with_code(0);
    workdir
        .run(server, &["calls.csv", "--existing", "skip"])
        .with_code(0);
    assert_eq!(workdir.outcome("already_there"), 6);
    let details = &workdir.summary()["details"]["already_there"];
    assert_eq!(details["left alone"], 6, "{details}");
}

#[test]
fn calls_that_were_refused_or_waited_when_the_run_gave_up_are_not_in_doubt() {
    let refuses = Server::with_rule(always(Fault::status(401)));
    let asks = slow_to_say(429, Some(RetryAfterHeader::Seconds(36_000)));
    for (server, code, requests) in [(refuses, 4, 3), (asks, 6, 1)] {
        let given = calls(6, 25);
        let workdir = Workdir::with(&given);

        workdir
            .run(&server, &["calls.csv", "--concurrency", "1"])
            .with_code(code);

        assert_eq!(server.requests(), requests);
        none_is_in_doubt(&workdir, &server);
    }
}

/// Twelve calls with a request at a time: a create and an upload each. What is refused with `status` from request
/// `from` to request `to`, the exit code, and how many calls failed.
fn refused_with(status: u16, (from, to): (u64, Option<u64>), code: i32, failed: u64) {
    let given = calls(12, 31);
    let rule = always(Fault::status(status)).requests(from, to);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(rule));

    workdir
        .run(&server, &["calls.csv", "--concurrency", "1"])
        .with_code(code);

    let what = format!("{status} from {from} to {to:?}");
    assert_eq!(workdir.outcome("failed"), failed, "{what}");
    assert_eq!(workdir.lines_with("server-refused").len() as u64, failed);
    if code == 4 {
        let requests = server.requests();
        assert!(requests <= from + 5, "{what}: {requests} requests");
    } else {
        assert_eq!(workdir.outcome("created"), 12 - failed, "{what}");
    }
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_refusal_is_its_rows_if_the_next_call_works() {
    for status in [401, 403] {
        // The first create, the first upload, one in the middle, the last one, two behind each other.
        for one in [1, 9, 15, 23, 24] {
            refused_with(status, (one, Some(one)), 3, 1);
        }
        refused_with(status, (9, Some(10)), 3, 2);
    }
}

#[test]
fn a_token_that_is_refused_from_some_moment_on_is_blamed_on_no_row() {
    for from in [1, 2, 9, 10, 21, 22, 23] {
        refused_with(403, (from, None), 4, 0);
    }
}

#[test]
fn what_a_firewall_dislikes_now_and_then_ends_no_run() {
    // More creates in a row than is borne, of which others are known to work.
    let given = calls(12, 33);
    let rule = always(Fault::status(403)).requests(9, Some(11));
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(rule));

    workdir
        .bare_run(&server, &["calls.csv", "--concurrency", "1"])
        .with_code(3);

    assert_eq!(
        (workdir.outcome("failed"), workdir.outcome("created")),
        (3, 9)
    );
    assert_eq!(workdir.lines_with("server-refused").len(), 3);
}

#[test]
fn calls_that_went_to_a_wrong_address_are_not_in_doubt() {
    let given = calls(6, 28);
    let elsewhere = Fault::Answer {
        status: 404,
        retry_after: None,
    };
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(always(elsewhere)));

    workdir
        .run(&server, &["calls.csv"])
        .with_code(6)
        .says(&format!(
            "{}/v2/conversation does not answer as this API does",
            server.url()
        ))
        .says("is --base-url right?");

    assert_eq!(workdir.outcome("failed"), 0, "no call is to blame");
    none_is_in_doubt(&workdir, &server);
}

#[test]
fn what_is_no_server_of_this_api_is_told_before_long() {
    for fault in [Fault::status(501), Fault::Html, Fault::status(405)] {
        let server = Server::with_rule(always(fault));
        let workdir = Workdir::with(&calls(3, 32));
        workdir
            .run(&server, &["calls.csv"])
            .with_code(6)
            .says("is --base-url right?");
        assert_eq!(workdir.outcome("not_attempted"), 3);
    }
}

#[test]
fn an_upload_that_was_answered_with_an_error_is_not_told_as_one_without_an_answer() {
    let given = calls(2, 30);
    let uploads = on_first_try(Fault::status(503)).on(Operation::Upload);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(uploads));

    workdir.run(&server, &["calls.csv"]).with_code(0);

    let problems = workdir.rows("problems.csv");
    let told = problems
        .iter()
        .filter(|row| row["code"] == "upload-in-doubt");
    let told: Vec<&str> = told.map(|row| row["message"].as_str()).collect();
    assert_eq!(told.len(), 2);
    let message = "the upload got no reliable answer and was sent again once";
    assert!(told.iter().all(|told| *told == message), "{told:?}");
}

#[test]
fn a_conversation_that_the_server_does_not_know_is_no_wrong_address() {
    let given = calls(6, 29);
    let unknown = Fault::Answer {
        status: 404,
        retry_after: None,
    };
    let uploads = always(unknown).on(Operation::Upload);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(uploads));

    workdir.run(&server, &["calls.csv"]).with_code(3);

    assert_eq!(workdir.outcome("failed"), 6);
}

#[test]
fn calls_that_were_put_off_or_waited_when_the_run_was_interrupted_are_not_in_doubt() {
    let given = calls(6, 26);
    let pause = Some(RetryAfterHeader::Seconds(60));
    let (workdir, server) = (Workdir::with(&given), slow_to_say(429, pause));

    let mut running = workdir.start(&server, &["calls.csv", "--concurrency", "1"]);
    running.until_it_says("paused");
    running.signal("INT");
    running.end().with_code(130);

    assert_eq!(server.requests(), 1);
    none_is_in_doubt(&workdir, &server);
}

#[test]
fn a_call_that_is_half_done_when_the_run_ends_is_told_as_such_and_completed_by_the_next() {
    // Given a server that takes conversations, and recordings not yet.
    for (status, retry_after, code) in [(401, None, 4), (429, Some(60), 130)] {
        let given = calls(12, 27);
        let refused = Fault::Answer {
            status,
            retry_after: retry_after.map(RetryAfterHeader::Seconds),
        };
        let server = Server::with_rule(always(refused).on(Operation::Upload));
        let workdir = Workdir::with(&given);
        let mut running = workdir.start(&server, &["calls.csv", "--concurrency", "2"]);
        if code == 130 {
            running.until_it_says("paused");
            running.signal("INT");
        }
        running.end().with_code(code).says("read but not finished");

        let there = server.snapshot().conversations.len() as u64;
        assert!(there > 0);
        assert_eq!(workdir.outcome("created"), 0);
        assert_eq!(workdir.outcome("not_attempted"), 12);
        let details = &workdir.summary()["details"]["not_attempted"];
        assert_eq!(details["half done"], there, "{details}");
        assert_eq!(
            workdir.state("unfinished") + workdir.state("in doubt"),
            there
        );
        assert_eq!(workdir.status()["runs"][0]["read"], 12);
        server.heal();
        workdir.run(&server, &["calls.csv"]).with_code(0);
        assert_eq!(workdir.outcome("already_there"), there);
        assert_eq!(workdir.outcome("created"), 12 - there);
        let completed = &workdir.summary()["details"]["already_there"]["completed"];
        assert_eq!(*completed, there);
        server.has_at_least_the_recordings_of(&given, "v2");
    }
}

#[test]
fn nobody_listening_is_told_before_long() {
    let given = calls(20, 22);
    let workdir = Workdir::with(&given);
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
    workdir.call(&arguments).with_code(6);

    assert_eq!(workdir.outcome("failed"), 0);
    assert_eq!(workdir.outcome("not_attempted"), 20);
}

#[test]
fn a_refusal_does_not_take_away_an_earlier_doubt() {
    // Given uploads that arrive, of which the answer is lost, and that are refused when sent again.
    let given = calls(10, 23);
    let workdir = Workdir::with(&given);
    let lost = on_first_try(Fault::Close)
        .on(Operation::Upload)
        .strikes(Strikes::AfterEffect);
    let refused = always(Fault::status(400)).on(Operation::Upload);
    let server = Server::with(Faults::default().with(lost).with(refused));
    workdir.run(&server, &["calls.csv"]).with_code(3);
    assert_eq!(workdir.outcome("failed"), 10);

    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);

    assert_eq!(server.surplus_uploads(), 10);
    assert_eq!(
        workdir.lines_with("upload-in-doubt").len(),
        10,
        "nobody says that they came twice"
    );
}

#[test]
fn refusals_narrow_the_run_and_it_says_so() {
    let given = calls(60, 24);
    let workdir = Workdir::with(&given);
    let busy = on_first_try(Fault::status(503)).on(Operation::Create);
    let server = Server::with_rule(busy.requests(1, Some(40)));

    workdir
        .run(&server, &["calls.csv", "--concurrency", "16"])
        .with_code(0)
        .says("Requests at once: 16 set");

    let width = &workdir.summary()["concurrency"];
    assert!(width["lowest"].as_u64() < Some(16), "{width}");
    server.has_exactly(&given, "v2");
}

/// A run of 150 calls of which each is refused from the 101st request on, with this limit.
fn too_many_refusals(limit: [&str; 2], words: &str) {
    let given = calls(150, 26);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::status(400)).requests(101, None));

    workdir
        .run(&server, &["calls.csv", limit[0], limit[1]])
        .with_code(6)
        .says(words)
        .says("the last error: the server answered 400");

    assert!(workdir.outcome("not_attempted") > 0);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn failures_beyond_what_is_borne_end_the_run_and_say_which_limit() {
    too_many_refusals(["--max-errors", "3"], "3 calls have failed (--max-errors)");
    too_many_refusals(
        ["--max-same-error", "4"],
        "the same error came 4 times in a row (--max-same-error)",
    );
    too_many_refusals(["--max-error-rate", "40%"], "(--max-error-rate)");
}
