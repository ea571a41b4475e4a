//! A run that is watched: metrics over HTTP and in a file, and who may ask.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use capturi_import::sandbox::Fault;
use serde_json::Value;

use crate::harness::export::calls;
use crate::harness::program::{Running, Workdir};
use crate::harness::server::{Server, always, at_first};

/// An address on which nothing listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// The answer to a GET with these further header lines, once anybody answers.
fn ask(address: &str, path: &str, more: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{more}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The first event of the live page.
fn first_event(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("GET /events HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let lines = BufReader::new(stream)
        .lines()
        .map(|line| line.expect("a line"));
    let mut events = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    events.next().expect("an event")
}

fn status_of(address: &str) -> Option<Value> {
    status_with(address, "")
}

fn status_with(address: &str, more: &str) -> Option<Value> {
    let answer = ask(address, "/status.json", more)?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

/// The samples by their names and labels.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, value)| Some((name, value.trim_end().parse().ok()?)))
        .collect()
}

/// A sample that is a whole number.
fn whole(text: &str, name: &str) -> u64 {
    let start = format!("capturi_import_{name} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&*start));
    let found = found.and_then(|value| value.trim_end().parse().ok());
    found.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

/// Every figure that both have is the same.
fn assert_equal(metrics: &str, summary: &Value) {
    let samples = samples(metrics);
    let has = |name: &str, value: &Value| {
        let name = format!("capturi_import_{name}");
        let found = samples.get(name.as_str()).copied();
        assert_eq!(found, value.as_f64(), "{name} in\n{metrics}");
    };
    has("records_read_total", &summary["read"]);
    for (outcome, count) in summary["outcomes"].as_object().expect("outcomes") {
        has(&format!("records_total{{outcome=\"{outcome}\"}}"), count);
    }
    for (class, count) in summary["requests"].as_object().expect("requests") {
        has(&format!("requests_total{{class=\"{class}\"}}"), count);
    }
    let problems = summary["problems"].as_array().expect("problems");
    for kind in problems {
        let (code, severity) = (&kind["code"], &kind["severity"]);
        let name = format!("problems_total{{code={code},severity={severity}}}");
        has(&name, &kind["problems"]);
    }
    let prefix = "capturi_import_problems_total";
    let told = samples.keys().filter(|name| name.starts_with(prefix));
    assert_eq!(told.count(), problems.len());
    has(
        "conversations_total",
        &summary["delivered"]["conversations"],
    );
    has("recordings_total", &summary["delivered"]["recordings"]);
    has("sent_bytes_total", &summary["bytes_sent"]);
    has("retries_total", &summary["retries"]);
    has("pauses_total", &summary["pauses"]);
    has("paused_seconds_total", &summary["seconds_paused"]);
    has("held_pressing", &summary["held_pressing"]);
}

#[test]
fn the_file_says_at_the_end_what_the_summary_says() {
    let mut given = calls(40, 131);
    given[3].set("datetime", "yesterday", "yesterday".into());
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(at_first(0.3, Fault::status(503)));

    let metrics = ["calls.csv", "--metrics-file", "run.prom"];
    workdir.run(&server, &metrics).with_code(3);

    let text = workdir.read("run.prom");
    assert_equal(&text, &workdir.summary());
    assert_eq!(whole(&text, "exit_code"), 3);
    assert_eq!(whole(&text, "running"), 0);
    assert_eq!(whole(&text, "requests_total{class=\"2xx\"}"), 78);
    assert!(whole(&text, "retries_total") > 0);
    assert_eq!(whole(&text, "requests_in_flight{kind=\"other\"}"), 0);
}

#[test]
fn what_the_ledger_knows_goes_on_over_runs() {
    let given = calls(30, 132);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let value = |name: &str| whole(&workdir.read("run.prom"), name);
    let metrics = ["calls.csv", "--metrics-file", "run.prom"];
    workdir
        .run(&server, &[&metrics[..], &["--limit", "10"]].concat())
        .with_code(7);
    assert_eq!(value("ledger_conversations_total"), 10);

    workdir.run(&server, &metrics).with_code(0);

    assert_eq!(value("conversations_total"), 20);
    assert_eq!(value("ledger_conversations_total"), 30);
    let bytes: usize = given.iter().map(|call| call.recording.len()).sum();
    assert_eq!(value("ledger_recordings_bytes_total"), bytes as u64);
}

#[test]
fn whoever_asks_during_a_run_and_after_it_is_answered() {
    let given = calls(60, 133);
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::Latency {
        milliseconds: 500,
        jitter_milliseconds: 0,
    }));
    let address = free_address();
    let arguments = ["calls.csv", "--metrics-addr", &address];
    let arguments = [&arguments[..], &["--metrics-linger", "10m"]].concat();
    let mut running = workdir.start(&server, &arguments);
    // Before that a connection to the port could meet itself.
    running.until_it_says(&format!("http://{address}"));
    running.until(|| {
        let created = status_of(&address).and_then(|it| it["created"].as_u64());
        created.is_some_and(|created| created > 0)
    });

    let during = status_of(&address).expect("a status");
    assert_eq!(during["is_running"], true);
    let ready = ask(&address, "/readyz", "").expect("an answer");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let event: Value = serde_json::from_str(&first_event(&address)).expect("JSON");
    assert!(event["why_not_faster"].is_string(), "{event}");
    for path in ["/", "/live.css", "/live.js"] {
        let part = ask(&address, path, "").expect("an answer");
        assert!(part.starts_with("HTTP/1.1 200"), "{path}: {part}");
        assert!(part.contains("content-security-policy: default-src 'none'; script-src 'self'"));
        let elsewhere = part.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !elsewhere.contains("//") || path == "/live.js",
            "{path}: {part}"
        );
        assert!(
            !elsewhere.contains("http:") && !elsewhere.contains("https:"),
            "{path}"
        );
    }
    let metrics = ask(&address, "/metrics", "").expect("an answer");
    assert!(metrics.contains("application/openmetrics-text; version=1.0.0"));
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(whole(&metrics, "requests_in_flight{kind=\"other\"}") <= 8);

    running.until(|| status_of(&address).is_some_and(|it| it["exit"] == 0));
    let metrics = ask(&address, "/metrics", "").expect("an answer");
    assert_equal(&metrics, &workdir.summary());
    let status = ask(&address, "/status.json", "").expect("an answer");
    let ready = ask(&address, "/readyz", "").expect("an answer");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    for call in &given {
        for text in [&metrics, &status] {
            assert!(!text.contains(&call.id) && !text.contains(&call.file));
            assert!(!text.contains("calls.csv"), "{text}");
        }
    }
    running.signal("INT");
    running
        .end()
        .with_code(0)
        .says(&format!("http://{address}"));
}

#[test]
fn only_who_may_ask_is_answered() {
    let given = calls(5, 134);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let address = free_address();
    let arguments = ["calls.csv", "--metrics-addr", &address];
    let arguments = [&arguments[..], &["--metrics-linger", "10m"]].concat();
    let mut runner = workdir.runner(&server, &arguments);
    runner.env("CAPTURI_METRICS_TOKEN", "s3cret-of-the-watcher");
    let mut running = Running::of(runner);
    running.until_it_says(&format!("http://{address}"));
    let bearer = "authorization: Bearer s3cret-of-the-watcher\r\n";
    running.until(|| status_with(&address, bearer).is_some_and(|it| it["exit"] == 0));
    for (path, more, expected) in [
        ("/metrics", bearer, "200"),
        ("/metrics", "", "401"),
        ("/status.json", "authorization: Bearer other\r\n", "401"),
        ("/none", bearer, "404"),
        ("/metrics", "origin: https://evil.example.com\r\n", "403"),
    ] {
        let answer = ask(&address, path, more).expect("an answer");
        let status = answer.split(' ').nth(1);
        assert_eq!(status, Some(expected), "{path} {more}");
    }
    running.signal("INT");
    let ended = running.end().with_code(0);
    assert!(!ended.err.contains("s3cret-of"), "{}", ended.err);
}

#[test]
fn what_cannot_be_watched_is_told_before_anything_is_sent() {
    let given = calls(3, 135);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|it| (it.to_string(), taken));
    let (address, _listener) = taken.expect("an address");
    for (arguments, words) in [
        (["--metrics-addr", &address], "cannot listen on 127.0.0.1:"),
        (["--metrics-addr", "0.0.0.0:0"], "CAPTURI_METRICS_TOKEN"),
        (
            ["--metrics-file", "none/run.prom"],
            "cannot write none/run.prom",
        ),
    ] {
        let arguments = [&["calls.csv"][..], &arguments].concat();
        workdir.run(&server, &arguments).with_code(2).says(words);
    }
    assert_eq!(server.requests(), 0);
    assert!(!workdir.has("capturi-import.db"));
}
