//! Records that change after their calls were sent: custom properties are brought to the destination where
//! that is asked for, and everything else is told.

use std::process::Command;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::{Server, always, on_first_try};
use capturi_import::sandbox::{Fault, Faults, Operation, Strikes};
use serde_json::{Value, json};

/// An import that was sent whole.
struct Sent {
    given: Vec<Given>,
    workdir: Workdir,
    server: Server,
}

impl Sent {
    fn new(seed: u64) -> Sent {
        Sent::of(calls(8, seed))
    }

    fn of(given: Vec<Given>) -> Sent {
        let workdir = Workdir::with(&given);
        let server = Server::healthy();
        let first = ["calls.csv", "--label", "import:2026-11"];
        workdir.run(&server, &first).with_code(0);
        let sent = Sent {
            given,
            workdir,
            server,
        };
        assert_eq!(sent.changes(), 0);
        sent
    }

    /// Gives a record another outcome, which is the first custom property.
    fn change(&mut self, call: usize, outcome: &str) {
        self.given[call].say("outcome", "customProp1", outcome);
        self.workdir.export("calls.csv", &self.given);
    }

    fn run(&self, further: &[&str]) -> Ended {
        let output = self.runner(further).output();
        Ended::from(output.expect("the program starts"))
    }

    fn runner(&self, further: &[&str]) -> Command {
        let url = self.server.url();
        let fixed = ["calls.csv", "--read-url", &url, "--changed", "send"];
        self.workdir
            .runner(&self.server, &[&fixed[..], further].concat())
    }

    /// Requests that changed something, or tried to.
    fn changes(&self) -> u64 {
        let endpoints = self.server.snapshot().endpoints;
        let label = "PATCH /integrations/conversations/{uid}/metadata";
        endpoints.get(label).map_or(0, |count| count.requests)
    }

    /// What the server has in the first custom property of a call by now.
    fn property(&self, call: usize) -> Value {
        let snapshot = self.server.snapshot();
        let mut all = snapshot.conversations.into_iter();
        let id = &self.given[call].id;
        let found = all.find(|found| found.external_identity == *id);
        let found = found.expect("the call");
        let changed = found.metadata.get("customProp1");
        let now = changed.or(found.fields.get("customProp1"));
        now.cloned().unwrap_or_default()
    }

    /// A further run finds nothing to do.
    fn is_settled(&self) {
        let (changes, requests) = (self.changes(), self.server.requests());
        self.run(&[]).with_code(0);
        assert_eq!(
            (self.changes(), self.server.requests()),
            (changes, requests)
        );
        assert!(self.workdir.lines_with("changed-since-sent").is_empty());
        let url = self.server.url();
        let verify = [
            "verify",
            "--base-url",
            &url,
            "--read-url",
            &url,
            "--rate",
            "0",
        ];
        let verified = format!("{} verified", self.given.len());
        self.workdir.call(&verify).with_code(0).says(&verified);
        // Whatever changed, each call is one conversation with one recording.
        let there = self.server.snapshot().conversations;
        assert_eq!(there.len(), self.given.len());
        for found in there {
            assert_eq!((found.creates, found.uploads.len()), (1, 1));
        }
    }
}

#[test]
fn a_custom_property_that_changed_is_sent_once() {
    let mut sent = Sent::new(61);
    sent.change(2, "won");
    sent.change(5, "lost");
    sent.run(&["--dry-run"]).with_code(0);
    assert_eq!(sent.changes(), 0);
    sent.run(&[]).with_code(0);
    assert_eq!(
        (sent.property(2), sent.property(5)),
        (json!("won"), json!("lost"))
    );
    assert_eq!(sent.changes(), 2);
    let details = &sent.workdir.summary()["details"]["already_there"];
    assert_eq!(details["changed, and sent"], json!(2));
    let found = &sent.workdir.summary()["recordings"]["found"];
    assert_eq!(*found, json!(0), "no recording is left to send");
    sent.is_settled();
    // What is gone is sent as gone.
    sent.change(2, "");
    sent.run(&[]).with_code(0);
    assert_eq!(sent.property(2), Value::Null);
    sent.is_settled();
}

#[test]
fn without_being_asked_and_beside_other_changes_nothing_is_sent() {
    let mut sent = Sent::new(62);
    sent.change(2, "won");
    let report = ["calls.csv"];
    sent.workdir.run(&sent.server, &report).with_code(0);
    assert_eq!(sent.workdir.lines_with("changed-since-sent").len(), 1);
    let unread = ["calls.csv", "--changed", "send"];
    let refused = sent.workdir.run(&sent.server, &unread);
    refused.with_code(2).says("--read-url");
    sent.given[2].say("subject", "subject", "Another one");
    sent.workdir.export("calls.csv", &sent.given);
    sent.run(&[]).with_code(0);
    assert_eq!(sent.changes(), 0);
    let told = sent.workdir.rows("problems.csv");
    assert!(
        told[0]["message"].starts_with("subject and customProp1 are"),
        "{told:?}"
    );
}

#[test]
fn a_lost_answer_is_read_back() {
    for (strikes, changes) in [(Strikes::AfterEffect, 1), (Strikes::BeforeEffect, 2)] {
        let mut sent = Sent::new(63);
        sent.change(4, "won");
        let lost = on_first_try(Fault::Close)
            .on(Operation::Read)
            .strikes(strikes);
        sent.server.now_with(Faults {
            rules: vec![lost],
            ..Faults::default()
        });
        sent.run(&[]).with_code(0);
        assert_eq!(sent.property(4), json!("won"));
        assert_eq!(sent.changes(), changes, "{strikes:?}");
        sent.server.heal();
        sent.is_settled();
    }
}

#[test]
fn a_change_that_is_refused_fails_and_is_tried_again() {
    let mut sent = Sent::new(64);
    sent.change(1, "won");
    let status = 422;
    let refused = always(Fault::Answer {
        status,
        retry_after: None,
    })
    .on(Operation::Read);
    sent.server.now_with(Faults {
        rules: vec![refused],
        ..Faults::default()
    });
    sent.run(&[]).with_code(3);
    assert_eq!(sent.workdir.outcome("failed"), 1);
    assert_eq!(sent.workdir.state("complete"), 8);
    sent.server.heal();
    sent.run(&[]).with_code(0);
    assert_eq!(sent.property(1), json!("won"));
    sent.is_settled();
}

#[test]
fn what_was_left_in_doubt_is_settled_by_the_next_run_whatever_the_record_says_then() {
    for (then, expected) in [("won", json!("won")), ("as before", json!("as before"))] {
        let mut sent = Sent::new(65);
        sent.change(3, "as before");
        sent.run(&[]).with_code(0);
        sent.change(3, "won");
        let lost = always(Fault::Close)
            .on(Operation::Read)
            .strikes(Strikes::AfterEffect);
        sent.server.now_with(Faults {
            rules: vec![lost],
            ..Faults::default()
        });
        sent.run(&["--retries", "0"]).with_code(3);
        assert_eq!(sent.property(3), json!("won"), "it got through unheard");
        sent.server.heal();
        sent.change(3, then);
        sent.run(&[]).with_code(0);
        assert_eq!(sent.property(3), expected);
        sent.is_settled();
    }
}

/// Waits for the request of a change, which is never answered, and kills the run.
fn is_killed_at_its_change(sent: &Sent, strikes: Strikes) {
    let late = Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    };
    let rule = always(late).on(Operation::Read).strikes(strikes);
    sent.server.now_with(Faults::default().with(rule));
    let before = sent.changes();
    let mut running = Running::of(sent.runner(&[]));
    running.until(|| sent.changes() > before);
    if strikes == Strikes::AfterEffect {
        running.until(|| sent.property(4) == json!("won"));
    }
    assert_eq!(running.kill().code, -1, "it was killed");
    sent.server.heal();
}

#[test]
fn a_run_that_is_killed_within_a_change_is_finished_by_the_next() {
    // Of a change that did not arrive the second request is the first that does; of one that did, none is
    // sent.
    for (strikes, changes) in [(Strikes::BeforeEffect, 2), (Strikes::AfterEffect, 1)] {
        let mut sent = Sent::new(66);
        sent.change(4, "won");
        is_killed_at_its_change(&sent, strikes);
        let arrived = sent.property(4) == json!("won");
        assert_eq!(arrived, strikes == Strikes::AfterEffect);
        sent.run(&[]).with_code(0);
        assert_eq!(sent.property(4), json!("won"));
        assert_eq!(sent.changes(), changes, "{strikes:?}");
        sent.is_settled();
    }
}

#[test]
fn a_newer_record_wins_over_a_change_that_was_killed() {
    let mut sent = Sent::new(67);
    sent.change(4, "won");
    is_killed_at_its_change(&sent, Strikes::AfterEffect);
    sent.change(4, "lost");
    sent.run(&[]).with_code(0);
    assert_eq!((sent.property(4), sent.changes()), (json!("lost"), 2));
    sent.is_settled();
}

#[test]
fn changes_that_are_killed_at_any_moment_are_made_once() {
    const CHANGED: usize = 60;
    let mut dice = fastrand::Rng::with_seed(68);
    let mut sent = Sent::of(calls(CHANGED, 68));
    for call in 0..CHANGED {
        sent.change(call, &format!("outcome {call}"));
    }
    let late = Fault::Latency {
        milliseconds: 5,
        jitter_milliseconds: 30,
    };
    sent.server.now_with(Faults::seeded(68).with(always(late)));
    let (before, mut kills) = (sent.server.requests(), 0);
    loop {
        let mut running = Running::of(sent.runner(&[]));
        let moment = sent.server.requests() + dice.u64(1..16);
        running.until(|| sent.server.requests() >= moment);
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
    assert!(kills >= 4, "only {kills} kills");
    sent.server.heal();
    for call in 0..CHANGED {
        assert_eq!(sent.property(call), json!(format!("outcome {call}")));
    }
    // A change whose answer was lost with the run is read back; only one that had not arrived is sent again.
    let changes = sent.changes();
    let arrived =
        sent.server.snapshot().endpoints["PATCH /integrations/conversations/{uid}/metadata"]
            .dropped;
    assert!(
        changes <= CHANGED as u64 + arrived,
        "{changes} changes, {arrived} unheard"
    );
    assert!(sent.server.requests() > before + CHANGED as u64);
    sent.is_settled();
}

#[test]
fn changes_can_be_rehearsed() {
    let workdir = Workdir::with(&calls(3, 69));
    let rehearsal = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--sandbox",
        "--changed",
        "send",
    ];
    workdir.call(&rehearsal).with_code(0);
}
