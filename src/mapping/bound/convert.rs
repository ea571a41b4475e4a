//! Text to value, by the conversion of a rule.

use std::borrow::Cow;

use rlibphonenumber::enums::Region;
use serde_json::Value as Json;

use super::columns::RawText;
use super::convert_list::{labels, labels_of, segments, segments_of};
use super::field_input::FieldInput;
use super::field_reader::{FieldReader, Glance, Reported};
use super::rule::CompiledRule;
use super::value_sink::ValueSink;
use crate::domain::call::{Field, Value, ValueKind, is_blank};
use crate::domain::{
    Code, PhoneReading, Problem, bare_number, fault_of_key, is_email, is_plain_email, read_phone,
};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::value::boolean::{BooleanWords, read_boolean};
use crate::mapping::value::duration::{Lengths, is_thousands_or_parts, read_length};
use crate::mapping::value::number::{Notation, read_number};
use crate::mapping::value::time::{TimeRefusal, TimeRule};

/// What the record says in the field of a rule; [`Value::Broken`] exactly when an error was reported.
pub(in crate::mapping) fn value_of<'r>(
    rule: &'r CompiledRule,
    input: &FieldInput<'_, 'r>,
    problems: &mut Vec<Problem>,
) -> Value<'r> {
    let mut value = Value::Absent;
    read(&mut FieldReader::new(rule, input, problems), &mut value);
    value
}

/// Reads what the record says in the field into `into`.
#[inline]
pub(in crate::mapping) fn read<'r>(field: &mut FieldReader<'_, 'r>, into: &mut impl ValueSink<'r>) {
    let read = match field.glance() {
        Glance::Nothing => return,
        Glance::Says(text) => convert(field, text, into),
        Glance::Unclear => read_raw(field, into),
    };
    if let Err(Reported) = read {
        into.value(Value::Broken);
    }
}

/// The same where more than a look at cells tells.
#[inline(never)]
fn read_raw<'r>(
    field: &mut FieldReader<'_, 'r>,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let rule = field.rule;
    let raw = field.raw()?;
    match (raw, &rule.conversion) {
        (RawText::Missing, _) => {}
        (RawText::Tree(tree), Conversion::Labels) => return labels_of(field, tree, into),
        (RawText::Tree(tree), Conversion::Segments) => into.value(segments_of(field, tree)?),
        (RawText::Tree(tree), _) => into.text(tree_text(field, tree)?),
        // Blanks are sent as they stand, so that they are told where they must not be.
        (RawText::Text(text), Conversion::Text) if rule.steps.map.is_none() => into.text(text),
        (RawText::Text(text), _) if is_blank(&text) => {}
        (RawText::Text(text), _) => return convert(field, text, into),
    }
    Ok(())
}

/// Reads a text that is not blank. A cell comes as it lies in the record, so that the compiler knows of it
/// that nothing has to be dropped.
#[inline]
fn convert<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: impl Into<Cow<'r, str>>,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let text = text.into();
    let conversion = &field.rule.conversion;
    if let Conversion::Labels = conversion {
        return labels(field, text, into);
    }
    let text = field.mapped(text)?;
    if text.is_empty() && !matches!(conversion, Conversion::Segments) {
        return Ok(());
    }
    match conversion {
        Conversion::Phone(region) => return phone(field, text, *region, into),
        Conversion::Time(rule) => return time(field, text, rule, into),
        Conversion::Number(notation) => {
            let number = number(field, &text, *notation)?;
            numeric(field, number, into);
        }
        Conversion::Boolean(words) => {
            let flag = boolean(field, &text, words)?;
            if field.rule.field.kind() == ValueKind::Bool {
                into.bool(flag);
            } else {
                into.text(Cow::Borrowed(if flag { "true" } else { "false" }));
            }
        }
        Conversion::Seconds(lengths) => {
            let seconds = seconds(field, &text, *lengths)?;
            numeric(field, seconds, into);
        }
        Conversion::Email => return email(field, text, into),
        Conversion::Json => into.text(json(field, &text)?),
        Conversion::Segments => into.value(segments(field, &text)?),
        Conversion::Text | Conversion::Labels => into.text(text),
    }
    Ok(())
}

/// A list or an object, as its text where the rule asks for JSON.
#[cold]
fn tree_text<'r>(field: &mut FieldReader<'_, 'r>, tree: &Json) -> Result<Cow<'r, str>, Reported> {
    if matches!(field.rule.conversion, Conversion::Json) {
        return Ok(Cow::Owned(tree.to_string()));
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
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    if let Cow::Borrowed(text) = text
        && let PhoneReading::Possible(number) = read_phone(text, region)
    {
        possible_phone(field, number, into);
        return Ok(());
    }
    other_phone(field, text, region, into)
}

/// A number that is possible; of a customer nothing else is asked.
#[inline]
fn possible_phone<'r>(
    field: &FieldReader<'_, 'r>,
    number: Cow<'r, str>,
    into: &mut impl ValueSink<'r>,
) {
    if field.rule.field.is(Field::Customer) {
        into.checked(number);
    } else {
        into.text(number);
    }
}

#[inline(never)]
fn other_phone<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    region: Option<Region>,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let reading = read_phone(&text, region);
    if matches!(reading, PhoneReading::NeedsRegion | PhoneReading::NotAPhone)
        && let Some((bare, message)) = bare_number(&text)
    {
        field.report(Code::RepairedByRule, &text, &message);
        return other_phone(field, Cow::Owned(bare), region, into);
    }
    match reading {
        PhoneReading::Possible(number) => {
            possible_phone(field, Cow::Owned(number.into_owned()), into);
        }
        PhoneReading::NeedsRegion => {
            let message = "no country code, and the mapping names no region; it is sent unchanged";
            field.report(Code::PhoneWithoutRegion, &text, message);
            into.text(text);
        }
        PhoneReading::Ambiguous => {
            let message = "it could be a number of the region, or carry the code of another country; \
                           nothing is sent until it has a `+` or a leading zero";
            return Err(field.error(Code::AmbiguousPhone, &text, message));
        }
        PhoneReading::NotAPhone => {
            let is_told_later = field.rule.field.is(Field::Customer)
                && read_phone(&text, None) == PhoneReading::NotAPhone;
            if !is_told_later {
                let message = "not a possible phone number; it is sent unchanged";
                field.report(Code::CustomerNotAPhone, &text, message);
            }
            into.text(text);
        }
        PhoneReading::Damaged => {
            let message =
                "a spreadsheet wrote this number with an exponent, and its last digits are lost";
            return Err(field.error(Code::SpreadsheetDamage, &text, message));
        }
    }
    Ok(())
}

#[inline]
fn time<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    rule: &TimeRule,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let (time, at) = match text {
        Cow::Borrowed(text) => match rule.read(text) {
            Ok(read) => read,
            Err(refusal) => return Err(no_time(field, text, rule, refusal)),
        },
        Cow::Owned(text) => match rule.read(&text) {
            Ok((time, at)) => (Cow::Owned(time.into_owned()), at),
            Err(refusal) => return Err(no_time(field, &text, rule, refusal)),
        },
    };
    if field.rule.field.kind() == ValueKind::Time {
        into.time(time, at);
    } else {
        into.text(time);
    }
    Ok(())
}

#[cold]
fn no_time(
    field: &mut FieldReader<'_, '_>,
    text: &str,
    rule: &TimeRule,
    refusal: TimeRefusal,
) -> Reported {
    match refusal {
        (Code::BadTime, message) => {
            let message = match rule.missing_format(text) {
                Some(format) => Cow::Owned(format!(
                    "it ends with an offset, and no format of the mapping does: add \"{format}\" to \
                     its `formats`"
                )),
                None => Cow::Borrowed(message),
            };
            field.error(Code::BadTime, text, &message)
        }
        (code, message) => field.error(code, text, message),
    }
}

/// A number goes into a text field as its text.
#[inline]
fn numeric<'r>(field: &FieldReader<'_, 'r>, number: Cow<'r, str>, into: &mut impl ValueSink<'r>) {
    if field.rule.field.kind() == ValueKind::Number {
        into.number(number);
    } else {
        into.text(number);
    }
}

fn number<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
    notation: Notation,
) -> Result<Cow<'r, str>, Reported> {
    let found = read_text(text, |text| {
        read_number(text, notation)
            .map(|number| (number, ()))
            .ok_or(())
    });
    match found {
        Ok((number, ())) => Ok(number),
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
) -> Result<Cow<'r, str>, Reported> {
    let is_certain = is_thousands_or_parts(text.trim()) && field.is_calculated(text);
    let found = read_text(text, |text| {
        read_length(text, lengths, is_certain)
            .map(|seconds| (seconds, ()))
            .ok_or(())
    });
    match found {
        Ok((seconds, ())) => Ok(seconds),
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

#[inline]
fn boolean(
    field: &mut FieldReader<'_, '_>,
    text: &str,
    words: &BooleanWords,
) -> Result<bool, Reported> {
    match read_boolean(text, words) {
        Some(flag) => Ok(flag),
        None if field.rule.field.is(Field::HasConsent) => {
            let message = "neither yes nor no; a refusal must never be sent as consent";
            Err(field.error(Code::BadConsent, text, message))
        }
        None => Err(field.error(Code::BadBoolean, text, "neither yes nor no")),
    }
}

#[inline]
fn email<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: Cow<'r, str>,
    into: &mut impl ValueSink<'r>,
) -> Result<(), Reported> {
    let address = if is_plain_email(&text) {
        text
    } else {
        other_email(field, &text)?
    };
    if field.rule.field.is(Field::AgentEmail) {
        into.checked(address);
    } else {
        into.text(address);
    }
    Ok(())
}

#[inline(never)]
fn other_email<'r>(
    field: &mut FieldReader<'_, 'r>,
    text: &Cow<'r, str>,
) -> Result<Cow<'r, str>, Reported> {
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
    Ok(match text {
        Cow::Borrowed(whole) => {
            let whole = whole.trim();
            Cow::Borrowed(whole.strip_prefix("mailto:").unwrap_or(whole))
        }
        Cow::Owned(_) => Cow::Owned(bare.to_owned()),
    })
}

/// Text that is JSON, written compactly.
fn json<'r>(field: &mut FieldReader<'_, 'r>, text: &str) -> Result<Cow<'r, str>, Reported> {
    match serde_json::from_str::<Json>(text) {
        Ok(json) => Ok(Cow::Owned(json.to_string())),
        Err(_) => Err(field.error(Code::BadJson, text, "not JSON")),
    }
}
