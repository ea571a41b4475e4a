//! Where a problem stands: a record can be found again also in an export that is one long line.

use crate::harness::export::{array, calls};
use crate::harness::program::Workdir;
use crate::harness::server::Server;
use serde_json::{Value, json};

/// An array on one line in which the fourth record has no time, and the fifth is the first again
/// with another title.
fn workdir() -> Workdir {
    let given = calls(5, 23);
    let mut records: Vec<Value> = serde_json::from_str(&array(&given)).expect("an array");
    records[3]["datetime"] = json!("yesterday");
    records[4] = records[0].clone();
    records[4]["title"] = json!("Another title");
    let workdir = Workdir::new();
    workdir.write("calls.json", serde_json::to_string(&records).expect("JSON"));
    workdir.record(&given);
    workdir
}

#[test]
fn a_record_in_one_long_line_is_named_by_its_number() {
    let workdir = workdir();
    let check = ["check", "calls.json", "--audio", "audio", "--out", "out"];
    let ended = workdir.call(&check).with_code(3);
    ended
        .says("calls.json:1 (record 4) dateTime:")
        .says("calls.json:1 (record 5) externalId: record 1 has the same id");
    for (code, record) in [("bad-time", "4"), ("duplicate-id", "5")] {
        let rows = workdir.rows("problems.csv");
        let row = rows.iter().find(|row| row["code"] == code).unwrap();
        assert_eq!((&*row["line"], &*row["record"]), ("1", record));
        let (column, value) = match code {
            "bad-time" => ("dateTime", "yesterday"),
            _ => ("externalId", "call-23-0000"),
        };
        assert_eq!((&*row["column"], &*row["value"]), (column, value));
        let summary = workdir.summary();
        let groups = summary["problems"].as_array().unwrap();
        let group = groups.iter().find(|group| group["code"] == code).unwrap();
        assert_eq!(group["examples"][0]["record"].to_string(), record);
        assert!(
            workdir
                .read("out/report.html")
                .contains(&format!("(record {record})"))
        );
    }
    let first = workdir.read("out/problems.csv");
    assert!(
        first.starts_with("file,line,column,code,severity,value,message,record,external_id\n"),
        "{first}"
    );
}

#[test]
fn the_log_and_the_ledger_name_it_too() {
    let workdir = workdir();
    let log = ["calls.json", "--log-format", "json"];
    let ended = workdir.run(&Server::healthy(), &log).with_code(3);
    let line = ended
        .err
        .lines()
        .chain(ended.out.lines())
        .find(|line| line.contains("bad-time"));
    let line: Value = serde_json::from_str(line.expect("a line")).unwrap();
    assert_eq!((&line["line"], &line["record"]), (&json!(1), &json!(4)));
    workdir.call(&["report", "--out", "out"]).with_code(0);
    let rows = workdir.rows("problems.csv");
    let row = rows.iter().find(|row| row["code"] == "bad-time").unwrap();
    assert_eq!((&*row["line"], &*row["record"]), ("1", "4"));
}

#[test]
fn a_table_and_json_lines_are_told_by_their_lines() {
    let workdir = Workdir::with(&calls(2, 24));
    let table = workdir.read("calls.csv");
    workdir.write(
        "calls.csv",
        format!("{table}{}\n", table.lines().nth(1).unwrap()),
    );
    let line = json!({"externalId": "1", "datetime": "yesterday"});
    workdir.write("calls.ndjson", format!("{line}\n"));
    let check = ["check", "calls.csv", "calls.ndjson", "--out", "out"];
    let ended = workdir.call(&check).with_code(3);
    ended
        .says("calls.csv:4 externalId: the same record as line 2")
        .says("calls.ndjson:1 dateTime:");
    let rows = workdir.rows("problems.csv");
    assert!(rows.iter().all(|row| row["record"].is_empty()), "{rows:?}");
}

#[test]
fn the_end_names_the_file_of_rejected_records_and_old_ones_step_aside() {
    let workdir = workdir();
    workdir.write("out/rejected.csv", "externalId,_problems\n");
    workdir.write("out/rejected-2.csv", "id,_problems\n");
    let check = ["check", "calls.json", "--out", "out"];
    for _ in 0..2 {
        let ended = workdir.call(&check).with_code(3);
        assert!(
            ended
                .out
                .contains("fix them in out/rejected.ndjson and feed that file in"),
            "{ended:?}"
        );
        assert!(
            ended
                .out
                .contains("Written: out/problems.csv, out/rejected.ndjson,"),
            "{ended:?}"
        );
    }
    let names = std::fs::read_dir(workdir.path("out")).expect("a folder");
    let names = names.map(|name| {
        name.expect("a file")
            .file_name()
            .into_string()
            .expect("UTF-8")
    });
    let (now, kept): (Vec<_>, Vec<_>) = names
        .filter(|name| name.starts_with("rejected"))
        .partition(|name| name == "rejected.ndjson");
    let (csv, ndjson): (Vec<_>, Vec<_>) = kept.iter().partition(|name| name.contains(".csv"));
    assert_eq!((now.len(), csv.len(), ndjson.len()), (1, 2, 1), "{kept:?}");
    assert!(
        kept.iter().all(|name| name.starts_with("rejected.2")),
        "{kept:?}"
    );
    // What was rejected is fed in again, and stays where it is while it is read.
    workdir
        .call(&["check", "out/rejected.ndjson", "--out", "out"])
        .with_code(3);
    assert!(workdir.has("out/rejected.ndjson") && workdir.has("out/rejected-2.ndjson"));
}
