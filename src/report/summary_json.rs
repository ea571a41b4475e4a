//! The figures of a run as one JSON object.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::advice::advise;
use super::coverage::unchecked;
use super::json::stop_name;
use super::outcome_counts::Counts;
use super::summary::{FieldCount, RunSummary};
use crate::domain::Shard;
use crate::events::{Outcome, Totals};
use crate::recordings::StoreRequests;
use crate::report::DestinationLabel;

impl Serialize for RunSummary {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let facts = &self.facts;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("program", env!("CARGO_PKG_NAME"))?;
        map.serialize_entry("version", env!("CARGO_PKG_VERSION"))?;
        map.serialize_entry("mode", self.mode.name())?;
        let to = self.destination.as_ref();
        map.serialize_entry("destination", &to.map(|to| &to.name))?;
        map.serialize_entry("ledger", &to.map(|to| to.ledger.to_string_lossy()))?;
        map.serialize_entry("ledger_is_new", &to.map(|to| to.is_new_ledger))?;
        ShardView::write(to, &mut map)?;
        let stop = self.stop.as_ref();
        map.serialize_entry("stop", &stop.map(|(stop, _)| stop_name(*stop)))?;
        map.serialize_entry("why", &stop.map(|(_, why)| why))?;
        map.serialize_entry("started", &self.started)?;
        map.serialize_entry("seconds", &self.seconds)?;
        map.serialize_entry("files_read", &self.sheets)?;
        map.serialize_entry("read", &self.tally.read)?;
        let outcomes = Counts(Outcome::ALL.map(|outcome| self.tally.of(outcome)));
        map.serialize_entry("outcomes", &outcomes)?;
        map.serialize_entry("held_pressing", &self.tally.pressing())?;
        map.serialize_entry("is_accounted_for", &self.is_accounted_for())?;
        map.serialize_entry("details", &Details(self))?;
        map.serialize_entry("problems", &self.groups)?;
        map.serialize_entry("calls", &facts.calls)?;
        map.serialize_entry("calls_to_send", &facts.open)?;
        map.serialize_entry("cases", &facts.cases)?;
        map.serialize_entry("messages", &facts.messages)?;
        map.serialize_entry("messages_left_out", &facts.left_out)?;
        map.serialize_entry("consent", &ConsentView::new(facts))?;
        map.serialize_entry("recordings", &RecordingsView::new(facts))?;
        map.serialize_entry("stores", &StoresView::of(self))?;
        map.serialize_entry("by_day", &facts.by_day.dates())?;
        map.serialize_entry("by_hour", &facts.by_hour)?;
        map.serialize_entry("by_minutes", &facts.by_minutes)?;
        map.serialize_entry("agents", &facts.by_agent.len())?;
        map.serialize_entry("agents_are_more", &(facts.by_agent.others() > 0))?;
        map.serialize_entry("delivered", &self.deliveries)?;
        map.serialize_entry("bytes_sent", &self.sent)?;
        map.serialize_entry("requests", &self.requests)?;
        map.serialize_entry("retries", &self.retries)?;
        if let Some(version) = &self.read_version {
            map.serialize_entry("read_api_version", version)?;
        }
        map.serialize_entry(
            "concurrency",
            &self.width.map(|[set, lowest, last]| {
                BTreeMap::from([("set", set), ("lowest", lowest), ("last", last)])
            }),
        )?;
        map.serialize_entry("pauses", &self.pauses.0)?;
        map.serialize_entry("seconds_paused", &self.pauses.1)?;
        map.serialize_entry("unused_columns", &self.unused)?;
        map.serialize_entry("targets", &Targets(&self.targets))?;
        map.serialize_entry("not_checked", &unchecked(self))?;
        map.serialize_entry("estimate", &self.estimate)?;
        map.serialize_entry("files", &paths(&self.files))?;
        map.serialize_entry("lines_left_out", &self.left_out)?;
        map.serialize_entry("advice", &advise(self))?;
        map.end()
    }
}

fn paths(paths: &[PathBuf]) -> Vec<String> {
    let texts = paths.iter().map(|path| path.to_string_lossy().into_owned());
    texts.collect()
}

#[derive(Serialize)]
struct ShardView {
    number: u32,
    of: u32,
    hash_version: u32,
}

impl ShardView {
    /// Adds the shard, where several processes share the export.
    fn write<M: SerializeMap>(to: Option<&DestinationLabel>, map: &mut M) -> Result<(), M::Error> {
        let Some(label) = to.and_then(|to| to.shard) else {
            return Ok(());
        };
        let view = ShardView {
            number: label.shard.number(),
            of: label.shard.count(),
            hash_version: Shard::HASH_VERSION,
        };
        map.serialize_entry("shard", &view)
    }
}

#[derive(Serialize)]
struct ConsentView {
    yes: u64,
    no: u64,
    absent: u64,
}

impl ConsentView {
    fn new(facts: &Totals) -> Self {
        let consent = facts.consent;
        ConsentView {
            yes: consent.yes,
            no: consent.no,
            absent: consent.absent,
        }
    }
}

#[derive(Serialize)]
struct StoresView {
    objects: u64,
    bytes: u64,
    cold_recordings: u64,
    cold_bytes: u64,
    /// Those of a run.
    requests: StoreRequests,
}

impl StoresView {
    fn of(summary: &RunSummary) -> Option<Self> {
        let stores = summary.stores?;
        Some(StoresView {
            objects: stores.objects,
            bytes: stores.bytes,
            cold_recordings: stores.cold.recordings,
            cold_bytes: stores.cold.bytes,
            requests: stores.requests(summary.facts.far),
        })
    }
}

#[derive(Serialize)]
struct RecordingsView {
    found: u64,
    exact: u64,
    pattern: u64,
    inexact: u64,
    bytes: u64,
    seconds: f64,
    unknown_length: u64,
}

impl RecordingsView {
    fn new(facts: &Totals) -> Self {
        let [exact, pattern, inexact] = facts.by_grade;
        RecordingsView {
            found: facts.recordings,
            exact,
            pattern,
            inexact,
            bytes: facts.bytes,
            seconds: facts.seconds,
            unknown_length: facts.unknown_length,
        }
    }
}

struct Details<'a>(&'a RunSummary);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut by_outcome: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for ((outcome, detail), count) in &self.0.details {
            let details = by_outcome.entry(outcome.name()).or_default();
            details.insert(detail, *count);
        }
        by_outcome.serialize(to)
    }
}

struct Targets<'a>(&'a [FieldCount]);

#[derive(Serialize)]
struct TargetView<'a> {
    from: Option<&'a [String]>,
    filled: u64,
}

impl Serialize for Targets<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|target| {
            let view = TargetView {
                from: target.source.as_deref(),
                filled: target.filled,
            };
            (target.field.name(), view)
        }))
    }
}
