//! A mapping file and a small export go in, a draft and its problems come out.

mod cases;
mod checked;
mod documentation;
mod fields;
mod load;
mod nested;
mod orderly;
mod plain;
mod presets;
mod properties;
mod rows;
mod shape;
mod tables;

use std::sync::Arc;

use super::{CallMapping, LoadError, MappedCall, MappingFile, Preset};
use crate::domain::call::{Call, Draft, Field, Plain, Value};
use crate::domain::{Code, Problem};
use crate::source::{Batch, Header, Record, Sheet};

/// A table of one row.
fn row(header: &[&str], cells: &[&str]) -> Batch {
    let header = Header::new(header.iter().map(|&name| name.to_owned()).collect());
    let sheet = Sheet {
        file: "export.csv".into(),
        reading: String::new(),
        header: Some(header),
        nulls: vec!["NULL".to_owned()],
        form: crate::source::FileFormat::default(),
    };
    let mut batch = Batch::new(Arc::new(sheet));
    batch.start_row(2);
    for cell in cells {
        batch.push_cell(cell);
    }
    batch
}

/// One JSON record.
fn tree(json: &str) -> Batch {
    let sheet = Sheet {
        file: "export.json".into(),
        reading: String::new(),
        header: None,
        nulls: Vec::new(),
        form: crate::source::FileFormat::default(),
    };
    let mut batch = Batch::new(Arc::new(sheet));
    batch.push_tree(1, None, serde_json::from_str(json).unwrap());
    batch
}

fn load(text: &str) -> MappingFile {
    MappingFile::load(text, "test.toml", None).unwrap_or_else(|error| panic!("{error}"))
}

fn load_error(text: &str) -> LoadError {
    MappingFile::load(text, "test.toml", None).unwrap_err()
}

/// The draft of a record, or why it has none.
fn apply<'r>(
    mapping: &'r CallMapping,
    record: &Record<'r>,
    problems: &mut Vec<Problem>,
) -> Result<Draft<'r>, MappedCall<'r>> {
    let mut draft = Draft::new();
    match mapping.evaluate(record, &mut draft, problems) {
        MappedCall::Filled => Ok(draft),
        other => Err(other),
    }
}

fn bind(text: &str, batch: &Batch) -> CallMapping {
    CallMapping::bind(&load(text), batch.sheet()).unwrap_or_else(|error| panic!("{error}"))
}

/// What became of one field, and the codes that were reported.
fn map(text: &str, batch: &Batch, field: Field) -> (Value<'static>, Vec<Code>) {
    let (value, problems) = map_fully(text, batch, field);
    (
        value,
        problems.into_iter().map(|problem| problem.code).collect(),
    )
}

fn map_fully(text: &str, batch: &Batch, field: Field) -> (Value<'static>, Vec<Problem>) {
    let profile = bind(text, batch);
    let mut problems = Vec::new();
    match apply(&profile, &batch.get(0), &mut problems) {
        Ok(draft) => {
            let value = draft.get(field).clone().into_owned();
            assert_roads_agree(&profile, batch, draft.clone(), &problems);
            assert_marks_hold(draft);
            (value, problems)
        }
        other => panic!("{other:?}"),
    }
}

/// What the evaluation says that it has checked, the check of a call finds in order as well, and what is
/// told of the call is told of the same values when they lie elsewhere.
fn assert_marks_hold(draft: Draft<'_>) {
    let mut unmarked = Draft::new();
    for field in Field::ALL {
        unmarked.set(field, draft.get(field).into_owned());
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let call = Call::new(draft, &mut one);
    let judged = Call::new(unmarked, &mut other);
    assert_eq!(call, judged);
    assert_eq!(one, other);
    let (Some(call), Some(judged)) = (call, judged) else {
        return;
    };
    assert_eq!((call.at(), call.consent()), (judged.at(), judged.consent()));
    assert!(call.filled().eq(judged.fields().map(|(field, _)| field)));
    for field in Field::ALL {
        let text = match judged.get(field) {
            Value::Text(text) | Value::Number(text) | Value::Time(text, _) => text.into_owned(),
            _ => String::new(),
        };
        assert_eq!(call.text(field), text, "{field}");
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let print = judged.fingerprint(&mut other);
    assert_eq!(call.fingerprint(&mut one), print);
    assert_eq!(call.identity_hash(), judged.identity_hash());
    assert_eq!(call.into_owned().fingerprint(&mut one), print);
}

/// Whether the first record takes the short way; it must make of it what the full evaluation does.
fn assert_roads_agree(
    profile: &CallMapping,
    batch: &Batch,
    draft: Draft<'_>,
    problems: &[Problem],
) -> bool {
    let mut plain = Plain::default();
    if !profile.read_plain(&batch.get(0), &mut plain) {
        return false;
    }
    let mut faults = Vec::new();
    let call = Call::new(draft, &mut faults);
    assert!(
        faults.is_empty() && problems.is_empty(),
        "{faults:?} {problems:?}"
    );
    let call = call.unwrap();
    assert_eq!(plain.call(), call);
    assert_eq!((plain.at(), plain.consent()), (call.at(), call.consent()));
    assert!(plain.fields().eq(call.filled()));
    for field in Field::ALL {
        assert_eq!(plain.get(field), call.text(field), "{field}");
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    assert_eq!(plain.fingerprint(&mut one), call.fingerprint(&mut other));
    assert_eq!(plain.identity_hash(), call.identity_hash());
    true
}

/// One column `c` with this cell, mapped by this rule for `field`.
fn cell(field: Field, rule: &str, cell: &str) -> (Value<'static>, Vec<Code>) {
    map(
        &format!("[fields]\n{field} = {rule}"),
        &row(&["c"], &[cell]),
        field,
    )
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn number(text: &str) -> Value<'static> {
    Value::Number(text.to_owned().into())
}

fn labels(labels: &[&str]) -> Value<'static> {
    Value::Labels(
        labels
            .iter()
            .map(|&label| label.to_owned().into())
            .collect(),
    )
}

fn time(text: &str) -> Value<'static> {
    Value::Time(text.to_owned().into(), text.parse().unwrap())
}
