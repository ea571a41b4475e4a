//! Several processes that share an export: each call is sent once, each problem told once, and a ledger
//! stays with its part.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::Server;

/// `run` of one shard as a process of its own, with a ledger and a folder of its own.
pub(crate) fn shard(workdir: &Workdir, server: &Server, number: u32, count: u32) -> Command {
    let (shard, ledger) = (format!("{number}/{count}"), format!("shard-{number}.db"));
    let (url, out) = (server.url(), format!("out-{number}"));
    let run = ["run", "calls.csv", "--base-url", &url, "--rate", "0"];
    let mut program = workdir.program(&run);
    program.args(["--audio", "audio", "--shard", &shard]);
    program.args(["--ledger", &ledger, "--out", &out]);
    program
}

fn run(mut program: Command) -> Ended {
    Ended::from(program.output().expect("the program starts"))
}

fn summary(workdir: &Workdir, out: &str) -> Value {
    serde_json::from_str(&workdir.read(&format!("{out}/summary.json"))).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

/// How often each problem is told below `out`, by line, code and id.
fn problems(workdir: &Workdir, out: &str) -> BTreeMap<String, usize> {
    let text = workdir.read(&format!("{out}/problems.csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let of = |name: &str| names.iter().position(|it| it == name).expect("a column");
    let (line, code, id) = (of("line"), of("code"), of("external_id"));
    let mut counts = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let key = format!("{} {} {}", &row[line], &row[code], &row[id]);
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Calls, and rows of all sorts that are none: without an id, with a bad time, that come twice, that say
/// other things of an id, and that want a recording which another row has.
fn troubled() -> (Vec<Given>, String) {
    let given = calls(60, 31);
    let workdir = Workdir::with(&given);
    let mut text = workdir.read("calls.csv");
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|row| row.expect("a row"))
        .collect();
    let names = csv::Reader::from_reader(text.as_bytes())
        .headers()
        .expect("a header")
        .clone();
    let at = |name: &str| names.iter().position(|it| it == name).expect("a column");
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (index, row) in rows.iter().enumerate().take(36) {
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        match index % 6 {
            0 => cells[at("externalId")] = String::new(),
            1 => {
                cells[at("externalId")] = format!("late-{index}");
                "yesterday".clone_into(&mut cells[at("datetime")]);
            }
            2 => {}
            3 => "another".clone_into(&mut cells[at("title")]),
            4 => {
                cells[at("externalId")] = format!("thief-{index}");
                cells[at("audioFile")].clone_from(&given[index].file);
            }
            _ => cells[at("phoneNumber")] = String::new(),
        }
        writer.write_record(&cells).expect("memory");
    }
    let more = writer.into_inner().expect("all rows");
    text.push_str(&String::from_utf8(more).expect("UTF-8"));
    (given, text)
}

#[test]
fn three_shards_say_and_do_what_one_process_does() {
    let (given, text) = troubled();
    let workdir = Workdir::with(&given);
    workdir.write("calls.csv", &text);
    let alone = Server::healthy();
    workdir.run(&alone, &["calls.csv"]).with_code(3);
    let server = Server::healthy();
    let mut told = BTreeMap::new();
    let (mut own, mut created) = (0, 0);
    let whole = workdir.summary();
    for at in 0..3 {
        run(shard(&workdir, &server, at, 3)).with_code(3);
        let summary = summary(&workdir, &format!("out-{at}"));
        assert_eq!(summary["shard"]["number"], at);
        assert_eq!(summary["shard"]["of"], 3);
        assert_eq!(summary["read"], whole["read"]);
        assert_eq!(summary["is_accounted_for"], true);
        let others = number(&summary["outcomes"]["other_shard"]);
        own += number(&summary["read"]) - others;
        created += number(&summary["outcomes"]["created"]);
        assert!(others > 0 && others < number(&summary["read"]), "{summary}");
        for (problem, count) in problems(&workdir, &format!("out-{at}")) {
            *told.entry(problem).or_default() += count;
        }
    }
    assert_eq!(own, number(&whole["read"]));
    assert_eq!(created, number(&whole["outcomes"]["created"]));
    assert_eq!(told, problems(&workdir, "out"));
    assert!(told.len() > 20, "{told:?}");
    server.has_exactly(&given, "v2");
    assert_eq!(server.requests(), alone.requests());
}

#[test]
fn recordings_that_are_found_inexactly_go_where_one_process_sends_them() {
    let mut given = calls(40, 32);
    for (index, call) in given.iter_mut().enumerate() {
        // The folder differs, so that no name is found as it is said.
        call.file = format!("moved/{:02}/{}.wav", index % 5, call.id);
    }
    let workdir = Workdir::with(&given);
    let alone = Server::healthy();
    let code = workdir.run(&alone, &["calls.csv"]).code;
    let server = Server::healthy();
    for at in 0..4 {
        run(shard(&workdir, &server, at, 4)).with_code(code);
    }
    let uploads = |server: &Server| {
        let found = server.snapshot().conversations.into_iter();
        let of = |it: &capturi_import::sandbox::ReceivedConversation| {
            let sums = it.uploads.iter().map(|upload| upload.sha256.clone());
            (it.external_identity.clone(), sums.collect::<Vec<_>>())
        };
        found.map(|it| of(&it)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(uploads(&server), uploads(&alone));
    assert_eq!(uploads(&alone).len(), given.len());
}

#[test]
fn an_engine_tells_which_shard_a_process_is() {
    let given = calls(12, 33);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    for at in 0..2 {
        let (ledger, out) = (format!("{at}.db"), format!("out-{at}"));
        let url = server.url();
        let run_it = ["run", "calls.csv", "--base-url", &url, "--rate", "4"];
        let mut program = workdir.program(&run_it);
        program.args(["--audio", "audio", "--ledger", &ledger, "--out", &out]);
        program.args(["--shard", "auto/2"]);
        program.env("JOB_COMPLETION_INDEX", at.to_string());
        let ended = run(program).with_code(0);
        let said = format!("shard {at}/2 (by JOB_COMPLETION_INDEX), 2 of 4 requests/s (no gate)");
        ended.says(&said);
    }
    server.has_exactly(&given, "v2");
    let url = server.url();
    let run_it = ["run", "calls.csv", "--base-url", &url, "--shard", "auto/2"];
    workdir.call(&run_it).with_code(2).says("--shard 0/2");
    let ninth = ["run", "calls.csv", "--base-url", &url, "--shard", "8/8"];
    let ninth = workdir.call(&ninth).with_code(2);
    ninth.says("there is no shard 8 of 8: shards are numbered 0 to 7");
}

#[test]
fn standard_input_cannot_be_shared() {
    let workdir = Workdir::with(&calls(2, 34));
    let run_it = ["run", "-", "--dry-run", "--sandbox", "--shard", "0/2"];
    let ended = workdir.call(&run_it).with_code(2);
    ended.says("standard input is read once");
}

/// A shard that is refused with this ledger, and what is said.
fn refused(workdir: &Workdir, server: &Server, ledger: &str, part: [u32; 2]) -> Ended {
    let program = shard(workdir, server, part[0], part[1]);
    let mut arguments: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
    let at = arguments.iter().position(|it| it == "--ledger");
    arguments[at.expect("a ledger") + 1] = ledger.into();
    let arguments: Vec<&str> = arguments.iter().filter_map(|it| it.to_str()).collect();
    workdir.call(&arguments).with_code(2)
}

#[test]
fn a_ledger_stays_with_its_shard() {
    let workdir = Workdir::with(&calls(30, 35));
    let server = Server::healthy();
    run(shard(&workdir, &server, 1, 3)).with_code(0);
    let requests = server.requests();
    let swapped = refused(&workdir, &server, "shard-1.db", [2, 3]);
    swapped
        .says("holds shard 1/3")
        .says("the ledger of shard 2/3");
    let divided = refused(&workdir, &server, "shard-1.db", [1, 4]);
    divided.says("this run imports shard 1/4").says("--into 4");
    let url = server.url();
    let whole = ["run", "calls.csv", "--base-url", &url, "--ledger"];
    let of_shard = workdir.call(&[&whole[..], &["shard-1.db"]].concat());
    let of_shard = of_shard.with_code(2).says("imports the whole export");
    of_shard.says("add --shard 1/3");
    let limited = workdir.call(&[&whole[..], &["all.db", "--limit", "1"]].concat());
    limited.with_code(7);
    let of_whole = refused(&workdir, &server, "all.db", [1, 3]);
    of_whole
        .says("holds calls of a whole export")
        .says("all.db --into 3");
    assert_eq!(
        server.requests(),
        requests + 1,
        "whoever is refused sends nothing"
    );
}

#[test]
fn a_ledger_stays_with_its_export_and_mapping() {
    let workdir = Workdir::with(&calls(30, 37));
    let server = Server::healthy();
    run(shard(&workdir, &server, 1, 3)).with_code(0);
    let requests = server.requests();
    let text = workdir.read("calls.csv");
    workdir.write("calls.csv", format!("{text}\n"));
    let other = refused(&workdir, &server, "shard-1.db", [1, 3]);
    other
        .says("was begun with another export")
        .says("new files need new ledgers");
    workdir.write("calls.csv", &text);
    let mapping = workdir.call(&["mapping", "show", "capturi-v1"]).out;
    workdir.write("own.toml", format!("{mapping}\n# another\n"));
    let mut program = shard(&workdir, &server, 1, 3);
    program.args(["--mapping", "own.toml"]);
    let other = run(program).with_code(2);
    other.says("was begun with another mapping");
    let mut dry = shard(&workdir, &server, 1, 3);
    dry.args(["--dry-run", "--timezone", "Europe/Paris"]);
    run(dry).with_code(2).says("was begun with another mapping");
    let again = run(shard(&workdir, &server, 1, 3)).with_code(0);
    again.says("Everything is in place");
    assert_eq!(
        server.requests(),
        requests,
        "whoever is refused sends nothing"
    );
}

#[test]
fn shards_run_side_by_side() {
    let given = calls(80, 36);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    let running: Vec<Running> = (0..4)
        .map(|at| Running::of(shard(&workdir, &server, at, 4)))
        .collect();
    for running in running {
        running.end().with_code(0);
    }
    server.has_exactly(&given, "v2");
}
