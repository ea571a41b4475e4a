//! `headerless` and `looks`, what the columns of a file without a header are called, and `captions`,
//! what else those of a header may be called.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::DeValue;

use super::toml_table::{TomlTable, scalar, texts_of, wrong_type};
use crate::mapping::error::{Findings, suggest};
use crate::source::{HeaderlessLayout, LayoutPart, ValueShape};

/// Reads both keys.
pub(in crate::mapping) fn read_layout(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> HeaderlessLayout {
    let mut layout = HeaderlessLayout::default();
    if let Some(value) = section.value("headerless") {
        match value.get_ref() {
            DeValue::Array(items) => {
                let parts = items.iter().filter_map(|item| read_part(item, findings));
                layout.parts = parts.collect();
            }
            other => {
                let wanted = "a list of names, and of lists of names that come together";
                wrong_type::<()>("headerless", wanted, other, value.span(), findings);
            }
        }
    }
    let Some(table) = section.table("looks", findings) else {
        return layout;
    };
    for (key, value) in table.entries() {
        let word = scalar(value.get_ref()).unwrap_or_default();
        let known = |part: &LayoutPart| match part {
            LayoutPart::Always(name) => name == key.get_ref(),
            LayoutPart::Sometimes(names) => names.iter().any(|name| name == key.get_ref()),
        };
        if !layout.parts.iter().any(known) {
            let message = format!("`{}` is not in `headerless`", key.get_ref());
            findings.add(key.span(), message);
        }
        match ValueShape::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, looks)) => layout.looks.push((key.get_ref().to_string(), *looks)),
            None => findings.add_with(
                value.span(),
                format!("`{word}` is nothing that values can look like"),
                suggest(&word, ValueShape::WORDS.map(|(known, _)| known)),
            ),
        }
    }
    layout
}

/// Reads `captions`: for each column the other names that it may have.
pub(in crate::mapping) fn read_captions(
    section: &mut TomlTable<'_, '_>,
    findings: &mut Findings,
) -> Vec<(String, Vec<String>)> {
    let Some(table) = section.table("captions", findings) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = table.entries().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let read = |(key, value): (&Spanned<Cow<'_, str>>, _)| {
        let others = texts_of(key.get_ref(), value, findings)?;
        let others = others.into_iter().map(Spanned::into_inner).collect();
        Some((key.get_ref().to_string(), others))
    };
    entries.into_iter().filter_map(read).collect()
}

fn read_part(item: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<LayoutPart> {
    match item.get_ref() {
        DeValue::Array(_) => {
            let names = texts_of("headerless", item, findings)?;
            let names = names.into_iter().map(Spanned::into_inner).collect();
            Some(LayoutPart::Sometimes(names))
        }
        other => match scalar(other) {
            Some(name) => Some(LayoutPart::Always(name)),
            None => wrong_type(
                "headerless",
                "a list of names",
                other,
                item.span(),
                findings,
            ),
        },
    }
}
