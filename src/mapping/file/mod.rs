//! A mapping file: read, checked, and ready to be bound to an export.

pub(super) mod audio_fetch;
pub(super) mod audio_pattern;
pub(super) mod audio_section;
pub(super) mod audio_sidecar;
pub(super) mod case_section;
pub(super) mod completeness;
pub(super) mod conversion;
pub(super) mod expression;
pub(super) mod layout;
pub(super) mod legs;
pub(super) mod limits;
pub(super) mod locale;
pub(super) mod needs;
pub(super) mod newest;
pub(super) mod origin;
pub(super) mod privacy_section;
pub(super) mod rule;
pub(super) mod size;
pub(super) mod source_section;
pub(super) mod target;
pub(super) mod toml_table;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use rlibphonenumber::enums::Region;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Findings, LoadError, suggest};
use super::file::audio_section::{AudioRules, AudioSection, read_audio};
use super::file::case_section::CaseSection;
use super::file::expression::Expressions;
use super::file::legs::LegsSection;
use super::file::locale::{UnknownName, region_of, zone_of};
use super::file::needs::Need;
use super::file::newest::NewestSection;
use super::file::origin::ValueOrigin;
use super::file::rule::{FieldRule, RuleReader};
use super::file::size::refuse_too_large;
use super::file::source_section::{SourceRead, SourceSection, read_source};
use super::file::target::TargetField;
use super::file::toml_table::{TomlTable, wrong_type};
use super::lookup::agents::{Agents, AgentsError};
use super::lookup::table::{Lookups, SecondFiles};
use super::template::{TemplateId, Templates};
use crate::domain::call::Field;
use crate::source;

/// A mapping file in which nothing is wrong as far as can be told without an export.
#[derive(Debug, Clone)]
pub struct MappingFile {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
    pub(super) source: SourceSection,
    pub(super) zone: Option<TimeZone>,
    pub(super) region: Option<Region>,
    needs: Vec<(Need, Range<usize>)>,
    pub(super) skip: Vec<(String, TemplateId)>,
    /// When a record says that its export is not complete.
    pub(super) incomplete: Option<TemplateId>,
    pub(super) audio: AudioSection,
    pub(super) recordings: AudioRules,
    pub(super) fields: Vec<FieldRule>,
    /// Place of `[fields]`.
    pub(super) fields_span: Range<usize>,
    pub(super) legs: Option<LegsSection>,
    /// Set when the records are cases; the fields are then there.
    pub(super) case: Option<CaseSection>,
    pub(super) newest: Option<NewestSection>,
    agents: Agents,
    pub(super) templates: Templates,
}

impl MappingFile {
    /// Reads and checks a mapping file. `name` is shown in messages; lookup files are found
    /// relative to `dir`.
    pub fn load(text: &str, name: &str, dir: Option<&Path>) -> Result<MappingFile, LoadError> {
        Self::load_with(text, name, dir, &[])
    }

    /// The same with other lookup files than the mapping names: each by the name of its table, and
    /// relative to the current folder.
    pub fn load_with(
        text: &str,
        name: &str,
        dir: Option<&Path>,
        files: &[(String, PathBuf)],
    ) -> Result<MappingFile, LoadError> {
        let name: Arc<str> = name.into();
        let text: Arc<str> = text.into();
        let mut findings = Findings::new(Arc::clone(&text));
        let (root, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let span = error.span().unwrap_or_default();
            findings.add(span, error.message().to_owned());
        }
        refuse_too_large(root.get_ref(), &mut findings);
        if !findings.is_empty() {
            return Err(LoadError::new(name, text, findings.into_list()));
        }
        let mut mapping = MappingFile {
            name,
            source: SourceSection::default(),
            zone: None,
            region: None,
            needs: Vec::new(),
            legs: None,
            case: None,
            newest: None,
            skip: Vec::new(),
            incomplete: None,
            audio: AudioSection::default(),
            recordings: AudioRules::default(),
            fields: Vec::new(),
            fields_span: 0..0,
            agents: Agents::default(),
            templates: Templates::new(&Lookups::default()),
            text: Arc::clone(&text),
        };
        mapping.read(&root, SecondFiles { dir, files }, &mut findings);
        if findings.is_empty() {
            Ok(mapping)
        } else {
            Err(LoadError::new(mapping.name, text, findings.into_list()))
        }
    }

    fn read(
        &mut self,
        root: &Spanned<DeTable<'_>>,
        beside: SecondFiles<'_>,
        findings: &mut Findings,
    ) {
        let mut file = TomlTable::new(root.get_ref(), "the mapping file", 0..0);
        let targets = [("conversation", false), ("case", true)];
        let is_case = file
            .choice("target", &targets, findings)
            .unwrap_or_default();
        let lookups = file.value("lookup");
        let lookups = lookups
            .map(|value| Lookups::read(value, beside, findings))
            .unwrap_or_default();
        self.templates = Templates::new(&lookups);
        if let Some(section) = file.table("let", findings) {
            self.templates.read_lets(&section, findings);
        }
        self.read_source(&mut file, beside.dir, findings);
        if is_case {
            let section = file.table("messages", findings);
            self.case = Some(CaseSection::read(section, &mut self.templates, findings));
        } else {
            let legs = file.table("legs", findings);
            self.legs = legs.and_then(|section| LegsSection::read(section, findings));
        }
        let mut reader = RuleReader {
            lookups: &lookups,
            templates: &mut self.templates,
            expressions: &mut Expressions::default(),
            findings,
        };
        match file.value("fields").map(|value| (value, value.get_ref())) {
            Some((value, DeValue::Table(table))) => {
                self.fields_span = value.span();
                match &mut self.case {
                    Some(case) => case.read_fields(table, &mut reader),
                    None => self.fields = read_fields(table, &mut reader),
                }
            }
            Some((value, other)) => {
                wrong_type::<()>("fields", "a table", other, value.span(), reader.findings);
            }
            None => reader.findings.add(0..0, "the file has no [fields]"),
        }
        if !is_case && let Some(section) = file.table("audio", reader.findings) {
            (self.audio, self.recordings) = read_audio(section, &mut reader);
        }
        if !self.source.has_requires {
            self.source.known = source::KnownKeys(self.record_keys());
        }
        file.finish(findings);
    }

    fn read_source(
        &mut self,
        file: &mut TomlTable<'_, '_>,
        dir: Option<&Path>,
        findings: &mut Findings,
    ) {
        let section = file.table("source", findings);
        let read = section
            .map(|section| read_source(section, findings))
            .unwrap_or_default();
        let (skip, incomplete, agents, email_domain);
        SourceRead {
            section: self.source,
            zone: self.zone,
            region: self.region,
            needs: self.needs,
            newest: self.newest,
            skip,
            incomplete,
            agents,
            email_domain,
        } = read;
        self.templates.set_optional(&self.source.optional);
        if let Some(file) = agents
            && let Err(error) = self.agents.read_table_of_mapping(file.get_ref(), dir)
        {
            findings.add(file.span(), error.to_string());
        }
        if let Some(domain) = email_domain
            && let Err(error) = self.agents.set_domain(domain.get_ref())
        {
            findings.add(domain.span(), error.to_string());
        }
        self.templates.set_agents(&self.agents);
        self.incomplete =
            incomplete.and_then(|condition| self.templates.condition(&condition, findings));
        for (name, condition) in skip {
            let condition = self.templates.condition(&condition, findings);
            self.skip
                .extend(condition.map(|condition| (name, condition)));
        }
    }

    /// Sets the zone of times without an offset, in place of `[source]`. A field that names a zone
    /// of its own keeps it.
    pub fn set_timezone(&mut self, name: &str) -> Result<(), UnknownName> {
        self.zone = Some(zone_of(name)?);
        self.source.timezone = Some(name.to_owned());
        Ok(())
    }

    /// Sets the region of phone numbers without a country code, in place of `[source]`. A field that
    /// names a region of its own keeps it.
    pub fn set_region(&mut self, code: &str) -> Result<(), UnknownName> {
        self.region = Some(region_of(code)?);
        self.source.region = Some(code.to_owned());
        Ok(())
    }

    /// Sets the table of agents, in place of `[source]`.
    pub fn set_agents(&mut self, file: &Path) -> Result<(), AgentsError> {
        self.agents.read_table(file)?;
        self.templates.set_agents(&self.agents);
        Ok(())
    }

    /// The files that were read besides the mapping itself: tables of `[lookup]`, and that of agents.
    pub fn second_files(&self) -> Vec<PathBuf> {
        let agents = self.agents.file().map(Path::to_owned);
        self.templates
            .lookup_files()
            .iter()
            .cloned()
            .chain(agents)
            .collect()
    }

    /// Sets the domain of agents' addresses, in place of `[source]`.
    pub fn set_email_domain(&mut self, domain: &str) -> Result<(), AgentsError> {
        self.agents.set_domain(domain)?;
        self.templates.set_agents(&self.agents);
        Ok(())
    }

    /// Sets the names of the columns, in place of those of the export.
    pub(super) fn set_columns(&mut self, names: Vec<String>) {
        self.source.columns = Some(names);
    }

    /// What the file asks the operator for and does not say itself, in the words of `needs`.
    pub fn asks(&self) -> Vec<&'static str> {
        let open = self.needs.iter().filter(|(need, _)| !self.knows(*need));
        open.map(|(need, _)| need.word()).collect()
    }

    /// The same file, as if everything it asks for had been said: to see what its rules make of
    /// records, never to send them.
    pub(super) fn for_trial(mut self) -> MappingFile {
        self.needs.clear();
        self.zone.get_or_insert(TimeZone::UTC);
        self.region.get_or_insert(Region::DK);
        self.agents.pretend();
        self.templates.set_agents(&self.agents);
        self
    }

    fn knows(&self, need: Need) -> bool {
        match need {
            Need::Timezone => self.zone.is_some(),
            Need::Region => self.region.is_some(),
            Need::Agents => self.agents.has_table(),
            Need::Email => self.agents.has_table() || self.agents.has_domain(),
        }
    }

    /// Reports what the file asks the operator for and did not get.
    pub(super) fn check_needs(&self, findings: &mut Findings) {
        for (need, span) in &self.needs {
            if !self.knows(*need) {
                let (message, hint) = need.words();
                findings.add_with(span.clone(), message, Some(hint.to_owned()));
            }
        }
    }

    /// Whether the records are cases or their messages.
    pub fn is_of_cases(&self) -> bool {
        self.case.is_some()
    }

    /// The list inside of each record that holds its messages, if there is one.
    pub fn nested_list(&self) -> Option<&str> {
        Some(self.case.as_ref()?.each.last()?.get_ref())
    }

    /// Sends private messages, too.
    pub fn include_private(&mut self) {
        if let Some(case) = &mut self.case {
            case.with_private = true;
        }
    }

    /// Whether records must be brought together before they are mapped: rows of one call, or
    /// copies of one record.
    pub fn gathers(&self) -> bool {
        self.legs.is_some() || self.newest.is_some()
    }

    /// Name of the file, as shown in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns of the fields without which nothing can be created, as far as a record must have one
    /// of them by itself.
    fn record_keys(&self) -> Vec<Vec<String>> {
        use crate::domain::case::{CaseField, CasePath as CaseTarget};
        let is_needed = |rule: &&FieldRule| match &rule.field {
            TargetField::Call(field) => field.is_required(),
            TargetField::Case(CaseTarget::Case(field)) => {
                matches!(field, CaseField::CaseUid | CaseField::Created)
            }
            TargetField::Case(_) | TargetField::Seconds => false,
        };
        let of_case = self.case.iter().flat_map(|case| &case.case);
        let rules = self.fields.iter().chain(of_case).filter(is_needed);
        let rules = rules.filter(|rule| !rule.optional && rule.steps.default.is_none());
        rules
            .filter_map(|rule| match &rule.origin {
                ValueOrigin::Column(name) => Some(vec![name.get_ref().clone()]),
                ValueOrigin::First(names) => {
                    Some(names.iter().map(|name| name.get_ref().clone()).collect())
                }
                _ => None,
            })
            .collect()
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

fn read_fields(table: &DeTable<'_>, reader: &mut RuleReader<'_>) -> Vec<FieldRule> {
    let mut rules = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match Field::from_name(name) {
            Some(field) => rules.extend(reader.field(TargetField::Call(field), key.span(), value)),
            None => reader.findings.add_with(
                key.span(),
                format!("`{name}` is no field of a conversation"),
                suggest(name, Field::ALL.map(Field::name)),
            ),
        }
    }
    rules.sort_by_key(|rule| rule.field.field());
    rules
}
