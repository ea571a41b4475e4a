//! Writes the manual pages: one for each command, made of what `--help` is made of, and
//! `capturi-import-mapping(5)`, made of `docs/mapping.md`.
//!
//! `cargo run --example man-pages -- DIR`

mod markdown;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use capturi_import::config::Arguments;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

/// The reference of mapping files.
const MAPPING: &str = include_str!("../../docs/mapping.md");
/// Its page.
const MAPPING_PAGE: &str = "capturi-import-mapping";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1);
    let folder = folder.ok_or("name the folder: cargo run --example man-pages -- DIR")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    write_pages(folder, &program, &[])?;
    let page = markdown::page(MAPPING_PAGE, "how an export becomes calls", MAPPING);
    std::fs::write(folder.join(format!("{MAPPING_PAGE}.5")), page)?;
    Ok(())
}

/// The page of a command, and those of the commands below it.
fn write_pages(folder: &Path, command: &Command, above: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut names = above.to_vec();
    names.push(command.get_name());
    let name = names.join("-");
    // `capturi-import mapping` has a page in section 1; the reference of the files is in section 5.
    let page = page(command, &name)?;
    std::fs::write(folder.join(format!("{name}.1")), page)?;
    for below in command.get_subcommands() {
        write_pages(folder, below, &names)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> std::io::Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION");
    let shown = command
        .clone()
        .name(name.to_owned())
        .version(version)
        .after_help(None::<&str>);
    let man = Man::new(shown)
        .manual("Capturi import")
        .source(format!("capturi-import {version}"));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.write_all(synopsis(command).as_bytes())?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(after) = command.get_after_help() {
        page.write_all(after_help(&after.to_string()).as_bytes())?;
    }
    page.write_all(see_also(command, name).as_bytes())?;
    Ok(page)
}

/// The usage line of `--help`; clap's own section repeats every flag.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    format!(".SH SYNOPSIS\n.nf\n{}\n.fi\n", markdown::escaped(usage))
}

/// What `--help` says at its end: `Examples:` with lines of commands, then how the command ends.
fn after_help(text: &str) -> String {
    let mut page = String::new();
    for part in text.split("\n\n") {
        let (title, body) = part.split_once(':').unwrap_or(("Notes", part));
        writeln!(page, ".SH {}", title.trim().to_uppercase()).expect("memory");
        let is_lines = body.starts_with('\n');
        let body = markdown::escaped(body.trim_start_matches('\n').trim_end());
        if is_lines {
            writeln!(page, ".nf\n{body}\n.fi").expect("memory");
        } else {
            writeln!(page, "{}", body.trim_start()).expect("memory");
        }
    }
    page
}

fn see_also(command: &Command, name: &str) -> String {
    let mut pages: Vec<String> = command
        .get_subcommands()
        .map(|below| format!("{name}-{}", below.get_name()))
        .collect();
    if let Some((above, _)) = name
        .rsplit_once('-')
        .filter(|(above, _)| *above != "capturi")
    {
        pages.push(above.to_owned());
    }
    pages.sort();
    let mut pages: Vec<String> = pages
        .iter()
        .map(|page| format!("\\fB{}\\fR(1)", markdown::escaped(page)))
        .collect();
    pages.push(format!("\\fB{}\\fR(5)", markdown::escaped(MAPPING_PAGE)));
    format!(".SH SEE ALSO\n{}\n", pages.join(",\n"))
}
