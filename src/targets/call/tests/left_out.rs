//! Recordings of rows that are left out.

use std::sync::Arc;

use super::*;
use crate::recordings::{IndexOptions, build_index};

const FIELDS: &str = r#"
[fields]
externalIdentity = "id"
agentId = { value = "a" }
agentName = { value = "Ida Opdigtet" }
agentEmail = { value = "a@example.com" }
customer = { value = "+4512345601" }
dateTime = { value = "2024-03-15T08:00:00Z" }
subject = { value = "Call" }
"#;
const SKIP: &str = "[source]\nskip = { surplus = \"status == 'x'\" }\n";
const REQUIRES: &str = "status = \"status\"\n[legs]\ngroup = \"id\"\nrequires = [\"status\"]\n";

/// What is sent, by id and recording, of rows of `id,file,status` with one recording in the folder.
fn sent(mapping: &str, rows: &str, recording: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(recording), [1; 4000]).unwrap();
    let exports = [export(&format!("id,file,status\n{rows}"), ".csv")];
    let mut pipeline = pipeline(mapping, &exports);
    pipeline.target.policy = Policy::default();
    pipeline.target.recordings = Some(Arc::new(
        build_index(folder.path(), &IndexOptions::default()).unwrap(),
    ));
    let mut sent = Vec::new();
    pipeline
        .run(|decided| {
            for decision in &decided.decisions {
                if let Action::Send(job) = decision.action() {
                    let name = job.upload.as_ref().map(|upload| upload.name.clone());
                    sent.push((job.call.identity().to_owned(), name.unwrap_or_default()));
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    sent
}

#[test]
fn what_has_the_whole_name_of_a_row_that_is_left_out_goes_to_no_other_call() {
    for pattern in ["{{ id }}*", "{{ id }}.*"] {
        let audio = format!("[audio]\nmatch = \"{pattern}\"\n");
        let by_rule = format!("{SKIP}{FIELDS}{audio}");
        let skipped = "1,,\n1_2,,x\n";
        assert_eq!(sent(&by_rule, skipped, "1_2.wav"), [], "{pattern}");
    }
    let audio = "[audio]\nmatch = \"{{ id }}*\"\n";
    let by_legs = format!("{FIELDS}{REQUIRES}{audio}");
    assert_eq!(sent(&by_legs, "1,,y\n1_2,,\n", "1_2.wav"), []);
    // By its id, where its name is not there.
    let by_name = format!("{SKIP}{FIELDS}[audio]\nmatch = \"{{{{ file }}}}*\"\n");
    assert_eq!(sent(&by_name, "1,7,\n7_2,none,x\n", "7_2.wav"), []);
}

#[test]
fn a_row_that_is_left_out_takes_nothing_from_a_call_that_asks_alike() {
    let one = [("1".to_owned(), "7_2.wav".to_owned())];
    for pattern in ["{{ file }}*", "{{ file }}.*", "{{ file }}"] {
        let audio = format!("[audio]\nmatch = \"{pattern}\"\n");
        let mapping = format!("{SKIP}{FIELDS}{audio}");
        let rows = "1,7_2,\n2,7_2,x\n";
        assert_eq!(sent(&mapping, rows, "7_2.wav"), one, "{pattern}");
    }
    // What it would find by a wildcard alone is not its own.
    let mapping = format!("{SKIP}{FIELDS}[audio]\nmatch = \"{{{{ file }}}}*\"\n");
    assert_eq!(sent(&mapping, "1,7,\n2,7,x\n", "7_2.wav"), one);
}

#[test]
fn of_files_that_have_been_read_no_watch_is_kept() {
    let exports: Vec<_> = (0..300)
        .map(|number| export(&format!("id,status\n{number},y\n"), ".csv"))
        .collect();
    let mapping = format!("{SKIP}{FIELDS}");
    let mut watches = Vec::new();
    let mut alive = 0;
    pipeline(&mapping, &exports)
        .run(|decided| {
            let opened = decided.opened.iter();
            let opened = opened.flat_map(|opened| &opened.watches);
            watches.extend(opened.map(Arc::downgrade));
            let is_kept = |watch: &&std::sync::Weak<_>| watch.strong_count() > 0;
            alive = watches.iter().filter(is_kept).count();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(watches.len(), 300);
    assert!(alive < 200, "{alive}");
}
