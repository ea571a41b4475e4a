//! Text to value, by the conversion of a rule.

use std::borrow::Cow;

use rlibphonenumber::enums::Region;
use serde_json::Value as Json;

use super::columns::RawText;
use super::convert_list::{labels, segments};
use super::field_input::FieldInput;
use super::field_reader::{FieldReader, Reported};
use super::rule::CompiledRule;
use crate::domain::call::{Field, Value, ValueKind, is_blank};
use crate::domain::{
    Code, PhoneReading, Problem, bare_number, fault_of_key, is_email, is_plain_email, read_phone,
};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::value::boolean::{BooleanWords, read_boolean};
use crate::mapping::value::duration::{Lengths, is_thousands_or_parts, read_length};
use crate::mapping::value::number::{Notation, read_number};
use crate::mapping::value::time::TimeRule;

/// What the record says in the field of a rule; [`Value::Broken`] exactly when an error was reported.
pub(in crate::mapping) fn value_of<'r>(
    rule: &'r CompiledRule,
    input: &FieldInput<'_, 'r>,
    problems: &mut Vec<Problem>,
) -> Value<'r> {
    read(&mut FieldReader::new(rule, input, problems))
}

/// The same, for who asks the reader more.
#[inline]
pub(in crate::mapping) fn read<'r>(field: &mut FieldReader<'_, 'r>) -> Value<'r> {
    let raw = field.raw();
    raw.and_then(|raw| convert(field, raw))
        .unwrap_or(Value::Broken)
}

fn convert<'r>(field: &mut FieldReader<'_, 'r>, raw: RawText<'r>) -> Result<Value<'r>, Reported> {
    let rule = field.rule;
    let conversion = &rule.conversion;
    match conversion {
        Conversion::Labels => return labels(field, raw),
        Conversion::Segments => return segments(field, raw),
        _ => {}
    }
    let text = match raw {
        RawText::Missing => return Ok(Value::Absent),
        RawText::Text(text) => text,
        RawText::Tree(tree) => return tree_text(field, tree),
    };
    let is_plain = matches!(conversion, Conversion::Text) && rule.steps.map.is_none();
    if !is_plain && is_blank(&text) {
        return Ok(Value::Absent);
    }
    let text = field.mapped(text)?;
    if text.is_empty() {
        return Ok(Value::Absent);
    }
    match conversion {
        Conversion::Phone(region) => phone(field, text, *region),
        Conversion::Time(rule) => time(field, &text, rule),
        Conversion::Number(notation) => number(field, &text, *notation),
        Conversion::Boolean(words) => boolean(field, &text, words),
        Conversion::Seconds(lengths) => seconds(field, &text, *lengths),
        Conversion::Email => email(field, text),
        Conversion::Json => json(field, &text),
        Conversion::Text | Conversion::Labels | Conversion::Segments => Ok(Value::Text(text)),
    }
}

/// A list or an object, as its text where the rule asks for JSON.
#[cold]
fn tree_text<'r>(field: &mut FieldReader<'_, 'r>, tree: &'r Json) -> Result<Value<'r>, Reported> {
    if matches!(field.rule.conversion, Conversion::Json) {
        return Ok(Value::Text(Cow::Owned(tree.to_string())));
    }
    let message = "a list or an object, where a single value is expected";
    Err(field.error(Code::WrongType, &tree.to_string(), message))
}

/// Reads out of borrowed text without copying, and out of owned text with.
#[inline]
fn read_text<'r, T, E>(
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
#[inline]
fn phone<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    region: Option<Region>,
) -> Result<Value<'r>, Reported> {
    if let Cow::Borrowed(text) = text
        && let PhoneReading::Possible(number) = read_phone(text, region)
    {
        field.is_checked = field.rule.field.is(Field::Customer);
        return Ok(Value::Text(number));
    }
    other_phone(field, text, region)
}

#[inline(never)]
fn other_phone<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    region: Option<Region>,
) -> Result<Value<'r>, Reported> {
    let reading = read_phone(&text, region);
    if matches!(reading, PhoneReading::NeedsRegion | PhoneReading::NotAPhone)
        && let Some((bare, message)) = bare_number(&text)
    {
        field.report(Code::RepairedByRule, &text, &message);
        return other_phone(field, Cow::Owned(bare), region);
    }
    match reading {
        PhoneReading::Possible(number) => {
            field.is_checked = field.rule.field.is(Field::Customer);
            Ok(Value::Text(Cow::Owned(number.into_owned())))
        }
        PhoneReading::NeedsRegion => {
            let message =
                "no country code, and the mapping names no region; it is sent as it stands";
            field.report(Code::PhoneWithoutRegion, &text, message);
            Ok(Value::Text(text))
        }
        PhoneReading::Ambiguous => {
            let message = "it could be a number of the region, or carry the code of another country; \
                           nothing is sent until it has a `+` or a leading zero";
            Err(field.error(Code::AmbiguousPhone, &text, message))
        }
        PhoneReading::NotAPhone => {
            let is_told_later = field.rule.field.is(Field::Customer)
                && read_phone(&text, None) == PhoneReading::NotAPhone;
            if !is_told_later {
                let message = "not a possible phone number; it is sent as it stands";
                field.report(Code::CustomerNotAPhone, &text, message);
            }
            Ok(Value::Text(text))
        }
        PhoneReading::Damaged => {
            let message =
                "a spreadsheet wrote this number with an exponent, and its last digits are lost";
            Err(field.error(Code::SpreadsheetDamage, &text, message))
        }
    }
}

fn time<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
    rule: &TimeRule,
) -> Result<Value<'r>, Reported> {
    match read_text(text, |text| rule.read(text)) {
        Ok((time, at)) if field.rule.field.kind() == ValueKind::Time => Ok(Value::Time(time, at)),
        Ok((time, _)) => Ok(Value::Text(time)),
        Err((Code::BadTime, message)) => {
            let message = match rule.missing_format(text) {
                Some(format) => Cow::Owned(format!(
                    "it ends with an offset, and no format of the mapping does: add \"{format}\" to \
                     its `formats`"
                )),
                None => Cow::Borrowed(message),
            };
            Err(field.error(Code::BadTime, text, &message))
        }
        Err((code, message)) => Err(field.error(code, text, message)),
    }
}

/// A number goes into a text field as its text.
fn numeric<'r>(field: &FieldReader<'_, 'r>, number: Cow<'r, str>) -> Value<'r> {
    if field.rule.field.kind() == ValueKind::Number {
        Value::Number(number)
    } else {
        Value::Text(number)
    }
}

fn number<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
    notation: Notation,
) -> Result<Value<'r>, Reported> {
    let found = read_text(text, |text| {
        read_number(text, notation)
            .map(|number| (number, ()))
            .ok_or(())
    });
    match found {
        Ok((number, ())) => Ok(numeric(field, number)),
        Err(()) => Err(field.error(
            Code::BadNumber,
            text,
            "no number in the notation of the mapping",
        )),
    }
}

fn seconds<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
    lengths: Lengths,
) -> Result<Value<'r>, Reported> {
    let is_certain = is_thousands_or_parts(text.trim()) && field.is_calculated(text);
    let found = read_text(text, |text| {
        read_length(text, lengths, is_certain)
            .map(|seconds| (seconds, ()))
            .ok_or(())
    });
    match found {
        Ok((seconds, ())) => Ok(numeric(field, seconds)),
        Err(()) if lengths.notation.is_none() && is_thousands_or_parts(text.trim()) => {
            let message = "thousands, or parts of a second: say which by decimal = \".\" or \",\"";
            Err(field.error(Code::BadDuration, text, message))
        }
        Err(()) => Err(field.error(
            Code::BadDuration,
            text,
            "no duration, or one that can be read in two ways",
        )),
    }
}

fn boolean<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &str,
    words: &BooleanWords,
) -> Result<Value<'r>, Reported> {
    let target = &field.rule.field;
    match read_boolean(text, words) {
        Some(flag) if target.kind() == ValueKind::Bool => Ok(Value::Bool(flag)),
        Some(flag) => Ok(Value::Text(Cow::Borrowed(if flag {
            "true"
        } else {
            "false"
        }))),
        None if target.is(Field::HasConsent) => {
            let message = "neither yes nor no; a refusal must never be sent as consent";
            Err(field.error(Code::BadConsent, text, message))
        }
        None => Err(field.error(Code::BadBoolean, text, "neither yes nor no")),
    }
}

#[inline]
fn email<'r>(field: &mut FieldReader<'_, 'r>, text: Cow<'r, str>) -> Result<Value<'r>, Reported> {
    let value = if is_plain_email(&text) {
        Value::Text(text)
    } else {
        other_email(field, &text)?
    };
    field.is_checked = field.rule.field.is(Field::AgentEmail);
    Ok(value)
}

#[inline(never)]
fn other_email<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
) -> Result<Value<'r>, Reported> {
    let bare = text.trim();
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
    if let Some((code, message)) = fault_of_key(bare) {
        return Err(field.error(code, text, &message));
    }
    if !is_email(bare) {
        let message = if field.rule.field.is(Field::AgentEmail) && !bare.contains('@') {
            "no e-mail address, and neither a table of agents nor a domain gives one"
        } else {
            "not an e-mail address"
        };
        return Err(field.error(Code::BadEmail, text, message));
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
fn json<'r>(field: &mut FieldReader<'_, 'r>, text: &Cow<'r, str>) -> Result<Value<'r>, Reported> {
    match serde_json::from_str::<Json>(text) {
        Ok(json) => Ok(Value::Text(Cow::Owned(json.to_string()))),
        Err(_) => Err(field.error(Code::BadJson, text, "not JSON")),
    }
}
