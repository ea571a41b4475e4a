//! What the operator decides: missing recordings, other people's conversations, changed and repeated
//! rows, limits, dry runs.

use crate::harness::export::{Given, calls, with_every_field};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always};
use capturi_import::sandbox::{Fault, Faults, Operation, Strikes};
use serde_json::json;

/// Thirty calls, of which the recordings of the last three do not lie there.
fn with_three_recordings_missing() -> (Vec<Given>, Workdir) {
    let given = calls(30, 41);
    let workdir = Workdir::with(&given);
    for call in &given[27..] {
        std::fs::remove_file(workdir.path("audio").join(&call.file)).expect("a recording");
    }
    (given, workdir)
}

#[test]
fn a_call_without_its_recording_waits_and_goes_out_once_it_is_there() {
    let (given, workdir) = with_three_recordings_missing();
    let server = Server::healthy();

    workdir.run(&server, &["calls.csv"]).with_code(0);

    server.has_exactly(&given[..27], "v2");
    assert_eq!((workdir.outcome("held"), workdir.state("held")), (3, 3));
    assert_eq!(workdir.lines_with("recording-missing").len(), 3);
    assert!(
        !workdir.has("out/rejected.csv"),
        "a held record is not rejected"
    );
    workdir.record(&given[..29]);
    // Who does not want to wait is told at once.
    let impatient = ["calls.csv", "--hold-for", "0"];
    workdir.run(&server, &impatient).with_code(3);
    assert_eq!(workdir.lines_with("held-too-long").len(), 1);
    server.has_exactly(&given[..29], "v2");
    workdir.record(&given);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.state("held"), 0);
}

#[test]
fn a_call_can_go_out_without_its_recording() {
    let (given, workdir) = with_three_recordings_missing();
    let server = Server::healthy();

    workdir
        .run(&server, &["calls.csv", "--missing-audio", "create"])
        .with_code(0);

    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len(), 30);
    assert_eq!(
        snapshot
            .conversations
            .iter()
            .filter(|found| found.uploads.is_empty())
            .count(),
        3
    );
    assert_eq!(workdir.state("without recording"), 3);
    let requests = server.requests();
    workdir
        .run(&server, &["calls.csv", "--missing-audio", "create"])
        .with_code(0);
    assert_eq!(server.requests(), requests);
    // A recording that turns up later still belongs to its call.
    workdir.record(&given);
    workdir
        .run(&server, &["calls.csv", "--missing-audio", "create"])
        .with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!(server.requests(), requests + 3);
}

#[test]
fn a_call_without_its_recording_can_be_refused() {
    let (given, workdir) = with_three_recordings_missing();
    let server = Server::healthy();

    workdir
        .run(&server, &["calls.csv", "--missing-audio", "refuse"])
        .with_code(3);

    server.has_exactly(&given[..27], "v2");
    assert_eq!(workdir.outcome("rejected"), 3);
    assert_eq!(workdir.rows("rejected.csv").len(), 3);
    workdir.record(&given);
    workdir
        .run(&server, &["calls.csv", "--missing-audio", "refuse"])
        .with_code(0);
    server.has_exactly(&given, "v2");
}

/// Lets another client create the first five calls.
fn somebody_else_made(given: &[Given], server: &Server) {
    let elsewhere = Workdir::with(&given[..5]);
    let url = server.url();
    let arguments = ["run", "calls.csv", "--base-url", &url, "--rate", "0"];
    elsewhere.call(&arguments).with_code(0);
    assert_eq!(server.snapshot().conversations.len(), 5);
}

#[test]
fn somebody_elses_conversations_get_their_recordings() {
    let given = calls(20, 42);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    somebody_else_made(&given, &server);

    // A few that somebody else made do not make the ledger a wrong one; their recordings are told.
    workdir.run(&server, &["calls.csv"]).with_code(3);

    server.has_exactly(&given, "v2");
    assert_eq!(
        (workdir.outcome("created"), workdir.outcome("already_there")),
        (15, 5)
    );
    assert_eq!(
        workdir.summary()["details"]["already_there"]["adopted"],
        json!(5)
    );
    // They may have had a recording before.
    assert_eq!(workdir.lines_with("already-there").len(), 5);
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(server.requests(), requests);

    let mut changed = given.clone();
    changed[2].say("agentName", "agentName", "Somebody Else");
    workdir.export("calls.csv", &changed);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(workdir.lines_with("changed-since-sent").len(), 1);
    assert_eq!(server.requests(), requests);
}

#[test]
fn somebody_elses_conversations_can_be_left_alone() {
    let given = calls(20, 43);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    somebody_else_made(&given, &server);

    workdir
        .run(&server, &["calls.csv", "--existing", "skip"])
        .with_code(0);

    let snapshot = server.snapshot();
    let untouched = snapshot
        .conversations
        .iter()
        .filter(|found| found.uploads.is_empty());
    assert_eq!((snapshot.conversations.len(), untouched.count()), (20, 5));
    assert_eq!(
        (workdir.outcome("created"), workdir.outcome("already_there")),
        (15, 5)
    );
    assert_eq!(workdir.lines_with("already-there").len(), 5);
    let requests = server.requests();
    workdir
        .run(&server, &["calls.csv", "--existing", "skip"])
        .with_code(0);
    assert_eq!(server.requests(), requests);
    // The operator may think again.
    workdir
        .run(&server, &["calls.csv", "--existing", "adopt"])
        .with_code(3);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_ledger_of_another_folder_is_asked_for_before_long() {
    let given = calls(60, 47);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    let elsewhere = Workdir::with(&given);

    elsewhere
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("the destination already has the first");

    assert_eq!(server.surplus_uploads(), 0);
    assert!(
        server.requests() < requests + 40,
        "it did not ask about all"
    );
    assert_eq!(elsewhere.summary()["stop"], "wrong_ledger");
}

/// Thirty calls of which an earlier ledger, that is lost, has sent twelve.
fn with_a_lost_ledger() -> (Vec<Given>, Workdir, Server) {
    let given = calls(30, 52);
    let (old, server) = (Workdir::with(&given[..12]), Server::healthy());
    old.run(&server, &["calls.csv"]).with_code(0);
    let mut mixed = given.clone();
    // The first that goes out is one of tonight's.
    mixed.rotate_left(12);
    (given, Workdir::with(&mixed), server)
}

/// Whatever runs went before, the ledger is no proof of its own.
#[track_caller]
fn is_asked_for_the_ledger(workdir: &Workdir, server: &Server) {
    for _ in 0..2 {
        workdir.run(server, &["calls.csv"]).with_code(2);
        assert_eq!(workdir.summary()["stop"], "wrong_ledger");
        assert_eq!(server.surplus_uploads(), 0);
    }
}

#[test]
fn a_run_that_ends_early_does_not_prove_a_new_ledger() {
    let (given, workdir, server) = with_a_lost_ledger();
    let limited = ["calls.csv", "--limit", "1", "--concurrency", "1"];
    workdir.run(&server, &limited).with_code(7);
    assert_eq!(workdir.outcome("created"), 1);
    // What was sent by this ledger proves nothing of others, also when all of it is at its place.
    workdir.export("calls.csv", &given[12..13]);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.call(&["ledger", "purge"]).with_code(0);
    workdir.export("calls.csv", &given);

    is_asked_for_the_ledger(&workdir, &server);

    workdir.call(&["ledger", "purge"]).with_code(0);
    is_asked_for_the_ledger(&workdir, &server);
    let typed = ["calls.csv", "--existing", "adopt"];
    workdir.run(&server, &typed).with_code(3);
    workdir.run(&server, &["calls.csv"]).with_code(0);
}

#[test]
fn a_run_that_is_killed_does_not_prove_a_new_ledger() {
    let (_, workdir, server) = with_a_lost_ledger();
    let late = Fault::Latency {
        milliseconds: 3_600_000,
        jitter_milliseconds: 0,
    };
    // Some are made, and one waits for its answer.
    let next = server.requests() + 5;
    server.now_with(Faults::default().with(always(late).requests(next, None)));
    let mut running = workdir.start(&server, &["calls.csv", "--concurrency", "1"]);
    running.until(|| server.requests() >= next);
    assert_eq!(running.kill().code, -1);
    server.heal();

    is_asked_for_the_ledger(&workdir, &server);
}

#[test]
fn a_new_ledger_that_is_the_right_one_goes_on_after_a_limit() {
    let given = calls(20, 53);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    somebody_else_made(&given, &server);
    let limited = ["calls.csv", "--limit", "18", "--concurrency", "1"];
    workdir.run(&server, &limited).with_code(7);

    // Those of somebody else are few, by what both runs have made.
    workdir.run(&server, &["calls.csv"]).with_code(3);

    server.has_exactly(&given, "v2");
    workdir.run(&server, &["calls.csv"]).with_code(0);
}

#[test]
fn after_a_refusal_a_conversation_is_somebody_elses() {
    let given = calls(1, 48);
    for (existing, code, uploads) in [("skip", 0, 0), ("adopt", 3, 1)] {
        let rule = always(Fault::status(422))
            .on(Operation::Create)
            .requests(1, Some(1));
        let (workdir, server) = (Workdir::with(&given), Server::with_rule(rule));
        workdir.run(&server, &["calls.csv"]).with_code(3);
        assert_eq!(workdir.outcome("failed"), 1);
        let url = server.url();
        let elsewhere = Workdir::with(&given);
        elsewhere
            .call(&["run", "calls.csv", "--base-url", &url, "--rate", "0"])
            .with_code(0);

        workdir
            .run(&server, &["calls.csv", "--existing", existing])
            .with_code(code);

        assert_eq!(workdir.lines_with("already-there").len(), 1, "{existing}");
        assert_eq!(server.snapshot().conversations[0].uploads.len(), uploads);
    }
}

#[test]
fn what_may_have_arrived_before_a_refusal_is_ours() {
    // Given a create that arrives unheard and is refused when it is sent again.
    let given = calls(1, 49);
    let lost = always(Fault::Close)
        .on(Operation::Create)
        .requests(1, Some(1));
    let refused = always(Fault::status(422))
        .on(Operation::Create)
        .requests(2, Some(2));
    let faults = Faults::default()
        .with(lost.strikes(Strikes::AfterEffect))
        .with(refused);
    let (workdir, server) = (Workdir::with(&given), Server::with(faults));
    workdir.run(&server, &["calls.csv"]).with_code(3);

    workdir
        .run(&server, &["calls.csv", "--existing", "skip"])
        .with_code(0);

    assert!(workdir.lines_with("already-there").is_empty());
    server.has_exactly(&given, "v2");
}

#[test]
fn a_row_that_changed_since_it_was_sent_is_told_and_not_sent_again() {
    let given = calls(20, 44);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    let mut changed = given.clone();
    changed[7].say("agentName", "agentName", "Somebody Else");
    workdir.export("calls.csv", &changed);

    workdir.run(&server, &["calls.csv"]).with_code(0);

    assert_eq!(server.requests(), requests);
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.lines_with("changed-since-sent").len(), 1);
    let told = &workdir.rows("problems.csv")[0];
    assert_eq!(
        (&*told["column"], &*told["value"]),
        ("agentName", "Somebody Else")
    );
    assert_eq!(
        workdir.summary()["details"]["already_there"]["changed"],
        json!(1)
    );
}

#[test]
fn a_consent_that_was_withdrawn_after_sending_is_named() {
    let given = calls(6, 45);
    let (workdir, server) = (Workdir::with(&[]), Server::healthy());
    workdir.record(&given);
    let with_consent = |answers: [Option<&str>; 6]| {
        let mut given = given.clone();
        for (call, answer) in given.iter_mut().zip(answers) {
            match answer {
                Some(answer) => call.say("hasConsent", "hasConsent", answer),
                None => call.say("hasConsent", "hasConsent", ""),
            }
        }
        given
    };
    let yes = Some("yes");
    workdir.export(
        "calls.csv",
        &with_consent([yes, yes, None, Some("no"), yes, yes]),
    );
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let no = Some("no");
    let mut changed = with_consent([no, None, no, yes, no, yes]);
    changed[4].say("subject", "subject", "Another one");
    changed[5].say("customer", "phone", "+4599999999");
    workdir.export("calls.csv", &changed);

    workdir.run(&server, &["calls.csv"]).with_code(0).says(
        "3 conversations were sent before their consent was withdrawn; delete them in Capturi",
    );

    let told = workdir.rows("problems.csv");
    let told: Vec<_> = told
        .iter()
        .filter(|row| row["code"] == "changed-since-sent")
        .map(|row| (&*row["column"], &*row["value"], &*row["message"]))
        .collect();
    for (at, column, value, says) in [
        (0, "hasConsent", "no", "consent was withdrawn"),
        (1, "hasConsent", "not stated", "from yes to not stated"),
        (2, "hasConsent", "no", "consent was withdrawn"),
        (3, "hasConsent", "yes", "from no to yes"),
        // Beside other changes a refusal counts all the same.
        (4, "hasConsent", "no", "consent was withdrawn"),
    ] {
        assert_eq!((told[at].0, told[at].1), (column, value), "{told:?}");
        assert!(told[at].2.contains(says), "{told:?}");
    }
}

#[test]
fn the_fields_that_changed_after_sending_are_named() {
    let given = with_every_field(3);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let label = ["calls.csv", "--label", "import:2026-11"];
    workdir.run(&server, &label).with_code(0);
    let mut changed = given;
    changed[0].say("subject", "subject", "Another one");
    changed[1].say("customer", "phone", "+4599999999");
    changed[1].say("customProp2", "customProp2", "new");
    workdir.export("calls.csv", &changed);
    // Whether the run has the same label, another or none makes no difference.
    for run in [&label[..], &label[..1]] {
        workdir.run(&server, run).with_code(0);
        let told = workdir.rows("problems.csv");
        let told = told
            .iter()
            .filter(|row| row["code"] == "changed-since-sent");
        let told: Vec<_> = told
            .map(|row| (&*row["column"], &*row["message"]))
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].1.starts_with("subject is no longer what was sent"),
            "{told:?}"
        );
        let both = "customer and customProp2 are no longer what was sent";
        assert!(told[1].1.starts_with(both), "{told:?}");
    }
}

/// Without an audio folder most rows are known to be done by their hashes alone.
#[test]
fn a_night_without_recordings_sends_only_what_is_new() {
    let given = calls(60, 46);
    let (workdir, server) = (Workdir::with(&given[..50]), Server::healthy());
    let run = |expected| {
        let ended = workdir.bare_run(&server, &["calls.csv"]);
        ended.with_code(expected);
    };
    run(0);
    assert_eq!((workdir.outcome("created"), server.requests()), (50, 50));
    run(0);
    assert_eq!(
        (workdir.outcome("already_there"), server.requests()),
        (50, 50)
    );

    let mut tonight = given.clone();
    tonight[7].say("agentName", "agentName", "Somebody Else");
    tonight[8].say("agentEmail", "agentEmail", "nobody");
    workdir.export("calls.csv", &tonight);
    run(0);

    // The call of a row that is broken now is in place: the row may have been mended before.
    let outcomes = ["created", "already_there", "rejected"].map(|name| workdir.outcome(name));
    assert_eq!((outcomes, server.requests()), ([10, 50, 0], 60));
    assert_eq!(workdir.lines_with("changed-since-sent").len(), 2);
    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len(), 60);
}

#[test]
fn a_repeated_row_is_counted_and_one_of_other_content_refused() {
    let given = calls(20, 45);
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir.record(&given);
    let mut other = given[3].clone();
    other.say("agentName", "agentName", "Somebody Else");
    let rows = [&given[..], &given[..2], &[other]].concat();
    // No line breaks inside of cells, so that the record's number tells its line.
    let rows: Vec<_> = rows
        .into_iter()
        .map(|mut call| {
            call.say("title", "subject", "One line");
            call
        })
        .collect();
    workdir.export("calls.csv", &rows);

    workdir.run(&server, &["calls.csv"]).with_code(3);

    server.has_exactly(&rows[..20], "v2");
    assert_eq!(
        (workdir.outcome("skipped"), workdir.outcome("rejected")),
        (2, 1)
    );
    assert_eq!(workdir.lines_with("repeated-record"), [22, 23]);
    assert_eq!(workdir.lines_with("duplicate-id"), [24]);
    let problems = workdir.rows("problems.csv");
    let clash = problems
        .iter()
        .find(|row| row["code"] == "duplicate-id")
        .expect("one");
    assert!(clash["message"].contains("line 5"), "{clash:?}");
    for code in ["duplicate-id", "repeated-record"] {
        let told = problems
            .iter()
            .find(|row| row["code"] == code)
            .expect("one");
        let line: usize = told["line"].parse().expect("a number");
        let id = &rows[line - 2].id;
        assert_eq!((&*told["column"], &told["value"]), ("externalId", id));
    }
}

#[test]
fn records_that_were_left_out_are_listed_with_their_rule_and_nothing_more_of_them() {
    let given = calls(6, 47);
    let workdir = Workdir::with(&given);
    let mut preset = workdir.call(&["mapping", "show", "capturi-v1"]).out;
    let rule = format!(
        "\n[source.skip]\ntest_calls = \"externalId == '{}'\"\n",
        given[2].id
    );
    preset.push_str(&rule);
    workdir.write("mine.toml", preset);
    workdir.export("calls.csv", &[&given[..], &given[..1]].concat());
    let check = ["check", "calls.csv", "--out", "out", "--mapping"];
    workdir
        .call(&[&check[..], &["mine.toml"]].concat())
        .with_code(0);

    let listed = workdir.rows("skipped.csv");
    let listed: Vec<[&str; 4]> = listed
        .iter()
        .map(|row| ["file", "external_id", "why", "record"].map(|name| &*row[name]))
        .collect();
    let expected = [
        ["calls.csv", &given[2].id, "test_calls", ""],
        ["calls.csv", &given[0].id, "repeat", ""],
    ];
    assert_eq!(listed, expected);
    assert_eq!(
        workdir.rows("skipped.csv")[0].len(),
        5,
        "nothing else of it"
    );

    // Where nothing is left out, the list of an earlier run does not stay.
    workdir.export("calls.csv", &given);
    workdir
        .call(&[&check[..], &["capturi-v1"]].concat())
        .with_code(0);
    assert!(!workdir.has("out/skipped.csv"));
}

#[test]
fn repeats_are_seen_across_files() {
    let given = calls(20, 46);
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir.record(&given);
    workdir.export("1.csv", &given[..12]);
    workdir.export("2.csv", &given[8..]);
    workdir.run(&server, &["1.csv", "2.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.outcome("skipped"), 4);
}

#[test]
fn a_limit_stops_the_run_and_the_next_one_goes_on() {
    let given = calls(50, 47);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    for arrived in [20, 40] {
        workdir
            .run(&server, &["calls.csv", "--limit", "20"])
            .with_code(7);
        assert_eq!(server.snapshot().conversations.len(), arrived);
        assert_eq!(workdir.outcome("created"), 20);
    }
    workdir
        .run(&server, &["calls.csv", "--limit", "20"])
        .with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn too_many_failures_stop_the_run() {
    let given = calls(200, 48);
    let workdir = Workdir::with(&given);
    let refusal = always(Fault::status(422)).on(Operation::Create);
    let server = Server::with_rule(refusal);

    workdir
        .run(&server, &["calls.csv", "--max-errors", "5"])
        .with_code(6)
        .says("5 calls have failed");

    assert!(workdir.outcome("failed") >= 5);
    assert!(workdir.outcome("not_attempted") > 100);
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_dry_run_sends_nothing_and_leaves_no_ledger_behind() {
    let (given, workdir) = with_three_recordings_missing();
    let server = Server::healthy();

    let ended = workdir
        .run(&server, &["calls.csv", "--dry-run"])
        .with_code(0);

    assert!(ended.out.contains("= records read"), "{}", ended.out);
    assert_eq!(server.requests(), 0);
    assert_eq!(
        (workdir.outcome("not_attempted"), workdir.outcome("held")),
        (27, 3)
    );
    let left: Vec<_> = workdir
        .files()
        .into_iter()
        .filter(|name| name.contains(".db"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    workdir.record(&given);
    workdir
        .run(&server, &["calls.csv", "--dry-run"])
        .with_code(0);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_dry_run_knows_what_is_done() {
    let given = calls(20, 49);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir
        .run(&server, &["calls.csv", "--limit", "12"])
        .with_code(7);
    let requests = server.requests();
    let before = std::fs::read(workdir.path("capturi-import.db")).expect("a ledger");

    workdir
        .run(&server, &["calls.csv", "--dry-run"])
        .with_code(0);

    assert_eq!(
        (
            workdir.outcome("already_there"),
            workdir.outcome("not_attempted")
        ),
        (12, 8)
    );
    assert_eq!(server.requests(), requests);
    assert_eq!(
        std::fs::read(workdir.path("capturi-import.db")).expect("a ledger"),
        before
    );
}

#[test]
fn a_dry_run_asks_no_ledger_of_another_destination_and_says_when_there_is_none() {
    let (workdir, server) = (Workdir::with(&calls(3, 58)), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let dry = ["run", "calls.csv", "--dry-run", "--base-url"];
    let elsewhere = [&dry[..], &["https://elsewhere.example.com"]].concat();
    workdir
        .call(&elsewhere)
        .with_code(2)
        .says("belongs to")
        .says("elsewhere.example.com");
    workdir
        .run(&server, &["calls.csv", "--dry-run", "--ledger", "typo.db"])
        .with_code(0)
        .says("there is no ledger of that name")
        .says("typo.db");
    assert_eq!(workdir.outcome("not_attempted"), 3);
}

#[test]
fn a_dry_run_and_a_check_need_no_token() {
    let given = calls(10, 50);
    let workdir = Workdir::with(&given);
    for arguments in [
        &["run", "calls.csv", "--dry-run", "--audio", "audio"][..],
        &["check", "calls.csv", "--audio", "audio"],
    ] {
        let ended = workdir
            .program(arguments)
            .env_remove("CAPTURI_API_TOKEN")
            .output();
        assert_eq!(
            ended.expect("it starts").status.code(),
            Some(0),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_check_ends_by_what_it_found() {
    let (given, workdir) = with_three_recordings_missing();
    workdir
        .call(&["check", "calls.csv", "--audio", "audio"])
        .with_code(3);
    workdir.call(&["check", "calls.csv"]).with_code(0);
    workdir.record(&given);
    workdir
        .call(&["check", "calls.csv", "--audio", "audio"])
        .with_code(0);
    assert!(
        workdir.files().iter().all(|name| !name.contains(".db")),
        "a check keeps no ledger"
    );
}

#[test]
fn a_rehearsal_begins_anew_each_time_and_leaves_the_real_ledger_alone() {
    let given = calls(20, 51);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let rehearsal = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--sandbox",
        "--rate",
        "0",
        "--out",
        "out",
    ];
    for _ in 0..2 {
        workdir.call(&rehearsal).with_code(0);
        assert_eq!(workdir.outcome("created"), 20);
    }
    assert!(!workdir.has("capturi-import.db"));
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

/// The calls of earlier days are at the destination, told by a ledger that is lost.
fn of_a_lost_ledger(given: &[Given]) -> Server {
    let server = Server::healthy();
    Workdir::with(given)
        .run(&server, &["calls.csv"])
        .with_code(0);
    server
}

#[test]
fn calls_of_tonight_do_not_prove_a_new_ledger() {
    let given = calls(90, 49);
    let by_files: [(&[&[Given]], u64); 2] = [
        // The newest file goes first.
        (&[&given[..30], &given[30..60], &given[60..]], 30),
        // A new row before all others, in one file.
        (&[&[&given[60..61], &given[..60]].concat()], 1),
    ];
    for (files, made) in by_files {
        let server = of_a_lost_ledger(&given[..60]);
        let workdir = Workdir::with(&given);
        let names = ["d1.csv", "d2.csv", "d3.csv"];
        for (name, rows) in names.iter().zip(files) {
            workdir.export(name, rows);
        }

        // One after the other, so that what was made before the end is no matter of chance.
        workdir
            .run(
                &server,
                &[&names[..files.len()], &["--concurrency", "1"]].concat(),
            )
            .with_code(2)
            .says("This ledger may be the wrong one");

        assert_eq!(server.surplus_uploads(), 0);
        let created = server.snapshot().conversations.len() as u64 - 60;
        assert_eq!(created, made);
        let half_done = &workdir.summary()["details"]["not_attempted"]["half done"];
        let told = workdir.outcome("created") + half_done.as_u64().unwrap_or(0);
        assert_eq!((told, workdir.outcome("already_there")), (created, 0));
        // What was created does not make it the right one for the next night, nor does a run that ends early.
        for (further, code) in [(&["--limit", "1"][..], None), (&[], Some(2))] {
            let ended = workdir.run(&server, &[&names[..files.len()], further].concat());
            assert_eq!(ended.code, code.unwrap_or(ended.code));
            assert_eq!(server.surplus_uploads(), 0);
        }
    }
}

#[test]
fn a_small_overlap_is_a_sign_and_two_calls_are_none() {
    let given = calls(9, 50);
    for (old, code) in [(6, 2), (3, 2), (2, 3)] {
        let server = of_a_lost_ledger(&given[..old]);
        let workdir = Workdir::with(&given);

        workdir.run(&server, &["calls.csv"]).with_code(code);

        let doubled = if code == 3 { old } else { 0 };
        assert_eq!(server.surplus_uploads(), doubled, "{old}");
        assert_eq!(workdir.outcome("created"), (9 - old) as u64);
    }
}

#[test]
fn an_answer_that_is_lost_does_not_make_a_ledger_known() {
    let given = calls(58, 51);
    let rule = always(Fault::Close)
        .on(Operation::Create)
        .requests(59, Some(59));
    let server = Server::with_rule(rule);
    Workdir::with(&given)
        .run(&server, &["calls.csv"])
        .with_code(0);
    let workdir = Workdir::with(&given);

    for night in 1..=4 {
        workdir
            .run(&server, &["calls.csv", "--retries", "0"])
            .with_code(2);
        assert_eq!(server.surplus_uploads(), 0, "night {night}");
        assert_eq!(workdir.outcome("already_there"), 0);
    }
    // Who says so goes on, and then it is known.
    let adopt = ["calls.csv", "--existing", "adopt"];
    workdir.run(&server, &adopt).with_code(3);
    workdir.run(&server, &["calls.csv"]).with_code(0);
}

#[test]
fn the_first_call_of_a_ledger_may_lose_its_answer() {
    for number in [1, 12] {
        let given = calls(number, 52);
        let rule = always(Fault::Close)
            .strikes(Strikes::AfterEffect)
            .on(Operation::Create)
            .requests(1, Some(1));
        let (workdir, server) = (Workdir::with(&given), Server::with_rule(rule));

        workdir.run(&server, &["calls.csv"]).with_code(0);

        server.has_exactly(&given, "v2");
        assert_eq!(workdir.outcome("created"), number as u64);
    }
}

#[test]
fn a_column_that_looks_like_a_consent_and_is_not_used_is_told_once() {
    let workdir = Workdir::with(&calls(2, 47));
    let export = with_own_number(3, 0);
    let with_column = |name: &str| {
        let (head, rows) = export.split_once('\n').expect("a header");
        format!("{head},{name}\n{}", rows.replace("Sale\n", "Sale,nej\n"))
    };
    let told = |workdir: &Workdir| -> Vec<String> {
        let told = workdir.rows("problems.csv").into_iter();
        let told = told.filter(|row| row["code"] == "unused-consent");
        told.map(|row| row["message"].clone()).collect()
    };
    let check = |names: &[&str]| {
        let line = [&["check"], names, &["--out", "out"]].concat();
        workdir.call(&line).with_code(0);
        told(&workdir)
    };
    for name in [
        "Samtykke",
        "customer_consent",
        "GDPR",
        "opt-in",
        "Recording allowed",
    ] {
        workdir.write("one.csv", with_column(name));
        let told = check(&["one.csv"]);
        assert!(told.len() == 1 && told[0].starts_with(name), "{told:?}");
    }
    workdir.write(
        "two.csv",
        with_column("Consent given").replace("\nc", "\nd"),
    );
    assert_eq!(check(&["one.csv", "two.csv"]).len(), 1);
    // One that is used, and one beside one that is used.
    for name in ["hasConsent", "hasConsent,Samtykke", "Recording"] {
        let cells = if name.contains(',') { "nej,nej" } else { "nej" };
        workdir.write("used.csv", with_column(name).replace("nej", cells));
        assert!(check(&["used.csv"]).is_empty(), "{name}");
    }
    // Nobody who takes a preset has seen that there is a second one.
    let twins = with_column("hasConsent,Has Consent").replace("nej", "ja,nej");
    workdir.write("used.csv", twins);
    assert_eq!(check(&["used.csv"]).len(), 1);
    let record = r#"{"externalIdentity":"1","dateTime":"2024-03-15T08:00:00Z","customer":"+4512345670",
        "agentId":"7","agentName":"Ida","agentEmail":"a@example.com","subject":"s","privacy":{"optIn":false}}"#;
    workdir.write("one.json", record);
    assert!(check(&["one.json"])[0].starts_with("privacy.optIn looks"));
    let server = Server::healthy();
    workdir.run(&server, &["one.json"]).with_code(0);
    assert_eq!(told(&workdir).len(), 1);
}

/// An export of so many calls, `own` of which have the number of the company as their customer.
fn with_own_number(calls: usize, own: usize) -> String {
    let head = "externalIdentity,dateTime,customer,agentId,agentName,agentEmail,subject\n";
    let row = |at: usize| {
        let customer = if at < own {
            4_570_123_456
        } else {
            4_520_000_000 + at
        };
        format!("c{at},2024-03-15T08:00:00Z,+{customer},7,Ida,ida@example.com,Sale\n")
    };
    let rows: String = (0..calls).map(row).collect();
    format!("{head}{rows}")
}

#[test]
fn one_number_in_most_calls_is_told_once_and_changes_no_exit_code() {
    let server = Server::healthy();
    let workdir = Workdir::with(&[]);
    workdir.write("calls.csv", with_own_number(40, 25));
    workdir.write("more.csv", with_own_number(40, 25).replace("\nc", "\nd"));
    let told = |workdir: &Workdir| {
        let told = workdir.rows("problems.csv").into_iter();
        let told: Vec<_> = told.filter(|row| row["code"] == "one-customer").collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["column"], "customer");
        assert_eq!(told[0]["value"], "+4570123456");
        assert!(!told[0]["message"].contains("70123456"), "{told:?}");
        assert!(told[0]["message"].contains("at least 50 of 80"), "{told:?}");
    };
    let check = ["check", "calls.csv", "more.csv", "--out", "out"];
    let checked = workdir.call(&check).with_code(0);
    assert!(!checked.err.contains("70123456"), "{}", checked.err);
    told(&workdir);
    workdir
        .run(&server, &["calls.csv", "more.csv"])
        .with_code(0);
    told(&workdir);

    for (calls, own) in [(19, 19), (60, 25)] {
        let workdir = Workdir::new();
        workdir.write("calls.csv", with_own_number(calls, own));
        workdir
            .call(&["check", "calls.csv", "--out", "out"])
            .with_code(0);
        assert!(
            workdir.lines_with("one-customer").is_empty(),
            "{calls} {own}"
        );
    }
}
