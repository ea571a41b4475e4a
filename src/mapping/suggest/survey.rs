//! What the first records of an export hold.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value as Json;
use xxhash_rust::xxh3::xxh3_64;

use super::column_profile::ColumnProfile;
use super::expressions::{expression, shown_whole};
use crate::domain::{Code, unguarded};
use crate::mapping::Preset;
use crate::source::{self, Batch, Column, Header, Input, ReadOptions, Record, Sheet};

/// How many records are looked at. More would only find rarer values.
pub(super) const SAMPLE: usize = 500;
/// Records are looked at until they take so many bytes of memory: they are kept, and so are their values.
const SAMPLE_BYTES: usize = 16 << 20;
/// How many different values of a column are kept.
pub(super) const VALUES: usize = 40;
/// How deep JSON is walked: deeper keys are nobody's fields.
const DEPTH: usize = 8;

/// What systems write for nothing, where a cell says nothing else.
const NULLS: [&str; 5] = ["NULL", "null", "(null)", "\\N", "N/A"];

/// One column of the export, or one path in its JSON.
#[derive(Debug, Clone, Default)]
pub struct Surveyed {
    /// The name as a mapping would write it.
    pub name: String,
    /// In JSON its keys from the outermost to its own, of which each may hold dots; else nothing.
    pub(super) keys: Vec<String>,
    /// Records in which it says anything.
    pub filled: usize,
    /// The words for nothing that stand in it, which are no values.
    pub(super) nulls: BTreeSet<&'static str>,
    /// Records in which the guard of a spreadsheet is around it.
    pub(super) guarded: usize,
    /// Its first different values, without such guards.
    pub values: Vec<String>,
    /// What it says in each record that fills it, by the record's number from 0; not for lists.
    pub(super) cells: Vec<(usize, String)>,
    /// All its different values, by their hashes: no more than records are looked at, or items of their
    /// lists.
    different: HashSet<u64>,
    /// Whether it holds lists, or stands inside of them, so that a template must take it apart.
    pub(super) is_nested: bool,
}

impl Surveyed {
    /// The first three values.
    pub fn examples(&self) -> &[String] {
        &self.values[..self.values.len().min(3)]
    }

    /// How often it holds a value that it held before.
    pub(super) fn repeats(&self) -> usize {
        self.filled.saturating_sub(self.different.len())
    }

    /// The column inside of a template.
    pub(super) fn in_template(&self) -> String {
        expression(&self.name, &self.keys)
    }

    pub(super) fn shape(&self) -> ColumnProfile {
        ColumnProfile::of(&self.values)
    }
}

/// The first records of an export and what their columns hold.
#[derive(Debug)]
pub struct ExportSurvey {
    /// What the export looks like.
    pub sheet: Arc<Sheet>,
    /// Records looked at.
    pub records: usize,
    /// The columns, in the order of the file.
    pub columns: Vec<Surveyed>,
    /// The sentence that stands in place of the records, if that is all there is.
    pub sentence: Option<String>,
    /// The sheet and the JSON pointer where the records are, if they had to be looked for.
    pub(super) place: (Option<String>, Option<String>),
    /// Every name and path, as names are compared.
    pub(super) keys: BTreeSet<String>,
}

/// Where a value of JSON lies in its record.
#[derive(Debug, Clone, Copy, Default)]
struct Nesting {
    /// In a list, whose values stand many times in a record.
    in_list: bool,
    /// Lists and objects around it.
    depth: usize,
}

impl Nesting {
    /// One level down, in a list or in an object.
    fn deeper(self, by_list: bool) -> Nesting {
        Nesting {
            in_list: self.in_list || by_list,
            depth: self.depth + 1,
        }
    }
}

impl ExportSurvey {
    /// Looks at the first records of an input.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn of(input: &Input, options: &ReadOptions) -> Result<ExportSurvey, source::Error> {
        let (mut sheet, mut batches) = sample(input, options)?;
        if let Some(records) = pages(&batches) {
            let inside = ReadOptions {
                records: Some(records),
                ..options.clone()
            };
            (sheet, batches) = sample(input, &inside)?;
        }
        let mut survey = ExportSurvey {
            sheet,
            records: 0,
            columns: Vec::new(),
            sentence: None,
            place: (None, None),
            keys: BTreeSet::new(),
        };
        if let Some(header) = &survey.sheet.header {
            survey.keys = header
                .names()
                .iter()
                .map(|name| Header::key(name))
                .collect();
            let named = |name: &String| Surveyed {
                name: name.clone(),
                ..Surveyed::default()
            };
            survey.columns = header.names().iter().map(named).collect();
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for record in batches.iter().flat_map(Batch::iter).take(SAMPLE) {
            if record
                .problems()
                .any(|problem| problem.code == Code::TrailingRow)
            {
                survey.sentence = record.text(&Column::Cell(0)).map(|text| shown_whole(&text));
                continue;
            }
            survey.records += 1;
            match record.tree() {
                Some(tree) => survey.walk(&[], tree, Nesting::default(), &mut places),
                None => survey.row(&record),
            }
        }
        survey.sentence = survey.sentence.filter(|_| survey.records == 0);
        survey
            .columns
            .retain(|column| !column.name.is_empty() && column.name != Header::PROBLEMS);
        Ok(survey)
    }

    /// What a record says in a column.
    pub(super) fn value(&self, column: usize, record: usize) -> Option<&str> {
        let cells = &self.columns[column].cells;
        let at = cells
            .binary_search_by_key(&record, |(record, _)| *record)
            .ok()?;
        Some(cells[at].1.trim())
    }

    fn row(&mut self, record: &Record<'_>) {
        for (at, column) in self.columns.iter_mut().enumerate() {
            if let Some(text) = record.text(&Column::Cell(at)) {
                note(column, &text, self.records - 1);
            }
        }
    }

    /// Notes the values below these keys; lists add none to them.
    fn walk(
        &mut self,
        keys: &[&str],
        value: &Json,
        nesting: Nesting,
        places: &mut HashMap<String, usize>,
    ) {
        let path = keys.join(".");
        if !keys.is_empty() {
            self.keys.insert(Header::key(&path));
        }
        match value {
            Json::Object(pairs) if nesting.depth < DEPTH => {
                for (key, value) in pairs {
                    let inner = [keys, &[key.as_str()]].concat();
                    self.walk(&inner, value, nesting.deeper(false), places);
                }
            }
            Json::Array(items) if nesting.depth < DEPTH => {
                for item in items {
                    self.walk(keys, item, nesting.deeper(true), places);
                }
            }
            Json::Object(_) | Json::Array(_) => {}
            scalar => {
                let at = *places.entry(path.clone()).or_insert_with(|| {
                    self.columns.push(Surveyed {
                        name: path,
                        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
                        ..Surveyed::default()
                    });
                    self.columns.len() - 1
                });
                self.columns[at].is_nested |= nesting.in_list;
                let record = self.records - 1;
                match scalar {
                    Json::Null => {}
                    Json::String(text) => note(&mut self.columns[at], text, record),
                    other => note(&mut self.columns[at], &other.to_string(), record),
                }
            }
        }
    }
}

fn note(column: &mut Surveyed, text: &str, record: usize) {
    if text.trim().is_empty() {
        return;
    }
    if let Some(null) = NULLS.into_iter().find(|null| *null == text) {
        column.nulls.insert(null);
        return;
    }
    if !column.is_nested {
        column.cells.push((record, text.to_owned()));
    }
    column.filled += 1;
    let inner = unguarded(text);
    column.guarded += usize::from(inner.is_some());
    let text = inner.unwrap_or(text);
    column.different.insert(xxh3_64(text.as_bytes()));
    if column.values.len() < VALUES && !column.values.iter().any(|known| known == text) {
        column.values.push(text.to_owned());
    }
}

/// Where the records are, when the first one is the page of an API with records that a preset knows.
fn pages(batches: &[Batch]) -> Option<String> {
    let first = batches.iter().flat_map(Batch::iter).next()?;
    let (_, records) = Preset::of_record(first.tree()?, "")?;
    records
}

/// The first batches of an input, with at least [`SAMPLE`] records if it has them and they are small.
pub(super) fn sample(
    input: &Input,
    options: &ReadOptions,
) -> Result<(Arc<Sheet>, Vec<Batch>), source::Error> {
    let mut reader = source::open(input, options)?;
    let sheet = Arc::clone(reader.sheet());
    let mut batches = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    while count < SAMPLE
        && bytes < SAMPLE_BYTES
        && let Some(batch) = reader.next()
    {
        let batch = batch?;
        count += batch.len();
        bytes += batch.memory();
        batches.push(batch);
    }
    Ok((sheet, batches))
}
