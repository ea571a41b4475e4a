//! What `mapping init` leaves to a person: each with two readings, of which none may be sent before somebody
//! says which.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail loudly, also in its helpers"
)]

use std::path::{Path, PathBuf};
use std::{fs, process::Command};

use capturi_import::mapping::{MappingFile, propose, survey};
use capturi_import::source::{Input, ReadOptions};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples/presets")
        .join(name)
}

fn proposal_of(path: &Path) -> String {
    let survey = survey(&Input::file(path), &ReadOptions::default()).unwrap();
    let text = propose(&survey, None);
    MappingFile::load(&text, "proposal.toml", None)
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    text
}

fn proposal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, text).unwrap();
    proposal_of(&path)
}

/// What is proposed for a field, and what waits for a person.
fn ways(text: &str, field: &str) -> (Vec<String>, Vec<String>) {
    let of = |start: String| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(&start));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    (of(format!("{field} = ")), of(format!("# {field} = ")))
}

#[track_caller]
fn is_open(text: &str, field: &str, wanted: &[&str]) {
    let (said, open) = ways(text, field);
    assert!(said.is_empty(), "{field}: {said:?}\n{text}");
    for wanted in wanted {
        assert!(
            open.iter().any(|way| way.contains(wanted)),
            "{field}: no {wanted}\n{text}"
        );
    }
}

#[test]
fn lengths_and_words_are_no_ids() {
    let avaya = proposal_of(&sample("avaya-smdr/headerless.csv"));
    assert!(!avaya.contains("externalIdentity = \"column2\""), "{avaya}");
    let dialer = proposal_of(&sample("vicidial/headerless.txt"));
    assert!(
        !dialer.contains("externalIdentity = \"column6\""),
        "{dialer}"
    );
    let none = proposal(
        "2024-03-15 09:12:03;+4512345601;SALES;00:03:20\n2024-03-15 09:22:03;+4512345602;SERVICE;00:01:10\n",
    );
    is_open(&none, "externalIdentity", &["[\"column1\", \"column2\"]"]);
    assert!(none.contains("no id found"), "{none}");
}

#[test]
fn rows_that_share_a_call_are_no_calls_each() {
    let report = proposal_of(&sample("webex-calling/detailed-call-history.csv"));
    is_open(&report, "externalIdentity", &["Report ID"]);
    let legs = proposal_of(&sample("dialpad/calls.csv"));
    is_open(&legs, "externalIdentity", &["call_id"]);
    assert!(
        legs.contains("records that share `entry_point_call_id`"),
        "{legs}"
    );
    let events = proposal_of(&sample("puzzel/call_events.csv"));
    is_open(&events, "externalIdentity", &["rec_id", "call_id"]);
}

#[test]
fn a_queue_and_a_customer_are_no_agents() {
    let report = proposal_of(&sample("webex-calling/detailed-call-history.csv"));
    is_open(&report, "agentName", &["User"]);
    assert!(
        report.contains("is `Kundeservice` an agent, or a queue?"),
        "{report}"
    );
    let dialer = proposal_of(&sample("vicidial/EXPORT_CALL_REPORT_20240515-080000.txt"));
    is_open(
        &dialer,
        "agentName",
        &["full_name", "[\"first_name\", \"last_name\"]"],
    );
    let speed = proposal_of(&sample("talkdesk-legacy/fractions.json"));
    assert!(
        !speed.contains("agentId = \"agent_speed_to_answer\""),
        "{speed}"
    );
    // An address that spells the agent's name is the agent's.
    let told = proposal(
        "call id,start,agent name,email,customer phone\n\
         c-1001,2024-03-15T09:12:03Z,Ida Opdigtet,ida@example.com,+4512345601\n\
         c-1002,2024-03-15T09:13:03Z,Bo Fiktiv,bo.fiktiv@example.com,+4512345602\n",
    );
    assert_eq!(ways(&told, "agentEmail").0, ["\"email\""], "{told}");
    let other = told_with("eva@customer.example", "per@customer.example");
    is_open(&other, "agentEmail", &["email"]);
}

fn told_with(first: &str, second: &str) -> String {
    proposal(&format!(
        "call id,start,agent name,email,customer phone\n\
         c-1001,2024-03-15T09:12:03Z,Ida Opdigtet,{first},+4512345601\n\
         c-1002,2024-03-15T09:13:03Z,Bo Fiktiv,{second},+4512345602\n"
    ))
}

#[test]
fn who_is_the_customer_is_asked_where_no_direction_is_known() {
    let report = proposal_of(&sample("webex-calling/detailed-call-history.csv"));
    is_open(&report, "customer", &["Calling number", "Called number"]);
    let two = proposal(
        "call id,start,mobile,office\nc-1001,2024-03-15T09:12:03Z,+4512345601,+4512345611\n\
         c-1002,2024-03-15T09:13:03Z,+4512345602,+4512345612\n",
    );
    is_open(&two, "customer", &["mobile", "office"]);
}

#[test]
fn numbers_of_north_america_get_no_other_country() {
    let text = proposal(
        "call id,start,customer phone\nc-1001,2024-03-15T09:12:03Z,2025550101\n\
         c-1002,2024-03-15T09:13:03Z,12025550102\nc-1003,2024-03-15T09:13:03Z,2025550103\n",
    );
    let (said, _) = ways(&text, "customer");
    assert_eq!(
        said,
        ["{ from = \"customer phone\", as = \"phone\" }"],
        "{text}"
    );
    assert!(text.contains("\"region\", #"), "{text}");
}

#[test]
fn a_length_without_a_unit_is_sent_only_where_calls_tell_it() {
    let of = |name: &str, values: [&str; 3]| {
        let rows: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(at, value)| format!("c-100{at};2024-03-15T09:12:03Z;+451234560{at};{value}\n"))
            .collect();
        let text = proposal(&format!(
            "call id;start;customer phone;{name}\n{}",
            rows.concat()
        ));
        let (said, open) = ways(&text, "customNumberProp1");
        (said.concat(), open.len())
    };
    let unit = |unit: &str| format!(", as = \"seconds\"{unit}, optional = true }}");
    for (name, values, wanted, open) in [
        ("duration", ["205", "0", "61"], "", 0),
        ("duration", ["205000", "0", "61000"], ", unit = \"ms\"", 0),
        (
            "duration",
            ["3.666667", "0", "0.333333"],
            ", unit = \"minutes\"",
            0,
        ),
        (
            "duration (min)",
            ["3.5", "0", "1"],
            ", unit = \"minutes\"",
            0,
        ),
        (
            "talk_time",
            ["6.94e-05", "0.00317130", "0"],
            ", unit = \"days\"",
            0,
        ),
        (
            "duration",
            ["33:20", "0:41", "12:00"],
            ", unit = \"mm:ss\"",
            0,
        ),
        ("duration", ["0.5", "0.25", "1.5"], "open", 3),
        ("duration", ["1:20", "0:41", "2:00"], "open", 2),
        ("duration", ["00:01:20", "61", "00:00:41"], "open", 4),
        ("duration", ["9000", "6200", "7000"], "open", 2),
    ] {
        let (said, ways) = of(name, values);
        if wanted == "open" {
            assert_eq!((said.as_str(), ways), ("", open), "{values:?}");
        } else {
            assert!(said.ends_with(&unit(wanted)), "{values:?}: {said}");
        }
    }
}

#[test]
fn a_day_that_may_be_a_month_is_told_by_another_column_or_by_a_person() {
    let open = proposal("call id,start,customer phone\nc-1001,05/03/2024 09:12,+4512345601\n");
    is_open(&open, "dateTime", &["%d/%m/%Y", "%m/%d/%Y"]);
    let told = proposal(
        "call id,start,ended,customer phone\nc-1001,05/03/2024 09:12,05/03/2024 09:15,+4512345601\n\
         c-1002,06/03/2024 09:12,25/03/2024 09:15,+4512345602\n",
    );
    assert!(
        ways(&told, "dateTime").0.concat().contains("%d/%m/%Y"),
        "{told}"
    );
    let end = proposal_of(&sample("talkdesk/calls.json"));
    assert!(!end.contains("dateTime = \"end_at\""), "{end}");
}

#[test]
fn a_required_line_that_waits_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (export, file) = (
        folder.path().join("calls.csv"),
        folder.path().join("mine.toml"),
    );
    fs::write(
        &export,
        "call id,start,customer phone\nc-1001,05/03/2024 09:12,+4512345601\n",
    )
    .unwrap();
    let text = proposal_of(&export);
    fs::write(&file, &text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_capturi-import"))
        .arg("check")
        .arg(&export)
        .arg("--mapping")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let at = text
        .lines()
        .position(|line| line.starts_with("# dateTime"))
        .unwrap()
        + 1;
    assert!(
        said.contains(&format!("line {at} begins what")),
        "{said}\n{text}"
    );
}

#[test]
fn a_flat_table_of_hubspot_is_read_by_its_own_names() {
    let api = proposal(
        "hs_object_id,hs_createdate,hs_timestamp,hs_call_title,hs_call_direction,hs_call_duration,hs_call_from_number,\
         hs_call_to_number,hs_call_disposition,hubspot_owner_id\n\
         51200000001,2024-05-17T08:21:00Z,2024-05-14T11:00:01Z,Call with Eva,OUTBOUND,2500,+4512345600,+4512345611,x,7001\n\
         51200000002,2024-05-17T08:21:00Z,2024-05-14T11:10:01Z,Call with Per,INBOUND,1500,+4512345612,+4512345600,y,7002\n",
    );
    for line in [
        "externalIdentity = \"hs_object_id\"",
        "dateTime = \"hs_timestamp\"",
        "agentId = \"hubspot_owner_id\"",
        "subject = \"hs_call_title\"",
        "customNumberProp1 = { from = \"hs_call_duration\", as = \"seconds\", unit = \"ms\", optional = true }",
        "in ['outbound']\", from = \"hs_call_to_number\" }",
    ] {
        assert!(api.contains(line), "{line}\n{api}");
    }
    let view = proposal(
        "Record ID,Call title,Activity date,Call direction,Call duration,From number,To number,Activity assigned to,Create date\n\
         51200000001,Call with Eva,2024-05-14 11:00,Outbound,00:02:30,+4512345600,+4512345611,Ida Opdigtet,2024-05-17 08:21\n\
         51200000002,Call with Per,2024-05-14 11:10,Inbound,00:01:30,+4512345612,+4512345600,Bo Fiktiv,2024-05-17 08:21\n",
    );
    for line in [
        "externalIdentity = \"Record ID\"",
        "dateTime = \"Activity date\"",
        "agentName = \"Activity assigned to\"",
        "subject = \"Call title\"",
        "in ['inbound']\", from = \"From number\" }",
    ] {
        assert!(view.contains(line), "{line}\n{view}");
    }
}
