//! Where the value of a field comes from, as the mapping file says it.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_table::{SpannedText, TomlTable, scalar, wrong_type};
use crate::mapping::error::Findings;
use crate::mapping::template::{TemplateId, Templates};

/// Where a value comes from, by the names in the file.
#[derive(Debug, Clone)]
pub(in crate::mapping) enum ValueOrigin {
    /// A column.
    Column(SpannedText),
    /// Several columns put together; empty ones are left out.
    Joined {
        columns: Vec<SpannedText>,
        join: String,
    },
    /// The first of these columns that exists and is not empty.
    First(Vec<SpannedText>),
    /// The same text for every record.
    Constant(String),
    /// A rendered template.
    Template(TemplateId),
    /// The first case whose condition holds; a case without one always does.
    Choice(Vec<(Option<TemplateId>, ValueOrigin)>),
}

/// Reads `from`, `first`, `value`, `template` or `choose`, of which exactly one is there.
pub(in crate::mapping) fn read_origin(
    section: &mut TomlTable<'_, '_>,
    wildcards: bool,
    templates: &mut Templates,
    findings: &mut Findings,
) -> Option<ValueOrigin> {
    let key = origin_key(section, findings)?;
    let join = section.text("join", findings).map(Spanned::into_inner);
    match key {
        "from" => {
            let mut columns = section.texts(key, findings)?;
            if columns.len() == 1 {
                return columns.pop().map(ValueOrigin::Column);
            }
            let join = join.unwrap_or_else(|| " ".to_owned());
            some(section, key, columns, findings)
                .map(|columns| ValueOrigin::Joined { columns, join })
        }
        "first" => {
            let columns = section.texts(key, findings)?;
            some(section, key, columns, findings).map(ValueOrigin::First)
        }
        "value" => {
            let value = section.value(key)?;
            match scalar(value.get_ref()) {
                Some(text) => Some(ValueOrigin::Constant(text)),
                None => wrong_type(key, "a string", value.get_ref(), value.span(), findings),
            }
        }
        "template" => {
            let text = section.text(key, findings)?;
            templates
                .template(&text, wildcards, findings)
                .map(ValueOrigin::Template)
        }
        _ => read_cases(section.value(key)?, wildcards, templates, findings),
    }
}

fn origin_key(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Option<&'static str> {
    const KEYS: [&str; 5] = ["from", "first", "value", "template", "choose"];
    let given: Vec<&'static str> = KEYS
        .into_iter()
        .filter(|key| section.value(key).is_some())
        .collect();
    match given.as_slice() {
        [key] => return Some(key),
        [] => {
            let keys = KEYS.join(", ");
            let message = format!("nothing says where the value comes from: one of {keys}");
            findings.add(section.span(), message);
        }
        [first, second, ..] => {
            let message = format!("`{first}` and `{second}` both say where the value comes from");
            findings.add(section.key_span(second), message);
        }
    }
    None
}

fn some(
    section: &TomlTable<'_, '_>,
    key: &str,
    columns: Vec<SpannedText>,
    findings: &mut Findings,
) -> Option<Vec<SpannedText>> {
    if columns.is_empty() {
        findings.add(section.key_span(key), format!("`{key}` names no column"));
        return None;
    }
    Some(columns)
}

fn read_cases(
    value: &Spanned<DeValue<'_>>,
    wildcards: bool,
    templates: &mut Templates,
    findings: &mut Findings,
) -> Option<ValueOrigin> {
    let DeValue::Array(items) = value.get_ref() else {
        return wrong_type(
            "choose",
            "a list of tables",
            value.get_ref(),
            value.span(),
            findings,
        );
    };
    let mut cases = Vec::new();
    for item in items {
        let DeValue::Table(table) = item.get_ref() else {
            return wrong_type(
                "choose",
                "a list of tables",
                item.get_ref(),
                item.span(),
                findings,
            );
        };
        let mut section = TomlTable::new(table, "a case of `choose`", item.span());
        let when = section.text("when", findings);
        let condition = match &when {
            Some(text) => Some(templates.condition(text, findings)?),
            None => None,
        };
        let origin = read_origin(&mut section, wildcards, templates, findings);
        section.finish(findings);
        cases.push((condition, origin?));
    }
    if cases.is_empty() {
        findings.add(value.span(), "`choose` has no case");
        return None;
    }
    Some(ValueOrigin::Choice(cases))
}
