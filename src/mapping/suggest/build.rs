//! Which column feeds which target, as far as names and values tell.

use super::agent_fields::{
    WHOSE, agents, doubt_name, is_agents, is_part_of_name, is_same_person, may_be_agents,
    name_of_two,
};
use super::audio_rules::recordings;
use super::call_customer::{
    customer, doubt_number_by_values, is_an_id, is_told_agents, number, ways,
};
use super::call_time::{date_time, times};
use super::column_profile::ColumnProfile;
use super::expressions::quoted;
use super::identity::{identity, identity_by_values};
use super::known_names;
use super::known_times;
use super::name_rank::{WITHIN, rank};
use super::proposal::{ProposalDraft, SuggestedMapping};
use super::survey::{ExportSurvey, Surveyed};
use super::text_fields::{LengthRule, duration, is_of_no_talk, labels, subject, whole_label};
use crate::domain::call::{Field, ValueKind};

/// The fields that are looked for by name, those that are hardest to mistake first.
const ORDER: [Field; 18] = [
    Field::ExternalIdentity,
    Field::DateTime,
    Field::Customer,
    Field::AgentId,
    Field::AgentName,
    Field::AgentEmail,
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
    Field::CustomNumberProp2,
];
/// How many other columns are named.
const NAMED: usize = 3;

/// The best proposal for each field that names and values tell.
pub(super) fn build(survey: &ExportSurvey) -> SuggestedMapping {
    draft(survey).proposal
}

/// The same with what it was made of.
pub(super) fn draft(survey: &ExportSurvey) -> ProposalDraft<'_> {
    let mut draft = ProposalDraft::new(survey);
    for field in ORDER {
        match field {
            Field::ExternalIdentity => identity(&mut draft),
            Field::Customer => customer(&mut draft),
            Field::DateTime => date_time(&mut draft),
            Field::AgentName => agent_name(&mut draft),
            other => plain(&mut draft, other, |_, _| true),
        }
    }
    by_values(&mut draft);
    identity_by_values(&mut draft);
    agents(&mut draft);
    subject(&mut draft);
    recordings(&mut draft);
    repairs(&mut draft);
    lengths(&mut draft);
    name_others(&mut draft);
    draft.proposal.rules.sort_by_key(|rule| rule.field);
    draft
}

/// The talk time is the length of the recording, until somebody says otherwise.
fn lengths(draft: &mut ProposalDraft<'_>) {
    let mut rules = draft.proposal.rules.iter();
    let talk = rules.find(|rule| rule.field == Field::CustomNumberProp1);
    draft.proposal.seconds = talk
        .filter(|rule| !rule.is_open && !draft.proposal.recordings.is_empty())
        .map(|rule| rule.toml.replace(", as = \"seconds\"", ""));
}

/// Takes the guards of a spreadsheet off the columns that have them.
fn repairs(draft: &mut ProposalDraft<'_>) {
    let is_guarded = |column: &&Surveyed| column.guarded * 10 > column.filled;
    for column in draft.survey.columns.iter().filter(is_guarded) {
        let name = quoted(&column.name);
        let from = format!("{{ from = {name}");
        let repaired = format!("{from}, repair = [\"formula\", \"apostrophe\"]");
        for rule in &mut draft.proposal.rules {
            for toml in std::iter::once(&mut rule.toml).chain(&mut rule.others) {
                if *toml == name {
                    *toml = format!("{repaired} }}");
                } else if let Some(rest) = toml.strip_prefix(&from) {
                    *toml = match rest.strip_prefix(", repair = [") {
                        Some(others) => {
                            format!("{from}, repair = [\"formula\", \"apostrophe\", {others}")
                        }
                        None => format!("{repaired}{rest}"),
                    };
                }
            }
        }
    }
}

/// Proposes the best column of the names of a field, if one holds what the field is for and passes a test.
fn plain(
    draft: &mut ProposalDraft<'_>,
    field: Field,
    test: impl Fn(&Surveyed, &ColumnProfile) -> bool,
) {
    let names = known_names::of(field);
    let fits = |column: &Surveyed, shape: &ColumnProfile| {
        holds(field, column, shape)
            && test(column, shape)
            && !known_names::is_anothers(field, &column.name)
    };
    let Some(at) = draft.find(&names, fits) else {
        return;
    };
    let column = &draft.survey.columns[at];
    let name = quoted(&column.name);
    let (toml, check) = match field {
        Field::HasConsent => (
            name,
            Some("a refusal must be read as one; own words: true = [\"given\"], false = [\"refused\"]".to_owned()),
        ),
        Field::AgentName | Field::AgentEmail | Field::AgentId
            if !is_agents(column, &draft.shapes[at]) =>
        {
            let known = draft.settled_columns(&[Field::AgentId, Field::AgentName]);
            let is_known = known.iter().any(|agent| is_same_person(draft, *agent, at));
            draft.column_rule(field, at, name, None);
            if !is_known {
                draft.leave_open(field, WHOSE, Vec::new());
            }
            return;
        }
        Field::AgentName if !draft.shapes[at].is_person => {
            (name, Some("do these look like the names of your agents?".to_owned()))
        }
        _ if field.kind() == ValueKind::Number => {
            let LengthRule { mut ways, check } = duration(&name, column, &draft.shapes[at]);
            let others = ways.split_off(1);
            draft.column_rule(field, at, ways.remove(0), check.map(str::to_owned));
            if !others.is_empty() {
                draft.leave_open(field, "nothing is sent until you say", others);
            }
            return;
        }
        Field::Labels => {
            let ((toml, check), whole) = (labels(column), whole_label(column));
            draft.column_rule(field, at, toml, check);
            if let Some(whole) = whole {
                draft.leave_open(field, "nothing is sent until you say", vec![whole]);
            }
            return;
        }
        Field::Subject if column.filled < draft.survey.records => {
            let template = format!("{{{{ {} or 'Call' }}}}", draft.in_template(at));
            (format!("{{ template = {} }}", quoted(&template)), None)
        }
        _ if field.is_required() => (name, None),
        _ => (format!("{{ from = {name}, optional = true }}"), None),
    };
    draft.column_rule(field, at, toml, check);
    if matches!(field, Field::AgentName | Field::AgentId) {
        doubt_name(draft, field, at);
    }
}

/// The agent's name: a column that says whose it is before two that are its parts, and names of people
/// before other words. A column that does not say whose it is waits for a person.
fn agent_name(draft: &mut ProposalDraft<'_>) {
    plain(draft, Field::AgentName, |column, shape| {
        is_agents(column, shape) && !is_part_of_name(column) && shape.is_person
    });
    if !draft.has(Field::AgentName) {
        name_of_two(draft);
    }
    if !draft.is_settled(Field::AgentName) {
        let two = draft.taken_back(Field::AgentName);
        plain(draft, Field::AgentName, |column, shape| {
            is_agents(column, shape) && !is_part_of_name(column)
        });
        if !draft.has(Field::AgentName) {
            plain(draft, Field::AgentName, |_, _| true);
        }
        draft.restore(two);
    }
}

/// Required fields for which no name was found take a column whose values alone are enough. Whose address
/// or name it is, no value says.
fn by_values(draft: &mut ProposalDraft<'_>) {
    let is_free = |column: &Surveyed| !column.is_nested && !column.values.is_empty();
    for field in [
        Field::AgentEmail,
        Field::DateTime,
        Field::Customer,
        Field::AgentName,
    ] {
        // What the export says of its agents leads to their names, better than a guess.
        let agents = [Field::AgentId, Field::AgentEmail];
        let is_told = field == Field::AgentName && !draft.settled_columns(&agents).is_empty();
        if draft.has(field) || is_told {
            continue;
        }
        let fits = |column: &Surveyed, shape: &ColumnProfile| match field {
            Field::AgentEmail => shape.is_email && may_be_agents(column),
            Field::DateTime => is_time(shape) && !known_times::is_time_of_end(&column.name),
            Field::Customer => {
                let is_party = !is_told_agents(column) && !is_an_id(&column.name);
                shape.is_phone && !is_time(shape) && is_party
            }
            _ => shape.is_person && may_be_agents(column),
        };
        let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
        let free = columns.filter(|(at, (column, shape))| {
            !draft.proposal.used.contains(at) && is_free(column) && fits(column, shape)
        });
        let found: Vec<usize> = free.map(|(at, _)| at).collect();
        let Some((&at, others)) = found.split_first() else {
            continue;
        };
        let others: Vec<String> = others.iter().map(|at| quoted(draft.name(*at))).collect();
        take(draft, field, at);
        match field {
            Field::Customer => doubt_number_by_values(draft, at),
            Field::DateTime if others.is_empty() => {}
            Field::DateTime => draft.leave_open(field, "which is when the call began?", others),
            _ => draft.leave_open(field, WHOSE, others),
        }
    }
}

/// Whether the values are times; bare seconds may as well be telephone numbers.
fn is_time(shape: &ColumnProfile) -> bool {
    let times = shape.times.as_ref();
    times.is_some_and(|times| !shape.is_phone || times.format != "epoch")
}

/// Proposes a column that only its values speak for.
fn take(draft: &mut ProposalDraft<'_>, field: Field, at: usize) {
    let check = Some("only its values speak for this column".to_owned());
    match field {
        Field::DateTime => times(draft, at, check),
        Field::Customer => number(draft, at, check),
        _ => draft.column_rule(field, at, quoted(draft.name(at)), check),
    }
}

/// Names the other columns that could feed a target as well.
fn name_others(draft: &mut ProposalDraft<'_>) {
    for index in 0..draft.proposal.rules.len() {
        let rule = &draft.proposal.rules[index];
        // The id, the time and the number were looked at where they were found.
        let is_told = matches!(
            rule.field,
            Field::ExternalIdentity | Field::DateTime | Field::Customer | Field::Labels
        );
        let ([at], false) = (&rule.columns[..], is_told) else {
            continue;
        };
        let (field, names) = (rule.field, known_names::of(rule.field));
        let others = draft.named_others(*at, NAMED, |column, shape| {
            let is_named = rank(&column.name, &names).is_some_and(|rank| rank < WITHIN);
            is_named && holds(field, column, shape)
        });
        if others.is_empty() {
            continue;
        }
        let doubt = format!("{others} could be meant, too");
        let check = &mut draft.proposal.rules[index].check;
        *check = Some(match check.take() {
            Some(check) => format!("{check}; {doubt}"),
            None => doubt,
        });
    }
}

/// Whether a column holds what a field is for, as far as values tell.
fn holds(field: Field, column: &Surveyed, shape: &ColumnProfile) -> bool {
    if column.values.is_empty() || column.is_nested && field != Field::Labels {
        return false;
    }
    match field {
        Field::AgentEmail => shape.is_email && may_be_agents(column),
        Field::AgentName => {
            let is_name = !shape.is_phone && !shape.is_flag && !shape.is_email;
            is_name && may_be_agents(column) && may_be_name(column, shape)
        }
        Field::CustomNumberProp1 if is_of_no_talk(column) => false,
        // Names of people are no ids, whatever the column is called.
        Field::AgentId => {
            let is_id = !shape.is_phone && !shape.is_flag && !shape.is_person;
            is_id && may_be_agents(column) && may_be_agent_id(column)
        }
        Field::Status | Field::Labels | Field::Subject | Field::TeamName => {
            let is_word = !shape.is_duration || shape.is_number && is_said(field, column);
            !shape.is_flag && is_word && shape.times.is_none()
        }
        Field::CustomProp1 => ways(column).is_some(),
        _ => field.kind() != ValueKind::Number || shape.is_duration && shape.times.is_none(),
    }
}

/// Whether the name or the values say that it holds names.
fn may_be_name(column: &Surveyed, shape: &ColumnProfile) -> bool {
    shape.is_person || is_said(Field::AgentName, column)
}

/// Whether the name says that it holds ids of agents: `agent_speed_to_answer` does not.
fn may_be_agent_id(column: &Surveyed) -> bool {
    is_said(Field::AgentId, column) || known_names::is_id_like(&column.name)
}

/// Whether the whole name of a column is one of the names of a field.
fn is_said(field: Field, column: &Surveyed) -> bool {
    rank(&column.name, &known_names::of(field)).is_some_and(|rank| rank < WITHIN)
}
