//! Names and values that would like to do something: in addresses, in bodies, on the terminal, in a
//! spreadsheet, in a browser, in the file system.

use std::process::Command;

use crate::harness::export::{Given, calls};
use crate::harness::program::Workdir;
use crate::harness::server::Server;
use serde_json::json;

const HEADER: &str = "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail";

/// A row of the v1 shape.
fn row(id: &str, phone: &str, title: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let (id, phone, title) = (quoted(id), quoted(phone), quoted(title));
    format!("{id},{phone},{title},2024-03-15T09:12:03Z,7,Testine Prøvesen,test@example.com\n")
}

/// Characters that a terminal would act on, or that hide or turn what stands there.
fn is_unsafe(char: char) -> bool {
    (char.is_control() && char != '\n')
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Calls whose recordings have these names.
fn with_recordings_called(names: &[&str]) -> Vec<Given> {
    let mut given = calls(names.len(), 71);
    for (call, name) in given.iter_mut().zip(names) {
        (*name).clone_into(&mut call.file);
        call.set("audioFile", name, json!(name));
    }
    given
}

#[test]
fn a_file_name_stays_a_file_name_in_the_body_of_a_request() {
    let names = [
        "quote\"; name=\"spokenLanguage.wav",
        "line\r\nX-Evil: yes\r\n\r\nbody.wav",
        "--boundary--.wav",
        "æøå ☎ 電話.wav",
        "semi;colon%0d%0a.wav",
        "\u{202e}vaw.exe.wav",
    ];
    let given = with_recordings_called(&names);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());

    let ended = workdir.run(&server, &["calls.csv"]).with_code(0);

    server.has_exactly(&given, "v2");
    for call in &given {
        let snapshot = server.snapshot();
        let upload = &snapshot.conversation(&call.id).expect("it arrived").uploads[0];
        assert!(!upload.parts.contains_key("spokenLanguage"), "{upload:?}");
        assert!(!upload.filename.contains(['\r', '\n']), "{upload:?}");
    }
    assert!(!(ended.out + &ended.err).contains(is_unsafe));
}

#[test]
fn an_id_without_end_is_a_problem_of_its_record() {
    let workdir = Workdir::new();
    let long = "x".repeat(10_240);
    let fits = "y/".repeat(512);
    let rows = [
        row(&long, "+4520000001", "a"),
        row(&fits, "+4520000002", "b"),
        row("line\nbreak", "+4520000003", "c"),
    ];
    workdir.write("calls.csv", format!("{HEADER}\n{}", rows.concat()));
    let server = Server::healthy();
    let url = server.url();

    workdir
        .call(&[
            "run",
            "calls.csv",
            "--base-url",
            &url,
            "--out",
            "out",
            "--rate",
            "0",
        ])
        .with_code(3);

    assert_eq!(workdir.lines_with("record-too-large"), [2]);
    let snapshot = server.snapshot();
    let ids: Vec<&str> = snapshot
        .conversations
        .iter()
        .map(|found| found.external_identity.as_str())
        .collect();
    assert_eq!(ids, [fits.as_str()]);
    // A line break that nobody sees is no part of an id.
    assert_eq!(workdir.lines_with("invisible-sign"), [4]);
}

#[test]
fn nothing_that_an_export_says_reaches_the_terminal_as_it_is() {
    let workdir = Workdir::new();
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj.\u{2066}\rfake: ok\u{8}";
    let name = "ca\u{1b}[31mlls\u{202e}.csv";
    let text = format!(
        "{HEADER},new\u{1b}[7m\n{}{}",
        row(evil, evil, evil).replace("example.com\n", "example.com,x\n"),
        row("X-2", "nobody", "b")
            .replace("2024-03-15T09:12:03Z", evil)
            .replace("example.com\n", "example.com,x\n"),
    );
    workdir.write(name, text);
    let mapping = format!("[fields]\nsubject = \"no{evil}where\"\n");
    workdir.write(
        "evil.toml",
        mapping
            .replace('\u{1b}', "\\u001b")
            .replace(['\u{7}', '\u{8}', '\r', '\u{9b}'], ""),
    );
    for arguments in [
        &["check", name, "--out", "out"][..],
        &["check", name, "--out", "out", "--log-format", "json"],
        &["check", name, "-vv"],
        &["check", name, "--mapping", "evil.toml"],
        &["check", "no\u{1b}[31mwhere.csv"],
        &["mapping", "init", name],
        &["mapping", "test", name],
    ] {
        let ended = workdir.call(arguments);
        for char in (ended.out.clone() + &ended.err).chars() {
            assert!(
                !is_unsafe(char),
                "{arguments:?}: {char:?}\n{}\n{}",
                ended.out,
                ended.err
            );
        }
    }
}

#[test]
fn a_spreadsheet_calculates_nothing_of_the_reports_and_rejected_rows_stay_as_they_are() {
    let workdir = Workdir::new();
    let formulas = [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "=cmd|' /C calc'!A0",
    ];
    let rows: Vec<String> = formulas
        .iter()
        .map(|formula| {
            row(&format!("{formula}x"), "+45 20 00 00 01", formula)
                .replace("2024-03-15T09:12:03Z", formula)
        })
        .collect();
    workdir.write("calls.csv", format!("{HEADER}\n{}", rows.concat()));

    workdir
        .call(&["check", "calls.csv", "--out", "out"])
        .with_code(3);

    for problem in workdir.rows("problems.csv") {
        for cell in problem.values() {
            let number = cell.trim_start_matches(['+', '-']);
            let harmless = number
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
            assert!(
                harmless || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{problem:?}"
            );
        }
    }
    // The cells as they were, phones with their plus included, and so the same again.
    let rejected = workdir.read("out/rejected.csv");
    for (row, formula) in workdir.rows("rejected.csv").iter().zip(formulas) {
        assert_eq!(row["externalId"], format!("{formula}x"));
        assert_eq!(
            (row["title"].as_str(), row["phoneNumber"].as_str()),
            (formula, "+45 20 00 00 01")
        );
    }
    workdir.write("again.csv", &rejected);
    workdir
        .call(&["check", "again.csv", "--out", "again"])
        .with_code(3);
    assert_eq!(workdir.read("again/rejected.csv"), rejected);
}

#[test]
fn a_formula_behind_any_separator_is_text_in_the_lists() {
    let workdir = Workdir::new();
    for (number, separator) in [";", "|", "; "].into_iter().enumerate() {
        let bad = format!("a{number}{separator}=cmd|'/C calc'!A1{separator}z");
        let row = row(&bad, "4520000001", "x").replace("2024-03-15T09:12:03Z", &bad);
        workdir.write("calls.csv", format!("{HEADER}\n{row}"));
        for lists in ["plain", "excel"] {
            workdir
                .call(&["check", "calls.csv", "--lists", lists, "--out", "out"])
                .with_code(3);
            let problems = workdir.read("out/problems.csv");
            assert!(problems.contains("=cmd"), "{problems}");
            for part in problems.split([',', ';', '|', '\n']) {
                let part = part.trim_start_matches([' ', '"']);
                assert!(!part.starts_with("=cmd"), "{lists}: {problems}");
            }
        }
    }
}

#[test]
fn the_page_of_a_report_runs_nothing_of_an_export() {
    let workdir = Workdir::new();
    let evil = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\" onload=\"x";
    let text = format!(
        "{HEADER},{}\n{}",
        "<b>bold",
        row(evil, evil, evil)
            .replace("2024-03-15T09:12:03Z", "\"<i>when</i>\"")
            .replace("example.com\n", "example.com,x\n")
    );
    workdir.write("<u>calls.csv", text);

    workdir
        .call(&["check", "<u>calls.csv", "--out", "out"])
        .with_code(3);

    let page = workdir.read("out/report.html");
    for tag in ["<script>alert", "<img", "<u>", "<b>bold", "<i>when"] {
        assert!(!page.contains(tag), "{tag}");
    }
}

#[test]
fn a_recording_is_never_a_file_outside_of_the_folder_nor_anything_but_a_file() {
    let mut given = calls(8, 72);
    let workdir = Workdir::new();
    std::fs::create_dir_all(workdir.path("audio")).expect("a folder");
    workdir.write("secret.wav", &given[0].recording);
    std::fs::create_dir(workdir.path("audio/folder.wav")).expect("a folder");
    std::os::unix::fs::symlink("../secret.wav", workdir.path("audio/link.wav")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", workdir.path("audio/device.wav")).expect("a link");
    std::os::unix::fs::symlink("loop.wav", workdir.path("audio/loop.wav")).expect("a link");
    let made = Command::new("mkfifo")
        .arg(workdir.path("audio/pipe.wav"))
        .status();
    assert!(made.is_ok_and(|made| made.success()));
    let absolute = workdir.path("secret.wav").display().to_string();
    let names = [
        "../secret.wav",
        &absolute,
        "link.wav",
        "device.wav",
        "loop.wav",
        "pipe.wav",
        "folder.wav",
        "x/../../secret.wav",
    ];
    for (call, name) in given.iter_mut().zip(names) {
        call.set("audioFile", name, json!(name));
    }
    workdir.export("calls.csv", &given);
    let server = Server::healthy();

    workdir.run(&server, &["calls.csv"]).with_code(3);

    assert_eq!(
        server
            .snapshot()
            .conversations
            .iter()
            .map(|found| found.uploads.len())
            .sum::<usize>(),
        0
    );
    assert_eq!(
        workdir.outcome("created"),
        0,
        "{}",
        workdir.read("out/problems.csv")
    );
    assert_eq!(workdir.lines_with("recording-outside"), [2, 3, 4, 5, 10]);
}

/// The ids that arrive of rows under a header of one's own, and what is told of the others.
fn sent_of(mapping: Option<&str>, export: &str, code: i32) -> (Vec<String>, String) {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir.write("calls.csv", export);
    let url = server.url();
    let mut words = vec![
        "run",
        "calls.csv",
        "--base-url",
        &url,
        "--out",
        "out",
        "--rate",
        "0",
    ];
    if let Some(mapping) = mapping {
        workdir.write("m.toml", mapping);
        words.extend(["-m", "m.toml"]);
    }
    let ended = workdir.call(&words).with_code(code);
    let snapshot = server.snapshot();
    let ids = snapshot.conversations.iter();
    let mut ids: Vec<String> = ids.map(|found| found.external_identity.clone()).collect();
    ids.sort();
    (ids, ended.out + &ended.err)
}

#[test]
fn a_value_that_nobody_can_mean_or_see_is_an_error_and_its_neighbours_are_sent() {
    let row = |id: &str, phone: &str, time: &str, agent: &str| {
        format!("{id},{phone},Call,{time},{agent},Ida Opdigtet,ida@example.com\n")
    };
    let (phone, time) = ("+4512345601", "2024-03-15T09:12:03Z");
    let rows = [
        row("good", phone, time, "7"),
        row("early", phone, "1970-01-01T00:00:00Z", "7"),
        row("ahead", phone, "2512-03-15T09:12:03Z", "7"),
        row("leap", phone, "2024-03-15T09:12:60Z", "7"),
        row("far", phone, "2024-03-15T09:12:03+25:59", "7"),
        row("00121\u{200b}", phone, time, "7"),
        row("'00125", phone, time, "7"),
        row("\"1710494410,60\"", phone, time, "7"),
        row("agent", phone, time, "'7"),
        // Of a phone number only one thing can be meant.
        row("marked", "\u{202a}+4512345602\u{202c}", time, "7"),
    ];
    let (ids, told) = sent_of(None, &format!("{HEADER}\n{}", rows.concat()), 3);
    assert_eq!(ids, ["good", "marked"]);
    for code in [
        "impossible-time",
        "bad-time",
        "invisible-sign",
        "spreadsheet-damage",
    ] {
        assert!(told.contains(code), "{code}: {told}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_told_and_not_sent() {
    let mapping = r#"
[source]
timezone = "Europe/Copenhagen"
[fields]
externalIdentity = "CallId"
agentId = "agent"
agentName = "agent"
agentEmail = { template = "{{ agent }}@example.com" }
customer = "phone"
dateTime = { from = "start", formats = ["%d-%m-%Y %H:%M:%S"] }
subject = { value = "Call" }
customNumberProp1 = { from = "talk", as = "seconds" }
"#;
    let row = |id: &str, start: &str, talk: &str| format!("{id};7;+4512345601;{start};{talk}\n");
    let start = "15-03-2024 09:12:03";
    let rows = [
        row("good", start, "200,5"),
        row("us", start, "1,234"),
        row("dk", start, "1.234"),
        row("short", "15-03-24 09:12:03", "10"),
    ];
    let export = format!("call id;agent;phone;start;talk\n{}", rows.concat());
    assert_eq!(sent_of(Some(mapping), &export, 3).0, ["good"]);
    let twins = export
        .replace("call id;agent", "call id;agent;call_id")
        .replace(";7;", ";7;x;");
    let (ids, told) = sent_of(Some(mapping), &twins, 2);
    assert!(
        ids.is_empty() && told.contains("`call id` and `call_id`"),
        "{told}"
    );
    let zone = mapping.replace("%H:%M:%S", "%H:%M:%S EST");
    let (ids, told) = sent_of(Some(&zone), &export, 2);
    assert!(ids.is_empty() && told.contains("several zones"), "{told}");
}
