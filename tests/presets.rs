//! Every preset against a sample of its system: the very values that the API would get, the records
//! left out by the name of their rule, and the planted faults and no others.
//!
//! `expected.json` beside a sample says what must become of it, its times in UTC. It was checked value
//! by value against the sample; whoever changes it does the same.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail loudly, also in its helpers"
)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use capturi_import::api::{self, Version};
use capturi_import::mapping::Mapping;
use capturi_import::pipeline::{Fate, Listening, Road, Want};
use capturi_import::plan::{Existing, MissingRecording, Policy};
use capturi_import::source;
use serde_json::{Value, json};

/// A preset, its sample, and what an operator has to say about it.
struct Trial {
    preset: &'static str,
    export: &'static str,
    timezone: Option<&'static str>,
    region: Option<&'static str>,
    has_agents: bool,
    domain: Option<&'static str>,
}

impl Trial {
    const fn new(preset: &'static str, export: &'static str) -> Trial {
        Trial {
            preset,
            export,
            timezone: None,
            region: None,
            has_agents: false,
            domain: None,
        }
    }

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
        if let Some(domain) = self.domain {
            mapping.set_email_domain(domain).unwrap();
        }
        if self.has_agents {
            mapping
                .set_agents(&self.folder().join("agents.csv"))
                .unwrap();
        }
        mapping
    }

    /// Walks the road of a run, cut before anything is sent.
    fn walk(&self) -> Value {
        let mapping = self.mapping();
        let path = self.folder().join(self.export);
        let road = Road {
            inputs: source::expand(&[path.to_string_lossy().into_owned()]).unwrap(),
            options: mapping.source_options().options(),
            mapping,
            version: Version::V2,
            audio: None,
            listening: Listening::default(),
            past: None,
            policy: Policy {
                missing: MissingRecording::Create,
                existing: Existing::Adopt,
            },
            want: Want::Run,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            deciders: 2,
        };
        let mut calls = Vec::new();
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        let mut problems = Vec::new();
        let walked = road.walk(|decided| {
            for (record, decision) in decided.batch.iter().zip(&decided.decisions) {
                for problem in &decision.problems {
                    problems.push(format!(
                        "{} {} {} {}",
                        record.line(),
                        problem.code,
                        problem.column,
                        problem.value
                    ));
                }
                match &decision.fate {
                    Fate::Sends(shipment) => calls.push(body(&shipment.call)),
                    Fate::Ends(outcome, detail) => {
                        *left_out.entry(format!("{outcome:?} {detail}")).or_default() += 1;
                    }
                    Fate::Told => *left_out.entry("Told".to_owned()).or_default() += 1,
                    other => panic!("{other:?}"),
                }
            }
            ControlFlow::Continue(())
        });
        walked.unwrap_or_else(|error| panic!("{error}"));
        json!({ "calls": calls, "left out": left_out, "problems": problems })
    }
}

/// What is sent, its time in UTC.
fn body(call: &capturi_import::call::Call<'_>) -> Value {
    let mut body: Value = serde_json::from_slice(&api::body(call, Version::V2)).unwrap();
    body["dateTime"] = json!(call.at().to_string());
    body
}

fn trials() -> [Trial; 9] {
    [
        Trial {
            timezone: Some("Europe/Copenhagen"),
            has_agents: true,
            ..Trial::new("genesys-cloud", "interactions.csv")
        },
        Trial {
            has_agents: true,
            ..Trial::new("genesys-details", "conversations.json")
        },
        Trial {
            timezone: Some("America/Los_Angeles"),
            region: Some("US"),
            domain: Some("example.com"),
            ..Trial::new("five9", "call-log.csv")
        },
        Trial::new("talkdesk", "calls.json"),
        Trial {
            has_agents: true,
            ..Trial::new("talkdesk-legacy", "calls.json")
        },
        Trial::new("aircall", "calls.json"),
        Trial {
            has_agents: true,
            ..Trial::new("ringcentral", "call-log.json")
        },
        Trial {
            timezone: Some("Europe/Copenhagen"),
            has_agents: true,
            ..Trial::new("adversus", "cdr.json")
        },
        Trial {
            has_agents: true,
            ..Trial::new("twilio", "calls.json")
        },
    ]
}

#[test]
fn each_preset_makes_of_its_sample_what_was_written_down() {
    for trial in trials() {
        let expected = std::fs::read_to_string(trial.folder().join("expected.json"));
        let expected: Value = expected
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap_or_default();
        let got = trial.walk();
        for part in ["calls", "left out", "problems"] {
            let shown = serde_json::to_string_pretty(&got[part]).unwrap();
            assert_eq!(got[part], expected[part], "{}: {shown}", trial.preset);
        }
    }
}

#[test]
fn a_preset_asks_for_what_its_export_cannot_know() {
    for trial in trials() {
        let needs = Trial::new(trial.preset, trial.export);
        let has_needs = trial.timezone.is_some() || trial.has_agents || trial.region.is_some();
        let mapping = needs.mapping();
        let path = needs.folder().join(needs.export);
        let inputs = source::expand(&[path.to_string_lossy().into_owned()]).unwrap();
        let reader = source::open(&inputs[0], &mapping.source_options().options()).unwrap();
        let bound = mapping.bind(reader.sheet());
        assert_eq!(bound.is_err(), has_needs, "{}", trial.preset);
        if let Err(error) = bound {
            let asks = |finding: &capturi_import::mapping::Finding| {
                finding
                    .suggestion
                    .as_ref()
                    .is_some_and(|text| text.starts_with("--"))
            };
            assert!(error.findings().iter().all(asks), "{error}");
        }
    }
}
