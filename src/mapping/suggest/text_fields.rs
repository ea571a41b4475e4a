//! What a conversation is called, its labels and its lengths.

use super::column_profile::ColumnProfile;
use super::expressions::{expression, literal, quoted};
use super::known_names;
use super::name_rank::{last_step, rank, words};
use super::proposal::ProposalDraft;
use super::survey::Surveyed;
use crate::domain::call::Field;

/// The labels of a column, and what to look at.
pub(super) fn labels(column: &Surveyed) -> (String, Option<String>) {
    if column.is_nested {
        let (first, rest) = column.keys.split_at(column.keys.len().min(1));
        let list = expression(&column.name, first);
        let rest = match rest {
            [] => String::new(),
            keys => format!(" | values({})", literal(&keys.join("."))),
        };
        let list = format!("{{{{ {list}{rest} | unique | tojson }}}}");
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

/// The length of a column, and what to look at.
pub(super) fn duration(
    name: &str,
    column: &Surveyed,
    shape: &ColumnProfile,
) -> (String, Option<String>) {
    let pair = column
        .values
        .iter()
        .any(|value| value.matches(':').count() == 1);
    let (unit, check) = match () {
        () if pair => (
            ", unit = \"mm:ss\"",
            Some("minutes and seconds, or hours and minutes?"),
        ),
        () if shape.is_number && is_named(column, MILLISECONDS) => (", unit = \"ms\"", None),
        () if shape.is_number && are_long(column) => (
            ", unit = \"ms\"",
            Some("milliseconds? As seconds most would be longer than five hours"),
        ),
        () if shape.is_fraction => (
            "",
            Some(
                "seconds? `unit` may also be \"minutes\", or \"days\" for a spreadsheet's fractions",
            ),
        ),
        () if shape.is_number && !is_named(column, SECONDS) => {
            ("", Some("seconds? `unit = \"ms\"` for milliseconds"))
        }
        () => ("", None),
    };
    (
        format!("{{ from = {name}, as = \"seconds\"{unit}, optional = true }}"),
        check.map(str::to_owned),
    )
}

/// Whether most of the numbers would be hours as seconds.
fn are_long(column: &Surveyed) -> bool {
    const LONG: f64 = 18_000.0;
    let is_long = |value: &&String| value.parse::<f64>().is_ok_and(|number| number >= LONG);
    let long = column.values.iter().filter(is_long).count();
    long * 2 > column.values.len()
}

/// Words for units in the names of columns.
const MILLISECONDS: &[&str] = &["ms", "msec", "millis", "milliseconds", "millisekunder"];
const SECONDS: &[&str] = &[
    "s", "sec", "secs", "second", "seconds", "sek", "sekunder", "sekunden",
];

fn is_named(column: &Surveyed, units: &[&str]) -> bool {
    let mut words = words(last_step(&column.name)).into_iter();
    words.any(|word| units.contains(&word.as_str()))
}

/// Proposes what the conversation is called, where no column is its title.
pub(super) fn subject(draft: &mut ProposalDraft<'_>) {
    if draft.has(Field::Subject) {
        return;
    }
    let columns = draft.survey.columns.iter().enumerate();
    let topic = columns
        .filter(|(at, column)| {
            let shape = &draft.shapes[*at];
            let is_word = !shape.is_flag && !shape.is_number && shape.times.is_none();
            is_word && !column.is_nested && !column.values.is_empty()
        })
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
