//! A mapping and an export as text go in; how each row ended comes out.

mod changed;
mod exchanged;
mod incomplete;
mod left_out;
mod legs;
mod newest;
mod waiting;

use std::io::Write as _;
use std::ops::ControlFlow;

use tempfile::NamedTempFile;

use super::{CallTarget, InspectionOptions};
use crate::api::ApiVersion;
use crate::domain::call::{Call, Field};
use crate::domain::{MissingRecording, Policy};
use crate::events::{Event, Outcome, RecordEnd, Totals};
use crate::mapping::MappingFile;
use crate::pipeline::{Action, Error, Pipeline, Purpose};
use crate::source::{Input, ReadOptions};

/// How one row ended: its line, its outcome, the word for it, and its problems.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    line: u64,
    outcome: Outcome,
    detail: String,
    codes: Vec<&'static str>,
    messages: Vec<String>,
}

/// What came out of a pipeline.
#[derive(Debug, Default)]
struct Outcomes {
    ended: Vec<Ended>,
    calls: Vec<Call<'static>>,
    read: u64,
}

impl Outcomes {
    fn rows(&self) -> Vec<(u64, Outcome, &str)> {
        let row = |ended: &'_ Ended| (ended.line, ended.outcome);
        self.ended
            .iter()
            .map(|ended| {
                let (line, outcome) = row(ended);
                (line, outcome, ended.detail.as_str())
            })
            .collect()
    }

    /// A field of each call that would be sent.
    fn field(&self, field: Field) -> Vec<&str> {
        self.calls.iter().map(|call| call.text(field)).collect()
    }
}

fn pipeline(mapping: &str, exports: &[NamedTempFile]) -> Pipeline<CallTarget> {
    Pipeline {
        unread: Vec::new(),
        inputs: exports
            .iter()
            .map(|export| Input::file(export.path()))
            .collect(),
        options: ReadOptions::default(),
        mapping: MappingFile::load(mapping, "test.toml", None)
            .unwrap_or_else(|error| panic!("{error}")),
        selection: None,
        shard: None,
        target: CallTarget {
            origins: None,
            recordings: None,
            decryption: None,
            inspection: InspectionOptions::default(),
            version: ApiVersion::V2,
            policy: Policy {
                missing: MissingRecording::Create,
                ..Policy::default()
            },
        },
        earlier: None,
        purpose: Purpose::Run,
        now: "2030-01-01T00:00:00Z".parse().unwrap(),
        workers: 2,
        extent: std::sync::Arc::default(),
    }
}

fn export(text: &str, suffix: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn walk(pipeline: &Pipeline<CallTarget>) -> Result<Outcomes, Error> {
    let mut outcomes = Outcomes::default();
    pipeline.run(|decided| {
        for decision in &decided.decisions {
            if let Action::Send(job) = decision.action() {
                outcomes.calls.push(job.call.clone());
            }
        }
        decided.tell(&mut |event| match event {
            Event::Ended {
                record,
                outcome,
                detail,
                problems,
                ..
            } => outcomes.ended.push(Ended {
                line: record.line(),
                outcome,
                detail: detail.to_owned(),
                codes: problems.iter().map(|problem| problem.code.name()).collect(),
                messages: problems
                    .iter()
                    .map(|problem| format!("{}: {}", problem.location.within(), problem.message))
                    .collect(),
            }),
            Event::Checked(Totals { records, .. }) => outcomes.read += records,
            _ => {}
        });
        ControlFlow::Continue(())
    })?;
    assert_eq!(
        outcomes.read,
        outcomes.ended.len() as u64,
        "a row that ended twice or never"
    );
    Ok(outcomes)
}

/// Walks one CSV export.
fn csv(mapping: &str, text: &str) -> Outcomes {
    let exports = [export(text, ".csv")];
    walk(&pipeline(mapping, &exports)).unwrap()
}
