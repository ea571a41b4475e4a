//! Calls that wait for their recording: because it is not there, no sound, not whole, or still written.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use crate::harness::export::{Given, calls, wave};
use crate::harness::mapping::ids_only;
use crate::harness::meddler::Meddler;
use crate::harness::program::Workdir;
use crate::harness::server::Server;
use serde_json::Value;

/// Some calls with recordings that are whole, and where each lies.
fn given(count: usize, seed: u64) -> (Vec<Given>, Workdir, Vec<String>) {
    let given = calls(count, seed);
    let workdir = Workdir::with(&given);
    let files = given.iter().map(|call| format!("audio/{}", call.file));
    let files = files.collect();
    (given, workdir, files)
}

#[test]
fn what_is_not_whole_or_no_sound_waits_and_goes_out_once_it_is() {
    let (given, workdir, files) = given(8, 81);
    let server = Server::healthy();
    let cut = &given[0].recording[..given[0].recording.len() - 2];
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend([7; 500]);
    for (file, content) in files.iter().zip([
        cut,
        &given[1].recording[..100],
        b"<!DOCTYPE html>\n<html><body>Log ind</body></html>\n",
        br#"{"message": "no recording of this call was found", "status": 404}"#,
        &zip,
        &[0; 9000],
        b"404 Not Found: the recording has expired and was deleted",
    ]) {
        workdir.write(file, content);
    }

    workdir.run(&server, &["calls.csv"]).with_code(3);

    server.has_exactly(&given[7..], "v2");
    assert_eq!((workdir.outcome("held"), workdir.state("held")), (7, 7));
    assert_eq!(workdir.lines_with("recording-truncated").len(), 2);
    assert_eq!(workdir.lines_with("recording-not-sound").len(), 5);
    assert_eq!(workdir.summary()["held_pressing"], 5);
    // What a check finds is what a run finds.
    let told = workdir.rows("problems.csv");
    workdir
        .call(&["check", "calls.csv", "--audio", "audio", "--out", "out"])
        .with_code(3);
    let again = workdir.rows("problems.csv").into_iter();
    let again: Vec<_> = again.filter(|row| row["line"] != "0").collect();
    assert_eq!(again, told);
    for (file, call) in files.iter().zip(&given) {
        workdir.write(file, &call.recording);
    }
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.state("held"), 0);
}

/// What is smaller than the header of a WAV file, and what begins as a recording does.
#[test]
fn a_short_error_page_and_a_header_without_sound_wait_as_errors() {
    let (given, workdir, files) = given(7, 82);
    let server = Server::healthy();
    let header = b"RIFF\0\x20\0\0WAVE";
    for (file, content) in files.iter().zip([
        b"Not found".to_vec(),
        br#"{"error":"x"}"#.to_vec(),
        [&header[..], &[0; 8192]].concat(),
        [&header[..], b"L\x17\xd3\x8a", &[0xB7; 8192]].concat(),
        [b"ID3\x04\0\0\0\0\0\x0a".as_slice(), &[0; 8192]].concat(),
        b"\xff\xfb\x90\0\0\0\0\0\0\0".to_vec(),
    ]) {
        workdir.write(file, content);
    }

    workdir.run(&server, &["calls.csv"]).with_code(3);

    server.has_exactly(&given[6..], "v2");
    assert_eq!(
        (workdir.outcome("held"), workdir.outcome("rejected")),
        (6, 0)
    );
    assert_eq!(workdir.lines_with("recording-not-sound").len(), 6);
}

#[test]
fn a_cut_recording_alone_wakes_nobody_for_three_days() {
    let (given, workdir, files) = given(3, 82);
    let server = Server::healthy();
    workdir.write(&files[0], &given[0].recording[..60]);

    workdir.run(&server, &["calls.csv"]).with_code(0);

    let failures = &workdir.status()["failures"];
    assert_eq!(failures[0]["code"], "recording-truncated");
    assert!(failures[0]["held_since"].is_string(), "{failures}");
    // Neither does `--missing-audio` speak of it: it is not missing.
    workdir
        .run(&server, &["calls.csv", "--missing-audio", "create"])
        .with_code(0);
    assert_eq!(workdir.outcome("held"), 1);
    let hour = ["calls.csv", "--hold-for", "1h"];
    workdir.run(&server, &hour).with_code(0);
    let now = ["calls.csv", "--hold-for", "0s"];
    workdir
        .run(&server, &now)
        .with_code(3)
        .says("1 needs a person");
    server.has_exactly(&given[1..], "v2");
}

#[test]
fn what_was_written_a_moment_ago_waits_if_that_is_asked() {
    let (given, workdir, files) = given(3, 83);
    let server = Server::healthy();
    let written = |file: &str, ago: u64| {
        let file = File::options().write(true).open(workdir.path(file));
        let at = SystemTime::now() - Duration::from_secs(ago);
        file.and_then(|file| file.set_modified(at)).expect("a time");
    };
    for (file, ago) in files.iter().zip([30, 1000, 86_400]) {
        written(file, ago);
    }
    let careful = ["calls.csv", "--min-age", "2m"];

    workdir.run(&server, &careful).with_code(0);

    server.has_exactly(&given[1..], "v2");
    assert_eq!(workdir.lines_with("recording-unfinished").len(), 1);
    written(&files[0], 121);
    workdir.run(&server, &careful).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_recording_that_changes_on_its_way_is_sent_by_the_next_run() {
    let (mut given, workdir, files) = given(1, 84);
    let server = Server::healthy();
    let path = workdir.path(&files[0]);
    let grown = path.clone();
    // The header leaves the length open, so nothing else shows that more is to come.
    let mut open = given[0].recording.clone();
    open[40..44].fill(0xFF);
    fs::write(&path, &open).expect("a file");
    let meddler = Meddler::before(&server, move |_, line| {
        if line.contains("/conversation") {
            let file = File::options().append(true).open(&grown);
            file.and_then(|mut file| file.write_all(&[9; 4000]))
                .expect("more of it");
        }
        None
    });
    let url = meddler.url().to_owned();
    let arguments = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--out",
        "out",
        "--rate",
        "0",
        "--base-url",
        &url,
    ];

    workdir.call(&arguments).with_code(0);

    assert_eq!(workdir.outcome("held"), 1);
    assert_eq!(workdir.lines_with("recording-changed").len(), 1);
    assert!(server.snapshot().conversations[0].uploads.is_empty());
    assert_eq!((workdir.state("held"), workdir.state("in doubt")), (1, 0));
    given[0].recording = fs::read(&path).expect("the whole of it");
    workdir.call(&arguments).with_code(0);
    server.has_exactly(&given, "v2");

    // Once it has arrived, more of it is told and not sent.
    let file = File::options().append(true).open(&path);
    file.and_then(|mut file| file.write_all(&[9; 40]))
        .expect("more of it");
    let requests = server.requests();
    for _ in 0..2 {
        workdir.call(&arguments).with_code(0);
        assert_eq!(workdir.lines_with("recording-changed-since-sent").len(), 1);
    }
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_conversation_that_is_older_than_its_recording_is_told_of_one_channel() {
    let (given, workdir, files) = given(2, 85);
    let server = Server::healthy();
    let further = r#"audioChannels    = { value = "auto" }

[audio]
stereo = "AgentChannelOne"
mono   = "TwoSpeakers"
"#;
    let mapping = ids_only("externalId", further);
    workdir.write("mapping.toml", mapping);
    let ids: Vec<&str> = given.iter().map(|call| call.id.as_str()).collect();
    workdir.write("calls.csv", format!("externalId\n{}\n", ids.join("\n")));
    let mut dice = fastrand::Rng::with_seed(85);
    fs::remove_dir_all(workdir.path("audio")).expect("no recordings");
    for (call, channels) in given.iter().zip([1, 2]) {
        let name = format!("audio/{}.wav", call.id);
        workdir.write(&name, wave(channels, &mut dice));
    }
    assert_eq!(files.len(), 2);
    let arguments = ["calls.csv", "-m", "mapping.toml"];
    workdir.bare_run(&server, &arguments).with_code(0);

    workdir.run(&server, &arguments).with_code(0);

    assert_eq!(workdir.lines_with("recording-channels"), [2]);
    let snapshot = server.snapshot();
    let parts = |at: usize| {
        let conversation = snapshot.conversation(&given[at].id).expect("it was sent");
        conversation.uploads[0].parts.clone()
    };
    let of_one = [("monoConfig".to_owned(), "TwoSpeakers".to_owned())];
    let of_two = [("stereoConfig".to_owned(), "AgentChannelOne".to_owned())];
    assert_eq!(parts(0), of_one.into());
    assert_eq!(parts(1), of_two.into());
    // A recording that is there from the start settles it.
    let other = Server::healthy();
    workdir
        .run(
            &other,
            &["calls.csv", "-m", "mapping.toml", "--ledger", "other.db"],
        )
        .with_code(0);
    assert!(workdir.lines_with("recording-channels").is_empty());
}

/// Calls that a run without `--audio` has sent, and the first of which has no recording.
fn sent_without_looking(count: usize, seed: u64) -> (Vec<Given>, Workdir, Server) {
    let (given, workdir, files) = given(count, seed);
    let server = Server::healthy();
    workdir.bare_run(&server, &["calls.csv"]).with_code(0);
    fs::remove_file(workdir.path(&files[0])).expect("no recording");
    (given, workdir, server)
}

#[test]
fn a_recording_that_is_looked_for_after_its_call_was_sent_is_missing_like_any_other() {
    let (given, workdir, server) = sent_without_looking(4, 86);

    workdir.run(&server, &["calls.csv"]).with_code(0);

    assert_eq!((workdir.outcome("held"), workdir.state("held")), (1, 1));
    assert_eq!(workdir.lines_with("recording-missing").len(), 1);
    assert_eq!(workdir.state("without recording"), 0);
    assert_eq!(workdir.status()["failures"][0]["code"], "recording-missing");
    // A dry run says the same, and who waits for too long hears of it.
    let rehearsed = workdir.run(&server, &["calls.csv", "--dry-run"]);
    assert_eq!(
        workdir.lines_with("recording-missing").len(),
        1,
        "{rehearsed:?}"
    );
    workdir
        .run(&server, &["calls.csv", "--hold-for", "0s"])
        .with_code(3);
    assert_eq!(workdir.lines_with("held-too-long").len(), 1);
    // A run that does not look finds nothing missing, and leaves the call held.
    workdir.bare_run(&server, &["calls.csv"]).with_code(0);
    assert_eq!((workdir.outcome("held"), workdir.state("held")), (0, 1));

    workdir.record(&given);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!((workdir.state("held"), workdir.state("complete")), (0, 4));
}

#[test]
fn missing_audio_speaks_of_calls_that_were_sent_before_anybody_looked() {
    let (_, workdir, server) = sent_without_looking(4, 87);
    let refuse = ["calls.csv", "--missing-audio", "refuse"];
    let create = ["calls.csv", "--missing-audio", "create"];

    workdir.run(&server, &refuse).with_code(3);
    assert_eq!(workdir.outcome("rejected"), 1);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(workdir.state("held"), 1);
    let requests = server.requests();
    for _ in 0..2 {
        workdir.run(&server, &create).with_code(0);
        assert_eq!(workdir.outcome("already_there"), 4);
        assert_eq!(
            (workdir.state("held"), workdir.state("without recording")),
            (0, 1)
        );
    }
    // What the operator has decided need not be said again each night.
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!((workdir.outcome("held"), workdir.state("held")), (0, 0));
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_late_recording_that_is_cut_holds_its_call_in_the_ledger_too() {
    let (given, workdir, files) = given(3, 88);
    let server = Server::healthy();
    workdir.bare_run(&server, &["calls.csv"]).with_code(0);
    workdir.write(&files[0], &given[0].recording[..60]);

    workdir.run(&server, &["calls.csv"]).with_code(0);

    assert_eq!((workdir.outcome("held"), workdir.state("held")), (1, 1));
    workdir.write(&files[0], &given[0].recording);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.state("held"), 0);
}

const TICKETS: &str = "ticket_id,ticket_created_at,ticket_updated_at,title,via,assignee_name,assignee_email,\
     comment_id,comment_created_at,comment_body,author_id,author_name,author_email,author_role,status\n";
const MESSAGES: [&str; 3] = ["messages.csv", "--mapping", "zendesk-messages"];

/// A row of a ticket's message, without its line ending.
fn message(ticket: u64, number: u64, status: &str) -> String {
    let time = format!("2024-03-15T0{number}:00:00Z");
    format!(
        "{ticket},2024-03-15T00:00:00Z,{time},Sag,email,Ida,ida@example.com,{ticket}{number},{time},\
         Hej nr. {number},9,Dagny,dagny@example.com,end-user,{status}"
    )
}

/// Each case at the server: id, status, ids of its messages.
fn cases_at(server: &Server) -> Vec<(String, String, Vec<String>)> {
    let cases = server.snapshot().cases;
    let told = cases.iter().map(|case| {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let ids = case
            .messages
            .iter()
            .map(|message| text(&message["messageUid"]));
        (
            case.uid.clone(),
            text(&case.fields["status"]),
            ids.collect(),
        )
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

#[test]
fn a_message_whose_row_may_be_cut_waits_for_a_run_that_finds_it_so_again() {
    let server = Server::healthy();
    let workdir = Workdir::new();
    fs::create_dir(workdir.path("audio")).expect("a folder");
    let whole = [
        message(1, 1, "open"),
        message(1, 2, "open"),
        message(2, 1, "new"),
    ];
    let table = |last: &str| format!("{TICKETS}{}\n{}\n{last}", whole[0], whole[2]);
    let cut = whole[1].strip_suffix("en").expect("a status");
    workdir.write("messages.csv", table(cut));

    workdir.run(&server, &MESSAGES).with_code(0);

    let case = |id: &str, status: &str, messages: &[&str]| {
        let messages = messages.iter().map(|id| (*id).to_owned());
        (
            id.to_owned(),
            status.to_owned(),
            messages.collect::<Vec<_>>(),
        )
    };
    let others = [case("1", "open", &["11"]), case("2", "new", &["21"])];
    assert_eq!(cases_at(&server), others);
    assert_eq!(
        (workdir.outcome("held"), workdir.outcome("rejected")),
        (1, 0)
    );
    assert_eq!((workdir.state("held"), workdir.state("complete")), (1, 1));
    assert_eq!(workdir.status()["failures"][0]["code"], "row-unterminated");
    // A row that is another one by now is not known, either.
    workdir.write("messages.csv", table(&whole[1]));
    workdir
        .run(&server, &[&MESSAGES[..], &["--hold-for", "0s"]].concat())
        .with_code(3)
        .says("held-too-long");
    assert_eq!(cases_at(&server), others);
    // It is the same in the next night: the system ends its files so.
    for _ in 0..2 {
        workdir.run(&server, &MESSAGES).with_code(0);
        assert_eq!((workdir.outcome("held"), workdir.state("held")), (0, 0));
        let all = [case("1", "open", &["11", "12"]), case("2", "new", &["21"])];
        assert_eq!(cases_at(&server), all);
    }
}

#[test]
fn a_message_that_was_cut_is_sent_once_its_row_is_whole() {
    let server = Server::healthy();
    let workdir = Workdir::new();
    fs::create_dir(workdir.path("audio")).expect("a folder");
    let (first, last) = (message(1, 1, "new"), message(1, 2, "closed"));
    let cut = last.strip_suffix("losed").expect("a status");
    workdir.write("messages.csv", format!("{TICKETS}{first}\n{cut}"));
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(cases_at(&server)[0].2, ["11"]);

    workdir.write("messages.csv", format!("{TICKETS}{first}\n{last}\n"));
    workdir.run(&server, &MESSAGES).with_code(0);

    let (_, status, messages) = cases_at(&server).remove(0);
    assert_eq!(
        (&*status, messages),
        ("closed", vec!["11".to_owned(), "12".to_owned()])
    );
    assert_eq!(workdir.state("held"), 0);
    // A check has no ledger, and holds it.
    workdir.write("messages.csv", format!("{TICKETS}{first}\n{cut}"));
    let check = [&["check", "--out", "out"], &MESSAGES[..]].concat();
    workdir.call(&check).with_code(3);
    assert_eq!(workdir.outcome("held"), 1);
}

/// A run that tells of one that is held and did not come again, and one that does not yet.
fn tells_of_what_is_left(workdir: &Workdir, server: &Server, export: &[&str], id: &str) {
    workdir.run(server, export).with_code(0);
    workdir
        .run(server, &[export, &["--hold-for", "0s"]].concat())
        .with_code(3)
        .says("neither sent nor found")
        .says(id);
    let told = workdir.rows("problems.csv");
    let told: Vec<_> = told
        .iter()
        .filter(|row| row["code"] == "held-too-long")
        .map(|row| (row["severity"].as_str(), row["external_id"].as_str()))
        .collect();
    assert_eq!(told, [("warning", id)]);
    assert_eq!(workdir.outcome("held"), 0);
}

#[test]
fn a_message_that_is_held_and_never_comes_again_is_told() {
    let server = Server::healthy();
    let workdir = Workdir::new();
    fs::create_dir(workdir.path("audio")).expect("a folder");
    let (first, last) = (message(1, 1, "new"), message(7, 2, "open"));
    let night =
        |rows: &[&str]| workdir.write("messages.csv", format!("{TICKETS}{}", rows.join("\n")));
    night(&[&first, &last]);
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(workdir.outcome("held"), 1);
    night(&[&format!("{}\n", message(2, 1, "new"))]);

    tells_of_what_is_left(&workdir, &server, &MESSAGES, "7");

    night(&[&format!("{last}\n")]);
    workdir
        .run(&server, &[&MESSAGES[..], &["--hold-for", "0s"]].concat())
        .with_code(0);
    assert_eq!(workdir.state("held"), 0);
}

#[test]
fn a_call_that_is_held_and_never_comes_again_is_told() {
    let (given, workdir, files) = given(3, 87);
    let server = Server::healthy();
    fs::remove_file(workdir.path(&files[2])).expect("a recording");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(workdir.outcome("held"), 1);
    let table = fs::read_to_string(workdir.path("calls.csv")).expect("an export");
    let (without, _) = table.trim_end().rsplit_once('\n').expect("rows");
    workdir.write("calls.csv", format!("{without}\n"));

    tells_of_what_is_left(&workdir, &server, &["calls.csv"], &given[2].id);

    // A call that is found again tells of itself, once.
    workdir.write("calls.csv", &table);
    workdir
        .run(&server, &["calls.csv", "--hold-for", "0s"])
        .with_code(3);
    let told = workdir.rows("problems.csv");
    let told = told.iter().filter(|row| row["code"] == "held-too-long");
    assert_eq!(told.count(), 1);
}

#[test]
fn what_is_held_and_never_comes_again_can_be_dropped() {
    let (given, workdir, files) = given(3, 88);
    let server = Server::healthy();
    fs::remove_file(workdir.path(&files[2])).expect("a recording");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let table = fs::read_to_string(workdir.path("calls.csv")).expect("an export");
    let (without, _) = table.trim_end().rsplit_once('\n').expect("rows");
    workdir.write("calls.csv", format!("{without}\n"));
    let night = ["calls.csv", "--hold-for", "0s"];
    let drop_held = |arguments: &[&str]| {
        let command = ["ledger", "forget-held"];
        workdir.call(&[&command[..], arguments].concat())
    };
    workdir
        .run(&server, &night)
        .with_code(3)
        .says("ledger forget-held");

    drop_held(&[]).with_code(2);
    drop_held(&["nobody"]).with_code(3).says("not held: nobody");
    drop_held(&["--older-than", "1h"])
        .with_code(0)
        .says("forgotten: 0 held calls");
    drop_held(&[&given[2].id])
        .with_code(0)
        .says("forgotten: 1 held call");

    workdir.run(&server, &night).with_code(0);
    assert_eq!(workdir.state("held"), 0);
    // It is new to the run that finds it again.
    workdir.write("calls.csv", &table);
    workdir.write(&files[2], &given[2].recording);
    workdir.run(&server, &night).with_code(0);
    server.has_exactly(&given, "v2");
}
