//! Runs that may only send at certain hours: they wait or stop, and the next one finishes the work.
//! The arithmetic of hours is tested beside it; here it is only joined to a run.

use crate::harness::export::calls;
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always};
use capturi_import::sandbox::{Fault, Operation, Strikes};
use jiff::{Span, Timestamp, ToSpan as _, tz::TimeZone};

/// What the clock shows in UTC, so long from now.
fn clock(from_now: Span) -> String {
    let later = Timestamp::now().checked_add(from_now).expect("a time");
    let time = TimeZone::UTC.to_datetime(later).time();
    time.strftime("%H:%M:%S").to_string()
}

fn window(from: Span, to: Span) -> String {
    format!("{}-{}", clock(from), clock(to))
}

#[test]
fn outside_the_window_nothing_is_sent_and_the_run_stops_where_that_is_asked() {
    let given = calls(20, 91);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let later = window(2.hours(), 3.hours());

    workdir
        .run(
            &server,
            &[
                "calls.csv",
                "--window",
                &later,
                "--hours-zone",
                "UTC",
                "--outside-window",
                "stop",
            ],
        )
        .with_code(7)
        .says("outside the window");

    assert_eq!(server.requests(), 0);
    let now = window((-1).hours(), 1.hours());
    let arguments = ["calls.csv", "--window", &now, "--hours-zone", "UTC"];
    workdir.run(&server, &arguments).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_run_that_waits_for_its_window_goes_on_when_it_opens() {
    let given = calls(20, 92);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let soon = window(3.seconds(), 1.hours());

    let arguments = ["calls.csv", "--window", &soon, "--hours-zone", "UTC"];
    workdir.run(&server, &arguments).with_code(0);

    assert_eq!(workdir.summary()["pauses"], 1);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_run_that_waits_for_its_window_can_be_interrupted() {
    let given = calls(20, 93);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let later = window(2.hours(), 3.hours());

    let arguments = ["calls.csv", "--window", &later, "--hours-zone", "UTC"];
    let mut running = workdir.start(&server, &arguments);
    running.until_it_says("outside the window");
    running.signal("INT");
    running.end().with_code(130);

    assert_eq!(server.requests(), 0);
}

#[test]
fn outside_the_window_nothing_is_looked_up() {
    // Given uploads that arrived unheard, and an end of the run before they were looked up.
    let given = calls(6, 96);
    let unheard = always(Fault::Close)
        .on(Operation::Upload)
        .strikes(Strikes::AfterEffect);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(unheard));
    workdir
        .run(&server, &["calls.csv", "--retries", "0"])
        .with_code(3);
    server.heal();
    let (url, before) = (server.url(), server.requests());

    let soon = window(3.seconds(), 1.hours());
    let opens = Timestamp::now() + 2.seconds();
    let arguments = ["calls.csv", "--window", &soon, "--hours-zone", "UTC"];
    let reading = ["--read-url", &url, "--read-settle", "0s"];
    let mut running = workdir.start(&server, &[&arguments[..], &reading].concat());
    running.until(|| server.requests() > before);

    assert!(Timestamp::now() >= opens, "it was asked too early");
    running.end().with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_run_ends_softly_at_the_time_that_was_set() {
    let given = calls(200, 94);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::Latency {
        milliseconds: 200,
        jitter_milliseconds: 0,
    }));
    let end = clock(2.seconds());

    workdir
        .run(
            &server,
            &["calls.csv", "--until", &end, "--hours-zone", "UTC"],
        )
        .with_code(7)
        .says("(--until)");

    assert!(workdir.outcome("not_attempted") > 0);
    // What was begun is whole.
    let found = server.snapshot().conversations;
    assert!(found.iter().all(|found| found.uploads.len() == 1));
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn the_line_follows_the_hour() {
    let given = calls(5, 95);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    // A byte a second at other hours: the run would never end.
    let now = format!("{}=100MB,1B", window((-1).hours(), 1.hours()));

    workdir
        .run(
            &server,
            &["calls.csv", "--bandwidth", &now, "--hours-zone", "UTC"],
        )
        .with_code(0);

    server.has_exactly(&given, "v2");
}
