//! Every record ends in exactly one count, and every call arrives once, whatever befalls a series of
//! runs: faults, limits, refusals, interrupts, kills, rows that are wrong until somebody corrects them,
//! recordings that come later. What befalls them is told by lot, from seeds.

use crate::harness::export::{Given, calls, table};
use crate::harness::known::{every_request_was_intended, known_doubts};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, always, sometimes};
use capturi_import::sandbox::{Fault, FaultRule, Faults, Strikes};
use fastrand::Rng;
use serde_json::json;

/// How a run is ended from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    ByItself,
    Interrupted { twice: bool },
    Killed,
}

/// One run of a series.
#[derive(Debug)]
struct Plan {
    arguments: Vec<String>,
    faults: Faults,
    end: End,
    /// The request at which it is ended.
    moment: u64,
}

fn fault(dice: &mut Rng) -> FaultRule {
    let share = dice.f64() * 0.3;
    let before_or_after = [Strikes::BeforeEffect, Strikes::AfterEffect][dice.usize(..2)];
    match dice.u8(..8) {
        0 | 1 => sometimes(share, Fault::Close).strikes(before_or_after),
        2 => sometimes(share, Fault::status(503)).strikes(before_or_after),
        3 => sometimes(share, Fault::status(400)),
        4 => sometimes(share, Fault::HalfJson),
        5 => sometimes(share, Fault::Html),
        6 => {
            let from = dice.u64(1..60);
            always(Fault::status(401)).requests(from, Some(from))
        }
        _ => sometimes(share, Fault::Empty),
    }
}

fn plan(dice: &mut Rng, files: &[String], rows: u64) -> Plan {
    let mut arguments = files.to_vec();
    arguments.extend(["--retries".to_owned(), "0".to_owned()]);
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    add(
        "--concurrency",
        ["1", "4", "16"][dice.usize(..3)].to_owned(),
    );
    add(
        "--missing-audio",
        ["hold", "create", "refuse"][dice.usize(..3)].to_owned(),
    );
    if dice.u8(..4) == 0 {
        add("--limit", dice.u64(1..=rows).to_string());
    }
    if dice.u8(..4) == 0 {
        add("--max-errors", dice.u64(1..6).to_string());
    }
    let faults = Faults::seeded(dice.u64(..));
    let faults = (0..dice.u8(..3)).fold(faults, |faults, _| faults.with(fault(dice)));
    Plan {
        arguments,
        faults,
        end: match dice.u8(..6) {
            0 => End::Interrupted { twice: false },
            1 => End::Interrupted { twice: true },
            2 => End::Killed,
            _ => End::ByItself,
        },
        moment: dice.u64(0..rows * 2),
    }
}

fn carry_out(plan: &Plan, workdir: &Workdir, server: &Server) -> Ended {
    server.now_with(plan.faults.clone());
    let arguments: Vec<&str> = plan.arguments.iter().map(String::as_str).collect();
    if plan.end == End::ByItself {
        return workdir.run(server, &arguments);
    }
    let moment = server.requests() + plan.moment;
    let mut running = workdir.start(server, &arguments);
    running.until(|| server.requests() >= moment);
    match plan.end {
        _ if running.is_over() => running.end(),
        End::Killed => running.kill(),
        End::Interrupted { twice } => {
            running.signal("INT");
            if twice && !running.is_over() {
                running.signal("INT");
            }
            running.end()
        }
        End::ByItself => running.end(),
    }
}

/// A run that could say how it ended says so of every record that it read.
fn is_accounted_for(plan: &Plan, ended: &Ended, workdir: &Workdir, rows: u64) {
    if ended.code == -1 {
        return;
    }
    assert!(
        [0, 3, 4, 6, 7, 130].contains(&ended.code),
        "{plan:?}: {ended:?}"
    );
    // The sum is compared with what was read on the way.
    let count = |name| workdir.outcome(name);
    let read = workdir.summary()["read"].as_u64().expect("a number");
    assert!(read <= rows, "{plan:?}: {read} of {rows}");
    let whole = [0, 3].contains(&ended.code);
    assert!(!whole || read == rows, "{plan:?}: {read} of {rows}");
    assert!(!whole || count("not_attempted") == 0, "{plan:?}");
    // What waits for its recording needs nobody.
    let is_open = count("rejected") + count("failed") > 0;
    assert!(
        !whole || (ended.code == 3) == is_open,
        "{plan:?}: {ended:?}"
    );
}

/// The same rows with some wrong, and some twice.
fn with_faults(given: &[Given], dice: &mut Rng) -> Vec<Given> {
    let mut rows = given.to_vec();
    for row in &mut rows {
        if dice.u8(..10) == 0 {
            row.set("agentEmail", "at home", json!("at home"));
        }
    }
    for _ in 0..dice.usize(..4) {
        let again = rows[dice.usize(..rows.len())].clone();
        rows.push(again);
    }
    rows
}

fn series(seed: u64) {
    let mut dice = Rng::with_seed(seed);
    let given = calls(dice.usize(10..50), 300 + seed);
    let rows = with_faults(&given, &mut dice);
    let (workdir, server) = (Workdir::new(), Server::healthy());
    std::fs::create_dir(workdir.path("audio")).expect("a folder");
    // What several files ask for is decided when all of them have been read.
    let of_a_file = [rows.len(), 3][usize::from(seed % 2 == 1)];
    let mut files = Vec::new();
    for (number, rows) in rows.chunks(of_a_file).enumerate() {
        files.push(format!("calls-{number}.csv"));
        workdir.write(&files[number], table(rows, b','));
    }
    let mut late: Vec<Given> = given.clone();
    dice.shuffle(&mut late);

    for _ in 0..dice.usize(1..5) {
        let come = late.split_off(late.len() - dice.usize(..=late.len()));
        workdir.record(&come);
        let plan = plan(&mut dice, &files, rows.len() as u64);
        let ended = carry_out(&plan, &workdir, &server);
        is_accounted_for(&plan, &ended, &workdir, rows.len() as u64);
        every_request_was_intended(&workdir, &server);
    }

    // Everything is corrected, all recordings have come, and nothing befalls the last run.
    server.heal();
    workdir.record(&late);
    workdir.write("calls.csv", table(&given, b','));
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let arrived = workdir.outcome("created") + workdir.outcome("already_there");
    assert_eq!(arrived, given.len() as u64, "seed {seed}");
    let doubled = server.has_at_least_the_recordings_of(&given, "v2");
    let told = known_doubts(&workdir, &given);
    assert!(
        doubled.is_subset(&told),
        "seed {seed}: {doubled:?}, told {told:?}"
    );
    let requests = server.requests();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    assert_eq!(
        server.requests(),
        requests,
        "seed {seed}: a further run sends nothing"
    );
}

#[test]
fn whatever_befalls_a_series_of_runs_every_record_is_accounted_for() {
    for seed in 0..9 {
        series(seed);
    }
}

#[test]
fn and_every_call_arrives_once() {
    for seed in 100..109 {
        series(seed);
    }
}
