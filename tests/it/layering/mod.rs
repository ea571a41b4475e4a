//! Holds the rooms of `src` to their order: a room may only use rooms above it.
//!
//! The source is read as text, not compiled: a small lexer drops comments and strings, and what is
//! left is searched for paths that start at the crate. That also sees code behind `cfg`, and it
//! can say the line. `lib.rs` and `main.rs` are exempt, since they only tie the rooms together.

use std::fs;
use std::path::{Path, PathBuf};

mod lexer;
mod rules;

use lexer::tokens;
use rules::{ROOMS, Reader};

/// The room of a file below `src` and the number of modules that lead to it.
fn place(path: &Path) -> Option<(String, usize)> {
    let mut parts: Vec<&str> = path
        .iter()
        .map(|part| part.to_str())
        .collect::<Option<_>>()?;
    let file = parts.pop()?.strip_suffix(".rs")?;
    if file != "mod" {
        parts.push(file);
    }
    Some(((*parts.first()?).to_owned(), parts.len()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of src can be listed") {
        let path = entry.expect("an entry of src can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_of_src_uses_only_what_it_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for path in rust_files(&src) {
        let below = path.strip_prefix(&src).expect("listed below src");
        if below == Path::new("lib.rs") || below == Path::new("main.rs") {
            continue;
        }
        let shown = Path::new("src").join(below);
        match place(below) {
            Some((room, depth)) if ROOMS.contains(&room.as_str()) => {
                let source = fs::read_to_string(&path).expect("a source file is text");
                let is_test_file = below.iter().any(|part| {
                    ["tests", "tests.rs", "test_support.rs"]
                        .iter()
                        .any(|name| part == *name)
                });
                let reader = Reader::new(&room, depth, &source).for_tests(is_test_file);
                for (line, why) in reader.read() {
                    broken.push(format!("{}:{line}: {why}", shown.display()));
                }
            }
            _ => broken.push(format!("{}:1: this file is in no room", shown.display())),
        }
    }
    assert!(
        broken.is_empty(),
        "ARCHITECTURE.md says who may use whom:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_table_and_the_crate_have_the_same_rooms() {
    let source = include_str!("../../../src/lib.rs");
    let tokens = tokens(source);
    let mut declared: Vec<&str> = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| pair[1].text)
        .collect();
    let mut rooms = ROOMS.to_vec();
    declared.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(declared, rooms);
}

/// Lines and reasons for a file directly in the folder of `room`.
fn judge(room: &str, source: &str) -> Vec<(usize, String)> {
    Reader::new(room, 2, source).read()
}

#[test]
fn a_room_may_use_itself_and_what_is_above() {
    let source = "use crate::domain::Call;\nuse crate::{source::Record, recordings};\nfn f() { crate::mapping::g() }";
    assert_eq!(judge("recordings", source), []);
}

#[test]
fn a_room_below_is_found_with_its_line() {
    for (source, line) in [
        ("\nuse crate::ledger::Ledger;", 2),
        ("fn f() {\n\n crate :: ledger :: g() }", 3),
        ("use crate::{domain::{Call, Code},\n ledger};", 2),
        ("use {std::fmt, crate::ledger};", 1),
        ("use super::super::ledger::Ledger;", 1),
        ("mod tests {\n use super::super::super::ledger; }", 2),
        ("macro_rules! m { () => { $crate::ledger::g() } }", 1),
    ] {
        let found = judge("recordings", source);
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert_eq!(found[0].0, line, "{source}");
        assert!(found[0].1.contains("`ledger`, which is below"), "{source}");
    }
}

#[test]
fn staying_inside_the_room_by_super_is_fine() {
    let source = "use super::ledger::A; mod tests { use super::super::ledger; } use super::super::recordings;";
    assert_eq!(judge("recordings", source), []);
}

#[test]
fn comments_and_strings_are_not_code() {
    let source = r##"
// crate::cli
/* crate::cli /* nested crate::cli */ still crate::cli */
/// [`crate::cli`]
const A: &str = "crate::cli \" crate::cli";
const B: &str = r#"crate::cli " crate::cli"#;
const C: &[u8] = b"crate::cli";
const D: char = '"';
const E: char = '\'';
fn f<'a>(x: &'a str) -> &'a str { x } // 'crate::cli
pub(crate) struct Crate;
"##;
    assert_eq!(judge("domain", source), []);
    let after = format!("{source}use crate::cli;");
    assert_eq!(judge("domain", &after).len(), 1, "code after them is read");
}

#[test]
fn the_sandbox_uses_nothing_of_ours() {
    assert_eq!(judge("sandbox", "use crate::domain::Call;").len(), 1);
    assert_eq!(
        judge("sandbox", "use crate::sandbox::Faults; use super::x;"),
        []
    );
}

#[test]
fn a_root_that_hides_who_is_used_is_refused() {
    for source in [
        "use crate::*;",
        "use crate as all;",
        "use crate::prelude::A;",
    ] {
        assert_eq!(judge("cli", source).len(), 1, "{source}");
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (library, room) in [
        ("rusqlite", "ledger"),
        ("reqwest", "api"),
        ("clap", "config"),
    ] {
        for source in [
            format!("use {library}::X;"),
            format!("use {library};"),
            format!("#[derive({library}::Parser)] struct A;"),
            format!("fn f(x: ::{library}::X) {{}}"),
        ] {
            assert_eq!(judge(room, &source), [], "{source}");
            let found = judge("pipeline", &source);
            // A leading `::` names the same library.
            assert_eq!(found.len(), 1, "{source}");
        }
        assert_eq!(
            judge(
                "pipeline",
                &format!("let {library} = a.{library}; b::{library}::c()")
            ),
            []
        );
    }
    let test = "#[cfg(test)]\nmod tests { use reqwest::Client; }";
    assert_eq!(judge("sandbox", test), []);
    let after = format!("{test} use reqwest::Client;");
    assert_eq!(
        judge("sandbox", &after).len(),
        1,
        "the module for tests has ended"
    );
}

#[test]
fn only_config_reads_the_environment() {
    for source in [
        "fn f() { std::env::var(x); }",
        "use std::env; fn f() { env::var_os(x); }",
        "use std::env::{self, vars};",
    ] {
        assert_eq!(judge("cli", source).len(), 1, "{source}");
        assert_eq!(judge("config", source), [], "{source}");
    }
    assert_eq!(
        judge("cli", "env!(X); std::env::temp_dir(); std::env::args();"),
        []
    );
}

#[test]
fn only_report_prints() {
    for source in [
        "fn f() { println!(); }",
        "fn f() { eprint!(); }",
        "use std::io::{Read, stderr};",
        "std::io::stdout()",
    ] {
        assert_eq!(judge("delivery", source).len(), 1, "{source}");
        assert_eq!(judge("report", source), [], "{source}");
    }
    assert_eq!(
        judge(
            "delivery",
            "#[cfg(test)] mod tests { fn f() { println!(); } }"
        ),
        []
    );
}

#[test]
fn files_are_put_into_their_rooms() {
    let room = |path: &str| place(Path::new(path));
    assert_eq!(room("plan.rs"), Some(("plan".to_owned(), 1)));
    assert_eq!(room("call/mod.rs"), Some(("call".to_owned(), 1)));
    assert_eq!(room("call/field.rs"), Some(("call".to_owned(), 2)));
    assert_eq!(room("api/wire/v3.rs"), Some(("api".to_owned(), 3)));
    assert_eq!(room("call/notes.md"), None);
}
