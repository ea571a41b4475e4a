//! What stands below the table at the end of a run: recordings, consent, columns, what was delivered.

use std::collections::BTreeMap;

use crate::domain::Code;
use crate::domain::call::Field;
use crate::recordings::{ColdRecordings, StoreRequests};
use crate::report::coverage::of_recordings;
use crate::report::field_names::grouped;
use crate::report::format::{self, count, counted, safe};
use crate::report::{Mode, RunSummary};

/// Names that are listed on one line before it is cut.
const LISTED: usize = 12;

/// What was counted beside the outcomes, a sentence each.
pub(in crate::report) fn facts(summary: &RunSummary) -> Vec<String> {
    let facts = &summary.facts;
    let mut lines = Vec::new();
    if facts.calls > 0 {
        lines.push(recordings(summary));
        let consent = facts.consent;
        // Otherwise the number is on the screen already.
        let among = if facts.open == facts.calls {
            String::new()
        } else {
            format!(" in all {}, to send or not", counted(facts.calls, "record"))
        };
        lines.push(format!(
            "Consent{among}: {} yes, {} no, {} not stated{}.",
            count(consent.yes),
            count(consent.no),
            count(consent.absent),
            if consent.absent > 0 {
                " (the destination then assumes consent)"
            } else {
                ""
            }
        ));
    }
    if facts.cases > 0 {
        lines.push(cases(summary));
    }
    if summary.has_audio && !summary.mode.sends() {
        let open = of_recordings(summary);
        if !open.is_empty() {
            lines.push(format!("Not checked: {}.", open.join("; ")));
        }
    }
    lines.extend(stores(summary));
    if !summary.unused.is_empty() {
        let columns = unused(&summary.unused, summary.sheets);
        lines.push(format!("Columns that nothing uses: {columns}."));
    }
    let unfilled: Vec<Field> = summary.unfilled().collect();
    if !unfilled.is_empty() {
        let fields = grouped(&unfilled).join(", ");
        lines.push(format!("Targets that nothing fills: {fields}."));
    }
    lines.extend(team_ids(summary));
    lines.extend(delivered(summary));
    match summary.mode {
        Mode::Check | Mode::DryRun if facts.calls + facts.cases > 0 => {
            lines.push(summary.estimate.sentence());
        }
        _ => {}
    }
    if !summary.files.is_empty() {
        let files: Vec<String> = summary
            .files
            .iter()
            .map(|file| safe(&file.to_string_lossy()).into_owned())
            .collect();
        lines.push(format!("Written: {}.", files.join(", ")));
    }
    lines
}

fn recordings(summary: &RunSummary) -> String {
    let facts = &summary.facts;
    if !summary.has_audio {
        return "Recordings: none were looked for, since --audio names no place.".to_owned();
    }
    let found = format!(
        "Recordings: {}{} for {}",
        count(facts.recordings),
        by_grade(facts.by_grade),
        if facts.open == facts.calls {
            counted(facts.calls, "call")
        } else {
            format!("{} to send", counted(facts.open, "call"))
        },
    );
    match facts.unknown_length {
        _ if facts.recordings == 0 && summary.mode.sends() => {
            "Recordings: none left to send.".to_owned()
        }
        _ if facts.recordings == 0 => format!("{found}."),
        // A run does not look into recordings; a check has.
        unknown if unknown == facts.recordings => {
            format!("{found}, {}.", format::bytes(facts.bytes))
        }
        unknown => format!(
            "{found}, {}, {} of audio{}.",
            format::bytes(facts.bytes),
            format::clock(facts.seconds),
            match unknown {
                0 => String::new(),
                _ => format!("; not checked: the length of {}", count(unknown)),
            }
        ),
    }
}

/// What lies in stores, and what a run will ask of them.
fn stores(summary: &RunSummary) -> Option<String> {
    let stores = summary.stores.filter(|_| !summary.mode.sends())?;
    let cold = match stores.cold {
        ColdRecordings { recordings: 0, .. } => "none in cold storage".to_owned(),
        ColdRecordings { recordings, bytes } => {
            let recordings = counted(recordings, "recording");
            format!("{recordings} ({}) in cold storage", format::bytes(bytes))
        }
    };
    let StoreRequests { list, get } = stores.requests(summary.facts.far);
    Some(format!(
        "Stores: {}, {} of recordings, {cold}. A run makes requests of the kinds LIST and GET: {} \
         ({} and {}).",
        counted(stores.objects, "object"),
        format::bytes(stores.bytes),
        count(list + get),
        count(list),
        count(get),
    ))
}

/// One page of v2 has `teamId` and the other does not, so it may go nowhere. v3 says so of each call.
fn team_ids(summary: &RunSummary) -> Option<String> {
    let targets = summary.targets.iter();
    let mut filled = targets.filter(|target| target.field == Field::TeamId && target.filled > 0);
    let calls = filled.next()?.filled;
    let mut groups = summary.groups.iter();
    let is_told = groups.any(|group| group.code == Code::NotInVersion);
    (matches!(summary.mode, Mode::Check | Mode::DryRun) && !is_told).then(|| {
        format!(
            "teamId ({}): Capturi may not take it. teamName names the team under every version.",
            counted(calls, "call")
        )
    })
}

/// How the recordings were found, where not all of them have the whole name.
fn by_grade(counts: [u64; 3]) -> String {
    let [_, pattern, inexact] = counts;
    if pattern + inexact == 0 {
        return String::new();
    }
    let names = ["exact", "by pattern", "inexact"];
    let parts = names.iter().zip(counts).filter(|(_, number)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(name, number)| format!("{} {name}", count(number)))
        .collect();
    format!(" ({})", parts.join(", "))
}

fn cases(summary: &RunSummary) -> String {
    let facts = &summary.facts;
    let left_out = match facts.left_out {
        0 => String::new(),
        number => format!("; {} left out", counted(number, "message")),
    };
    format!(
        "Cases: {} with {}{left_out}.",
        counted(facts.cases, "record"),
        counted(facts.messages, "message"),
    )
}

fn delivered(summary: &RunSummary) -> Vec<String> {
    if !summary.mode.sends() {
        return Vec::new();
    }
    let delivered = summary.deliveries;
    let first = if summary.facts.cases > 0 {
        format!(
            "Delivered: {} of new cases and messages.",
            counted(delivered.conversations, "record")
        )
    } else {
        format!(
            "Delivered: {} and {}, {}.",
            counted(delivered.conversations, "conversation"),
            counted(delivered.recordings, "recording"),
            format::bytes(delivered.bytes),
        )
    };
    let mut lines = vec![first];
    if summary.retries > 0 || summary.pauses.0 > 0 {
        lines.push(format!(
            "On the way: {} tried again, {} of {} in all.",
            counted(summary.retries, "request"),
            counted(summary.pauses.0, "pause"),
            format::clock(summary.pauses.1),
        ));
    }
    if let Some([set, lowest, last]) = summary.width {
        lines.push(format!(
            "Requests at once: {set} set, {lowest} at the least, {last} at the end; the server was \
             slow or asked for less.",
        ));
    }
    lines
}

fn unused(columns: &BTreeMap<String, u64>, sheets: u64) -> String {
    let names = columns.iter().map(|(name, files)| {
        let name = if name.is_empty() {
            "(no name)".into()
        } else {
            safe(name)
        };
        if *files == sheets {
            name.into_owned()
        } else {
            format!("{name} (in {})", counted(*files, "file"))
        }
    });
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let more = match more {
        0 => String::new(),
        _ => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}
