//! What is counted: what a stopped run leaves for the next one, what its records say, and whose recordings
//! nobody claims.

use crate::harness::export::calls;
use crate::harness::program::Workdir;
use crate::harness::server::{Server, always};
use capturi_import::sandbox::{Fault, Operation};
use serde_json::Value;

#[test]
fn calls_that_a_run_has_not_tried_are_left_like_those_that_are_half_done() {
    let given = calls(40, 91);
    let workdir = Workdir::with(&given);
    let refused = always(Fault::status(401)).requests(31, None);
    let server = Server::with_rule(refused);

    workdir.run(&server, &["calls.csv"]).with_code(4);

    let half_done = workdir.state("unfinished");
    assert!((1..40).contains(&half_done), "{half_done}");
    let left = workdir.outcome("not_attempted");
    assert!(left > half_done);
    let status = workdir.call(&["status"]).with_code(0);
    assert!(
        status.out.contains(&format!("{left} calls left (")),
        "{status:?}"
    );
    server.heal();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir
        .call(&["status"])
        .says("Everything that is known is in place.");
}

#[test]
fn calls_that_an_interrupted_run_holds_are_left_as_well() {
    let given = calls(40, 92);
    let workdir = Workdir::with(&given);
    std::fs::remove_file(workdir.path(&format!("audio/{}", given[0].file))).expect("no recording");
    let server = Server::healthy();

    workdir
        .run(&server, &["calls.csv", "--limit", "10"])
        .with_code(7);

    let (held, left) = (workdir.outcome("held"), workdir.outcome("not_attempted"));
    assert_eq!((held, left), (1, 29));
    workdir.call(&["status"]).says("30 calls left (");
}

/// Records that tell their consent in `summary.json`, and those that were read.
fn told(workdir: &Workdir) -> (u64, u64) {
    let summary = workdir.summary();
    let number = |value: &Value| value.as_u64().expect("a number");
    let consent = summary["consent"].as_object().expect("counts");
    (consent.values().map(number).sum(), number(&summary["read"]))
}

#[test]
fn what_a_stop_leaves_aside_is_not_among_what_the_records_say() {
    let given = calls(1500, 93);
    let workdir = Workdir::new();
    workdir.record(&given);
    // Of several files the last comes first, and each call waits for all of them to be read.
    workdir.export("1.csv", &given[..750]);
    workdir.export("2.csv", &given[750..]);
    let server = Server::healthy();
    let files = ["1.csv", "2.csv", "--retries", "0"];
    let unwell = Server::with_rule(always(Fault::status(400)).on(Operation::Create));
    let stops: [(&Server, &[&str], i32); 2] = [
        (&server, &["--limit", "1"], 7),
        (&unwell, &["--max-errors", "1", "--ledger", "other.db"], 6),
    ];
    for (server, stop, code) in stops {
        workdir
            .run(server, &[&files[..], stop].concat())
            .with_code(code);

        let (consent, read) = told(&workdir);
        assert!(read < 1500, "{read}");
        assert_eq!(consent, read, "{stop:?}");
    }
    workdir.run(&server, &files).with_code(0);
    assert_eq!(told(&workdir), (1500, 1500));
}

#[test]
fn a_recording_without_sound_belongs_to_its_rejected_record() {
    let given = calls(4, 94);
    let workdir = Workdir::with(&given);
    workdir.write(&format!("audio/{}", given[1].file), "");
    workdir.write("audio/stray.wav", &given[0].recording);

    workdir
        .call(&["check", "calls.csv", "--audio", "audio", "--out", "out"])
        .with_code(3);

    assert_eq!(workdir.lines_with("recording-empty").len(), 1);
    let rows = workdir.rows("problems.csv").into_iter();
    let rows = rows.filter(|row| row["code"] == "recording-unclaimed");
    let told: Vec<(String, String)> = rows
        .map(|row| (row["file"].clone(), row["message"].clone()))
        .collect();
    let of_nobody = "no record of the export claims this recording";
    let strays: Vec<&str> = told
        .iter()
        .filter(|(_, message)| message.starts_with(of_nobody))
        .map(|(file, _)| &**file)
        .collect();
    assert_eq!(strays, ["stray.wav"], "{told:?}");
}
