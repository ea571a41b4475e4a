//! Whether the records of a file are those that the mapping is for.
//!
//! A skip rule that looks at a key which no record of the file has says nothing about a record: the key
//! was renamed, or the file is another report. Whether a rule holds for want of a key is found out by
//! trying it on the record with the key filled in; whether any record has the key is known at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use super::skip_verdicts::{Question, Verdicts};
use super::watched_keys::{MOST_KEYS, WatchedKey, WatchedKeys, fill, value_at};
use crate::domain::{Code, Problem};
use crate::mapping::file::MappingFile;
use crate::mapping::presets::Preset;
use crate::mapping::template::{BoundTemplates, TemplateId};
use crate::source::{Batch, KnownKeys, Record, Sheet};

/// So many texts of a rule are tried as values.
const MOST_TRIALS: usize = 20;

#[derive(Debug)]
struct Rule {
    name: Box<str>,
    condition: TemplateId,
    /// A bit for each of its keys.
    keys: u64,
    /// Whether it looks at nothing else.
    is_by_keys: bool,
    /// Values by which it may be turned.
    trials: Vec<Json>,
    left_out: AtomicU64,
}

/// Keys of which a record has at least one.
#[derive(Debug)]
struct Group {
    keys: u64,
    /// Whether a record without them is none.
    is_required: bool,
}

/// What is known of one file when all of its records have been mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub code: Code,
    /// With the rule and the count, and what to do.
    pub message: String,
}

/// Watches the records of one file.
#[derive(Debug)]
pub struct RecordWatch {
    mapping: Arc<str>,
    known: KnownKeys,
    keys: WatchedKeys,
    rules: Vec<Rule>,
    groups: Vec<Group>,
    /// The templates for records as JSON.
    trial: BoundTemplates,
    sheet: Arc<Sheet>,
    is_json: bool,
    /// What a record is called.
    noun: &'static str,
    /// A bit for each key that some record has.
    seen: AtomicU64,
    /// Whether a record was not left out by a rule.
    kept: AtomicBool,
    /// Records without the required keys.
    foreign: AtomicU64,
    /// How many records each rule left out for want of these keys.
    wanting: Mutex<BTreeMap<(usize, u64), u64>>,
    /// What trials have shown.
    verdicts: Verdicts,
    /// One of those records.
    sample: Mutex<Option<Json>>,
}

impl RecordWatch {
    /// A watch over the records of `sheet`, which are left out by these rules.
    pub(in crate::mapping) fn new(
        mapping: &MappingFile,
        sheet: &Sheet,
        rules: &[(String, TemplateId)],
    ) -> Self {
        let flat = Sheet {
            header: None,
            ..sheet.clone()
        };
        let mut watch = RecordWatch {
            mapping: Arc::clone(&mapping.name),
            known: mapping.source.known.clone(),
            keys: WatchedKeys::default(),
            rules: Vec::new(),
            groups: Vec::new(),
            trial: BoundTemplates::new(&mapping.templates, &flat),
            sheet: Arc::new(flat),
            is_json: sheet.header.is_none(),
            noun: "record",
            seen: AtomicU64::new(0),
            kept: AtomicBool::new(false),
            foreign: AtomicU64::new(0),
            wanting: Mutex::default(),
            verdicts: Verdicts::default(),
            sample: Mutex::default(),
        };
        for (name, condition) in rules {
            let (names, literals) = mapping.templates.looks_at(*condition);
            let keys = watch.watch_keys(names, sheet);
            let (used, _) = mapping.templates.names(*condition);
            let is_by_keys = !used.whole_row && watch.keys.count() <= MOST_KEYS;
            let plain = ["x", "1000000"].map(str::to_owned).into_iter();
            let trials = plain.chain(literals.iter().take(MOST_TRIALS).cloned());
            let trials = trials.map(Json::String);
            watch.rules.push(Rule {
                name: name.as_str().into(),
                condition: *condition,
                keys,
                is_by_keys,
                trials: trials.collect(),
                left_out: AtomicU64::new(0),
            });
        }
        watch
    }

    /// Watches for the keys of records as well.
    pub(in crate::mapping) fn with_groups(mut self, mapping: &MappingFile, sheet: &Sheet) -> Self {
        for names in &mapping.source.known.0 {
            let keys = self.watch_keys(names, sheet);
            self.groups.push(Group {
                keys,
                is_required: self.is_json && mapping.source.has_requires,
            });
        }
        self
    }

    /// The same for the messages of records.
    pub(in crate::mapping) fn of_messages(self) -> Self {
        RecordWatch {
            noun: "message",
            ..self
        }
    }

    fn watch_keys(&mut self, names: &[String], sheet: &Sheet) -> u64 {
        let keys = self.keys.watch(names, sheet);
        *self.seen.get_mut() |= self.keys.in_header();
        keys
    }

    /// Whether a rule looks at this column of a table.
    pub(in crate::mapping) fn rules_look_at(&self, column: &str) -> bool {
        let rules = self.rules.iter().fold(0, |keys, rule| keys | rule.keys);
        self.keys.name(rules, column)
    }

    /// Looks at a record before its rules are asked. The problem tells that it is none.
    pub(in crate::mapping) fn see(&self, record: &Record<'_>) -> Option<Problem> {
        if !self.is_json {
            return None;
        }
        let unseen = self.keys.watched() & !self.seen.load(Ordering::Relaxed);
        if unseen != 0 {
            let seen = unseen & !self.keys.missing(unseen, record);
            if seen != 0 {
                self.seen.fetch_or(seen, Ordering::Relaxed);
            }
        }
        let mut required = self.groups.iter().filter(|group| group.is_required);
        let lacking = required.find(|group| self.keys.missing(group.keys, record) == group.keys)?;
        self.foreign.fetch_add(1, Ordering::Relaxed);
        self.keep_sample(record);
        let message = format!(
            "this is no record of the export: it has no {}",
            self.keys.listed(lacking.keys)
        );
        Some(Problem::new(
            Code::ForeignRecord,
            record.location(),
            message,
        ))
    }

    /// Notes that no rule left the record out.
    #[inline]
    pub(in crate::mapping) fn keep(&self) {
        if !self.kept.load(Ordering::Relaxed) {
            self.kept.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that the rule left the record out.
    pub(in crate::mapping) fn leave_out(&self, rule: usize, record: &Record<'_>) {
        let Some(Rule { keys, left_out, .. }) = self.rules.get(rule) else {
            return;
        };
        left_out.fetch_add(1, Ordering::Relaxed);
        let missing = self.keys.missing(*keys, record);
        // A key that another record has is there.
        let is_open = missing != 0 && missing & self.seen.load(Ordering::Relaxed) == 0;
        if is_open && self.is_for_want(rule, missing, record) {
            self.keep_sample(record);
            let mut wanting = self.wanting.lock().unwrap_or_else(PoisonError::into_inner);
            *wanting.entry((rule, missing)).or_default() += 1;
        }
    }

    /// Whether the rule of this number, which holds, does so for want of the missing keys.
    fn is_for_want(&self, number: usize, missing: u64, record: &Record<'_>) -> bool {
        let rule = &self.rules[number];
        if missing == rule.keys {
            return true;
        }
        let find = || self.holds_for_want(rule, missing, record);
        if !rule.is_by_keys {
            return find();
        }
        let mut question = Question::about(number, missing);
        for (_, key) in self.keys.of(rule.keys & !missing) {
            let text = key.column.as_ref().and_then(|column| record.text(column));
            let mut said = rule.trials.iter();
            let said = said.position(|said| said.as_str() == text.as_deref());
            question.add(text.as_deref(), said);
            // A number is not its digits, and a key may be there twice, in one piece and in steps.
            question.add_value(&key.column.as_ref().and_then(|column| record.json(column)));
            question.add_value(&record.tree().and_then(|tree| value_at(tree, &key.path)));
        }
        self.verdicts.get(question.done(), find)
    }

    /// Whether the rule, which holds, would not with the missing keys filled in, and this is not because
    /// of a key that is there and empty.
    fn holds_for_want(&self, rule: &Rule, missing: u64, record: &Record<'_>) -> bool {
        let tree = as_json(record);
        let is_empty = |key: &WatchedKey| {
            value_at(&tree, &key.path).is_none_or(|value| match value {
                Json::Null => true,
                Json::String(text) => text.trim().is_empty(),
                Json::Array(items) => items.is_empty(),
                Json::Object(members) => members.is_empty(),
                Json::Bool(_) | Json::Number(_) => false,
            })
        };
        let mut empty = 0;
        for (bit, key) in self.keys.of(rule.keys & !missing) {
            if is_empty(key) {
                empty |= bit;
            }
        }
        self.is_turned(rule, missing, &tree) && !(empty != 0 && self.is_turned(rule, empty, &tree))
    }

    /// Whether some value in place of these keys keeps the rule from holding.
    fn is_turned(&self, rule: &Rule, keys: u64, tree: &Json) -> bool {
        rule.trials.iter().any(|value| {
            let mut tree = tree.clone();
            for (_, key) in self.keys.of(keys) {
                fill(&mut tree, &key.path, value);
            }
            let mut batch = Batch::new(Arc::clone(&self.sheet));
            batch.push_tree(0, None, tree);
            let record = batch.get(0);
            self.trial.at(&record).holds(rule.condition) == Ok(false)
        })
    }

    fn keep_sample(&self, record: &Record<'_>) {
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        if sample.is_none() {
            *sample = Some(as_json(record));
        }
    }

    /// What there is to tell of the file, once all of its records have been mapped.
    pub fn misfits(&self) -> Vec<Mismatch> {
        let unseen = !self.seen.load(Ordering::Relaxed);
        let mut misfits = Vec::new();
        let wanting = self.wanting.lock().unwrap_or_else(PoisonError::into_inner);
        let wanting = wanting.iter();
        for ((rule, keys), count) in wanting.filter(|((_, keys), _)| keys & !unseen == 0) {
            misfits.push(self.misfit(&format!(
                "`{}` left out {}, but no {} has {}",
                self.rules[*rule].name,
                self.counted(*count),
                self.noun,
                self.keys.listed(*keys),
            )));
        }
        if misfits.is_empty() {
            misfits.extend(self.of_groups(unseen));
        }
        if misfits.is_empty() {
            misfits.extend(self.of_all_left_out());
        }
        misfits
    }

    /// Keys of records that no record has.
    fn of_groups(&self, unseen: u64) -> Option<Mismatch> {
        let kept = self.kept.load(Ordering::Relaxed);
        let foreign = self.foreign.load(Ordering::Relaxed);
        if !self.is_json || !(kept || foreign > 0) {
            return None;
        }
        let groups = self.groups.iter();
        let mut lacking = groups.filter(|group| group.keys != 0 && group.keys & !unseen == 0);
        let names = lacking.next().map(|group| self.keys.listed(group.keys))?;
        Some(self.misfit(&format!("no {} of the file has {names}", self.noun)))
    }

    fn of_all_left_out(&self) -> Option<Mismatch> {
        let counts = self.rules.iter().map(|rule| {
            let count = rule.left_out.load(Ordering::Relaxed);
            (count, &rule.name)
        });
        let counts: Vec<(u64, &Box<str>)> = counts.filter(|(count, _)| *count > 0).collect();
        let is_record = self.noun == "record" && self.foreign.load(Ordering::Relaxed) == 0;
        if counts.is_empty() || !is_record || self.kept.load(Ordering::Relaxed) {
            return None;
        }
        let all = counts.iter().map(|(count, _)| count).sum();
        let by = counts
            .iter()
            .map(|(count, name)| format!("{count} by `{name}`"));
        let by: Vec<String> = by.collect();
        Some(Mismatch {
            code: Code::AllLeftOut,
            message: format!(
                "the mapping left out all of {}: {}",
                self.counted(all),
                by.join(", ")
            ),
        })
    }

    fn misfit(&self, what: &str) -> Mismatch {
        let hint = match self.hint() {
            Some(hint) => format!("; {hint}"),
            None => "; compare the keys of the file with those of the mapping".to_owned(),
        };
        Mismatch {
            code: Code::OtherShape,
            message: format!("{what}{hint}"),
        }
    }

    /// Where the records are, or whose they are.
    fn hint(&self) -> Option<String> {
        let sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        let sample = sample.as_ref()?;
        if let [pointer] = &self.known.pointers(sample)[..] {
            return Some(format!("say `records = \"{pointer}\"` in [source]"));
        }
        let (preset, pointer) = Preset::of_record(sample, &self.mapping)?;
        let within = pointer.map_or_else(String::new, |pointer| {
            format!(" with `records = \"{pointer}\"` in [source]")
        });
        Some(format!("the preset {preset} knows such records{within}"))
    }

    fn counted(&self, count: u64) -> String {
        let ending = if count == 1 { "" } else { "s" };
        format!("{count} {}{ending}", self.noun)
    }
}

/// The record as JSON, whatever it came as.
fn as_json(record: &Record<'_>) -> Json {
    if let Some(tree) = record.tree() {
        return tree.clone();
    }
    let header = record.sheet().header.as_ref();
    let names = header.map_or(&[][..], |header| header.names());
    let cells = names.iter().zip(record.cells());
    let cells = cells.map(|(name, cell)| (name.clone(), Json::from(cell)));
    Json::Object(cells.collect())
}
