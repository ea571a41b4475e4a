//! `mapping init` and `mapping test`: the right preset is named, a proposed file loads whatever the
//! export holds, and nothing from an export acts on the terminal.

#![expect(
    clippy::unwrap_used,
    reason = "a test may fail loudly, also in its helpers"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use capturi_import::mapping::{
    CallMapping, ExportSurvey, ListedRecordings, MappingFile, PresetFit, propose,
};
use capturi_import::source::{Input, ReadOptions};
use proptest::prelude::*;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

fn survey(path: &Path) -> ExportSurvey {
    ExportSurvey::of(&Input::file(path), &ReadOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn export(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    (folder, path)
}

fn proposal(text: &str) -> String {
    let (_folder, path) = export("export.csv", text.as_bytes());
    propose(&survey(&path), None)
}

fn load(text: &str) -> MappingFile {
    MappingFile::load(text, "proposal.toml", None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn program(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_capturi-import"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Every sample with the preset that must know it. A workbook is the same again, and a report without
/// calls has nothing to be known by.
fn samples() -> Vec<(String, PathBuf)> {
    let mut samples = vec![
        ("capturi-v1".to_owned(), sample("calls.csv")),
        ("capturi-v1".to_owned(), sample("calls.ndjson")),
    ];
    for folder in fs::read_dir(sample("presets")).unwrap() {
        let folder = folder.unwrap().path();
        let preset = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_other = name.ends_with(".expected.json")
                || ["agents.csv", "recordings.txt", "no-calls.txt"].contains(&name.as_str());
            if !is_other && path.extension().is_none_or(|kind| kind != "xlsx") {
                samples.push((preset.clone(), path));
            }
        }
    }
    samples
}

#[test]
fn each_sample_is_known_to_its_preset_alone() {
    for (preset, path) in samples() {
        let name = path.display();
        let fits = PresetFit::of_export(&survey(&path), &Input::file(&path));
        let good: Vec<&str> = fits
            .iter()
            .filter(|fit| fit.is_good())
            .map(|fit| fit.preset.name)
            .collect();
        assert_eq!(good, [preset.as_str()], "{name}");
        let trial = fits[0].trial.unwrap();
        // CXone knows its agents as `Family, Given`, of which no address can be made: without an
        // agents file no record is good.
        assert!(trial.good > 0 || preset == "cxone", "{name} {trial:?}");
    }
}

#[test]
fn columns_in_the_guards_of_a_spreadsheet_are_proposed_with_their_repair() {
    let mut text = "call_ref,started,number,mail\n".to_owned();
    for at in 0..40 {
        let row = format!(
            "\"=\"\"{at:05}\"\"\",2026-01-02T08:00:00Z,'+45200{at:05},ida{at}@example.com\n"
        );
        text.push_str(&row);
    }
    let proposal = proposal(&text);
    let repair = "repair = [\"formula\", \"apostrophe\"]";
    for column in ["call_ref", "number"] {
        let rule = format!("{{ from = \"{column}\", {repair}");
        assert!(proposal.contains(&rule), "{rule}\n{proposal}");
    }
    assert!(
        !proposal.contains(&format!("\"mail\", {repair}")),
        "{proposal}"
    );
    load(&proposal);
}

/// An export whose first column is the id, with these ids in place of some.
fn with_ids(bad: &[(usize, &str)], records: usize) -> String {
    let mut text = "call_ref,started,number,mail,code\n".to_owned();
    for at in 0..records {
        let known = bad.iter().find(|(row, _)| *row == at);
        let id = known.map_or_else(|| format!("C-{at:05}"), |(_, id)| (*id).to_owned());
        let row = format!("{id},2026-01-02T08:00:00Z,+45200{at:05},ida{at}@example.com,x-{at}\n");
        text.push_str(&row);
    }
    text
}

#[test]
fn a_few_bad_rows_do_not_cost_the_id_column_and_are_told() {
    let id = "\nexternalIdentity = \"call_ref\"\n";
    let proposed = |bad: &[(usize, &str)], records| proposal(&with_ids(bad, records));
    let text = proposed(&[], 500);
    assert!(text.contains(&format!("[fields]{id}")), "{text}");
    for (bad, records, check) in [
        (&[(10, "")][..], 500, "1 of 500 records have no id here"),
        (&[(3, "")], 8, "1 of 8 records have no id here"),
        (
            &[(400, "C-00003")],
            500,
            "1 of 500 records have an id that an earlier one has",
        ),
    ] {
        let text = proposed(bad, records);
        let (before, _) = text.split_once(id).unwrap_or_else(|| panic!("{text}"));
        let last = before.lines().last().unwrap();
        assert!(
            last.starts_with("# check:") && last.contains(check),
            "{last}"
        );
        assert!(text.contains("\n#   call_ref ("), "{text}");
        load(&text);
    }
    // A column that is empty in every tenth record is no id, whatever its name.
    let bad: Vec<(usize, &str)> = (0..500).step_by(10).map(|at| (at, "")).collect();
    let text = proposed(&bad, 500);
    assert!(!text.contains(id), "{text}");
    assert!(text.contains("\n# - call_ref (450 of 500)"), "{text}");
    assert!(text.contains("no line of this file uses"), "{text}");
}

/// A preset by its name, and the folder's file, as it would be written for them.
fn written(name: &str) -> (PathBuf, String) {
    let path = sample(name);
    let fits = PresetFit::of_export(&survey(&path), &Input::file(&path));
    (path, fits[0].text())
}

#[test]
fn captions_of_an_unknown_language_are_taken_by_their_places_and_the_file_says_so() {
    let (path, text) = written("presets/3cx/lithuanian.csv");
    assert!(
        text.contains("a language that the preset does not know"),
        "{text}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let agents = path.with_file_name("agents.csv");
    let arguments = [
        "check",
        "--region",
        "DK",
        "--timezone",
        "Europe/Copenhagen",
        "--agents",
    ];
    let (code, out, _) = program(
        &[
            &arguments[..],
            &[
                agents.to_str().unwrap(),
                "--mapping",
                file,
                path.to_str().unwrap(),
            ],
        ]
        .concat(),
    );
    // The one that is rejected was in the hour that happened twice.
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("2 of 7 records can be sent"), "{out}");
}

#[test]
fn a_form_without_agents_is_refused_until_somebody_names_one() {
    let folder = tempfile::tempdir().unwrap();
    for form in ["alternate_1", "alternate_1-recordings", "alternate_2"] {
        let (path, text) = written(&format!("presets/vicidial-alternate/{form}.txt"));
        let export = path.to_str().unwrap();
        let arguments = [
            "check",
            export,
            "--region",
            "DK",
            "--timezone",
            "UTC",
            "--mapping",
        ];
        let (code, _, err) = program(&[&arguments[..], &["vicidial-alternate"]].concat());
        assert_eq!(code, 2, "{form}");
        assert!(
            err.contains("`agentId`, `agentName` and `agentEmail`"),
            "{err}"
        );
        let file = folder.path().join("mine.toml");
        fs::write(&file, text.replace("\n# agent", "\nagent")).unwrap();
        let (code, out, _) = program(&[&arguments[..], &[file.to_str().unwrap()]].concat());
        assert_eq!(code, 0, "{form}: {out}");
        assert!(out.contains("4 of 4 records can be sent"), "{form}: {out}");
    }
}

#[test]
fn a_view_with_other_columns_and_other_names_is_still_known() {
    let text = "full export completed;Partial_Result_Timestamp;Filters;Users;Date;Direction;ANI;DNIS;Conversation ID\n\
                YES;;x;Ida;2024-03-15 09:12;Inbound;tel:+4512345601;tel:+4512345600;c1\n";
    let (_folder, path) = export("view.csv", text.as_bytes());
    let fits = PresetFit::of_export(&survey(&path), &Input::file(&path));
    assert_eq!(fits[0].preset.name, "genesys-cloud");
    assert!(fits[0].is_good());
    assert_eq!(fits[0].lacking, ["Media Type", "Wrap-up"]);
    assert_eq!(fits[0].asks, ["timezone", "email"]);
}

/// What `check` makes of an export by its own proposal.
fn checked_by_its_proposal(name: &str, bytes: &[u8], flags: &[&str]) -> (i32, String, String) {
    let (folder, path) = export(name, bytes);
    let file = folder.path().join("mine.toml");
    let text = propose(&survey(&path), None);
    fs::write(&file, &text).unwrap();
    let arguments = [
        "check",
        path.to_str().unwrap(),
        "--mapping",
        file.to_str().unwrap(),
    ];
    let (code, out, err) = program(&[&arguments[..], flags].concat());
    (code, out + &err, text)
}

#[test]
fn a_danish_export_of_nobody_we_know_can_be_checked_by_its_proposal() {
    let text = "Opkalds-nr;Dato;Kl.;Varighed (min:sek);Medarb. nr;Medarbejder navn;Kundens telefon;Samtykke til optagelse\r\n\
                K-1;15-03-2024;09.12;04:34;101;Ida Opdigtet;12 34 56 01;Ja\r\n\
                K-2;15-03-2024;10.05;01:00;102;Bo Fiktiv;+45 12 34 56 02;Nej\r\n\
                K-3;31-03-2024;11.20;00:07;;;12345603;\r\n\
                K-4;31-03-2024;02.20;00:07;101;Ida Opdigtet;12345604;Ja\r\n";
    let flags = [
        "--timezone",
        "Europe/Copenhagen",
        "--region",
        "DK",
        "--email-domain",
        "example.com",
    ];
    let (code, said, file) = checked_by_its_proposal("dansk.csv", text.as_bytes(), &flags);
    assert_eq!(code, 3, "{said}\n{file}");
    assert!(
        said.contains("2 of 4 records can be sent"),
        "{said}\n{file}"
    );
    assert!(
        said.contains("time-never-happened") && said.contains("1 no_agent"),
        "{said}"
    );
    assert!(said.contains("1 yes, 1 no"), "{said}\n{file}");
}

#[test]
fn a_german_export_and_one_without_a_header_can_be_checked_by_their_proposals() {
    let text = "Vorgangsnummer;Beginn;Gesprächsdauer;Bearbeiter;E-Mail Bearbeiter;Rufnummer;Anrufrichtung;Einwilligung\n\
                V-1;15.03.2024 09:12:03;274;Ida Opdigtet;ida@example.com;030 1234567;ausgehend;ja\n\
                V-2;15.03.2024 10:05:44;60;Bo Fiktiv;bo@example.com;+49 30 1234568;eingehend;nein\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let flags = ["--timezone", "Europe/Berlin", "--region", "DE"];
    let (code, said, file) =
        checked_by_its_proposal("deutsch.csv", &[&[0xff, 0xfe], &wide[..]].concat(), &flags);
    assert_eq!(code, 0, "{said}\n{file}");
    assert!(said.contains("1 yes, 1 no"), "{said}\n{file}");
    assert!(
        file.contains("customProp1 = { from = \"Anrufrichtung\""),
        "{file}"
    );
    let text = "90001|20240315091203|OUT|4512345601|ida@example.com|Ida Opdigtet|274|90001.wav\n\
                90002|20240315100544|IN|4512345602|bo@example.com|Bo Fiktiv|60|90002.wav\n";
    let flags = ["--timezone", "UTC", "--region", "DK"];
    // Whose the names and addresses are, no value says.
    let (code, said, file) = checked_by_its_proposal("ohne.txt", text.as_bytes(), &flags);
    assert_eq!(code, 2, "{said}\n{file}");
    assert!(said.contains("left for you to decide"), "{said}");
    let (folder, path) = export("ohne.txt", text.as_bytes());
    let decided = folder.path().join("decided.toml");
    fs::write(
        &decided,
        file.replace("# externalIdentity", "externalIdentity")
            .replace("# agent", "agent")
            .replace("# agents ", "# "),
    )
    .unwrap();
    let arguments = [
        "check",
        path.to_str().unwrap(),
        "--mapping",
        decided.to_str().unwrap(),
    ];
    let (code, said, _) = program(&[&arguments[..], &flags].concat());
    assert_eq!(code, 0, "{said}\n{file}");
    assert!(file.contains("match = [\"{{ column8 }}\""), "{file}");
    assert!(
        file.contains("# check: only its values speak for this column"),
        "{file}"
    );
}

#[test]
fn a_sentence_in_place_of_a_table_gets_no_proposal() {
    let text = b"There are no outbound calls during this time period for these parameters\n";
    let (_folder, path) = export("none.txt", text);
    let (code, out, err) = program(&["mapping", "init", path.to_str().unwrap()]);
    assert_eq!(code, 2, "{out}");
    assert!(
        err.contains("no records") && err.contains("There are no outbound calls"),
        "{err}"
    );
}

const DANISH: &str = "\
Samtale-ID;Dato;Tid;Medarbejder;Retning;Fra;Til;Kø;Taletid;Udfald;Samtykke;Lydfil\n\
1001;15-03-2024;09:12:03;Ida Opdigtet;Udgående;12345600;12345601;Salg;00:04:34;Solgt;ja;a1.wav\n\
1002;15-03-2024;10:05:44;;Indgående;+4512345602;12345600;Support;01:00:00;;nej;a2.wav\n\
1003;31-03-2024;11:20:00;Bo Fiktiv;Udgående;12345600;12345603;Salg;00:00:07;Nej tak;;a3.wav\n";

#[test]
fn an_unknown_export_gets_a_proposal_that_makes_its_calls() {
    let text = proposal(DANISH);
    for line in [
        "externalIdentity = \"Samtale-ID\"",
        "agentName = \"Medarbejder\"",
        "dateTime = { from = [\"Dato\", \"Tid\"], formats = [\"%d-%m-%Y %H:%M:%S\"] }",
        "labels = { from = \"Kø\", optional = true }",
        "status = { from = \"Udfald\", optional = true }",
        "hasConsent = \"Samtykke\"",
        "customNumberProp1 = { from = \"Taletid\", as = \"seconds\", optional = true }",
        "no_agent = \"not Medarbejder\"",
        "#   Taletid (3 of 3): 00:04:34 · 01:00:00 · 00:00:07",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let (_folder, path) = export("export.csv", DANISH.as_bytes());
    let mut mapping = load(&text);
    assert_eq!(mapping.asks(), ["timezone", "region", "email"]);
    mapping.set_timezone("Europe/Copenhagen").unwrap();
    mapping.set_region("DK").unwrap();
    mapping.set_email_domain("example.com").unwrap();
    let proposed = path.with_file_name("proposed.toml");
    fs::write(&proposed, &text).unwrap();
    let (code, shown, _) = program(&[
        "mapping",
        "test",
        path.to_str().unwrap(),
        "--mapping",
        proposed.to_str().unwrap(),
        "--timezone",
        "Europe/Copenhagen",
        "--region",
        "DK",
        "--email-domain",
        "example.com",
    ]);
    assert_eq!(code, 0, "{shown}");
    for part in [
        "+4512345601",
        "2024-03-15T08:12:03Z",
        "ida.opdigtet@example.com",
        "274",
        "1 no_agent",
        "2024-03-31T09:20:00Z",
        "2 of 2 records can be sent",
        "Taletid: 00:04:34",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn doubts_are_written_beside_what_is_proposed() {
    let text = proposal(
        "id,start,agent,phone,duration\n1,05/06/2024 10:00,ida,+4512345601,1:20\n2,07/08/2024 11:00,bo,+4512345602,0:41\n",
    );
    assert!(
        text.contains("# check: the values could as well be %m/%d/%Y %H:%M; which part is the day?\n# dateTime = "),
        "{text}"
    );
    assert!(
        text.contains("minutes and seconds, or hours and minutes?")
            && text.contains(
                "\n# customNumberProp1 = { from = \"duration\", as = \"seconds\", unit = \"hh:mm\""
            ),
        "{text}"
    );
    assert!(
        text.contains("# hasConsent = \"…\"   # nothing found"),
        "{text}"
    );
    load(&text);
}

#[test]
fn every_sample_gets_a_proposal_that_loads_and_fits_it() {
    for (_, path) in samples() {
        let name = path.display();
        let survey = survey(&path);
        let text = propose(&survey, None);
        let mut mapping = load(&text);
        mapping.set_timezone("UTC").unwrap();
        mapping.set_region("DK").unwrap();
        mapping.set_email_domain("example.com").unwrap();
        CallMapping::bind(&mapping, &survey.sheet)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
    }
}

#[test]
fn what_an_export_holds_neither_breaks_the_file_nor_acts_on_a_terminal() {
    let nasty = "\"id\"\"\",\"a\u{1b}[31m\ngent\",\"ph'one\\\",\"{{ x }}\",{% if %}\n\
                 \"1\u{1b}]0;x\u{7}\",\"\u{202e}ida\",+4512345601,2024-03-15T09:12:03Z,b\n";
    let (_folder, path) = export("nasty\u{7}.csv", nasty.as_bytes());
    let text = propose(&survey(&path), None);
    load(&text);
    assert!(
        !text
            .chars()
            .any(|char| char.is_control() && char != '\n' || char == '\u{202e}'),
        "{text:?}"
    );
    let (_, shown, said) = program(&["mapping", "init", path.to_str().unwrap()]);
    assert!(
        !format!("{shown}{said}").contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{shown}{said}"
    );
    let rows = "externalId,agentId,agentName,agentEmail,phoneNumber,datetime,title\n1,\u{1b}[2J,b\u{7},a@example.com,+4512345601,2024-03-15T09:12:03Z,\u{202e}x\n";
    let (_folder, path) = export("rows.csv", rows.as_bytes());
    let (_, shown, said) = program(&["mapping", "test", path.to_str().unwrap()]);
    assert!(shown.contains("2024-03-15T09:12:03Z"), "{shown}{said}");
    assert!(
        !format!("{shown}{said}").contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{shown:?}"
    );
}

#[test]
fn init_says_why_and_what_next() {
    let path = sample("presets/five9/call-log.csv");
    let (code, shown, _) = program(&["mapping", "init", path.to_str().unwrap()]);
    assert_eq!(code, 0);
    for part in [
        "five9",
        "10 of 10",
        "BILL TIME (ROUNDED)".split(' ').next().unwrap(),
        "--timezone ZONE --region COUNTRY",
        "leave out 2",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("five9.toml");
    let arguments = [
        "mapping",
        "init",
        path.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    assert_eq!(program(&arguments).0, 0);
    assert!(fs::read_to_string(&out).unwrap().starts_with("# Five9"));
    assert_ne!(
        program(&arguments).0,
        0,
        "a file that exists is not replaced"
    );
    assert_eq!(program(&["mapping", "init", "-"]).0, 2);
}

#[test]
fn test_shows_problems_and_ends_with_code_3() {
    let path = sample("presets/talkdesk/calls.json");
    let (code, shown, _) = program(&[
        "mapping",
        "test",
        path.to_str().unwrap(),
        "-m",
        "talkdesk",
        "-n",
        "9",
    ]);
    assert_eq!(code, 3, "{shown}");
    for part in [
        "bad-email",
        "ida(at)example.com",
        "bad-time",
        "2 no_agent, 1 missed".split(',').next().unwrap(),
        "3 of 6 records can be sent",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

/// The line of a field, with the comment above it; of one that waits for a person without its `# `.
fn line<'t>(text: &'t str, field: &str) -> (&'t str, &'t str) {
    let lines: Vec<&str> = text.lines().collect();
    let start = format!("{field} = ");
    let bare = |line: &'t str| line.strip_prefix("# ").unwrap_or(line);
    let at = lines.iter().position(|line| bare(line).starts_with(&start));
    let at = at.unwrap_or_else(|| panic!("no {field}\n{text}"));
    (bare(lines[at]), lines[at - 1])
}

#[test]
fn where_several_columns_could_be_meant_the_proposal_says_so() {
    let text = proposal(
        "Call Status,Tracking Number,Start Time,Name,Phone Number,Email,Agent Email,Agent Name,CallRail Id,Created At\n\
         Answered,+4570101010,2024-05-09 13:12 PM,Customer A,+4512345601,a@example.com,ida@example.com,Ida Opdigtet,CAL0,2024-05-12 10:00:00\n\
         Answered,+4570101010,2024-05-10 14:12 PM,Customer B,+4512345602,b@example.com,bo@example.com,Bo Fiktiv,CAL1,2024-05-12 10:00:00\n",
    );
    assert_eq!(line(&text, "agentName").0, "agentName = \"Agent Name\"");
    assert_eq!(line(&text, "agentEmail").0, "agentEmail = \"Agent Email\"");
    let (id, check) = line(&text, "externalIdentity");
    assert_eq!(id, "externalIdentity = \"CallRail Id\"");
    assert!(check.starts_with("# check:"), "{check}");
    let (customer, check) = line(&text, "customer");
    assert!(customer.contains("Phone Number"), "{customer}");
    assert!(check.contains("Tracking Number"), "{check}");
    // Of the beginning of a call that cannot be read, no other time is the better one.
    let (time, check) = line(&text, "dateTime");
    assert_eq!(time, "dateTime = \"Start Time\"");
    assert!(check.contains("13:12 PM"), "{check}");
    load(&text);
}

#[test]
fn the_time_of_the_call_comes_before_that_of_the_record() {
    let record = |at: u32| {
        serde_json::json!({
            "id": at, "createdAt": "2024-05-17T08:21:00Z", "updatedAt": "2024-05-18T08:21:00Z",
            "properties": { "hs_timestamp": format!("2024-05-14T0{at}:12:03Z") }, "name": "Eva Prøve",
        })
    };
    let export_of = serde_json::json!({ "results": [record(1), record(2), record(3)] });
    let (_folder, path) = export("crm.json", export_of.to_string().as_bytes());
    let text = propose(&survey(&path), None);
    let (time, _) = line(&text, "dateTime");
    assert_eq!(time, "dateTime = \"properties.hs_timestamp\"");
    assert!(line(&text, "agentName").1.contains("customer's"), "{text}");
    // A time that cannot be read is named with a hint.
    let text = proposal("id,Start Time\nx1,half past nine\nx2,noon\n");
    let (time, check) = line(&text, "dateTime");
    assert_eq!(time, "dateTime = \"Start Time\"");
    assert!(check.contains("`formats`"), "{check}");
}

#[test]
fn tickets_and_messages_of_a_help_desk_are_known_and_get_no_mapping_for_calls() {
    let ticket = r#"{"id": 5001, "via": {"channel": "email"}, "raw_subject": "Invoice", "requester_id": 9101, "assignee_id": 8101, "group_id": 7101, "comments": [{"id": 50010, "author_id": 9101, "body": "Where?", "public": true}]}"#;
    let messages = "ticket_id,comment_id,comment_created_at,comment_body,author_name,author_email,author_role\n\
                    3001,501,2024-03-15T09:00:00Z,Where?,Dagny Opdigtet,dagny@example.com,end-user\n";
    for (name, text, preset) in [
        (
            "tickets.json",
            format!("{ticket}\n{ticket}\n"),
            "zendesk-tickets",
        ),
        ("ticket.json", ticket.to_owned(), "zendesk-tickets"),
        (
            "wrapped.json",
            format!("{{\"ticket\": {ticket}}}"),
            "zendesk-tickets",
        ),
        ("messages.csv", messages.to_owned(), "zendesk-messages"),
    ] {
        let (_folder, path) = export(name, text.as_bytes());
        for arguments in [&["mapping", "init"][..], &["mapping", "init", "--own"]] {
            let arguments = [arguments, &[path.to_str().unwrap()]].concat();
            let (code, said, _) = program(&arguments);
            assert_eq!(code, 0, "{said}");
            assert!(said.contains(preset) && !said.contains("agentId"), "{said}");
        }
    }
}

#[test]
fn every_preset_has_a_page() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/presets");
    for preset in capturi_import::mapping::Preset::all() {
        let page = pages.join(format!("{}.md", preset.name));
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page:?}: {error}"));
        let named = format!("mapping show {}", preset.name);
        assert!(text.contains(&named), "{page:?} does not say {named}");
    }
}

#[test]
fn questions_need_a_terminal() {
    let (_folder, path) = export("calls.csv", DANISH.as_bytes());
    let (code, _, said) = program(&["mapping", "init", path.to_str().unwrap(), "--guided"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("terminal"), "{said}");
}

#[test]
fn the_column_that_says_how_long_recordings_are_is_found_and_commands_follow() {
    let text = "ref,started,mail,number,ring,talk_ms\n\
                77-42,2024-03-15 09:12:03,ida@example.com,+4512345601,8,2000\n\
                77-43,2024-03-15 09:13:19,bo@example.com,+4512345602,9,3000\n";
    let (folder, path) = export("calls.csv", text.as_bytes());
    let audio = folder.path().join("rec");
    fs::create_dir_all(&audio).unwrap();
    for (name, seconds) in [("77-42", 2), ("77-43", 3)] {
        let samples = vec![0x55; 8000 * seconds];
        let length = u32::try_from(samples.len()).unwrap();
        let mut wave = b"RIFF".to_vec();
        wave.extend((length + 36).to_le_bytes());
        wave.extend(b"WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
        wave.extend(length.to_le_bytes());
        wave.extend(samples);
        fs::write(audio.join(format!("{name}.wav")), wave).unwrap();
    }
    let (export, folder) = (path.to_str().unwrap(), audio.to_str().unwrap());
    let (code, shown, said) = program(&["mapping", "init", export, "--audio", folder]);
    assert_eq!(code, 0, "{said}");
    let rule = "seconds = { from = \"talk_ms\", unit = \"ms\" }";
    assert!(shown.contains(rule), "{shown}");
    for command in ["mapping test", "check", "run"] {
        let line = format!(
            "  capturi-import {command} {export} --mapping mapping.toml --timezone ZONE --audio {folder}"
        );
        assert!(said.contains(&line), "{line}\n{said}");
    }
}

#[test]
fn a_pattern_for_recordings_is_derived_from_their_names_and_finds_them() {
    let text = "ref,started,mail,number\n\
                77.42,2024-03-15 09:12:03,ida@example.com,+4512345601\n\
                77.43,2024-03-15 09:13:19,bo@example.com,+4512345602\n\
                77.4,2024-03-15 09:13:20,ida@example.com,+4512345603\n";
    let (folder, path) = export("calls.csv", text.as_bytes());
    let audio = folder.path().join("rec");
    fs::create_dir_all(audio.join("03")).unwrap();
    for name in [
        "out-101-77.42",
        "in-102-77.43",
        "out-101-77.4",
        "out-101-77.44",
    ] {
        fs::write(audio.join(format!("03/{name}.mp3")), b"ID3").unwrap();
    }
    let (code, said, _) = program(&[
        "mapping",
        "init",
        path.to_str().unwrap(),
        "--audio",
        audio.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("3 of the 3 records looked at find one"),
        "{said}"
    );
    assert!(said.contains(r"(?P<ref>\d+\.\d+)"), "{said}");
    assert!(!said.contains("\nmatch = "), "{said}");
    load(&said[said.find("# A proposal").unwrap()..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_proposal_always_loads(names in prop::collection::vec("[ -~æø\t'\"\\\\{}%]{1,12}", 1..6), cells in prop::collection::vec("\\PC{0,12}", 6)) {
        let quoted = |texts: &[String]| texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
        let text = format!("{}\n{}\n", quoted(&names), quoted(&cells[..names.len()]));
        let (_folder, path) = export("any.csv", text.as_bytes());
        if let Ok(survey) = ExportSurvey::of(&Input::file(&path), &ReadOptions::default()) {
            load(&propose(&survey, None));
            let recordings = cells.iter().map(|cell| format!("{cell}-1.wav")).collect::<Vec<_>>();
            let recordings = ListedRecordings { names: &recordings, seconds: &|_| Some(1.0) };
            load(&propose(&survey, Some(&recordings)));
        }
    }

    #[test]
    fn a_proposal_for_json_always_loads(key in "\\PC{0,10}", nested in "[a-z.'\"{}% ]{1,8}", value in "\\PC{0,12}") {
        let record = serde_json::json!({
            &key: { &nested: &value }, "list": [{ &nested: &value }], "phone": "+4512345601",
            "ta'g s": [{ "": 1 }], "tags": [{ "na' }}me": &value }], "call\\ 'type": "in",
        });
        let (_folder, path) = export("any.ndjson", format!("{record}\n{record}\n").as_bytes());
        if let Ok(survey) = ExportSurvey::of(&Input::file(&path), &ReadOptions::default()) {
            load(&propose(&survey, None));
        }
    }
}

#[test]
fn any_list_of_calls_is_not_taken_for_a_preset_by_the_places_of_its_columns() {
    let (_folder, path) = export(
        "calls.csv",
        b"When;Ticket;Caller;Extension;Way;Result;Rings;Talk\n\
          2024-03-15 09:12:00;100;+4512345601;117;x;sold;00:00:05;00:02:00\n\
          2024-03-15 09:13:00;101;+4512345602;118;y;not sold;00:00:05;00:02:00\n",
    );
    let fits = PresetFit::of_export(&survey(&path), &Input::file(&path));
    let by_place = fits.iter().filter(|fit| fit.renamed.is_some());
    assert_eq!(by_place.count(), 0);
}
