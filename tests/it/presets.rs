//! Every preset against samples of its system: the very values that the API would get, the recording
//! that goes with a call, the records left out by the name of their rule, and the planted faults and
//! no others.
//!
//! `<sample>.expected.json` beside a sample holds all of it, its times in UTC, and under `said` what an
//! operator has to say about the sample. It was checked value by value against the sample; whoever
//! changes it does the same. `recordings.txt` names recordings, with the number of their channels; the
//! test makes them, because some of their names are no names on every system.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail loudly, also in its helpers"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use capturi_import::api::{self, ApiVersion};
use capturi_import::domain::{MissingRecording, Policy};
use capturi_import::events::{Event, Outcome};
use capturi_import::mapping::{CallMapping, MappingFile, Preset};
use capturi_import::pipeline::{Action, DecidedBatch, Pipeline, Purpose};
use capturi_import::recordings::{IndexOptions, build_index};
use capturi_import::source;
use capturi_import::targets::CallJob;
use capturi_import::targets::{CallTarget, InspectionOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A sample and what was written down about it.
struct Trial {
    preset: String,
    export: PathBuf,
    /// The file with what must become of it.
    notes: PathBuf,
    expected: Value,
}

/// All samples that have notes.
fn trials() -> Vec<Trial> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/presets");
    let mut trials = Vec::new();
    for folder in fs::read_dir(samples).unwrap() {
        let folder = folder.unwrap().path();
        for notes in fs::read_dir(&folder).unwrap() {
            let notes = notes.unwrap().path();
            let name = notes.file_name().unwrap().to_string_lossy().into_owned();
            if let Some(export) = name.strip_suffix(".expected.json") {
                let text = fs::read_to_string(&notes).unwrap();
                trials.push(Trial {
                    preset: folder.file_name().unwrap().to_string_lossy().into_owned(),
                    export: folder.join(export),
                    expected: serde_json::from_str(&text).unwrap(),
                    notes,
                });
            }
        }
    }
    trials.sort_by(|one, other| one.export.cmp(&other.export));
    assert!(trials.len() > 20, "the samples are found");
    trials
}

impl Trial {
    fn said(&self, what: &str) -> Option<&str> {
        self.expected["said"][what].as_str()
    }

    fn preset(&self) -> MappingFile {
        let preset = Preset::named(&self.preset).expect("the preset is listed");
        preset.load().unwrap_or_else(|error| panic!("{error}"))
    }

    fn mapping(&self) -> MappingFile {
        let mut mapping = self.preset();
        if let Some(zone) = self.said("timezone") {
            mapping.set_timezone(zone).unwrap();
        }
        if let Some(region) = self.said("region") {
            mapping.set_region(region).unwrap();
        }
        if let Some(domain) = self.said("email-domain") {
            mapping.set_email_domain(domain).unwrap();
        }
        if let Some(agents) = self.said("agents") {
            mapping.set_agents(&self.beside(agents)).unwrap();
        }
        mapping
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.export.parent().unwrap().join(name)
    }

    /// The recordings of the sample, in a folder of their own.
    fn recordings(&self) -> Option<TempDir> {
        let list = fs::read_to_string(self.beside("recordings.txt")).ok()?;
        let folder = tempfile::tempdir().unwrap();
        for line in list.lines() {
            let (name, channels) = line.strip_suffix(" 2").map_or((line, 1), |name| (name, 2));
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, wave(channels)).unwrap();
        }
        Some(folder)
    }

    /// Walks the road of a run, cut before anything is sent.
    fn walk(&self) -> Value {
        let mapping = self.mapping();
        let recordings = self.recordings();
        let options = IndexOptions::default().with_patterns(&mapping.audio().patterns);
        let index = recordings
            .as_ref()
            .map(|folder| Arc::new(build_index(folder.path(), &options).unwrap()));
        let road = Pipeline {
            inputs: vec![source::Input::file(&self.export)],
            unread: Vec::new(),
            options: mapping.source_options().options(),
            mapping,
            selection: None,
            shard: None,
            target: CallTarget {
                origins: None,
                recordings: index,
                decryption: None,
                inspection: InspectionOptions::default(),
                policy: Policy {
                    missing: MissingRecording::Create,
                    ..Policy::default()
                },
                version: ApiVersion::V2,
            },
            earlier: None,
            purpose: Purpose::Run,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            workers: 2,
            extent: Arc::default(),
        };
        let mut found = Found::default();
        let walked = road.run(|decided| {
            found.take(&decided);
            ControlFlow::Continue(())
        });
        walked.unwrap_or_else(|error| panic!("{error}"));
        json!({
            "said": self.expected["said"],
            "calls": found.calls,
            "left out": found.left_out,
            "problems": found.problems,
        })
    }
}

/// What becomes of a sample.
#[derive(Default)]
struct Found {
    calls: Vec<Value>,
    left_out: BTreeMap<String, u64>,
    problems: Vec<String>,
}

impl Found {
    fn take(&mut self, decided: &DecidedBatch<CallJob>) {
        for decision in &decided.decisions {
            if let Action::Send(shipment) = decision.action() {
                let body = api::body(&shipment.call, ApiVersion::V2);
                let mut body: Value = serde_json::from_slice(&body).unwrap();
                // Under the names of the newer page of v2 the same stands once more.
                for (old, new) in [("teamName", "team"), ("conversationSegments", "cutAudio")] {
                    let again = body.as_object_mut().and_then(|body| body.remove(new));
                    assert_eq!(again.as_ref(), body.get(old));
                }
                body["dateTime"] = json!(shipment.call.at().to_string());
                if let Some(upload) = &shipment.upload {
                    body["recording"] = json!(upload.name);
                }
                self.calls.push(body);
            }
        }
        decided.tell(&mut |event| self.hear(&event));
    }

    fn hear(&mut self, event: &Event<'_>) {
        let Event::Ended {
            record,
            outcome,
            detail,
            problems,
            ..
        } = event
        else {
            return;
        };
        if *outcome != Outcome::NotAttempted {
            let ended = format!("{outcome:?} {detail}");
            *self.left_out.entry(ended).or_default() += 1;
        }
        // A sample need not have all of its recordings, and those that this test makes are of one length.
        let made_up = ["recording-missing", "recording-duration"];
        for problem in problems
            .iter()
            .filter(|problem| !made_up.contains(&problem.code.name()))
        {
            self.problems.push(format!(
                "{} {} {}: {}",
                record.line(),
                problem.code,
                problem.column,
                problem.value
            ));
        }
    }
}

/// A tenth of a second of silence.
fn wave(channels: u16) -> Vec<u8> {
    let data = vec![1_u8; 1600 * usize::from(channels)];
    let length = u32::try_from(data.len()).unwrap();
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&8000_u32.to_le_bytes());
    file.extend_from_slice(&(16000 * u32::from(channels)).to_le_bytes());
    file.extend_from_slice(&(2 * channels).to_le_bytes());
    file.extend_from_slice(&16_u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&data);
    file
}

/// One call a line.
fn shown(found: &Value) -> String {
    let list = |items: &Value| {
        let items: Vec<String> = items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("    {item}"))
            .collect();
        if items.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n  ]", items.join(",\n"))
        }
    };
    format!(
        "{{\n  \"said\": {},\n  \"calls\": {},\n  \"left out\": {},\n  \"problems\": {}\n}}\n",
        found["said"],
        list(&found["calls"]),
        found["left out"],
        list(&found["problems"])
    )
}

/// The same with calls and problems in an order of their own.
fn in_order(found: &Value) -> Value {
    let mut found = found.clone();
    for list in ["calls", "problems"] {
        if let Some(items) = found[list].as_array_mut() {
            items.sort_by_cached_key(Value::to_string);
        }
    }
    found
}

#[test]
fn every_sample_becomes_what_was_expected() {
    let mut wrong = String::new();
    for trial in trials() {
        let found = trial.walk();
        // Calls whose recordings are found inexactly come last.
        if in_order(&found) != in_order(&trial.expected) {
            writeln!(wrong, "{}:\n{}", trial.export.display(), shown(&found)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{wrong}");
}

/// For a new sample: notes that hold only `said` get what becomes of it, to be checked by hand.
#[test]
#[ignore = "writes into the samples"]
fn write_down_what_becomes_of_new_samples() {
    for trial in trials()
        .iter()
        .filter(|trial| trial.expected["calls"].is_null())
    {
        fs::write(&trial.notes, shown(&trial.walk())).unwrap();
    }
}

#[test]
fn what_no_export_says_is_asked_for() {
    for trial in trials() {
        let preset = trial.preset();
        let input = source::Input::file(&trial.export);
        let reader = source::open(&input, &preset.source_options().options()).unwrap();
        let error = CallMapping::bind(&preset, reader.sheet()).err();
        let findings = error.as_ref().map_or(&[][..], |error| error.findings());
        let hints = findings
            .iter()
            .map(|finding| finding.suggestion.as_deref().unwrap_or(""));
        let hints: Vec<&str> = hints.collect();
        let name = trial.export.display();
        assert!(
            hints.iter().all(|hint| hint.starts_with("--")),
            "{name}: {error:?}"
        );
        let asks = |flag: &str| hints.iter().any(|hint| hint.contains(flag));
        let is_said = |what: &str| trial.said(what).is_some();
        assert_eq!(is_said("timezone"), asks("--timezone"), "{name}");
        assert_eq!(is_said("region"), asks("--region"), "{name}");
        // Five9 has addresses where logins are some.
        if trial.preset != "five9" {
            let agents = is_said("agents") || is_said("email-domain");
            assert_eq!(agents, asks("--agents"), "{name}");
        }
    }
}

/// All rows of a call that is rejected stand in `rejected.csv`, so that it can be mended there.
#[test]
fn a_rejected_call_can_be_mended_and_fed_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/presets/freepbx");
    let export = fs::read_to_string(sample.join("cdr__1715760000pbx.example.com.csv")).unwrap();
    // The call's second row, among other calls, gets a time that is none.
    let damaged = export.replacen(
        "\"2024-05-14 13:20:15\",\"\"\"+46846500411\"\" <+46846500411>\",+46846500411,103",
        "soon,\"\"\"+46846500411\"\" <+46846500411>\",+46846500411,103",
        1,
    );
    assert_ne!(damaged, export);
    fs::write(path("calls.csv"), damaged).unwrap();
    let check = |export: &Path| {
        let mut command = assert_cmd::Command::cargo_bin("capturi-import").unwrap();
        command
            .args(["check", "--mapping", "freepbx", "--timezone"])
            .args(["Europe/Copenhagen", "--region", "DK", "--agents"])
            .arg(sample.join("agents.csv"))
            .arg("--out")
            .arg(path("out"))
            .arg(export);
        command.output().unwrap()
    };
    check(&path("calls.csv"));
    let rejected = fs::read_to_string(path("out/rejected.csv")).unwrap();
    let ids = rejected.matches(".wav,1715685600.14,,").count();
    assert_eq!(ids, 2, "both rows of the call: {rejected}");
    fs::write(
        path("again.csv"),
        rejected.replace("soon,", "\"2024-05-14 13:20:15\","),
    )
    .unwrap();
    let output = check(&path("again.csv"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 leg"), "{text}");
    assert!(text.contains("to send        │ 1"), "{text}");
}

/// What `check` says of three calls, by a mapping that asks for agents and this table of them.
fn checked_with_agents(name: &str, agents: &[u8]) -> (Option<i32>, String) {
    const MAPPING: &str = r#"
[source]
needs = ["agents"]

[fields]
externalIdentity = "id"
agentId    = { template = "{{ agent | agent('id') }}" }
agentName  = { template = "{{ agent | agent('name') }}" }
agentEmail = { template = "{{ agent | agent('email') }}", as = "email" }
customer   = "phone"
dateTime   = "start"
subject    = { value = "Call" }
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let row = |id: u8, agent: u8| format!("{id},{agent},+4512345601,2024-03-15T09:12:03Z\n");
    let rows = [
        "id,agent,phone,start\n".to_owned(),
        row(1, 101),
        row(2, 108),
        row(3, 108),
    ];
    fs::write(path("calls.csv"), rows.concat()).unwrap();
    fs::write(path("mapping.toml"), MAPPING).unwrap();
    fs::write(path(name), agents).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("capturi-import").unwrap();
    command.current_dir(folder.path());
    command.args(["check", "calls.csv", "-m", "mapping.toml", "--agents", name]);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn a_table_of_agents_is_read_as_exports_are_or_refused_at_the_start() {
    let table = "id;name;email\r\n101;Åse Opdigtet;aase@example.com\r\n";
    let wide: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = table
        .chars()
        .map(|char| u8::try_from(u32::from(char)).unwrap())
        .collect();
    let answer =
        r#"{"users": [{"id": 101, "displayName": "Åse Opdigtet", "email": "aase@example.com"}]}"#;
    for (name, agents) in [
        ("agents.csv", latin),
        ("agents.txt", [vec![0xff, 0xfe], wide].concat()),
        (
            "agents.csv",
            table.replace("id;name", "agent_id;full_name").into_bytes(),
        ),
        ("users.json", answer.as_bytes().to_vec()),
    ] {
        let (code, said) = checked_with_agents(name, &agents);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("1 of 3 records can be sent"), "{said}");
        // Whoever is missing is named once, with how often.
        assert!(said.contains("missing: 108 (2×)"), "{said}");
    }
    for (name, agents, why) in [
        ("agents.csv", "number;who\n101;Ida\n", "`email`"),
        ("agents.csv", "id,name,email\n", "no agents"),
        ("users.json", "{\"error\": \"unauthorized\"}", "key"),
    ] {
        let (code, said) = checked_with_agents(name, agents.as_bytes());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(name) && said.contains(why), "{said}");
    }
}
