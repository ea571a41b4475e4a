//! What a conversation is called, its labels and its lengths.

use super::column_profile::ColumnProfile;
use super::expressions::{expression, literal, quoted};
use super::known_names;
use super::name_rank::{folded, last_step, rank, words};
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
    let signs: Vec<String> = separators(column).into_iter().map(quoted).collect();
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

/// The signs between labels. Where one stands that names do not have, commas belong to names.
fn separators(column: &Surveyed) -> Vec<&'static str> {
    let has = |sign: &&str| column.values.iter().any(|value| value.contains(*sign));
    let told: Vec<&str> = ["|", ";"].into_iter().filter(has).collect();
    if told.is_empty() {
        [",", "+"].into_iter().filter(has).collect()
    } else {
        told
    }
}

/// The rule that takes a column as one label, where it is unsure that its signs separate several.
pub(super) fn whole_label(column: &Surveyed) -> Option<String> {
    let is_unsure = !column.is_nested && matches!(separators(column)[..], ["," | "+", ..]);
    let name = quoted(&column.name);
    is_unsure.then(|| format!("{{ from = {name}, optional = true }}"))
}

/// Whether it is the length of a call in a table of `HubSpot`, which is in milliseconds.
fn is_hubspots(column: &Surveyed) -> bool {
    folded(last_step(&column.name)) == "hscallduration"
}

/// Whether the name says that it is the length of something else than the talk.
pub(super) fn is_of_no_talk(column: &Surveyed) -> bool {
    let mut words = column.name.split('.').flat_map(words);
    words.any(|word| NO_TALK.contains(&word.as_str()))
}

/// How the lengths of a column are read, the likeliest way first, and what to look at. Several ways are for a
/// person to tell apart.
pub(super) struct LengthRule {
    /// What may stand behind `=`.
    pub(super) ways: Vec<String>,
    /// Why.
    pub(super) check: Option<&'static str>,
}

/// The length of a column: by what its name says, and by how long calls are.
pub(super) fn duration(name: &str, column: &Surveyed, shape: &ColumnProfile) -> LengthRule {
    let (units, check) = units(column, shape);
    let way = |unit: &&str| {
        let unit = match *unit {
            "" => String::new(),
            unit => format!(", unit = {}", quoted(unit)),
        };
        format!("{{ from = {name}, as = \"seconds\"{unit}, optional = true }}")
    };
    LengthRule {
        ways: units.iter().map(way).collect(),
        check,
    }
}

/// The units that the lengths of a column may have.
fn units(
    column: &Surveyed,
    shape: &ColumnProfile,
) -> (&'static [&'static str], Option<&'static str>) {
    const SHORT_CALL: f64 = 5.0;
    const LONG_CALL: f64 = 18_000.0;
    let named = |units: &[&str]| is_named(column, units);
    let (clocks, numbers): (Vec<&String>, Vec<&String>) =
        column.values.iter().partition(|value| value.contains(':'));
    let numbers: Vec<f64> = numbers
        .into_iter()
        .filter_map(|value| number(value))
        .collect();
    let counted: Vec<f64> = numbers
        .iter()
        .copied()
        .filter(|number| *number > 0.0)
        .collect();
    if !clocks.is_empty() && !counted.is_empty() {
        return (
            &["", "ms", "minutes", "days"],
            Some("clocks and bare numbers: what are the numbers?"),
        );
    }
    if clocks.iter().any(|value| value.matches(':').count() == 1) {
        return units_of_clocks(&clocks, named(MINUTES));
    }
    if counted.is_empty() {
        return (&[""], None);
    }
    let middle = median(counted.clone());
    let largest = counted.iter().copied().fold(0.0, f64::max);
    match () {
        () if named(MILLISECONDS) || is_hubspots(column) => (&["ms"], None),
        () if named(MINUTES) && !named(SECONDS) => (&["minutes"], None),
        () if named(SECONDS) => (&[""], None),
        // As minutes or more the longest call would be a matter of seconds.
        () if shape.is_fraction && largest < 0.2 => (
            &["days"],
            Some("fractions of a day? As anything else no call would last"),
        ),
        () if shape.is_fraction
            && largest >= 3.0
            && are_whole_seconds_of_minutes(&column.values) =>
        {
            (
                &["minutes"],
                Some("minutes? Each value is a whole number of seconds then"),
            )
        }
        () if shape.is_fraction && middle < SHORT_CALL * 4.0 => (
            &["minutes", "", "days"],
            Some("minutes, seconds, or a spreadsheet's fractions of a day?"),
        ),
        () if middle < SHORT_CALL => (&["", "minutes"], Some("seconds, or minutes?")),
        () if middle < SHORT_CALL * 1000.0 => {
            (&[""], Some("seconds? `unit = \"ms\"` for milliseconds"))
        }
        () if middle < LONG_CALL => (&["", "ms"], Some("seconds, or milliseconds?")),
        () => (
            &["ms"],
            Some("milliseconds? As seconds most would be longer than five hours"),
        ),
    }
}

/// The units of clocks with one colon: minutes and seconds where hours would be longer than calls are.
fn units_of_clocks(
    clocks: &[&String],
    has_minutes: bool,
) -> (&'static [&'static str], Option<&'static str>) {
    const LONG: f64 = 3.0;
    let first = |value: &&String| value.split(':').next()?.trim().parse::<f64>().ok();
    let pairs = clocks
        .iter()
        .filter(|value| value.matches(':').count() == 1);
    let firsts: Vec<f64> = pairs.filter_map(first).collect();
    let largest = firsts.iter().copied().fold(0.0, f64::max);
    if has_minutes || largest > 23.0 || median(firsts) >= LONG {
        (
            &["mm:ss"],
            Some("minutes and seconds? As hours most would be longer than calls are"),
        )
    } else {
        (
            &["mm:ss", "hh:mm"],
            Some("minutes and seconds, or hours and minutes?"),
        )
    }
}

/// Whether values with a fraction are decimals of minutes: whole seconds, and not all quarters of an hour.
fn are_whole_seconds_of_minutes(values: &[String]) -> bool {
    const EXACT: usize = 4;
    let is_whole = |value: &String| {
        let seconds = number(value).map(|minutes| minutes * 60.0);
        seconds.is_some_and(|seconds| (seconds - seconds.round()).abs() < 1.0e-3)
    };
    let is_exact = |value: &String| {
        let decimals = value.split(['.', ',']).nth(1);
        decimals.is_some_and(|decimals| decimals.len() >= EXACT)
    };
    values.iter().all(is_whole) && values.iter().any(is_exact)
}

/// A number with a point or a comma before its fraction.
fn number(value: &str) -> Option<f64> {
    value.trim().replace(',', ".").parse().ok()
}

/// The middle one of these.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// Words in names of lengths of what is no talk.
const NO_TALK: &[&str] = &[
    "wait",
    "waiting",
    "queue",
    "queued",
    "ring",
    "ringing",
    "hold",
    "holding",
    "ivr",
    "wrap",
    "wrapup",
    "acw",
    "after",
    "park",
    "alert",
    "setup",
    "ventetid",
    "kø",
    "ringetid",
    "efterbehandling",
];

/// Words for units in the names of columns.
const MILLISECONDS: &[&str] = &["ms", "msec", "millis", "milliseconds", "millisekunder"];
const MINUTES: &[&str] = &[
    "min", "mins", "minute", "minutes", "minutter", "minuter", "minuten",
];
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
