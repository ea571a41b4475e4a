//! A proposal as a mapping file for people to correct.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::build::build;
use super::expressions::{quoted, shown_whole};
use super::listed_recordings::ListedRecordings;
use super::proposal::{ProposedRule, SuggestedMapping};
use super::recording_lengths::{ASKED, length_column};
use super::recording_names::name_recordings;
use super::survey::{ExportSurvey, Surveyed};
use super::windows_paths::{LINE, name_by_paths};
use crate::domain::call::Field;
use crate::domain::counted;

/// How much of an example is shown.
const EXAMPLE: usize = 40;

/// A mapping file with the best proposal for each target. It loads, and says what is not known. Where
/// recordings are given, it has a pattern for their names, and the column that says their lengths.
pub fn propose(survey: &ExportSurvey, recordings: Option<&ListedRecordings<'_>>) -> String {
    written(survey, &build(survey), recordings)
}

/// A proposal as a mapping file.
pub(super) fn written(
    survey: &ExportSurvey,
    proposal: &SuggestedMapping,
    recordings: Option<&ListedRecordings<'_>>,
) -> String {
    let mut file = String::new();
    head(&mut file, survey, proposal);
    source(&mut file, survey, proposal);
    fields(&mut file, proposal);
    match recordings {
        Some(recordings) => listed(&mut file, survey, recordings),
        None => audio(&mut file, proposal),
    }
    columns(&mut file, survey, proposal);
    file
}

/// How the recordings are named and how long they are, found out from themselves.
fn listed(file: &mut String, survey: &ExportSurvey, recordings: &ListedRecordings<'_>) {
    let named = name_by_paths(survey, recordings.names)
        .unwrap_or_else(|| name_recordings(survey, recordings.names));
    let lengths: Vec<(usize, f64)> = named
        .pairs
        .iter()
        .filter_map(|(record, name)| {
            Some((*record, (recordings.seconds)(&recordings.names[*name])?))
        })
        .take(ASKED)
        .collect();
    file.push_str("\n[audio]\n");
    let length = length_column(survey, &lengths);
    let remarks = named.remarks.iter().map(String::as_str);
    for remark in remarks.chain(length.as_ref().map(|length| length.remark.as_str())) {
        let _ = writeln!(file, "# {}", shown_whole(remark));
    }
    if let Some(rule) = named.rule {
        let _ = writeln!(file, "{rule}");
    }
    if let Some(length) = length {
        let _ = writeln!(file, "seconds = {}", length.toml);
    }
}

fn head(file: &mut String, survey: &ExportSurvey, proposal: &SuggestedMapping) {
    let _ = writeln!(
        file,
        "# A proposal for {}, made from its first {}.",
        shown(&survey.sheet.file),
        counted(survey.records as u64, "record")
    );
    let _ = writeln!(file, "# Read as: {}.", shown(&survey.sheet.reading));
    file.push_str(
        "# It follows names and values of columns and may be wrong: read every line, then try\n",
    );
    file.push_str("#   capturi-import mapping test EXPORT --mapping THIS-FILE\n");
    let required = |is_it: &dyn Fn(Option<&ProposedRule>) -> bool| {
        let of = |field: &Field| proposal.rules.iter().find(|rule| rule.field == *field);
        let fields = Field::REQUIRED.into_iter().filter(|field| is_it(of(field)));
        fields.map(Field::name).collect::<Vec<&str>>().join(", ")
    };
    let missing = required(&|rule| rule.is_none());
    if !missing.is_empty() {
        let _ = writeln!(file, "#\n# Required, and nothing found for: {missing}.");
    }
    let open = required(&|rule| rule.is_some_and(|rule| rule.is_open));
    if !open.is_empty() {
        let _ = writeln!(
            file,
            "#\n# Required, and for you to decide: {open}. Remove the `# ` before the right line."
        );
    }
    file.push('\n');
}

fn source(file: &mut String, survey: &ExportSurvey, proposal: &SuggestedMapping) {
    file.push_str("[source]\n");
    let (sheet, records) = &survey.place;
    if let Some(sheet) = sheet {
        let _ = writeln!(file, "sheet = {}", quoted(sheet));
    }
    if let Some(records) = records {
        let _ = writeln!(file, "records = {}", quoted(records));
    }
    let columns = survey.columns.iter();
    let nulls: BTreeSet<&str> = columns.flat_map(|column| &column.nulls).copied().collect();
    if !nulls.is_empty() {
        let nulls: Vec<String> = nulls.into_iter().map(quoted).collect();
        let _ = writeln!(
            file,
            "nulls = [{}]   # these mean that there is no value",
            nulls.join(", ")
        );
    }
    if !proposal.needs.is_empty() {
        file.push_str("needs = [\n");
        for (need, why) in &proposal.needs {
            let _ = writeln!(file, "  {}, # {why}", quoted(need));
        }
        file.push_str("]\n");
    }
    let asked = |need: &str| proposal.needs.iter().any(|(known, _)| *known == need);
    for (need, line) in [
        (
            "timezone",
            "# timezone     = \"Europe/Copenhagen\"   # of the times in the export",
        ),
        (
            "region",
            "# region       = \"DK\"                  # of the phone numbers",
        ),
        (
            "email",
            "# agents       = \"agents.csv\"          # a CSV file with id, name, email beside this one; or",
        ),
        (
            "email",
            "# email_domain = \"example.com\"         # ida.opdigtet at this domain",
        ),
    ] {
        if asked(need) {
            let _ = writeln!(file, "{line}");
        }
    }
    if let Some(condition) = &proposal.no_agent {
        let condition = quoted(condition);
        let check =
            "# check: some records name no agent; these are left out, and listed in skipped.csv";
        let _ = writeln!(file, "\n[source.skip]\nno_agent = {condition} {check}");
    }
}

fn fields(file: &mut String, proposal: &SuggestedMapping) {
    file.push_str("\n[fields]\n");
    let mut write = |field: Field| match proposal.rules.iter().find(|rule| rule.field == field) {
        Some(rule) => {
            if let Some(check) = &rule.check {
                let _ = writeln!(file, "# check: {}", shown_whole(check));
            }
            if !rule.is_open {
                let _ = writeln!(file, "{field} = {}", rule.toml);
                return;
            }
            for toml in std::iter::once(&rule.toml).chain(&rule.others) {
                let line = format!("{field} = {toml}").replace('\n', "\n# ");
                let _ = writeln!(file, "# {line}");
            }
        }
        None if field.is_required() => {
            let _ = writeln!(file, "# {field} = \"…\"   # required: nothing found");
        }
        None => {}
    };
    Field::REQUIRED.into_iter().for_each(&mut write);
    Field::ALL
        .into_iter()
        .filter(|field| !field.is_required())
        .for_each(&mut write);
    file.push_str("# check: listen to a recording of two channels; 1 is left, 2 is right\n");
    file.push_str(
        "audioChannels = { value = \"auto\" }\nsalesPersonAudioChannel = { value = \"1\" }\n",
    );
    let mut rules = proposal.rules.iter();
    if !rules.any(|rule| rule.field == Field::HasConsent) {
        file.push_str(
            "# hasConsent = \"…\"   # nothing found; a call without it counts as consent\n",
        );
    }
}

fn audio(file: &mut String, proposal: &SuggestedMapping) {
    if proposal.recordings.is_empty() {
        return;
    }
    let names: Vec<String> = proposal
        .recordings
        .iter()
        .map(|name| quoted(name))
        .collect();
    let _ = writeln!(
        file,
        "\n[audio]\n# tried in order, below the audio folder\nmatch = [{}]",
        names.join(", ")
    );
    if proposal.has_windows_paths {
        let _ = writeln!(file, "{LINE}");
    }
    if let Some(seconds) = &proposal.seconds {
        let _ = writeln!(
            file,
            "# check: is a recording as long as this? --audio compares them\nseconds = {seconds}"
        );
    }
}

fn columns(file: &mut String, survey: &ExportSurvey, proposal: &SuggestedMapping) {
    file.push_str(
        "\n# The columns of the export: name (records that fill it): three of its values. A dash\n\
         # before the name says that no line of this file uses the column, and none of it is sent.\n",
    );
    for (at, column) in survey.columns.iter().enumerate() {
        let is_open = |rule: &ProposedRule| rule.is_open && rule.columns.contains(&at);
        let mark = if proposal.used.contains(&at) && !proposal.rules.iter().any(is_open) {
            ' '
        } else {
            '-'
        };
        let _ = writeln!(
            file,
            "# {mark} {} ({} of {}){}",
            shown(&column.name),
            column.filled,
            survey.records,
            examples(column)
        );
    }
}

fn examples(column: &Surveyed) -> String {
    let examples: Vec<String> = column.examples().iter().map(|value| shown(value)).collect();
    if examples.is_empty() {
        String::new()
    } else {
        format!(": {}", examples.join(" · "))
    }
}

/// The same, and short.
fn shown(text: &str) -> String {
    let plain = shown_whole(text);
    match plain.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}
