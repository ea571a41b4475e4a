//! Exports that lie in stores: read as those of a folder, whole or not at all.

use std::io::Write as _;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::export::{Given, calls, lines, table};
use crate::harness::object_server::{ObjectServer, StoreFault};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::Server;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "s3cret-that-nobody-may-ever-see";

fn csv(given: &[Given]) -> Vec<u8> {
    table(given, b',').into_bytes()
}

/// A command that reaches this store alone, and keeps its copies in a folder of the test.
fn reaching(mut command: Command, workdir: &Workdir, store: &ObjectServer) -> Command {
    std::fs::create_dir_all(workdir.path("copies")).expect("a folder");
    command
        .env("TMPDIR", workdir.path("copies"))
        .env("AWS_ENDPOINT_URL", store.url())
        .env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
        .env("AWS_REGION", "eu-north-1")
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

fn run(workdir: &Workdir, server: &Server, store: &ObjectServer, arguments: &[&str]) -> Ended {
    let mut command = reaching(workdir.runner(server, arguments), workdir, store);
    let ended = Ended::from(command.output().expect("the program starts"));
    let left = std::fs::read_dir(workdir.path("copies")).expect("a folder");
    assert_eq!(left.count(), 0, "a copy is left behind");
    ended
}

fn call(workdir: &Workdir, store: &ObjectServer, arguments: &[&str]) -> Ended {
    let mut command = reaching(workdir.program(arguments), workdir, store);
    Ended::from(command.output().expect("the program starts"))
}

#[test]
fn exports_of_a_bucket_and_of_this_machine_are_one_export() {
    let given = calls(8, 931);
    let (workdir, store, server) = (Workdir::new(), ObjectServer::start(), Server::healthy());
    workdir.record(&given);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&csv(&given[0..2])).expect("memory");
    store.put("calls/2026/calls-1.csv.gz", &gzip.finish().expect("memory"));
    store.put("calls/2026/calls-2.csv", &csv(&given[2..4]));
    store.put("calls/2026/calls-2.csv.part", b"nobody reads this");
    store.put("calls/2026/notes.pdf", b"nor this");
    store.put("calls/2026/old/calls-0.csv", b"nor what is below");
    store.put("calls/2026-more/calls-3.csv", &csv(&given[4..6]));
    workdir.write("calls.csv", csv(&given[6..8]));
    // A connection that breaks goes on where it broke.
    store.spoil(
        "calls/2026/calls-2.csv",
        &[StoreFault::CutAfter(30), StoreFault::CutAfter(20)],
    );
    let exports = ["s3://calls/2026/", "calls.csv", "s3://calls/*/calls-3.*"];
    run(&workdir, &server, &store, &exports)
        .with_code(0)
        .says("s3://calls/2026/notes.pdf");
    server.has_exactly(&given, "v2");
    let asked = store.seen();
    let asked = |word: &str| asked.iter().filter(|head| head.contains(word)).count();
    assert!(asked("delimiter") > 0, "folders below are not listed");
    assert_eq!(asked("calls-0.csv"), 0);
    assert!(asked("f-match") > 0, "what is read on is the same object");
    // Nothing is sent twice, and what is in the ledger is found again.
    let before = server.requests();
    run(&workdir, &server, &store, &exports).with_code(0);
    assert_eq!(server.requests(), before);
}

#[test]
fn one_object_is_named_itself_or_as_a_folder_without_its_slash() {
    let given = calls(4, 932);
    let (workdir, store, server) = (Workdir::new(), ObjectServer::start(), Server::healthy());
    workdir.record(&given);
    store.put("calls/2026/calls 1.export", &csv(&given[0..2]));
    store.put("calls/2027/b.csv", &csv(&given[2..4]));
    let exports = ["s3://calls/2026/calls 1.export", "s3://calls/2027"];
    run(&workdir, &server, &store, &exports).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn problems_and_reports_name_the_address_and_no_secret() {
    let mut given = calls(3, 933);
    given[1].set("dateTime", "yesterday", serde_json::json!("yesterday"));
    let (workdir, store, server) = (Workdir::new(), ObjectServer::start(), Server::healthy());
    workdir.record(&given);
    store.put("dir/calls 1.csv", &csv(&given));
    let shown = format!("{}/dir/calls%201.csv", store.url());
    let ended = run(
        &workdir,
        &server,
        &store,
        &[&format!("{shown}?sig=s1gned-that-nobody-may-see"), "-v"],
    );
    let ended = ended.with_code(3);
    let problems = workdir.rows("problems.csv");
    assert!(
        problems.iter().all(|row| row["file"] == shown),
        "{problems:?}"
    );
    assert!(store.seen().iter().all(|head| head.contains("?sig=s1gned")));
    let mut all = ended.out + &ended.err;
    for folder in [".", "out"] {
        for file in std::fs::read_dir(workdir.path(folder)).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_file() {
                all += &String::from_utf8_lossy(&std::fs::read(path).expect("a file"));
            }
        }
    }
    for secret in [SECRET, "s1gned"] {
        assert!(!all.contains(secret), "{secret} is written");
    }
}

#[test]
fn what_is_not_there_refused_or_changed_meanwhile_ends_the_command() {
    let given = calls(2, 934);
    let (workdir, store, server) = (Workdir::new(), ObjectServer::start(), Server::healthy());
    workdir.record(&given);
    store.put("calls/a/calls.csv", &csv(&given));
    store.put("dir/calls.csv", &csv(&given));
    store.put("calls/empty/calls.csv", b"");
    let plain = format!("{}/dir/", store.url());
    for (argument, words) in [
        ("s3://calls/none/", "s3://calls/none/"),
        ("s3://calls/a/none.csv", "s3://calls/a/none.csv"),
        ("s3://calls/a/*.json", "no file matches the pattern"),
        ("s3://ann:hush@calls/a.csv", "password"),
        (&format!("{plain}none.csv"), "it is not there"),
    ] {
        run(&workdir, &server, &store, &[argument])
            .with_code(2)
            .says(words);
    }
    run(&workdir, &server, &store, &["s3://calls/empty/"]).with_code(3);
    store.spoil("calls", &[StoreFault::Instead("403 Forbidden")]);
    run(&workdir, &server, &store, &["s3://calls/a/"])
        .with_code(2)
        .says("403");
    store.replace_after_reading("dir/calls.csv", &csv(&given[..1]));
    run(&workdir, &server, &store, &[&format!("{plain}calls.csv")])
        .with_code(2)
        .says("when nobody writes it");
    assert_eq!(server.requests(), 0, "nothing is sent of half an export");
}

#[test]
fn missing_credentials_are_said_within_ten_seconds() {
    let (workdir, store) = (Workdir::new(), ObjectServer::start());
    let begun = std::time::Instant::now();
    let mut command = reaching(
        workdir.program(&["check", "s3://calls/a/"]),
        &workdir,
        &store,
    );
    command.env_remove("AWS_ACCESS_KEY_ID");
    command.env_remove("AWS_SECRET_ACCESS_KEY");
    let ended = Ended::from(command.output().expect("the program starts"));
    ended
        .with_code(2)
        .says("AWS_ACCESS_KEY_ID")
        .says("s3://calls/a/");
    assert!(begun.elapsed().as_secs() < 10);
}

#[test]
fn hundreds_of_small_objects_are_an_export() {
    let given = calls(150, 935);
    let (workdir, store, server) = (Workdir::new(), ObjectServer::start(), Server::healthy());
    workdir.record(&given);
    for one in &given {
        let text = lines(std::slice::from_ref(one));
        store.put(&format!("calls/meta/{}.json", one.id), text.as_bytes());
    }
    run(&workdir, &server, &store, &["s3://calls/meta/*.json"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn mappings_are_proposed_and_tried_on_an_export_in_a_store() {
    let given = calls(3, 936);
    let (workdir, store) = (Workdir::new(), ObjectServer::start());
    store.put("dir/calls.csv", &csv(&given));
    let signed = format!("{}/dir/calls.csv?sig=s1gned", store.url());
    let proposed = call(&workdir, &store, &["mapping", "init", &signed]).with_code(0);
    assert!(!(proposed.out.clone() + &proposed.err).contains("s1gned"));
    proposed.says("/dir/calls.csv");
    call(&workdir, &store, &["mapping", "test", &signed])
        .with_code(0)
        .says(&given[0].id);
}
