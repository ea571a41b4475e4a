//! A run that its operator steers while it goes on.

use std::time::{Duration, Instant};

use capturi_import::sandbox::Fault;
use serde_json::Value;

use crate::harness::export::calls;
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, always};

fn control(workdir: &Workdir, order: &[&str]) -> Ended {
    workdir.call(&[&["control"][..], order].concat())
}

fn status(workdir: &Workdir) -> Value {
    let ended = control(workdir, &["status"]).with_code(0);
    serde_json::from_str(&ended.out).expect("JSON")
}

/// Requests that come within this time or somewhat more, and how long it was.
fn requests_within(server: &Server, time: Duration) -> (u64, Duration) {
    let (before, start) = (server.requests(), Instant::now());
    while let Some(left) = time.checked_sub(start.elapsed()) {
        std::thread::park_timeout(left);
    }
    (server.requests() - before, start.elapsed())
}

#[test]
fn a_run_is_paused_slowed_down_and_drained_and_no_call_is_lost() {
    const SECOND: Duration = Duration::from_secs(1);
    let given = calls(200, 141);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::Latency {
        milliseconds: 300,
        jitter_milliseconds: 0,
    }));
    let arguments = ["calls.csv", "--concurrency", "4"];
    let mut running = workdir.start(&server, &arguments);
    running.until(|| server.requests() >= 10);

    control(&workdir, &["pause"]).with_code(0).says("paused");
    running.until(|| status(&workdir)["sending"]["limited_by"] == "operator");
    running.until(|| status(&workdir)["sending"]["in_flight"] == 0);
    assert_eq!(requests_within(&server, SECOND).0, 0);

    control(&workdir, &["rate", "10"]).with_code(0);
    control(&workdir, &["bandwidth", "5MB"]).with_code(0);
    control(&workdir, &["resume"]).with_code(0);
    running.until(|| status(&workdir)["sending"]["rate"] == 10.0);
    assert_eq!(status(&workdir)["sending"]["bandwidth"], 5_000_000);
    let (came, time) = requests_within(&server, SECOND * 2);
    let most = 10 * (time.as_secs() + 1) + 4;
    assert!((1..=most).contains(&came), "{came} requests in {time:?}");

    control(&workdir, &["drain"]).with_code(0);
    let ended = running.end().with_code(130);
    for words in ["control: paused", "control: resumed", "control: rate 10"] {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    assert!(workdir.outcome("not_attempted") > 0);
    assert!(!workdir.has("capturi-import.db.control"));

    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn without_a_run_there_is_nothing_to_steer() {
    let workdir = Workdir::new();
    control(&workdir, &["pause"])
        .with_code(2)
        .says("no run listens at capturi-import.db.control");
    control(&workdir, &["rate", "fast"]).with_code(2);
}
