//! Patterns for the names of recordings, with a group for each column whose values stand in them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use regex::Regex;

use super::expressions::quoted;
use super::name_shape::{Granularity, ValueGroup, class, shape};
use super::survey::ExportSurvey;
use crate::domain::call::Field;

/// Shapes of names that get a pattern of their own.
const SHAPES: usize = 4;

/// The patterns of names, and what their groups are held against.
pub(super) struct NamePatterns<'s> {
    survey: &'s ExportSurvey,
    columns: &'s [usize],
    /// One for each column.
    groups: Vec<ValueGroup>,
    /// The most frequent first.
    patterns: Vec<Regex>,
}

impl<'s> NamePatterns<'s> {
    /// A pattern for each shape of the names in which the values of these columns stand. `hits` are the names
    /// by record.
    pub(super) fn of(
        survey: &'s ExportSurvey,
        columns: &'s [usize],
        hits: &BTreeMap<usize, Vec<usize>>,
        names: &[String],
    ) -> NamePatterns<'s> {
        let groups = groups(survey, columns);
        let shapes_of = |grain: Granularity| {
            let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
            for (record, found) in hits.iter().filter(|(_, found)| found.len() == 1) {
                let values = columns.iter().map(|column| survey.value(*column, *record));
                let values: Vec<&str> = values.map(Option::unwrap_or_default).collect();
                if let Some(shape) = shape(&names[found[0]], &values, &groups, grain) {
                    *shapes.entry(shape).or_default() += 1;
                }
            }
            shapes
        };
        let mut shapes = shapes_of(Granularity::Fine);
        if shapes.len() > SHAPES {
            shapes = shapes_of(Granularity::Coarse);
        }
        let mut shapes: Vec<(String, usize)> = shapes.into_iter().collect();
        shapes.sort_by(|(a, many), (b, more)| (more, a).cmp(&(many, b)));
        let shapes = shapes.into_iter().take(SHAPES);
        let patterns = shapes.filter_map(|(shape, _)| Regex::new(&shape).ok());
        NamePatterns {
            survey,
            columns,
            patterns: patterns.collect(),
            groups,
        }
    }

    /// The names that the patterns find for each record.
    pub(super) fn find(&self, names: &[String]) -> BTreeMap<usize, Vec<usize>> {
        let mut by_key: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            // The first pattern that matches counts, as it does in a run.
            let mut patterns = self.patterns.iter();
            if let Some(captures) = patterns.find_map(|regex| regex.captures(name)) {
                let values = self.groups.iter().map(|group| captures.name(&group.name));
                let values = values.map(|value| value.map_or("", |value| value.as_str()));
                by_key.entry(values.collect()).or_default().push(at);
            }
        }
        let mut found = BTreeMap::new();
        for record in 0..self.survey.records {
            let columns = self.columns.iter();
            let values = columns.map(|column| self.survey.value(*column, record));
            let values = values.collect::<Option<Vec<&str>>>();
            if let Some(names) = values.and_then(|values| by_key.get(&values)) {
                found.insert(record, names.clone());
            }
        }
        found
    }

    /// As a line of the `[audio]` table.
    pub(super) fn written(&self) -> String {
        let name_of = |column: &usize| &*self.survey.columns[*column].name;
        let named = || self.columns.iter().map(name_of).zip(&self.groups);
        let is_plain = named().all(|(column, group)| column == group.name);
        let mut line = "patterns = [\n".to_owned();
        for regex in &self.patterns {
            if is_plain {
                let _ = writeln!(line, "  {},", quoted(regex.as_str()));
                continue;
            }
            let _ = write!(line, "  {{ pattern = {}", quoted(regex.as_str()));
            for (column, group) in named() {
                let _ = write!(line, ", {} = {{ from = {} }}", group.name, quoted(column));
            }
            line.push_str(" },\n");
        }
        line.push(']');
        line
    }
}

/// The groups of these columns.
fn groups(survey: &ExportSurvey, columns: &[usize]) -> Vec<ValueGroup> {
    let named = columns.iter().enumerate().map(|(at, column)| {
        let column = &survey.columns[*column];
        let values = column.cells.iter().map(|(_, value)| value.trim());
        ValueGroup {
            name: group_name(&column.name).unwrap_or_else(|| format!("value{}", at + 1)),
            class: class(&values.collect::<Vec<_>>()),
        }
    });
    let mut groups: Vec<ValueGroup> = named.collect();
    if groups.len() == 2 && groups[0].name == groups[1].name {
        groups[1].name.push('2');
    }
    groups
}

/// The name of a column as that of a group; nothing where it cannot be one.
fn group_name(column: &str) -> Option<String> {
    let name = column.chars().map(|char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        }
    });
    let name: String = name.collect();
    let is_usable = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name != "pattern"
        && Field::from_name(&name).is_none();
    is_usable.then_some(name)
}
