//! When a call was.

use super::column_profile::ColumnProfile;
use super::expressions::quoted;
use super::known_names;
use super::known_times;
use super::name_rank::{is_whole, last_step, rank, words};
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
/// what cannot be read is named all the same, and a person decides what has two readings.
pub(super) fn date_time(draft: &mut ProposalDraft<'_>) {
    let names = known_names::of(Field::DateTime);
    let is_time = |column: &Surveyed, shape: &ColumnProfile| {
        let is_begin = !known_times::is_time_of_end(&column.name);
        shape.named_times().is_some() && !column.is_nested && is_begin
    };
    let of_call = |column: &Surveyed, shape: &ColumnProfile| {
        is_time(column, shape) && !known_times::is_time_of_record(&column.name)
    };
    // Of the beginning of a call that is not read whole, no other time is the better one.
    let is_unread = |column: &Surveyed, shape: &ColumnProfile| {
        let is_told = known_times::is_time_of_call(&column.name) && !column.is_nested;
        is_told && !shape.is_duration && shape.named_times().is_none() && !column.values.is_empty()
    };
    let told = draft.find(&names, |column, shape| {
        of_call(column, shape) && known_times::is_time_of_call(&column.name)
    });
    if told.is_none()
        && find_day_and_clock(draft).is_none()
        && let Some(at) = draft.find(&names, is_unread)
    {
        return unread(draft, at);
    }
    if let Some(at) = draft.find(&names, of_call) {
        let check = doubts_of_time(draft, at);
        times(draft, at, check);
        return doubt_time(draft, at);
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
        unread(draft, at);
    }
}

/// Proposes a column that is named as the time, and that no format reads, or none in most records.
fn unread(draft: &mut ProposalDraft<'_>, at: usize) {
    let values = &draft.survey.columns[at].values;
    let most = Times::of_some(values);
    let odd = values.iter().find(|value| match &most {
        Some(times) => !times.reads(value),
        None => true,
    });
    let odd = shown(odd.map_or("", String::as_str));
    let why = if let Some(found) = most {
        write(draft, &[at], &found, None);
        format!(
            "its format does not read `{odd}`: add one to `formats`, or keep it, and such records are rejected"
        )
    } else {
        let name = quoted(draft.name(at));
        draft.column_rule(Field::DateTime, at, name, None);
        format!(
            "no time format that is tried reads `{odd}`: say it in `formats` (docs/mapping.md), and the zone"
        )
    };
    draft.leave_open(Field::DateTime, &why, Vec::new());
}

/// Leaves the time to the operator where another column could be the beginning of the call as well.
fn doubt_time(draft: &mut ProposalDraft<'_>, at: usize) {
    if known_times::is_time_of_call(draft.name(at)) {
        return;
    }
    let names = known_names::of(Field::DateTime);
    let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
    let others: Vec<usize> = columns
        .filter(|(other, (column, shape))| {
            let is_begin = !known_times::is_time_of_end(&column.name)
                && !known_times::is_time_of_record(&column.name);
            let is_named = rank(&column.name, &names).is_some();
            let is_time = shape.times.is_some() && !shape.is_phone && !column.is_nested;
            let is_whole = column.filled == draft.survey.records;
            *other != at && is_begin && is_named && is_time && is_whole
        })
        .filter(|(_, (column, _))| column.cells != draft.survey.columns[at].cells)
        .map(|(other, _)| other)
        .take(SHOWN)
        .collect();
    let Some(rule) = draft.taken_back(Field::DateTime) else {
        return;
    };
    let mut lines = Vec::new();
    for other in others {
        times(draft, other, None);
        lines.extend(draft.taken_back(Field::DateTime).map(|rule| rule.toml));
    }
    draft.restore(Some(rule));
    if !lines.is_empty() {
        draft.leave_open(Field::DateTime, "which is when the call began?", lines);
    }
}

/// What to look at where the export has several times.
fn doubts_of_time(draft: &ProposalDraft<'_>, at: usize) -> Option<String> {
    let name = draft.name(at);
    if known_times::is_time_of_call(name) {
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
    if known_times::is_time_of_record(name) {
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
    let times = times.told_apart(&others_times(draft, at));
    let doubts: Vec<String> = times.doubt().into_iter().chain(check).collect();
    let check = (!doubts.is_empty()).then(|| doubts.join("; "));
    write(draft, &[at], &times, check);
}

/// How the times of the other columns are written.
fn others_times(draft: &ProposalDraft<'_>, of: usize) -> Vec<Times> {
    let shapes = draft.shapes.iter().enumerate();
    let others = shapes.filter(|(at, _)| *at != of);
    others
        .filter_map(|(_, shape)| shape.times.clone())
        .collect()
}

/// Proposes the time of these columns, with the zone that the export says. A day that may be a month is
/// for a person to tell.
fn write(draft: &mut ProposalDraft<'_>, columns: &[usize], times: &Times, check: Option<String>) {
    let mut columns = columns.to_vec();
    let mut sign = "";
    let mut zone = "";
    if !times.has_offset {
        match zone_column(draft) {
            Some((at, zone_sign))
                if times.letters.is_none()
                    && (times.format.contains('%') || times.format == "iso") =>
            {
                sign = zone_sign;
                columns.push(at);
            }
            _ if is_in_utc(draft.name(columns[0])) => zone = ", timezone = \"UTC\"",
            _ => draft.need("timezone", "the times have no offset"),
        }
    }
    let names: Vec<String> = columns.iter().map(|at| quoted(draft.name(*at))).collect();
    let extract = match times.extract() {
        Some(expression) => format!(", extract = {}", quoted(expression)),
        None => String::new(),
    };
    let rule = |format: &String| {
        let formats = match (format.as_str(), sign) {
            ("iso", "") => String::new(),
            ("iso", sign) => format!(", formats = [{}]", quoted(&format!("{ISO_TEXT} {sign}"))),
            (format, "") => format!(", formats = [{}]", quoted(format)),
            (format, sign) => format!(", formats = [{}]", quoted(&format!("{format} {sign}"))),
        };
        let more = format!("{extract}{formats}{zone}");
        match &names[..] {
            [name] if more.is_empty() => name.clone(),
            [name] => format!("{{ from = {name}{more} }}"),
            several => format!("{{ from = [{}]{more} }}", several.join(", ")),
        }
    };
    draft.columns_rule(Field::DateTime, &columns, rule(&times.format), check);
    if !times.also.is_empty() {
        let others = times.also.iter().map(rule).collect();
        draft.leave_open(Field::DateTime, "which part is the day?", others);
    }
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

/// The columns of a day and of a clock, if there are such, and how they are written.
fn find_day_and_clock(draft: &ProposalDraft<'_>) -> Option<([usize; 2], Times)> {
    let is_free =
        |column: &Surveyed| !column.is_nested && !known_times::is_time_of_end(&column.name);
    let day = draft.find(&known_names::of(Field::DateTime), |column, _| {
        is_free(column) && days(&column.values).is_some()
    })?;
    let clock = draft.find(known_times::CLOCKS, |column, _| {
        is_free(column) && clocks(&column.values).is_some()
    })?;
    let form = clocks(&draft.survey.columns[clock].values)?;
    let mut times = days(&draft.survey.columns[day].values)?;
    for format in std::iter::once(&mut times.format).chain(&mut times.also) {
        *format = format!("{format} {form}");
    }
    Some(([day, clock], times))
}

/// Proposes the time of two columns; whether there are such.
fn day_and_clock(draft: &mut ProposalDraft<'_>) -> bool {
    let Some((columns, times)) = find_day_and_clock(draft) else {
        return false;
    };
    write(draft, &columns, &times, times.doubt());
    true
}

/// Takes one of the formats of the time, where several read its values.
///
/// # Errors
/// When none was said, or another one.
pub(super) fn settle_format(
    draft: &mut ProposalDraft<'_>,
    format: Option<&str>,
) -> Result<(), String> {
    let mut rules = draft.proposal.rules.iter_mut();
    let rule = rules.find(|rule| rule.field == Field::DateTime && rule.is_open);
    let Some(rule) = rule else { return Ok(()) };
    let ways: Vec<&String> = std::iter::once(&rule.toml).chain(&rule.others).collect();
    let chosen = format.and_then(|format| {
        let formats = format!("formats = [{}]", quoted(format));
        ways.iter().find(|toml| toml.contains(&formats))
    });
    let Some(toml) = chosen else {
        let ways: Vec<&str> = ways.into_iter().map(String::as_str).collect();
        return Err(format!(
            "its values have several readings: {}. Answer with the column and one format, such as `2 %d/%m/%Y`",
            ways.join(" or ")
        ));
    };
    rule.toml = (*toml).clone();
    rule.others.clear();
    rule.is_open = false;
    Ok(())
}
