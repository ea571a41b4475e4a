//! Rules bound to one export: what the profiles of calls and of cases share.

use std::borrow::Cow;

use super::binder::Binder;
use super::columns::{NamedColumn, Source};
use crate::mapping::file::MappingFile;
use crate::mapping::file::conversion::Conversion;
use crate::mapping::file::rule::{FieldRule, Steps};
use crate::mapping::file::target::TargetField;
use crate::mapping::template::Rendering;
use crate::source::{Column, Record};

/// The rule of one field, bound to the export.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct CompiledRule {
    pub(in crate::mapping) field: TargetField,
    pub(in crate::mapping) source: Source,
    pub(in crate::mapping) steps: Steps,
    pub(in crate::mapping) conversion: Conversion,
    /// The cells of a table that feed the field, where nothing but a map or a default stands between
    /// them and its conversion: the first that says something counts.
    pub(in crate::mapping) cells: Option<Box<[usize]>>,
}

/// The columns of a source that is nothing but columns of a table.
fn cells(source: &Source) -> Option<Box<[usize]>> {
    let cell = |named: &NamedColumn| match named.column {
        Column::Cell(cell) => Some(cell),
        Column::Path(_) => None,
    };
    match source {
        Source::Column(named) => Some([cell(named)?].into()),
        Source::First(columns) => columns.iter().map(cell).collect(),
        _ => None,
    }
}

impl CompiledRule {
    /// Finds the columns of these rules; a rule whose columns may be missing and are is left out.
    pub(in crate::mapping) fn bind(
        rules: &[FieldRule],
        mapping: &MappingFile,
        binder: &mut Binder<'_>,
    ) -> Vec<CompiledRule> {
        let mut bound = Vec::new();
        for rule in rules {
            // A default stands in for a column that the export lacks, too.
            let default = rule.steps.default.as_ref();
            let default = default.map(|_| Source::Constant(String::new()));
            if let Some(source) = binder.field(rule).or(default) {
                bound.push(CompiledRule {
                    cells: cells(&source).filter(|_| !rule.steps.change_text()),
                    field: rule.field.clone(),
                    source,
                    steps: rule.steps.clone(),
                    conversion: rule.conversion.bound(mapping.zone.as_ref(), mapping.region),
                });
            }
        }
        bound
    }

    /// The column to name in a problem: of several the one that is filled, and the name of the
    /// target when no column feeds it.
    pub(in crate::mapping) fn column<'r>(
        &'r self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
    ) -> Cow<'r, str> {
        match self.source.label_for(record, templates) {
            "" => self.field.name(),
            label => Cow::Borrowed(label),
        }
    }
}
