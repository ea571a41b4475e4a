//! `canary`: a few calls that differ are sent, read back and shown; what most of them have is found; and a
//! run that asks for an approval sends nothing without one.

use std::fmt::Write as _;
use std::process::Command;

use crate::harness::meddler::{Meddler, Trick, answer, body_of};
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::{Server, always, on_first_try};
use capturi_import::sandbox::{
    Fault, FaultRule, Faults, Operation, Snapshot, Strikes, TamperRule, Tampering,
};

/// Which channel of a recording begins, and how it sounds.
#[derive(Clone, Copy)]
struct Talk {
    /// The channel that speaks first, from 0.
    first: u16,
    /// The channel of the agent, from 0.
    agent: u16,
    seconds: u32,
}

/// A WAV of two channels: the agent's voice is the same in every call, the customer's is another one each time.
fn talk(talk: Talk, number: u32) -> Vec<u8> {
    let frames = 8000 * talk.seconds;
    let size = frames * 4;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((size + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(32_000_u32.to_le_bytes());
    bytes.extend(b"\x04\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    for at in 0..frames {
        for channel in [0, 1] {
            let begins = if channel == talk.first { 1 } else { 3 };
            let (height, period, noise) = if channel == talk.agent {
                (8000, 40, 20)
            } else {
                (
                    1500 + 1900 * (number % 5),
                    16 + 22 * (number % 4),
                    8 + 9 * (number % 6),
                )
            };
            let second = at / 8000;
            // Everybody rests each third second, so that the noise of the line is heard.
            let speaks = second >= begins && second % 3 != 2;
            let height = if speaks { height } else { noise };
            let part = i64::from(at % period) * 2 * i64::from(height) / i64::from(period);
            let sample = i16::try_from(part - i64::from(height)).expect("a sample");
            bytes.extend(sample.to_le_bytes());
        }
    }
    bytes
}

const MAPPING: &str = r#"
target = "conversation"
[fields]
externalIdentity = { from = "id" }
agentId = { from = "agent" }
agentName = { value = "Testine Prøvesen" }
agentEmail = { value = "testine@example.com" }
customer = { from = "phone" }
dateTime = { from = "time" }
subject = { value = "Faktura" }
salesPersonAudioChannel = { value = "1" }
[audio]
match = [{ from = "id" }]
seconds = { from = "seconds" }
"#;

/// So many calls, every second one inbound; `agent` is the channel that the agent is really on.
fn workdir_of(count: u32, agent: u16, stated: u32) -> Workdir {
    let workdir = Workdir::new();
    let mut table = "id,agent,phone,time,direction,seconds\n".to_owned();
    for number in 0..count {
        let is_inbound = number % 2 == 0;
        let direction = if is_inbound { "inbound" } else { "outbound" };
        let hour = 8 + number % 9;
        writeln!(
            table,
            "call-{number:02},a-{},+45 12 34 56 {number:02},2024-03-15T{hour:02}:00:00+01:00,{direction},{stated}",
            number % 3
        )
        .expect("memory");
        let first = if is_inbound { agent } else { 1 - agent };
        let sound = talk(
            Talk {
                first,
                agent,
                seconds: 8,
            },
            number,
        );
        workdir.write(&format!("audio/call-{number:02}.wav"), sound);
    }
    workdir.write("calls.csv", table);
    workdir.write("my.toml", MAPPING);
    workdir
}

fn command(workdir: &Workdir, server: &Server, what: &str, more: &[&str]) -> Command {
    let url = server.url();
    let mut command = workdir.program(&[what, "calls.csv", "-m", "my.toml", "--audio", "audio"]);
    command.args(["--base-url", &url, "--read-url", &url, "--rate", "0"]);
    command.args(["--out", "out"]).args(more);
    command
}

fn canary(workdir: &Workdir, server: &Server, more: &[&str]) -> Ended {
    let output = command(workdir, server, "canary", more).output();
    Ended::from(output.expect("the program starts"))
}

/// The same, whose conversations are read through somebody who tells something else.
fn canary_through(workdir: &Workdir, server: &Server, remade: fn(&[u8]) -> Vec<u8>) -> Ended {
    let reads = Meddler::before(server, move |_, line| {
        (!line.contains("transcript")).then_some(Trick::Remade(remade))
    });
    let more = ["-n", "3", "--wait", "1s", "--read-url", reads.url()];
    let url = server.url();
    let mut command = workdir.program(&["canary", "calls.csv", "-m", "my.toml"]);
    command.args([
        "--audio",
        "audio",
        "--base-url",
        &url,
        "--rate",
        "0",
        "--out",
        "out",
    ]);
    let output = command.args(more).output();
    Ended::from(output.expect("the program starts"))
}

/// The right answer with other values.
fn with(right: &[u8], change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let mut told: serde_json::Value = serde_json::from_slice(body_of(right)).expect("JSON");
    change(&mut told);
    answer("200 OK", "", told.to_string().as_bytes())
}

fn run(workdir: &Workdir, server: &Server, more: &[&str]) -> Ended {
    let output = command(workdir, server, "run", more).output();
    Ended::from(output.expect("the program starts"))
}

#[test]
fn calls_that_are_as_they_should_be_pass_and_are_not_sent_again() {
    let workdir = workdir_of(18, 0, 8);
    let server = Server::healthy();
    let ended = canary(&workdir, &server, &["-n", "9"]).with_code(0);
    assert_eq!(server.snapshot().conversations.len(), 9);
    let ended = ended
        .says("Picked 9 calls")
        .says("no measurement speaks against");
    assert!(ended.out.contains("speaks first, as expected"), "{ended:?}");
    assert!(ended.out.contains("as the mapping says"), "{ended:?}");
    let page = workdir.read("out/canary.html");
    assert!(
        page.contains("call-") && page.contains("Speaker 1"),
        "{page}"
    );

    run(&workdir, &server, &[]).with_code(0);

    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len(), 18);
    assert!(
        snapshot
            .conversations
            .iter()
            .all(|it| it.uploads.len() == 1)
    );
}

#[test]
fn swapped_sides_are_found_by_who_speaks_first_and_by_the_agents_own_sound() {
    let workdir = workdir_of(18, 1, 8);
    let server = Server::healthy();
    let ended = canary(&workdir, &server, &["-n", "12"]).with_code(3);
    let ended = ended.says("Picked 12 calls");
    for words in [
        "inbound calls the channel that the mapping gives to the customer speaks first",
        "outbound calls the channel that the mapping gives to the agent speaks first",
        "agents the channel that all their calls have in common is the one that the mapping gives",
    ] {
        assert!(ended.out.contains(words), "{words}: {ended:?}");
    }
    let page = workdir.read("out/canary.html");
    let warning = page.find("Warning").expect("a warning");
    assert!(
        page.find("Note").is_none_or(|note| note > warning),
        "warnings come first"
    );
}

#[test]
fn a_length_that_is_off_is_found_and_a_team_that_arrived_is_not_told() {
    let workdir = workdir_of(6, 0, 480);
    let mapping = MAPPING.replace("[audio]", "teamName = { value = \"Øst\" }\n[audio]");
    workdir.write("my.toml", mapping);
    let server = Server::healthy();
    let ended = canary(&workdir, &server, &["-n", "6"]).with_code(3);
    let ended = ended.says("The recording has another length than the export says: 6 of 6 calls.");
    assert!(!ended.out.contains("without the team"), "{ended:?}");
}

#[test]
fn the_same_seed_picks_the_same_calls_and_says_why() {
    let picked = |seed: &str| {
        let (workdir, server) = (workdir_of(12, 0, 8), Server::healthy());
        let ended = canary(&workdir, &server, &["-n", "4", "--seed", seed]).with_code(0);
        let lines = ended.out.lines().filter(|line| line.contains("call-"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let one = picked("1");
    assert_eq!(one.len(), 4);
    assert_eq!(one, picked("1"));
    assert!(one[0].contains("new in team, agent"), "{one:?}");
    assert!((2..9).any(|seed: u8| picked(&seed.to_string()) != one));
}

#[test]
fn a_run_that_asks_for_a_canary_sends_nothing_without_an_approval_of_this_mapping() {
    let workdir = workdir_of(8, 0, 8);
    let server = Server::healthy();
    let url = server.url();
    let refused = |words: &str| {
        let before = server.requests();
        let ended = run(&workdir, &server, &["--require-canary"]).with_code(2);
        ended.says(words).says("canary --approve NAME");
        assert_eq!(server.requests(), before, "nothing is sent");
    };
    refused("no canary has been run");
    assert!(
        !workdir.has("capturi-import.db"),
        "no ledger is made either"
    );

    canary(&workdir, &server, &["-n", "3"]).with_code(0);
    refused("nobody has approved");
    let approve = |url: &str| workdir.call(&["canary", "--approve", "T. P.", "--base-url", url]);
    approve("https://other.example.com")
        .with_code(2)
        .says("no canary of this destination");
    approve(&url).with_code(0).says("T. P. approved 3 calls");

    workdir.write("my.toml", MAPPING.replace("Faktura", "Regning"));
    refused("the mapping or its flags changed");
    workdir.write("my.toml", MAPPING);
    run(
        &workdir,
        &server,
        &["--require-canary", "--timezone", "UTC"],
    )
    .with_code(2);
    run(&workdir, &server, &["--require-canary"]).with_code(0);
    assert_eq!(server.snapshot().conversations.len(), 8);
    // A canary that is looked at anew is to be approved anew.
    workdir.write(
        "calls.csv",
        workdir.read("calls.csv").replace("call-", "next-"),
    );
    canary(&workdir, &server, &["-n", "3", "--missing-audio", "create"]);
    refused("nobody has approved");
}

#[test]
fn a_canary_that_is_not_worked_on_in_time_is_looked_at_again_and_not_sent_again() {
    let workdir = workdir_of(6, 0, 8);
    let down = always(Fault::status(500)).on(Operation::Read);
    let server = Server::with_rule(down);
    let more = ["-n", "3", "--max-outage", "1s", "--wait", "2s"];
    canary(&workdir, &server, &more).with_code(6);
    assert_eq!(server.snapshot().conversations.len(), 3);
    let url = server.url();
    let approve = ["canary", "--approve", "T. P.", "--base-url", &url];
    workdir.call(&approve).with_code(2).says("0 of 3 calls");

    server.heal();
    canary(&workdir, &server, &more).with_code(0);

    assert_eq!(server.snapshot().conversations.len(), 3, "the same calls");
    workdir.call(&approve).with_code(0);
}

#[test]
fn the_page_loads_nothing() {
    let workdir = workdir_of(6, 0, 8);
    let server = Server::healthy();
    canary(&workdir, &server, &["-n", "4"]).with_code(0);
    let page = workdir.read("out/canary.html");
    for foreign in [
        "<script", "<link", "<img", "<iframe", "@import", "url(", "src=",
    ] {
        assert!(!page.contains(foreign), "{foreign} is in the page");
    }
    let mut links = page.split("href=").skip(1).peekable();
    assert!(links.peek().is_some());
    assert!(links.all(|link| link.starts_with("\"#call-")), "{page}");
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn text_of_a_record_is_no_part_of_the_page() {
    let workdir = workdir_of(3, 0, 8);
    let table = workdir
        .read("calls.csv")
        .replace("a-0", "<script>alert(1)</script>");
    workdir.write("calls.csv", table);
    canary(&workdir, &Server::healthy(), &["-n", "3"]).with_code(0);
    let page = workdir.read("out/canary.html");
    assert!(page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script"));
}

#[test]
fn a_rehearsal_says_that_its_answers_are_invented() {
    let workdir = workdir_of(4, 0, 8);
    let rehearsal = [
        "canary",
        "calls.csv",
        "-m",
        "my.toml",
        "--audio",
        "audio",
        "--sandbox",
        "-n",
        "2",
        "--out",
        "out",
    ];
    let ended = workdir.call(&rehearsal).with_code(0);
    ended.says("the sandbox invented every answer");
    let page = workdir.read("out/canary.html");
    assert!(page.contains("Rehearsal: nothing was sent to Capturi."));
    assert!(page.contains("nobody said this"));
    let approve = ["canary", "--approve", "T. P.", "--sandbox"];
    workdir.call(&approve).with_code(0);
    let run = [
        "run",
        "calls.csv",
        "-m",
        "my.toml",
        "--audio",
        "audio",
        "--require-canary",
    ];
    workdir.call(&run).with_code(2);
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_sent() {
    let workdir = workdir_of(2, 0, 8);
    let server = Server::healthy();
    let url = server.url();
    for (arguments, words) in [
        (&["canary"][..], "needs an export"),
        (&["canary", "-"], "not standard input"),
        (
            &["canary", "calls.csv", "--only", "ids.txt"],
            "leave --only out",
        ),
        (&["canary", "--approve", " "], "a name or initials"),
        (
            &["canary", "--approve", "T. P."],
            "no canary of this destination",
        ),
        (
            &["canary", "calls.csv", "-m", "my.toml", "--base-url", &url],
            "--read-url",
        ),
    ] {
        workdir.call(arguments).with_code(2).says(words);
    }
    assert_eq!(server.requests(), 0);
    assert!(!workdir.has("capturi-import.db"));
}

#[test]
fn calls_that_are_not_worked_on_in_time_are_told_and_not_approved() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let ended = canary_through(&workdir, &server, |right| {
        with(right, |told| told["state"] = "Processing".into())
    });
    ended.with_code(3).says("Not worked on yet: 3 of 3 calls.");
    let approve = ["canary", "--approve", "T. P.", "--base-url", &server.url()];
    workdir.call(&approve).with_code(2).says("0 of 3 calls");
}

#[test]
fn what_the_destination_shows_otherwise_is_told_field_by_field() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let mapping = MAPPING.replace("[audio]", "teamName = { value = \"Øst\" }\n[audio]");
    workdir.write("my.toml", mapping);
    let ended = canary_through(&workdir, &server, |right| {
        with(right, |told| {
            told["teamUid"] = serde_json::Value::Null;
            told["dateTime"] = "2024-03-15T00:00:00Z".into();
            told["duration"] = 3.into();
        })
    });
    let ended = ended.with_code(3);
    for words in [
        "Capturi shows no team, and one was sent: 3 of 3 calls.",
        "Capturi shows another `dateTime` than was sent: 3 of 3 calls.",
        "Capturi shows another length than was sent: 3 of 3 calls.",
    ] {
        assert!(ended.out.contains(words), "{words}: {ended:?}");
    }
}

#[test]
fn an_answer_about_another_conversation_counts_for_none() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let ended = canary_through(&workdir, &server, |right| {
        with(right, |told| {
            told["externalIdentity"] = "somebody-else".into();
        })
    });
    ended
        .with_code(3)
        .says("The answer of the read API cannot be used: 3 of 3 calls.");
}

#[test]
fn a_conversation_that_is_not_there_is_told() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let ended = canary_through(&workdir, &server, |_| answer("204 No Content", "", b""));
    ended
        .with_code(3)
        .says("not there for the read API: 3 of 3 calls.");
}

#[test]
fn a_silent_channel_is_told_with_its_side() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    for number in 0..4 {
        let name = format!("audio/call-{number:02}.wav");
        let mut sound = std::fs::read(workdir.path(&name)).expect("a recording");
        for frame in sound[44..].chunks_exact_mut(4) {
            frame[2..].fill(0);
        }
        workdir.write(&name, sound);
    }
    let ended = canary(&workdir, &server, &["-n", "4"]).with_code(3);
    ended.says("The channel of the customer is silent: 4 of 4 calls.");
}

#[test]
fn a_read_api_that_asks_to_wait_is_obeyed_and_a_refused_token_ends_it() {
    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let throttled = on_first_try(Fault::status(429)).on(Operation::Read);
    server.now_with(Faults::default().with(throttled));
    canary(&workdir, &server, &["-n", "2"]).with_code(0);

    let (workdir, server) = (workdir_of(4, 0, 8), Server::healthy());
    let refused = always(Fault::status(401)).on(Operation::Read);
    server.now_with(Faults::default().with(refused));
    let ended = canary(&workdir, &server, &["-n", "2"]).with_code(4);
    ended.says("Reading back ended early");
    assert_eq!(server.snapshot().conversations.len(), 2, "they were sent");
}

#[test]
fn cases_have_no_canary() {
    let workdir = Workdir::new();
    let tickets = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/zendesk/tickets.json");
    let command = ["canary", tickets, "-m", "zendesk-tickets", "--sandbox"];
    workdir.call(&command).with_code(2).says("makes cases");
}

/// A canary of three calls.
const OF_THREE: [&str; 6] = ["-n", "3", "--read-settle", "0s", "--concurrency", "1"];

/// The ids that the last canary picked.
fn picked(workdir: &Workdir) -> serde_json::Value {
    let text = workdir.read("capturi-import.db.canary");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    record["calls"].clone()
}

/// Kills a canary once that holds of the server, then lets one come to its end; a run sends the rest.
fn survives_a_kill(server: &Server, faults: Faults, holds: impl Fn(&Snapshot) -> bool) {
    let workdir = workdir_of(8, 0, 8);
    server.forget_everything();
    server.now_with(faults);
    let mut running = Running::of(command(&workdir, server, "canary", &OF_THREE));
    running.until(|| holds(&server.snapshot()));
    assert_eq!(running.kill().code, -1, "it was killed");
    assert!(!workdir.has("out/canary.html"), "there is no page yet");
    let ids = picked(&workdir);
    let url = server.url();
    let approve = ["canary", "--approve", "T. P.", "--base-url", &url];
    workdir.call(&approve).with_code(2).says("0 of 3 calls");
    server.heal();

    canary(&workdir, server, &OF_THREE).with_code(0);

    assert_eq!(picked(&workdir), ids, "the same calls");
    let there = server.snapshot().conversations;
    assert_eq!(there.len(), 3);
    for found in &there {
        let is_picked = |id: &serde_json::Value| *id == found.external_identity.as_str();
        assert!(ids.as_array().expect("ids").iter().any(is_picked));
    }
    workdir.call(&approve).with_code(0);
    run(&workdir, server, &["--require-canary"]).with_code(0);
    let there = server.snapshot().conversations;
    assert_eq!(there.len(), 8);
    for found in there {
        let id = &found.external_identity;
        assert_eq!(found.uploads.len(), 1, "the recording of {id}");
    }
}

/// Answers that no test waits for.
fn never_answered(operation: Operation) -> FaultRule {
    let late = Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    };
    always(late).on(operation)
}

#[test]
fn a_canary_that_is_killed_while_it_sends_is_finished_with_the_same_calls() {
    let server = Server::healthy();
    for strikes in [Strikes::BeforeEffect, Strikes::AfterEffect] {
        for operation in [Operation::Create, Operation::Upload] {
            let rule = never_answered(operation).strikes(strikes);
            survives_a_kill(&server, Faults::default().with(rule), |seen| {
                let mut there = seen.conversations.iter();
                let has_arrived =
                    there.any(|found| operation == Operation::Create || !found.uploads.is_empty());
                !seen.faults.is_empty() && (strikes == Strikes::BeforeEffect || has_arrived)
            });
        }
    }
}

#[test]
fn a_canary_that_is_killed_before_its_page_is_looked_at_again_and_not_sent_again() {
    let rule = never_answered(Operation::Read);
    survives_a_kill(&Server::healthy(), Faults::default().with(rule), |seen| {
        !seen.faults.is_empty()
    });
}

#[test]
fn a_canary_that_is_killed_while_it_waits_is_looked_at_again_and_not_sent_again() {
    let processing = TamperRule::new(Tampering::Processing);
    let faults = Faults::default().showing(processing);
    survives_a_kill(&Server::healthy(), faults, |seen| {
        // Three creates and three uploads; then each call is looked at twice.
        seen.requests >= 12
    });
}
