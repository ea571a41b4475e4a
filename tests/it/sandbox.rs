//! The pretend server as a program: who gets in, what it tells to whom, and that a script can use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::export::calls;
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::TOKEN;

/// A sandbox that was started as a program. Killed when dropped.
struct Started {
    child: Child,
    /// `127.0.0.1:8787`.
    host: String,
    /// What it said: its address, its token, and where the page is.
    said: String,
}

impl Started {
    fn new(workdir: &Workdir, arguments: &[&str]) -> Self {
        let mut program = workdir.program(&["sandbox", "--port", "0"]);
        program.args(arguments);
        Started::of(program)
    }

    fn of(mut program: Command) -> Self {
        let mut child = program
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        for _ in 0..2 {
            lines.read_line(&mut said).expect("a line");
        }
        child.stdout = Some(lines.into_inner());
        let address = said.split("http://").nth(1).unwrap_or_default();
        let is_of_address = |char: char| char.is_ascii_digit() || matches!(char, '.' | ':');
        let end = address.find(|char| !is_of_address(char));
        let host = address[..end.unwrap_or(address.len())].to_owned();
        assert!(host.starts_with("127.0.0.1:"), "{said}");
        Started { child, host, said }
    }

    /// The token that it printed.
    fn token(&self) -> &str {
        let said = self.said.split("token ").nth(1).unwrap_or_default();
        said.lines().next().unwrap_or_default()
    }

    fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    fn signal(mut self, name: &str) -> i32 {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.expect("kill").success());
        let ended = self.child.wait().expect("an end");
        ended.code().unwrap_or(-1)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Fails only when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a request without a body.
fn ask(host: &str, line: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(host).expect("a connection");
    let limit = stream.set_read_timeout(Some(Duration::from_secs(60)));
    limit.expect("a limit");
    let request = format!("{line} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the answer to who is at this machine and says this token.
fn status(host: &str, line: &str, token: &str) -> u16 {
    let headers = format!("host: {host}\r\nauthorization: {token}\r\n");
    let answer = ask(host, line, &headers);
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    status.unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn each_start_has_a_token_of_its_own() {
    let workdir = Workdir::new();
    let (first, second) = (Started::new(&workdir, &[]), Started::new(&workdir, &[]));
    assert!(first.token().starts_with("sandbox-"), "{}", first.said);
    assert!(first.token().len() >= 32, "{}", first.said);
    assert_ne!(first.token(), second.token());
    for (sandbox, token, expected) in [
        (&first, first.token(), 200),
        (&second, second.token(), 200),
        (&second, first.token(), 401),
        (&first, "sandbox", 401),
        (&first, "", 401),
    ] {
        assert_eq!(status(&sandbox.host, "GET /__state", token), expected);
    }
    let page = format!("/?api-token={}", first.token());
    assert!(first.said.contains(&page), "{}", first.said);
    let host = format!("host: {}\r\n", first.host);
    let shown = ask(&first.host, &format!("GET {page}"), &host);
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
}

#[test]
fn a_web_page_gets_nothing_even_with_the_token() {
    let workdir = Workdir::new();
    let sandbox = Started::new(&workdir, &[]);
    let host = format!("host: {}\r\n", sandbox.host);
    let token = format!("authorization: {}\r\n", sandbox.token());
    for foreign in [
        "host: evil.example\r\n".to_owned(),
        format!("{host}origin: http://evil.example\r\n"),
        format!("{host}origin: null\r\n"),
        format!("{host}sec-fetch-site: cross-site\r\n"),
        format!("{host}host: evil.example\r\n"),
        String::new(),
    ] {
        for line in [
            "GET /__state",
            "POST /__reset",
            "POST /integrations/conversations/list-delta",
        ] {
            let answer = ask(&sandbox.host, line, &format!("{foreign}{token}"));
            let is_refused = answer.starts_with("HTTP/1.1 403")
                || answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.contains("Host");
            assert!(is_refused, "{line} {foreign}: {answer}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_script_finds_the_token_in_a_file_of_its_own() {
    use std::os::unix::fs::PermissionsExt as _;

    let given = calls(3, 91);
    let workdir = Workdir::with(&given);
    for (name, code) in [("TERM", 0), ("INT", 0), ("KILL", -1)] {
        let sandbox = Started::new(&workdir, &["--token-out", "token"]);
        assert_eq!(workdir.read("token"), format!("{}\n", sandbox.token()));
        let file = std::fs::metadata(workdir.path("token")).expect("a file");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        let url = sandbox.url();
        let run = [
            "run",
            "calls.csv",
            "--audio",
            "audio",
            "--base-url",
            &url,
            "--token-file",
            "token",
            "--ledger",
            name,
            "--out",
            "out",
        ];
        workdir.call(&run).with_code(0);
        assert_eq!(workdir.outcome("created"), 3);
        assert_eq!(sandbox.signal(name), code);
        // After a kill it stays, and the next start replaces it.
        assert_eq!(workdir.has("token"), name == "KILL");
    }
    let again = Started::new(&workdir, &["--token-out", "token"]);
    assert_eq!(workdir.read("token").trim(), again.token());
}

#[test]
fn a_file_that_is_no_token_of_a_sandbox_is_kept() {
    let workdir = Workdir::new();
    workdir.write("token", "a real one\n");
    let ended = workdir.call(&["sandbox", "--port", "0", "--token-out", "token"]);
    let ended = ended.with_code(2).says("already exists");
    assert!(!ended.out.contains("listens"), "{}", ended.out);
    assert_eq!(workdir.read("token"), "a real one\n");
}

#[test]
fn a_token_that_was_typed_is_taken_and_not_repeated() {
    let workdir = Workdir::new();
    let sandbox = Started::new(&workdir, &["--token", TOKEN]);
    assert!(!sandbox.said.contains(TOKEN), "{}", sandbox.said);
    assert_eq!(status(&sandbox.host, "GET /__state", TOKEN), 200);
    assert_eq!(status(&sandbox.host, "GET /__state", "sandbox"), 401);
}

#[test]
fn a_token_of_a_variable_is_taken_and_stands_in_no_list_of_processes() {
    let workdir = Workdir::new();
    let program = |arguments: &[&str], token: &str| {
        let mut program = workdir.program(&["sandbox", "--port", "0"]);
        program.args(arguments).env("CAPTURI_SANDBOX_TOKEN", token);
        program
    };
    let remote = ["--listen", "0.0.0.0", "--allow-remote"];
    let sandbox = Started::of(program(&remote, TOKEN));
    assert!(!sandbox.said.contains(TOKEN), "{}", sandbox.said);
    assert_eq!(status(&sandbox.host, "GET /__state", TOKEN), 200);
    assert_eq!(status(&sandbox.host, "GET /__state", "sandbox"), 401);
    drop(sandbox);
    let typed = Started::of(program(&["--token", "typed-17"], TOKEN));
    assert_eq!(status(&typed.host, "GET /__state", "typed-17"), 200);
    for arguments in [&remote[..], &[]] {
        let ended = program(arguments, " ").output().expect("it starts");
        Ended::from(ended)
            .with_code(2)
            .says("CAPTURI_SANDBOX_TOKEN is empty");
    }
}

#[test]
fn other_machines_are_let_in_with_a_chosen_token_only() {
    let workdir = Workdir::new();
    let remote = ["sandbox", "--listen", "0.0.0.0", "--port", "0"];
    workdir.call(&remote).with_code(2).says("not a loopback");
    let open = [&remote[..], &["--allow-remote"]].concat();
    workdir.call(&open).with_code(2).says("needs a token");
    workdir.write("capturi-import.toml", "allow-remote = true\n");
    workdir.call(&remote).with_code(2).says("needs a token");
    workdir.write("capturi-import.toml", "");
    let arguments = ["--listen", "0.0.0.0", "--allow-remote", "--token", TOKEN];
    let sandbox = Started::new(&workdir, &arguments);
    for (headers, expected) in [
        (
            format!("host: build-7.example:8787\r\nauthorization: {TOKEN}\r\n"),
            "200",
        ),
        ("host: build-7.example:8787\r\n".to_owned(), "401"),
        (
            format!(
                "host: build-7.example\r\norigin: http://evil.example\r\nauthorization: {TOKEN}\r\n"
            ),
            "403",
        ),
    ] {
        let answer = ask(&sandbox.host, "GET /__state", &headers);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{headers}{answer}"
        );
    }
}

/// The ports on which a process listens; `None` where the system hides them, as it may from a user who is
/// not root.
#[cfg(target_os = "linux")]
fn ports_of(process: u32) -> Option<Vec<u16>> {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).ok()?;
    let files = files.flatten();
    let sockets: Vec<String> = files
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            let inode = link.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let ports = table.lines().filter_map(|line| {
        let row: Vec<_> = line.split_whitespace().collect();
        let is_its = row.get(3) == Some(&"0A") && sockets.iter().any(|each| *each == row[9]);
        let port = row.get(1)?.rsplit(':').next()?;
        u16::from_str_radix(port, 16).ok().filter(|_| is_its)
    });
    Some(ports.collect())
}

/// A neighbour on the same machine finds the port of a rehearsal, and nothing behind it.
#[cfg(target_os = "linux")]
#[test]
fn a_rehearsal_shows_its_people_to_nobody() {
    let workdir = Workdir::with(&calls(5, 92));
    // The calls are there, and the uploads wait.
    workdir.write(
        "faults.toml",
        "[[rule]]\non = [\"upload\"]\nfault = { latency = { milliseconds = 600000 } }\n",
    );
    let run = [
        "run",
        "calls.csv",
        "--audio",
        "audio",
        "--sandbox",
        "--faults",
        "faults.toml",
        "--rate",
        "0",
    ];
    let mut child = workdir
        .program(&run)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut ports = Some(Vec::new());
    while ports.as_ref().is_some_and(Vec::is_empty) && child.try_wait().expect("a child").is_none()
    {
        std::thread::park_timeout(Duration::from_millis(1));
        ports = ports_of(child.id());
    }
    let Some(ports) = ports else {
        // `cli::sandbox` tests the same of the server alone.
        child.kill().expect("it runs");
        child.wait().expect("an end");
        return;
    };
    let told: Vec<_> = ports
        .iter()
        .flat_map(|port| {
            let host = format!("127.0.0.1:{port}");
            [
                status(&host, "GET /", "sandbox"),
                status(&host, "GET /__state", "sandbox"),
                status(&host, "POST /__reset", "sandbox"),
                status(
                    &host,
                    "POST /integrations/conversations/list-delta",
                    "sandbox",
                ),
            ]
        })
        .collect();
    child.kill().expect("it runs");
    let ended = child.wait_with_output().expect("an end");
    assert_eq!(told, [404, 404, 404, 401], "{:?}", Ended::from(ended));
}
