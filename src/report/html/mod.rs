//! `report.html`: one file for people, without network and without scripts.

pub(super) mod canary_page;
pub(super) mod day_bars;
mod facts;
mod figures;
pub(super) mod loudness_plot;
pub(super) mod plots;
pub(super) mod scale;
pub(super) mod verify_section;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, HtmlEscape, UndefinedBehavior};
use serde::Serialize;

use crate::events::Outcome;
use crate::report::advice::{advise, fault};
use crate::report::coverage::unchecked;
use crate::report::destination_line::destination_line;
use crate::report::example_text::{extent, location, with_ids};
use crate::report::field_names::grouped;
use crate::report::format::{self, clock, count, counted, safe, share};
use crate::report::html::facts::{agents_title, facts};
use crate::report::html::figures::{Figure, figures};
use crate::report::html::plots::{Length, lengths};
use crate::report::problem_groups::ProblemGroup;
use crate::report::summary::TOP_AGENTS;
use crate::report::{Error, Mode, RunSummary};

const PAGE: &str = include_str!("page.html");
/// How the head of each page begins: no page loads anything.
const HEAD: &str = include_str!("head.html");
/// Where a page has [`HEAD`].
const INCLUDE_HEAD: &str = "{%- include \"head.html\" %}\n";
const LYING: &str = include_str!("bar_rows.html");
/// Where the page has the table of [`LYING`].
const INCLUDE: &str = "{%- include \"lying.html\" %}";

/// The page about a run.
pub(super) fn render(summary: &RunSummary) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The names end in `.html`, which turns escaping on.
    environment.add_filter("code", marked);
    let text = with_head(PAGE).replace(INCLUDE, LYING);
    environment.add_template("page.html", &text)?;
    let page = HtmlPage::new(summary);
    let page = environment
        .get_template("page.html")?
        .render(Value::from(Serde(&page)))?;
    Ok(page)
}

/// A page with its head. Put in as text: templates that include others are switched off, for the mappings' sake.
fn with_head(page: &str) -> String {
    page.replace(INCLUDE_HEAD, HEAD)
}

/// Text for the page, what stands between backticks as code.
fn marked(text: &str) -> Value {
    let parts = text.split('`').enumerate();
    let html: Vec<String> = parts
        .map(|(at, part)| {
            let part = HtmlEscape(part).to_string();
            if at % 2 == 1 {
                ["<code>", &part, "</code>"].concat()
            } else {
                part
            }
        })
        .collect();
    Value::from_safe_string(html.concat())
}

#[derive(Serialize)]
struct HtmlPage {
    title: &'static str,
    version: &'static str,
    started: String,
    destination: Option<String>,
    took: String,
    files_read: String,
    fault: Option<String>,
    lead: String,
    advice: Vec<String>,
    outcomes: Vec<PageRow>,
    read: String,
    problems: Vec<ProblemRow>,
    problem_lengths: Vec<Length>,
    facts: Vec<(&'static str, String)>,
    plots: Vec<Figure>,
    agents: Vec<Length>,
    agents_title: String,
    targets: Vec<PageRow>,
    unfilled: String,
    unused: Vec<(String, String)>,
    unchecked: Vec<String>,
    files: Vec<String>,
}

/// A line of a table: a name, a number and its share, and a remark.
#[derive(Serialize)]
struct PageRow {
    key: &'static str,
    name: String,
    count: String,
    share: String,
    percent: f64,
    remark: String,
}

#[derive(Serialize)]
struct ProblemRow {
    severity: &'static str,
    code: &'static str,
    extent: String,
    title: &'static str,
    cause: &'static str,
    cure: String,
    examples: Vec<(String, String)>,
}

impl HtmlPage {
    fn new(summary: &RunSummary) -> Self {
        let mut advice = advise(summary);
        if summary.mode == Mode::Rehearsal {
            // The title says it.
            advice.pop();
        }
        let lead = advice.pop().unwrap_or_default();
        let agents = summary.top_agents(TOP_AGENTS);
        let agents: Vec<(String, u64)> = agents
            .into_iter()
            .map(|(agent, calls)| (safe(agent).into_owned(), calls))
            .collect();
        let unfilled: Vec<_> = summary.unfilled().collect();
        let groups = summary.groups.iter();
        let problem_counts: Vec<(String, u64)> = groups
            .map(|group| (group.code.name().to_owned(), group.problems))
            .collect();
        HtmlPage {
            title: match summary.mode {
                Mode::Check => "Check of an export",
                Mode::DryRun => "Dry run of an import",
                Mode::Run => "Import",
                Mode::Rehearsal => "Rehearsal of an import: nothing was sent to Capturi",
            },
            version: env!("CARGO_PKG_VERSION"),
            started: summary.started.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            destination: summary.destination.as_ref().map(destination_line),
            took: clock(summary.seconds),
            files_read: counted(summary.sheets, "file"),
            fault: fault(summary),
            lead,
            advice,
            outcomes: outcomes(summary),
            read: count(summary.tally.read),
            problems: summary
                .groups
                .iter()
                .map(|group| problem(group, summary))
                .collect(),
            problem_lengths: lengths(&problem_counts),
            facts: facts(summary),
            plots: figures(summary),
            agents_title: agents_title(summary, agents.len()),
            agents: lengths(&agents),
            targets: targets(summary),
            unfilled: grouped(&unfilled).join(", "),
            unused: unused(summary),
            unchecked: unchecked(summary),
            files: summary
                .files
                .iter()
                .filter_map(|path| path.file_name())
                .map(|name| safe(&name.to_string_lossy()).into_owned())
                .collect(),
        }
    }
}

fn outcomes(summary: &RunSummary) -> Vec<PageRow> {
    let read = summary.tally.read;
    Outcome::ALL
        .into_iter()
        .filter(|outcome| *outcome != Outcome::OtherShard || summary.tally.of(*outcome) > 0)
        .map(|outcome| {
            let number = summary.tally.of(outcome);
            let details = summary
                .details
                .iter()
                .filter(|((of, _), _)| *of == outcome)
                .map(|((_, detail), number)| format!("{} {}", count(*number), safe(detail)));
            PageRow {
                key: outcome.name(),
                name: format::outcome(outcome, summary.mode).to_owned(),
                count: count(number),
                share: share(number, read),
                percent: percent(number, read),
                remark: details.collect::<Vec<_>>().join(", "),
            }
        })
        .collect()
}

fn problem(group: &ProblemGroup, summary: &RunSummary) -> ProblemRow {
    let explanation = group.code.explanation();
    ProblemRow {
        severity: group.severity.name(),
        code: group.code.name(),
        extent: extent(group, summary),
        title: explanation.title,
        cause: explanation.cause,
        cure: group.cure.clone().into_owned(),
        examples: group
            .examples
            .iter()
            .map(|example| {
                let message = safe(&example.message);
                (
                    location(example),
                    format!("{message}{}", with_ids(&[example])),
                )
            })
            .collect(),
    }
}

fn targets(summary: &RunSummary) -> Vec<PageRow> {
    let calls = summary.facts.calls;
    summary
        .targets
        .iter()
        .filter(|target| target.filled > 0 || target.source.is_some())
        .map(|target| PageRow {
            key: if target.filled == 0 {
                "empty"
            } else {
                "filled"
            },
            name: target.field.name().to_owned(),
            count: count(target.filled),
            share: share(target.filled, calls),
            percent: percent(target.filled, calls),
            remark: safe(&target.source.as_deref().unwrap_or_default().join(", ")).into_owned(),
        })
        .collect()
}

fn unused(summary: &RunSummary) -> Vec<(String, String)> {
    let columns = summary.unused.iter();
    columns
        .map(|(column, files)| {
            let files = if *files == summary.sheets {
                String::new()
            } else {
                format!("in {}", counted(*files, "file"))
            };
            (safe(column).into_owned(), files)
        })
        .collect()
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (format::float(part) * 1_000.0 / format::float(whole)).round() / 10.0
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::Code;
    use crate::domain::call::Field;
    use crate::events::{Event, Totals};
    use crate::report::test_support::{Stage, facts, problem as bad, sheet};

    fn page(facts: &Totals, work: impl FnOnce(&mut Stage)) -> String {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        stage.checked(facts);
        work(&mut stage);
        render(&stage.finish(None).unwrap()).unwrap()
    }

    fn full() -> Totals {
        let mut facts = facts(60);
        facts.by_day = [
            (Date::constant(2024, 1, 31), 40),
            (Date::constant(2024, 3, 1), 20),
        ]
        .into_iter()
        .collect();
        facts.by_hour[9] = 60;
        facts.by_minutes = vec![10, 0, 50];
        facts.by_minutes.resize(61, 0);
        facts.by_agent.add("<script>alert(1)</script>", 60);
        facts
    }

    #[test]
    fn foreign_text_is_text_and_nothing_is_loaded() {
        let page = page(&full(), |stage| {
            stage.event(&Event::Opened {
                sheet: &sheet("a.csv", &["x"]),
                unused: &["\"><img src=x>\u{202e}".to_owned()],
                sources: &[(Field::AgentId, vec!["user<b>".to_owned()])],
            });
            let mut problem = bad(Code::BadTime, 17).at("<i>when", "secret");
            problem.message = "<script>".into();
            stage.ended(17, &["1"], Outcome::Rejected, &[problem]);
            stage.many(59, Outcome::NotAttempted, "");
        });
        for forbidden in [
            "<script", "<img", "<i>", "<b>", "http", "secret", "\u{202e}", "url(",
        ] {
            let found = page.replace("http-equiv", "").contains(forbidden);
            assert!(!found, "{forbidden}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(page.contains("calls.csv:17 &lt;i&gt;when"));
    }

    #[test]
    fn the_plots_show_what_was_counted() {
        let page = page(&full(), |stage| stage.many(60, Outcome::NotAttempted, ""));
        for title in [
            "<title>2024-01-31: 40 calls</title>",
            "<title>09: 60 calls</title>",
            "<title>2: 50 recordings</title>",
        ] {
            assert!(page.contains(title), "{title}");
        }
        assert!(page.contains("2024-02-01 to 2024-02-29 (29 days)"));
        assert_eq!(page.matches("<figure>").count(), 3);
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    }

    #[test]
    fn nothing_at_all_is_a_page_without_plots() {
        let page = page(&Totals::default(), |_| {});
        assert!(page.contains("No record was read"));
        assert!(!page.contains("<figure>"));
        assert!(!page.contains("NaN"));
    }

    #[test]
    fn a_fault_of_the_program_stands_on_top() {
        let page = page(&full(), |_| {});
        assert!(page.contains("class=\"fault\""));
    }
}
