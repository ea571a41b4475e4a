//! Templates at the records of one sheet.
//!
//! What a name of `[let]` means in a record is worked out once, when the first template asks for it,
//! and kept as long as the [`Rendering`] of that record: a preset asks a dozen templates who the
//! agent is. A definition that fails fails those that ask for it and nobody else.

use std::cell::OnceCell;

use minijinja::{Captured, Environment, ErrorKind, UndefinedBehavior, Value};

use serde_json::Value as Json;

use super::context::{Context, Scope, from_json};
use super::lets::Let;
use super::simple::{self, SimpleCondition, TemplatePart};
use super::templates::{CompiledTemplate, FUEL, TemplateId, Templates};
use super::{functions, limits};
use crate::domain::Code;
use crate::mapping::bound::record_scope::RecordScope;
use crate::mapping::file::expression::ExpressionBudget;
use crate::source::{Column, Record, Sheet};

#[derive(Debug, Clone)]
enum CompiledForm {
    Pieces(Vec<TemplatePart>),
    Condition(SimpleCondition),
    Engine,
}

impl CompiledForm {
    fn new(entry: &CompiledTemplate, sheet: &Sheet) -> CompiledForm {
        if !entry.lets.is_empty() {
            return CompiledForm::Engine;
        }
        if entry.is_condition {
            return SimpleCondition::read(&entry.source, sheet)
                .map_or(CompiledForm::Engine, CompiledForm::Condition);
        }
        simple::read_pieces(&entry.source, &entry.own, sheet)
            .map_or(CompiledForm::Engine, CompiledForm::Pieces)
    }
}

#[derive(Debug, Clone)]
struct BoundEntry {
    name: String,
    context: Context,
    /// With the columns of the names of `[let]`.
    whole: Context,
    lets: Vec<usize>,
    form: CompiledForm,
}

#[derive(Debug, Clone)]
struct BoundLet {
    name: String,
    template: String,
    context: Context,
    lets: Vec<usize>,
}

/// Templates with their columns found in one sheet.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct BoundTemplates {
    engine: Environment<'static>,
    entries: Vec<BoundEntry>,
    lets: Vec<BoundLet>,
}

/// Why a template failed on a record; holds no value of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct TemplateError {
    pub(in crate::mapping) code: Code,
    pub(in crate::mapping) message: String,
    /// The key that a table lacks, or nothing.
    pub(in crate::mapping) value: String,
    /// Whether the template cannot take what a cell says, such as a number where it looks for a text.
    pub(in crate::mapping) is_of_value: bool,
}

impl BoundTemplates {
    /// The templates for the records of one sheet.
    pub(in crate::mapping) fn new(templates: &Templates, sheet: &Sheet) -> BoundTemplates {
        let mut engine = templates.engine.clone();
        if sheet.header.is_none() {
            // JSON records come without keys that another record has.
            engine.set_undefined_behavior(UndefinedBehavior::Chainable);
        }
        let entry = |entry: &CompiledTemplate| BoundEntry {
            name: entry.name.clone(),
            context: Context::new(&entry.own, sheet, &templates.optional),
            whole: Context::new(&entry.names, sheet, &templates.optional),
            lets: entry.lets.clone(),
            form: CompiledForm::new(entry, sheet),
        };
        let definition = |definition: &Let| BoundLet {
            name: definition.name.clone(),
            template: definition.template.clone(),
            context: Context::new(&definition.names, sheet, &templates.optional),
            lets: definition.lets.clone(),
        };
        BoundTemplates {
            entries: templates.entries.iter().map(entry).collect(),
            lets: templates.lets.iter().map(definition).collect(),
            engine,
        }
    }

    /// The templates at this record.
    pub(in crate::mapping) fn at<'r>(&'r self, record: &Record<'r>) -> Rendering<'r> {
        self.rendering(record, Scope::Own(RecordScope::default()))
    }

    /// The same for one of several places of a record, which share what they may cost.
    pub(in crate::mapping) fn within<'r>(
        &'r self,
        record: &Record<'r>,
        scope: &'r RecordScope,
    ) -> Rendering<'r> {
        self.rendering(record, Scope::Shared(scope))
    }

    fn rendering<'r>(&'r self, record: &Record<'r>, scope: Scope<'r>) -> Rendering<'r> {
        Rendering {
            bound: self,
            record: *record,
            lets: self.lets.iter().map(|_| OnceCell::new()).collect(),
            others: Vec::new(),
            scope,
        }
    }

    /// The same, as if the record said these in some of its cells.
    pub(in crate::mapping) fn with<'r>(
        &'r self,
        record: &Record<'r>,
        scope: &'r RecordScope,
        others: &[(&Column, &Json)],
    ) -> Rendering<'r> {
        let others = others.iter();
        Rendering {
            others: others
                .map(|(column, value)| ((*column).clone(), from_json(value)))
                .collect(),
            ..self.within(record, scope)
        }
    }
}

/// Templates at one record.
#[derive(Debug)]
pub(in crate::mapping) struct Rendering<'r> {
    bound: &'r BoundTemplates,
    record: Record<'r>,
    /// What the names of `[let]` mean here, as far as somebody asked.
    lets: Box<[OnceCell<Result<Value, TemplateError>>]>,
    /// What stands in for some of the cells.
    others: Vec<(Column, Value)>,
    scope: Scope<'r>,
}

impl Rendering<'_> {
    /// What is left to the expressions of this record.
    pub(in crate::mapping) fn work(&self) -> &ExpressionBudget {
        self.scope.get().work()
    }

    /// The template, filled in.
    pub(in crate::mapping) fn render(&self, id: TemplateId) -> Result<String, TemplateError> {
        let entry = &self.bound.entries[id.0];
        if let CompiledForm::Pieces(pieces) = &entry.form {
            return Ok(simple::render(pieces, &self.record).text);
        }
        let values = self.values(&entry.context, &entry.lets)?;
        if let Scope::Own(_) = self.scope {
            // The steps of one template bound it.
            let template = self.bound.engine.get_template(&entry.name);
            let text = template.and_then(|template| template.render(values));
            return text.map_err(|error| failure(&error));
        }
        self.run(&entry.name, values).map(Captured::into_output)
    }

    /// Runs a template, which pays for its steps.
    fn run(&self, name: &str, values: Value) -> Result<Captured<'_>, TemplateError> {
        let scope = self.scope.get();
        if scope.is_spent() {
            return Err(spent());
        }
        let template = self.bound.engine.get_template(name);
        match template.and_then(|template| template.render_captured(values)) {
            Ok(captured) => {
                let levels = captured.state().fuel_levels();
                scope.take(levels.map_or(0, |(taken, _)| taken));
                Ok(captured)
            }
            Err(error) => {
                let is_out = error.kind() == ErrorKind::OutOfFuel;
                scope.take(if is_out { FUEL } else { STEPS_TO_FAIL });
                Err(failure(&error))
            }
        }
    }

    /// The same as a name; `None` when a column that it puts between text is empty, or all columns
    /// that it looks at are.
    pub(in crate::mapping) fn name(&self, id: TemplateId) -> Option<String> {
        let entry = &self.bound.entries[id.0];
        if let CompiledForm::Pieces(pieces) = &entry.form {
            let rendered = simple::render(pieces, &self.record);
            return (!rendered.lacks_columns).then_some(rendered.text);
        }
        if entry.whole.finds_nothing(&self.record) {
            return None;
        }
        self.render(id).ok()
    }

    /// Whether the condition holds.
    pub(in crate::mapping) fn holds(&self, id: TemplateId) -> Result<bool, TemplateError> {
        match &self.bound.entries[id.0].form {
            CompiledForm::Condition(condition) if self.others.is_empty() => {
                Ok(condition.holds(&self.record))
            }
            _ => self.render(id).map(|text| !text.is_empty()),
        }
    }

    fn values(&self, context: &Context, lets: &[usize]) -> Result<Value, TemplateError> {
        let mut values = context.values(&self.record, &self.others, &self.scope);
        for at in lets {
            let name = self.bound.lets[*at].name.as_str();
            values.insert(name.into(), self.meaning(*at)?);
        }
        Ok(Value::from(values))
    }

    /// What a name of `[let]` means. It can only use those before it, so this ends.
    fn meaning(&self, at: usize) -> Result<Value, TemplateError> {
        let known = self.lets[at].get_or_init(|| {
            let definition = &self.bound.lets[at];
            let values = self.values(&definition.context, &definition.lets)?;
            let captured = self.run(&definition.template, values)?;
            let found = captured.state().lookup(&definition.name);
            match found {
                None => Ok(Value::UNDEFINED),
                Some(value) if limits::is_small(&value) => Ok(value),
                Some(_) => Err(too_large(&definition.name)),
            }
        });
        known.clone()
    }
}

/// Steps that a template counts for which failed, and does not say how many it took.
const STEPS_TO_FAIL: u64 = 500;

/// The record has no steps left.
fn spent() -> TemplateError {
    TemplateError {
        code: Code::TemplateFailed,
        message: "the templates of this record take too many steps together".to_owned(),
        value: String::new(),
        is_of_value: false,
    }
}

/// A definition that holds more than any record has to say.
fn too_large(name: &str) -> TemplateError {
    TemplateError {
        code: Code::TemplateFailed,
        message: format!("`{name}` of [let] becomes too large"),
        value: String::new(),
        is_of_value: false,
    }
}

/// The kind alone: the detail of an engine's error may quote the record.
fn failure(error: &minijinja::Error) -> TemplateError {
    if let Some(missed) = functions::missed(error) {
        return TemplateError {
            code: Code::LookupMissed,
            message: missed.to_string(),
            value: missed.key.clone(),
            is_of_value: true,
        };
    }
    TemplateError {
        code: Code::TemplateFailed,
        message: format!("the template failed: {}", error.kind()),
        value: String::new(),
        is_of_value: error.kind() == ErrorKind::InvalidOperation,
    }
}
