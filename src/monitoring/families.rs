//! The metrics of a run: their names, what they mean and their values, in one list. Names, units and labels
//! are what a version promises; docs/monitoring.md lists them.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::board::BoardState;
use crate::events::{LimitedBy, Outcome};
use crate::report::RunFigures;

/// What stands before every name.
const PREFIX: &str = "capturi_import";

/// The content type of [`openmetrics`].
pub(super) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics in the form that Prometheus asks for.
pub(super) fn openmetrics(state: Arc<BoardState>) -> String {
    let mut written = String::new();
    // Writing into memory does not fail.
    let _ = text::encode(&mut written, &registry(state));
    written
}

/// The same in the older form that the collector of text files takes.
pub(super) fn plain_text(state: Arc<BoardState>) -> String {
    let mut written = String::new();
    // Writing into memory does not fail.
    let _ = prometheus_text::encode(&mut written, &registry(state));
    written
}

fn registry(state: Arc<BoardState>) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(RunMetrics(state)));
    registry
}

/// The metrics of one moment.
#[derive(Debug)]
struct RunMetrics(Arc<BoardState>);

impl Collector for RunMetrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let state = &self.0;
        let mut to = FamilyWriter(encoder);
        to.build(state)?;
        if let Some(figures) = &state.figures {
            counted(&mut to, figures)?;
            sending(&mut to, figures)?;
            to_do(&mut to, figures)?;
        }
        ledger(&mut to, state)?;
        let reasons = LimitedBy::ALL.map(|reason| {
            let holds = state.limited_by == Some(reason);
            ([("by", reason.name())], u64::from(holds))
        });
        let help = "1 for what kept the run from going faster in most of the last minute";
        to.gauges("limited", help, &reasons)?;
        let is_going = u64::from(state.end.is_none());
        to.gauge("running", "1 until the run has ended", None, &is_going)?;
        if let Some(end) = state.end {
            let seconds = end.at.as_duration().as_secs_f64();
            to.gauge("end_time", "When the run ended", SECONDS, &seconds)?;
            to.gauge("exit_code", "How it ended", None, &u64::from(end.exit))?;
        }
        Ok(())
    }
}

const SECONDS: Option<&Unit> = Some(&Unit::Seconds);
const BYTES: Option<&Unit> = Some(&Unit::Bytes);

/// What was counted since the run began; at its end the same as `summary.json`.
fn counted(to: &mut FamilyWriter<'_>, figures: &RunFigures) -> fmt::Result {
    let work = &figures.work;
    to.counter("records_read", "Records read", None, &work.read)?;
    let outcomes = Outcome::ALL.map(|outcome| ([("outcome", outcome.name())], work.of(outcome)));
    to.counters("records", "Records by how they ended", &outcomes)?;
    let problems = figures.problems.iter().map(|kind| {
        let labels = [
            ("code", kind.code.name()),
            ("severity", kind.severity.name()),
        ];
        (labels, kind.problems)
    });
    let problems: Vec<_> = problems.collect();
    to.counters("problems", "Problems by code and severity", &problems)?;
    let delivered = &figures.delivered;
    let made = "Conversations that the run created";
    to.counter("conversations", made, None, &delivered.conversations)?;
    let uploaded = "Recordings that arrived";
    to.counter("recordings", uploaded, None, &delivered.recordings)?;
    let left = "Bytes of recordings that left, those of failed tries included";
    to.counter("sent", left, BYTES, &figures.bytes_sent)?;
    to.counter("retries", "Requests tried again", None, &figures.retries)?;
    let still = "How often nothing was sent for a while";
    to.counter("pauses", still, None, &figures.pauses)?;
    let paused = "How long those pauses were";
    to.counter("paused", paused, SECONDS, &figures.seconds_paused)
}

/// How the sending goes.
fn sending(to: &mut FamilyWriter<'_>, figures: &RunFigures) -> fmt::Result {
    let Some(sending) = figures.sending else {
        return Ok(());
    };
    let requests = sending.requests.iter();
    let requests: Vec<_> = requests
        .map(|(class, count)| ([("class", class.name())], count))
        .collect();
    let help = "Requests to the destination by the class of their answers";
    to.counters("requests", help, &requests)?;
    let others = sending.in_flight.saturating_sub(sending.uploads_in_flight);
    let in_flight = [("upload", sending.uploads_in_flight), ("other", others)];
    let in_flight = in_flight.map(|(kind, count)| ([("kind", kind)], count));
    to.gauges("requests_in_flight", "Requests in flight", &in_flight)?;
    let width = sending.width as u64;
    let may = "Requests that may be in flight at once";
    to.gauge("concurrency", may, None, &width)?;
    let most = sending.most as u64;
    to.gauge("concurrency_limit", "The same as it was set", None, &most)?;
    let rate = sending.rate.unwrap_or(0.0);
    let help = "Requests a second that may leave; 0 for no limit";
    to.gauge("rate_limit", help, None, &rate)?;
    let line = sending.bandwidth.unwrap_or(0);
    let help = "Bytes a second of recordings that may leave; 0 for no limit";
    to.gauge("bandwidth_limit", help, BYTES, &line)
}

/// How far the work is.
fn to_do(to: &mut FamilyWriter<'_>, figures: &RunFigures) -> fmt::Result {
    let work = &figures.work;
    if let Some(size) = work.size {
        let help = "Records of the export, a guess until all are read";
        to.gauge("records_expected", help, None, &size.records)?;
    }
    if let Some(calls) = work.to_send {
        to.gauge("calls_to_send", "Calls left to send", None, &calls)?;
    }
    if let Some(left) = work.seconds_left {
        to.gauge("remaining", "Time left at this pace", SECONDS, &left)?;
    }
    let pace = work.calls_per_second;
    let help = "Calls sent in a second, over the last minute";
    to.gauge("calls_per_second", help, None, &pace)?;
    let pressing = figures.held_pressing;
    let help = "Held records that need a person";
    to.gauge("held_pressing", help, None, &pressing)?;
    let is_paused = u64::from(figures.pause.is_some());
    to.gauge("pause", "1 while nothing is sent", None, &is_paused)?;
    let seconds = |at: jiff::Timestamp| at.as_duration().as_secs_f64();
    let started = seconds(figures.started);
    to.gauge("start_time", "When the run began", SECONDS, &started)?;
    let at = seconds(work.counted_at);
    to.gauge("updated_time", "When this was counted", SECONDS, &at)
}

/// What goes on over all runs: what the ledger knew at the start, and what came since.
fn ledger(to: &mut FamilyWriter<'_>, state: &BoardState) -> fmt::Result {
    let Some(ledger) = &state.ledger else {
        return Ok(());
    };
    let states = ledger.calls.iter();
    let states: Vec<_> = states
        .map(|(state, count)| ([("state", state.name())], *count))
        .collect();
    let help = "Calls in the ledger when the run began, by state";
    to.gauges("ledger_calls_at_start", help, &states)?;
    let since = state.figures.as_ref().map(|it| it.delivered);
    let since = since.unwrap_or_default();
    let calls = ledger.conversations() + since.conversations;
    let help = "Conversations that are there by the ledger, over all runs";
    to.counter("ledger_conversations", help, None, &calls)?;
    let bytes = ledger.bytes + since.bytes;
    let help = "Bytes of recordings that arrived by the ledger, over all runs";
    to.counter("ledger_recordings", help, BYTES, &bytes)
}

/// Writes families of metrics.
struct FamilyWriter<'e>(DescriptorEncoder<'e>);

impl FamilyWriter<'_> {
    fn build(&mut self, state: &BoardState) -> fmt::Result {
        let mode = state.figures.as_ref().map_or("starting", |it| it.mode);
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("mode", mode)];
        let help = "The program, and what it does";
        let mut family = (self.0).encode_descriptor("build", help, None, MetricType::Info)?;
        family.encode_info(&labels)
    }

    fn counter(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: &impl prometheus_client::encoding::EncodeCounterValue,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        family.encode_counter(value, None::<&Exemplar<[(&str, &str); 0], u64>>)
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: &impl EncodeGaugeValue,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        family.encode_gauge(value)
    }

    fn counters<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: &[(S, u64)],
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            let mut metric = family.encode_family(labels)?;
            metric.encode_counter(value, None::<&Exemplar<[(&str, &str); 0], u64>>)?;
        }
        Ok(())
    }

    fn gauges<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: &[(S, u64)],
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in values {
            family.encode_family(labels)?.encode_gauge(value)?;
        }
        Ok(())
    }
}
