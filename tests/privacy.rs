//! What is told, written and kept holds no token and, where nobody asked for them, no people; and what
//! people open in a spreadsheet does nothing.

#[expect(dead_code, reason = "each topic uses its part of the harness")]
mod harness;

use std::collections::BTreeSet;
use std::path::Path;

use capturi_import::sandbox::{Fault, Faults, Strikes};
use harness::export::{Given, calls};
use harness::program::Place;
use harness::server::{Server, TOKEN, always, at_first};
use serde_json::json;

#[test]
#[cfg(unix)]
fn everything_that_is_written_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let given = calls(20, 60);
    let mut broken = given.clone();
    broken[3].set("agentEmail", "at home", json!("at home"));
    let (place, server) = (Place::with(&broken), Server::healthy());
    place.run(&server, &["calls.csv"]).with_code(3);
    let mut seen = 0;
    for folder in [place.folder(), &place.path("out")] {
        for file in std::fs::read_dir(folder).expect("a folder") {
            let file = file.expect("a file");
            if file.file_name() == "calls.csv" || file.file_name() == "audio" {
                continue;
            }
            let mode = file.metadata().expect("a mode").permissions().mode() & 0o777;
            assert_eq!(
                mode & 0o077,
                0,
                "{} has mode {mode:o}",
                file.path().display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 7, "only {seen} files");
}

/// Everything about the people in these calls, and the token.
fn secrets(given: &[Given]) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = BTreeSet::from([TOKEN.to_owned()]);
    for field in ["customer", "agentName", "agentEmail"] {
        let of_field = given
            .iter()
            .filter_map(|call| call.expected[field].as_str());
        secrets.extend(of_field.map(str::to_owned));
    }
    secrets
}

fn holds_none(secrets: &BTreeSet<String>, bytes: &[u8], place: &str) {
    for secret in secrets {
        let is_here = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!is_here, "{secret} is in {place}");
    }
}

fn files_of_the_ledger(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    let of_ledger = files.filter(|path| path.to_string_lossy().contains(".db"));
    of_ledger
        .flat_map(|path| std::fs::read(path).expect("a file"))
        .collect()
}

#[test]
fn no_log_and_no_ledger_holds_the_token_or_a_person() {
    // Given faults that make the program talk, and a server that repeats what it was sent.
    let given = calls(60, 62);
    let secrets = secrets(&given);
    let faults = Faults::seeded(3)
        .with(at_first(0.2, Fault::Close))
        .with(at_first(0.2, Fault::Close).strikes(Strikes::AfterEffect))
        .with(at_first(0.2, Fault::HalfJson))
        .with(always(Fault::status(400)).requests(90, Some(92)));
    for format in ["human", "json"] {
        let (place, server) = (Place::with(&given), Server::with(faults.clone()));
        let arguments = [
            "calls.csv",
            "--log-level",
            "trace",
            "--log-format",
            format,
            "--concurrency",
            "32",
        ];

        let ended = place.run(&server, &arguments);

        assert!(!ended.out.is_empty(), "it says how it ended");
        holds_none(&secrets, ended.out.as_bytes(), "standard output");
        holds_none(&secrets, ended.err.as_bytes(), "the log");
        holds_none(&secrets, &files_of_the_ledger(place.folder()), "the ledger");
        let token = BTreeSet::from([TOKEN.to_owned()]);
        for name in [
            "accepted.csv",
            "problems.csv",
            "summary.json",
            "report.html",
        ] {
            holds_none(&token, place.read(&format!("out/{name}")).as_bytes(), name);
        }
        let shown = place.call(&["status", "--json", "--log-level", "trace"]);
        holds_none(&secrets, format!("{shown:?}").as_bytes(), "status");
    }
}

#[test]
fn a_rehearsal_logs_no_person_either() {
    // The server inside the program logs each request at this level.
    let given = calls(40, 67);
    let place = Place::with(&given);
    place.write(
        "faults.toml",
        "[[rule]]\nfault = \"close\"\nprobability = 0.2\nfirst = 2\n",
    );
    let arguments = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--sandbox",
        "--faults",
        "faults.toml",
        "--rate",
        "0",
        "--concurrency",
        "32",
        "--log-level",
        "trace",
    ];
    let ended = place.call(&arguments).with_code(0);
    assert!(ended.err.matches("served").count() >= 80, "{}", ended.err);
    holds_none(&secrets(&given), ended.err.as_bytes(), "the log");
    holds_none(
        &secrets(&given),
        &files_of_the_ledger(place.folder()),
        "the ledger",
    );
}

#[test]
fn what_a_server_repeats_of_a_person_is_not_kept() {
    // Given rows that the sandbox refuses with a text of its own; the ids hold no person.
    let mut given = calls(5, 63);
    for call in &mut given {
        call.set("customProp1", "x", json!("x"));
    }
    let place = Place::with(&given);
    let server = Server::with_rule(always(Fault::status(400)));
    let ended = place
        .run(&server, &["calls.csv", "--log-level", "trace"])
        .with_code(3);
    let secrets = secrets(&given);
    holds_none(&secrets, ended.err.as_bytes(), "the log");
    holds_none(&secrets, &files_of_the_ledger(place.folder()), "the ledger");
}

#[test]
fn no_cell_of_a_report_is_a_formula() {
    let mut given = calls(6, 64);
    let formula = "=HYPERLINK(\"http://example.com\")";
    for (call, start) in given.iter_mut().zip([
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "=cmd|' /C calc'!A0",
    ]) {
        call.id = format!("{start}/{}", call.id);
        let id = call.id.clone();
        call.say("externalId", "externalIdentity", &id);
        call.set("audioFile", &call.file.clone(), json!(call.file));
        call.set("hasConsent", formula, json!(formula));
    }
    let (place, server) = (Place::with(&given), Server::healthy());

    place.run(&server, &["calls.csv"]).with_code(3);
    let refused = place.rows("problems.csv");
    assert!(
        refused
            .iter()
            .filter(|row| row["code"] == "bad-consent")
            .count()
            == 6,
        "{refused:?}"
    );
    for call in &mut given {
        call.set("hasConsent", "true", json!(true));
        call.expected.insert("hasConsent".to_owned(), json!(true));
    }
    place.export("calls.csv", &given);
    let before = place.rows("problems.csv");
    place.run(&server, &["calls.csv"]).with_code(0);

    let tables = [
        before,
        place.rows("accepted.csv"),
        place.rows("problems.csv"),
    ];
    for cell in tables
        .iter()
        .flatten()
        .flat_map(std::collections::BTreeMap::values)
    {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell:?}"
        );
    }
    // What was sent is not changed for the sake of a spreadsheet.
    server.has_exactly(&given, "v2");
}

#[test]
fn a_token_from_a_program_is_said_nowhere() {
    let given = calls(5, 62);
    let (place, server) = (Place::with(&given), Server::healthy());
    place.write("keyring", TOKEN);

    let output = place
        .runner(
            &server,
            &[
                "calls.csv",
                "--token-command",
                "cat keyring",
                "--log-level",
                "trace",
            ],
        )
        .env_remove("CAPTURI_API_TOKEN")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("it starts");

    assert_eq!(output.status.code(), Some(0));
    server.has_exactly(&given, "v2");
    for text in [output.stdout, output.stderr] {
        assert!(!String::from_utf8_lossy(&text).contains(TOKEN));
    }
}
