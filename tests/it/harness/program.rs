//! A folder of the test's own, and the program as a process in it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

use super::export::{Given, array, below_a_pointer, lines, table};
use super::server::{Server, TOKEN};

/// A new folder; the program runs in it.
pub(crate) struct Workdir {
    folder: TempDir,
}

/// What any input may take, in KiB: 256 MiB.
pub(crate) const MOST_MEMORY: u32 = 256 << 10;

impl Workdir {
    pub(crate) fn new() -> Self {
        // A ledger waits for the disk at every step, and what a kill leaves behind is the same in
        // memory; where there is no such folder the usual one will do.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Workdir {
            folder: folder.expect("a folder"),
        }
    }

    /// A folder with the recordings of these calls and `calls.csv`.
    pub(crate) fn with(calls: &[Given]) -> Self {
        let workdir = Workdir::new();
        workdir.write("calls.csv", table(calls, b','));
        workdir.record(calls);
        workdir
    }

    /// A call of the program, which ends badly when it asks for more memory than [`MOST_MEMORY`].
    pub(crate) fn call_within_memory(&self, arguments: &[&str]) -> Ended {
        let output = Command::new("sh")
            .current_dir(self.path("."))
            .env_clear()
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::null())
            .args([
                "-c",
                &format!("ulimit -d {MOST_MEMORY} && exec \"$0\" \"$@\""),
            ])
            .arg(env!("CARGO_BIN_EXE_capturi-import"))
            .args(arguments)
            .output();
        Ended::from(output.expect("the program starts"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names of all files and folders here.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).expect("a folder");
        let name = |file: std::io::Result<std::fs::DirEntry>| file.expect("a file").file_name();
        files
            .map(|file| name(file).to_string_lossy().into_owned())
            .collect()
    }

    /// Writes the recordings below `audio/`.
    pub(crate) fn record(&self, calls: &[Given]) {
        std::fs::create_dir_all(self.path("audio")).expect("a folder");
        for call in calls {
            self.write(&format!("audio/{}", call.file), &call.recording);
        }
    }

    /// Writes the calls in the form that the name says.
    pub(crate) fn export(&self, name: &str, calls: &[Given]) {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        let text = match plain.rsplit_once('.').map(|(_, extension)| extension) {
            Some("csv") => table(calls, b','),
            Some("tsv") => table(calls, b'\t'),
            Some("txt") => table(calls, b';'),
            Some("ndjson") => lines(calls),
            Some("json") if plain.contains("below") => below_a_pointer(calls),
            Some("json") => array(calls),
            _ => panic!("{name} has no form"),
        };
        if plain == name {
            self.write(name, text);
        } else {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(text.as_bytes()).expect("memory");
            self.write(name, gzip.finish().expect("memory"));
        }
    }

    /// The program with these arguments, its environment empty but for the token.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_capturi-import"));
        program
            .current_dir(self.folder.path())
            .env_clear()
            .env("CAPTURI_API_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .args(arguments);
        program
    }

    /// Runs it to its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Ended {
        Ended::from(
            self.program(arguments)
                .output()
                .expect("the program starts"),
        )
    }

    /// The ledger is gone.
    pub(crate) fn lose_ledger(&self) {
        std::fs::remove_file(self.path("capturi-import.db")).expect("a ledger");
    }

    /// `ledger rebuild` from the lists below `out`.
    pub(crate) fn rebuild_ledger(&self, server: &Server) -> Ended {
        let url = server.url();
        self.call(&["ledger", "rebuild", "--base-url", &url, "--from", "out"])
    }

    /// `verify` of what the server has.
    pub(crate) fn verify(&self, server: &Server) -> Ended {
        let url = server.url();
        let verify = ["verify", "--base-url", &url, "--read-url", &url];
        self.call(&[&verify[..], &["--rate", "0"]].concat())
    }

    /// `run … --audio audio --out out` against the server, as fast as it goes.
    pub(crate) fn runner(&self, server: &Server, arguments: &[&str]) -> Command {
        let mut runner = self.bare_runner(server, &["--audio", "audio"]);
        runner.args(arguments);
        runner
    }

    /// The same without `--audio`.
    pub(crate) fn bare_runner(&self, server: &Server, arguments: &[&str]) -> Command {
        let url = server.url();
        let mut runner = self.program(&["run", "--base-url", &url, "--rate", "0", "--out", "out"]);
        runner.args(arguments);
        runner
    }

    /// Runs it without `--audio` to its end.
    pub(crate) fn bare_run(&self, server: &Server, arguments: &[&str]) -> Ended {
        let output = self.bare_runner(server, arguments).output();
        Ended::from(output.expect("the program starts"))
    }

    pub(crate) fn run(&self, server: &Server, arguments: &[&str]) -> Ended {
        Ended::from(
            self.runner(server, arguments)
                .output()
                .expect("the program starts"),
        )
    }

    /// The same, without waiting for its end.
    pub(crate) fn start(&self, server: &Server, arguments: &[&str]) -> Running {
        Running::of(self.runner(server, arguments))
    }

    /// The same, with this on standard input.
    pub(crate) fn run_with_input(&self, server: &Server, arguments: &[&str], input: &str) -> Ended {
        let path = self.write(".input", input);
        let file = std::fs::File::open(path).expect("a file");
        let output = self.runner(server, arguments).stdin(file).output();
        Ended::from(output.expect("the program starts"))
    }

    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&self.read("out/summary.json")).expect("JSON")
    }

    /// `status --json`.
    pub(crate) fn status(&self) -> Value {
        let ended = self.call(&["status", "--json"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        serde_json::from_str(&ended.out).expect("JSON")
    }

    /// How many calls the ledger has in this state.
    pub(crate) fn state(&self, name: &str) -> u64 {
        let told = self.status();
        let mut states = told["states"].as_array().expect("states").iter();
        let found = states.find(|entry| entry["name"] == name);
        let calls = found.and_then(|entry| entry["calls"].as_u64());
        calls.unwrap_or_else(|| panic!("no state {name}"))
    }

    /// The rows of a table below `out`, by the names of their columns; a short row has fewer.
    pub(crate) fn rows(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let path = self.path("out").join(name);
        let reader = csv::ReaderBuilder::new().flexible(true).from_path(&path);
        let mut reader = reader.unwrap_or_else(|error| panic!("{name}: {error}"));
        let names = reader.headers().expect("a header").clone();
        let row = |record: csv::Result<csv::StringRecord>| {
            let record = record.expect("a row");
            let cells = record.iter().map(str::to_owned);
            names.iter().map(str::to_owned).zip(cells).collect()
        };
        reader.records().map(row).collect()
    }

    /// The problems of one code, as `file:line`, in the order of the file.
    pub(crate) fn lines_with(&self, code: &str) -> Vec<u64> {
        let rows = self.rows("problems.csv").into_iter();
        rows.filter(|row| row["code"] == code)
            .map(|row| row["line"].parse().expect("a line"))
            .collect()
    }

    /// How many records ended so, by `summary.json`. Checks that all of them ended.
    pub(crate) fn outcome(&self, name: &str) -> u64 {
        let summary = self.summary();
        let outcomes = summary["outcomes"].as_object().expect("outcomes");
        let sum: u64 = outcomes
            .values()
            .map(|count| count.as_u64().expect("a number"))
            .sum();
        assert_eq!(
            Some(sum),
            summary["read"].as_u64(),
            "the outcomes do not add up: {outcomes:?}"
        );
        outcomes[name].as_u64().expect("a number")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        // A process that a signal ended has no code.
        let code = output.status.code().unwrap_or(-1);
        Ended {
            code,
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }

    /// Whether both are said somewhere, on whichever stream.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "{words:?} is not in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// The program while it runs. Killed when dropped.
pub(crate) struct Running {
    child: Option<Child>,
    /// What was read of its standard error while it ran.
    said: String,
}

impl Running {
    /// Starts a program.
    pub(crate) fn of(mut program: Command) -> Running {
        let program = program.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running {
            child: Some(program.spawn().expect("it starts")),
            said: String::new(),
        }
    }

    pub(crate) fn process(&mut self) -> u32 {
        self.child().id()
    }

    /// Waits until it says so on standard error.
    pub(crate) fn until_it_says(&mut self, words: &str) {
        let mut errors = self.child().stderr.take().expect("standard error");
        let mut chunk = [0; 1024];
        while !self.said.contains(words) {
            let length = errors.read(&mut chunk).expect("standard error");
            assert!(
                length > 0,
                "it ended without saying {words:?}: {}",
                self.said
            );
            self.said
                .push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        self.child().stderr = Some(errors);
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("it runs")
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child().try_wait().expect("a child").is_some()
    }

    /// Waits until the condition holds or the program has ended.
    pub(crate) fn until(&mut self, mut holds: impl FnMut() -> bool) {
        while !holds() && !self.is_over() {
            // Nothing depends on how long this is; it leaves the processor to those waited for.
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// `kill -9`; what it said so far is lost with it.
    pub(crate) fn kill(mut self) -> Ended {
        // Fails only when the program has ended by itself.
        let _ = self.child().kill();
        self.end()
    }

    /// Sends a signal by its name, such as `INT`.
    pub(crate) fn signal(&mut self, name: &str) {
        let process = self.child().id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let child = self.child.take().expect("it runs");
        let mut ended = Ended::from(child.wait_with_output().expect("an end"));
        ended.err.insert_str(0, &self.said);
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
