//! What somebody at a terminal relies on: limits that count, no false doubts, nothing left behind by
//! a command that could not start, and errors that say one thing once.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// The program in a folder of its own, without settings from outside.
fn program(folder: &TempDir) -> Command {
    let mut command = Command::cargo_bin("capturi-import").expect("the program is built");
    command
        .current_dir(folder.path())
        .env_remove("CAPTURI_API_TOKEN")
        .env_remove("CAPTURI_CONFIG");
    command
}

fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
        .display()
        .to_string()
}

/// A rehearsal with the sample calls; its ledger is named, so that a second run goes on with it.
fn rehearsal(folder: &TempDir) -> Command {
    let mut command = program(folder);
    command.args([
        "run",
        &sample("calls.csv"),
        "--audio",
        &sample("recordings"),
        "--sandbox",
    ]);
    command.args(["--ledger", "calls.db", "--out", "out"]);
    command
}

fn summary(folder: &TempDir) -> Value {
    let text = std::fs::read(folder.path().join("out/summary.json")).expect("a summary");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn a_limit_of_seven_delivers_seven() {
    let folder = tempfile::tempdir().unwrap();
    rehearsal(&folder)
        .args(["--limit", "7", "--rate", "0"])
        .assert()
        .code(7);
    let summary = summary(&folder);
    assert_eq!(summary["outcomes"]["created"], 7);
    assert_eq!(summary["delivered"]["recordings"], 7);
}

#[test]
fn a_call_that_waits_for_its_turn_is_not_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    // One request leaves at once; the next would have to wait for hours.
    rehearsal(&folder)
        .args(["--rate", "0.0001", "--max-duration", "1s"])
        .assert()
        .code(7);
    let status = program(&folder)
        .args(["status", "--ledger", "calls.db", "--json"])
        .output()
        .unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["in_doubt"], serde_json::json!([]), "{status}");
}

#[test]
fn a_run_that_cannot_start_leaves_no_ledger_behind() {
    let folder = tempfile::tempdir().unwrap();
    let wrong: [(&[&str], &str); 3] = [
        (&[], "a\nb"),
        (&["--audio", "nowhere"], "token"),
        (&["--mapping", "nowhere"], "token"),
    ];
    for (arguments, token) in wrong {
        program(&folder)
            .args([
                "run",
                &sample("calls.csv"),
                "--base-url",
                "http://127.0.0.1:9",
            ])
            .args(arguments)
            .env("CAPTURI_API_TOKEN", token)
            .assert()
            .code(2);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_error_before_the_first_record_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("odd.csv"), "id;when\n1;2\n").unwrap();
    let output = program(&folder)
        .args(["check", "odd.csv"])
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(
        errors.starts_with("error: odd.csv has no column for"),
        "{errors}"
    );
}

#[test]
fn a_code_that_is_nearly_right_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&folder)
        .args(["explain", "BAD_TMIE"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("did you mean bad-time?")
    );
}
