//! Which column feeds which target, as far as names and values tell.

use super::call_fields::{customer, date_time, times, ways};
use super::column_profile::ColumnProfile;
use super::expressions::{expression, literal, quoted};
use super::known_names;
use super::name_rank::{is_whole, rank};
use super::proposal::{ProposalDraft, SuggestedMapping};
use super::survey::{ExportSurvey, Surveyed, VALUES};
use crate::domain::call::{Field, ValueKind};

/// The fields that are looked for by name, those that are hardest to mistake first.
const ORDER: [Field; 17] = [
    Field::ExternalIdentity,
    Field::AgentEmail,
    Field::DateTime,
    Field::Customer,
    Field::AgentId,
    Field::AgentName,
    Field::HasConsent,
    Field::Subject,
    Field::CustomerCompany,
    Field::Status,
    Field::TeamId,
    Field::TeamName,
    Field::Labels,
    Field::CustomProp1,
    Field::CustomProp2,
    Field::CustomProp3,
    Field::CustomNumberProp1,
];

/// The best proposal for each field that names and values tell.
pub(super) fn build(survey: &ExportSurvey) -> SuggestedMapping {
    let mut draft = ProposalDraft::new(survey);
    for field in ORDER.into_iter().chain([Field::CustomNumberProp2]) {
        match field {
            Field::Customer => customer(&mut draft),
            Field::DateTime => date_time(&mut draft),
            other => plain(&mut draft, other),
        }
    }
    by_values(&mut draft);
    agents(&mut draft);
    subject(&mut draft);
    recordings(&mut draft);
    repairs(&mut draft);
    draft.proposal.rules.sort_by_key(|rule| rule.field);
    draft.proposal
}

/// Takes the guards of a spreadsheet off the columns that have them.
fn repairs(draft: &mut ProposalDraft<'_>) {
    let is_guarded = |column: &&Surveyed| column.guarded * 10 > column.filled;
    for column in draft.survey.columns.iter().filter(is_guarded) {
        let name = quoted(&column.name);
        let from = format!("{{ from = {name}");
        let repaired = format!("{from}, repair = [\"formula\", \"apostrophe\"]");
        for rule in &mut draft.proposal.rules {
            if rule.toml == name {
                rule.toml = format!("{repaired} }}");
            } else if rule.toml.starts_with(&from) {
                rule.toml = rule.toml.replacen(&from, &repaired, 1);
            }
        }
    }
}

/// Proposes the best column of the names of a field, if one holds what the field is for.
fn plain(draft: &mut ProposalDraft<'_>, field: Field) {
    let records = draft.survey.records;
    let names = known_names::of(field);
    let whole = |column: &Surveyed, shape: &ColumnProfile| {
        holds(field, column, shape, records) && !known_names::is_anothers(field, &column.name)
    };
    let nearly = |column: &Surveyed, _: &ColumnProfile| is_nearly_an_id(column, records);
    let found = draft.find(&names, whole).or_else(|| match field {
        // A few broken rows do not make another column the id.
        Field::ExternalIdentity => draft
            .find(&names, nearly)
            .or_else(|| id_by_its_end(draft, &nearly)),
        _ => None,
    });
    let Some(at) = found else { return };
    draft.proposal.used.insert(at);
    let column = &draft.survey.columns[at];
    let name = quoted(&column.name);
    let (toml, check) = match field {
        Field::Labels => labels(column),
        Field::HasConsent => (
            name,
            Some("a refusal must be read as one; own words: true = [\"given\"], false = [\"refused\"]".to_owned()),
        ),
        Field::ExternalIdentity => (name, doubts_of_id(column, records, &names)),
        Field::AgentName | Field::AgentEmail | Field::AgentId
            if known_names::is_of_anybody(&column.name) =>
        {
            (name, Some("the agent's, or the customer's?".to_owned()))
        }
        _ if field.kind() == ValueKind::Number => duration(&name, column, &draft.shapes[at]),
        _ if field.is_required() => (name, None),
        _ => (format!("{{ from = {name}, optional = true }}"), None),
    };
    draft.rule(field, toml, check);
}

/// A column whose name ends as ids do, though nobody knows what comes before.
fn id_by_its_end(
    draft: &ProposalDraft<'_>,
    test: &dyn Fn(&Surveyed, &ColumnProfile) -> bool,
) -> Option<usize> {
    let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
    let mut ids = columns.filter(|(at, (column, shape))| {
        let is_free = !draft.proposal.used.contains(at);
        is_free && known_names::is_id(&column.name) && test(column, shape)
    });
    ids.next().map(|(at, _)| at)
}

/// Required fields for which no name was found take a column whose values alone are enough.
fn by_values(draft: &mut ProposalDraft<'_>) {
    let records = draft.survey.records;
    let is_free = |column: &Surveyed| !column.is_nested && !column.values.is_empty();
    for field in [
        Field::AgentEmail,
        Field::DateTime,
        Field::Customer,
        Field::AgentName,
        Field::ExternalIdentity,
    ] {
        if draft.has(field) {
            continue;
        }
        let fits = |column: &Surveyed, shape: &ColumnProfile| match field {
            Field::AgentEmail => shape.is_email,
            Field::DateTime => shape.times.is_some(),
            Field::Customer => shape.is_phone,
            Field::AgentName => shape.is_person,
            _ => {
                let is_other = shape.is_recording
                    || shape.is_phone
                    || shape.is_email
                    || shape.is_person
                    || shape.times.is_some()
                    || column.values.iter().any(|value| value.contains("://"));
                let is_anothers = known_names::is_anothers(field, &column.name);
                !is_other && !is_anothers && holds(field, column, shape, records)
            }
        };
        let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
        let mut free = columns.filter(|(at, (column, shape))| {
            !draft.proposal.used.contains(at) && is_free(column) && fits(column, shape)
        });
        let Some(at) = free.next().map(|(at, _)| at) else {
            continue;
        };
        drop(free);
        take(draft, field, at);
    }
}

/// Proposes a column that only its values speak for.
fn take(draft: &mut ProposalDraft<'_>, field: Field, at: usize) {
    let check = Some("only its values speak for this column".to_owned());
    draft.proposal.used.insert(at);
    match field {
        Field::DateTime => times(draft, at, check),
        Field::Customer => {
            let toml = format!("{{ from = {}, as = \"phone\" }}", quoted(draft.name(at)));
            if draft.shapes[at].lacks_country {
                draft.need("region", "some phone numbers have no country code");
            }
            draft.rule(field, toml, check);
        }
        _ => draft.rule(field, quoted(draft.name(at)), check),
    }
}

/// What the export says of its agents stands in for what it does not.
fn agents(draft: &mut ProposalDraft<'_>) {
    let fields = [Field::AgentId, Field::AgentEmail, Field::AgentName];
    let position = |draft: &ProposalDraft<'_>, field: Field| {
        let rule = draft
            .proposal
            .rules
            .iter()
            .find(|rule| rule.field == field)?;
        let is_it = |column: &Surveyed| quoted(&column.name) == rule.toml;
        draft.survey.columns.iter().position(is_it)
    };
    let known: Vec<usize> = fields
        .into_iter()
        .filter_map(|field| position(draft, field))
        .collect();
    let Some(&at) = known.first() else { return };
    let keys: Vec<String> = known.iter().map(|at| draft.in_template(*at)).collect();
    let key = if let [key] = keys.as_slice() {
        key.clone()
    } else {
        format!("[{}]", keys.join(", "))
    };
    for (field, what) in fields.into_iter().zip(["id", "email", "name"]) {
        if draft.has(field) {
            continue;
        }
        let as_email = if what == "email" {
            ", as = \"email\""
        } else {
            ""
        };
        let template = quoted(&format!("{{{{ {key} | agent('{what}') }}}}"));
        draft.rule(
            field,
            format!("{{ template = {template}{as_email} }}"),
            Some("the export does not say it".to_owned()),
        );
        if what == "email" {
            draft.need("email", "no column has addresses of agents");
        }
    }
    if draft.survey.columns[at].filled < draft.survey.records {
        draft.proposal.no_agent = Some(format!("not {}", draft.in_template(at)));
    }
}

fn subject(draft: &mut ProposalDraft<'_>) {
    if draft.has(Field::Subject) {
        return;
    }
    let columns = draft.survey.columns.iter().enumerate();
    let topic = columns
        .filter(|(_, column)| !column.is_nested && !column.values.is_empty())
        .filter_map(|(at, column)| Some((rank(&column.name, known_names::TOPICS)?, at)))
        .min();
    let toml = match topic {
        Some((_, at)) => {
            draft.proposal.used.insert(at);
            let template = format!("{{{{ {} or 'Call' }}}}", draft.in_template(at));
            format!("{{ template = {} }}", quoted(&template))
        }
        None => "{ value = \"Call\" }".to_owned(),
    };
    draft.rule(
        Field::Subject,
        toml,
        Some("what the conversation is called in Capturi".to_owned()),
    );
}

fn recordings(draft: &mut ProposalDraft<'_>) {
    let named = draft.find(known_names::RECORDINGS, |column, _| {
        !column.is_nested && !column.values.is_empty()
    });
    let column = named.or_else(|| {
        let mut shapes = draft.shapes.iter().enumerate();
        let of_files =
            shapes.find(|(at, shape)| shape.is_recording && !draft.proposal.used.contains(at));
        of_files.map(|(at, _)| at)
    });
    if let Some(at) = column {
        draft.proposal.used.insert(at);
        draft
            .proposal
            .recordings
            .push(format!("{{{{ {} }}}}", draft.in_template(at)));
    }
    let id = draft
        .proposal
        .rules
        .iter()
        .find(|rule| rule.field == Field::ExternalIdentity);
    let id = id.and_then(|rule| {
        draft
            .survey
            .columns
            .iter()
            .position(|column| quoted(&column.name) == rule.toml)
    });
    if let Some(at) = id {
        let name = draft.in_template(at);
        draft
            .proposal
            .recordings
            .extend([format!("{{{{ {name} }}}}"), format!("*{{{{ {name} }}}}*")]);
    }
}

/// Whether a column holds what a field is for, as far as values tell.
fn holds(field: Field, column: &Surveyed, shape: &ColumnProfile, records: usize) -> bool {
    if column.values.is_empty() || column.is_nested && field != Field::Labels {
        return false;
    }
    match field {
        Field::AgentEmail => shape.is_email,
        // Every record has one, and hardly two records have the same.
        Field::ExternalIdentity => column.filled == records && is_nearly_an_id(column, records),
        Field::AgentName | Field::AgentId => !shape.is_phone,
        Field::CustomProp1 => ways(column).is_some(),
        _ => field.kind() != ValueKind::Number || shape.is_duration,
    }
}

/// Whether a column could hold the ids of the calls but for a few records: at most one in twenty lacks
/// one, since exports have broken rows and half-written ones. That ids stand twice is more common, where
/// a call has several rows.
fn is_nearly_an_id(column: &Surveyed, records: usize) -> bool {
    let lacking = records.saturating_sub(column.filled);
    !column.is_nested
        && !column.values.is_empty()
        && lacking <= records.div_ceil(20)
        && column.values.len() * 5 >= column.filled.min(VALUES) * 4
}

/// What to look at where not every record has an id of its own.
fn doubts_of_id(column: &Surveyed, records: usize, names: &[&str]) -> Option<String> {
    let mut doubts = Vec::new();
    if !is_whole(&column.name, names) {
        doubts.push("its name and its values speak for it: is it one id for each call?".to_owned());
    }
    let lacking = records.saturating_sub(column.filled);
    if lacking > 0 {
        doubts.push(format!(
            "{lacking} of {records} records have no id here, and are rejected"
        ));
    }
    let repeats = column.repeats();
    if repeats > 0 {
        doubts.push(format!(
            "{repeats} of {records} records have an id that an earlier one has: rows of one call \
             ([legs]), copies of one record, or bad rows?"
        ));
    }
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

fn labels(column: &Surveyed) -> (String, Option<String>) {
    if column.is_nested {
        let (first, rest) = column.name.split_once('.').unwrap_or((&column.name, ""));
        let rest = if rest.is_empty() {
            String::new()
        } else {
            format!(" | values({})", literal(rest))
        };
        let list = format!(
            "{{{{ {}{rest} | unique | tojson }}}}",
            expression(first, true)
        );
        return (format!("{{ template = {} }}", quoted(&list)), None);
    }
    let signs = ["|", ";", ",", "+"].into_iter();
    let signs = signs.filter(|sign| column.values.iter().any(|value| value.contains(sign)));
    let signs: Vec<String> = signs.map(quoted).collect();
    let name = quoted(&column.name);
    if signs.is_empty() {
        return (format!("{{ from = {name}, optional = true }}"), None);
    }
    (
        format!(
            "{{ from = {name}, split = [{}], optional = true }}",
            signs.join(", ")
        ),
        Some("do these signs separate labels?".to_owned()),
    )
}

fn duration(name: &str, column: &Surveyed, shape: &ColumnProfile) -> (String, Option<String>) {
    let pair = column
        .values
        .iter()
        .any(|value| value.matches(':').count() == 1);
    let (unit, check) = match () {
        () if pair => (
            ", unit = \"mm:ss\"",
            Some("minutes and seconds, or hours and minutes?"),
        ),
        () if shape.is_fraction => (
            "",
            Some(
                "seconds? `unit` may also be \"minutes\", or \"days\" for a spreadsheet's fractions",
            ),
        ),
        () if shape.is_number => ("", Some("seconds? `unit = \"ms\"` for milliseconds")),
        () => ("", None),
    };
    (
        format!("{{ from = {name}, as = \"seconds\"{unit}, optional = true }}"),
        check.map(str::to_owned),
    )
}
