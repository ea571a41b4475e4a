//! The process is killed at every write of the ledger and at every boundary of a request, the power
//! fails during every commit, the disk fills at every commit. The same command then finishes the
//! work, and the server has every call once.
//!
//! Needs the feature `failpoints`: `cargo test --features failpoints --test it crash_points::`.
//! `scripts/crash-points` goes on with thousands of points.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::harness::export::calls;
use crate::harness::known::{every_request_was_intended, known_doubts};
use crate::harness::program::{Ended, Workdir};
use crate::harness::secrets::secrets;
use crate::harness::server::{Server, sometimes};
use capturi_import::sandbox::{Fault, Faults, ReceivedCase, Strikes};

/// Where the process is killed.
const PLACES: [&str; 9] = [
    "ledger-opens",
    "commit-begins",
    "commit-ends",
    "ledger-closes",
    "request-leaves",
    "body-leaves",
    "answer-arrives",
    "answer-is-read",
    "fact-is-due",
];

/// Points tried at once: most of the time is spent waiting for processes to start and end.
const AT_ONCE: usize = 4;

/// What came of some points.
#[derive(Debug, Default)]
struct Tally {
    tried: AtomicU64,
    doubled: AtomicU64,
    told: AtomicU64,
}

impl Tally {
    #[expect(clippy::print_stdout, reason = "the figures that a script shows")]
    fn print(&self, what: &str) {
        let [tried, doubled, told] =
            [&self.tried, &self.doubled, &self.told].map(|count| count.load(Ordering::Relaxed));
        // A call that is lost, a conversation that is doubled and a doubled recording that is not
        // known as such end the test where they are found.
        println!(
            "{what}: {tried} points tried, 0 calls lost, 0 conversations doubled, {doubled} \
             recordings doubled, all among the {told} listed in doubt"
        );
    }
}

/// How the program is run between its deaths.
#[derive(Debug, Clone, Copy)]
struct Setting {
    calls: usize,
    seed: u64,
    version: &'static str,
    concurrency: &'static str,
    /// Answers are lost as well, on this share of the requests.
    lost: f64,
    /// Whether there is a read API to look at.
    looks: bool,
}

impl Setting {
    fn server(&self) -> Server {
        let lost = sometimes(self.lost, Fault::Close).strikes(Strikes::AfterEffect);
        let faults = Faults::seeded(self.seed);
        Server::with(if self.lost > 0.0 {
            faults.with(lost.first(1))
        } else {
            faults
        })
    }

    fn arguments<'a>(&'a self, url: &'a str) -> Vec<&'a str> {
        let mut arguments = vec![
            "calls.csv",
            "--api-version",
            self.version,
            "--concurrency",
            self.concurrency,
        ];
        if self.looks {
            arguments.extend(["--read-url", url, "--read-settle", "0s"]);
        }
        arguments
    }
}

fn run_to(workdir: &Workdir, server: &Server, arguments: &[&str], point: &str) -> Ended {
    let mut runner = workdir.runner(server, arguments);
    let output = runner.env("CAPTURI_FAILPOINT", point).output();
    output.expect("the program starts").into()
}

/// Ends a run at each of these points in turn, then lets it finish. `false` when the run came to its
/// end before the first of them.
fn survives(setting: Setting, points: &[String], tally: &Tally) -> bool {
    let given = calls(setting.calls, setting.seed);
    let (workdir, server) = (Workdir::with(&given), setting.server());
    let url = server.url();
    let arguments = setting.arguments(&url);
    for (number, point) in points.iter().enumerate() {
        let ended = run_to(&workdir, &server, &arguments, point);
        let is_disk = point.starts_with("disk");
        match ended.code {
            -1 if !is_disk => {}
            // A full disk is found out and told, and the run ends by itself.
            1 if is_disk => assert!(
                ended.err.contains("the disk is full") || ended.out.contains("the disk is full"),
                "{point}: {ended:?}"
            ),
            0 if number == 0 => return false,
            0 => {}
            _ => panic!("{point} of {points:?}: {ended:?}"),
        }
        every_request_was_intended(&workdir, &server);
    }

    let ended = workdir.run(&server, &arguments);
    assert_eq!(ended.code, 0, "{points:?}: {ended:?}");
    assert_eq!(workdir.summary()["read"], given.len(), "{points:?}");
    workdir.outcome("created");
    let doubled = server.has_at_least_the_recordings_of(&given, setting.version);
    let told = known_doubts(&workdir, &given);
    assert!(
        !setting.looks || doubled.is_empty(),
        "{points:?}: {doubled:?} came twice, though it could be seen"
    );
    assert!(
        doubled.is_subset(&told),
        "{points:?}: {doubled:?} came twice, only {told:?} are known"
    );
    tally
        .tried
        .fetch_add(points.len() as u64, Ordering::Relaxed);
    tally
        .doubled
        .fetch_add(doubled.len() as u64, Ordering::Relaxed);
    tally.told.fetch_add(told.len() as u64, Ordering::Relaxed);
    true
}

/// Does each piece of work on a few threads; a panic of one is a panic of all.
fn each<T: Send>(work: Vec<T>, does: impl Fn(T) + Sync) {
    let work = Mutex::new(work.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(piece) = work.lock().expect("no panic inside").next() else {
                        return;
                    };
                    does(piece);
                }
            });
        }
    });
}

/// Kills at the first, second, third … time that each place is passed, until a run passes it no more.
fn every_point(setting: Setting) -> Tally {
    let tally = Tally::default();
    each(PLACES.to_vec(), |workdir| {
        let passes =
            (1..).take_while(|number| survives(setting, &[format!("{workdir}:{number}")], &tally));
        assert!(passes.count() > 1, "{workdir} is never passed");
    });
    tally
}

#[test]
fn a_kill_at_every_point_of_a_run_loses_nothing() {
    let setting = Setting {
        calls: 6,
        seed: 71,
        version: "v2",
        concurrency: "1",
        lost: 0.0,
        looks: false,
    };
    let tally = every_point(setting);
    let tried = tally.tried.load(Ordering::Relaxed);
    // How many it is depends on which facts share a commit.
    assert!(tried > 60, "only {tried} points");
    tally.print("one at a time");
}

#[test]
fn where_the_server_can_be_asked_nothing_is_doubled() {
    let setting = Setting {
        calls: 4,
        seed: 72,
        version: "v3",
        concurrency: "1",
        lost: 0.0,
        looks: true,
    };
    let tally = Tally::default();
    // A recording that is still on its way when the process dies can arrive after it was looked for;
    // for that there is `--read-settle`, and no test that waits.
    let places = [
        "answer-arrives",
        "answer-is-read",
        "fact-is-due",
        "commit-begins",
        "commit-ends",
    ];
    each(places.to_vec(), |workdir| {
        let passes =
            (1..).take_while(|number| survives(setting, &[format!("{workdir}:{number}")], &tally));
        assert!(passes.count() > 1, "{workdir} is never passed");
    });
    tally.print("with a read API");
}

/// Points by lot: the place, and when.
fn lot(dice: &mut fastrand::Rng, calls: usize) -> String {
    let workdir = PLACES[dice.usize(..PLACES.len())];
    let most = match workdir {
        "ledger-opens" => 5,
        "ledger-closes" => 2,
        "body-leaves" => calls,
        _ => calls * 2,
    };
    format!("{workdir}:{}", dice.usize(1..=most))
}

/// Runs that die up to three times before one ends, several requests at once, answers lost as well.
fn by_lot(rounds: u64, seed: u64) -> Tally {
    let tally = Tally::default();
    each((0..rounds).collect(), |round| {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003) ^ round);
        let setting = Setting {
            calls: 8,
            seed: 80 + dice.u64(..20),
            version: ["v2", "v3"][dice.usize(..2)],
            concurrency: ["2", "4", "8"][dice.usize(..3)],
            lost: [0.0, 0.0, 0.1][dice.usize(..3)],
            looks: false,
        };
        let points: Vec<String> = (0..dice.usize(1..=3))
            .map(|_| lot(&mut dice, setting.calls))
            .collect();
        survives(setting, &points, &tally);
    });
    tally
}

#[test]
fn runs_that_die_again_and_again_lose_nothing() {
    by_lot(60, 1).print("by lot");
}

/// The power fails during commits.
fn without_power(rounds: u64, seed: u64) -> Tally {
    let tally = Tally::default();
    each((0..rounds).collect(), |round| {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(999_983) ^ round);
        let setting = Setting {
            calls: 6,
            seed: 40 + dice.u64(..20),
            version: "v2",
            concurrency: ["1", "4"][dice.usize(..2)],
            lost: 0.0,
            looks: false,
        };
        let point = format!("power-fails:{}:{}", dice.u64(1..=20), dice.u64(..));
        survives(setting, &[point], &tally);
    });
    tally
}

#[test]
fn a_loss_of_power_during_a_commit_loses_nothing() {
    without_power(50, 1).print("power");
}

#[test]
fn a_disk_that_fills_up_stops_the_run_and_loses_nothing() {
    let tally = Tally::default();
    let setting = Setting {
        calls: 5,
        seed: 73,
        version: "v2",
        concurrency: "1",
        lost: 0.0,
        looks: false,
    };
    each((1..=24).collect(), |number: u64| {
        survives(setting, &[format!("disk-fills:{number}")], &tally);
    });
    let tried = tally.tried.load(Ordering::Relaxed);
    assert!(tried > 8, "only {tried} points");
    tally.print("full disk");
}

#[test]
fn a_fault_of_the_program_tells_nobody_who_was_called() {
    let given = calls(10, 74);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let mut runner = workdir.runner(&server, &["calls.csv", "--log-level", "trace"]);
    let output = runner
        .env("CAPTURI_FAILPOINT", "panics:5")
        .env("RUST_BACKTRACE", "full")
        .output();
    let ended = Ended::from(output.expect("the program starts")).with_code(1);
    assert!(ended.err.contains("a fault of a test"), "{}", ended.err);
    for secret in secrets(&given) {
        assert!(
            !ended.err.contains(&secret) && !ended.out.contains(&secret),
            "{secret}"
        );
    }
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_at_least_the_recordings_of(&given, "v2");
}

#[test]
fn a_fault_of_the_program_is_an_object_where_that_form_was_asked_for() {
    let given = calls(10, 75);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let mut runner = workdir.runner(&server, &["calls.csv", "--log-format", "json"]);
    let output = runner.env("CAPTURI_FAILPOINT", "panics:5").output();
    let ended = Ended::from(output.expect("the program starts")).with_code(1);
    assert!(ended.err.contains("a fault of a test"), "{}", ended.err);
    for line in ended.err.lines() {
        assert!(
            line.starts_with('{') && line.ends_with('}'),
            "{}",
            ended.err
        );
    }
}

/// What the server has of each case.
fn cases(server: &Server) -> BTreeMap<String, ReceivedCase> {
    let there = server.snapshot().cases;
    let by_uid: BTreeMap<String, ReceivedCase> = there
        .iter()
        .map(|case| (case.uid.clone(), case.clone()))
        .collect();
    assert_eq!(by_uid.len(), there.len(), "a case came twice");
    by_uid
}

/// The same for the tickets of a help desk, against what an undisturbed run leaves.
fn every_point_of_cases(preset: &str, export: &str) -> Tally {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/zendesk");
    let export = format!("{samples}/{export}");
    let arguments = [&*export, "--mapping", preset, "--concurrency", "1"];
    let tally = Tally::default();
    let folder = || {
        let workdir = Workdir::new();
        std::fs::create_dir(workdir.path("audio")).expect("a folder");
        workdir
    };
    let (workdir, server) = (folder(), Server::healthy());
    workdir.run(&server, &arguments).with_code(0);
    let wanted = cases(&server);
    assert!(wanted.len() >= 2);

    let places = PLACES.iter().filter(|workdir| **workdir != "body-leaves");
    each(places.collect(), |name| {
        for number in 1.. {
            let (workdir, server) = (folder(), Server::healthy());
            let point = format!("{name}:{number}");
            let ended = run_to(&workdir, &server, &arguments, &point);
            if ended.code == 0 {
                assert!(number > 1, "{name} is never passed");
                return;
            }
            assert_eq!(ended.code, -1, "{point}: {ended:?}");
            workdir.run(&server, &arguments).with_code(0);
            workdir.outcome("created");
            let there = cases(&server);
            assert!(there.keys().eq(wanted.keys()), "{point}: {there:?}");
            for (uid, case) in there {
                let wanted = &wanted[&uid];
                assert_eq!(case.fields, wanted.fields, "{point}: {uid}");
                assert_eq!(case.messages, wanted.messages, "{point}: {uid}");
            }
            tally.tried.fetch_add(1, Ordering::Relaxed);
        }
    });
    tally
}

/// Changes of two calls that were sent, with a death at each point; each change arrives once.
#[test]
fn changes_survive_a_kill_at_every_point() {
    let tally = Tally::default();
    let places = PLACES.iter().filter(|place| **place != "body-leaves");
    each(places.collect(), |place| {
        for number in 1.. {
            let mut given = calls(2, 76);
            let (workdir, server) = (Workdir::with(&given), Server::healthy());
            workdir.run(&server, &["calls.csv"]).with_code(0);
            for call in &mut given {
                call.say("outcome", "customProp1", "won");
            }
            workdir.export("calls.csv", &given);
            let url = server.url();
            let flags = ["--changed", "send", "--concurrency", "1"];
            let arguments = [&["calls.csv", "--read-url", &url], &flags[..]].concat();
            let point = format!("{place}:{number}");
            let ended = run_to(&workdir, &server, &arguments, &point);
            if ended.code == 0 {
                // The read API does not pass every place.
                return;
            }
            assert_eq!(ended.code, -1, "{point}: {ended:?}");
            workdir.run(&server, &arguments).with_code(0);
            let there = server.snapshot();
            assert_eq!(there.conversations.len(), given.len(), "{point}");
            for found in &there.conversations {
                assert_eq!(found.metadata["customProp1"], "won", "{point}");
                assert_eq!((found.creates, found.uploads.len()), (1, 1), "{point}");
            }
            let changes = &there.endpoints["PATCH /integrations/conversations/{uid}/metadata"];
            assert_eq!(changes.requests, given.len() as u64, "{point}");
            tally.tried.fetch_add(1, Ordering::Relaxed);
        }
    });
    let tried = tally.tried.load(Ordering::Relaxed);
    assert!(tried > 10, "only {tried} points");
    tally.print("changes");
}

#[test]
fn whole_tickets_survive_a_kill_at_every_point() {
    every_point_of_cases("zendesk-tickets", "tickets.json").print("tickets");
}

#[test]
fn messages_of_tickets_survive_a_kill_at_every_point() {
    every_point_of_cases("zendesk-messages", "messages.csv").print("messages");
}

/// For `scripts/crash-points`, which says how many and from which seed.
#[test]
#[ignore = "takes as long as it is told to"]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that a script hands its numbers to"
)]
fn thousands() {
    let number = |name: &str, default: u64| {
        let text = std::env::var(name).unwrap_or_default();
        text.parse().unwrap_or(default)
    };
    let (points, seed) = (number("CRASH_POINTS", 2000), number("CRASH_SEED", 1));
    // Two points a round on average; a loss of power is one.
    by_lot(points * 2 / 5, seed).print("by lot");
    without_power(points / 5, seed).print("power");
}
