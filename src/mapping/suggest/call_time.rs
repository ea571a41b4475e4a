//! When a call was.

use super::column_profile::ColumnProfile;
use super::expressions::quoted;
use super::known_names;
use super::name_rank::{is_whole, last_step, words};
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use super::times::{Times, clocks, days};
use crate::domain::call::Field;
use crate::domain::shown;

/// How many other columns are named.
const SHOWN: usize = 5;
/// How `iso` writes a time without an offset, where a zone follows in another column.
const ISO_TEXT: &str = "%Y-%m-%d %H:%M:%S";

/// The time, in one column or in a day and a clock. When the record was made or changed comes last,
/// and what cannot be read is named all the same.
pub(super) fn date_time(draft: &mut ProposalDraft<'_>) {
    let names = known_names::of(Field::DateTime);
    let is_time = |column: &Surveyed, shape: &ColumnProfile| {
        shape.named_times().is_some() && !column.is_nested
    };
    let of_call = |column: &Surveyed, shape: &ColumnProfile| {
        is_time(column, shape) && !known_names::is_time_of_record(&column.name)
    };
    if let Some(at) = draft.find(&names, of_call) {
        let check = doubts_of_time(draft, at);
        return times(draft, at, check);
    }
    if day_and_clock(draft) {
        return;
    }
    if let Some(at) = draft.find(&names, is_time) {
        let check = doubts_of_time(draft, at);
        return times(draft, at, check);
    }
    let is_named = |column: &Surveyed, shape: &ColumnProfile| {
        let is_whole = is_whole(&column.name, &names);
        is_whole && !column.is_nested && !column.values.is_empty() && !shape.is_duration
    };
    let is_free = |shape: &ColumnProfile| shape.times.is_none();
    let has_times = draft.shapes.iter().any(|shape| !is_free(shape));
    if !has_times && let Some(at) = draft.find(&names, is_named) {
        let example = draft.survey.columns[at].examples().first();
        let example = example.map_or("", String::as_str);
        let check = format!(
            "no time format that is tried reads `{}`: say it in `formats` (docs/mapping.md), \
             and the zone",
            shown(example)
        );
        let name = quoted(draft.name(at));
        draft.column_rule(Field::DateTime, at, name, Some(check));
    }
}

/// What to look at where the export has several times.
fn doubts_of_time(draft: &ProposalDraft<'_>, at: usize) -> Option<String> {
    let name = draft.name(at);
    if known_names::is_time_of_call(name) {
        return None;
    }
    let others = draft.named_others(at, SHOWN, |column, shape| {
        shape.times.is_some() && !column.is_nested && !shape.is_phone
    });
    let also = if others.is_empty() {
        String::new()
    } else {
        format!("; other times: {others}")
    };
    if known_names::is_time_of_record(name) {
        let doubt =
            "its name says when the record was made or changed: is that when the call began?";
        return Some(format!("{doubt}{also}"));
    }
    Some(format!("is this when the call began?{also}"))
}

/// The times of a column, as they are written.
pub(super) fn times(draft: &mut ProposalDraft<'_>, at: usize, check: Option<String>) {
    let Some(times) = draft.shapes[at].named_times().cloned() else {
        return;
    };
    let doubts: Vec<String> = times.doubt().into_iter().chain(check).collect();
    let check = (!doubts.is_empty()).then(|| doubts.join("; "));
    write(draft, &[at], &times, check);
}

/// Proposes the time of these columns, with the zone that the export says.
fn write(draft: &mut ProposalDraft<'_>, columns: &[usize], times: &Times, check: Option<String>) {
    let mut columns = columns.to_vec();
    let mut format = times.format.clone();
    let mut zone = "";
    if !times.has_offset {
        match zone_column(draft) {
            Some((at, sign))
                if times.letters.is_none() && (format.contains('%') || format == "iso") =>
            {
                if format == "iso" {
                    ISO_TEXT.clone_into(&mut format);
                }
                format = format!("{format} {sign}");
                columns.push(at);
            }
            _ if is_in_utc(draft.name(columns[0])) => zone = ", timezone = \"UTC\"",
            _ => draft.need("timezone", "the times have no offset"),
        }
    }
    let names: Vec<String> = columns.iter().map(|at| quoted(draft.name(*at))).collect();
    let formats = match format.as_str() {
        "iso" => String::new(),
        format => format!(", formats = [{}]", quoted(format)),
    };
    let extract = match times.extract() {
        Some(expression) => format!(", extract = {}", quoted(expression)),
        None => String::new(),
    };
    let more = format!("{extract}{formats}{zone}");
    let toml = match &names[..] {
        [name] if more.is_empty() => name.clone(),
        [name] => format!("{{ from = {name}{more} }}"),
        several => format!("{{ from = [{}]{more} }}", several.join(", ")),
    };
    draft.columns_rule(Field::DateTime, &columns, toml, check);
}

/// Whether the name of a time says that it is in UTC.
fn is_in_utc(name: &str) -> bool {
    let words = words(last_step(name));
    words
        .iter()
        .any(|word| ["utc", "gmt", "universal"].contains(&word.as_str()))
}

/// A column in which each record says its zone, and how a pattern reads it.
fn zone_column(draft: &ProposalDraft<'_>) -> Option<(usize, &'static str)> {
    let is_name =
        |value: &String| value.contains('/') && jiff::tz::TimeZone::get(value.trim()).is_ok();
    let is_offset = |value: &String| {
        let value = value.trim();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        value.starts_with(['+', '-'])
            && digits == 4
            && value.len() <= 6
            && value[1..]
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    let columns = draft.survey.columns.iter().enumerate();
    let mut free = columns.filter(|(at, column)| {
        !draft.proposal.used.contains(at)
            && !column.is_nested
            && column.filled == draft.survey.records
            && !column.values.is_empty()
    });
    free.find_map(|(at, column)| match () {
        () if column.values.iter().all(is_name) => Some((at, "%Q")),
        () if column.values.iter().all(is_offset) => Some((at, "%z")),
        () => None,
    })
}

/// The same of two columns; whether there are such.
fn day_and_clock(draft: &mut ProposalDraft<'_>) -> bool {
    let day = draft.find(&known_names::of(Field::DateTime), |column, _| {
        !column.is_nested && days(&column.values).is_some()
    });
    let clock = draft.find(known_names::CLOCKS, |column, _| {
        !column.is_nested && clocks(&column.values).is_some()
    });
    if let (Some(day), Some(clock)) = (day, clock)
        && let (Some(mut times), Some(form)) = (
            days(&draft.survey.columns[day].values),
            clocks(&draft.survey.columns[clock].values),
        )
    {
        let check = times.doubt();
        times.format = format!("{} {form}", times.format);
        write(draft, &[day, clock], &times, check);
        return true;
    }
    false
}
