//! The order of the source: who may use whom, no circles of files, one name for one type.
//!
//! The lists of exceptions may only become shorter: a file or a name that needs none any more must leave
//! its list.

mod circles;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use circles::circles;
use source::{SourceFile, SourceTree, Use};

/// The folders of `src`, from the first to the last: each uses only those before it.
const FOLDERS: [&str; 22] = [
    "failpoint",
    "domain",
    "source",
    "mapping",
    "recordings",
    "ledger",
    "api",
    "stores",
    "events",
    "pipeline",
    "delivery",
    "targets",
    "verify",
    "import",
    "canary",
    "report",
    "monitoring",
    "evidence",
    "doctor",
    "config",
    "sandbox",
    "cli",
];

/// A server that shares our code agrees with our mistakes.
const ALONE: &str = "sandbox";

/// Libraries that belong to some folders, and whether tests elsewhere may use them.
const LIBRARIES: [(&str, &[&str], bool); 7] = [
    ("rusqlite", &["ledger"], false),
    ("reqwest", &["api", "stores", "monitoring"], true),
    ("object_store", &["stores"], false),
    ("russh_sftp", &["stores"], false),
    ("prometheus_client", &["monitoring"], false),
    ("clap", &["config", "cli"], false),
    ("clap_complete", &["config", "cli"], false),
];

static SOURCE: LazyLock<SourceTree> =
    LazyLock::new(|| SourceTree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

fn tree(files: &[(&str, &str)]) -> SourceTree {
    SourceTree::of(
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
    )
}

fn position(folder: &str) -> Option<usize> {
    FOLDERS.iter().position(|known| *known == folder)
}

/// What is wrong with a use of our own, or of a library.
fn fault(file: &SourceFile, seen: &Use, is_test: bool) -> Option<String> {
    let own = file.module.first()?;
    let first = seen.names.first()?;
    if !seen.is_own {
        let (_, folders, in_tests) = LIBRARIES.iter().find(|(name, ..)| name == first)?;
        let may = folders.contains(&&**own) || is_test && *in_tests;
        return (!may).then(|| format!("`{first}` belongs to {}", folders.join(" and ")));
    }
    match (position(own), position(first)) {
        _ if own == first => None,
        (Some(_), Some(_)) if own == ALONE => Some(format!("`{ALONE}` uses nothing of ours")),
        (Some(workdir), Some(other)) if other < workdir => None,
        (_, Some(_)) => Some(format!("`{first}` comes after `{own}`")),
        (_, None) => Some(format!("`{first}` is no folder")),
    }
}

fn faults(tree: &SourceTree) -> Vec<String> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !file.module.is_empty()) {
        let uses = file.uses.iter().map(|seen| (seen, false));
        for (seen, is_test) in uses.chain(file.test_uses.iter().map(|seen| (seen, true))) {
            if let Some(why) = fault(file, seen, is_test) {
                found.push(format!("{}:{}: {why}", file.path, seen.line));
            }
        }
    }
    found
}

#[test]
fn a_folder_uses_only_those_before_it() {
    let found = faults(&SOURCE);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn all_folders_have_their_place() {
    let folders = SOURCE.files.iter().filter_map(|file| file.module.first());
    let folders: BTreeSet<&str> = folders.map(String::as_str).collect();
    assert_eq!(folders, BTreeSet::from(FOLDERS));
}

/// Files that use each other, a circle a line.
fn found_circles() -> Vec<BTreeSet<String>> {
    let circles = circles(&SOURCE.graph()).into_iter();
    let names =
        |circle: BTreeSet<&Vec<String>>| circle.iter().map(|module| module.join("::")).collect();
    circles.map(names).collect()
}

/// Names of several types, with the files that define one.
fn found_shared_names() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut homes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in &SOURCE.files {
        for name in &file.types {
            homes.entry(name).or_default().insert(&file.path);
        }
    }
    homes.retain(|name, files| files.len() > 1 && *name != "Error");
    homes
}

/// Files with an `impl` of a type that another file defines.
fn found_scattered() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in &SOURCE.files {
        let away = file
            .inherent
            .iter()
            .filter(|name| !file.types.contains(name));
        found.extend(away.map(|name| format!("{} {name}", file.path)));
    }
    found
}

/// The most lines of a file without its tests.
const MOST_LINES: usize = 400;

/// Files that are too long to be read in one sitting.
fn found_long() -> BTreeSet<String> {
    let long = SOURCE.files.iter().filter(|file| file.lines > MOST_LINES);
    long.map(|file| file.path.clone()).collect()
}

/// Functions that take several values as one, so that they seem to take few.
fn found_tuple_takers() -> BTreeSet<String> {
    let files = SOURCE.files.iter();
    let takers = files.flat_map(|file| {
        let names = file.tuple_takers.iter();
        names.map(move |name| format!("{} {name}", file.path))
    });
    takers.collect()
}

fn exceptions(list: &str) -> BTreeSet<&str> {
    list.lines().filter(|line| !line.is_empty()).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let known = exceptions(include_str!("circles.txt"));
    let known: Vec<BTreeSet<&str>> = known.iter().map(|line| line.split(' ').collect()).collect();
    let found = found_circles();
    for circle in &found {
        let holds = |known: &&BTreeSet<&str>| circle.iter().all(|file| known.contains(&**file));
        assert!(
            known.iter().any(|known| holds(&known)),
            "these files use each other: {circle:?}"
        );
    }
    let inside: BTreeSet<&str> = found.iter().flatten().map(String::as_str).collect();
    let known: BTreeSet<&str> = known.iter().flatten().copied().collect();
    let over: Vec<_> = known.difference(&inside).collect();
    assert!(
        over.is_empty(),
        "in no circle any more, take them off the list: {over:?}"
    );
}

#[test]
fn no_two_types_share_a_name() {
    let found = found_shared_names();
    let known = exceptions(include_str!("shared_names.txt"));
    for (name, files) in &found {
        assert!(known.contains(name), "{name} is several types: {files:?}");
    }
    let over: Vec<_> = known
        .iter()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert!(
        over.is_empty(),
        "one type each, take them off the list: {over:?}"
    );
}

/// Nothing is found beyond the list of exceptions, and the list holds nothing else.
fn assert_only_known(found: &BTreeSet<String>, list: &str, what: &str) {
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let known = exceptions(list);
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "{what}: {new:?}");
    let over: Vec<_> = known.difference(&found).collect();
    assert!(
        over.is_empty(),
        "in order now, take it off the list: {over:?}"
    );
}

#[test]
fn what_a_type_does_stands_beside_it() {
    let known = include_str!("scattered.txt");
    assert_only_known(&found_scattered(), known, "an `impl` away from its type");
}

#[test]
fn no_file_is_longer_than_can_be_read_in_one_sitting() {
    let known = include_str!("long_files.txt");
    let what = format!("more than {MOST_LINES} lines without tests");
    assert_only_known(&found_long(), known, &what);
}

#[test]
fn no_parameter_is_several() {
    let known = include_str!("tuple_parameters.txt");
    assert_only_known(&found_tuple_takers(), known, "a tuple as a parameter");
}

#[test]
fn lines_of_tests_are_not_counted_and_tuples_are_found() {
    let text = "fn f(\n    (a, b): (u8, u8),\n) {}\nfn g(a: &(u8, u8), h: fn((u8, u8))) {}\nfn h(_: ()) {}\n\n\
                #[cfg(test)]\nmod tests {\n    fn t(_: (u8, u8)) {}\n}\n";
    let tree = tree(&[("a/b.rs", text), ("a/tests.rs", text)]);
    let lines: Vec<usize> = tree.files.iter().map(|file| file.lines).collect();
    assert_eq!(lines, [6, 0]);
    assert_eq!(tree.files[0].tuple_takers, ["f", "g"]);
    assert!(tree.files[1].tuple_takers.is_empty());
}

#[test]
#[ignore = "writes the lists of exceptions"]
fn lists_are_written_anew() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/structure");
    let write = |name: &str, lines: Vec<String>| {
        let lines: Vec<String> = lines.into_iter().map(|line| line + "\n").collect();
        std::fs::write(folder.join(name), lines.concat()).expect("a list is written");
    };
    let joined = |circle: BTreeSet<String>| circle.into_iter().collect::<Vec<_>>().join(" ");
    write(
        "circles.txt",
        found_circles().into_iter().map(joined).collect(),
    );
    write(
        "shared_names.txt",
        found_shared_names()
            .into_keys()
            .map(str::to_owned)
            .collect(),
    );
    write("scattered.txt", found_scattered().into_iter().collect());
    write("long_files.txt", found_long().into_iter().collect());
    let takers = found_tuple_takers().into_iter().collect();
    write("tuple_parameters.txt", takers);
}

#[test]
fn what_comes_later_is_found_however_it_is_named() {
    for source in [
        "use crate::ledger::Ledger;",
        "fn f() { crate :: ledger :: g() }",
        "use crate::{domain::{Call, Code}, ledger};",
        "use super::super::ledger::Ledger;",
        "mod inner { use super::super::super::ledger; }",
        "fn f() { assert_eq!(1, crate::ledger::g()) }",
        "fn f(a: crate::ledger::A) {}",
        "#[derive(crate::ledger::A)] struct B;",
        "use crate::ledger::*;",
    ] {
        let found = faults(&tree(&[("recordings/name.rs", source)]));
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert!(
            found[0].ends_with("`ledger` comes after `recordings`"),
            "{found:?}"
        );
    }
    for source in [
        "use crate::domain::Call; use crate::{source::Record, recordings};",
        "use super::ledger::A; mod inner { use super::super::ledger; }",
        "// crate::cli\nconst A: &str = \"crate::cli\";",
        "/// [`crate::cli`]\nfn f() {}",
    ] {
        assert_eq!(
            faults(&tree(&[("recordings/name.rs", source)])),
            [""; 0],
            "{source}"
        );
    }
}

#[test]
fn the_sandbox_and_libraries_stay_where_they_belong() {
    let found = |path: &str, source: &str| faults(&tree(&[(path, source)])).len();
    assert_eq!(found("sandbox/a.rs", "use crate::domain::Call;"), 1);
    assert_eq!(
        found("sandbox/a.rs", "use crate::sandbox::Faults; use super::x;"),
        0
    );
    for (library, folder) in [
        ("rusqlite", "ledger/a.rs"),
        ("reqwest", "api/a.rs"),
        ("clap", "config/a.rs"),
    ] {
        for source in [
            format!("use {library}::X;"),
            format!("use {library};"),
            format!("#[derive({library}::Parser)] struct A;"),
            format!("fn f(x: ::{library}::X) {{}}"),
        ] {
            assert_eq!(found(folder, &source), 0, "{source}");
            assert_eq!(found("pipeline/a.rs", &source), 1, "{source}");
        }
    }
    let test = "#[cfg(test)]\nmod tests { use reqwest::Client; }";
    assert_eq!(found("sandbox/a.rs", test), 0);
    assert_eq!(
        found("sandbox/a.rs", &format!("{test} use reqwest::Client;")),
        1
    );
}

#[test]
fn a_circle_is_found_through_what_hands_names_on() {
    let circle = |files: &[(&str, &str)]| circles(&tree(files).graph()).len();
    let (folder, one) = (
        "mod a;\nmod b;\npub use b::B;",
        "use super::B;\npub struct A(B);",
    );
    let other = "use super::a::A;\npub struct B(A);";
    assert_eq!(
        circle(&[("x/mod.rs", folder), ("x/a.rs", one), ("x/b.rs", other)]),
        1
    );
    let test = "pub struct B;\n#[cfg(test)]\nmod tests { use super::super::a::A; }";
    assert_eq!(
        circle(&[("x/mod.rs", folder), ("x/a.rs", one), ("x/b.rs", test)]),
        0
    );
    let path = "pub struct B;\nfn f() { crate::x::a::g() }";
    let with_g = "use super::B;\npub fn g(b: B) {}";
    assert_eq!(
        circle(&[("x/mod.rs", folder), ("x/a.rs", with_g), ("x/b.rs", path)]),
        1
    );
}
