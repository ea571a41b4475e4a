//! A disk that is full or may not be written: nothing more is sent, the run says why, and the same
//! command finishes the work when there is room again.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::harness::export::calls;
use crate::harness::known::{every_request_was_intended, known_doubts};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, TOKEN};

/// The program by a shell that does something before.
fn by_shell(workdir: &Workdir, shell: &[&str], script: &str) -> Ended {
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .args(["-c", script])
        .current_dir(workdir.folder())
        .env("PROGRAM", env!("CARGO_BIN_EXE_capturi-import"))
        .env("CAPTURI_API_TOKEN", TOKEN);
    command.output().expect("a shell").into()
}

/// A run as words of a shell.
fn run(server: &Server, rest: &str) -> String {
    let url = server.url();
    format!("$PROGRAM run calls.csv --audio audio --base-url {url} --rate 0 --concurrency 1 {rest}")
}

/// A shell with mounts of its own, if this machine gives one to this user.
const OWN_MOUNTS: [&str; 3] = ["unshare", "--mount", "sh"];
const OWN_MOUNTS_OF_A_USER: [&str; 4] = ["unshare", "--map-root-user", "--mount", "sh"];

fn shell_with_mounts() -> Option<&'static [&'static str]> {
    let workdir = Workdir::new();
    std::fs::create_dir(workdir.path("disk")).expect("a folder");
    let tries: [&[&str]; 2] = [&OWN_MOUNTS, &OWN_MOUNTS_OF_A_USER];
    let works = |shell: &&&[&str]| {
        let mut command = Command::new(shell[0]);
        command
            .args(&shell[1..])
            .args(["-c", "mount -t tmpfs -o size=64k tmpfs disk"])
            .current_dir(workdir.folder());
        command.output().is_ok_and(|output| output.status.success())
    };
    tries.iter().find(works).copied()
}

#[test]
fn a_file_that_may_not_grow_any_more_stops_the_run() {
    let given = calls(120, 211);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    // Without a handler the signal would end the process; the write is to fail instead.
    let limited = format!("trap '' XFSZ; ulimit -f 700; exec {}", run(&server, ""));
    let ended = by_shell(&workdir, &["sh"], &limited).with_code(1);
    assert!(ended.out.contains("ledger"), "{ended:?}");
    let sent = server.snapshot().conversations.len();
    assert!(sent > 0 && sent < given.len(), "{sent} of {}", given.len());
    every_request_was_intended(&workdir, &server);

    by_shell(&workdir, &["sh"], &run(&server, "")).with_code(0);
    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    assert!(doubled.is_subset(&known_doubts(&workdir, &given)));
    assert!(doubled.len() <= 4, "{doubled:?}");
}

#[test]
fn a_full_disk_stops_the_run_and_room_on_it_lets_it_finish() {
    let Some(shell) = shell_with_mounts() else {
        return;
    };
    let given = calls(120, 212);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    std::fs::create_dir(workdir.path("disk")).expect("a folder");
    let run = run(&server, "--ledger disk/l.db --out out");
    let script = format!(
        "set -u; mount -t tmpfs -o size=8m tmpfs disk
         head -c 7700k /dev/zero >disk/filler
         {run} >first 2>&1; echo first $?
         rm disk/filler
         {run} >second 2>&1; echo second $?
         $PROGRAM ledger check --ledger disk/l.db; echo check $?
         cp disk/l.db capturi-import.db"
    );
    let ended = by_shell(&workdir, shell, &script);
    let told = format!(
        "{ended:?}\n{}\n{}",
        workdir.read("first"),
        workdir.read("second")
    );
    assert!(ended.out.contains("first 1"), "{told}");
    assert!(ended.out.contains("second 0"), "{told}");
    assert!(ended.out.contains("check 0"), "{told}");
    assert!(workdir.read("first").contains("the disk is full"), "{told}");
    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    assert!(doubled.is_subset(&known_doubts(&workdir, &given)));
}

#[test]
fn a_disk_that_may_only_be_read_is_told_before_anything_is_sent() {
    let Some(shell) = shell_with_mounts() else {
        return;
    };
    let given = calls(6, 213);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    std::fs::create_dir(workdir.path("disk")).expect("a folder");
    let run = run(&server, "--ledger disk/l.db");
    let script = format!(
        "mount -t tmpfs tmpfs disk
         {run} --limit 3; echo first $?
         mount -o remount,ro tmpfs disk
         {run}; echo second $?
         $PROGRAM status --ledger disk/l.db; echo status $?
         $PROGRAM ledger purge --ledger disk/l.db; echo purge $?"
    );
    let ended = by_shell(&workdir, shell, &script);
    for line in ["first 7", "second 2", "status 0", "purge 2"] {
        assert!(ended.out.contains(line), "{line}: {ended:?}");
    }
    assert!(ended.err.contains("read-only"), "{ended:?}");
    assert_eq!(server.snapshot().conversations.len(), 3);
}

#[test]
fn a_ledger_on_a_share_is_warned_about_and_kept_without_shared_memory() {
    let Some(shell) = shell_with_mounts() else {
        return;
    };
    let given = calls(6, 214);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    // No share is needed to be told that this is one.
    workdir.write("mounts", "1 0 8:1 / / rw - nfs4 server:/export rw\n");
    let run = run(&server, "");
    let script = format!("mount --bind mounts /proc/$$/mountinfo && exec {run}");
    let ended = by_shell(&workdir, shell, &script);
    if ended.err.contains("mount:") {
        return;
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("is on a network share"), "{ended:?}");
    let head = std::fs::read(workdir.path("capturi-import.db")).expect("a ledger");
    // Offset 18 of the header: 1 for the rollback journal, 2 for the log.
    assert_eq!(head[18], 1);
    // At home again it is a ledger like any other.
    let ended = workdir.run(&server, &["calls.csv"]).with_code(0);
    assert!(!ended.err.contains("another machine"), "{ended:?}");
    server.has_exactly(&given, "v2");
}

/// How the last run ended, by `status`.
fn last_ending(workdir: &Workdir) -> String {
    let status = workdir.status();
    let ending = status["runs"][0]["ending"].as_str();
    ending.expect("an ending").to_owned()
}

#[test]
fn a_check_whose_problems_find_no_room_ends_so_and_has_counted_what_it_saw() {
    let workdir = Workdir::with(&calls(1, 217));
    let table = workdir.read("calls.csv");
    let header = table.lines().next().expect("a header");
    let bad = ",".repeat(header.matches(',').count());
    let row = format!("call{bad}\n");
    let rows = row.repeat(20_000);
    workdir.write("calls.csv", format!("{header}\n{rows}"));
    // Without a handler the signal would end the process; the write is to fail instead.
    let script = "trap '' XFSZ; ulimit -f 100; exec $PROGRAM check calls.csv --out out";
    let ended = by_shell(&workdir, &["sh"], script).with_code(1);
    assert!(ended.err.contains("cannot write out/"), "{ended:?}");
    assert!(ended.out.contains("= records read"), "{ended:?}");
    for fault in ["FAULT OF THE PROGRAM", "NOT ACCOUNTED FOR"] {
        assert!(!ended.out.to_uppercase().contains(fault), "{ended:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_stops_the_run_and_the_ledger_knows_its_end() {
    let given = calls(3, 214);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let mut runner = workdir.runner(&server, &["-"]);
    runner.stdin(Stdio::piped());
    runner.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = runner.spawn().expect("it starts");
    // The folder is there and was tried when the run says where it sends to; then it is taken away.
    let mut errors = BufReader::new(child.stderr.take().expect("standard error"));
    let mut said = String::new();
    while !said.contains("Sending to") {
        let length = errors.read_line(&mut said).expect("standard error");
        assert!(length > 0, "it ended: {said}");
    }
    child.stderr = Some(errors.into_inner());
    std::fs::remove_dir_all(workdir.path("out")).expect("a folder");
    let table = workdir.read("calls.csv");
    let header = table.lines().next().expect("a header");
    let bad = ",".repeat(header.matches(',').count());
    let mut input = child.stdin.take().expect("standard input");
    writeln!(input, "{table}no-time{bad}").expect("a pipe");
    drop(input);
    let output = child.wait_with_output().expect("an end");
    let ended = Ended::from(output).with_code(1);
    assert!(ended.err.contains("cannot write out"), "{ended:?}");
    assert_eq!(server.requests(), 0, "{ended:?}");
    assert!(ended.out.contains("= records read"), "{ended:?}");
    assert!(!ended.out.contains("NOT ACCOUNTED FOR"), "{ended:?}");
    assert_eq!(last_ending(&workdir), "fault");
}

#[test]
fn a_summary_that_cannot_be_written_is_no_success_for_the_ledger_either() {
    let (workdir, server) = (Workdir::with(&calls(3, 215)), Server::healthy());
    workdir.write("out/summary.json/in-the-way", "");
    let ended = workdir.run(&server, &["calls.csv"]).with_code(1);
    assert!(ended.err.contains("summary.json"), "{ended:?}");
    assert_eq!(last_ending(&workdir), "fault");
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_there_is_a_ledger() {
    let (workdir, server) = (Workdir::with(&calls(3, 216)), Server::healthy());
    workdir.write("out", "a file");
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("out");
    assert!(!workdir.has("capturi-import.db"));
    assert!(server.snapshot().conversations.is_empty());
}
