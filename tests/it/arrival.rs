//! What an export says arrives: every field, every recording, in every form and version, once.

use crate::harness::export::{Given, calls, strange_calls, with_every_field};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, on_first_try};
use capturi_import::sandbox::{Fault, Operation, Strikes};

/// Runs these arguments, finds everything at the server, and finds that a second run sends nothing.
fn arrives(workdir: &Workdir, calls: &[Given], version: &str, arguments: &[&str]) {
    let server = Server::healthy();
    let arguments = [arguments, &["--api-version", version]].concat();

    workdir.run(&server, &arguments).with_code(0);

    server.has_exactly(calls, version);
    assert_eq!(workdir.outcome("created"), calls.len() as u64);
    let requests = server.requests();
    assert_eq!(requests, 2 * calls.len() as u64);
    workdir.run(&server, &arguments).with_code(0);
    assert_eq!(server.requests(), requests, "a second run sends nothing");
    assert_eq!(workdir.outcome("already_there"), calls.len() as u64);
}

/// Writes the calls under this name and lets them arrive.
fn arrives_as(name: &str, version: &str) {
    let given = calls(120, 1);
    let workdir = Workdir::new();
    workdir.record(&given);
    workdir.export(name, &given);
    arrives(&workdir, &given, version, &[name]);
}

#[test]
fn four_hundred_calls_arrive_from_a_table() {
    let given = calls(400, 2);
    let workdir = Workdir::with(&given);
    arrives(&workdir, &given, "v2", &["calls.csv"]);
}

#[test]
fn version_3_has_its_own_names() {
    arrives_as("calls.csv", "v3");
}

#[test]
fn tables_with_other_delimiters_arrive() {
    arrives_as("calls.tsv", "v2");
    arrives_as("calls.txt", "v2");
}

#[test]
fn a_table_with_a_byte_order_mark_and_crlf_arrives() {
    let mut given = calls(60, 3);
    // A line break inside a cell would be changed with the others.
    given.retain(|call| !call.expected["subject"].to_string().contains("\\n"));
    let workdir = Workdir::with(&given);
    let text = format!(
        "\u{feff}{}",
        workdir.read("calls.csv").replace('\n', "\r\n")
    );
    workdir.write("calls.csv", text);
    arrives(&workdir, &given, "v2", &["calls.csv"]);
}

#[test]
fn an_object_a_line_arrives() {
    arrives_as("calls.ndjson", "v2");
    arrives_as("calls.ndjson", "v3");
}

#[test]
fn an_array_of_objects_arrives() {
    arrives_as("calls.json", "v2");
}

#[test]
fn records_below_a_pointer_arrive() {
    let given = calls(120, 4);
    let workdir = Workdir::new();
    workdir.record(&given);
    workdir.export("below.json", &given);
    let preset = workdir
        .call(&["mapping", "show", "capturi-v1"])
        .with_code(0)
        .out;
    let below = "[source]\nrecords = \"/result/calls\"\n";
    let mapping = preset.replacen("[source]\n", below, 1);
    assert!(mapping.contains(below), "{preset}");
    workdir.write("mapping.toml", mapping);
    arrives(
        &workdir,
        &given,
        "v2",
        &["below.json", "--mapping", "mapping.toml"],
    );
}

#[test]
fn compressed_exports_arrive() {
    for name in ["calls.csv.gz", "calls.ndjson.gz", "calls.json.gz"] {
        arrives_as(name, "v2");
    }
}

#[test]
fn a_folder_a_pattern_and_several_files_arrive() {
    let given = calls(90, 6);
    let workdir = Workdir::new();
    workdir.record(&given);
    let names = ["exports/1.csv", "exports/2.ndjson", "exports/3.csv.gz"];
    for (name, part) in names.iter().zip(given.chunks(30)) {
        workdir.export(name, part);
    }
    for arguments in [&["exports"][..], &["exports/*"], &names] {
        let ledger = format!("{}.db", arguments.len() + arguments[0].len());
        arrives(
            &workdir,
            &given,
            "v2",
            &[arguments, &["--ledger", &ledger]].concat(),
        );
    }
}

#[test]
fn standard_input_arrives() {
    let given = calls(80, 7);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    workdir
        .run_with_input(&server, &["-"], &workdir.read("calls.csv"))
        .with_code(0);
    server.has_exactly(&given, "v2");
    let requests = server.requests();
    workdir
        .run_with_input(&server, &["-"], &workdir.read("calls.csv"))
        .with_code(0);
    assert_eq!(server.requests(), requests);
}

#[test]
fn every_field_of_the_contract_arrives_digit_by_digit() {
    let given = with_every_field(30);
    assert!(given.iter().all(|call| call.expected.len() == 36));
    for (name, version) in [
        ("calls.csv", "v2"),
        ("calls.ndjson", "v2"),
        ("calls.csv", "v3"),
    ] {
        let workdir = Workdir::new();
        workdir.record(&given);
        workdir.export(name, &given);
        arrives(&workdir, &given, version, &[name]);
        let checked = workdir.call(&["check", name]);
        checked.says("teamId (30 calls): Capturi may not take it");
    }
}

#[test]
fn strange_ids_arrive_as_they_are() {
    let given = strange_calls();
    for name in ["calls.csv", "calls.ndjson"] {
        let workdir = Workdir::new();
        workdir.record(&given);
        workdir.export(name, &given);
        arrives(&workdir, &given, "v2", &[name]);
    }
}

#[test]
fn strange_ids_stay_one_segment_of_an_address() {
    // Given answers to creates that are lost, so that no uid is known.
    let mut given = strange_calls();
    let lost = on_first_try(Fault::Close)
        .on(Operation::Create)
        .strikes(Strikes::AfterEffect);
    let server = Server::with_rule(lost);
    // A path segment of dots alone means another address, however it is written.
    given.retain(|call| !matches!(call.id.as_str(), "." | ".."));
    let workdir = Workdir::with(&given);

    workdir
        .run(&server, &["calls.csv", "--concurrency", "64"])
        .with_code(0);

    server.has_exactly(&given, "v2");
    for found in server.snapshot().conversations {
        assert_eq!(found.uploads[0].addressed_by, "external");
    }
}

#[test]
fn the_sample_arrives_in_the_rehearsal_of_the_readme() {
    let workdir = Workdir::new();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let (calls, audio) = (
        format!("{samples}/calls.csv"),
        format!("{samples}/recordings"),
    );
    let arguments = [
        "run",
        &calls,
        "--audio",
        &audio,
        "--sandbox",
        "--rate",
        "0",
        "--out",
        "out",
    ];
    workdir.call(&arguments).with_code(0).says("all 60 records");
    assert_eq!(workdir.outcome("created"), 60);
    let accepted = workdir.rows("accepted.sandbox.csv");
    assert_eq!(accepted.len(), 60);
    assert!(
        accepted
            .iter()
            .all(|row| !row["uid"].is_empty() && !row["recording"].is_empty())
    );
}

#[test]
fn the_line_and_json_samples_say_the_same() {
    // Given a server that has the sample from the table, when the same comes as lines, then
    // nothing is new to it.
    let workdir = Workdir::new();
    let server = Server::healthy();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let audio = format!("{samples}/recordings");
    let run = |name: &str| {
        let export = format!("{samples}/{name}");
        let ended = workdir.bare_run(&server, &[&export, "--audio", &audio]);
        ended.with_code(0);
    };
    run("calls.csv");
    let requests = server.requests();
    run("calls.ndjson");
    assert_eq!(server.requests(), requests);
    assert!(workdir.lines_with("changed-since-sent").is_empty());
}

#[test]
fn a_rehearsal_shows_what_a_page_of_v2_would_lose() {
    let given = with_every_field(3);
    let workdir = Workdir::with(&given);
    let rehearse = |more: &[&str]| {
        let usual = [
            "run",
            "calls.csv",
            "--audio",
            "audio",
            "--sandbox",
            "--out",
            "out",
        ];
        workdir.call(&[&usual[..], more].concat()).with_code(0)
    };
    let lost = || {
        if !workdir.has("out/problems.csv") {
            return Vec::new();
        }
        let told = workdir.rows("problems.csv").into_iter();
        let told = told.filter(|row| row["code"] == "not-in-version");
        told.map(|row| row["message"].clone()).collect::<Vec<_>>()
    };
    for page in ["both", "old"] {
        rehearse(&["--v2-page", page]);
        assert!(lost().is_empty(), "{page}: {:?}", lost());
    }
    rehearse(&["--v2-page", "new"]);
    let expected = "teamId was dropped from 3 conversations: the new page of v2 does not have it";
    assert_eq!(lost(), [expected]);

    workdir
        .call(&["run", "calls.csv", "--v2-page", "new"])
        .with_code(2)
        .says("add --sandbox");
}
