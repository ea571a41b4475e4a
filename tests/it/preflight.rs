//! Several files in one command: a mapping that does not fit one of them is told before anything of
//! the others is sent.

use crate::harness::export::calls;
use crate::harness::program::Workdir;
use crate::harness::server::Server;

/// Two calls in `calls.csv`, and a file whose header lacks what the mapping needs.
fn workdir() -> Workdir {
    let workdir = Workdir::with(&calls(2, 11));
    workdir.write("later.csv", "id;phone\n1;12345678\n");
    workdir
}

#[test]
fn a_later_file_that_does_not_fit_is_found_before_the_first_is_sent() {
    let (workdir, server) = (workdir(), Server::healthy());
    workdir
        .run(&server, &["calls.csv", "later.csv"])
        .with_code(2)
        .says("stopping: later.csv has no column for `externalIdentity`")
        .says("error: later.csv has no column for `customer`");
    assert_eq!(server.requests(), 0);
}

#[test]
fn so_is_standard_input_and_it_is_still_read_whole_when_it_fits() {
    let (given, server) = (calls(5, 12), Server::healthy());
    let workdir = Workdir::with(&given[..3]);
    workdir.record(&given);
    workdir
        .run_with_input(&server, &["calls.csv", "-"], "id;phone\n1;12345678\n")
        .with_code(2)
        .says("- has no column for `customer`");
    assert_eq!(server.requests(), 0);
    let rest = crate::harness::export::table(&given[3..], b';');
    workdir
        .run_with_input(&server, &["calls.csv", "-"], &rest)
        .with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_file_of_another_shape_is_named_and_the_others_are_sent() {
    let (workdir, server) = (Workdir::with(&calls(2, 13)), Server::healthy());
    let mapping = "[source.skip]\nno_agent = \"not agentEmail\"\n[fields]\n\
        externalIdentity = \"externalId\"\ncustomer = \"phoneNumber\"\nsubject = \"title\"\n\
        dateTime = \"datetime\"\nagentId = \"agentId\"\nagentName = \"agentName\"\nagentEmail = \"agentEmail\"\n";
    workdir.write("m.toml", mapping);
    let record = |id: &str, email: &str| {
        format!(
            r#"{{"externalId": "{id}", "phoneNumber": "+4512345601", "title": "Call", "datetime": "2024-03-15T09:12:03Z", "agentId": "a1", "agentName": "Ida Opdigtet"{email}}}"#
        )
    };
    let good = record("R1", r#", "agentEmail": "ida@example.com""#);
    let renamed = record("R2", r#", "email": "ida@example.com""#);
    let nobody = record("R3", r#", "agentEmail": null"#);
    workdir.write("good.ndjson", &good);
    workdir.write("renamed.ndjson", format!("{renamed}\n"));
    workdir.write("nobody.ndjson", format!("{nobody}\n"));
    workdir
        .bare_run(
            &server,
            &["good.ndjson", "nobody.ndjson", "--mapping", "m.toml"],
        )
        .with_code(0)
        .says("all-left-out");
    workdir
        .bare_run(
            &server,
            &["renamed.ndjson", "good.ndjson", "--mapping", "m.toml"],
        )
        .with_code(3)
        .says("renamed.ndjson")
        .says("`no_agent` left out 1 record, but no record has `agentEmail`")
        .says("Not in place");
    assert_eq!(workdir.outcome("already_there"), 1);
    // Two pages, one a line: the records inside are read.
    let page = |record: &str| format!("{{\"next\": null, \"calls\": [{record}]}}\n");
    let more = record("R4", r#", "agentEmail": "ida@example.com""#);
    workdir.write("pages.json", page(&good) + &page(&more));
    workdir
        .bare_run(&server, &["pages.json", "--mapping", "m.toml"])
        .with_code(0);
    assert_eq!(workdir.outcome("created"), 1);
    assert_eq!(workdir.outcome("already_there"), 1);
}

#[test]
fn a_last_row_that_may_be_cut_waits_until_a_run_finds_it_unchanged() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let header = "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail\n";
    let row = |id: &str| {
        format!("{id},+4512345601,Call,2024-03-15T09:12:03Z,a1,Ida Opdigtet,ida@example.c")
    };
    let text = format!("{header}{}om\n{}", row("R1"), row("R2"));
    let run = |text: &str| {
        workdir.write("cut.csv", text);
        let ended = workdir.bare_run(&server, &["cut.csv"]).with_code(0);
        (ended, workdir.outcome("created"), workdir.outcome("held"))
    };
    let (ended, created, held) = run(&text);
    assert_eq!((created, held), (1, 1));
    ended.says("row-unterminated");
    // It goes on growing, and is not what it was.
    let grown = format!("{text}o");
    let (_, created, held) = run(&grown);
    assert_eq!((created, held), (0, 1));
    let (_, created, held) = run(&grown);
    assert_eq!((created, held), (1, 0));
    // Where the last column decides nothing, a warning is enough.
    let team = format!(
        "{}\n{}om,S",
        header.trim_end().to_owned() + ",team",
        row("R3")
    );
    let (ended, created, held) = run(&team);
    assert_eq!((created, held), (1, 0));
    ended.says("row-unterminated");
}

#[test]
fn what_lies_in_a_folder_and_is_no_export_is_named_and_stops_nothing() {
    let (given, server) = (calls(3, 13), Server::healthy());
    let workdir = Workdir::with(&given);
    workdir.write("exports/calls.csv", workdir.read("calls.csv"));
    workdir.write("exports/empty.csv", "");
    workdir.write("exports/2024-03/more.csv", workdir.read("calls.csv"));
    workdir.write("exports/CALLS", "id\n1\n");
    workdir.write("exports/old.zip", "PK");
    workdir.write("exports/new.csv.part", "id\n");
    let ended = workdir.run(&server, &["exports"]).with_code(0);
    server.has_exactly(&given, "v2");
    let mut named: Vec<String> = workdir
        .rows("problems.csv")
        .into_iter()
        .filter(|row| row["code"] == "file-not-read")
        .map(|row| row["file"].clone())
        .collect();
    named.sort();
    let rest = ["2024-03", "CALLS", "empty.csv", "old.zip"];
    assert_eq!(named, rest.map(|name| format!("exports/{name}")));
    assert!(!ended.out.contains("new.csv.part"), "{ended:?}");
    // A readme is known by its name, and sentences by their form.
    workdir.write("exports/README.txt", "id;name\n1;Ida\n");
    workdir.write(
        "exports/about.txt",
        "The calls of the day,\nby Ida Opdigtet.\n",
    );
    workdir
        .run(&server, &["exports"])
        .with_code(0)
        .says("file-not-read          6");
    let told = workdir.read("out/problems.csv");
    assert!(told.contains("exports/README.txt"), "{told}");
    assert!(told.contains("is a readme or other text"), "{told}");
    // What looks like an export and does not fit may be one that somebody misses.
    workdir.write(
        "exports/other.txt",
        "id;note\n1;she called me back; I was away\n2;nobody was there\n",
    );
    workdir
        .run(&server, &["exports"])
        .with_code(3)
        .says("exports/other.txt")
        .says("1 export was not read");
    let check = ["check", "exports", "--audio", "audio", "--out", "out"];
    workdir
        .call(&check)
        .with_code(3)
        .says("Not in place: 1 export was not read");
    workdir.run(&server, &["exports/about.txt"]).with_code(2);
}

/// Of rows without a header nothing tells at once that they fit no mapping.
#[test]
fn sentences_are_no_rows_of_a_mapping_without_a_header() {
    let workdir = Workdir::new();
    workdir.write(
        "m.toml",
        r#"
[source]
header = false
columns = ["id", "phone", "agent"]
[fields]
externalIdentity = "id"
customer = "phone"
agentId = "agent"
agentName = "agent"
agentEmail = { value = "a@example.com" }
dateTime = { value = "2024-03-15T08:00:00Z" }
subject = { value = "s" }
"#,
    );
    workdir.write("exports/a.txt", "1,+4512345670,7\n2,+4512345671,7\n");
    workdir.write(
        "exports/b.txt",
        "Dette er dagens opkald.\nSpørg Ida, hvis der mangler noget.\n",
    );
    let check = ["check", "exports", "-m", "m.toml", "--out", "out"];
    workdir.call(&check).with_code(0).says("exports/b.txt");
    // By its name alone nothing that fits is a readme.
    workdir.write("exports/README.txt", "3,+4512345672,7\n");
    workdir.call(&check).with_code(0);
    assert_eq!(workdir.outcome("not_attempted"), 3);
    std::fs::remove_file(workdir.path("exports/README.txt")).expect("a file");
    std::fs::remove_file(workdir.path("exports/a.txt")).expect("a file");
    workdir.write("exports/c.txt", workdir.read("exports/b.txt"));
    workdir.call(&check).with_code(2);
}

#[test]
fn an_export_is_read_whatever_its_name_begins_with() {
    let (given, server) = (calls(2, 23), Server::healthy());
    let workdir = Workdir::with(&given);
    let text = workdir.read("calls.csv");
    let (header, rows) = text.split_once('\n').expect("a header");
    let (first, second) = rows.split_once('\n').expect("two rows");
    let file = |row: &str| format!("{header}\n{row}\n");
    workdir.write("exp/capturi-import-november.csv", file(first));
    workdir.write("exp/night.db.csv", file(second.trim_end()));
    workdir.write("exp/capturi-import.toml", "rate = 0\n");
    workdir.write("exp/capturi-import.db", "a ledger of before");
    let options = ["exp", "--ledger", "exp/night.db"];
    workdir.run(&server, &options).with_code(0);
    server.has_exactly(&given, "v2");
    workdir.run(&server, &options).with_code(0);
    assert!(workdir.rows("problems.csv").is_empty());
}

#[test]
fn the_reports_of_one_night_are_no_exports_of_the_next() {
    let (given, server) = (calls(2, 14), Server::healthy());
    let workdir = Workdir::with(&given);
    workdir.write("exports/calls.csv", workdir.read("calls.csv"));
    let night = [
        "run",
        "exports",
        "--base-url",
        &server.url(),
        "--audio",
        "audio",
    ];
    let night = [&night[..], &["--out", "exports"]].concat();
    for _ in 0..3 {
        workdir.call(&night).with_code(0);
    }
    server.has_exactly(&given, "v2");
    assert_eq!(workdir.read("exports/calls.csv"), workdir.read("calls.csv"));
}

#[test]
fn an_export_of_the_name_of_a_report_outlives_its_own_run() {
    let workdir = Workdir::with(&calls(2, 15));
    let text = workdir.read("calls.csv");
    for name in [
        "problems.csv",
        "accepted.csv",
        "rejected.csv",
        "skipped.csv",
    ] {
        workdir.write(&format!("named/{name}"), &text);
        let export = format!("named/{name}");
        workdir
            .call(&["run", &export, "--sandbox", "--out", "named"])
            .with_code(0);
        assert_eq!(workdir.read(&export), text, "{name}");
    }
}

#[test]
fn a_check_that_fails_at_once_leaves_the_reports_of_the_one_before() {
    let workdir = workdir();
    workdir
        .call(&["check", "calls.csv", "--out", "out"])
        .with_code(0);
    let before = workdir.read("out/problems.csv");
    let summary = workdir.read("out/summary.json");
    workdir
        .call(&["check", "later.csv", "--out", "out"])
        .with_code(2);
    assert_eq!(workdir.read("out/problems.csv"), before);
    assert_eq!(workdir.read("out/summary.json"), summary);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_read_by_folder_by_pattern_and_by_name() {
    use std::os::unix::ffi::OsStrExt as _;
    let (given, server) = (calls(2, 16), Server::healthy());
    let workdir = Workdir::with(&given);
    workdir.write("odd/b.csv", workdir.read("calls.csv"));
    let name = std::ffi::OsStr::from_bytes(b"odd/caf\xe9.csv");
    std::fs::rename(workdir.path("odd/b.csv"), workdir.folder().join(name)).expect("a file");
    for arguments in [["odd/*.csv"], ["odd"]] {
        workdir.run(&server, &arguments).with_code(0);
    }
    let mut runner = workdir.runner(&server, &[]);
    let output = runner.arg(name).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    server.has_exactly(&given, "v2");
}

#[test]
fn a_table_without_a_header_that_does_not_fit_is_told_once_with_its_columns() {
    let workdir = Workdir::with(&calls(1, 15));
    workdir.write(
        "bare.csv",
        "c-1,2024-03-15T09:12:03Z,+4512345601,Ida Opdigtet,ida@example.com,7\n\
         c-2,2024-03-16T09:12:03Z,+4512345602,Bo Fiktiv,bo@example.com,8\n",
    );
    let server = Server::healthy();
    let told = "bare.csv has no header line, and its columns do not fit the mapping: they seem to be column1 \
                text, column2 a time, column3 a telephone number, column4 text, column5 an e-mail address, \
                column6 a number";
    let ended = workdir
        .run(&server, &["bare.csv"])
        .with_code(2)
        .says(told)
        .says("`columns = [\"…\"]`");
    assert!(!ended.err.contains("has no column"), "{}", ended.err);
    let names = "columns = [\"externalId\", \"datetime\", \"phoneNumber\", \"agentName\", \"agentEmail\", \"agentId\"]";
    let mapping = format!(
        "[source]\n{names}\n[fields]\nexternalIdentity = \"externalId\"\ncustomer = \"phoneNumber\"\n\
         subject = {{ value = \"Call\" }}\ndateTime = \"datetime\"\nagentId = \"agentId\"\n\
         agentName = \"agentName\"\nagentEmail = \"agentEmail\"\n"
    );
    workdir.write("m.toml", mapping);
    workdir
        .call(&["check", "bare.csv", "-m", "m.toml"])
        .with_code(0)
        .says("2 of 2 records can be sent");
    assert_eq!(server.requests(), 0);
}
