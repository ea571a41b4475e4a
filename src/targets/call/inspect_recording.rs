//! What is in the recording of a call, by its header and on request by its sound, and how that fits
//! what the call says. Says as well what must be made of it before it is sent.

use std::time::{Duration, SystemTime};

use super::context::CallContext;
use super::decrypted_probe::decrypted_probe;
use super::inspection::Inspection;
use super::inspection_options::{InspectionOptions, OddFormats};
use super::recording_match::RecordingMatch;
use super::stated_length::StatedLength;
use crate::domain::call::{Call, Field};
use crate::domain::{Code, Location, Problem, Severity};
use crate::pipeline::{Purpose, RecordingUse};
use crate::recordings::{
    self, Depth, FileEnd, Grade, Index, Probe, ProbeError, Recording, RecordingError, Skew,
    TranscodeJob, Transcoder,
};

/// The recordings of one call, what its header must fit, and where problems go.
struct Inspector<'e> {
    index: Option<&'e Index>,
    call: &'e Call<'e>,
    location: &'e Location,
    options: InspectionOptions,
    depth: Depth,
    decryption: Option<&'e Transcoder>,
    problems: &'e mut Vec<Problem>,
}

/// Looks into the call's recording: what is no sound, or not whole, is not sent. A run reads no more
/// than its header; a check also tells how long it is where the header does not.
pub(in crate::targets) fn inspect(
    context: CallContext<'_>,
    found: &RecordingMatch,
    call: &Call<'_>,
    problems: &mut Vec<Problem>,
    location: &Location,
) -> Inspection {
    let Some(first) = &found.recording else {
        return Inspection::default();
    };
    let options = context.target.inspection;
    let mut inspector = Inspector {
        index: context.target.recordings.as_deref(),
        call,
        location,
        options,
        depth: match context.run.purpose {
            Purpose::Check => Depth::Length,
            Purpose::Run => Depth::Header,
        },
        decryption: context.target.decryption.as_deref(),
        problems,
    };
    let mut inspection = Inspection::default();
    if found.others.is_empty() {
        inspection.probe = inspector.look_into(first, &mut inspection.order);
        inspection.seconds = inspection.probe.as_ref().and_then(|probe| probe.seconds);
    } else {
        inspector.join(first, &found.others, &mut inspection);
    }
    inspector.compare_channels(first, inspection.probe.as_ref());
    if let (Some(stated), Some(seconds)) = (&found.stated, inspection.seconds) {
        inspector.compare_length(stated, seconds);
    }
    if options.for_silence {
        for recording in std::iter::once(first).chain(&found.others) {
            inspection.is_unheard |= !inspector.check_for_silence(recording);
        }
    }
    inspection
}

impl Inspector<'_> {
    /// What people call a recording.
    fn shown(&self, recording: &Recording) -> String {
        self.index
            .map_or_else(|| recording.name.clone(), |index| index.shown(recording))
    }

    fn report(&mut self, recording: &Recording, code: Code, severity: Severity, message: String) {
        let shown = self.shown(recording);
        self.problems.push(
            Problem::new(code, self.location.clone(), message)
                .at("recording", &shown)
                .with_severity(severity),
        );
    }

    fn warn(&mut self, recording: &Recording, code: Code, message: String) {
        self.report(recording, code, Severity::Warning, message);
    }

    /// Tells for what the call waits.
    fn hold(&mut self, recording: &Recording, code: Code, message: String) {
        let problem = Problem::new(code, self.location.clone(), message);
        let problem = problem.at("recording", &self.shown(recording));
        self.problems.push(problem.holding());
    }

    /// Looks at one file; nothing where that cannot be done.
    fn look_at(&mut self, recording: &Recording) -> Option<Result<Probe, ProbeError>> {
        let probe = match recordings::probe_found(recording, self.depth) {
            Ok(probe) => probe,
            Err(RecordingError::Changed(change)) => {
                let message = format!("{change}; the call waits for it");
                self.hold(recording, Code::RecordingChanged, message);
                return None;
            }
            Err(RecordingError::Unavailable(failure)) => {
                let message = format!("{failure}; the call waits for it");
                self.hold(recording, failure.code(), message);
                return None;
            }
            Err(RecordingError::Io(error)) => {
                let message = format!("it cannot be read: {error}");
                self.report(
                    recording,
                    Code::RecordingUnreadable,
                    Severity::Error,
                    message,
                );
                return None;
            }
        };
        if is_young(recording.modified(), self.options.min_age) {
            let message = "it was written less than --min-age ago; the call waits for it";
            self.hold(recording, Code::RecordingUnfinished, message.to_owned());
        }
        Some(probe)
    }

    /// Reads the header of a recording that is sent alone.
    fn look_into(
        &mut self,
        recording: &Recording,
        order: &mut Option<TranscodeJob>,
    ) -> Option<Probe> {
        let convert = self.options.doubtful == OddFormats::Convert;
        let probe = match self.look_at(recording)? {
            Ok(probe) => probe,
            Err(ProbeError::Unknown)
                if convert && TranscodeJob::convert(recording, None).is_ok() =>
            {
                *order = TranscodeJob::convert(recording, None).ok();
                let message = "sound without a header; converted to WAV before it is sent";
                self.report(
                    recording,
                    Code::RecordingFormat,
                    Severity::Note,
                    message.to_owned(),
                );
                return None;
            }
            // Of some ways to encrypt nothing in the file tells.
            Err(error @ (ProbeError::Encrypted(_) | ProbeError::Unknown))
                if self.decryption.is_some() =>
            {
                let (probe, bytes) = self.look_behind(recording, &error)?;
                *order = Some(TranscodeJob::decrypt(recording, bytes));
                probe
            }
            Err(error) => {
                self.report_unread(recording, &error);
                return None;
            }
        };
        self.report_damage(recording, &probe);
        if probe.is_common() {
            return Some(probe);
        }
        let kind = probe.shown();
        match TranscodeJob::convert(recording, Some(&probe)) {
            Ok(made) if convert && order.is_none() => {
                let message = format!("{kind}; converted to WAV before it is sent");
                self.report(recording, Code::RecordingFormat, Severity::Note, message);
                *order = Some(made);
            }
            _ => {
                let message = format!("{kind}, which the API may not take");
                self.warn(recording, Code::RecordingFormat, message);
            }
        }
        Some(probe)
    }

    /// Looks into a recording that is or may be encrypted, by decrypting it, and counts its bytes; nothing where that
    /// fails.
    fn look_behind(&mut self, recording: &Recording, error: &ProbeError) -> Option<(Probe, u64)> {
        let transcoder = self.decryption?;
        match decrypted_probe(recording, transcoder, self.depth) {
            Ok(found) => {
                let (code, message) = (Code::RecordingEncrypted, "decrypted before it is sent");
                let message = format!("{error}; {message}");
                self.report(recording, code, Severity::Note, message);
                Some(found)
            }
            Err(why) => {
                let message = format!("{error}: {}; the call waits for it", why.message);
                self.hold(recording, why.code, message);
                None
            }
        }
    }

    fn report_unread(&mut self, recording: &Recording, error: &ProbeError) {
        match error {
            ProbeError::NotSound(_) | ProbeError::Blank | ProbeError::Soundless { .. } => {
                let message = format!("{error}; the call waits for its recording");
                self.hold(recording, Code::RecordingNotSound, message);
            }
            ProbeError::Encrypted(_) => {
                let message =
                    format!("{error}; the call waits until [audio] decrypt names a command");
                self.hold(recording, Code::RecordingEncrypted, message);
            }
            ProbeError::Cut(_) => {
                let message = format!("{error}; the call waits for it");
                self.hold(recording, Code::RecordingTruncated, message);
            }
            ProbeError::Empty => {
                let message = "the file is empty".to_owned();
                self.report(recording, Code::RecordingEmpty, Severity::Error, message);
            }
            _ if self.call.wants_channels() => {
                let message = format!("its channels cannot be told: {error}");
                self.report(recording, Code::RecordingChannels, Severity::Error, message);
            }
            _ => {
                let message = format!("its header cannot be read: {error}");
                self.warn(recording, Code::RecordingFormat, message);
            }
        }
    }

    fn report_damage(&mut self, recording: &Recording, probe: &Probe) {
        if probe.seconds.is_some_and(|seconds| seconds <= 0.0) {
            let message = "there is no sound behind its header".to_owned();
            self.report(recording, Code::RecordingEmpty, Severity::Error, message);
        }
        if probe.is_silent && !self.options.for_silence {
            let message = "its sound is nothing but zeros".to_owned();
            self.warn(recording, Code::RecordingSilent, message);
        }
        match probe.end {
            FileEnd::Fine => {}
            FileEnd::Unmarked => {
                let message = "nothing in the file says that it ends there; it may be cut";
                self.warn(recording, Code::RecordingTruncated, message.to_owned());
            }
            FileEnd::Cut => {
                let message = "the file ends before its header says; the call waits for it";
                self.hold(recording, Code::RecordingTruncated, message.to_owned());
            }
        }
        if probe.mislabelled {
            let message = format!("the content is {}", probe.container);
            self.warn(recording, Code::RecordingMislabelled, message);
        }
    }

    /// Sees whether several recordings can be put together.
    fn join(&mut self, first: &Recording, others: &[Recording], inspection: &mut Inspection) {
        let mut parts = Vec::new();
        for recording in std::iter::once(first).chain(others) {
            let probe = match self.look_at(recording) {
                Some(Ok(probe)) => Some(probe),
                Some(Err(error)) => {
                    self.report_unread(recording, &error);
                    None
                }
                None => None,
            };
            if let Some(probe) = &probe {
                self.report_damage(recording, probe);
            }
            parts.push((recording, probe));
        }
        let lengths = parts.iter().map(|(_, probe)| probe.as_ref()?.seconds);
        inspection.seconds = lengths.sum();
        let together: Vec<_> = parts
            .iter()
            .map(|(one, probe)| (*one, probe.as_ref()))
            .collect();
        let names: Vec<String> = parts.iter().map(|(one, _)| self.shown(one)).collect();
        let (count, names) = (parts.len(), names.join(", "));
        let refuse =
            |why: &str| format!("{count} recordings cannot be put together: {why}: {names}");
        let is_held = self.problems.iter().any(|problem| problem.holds);
        let refusal = match TranscodeJob::join(&together) {
            // What is wrong with a part is told, and the call waits for it.
            Err(_) if is_held => None,
            Err(unfit) => Some(refuse(&unfit.to_string())),
            Ok(order) if order.needs_ffmpeg() && !self.options.has_ffmpeg => {
                let why = "they are not plain WAV of one format, and ffmpeg is not there";
                Some(refuse(why))
            }
            Ok(order) => {
                inspection.order = Some(order);
                None
            }
        };
        if let Some(message) = refusal {
            self.report(first, Code::RecordingNotMade, Severity::Error, message);
        } else if !is_held {
            let message = format!("{count} recordings are sent as one, in this order: {names}");
            self.report(first, Code::RecordingJoined, Severity::Note, message);
        }
        inspection.probe = parts.swap_remove(0).1;
    }

    fn compare_channels(&mut self, recording: &Recording, probe: Option<&Probe>) {
        let Some(probe) = probe else { return };
        match (self.call.text(Field::AudioChannels), probe.channels) {
            (_, Some(channels)) if channels > 2 => {
                let message =
                    format!("the recording has {channels} channels, and the API knows two");
                self.warn(recording, Code::RecordingChannels, message);
            }
            ("" | "Stereo", Some(1)) => {
                let message = "it counts as stereo, but the recording has one channel";
                self.warn(recording, Code::RecordingChannels, message.to_owned());
            }
            ("Mono1Speaker" | "Mono2Speaker", Some(channels)) if channels > 1 => {
                let message = format!("sent as mono, but the recording has {channels} channels");
                self.warn(recording, Code::RecordingChannels, message);
            }
            (Call::AUTO, None) => {
                let message = "its header does not say how many channels it has".to_owned();
                self.report(recording, Code::RecordingChannels, Severity::Error, message);
            }
            _ => {}
        }
    }

    fn compare_length(&mut self, stated: &StatedLength, seconds: f64) {
        let (longest, all) = stated.seconds;
        if !stated.fits(seconds) {
            let says = if longest < all {
                format!("{longest:.0} to {all:.0}")
            } else {
                format!("{all:.0}")
            };
            let message = format!("the recording has {seconds:.0} seconds, the export says {says}");
            self.problems.push(
                Problem::new(Code::RecordingDuration, self.location.clone(), message)
                    .at(&stated.column, &says),
            );
        }
    }

    /// Whether its sound could be decoded.
    fn check_for_silence(&mut self, recording: &Recording) -> bool {
        let Some((silent, channels)) = recordings::silent_channels(recording) else {
            return false;
        };
        let message = match silent.as_slice() {
            [] => return true,
            _ if silent.len() == channels => "nobody is heard in it".to_owned(),
            [one] => format!("nobody is heard in channel {one}"),
            some => format!(
                "nobody is heard in {} of its {channels} channels",
                some.len()
            ),
        };
        self.warn(recording, Code::RecordingSilent, message);
        true
    }
}

/// Whether a file of this age may still be written. A clock of a file server that is ahead by more
/// than that says nothing.
fn is_young(modified: SystemTime, min_age: Duration) -> bool {
    let apart = SystemTime::now()
        .duration_since(modified)
        .unwrap_or_else(|ahead| ahead.duration());
    apart < min_age
}

/// What the sequencer is told of the recording, if there is one.
pub(in crate::targets) fn into_use(
    found: RecordingMatch,
    call: &Call<'_>,
    inspection: &Inspection,
) -> Option<Box<RecordingUse>> {
    let recording = found.recording?;
    let name = recording.name.rsplit('/').next().unwrap_or_default();
    let skew = Skew::of(name, call.text(Field::DateTime), call.at());
    Some(Box::new(RecordingUse {
        skew,
        others: found.others,
        call: found.call,
        grade: found.grade.unwrap_or(Grade::Inexact),
        seconds: inspection.seconds,
        is_unheard: inspection.is_unheard,
        is_sent: true,
        recording,
    }))
}
