//! Which preset knows an export: by the columns that its system alone has, and by what its rules
//! make of the first records.

use super::expressions::quoted;
use super::survey::{ExportSurvey, SAMPLE, sample};
use crate::domain::Problem;
use crate::domain::call::{Call, Draft, Field};
use crate::mapping::file::completeness::missing_targets;
use crate::mapping::{CallMapping, MappedCall, MappingFile, Preset};
use crate::source::{Batch, Header, Input};

/// Of the columns by which a preset knows its exports so much must be there.
const ENOUGH: f64 = 0.5;
/// Of the records of a file without a header so many must make sense.
const SENSE: f64 = 0.8;

/// How well a preset fits an export.
#[derive(Debug, Clone)]
pub struct PresetFit {
    /// The preset.
    pub preset: Preset,
    /// Its own columns that the export has.
    pub found: Vec<String>,
    /// Its own columns that the export lacks.
    pub lacking: Vec<String>,
    /// What its rules make of the first records; nothing when columns that they need are missing.
    pub trial: Option<PresetTrial>,
    /// The columns from which the id and the time of a call come, where there was a trial.
    pub takes: Vec<(Field, String)>,
    /// What keeps its rules from the export, as sentences, when there is no trial.
    pub refusal: Option<String>,
    /// What it asks the operator for: `timezone`, `region`, `agents`, `email`.
    pub asks: Vec<&'static str>,
    /// The names that the preset has for the columns, by their places, when the captions are in a
    /// language that it does not know.
    pub renamed: Option<Vec<String>>,
    /// Required targets that it leaves to the operator, because no export of its system says them.
    pub leaves: Vec<String>,
    /// Whether its records are tickets or their messages, of which no call is made on trial.
    pub is_of_cases: bool,
    share: f64,
}

/// What the rules of a preset make of some records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PresetTrial {
    /// Records looked at.
    pub records: usize,
    /// Records without an error, as far as rules can tell.
    pub good: usize,
    /// Records that a rule leaves out.
    pub skipped: usize,
}

impl PresetFit {
    /// The presets that know columns of an export, the best first.
    pub fn of_export(survey: &ExportSurvey, input: &Input) -> Vec<PresetFit> {
        let presets: Vec<(Preset, MappingFile)> = Preset::all()
            .iter()
            .filter_map(|preset| Some((*preset, preset.load().ok()?)))
            // What follows asks for the fields of a call.
            .filter(|(_, mapping)| !mapping.is_of_cases())
            .collect();
        let owners = |column: &str| {
            let has = |mapping: &MappingFile| {
                signature(mapping)
                    .iter()
                    .any(|own| Header::key(own) == Header::key(column))
            };
            presets
                .iter()
                .filter(|(_, mapping)| has(mapping))
                .count()
                .max(1)
        };
        let mut fits: Vec<PresetFit> = presets
            .iter()
            .filter_map(|(preset, mapping)| fit(survey, *preset, mapping, input, &owners))
            .collect();
        let of_cases = Preset::all().iter();
        fits.extend(of_cases.filter_map(|preset| fit_of_cases(survey, *preset)));
        fits.sort_by(|a, b| {
            let rank = |fit: &PresetFit| {
                (
                    fit.is_good(),
                    fit.share,
                    fit.trial.map_or(0.0, PresetTrial::share),
                )
            };
            rank(b)
                .partial_cmp(&rank(a))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        fits
    }

    /// Whether the preset is meant for this export.
    pub fn is_good(&self) -> bool {
        self.share >= ENOUGH && (self.trial.is_some() || self.is_of_cases)
    }

    /// The preset as a file for this export.
    pub fn text(&self) -> String {
        let text = self.preset.text;
        let Some(columns) = &self.renamed else {
            return text.to_owned();
        };
        let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        let line = format!(
            "[source]\n# The captions of the export are in a language that the preset does not know: these\n# are taken for its columns, by their places. Compare them with the export.\ncolumns   = [{}]\n",
            columns.join(", ")
        );
        text.replacen("[source]\n", &line, 1)
    }

    /// Whether the export could be a changed form of what the preset is for.
    pub fn is_near(&self) -> bool {
        self.share >= ENOUGH / 2.0
    }
}

impl PresetTrial {
    /// Lets a mapping at the first records of an export, as if everything it asks for had been said.
    ///
    /// # Errors
    /// What keeps its rules from the export, as sentences.
    pub fn of(mapping: &MappingFile, input: &Input) -> Result<PresetTrial, String> {
        try_out(mapping, input).map(|(trial, _)| trial)
    }

    fn share(self) -> f64 {
        let part = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        part(self.good + self.skipped) / part(self.records.max(1))
    }
}

fn fit(
    survey: &ExportSurvey,
    preset: Preset,
    mapping: &MappingFile,
    input: &Input,
    owners: &dyn Fn(&str) -> usize,
) -> Option<PresetFit> {
    let foreign = &mapping.source_options().foreign;
    if foreign.iter().any(|name| has(survey, name, mapping)) {
        return None;
    }
    let own = signature(mapping);
    let (found, lacking): (Vec<&String>, Vec<&String>) =
        own.iter().partition(|name| has(survey, name, mapping));
    let source = mapping.source_options();
    let may_lack_header = found.is_empty() && !source.headerless.is_empty();
    let is_headless = source.header_lines == Some(0) || may_lack_header;
    if found.is_empty() && !is_headless {
        return fit_by_place(survey, preset, mapping, input);
    }
    // A column that several presets know says less.
    let weight = |names: &[&String]| -> f64 {
        names
            .iter()
            .map(|name| 1.0 / f64::from(u32::try_from(owners(name)).unwrap_or(1)))
            .sum()
    };
    if found.len() * 2 < own.len()
        && let Some(fit) = fit_by_place(survey, preset, mapping, input)
    {
        return Some(fit);
    }
    let (trial, takes, refusal) = match try_out(mapping, input) {
        Ok((trial, takes)) => (Some(trial), takes, None),
        Err(refusal) => (None, Vec::new(), Some(refusal)),
    };
    let mut share = weight(&found) / (weight(&found) + weight(&lacking)).max(f64::EPSILON);
    if is_headless {
        share = trial
            .filter(|trial| trial.good > 0)
            .map_or(0.0, PresetTrial::share);
        if share < SENSE {
            return None;
        }
    }
    let own = |names: Vec<&String>| names.into_iter().cloned().collect();
    Some(PresetFit {
        preset,
        found: own(found),
        lacking: own(lacking),
        trial,
        takes,
        refusal,
        asks: mapping.asks(),
        renamed: None,
        leaves: missing_targets(mapping),
        is_of_cases: false,
        share,
    })
}

/// The same of a preset for cases, by its columns alone: it may need other files of the help desk
/// to be loaded.
fn fit_of_cases(survey: &ExportSurvey, preset: Preset) -> Option<PresetFit> {
    let own = signature_of_cases(preset)?;
    let file: toml::Table = preset.text.parse().ok()?;
    let fields = file.get("fields")?;
    let has = |name: &String| {
        let mut called = called(fields, name).into_iter();
        survey.keys.contains(&Header::key(name))
            || called.any(|other| survey.keys.contains(&Header::key(other)))
    };
    let (found, lacking): (Vec<String>, Vec<String>) = own.iter().cloned().partition(has);
    let part = |names: &[String]| f64::from(u32::try_from(names.len()).unwrap_or(u32::MAX));
    let share = part(&found) / part(&own).max(1.0);
    (!found.is_empty()).then_some(PresetFit {
        preset,
        found,
        lacking,
        trial: None,
        takes: Vec::new(),
        refusal: None,
        asks: Vec::new(),
        renamed: None,
        leaves: Vec::new(),
        is_of_cases: true,
        share,
    })
}

/// The columns by which a preset for cases knows its exports; nothing for one that is for calls.
pub(super) fn signature_of_cases(preset: Preset) -> Option<Vec<String>> {
    let file: toml::Table = preset.text.parse().ok()?;
    if file.get("target")?.as_str()? != "case" {
        return None;
    }
    let signature = file.get("source")?.get("signature")?.clone();
    signature.try_into().ok()
}

/// Whether the export has the column, by one of the names that the mapping knows for it.
fn has(survey: &ExportSurvey, name: &str, mapping: &MappingFile) -> bool {
    let captions = &mapping.source_options().captions;
    let others = captions.iter().filter(|(known, _)| known == name);
    let mut names = others.flat_map(|(_, others)| others).map(String::as_str);
    survey.keys.contains(&Header::key(name))
        || names.any(|other| survey.keys.contains(&Header::key(other)))
}

/// The preset over an export whose captions it does not know, when the values are where its
/// columns usually stand. All columns must be there by which it is known otherwise: values of the
/// first few alone (a time, a number, two phones) are what any list of calls has.
fn fit_by_place(
    survey: &ExportSurvey,
    preset: Preset,
    mapping: &MappingFile,
    input: &Input,
) -> Option<PresetFit> {
    let captions = &mapping.source_options().captions;
    let columns = survey.sheet.header.as_ref()?.names().len();
    if !(signature(mapping).len()..=captions.len()).contains(&columns) {
        return None;
    }
    let names = captions.iter().take(columns).map(|(name, _)| name.clone());
    let names: Vec<String> = names.collect();
    let mut renamed = mapping.clone();
    renamed.set_columns(names.clone());
    let (trial, takes) = try_out(&renamed, input).ok()?;
    let trial = Some(trial);
    let share = trial
        .filter(|trial| trial.good > 0)
        .map_or(0.0, PresetTrial::share);
    (share >= SENSE).then(|| PresetFit {
        preset,
        found: Vec::new(),
        lacking: signature(mapping).to_vec(),
        trial,
        takes,
        refusal: None,
        asks: mapping.asks(),
        renamed: Some(names),
        leaves: missing_targets(mapping),
        is_of_cases: false,
        share,
    })
}

/// The other names of a column: the lists of the file in which it stands.
fn called<'t>(value: &'t toml::Value, name: &str) -> Vec<&'t str> {
    match value {
        toml::Value::Table(table) => table
            .values()
            .flat_map(|inner| called(inner, name))
            .collect(),
        toml::Value::Array(items) => {
            let names: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
            if names.contains(&name) {
                names
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

/// The columns by which a mapping knows its exports.
fn signature(mapping: &MappingFile) -> &[String] {
    &mapping.source_options().signature
}

/// Lets the rules of a preset at the first records, as if everything it asks for had been said.
fn try_out(
    mapping: &MappingFile,
    input: &Input,
) -> Result<(PresetTrial, Vec<(Field, String)>), String> {
    let mapping = mapping.clone().for_trial();
    let (sheet, batches) =
        sample(input, &mapping.source_options().options()).map_err(|error| error.to_string())?;
    let profile = CallMapping::bind(&mapping, &sheet).map_err(|error| {
        let messages = error
            .findings()
            .iter()
            .map(|finding| finding.message.clone());
        messages.collect::<Vec<_>>().join("; ")
    })?;
    let mut trial = PresetTrial::default();
    for record in batches.iter().flat_map(Batch::iter).take(SAMPLE) {
        let mut problems: Vec<Problem> = record.problems().cloned().collect();
        trial.records += 1;
        let mut draft = Draft::new();
        match profile.evaluate(&record, &mut draft, &mut problems) {
            MappedCall::Skipped(_) => trial.skipped += 1,
            MappedCall::Undecided => {}
            MappedCall::Filled => {
                // A row of several says only its part, and some presets leave a part to the operator.
                let is_part = mapping.gathers() || !missing_targets(&mapping).is_empty();
                let is_whole = is_part || Call::new(draft, &mut Vec::new()).is_some();
                let is_good = is_whole && !problems.iter().any(Problem::is_error);
                trial.good += usize::from(is_good);
            }
        }
    }
    let told = [Field::ExternalIdentity, Field::DateTime];
    let columns = told.map(|field| (field, profile.column_of(field).to_owned()));
    let takes = columns
        .into_iter()
        .filter(|(field, column)| column != field.name());
    Ok((trial, takes.collect()))
}
