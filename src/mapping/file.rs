//! A mapping file: read, checked, and ready to be bound to an export.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rlibphonenumber::enums::Region;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::audio_section::{AudioSection, NameRule, read_audio};
use super::error::{Findings, LoadError, suggest};
use super::profile::Profile;
use super::reader::{Section, wrong_type};
use super::rule::{FieldRule, RuleReader};
use super::source_section::{SourceRead, SourceSection, read_region, read_source, read_zone};
use super::template::{TemplateId, Templates};
use crate::call::Field;
use crate::source::Sheet;

/// A mapping file in which nothing is wrong as far as can be told without an export.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
    pub(super) source: SourceSection,
    pub(super) skip: Vec<(String, TemplateId)>,
    pub(super) audio: AudioSection,
    pub(super) names: Vec<NameRule>,
    pub(super) fields: Vec<FieldRule>,
    pub(super) templates: Templates,
}

impl Mapping {
    /// Reads and checks a mapping file. `name` is shown in messages; lookup files are found
    /// relative to `dir`.
    pub fn load(text: &str, name: &str, dir: Option<&Path>) -> Result<Mapping, LoadError> {
        Mapping::load_with(text, name, dir, &Overrides::default())
    }

    /// [`Mapping::load`] with what the operator says over the file.
    pub fn load_with(
        text: &str,
        name: &str,
        dir: Option<&Path>,
        overrides: &Overrides,
    ) -> Result<Mapping, LoadError> {
        let _ = dir;
        let name: Arc<str> = name.into();
        let text: Arc<str> = text.into();
        let mut findings = Findings::new(Arc::clone(&text));
        let (root, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let span = error.span().unwrap_or_default();
            findings.add(span, error.message().to_owned());
        }
        if !findings.is_empty() {
            return Err(LoadError::new(name, text, findings.into_list()));
        }
        let mut mapping = Mapping {
            name,
            source: SourceSection::default(),
            skip: Vec::new(),
            audio: AudioSection::default(),
            names: Vec::new(),
            fields: Vec::new(),
            templates: Templates::new(),
            text: Arc::clone(&text),
        };
        mapping.read(&root, overrides, &mut findings);
        if findings.is_empty() {
            Ok(mapping)
        } else {
            Err(LoadError::new(mapping.name, text, findings.into_list()))
        }
    }

    fn read(
        &mut self,
        root: &Spanned<DeTable<'_>>,
        overrides: &Overrides,
        findings: &mut Findings,
    ) {
        let mut file = Section::new(root.get_ref(), "the mapping file", 0..0);
        file.choice("target", &[("conversation", ())], findings);
        let SourceRead {
            section,
            zone,
            region,
            skip,
        } = file
            .table("source", findings)
            .map(|section| read_source(section, findings))
            .unwrap_or_default();
        self.source = section;
        let (zone, region) = overrides.over(zone, region, findings);
        for (name, condition) in skip {
            let condition = self.templates.condition(&condition, findings);
            self.skip
                .extend(condition.map(|condition| (name, condition)));
        }
        let mut reader = RuleReader {
            zone,
            region,
            templates: &mut self.templates,
            findings,
        };
        match file.value("fields").map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Table(table))) => self.fields = read_fields(table, &mut reader),
            Some((value, other)) => {
                wrong_type::<()>("fields", "a table", other, value.span(), reader.findings);
            }
            None => reader.findings.add(0..0, "the file has no [fields]"),
        }
        if let Some(section) = file.table("audio", reader.findings) {
            (self.audio, self.names) = read_audio(section, &mut reader);
        }
        file.finish(findings);
    }

    /// Finds the columns of the file in the header of an export.
    pub fn bind(&self, sheet: &Sheet) -> Result<Profile, LoadError> {
        Profile::bind(self, sheet)
    }

    /// Name of the file, as shown in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the file says about the export.
    pub fn source_options(&self) -> &SourceSection {
        &self.source
    }

    /// What the file says about recordings.
    pub fn audio(&self) -> &AudioSection {
        &self.audio
    }
}

/// What the operator says on the command line over the mapping file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// IANA name of the zone of times without an offset.
    pub timezone: Option<String>,
    /// Two letters of the country of phone numbers without a country code.
    pub region: Option<String>,
}

impl Overrides {
    fn over(
        &self,
        zone: Option<TimeZone>,
        region: Option<Region>,
        findings: &mut Findings,
    ) -> (Option<TimeZone>, Option<Region>) {
        // These stand on the command line and not in the file, so they have no place in it.
        let text = |value: &String| Spanned::new(0..0, value.clone());
        let zone = match &self.timezone {
            Some(name) => read_zone(&text(name), findings),
            None => zone,
        };
        let region = match &self.region {
            Some(name) => read_region(&text(name), findings),
            None => region,
        };
        (zone, region)
    }
}

fn read_fields(table: &DeTable<'_>, reader: &mut RuleReader<'_>) -> Vec<FieldRule> {
    let mut rules = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match Field::from_name(name) {
            Some(field) => rules.extend(reader.field(field, key.span(), value)),
            None => reader.findings.add_with(
                key.span(),
                format!("`{name}` is no field of a conversation"),
                suggest(name, Field::ALL.map(Field::name)),
            ),
        }
    }
    rules.sort_by_key(|rule| rule.field);
    rules
}
