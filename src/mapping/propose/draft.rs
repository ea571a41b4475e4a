//! Which column feeds which target, as far as names and values tell.

use std::collections::BTreeSet;

use super::names::{self, rank};
use super::shape::{self, Shape};
use super::survey::{Survey, Surveyed, VALUES};
use crate::call::Field;

/// A line of the proposed file.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) field: Field,
    /// What stands behind `=`.
    pub(super) toml: String,
    /// What the operator should look at.
    pub(super) check: Option<String>,
}

/// A proposed mapping.
#[derive(Debug, Default)]
pub(super) struct Proposal {
    pub(super) rules: Vec<Rule>,
    pub(super) needs: Vec<(&'static str, &'static str)>,
    /// A condition for records without an agent.
    pub(super) no_agent: Option<String>,
    /// The templates that name a recording.
    pub(super) recordings: Vec<String>,
    /// Positions of the columns that feed something.
    pub(super) used: BTreeSet<usize>,
}

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

/// A text as a literal of templates.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A column inside of a template; in a tree its name is a path.
fn expression(name: &str, is_tree: bool) -> String {
    const RESERVED: [&str; 11] = [
        "row", "in", "is", "not", "and", "or", "if", "else", "true", "false", "none",
    ];
    let is_word = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|first: char| first.is_ascii_digit())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_reserved = name
        .split('.')
        .any(|part| RESERVED.contains(&part.to_lowercase().as_str()));
    if !is_reserved && (is_word(name) || is_tree && name.split('.').all(is_word)) {
        return name.to_owned();
    }
    let steps: Vec<&str> = if is_tree {
        name.split('.').collect()
    } else {
        vec![name]
    };
    let step = |step: &&str| format!("[{}]", literal(step));
    format!("row{}", steps.iter().map(step).collect::<String>())
}

/// A survey while it is turned into a proposal.
pub(super) struct Draft<'s> {
    survey: &'s Survey,
    shapes: Vec<Shape>,
    pub(super) proposal: Proposal,
}

/// A text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl<'s> Draft<'s> {
    pub(super) fn new(survey: &'s Survey) -> Self {
        let shapes = survey.columns.iter().map(Surveyed::shape).collect();
        let mut draft = Draft {
            survey,
            shapes,
            proposal: Proposal::default(),
        };
        for field in ORDER.into_iter().chain([Field::CustomNumberProp2]) {
            match field {
                Field::Customer => draft.customer(),
                Field::DateTime => draft.date_time(),
                other => draft.plain(other),
            }
        }
        draft.agents();
        draft.subject();
        draft.recordings();
        draft.proposal.rules.sort_by_key(|rule| rule.field);
        draft
    }

    fn rule(&mut self, field: Field, toml: String, check: Option<String>) {
        self.proposal.rules.push(Rule { field, toml, check });
    }

    fn has(&self, field: Field) -> bool {
        self.proposal.rules.iter().any(|rule| rule.field == field)
    }

    fn need(&mut self, need: &'static str, why: &'static str) {
        if !self.proposal.needs.iter().any(|(known, _)| *known == need) {
            self.proposal.needs.push((need, why));
        }
    }

    /// The best column of these names that passes the test and feeds nothing yet.
    fn find(&self, names: &[&str], test: impl Fn(&Surveyed, &Shape) -> bool) -> Option<usize> {
        let columns = self.survey.columns.iter().zip(&self.shapes).enumerate();
        columns
            .filter(|(at, (column, shape))| !self.proposal.used.contains(at) && test(column, shape))
            .filter_map(|(at, (column, _))| Some((rank(&column.name, names)?, at)))
            .min()
            .map(|(_, at)| at)
    }

    fn name(&self, at: usize) -> &'s str {
        &self.survey.columns[at].name
    }

    /// The column inside of a template.
    fn in_template(&self, at: usize) -> String {
        expression(self.name(at), self.survey.sheet.header.is_none())
    }

    fn plain(&mut self, field: Field) {
        use crate::call::Kind;
        let records = self.survey.records;
        let test = |column: &Surveyed, shape: &Shape| match field {
            Field::AgentEmail => shape.is_email && !column.is_nested,
            Field::ExternalIdentity => {
                // Every record has one, and hardly two records have the same.
                column.filled == records
                    && column.values.len() * 5 >= records.min(VALUES) * 4
                    && !column.is_nested
            }
            Field::AgentName | Field::AgentId => {
                !shape.is_phone && !column.is_nested && !column.values.is_empty()
            }
            Field::Labels => !column.values.is_empty(),
            Field::CustomProp1 => ways(column).is_some(),
            _ if field.kind() == Kind::Number => shape.is_duration && !column.is_nested,
            _ => !column.values.is_empty() && !column.is_nested,
        };
        let Some(at) = self.find(names::of(field), test) else {
            return;
        };
        self.proposal.used.insert(at);
        let column = &self.survey.columns[at];
        let name = quoted(&column.name);
        let (toml, check) = match field {
            Field::Labels if column.is_nested => {
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
                (format!("{{ template = {} }}", quoted(&list)), None)
            }
            Field::Labels => {
                let signs: Vec<String> = ["|", ";", ",", "+"]
                    .into_iter()
                    .filter(|sign| column.values.iter().any(|value| value.contains(sign)))
                    .map(quoted)
                    .collect();
                let check =
                    (!signs.is_empty()).then(|| "do these signs separate labels?".to_owned());
                let split = if signs.is_empty() {
                    String::new()
                } else {
                    format!(", split = [{}]", signs.join(", "))
                };
                (
                    format!("{{ from = {name}{split}, optional = true }}"),
                    check,
                )
            }
            Field::HasConsent => {
                let check = "a refusal must be read as one; words of your own: true = [\"given\"], false = [\"refused\"]";
                (name, Some(check.to_owned()))
            }
            Field::ExternalIdentity if column.values.len() < records.min(VALUES) => {
                let check =
                    "some ids stand twice: rows of one call ([legs]), or copies of one record?";
                (name, Some(check.to_owned()))
            }
            _ if field.kind() == Kind::Number => duration(&name, column, &self.shapes[at]),
            _ if field.is_required() => (name, None),
            _ => (format!("{{ from = {name}, optional = true }}"), None),
        };
        self.rule(field, toml, check);
    }

    fn date_time(&mut self) {
        let column = self.find(names::of(Field::DateTime), |column, shape| {
            shape.times.is_some() && !column.is_nested
        });
        if let Some(at) = column
            && let Some(times) = self.shapes[at].times.clone()
        {
            self.proposal.used.insert(at);
            let name = quoted(self.name(at));
            let toml = if times.format == "iso" {
                name
            } else {
                format!("{{ from = {name}, formats = [{}] }}", quoted(times.format))
            };
            let check = (!times.also.is_empty())
                .then(|| format!("the values could as well be {}", times.also.join(" or ")));
            self.rule(Field::DateTime, toml, check);
            if !times.has_offset {
                self.need("timezone", "the times have no offset");
            }
            return;
        }
        let day = self.find(names::of(Field::DateTime), |column, _| {
            !column.is_nested && shape::days(&column.values).is_some()
        });
        let clock = self.find(names::CLOCKS, |column, _| {
            !column.is_nested && shape::clocks(&column.values).is_some()
        });
        if let (Some(day), Some(clock)) = (day, clock)
            && let (Some(days), Some(clocks)) = (
                shape::days(&self.survey.columns[day].values),
                shape::clocks(&self.survey.columns[clock].values),
            )
        {
            self.proposal.used.extend([day, clock]);
            let toml = format!(
                "{{ from = [{}, {}], formats = [{}] }}",
                quoted(self.name(day)),
                quoted(self.name(clock)),
                quoted(&format!("{days} {clocks}"))
            );
            let check = (days == "%d/%m/%Y").then(|| "is the day before the month?".to_owned());
            self.rule(Field::DateTime, toml, check);
            self.need("timezone", "the times have no offset");
        }
    }

    fn customer(&mut self) {
        let phone = |column: &Surveyed, shape: &Shape| shape.is_phone && !column.is_nested;
        let caller = self.find(names::CALLERS, phone);
        let dialled = self.find(names::CALLED, phone);
        let direction = self.find(names::DIRECTIONS, |column, _| {
            !column.is_nested && ways(column).is_some()
        });
        let found = match (caller, dialled, direction) {
            (Some(caller), Some(dialled), Some(direction)) => {
                let way = self.in_template(direction);
                let Some((inbound, outbound)) = ways(&self.survey.columns[direction]) else {
                    return;
                };
                let case = |words: &[String], column: usize| {
                    let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
                    let when = format!("{way} | trim | lower in [{}]", words.join(", "));
                    format!(
                        "    {{ when = {}, from = {} }},\n",
                        quoted(&when),
                        quoted(self.name(column))
                    )
                };
                let cases = case(&inbound, caller) + &case(&outbound, dialled);
                let check = "the customer calls in, and is dialled on the way out".to_owned();
                self.rule(
                    Field::Customer,
                    format!("{{ as = \"phone\", choose = [\n{cases}] }}"),
                    Some(check),
                );
                vec![caller, dialled]
            }
            _ => {
                let Some(at) = self.find(names::of(Field::Customer), phone) else {
                    return;
                };
                let toml = format!("{{ from = {}, as = \"phone\" }}", quoted(self.name(at)));
                let check = caller.zip(dialled).map(|_| {
                    "by direction it may be another column: see `choose` in docs/mapping.md"
                        .to_owned()
                });
                self.rule(Field::Customer, toml, check);
                vec![at]
            }
        };
        if found.iter().any(|at| self.shapes[*at].lacks_country) {
            self.need("region", "some phone numbers have no country code");
        }
        self.proposal.used.extend(found);
    }

    /// What the export says of its agents stands in for what it does not.
    fn agents(&mut self) {
        let fields = [Field::AgentId, Field::AgentEmail, Field::AgentName];
        let position = |draft: &Self, field: Field| {
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
            .filter_map(|field| position(self, field))
            .collect();
        let Some(&at) = known.first() else { return };
        let keys: Vec<String> = known.iter().map(|at| self.in_template(*at)).collect();
        let key = if let [key] = keys.as_slice() {
            key.clone()
        } else {
            format!("[{}]", keys.join(", "))
        };
        for (field, what) in fields.into_iter().zip(["id", "email", "name"]) {
            if self.has(field) {
                continue;
            }
            let as_email = if what == "email" {
                ", as = \"email\""
            } else {
                ""
            };
            let template = quoted(&format!("{{{{ {key} | agent('{what}') }}}}"));
            self.rule(
                field,
                format!("{{ template = {template}{as_email} }}"),
                Some("the export does not say it".to_owned()),
            );
            if what == "email" {
                self.need("email", "no column has addresses of agents");
            }
        }
        if self.survey.columns[at].filled < self.survey.records {
            self.proposal.no_agent = Some(format!("not {}", self.in_template(at)));
        }
    }

    fn subject(&mut self) {
        if self.has(Field::Subject) {
            return;
        }
        let columns = self.survey.columns.iter().enumerate();
        let topic = columns
            .filter(|(_, column)| !column.is_nested && !column.values.is_empty())
            .filter_map(|(at, column)| Some((rank(&column.name, names::TOPICS)?, at)))
            .min();
        let toml = match topic {
            Some((_, at)) => {
                let template = format!("{{{{ {} or 'Call' }}}}", self.in_template(at));
                format!("{{ template = {} }}", quoted(&template))
            }
            None => "{ value = \"Call\" }".to_owned(),
        };
        self.rule(
            Field::Subject,
            toml,
            Some("what the conversation is called in Capturi".to_owned()),
        );
    }

    fn recordings(&mut self) {
        let column = self.find(names::RECORDINGS, |column, _| {
            !column.is_nested && !column.values.is_empty()
        });
        if let Some(at) = column {
            self.proposal.used.insert(at);
            self.proposal
                .recordings
                .push(format!("{{{{ {} }}}}", self.in_template(at)));
        }
        let id = self
            .proposal
            .rules
            .iter()
            .find(|rule| rule.field == Field::ExternalIdentity);
        let id = id.and_then(|rule| {
            self.survey
                .columns
                .iter()
                .position(|column| quoted(&column.name) == rule.toml)
        });
        if let Some(at) = id {
            let name = self.in_template(at);
            self.proposal
                .recordings
                .extend([format!("{{{{ {name} }}}}"), format!("*{{{{ {name} }}}}*")]);
        }
    }
}

fn duration(name: &str, column: &Surveyed, shape: &Shape) -> (String, Option<String>) {
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

/// The words for calls that come in and for calls that go out, when a column has nothing else and
/// both.
fn ways(column: &Surveyed) -> Option<(Vec<String>, Vec<String>)> {
    let words: BTreeSet<String> = column
        .values
        .iter()
        .map(|value| value.trim().to_lowercase())
        .collect();
    let is_in = |word: &String| word.starts_with("in") && !word.starts_with("int");
    let is_out = |word: &String| {
        ["out", "ud", "ut"]
            .iter()
            .any(|start| word.starts_with(start))
    };
    let inbound: Vec<String> = words.iter().filter(|word| is_in(word)).cloned().collect();
    let outbound: Vec<String> = words.iter().filter(|word| is_out(word)).cloned().collect();
    let is_split = !inbound.is_empty() && !outbound.is_empty();
    is_split.then_some((inbound, outbound))
}
