//! The pages of `docs/`: two are written by the program itself, every link leads somewhere, and every page is
//! in the table of contents.
//!
//! `cargo test --test it -- pages:: --ignored` writes the two pages anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::harness::program::Workdir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COMMANDS: &str = "docs/reference/commands.md";
const CODES: &str = "docs/reference/problem-codes.md";
const RENEW: &str = "`cargo test --test it -- pages:: --ignored` writes it anew";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `--help` says of a command, and of those below it.
fn help(workdir: &Workdir, names: &[&str], page: &mut String) {
    let arguments: Vec<&str> = names.iter().copied().chain(["--help"]).collect();
    let help = workdir.call(&arguments).with_code(0).out;
    let title = ["capturi-import"]
        .iter()
        .chain(names)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let help = help
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n");
    writeln!(page, "\n## {title}\n\n```text\n{}\n```", help.trim_end()).expect("memory");
    let below = help
        .split_once("\nCommands:\n")
        .map_or("", |(_, list)| list);
    for line in below.lines().take_while(|line| !line.is_empty()) {
        // The rest of a description is further in.
        let name = line
            .strip_prefix("  ")
            .filter(|line| !line.starts_with(' '));
        let name = name.and_then(|line| line.split_whitespace().next());
        if let Some(name) = name.filter(|name| *name != "help") {
            help_below(workdir, names, name, page);
        }
    }
}

fn help_below(workdir: &Workdir, names: &[&str], name: &str, page: &mut String) {
    let names: Vec<&str> = names.iter().copied().chain([name]).collect();
    help(workdir, &names, page);
}

fn commands_page() -> String {
    let mut page =
        "# Commands\n\nWhat `--help` says. A test compares this page with the program.\n"
            .to_owned();
    help(&Workdir::new(), &[], &mut page);
    page
}

fn codes_page() -> String {
    let told = Workdir::new()
        .call(&["explain", "--log-format", "json"])
        .with_code(0)
        .out;
    let codes: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    let mut page = "# Problem codes\n\nWhat `capturi-import explain` says. A test compares this page with the \
                    program.\n\nAn error keeps its record from being sent, or holds it. A warning is for a person to \
                    look at. A note needs nobody.\n"
        .to_owned();
    for code in codes {
        let text = |name: &str| code[name].as_str().expect("a text").to_owned();
        writeln!(
            page,
            "\n## {}\n\n*{}.* {}",
            text("code"),
            text("severity"),
            text("title")
        )
        .expect("memory");
        for (head, name) in [("Cause", "cause"), ("Cure", "cure")] {
            let text = text(name);
            if !text.is_empty() {
                writeln!(page, "\n**{head}:** {text}").expect("memory");
            }
        }
    }
    page
}

#[test]
fn the_pages_of_commands_and_codes_are_those_of_the_program() {
    for (name, page) in [(COMMANDS, commands_page()), (CODES, codes_page())] {
        let kept = read(&Path::new(ROOT).join(name));
        assert!(kept == page, "{name} is not what the program says: {RENEW}");
    }
}

#[test]
#[ignore = "writes the pages anew"]
fn write_the_pages_anew() {
    let folder = Path::new(ROOT).join("docs/reference");
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, page) in [(COMMANDS, commands_page()), (CODES, codes_page())] {
        std::fs::write(Path::new(ROOT).join(name), page).expect("a page");
    }
}

/// All pages, by their full names.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![Path::new(ROOT).join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "ARCHITECTURE.md",
        "samples/README.md",
    ] {
        pages.push(Path::new(ROOT).join(name));
    }
    pages
}

/// What a page links to, and the anchors of its headings.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

fn page(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => page.links.push(dest_url.into_string()),
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                page.anchors
                    .extend(heading.take().map(|text| anchor(&text)));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    page
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower
        .chars()
        .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages: BTreeMap<PathBuf, Page> = pages()
        .into_iter()
        .map(|path| {
            let read = page(&read(&path));
            (path.canonicalize().expect("a file"), read)
        })
        .collect();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in page
            .links
            .iter()
            .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = path.parent().expect("a folder");
            let target = if file.is_empty() {
                Ok(path.clone())
            } else {
                folder.join(file).canonicalize()
            };
            let is_there = target.is_ok_and(|target| {
                anchor.is_empty()
                    || pages
                        .get(&target)
                        .is_none_or(|page| page.anchors.contains(anchor))
            });
            if !is_there {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let folder = Path::new(ROOT).join("docs");
    let summary = page(&read(&folder.join("SUMMARY.md")));
    let listed: BTreeSet<PathBuf> = summary.links.iter().map(|link| folder.join(link)).collect();
    let there = pages()
        .into_iter()
        .filter(|path| path.starts_with(&folder) && !path.ends_with("SUMMARY.md"));
    let missing: Vec<PathBuf> = there.filter(|path| !listed.contains(path)).collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}

#[test]
fn the_readme_is_read_in_one_go() {
    assert!(read(&Path::new(ROOT).join("README.md")).lines().count() <= 150);
}
