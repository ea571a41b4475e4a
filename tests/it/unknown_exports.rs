//! Exports of systems that no preset knows, each with what must become of it by the proposal of
//! `mapping init`, once its questions are answered.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail loudly, also in its helpers"
)]

use std::fs;

use capturi_import::domain::call::{Call, Draft, Field};
use capturi_import::mapping::{
    CallMapping, ListedRecordings, MappedCall, MappingFile, propose, survey,
};
use capturi_import::source::{self, Batch, Input, ReadOptions};

const FIELDS: [Field; 6] = [
    Field::ExternalIdentity,
    Field::AgentId,
    Field::AgentName,
    Field::AgentEmail,
    Field::Customer,
    Field::DateTime,
];

/// An export and its proposal.
struct Trial {
    _folder: tempfile::TempDir,
    input: Input,
    text: String,
}

fn trial(name: &str, content: &str) -> Trial {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let input = Input::file(&path);
    let survey = survey(&input, &ReadOptions::default()).unwrap();
    Trial {
        text: propose(&survey, None),
        _folder: folder,
        input,
    }
}

impl Trial {
    /// The calls in the words of the API, each as `id|agent id|name|e-mail|customer|time`; what is left out
    /// or wrong is said in their place.
    fn calls(&self, zone: &str, region: &str) -> Vec<String> {
        self.calls_by(&self.text, zone, region)
    }

    /// The same by the proposal as a person left it.
    fn calls_by(&self, text: &str, zone: &str, region: &str) -> Vec<String> {
        let mut mapping = MappingFile::load(text, "proposal.toml", None)
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let asks = mapping.asks();
        if asks.contains(&"timezone") {
            mapping.set_timezone(zone).unwrap();
        }
        if asks.contains(&"region") {
            mapping.set_region(region).unwrap();
        }
        if asks.contains(&"email") {
            mapping.set_email_domain("example.com").unwrap();
        }
        let options = mapping.source_options().options();
        let reader = source::open(&self.input, &options).unwrap();
        let rules = CallMapping::bind(&mapping, reader.sheet())
            .unwrap_or_else(|error| panic!("{error}\n{}", self.text));
        let batches: Vec<Batch> = reader.map(Result::unwrap).collect();
        let records = batches.iter().flat_map(Batch::iter);
        records
            .map(|record| {
                let mut problems = Vec::new();
                let mut draft = Draft::new();
                match rules.evaluate(&record, &mut draft, &mut problems) {
                    MappedCall::Skipped(rule) => format!("left out: {rule}"),
                    MappedCall::Undecided => "undecided".to_owned(),
                    MappedCall::Filled => {
                        let mut violations = Vec::new();
                        match Call::new(draft, &mut violations) {
                            Some(call) => told(&call),
                            None => format!("wrong: {violations:?} {problems:?}"),
                        }
                    }
                }
            })
            .collect()
    }

    /// The line of a field, and the one above it; also a line that waits for a person.
    fn line(&self, field: &str) -> (&str, &str) {
        let lines: Vec<&str> = self.text.lines().collect();
        let starts = [format!("{field} = "), format!("# {field} = ")];
        let is_it = |line: &&str| starts.iter().any(|start| line.starts_with(start));
        let at = lines.iter().position(is_it);
        let at = at.unwrap_or_else(|| panic!("no {field}\n{}", self.text));
        (lines[at], lines[at - 1])
    }
}

fn told(call: &Call<'_>) -> String {
    let value = |field| match call.get(field) {
        capturi_import::domain::call::Value::Text(text) => text.to_string(),
        capturi_import::domain::call::Value::Time(_, at) => at.to_string(),
        other => format!("{other:?}"),
    };
    FIELDS.map(value).join("|")
}

#[test]
fn a_nordic_report_with_a_preamble_and_a_direction() {
    let trial = trial(
        "rapport.csv",
        "Rapport: Samtaler pr. medarbejder\nPeriode: 01-03-2024 - 31-03-2024\n\n\
         Dato;Klokkeslæt;Retning;A-nummer;B-nummer;Kø;Medarbejder;Lokalnr.;E-mail;Samtaletid;Opkalds-id\n\
         15-03-2024;09.12.03;Indgående;+4512345601;+4570101010;Salg;Ida Opdigtet;201;ida@example.com;00:04:21;c-1\n\
         15-03-2024;09.20.11;Udgående;+4570101010;+4512345602;Salg;Bo Fiktiv;202;bo@example.com;00:01:09;c-2\n\
         16-03-2024;10.01.00;Indgående;+4512345603;+4570101010;Salg;;;;00:00:00;c-3\n",
    );
    assert_eq!(
        trial.calls("Europe/Copenhagen", "DK"),
        [
            "c-1|201|Ida Opdigtet|ida@example.com|+4512345601|2024-03-15T08:12:03Z",
            "c-2|202|Bo Fiktiv|bo@example.com|+4512345602|2024-03-15T08:20:11Z",
            "left out: no_agent",
        ]
    );
}

#[test]
fn a_list_deep_in_a_document_beside_others() {
    let trial = trial(
        "calls.json",
        r#"{"status": "ok", "generated": "2024-04-01T00:00:00Z", "agents": [{"id": 55, "name": "Ida Opdigtet"}],
            "result": {"count": 2, "items": [
            {"callId": "t-1", "startedAt": "2024-03-15T08:12:03Z", "createdAt": "2024-03-16T00:00:00Z", "direction": "INBOUND",
             "callerNumber": "+46701740601", "calleeNumber": "+46850010203", "tags": ["vip"],
             "user": {"id": 55, "name": "Ida Opdigtet", "email": "ida@example.com"}, "customer": {"name": "Eva Prøve", "email": "eva@customer.example"}},
            {"callId": "t-2", "startedAt": "2024-03-15T09:12:03Z", "createdAt": "2024-03-16T00:00:00Z", "direction": "OUTBOUND",
             "callerNumber": "+46850010203", "calleeNumber": "+46701740602", "tags": [],
             "user": {"id": 56, "name": "Bo Fiktiv", "email": "bo@example.com"}, "customer": {"name": "Per Test", "email": null}}]}}"#,
    );
    assert_eq!(
        trial.calls("UTC", "SE"),
        [
            "t-1|55|Ida Opdigtet|ida@example.com|+46701740601|2024-03-15T08:12:03Z",
            "t-2|56|Bo Fiktiv|bo@example.com|+46701740602|2024-03-15T09:12:03Z",
        ]
    );
}

#[test]
fn the_customers_name_is_not_the_agents() {
    let trial = trial(
        "conversations.ndjson",
        "{\"id\":7001,\"created_at\":1710490323000,\"requester_name\":\"Eva Prøve\",\"requester_phone_number\":\"+4512345601\",\
          \"assignee_id\":\"a1\",\"assignee_name\":\"Ida Opdigtet\",\"assignee_email\":\"ida@example.com\",\"own_number\":\"+4570101010\"}\n\
         {\"id\":7002,\"created_at\":1710493323000,\"requester_name\":\"Per Test\",\"requester_phone_number\":\"+4512345602\",\
          \"assignee_id\":\"a2\",\"assignee_name\":\"Bo Fiktiv\",\"assignee_email\":\"bo@example.com\",\"own_number\":\"+4570101010\"}\n",
    );
    assert_eq!(
        trial.calls("UTC", "DK"),
        [
            "7001|a1|Ida Opdigtet|ida@example.com|+4512345601|2024-03-15T08:12:03Z",
            "7002|a2|Bo Fiktiv|bo@example.com|+4512345602|2024-03-15T09:02:03Z",
        ]
    );
    assert!(
        trial.line("dateTime").1.contains("made or changed"),
        "{}",
        trial.text
    );
}

#[test]
fn a_name_in_two_columns_and_a_recording_that_is_no_id() {
    let trial = trial(
        "export.csv",
        "Start Time,Agent loginId,Agent First Name,Agent Last Name,Customer phone,Talk Time,RecordingId,Global Interaction ID\n\
         03/15/2024 09:12:03,ida.opdigtet,Ida,Opdigtet,+12125550101,261,8A1C_1.wav,8A1C-0001\n\
         03/25/2024 09:32:03,bo.fiktiv,Bo,Fiktiv,+12125550102,61,8A1C_2.wav,8A1C-0002\n",
    );
    assert_eq!(
        trial.calls("America/New_York", "US"),
        [
            "8A1C-0001|ida.opdigtet|Ida Opdigtet|ida.opdigtet@example.com|+12125550101|2024-03-15T13:12:03Z",
            "8A1C-0002|bo.fiktiv|Bo Fiktiv|bo.fiktiv@example.com|+12125550102|2024-03-25T13:32:03Z",
        ]
    );
    assert!(
        trial.text.contains("match = [\"{{ RecordingId }}\""),
        "{}",
        trial.text
    );
    assert!(
        trial.text.contains("seconds = { from = \"Talk Time\""),
        "{}",
        trial.text
    );
}

#[test]
fn numbers_without_a_plus_and_an_id_beside_other_ids() {
    let trial = trial(
        "lead.csv",
        "id;agent_id;agent_username;talk_time;talk_start;talk_end;number;contact_id\n\
         50001;17;ida.opdigtet;125;2024-03-15 09:12:03;2024-03-15 09:14:08;4741234567;900\n\
         50002;18;bo.fiktiv;5;2024-03-15 09:22:03;2024-03-15 09:22:08;4741234568;901\n",
    );
    assert_eq!(
        trial.calls("Europe/Oslo", "NO"),
        [
            "50001|17|ida.opdigtet|ida.opdigtet@example.com|+4741234567|2024-03-15T08:12:03Z",
            "50002|18|bo.fiktiv|bo.fiktiv@example.com|+4741234568|2024-03-15T08:22:03Z",
        ]
    );
    assert!(
        trial.line("externalIdentity").1.contains("contact_id"),
        "{}",
        trial.text
    );
    assert!(
        trial.line("agentName").1.starts_with("# check:"),
        "{}",
        trial.text
    );
}

#[test]
fn a_call_log_without_ids_is_told_apart_by_its_parts() {
    let trial = trial(
        "calls.csv",
        "Direction,Type,Phone Number,Extension,Date,Time,Action Result,Duration\n\
         Inbound,Voice,(212) 555-0101,101 - Ida Opdigtet,Fri 03/15/2024,9:12 AM,Call connected,0:04:21\n\
         Outbound,Voice,(212) 555-0102,102 - Bo Fiktiv,Fri 03/15/2024,9:12 AM,Call connected,0:01:09\n",
    );
    let decided = trial
        .text
        .replace("# externalIdentity = ", "externalIdentity = ");
    let calls = trial.calls_by(&decided, "America/New_York", "US");
    assert!(
        calls[0].ends_with("|+12125550101|2024-03-15T13:12:00Z"),
        "{calls:?}\n{}",
        trial.text
    );
    assert!(
        calls[0].starts_with("Fri 03/15/2024 9:12 AM (212) 555-0101|"),
        "{calls:?}"
    );
    assert!(
        trial.line("externalIdentity").1.contains("no id found"),
        "{}",
        trial.text
    );
}

#[test]
fn a_table_without_a_header_does_not_take_a_length_for_an_id() {
    let trial = trial(
        "dump.tsv",
        "2024-03-15 09:12:03\t+4512345601\tida@example.com\tIda Opdigtet\t261\tc1.wav\tx-1\n\
         2024-03-15 09:22:03\t+4512345602\tbo@example.com\tBo Fiktiv\t61\tc2.wav\tx-2\n",
    );
    assert_eq!(
        trial.line("externalIdentity").0,
        "# externalIdentity = \"column7\""
    );
    assert_eq!(trial.calls("UTC", "DK").len(), 2);
}

#[test]
fn a_zone_in_each_row_and_a_time_in_utc_are_seen() {
    let zoned = trial(
        "zoned.csv",
        "call id,start time,time zone,agent name,agent email,customer phone\n\
         z-1,2024-07-15 09:12:03,America/Denver,Ida Opdigtet,ida@example.com,+12125550101\n\
         z-2,2024-07-15 09:22:03,America/New_York,Bo Fiktiv,bo@example.com,+12125550102\n",
    );
    let times: Vec<String> = zoned
        .calls("UTC", "US")
        .into_iter()
        .map(|call| call.rsplit('|').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        times,
        ["2024-07-15T15:12:03Z", "2024-07-15T13:22:03Z"],
        "{}",
        zoned.text
    );
    let utc = trial(
        "hermes.csv",
        "call id;CallUniversalTime;agent name;agent email;customer phone\n\
         u-1;2024-07-15 09:12:03.073;Ida Opdigtet;ida@example.com;+33123456789\n\
         u-2;2024-07-15 09:22:03.073;Bo Fiktiv;bo@example.com;+33123456780\n",
    );
    assert!(
        utc.calls("Europe/Paris", "FR")[0].ends_with("|2024-07-15T09:12:03.073Z"),
        "{}",
        utc.text
    );
}

#[test]
fn paths_of_windows_are_proposed_as_such() {
    let text = "call_id;agent_name;agent_email;customer_number;start_time;recording\n\
                c-1;Ida Opdigtet;ida@example.com;+4512345601;2024-03-15T09:12:03Z;C:\\Rec\\2024\\U1.wav\n\
                c-2;Bo Fiktiv;bo@example.com;+4512345602;2024-03-15T09:13:03Z;C:\\Rec\\2024\\U2.wav\n";
    let trial = trial("calls.csv", text);
    assert!(
        trial.text.contains("\npath = \"windows\"\n"),
        "{}",
        trial.text
    );
    let names = ["2024/U1.wav", "2024/U2.wav", "2023/U1.wav"].map(str::to_owned);
    let recordings = ListedRecordings {
        names: &names,
        seconds: &|_| None,
    };
    let survey = survey(&trial.input, &ReadOptions::default()).unwrap();
    let listed = propose(&survey, Some(&recordings));
    assert!(
        listed.contains("path = \"windows\"\nmatch = [\"{{ recording }}\"]"),
        "{listed}"
    );
    assert!(
        listed.contains("2 of the 2 records looked at find one"),
        "{listed}"
    );
    MappingFile::load(&listed, "proposal.toml", None).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn words_for_nothing_are_no_values() {
    let trial = trial(
        "calls.csv",
        "call_id;agent_name;agent_email;customer_number;start_time;queue\n\
         c-1;Ida Opdigtet;ida@example.com;+4512345601;2024-03-15T09:12:03Z;NULL\n\
         c-2;NULL;NULL;+4512345602;2024-03-15T09:13:03Z;\\N\n",
    );
    assert!(
        trial.text.contains("nulls = [\"NULL\", \"\\\\N\"]")
            || trial.text.contains("nulls = [\"NULL\", '\\N']"),
        "{}",
        trial.text
    );
    let calls = trial.calls("UTC", "DK");
    assert!(calls[0].ends_with("|Ida Opdigtet|ida@example.com|+4512345601|2024-03-15T09:12:03Z"));
    assert_eq!(calls[1], "left out: no_agent");
}

#[test]
fn keys_with_dots_are_reached_in_rules_and_in_templates() {
    let trial = trial(
        "calls.json",
        r#"{"data.page": {"the.calls": [
            {"call.id": "c-1", "call.start": "2024-03-15T08:10:03Z", "queue.name": "Salg", "tags.list": ["vip"],
             "agent": {"id": 7, "full.name": "Ida Opdigtet", "e.mail": "ida@example.com"}, "customer.number": "+4512345601"},
            {"call.id": "c-2", "call.start": "2024-03-15T08:11:03Z", "queue.name": "Service", "tags.list": [],
             "agent": {"id": 8, "full.name": "Bo Fiktiv", "e.mail": "bo@example.com"}, "customer.number": "+4512345602"}]}}"#,
    );
    assert_eq!(
        trial.calls("UTC", "DK"),
        [
            "c-1|7|Ida Opdigtet|ida@example.com|+4512345601|2024-03-15T08:10:03Z",
            "c-2|8|Bo Fiktiv|bo@example.com|+4512345602|2024-03-15T08:11:03Z",
        ]
    );
    let (subject, _) = trial.line("subject");
    assert!(subject.contains("row['queue.name']"), "{subject}");
    assert!(
        trial.text.contains("match = [\"{{ row['call.id'] }}\""),
        "{}",
        trial.text
    );
}

/// The moments of calls whose times are written so, in UTC, and the line that proposes them.
fn moments(values: &[&str]) -> (Vec<String>, String) {
    let mut text =
        "call_id;agent_id;agent_name;agent_email;customer_number;start_time\n".to_owned();
    for (at, value) in values.iter().enumerate() {
        let row = format!("c-{at};7{at};Ida Opdigtet;ida@example.com;+451234560{at};\"{value}\"\n");
        text.push_str(&row);
    }
    let trial = trial("calls.csv", &text);
    let calls = trial.calls("Europe/Copenhagen", "DK");
    let moments = calls
        .iter()
        .map(|call| call.rsplit('|').next().unwrap().to_owned());
    let (line, before) = trial.line("dateTime");
    (moments.collect(), format!("{before}\n{line}"))
}

#[test]
fn times_are_read_however_people_write_them() {
    for (value, moment) in [
        ("/Date(1714000000000+0200)/", "2024-04-24T23:06:40Z"),
        ("\\/Date(1714000000000)\\/", "2024-04-24T23:06:40Z"),
        ("1714000000123456", "2024-04-24T23:06:40.123456Z"),
        ("1714000000123456789", "2024-04-24T23:06:40.123456789Z"),
        ("45366.38336805556", "2024-03-15T08:12:03Z"),
        ("45366,38336805556", "2024-03-15T08:12:03Z"),
        ("15-03-2024 09:12:03.123456", "2024-03-15T08:12:03.123456Z"),
        ("15.03.2024 09:12:03,123", "2024-03-15T08:12:03.123Z"),
        ("15.03.24 09:12", "2024-03-15T08:12:00Z"),
        ("15-Mar-2024 09:12:03", "2024-03-15T08:12:03Z"),
        ("15-MAR-24 09.12.03.500000 PM", "2024-03-15T20:12:03.5Z"),
        ("Mar 15, 2024, 9:12 AM", "2024-03-15T08:12:00Z"),
        ("Friday, March 15, 2024 at 9:12 AM", "2024-03-15T08:12:00Z"),
        ("3/15/2024, 9:12\u{202f}PM", "2024-03-15T20:12:00Z"),
        ("15.03.2024\u{a0}09:12", "2024-03-15T08:12:00Z"),
        (
            "\u{200e}15/\u{200e}03/\u{200e}2024 09:12",
            "2024-03-15T08:12:00Z",
        ),
        ("15.03.2024 kl. 09.12", "2024-03-15T08:12:00Z"),
        ("15.03.2024 09:12 Uhr", "2024-03-15T08:12:00Z"),
        ("15-03-2024 09:12:03 CEST", "2024-03-15T07:12:03Z"),
        ("15/03/2024 09:12 +05:30", "2024-03-15T03:42:00Z"),
        ("15/03/2024 09:12 America/Denver", "2024-03-15T15:12:00Z"),
        ("2024-03-15 09:12:03 UTC", "2024-03-15T09:12:03Z"),
        ("03/15/2024 09:12 AM EST", "2024-03-15T08:12:00Z"),
        (
            "Fri Mar 15 2024 09:12:03 GMT+0100 (Central European Standard Time)",
            "2024-03-15T08:12:03Z",
        ),
        ("Fri Mar 15 09:12:03 CET 2024", "2024-03-15T08:12:03Z"),
        ("15/Mar/2024:09:12:03 +0000", "2024-03-15T09:12:03Z"),
        ("202403150912", "2024-03-15T08:12:00Z"),
        ("2024-03-15-09.12.03", "2024-03-15T08:12:03Z"),
        ("15. marts 2024 kl. 09.12", "2024-03-15T08:12:00Z"),
        ("15. mar. 2024 09:12:03", "2024-03-15T08:12:03Z"),
        ("15-Mrz-2024 09:12", "2024-03-15T08:12:00Z"),
        ("15 mars 2024 09:12", "2024-03-15T08:12:00Z"),
        ("1er févr. 2024 09:12", "2024-02-01T08:12:00Z"),
        ("15/ago/2024 09:12", "2024-08-15T07:12:00Z"),
        ("15th Mar 2024 09:12", "2024-03-15T08:12:00Z"),
        ("March 3rd, 2024 9:12 p.m.", "2024-03-03T20:12:00Z"),
        ("15-03-2024 9:12 a. m.", "2024-03-15T08:12:00Z"),
    ] {
        let (moments, line) = moments(&[value]);
        assert_eq!(moments, [moment], "{value}\n{line}");
        let is_doubtful = line.starts_with("# check");
        assert_eq!(is_doubtful, value.ends_with(" EST"), "{value}\n{line}");
    }
}

#[test]
fn a_time_that_two_patterns_read_is_proposed_with_a_doubt() {
    for (value, other) in [
        ("05/03/2024 09:12", "%m/%d/%Y %H:%M"),
        ("05.03.24 09:12", "%m.%d.%y %H:%M"),
        ("21-03-15 09:12", "%d-%m-%y %H:%M"),
    ] {
        let (_, line) = moments(&[value]);
        assert!(line.starts_with("# check"), "{value}\n{line}");
        assert!(line.contains(other), "{value}\n{line}");
    }
    let (_, line) = moments(&["15. \u{202f}toukokuuta 2024 09:12"]);
    assert!(
        line.contains("reads `15. <U+202F>toukokuuta 2024 09:12`"),
        "{line}"
    );
}
