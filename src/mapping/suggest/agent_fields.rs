//! Who the agent is: what the export says of its agents, and what stands in for what it does not.

use std::collections::{HashMap, HashSet};

use super::call_side::{CallSide, call_side};
use super::column_profile::ColumnProfile;
use super::expressions::quoted;
use super::known_names;
use super::name_rank::{folded, last_step};
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use crate::domain::call::Field;
use crate::domain::shown;

/// The words for the two parts of a name.
const GIVEN: &[&str] = &["firstname", "givenname", "fornavn", "förnamn", "vorname"];
const FAMILY: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "efternavn",
    "etternavn",
    "efternamn",
    "nachname",
];

/// The doubt of a column that may as well be the customer's.
pub(super) const WHOSE: &str = "the agent's, or the customer's?";

/// Proposes the name of the agent in two columns, where no column has the whole and says so.
pub(super) fn name_of_two(draft: &mut ProposalDraft<'_>) {
    let columns = draft.survey.columns.iter().enumerate();
    let is_free = |at: usize, column: &Surveyed| {
        !draft.proposal.used.contains(&at)
            && !column.is_nested
            && !column.values.is_empty()
            && call_side(&column.name) != Some(CallSide::Customer)
    };
    let free: Vec<(usize, &Surveyed)> = columns
        .filter(|(at, column)| is_free(*at, column))
        .collect();
    let mut pairs = free.iter().filter_map(|(given, column)| {
        let owner = part(column, GIVEN)?;
        let is_its = |other: &Surveyed| part(other, FAMILY).is_some_and(|of| of == owner);
        let (family, _) = free.iter().find(|(_, other)| is_its(other))?;
        Some([*given, *family])
    });
    let Some(pair) = pairs.next() else { return };
    let is_agents = call_side(draft.name(pair[0])) == Some(CallSide::Agent);
    let names = pair.map(|at| quoted(draft.name(at)));
    let toml = format!("{{ from = [{}] }}", names.join(", "));
    draft.columns_rule(Field::AgentName, &pair, toml, None);
    if !is_agents {
        draft.leave_open(Field::AgentName, WHOSE, Vec::new());
    }
}

/// Leaves a column of names to the operator where some are of something else, or all are the same.
pub(super) fn doubt_name(draft: &mut ProposalDraft<'_>, field: Field, at: usize) {
    const FEW: usize = 3;
    let (column, shape) = (&draft.survey.columns[at], &draft.shapes[at]);
    let why = if let Some(odd) = &shape.no_person {
        format!(
            "is `{}` an agent, or a queue? Leave out records without an agent by `[source.skip]`",
            shown(odd)
        )
    } else if field == Field::AgentName
        && !shape.is_person
        && column.filled >= FEW
        && column.values.len() == 1
    {
        format!(
            "all records have `{}`: is it an agent?",
            shown(&column.values[0])
        )
    } else {
        return;
    };
    draft.leave_open(field, &why, Vec::new());
}

/// Whether two columns speak of the same people: a word of one is in the other, as in `Ida Opdigtet` and
/// `ida@example.com`, or each of several people in one has one of their own in the other, again and again.
pub(super) fn is_same_person(draft: &ProposalDraft<'_>, known: usize, other: usize) -> bool {
    let cells = |at: usize| -> HashMap<usize, &str> {
        let cells = draft.survey.columns[at].cells.iter();
        cells.map(|(record, text)| (*record, text.trim())).collect()
    };
    let (known, other) = (cells(known), cells(other));
    let pairs: HashSet<(&str, &str)> = known
        .iter()
        .filter_map(|(record, text)| Some((*text, *other.get(record)?)))
        .collect();
    let count = |side: &dyn Fn(&(&str, &str)) -> String| {
        let different: HashSet<String> = pairs.iter().map(side).collect();
        different.len()
    };
    let one_to_one = count(&|pair| pair.0.to_owned()) == pairs.len()
        && count(&|pair| pair.1.to_owned()) == pairs.len();
    let is_repeated = pairs.len() > 1 && other.len() >= pairs.len() * 2;
    let share = pairs
        .iter()
        .filter(|(one, two)| share_a_word(one, two))
        .count();
    share > 0 && share * 5 >= pairs.len() * 4 || one_to_one && is_repeated
}

/// Whether a word of two letters or more of one text is in the other, before an `@`.
fn share_a_word(one: &str, two: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let local = text.split('@').next().unwrap_or(text).to_lowercase();
        let words = local.split(|sign: char| !sign.is_alphabetic());
        words
            .filter(|word| word.chars().count() > 1)
            .map(str::to_owned)
            .collect()
    };
    let two = words(two);
    words(one).iter().any(|word| two.contains(word))
}

/// Whose part of a name it is: what comes before the word for it.
fn part(column: &Surveyed, words: &[&str]) -> Option<String> {
    let last = folded(last_step(&column.name));
    let word = words.iter().find(|word| last.ends_with(**word))?;
    let whole = folded(&column.name);
    whole.strip_suffix(*word).map(str::to_owned)
}

/// Whether a column holds one of the two parts of a name.
pub(super) fn is_part_of_name(column: &Surveyed) -> bool {
    part(column, GIVEN).is_some() || part(column, FAMILY).is_some()
}

/// Whether a column may be about the agent.
pub(super) fn may_be_agents(column: &Surveyed) -> bool {
    call_side(&column.name) != Some(CallSide::Customer)
}

/// Whether the name of a column says that it is the agent's.
pub(super) fn is_agents(column: &Surveyed, _: &ColumnProfile) -> bool {
    call_side(&column.name) == Some(CallSide::Agent) || !known_names::is_of_anybody(&column.name)
}

/// What the export says of its agents stands in for what it does not.
pub(super) fn agents(draft: &mut ProposalDraft<'_>) {
    let fields = [Field::AgentId, Field::AgentEmail, Field::AgentName];
    let known: Vec<usize> = fields
        .into_iter()
        .filter_map(|field| match draft.columns_of(field)[..] {
            [at] => Some(at),
            _ => None,
        })
        .collect();
    let settled = draft.settled_columns(&fields);
    let told: Vec<usize> = known
        .iter()
        .copied()
        .filter(|at| settled.contains(at))
        .collect();
    let known = if told.is_empty() { known } else { told };
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
        if draft.is_open(&known) {
            draft.leave_open(field, "decide with the line above", Vec::new());
        }
        if what == "email" {
            draft.need("email", "no column has addresses of agents");
        }
    }
    // A column that may be the customer's is no reason to leave a call out.
    let is_sure = call_side(draft.name(at)) == Some(CallSide::Agent)
        || !known_names::is_of_anybody(draft.name(at));
    if is_sure && draft.survey.columns[at].filled < draft.survey.records {
        draft.proposal.no_agent = Some(format!("not {}", draft.in_template(at)));
    }
}
