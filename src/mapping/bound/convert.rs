//! Text to value, by the conversion of a rule.

use std::borrow::Cow;

use rlibphonenumber::enums::Region;
use serde_json::Value as Json;

use super::columns::{RawText, Source};
use super::convert_list::{labels, segments};
use super::rule::CompiledRule;
use super::text::{FieldInput, Reported};
use crate::domain::call::{Field, Value, ValueKind, is_blank};
use crate::domain::{Code, PhoneReading, Problem, bare_number, fault_of_key, is_email, read_phone};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::template::Rendering;
use crate::mapping::value::boolean::{BooleanWords, read_boolean};
use crate::mapping::value::duration::{Lengths, is_thousands_or_parts, read_length};
use crate::mapping::value::number::{Notation, read_number};
use crate::mapping::value::time::TimeRule;
use crate::source::Record;

/// What the record says in the field of a rule; [`Value::Broken`] exactly when an error was reported.
pub(in crate::mapping) fn value_of<'r>(
    rule: &'r CompiledRule,
    record: &Record<'r>,
    templates: &Rendering<'r>,
    problems: &mut Vec<Problem>,
) -> Value<'r> {
    // Most rules are this one, and it must cost no more than finding the cell.
    if let (Source::Column(named), Conversion::Text, true) = (
        &rule.source,
        &rule.conversion,
        rule.steps.is_empty() && record.tree().is_none(),
    ) {
        return match record.text(&named.column) {
            Some(text) if !text.is_empty() => Value::Text(text),
            _ => Value::Absent,
        };
    }
    convert(&mut FieldInput {
        rule,
        record,
        templates,
        is_default: false,
        problems,
    })
}

/// The value of one field. [`Value::Broken`] stands for an error that is reported.
fn convert<'r>(apply: &mut FieldInput<'_, 'r, '_>) -> Value<'r> {
    try_convert(apply).unwrap_or(Value::Broken)
}

fn try_convert<'r>(apply: &mut FieldInput<'_, 'r, '_>) -> Result<Value<'r>, Reported> {
    let raw = apply.raw()?;
    let conversion = &apply.rule.conversion;
    match conversion {
        Conversion::Labels => return labels(apply, raw),
        Conversion::Segments => return segments(apply, raw),
        _ => {}
    }
    let text = match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Tree(tree) if matches!(conversion, Conversion::Json) => {
            return Ok(Value::Text(Cow::Owned(tree.to_string())));
        }
        RawText::Tree(tree) => {
            let message = "a list or an object, where a single value is expected";
            return Err(apply.error(Code::WrongType, &tree.to_string(), message));
        }
        RawText::Text(text) => text,
    };
    let is_plain = matches!(conversion, Conversion::Text) && apply.rule.steps.map.is_none();
    if !is_plain && is_blank(&text) {
        return Ok(Value::Absent);
    }
    let text = apply.mapped(text)?;
    if text.is_empty() {
        return Ok(Value::Absent);
    }
    match conversion {
        Conversion::Phone(region) => phone(apply, text, *region),
        Conversion::Time(rule) => time(apply, &text, rule),
        Conversion::Number(notation) => number(apply, &text, *notation),
        Conversion::Boolean(words) => boolean(apply, &text, words),
        Conversion::Seconds(lengths) => seconds(apply, &text, *lengths),
        Conversion::Email => email(apply, &text),
        Conversion::Json => json(apply, &text),
        Conversion::Text | Conversion::Labels | Conversion::Segments => Ok(Value::Text(text)),
    }
}

/// Reads out of borrowed text without copying, and out of owned text with.
fn read<'r, T, E>(
    text: &Cow<'r, str>,
    reader: impl for<'t> Fn(&'t str) -> Result<(Cow<'t, str>, T), E>,
) -> Result<(Cow<'r, str>, T), E> {
    match text {
        Cow::Borrowed(text) => reader(text),
        Cow::Owned(text) => {
            let (read, extra) = reader(text)?;
            Ok((Cow::Owned(read.into_owned()), extra))
        }
    }
}

/// Possible numbers become E.164; all others stay as they are, with a warning. A customer that is
/// plainly no phone number is left to `Call::new`, which asks the same of every customer: the
/// operator hears of it once.
fn phone<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: Cow<'r, str>,
    region: Option<Region>,
) -> Result<Value<'r>, Reported> {
    let reading = read_phone(&text, region);
    if matches!(reading, PhoneReading::NeedsRegion | PhoneReading::NotAPhone)
        && let Some((bare, message)) = bare_number(&text)
    {
        apply.report(Code::RepairedByRule, &text, &message);
        return phone(apply, Cow::Owned(bare), region);
    }
    match reading {
        PhoneReading::Possible(number) if *number == *text => Ok(Value::Text(text)),
        PhoneReading::Possible(number) => Ok(Value::Text(Cow::Owned(number))),
        PhoneReading::NeedsRegion => {
            let message =
                "no country code, and the mapping names no region; it is sent as it stands";
            apply.report(Code::PhoneWithoutRegion, &text, message);
            Ok(Value::Text(text))
        }
        PhoneReading::Ambiguous => {
            let message = "it could be a number of the region, or carry the code of another country; \
                           nothing is sent until it has a `+` or a leading zero";
            Err(apply.error(Code::AmbiguousPhone, &text, message))
        }
        PhoneReading::NotAPhone => {
            let is_told_later = apply.rule.field.is(Field::Customer)
                && read_phone(&text, None) == PhoneReading::NotAPhone;
            if !is_told_later {
                let message = "not a possible phone number; it is sent as it stands";
                apply.report(Code::CustomerNotAPhone, &text, message);
            }
            Ok(Value::Text(text))
        }
        PhoneReading::Damaged => {
            let message =
                "a spreadsheet wrote this number with an exponent, and its last digits are lost";
            Err(apply.error(Code::SpreadsheetDamage, &text, message))
        }
    }
}

fn time<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &Cow<'r, str>,
    rule: &TimeRule,
) -> Result<Value<'r>, Reported> {
    match read(text, |text| rule.read(text)) {
        Ok((time, at)) if apply.rule.field.kind() == ValueKind::Time => Ok(Value::Time(time, at)),
        Ok((time, _)) => Ok(Value::Text(time)),
        Err((Code::BadTime, message)) => {
            let message = match rule.missing_format(text) {
                Some(format) => Cow::Owned(format!(
                    "it ends with an offset, and no format of the mapping does: add \"{format}\" to \
                     its `formats`"
                )),
                None => Cow::Borrowed(message),
            };
            Err(apply.error(Code::BadTime, text, &message))
        }
        Err((code, message)) => Err(apply.error(code, text, message)),
    }
}

/// A number goes into a text field as its text.
fn numeric<'r>(apply: &FieldInput<'_, 'r, '_>, number: Cow<'r, str>) -> Value<'r> {
    if apply.rule.field.kind() == ValueKind::Number {
        Value::Number(number)
    } else {
        Value::Text(number)
    }
}

fn number<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &Cow<'r, str>,
    notation: Notation,
) -> Result<Value<'r>, Reported> {
    let found = read(text, |text| {
        read_number(text, notation)
            .map(|number| (number, ()))
            .ok_or(())
    });
    match found {
        Ok((number, ())) => Ok(numeric(apply, number)),
        Err(()) => Err(apply.error(
            Code::BadNumber,
            text,
            "no number in the notation of the mapping",
        )),
    }
}

fn seconds<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &Cow<'r, str>,
    lengths: Lengths,
) -> Result<Value<'r>, Reported> {
    let is_certain = is_thousands_or_parts(text.trim()) && apply.is_calculated(text);
    let found = read(text, |text| {
        read_length(text, lengths, is_certain)
            .map(|seconds| (seconds, ()))
            .ok_or(())
    });
    match found {
        Ok((seconds, ())) => Ok(numeric(apply, seconds)),
        Err(()) if lengths.notation.is_none() && is_thousands_or_parts(text.trim()) => {
            let message = "thousands, or parts of a second: say which by decimal = \".\" or \",\"";
            Err(apply.error(Code::BadDuration, text, message))
        }
        Err(()) => Err(apply.error(
            Code::BadDuration,
            text,
            "no duration, or one that can be read in two ways",
        )),
    }
}

fn boolean<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &str,
    words: &BooleanWords,
) -> Result<Value<'r>, Reported> {
    match (read_boolean(text, words), &apply.rule.field) {
        (Some(flag), field) if field.kind() == ValueKind::Bool => Ok(Value::Bool(flag)),
        (Some(flag), _) => Ok(Value::Text(Cow::Borrowed(if flag {
            "true"
        } else {
            "false"
        }))),
        (None, field) if field.is(Field::HasConsent) => {
            let message = "neither yes nor no; a refusal must never be sent as consent";
            Err(apply.error(Code::BadConsent, text, message))
        }
        (None, _) => Err(apply.error(Code::BadBoolean, text, "neither yes nor no")),
    }
}

fn email<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &Cow<'r, str>,
) -> Result<Value<'r>, Reported> {
    let bare = text.trim();
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
    if let Some((code, message)) = fault_of_key(bare) {
        return Err(apply.error(code, text, &message));
    }
    if !is_email(bare) {
        let message = if apply.rule.field.is(Field::AgentEmail) && !bare.contains('@') {
            "no e-mail address, and neither a table of agents nor a domain gives one"
        } else {
            "not an e-mail address"
        };
        return Err(apply.error(Code::BadEmail, text, message));
    }
    Ok(Value::Text(match text {
        Cow::Borrowed(whole) => {
            let whole = whole.trim();
            Cow::Borrowed(whole.strip_prefix("mailto:").unwrap_or(whole))
        }
        Cow::Owned(_) => Cow::Owned(bare.to_owned()),
    }))
}

/// Text that is JSON, written compactly.
fn json<'r>(
    apply: &mut FieldInput<'_, 'r, '_>,
    text: &Cow<'r, str>,
) -> Result<Value<'r>, Reported> {
    match serde_json::from_str::<Json>(text) {
        Ok(json) => Ok(Value::Text(Cow::Owned(json.to_string()))),
        Err(_) => Err(apply.error(Code::BadJson, text, "not JSON")),
    }
}
