//! The recording of a call: which file of the audio folder it is, by the names that the rows of the
//! call give, and what it means that there is none, or more than one. Nothing is opened here; what
//! is in a recording is for `hearing`.

use std::borrow::Cow;

use super::decided::Parcel;
use super::desk::Desk;
use crate::audio::{self, Ask, Choice, Found, Unusable};
use crate::call::{Call, Code, Problem, Severity};
use crate::mapping::{AudioName, Several};
use crate::plan::{self, MissingRecording};
use crate::source::Record;

/// What the audio folder has for a call.
pub(super) struct Sound {
    pub(super) state: plan::Recording,
    pub(super) recording: Option<audio::Recording>,
    /// What is wrong with it; of no concern for a call that needs it no more.
    pub(super) problems: Vec<Problem>,
}

/// The recording of a call.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) recording: audio::Recording,
    pub(super) seconds: Option<f64>,
}

impl Mark {
    pub(super) fn of(recording: audio::Recording) -> Mark {
        Mark {
            recording,
            seconds: None,
        }
    }
}

impl Desk<'_> {
    /// Finds the call's recording and says what is wrong with it.
    pub(super) fn listen(&self, records: &[Record<'_>], call: &Call<'_>) -> Sound {
        let mut sound = Sound {
            state: plan::Recording::NotAsked,
            recording: None,
            problems: Vec::new(),
        };
        let Some(index) = &self.road.audio else {
            return sound;
        };
        sound.state = plan::Recording::Missing;
        let record = &records[0];
        let (found, shown) = self.find(index, records, call);
        let mut tell = |code: Code, severity: Severity, message: String| {
            sound.problems.push(
                Problem::new(code, record.place(), message)
                    .at("recording", &shown)
                    .with_severity(severity),
            );
        };
        let error = Severity::Error;
        match found {
            Found::One(recording, _) => {
                sound.state = plan::Recording::Here;
                sound.recording = Some(recording);
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
            }
            Found::Several { first, total, .. } => {
                let some: Vec<&str> = first.iter().take(3).map(|found| &*found.name).collect();
                let message = format!("{total} recordings fit equally well: {}", some.join(", "));
                tell(Code::RecordingAmbiguous, error, message);
            }
            Found::Refused { why, .. } => {
                tell(
                    Code::RecordingOutside,
                    error,
                    format!("the name leaves the audio folder: {why}"),
                );
            }
            Found::Unusable { recording, why } => {
                let (code, message) = unusable(why, recording.bytes);
                tell(code, error, message);
            }
        }
        sound
    }

    /// The recording of a call, by the names that its rows give, and the first of the names.
    fn find(
        &self,
        index: &audio::Index,
        records: &[Record<'_>],
        call: &Call<'_>,
    ) -> (Found, String) {
        let mut asked: Vec<Vec<Cow<'_, str>>> = Vec::new();
        let named: Vec<Vec<AudioName>> = records
            .iter()
            .flat_map(|row| self.profile.recordings(row))
            .collect();
        for recording in &named {
            let some: Vec<Cow<'_, str>> = recording.iter().map(asked_name).collect();
            if !some.is_empty() && !asked.contains(&some) {
                asked.push(some);
            }
        }
        let shown = asked.first().and_then(|names| names.first());
        let shown = shown.map_or(call.identity(), |name| name).to_owned();
        let found = match asked.as_slice() {
            [] => index.find(&Ask {
                names: &[],
                identity: call.identity(),
            }),
            [only] => index.find(&Ask {
                names: only,
                identity: call.identity(),
            }),
            several => find_each(index, several, call.identity()),
        };
        (self.chosen(found), shown)
    }

    /// What the mapping says about several recordings of one call.
    fn chosen(&self, found: Found) -> Found {
        let policy = match self.road.mapping.audio().several {
            Several::First => audio::Several::First,
            Several::Longest => audio::Several::Longest,
            Several::Error | Several::Join => return found,
        };
        match found {
            Found::Several { first, total, how } if first.len() == total => {
                match policy.choose(first.clone()) {
                    Choice::One(recording) => Found::One(recording, how),
                    Choice::Join(_) | Choice::Undecided => Found::Several { first, total, how },
                }
            }
            found => found,
        }
    }
}

/// Asks for the recordings of several rows: all that are found must be the same one.
fn find_each(index: &audio::Index, rows: &[Vec<Cow<'_, str>>], identity: &str) -> Found {
    let mut recordings: Vec<audio::Recording> = Vec::new();
    let mut by = None;
    for names in rows {
        match index.find(&Ask {
            names,
            identity: "",
        }) {
            Found::Missing => {}
            Found::One(recording, how) => {
                by.get_or_insert(how);
                if !recordings.contains(&recording) {
                    recordings.push(recording);
                }
            }
            other => return other,
        }
    }
    match (recordings.len(), by) {
        (1, Some(how)) => Found::One(recordings.remove(0), how),
        (total, Some(how)) => Found::Several {
            first: recordings,
            total,
            how,
        },
        _ => index.find(&Ask {
            names: &[],
            identity,
        }),
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

pub(super) fn parcel(recording: &audio::Recording) -> Parcel {
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

/// A name of the mapping as the index asks for it. A `*` or `?` that stands in the export is no
/// wildcard: as `?` it fits itself, and hardly anything else.
fn asked_name(name: &AudioName) -> Cow<'_, str> {
    if name.is_exact() && !name.pieces().iter().any(|piece| piece.contains(['*', '?'])) {
        return name
            .pieces()
            .first()
            .map_or(Cow::Borrowed(""), |piece| Cow::Borrowed(piece));
    }
    let pieces: Vec<String> = name
        .pieces()
        .iter()
        .map(|piece| piece.replace('*', "?"))
        .collect();
    Cow::Owned(pieces.join("*"))
}
