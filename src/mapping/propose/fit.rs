//! Which preset knows an export: by the columns that its system alone has, and by what its rules
//! make of the first records.

use super::survey::{SAMPLE, Survey, sample};
use crate::call::{Call, Problem};
use crate::mapping::{Mapped, Mapping, Preset};
use crate::source::{Batch, Header, Input};

/// Of the columns by which a preset knows its exports so much must be there.
const ENOUGH: f64 = 0.5;
/// Of the records of a file without a header so many must make sense.
const SENSE: f64 = 0.8;

/// How well a preset fits an export.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The preset.
    pub preset: Preset,
    /// Its own columns that the export has.
    pub found: Vec<String>,
    /// Its own columns that the export lacks.
    pub lacking: Vec<String>,
    /// What its rules make of the first records; nothing when columns that they need are missing.
    pub trial: Option<Trial>,
    /// What keeps its rules from the export, as sentences, when there is no trial.
    pub refusal: Option<String>,
    /// What it asks the operator for: `timezone`, `region`, `agents`, `email`.
    pub asks: Vec<&'static str>,
    share: f64,
}

/// What the rules of a preset make of some records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trial {
    /// Records looked at.
    pub records: usize,
    /// Records without an error, as far as rules can tell.
    pub good: usize,
    /// Records that a rule leaves out.
    pub skipped: usize,
}

impl Fit {
    /// Whether the preset is meant for this export.
    pub fn is_good(&self) -> bool {
        self.share >= ENOUGH && self.trial.is_some()
    }
}

impl Fit {
    /// Whether the export could be a changed form of what the preset is for.
    pub fn is_near(&self) -> bool {
        self.share >= ENOUGH / 2.0
    }
}

impl Trial {
    fn share(self) -> f64 {
        let part = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        part(self.good + self.skipped) / part(self.records.max(1))
    }
}

impl Survey {
    /// The presets that know columns of the export, the best first.
    pub fn fits(&self, input: &Input) -> Vec<Fit> {
        let presets: Vec<(Preset, Mapping)> = Mapping::presets()
            .iter()
            .filter_map(|preset| Some((*preset, preset.load().ok()?)))
            // What follows asks for the fields of a call.
            .filter(|(_, mapping)| !mapping.is_of_cases())
            .collect();
        let owners = |column: &str| {
            let has = |mapping: &Mapping| {
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
        let mut fits: Vec<Fit> = presets
            .iter()
            .filter_map(|(preset, mapping)| self.fit(*preset, mapping, input, &owners))
            .collect();
        fits.sort_by(|a, b| {
            let rank = |fit: &Fit| {
                (
                    fit.is_good(),
                    fit.share,
                    fit.trial.map_or(0.0, Trial::share),
                )
            };
            rank(b)
                .partial_cmp(&rank(a))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        fits
    }

    fn fit(
        &self,
        preset: Preset,
        mapping: &Mapping,
        input: &Input,
        owners: &dyn Fn(&str) -> usize,
    ) -> Option<Fit> {
        let own = signature(mapping);
        let (found, lacking): (Vec<&String>, Vec<&String>) = own
            .iter()
            .partition(|name| self.keys.contains(&Header::key(name)));
        let source = mapping.source_options();
        let may_lack_header = found.is_empty() && !source.headerless.is_empty();
        let is_headless = source.header_lines == Some(0) || may_lack_header;
        if found.is_empty() && !is_headless {
            return None;
        }
        // A column that several presets know says less.
        let weight = |names: &[&String]| -> f64 {
            names
                .iter()
                .map(|name| 1.0 / f64::from(u32::try_from(owners(name)).unwrap_or(1)))
                .sum()
        };
        let (trial, refusal) = match try_out(mapping, input) {
            Ok(trial) => (Some(trial), None),
            Err(refusal) => (None, Some(refusal)),
        };
        let mut share = weight(&found) / (weight(&found) + weight(&lacking)).max(f64::EPSILON);
        if is_headless {
            share = trial
                .filter(|trial| trial.good > 0)
                .map_or(0.0, Trial::share);
            if share < SENSE {
                return None;
            }
        }
        let own = |names: Vec<&String>| names.into_iter().cloned().collect();
        Some(Fit {
            preset,
            found: own(found),
            lacking: own(lacking),
            trial,
            refusal,
            asks: mapping.asks(),
            share,
        })
    }
}

/// The columns by which a mapping knows its exports.
fn signature(mapping: &Mapping) -> &[String] {
    &mapping.source_options().signature
}

/// Lets the rules of a preset at the first records, as if everything it asks for had been said.
fn try_out(mapping: &Mapping, input: &Input) -> Result<Trial, String> {
    let mapping = mapping.clone().for_trial();
    let (sheet, batches) =
        sample(input, &mapping.source_options().options()).map_err(|error| error.to_string())?;
    let profile = mapping.bind(&sheet).map_err(|error| {
        let messages = error
            .findings()
            .iter()
            .map(|finding| finding.message.clone());
        messages.collect::<Vec<_>>().join("; ")
    })?;
    let mut trial = Trial::default();
    for record in batches.iter().flat_map(Batch::iter).take(SAMPLE) {
        let mut problems: Vec<Problem> = record.problems().cloned().collect();
        trial.records += 1;
        match profile.apply(&record, &mut problems) {
            Mapped::Skipped(_) => trial.skipped += 1,
            Mapped::Undecided => {}
            Mapped::Draft(draft) => {
                // A row of several says only its part.
                let is_whole = mapping.gathers() || Call::new(draft, &mut Vec::new()).is_some();
                let is_good = is_whole && !problems.iter().any(Problem::is_error);
                trial.good += usize::from(is_good);
            }
        }
    }
    Ok(trial)
}
