use proptest::prelude::*;
use std::fmt::Write as _;

use super::*;
use crate::mapping::CallMapping;
use crate::pipeline::group::{GroupedBatch, NewestCopies, RowGroup};
use crate::source::{self, Batch};

const NEWEST: &str = r#"
[source]
newest = { by = "id", at = "updated" }
[fields]
externalIdentity = "id"
agentId = "agent"
agentName = "agent"
agentEmail = { value = "a@example.com" }
customer = { value = "+4512345601" }
dateTime = "at"
subject = { value = "Call" }
"#;

fn line(id: &str, updated: &str, agent: &str) -> String {
    format!(
        r#"{{"id": "{id}", "updated": "{updated}", "agent": "{agent}", "at": "2024-03-15T08:00:00Z"}}"#
    )
}

#[test]
fn of_the_copies_of_a_record_the_newest_counts_wherever_it_stands() {
    let one = [
        line("a", "2024-03-15T09:00:00Z", "old"),
        line("b", "2024-03-15T10:00:00Z", "new"),
        line("b", "2024-03-15T09:59:59.9Z", "old"),
        line("c", "", "only"),
    ];
    let other = [line("a", "2024-03-15T09:00:00.001Z", "new")];
    let exports = [
        export(&one.join("\n"), ".ndjson"),
        export(&other.join(""), ".ndjson"),
    ];
    let out = walk(&road(NEWEST, &exports)).unwrap();
    assert_eq!(out.field(Field::ExternalIdentity), ["b", "c", "a"]);
    assert_eq!(out.field(Field::AgentId), ["new", "only", "new"]);
    let older = (Outcome::Skipped, "older copy");
    let rows: Vec<_> = out
        .rows()
        .into_iter()
        .map(|(_, outcome, detail)| (outcome, detail))
        .collect();
    assert_eq!((rows[0], rows[2]), (older, older));
}

#[test]
fn a_broken_copy_is_rejected_and_not_passed_over() {
    let csv = "id,agent,at,updated\n\
               a,new,2024-03-15T08:00:00Z,2024-03-15T09:00:00Z\n\
               a,cut,2024-03-15T08:00:00Z\n";
    let out = walk(&road(NEWEST, &[export(csv, ".csv")])).unwrap();
    assert_eq!(out.field(Field::AgentId), ["new"]);
    assert_eq!(out.ended[1].outcome, Outcome::Rejected);
    assert_eq!(out.ended[1].codes, ["row-too-short"]);
}

#[test]
fn a_copy_that_cannot_be_dated_is_rejected_and_hides_no_other() {
    let lines = [
        line("a", "2024-03-15T09:00:00Z", "old"),
        line("a", "soon", "new"),
    ];
    let out = walk(&road(NEWEST, &[export(&lines.join("\n"), ".ndjson")])).unwrap();
    assert_eq!(out.field(Field::AgentId), ["old"]);
    assert_eq!(out.ended[1].codes, ["bad-time"]);
}

#[test]
fn the_same_copy_twice_is_a_repeat_and_another_one_a_clash() {
    let at = "2024-03-15T09:00:00Z";
    let lines = [line("a", at, "x"), line("a", at, "x"), line("a", at, "y")];
    let out = walk(&road(NEWEST, &[export(&lines.join("\n"), ".ndjson")])).unwrap();
    assert_eq!(out.ended[1].detail, "repeat");
    assert_eq!(out.ended[2].codes, ["duplicate-id"]);
}

const LEGS: &str = r#"
[legs]
group = "id"
[fields]
externalIdentity = "id"
"#;

/// Gathers a whole export, with so much room in memory, and gives the lines of each call.
fn gathered(road: &Pipeline, most_bytes: usize) -> Vec<Vec<u64>> {
    let survey = NewestCopies::new(road, &road.inputs).unwrap();
    let input = &survey.inputs()[0];
    let mut gatherer = survey.gatherer(input).unwrap();
    gatherer.limit(most_bytes);
    let reader = source::open(input, &road.options).unwrap();
    let profile = CallMapping::bind(&road.mapping, reader.sheet()).unwrap();
    let mut calls = Vec::new();
    let mut note = |GroupedBatch { batch, spans }: GroupedBatch| {
        let mut at = 0;
        for span in spans {
            calls.push(
                (at..at + span.rows())
                    .map(|row| batch.get(row).line())
                    .collect(),
            );
            at += span.rows();
        }
        assert_eq!(at, batch.len());
    };
    let sheet = reader.sheet().clone();
    for batch in reader {
        note(gatherer.take(batch.unwrap(), &profile).unwrap());
    }
    note(gatherer.finish(Batch::new(sheet)).unwrap());
    calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_row_comes_out_once_with_the_rows_of_its_call(
        ids in proptest::collection::vec(0_u8..6, 0..40),
        room in 0_usize..200,
    ) {
        let mut text = "id,note\n".to_owned();
        for id in &ids {
            // An empty id is nobody's.
            let id = if *id == 0 { String::new() } else { id.to_string() };
            writeln!(text, "{id},\"æ \"\"x\"\"\"").unwrap();
        }
        let exports = [export(&text, ".csv")];
        let calls = gathered(&road(LEGS, &exports), room);
        let mut wanted: Vec<Vec<u64>> = Vec::new();
        for id in 0..6 {
            let lines: Vec<u64> =
                (2_u64..).zip(&ids).filter(|(_, other)| **other == id).map(|(line, _)| line).collect();
            match id {
                0 => wanted.extend(lines.into_iter().map(|line| vec![line])),
                _ => wanted.extend((!lines.is_empty()).then_some(lines)),
            }
        }
        // A call comes where its last row stands.
        wanted.sort_by_key(|lines| lines.last().copied());
        prop_assert_eq!(calls, wanted);
    }
}

#[test]
fn rows_without_others_are_handed_on_without_a_copy() {
    let text = "id,note\n1,a\n2,b\n";
    let exports = [export(text, ".csv")];
    let road = road(LEGS, &exports);
    assert_eq!(gathered(&road, 0), [[2], [3]]);
    assert_eq!(RowGroup::Older.rows(), 1);
}
