//! Who is told how a run ended, and that nobody who is told holds it up.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use capturi_import::sandbox::Fault;
use ring::hmac;
use serde_json::Value;

use crate::harness::export::calls;
use crate::harness::program::{Running, Workdir};
use crate::harness::server::{Server, always};

const SECRET: &str = "s3cret-of-the-messages";

/// A message that came.
struct Came {
    head: String,
    body: Vec<u8>,
}

/// Takes a request, and answers with this status.
fn take(listener: &TcpListener, status: &str) -> Came {
    let (stream, _) = listener.accept().expect("a connection");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a head") > 0);
    }
    let head = head.to_lowercase();
    let length = head.split("content-length: ").nth(1).expect("a length");
    let length = length.lines().next().and_then(|it| it.parse().ok());
    let mut body = vec![0; length.expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    let mut stream: TcpStream = reader.into_inner();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).expect("an answer");
    Came { head, body }
}

fn messages(workdir: &Workdir) -> Vec<Value> {
    let text = workdir.read("told.ndjson");
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A program that keeps what it is told.
const KEEP: &str = "sh -c 'cat >> told.ndjson; echo >> told.ndjson; env >> told.env'";

#[test]
fn an_address_is_told_the_end_signed_and_again_after_a_failure() {
    let mut given = calls(6, 151);
    given[2].set("datetime", "yesterday", "yesterday".into());
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}/hook/s3cret-of-the-address");
    let mut runner = workdir.runner(&server, &["calls.csv", "--notify", &url]);
    runner.env("CAPTURI_NOTIFY_SECRET", SECRET);
    let running = Running::of(runner);

    take(&listener, "503 Busy");
    let came = take(&listener, "200 OK");

    let ended = running.end().with_code(3);
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    let signed = came.head.split("x-capturi-signature: sha256=").nth(1);
    let signed = signed
        .and_then(|it| it.lines().next())
        .expect("a signature");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let digits = signed.trim_end().as_bytes().chunks(2);
    let tag: Vec<u8> = digits
        .map(|pair| {
            str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .map(|byte| byte.expect("two digits"))
        .collect();
    assert!(hmac::verify(&key, &came.body, &tag).is_ok(), "{signed}");
    let told: Value = serde_json::from_slice(&came.body).expect("JSON");
    assert_eq!(told["occasion"], "ended");
    assert_eq!(
        (&told["exit"], &told["created"], &told["rejected"]),
        (&3.into(), &5.into(), &1.into())
    );
    let files = told["files"].as_array().expect("files");
    assert!(files.contains(&"out/summary.json".into()), "{files:?}");
    assert_eq!(told["advice"], workdir.summary()["advice"]);
    let text = String::from_utf8(came.body).expect("UTF-8");
    for call in &given {
        assert!(!text.contains(&call.id), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_program_is_told_of_a_limit_and_of_the_end_and_sees_no_secret() {
    let given = calls(40, 152);
    let workdir = Workdir::with(&given);
    for call in &given[..3] {
        std::fs::remove_file(workdir.path(&format!("audio/{}", call.file))).expect("a file");
    }
    let server = Server::with_rule(always(Fault::Latency {
        milliseconds: 200,
        jitter_milliseconds: 0,
    }));
    let arguments = ["calls.csv", "--missing-audio", "hold", "--notify", KEEP];
    let arguments = [&arguments[..], &["--notify-after", "2"]].concat();
    workdir.run(&server, &arguments).with_code(0);

    let told = messages(&workdir);
    let occasions: Vec<_> = told.iter().map(|it| it["occasion"].clone()).collect();
    assert_eq!(occasions, ["limit_passed", "ended"]);
    assert_eq!(told[0]["held"], 3);
    assert_eq!(told[1]["exit"], 0);
    assert!(!workdir.read("told.env").contains("CAPTURI"));
}

#[cfg(unix)]
#[test]
fn a_run_that_cannot_begin_is_told_too() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir
        .run(&server, &["none.csv", "--notify", KEEP])
        .with_code(2);
    let told = messages(&workdir);
    assert_eq!(told[0]["occasion"], "stopped");
    assert_eq!(told[0]["exit"], 2);
    assert!(
        told[0]["error"]
            .as_str()
            .is_some_and(|it| it.contains("none.csv"))
    );
}

#[test]
fn who_cannot_be_told_changes_nothing_and_holds_nothing_up() {
    let given = calls(3, 153);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/s3cret", silent.local_addr().expect("an address"));
    let start = Instant::now();
    let arguments = ["calls.csv", "--notify", &url, "--notify", "false"];
    let more = ["--notify-timeout", "1s", "--heartbeat", &url];
    let ended = workdir
        .run(&server, &[&arguments[..], &more].concat())
        .with_code(0)
        .says("--notify: 127.0.0.1 was not told: no success within 1 s")
        .says("--notify: false was not told");
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    assert!(start.elapsed() < Duration::from_secs(30));
    server.has_exactly(&given, "v2");
}

#[test]
fn an_address_that_is_none_is_told_without_its_secret() {
    let (workdir, server) = (Workdir::with(&calls(1, 154)), Server::healthy());
    for (value, words) in [
        ("http://hooks.example.com/s3cret", "is not encrypted"),
        ("ftp://hooks.example.com/s3cret", "must begin with https://"),
        ("sh -c 's3cret", "a quote is not closed"),
    ] {
        let ended = workdir
            .run(&server, &["calls.csv", "--notify", value])
            .with_code(2)
            .says(words);
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    }
    assert_eq!(server.requests(), 0);
}
