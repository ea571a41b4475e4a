//! What is told, written and kept holds no token and, where nobody asked for them, no people; and what
//! people open in a spreadsheet does nothing.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::harness::export::{Given, calls, with_every_field};
use crate::harness::program::{Ended, Workdir};
use crate::harness::secrets::{holds_none, secrets};
use crate::harness::server::{Server, TOKEN, always, at_first};
use capturi_import::sandbox::{Fault, Faults, Strikes, TamperRule, Tampering};
use serde_json::json;

#[test]
#[cfg(unix)]
fn everything_that_is_written_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let given = calls(20, 60);
    let mut broken = given.clone();
    broken[3].set("agentEmail", "at home", json!("at home"));
    let (workdir, server) = (Workdir::with(&broken), Server::healthy());
    workdir.run(&server, &["calls.csv"]).with_code(3);
    let mut seen = 0;
    for folder in [workdir.folder(), &workdir.path("out")] {
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
        let (workdir, server) = (Workdir::with(&given), Server::with(faults.clone()));
        let arguments = [
            "calls.csv",
            "--log-level",
            "trace",
            "--log-format",
            format,
            "--concurrency",
            "32",
        ];

        let ended = workdir.run(&server, &arguments);

        assert!(!ended.out.is_empty(), "it says how it ended");
        holds_none(&secrets, ended.out.as_bytes(), "standard output");
        holds_none(&secrets, ended.err.as_bytes(), "the log");
        holds_none(
            &secrets,
            &files_of_the_ledger(workdir.folder()),
            "the ledger",
        );
        let token = BTreeSet::from([TOKEN.to_owned()]);
        for name in [
            "accepted.csv",
            "problems.csv",
            "summary.json",
            "report.html",
        ] {
            let forbidden = if WITH_PEOPLE.contains(&name) {
                &token
            } else {
                &secrets
            };
            holds_none(
                forbidden,
                workdir.read(&format!("out/{name}")).as_bytes(),
                name,
            );
        }
        let shown = workdir.call(&["status", "--json", "--log-level", "trace"]);
        holds_none(&secrets, format!("{shown:?}").as_bytes(), "status");
    }
}

/// Many exports know agents by nothing but a name or an address.
#[test]
fn an_agents_id_that_is_an_address_is_in_no_log_and_no_summary() {
    let mut given = calls(30, 64);
    for call in &mut given {
        let address = call.expected["agentEmail"].as_str().map(str::to_owned);
        call.say("agentId", "agentId", &address.expect("every call has one"));
    }
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let arguments = ["calls.csv", "--log-format", "json", "--log-level", "trace"];
    let ended = workdir.run(&server, &arguments).with_code(0);
    let secrets = secrets(&given);
    holds_none(&secrets, ended.out.as_bytes(), "standard output");
    holds_none(&secrets, ended.err.as_bytes(), "the log");
    holds_none(
        &secrets,
        workdir.read("out/summary.json").as_bytes(),
        "the summary",
    );
    assert!(workdir.summary()["agents"].as_u64() > Some(0));
}

#[test]
fn a_rehearsal_logs_no_person_either() {
    // The server inside the program logs each request at this level.
    let given = calls(40, 67);
    let workdir = Workdir::with(&given);
    workdir.write(
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
    let ended = workdir.call(&arguments).with_code(0);
    assert!(ended.err.matches("served").count() >= 80, "{}", ended.err);
    holds_none(&secrets(&given), ended.err.as_bytes(), "the log");
    holds_none(
        &secrets(&given),
        &files_of_the_ledger(workdir.folder()),
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
    let workdir = Workdir::with(&given);
    let server = Server::with_rule(always(Fault::status(400)));
    let ended = workdir
        .run(&server, &["calls.csv", "--log-level", "trace"])
        .with_code(3);
    let secrets = secrets(&given);
    holds_none(&secrets, ended.err.as_bytes(), "the log");
    holds_none(
        &secrets,
        &files_of_the_ledger(workdir.folder()),
        "the ledger",
    );
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
    let (workdir, server) = (Workdir::with(&given), Server::healthy());

    workdir.run(&server, &["calls.csv"]).with_code(3);
    let refused = workdir.rows("problems.csv");
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
    workdir.export("calls.csv", &given);
    let before = workdir.rows("problems.csv");
    // An id that begins with an equals sign or a tab is what a spreadsheet left, and is refused.
    workdir.run(&server, &["calls.csv"]).with_code(3);
    assert_eq!(workdir.outcome("rejected"), 3);

    let tables = [
        before,
        workdir.rows("accepted.csv"),
        workdir.rows("problems.csv"),
        workdir.rows("recordings.csv"),
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
    let is_text = |call: &Given| call.id.starts_with(['+', '-', '@']);
    let sent: Vec<Given> = given.into_iter().filter(is_text).collect();
    server.has_exactly(&sent, "v2");
}

#[test]
fn a_token_from_a_program_is_said_nowhere() {
    let given = calls(5, 62);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    workdir.write("keyring", TOKEN);

    let output = workdir
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

/// A server that refuses everything and repeats it, headers and body, as a bad proxy does.
fn parrot(status: u16, quote: fn(&str, &str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let repeat = move |mut stream: TcpStream| {
        let mut heard = Vec::new();
        let mut chunk = vec![0; 65_536];
        while let Ok(length @ 1..) = stream.read(&mut chunk) {
            heard.extend_from_slice(&chunk[..length]);
            let text = String::from_utf8_lossy(&heard);
            let Some((start, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let lines = start.lines().filter_map(|line| line.split_once(": "));
            let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let wanted = lengths.next().and_then(|(_, value)| value.parse().ok());
            if body.len() < wanted.unwrap_or(0) {
                continue;
            }
            let said = quote(start, body);
            let answer = format!(
                "HTTP/1.1 {status} No\r\ncontent-length: {}\r\n\r\n{said}",
                said.len()
            );
            let _ = stream.write_all(answer.as_bytes());
            heard.clear();
        }
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || repeat(stream));
        }
    });
    url
}

/// The token and the people first, since only the beginning is kept.
fn all(start: &str, body: &str) -> String {
    let headers: Vec<_> = start.rsplit("\r\n").collect();
    format!("{} {body}", headers.join(" "))
}

/// The body from the field `status` on.
fn from_status(_: &str, body: &str) -> String {
    let at = body.find("\"status\"").unwrap_or_default();
    body[at..].to_owned()
}

/// The body from the field `customProp1` on.
fn from_property(_: &str, body: &str) -> String {
    let at = body.find("\"customProp1\"").unwrap_or_default();
    body[at..].to_owned()
}

/// Files below `out` that hold people by design: those for whom they are made asked for the values.
const WITH_PEOPLE: [&str; 2] = ["problems.csv", "rejected.csv"];

/// All files of a folder and of those in it, by their names in it.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for found in std::fs::read_dir(folder).expect("a folder") {
        let path = found.expect("a file").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((name.into_owned(), std::fs::read(&path).expect("a file")));
        }
    }
    files
}

/// Holds none of these in what was said, in the ledger and what lies beside it, and in the files of a folder,
/// but for those that are made to show people: these hold no token. All of them are for their owner alone.
#[track_caller]
fn tells_nothing_of(secrets: &BTreeSet<String>, workdir: &Workdir, ended: &Ended, folder: &str) {
    holds_none(secrets, ended.out.as_bytes(), "standard output");
    holds_none(secrets, ended.err.as_bytes(), "the log");
    let beside = files_of_the_ledger(workdir.folder());
    holds_none(secrets, &beside, "the ledger and what lies beside it");
    let token = BTreeSet::from([TOKEN.to_owned()]);
    let files = files_below(&workdir.path(folder));
    assert!(!files.is_empty(), "{folder} is empty");
    for (name, bytes) in files {
        let shows_people = WITH_PEOPLE.contains(&&*name) || name == "canary.html";
        let forbidden = if shows_people { &token } else { secrets };
        holds_none(forbidden, &bytes, &format!("{folder}/{name}"));
    }
    #[cfg(unix)]
    are_private(&workdir.path(folder));
}

#[cfg(unix)]
fn are_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for found in std::fs::read_dir(folder).expect("a folder") {
        let found = found.expect("a file");
        let mode = found.metadata().expect("a mode").permissions().mode() & 0o777;
        assert_eq!(
            mode & 0o077,
            0,
            "{} has mode {mode:o}",
            found.path().display()
        );
    }
}

/// All that was sent of these calls and says something of people, and the token.
fn everything_of(given: &[Given]) -> BTreeSet<String> {
    let mut all = secrets(given);
    for call in given {
        for field in ["subject", "customerCompany"] {
            let text = call.expected.get(field).and_then(|value| value.as_str());
            all.extend(text.map(str::to_owned));
        }
    }
    all
}

/// Calls with every field, sent and with a read API; and the words that nobody may say of them.
fn sent_with_every_field(more: &[&str]) -> (Workdir, Server, BTreeSet<String>) {
    let given = with_every_field(12);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let arguments = [&["calls.csv", "--log-level", "trace"], more].concat();
    let ended = workdir.run(&server, &arguments).with_code(0);
    let everything = everything_of(&given);
    tells_nothing_of(&secrets(&given), &workdir, &ended, "out");
    (workdir, server, everything)
}

#[test]
fn a_canary_shows_people_on_its_page_alone() {
    let given = with_every_field(8);
    let secrets = everything_of(&given);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let url = server.url();
    for format in ["human", "json"] {
        let canary = [
            "canary",
            "calls.csv",
            "--audio",
            "audio",
            "--base-url",
            &url,
            "--read-url",
            &url,
            "--rate",
            "0",
            "-n",
            "3",
            "--new",
            "--out",
            "seen",
            "--log-level",
            "trace",
            "--log-format",
            format,
        ];
        let ended = workdir.call(&canary);
        assert!([0, 3].contains(&ended.code), "{ended:?}");
        assert!(workdir.has("capturi-import.db.canary"));
        tells_nothing_of(&secrets, &workdir, &ended, "seen");
        let page = workdir.read("seen/canary.html");
        let people = secrets.iter().filter(|secret| page.contains(*secret));
        assert!(people.count() > 0, "the page is made to show the calls");
    }
    let approve = ["canary", "--approve", "T. P.", "--base-url", &url];
    let ended = workdir.call(&approve).with_code(0);
    tells_nothing_of(&secrets, &workdir, &ended, "seen");
}

#[test]
fn a_comparison_tells_nothing_of_people() {
    let (workdir, server, secrets) = sent_with_every_field(&[]);
    // Of each kind some, and a server that repeats what it was asked.
    let kinds = [
        Tampering::Missing,
        Tampering::NoAudio,
        Tampering::Altered,
        Tampering::Twice,
    ];
    let ids: Vec<String> = with_every_field(12)
        .into_iter()
        .map(|call| call.id)
        .collect();
    let mut faults = Faults::seeded(7).with(at_first(0.5, Fault::HalfJson));
    for (what, ids) in kinds.into_iter().zip(ids.chunks(3)) {
        faults = faults.showing(TamperRule::new(what).of(ids.to_vec()));
    }
    let url = server.url();
    // Whoever makes a list may put more than ids into it.
    let people: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let list = format!("{}\n{}\n", ids.join("\n"), people.join("\n"));
    workdir.write("list.txt", list);
    for more in [
        &["--repair"][..],
        &["--only", "list.txt"],
        &["--repair", "--yes"],
    ] {
        server.now_with(faults.clone());
        let verify = [
            "verify",
            "--base-url",
            &url,
            "--read-url",
            &url,
            "--rate",
            "0",
            "--read-settle",
            "0s",
            "--out",
            "seen",
            "--log-level",
            "trace",
        ];
        let ended = workdir.call(&[&verify[..], more].concat()).with_code(3);
        tells_nothing_of(&secrets, &workdir, &ended, "seen");
        for name in ["verify.csv", "summary.json", "report.html"] {
            assert!(workdir.has(&format!("seen/{name}")), "{name}");
        }
    }
}

#[test]
fn evidence_names_nobody() {
    let (workdir, server, secrets) = sent_with_every_field(&["--sha256"]);
    let url = server.url();
    let verify = ["verify", "--base-url", &url, "--read-url", &url];
    workdir.call(&[&verify[..], &["--rate", "0"]].concat());
    let evidence = ["evidence", "--out", "proof", "--log-level", "trace"];
    let ended = workdir.call(&evidence).with_code(0);
    tells_nothing_of(&secrets, &workdir, &ended, "proof");
    for name in [
        "manifest.ndjson",
        "evidence.json",
        "certificate.html",
        "root.txt",
    ] {
        assert!(workdir.has(&format!("proof/{name}")), "{name}");
    }
    let check = [
        "evidence",
        "check",
        "proof",
        "calls.csv",
        "--audio",
        "audio",
    ];
    let ended = workdir.call(&check).with_code(0);
    tells_nothing_of(&secrets, &workdir, &ended, "proof");
    let id = with_every_field(1).remove(0).id;
    let ended = workdir
        .call(&["evidence", "show", "proof", &id])
        .with_code(0);
    tells_nothing_of(&secrets, &workdir, &ended, "proof");
}

#[test]
fn a_label_is_repeated_nowhere_and_a_list_of_ids_tells_nothing_of_people() {
    let given = calls(6, 80);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let label = "import:label-that-nobody-repeats";
    let mut secrets = secrets(&given);
    secrets.insert(label.to_owned());
    let list = format!("{}\n{}\nno-such-call\n", given[0].id, given[1].id);
    workdir.write("list.txt", list);
    for format in ["human", "json"] {
        let arguments = [
            "calls.csv",
            "--only",
            "list.txt",
            "--label",
            label,
            "--log-level",
            "trace",
            "--log-format",
            format,
        ];
        // An id that no record has is told by itself.
        let ended = workdir.run(&server, &arguments).with_code(3);
        assert!(ended.out.contains("no-such-call"), "{ended:?}");
        tells_nothing_of(&secrets, &workdir, &ended, "out");
    }
    let there = server.snapshot().conversations;
    assert_eq!(there.len(), 2);
    for found in there {
        assert!(found.fields["labels"].to_string().contains(label));
    }
    let ended = workdir.call(&["status", "--json", "--log-level", "trace"]);
    tells_nothing_of(&secrets, &workdir, &ended, "out");
}

#[test]
fn what_a_server_repeats_is_told_without_the_token_and_the_people() {
    let given = calls(6, 68);
    let secrets = secrets(&given);
    let token = BTreeSet::from([TOKEN.to_owned()]);
    for (status, code) in [(400, 3), (401, 4), (422, 3), (500, 6)] {
        for format in ["human", "json"] {
            let workdir = Workdir::with(&given);
            let url = parrot(status, all);
            let arguments = [
                "run",
                "calls.csv",
                "--audio",
                "audio",
                "--out",
                "out",
                "--base-url",
                &url,
                "--rate",
                "0",
                "--retries",
                "0",
                "--max-errors",
                "6",
                "--log-level",
                "trace",
                "--log-format",
                format,
            ];
            let ended = workdir.call(&arguments);

            // Which of the two ends a run of failures comes first does not matter here.
            assert!([code, 6].contains(&ended.code), "{status}: {ended:?}");
            holds_none(&secrets, ended.out.as_bytes(), "standard output");
            holds_none(&secrets, ended.err.as_bytes(), "the log");
            holds_none(
                &secrets,
                &files_of_the_ledger(workdir.folder()),
                "the ledger",
            );
            let shown = workdir.call(&["status", "--log-level", "trace"]);
            holds_none(&secrets, format!("{shown:?}").as_bytes(), "status");
            workdir.call(&["report", "--out", "out/again"]).with_code(0);
            let mut seen = 0;
            for folder in ["out", "out/again"] {
                for file in std::fs::read_dir(workdir.path(folder)).expect("a folder") {
                    let file = file.expect("a file");
                    let name = file.file_name().to_string_lossy().into_owned();
                    let Ok(bytes) = std::fs::read(file.path()) else {
                        continue;
                    };
                    seen += 1;
                    let of_run = folder == "out" && WITH_PEOPLE.contains(&&*name);
                    let forbidden = if of_run { &token } else { &secrets };
                    holds_none(forbidden, &bytes, &format!("{folder}/{name}"));
                }
            }
            assert!(seen >= 7, "only {seen} files");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_where_all_users_can_make_files_is_told() {
    use std::os::unix::fs::PermissionsExt as _;

    let given = calls(2, 77);
    let workdir = Workdir::with(&given);
    let said = "all users can make files in";
    let server = Server::healthy();
    let ended = workdir.run(&server, &["calls.csv"]).with_code(0);
    assert!(!ended.err.contains(said), "{ended:?}");
    let open = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(workdir.folder(), open).expect("a mode");
    let ended = workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(ended.err.matches(said).count(), 1, "{ended:?}");
    assert!(workdir.call(&["status"]).err.contains(said));
}

/// Only root can give files to others and run a program as another user, so elsewhere this shows nothing.
#[cfg(unix)]
#[test]
fn a_ledger_and_a_folder_of_another_user_are_told_or_refused() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;

    const US: u32 = 4_711;
    const ANOTHER: u32 = 4_712;
    let workdir = Workdir::with(&calls(2, 79));
    let server = Server::healthy();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let give = |name: &str, owner: u32, mode: u32| {
        let path = workdir.path(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        chown(path, Some(owner), None).is_ok()
    };
    if !give(".", US, 0o755) {
        return;
    }
    std::fs::remove_file(workdir.path("capturi-import.db.lock")).expect("a lock");
    std::fs::remove_dir_all(workdir.path("out")).expect("a folder");
    std::fs::create_dir(workdir.path("out")).expect("a folder");
    give("out", ANOTHER, 0o1777);
    give("capturi-import.db", ANOTHER, 0o666);
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_capturi-import")).expect("a program");
    assert_ne!(
        program.permissions().mode() & 0o005,
        0,
        "others can start it"
    );
    let as_us = |command: &mut std::process::Command| {
        Ended::from(command.uid(US).gid(US).output().expect("it starts"))
    };
    let run = || as_us(&mut workdir.bare_runner(&server, &["calls.csv"]));

    let words = "belongs to another user (number 4712)";
    let refused = run().with_code(2);
    assert!(
        refused.err.contains("capturi-import.db belongs"),
        "{refused:?}"
    );
    let told = as_us(&mut workdir.program(&["status"])).with_code(0);
    assert!(told.err.contains(words), "{told:?}");
    let purge = as_us(&mut workdir.program(&["ledger", "purge"])).with_code(2);
    assert!(purge.err.contains(words), "{purge:?}");

    give("capturi-import.db", US, 0o600);
    let told = run().with_code(0);
    assert_eq!(told.err.matches(words).count(), 1, "{told:?}");
    give("out", ANOTHER, 0o777);
    let refused = run().with_code(2);
    assert!(
        refused.err.contains("can replace the files in it"),
        "{refused:?}"
    );
    give("out", US, 0o700);
    assert!(!run().with_code(0).err.contains(words));
}

#[test]
fn a_token_that_comes_back_as_the_uid_is_kept_nowhere() {
    let workdir = Workdir::with(&calls(2, 76));
    let url = parrot(200, |start, _| {
        let lines = start.lines().filter_map(|line| line.split_once(": "));
        let mut tokens = lines.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let token = tokens.next().map_or("", |(_, value)| value);
        json!({ "UID": token }).to_string()
    });
    let arguments = ["run", "calls.csv", "--out", "out", "--base-url", &url];
    let ended = workdir.call(&[&arguments[..], &["--retries", "0"]].concat());
    assert_ne!(ended.code, 0, "{ended:?}");
    let token = BTreeSet::from([TOKEN.to_owned()]);
    holds_none(&token, format!("{ended:?}").as_bytes(), "what was printed");
    holds_none(&token, &files_of_the_ledger(workdir.folder()), "the ledger");
    for file in std::fs::read_dir(workdir.path("out")).expect("a folder") {
        let file = file.expect("a file").path();
        let bytes = std::fs::read(&file).expect("a report");
        holds_none(&token, &bytes, &file.display().to_string());
    }
}

#[test]
fn one_uid_for_all_calls_is_believed_for_one() {
    let workdir = Workdir::with(&calls(4, 78));
    let url = parrot(200, |_, _| json!({ "UID": "conversation-17" }).to_string());
    let arguments = ["run", "calls.csv", "--out", "out", "--base-url", &url];
    let arguments = [&arguments[..], &["--audio", "audio", "--retries", "0"]].concat();
    let words = "with the uid of another conversation";
    // The second run knows it from the ledger.
    for arrived in [1, 0] {
        let ended = workdir.call(&arguments).with_code(3);
        assert_eq!(workdir.rows("accepted.csv").len(), arrived, "{ended:?}");
        let failed = workdir.read("out/problems.csv");
        assert_eq!(failed.matches(words).count(), 3, "{failed}");
    }
    assert_eq!(workdir.state("complete"), 1);
}

#[test]
fn what_a_server_repeats_of_any_field_is_kept_nowhere() {
    let mut given = calls(6, 75);
    let values = [
        ("customProp1", "matter of a divorce"),
        ("status", "Escalated"),
        ("teamName", "Nordkap"),
    ];
    for call in &mut given {
        for (field, value) in values {
            call.set(field, value, json!(value));
        }
    }
    let secrets = BTreeSet::from(values.map(|(_, value)| value.to_owned()));
    // A message is cut at its end, so that each field stands once at the start of an answer.
    for (answer, told) in [
        (from_status as fn(&str, &str) -> String, "<status>"),
        (from_property, "<customProp1>"),
    ] {
        let workdir = Workdir::with(&given);
        let url = parrot(400, answer);
        let arguments = ["run", "calls.csv", "--out", "out", "--base-url", &url];
        let ended = workdir.call(&[&arguments[..], &["--log-level", "trace"]].concat());
        assert!(ended.out.contains(told), "{ended:?}");
        holds_none(&secrets, ended.out.as_bytes(), "standard output");
        holds_none(&secrets, ended.err.as_bytes(), "the log");
        holds_none(
            &secrets,
            &files_of_the_ledger(workdir.folder()),
            "the ledger",
        );
        for name in ["summary.json", "report.html"] {
            let file = workdir.read(&format!("out/{name}"));
            holds_none(&secrets, file.as_bytes(), name);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn other_users_of_the_machine_see_no_token() {
    let given = calls(10, 69);
    let workdir = Workdir::with(&given);
    workdir.write("token", TOKEN);
    let path = workdir.path("token");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, private).expect("a mode");
    let late = Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    };
    let server = Server::with_rule(always(late));
    let mut running = workdir.start(&server, &["calls.csv", "--token-file", "token"]);
    running.until(|| server.requests() >= 4);
    let line = std::fs::read(format!("/proc/{}/cmdline", running.process())).expect("a process");
    assert!(line.starts_with(b"/"), "it runs");
    holds_none(&secrets(&given), &line, "the list of processes");
    running.kill();
}

#[test]
fn an_error_about_a_token_does_not_hold_it() {
    let workdir = Workdir::with(&calls(2, 70));
    for (token, address) in [
        (format!("{TOKEN}\nx"), "http://127.0.0.1:9"),
        (format!("{TOKEN}\u{7f}"), "http://127.0.0.1:9"),
        (TOKEN.to_owned(), "http://192.0.2.1"),
        (TOKEN.to_owned(), "https://u:p@192.0.2.1"),
        (TOKEN.to_owned(), "nonsense"),
    ] {
        for format in ["human", "json"] {
            let arguments = [
                "run",
                "calls.csv",
                "--base-url",
                address,
                "--log-level",
                "trace",
                "--log-format",
                format,
            ];
            let mut program = workdir.program(&arguments);
            let output = program.env("CAPTURI_API_TOKEN", &token).output();
            let output = output.expect("the program starts");
            assert_eq!(output.status.code(), Some(2), "{address}: {output:?}");
            let token = BTreeSet::from([TOKEN.to_owned()]);
            holds_none(&token, &[output.stdout, output.stderr].concat(), "an error");
        }
    }
}

#[test]
fn an_address_that_cannot_be_read_is_told_without_its_password() {
    let workdir = Workdir::with(&calls(2, 71));
    let bad = "https://ida:hush-hush@exa mple.com/?api-token=hush-hush";
    workdir.write("settings.toml", format!("base-url = \"{bad}\"\n"));
    workdir.write("cut.toml", format!("base-url = \"{bad}\n"));
    let run = ["run", "calls.csv", "--log-level", "trace"];
    for more in [
        ["--base-url", bad],
        ["--read-url", bad],
        ["--config", "settings.toml"],
        ["--config", "cut.toml"],
    ] {
        let ended = workdir.call(&[&run[..], &more[..]].concat()).with_code(2);
        assert!(!format!("{ended:?}").contains("hush"), "{ended:?}");
    }
    for variable in ["CAPTURI_BASE_URL", "CAPTURI_READ_URL"] {
        let output = workdir.program(&run).env(variable, bad).output();
        let ended = format!("{:?}", output.expect("the program starts"));
        assert!(!ended.contains("hush"), "{ended}");
    }
    // The proxy is no setting of ours, and its password is told by nobody.
    let arguments = [
        &run[..],
        &["--base-url", "https://192.0.2.1", "--timeout", "1s"],
    ]
    .concat();
    for proxy in [
        "http://ida:hush-hush@127.0.0.1:1",
        "http://ida:hush-hush@exa mple:x",
    ] {
        let mut program = workdir.program(&arguments);
        let program = program.args(["--max-outage", "1s", "--retries", "0"]);
        let output = program.env("HTTPS_PROXY", proxy).output();
        let ended = format!("{:?}", output.expect("the program starts"));
        assert!(!ended.contains("hush"), "{ended}");
    }
}

/// A mapping of somebody else, in a folder of its own, that asks for a file of the machine.
fn mapping_that_reads(file: &str) -> String {
    format!(
        "[lookup.a]\nfile = \"{file}\"\nkey = \"id\"\n[fields]\nexternalIdentity = \"externalId\"\n\
         agentId = \"agentId\"\nagentName = {{ from = \"agentId\", lookup = \"a\", column = \"name\" }}\n\
         agentEmail = \"agentEmail\"\ncustomer = \"phoneNumber\"\ndateTime = \"datetime\"\n\
         subject = \"title\"\n"
    )
}

#[test]
fn a_mapping_reads_no_file_outside_of_its_folder_and_shows_no_line_of_any() {
    let given = calls(2, 72);
    let workdir = Workdir::with(&given);
    workdir.write("private", "root:x:0:0:s3cret:/root\nida:x:1:1::/home/ida\n");
    let private = workdir.path("private").to_string_lossy().into_owned();
    #[cfg(unix)]
    {
        workdir.write("theirs/x", "");
        std::os::unix::fs::symlink(&private, workdir.path("theirs/link.csv")).expect("a link");
    }
    for file in ["../private", &private, "link.csv"] {
        workdir.write("theirs/my.toml", mapping_that_reads(file));
        let check = ["check", "calls.csv", "--mapping", "theirs/my.toml"];
        let ended = workdir.call(&check).with_code(2);
        assert!(!format!("{ended:?}").contains("s3cret"), "{ended:?}");
        // Who names it may read it; it is no table, and its lines are nobody's business.
        let lookup = format!("a={private}");
        let ended = workdir
            .call(&[&check[..], &["--lookup", &lookup]].concat())
            .with_code(2);
        ended.says("has no column `id`");
    }
    workdir.write("theirs/my.toml", mapping_that_reads("../private"));
    let check = [
        "check",
        "calls.csv",
        "--mapping",
        "theirs/my.toml",
        "--lookup",
    ];
    let ended = workdir.call(&[&check[..], &["a=private"]].concat());
    assert!(!format!("{ended:?}").contains("s3cret"), "{ended:?}");
}

#[test]
fn a_check_names_the_files_that_it_reads_besides_the_export() {
    let mut given = calls(2, 73);
    for call in &mut given {
        call.say("agentId", "agentId", "7");
    }
    let workdir = Workdir::with(&given);
    workdir.write("theirs/my.toml", mapping_that_reads("agents.csv"));
    workdir.write("theirs/agents.csv", "id,name\n7,Testine\n");
    let check = ["check", "calls.csv", "--mapping", "theirs/my.toml"];
    let ended = workdir.call(&check).with_code(0);
    assert!(ended.err.contains("theirs/agents.csv"), "{ended:?}");
    let json = workdir.call(&[&check[..], &["--log-format", "json"]].concat());
    assert!(json.out.contains(r#""event":"second_files""#), "{json:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn no_core_dump_of_a_run_is_written() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let given = calls(10, 74);
    let workdir = Workdir::with(&given);
    let late = Fault::Latency {
        milliseconds: 600_000,
        jitter_milliseconds: 0,
    };
    let server = Server::with_rule(always(late));
    // As where somebody looks for faults; a program that is started inherits it.
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let most = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Core, most).expect("a limit");
    let mut running = workdir.start(&server, &["calls.csv"]);
    running.until(|| server.requests() >= 4);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.process()));
    let limits = limits.expect("a process");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = core.and_then(|line| line.split_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{limits}");
    running.kill();
}
