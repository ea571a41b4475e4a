//! Recordings that the export names by their URLs.
//!
//! ```toml
//! [audio.fetch]
//! url      = "recording_url"            # a column, or a template
//! then     = "/recordings/0/media"      # where in the answer (JSON) the address of the sound is; at most two steps
//! auth     = "basic"                    # or "bearer", or "header:X-Api-Key"; the secret comes from outside
//! hosts    = ["api.example.com"]        # who gets the secret; `*.example.com` for all below
//! rate     = 5                          # requests a second; 0.5 for one in two seconds
//! parallel = 4                          # requests at once
//! retries  = 8                          # tries after the first
//! optional = true                       # only used where its secret is given
//! ```

use toml::Spanned;
use toml::de::DeValue;

use super::origin::{ValueOrigin, read_origin};
use super::rule::RuleReader;
use super::toml_table::{TomlTable, scalar, wrong_type};

/// How the secret of a source of recordings is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchAuth {
    /// Name and password, with a colon between.
    Basic,
    /// A token behind `Bearer`.
    Bearer,
    /// The value of this header.
    Header(String),
}

/// How recordings are fetched that the export names by URL, as plain values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FetchSection {
    /// JSON pointers, one for each step from the first answer to the sound; at most two.
    pub then: Vec<String>,
    /// How the secret is sent.
    pub auth: Option<FetchAuth>,
    /// The hosts that get the secret; `*.example.com` for all below.
    pub hosts: Vec<String>,
    /// Requests a second.
    pub rate: Option<f64>,
    /// Requests at once.
    pub parallel: Option<u64>,
    /// Tries after the first.
    pub retries: Option<u64>,
    /// Whether recordings are fetched only where the secret is given: so that a preset can say how.
    pub is_optional: bool,
}

/// Reads the table; with where the URL comes from.
pub(in crate::mapping) fn read_fetch(
    mut section: TomlTable<'_, '_>,
    reader: &mut RuleReader<'_>,
) -> Option<(FetchSection, ValueOrigin)> {
    let span = section.span();
    let origin = section
        .value("url")
        .and_then(|value| read_url(value, reader));
    let auth = read_auth(&mut section, reader);
    let texts = |texts: Option<Vec<Spanned<String>>>| texts.unwrap_or_default();
    let then = texts(section.texts("then", reader.findings));
    for step in &then {
        if !step.get_ref().starts_with('/') {
            let message = "`then` is a JSON pointer, such as `/recordings/0/media`";
            reader.findings.add(step.span(), message);
        }
    }
    if let Some(third) = then.get(2) {
        reader
            .findings
            .add(third.span(), "`then` takes at most two steps");
    }
    let hosts = texts(section.texts("hosts", reader.findings));
    for host in hosts.iter().filter(|host| !is_host(host.get_ref())) {
        let near = Some("such as `api.example.com` or `*.example.com`".to_owned());
        reader
            .findings
            .add_with(host.span(), "not the name of a host", near);
    }
    if auth.is_some() && hosts.is_empty() {
        let message =
            "`auth` needs `hosts`: a URL of the export must not decide who gets the secret";
        reader.findings.add(span.clone(), message);
    }
    let count = |key, section: &mut TomlTable<'_, '_>, reader: &mut RuleReader<'_>| {
        let count = section.count(key, reader.findings);
        if count == Some(0) {
            let span = section.key_span(key);
            reader.findings.add(span, format!("`{key}` is at least 1"));
        }
        count.filter(|count| *count > 0)
    };
    let read = FetchSection {
        then: then.into_iter().map(Spanned::into_inner).collect(),
        auth,
        hosts: hosts
            .into_iter()
            .map(|host| host.into_inner().to_ascii_lowercase())
            .collect(),
        rate: read_rate(&mut section, reader),
        parallel: count("parallel", &mut section, reader),
        retries: section.count("retries", reader.findings),
        is_optional: (section.flag("optional", reader.findings)).unwrap_or_default(),
    };
    if section.value("url").is_none() {
        reader
            .findings
            .add(span, "`[audio.fetch]` needs `url`: a column or a template");
    }
    section.finish(reader.findings);
    Some((read, origin?))
}

/// Requests a second: a number above 0.
fn read_rate(section: &mut TomlTable<'_, '_>, reader: &mut RuleReader<'_>) -> Option<f64> {
    let value = section.value("rate")?;
    let rate = match value.get_ref() {
        DeValue::Integer(_) | DeValue::Float(_) => scalar(value.get_ref()),
        _ => None,
    };
    let rate = rate.and_then(|text| text.parse().ok());
    let rate = rate.filter(|rate: &f64| (0.001..=1_000_000.0).contains(rate));
    if rate.is_none() {
        let message = "`rate` is how many requests are sent in a second, such as 5 or 0.5";
        reader.findings.add(value.span(), message);
    }
    rate
}

/// How the secret is sent.
fn read_auth(section: &mut TomlTable<'_, '_>, reader: &mut RuleReader<'_>) -> Option<FetchAuth> {
    let text = section.text("auth", reader.findings)?;
    let auth = match text.get_ref().as_str() {
        "basic" => Some(FetchAuth::Basic),
        "bearer" => Some(FetchAuth::Bearer),
        other => other
            .strip_prefix("header:")
            .filter(|name| is_header_name(name))
            .map(|name| FetchAuth::Header(name.to_owned())),
    };
    if auth.is_none() {
        let near = Some("\"basic\", \"bearer\" or \"header:X-Api-Key\"".to_owned());
        let message = "no way in which a secret is sent";
        reader.findings.add_with(text.span(), message, near);
    }
    auth
}

/// A column by its name, a template by its braces, or a table with an origin.
fn read_url(value: &Spanned<DeValue<'_>>, reader: &mut RuleReader<'_>) -> Option<ValueOrigin> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(text) => {
            let text = Spanned::new(span, text.to_string());
            if text.get_ref().contains("{{") {
                let template = reader.templates.template(&text, false, reader.findings)?;
                Some(ValueOrigin::Template(template))
            } else {
                Some(ValueOrigin::Column(text))
            }
        }
        DeValue::Table(table) => {
            let mut section = TomlTable::new(table, "`url`", span);
            let origin = read_origin(&mut section, false, reader.templates, reader.findings);
            section.finish(reader.findings);
            origin
        }
        other => wrong_type(
            "url",
            "a column, a template, or a table such as { from = \"column\" }",
            other,
            span,
            reader.findings,
        ),
    }
}

fn is_header_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.bytes().all(is_plain)
}

/// A name with a dot; with `*.` all names below it.
fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    name.contains(['.', ':']) && name.bytes().all(is_plain) && !name.starts_with('.')
        || name == "localhost"
}
