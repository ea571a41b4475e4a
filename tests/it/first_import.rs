//! `docs/first-import.md` is typed as it stands: each command, and what it prints.
//!
//! `…` stands for any lines, or for the rest of a line. A block with `file=NAME` is written before the next
//! command. Times, and the port of the sandbox, differ from run to run.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::harness::program::Workdir;

const PAGE: &str = include_str!("../../docs/first-import.md");
const PORT: &str = "8787";

/// A block of the page: how it is marked, and its lines.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(mark), None) => open = Some((mark, Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// A command of the page, and the lines that it is said to print.
struct Typed<'p> {
    command: String,
    printed: Vec<&'p str>,
}

fn typed(page: &str) -> Vec<Typed<'_>> {
    let mut all: Vec<Typed<'_>> = Vec::new();
    for (mark, lines) in blocks(page) {
        if let Some(name) = mark.split_once("file=").map(|(_, name)| name) {
            let command = format!("cat > {name} <<'END'\n{}\nEND", lines.join("\n"));
            all.push(Typed {
                command,
                printed: Vec::new(),
            });
        }
        for line in lines.iter().filter(|_| mark == "console") {
            match (line.strip_prefix("$ "), all.last_mut()) {
                (Some(command), _) => all.push(Typed {
                    command: command.to_owned(),
                    printed: Vec::new(),
                }),
                (None, Some(last)) => last.printed.push(line),
                (None, None) => panic!("{line} is printed by nothing"),
            }
        }
    }
    all
}

/// How long things took is different each time, and so is the padding of what stands beside it.
fn without_times(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let is_time = word.matches(':').count() == 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':');
        if is_time { "0:00:00" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Whether the lines are what the page says.
fn fits(said: &[&str], printed: &[&str]) -> bool {
    let Some((first, rest)) = said.split_first() else {
        return printed.is_empty();
    };
    if *first == "…" {
        return (0..=printed.len()).any(|skipped| fits(rest, &printed[skipped..]));
    }
    let Some((line, others)) = printed.split_first() else {
        return false;
    };
    let (first, line) = (without_times(first), without_times(line));
    let is_same = match first.strip_suffix('…') {
        Some(beginning) => line.starts_with(beginning),
        None => first == line,
    };
    is_same && fits(rest, others)
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener
        .local_addr()
        .expect("an address")
        .port()
        .to_string()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .expect("an entry");
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}

/// All commands for one shell, what each prints in a file of its own.
fn script(all: &[(String, Vec<String>)]) -> String {
    let mut script = "trap 'kill $(jobs -p)' EXIT\n".to_owned();
    for (number, (command, _)) in all.iter().enumerate() {
        // What goes to the background keeps its own output.
        let to = if command.ends_with('&') {
            String::new()
        } else {
            format!(" > ../{number}.out 2>&1")
        };
        writeln!(script, "{{ {command}\n}}{to}").expect("memory");
    }
    script
}

#[test]
fn the_tutorial_prints_what_it_says() {
    let workdir = Workdir::new();
    let folder = workdir.path("first-import");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/first-import"),
        &folder,
    );
    let port = free_port();
    let all = typed(&PAGE.replace(PORT, &port).replace(
        "capturi-import sandbox ",
        &format!("capturi-import sandbox --port {port} "),
    ))
    .into_iter()
    .map(|typed| {
        (
            typed.command,
            typed
                .printed
                .iter()
                .map(|line| (*line).to_owned())
                .collect(),
        )
    })
    .collect::<Vec<(String, Vec<String>)>>();
    assert!(all.len() > 12, "the page was not read");
    let script = script(&all);
    let program = Path::new(env!("CARGO_BIN_EXE_capturi-import"));
    let path = format!(
        "{}:/usr/bin:/bin",
        program.parent().expect("a folder").display()
    );
    let ended = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", path)
        .env("LANG", "C.UTF-8")
        .output()
        .expect("a shell");
    for (number, (command, said)) in all.iter().enumerate() {
        let name = format!("{number}.out");
        let printed = if workdir.has(&name) {
            workdir.read(&name)
        } else {
            String::new()
        };
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            fits(&said, &lines),
            "$ {command}\nthe page says\n{}\nit printed\n{printed}\n{ended:?}",
            said.join("\n")
        );
    }
}

#[test]
fn a_line_that_differs_is_seen() {
    assert!(fits(
        &["a", "…", "c 0:00:01"],
        &["a", "b", "b", "c 0:00:09"]
    ));
    assert!(fits(&["a b…"], &["a b c"]));
    assert!(!fits(&["a", "…", "c"], &["a", "b"]));
    assert!(!fits(&["a"], &["a", "b"]));
    assert!(!fits(&["a b…"], &["a c"]));
}
