//! What a comparison with the destination found, for people and for programs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::console::screen::Screen;
use super::files::output_folder::OutputFolder;
use super::format::{count, counted, date_of_day, safe};
use super::html::verify_section;
use super::json::stop_name;
use super::{Error, is_report};
use crate::events::StopReason;
use crate::ledger::{ConversationState, VerifyCounts, VerifyOutcome};

/// The largest summary of a run that a comparison is added to.
const LARGEST: u64 = 64 << 20;

/// What a comparison found.
#[derive(Debug, Clone)]
pub struct VerifySummary {
    /// How the calls compare.
    pub counts: VerifyCounts,
    /// Why it ended early.
    pub stop: Option<(StopReason, String)>,
    /// The destination, by which the ledger knows it.
    pub destination: String,
    /// The `api-version` that answered.
    pub read_version: Option<String>,
    /// Questions that were answered.
    pub requests: u64,
    /// The calls were listed by `list-delta`, because the read API has no `list-full`.
    pub by_changes: bool,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub seconds: f64,
}

impl VerifySummary {
    /// Calls of which the comparison did not get to hear.
    pub fn not_compared(&self) -> u64 {
        let compared: u64 = VerifyOutcome::ALL
            .into_iter()
            .map(|outcome| self.counts.of(outcome))
            .sum();
        self.counts.known.saturating_sub(compared)
    }

    /// Says it on the screen.
    pub fn print(&self, screen: &mut Screen) {
        let counts = &self.counts;
        let verified = count(counts.of(VerifyOutcome::Verified));
        screen.say(&format!(
            "{} known, {verified} verified at {} ({})",
            counted(counts.known, "call"),
            safe(&self.destination),
            counted(self.requests, "request")
        ));
        let others = VerifyOutcome::ALL.into_iter().skip(1);
        for outcome in others.filter(|outcome| counts.of(*outcome) > 0) {
            screen.say(&format!(
                "  {:<14}{:>10}",
                outcome.name(),
                count(counts.of(outcome))
            ));
        }
        if !counts.words.is_empty() {
            let words = counts.words.iter();
            let words: Vec<_> = words
                .map(|(word, many)| format!("{word} {}", count(*many)))
                .collect();
            screen.say(&format!("  what: {}", words.join(", ")));
        }
        let states = ConversationState::ALL.into_iter();
        let states: Vec<_> = states
            .filter(|state| counts.in_state(*state) > 0)
            .map(|state| format!("{} {}", state.name(), count(counts.in_state(state))))
            .collect();
        if !states.is_empty() {
            screen.say(&format!("  states: {}", states.join(", ")));
        }
        if self.by_changes {
            screen.say("The read API has no list-full; the calls were listed by list-delta.");
        }
        if counts.without_fields > 0 {
            screen.say(&format!(
                "The ledger does not know what was sent of {}; their fields were not compared.",
                counted(counts.without_fields, "verified call")
            ));
        }
        if self.not_compared() > 0 {
            screen.say(&format!(
                "Not compared yet: {}; the same command goes on.",
                counted(self.not_compared(), "call")
            ));
        }
        if let Some((_, why)) = &self.stop {
            screen.say(&safe(why));
        }
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let counts = &self.counts;
        let outcomes = VerifyOutcome::ALL
            .map(|outcome| (outcome.name().replace('-', "_"), counts.of(outcome)));
        let outcomes: Map<String, Value> = outcomes
            .into_iter()
            .map(|(name, many)| (name, many.into()))
            .collect();
        let days = counts.days.iter().filter_map(|(day, states)| {
            let states = ConversationState::ALL.into_iter().zip(states);
            let states: Map<String, Value> = states
                .filter(|(_, many)| **many > 0)
                .map(|(state, many)| (state.name().to_owned(), (*many).into()))
                .collect();
            Some((date_of_day(*day)?, Value::Object(states)))
        });
        let days: Map<String, Value> = days.collect();
        let stop = self.stop.as_ref();
        json!({
            "destination": self.destination,
            "known": counts.known,
            "outcomes": outcomes,
            "not_compared": self.not_compared(),
            "is_accounted_for": counts.adds_up(),
            "what": counts.words,
            "without_fields": counts.without_fields,
            "states_by_day": days,
            "requests": self.requests,
            "listed_by": if self.by_changes { "list-delta" } else { "list-full" },
            "read_api_version": self.read_version,
            "stop": stop.map(|(stop, _)| stop_name(*stop)),
            "why": stop.map(|(_, why)| why),
            "started": self.started,
            "seconds": self.seconds,
        })
    }

    /// Puts it into the `report.html` of this folder, as a section of what a run has written there.
    pub fn add_to_page(&self, folder: &Path, ledger: &Path) -> Result<PathBuf, Error> {
        let old = page_of_run(&folder.join("report.html"));
        let page = verify_section::in_page(old.as_deref(), &self.counts);
        let folder = OutputFolder::open(folder, &[ledger.to_owned()])?;
        let (path, mut file) = folder.replace("report", "html")?;
        file.write_all(page.as_bytes())
            .map_err(Error::write(&path))?;
        Ok(path)
    }

    /// Puts it into the `summary.json` of this folder, beside what a run has said there.
    pub fn add_to_summary(&self, folder: &Path, ledger: &Path) -> Result<PathBuf, Error> {
        let old = folder.join("summary.json");
        let mut summary = of_run(&old).unwrap_or_else(|| {
            let named = [
                ("program", env!("CARGO_PKG_NAME")),
                ("version", env!("CARGO_PKG_VERSION")),
            ];
            named
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into_iter()
                .collect()
        });
        summary.insert("verify".to_owned(), self.to_json());
        let folder = OutputFolder::open(folder, &[ledger.to_owned()])?;
        let (path, mut file) = folder.replace("summary", "json")?;
        serde_json::to_vec_pretty(&summary)
            .map_err(std::io::Error::from)
            .and_then(|json| file.write_all(&json))
            .and_then(|()| file.write_all(b"\n"))
            .map_err(Error::write(&path))?;
        Ok(path)
    }
}

/// The page of a run, if there is one and it can be read.
fn page_of_run(path: &Path) -> Option<String> {
    if !is_report(path) || fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    fs::read_to_string(path).ok()
}

/// The summary of a run, if there is one and it can be read.
fn of_run(path: &Path) -> Option<Map<String, Value>> {
    if !is_report(path) || fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let text = fs::read(path).ok()?;
    serde_json::from_slice(&text).ok()
}
