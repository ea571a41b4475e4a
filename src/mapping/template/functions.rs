//! The filters of templates: which there are, and whether a template uses others.

use std::error::Error as _;
use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use minijinja::{Environment, Error, ErrorKind};
use regex::Regex;

use super::pattern::literal;
use crate::mapping::error::{Findings, did_you_mean};
use crate::mapping::file::toml_table::SpannedText;
use crate::mapping::lookup::missed::Missed;
use crate::mapping::lookup::table::Lookups;
use crate::mapping::value::ambiguous_time::AmbiguousTime;
use crate::mapping::value::time::{TimeFormat, TimeRule};

static FILTER: LazyLock<Regex> = LazyLock::new(|| literal(r"\|\s*([A-Za-z_]\w*)"));
static TEST: LazyLock<Regex> = LazyLock::new(|| literal(r"\bis\s+(?:not\s+)?([A-Za-z_]\w*)"));
static TAG: LazyLock<Regex> = LazyLock::new(|| literal(r"(?s)\{\{.*?\}\}|\{%.*?%\}"));
static STRING: LazyLock<Regex> =
    LazyLock::new(|| literal(r#"'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*""#));
static LOOKUP: LazyLock<Regex> = LazyLock::new(|| {
    literal(r#"lookup\s*\(\s*(?:'([^']*)'|"([^"]*)")\s*,\s*(?:'([^']*)'|"([^"]*)")"#)
});

/// So many characters of RFC 3339 are the clock's.
const SECONDS: usize = 19;

/// The miss behind an error of the engine.
pub(super) fn missed(error: &Error) -> Option<&Missed> {
    error.source()?.downcast_ref()
}

/// Adds what a mapping needs and the engine does not bring: `digits` keeps the digits of a text,
/// `before` and `after` cut at the first occurrence of a text, `file_name` is the last step of an
/// address, `clock` writes a time in another form, `lookup` asks a table.
pub(super) fn add_filters(engine: &mut Environment<'static>, lookups: &Lookups) {
    engine.add_filter("digits", |text: String| -> String {
        text.chars().filter(char::is_ascii_digit).collect()
    });
    engine.add_filter("before", |text: String, mark: String| -> String {
        text.split_once(&mark)
            .map_or(text.clone(), |(before, _)| before.to_owned())
    });
    engine.add_filter("after", |text: String, mark: String| -> String {
        text.split_once(&mark)
            .map_or(text.clone(), |(_, after)| after.to_owned())
    });
    engine.add_filter("file_name", |text: String| file_name(&text).to_owned());
    engine.add_filter(
        "clock",
        |text: String, form: String, formats: Option<Vec<String>>| {
            clock(&text, &form, &formats.unwrap_or_default()).unwrap_or_default()
        },
    );
    let lookups = lookups.clone();
    engine.add_filter(
        "lookup",
        move |key: String, table: String, column: String, default: Option<String>| {
            let found = lookups.get(&table);
            let unknown = || Error::new(ErrorKind::InvalidOperation, "no such table or column");
            let lookup = found.ok_or_else(unknown)?;
            let column = lookup.column(&column).ok_or_else(unknown)?;
            match (lookup.value(&key, column), default) {
                (Some(value), _) => Ok(value.to_owned()),
                (None, Some(default)) => Ok(default),
                (None, None) => {
                    let error = Error::new(ErrorKind::InvalidOperation, "the lookup missed");
                    let message = format!("not in the table [lookup.{table}]");
                    Err(error.with_source(Missed { key, message }))
                }
            }
        },
    );
}

/// The last step of an address or a path, without what is asked behind an address.
fn file_name(text: &str) -> &str {
    let text = text.trim();
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    let last = path.rsplit(['/', '\\']).next().unwrap_or_default();
    match last.as_bytes() {
        // `C:1.wav` is in the folder in which the drive stands.
        [drive, b':', _, ..] if drive.is_ascii_alphabetic() => &last[2..],
        _ => last,
    }
}

/// A time as its clock shows it, in another form; nothing where it is in none of the formats. A pattern
/// of recordings' names compares times so, and not their letters.
fn clock(text: &str, form: &str, formats: &[String]) -> Option<String> {
    let formats = formats.iter().map(|format| TimeFormat::read(format).ok());
    let rule = TimeRule {
        formats: formats.collect::<Option<_>>()?,
        zone: Some(TimeZone::UTC),
        fold: AmbiguousTime::Earlier,
        gap: AmbiguousTime::Earlier,
    };
    let (written, _) = rule.read(text).ok()?;
    let local: DateTime = written.get(..SECONDS)?.parse().ok()?;
    jiff::fmt::strtime::format(form, local).ok()
}

/// Reports filters and tests that do not exist, and tables and columns of `lookup`: the engine
/// itself would only notice on a record.
pub(super) fn check(
    text: &SpannedText,
    engine: &Environment<'static>,
    lookups: &Lookups,
    findings: &mut Findings,
) -> bool {
    let code = without_literals(text.get_ref());
    let mut is_good = true;
    for (pattern, probe, kind) in [
        (&FILTER, "'' | ", ErrorKind::UnknownFilter),
        (&TEST, "'' is ", ErrorKind::UnknownTest),
    ] {
        for name in names(&code, pattern) {
            let expression = engine.compile_expression_owned(format!("{probe}{name}"));
            let unknown = expression.is_ok_and(|expression| {
                expression.eval(()).is_err_and(|error| error.kind() == kind)
            });
            if unknown {
                is_good = false;
                findings.add_with(
                    text.span(),
                    format!("{kind}: `{name}`"),
                    did_you_mean(&name, FILTERS),
                );
            }
        }
    }
    is_good & check_lookups(text, lookups, findings)
}

fn check_lookups(text: &SpannedText, lookups: &Lookups, findings: &mut Findings) -> bool {
    let mut is_good = true;
    for found in LOOKUP.captures_iter(text.get_ref()) {
        let part = |one, two| {
            found
                .get(one)
                .or(found.get(two))
                .map_or("", |part| part.as_str())
        };
        let (table, column) = (part(1, 2), part(3, 4));
        let message = match lookups.get(table) {
            Some(lookup) if lookup.column(column).is_none() => {
                format!("[lookup.{table}] has no column `{column}`")
            }
            None if !lookups.is_declared(table) => format!("the file has no [lookup.{table}]"),
            _ => continue,
        };
        is_good = false;
        findings.add(text.span(), message);
    }
    is_good
}

/// For "did you mean": the filters and tests that mappings use most.
const FILTERS: [&str; 32] = [
    "after",
    "agent",
    "before",
    "capitalize",
    "clock",
    "default",
    "defined",
    "digits",
    "file_name",
    "first",
    "float",
    "format",
    "int",
    "join",
    "last",
    "length",
    "lookup",
    "lower",
    "replace",
    "round",
    "selectattr",
    "slice",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "values",
    "where",
    "none",
];

fn names(code: &str, pattern: &Regex) -> Vec<String> {
    let found = pattern.captures_iter(code);
    let mut names: Vec<String> = found.map(|found| found[1].to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The code inside of the tags, or all of a condition, without its string literals.
fn without_literals(source: &str) -> String {
    let code = if source.contains("{{") || source.contains("{%") {
        let tags: Vec<&str> = TAG.find_iter(source).map(|tag| tag.as_str()).collect();
        tags.join(" ")
    } else {
        source.to_owned()
    };
    STRING.replace_all(&code, "''").into_owned()
}
