//! Exports that overlap: which record of a call is sent, and what is said of the others; and rejected rows
//! that come back.

use crate::harness::program::Workdir;
use crate::harness::server::Server;

const HEADER: &str = "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail\n";

/// A row of the invented agent.
fn row(id: &str, phone: &str, title: &str, day: &str) -> String {
    format!("{id},{phone},{title},{day}T09:00:00Z,a1,Ida Opdigtet,ida@example.com\n")
}

/// Two exports that overlap in call 2, which the second night tells otherwise.
fn overlapping() -> Workdir {
    let workdir = Workdir::new();
    let day1 = [
        row("1", "+4512345601", "Call", "2024-03-14"),
        row("2", "+4512345602", "Old", "2024-03-15"),
    ];
    let day2 = [
        row("2", "+4512345602", "New", "2024-03-15"),
        row("3", "+4512345603", "Call", "2024-03-16"),
    ];
    workdir.write("exports/day1.csv", format!("{HEADER}{}", day1.concat()));
    workdir.write("exports/day2.csv", format!("{HEADER}{}", day2.concat()));
    workdir
}

#[test]
fn of_a_call_that_was_not_sent_the_record_of_the_last_file_goes() {
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir.bare_run(&server, &["exports"]).with_code(0);
    assert_eq!(server.requests(), 3);
    let left_out = workdir.rows("skipped.csv");
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(
        (&*left_out[0]["external_id"], &*left_out[0]["why"]),
        ("2", "older copy")
    );
    assert!(left_out[0]["file"].ends_with("day1.csv"), "{left_out:?}");
}

#[test]
fn of_a_call_that_was_sent_the_newer_record_is_told_and_needs_nobody() {
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir
        .bare_run(&server, &["exports/day1.csv"])
        .with_code(0);
    workdir.bare_run(&server, &["exports"]).with_code(0);
    assert_eq!(server.requests(), 3);
    let told = workdir.rows("problems.csv");
    let told = told.iter().map(|row| (&*row["code"], &*row["external_id"]));
    assert_eq!(told.collect::<Vec<_>>(), [("changed-since-sent", "2")]);
}

#[test]
fn another_customer_on_another_day_is_no_newer_record() {
    let (workdir, server) = (overlapping(), Server::healthy());
    let anew = row("2", "+4512345699", "Call", "2024-06-01");
    workdir.write("exports/day3.csv", format!("{HEADER}{anew}"));
    workdir.bare_run(&server, &["exports"]).with_code(3);
    let told = workdir.rows("problems.csv");
    assert!(
        told.iter().any(|row| row["code"] == "duplicate-id"),
        "{told:?}"
    );
}

/// What the last run told of call 2, with the severity.
fn told_of_2(workdir: &Workdir) -> Vec<(String, String)> {
    let told = workdir.rows("problems.csv").into_iter();
    let told = told.filter(|row| row["external_id"] == "2");
    told.map(|row| (row["code"].clone(), row["severity"].clone()))
        .collect()
}

#[test]
fn an_id_that_was_used_again_is_an_error_over_runs_and_in_one() {
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir
        .bare_run(&server, &["exports/day1.csv"])
        .with_code(0);
    assert_eq!(server.requests(), 2);
    let anew = row("2", "+4512345699", "Call", "2024-06-01");
    workdir.write("anew.csv", format!("{HEADER}{anew}"));
    let expected = [("duplicate-id".to_owned(), "error".to_owned())];
    // Alone, behind the file of the call that was sent, before it, and beside it in one file.
    let both = row("2", "+4512345602", "Old", "2024-03-15") + &anew;
    workdir.write("both.csv", format!("{HEADER}{both}"));
    for inputs in [
        &["anew.csv"][..],
        &["exports/day1.csv", "anew.csv"],
        &["anew.csv", "exports/day1.csv"],
        &["both.csv"],
    ] {
        workdir
            .bare_run(&server, inputs)
            .with_code(3)
            .says("was sent under this id");
        assert_eq!(told_of_2(&workdir), expected, "{inputs:?}");
        assert_eq!(server.requests(), 2, "{inputs:?}");
    }
}

#[test]
fn in_one_first_run_only_one_of_two_calls_of_an_id_goes() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let first = row("2", "+4512345602", "Old", "2024-03-15");
    let anew = row("2", "+4512345699", "Call", "2024-06-01");
    workdir.write("a.csv", format!("{HEADER}{first}"));
    workdir.write("b.csv", format!("{HEADER}{anew}"));
    // The second time the ledger knows the call of the last file.
    for _ in 0..2 {
        workdir
            .bare_run(&server, &["a.csv", "b.csv"])
            .with_code(3)
            .says("build the id from more columns");
        assert_eq!(
            told_of_2(&workdir),
            [("duplicate-id".to_owned(), "error".to_owned())]
        );
        assert_eq!(server.requests(), 1);
    }
}

#[test]
fn a_call_that_was_sent_may_change_its_number_or_its_time() {
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir
        .bare_run(&server, &["exports/day1.csv"])
        .with_code(0);
    for changed in [
        row("2", "+4512345699", "Old", "2024-03-15"),
        row("2", "+4512345699", "Old", "2024-03-16"),
        row("2", "+4512345602", "Old", "2024-06-01"),
        row("2", "+4512345602", "New", "2024-03-15").replace("09:00", "15:30"),
        row("2", "+4512345602", "Old", "2024-03-15").replace("a1", "a2"),
    ] {
        workdir.write("changed.csv", format!("{HEADER}{changed}"));
        workdir.bare_run(&server, &["changed.csv"]).with_code(0);
        let expected = [("changed-since-sent".to_owned(), "warning".to_owned())];
        assert_eq!(told_of_2(&workdir), expected, "{changed}");
    }
    assert_eq!(server.requests(), 2);
}

#[test]
fn no_older_record_is_sent_in_place_of_a_newer_one_that_is_rejected() {
    let (workdir, server) = (overlapping(), Server::healthy());
    let broken = row("2", "+4512345602", "New", "soon");
    workdir.write("exports/day2.csv", format!("{HEADER}{broken}"));
    workdir.bare_run(&server, &["exports"]).with_code(3);
    assert_eq!(server.requests(), 1, "call 1");
    let mended = workdir
        .read("out/rejected.csv")
        .replace("soon", "2024-03-15");
    workdir.write("mended.csv", mended);
    workdir.bare_run(&server, &["mended.csv"]).with_code(0);
    // The export says what it said, and nobody has to get up for it.
    workdir.bare_run(&server, &["exports"]).with_code(0);
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_mended_row_whose_id_has_lost_its_zeros_is_refused() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let broken = row("00100223", "+4512345602", "Call", "soon");
    workdir.write("calls.csv", format!("{HEADER}{broken}"));
    workdir.bare_run(&server, &["calls.csv"]).with_code(3);
    let mended = workdir
        .read("out/rejected.csv")
        .replace("soon", "2024-03-15");
    workdir.write("lost.csv", mended.replacen("00100223", "100223", 1));
    workdir.write("all-lost.csv", mended.replace("00100223", "100223"));
    for file in ["lost.csv", "all-lost.csv"] {
        workdir
            .bare_run(&server, &[file])
            .with_code(3)
            .says("spreadsheet-damage");
        assert_eq!(server.requests(), 0, "{file}");
    }
    workdir.write("mended.csv", mended);
    workdir.bare_run(&server, &["mended.csv"]).with_code(0);
    assert_eq!(server.requests(), 1);
}

/// A mapping that leaves out what the export marks as deleted.
const LEAVES_OUT: &str = "[source.skip]\ndeleted = \"status == 'deleted'\"\n[fields]\n\
    externalIdentity = \"externalId\"\ncustomer = \"phoneNumber\"\nsubject = \"title\"\n\
    dateTime = \"datetime\"\nagentId = \"agentId\"\nagentName = \"agentName\"\nagentEmail = \"agentEmail\"\n\
    status = { from = \"status\", optional = true }\n";

/// An export with a status in each row.
fn with_status(rows: &[(String, &str)]) -> String {
    let rows = rows
        .iter()
        .map(|(row, status)| format!("{},{status}\n", row.trim_end()));
    let header = HEADER.trim_end();
    format!("{header},status\n{}", rows.collect::<String>())
}

#[test]
fn no_older_record_is_sent_in_place_of_a_newer_one_that_a_rule_leaves_out() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir.write("m.toml", LEAVES_OUT);
    let two = |day| row("2", "+4512345602", "Call", day);
    let monday = [
        (row("1", "+4512345601", "Call", "2024-03-14"), "open"),
        (two("2024-03-15"), "open"),
        // Calls of Tuesday that are left out are not these.
        (row("3", "+4512345603", "Call", "2024-03-15"), "open"),
        (row("4", "+4512345604", "Call", "2024-03-15"), "open"),
        // Broken, and nobody has to mend it any more.
        (row("5", "+4512345605", "Call", "soon"), "open"),
    ];
    let tuesday = [
        (two("2024-03-15"), "deleted"),
        (row("3", "+4512345699", "Call", "2024-06-01"), "deleted"),
        (row("4", "+4512345604", "Call", "2024-03-15"), "deleted"),
        (row("4", "+4512345604", "Call", "2024-03-15"), "open"),
        (row("5", "+4512345605", "Call", "2024-03-15"), "deleted"),
    ];
    workdir.write("mon.csv", with_status(&monday));
    workdir.write("tue.csv", with_status(&tuesday));
    let night = ["mon.csv", "tue.csv", "--mapping", "m.toml"];
    workdir.bare_run(&server, &night).with_code(0);
    assert_eq!(
        crate::harness::server::ids(&server.snapshot()),
        ["1", "3", "4"].map(str::to_owned).into()
    );
    let older: Vec<_> = workdir
        .rows("skipped.csv")
        .into_iter()
        .filter(|row| row["why"] == "older copy")
        .collect();
    let of = |row: &std::collections::BTreeMap<String, String>| row["external_id"].clone();
    assert_eq!(older.iter().map(of).collect::<Vec<_>>(), ["2", "5"]);
    let told = workdir.rows("problems.csv");
    let told: Vec<_> = told
        .iter()
        .filter(|row| row["external_id"] == "2")
        .collect();
    assert!(
        told.iter()
            .any(|row| row["message"].contains("line 2 of tue.csv, which a rule leaves out")),
        "{told:?}"
    );
    // What is in place stays so.
    workdir.write(
        "wed.csv",
        with_status(&[(row("1", "+4512345601", "Call", "2024-03-14"), "deleted")]),
    );
    let night = ["mon.csv", "tue.csv", "wed.csv", "--mapping", "m.toml"];
    workdir.bare_run(&server, &night).with_code(0);
    assert_eq!(
        (server.requests(), workdir.outcome("already_there")),
        (3, 3)
    );
}

/// An export whose last column is the id, and whose last row is cut as said.
fn with_id_last(rows: &[(&str, &str, &str)], cut: &str) -> String {
    let rows = rows.iter().map(|(id, phone, day)| {
        format!("{phone},Call,{day}T09:00:00Z,a1,Ida Opdigtet,ida@example.com,{id}\n")
    });
    let header = "phoneNumber,title,datetime,agentId,agentName,agentEmail,externalId\n";
    let text = format!("{header}{}", rows.collect::<String>());
    text.strip_suffix(cut).expect("it ends so").to_owned()
}

#[test]
fn an_id_that_may_be_cut_takes_no_other_calls_place() {
    for (night, phone, day, held, code) in [
        // The cut row is of another call that looks like the first, of one that does not, and an older one.
        (["old.csv", "new.csv"], "+4512345602", "2024-03-15", 1, 0),
        (["old.csv", "new.csv"], "+4512345699", "2024-06-01", 1, 3),
        (["new.csv", "old.csv"], "+4512345602", "2024-03-15", 0, 0),
    ] {
        let (workdir, server) = (Workdir::new(), Server::healthy());
        let old = [
            ("c11", "+4512345601", "2024-03-14"),
            ("c12", "+4512345602", "2024-03-14"),
        ];
        let new = [("c122", "+4512345601", "2024-03-15"), ("c123", phone, day)];
        workdir.write("old.csv", with_id_last(&old, ""));
        workdir.write("new.csv", with_id_last(&new, "3\n"));
        workdir
            .bare_run(&server, &night)
            .with_code(0)
            .says("row-unterminated");
        let ids = || crate::harness::server::ids(&server.snapshot());
        let sent = ["c11", "c12", "c122"].map(str::to_owned);
        assert_eq!(
            (ids(), workdir.outcome("held")),
            (sent.into(), held),
            "{night:?}"
        );
        // Unchanged it is no newer state of the call that has its id.
        workdir.bare_run(&server, &night).with_code(code);
        assert_eq!(server.requests(), 3, "{night:?}");
        workdir.write("new.csv", with_id_last(&new, ""));
        workdir.bare_run(&server, &night).with_code(0);
        let sent = ["c11", "c12", "c122", "c123"].map(str::to_owned);
        assert_eq!((ids(), server.requests()), (sent.into(), 4), "{night:?}");
    }
}

#[test]
fn an_id_that_may_be_cut_takes_no_other_calls_recording() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let old = [("c12", "+4512345602", "2024-03-14")];
    let new = [
        ("c122", "+4512345601", "2024-03-15"),
        ("c123", "+4512345602", "2024-03-15"),
    ];
    workdir.write("old.csv", with_id_last(&old, ""));
    workdir.write("new.csv", with_id_last(&new, "3\n"));
    let mut dice = fastrand::Rng::with_seed(7);
    for id in ["c12", "c122", "c123"] {
        workdir.write(
            &format!("audio/{id}.wav"),
            crate::harness::export::wave(2, &mut dice),
        );
    }
    let night = ["old.csv", "new.csv"];
    for _ in 0..2 {
        workdir.run(&server, &night).with_code(0);
        let sent = ["c12", "c122"].map(str::to_owned);
        assert_eq!(crate::harness::server::ids(&server.snapshot()), sent.into());
        assert_eq!(server.surplus_uploads(), 0);
        assert_eq!(server.requests(), 4);
    }
    workdir.write("new.csv", with_id_last(&new, ""));
    workdir.run(&server, &night).with_code(0);
    assert_eq!(server.requests(), 6);
}

#[test]
fn a_broken_row_of_another_call_is_not_taken_for_mended() {
    let broken = |phone, day| row("2", phone, "Call", day).replace("ida@example.com", "ida@");
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir
        .bare_run(&server, &["exports/day1.csv"])
        .with_code(0);
    for (phone, day, code) in [
        ("+4512345699", "2024-06-01", 3),
        // The call itself, and what may be it.
        ("+4512345602", "2024-03-15", 0),
        ("+4512345602", "2024-06-01", 0),
        ("+4512345699", "soon", 0),
        ("", "2024-06-01", 0),
    ] {
        workdir.write("broken.csv", format!("{HEADER}{}", broken(phone, day)));
        for inputs in [&["broken.csv"][..], &["exports/day1.csv", "broken.csv"]] {
            workdir.bare_run(&server, inputs).with_code(code);
            let is_told = told_of_2(&workdir).contains(&("duplicate-id".into(), "error".into()));
            assert_eq!(is_told, code == 3, "{phone} {day}");
        }
    }
    assert_eq!(server.requests(), 2);
    // In one first run it is no older copy either.
    let (workdir, server) = (overlapping(), Server::healthy());
    let other = broken("+4512345699", "2024-01-01");
    workdir.write("exports/day0.csv", format!("{HEADER}{other}"));
    workdir.bare_run(&server, &["exports"]).with_code(3);
    assert_eq!((server.requests(), workdir.outcome("rejected")), (3, 1));
}

/// What docs/mapping.md says of `[legs]`: their rows are brought together file by file, from the first on.
#[test]
fn of_a_call_of_several_rows_the_first_file_counts() {
    let (workdir, server) = (overlapping(), Server::healthy());
    workdir.write(
        "legs.toml",
        r#"
[legs]
group = "externalId"
[fields]
externalIdentity = "externalId"
customer = "phoneNumber"
subject = "title"
dateTime = "datetime"
agentId = "agentId"
agentName = "agentName"
agentEmail = "agentEmail"
"#,
    );
    let run = ["exports", "--mapping", "legs.toml"];
    workdir.bare_run(&server, &run).with_code(3);
    assert_eq!(server.requests(), 3);
    let told = workdir.rows("problems.csv");
    let told = told.iter().map(|row| (&*row["code"], &*row["external_id"]));
    assert_eq!(told.collect::<Vec<_>>(), [("duplicate-id", "2")]);
    assert!(workdir.read("out/rejected.csv").contains(",New,"));
}
