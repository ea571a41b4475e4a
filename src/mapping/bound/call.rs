//! A mapping bound to one export: records in, drafts out.

use std::borrow::Cow;
use std::sync::Arc;

use super::audio_name_rules::AudioNameRules;
use super::audio_names::AudioName;
use super::audio_pattern::BoundGroup;
use super::binder::Binder;
use super::bound_fields::BoundFields;
use super::columns::{RawText, Source};
use super::convert::read;
use super::field_input::FieldInput;
use super::field_reader::FieldReader;
use super::legs::Legs;
use super::newest::Newest;
use super::plain::PlainRules;
use super::rule::CompiledRule;
use super::skip::Skip;
use super::value_sink::DraftField;
use super::watch::RecordWatch;
use crate::domain::call::{Draft, Field, Plain, Value};
use crate::domain::{Code, Problem};
use crate::mapping::error::LoadError;
use crate::mapping::file::MappingFile;
use crate::mapping::file::target::TargetField;
use crate::mapping::template::Rendering;
use crate::source::{Record, Sheet};

/// What a mapping made of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedCall<'r> {
    /// The fields, as far as the record fills them.
    Filled,
    /// The named rule leaves the record out.
    Skipped(&'r str),
    /// A skip rule failed, so nobody knows whether the record is meant; the problem is reported.
    Undecided,
}

/// A mapping whose columns are found in the header of one export.
#[derive(Debug, Clone)]
pub struct CallMapping {
    fields: BoundFields,
    /// The short way through the rules, where there is one.
    plain: Option<PlainRules>,
    names: AudioNameRules,
    /// The groups of each pattern of recordings' names; `None` when their columns are not there.
    groups: Vec<Option<Vec<BoundGroup>>>,
    seconds: Option<CompiledRule>,
    /// Where the URL of the recording is.
    url: Option<Source>,
    /// By [`Field::index`]: what to call the column of a field.
    columns: [Box<str>; 36],
    legs: Option<Legs>,
    newest: Option<Newest>,
}

impl CallMapping {
    /// Finds the columns of the file in the header of an export.
    ///
    /// # Errors
    /// When the export lacks columns, or the operator has not said what the file asks for.
    pub fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<CallMapping, LoadError> {
        let mut binder = Binder::new(mapping, sheet);
        let mut columns = Field::ALL.map(|field| Box::from(field.name()));
        let fields = BoundFields::bind(&[&mapping.fields], mapping, sheet, &mut binder);
        for rule in &fields.rules {
            if let (Some(field), false) = (rule.field.field(), rule.source.label().is_empty()) {
                columns[field.index()] = rule.source.label().into();
            }
        }
        mapping.check_needs(&mut binder.findings);
        let legs = mapping
            .legs
            .as_ref()
            .map(|legs| Legs::bind(legs, mapping, &mut binder));
        let newest = mapping
            .newest
            .as_ref()
            .and_then(|newest| Newest::bind(newest, mapping, &mut binder));
        let recordings = &mapping.recordings;
        let names = AudioNameRules::bind(recordings, &mapping.audio, &mut binder);
        let groups = recordings.groups.iter();
        let groups = groups
            .map(|groups| BoundGroup::bind(groups, &mut binder))
            .collect();
        let seconds = CompiledRule::bind(recordings.seconds.as_slice(), mapping, &mut binder).pop();
        let url = recordings.url.as_ref();
        let fetch = mapping.audio.fetch.as_ref();
        let may_lack = fetch.is_some_and(|fetch| fetch.is_optional);
        let url = url.and_then(|origin| binder.source(origin, may_lack));
        let fields = fields.finish(mapping, binder)?;
        Ok(CallMapping {
            plain: PlainRules::of(&fields.rules, sheet),
            fields,
            names,
            groups,
            seconds,
            url,
            columns,
            legs,
            newest,
        })
    }

    /// Maps one record into `into`, whose room is used again. Every problem is appended to `problems`; a
    /// field is [`Value::Broken`] exactly when an error was reported for it. Empty cells leave their
    /// field absent, required or not.
    pub fn evaluate<'r>(
        &'r self,
        record: &Record<'r>,
        into: &mut Draft<'r>,
        problems: &mut Vec<Problem>,
    ) -> MappedCall<'r> {
        into.clear();
        let templates = self.fields.templates.at(record);
        match self.fields.admit(record, &templates, problems) {
            Skip::No => {}
            Skip::By(name) => return MappedCall::Skipped(name),
            Skip::Undecided => return MappedCall::Undecided,
        }
        self.fill_by(record, &templates, into, problems);
        MappedCall::Filled
    }

    /// [`CallMapping::evaluate`] for a record that it has filled the fields of: nothing but its values is
    /// looked at again.
    pub fn fill<'r>(
        &'r self,
        record: &Record<'r>,
        into: &mut Draft<'r>,
        problems: &mut Vec<Problem>,
    ) {
        into.clear();
        let templates = self.fields.templates.at(record);
        self.fill_by(record, &templates, into, problems);
    }

    fn fill_by<'r>(
        &'r self,
        record: &Record<'r>,
        templates: &Rendering<'r>,
        into: &mut Draft<'r>,
        problems: &mut Vec<Problem>,
    ) {
        let input = FieldInput::new(record, templates);
        input.room.set(into.room_for_labels());
        for rule in &self.fields.rules {
            if let Some(field) = rule.field.field() {
                let draft = &mut *into;
                let mut reader = FieldReader::new(rule, &input, problems);
                read(&mut reader, &mut DraftField { draft, field });
            }
        }
        into.keep_room(input.room.take());
    }

    /// Whether the record is a plain call about which there is nothing to say; it is in `plain` then.
    /// Of a record that is not, nothing is said: [`CallMapping::evaluate`] does.
    pub fn read_plain<'r>(&'r self, record: &Record<'r>, plain: &mut Plain<'r>) -> bool {
        let (Some(rules), Some(cells)) = (&self.plain, record.plain_cells()) else {
            return false;
        };
        let is_plain = rules.read(&self.fields.rules, cells, plain) && !self.may_skip(record);
        if is_plain {
            self.fields.skip.keep();
        }
        is_plain
    }

    /// Whether a rule leaves the record out, fails, or has something to tell.
    fn may_skip(&self, record: &Record<'_>) -> bool {
        let skip = &self.fields.skip;
        if skip.is_empty() {
            return false;
        }
        let mut problems = Vec::new();
        let templates = self.fields.templates.at(record);
        skip.decide(record, &templates, &mut problems) != Skip::No || !problems.is_empty()
    }

    /// The watch over the records of the export.
    pub fn watches(&self) -> Vec<Arc<RecordWatch>> {
        self.fields.skip.watch().cloned().into_iter().collect()
    }

    /// How the recording of a record may be named, in the order in which the mapping says. Names
    /// whose columns are empty are left out.
    pub fn audio_names(&self, record: &Record<'_>) -> Vec<AudioName> {
        let templates = self.fields.templates.at(record);
        let names = self.names.of(record, &templates);
        names.into_iter().flatten().collect()
    }

    /// The same for each recording that the record names, where an entry of the mapping names
    /// several: at least one list, and each entry is in all of them or has one name for each.
    pub fn recordings(&self, record: &Record<'_>) -> Vec<Vec<AudioName>> {
        let templates = self.fields.templates.at(record);
        let entries = self.names.of(record, &templates);
        let count = entries.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let of = |number: usize| {
            let names = entries
                .iter()
                .filter_map(move |names| names.get(number.min(names.len().saturating_sub(1))));
            names.cloned().collect()
        };
        (0..count).map(of).collect()
    }

    /// What each pattern of `[audio] patterns` must have captured for a recording of the call that
    /// these records tell: the values of the groups, in their order, by the pattern's position. A
    /// pattern whose values are not all there is left out. `text` says what the call has in a field.
    pub fn audio_keys(
        &self,
        record: &Record<'_>,
        text: impl Fn(Field) -> String,
    ) -> Vec<(usize, Vec<String>)> {
        let templates = self.fields.templates.at(record);
        let value = |group: &BoundGroup| {
            let text = match group {
                BoundGroup::Field(field) => text(*field),
                BoundGroup::Other(source) => match RawText::of(source, record, &templates) {
                    Ok(RawText::Text(text)) => text.trim().to_owned(),
                    _ => String::new(),
                },
            };
            (!text.is_empty()).then_some(text)
        };
        let patterns = self.groups.iter().enumerate();
        patterns
            .filter_map(|(at, groups)| {
                let values = groups.as_ref()?.iter().map(value);
                Some((at, values.collect::<Option<Vec<String>>>()?))
            })
            .collect()
    }

    /// How long the recording of a record ought to be, where the mapping says what tells it and the
    /// record does.
    pub fn seconds<'r>(&'r self, record: &Record<'r>) -> Option<f64> {
        // What is wrong with the text is told by the field that sends it, if one does.
        let rule = self.seconds.as_ref()?;
        match self.fields.value(rule, record) {
            Value::Number(text) | Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The URL of the recording of a record, where the mapping says where it is and the record has one.
    pub fn recording_url(&self, record: &Record<'_>) -> Option<String> {
        let templates = self.fields.templates.at(record);
        match RawText::of(self.url.as_ref()?, record, &templates) {
            Ok(RawText::Text(text)) => {
                let text = text.trim();
                (!text.is_empty()).then(|| text.to_owned())
            }
            _ => None,
        }
    }

    /// The column that tells how long the recording of a record ought to be.
    pub fn seconds_column<'r>(&'r self, record: &Record<'_>) -> Cow<'r, str> {
        let rule = self.seconds.as_ref();
        rule.map_or(Cow::Borrowed("seconds"), |rule| {
            rule.column(record, &self.fields.templates.at(record))
        })
    }

    /// The column that feeds the id of the call in this record, and the id that it makes; empty where
    /// the record alone makes none. For what is wrong with a record as a whole, which its id names.
    pub fn id<'r>(&'r self, record: &Record<'r>) -> (Cow<'r, str>, Value<'r>) {
        let field = Field::ExternalIdentity;
        let Some(rule) = self.rule(field) else {
            return (Cow::Borrowed(field.name()), Value::Absent);
        };
        let column = rule.column(record, &self.fields.templates.at(record));
        // What is wrong with it is told where the record is mapped.
        (column, self.fields.value(rule, record))
    }

    /// The id of the record for people: that of the call it makes, or where it makes none, what the
    /// columns say that feed it. Empty where they say nothing.
    pub fn id_for_people(&self, record: &Record<'_>) -> String {
        if let (_, Value::Text(id)) = self.id(record) {
            return id.into_owned();
        }
        let cells = self.cells_of(Field::ExternalIdentity, record);
        let texts = cells.iter().map(|(_, text)| text.trim());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(" + ")
    }

    /// What the record alone says in a field, as text; empty where it says nothing that can be read.
    pub fn text_of(&self, field: Field, record: &Record<'_>) -> String {
        match self.fields.value_of(&TargetField::Call(field), record) {
            Value::Text(text) | Value::Number(text) | Value::Time(text, _) => text.into_owned(),
            _ => String::new(),
        }
    }

    /// How several rows become one call, when the mapping says that they do.
    pub fn legs(&self) -> Option<&Legs> {
        self.legs.as_ref()
    }

    /// Which of several copies of a record counts, when the mapping says that there are some.
    pub fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }

    /// The column of the export that feeds `field`, for problems found later; the name of the field
    /// when no column does.
    pub fn column_of(&self, field: Field) -> &str {
        &self.columns[field.index()]
    }

    /// Like [`CallMapping::column_of`], for one record: of several columns the one that is filled.
    pub fn column_for(&self, field: Field, record: &Record<'_>) -> &str {
        let rule = self.rule(field);
        match rule.map(|rule| {
            rule.source
                .label_for(record, &self.fields.templates.at(record))
        }) {
            None | Some("") => field.name(),
            Some(label) => label,
        }
    }

    /// The columns that feed `field` in this record, with what they hold.
    pub fn cells_of<'r>(
        &'r self,
        field: Field,
        record: &Record<'r>,
    ) -> Vec<(&'r str, Cow<'r, str>)> {
        let rule = self.rule(field);
        rule.map_or_else(Vec::new, |rule| {
            rule.source.cells(record, &self.fields.templates.at(record))
        })
    }

    /// Whether the column feeds what cannot be corrected once a call was sent: its consent, its id or
    /// another required field, or whether it is sent at all.
    pub fn decides(&self, column: &str) -> bool {
        let is_needed = |rule: &CompiledRule| {
            let field = rule.field.field();
            field.is_some_and(|field| field.is_required() || field == Field::HasConsent)
        };
        let mut rules = self.fields.rules.iter().filter(|rule| is_needed(rule));
        rules.any(|rule| rule.source.columns().contains(&column))
            || self.fields.skip.look_at(column)
    }

    /// Whether the problem says of a cell that feeds the id that it may be cut: it may be the id of
    /// another call then.
    pub fn doubts_id(&self, problem: &Problem) -> bool {
        let rule = self.rule(Field::ExternalIdentity);
        problem.code == Code::RowUnterminated
            && rule.is_some_and(|rule| rule.source.columns().contains(&&*problem.column))
    }

    /// The columns of the export that nothing uses, in the order of the file. Empty for JSON.
    pub fn unused_columns(&self) -> Vec<&str> {
        self.fields.unused.iter().map(|name| &**name).collect()
    }

    /// Whether the mapping looks for this key of JSON.
    pub(in crate::mapping) fn asks_for(&self, key: &str) -> bool {
        self.fields.keys.has(key)
    }

    /// The columns that feed each field that has a rule, in wire order; none for a constant.
    pub fn sources(&self) -> Vec<(Field, Vec<String>)> {
        let source = |rule: &CompiledRule| {
            let columns = rule.source.columns().into_iter().map(str::to_owned);
            Some((rule.field.field()?, columns.collect()))
        };
        self.fields.rules.iter().filter_map(source).collect()
    }

    /// The columns that feed this field; none where nothing or a constant does.
    pub fn columns_of(&self, field: Field) -> Vec<&str> {
        let rule = self.rule(field);
        rule.map_or_else(Vec::new, |rule| rule.source.columns())
    }

    /// The fields that nothing fills, in wire order.
    pub fn unfilled_targets(&self) -> Vec<Field> {
        let is_filled = |field: &Field| self.rule(*field).is_some();
        Field::ALL
            .into_iter()
            .filter(|field| !is_filled(field))
            .collect()
    }

    fn rule(&self, field: Field) -> Option<&CompiledRule> {
        self.fields.rule(&TargetField::Call(field))
    }
}
