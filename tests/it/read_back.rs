//! Uploads in doubt where the read API is configured: each recording is there exactly once, in the
//! same run and after a kill, and where the read API cannot tell, what is doubled is told.

use crate::harness::export::{Given, calls};
use crate::harness::meddler::{Meddler, Trick, answer, body_of};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always, at_first, on_first_try, sometimes};
use capturi_import::sandbox::{Fault, FaultRule, Faults, Operation, Strikes};

/// The first upload of each recording takes effect, and its answer never comes.
fn unheard() -> FaultRule {
    on_first_try(Fault::Close)
        .on(Operation::Upload)
        .strikes(Strikes::AfterEffect)
}

/// The first upload of each recording never takes effect, and nobody knows.
fn lost() -> FaultRule {
    on_first_try(Fault::Close).on(Operation::Upload)
}

fn arguments(url: &str) -> Vec<&str> {
    vec![
        "calls.csv",
        "--concurrency",
        "32",
        "--read-url",
        url,
        "--read-settle",
        "0s",
    ]
}

fn look_ups(server: &Server) -> u64 {
    let endpoints = server.snapshot().endpoints;
    let of = |label: &str| endpoints.get(label).map_or(0, |count| count.requests);
    of("GET /integrations/conversations/{uid}") + of("POST /integrations/conversations/list-full")
}

/// Every recording is there once, and nobody speaks of doubt.
fn is_exact(workdir: &Workdir, server: &Server, given: &[Given]) {
    server.has_exactly(given, "v2");
    assert!(workdir.lines_with("upload-in-doubt").is_empty());
    assert_eq!(workdir.summary()["delivered"]["in_doubt"], 0);
    assert_eq!(workdir.state("complete"), given.len() as u64);
    let requests = server.requests();
    let url = server.url();
    workdir.run(server, &arguments(&url)).with_code(0);
    assert_eq!(server.requests(), requests, "a further run sends nothing");
}

#[test]
fn a_recording_that_arrived_unheard_is_not_sent_again() {
    let given = calls(100, 71);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(unheard()));
    let url = server.url();

    workdir.run(&server, &arguments(&url)).with_code(0);

    assert_eq!(look_ups(&server), 100);
    assert_eq!(workdir.summary()["details"]["created"]["looked up"], 100);
    assert_eq!(workdir.rows("accepted.csv").len(), 100);
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_recording_that_was_lost_is_sent_again_without_doubt() {
    let given = calls(60, 72);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(lost()));
    let url = server.url();

    workdir.run(&server, &arguments(&url)).with_code(0);

    assert_eq!(look_ups(&server), 60);
    is_exact(&workdir, &server, &given);
}

#[test]
fn it_is_found_by_its_identity_where_the_uid_was_never_heard() {
    // Given creates and uploads whose first answers are both lost.
    let given = calls(60, 73);
    let rule = on_first_try(Fault::Close).strikes(Strikes::AfterEffect);
    let both = rule.on(Operation::Create).on(Operation::Upload);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(both));
    let url = server.url();

    workdir.run(&server, &arguments(&url)).with_code(0);

    assert_eq!(look_ups(&server), 60);
    let known = |row: &std::collections::BTreeMap<String, String>| row["uid"].len() == 36;
    assert!(workdir.rows("accepted.csv").iter().all(known));
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_server_that_needs_a_moment_to_show_a_recording_is_given_it() {
    let given = calls(20, 74);
    let stale = on_first_try(Fault::Stale).on(Operation::Read);
    let server = Server::with(Faults::default().with(unheard()).with(stale));
    let (workdir, url) = (Workdir::with(&given), server.url());
    let mut patient = arguments(&url);
    patient.pop();
    patient.push("1s");

    workdir.run(&server, &patient).with_code(0);

    assert_eq!(look_ups(&server), 40);
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_read_api_that_cannot_tell_leaves_the_doubt_and_its_words() {
    for (fault, words) in [
        (Fault::status(403), "read API"),
        (Fault::status(400), "the server answered 400"),
    ] {
        let given = calls(12, 75);
        let down = always(fault).on(Operation::Read);
        let server = Server::with(Faults::default().with(unheard()).with(down));
        let (workdir, url) = (Workdir::with(&given), server.url());

        workdir.run(&server, &arguments(&url)).with_code(0);

        assert_eq!(server.surplus_uploads(), 12);
        let told = workdir.rows("problems.csv");
        let told: Vec<_> = told
            .iter()
            .filter(|row| row["code"] == "upload-in-doubt")
            .collect();
        assert_eq!(told.len(), 12);
        assert!(told[0]["message"].contains(words), "{}", told[0]["message"]);
        assert_eq!(workdir.summary()["delivered"]["in_doubt"], 12);
    }
}

#[test]
fn an_answer_about_another_conversation_is_not_believed() {
    // Given uploads that are lost, and a read API that says of every conversation that another has audio.
    fn another(right: &[u8]) -> Vec<u8> {
        let told = serde_json::from_slice(body_of(right));
        let mut told: serde_json::Value = told.expect("JSON");
        told["externalIdentity"] = "somebody-else".into();
        told["hasAudio"] = true.into();
        told["metrics"] = serde_json::json!({"audioAdded": "2024-05-01T09:30:00Z"});
        answer("200 OK", "", told.to_string().as_bytes())
    }
    let given = calls(6, 84);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(lost()));
    let reads = Meddler::before(&server, |_, _| Some(Trick::Remade(another)));

    workdir.run(&server, &arguments(reads.url())).with_code(0);

    server.has_exactly(&given, "v2");
    let told = workdir.rows("problems.csv");
    let about = "the read API: it answered about another conversation";
    let told = told.iter().filter(|row| row["message"].contains(about));
    assert_eq!(told.count(), 6, "sent again, and told");
}

#[test]
fn problem_details_of_the_read_api_are_told_without_people() {
    // Given a read API that repeats people of a call that it was asked for by uid alone.
    let given = calls(6, 88);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(unheard()));
    let name = given[0].expected_in("v2")["agentName"]
        .as_str()
        .map(str::to_owned);
    let name = name.expect("a name");
    let details = serde_json::json!({
        "type": "https://example.com/problems/closed", "title": "Not allowed", "status": 400,
        "detail": format!("{name} is not shown"), "instance": "/trace/4711",
    });
    let reads = Meddler::before(&server, move |_, _| {
        let kind = "Content-Type: application/problem+json\r\n";
        let body = details.to_string();
        Some(Trick::Instead(answer(
            "400 Bad Request",
            kind,
            body.as_bytes(),
        )))
    });

    workdir.run(&server, &arguments(reads.url())).with_code(0);

    let told = workdir.rows("problems.csv");
    let told = told
        .iter()
        .find(|row| row["external_id"] == given[0].id && row["code"] == "upload-in-doubt");
    let message = &told.expect("it is told")["message"];
    for part in [
        "400: Not allowed: ",
        "is not shown",
        "(https://example.com/problems/closed, /trace/4711)",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains(&name), "{message}");
}

#[test]
fn a_conversation_that_is_not_there_is_told_by_204_as_by_404() {
    for status in ["204 No Content", "404 Not Found"] {
        let given = calls(4, 89);
        let (workdir, server) = (Workdir::with(&given), Server::with_rule(lost()));
        let reads = Meddler::before(&server, move |_, _| {
            Some(Trick::Instead(answer(status, "", b"")))
        });

        workdir.run(&server, &arguments(reads.url())).with_code(0);

        server.has_exactly(&given, "v2");
        let told = workdir.rows("problems.csv");
        let about = "the read API: it does not have the conversation";
        let told = told.iter().filter(|row| row["message"].contains(about));
        assert_eq!(told.count(), 4, "{status}");
    }
}

#[test]
fn the_version_that_the_read_api_answers_is_found_out_once() {
    // Given a read API that refuses the likelier version.
    let given = calls(8, 85);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(unheard()));
    let reads = Meddler::before(&server, |_, line| {
        let is_newer = line.contains("api-version=2.0");
        // The meddler closes; a client that did not know that might lose its next question on the way.
        let refusal = answer(
            "400 Bad Request",
            "connection: close\r\n",
            b"no such version",
        );
        is_newer.then_some(Trick::Instead(refusal))
    });

    workdir
        .run(&server, &arguments(reads.url()))
        .with_code(0)
        .says("the read API answers api-version 1.0");

    assert_eq!((reads.played(), look_ups(&server)), (1, 8));
    assert_eq!(workdir.summary()["read_api_version"], "1.0");
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_list_without_identities_is_looked_through_by_time() {
    let given = calls(12, 86);
    let rule = on_first_try(Fault::Close).strikes(Strikes::AfterEffect);
    let both = rule.on(Operation::Create).on(Operation::Upload);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(both));
    let reads = Meddler::before(&server, |_, line| {
        let is_full = line.contains("list-full");
        is_full.then(|| Trick::Instead(answer("404 Not Found", "", b"")))
    });

    workdir.run(&server, &arguments(reads.url())).with_code(0);

    assert!(reads.played() > 0);
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_look_up_that_fails_is_told_of_a_conversation_that_is_taken_over() {
    let given = calls(4, 87);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let refused = always(Fault::status(403)).on(Operation::Read);
    server.now_with(Faults::default().with(refused));
    let url = server.url();
    let other = ["--ledger", "other.db", "--existing", "adopt"];

    workdir
        .run(&server, &[&arguments(&url)[..], &other].concat())
        .with_code(3)
        .says("that somebody else made; look in Capturi whether they are");

    let told = workdir.rows("problems.csv");
    let mut told = told.iter().filter(|row| row["code"] == "already-there");
    assert!(told.all(|row| row["severity"] == "warning" && row["message"].contains("read API")));
    assert_eq!(workdir.lines_with("already-there").len(), 4);
}

#[test]
fn a_read_api_that_stumbles_is_asked_again() {
    let given = calls(40, 76);
    let stumbles = at_first(0.5, Fault::status(503)).on(Operation::Read);
    let cut = at_first(0.3, Fault::Cut).on(Operation::Read);
    let faults = Faults::seeded(3).with(unheard()).with(stumbles).with(cut);
    let server = Server::with(faults);
    let (workdir, url) = (Workdir::with(&given), server.url());

    workdir.run(&server, &arguments(&url)).with_code(0);

    is_exact(&workdir, &server, &given);
}

#[test]
fn a_redirect_of_the_read_api_is_not_followed() {
    let given = calls(8, 77);
    let elsewhere = Server::healthy();
    let to = format!("{}/integrations/conversations/x", elsewhere.url());
    let away = always(Fault::Redirect { to }).on(Operation::Read);
    let server = Server::with(Faults::default().with(unheard()).with(away));
    let (workdir, url) = (Workdir::with(&given), server.url());

    workdir.run(&server, &arguments(&url)).with_code(0);

    assert_eq!(elsewhere.requests(), 0, "the token went to another host");
    assert_eq!(workdir.lines_with("upload-in-doubt").len(), 8);
}

#[test]
fn what_a_killed_run_sent_is_looked_up_by_the_next_one() {
    // Given a run whose uploads take effect and are never answered, one at a time.
    let given = calls(6, 78);
    let never = always(Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    });
    let never = never.on(Operation::Upload).strikes(Strikes::AfterEffect);
    for upload in 1..=6 {
        let server = Server::with(Faults::default().with(never.clone().requests(2 * upload, None)));
        let (workdir, url) = (Workdir::with(&given), server.url());
        let mut one_at_a_time = arguments(&url);
        one_at_a_time[2] = "1";
        let mut running = workdir.start(&server, &one_at_a_time);
        running.until(|| !server.snapshot().faults.is_empty());
        running.kill();
        server.heal();

        workdir.run(&server, &arguments(&url)).with_code(0);

        is_exact(&workdir, &server, &given);
    }
}

#[test]
fn the_token_of_the_read_api_may_be_another_one() {
    let given = calls(5, 79);
    let (workdir, server) = (Workdir::with(&given), Server::with_rule(unheard()));
    let url = server.url();

    let output = workdir
        .runner(&server, &arguments(&url))
        .env("CAPTURI_READ_TOKEN", "another")
        .output()
        .expect("it starts");

    assert_eq!(output.status.code(), Some(0));
    // The sandbox has one token only, so the other one is refused, and the run goes on.
    assert_eq!(workdir.lines_with("upload-in-doubt").len(), 5);
    assert_eq!(server.surplus_uploads(), 5);
}

#[test]
fn a_lost_ledger_with_the_read_api_sends_no_recording_twice() {
    let given = calls(20, 80);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.lose_ledger();
    let url = server.url();

    let adopt = [arguments(&url), vec!["--existing", "adopt"]].concat();
    workdir.run(&server, &adopt).with_code(0);

    assert_eq!(workdir.summary()["delivered"]["recordings"], 0);
    assert_eq!(workdir.summary()["delivered"]["bytes"], 0);
    // What was found stands in the list all the same, so that a ledger can be made from it.
    let accepted = workdir.rows("accepted.csv");
    for call in &given {
        let row = accepted.iter().find(|row| row["external_id"] == call.id);
        let row = row.expect("every call is listed");
        assert_eq!(row["recording"], call.file);
        assert_eq!(row["bytes"], call.recording.len().to_string());
    }
    workdir.lose_ledger();
    let rebuild = ["ledger", "rebuild", "--base-url", &url, "--from"];
    workdir
        .call(&[&rebuild[..], &["out/accepted.csv"]].concat())
        .with_code(0);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    is_exact(&workdir, &server, &given);
}

#[test]
fn a_conversation_that_was_left_alone_is_taken_over_once() {
    let given = calls(10, 81);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.lose_ledger();
    workdir
        .run(&server, &["calls.csv", "--existing", "skip"])
        .with_code(0);
    assert_eq!(server.surplus_uploads(), 0);

    for code in [3, 0] {
        workdir
            .run(&server, &["calls.csv", "--existing", "adopt"])
            .with_code(code);
        assert_eq!(server.surplus_uploads(), 10, "taken over, and once");
    }
}

/// A fifth of all requests to the destination goes wrong, in every way that a server has.
#[test]
fn of_two_thousand_calls_under_every_fault_each_arrives_once() {
    let given = calls(2000, 82);
    let to_the_destination = |rule: FaultRule| rule.on(Operation::Create).on(Operation::Upload);
    let faults = [
        sometimes(0.03, Fault::Close),
        sometimes(0.03, Fault::Close).strikes(Strikes::AfterEffect),
        sometimes(0.03, Fault::Cut),
        sometimes(0.02, Fault::HalfJson),
        sometimes(0.02, Fault::Html),
        sometimes(0.02, Fault::Empty),
        sometimes(0.02, Fault::status(500)),
        sometimes(0.02, Fault::status(503)).strikes(Strikes::AfterEffect),
        sometimes(0.01, Fault::status(408)),
    ];
    let faults = faults
        .into_iter()
        .map(to_the_destination)
        .fold(Faults::seeded(82), Faults::with);
    let (workdir, server) = (Workdir::with(&given), Server::with(faults));
    let url = server.url();

    workdir.run(&server, &arguments(&url)).with_code(0);

    let struck: u64 = server.snapshot().faults.values().sum();
    assert!(struck > 700, "struck only {struck} times");
    server.heal();
    is_exact(&workdir, &server, &given);
}
