//! `canary.html`: each picked call as it was in the export, as it was sent and as the destination has it,
//! with the loudness of its channels. One file for people, without network and without scripts.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::loudness_plot::{ChannelPlot, channel_plots};
use super::{marked, with_head};
use crate::canary::{CallReading, CanaryCall, CanaryFinding, Sound};
use crate::domain::Value as FieldValue;
use crate::domain::call::Call;
use crate::report::Error;
use crate::report::files::output_folder::OutputFolder;
use crate::report::format::{counted, safe};

const PAGE: &str = include_str!("canary.html");
/// Pieces of a transcript that are shown at once; the rest unfolds.
const UTTERANCES: usize = 8;

/// What the page about a canary is made of.
#[derive(Debug, Clone, Copy)]
pub struct CanaryReport<'c> {
    /// The answers are invented by the server inside this process.
    pub is_rehearsal: bool,
    /// The destination, as the ledger knows it.
    pub destination: &'c str,
    /// The mapping, as it was named.
    pub mapping: &'c str,
    /// Calls to choose from.
    pub seen: u64,
    /// The picked calls.
    pub calls: &'c [CanaryCall],
    /// What is odd about them, warnings first.
    pub findings: &'c [CanaryFinding],
    /// Why reading back ended before its end, if it did.
    pub broken_off: Option<&'c str>,
}

impl CanaryReport<'_> {
    /// Calls that were sent whole and read back.
    pub fn complete(&self) -> usize {
        self.calls.iter().filter(|call| call.is_complete()).count()
    }

    /// Findings that stand against it.
    pub fn against(&self) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.is_against()).count()
    }

    /// What came of it, in a sentence.
    pub fn verdict(&self) -> String {
        let (complete, all) = (self.complete(), self.calls.len());
        let findings = counted(self.against() as u64, "finding");
        if let Some(why) = self.broken_off {
            return format!("Reading back ended early: {why}");
        }
        match (complete == all, self.against()) {
            (true, 0) => format!(
                "All {all} calls were sent and read back, and no measurement speaks against them. \
                 Read them, then approve with `canary --approve NAME`."
            ),
            (true, _) => format!(
                "All {all} calls were sent and read back. {findings} to judge before you approve."
            ),
            (false, _) => format!(
                "{complete} of {all} calls were sent and read back. {findings} to look at first."
            ),
        }
    }

    /// Writes the page into this folder, in place of that of an earlier canary; `inputs` stay as they are.
    pub fn write(&self, folder: &Path, inputs: &[PathBuf]) -> Result<PathBuf, Error> {
        let page = render(self)?;
        let folder = OutputFolder::open(folder, inputs)?;
        let (path, mut file) = folder.replace("canary", "html")?;
        let written = file.write_all(page.as_bytes());
        written.map_err(Error::write(&path))?;
        Ok(path)
    }
}

#[derive(Serialize)]
struct PageView {
    is_rehearsal: bool,
    title: &'static str,
    version: &'static str,
    destination: String,
    mapping: String,
    seen: String,
    verdict: String,
    findings: Vec<FindingView>,
    calls: Vec<CallView>,
}

#[derive(Serialize)]
struct FindingView {
    is_against: bool,
    text: String,
    calls: Vec<usize>,
}

#[derive(Serialize)]
struct CallView {
    number: usize,
    id: String,
    place: String,
    why: String,
    state: &'static str,
    is_odd: bool,
    row: Vec<(String, String)>,
    sent: Vec<(String, String)>,
    understood: Vec<(String, String)>,
    /// Why nothing was understood.
    nothing: Option<String>,
    said: Vec<UtteranceView>,
    more_said: Vec<UtteranceView>,
    sound: Vec<String>,
    channels: Vec<ChannelPlot>,
}

#[derive(Serialize)]
struct UtteranceView {
    who: String,
    text: String,
}

fn render(report: &CanaryReport<'_>) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The name ends in `.html`, which turns escaping on.
    environment.add_filter("code", marked);
    let text = with_head(PAGE);
    environment.add_template("canary.html", &text)?;
    let view = PageView {
        is_rehearsal: report.is_rehearsal,
        title: if report.is_rehearsal {
            "Rehearsal of a canary"
        } else {
            "Canary of an import"
        },
        version: env!("CARGO_PKG_VERSION"),
        destination: safe(report.destination).into_owned(),
        mapping: safe(report.mapping).into_owned(),
        seen: counted(report.seen, "call"),
        verdict: safe(&report.verdict()).into_owned(),
        findings: report.findings.iter().map(finding).collect(),
        calls: (report.calls.iter().enumerate())
            .map(|(at, one)| call(at, one))
            .collect(),
    };
    let template = environment.get_template("canary.html")?;
    Ok(template.render(Value::from(Serde(&view)))?)
}

fn finding(finding: &CanaryFinding) -> FindingView {
    FindingView {
        is_against: finding.is_against(),
        text: finding.text.clone(),
        calls: finding.calls.iter().map(|at| at + 1).collect(),
    }
}

fn call(at: usize, call: &CanaryCall) -> CallView {
    let candidate = &call.picked.candidate;
    let cells = candidate.cells.iter();
    let (understood, nothing) = understood(&call.reading);
    let mut said = said(&call.reading);
    let more_said = said.split_off(said.len().min(UTTERANCES));
    CallView {
        number: at + 1,
        id: shown(candidate.call.identity()),
        place: shown(&format!(
            "{}:{}",
            candidate.location.file, candidate.location.line
        )),
        why: shown(&call.picked.why()),
        state: state(&call.reading),
        is_odd: !call.is_complete(),
        row: cells
            .map(|(name, text)| (shown(name), shown(text)))
            .collect(),
        sent: sent(call),
        understood,
        nothing,
        said,
        more_said,
        sound: sound(call),
        channels: channel_plots(&call.measured),
    }
}

fn shown(text: &str) -> String {
    safe(text).into_owned()
}

fn state(reading: &CallReading) -> &'static str {
    match reading {
        CallReading::NotSent => "not sent",
        CallReading::Missing => "not there",
        CallReading::Waiting(_) => "not worked on yet",
        CallReading::Settled(..) => "read back",
        CallReading::Unreadable(_) => "unreadable",
    }
}

fn sent(call: &CanaryCall) -> Vec<(String, String)> {
    let candidate = &call.picked.candidate;
    let mut rows: Vec<(String, String)> = candidate
        .call
        .fields()
        .map(|(field, value)| (field.name().to_owned(), shown(&value_text(&value))))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if candidate
        .call
        .text(crate::domain::call::Field::AudioChannels)
        == Call::AUTO
    {
        rows.retain(|(name, _)| name != "audioChannels");
    }
    if let Some(upload) = &candidate.upload {
        rows.push(("recording".to_owned(), shown(&upload.name)));
        rows.extend(
            upload
                .kind
                .as_ref()
                .map(|kind| ("its format".to_owned(), shown(kind))),
        );
    }
    rows
}

fn value_text(value: &FieldValue<'_>) -> String {
    match value {
        FieldValue::Absent | FieldValue::Broken => String::new(),
        FieldValue::Text(text) | FieldValue::Time(text, _) | FieldValue::Number(text) => {
            text.to_string()
        }
        FieldValue::Bool(yes) => yes.to_string(),
        FieldValue::Labels(labels) => labels.join(", "),
        FieldValue::Segments(segments) => counted(segments.len() as u64, "segment"),
    }
}

/// What is told of the conversation, or why nothing is.
fn understood(reading: &CallReading) -> (Vec<(String, String)>, Option<String>) {
    let (details, transcript) = match reading {
        CallReading::NotSent => return (Vec::new(), Some("It was not sent.".to_owned())),
        CallReading::Missing => {
            let text = "The read API does not have it.";
            return (Vec::new(), Some(text.to_owned()));
        }
        CallReading::Unreadable(why) => return (Vec::new(), Some(shown(why))),
        CallReading::Waiting(details) => (details, None),
        CallReading::Settled(details, transcript) => (details, transcript.as_ref()),
    };
    let mut rows = Vec::new();
    let mut tell = |name: &str, text: Option<String>| {
        rows.extend(text.map(|text| (name.to_owned(), shown(&text))));
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    tell("state", details.state.clone());
    tell("dateTime", details.date_time.clone());
    tell("subject", details.subject.clone());
    tell("customer", details.customer.clone());
    tell("status", details.status.clone());
    tell(
        "labels",
        details.labels.as_ref().map(|labels| labels.join(", ")),
    );
    tell("hasConsent", details.has_consent.map(yes));
    tell("hasAudio", details.has_audio.map(yes));
    let seconds = details.duration.filter(|seconds| *seconds > 0.0);
    tell("duration", seconds.map(|seconds| format!("{seconds:.1} s")));
    let uid = |uid: &Option<String>| Some(uid.clone().unwrap_or_else(|| "none".to_owned()));
    tell("team", uid(&details.team_uid));
    tell("user", uid(&details.user_uid));
    tell(
        "speakers",
        details.speakers().map(|count| count.to_string()),
    );
    let named = transcript.map(crate::api::Transcript::speakers);
    tell(
        "speakers in the transcript",
        named.map(|count| count.to_string()),
    );
    (rows, None)
}

fn said(reading: &CallReading) -> Vec<UtteranceView> {
    let CallReading::Settled(_, Some(transcript)) = reading else {
        return Vec::new();
    };
    let pieces = transcript.utterances.iter();
    let view = |piece: &crate::api::Utterance| {
        let speaker = piece.speaker.as_deref().unwrap_or("?");
        let who = match &piece.channel {
            Some(channel) => format!("{speaker} (channel {channel})"),
            None => speaker.to_owned(),
        };
        UtteranceView {
            who: shown(&who),
            text: shown(&piece.text),
        }
    };
    pieces.map(view).collect()
}

/// What was measured, in sentences.
fn sound(call: &CanaryCall) -> Vec<String> {
    let stated = call.picked.candidate.stated.as_ref();
    let mut told = Vec::new();
    match &call.measured.sound {
        Sound::Absent => told.push("It has no recording.".to_owned()),
        Sound::NotDecoded(why) => told.push(format!("Not measured: {}.", safe(why))),
        Sound::Heard(_) => {}
    }
    if let Some(seconds) = call.seconds() {
        let says = stated.map_or_else(String::new, |stated| {
            format!("; the export says {:.0} s", stated.seconds.1)
        });
        told.push(format!("The recording has {seconds:.1} s{says}."));
    }
    if let Some(first) = call.measured.first() {
        let direction = call.picked.candidate.direction;
        let direction = direction.map_or("", |direction| direction.name());
        let side = match call.measured.agent {
            Some(agent) if agent == first => ", the agent's by the mapping,",
            Some(_) => ", the customer's by the mapping,",
            None => "",
        };
        let text = format!(
            "Channel {}{side} speaks first on this {direction} call.",
            first + 1
        );
        told.push(text.replace("  ", " "));
    }
    told
}
