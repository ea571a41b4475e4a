//! Which preset knows an export, told to whoever brought it.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use super::screen::{Screen, TextStyle, standard_error};
use crate::mapping::{PresetFit, PresetTrial};
use crate::report::Error;
use crate::report::files::output_folder::create_private;
use crate::report::format::{counted, safe, share, wrapped};

/// Letters of the words in front of what is told about a preset.
const HANGING: u16 = 19;
/// How many columns are named before it is enough.
const NAMED: usize = 8;

/// Says that a preset fits, why, and what to do next.
pub fn print_fit(screen: &mut Screen, fit: &PresetFit, export: &str, audio: Option<&Path>) {
    let name = screen.paint(TextStyle::Strong, fit.preset.name);
    // Places alone prove less than names do.
    let knows = match fit.renamed {
        Some(_) => "may know",
        None => "knows",
    };
    let mut lines = vec![
        format!(
            "The preset {name} {knows} this export: {}.",
            fit.preset.title
        ),
        String::new(),
    ];
    lines.push(format!("  by its columns   {}", columns(fit)));
    lines.extend(
        fit.trial
            .map(|trial| format!("  by its records   {}", records(trial))),
    );
    let mut lead = "  it takes         ";
    for (field, column) in &fit.takes {
        lines.push(format!("{lead}{} = {}", field.name(), safe(column)));
        lead = "                   ";
    }
    let mut flags = String::new();
    for ask in &fit.asks {
        let (flag, why) = words(ask);
        lines.push(format!("  it asks for      {why}"));
        flags.push(' ');
        flags.push_str(flag);
    }
    if let Some(folder) = audio {
        let folder = folder.to_string_lossy();
        lines.push("  of recordings    it says itself how they are named".to_owned());
        flags.push_str(" --audio ");
        flags.push_str(&quoted_path(&folder));
    }
    if !fit.leaves.is_empty() {
        lines.push(format!(
            "  it leaves open   {}: the export does not say them, and the file must",
            fit.leaves.join(", ")
        ));
    }
    let export = quoted_path(export);
    if fit.renamed.is_some() || !fit.leaves.is_empty() {
        lines.extend([
            String::new(),
            format!("What to check is said by  capturi-import mapping show {}", fit.preset.name),
            format!("Make a file of it         capturi-import mapping init {export} --out mapping.toml"),
            format!("Correct it, and try it    capturi-import mapping test {export} --mapping mapping.toml{flags}"),
        ]);
        return show(screen, &lines);
    }
    lines.extend([
        String::new(),
        format!("What to check is said by  capturi-import mapping show {}", fit.preset.name),
        format!("Try it                    capturi-import mapping test {export} --mapping {}{flags}", fit.preset.name),
        format!("A file of your own        capturi-import mapping init {export} --own --out mapping.toml"),
    ]);
    show(screen, &lines);
}

/// A path as it is typed.
fn quoted_path(path: &str) -> String {
    let path = safe(path);
    if path.contains([' ', '\'']) {
        format!("'{path}'")
    } else {
        path.into_owned()
    }
}

/// Lines with a word in front of them hang under what it says.
fn show(screen: &mut Screen, lines: &[String]) {
    let width = screen.width();
    for line in lines {
        // A command is copied, so it stays on one line.
        let is_told = line.starts_with("  ");
        let narrow = width.saturating_sub(HANGING);
        let parts = match line.split_at_checked(usize::from(HANGING)) {
            Some((lead, told)) if is_told => {
                let mut parts = wrapped(&[told.to_owned()], narrow);
                for part in parts.iter_mut().skip(1) {
                    *part = format!("{}{}", " ".repeat(lead.len()), part.trim_start());
                }
                parts[0].insert_str(0, lead);
                parts
            }
            _ => vec![line.clone()],
        };
        for part in parts {
            screen.result(&part);
        }
    }
}

/// Says that no preset fits, and which comes nearest.
pub fn print_no_fit(screen: &mut Screen, nearest: Option<&PresetFit>) {
    let near = nearest
        .filter(|fit| fit.is_near())
        .map_or_else(String::new, |fit| {
            let why = match &fit.refusal {
                Some(_) => format!("{}; its rules need columns that are missing", columns(fit)),
                None => columns(fit),
            };
            format!(" The nearest is {} ({why}).", fit.preset.name)
        });
    let line = format!("No preset knows this export.{near} Here is a proposal to correct.");
    for line in wrapped(&[line], screen.width()) {
        screen.notice(&line);
    }
}

/// Says where a mapping was written and what comes next: the commands with their flags.
pub fn print_saved(screen: &mut Screen, path: &Path, next: &NextCommands<'_>) {
    let path = quoted_path(&path.to_string_lossy());
    screen.notice(&format!("Wrote {path}. Read it, then:"));
    next.show(screen, &path);
}

/// What comes next after a proposal that was only shown.
pub fn print_next(screen: &mut Screen, next: &NextCommands<'_>) {
    let init = quoted_path(next.export);
    let folder = next.audio.map_or_else(String::new, |folder| {
        format!(" --audio {}", quoted_path(&folder.to_string_lossy()))
    });
    screen.notice("Next:");
    screen.notice(&format!(
        "  capturi-import mapping init {init}{folder} --out mapping.toml   (or --guided, which asks)"
    ));
    next.show(screen, "mapping.toml");
}

/// What a proposed mapping is tried and run with.
#[derive(Debug, Clone, Copy)]
pub struct NextCommands<'a> {
    /// The export as the operator named it.
    export: &'a str,
    /// What the mapping asks the operator for; each begins with its flag.
    asks: &'a [&'a str],
    /// Further flags, with a blank before each.
    flags: &'a str,
    /// The folder of the recordings, if one was named.
    audio: Option<&'a Path>,
}

impl<'a> NextCommands<'a> {
    /// The commands for an export as the operator named it, with what the mapping `asks` for, with further
    /// `flags`, each behind a blank, and with the folder of the recordings, if one was named.
    pub fn new(
        export: &'a str,
        asks: &'a [&'a str],
        flags: &'a str,
        audio: Option<&'a Path>,
    ) -> Self {
        NextCommands {
            export,
            asks,
            flags,
            audio,
        }
    }

    /// Shows the commands that try and run this mapping.
    fn show(&self, screen: &mut Screen, mapping: &str) {
        let mut all = String::new();
        for ask in self.asks {
            let (flag, _) = words(ask);
            if !all.contains(flag) {
                all.push(' ');
                all.push_str(flag);
            }
        }
        all.push_str(self.flags);
        match self.audio {
            Some(folder) => {
                all.push_str(" --audio ");
                all.push_str(&quoted_path(&folder.to_string_lossy()));
            }
            None => all.push_str(" --audio DIR"),
        }
        let export = quoted_path(self.export);
        for (command, further) in [("mapping test", ""), ("check", ""), ("run", " --sandbox")] {
            screen.notice(&format!(
                "  capturi-import {command} {export} --mapping {mapping}{all}{further}"
            ));
        }
    }
}

/// Says what the rules of a mapping make of the first records.
pub fn print_trial(screen: &mut Screen, trial: PresetTrial) {
    let told = records(trial);
    screen.notice(&format!("{}{}.", told[..1].to_uppercase(), &told[1..]));
}

/// Asks a question on the terminal; nothing when no answer comes.
pub fn ask(screen: &mut Screen, question: &str) -> Option<String> {
    screen.notice("");
    for line in question.lines() {
        screen.notice(&safe(line));
    }
    let mut answer = String::new();
    let length = std::io::stdin().lock().read_line(&mut answer).ok()?;
    (length > 0).then_some(answer)
}

/// Whether somebody can be asked: standard input and standard error are a terminal.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && standard_error().is_terminal()
}

/// Writes a mapping file that does not exist yet. It holds examples, so that only its owner may
/// read it.
///
/// # Errors
/// When it exists or cannot be written.
pub fn save_mapping(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = create_private(path).map_err(Error::write(path))?;
    file.write_all(text.as_bytes()).map_err(Error::write(path))
}

fn columns(fit: &PresetFit) -> String {
    let all = fit.found.len() + fit.lacking.len();
    if fit.renamed.is_some() {
        return "the header is in an unknown language, but the columns are in the expected order"
            .to_owned();
    }
    if fit.found.is_empty() {
        return "it has no names of columns, and the values are where they should be".to_owned();
    }
    let named: Vec<&str> = fit.found.iter().take(NAMED).map(String::as_str).collect();
    let more = if fit.found.len() > NAMED { ", …" } else { "" };
    format!(
        "{} of {all} that tell it: {}{more}",
        fit.found.len(),
        safe(&named.join(", "))
    )
}

fn records(trial: PresetTrial) -> String {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let bad = trial.records - trial.good - trial.skipped;
    format!(
        "of the first {} its rules read {} ({}), leave out {} and find {}",
        counted(number(trial.records), "record"),
        trial.good,
        share(number(trial.good), number(trial.records)),
        trial.skipped,
        counted(number(bad), "record") + " with an error"
    )
}

fn words(ask: &str) -> (&'static str, &'static str) {
    match ask {
        "timezone" => (
            "--timezone ZONE",
            "--timezone, such as Europe/Copenhagen: the times have no offset",
        ),
        "region" => (
            "--region COUNTRY",
            "--region, such as DK: phone numbers have no country code",
        ),
        "agents" => (
            "--agents FILE",
            "--agents, a CSV file with id, name, email: agents are ids alone",
        ),
        _ => (
            "--agents FILE",
            "--agents (a CSV file with id, name, email) or --email-domain: agents have no addresses",
        ),
    }
}
