//! Measures whether a comparison of a million calls takes about a hundred requests, and at most 64 MiB more memory than
//! `status`, with a server that makes up its pages:
//! `cargo test --locked --test it -- --ignored --nocapture verify_scale::`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use capturi_import::domain::Party;
use capturi_import::domain::call::{Call, Draft, Field, Value};
use capturi_import::ledger::{CallFact, Ledger, LedgerEntry, SentContent};
use jiff::{SignedDuration, Timestamp};

use crate::harness::program::{Ended, Running, Workdir};

/// Calls that the ledger knows.
const CALLS: u64 = 1_000_000;
/// Conversations in a page, as the contract allows.
const PAGE: u64 = 10_000;
/// More memory than `status`, in KiB.
const MORE_MEMORY: u64 = 64 << 10;

/// Every call has a number, of which all that is said of it is made.
fn identity(number: u64) -> String {
    format!("call-{number:07}")
}

fn uid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Forty days, one call after the other.
fn at(number: u64) -> Timestamp {
    let first: Timestamp = "2024-03-01T00:00:00Z".parse().expect("a time");
    let seconds = i64::try_from(number * 40 * 86_400 / CALLS).expect("a few weeks");
    first + SignedDuration::from_secs(seconds)
}

/// The server does not have this one.
fn is_missing(number: u64) -> bool {
    number % 99_991 == 7
}

/// The server has another subject of this one.
fn is_altered(number: u64) -> bool {
    number % 99_989 == 13
}

/// The calls are sent, by the ledger.
fn write_ledger(workdir: &Workdir, destination: &str) {
    let path = workdir.path("capturi-import.db");
    let ledger = Ledger::open(&path, destination).expect("a ledger");
    let key = ledger
        .reader()
        .expect("a reader")
        .content_key()
        .expect("a key");
    let writer = ledger.writer();
    for first in (0..CALLS).step_by(2_000) {
        let mut entries = Vec::new();
        for number in first..(first + 2_000).min(CALLS) {
            let (identity, time) = (identity(number), at(number).to_string());
            let customer = format!("+45{number:08}");
            let mut draft = Draft::new();
            for (field, text) in [
                (Field::ExternalIdentity, identity.as_str()),
                (Field::AgentId, "7"),
                (Field::AgentName, "Testine Prøvesen"),
                (Field::AgentEmail, "testine@example.com"),
                (Field::Customer, customer.as_str()),
                (Field::DateTime, time.as_str()),
                (Field::Subject, "Faktura"),
                (Field::CustomProp1, "solgt"),
            ] {
                draft.set(field, Value::Text(text.to_owned().into()));
            }
            let call = Call::new(draft, &mut Vec::new()).expect("a call");
            let fingerprint = call.fingerprint(&mut Vec::new());
            let content = SentContent {
                fields: key.sent_fields(&call, |_| true),
                origin: None,
            };
            let facts = [
                CallFact::CreateIntended {
                    fingerprint,
                    party: Party::of(&customer, &time),
                    content,
                },
                CallFact::Created {
                    fingerprint,
                    uid: Some(uid(number)),
                },
                CallFact::Uploaded {
                    hash: [7; 32],
                    bytes: 1_000,
                    in_doubt_resends: 0,
                    source: None,
                },
            ];
            entries.extend(facts.map(|fact| LedgerEntry::new(identity.clone(), fact)));
        }
        writer.write_blocking(entries).expect("a disk");
    }
    drop(writer);
    ledger.close().expect("a disk");
}

/// The conversations of a page that begins at a number, and where the next one begins.
fn page(first: u64) -> String {
    let mut page = r#"{"conversations":["#.to_owned();
    let next = (first + PAGE).min(CALLS);
    let mut comma = "";
    for number in (first..next).filter(|number| !is_missing(*number)) {
        let (identity, uid, time) = (identity(number), uid(number), at(number));
        let subject = if is_altered(number) {
            "Andet"
        } else {
            "Faktura"
        };
        write!(
            page,
            r#"{comma}{{"uid":"{uid}","externalIdentity":"{identity}","state":"Success","dateTime":"{time}","lastChanged":"{time}","duration":61.5,"hasAudio":true,"hasConsent":true,"deleted":false,"source":"api","teamUid":null,"userUid":null,"details":{{"speakerCount":2}},"metrics":{{"created":"{time}","audioAdded":"{time}","processingDone":"{time}"}},"subject":"{subject}","customer":"+45{number:08}","labels":[],"status":null,"metadata":{{"customProp1":"solgt"}}}}"#
        )
        .expect("memory");
        comma = ",";
    }
    page.push_str("],\"continuationToken\":");
    if next == CALLS {
        page.push_str("null}");
    } else {
        write!(page, "\"{next}\"}}").expect("memory");
    }
    page
}

/// Answers a connection to its end: a page, or of one identity what there is.
fn serve(stream: TcpStream, requests: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if let Some(text) = header.strip_prefix("content-length: ") {
                length = text.parse().unwrap_or(0);
            }
            if header.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        requests.fetch_add(1, Ordering::Relaxed);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let token = body["continuationToken"].as_str();
        let first = token.and_then(|token| token.parse().ok());
        let answer = if body["externalIdentity"].is_string() {
            r#"{"conversations":[],"continuationToken":null}"#.to_owned()
        } else {
            page(first.unwrap_or(0))
        };
        let length = answer.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}"
        )?;
    }
}

/// A read API that has them all but a few; its address, and how often it was asked.
fn read_api() -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            // A side that goes away ends it.
            std::thread::spawn(move || serve(stream, &counted));
        }
    });
    (url, requests)
}

/// How a program ended, and the most memory that it had, in KiB.
fn measured(program: Command) -> (Ended, u64) {
    let (mut running, mut most) = (Running::of(program), 0);
    let status = format!("/proc/{}/status", running.process());
    running.until(|| {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(now.unwrap_or(0));
        false
    });
    (running.end(), most)
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "takes minutes: a million calls"]
fn a_million_calls_take_a_hundred_requests_and_little_memory() {
    let workdir = Workdir::new();
    let (url, requests) = read_api();
    write_ledger(&workdir, &url);
    let (status, of_status) = measured(workdir.program(&["status"]));
    status.with_code(0);
    let verify = [
        "verify",
        "--base-url",
        &url,
        "--read-url",
        &url,
        "--rate",
        "0",
        "--out",
        "seen",
    ];
    let began = std::time::Instant::now();
    let (ended, of_verify) = measured(workdir.program(&verify));
    let seconds = began.elapsed().as_secs();
    ended.with_code(3);
    let asked = requests.load(Ordering::Relaxed);
    println!(
        "{CALLS} calls: {asked} requests, {seconds} s, {of_verify} KiB, status {of_status} KiB"
    );
    let rows = csv::Reader::from_path(workdir.path("seen/verify.csv")).expect("a list");
    let told = rows.into_records().map(|row| {
        let row = row.expect("a row");
        (row[0].to_owned(), row[2].to_owned())
    });
    let expected = (0..CALLS).filter_map(|number| {
        let outcome = match (is_missing(number), is_altered(number)) {
            (true, _) => "missing",
            (false, true) => "different",
            (false, false) => return None,
        };
        Some((identity(number), outcome.to_owned()))
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), expected.collect());
    assert!(asked <= CALLS / PAGE + 20, "{asked} requests");
    assert!(
        of_verify <= of_status + MORE_MEMORY,
        "{of_verify} KiB, status {of_status} KiB"
    );
}
