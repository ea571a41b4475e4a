//! `target = "case"`: the fields of a case and of its messages, and the `[messages]` table.
//!
//! ```toml
//! [messages]
//! each    = "comments"             # the list in each record; without it a record is one message
//! #         ["source", "parts"]    # or several places: the first message often stands on its own
//! public  = ["public"]             # which messages only agents may see, see `privacy`
//! skip    = "type == 'VoiceComment'"
//! send    = "whole"                # a request a case, or "each" for a request a message
//! ```

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::privacy_section::PrivacySection;
use super::rule::{FieldRule, RuleReader};
use super::source_section::read_skip;
use super::target::TargetField;
use super::toml_table::{SpannedText, TomlTable, wrong_type};
use crate::domain::case::{self, CaseField, ContactField, MessageField};
use crate::mapping::error::{Findings, suggest};
use crate::mapping::template::{TemplateId, Templates};

/// How a case goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSending {
    /// With all its messages in one request, which replaces what was there.
    Whole,
    /// Message by message.
    Each,
}

/// What a mapping file says about cases.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct CaseSection {
    pub(in crate::mapping) case: Vec<FieldRule>,
    pub(in crate::mapping) message: Vec<FieldRule>,
    /// Where the messages of a record are; nothing when a record is a message.
    pub(in crate::mapping) each: Vec<SpannedText>,
    pub(in crate::mapping) privacy: PrivacySection,
    pub(in crate::mapping) skip: Vec<(String, TemplateId)>,
    pub(in crate::mapping) sending: CaseSending,
    /// Whether private messages are sent.
    pub(in crate::mapping) with_private: bool,
}

impl CaseSection {
    /// Reads `[messages]`; the fields come later.
    pub(in crate::mapping) fn read(
        section: Option<TomlTable<'_, '_>>,
        templates: &mut Templates,
        findings: &mut Findings,
    ) -> CaseSection {
        let mut read = CaseSection {
            case: Vec::new(),
            message: Vec::new(),
            each: Vec::new(),
            privacy: PrivacySection::default(),
            skip: Vec::new(),
            sending: CaseSending::Each,
            with_private: false,
        };
        let Some(mut section) = section else {
            return read;
        };
        read.each = section.texts("each", findings).unwrap_or_default();
        let private = section.text("private", findings);
        let private = private.and_then(|text| templates.condition(&text, findings));
        read.privacy = PrivacySection::read(&mut section, private, findings);
        for (name, condition) in read_skip(&mut section, findings) {
            let condition = templates.condition(&condition, findings);
            read.skip
                .extend(condition.map(|condition| (name, condition)));
        }
        let usual = if read.each.is_empty() {
            CaseSending::Each
        } else {
            CaseSending::Whole
        };
        let words = [("whole", CaseSending::Whole), ("each", CaseSending::Each)];
        read.sending = section.choice("send", &words, findings).unwrap_or(usual);
        section.finish(findings);
        read
    }

    /// Reads `[fields]`.
    pub(in crate::mapping) fn read_fields(
        &mut self,
        table: &DeTable<'_>,
        reader: &mut RuleReader<'_>,
    ) {
        let mut rules = Vec::new();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "customFields" => read_custom(value, &mut rules, reader),
                "message" => read_message(value, &mut rules, reader),
                name => {
                    if let Some(field) = CaseField::from_name(name) {
                        let target = TargetField::Case(case::CasePath::Case(field));
                        rules.extend(reader.field(target, key.span(), value));
                    } else {
                        let known = CaseField::ALL.map(CaseField::name).into_iter();
                        let suggestion = suggest(name, known.chain(["customFields", "message"]));
                        let message = format!("`{name}` is no field of a case");
                        reader.findings.add_with(key.span(), message, suggestion);
                    }
                }
            }
        }
        let of_message = |rule: &FieldRule| match &rule.field {
            TargetField::Case(target) => target.is_of_message(),
            TargetField::Call(_) | TargetField::Seconds => false,
        };
        (self.message, self.case) = rules.into_iter().partition(of_message);
    }
}

type TomlEntry<'t> = Spanned<DeValue<'t>>;

fn table_of<'a, 't>(
    name: &str,
    value: &'a TomlEntry<'t>,
    findings: &mut Findings,
) -> Option<&'a DeTable<'t>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        other => wrong_type(name, "a table", other, value.span(), findings),
    }
}

fn read_custom(value: &TomlEntry<'_>, rules: &mut Vec<FieldRule>, reader: &mut RuleReader<'_>) {
    let Some(table) = table_of("customFields", value, reader.findings) else {
        return;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !case::CasePath::is_custom_name(name) {
            let message =
                format!("the custom field `{name}` must have letters a to z and digits only");
            reader.findings.add(key.span(), message);
        }
        let target = TargetField::Case(case::CasePath::Custom(name.into()));
        rules.extend(reader.field(target, key.span(), value));
    }
    if table.len() > case::CasePath::MOST_CUSTOM {
        let message = "a case has at most ten custom fields";
        reader.findings.add(value.span(), message);
    }
}

fn read_message(value: &TomlEntry<'_>, rules: &mut Vec<FieldRule>, reader: &mut RuleReader<'_>) {
    let Some(table) = table_of("message", value, reader.findings) else {
        return;
    };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "from" => read_contact(value, &case::CasePath::From, rules, reader),
            "to" => read_recipients(value, rules, reader),
            name => {
                if let Some(field) = MessageField::from_name(name) {
                    let target = TargetField::Case(case::CasePath::Message(field));
                    rules.extend(reader.field(target, key.span(), value));
                } else {
                    let known = MessageField::ALL.map(MessageField::name).into_iter();
                    let suggestion = suggest(name, known.chain(["from", "to"]));
                    let message = format!("`{name}` is no field of a message");
                    reader.findings.add_with(key.span(), message, suggestion);
                }
            }
        }
    }
}

/// One recipient as a table, or several as a list of tables.
fn read_recipients(value: &TomlEntry<'_>, rules: &mut Vec<FieldRule>, reader: &mut RuleReader<'_>) {
    match value.get_ref() {
        DeValue::Array(items) => {
            for (number, item) in (0_u8..).zip(items) {
                let target = |field| case::CasePath::To(number, field);
                read_contact(item, &target, rules, reader);
            }
        }
        _ => read_contact(value, &|field| case::CasePath::To(0, field), rules, reader),
    }
}

fn read_contact(
    value: &TomlEntry<'_>,
    target: &dyn Fn(ContactField) -> case::CasePath,
    rules: &mut Vec<FieldRule>,
    reader: &mut RuleReader<'_>,
) {
    let Some(table) = table_of("a person", value, reader.findings) else {
        return;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match ContactField::from_name(name) {
            Some(field) => {
                let target = TargetField::Case(target(field));
                rules.extend(reader.field(target, key.span(), value));
            }
            None => reader.findings.add_with(
                key.span(),
                format!("`{name}` is nothing that a person has"),
                suggest(name, ContactField::ALL.map(ContactField::name)),
            ),
        }
    }
}
