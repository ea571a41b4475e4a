//! A mapping of cases bound to one export: records in, drafts of cases and messages out.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value as Json;
use xxhash_rust::xxh3::xxh3_64;

use super::binder::Binder;
use super::bound_fields::BoundFields;
use super::convert::value_of;
use super::field_input::FieldInput;
use super::nested::Nested;
use super::privacy::{Form, Privacy, Seen};
use super::privacy_trial::AskedMessage;
use super::record_scope::RecordScope;
use super::rule::CompiledRule;
use super::skip::{Skip, SkipRules};
use super::watch::RecordWatch;
use crate::domain::call::Value;
use crate::domain::case::{CaseDraft, CaseField, CasePath, MessageDraft, MessageField};
use crate::domain::{Code, Problem};
use crate::mapping::error::LoadError;
use crate::mapping::file::MappingFile;
use crate::mapping::file::case_section::CaseSending;
use crate::mapping::file::target::TargetField;
use crate::source::{Column, Record, Sheet};

/// What a mapping made of a record that holds a case.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "almost every record is a draft, and a box each costs more"
)]
pub enum MappedCase<'r> {
    /// The named rule leaves the record out.
    Skipped(&'r str),
    /// A skip rule failed, so nobody knows whether the record is meant; the problem is reported.
    Undecided,
    /// The case's own fields.
    Draft(CaseDraft<'r>),
}

/// What a mapping made of a message.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "almost every message is a draft, and a box each costs more"
)]
pub enum MappedMessage<'r> {
    /// Only agents may see it, and nobody asked for it.
    Private,
    /// The named rule leaves the message out.
    Skipped(&'r str),
    /// A rule failed; the problem is reported.
    Undecided,
    /// The message.
    Draft(MessageDraft<'r>),
}

/// A mapping of cases whose columns are found in one export.
#[derive(Debug, Clone)]
pub struct CaseMapping {
    /// First the rules of the case, then those of its messages.
    fields: BoundFields,
    /// Where the rules of messages begin.
    messages_from: usize,
    skip_message: SkipRules,
    privacy: Privacy,
    /// The places of the messages in a record; none where a record is a message.
    each: Vec<(Column, Box<str>)>,
    sending: CaseSending,
}

impl CaseMapping {
    /// Finds the columns of the file in the header of an export; `None` when the records are
    /// conversations.
    ///
    /// # Errors
    /// When the export lacks columns, or the operator has not said what the file asks for.
    pub fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<Option<Self>, LoadError> {
        let Some(section) = &mapping.case else {
            return Ok(None);
        };
        let mut binder = Binder::new(mapping, sheet);
        let rules = [&section.case[..], &section.message];
        let fields = BoundFields::bind(&rules, mapping, sheet, &mut binder);
        let is_of_case = |rule: &CompiledRule| !is_of_message(&rule.field);
        let messages_from = fields.rules.partition_point(is_of_case);
        let skip_message = SkipRules::bind(&section.skip, &mut binder)
            .watched(RecordWatch::new(mapping, sheet, &section.skip).of_messages());
        let privacy = Privacy::bind(&section.privacy, &mut binder);
        // Who sends all messages need not be told which of them are private.
        let privacy = if section.with_private {
            Privacy::default()
        } else {
            privacy
        };
        let mut each = Vec::new();
        for name in &section.each {
            if sheet.header.is_some() {
                let message = "`each` names a list inside of JSON records, and this is a table";
                binder.findings.add(name.span(), message);
            }
            let found = binder.column(name, false);
            each.extend(found.map(|found| (found.column, found.name)));
        }
        mapping.check_needs(&mut binder.findings);
        let fields = fields.finish(mapping, binder)?;
        Ok(Some(CaseMapping {
            fields,
            messages_from,
            skip_message,
            privacy,
            each,
            sending: section.sending,
        }))
    }

    /// The watches over the records of the export and over their messages.
    pub fn watches(&self) -> Vec<Arc<RecordWatch>> {
        let rules = [&self.fields.skip, &self.skip_message];
        rules
            .into_iter()
            .filter_map(|rules| rules.watch().cloned())
            .collect()
    }

    /// Whether the column feeds anything of a case or a message, or whether they are sent.
    pub fn uses(&self, column: &str) -> bool {
        let mut rules = self.fields.rules.iter();
        rules.any(|rule| rule.source.columns().contains(&column))
            || self.fields.skip.look_at(column)
            || self.skip_message.look_at(column)
            || self.privacy.looks_at(column)
    }

    /// How cases go out.
    pub fn sending(&self) -> CaseSending {
        self.sending
    }

    /// Whether a record holds a case with all its messages.
    pub fn is_nested(&self) -> bool {
        !self.each.is_empty()
    }

    /// The columns of the export that nothing uses, in the order of the file. Empty for JSON.
    pub fn unused_columns(&self) -> impl Iterator<Item = &str> {
        self.fields.unused.iter().map(|name| &**name)
    }

    /// Maps the case's own fields of a record. Every problem is appended to `problems`.
    pub fn apply<'r>(
        &'r self,
        record: &Record<'r>,
        scope: &'r RecordScope,
        problems: &mut Vec<Problem>,
    ) -> MappedCase<'r> {
        let templates = self.fields.templates.within(record, scope);
        match self.fields.admit(record, &templates, problems) {
            Skip::No => {}
            Skip::By(name) => return MappedCase::Skipped(name),
            Skip::Undecided => return MappedCase::Undecided,
        }
        let mut draft = CaseDraft::default();
        let input = FieldInput::new(record, &templates);
        for rule in &self.fields.rules[..self.messages_from] {
            if let TargetField::Case(target) = &rule.field {
                draft.set(target, value_of(rule, &input, problems));
            }
        }
        MappedCase::Draft(draft)
    }

    /// Maps a message: the record itself, or one of [`CaseMapping::messages`].
    pub fn apply_message<'r>(
        &'r self,
        record: &Record<'r>,
        form: Form,
        scope: &'r RecordScope,
        problems: &mut Vec<Problem>,
    ) -> MappedMessage<'r> {
        let templates = self.fields.templates.within(record, scope);
        if self.fields.keys.refuse_twins(record, problems) {
            return MappedMessage::Undecided;
        }
        let message = AskedMessage {
            record,
            templates: &self.fields.templates,
            scope,
        };
        let seen = self.privacy.of(&message, form, problems);
        match seen {
            Seen::Public | Seen::Unmarked => {}
            Seen::Private => return MappedMessage::Private,
            Seen::Unclear => return MappedMessage::Undecided,
        }
        match self.skip_message.admit(record, &templates, problems) {
            Skip::No => {}
            Skip::By(name) => return MappedMessage::Skipped(name),
            Skip::Undecided => return MappedMessage::Undecided,
        }
        if seen == Seen::Unmarked {
            problems.push(self.privacy.lack(record));
            return MappedMessage::Undecided;
        }
        let mut draft = MessageDraft::default();
        let input = FieldInput::new(record, &templates);
        for rule in &self.fields.rules[self.messages_from..] {
            if let TargetField::Case(target) = &rule.field {
                draft.set(target, value_of(rule, &input, problems));
            }
        }
        MappedMessage::Draft(draft)
    }

    /// The messages in a record as records of their own, each with the record around it as
    /// `ticket`; `None` when a record is a message itself.
    pub fn messages(&self, record: &Record<'_>) -> Option<Result<Nested, Problem>> {
        if self.each.is_empty() {
            return None;
        }
        let mut nested = Nested::new(record, self.around(record));
        for (column, name) in &self.each {
            match record.json(column) {
                Some(Json::Array(items)) => {
                    let mut items = items.clone();
                    // A message that stands apart lacks what only answers say of themselves.
                    self.privacy.note_lacking(&mut items);
                    for (number, item) in items.iter().enumerate() {
                        nested.push(item, format!("{name}.{number}"), Form::Record);
                    }
                }
                None | Some(Json::Null) => {}
                // Beside a list stands a message of its own: an object, or its text alone.
                Some(item @ (Json::Object(_) | Json::String(_))) if self.each.len() > 1 => {
                    let form = if item.is_string() {
                        Form::Text
                    } else {
                        Form::Record
                    };
                    nested.push(item, name.to_string(), form);
                }
                Some(_) => {
                    let message = "a list of messages is expected here";
                    let problem = Problem::new(Code::WrongType, record.location(), message);
                    return Some(Err(problem.at(name, "")));
                }
            }
        }
        Some(Ok(nested))
    }

    /// The names of the places of messages.
    pub fn places(&self) -> String {
        let names: Vec<&str> = self.each.iter().map(|(_, name)| &**name).collect();
        names.join(", ")
    }

    /// The record without its lists of messages.
    fn around(&self, record: &Record<'_>) -> Json {
        let mut tree = record.tree().cloned().unwrap_or_default();
        for (column, _) in &self.each {
            let Column::Path(path) = column else { continue };
            let Some((key, before)) = path.split_last() else {
                continue;
            };
            let inner = before
                .iter()
                .try_fold(&mut tree, |tree, step| tree.get_mut(step));
            if let Some(Json::Object(members)) = inner
                && (self.each.len() == 1 || members.get(key).is_some_and(Json::is_array))
            {
                members.shift_remove(key);
            }
        }
        tree
    }

    /// What brings the messages of a case together and into their order: a hash of `caseUid` and
    /// the time of the message in milliseconds. `None` for a record that tells neither; nothing is
    /// reported, since the record is mapped again.
    pub fn key(&self, record: &Record<'_>) -> Option<(u64, i64)> {
        let mut unheard = Vec::new();
        let templates = self.fields.templates.at(record);
        let input = FieldInput::new(record, &templates);
        let uid = self.fields.rule(&CASE_UID)?;
        let uid = match value_of(uid, &input, &mut unheard) {
            Value::Text(uid) => xxh3_64(uid.as_bytes()),
            _ => return None,
        };
        let at = self.fields.rule(&CREATED)?;
        match value_of(at, &input, &mut unheard) {
            Value::Time(_, at) => Some((uid, at.as_millisecond())),
            _ => None,
        }
    }

    /// The id of the case of a record; empty where the record makes none.
    pub fn id_for_people(&self, record: &Record<'_>) -> String {
        match self.fields.value_of(&CASE_UID, record) {
            Value::Text(id) => id.into_owned(),
            _ => String::new(),
        }
    }

    /// The column of the export that feeds a target in this record; the target's own name when no
    /// column does.
    pub fn column_for<'r>(
        &'r self,
        target: &CasePath,
        record: &Record<'_>,
        scope: &RecordScope,
    ) -> Cow<'r, str> {
        let templates = self.fields.templates.within(record, scope);
        let target = TargetField::Case(target.clone());
        self.fields.column_for(&target, record, &templates)
    }
}

/// What tells a case.
const CASE_UID: TargetField = TargetField::Case(CasePath::Case(CaseField::CaseUid));
/// The time of a message.
const CREATED: TargetField = TargetField::Case(CasePath::Message(MessageField::Created));

fn is_of_message(target: &TargetField) -> bool {
    matches!(target, TargetField::Case(path) if path.is_of_message())
}
