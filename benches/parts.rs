//! The parts of the road one by one: `cargo bench --bench parts`, or with a word of a name behind
//! `--`. What they come to together is measured by `scripts/bench`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use capturi_import::api::{
    self, ApiVersion, AudioSettings, Client, Connection, ConversationRef, HttpOptions, ProxyUse,
    UploadBody,
};
use capturi_import::domain::call::{Call, Draft, read_rfc3339};
use capturi_import::domain::{Party, read_phone};
use capturi_import::ledger::{CallFact, Ledger, LedgerEntry, SentContent};
use capturi_import::mapping::{CallMapping, MappedCall, Preset};
use capturi_import::recordings::{IndexOptions, Sendable, build_index};
use capturi_import::source::{self, Batch, Input, ReadOptions};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tempfile::TempDir;

fn main() {
    divan::main();
}

const ROWS: usize = 10_000;

/// An export of the documented shape, with invented people.
fn export(folder: &Path) -> PathBuf {
    let mut text = String::from(
        "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail,numberOfSpeakers,\
         outcome,labels,hasConsent,customNumberProp1\n",
    );
    for row in 0..ROWS {
        let (agent, minute) = (row % 300, row % 60);
        let _ = writeln!(
            text,
            "call-{row:09},+45{row:08},Spørgsmål om faktura,2024-10-06T19:{minute:02}:51Z,a-{agent},\
             Testine Prøvesen,agent.{agent}@example.com,2,Ikke truffet,kampagne;vip,true,{row}.50"
        );
    }
    let path = folder.join("calls.csv");
    std::fs::write(&path, text).expect("a temporary file");
    path
}

/// The records of the export, and the default mapping bound to them.
fn records(folder: &Path) -> (Vec<Batch>, CallMapping) {
    let reader =
        source::open(&Input::file(export(folder)), &ReadOptions::default()).expect("a table");
    let preset = Preset::named("capturi-v1").expect("the default");
    let mapping = preset.load().expect("a preset loads");
    let profile = CallMapping::bind(&mapping, reader.sheet()).expect("the columns are there");
    let batches = reader
        .collect::<Result<_, _>>()
        .expect("the table is sound");
    (batches, profile)
}

fn drafts<'b>(batches: &'b [Batch], profile: &'b CallMapping) -> Vec<Draft<'b>> {
    let mut problems = Vec::new();
    let mut drafts = Vec::with_capacity(ROWS);
    for record in batches.iter().flat_map(Batch::iter) {
        let mut draft = Draft::new();
        if profile.evaluate(&record, &mut draft, &mut problems) == MappedCall::Filled {
            drafts.push(draft);
        }
    }
    drafts
}

#[divan::bench]
fn read_a_table(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a temporary folder");
    let input = Input::file(export(folder.path()));
    let bytes = std::fs::metadata(folder.path().join("calls.csv")).map_or(0, |file| file.len());
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| {
            let reader = source::open(&input, &ReadOptions::default()).expect("a table");
            reader
                .map(|batch| batch.map_or(0, |batch| batch.len()))
                .sum::<usize>()
        });
}

#[divan::bench]
fn map_records(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a temporary folder");
    let (batches, profile) = records(folder.path());
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| drafts(&batches, &profile));
}

#[divan::bench]
fn judge_drafts(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a temporary folder");
    let (batches, profile) = records(folder.path());
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| drafts(&batches, &profile))
        .bench_local_values(|drafts| {
            let mut faults = Vec::new();
            for draft in drafts {
                black_box(Call::new(draft, &mut faults));
            }
        });
}

/// What a check does with each row: one draft, used again.
#[divan::bench]
fn evaluate_records(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a temporary folder");
    let (batches, profile) = records(folder.path());
    let mut scratch = Vec::new();
    let (mut problems, mut faults) = (Vec::new(), Vec::new());
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut draft = Draft::new();
        for record in batches.iter().flat_map(Batch::iter) {
            profile.evaluate(&record, &mut draft, &mut problems);
            let call = Call::new(std::mem::take(&mut draft), &mut faults).expect("a call");
            black_box((call.identity_hash(), call.fingerprint(&mut scratch)));
            draft = call.into_draft();
        }
    });
}

#[divan::bench]
fn fingerprint_and_write_as_json(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().expect("a temporary folder");
    let (batches, profile) = records(folder.path());
    let calls: Vec<Call<'_>> = drafts(&batches, &profile)
        .into_iter()
        .filter_map(|draft| Call::new(draft, &mut Vec::new()))
        .collect();
    let mut scratch = Vec::new();
    bencher
        .counter(ItemsCount::new(calls.len()))
        .bench_local(|| {
            for call in &calls {
                black_box(call.fingerprint(&mut scratch));
                black_box(api::body(call, ApiVersion::V3));
            }
        });
}

#[divan::bench(args = ["2024-10-06T19:55:51Z", "2024-10-06T19:55:51.250+02:00", "2024-10-06 19:55"])]
fn read_a_time(text: &str) -> bool {
    read_rfc3339(black_box(text)).is_ok()
}

#[divan::bench(args = ["+4512345678", "+46 8 465 004 12", "anonymous", "4,51E+09"])]
fn read_a_phone(text: &str) {
    black_box(read_phone(black_box(text), None));
}

/// Facts of so many calls in one commit, on the disk when it returns.
#[divan::bench(args = [1, 16, 64, 512])]
fn write_the_ledger(bencher: Bencher<'_, '_>, calls: usize) {
    let folder = TempDir::new().expect("a temporary folder");
    let ledger = Ledger::open(&folder.path().join("calls.db"), "https://example.com v3");
    let ledger = ledger.expect("a new ledger");
    let writer = ledger.writer();
    let mut number = 0_u64;
    bencher
        .counter(ItemsCount::new(calls))
        .with_inputs(|| {
            let entries = (0..calls).map(|_| {
                number += 1;
                let fact = CallFact::CreateIntended {
                    fingerprint: u128::from(number),
                    party: Party::default(),
                    content: SentContent::default(),
                };
                LedgerEntry::new(format!("call-{number}"), fact)
            });
            entries.collect::<Vec<_>>()
        })
        .bench_local_values(|entries| writer.write_blocking(entries).expect("room on the disk"));
}

/// A recording of this size through the client, from the page cache to a socket that reads it.
#[divan::bench(args = [480_000, 100_000_000], sample_count = 20)]
fn upload_a_recording(bencher: Bencher<'_, '_>, bytes: usize) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("call.wav");
    std::fs::write(&path, vec![7; bytes]).expect("a temporary file");
    let index = build_index(folder.path(), &IndexOptions::default()).expect("an index");
    let recording = index.recordings().next().map(Sendable::Found);
    let recording = recording.expect("a recording");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || listener.incoming().flatten().for_each(take_uploads));
    let client = Client::new(&Connection {
        base: base.parse().expect("a URL"),
        version: ApiVersion::V3,
        token: "bench-token".to_owned().into(),
        route: HttpOptions {
            timeout: Duration::from_secs(20),
            proxy: ProxyUse::None,
            ca_bundle: None,
        },
    });
    let client = client.expect("a client");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let upload = UploadBody {
            with_sha256: false,
            recording: recording.clone(),
            file_name: "call.wav".to_owned(),
            content_type: "audio/wav",
            bytes: bytes as u64,
            throttle: None,
            on_bytes: Arc::new(|_| {}),
            state: Arc::default(),
        };
        let settings = AudioSettings::default();
        let sent = api::upload(&client, ConversationRef::Uid("uid"), &upload, &settings);
        runtime.block_on(sent).expect("an answer");
    });
}

/// Reads requests to their end and answers each with an empty 200.
fn take_uploads(mut stream: TcpStream) {
    let mut buffer = vec![0; 256 << 10];
    let mut buffered = Vec::new();
    'requests: loop {
        let end = loop {
            if let Some(at) = buffered.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break 'requests,
                Ok(read) => buffered.extend_from_slice(&buffer[..read]),
            }
        };
        let text = String::from_utf8_lossy(&buffered[..end]).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
            .unwrap_or(0);
        let mut left = (end + length).saturating_sub(buffered.len());
        while left > 0 {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break 'requests,
                Ok(read) => left = left.saturating_sub(read),
            }
        }
        buffered.clear();
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .is_err()
        {
            break;
        }
    }
}
