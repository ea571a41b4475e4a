//! Where in an export its calls are: which sheet of a workbook, which list in a JSON document.
//!
//! Each place is looked at, and the one counts whose columns feed the most of what a call needs.

use serde_json::Value as Json;

use super::build::build;
use super::preset_fit;
use super::survey::{ExportSurvey, sample};
use crate::domain::call::Field;
use crate::mapping::Preset;
use crate::source::{self, Batch, Error, Input, ReadOptions, Record};

/// Sheets or lists that are looked at.
const PLACES: usize = 24;
/// Larger documents are looked into by their first record alone.
const LARGEST: usize = 16 << 20;
/// How deep lists are looked for.
const DEPTH: usize = 5;

/// Looks at the first records of an input, wherever in it they are.
///
/// # Errors
/// When it cannot be opened or read.
pub fn survey(input: &Input, options: &ReadOptions) -> Result<ExportSurvey, Error> {
    let sheets = match options.sheet {
        None => source::sheets(input, options)?,
        Some(_) => Vec::new(),
    };
    if sheets.len() > 1 {
        let of_sheet = |sheet: String| ReadOptions {
            sheet: Some(sheet),
            ..options.clone()
        };
        let places = sheets.into_iter().map(of_sheet);
        return best(input, places, None);
    }
    if options.records.is_some() {
        return ExportSurvey::of(input, options);
    }
    if let Some(options) = lone_ticket(input, options) {
        return ExportSurvey::of(input, &options);
    }
    let (plain, pointers) = match ExportSurvey::of(input, options) {
        Ok(survey) if survey.sheet.header.is_some() || worth(&survey).0 => {
            return Ok(survey);
        }
        Ok(survey) => (Ok(survey), pointers(input, options)),
        Err(Error::Records {
            pointer,
            reason,
            file,
        }) => {
            let pointers = pointer.split(", ").map(str::to_owned).collect();
            (
                Err(Error::Records {
                    file,
                    pointer,
                    reason,
                }),
                pointers,
            )
        }
        Err(error) => return Err(error),
    };
    let of_pointer = |pointer: String| ReadOptions {
        records: Some(pointer),
        ..options.clone()
    };
    match plain {
        Ok(plain) => best(input, pointers.into_iter().map(of_pointer), Some(plain)),
        Err(error) => best(input, pointers.into_iter().map(of_pointer), None).map_err(|_| error),
    }
}

/// The place with the most of a call; of equals the first one.
fn best(
    input: &Input,
    places: impl Iterator<Item = ReadOptions>,
    plain: Option<ExportSurvey>,
) -> Result<ExportSurvey, Error> {
    let mut best = plain.map(|plain| (worth(&plain), plain));
    let mut failure = None;
    for options in places.take(PLACES) {
        match ExportSurvey::of(input, &options) {
            Ok(mut survey) => {
                survey.place = (options.sheet, options.records);
                let worth = worth(&survey);
                if best.as_ref().is_none_or(|(known, _)| worth > *known) {
                    best = Some((worth, survey));
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    match (best, failure) {
        (Some((_, survey)), _) => Ok(survey),
        (None, Some(error)) => Err(error),
        // No place at all is the whole.
        (None, None) => ExportSurvey::of(input, &ReadOptions::default()),
    }
}

/// Whether the columns feed the time and the customer of a call; how many required fields they feed, and
/// how many of all.
fn worth(survey: &ExportSurvey) -> (bool, usize, usize) {
    if survey.records == 0 {
        return (false, 0, 0);
    }
    let proposal = build(survey);
    let fed = |field: &Field| {
        let mut rules = proposal.rules.iter();
        rules.any(|rule| rule.field == *field && !rule.columns.is_empty())
    };
    let is_of_calls = fed(&Field::DateTime) && fed(&Field::Customer);
    let required = Field::REQUIRED.iter().filter(|field| fed(field)).count();
    let all = Field::ALL.iter().filter(|field| fed(field)).count();
    (is_of_calls, required, all)
}

/// Pointers to the lists of objects in a document, or in the first of several.
fn pointers(input: &Input, options: &ReadOptions) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(tree) = source::json_document(input, options, LARGEST) {
        lists("", &tree, DEPTH, &mut found);
        return found;
    }
    let Ok((_, batches)) = sample(input, options) else {
        return found;
    };
    let first = batches.iter().flat_map(Batch::iter).next();
    if let Some(tree) = first.as_ref().and_then(Record::tree) {
        lists("", tree, DEPTH, &mut found);
    }
    found
}

/// How a document is read that is one ticket of a help desk, alone or as the only member: the list of its
/// messages would be taken for the records.
fn lone_ticket(input: &Input, options: &ReadOptions) -> Option<ReadOptions> {
    let tree = source::json_document(input, options, LARGEST)?;
    let Json::Object(members) = &tree else {
        return None;
    };
    let is_list = |value: &Json| matches!(value, Json::Array(items) if !items.is_empty());
    let mut lists = members.iter().filter(|(_, value)| is_list(value));
    if is_of_cases(&tree) {
        let inner = lists.next().map(|(name, _)| name.clone());
        return Some(ReadOptions {
            inner,
            ..options.clone()
        });
    }
    let (name, _) = members.iter().find(|(_, value)| is_of_cases(value))?;
    let records = Some(format!("/{}", name.replace('~', "~0").replace('/', "~1")));
    Some(ReadOptions {
        records,
        ..options.clone()
    })
}

/// Whether an object has most of the keys by which a preset for cases knows its records.
fn is_of_cases(tree: &Json) -> bool {
    tree.is_object()
        && Preset::all().iter().any(|preset| {
            let own = preset_fit::signature_of_cases(*preset).unwrap_or_default();
            let found = own.iter().filter(|path| has_path(tree, path)).count();
            found > 0 && found * 2 >= own.len()
        })
}

/// Whether something is at a path, in lists in their first item.
fn has_path(tree: &Json, path: &str) -> bool {
    let mut at = tree;
    for step in path.split('.') {
        if let Json::Array(items) = at {
            at = items.first().unwrap_or(&Json::Null);
        }
        match at.get(step) {
            Some(inner) => at = inner,
            None => return false,
        }
    }
    true
}

fn lists(path: &str, tree: &Json, depth: usize, found: &mut Vec<String>) {
    let Json::Object(members) = tree else { return };
    for (name, value) in members {
        let pointer = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        match value {
            Json::Array(items) if items.first().is_some_and(Json::is_object) => {
                found.push(pointer);
            }
            Json::Object(_) if depth > 1 => lists(&pointer, value, depth - 1, found),
            _ => {}
        }
    }
}
