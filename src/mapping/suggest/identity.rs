//! Which column is the id of a call.

use std::collections::HashSet;

use super::call_customer::is_an_id;
use super::call_side::{CallSide, call_side};
use super::column_profile::ColumnProfile;
use super::expressions::quoted;
use super::known_names;
use super::name_rank::{is_whole, rank};
use super::proposal::ProposalDraft;
use super::rows_of_calls::{may_be_an_id, rows_of_calls};
use super::survey::{Surveyed, VALUES};
use crate::domain::call::Field;

/// Fewer records prove nothing by what differs in them.
const FEW: usize = 5;
/// How many other columns are named.
const NAMED: usize = 3;

/// Proposes the id: a column by its name, else by its values, else a few columns together.
pub(super) fn identity(draft: &mut ProposalDraft<'_>) {
    let records = draft.survey.records;
    let names = known_names::of(Field::ExternalIdentity);
    let is_whole_id = |column: &Surveyed, shape: &ColumnProfile| {
        is_id_of_call(column, shape, records)
            && !known_names::is_anothers(Field::ExternalIdentity, &column.name)
            && !is_of_somebody(&column.name)
    };
    // A few broken rows do not make another column the id.
    let nearly = |column: &Surveyed, shape: &ColumnProfile| {
        is_nearly_an_id(column, records) && !shape.is_recording && !is_of_somebody(&column.name)
    };
    let found = draft
        .find(&names, is_whole_id)
        .or_else(|| draft.find(&names, nearly))
        .or_else(|| by_its_end(draft, &nearly));
    let Some(at) = found else { return };
    let column = &draft.survey.columns[at];
    let check = doubts(draft, at, &names);
    draft.column_rule(Field::ExternalIdentity, at, quoted(&column.name), check);
    if let Some((why, others)) = rows_of_calls(draft, at) {
        draft.leave_open(Field::ExternalIdentity, &why, others);
    }
}

/// Proposes an id where no name speaks for one: the column whose values do best, else the parts that
/// tell one call from the next. A person decides where several do.
pub(super) fn identity_by_values(draft: &mut ProposalDraft<'_>) {
    if draft.has(Field::ExternalIdentity) {
        return;
    }
    let records = draft.survey.records;
    let columns = draft.survey.columns.iter().zip(&draft.shapes).enumerate();
    let free = columns.filter(|(at, (column, shape))| {
        let is_other = shape.is_recording
            || shape.is_phone && !is_an_id(&column.name) && column.repeats() > 0
            || shape.is_email
            || shape.is_person
            || shape.is_fraction
            || shape.times.is_some()
            || !column.values.iter().all(|value| may_be_an_id(value));
        !draft.proposal.used.contains(at)
            && !is_other
            && !is_of_somebody(&column.name)
            && !known_names::is_anothers(Field::ExternalIdentity, &column.name)
            && is_id_of_call(column, shape, records)
            && column.repeats() * 20 <= column.filled
    });
    let ids: Vec<usize> = free.map(|(at, _)| at).collect();
    let Some((&at, others)) = ids.split_first() else {
        return of_parts(draft);
    };
    let others: Vec<String> = others
        .iter()
        .map(|other| quoted(draft.name(*other)))
        .collect();
    let check = "only its values speak for this column".to_owned();
    draft.column_rule(
        Field::ExternalIdentity,
        at,
        quoted(draft.name(at)),
        Some(check),
    );
    if records < FEW {
        let why = "so few records do not tell an id from what happens to differ";
        draft.leave_open(Field::ExternalIdentity, why, others);
    } else if !others.is_empty() {
        let why = "several columns have one value for each record";
        draft.leave_open(Field::ExternalIdentity, why, others);
    } else if let Some((why, others)) = rows_of_calls(draft, at) {
        draft.leave_open(Field::ExternalIdentity, &why, others);
    }
}

/// Proposes time, number and agent together, where they tell one call from the next. Whether every export
/// writes them alike, and whether a call has one row, a person must know.
fn of_parts(draft: &mut ProposalDraft<'_>) {
    const WHY: &str = "no id found: an id differs for each call and is the same in every export. These \
                       together tell one call from the next in the first records";
    let records = draft.survey.records;
    let mut parts: Vec<usize> = Vec::new();
    for field in [
        Field::DateTime,
        Field::Customer,
        Field::AgentId,
        Field::AgentName,
    ] {
        let columns = draft.columns_of(field);
        let is_plain = |at: &usize| {
            let column = &draft.survey.columns[*at];
            !column.is_nested && column.filled > 0 && !parts.contains(at)
        };
        let new: Vec<usize> = columns.into_iter().filter(is_plain).collect();
        parts.extend(new);
        let has_both = field != Field::DateTime && parts.len() > 1;
        if records > 1 && has_both && are_different(draft, &parts) {
            let names: Vec<String> = parts.iter().map(|at| quoted(draft.name(*at))).collect();
            let toml = format!("{{ from = [{}], join = \" \" }}", names.join(", "));
            draft.rule(Field::ExternalIdentity, toml, None);
            draft.leave_open(Field::ExternalIdentity, WHY, Vec::new());
            return;
        }
    }
}

/// Whether no two records say the same in these columns.
fn are_different(draft: &ProposalDraft<'_>, parts: &[usize]) -> bool {
    let records = draft.survey.records;
    let mut texts = vec![String::new(); records];
    for at in parts {
        for (record, text) in &draft.survey.columns[*at].cells {
            if let Some(whole) = texts.get_mut(*record) {
                whole.push_str(text);
                whole.push('\n');
            }
        }
    }
    texts.iter().collect::<HashSet<_>>().len() == records
}

/// A column whose name ends as ids do, though nobody knows what comes before.
fn by_its_end(
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

/// Whether every record has one, and hardly two records have the same.
fn is_id_of_call(column: &Surveyed, shape: &ColumnProfile, records: usize) -> bool {
    column.filled == records && !shape.is_recording && is_nearly_an_id(column, records)
}

/// Whether the name is that of a person's or a list's id; `contact_id` is the call's in some systems.
fn is_of_somebody(name: &str) -> bool {
    call_side(name) == Some(CallSide::Agent)
        || call_side(name) == Some(CallSide::Customer)
            && !is_whole(name, &["contactid", "externalid", "externalidentity"])
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

/// Other columns that have one value for each record and the name of an id.
fn others(draft: &ProposalDraft<'_>, of: usize) -> String {
    let records = draft.survey.records;
    let names = known_names::of(Field::ExternalIdentity);
    draft.named_others(of, NAMED, |column, shape| {
        let is_named = rank(&column.name, &names).is_some() || known_names::is_id(&column.name);
        is_named
            && is_id_of_call(column, shape, records)
            && !is_of_somebody(&column.name)
            && !shape.is_phone
    })
}

/// What to look at where not every record has an id of its own, or several columns could be it.
fn doubts(draft: &ProposalDraft<'_>, at: usize, names: &[&str]) -> Option<String> {
    let (column, records) = (&draft.survey.columns[at], draft.survey.records);
    let mut doubts = Vec::new();
    let others = others(draft, at);
    if !others.is_empty() {
        doubts.push(format!("{others} could be the id of a call, too"));
    }
    if !is_whole(&column.name, names) {
        doubts.push("its name and its values speak for it: is it one id for each call?".to_owned());
    } else if call_side(&column.name) == Some(CallSide::Customer) {
        doubts.push("is it the call's, or the customer's?".to_owned());
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
