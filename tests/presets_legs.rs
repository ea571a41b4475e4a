//! The presets whose exports have several rows for a call, or odd dialects: what the API would get,
//! which recording goes with it, which rows are left out and why, and the planted faults and no others.
//!
//! `expected.json` beside a sample holds all of it. `recordings.txt` names recordings, with the number
//! of their channels; the test makes them, because some of their names are no names on every system.

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

use capturi_import::api::{self, Version};
use capturi_import::audio::{Index, IndexOptions};
use capturi_import::mapping::Mapping;
use capturi_import::pipeline::{Event, Fate, Listening, Outcome, Road, Want};
use capturi_import::plan::{Existing, MissingRecording, Policy};
use capturi_import::source;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A preset, its sample, and what an operator has to say about it.
struct Trial {
    preset: &'static str,
    export: &'static str,
    timezone: Option<&'static str>,
    region: Option<&'static str>,
}

const fn trial(preset: &'static str, export: &'static str) -> Trial {
    let timezone = Some("Europe/Copenhagen");
    Trial {
        preset,
        export,
        timezone,
        region: Some("DK"),
    }
}

impl Trial {
    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples/presets")
            .join(self.preset)
    }

    fn mapping(&self) -> Mapping {
        let preset = Mapping::preset(self.preset).expect("the preset is listed");
        let mut mapping = preset.load().unwrap_or_else(|error| panic!("{error}"));
        if let Some(zone) = self.timezone {
            mapping.set_timezone(zone).unwrap();
        }
        if let Some(region) = self.region {
            mapping.set_region(region).unwrap();
        }
        let agents = self.folder().join("agents.csv");
        if agents.exists() {
            mapping.set_agents(&agents).unwrap();
        }
        mapping
    }

    /// The recordings of the sample, in a folder of their own.
    fn recordings(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let list = fs::read_to_string(self.folder().join("recordings.txt")).unwrap();
        for line in list.lines() {
            let (name, channels) = line.strip_suffix(" 2").map_or((line, 1), |name| (name, 2));
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, wave(channels)).unwrap();
        }
        folder
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one walk, from the export to what was found"
    )]
    fn walk(&self) -> Value {
        let mapping = self.mapping();
        let path = self.folder().join(self.export);
        let recordings = self.recordings();
        let options = IndexOptions::default().with_patterns(&mapping.audio().patterns);
        let index = Index::build(recordings.path(), &options).unwrap();
        let road = Road {
            inputs: source::expand(&[path.to_string_lossy().into_owned()]).unwrap(),
            options: mapping.source_options().options(),
            mapping,
            audio: Some(Arc::new(index)),
            listening: Listening::default(),
            past: None,
            policy: Policy {
                missing: MissingRecording::Create,
                existing: Existing::Adopt,
            },
            want: Want::Run,
            version: Version::V2,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            deciders: 2,
        };
        let mut calls = Vec::new();
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        let mut problems = Vec::new();
        let walked = road.walk(|decided| {
            for decision in &decided.decisions {
                if let Fate::Sends(shipment) = &decision.fate {
                    let mut body: Value =
                        serde_json::from_slice(&api::body(&shipment.call, Version::V2)).unwrap();
                    body["dateTime"] = json!(shipment.call.at().to_string());
                    let parcel = shipment.parcel.as_ref();
                    body["recording"] = json!(parcel.map(|parcel| &parcel.name));
                    calls.push(body);
                }
            }
            decided.tell(&mut |event| {
                let Event::Ended {
                    record,
                    outcome,
                    detail,
                    problems: own,
                    ..
                } = event
                else {
                    return;
                };
                if outcome != Outcome::NotAttempted {
                    *left_out.entry(format!("{outcome:?} {detail}")).or_default() += 1;
                }
                // A sample need not have all of its recordings.
                for problem in own
                    .iter()
                    .filter(|problem| problem.code.name() != "recording-missing")
                {
                    problems.push(format!(
                        "{} {} {}: {}",
                        record.line(),
                        problem.code,
                        problem.column,
                        problem.value
                    ));
                }
            });
            ControlFlow::Continue(())
        });
        walked.unwrap_or_else(|error| panic!("{error}"));
        json!({ "calls": calls, "left out": left_out, "problems": problems })
    }

    fn expected(&self) -> Value {
        let name = format!("{}.expected.json", self.export);
        let text = fs::read_to_string(self.folder().join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// A tenth of a second of silence.
fn wave(channels: u16) -> Vec<u8> {
    let data = vec![0_u8; 1600 * usize::from(channels)];
    let mut file = Vec::new();
    let length = u32::try_from(data.len()).unwrap();
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

fn trials() -> Vec<Trial> {
    vec![
        Trial {
            region: None,
            ..trial("vicidial", "EXPORT_CALL_REPORT_20240515-080000.txt")
        },
        Trial {
            region: None,
            ..trial("vicidial", "headerless.txt")
        },
        Trial {
            region: None,
            ..trial("vicidial", "no-calls.txt")
        },
        Trial {
            timezone: Some("UTC"),
            ..trial("asterisk", "Master.csv")
        },
        Trial {
            timezone: Some("UTC"),
            ..trial("asterisk", "linked.csv")
        },
        trial("freepbx", "cdr__1715760000pbx.example.com.csv"),
        trial("3cx", "CallLogLastWeek_abc.csv"),
        trial("cxone", "CallDetailReport.csv"),
        trial("cxone", "CallDetailReport.xlsx"),
        Trial {
            region: None,
            ..trial("dialpad", "calls.csv")
        },
        Trial {
            timezone: None,
            region: None,
            ..trial("amazon-connect", "contact_records.json")
        },
        trial("puzzel", "call_events.csv"),
        trial("avaya-smdr", "smdr.csv"),
        trial("avaya-smdr", "headerless.csv"),
        trial("avaya-smdr", "short.csv"),
    ]
}

#[test]
fn every_sample_becomes_what_was_expected() {
    let mut wrong = String::new();
    for trial in trials() {
        let found = trial.walk();
        if found != trial.expected() {
            let found = serde_json::to_string_pretty(&found).unwrap();
            writeln!(wrong, "{} {}:\n{found}", trial.preset, trial.export).unwrap();
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{wrong}");
}

#[test]
fn what_no_export_says_is_asked_for() {
    for trial in trials() {
        let preset = Mapping::preset(trial.preset).unwrap().load().unwrap();
        if trial.preset == "dialpad" {
            continue;
        }
        let path = trial.folder().join(trial.export);
        let inputs = source::expand(&[path.to_string_lossy().into_owned()]).unwrap();
        let reader = source::open(&inputs[0], &preset.source_options().options()).unwrap();
        let error = preset.bind(reader.sheet()).unwrap_err().to_string();
        assert!(error.contains("--agents"), "{}: {error}", trial.preset);
        assert_eq!(
            error.contains("--timezone"),
            trial.timezone.is_some(),
            "{error}"
        );
        assert_eq!(
            error.contains("--region"),
            trial.region.is_some(),
            "{error}"
        );
    }
}

/// All rows of a call that is rejected stand in `rejected.csv`, so that it can be mended there.
#[test]
fn a_rejected_call_can_be_mended_and_fed_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let sample = trial("freepbx", "").folder();
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
        let agents = sample.join("agents.csv");
        let mut command = assert_cmd::Command::cargo_bin("capturi-import").unwrap();
        command
            .args([
                "check",
                "--mapping",
                "freepbx",
                "--timezone",
                "Europe/Copenhagen",
            ])
            .args(["--region", "DK", "--agents"])
            .arg(agents)
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
    assert!(text.contains("ready          │ 1"), "{text}");
}
