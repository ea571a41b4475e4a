//! One worker's desk: records of a batch become calls, and calls get their recording and their
//! step. Looks at one record at a time; what needs all of them in order is the register's.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::decided::{Decision, Fate, Parcel, Shipment};
use super::sums::Sums;
use super::{Error, Outcome, Road, Want};
use crate::audio::{self, Ask, Found, Unusable};
use crate::call::{Call, Channels, Code, Draft, Fault, Field, Problem, Severity};
use crate::ledger::{Create, Reader, Standing};
use crate::mapping::{Mapped, Profile};
use crate::plan::{self, MissingRecording, Step};
use crate::source::{Batch, Record};

/// A record as it leaves the desk.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) decision: Decision,
    /// What the register needs of a call; nothing for records that became none.
    pub(super) mark: Option<Box<Mark>>,
    /// Hashes of the id and of the content.
    pub(super) key: Option<(u64, u64)>,
}

/// What a call costs and takes.
#[derive(Debug, Default)]
pub(super) struct Mark {
    pub(super) recording: Option<audio::Recording>,
    pub(super) seconds: Option<f64>,
    pub(super) requests: u64,
}

/// The records of a batch, each decided as far as one record alone can be.
#[derive(Debug)]
pub(super) struct Worked {
    pub(super) batch: Batch,
    pub(super) items: Vec<Item>,
    pub(super) sums: Sums,
}

/// What was found out about a call's recording.
struct Sound {
    state: plan::Recording,
    recording: Option<audio::Recording>,
    probe: Option<audio::Probe>,
}

/// A call that is not known to be done, waiting for its standing.
struct Open {
    index: usize,
    call: Call<'static>,
    fingerprint: u128,
    sound: Sound,
}

pub(super) struct Desk<'r> {
    road: &'r Road,
    profile: Arc<Profile>,
    reader: Option<Reader>,
    latest: Timestamp,
    faults: Vec<Fault>,
    scratch: Vec<u8>,
}

impl<'r> Desk<'r> {
    pub(super) fn new(road: &'r Road, profile: Arc<Profile>) -> Result<Self, Error> {
        let reader = match &road.past {
            Some(past) => Some(past.reader()?),
            None => None,
        };
        // A clock that is a little behind must not make today's calls implausible.
        let latest = road
            .now
            .checked_add(jiff::SignedDuration::from_hours(24))
            .unwrap_or(road.now);
        Ok(Desk {
            road,
            profile,
            reader,
            latest,
            faults: Vec::new(),
            scratch: Vec::new(),
        })
    }

    pub(super) fn use_profile(&mut self, profile: Arc<Profile>) {
        self.profile = profile;
    }

    /// Decides the records of a batch.
    pub(super) fn work(&mut self, batch: Batch) -> Result<Worked, Error> {
        let mut items = Vec::with_capacity(batch.len());
        let mut sums = Sums::default();
        let mut open = Vec::new();
        let profile = Arc::clone(&self.profile);
        for (index, record) in batch.iter().enumerate() {
            sums.records += 1;
            let mut problems: Vec<Problem> = record.problems().cloned().collect();
            if problems.iter().any(Problem::is_error) {
                items.push(ended(problems, Outcome::Rejected, ""));
                continue;
            }
            if problems
                .iter()
                .any(|problem| problem.code == Code::TrailingRow)
            {
                items.push(ended(problems, Outcome::Skipped, "no record"));
                continue;
            }
            match profile.apply(&record, &mut problems) {
                Mapped::Skipped(rule) => {
                    items.push(ended(problems, Outcome::Skipped, rule.to_owned()));
                }
                Mapped::Undecided => items.push(ended(problems, Outcome::Rejected, "")),
                Mapped::Draft(draft) => {
                    let item = self.judge(&record, draft, problems, (index, &mut sums, &mut open));
                    items.push(item);
                }
            }
        }
        self.settle(&batch, &mut items, open)?;
        Ok(Worked { batch, items, sums })
    }

    fn judge<'b>(
        &mut self,
        record: &Record<'b>,
        draft: Draft<'b>,
        mut problems: Vec<Problem>,
        (index, sums, open): (usize, &mut Sums, &mut Vec<Open>),
    ) -> Item {
        self.faults.clear();
        let call = Call::new(draft, &mut self.faults);
        for fault in self.faults.drain(..) {
            // The mapping knows the region and has warned already when the customer is no phone.
            let is_told = fault.code == Code::CustomerNotAPhone
                && problems.iter().any(|problem| {
                    matches!(
                        problem.code,
                        Code::CustomerNotAPhone | Code::PhoneWithoutRegion
                    )
                });
            if !is_told {
                let column = self.profile.column_for(fault.field, record);
                problems.push(
                    Problem::new(fault.code, record.place(), fault.message)
                        .at(column, &fault.value),
                );
            }
        }
        let Some(call) = call else {
            return ended(problems, Outcome::Rejected, "");
        };
        if call.at() > self.latest {
            let column = self.profile.column_for(Field::DateTime, record);
            problems.push(
                Problem::new(Code::ImplausibleTime, record.place(), "in the future")
                    .at(column, call.text(Field::DateTime)),
            );
        }
        sums.count(&call);
        let fingerprint = call.fingerprint(&mut self.scratch);
        let key = Some((call.identity_hash(), low(fingerprint)));
        let sound = self.listen(record, &call, &mut problems);
        if problems.iter().any(Problem::is_error) {
            return Item {
                key,
                ..ended(problems, Outcome::Rejected, "")
            };
        }
        let ending = self
            .road
            .past
            .as_ref()
            .and_then(|past| past.done.ending(call.identity_hash(), fingerprint));
        let step = match (ending, self.reader.is_some()) {
            (Some(ending), _) => plan::step_of_done(ending, sound.state, self.road.policy),
            (None, true) => None,
            (None, false) => Some(plan::step(None, sound.state, self.road.policy)),
        };
        match step {
            Some(step) => self.step(
                step,
                None,
                Open {
                    index,
                    call: self.keep(call),
                    fingerprint,
                    sound,
                },
                problems,
            ),
            None => {
                open.push(Open {
                    index,
                    call: call.into_owned(),
                    fingerprint,
                    sound,
                });
                Item {
                    decision: Decision {
                        problems,
                        fate: Fate::Ready,
                    },
                    mark: None,
                    key,
                }
            }
        }
    }

    /// The call for a shipment; a check sends nothing and need not keep the text.
    fn keep(&self, call: Call<'_>) -> Call<'static> {
        call.into_owned()
    }

    /// Asks the ledger about the calls of a batch that are not known to be done.
    fn settle(&mut self, batch: &Batch, items: &mut [Item], open: Vec<Open>) -> Result<(), Error> {
        let Some(reader) = self.reader.as_ref().filter(|_| !open.is_empty()) else {
            return Ok(());
        };
        let identities: Vec<&str> = open.iter().map(|open| open.call.identity()).collect();
        let standings = reader.standing(&identities)?;
        for (open, standing) in open.into_iter().zip(standings) {
            let item = &mut items[open.index];
            let mut problems = std::mem::take(&mut item.decision.problems);
            if standing
                .as_ref()
                .is_some_and(|known| has_changed(known, open.fingerprint))
            {
                let place = batch.get(open.index).place();
                let message = "the record is no longer what was sent, and it is not sent again";
                problems.push(Problem::new(Code::ChangedSinceSent, place, message));
            }
            let step = plan::step(standing.as_ref(), open.sound.state, self.road.policy);
            *item = self.step(step, standing, open, problems);
        }
        Ok(())
    }

    /// Turns a step into a fate.
    fn step(
        &self,
        step: Step,
        standing: Option<Standing>,
        open: Open,
        problems: Vec<Problem>,
    ) -> Item {
        let Open {
            call,
            fingerprint,
            sound,
            ..
        } = open;
        let key = Some((call.identity_hash(), low(fingerprint)));
        let mut mark = Mark {
            recording: sound.recording,
            ..Mark::default()
        };
        let is_changed = problems
            .iter()
            .any(|problem| problem.code == Code::ChangedSinceSent);
        let fate = match step {
            Step::Nothing if is_changed => Fate::Ends(Outcome::AlreadyThere, "changed".into()),
            Step::Nothing => Fate::Ends(Outcome::AlreadyThere, "".into()),
            Step::Refuse => Fate::Ends(Outcome::Rejected, "".into()),
            Step::Hold if self.road.want == Want::Check => Fate::Ends(Outcome::Held, "".into()),
            Step::Hold => Fate::Waits {
                identity: call.identity().to_owned(),
                fingerprint,
            },
            Step::Create { .. } | Step::Upload { .. } => {
                let with_upload = !matches!(
                    step,
                    Step::Create {
                        with_upload: false,
                        ..
                    }
                );
                mark.requests = 1 + u64::from(with_upload && matches!(step, Step::Create { .. }));
                mark.seconds = sound.probe.as_ref().and_then(|probe| probe.seconds);
                let parcel = mark.recording.as_ref().filter(|_| with_upload).map(parcel);
                match self.road.want {
                    Want::Check => Fate::Ready,
                    Want::Run => {
                        let call = settle_channels(call, sound.probe.as_ref());
                        Fate::Sends(Box::new(Shipment {
                            call,
                            fingerprint,
                            step,
                            standing,
                            parcel,
                        }))
                    }
                }
            }
        };
        let mark = (mark.recording.is_some() || mark.requests > 0).then(|| Box::new(mark));
        Item {
            decision: Decision { problems, fate },
            mark,
            key,
        }
    }

    /// Finds the call's recording and says what is wrong with it.
    fn listen(&self, record: &Record<'_>, call: &Call<'_>, problems: &mut Vec<Problem>) -> Sound {
        let none = |state| Sound {
            state,
            recording: None,
            probe: None,
        };
        let Some(index) = &self.road.audio else {
            return none(plan::Recording::NotAsked);
        };
        let names = self.profile.audio_names(record);
        let names: Vec<Cow<'_, str>> = names.iter().map(super::asked_name).collect();
        let shown = names
            .first()
            .map_or(call.identity(), |name| name)
            .to_owned();
        let mut tell = |code: Code, severity: Severity, message: String| {
            problems.push(
                Problem::new(code, record.place(), message)
                    .at("recording", &shown)
                    .with_severity(severity),
            );
        };
        let error = Severity::Error;
        match index.find(&Ask {
            names: &names,
            identity: call.identity(),
        }) {
            Found::One(recording, _) => {
                let probe = self.probe(&recording, call, problems, record);
                Sound {
                    state: plan::Recording::Here,
                    recording: Some(recording),
                    probe,
                }
            }
            Found::Missing => {
                let (severity, then) = match self.road.policy.missing {
                    MissingRecording::Hold => (Severity::Warning, "the call waits for it"),
                    MissingRecording::Create => (Severity::Note, "the call goes out without one"),
                    MissingRecording::Refuse => (error, "the call is refused"),
                };
                tell(
                    Code::RecordingMissing,
                    severity,
                    format!("no recording of this name; {then}"),
                );
                none(plan::Recording::Missing)
            }
            Found::Several { first, total, .. } => {
                let some: Vec<&str> = first.iter().take(3).map(|found| &*found.name).collect();
                let message = format!("{total} recordings fit equally well: {}", some.join(", "));
                tell(Code::RecordingAmbiguous, error, message);
                none(plan::Recording::Missing)
            }
            Found::Refused { why, .. } => {
                tell(
                    Code::RecordingOutside,
                    error,
                    format!("the name leaves the audio folder: {why}"),
                );
                none(plan::Recording::Missing)
            }
            Found::Unusable { recording, why } => {
                let (code, message) = unusable(why, recording.bytes);
                tell(code, error, message);
                none(plan::Recording::Missing)
            }
        }
    }

    /// Reads the recording's header where somebody wants to know: a check tells its length and
    /// what is wrong with it, and a run needs it to settle `auto`.
    fn probe(
        &self,
        recording: &audio::Recording,
        call: &Call<'_>,
        problems: &mut Vec<Problem>,
        record: &Record<'_>,
    ) -> Option<audio::Probe> {
        if self.road.want == Want::Run && !call.wants_channels() {
            return None;
        }
        let mut tell = |code: Code, message: String| {
            problems
                .push(Problem::new(code, record.place(), message).at("recording", &recording.name));
        };
        let probe = match audio::probe(&recording.path) {
            Ok(probe) => probe,
            Err(error) => {
                if call.wants_channels() {
                    let message = format!("its channels cannot be told: {error}");
                    problems.push(
                        Problem::new(Code::RecordingChannels, record.place(), message)
                            .at("recording", &recording.name)
                            .with_severity(Severity::Error),
                    );
                } else {
                    tell(
                        Code::RecordingFormat,
                        format!("its header cannot be read: {error}"),
                    );
                }
                return None;
            }
        };
        if probe.truncated {
            tell(
                Code::RecordingTruncated,
                "the file ends before its header says".to_owned(),
            );
        }
        if probe.mislabelled {
            tell(Code::RecordingMislabelled, format!("the content is {}", probe.container));
        }
        let stereo = Channels::Stereo.name();
        match (call.text(Field::AudioChannels), probe.channels) {
            (said, Some(1)) if said == stereo || said.is_empty() => {
                tell(
                    Code::RecordingChannels,
                    "sent as stereo, but the recording has one channel".to_owned(),
                );
            }
            ("Mono1Speaker" | "Mono2Speaker", Some(channels)) if channels > 1 => {
                tell(
                    Code::RecordingChannels,
                    format!("sent as mono, but the recording has {channels} channels"),
                );
            }
            _ => {}
        }
        Some(probe)
    }
}

/// `auto` becomes what the recording says: two channels are an agent and a customer apart, one
/// channel holds both. A call without a recording says nothing.
fn settle_channels(mut call: Call<'static>, probe: Option<&audio::Probe>) -> Call<'static> {
    if call.wants_channels() {
        let channels = probe.and_then(|probe| probe.channels);
        call.settle_channels(channels.map(|channels| {
            if channels == 1 { Channels::Mono2Speaker } else { Channels::Stereo }
        }));
    }
    call
}

fn parcel(recording: &audio::Recording) -> Parcel {
    let file_name = recording.name.rsplit('/').next().unwrap_or(&recording.name);
    Parcel {
        path: recording.path.clone(),
        // A quote, a backslash or a control character could end the header it stands in.
        file_name: file_name
            .chars()
            .map(|char| {
                if char.is_control() || matches!(char, '"' | '\\') {
                    '_'
                } else {
                    char
                }
            })
            .collect(),
        content_type: audio::content_type(&recording.name),
        bytes: recording.bytes,
        name: recording.name.clone(),
    }
}

fn unusable(why: Unusable, bytes: u64) -> (Code, String) {
    match why {
        Unusable::Empty => (Code::RecordingEmpty, format!("{bytes} bytes hold no sound")),
        Unusable::TooLarge => (
            Code::RecordingTooLarge,
            format!("{bytes} bytes are more than the API takes"),
        ),
        Unusable::Unreadable => (Code::RecordingUnreadable, "it cannot be read".to_owned()),
        Unusable::NotAFile => (
            Code::RecordingUnreadable,
            "it is no regular file".to_owned(),
        ),
    }
}

/// Whether the record says something else than what the server was sent. An adopted conversation
/// was never sent by us, so nothing can be said about it.
fn has_changed(standing: &Standing, fingerprint: u128) -> bool {
    matches!(
        standing.create,
        Create::Done {
            is_adopted: false,
            ..
        }
    ) && standing.fingerprint != fingerprint
}

fn ended(problems: Vec<Problem>, outcome: Outcome, detail: impl Into<Cow<'static, str>>) -> Item {
    let fate = Fate::Ends(outcome, detail.into());
    Item {
        decision: Decision { problems, fate },
        mark: None,
        key: None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
fn low(fingerprint: u128) -> u64 {
    fingerprint as u64
}
