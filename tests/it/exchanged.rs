//! Recordings that somebody exchanges while a run works, and the temporary files that it makes.

#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use crate::harness::export::{Given, calls, wave};
use crate::harness::mapping::ids_only;
use crate::harness::meddler::Meddler;
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, TOKEN};

/// The parts of a call are joined.
fn fields() -> String {
    let further = r#"audioChannels    = { value = "auto" }

[audio]
match = "{{ id }}_*.wav"
several = "join"
"#;
    ids_only("id", further)
}

/// A file that nobody may ever send, which looks like `like` from outside.
fn secret(path: &Path, like: &Path) {
    let metadata = like.metadata().expect("a file");
    let mut content = fs::read(like).expect("a file");
    content[44..].fill(0x55);
    fs::write(path, content).expect("a file");
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(metadata.modified().expect("a time"))
        .expect("a time");
}

/// Calls `exchange` before the first request that comes to the server.
fn exchanging(server: &Server, exchange: impl Fn() + Send + Sync + 'static) -> Meddler {
    let once = Once::new();
    Meddler::before(server, move |_, _| {
        once.call_once(&exchange);
        None
    })
}

fn run(workdir: &Workdir, meddler: &Meddler, arguments: &[&str]) -> Ended {
    let fixed = ["run", "calls.csv", "--audio", "audio", "--out", "out"];
    let further = ["--rate", "0", "--base-url", meddler.url()];
    workdir.call(&[&fixed[..], &further, arguments].concat())
}

#[test]
fn what_took_the_place_of_a_recording_is_not_sent() {
    let given: Vec<Given> = calls(5, 91);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let audio = workdir.path("audio");
    let files: Vec<_> = given.iter().map(|call| audio.join(&call.file)).collect();
    let away = workdir.path("away");
    for folder in [&away, &audio.join("day"), &workdir.path("other")] {
        fs::create_dir(folder).expect("a folder");
    }
    let in_day = audio.join("day").join(&given[1].file);
    fs::rename(&files[1], &in_day).expect("in a folder of its own");
    secret(&workdir.path("secret"), &files[0]);
    secret(&workdir.path("other").join(&given[1].file), &in_day);
    secret(&workdir.path("new"), &files[2]);
    let was = [
        files[0].clone(),
        audio.join("day"),
        files[2].clone(),
        files[3].clone(),
    ];
    let kept: Vec<_> = (0..4).map(|at| away.join(at.to_string())).collect();
    let others = ["secret", "other", "new"].map(|name| workdir.path(name));
    let moved = (was.clone(), kept.clone());

    let meddler = exchanging(&server, move || {
        for (was, kept) in moved.0.iter().zip(&moved.1) {
            fs::rename(was, kept).expect("away");
        }
        symlink(&others[0], &moved.0[0]).expect("a link");
        symlink(&others[1], &moved.0[1]).expect("a link");
        fs::rename(&others[2], &moved.0[2]).expect("another file");
        UnixListener::bind(&moved.0[3]).expect("a socket");
    });
    run(&workdir, &meddler, &[])
        .with_code(0)
        .says("recording-changed");

    for call in &given[..4] {
        let snapshot = server.snapshot();
        let found = snapshot.conversation(&call.id).expect("it was made");
        assert!(found.uploads.is_empty(), "{} got something else", call.id);
    }
    assert_eq!(
        (workdir.outcome("held"), workdir.outcome("created")),
        (4, 1)
    );
    assert_eq!(workdir.lines_with("recording-changed").len(), 4);
    // What was found comes back, and the next run sends it.
    for (was, kept) in was.iter().zip(&kept) {
        fs::remove_file(was).expect("nothing in its place");
        fs::rename(kept, was).expect("back");
    }
    run(&workdir, &meddler, &[]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn what_was_written_over_with_its_time_set_back_waits_for_the_next_run() {
    let given: Vec<Given> = calls(2, 93);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let file = workdir.path("audio").join(&given[0].file);
    let meddler = exchanging(&server, move || {
        // The clock of files may stand still for some milliseconds.
        std::thread::sleep(Duration::from_millis(20));
        secret(&file, &file);
    });
    run(&workdir, &meddler, &[])
        .with_code(0)
        .says("recording-changed");
    assert_eq!(
        (workdir.outcome("held"), workdir.outcome("created")),
        (1, 1)
    );
    let problems = workdir.read("out/problems.csv");
    assert!(problems.contains("its size and time do not tell which"));
    let snapshot = server.snapshot();
    let found = snapshot.conversation(&given[0].id).expect("it was made");
    assert!(found.uploads.is_empty());

    run(&workdir, &meddler, &[]).with_code(0);
    assert_eq!(workdir.outcome("held"), 0);
    let snapshot = server.snapshot();
    let found = snapshot.conversation(&given[0].id).expect("it was made");
    assert_eq!(found.uploads.len(), 1);
}

/// Calls with two recordings each, which are joined; the parts of each differ if `is_mixed`.
fn joined(calls: &[&str], is_mixed: bool) -> Workdir {
    let workdir = Workdir::new();
    workdir.write("mapping.toml", fields());
    workdir.write("calls.csv", format!("id\n{}\n", calls.join("\n")));
    let mut dice = fastrand::Rng::with_seed(92);
    for call in calls {
        for part in [1, 2] {
            let mut wave = wave(1, &mut dice);
            if is_mixed && part == 2 {
                // Another rate.
                wave[24..28].copy_from_slice(&16_000_u32.to_le_bytes());
            }
            workdir.write(&format!("audio/{call}_{part}.wav"), wave);
        }
    }
    fs::create_dir(workdir.path("temporary")).expect("a folder");
    workdir
}

#[test]
fn a_part_that_was_exchanged_is_not_joined() {
    let (workdir, server) = (joined(&["11", "12"], false), Server::healthy());
    let parts = ["audio/11_2.wav", "audio/12_2.wav"].map(|name| workdir.path(name));
    let kept = ["kept1", "kept2"].map(|name| workdir.path(name));
    let secrets = ["secret1", "secret2"].map(|name| workdir.path(name));
    for (path, part) in secrets.iter().zip(&parts) {
        secret(path, part);
    }
    // One at a time: the second is joined when the first, whichever that is, has been sent.
    let slowly = ["-m", "mapping.toml", "--concurrency", "1"];

    let (now, away) = (parts.clone(), kept.clone());
    let meddler = exchanging(&server, move || {
        for at in [0, 1] {
            fs::rename(&now[at], &away[at]).expect("away");
            symlink(&secrets[at], &now[at]).expect("a link");
        }
    });
    run(&workdir, &meddler, &slowly)
        .with_code(0)
        .says("recording-changed");

    let made = server.snapshot().conversations;
    assert_eq!(made.len(), 1, "nothing of the other left");
    assert_eq!(workdir.lines_with("recording-changed").len(), 1);
    assert_eq!((workdir.outcome("held"), workdir.state("held")), (1, 1));
    for (part, kept) in parts.iter().zip(&kept) {
        fs::remove_file(part).expect("nothing in its place");
        fs::rename(kept, part).expect("back");
    }
    run(&workdir, &meddler, &slowly).with_code(0);
    let made = server.snapshot().conversations;
    assert_eq!(made.len(), 2);
    assert!(made.iter().all(|call| call.uploads.len() == 1));
}

/// An `ffmpeg` of the test: it says its number in `working` and hangs, or sends on its first input
/// when there is a file `go`.
fn put_ffmpeg(workdir: &Workdir) {
    let script = "#!/bin/sh
[ \"$1\" = -version ] && exit 0
here=$(dirname \"$0\")
if [ ! -e \"$here/go\" ]; then echo $$ > \"$here/number\"; mv \"$here/number\" \"$here/working\"; exec sleep 600; fi
for word; do [ \"$last\" = -i ] && first=${first:-$word}; last=$word; done
cat \"${first#file:}\" \"${first#file:}\" > \"${last#file:}\"
";
    let path = workdir.write("programs/ffmpeg", script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("a program");
}

#[test]
fn a_kill_in_the_middle_of_the_work_leaves_no_file() {
    let (workdir, server) = (joined(&["11"], true), Server::healthy());
    put_ffmpeg(&workdir);
    let url = server.url();
    let start = || {
        let path = format!("{}:/usr/bin:/bin", workdir.path("programs").display());
        let mut open = Command::new("sh");
        open.args(["-c", "umask 000; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_capturi-import"))
            .args(["run", "calls.csv", "-m", "mapping.toml", "--audio", "audio"])
            .args(["--out", "out", "--rate", "0", "--base-url", &url])
            .current_dir(workdir.folder())
            .env_clear()
            .env("PATH", path)
            .env("TMPDIR", workdir.path("temporary"))
            .env("CAPTURI_API_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        open
    };
    let temporary = || {
        fs::read_dir(workdir.path("temporary"))
            .expect("a folder")
            .count()
    };

    let mut running = start().spawn().expect("it starts");
    let working = workdir.path("programs/working");
    while !working.exists() && running.try_wait().expect("a child").is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let while_it_works = temporary();
    running.kill().expect("it runs");
    running.wait().expect("it has ended");
    let helper = fs::read_to_string(&working).expect("it worked");
    let ended = Command::new("kill").args(["-9", helper.trim()]).status();
    assert!(ended.expect("kill").success());

    assert_eq!(while_it_works, 0, "somebody else could open what is made");
    assert_eq!(temporary(), 0, "it left what it was working on");
    assert!(server.snapshot().conversations.is_empty());
    workdir.write("programs/go", "");
    let ended = start().status().expect("it starts");
    assert_eq!(ended.code(), Some(0));
    assert_eq!(server.snapshot().conversations[0].uploads.len(), 1);
    assert_eq!(temporary(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_kill_while_standard_input_is_copied_leaves_no_file() {
    use std::io::Write as _;
    let workdir = joined(&["11"], false);
    // Rows that are one call are counted first, so standard input must be read twice.
    let fields = format!("{}\n[legs]\ngroup = \"id\"\n", fields());
    workdir.write("mapping.toml", fields);
    let mut checking = workdir
        .program(&["check", "-", "-m", "mapping.toml"])
        .env("TMPDIR", workdir.path("temporary"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let temporary = || fs::read_dir(workdir.path("temporary")).expect("a folder");

    // A pipe holds far less: when this has been written most of it has been copied.
    let mut rows = checking.stdin.take().expect("a pipe");
    rows.write_all(b"id\n").expect("it reads");
    rows.write_all(&b"1\n2\n3\n".repeat(200_000))
        .expect("it reads");
    let while_it_copies = temporary().count();
    checking.kill().expect("it runs");
    checking.wait().expect("it has ended");

    assert_eq!((while_it_copies, temporary().count()), (0, 0));
    let output = Command::new("sh")
        .args(["-c", "cat calls.csv | \"$0\" check - -m mapping.toml"])
        .arg(env!("CARGO_BIN_EXE_capturi-import"))
        .current_dir(workdir.folder())
        .output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
