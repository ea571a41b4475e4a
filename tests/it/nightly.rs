//! Ten nights with the same command: exports overlap, a recording comes late, a row changes, a night
//! has no calls, a run is killed, a row is wrong and later right. Only the wrong row wakes somebody.

use std::time::{Duration, SystemTime};

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::Server;

/// Calls of a night.
const NIGHT: usize = 12;

/// The calls of ten nights, the folder of the job and the destination.
struct Job {
    workdir: Workdir,
    server: Server,
    calls: Vec<Given>,
}

impl Job {
    fn new() -> Self {
        Job {
            workdir: Workdir::new(),
            server: Server::healthy(),
            calls: calls(10 * NIGHT, 10),
        }
    }

    /// The calls of these nights, counted from 1.
    fn of(&self, first: usize, last: usize) -> &[Given] {
        &self.calls[(first - 1) * NIGHT..last * NIGHT]
    }

    /// The export that the old system writes in the last of these nights.
    fn export(&self, first: usize, last: usize) {
        std::fs::create_dir_all(self.workdir.path("exports")).expect("a folder");
        self.workdir
            .export(&format!("exports/{last:02}.csv"), self.of(first, last));
    }

    fn record(&self, night: usize) {
        self.workdir.record(self.of(night, night));
    }

    fn run(&self) -> Ended {
        self.workdir.run(&self.server, &["exports"])
    }
}

#[test]
fn ten_nights_wake_somebody_only_when_there_is_something_to_do() {
    let mut job = Job::new();

    job.export(1, 1);
    job.record(1);
    job.run().with_code(0);

    // The recordings of two calls come a night later.
    job.export(1, 2);
    job.workdir.record(&job.of(2, 2)[2..]);
    job.run().with_code(0);
    assert_eq!(job.workdir.outcome("held"), 2);
    job.export(2, 3);
    job.record(2);
    job.record(3);
    job.run().with_code(0);
    assert_eq!(job.workdir.outcome("held"), 0);

    // A row changes after its call was sent: what was sent stays.
    let sent = job.calls[2 * NIGHT].clone();
    job.calls[2 * NIGHT].set("outcome", "changed", "changed".into());
    job.export(3, 4);
    job.record(4);
    job.run().with_code(0);
    assert_eq!(job.workdir.lines_with("changed-since-sent").len(), 1);
    job.calls[2 * NIGHT] = sent;

    // Nights without calls: a header alone, and nothing at all.
    let header = job.workdir.read("exports/04.csv");
    let header = header.lines().next().expect("a header");
    job.workdir.write("exports/05.csv", format!("{header}\n"));
    job.run().with_code(0);
    job.workdir.write("exports/06.csv", "");
    let before = job.server.requests();
    job.run().with_code(0);
    assert_eq!(
        job.server.requests(),
        before,
        "what is in place costs nothing"
    );

    // Killed in the middle, and started again.
    job.export(5, 7);
    (5..=7).for_each(|night| job.record(night));
    let mut running = job.workdir.start(&job.server, &["exports"]);
    running.until(|| job.server.requests() >= before + 10);
    running.kill();
    job.run().with_code(0);

    // A wrong row is somebody's work, until a later export has it right.
    let right = job.calls[7 * NIGHT].clone();
    job.calls[7 * NIGHT].set("datetime", "yesterday", "yesterday".into());
    job.export(7, 8);
    job.record(8);
    job.run().with_code(3);
    assert_eq!(job.workdir.outcome("rejected"), 1);
    job.calls[7 * NIGHT] = right;
    job.export(8, 9);
    job.record(9);
    job.run().with_code(0);

    job.export(9, 10);
    job.record(10);
    job.run().with_code(0);
    let requests = job.server.requests();
    job.run().with_code(0);
    assert_eq!(job.server.requests(), requests, "all is in place");
    // An upload that the kill had left in doubt may be there twice; nothing else is.
    job.server.has_at_least_the_recordings_of(&job.calls, "v2");
}

/// Makes a file look as old as so many days.
fn age(path: &std::path::Path, days: u32) {
    let file = std::fs::File::options().append(true).open(path);
    let then = SystemTime::now() - Duration::from_secs(86_400) * days;
    file.and_then(|file| file.set_modified(then))
        .expect("a file");
}

#[test]
fn an_export_that_no_job_renews_is_told() {
    let given = calls(4, 11);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    age(&workdir.path("calls.csv"), 2);
    let arguments = ["calls.csv", "--expect-new", "1d"];

    for more in [&["--dry-run"][..], &[]] {
        workdir
            .run(&server, &[&arguments[..], more].concat())
            .with_code(3)
            .says("no-new-export");
    }

    assert_eq!(workdir.rows("problems.csv")[0]["code"], "no-new-export");
    server.has_exactly(&given, "v2");
    age(&workdir.path("calls.csv"), 0);
    workdir.run(&server, &arguments).with_code(0);
}

#[test]
fn reports_of_old_nights_go_and_what_arrived_is_still_known() {
    let given = calls(4, 12);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let url = server.url();
    let night = |out: &str| {
        let run = ["run", "calls.csv", "--audio", "audio", "--base-url", &url];
        let kept = ["--rate", "0", "--keep", "90d", "--out", out];
        workdir.call(&[&run[..], &kept].concat()).with_code(0);
    };
    night("reports/2020-01-01");
    for file in std::fs::read_dir(workdir.path("reports/2020-01-01")).expect("a folder") {
        age(&file.expect("a file").path(), 200);
    }
    night("reports/2026-11-30");
    let left = std::fs::read_dir(workdir.path("reports/2020-01-01")).expect("a folder");
    let left: Vec<_> = left.map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(left, ["accepted.csv"]);
    assert!(workdir.has("reports/2026-11-30/summary.json"));
}
