//! Recordings of records that are rejected. Nobody sends them, and nobody is kept from claiming them,
//! but who looks for recordings without a record should not find these among them.

use super::Want;
use super::desk::Desk;
use super::sound::{Mark, Sound, asked_name};
use crate::audio::{Ask, Found, Recording};
use crate::call::{Field, Value};
use crate::ledger::{Standing, Upload};
use crate::mapping::Mapped;
use crate::source::Record;

impl Desk<'_> {
    /// The recordings that these rows name, of which no call could be made. Only a check tells of
    /// recordings that nobody claims, so nothing is sought for a run.
    pub(super) fn sought(&self, records: &[Record<'_>]) -> Option<Box<Mark>> {
        let index = self.road.audio.as_ref()?;
        if self.road.want != Want::Check {
            return None;
        }
        // The draft was used up; of rows that are rejected there are few.
        let Mapped::Draft(draft) = self.profile.apply(&records[0], &mut Vec::new()) else {
            return None;
        };
        let identity = match draft.get(Field::ExternalIdentity) {
            Value::Text(text) => text.as_ref(),
            _ => "",
        };
        let mut sought = Vec::new();
        for recordings in records.iter().map(|row| self.profile.recordings(row)) {
            for names in recordings {
                let names: Vec<_> = names.iter().map(asked_name).collect();
                let found = index.find(&Ask {
                    names: &names,
                    keys: &[],
                    identity,
                });
                match found {
                    Found::One(recording, _) => sought.push(recording),
                    Found::Several { first, .. } => sought.extend(first),
                    Found::Missing | Found::Refused { .. } | Found::Unusable { .. } => {}
                }
            }
        }
        of_rejected(sought)
    }
}

impl Sound {
    /// The bytes of the call's recordings, where there are any.
    pub(super) fn bytes(&self) -> Option<u64> {
        let first = self.recording.as_ref()?;
        let others = self.others.iter().map(|one| one.bytes);
        Some(first.bytes + others.sum::<u64>())
    }

    /// The name of the call's recording, or of the first of several.
    pub(super) fn name(&self) -> &str {
        self.recording.as_ref().map_or("", |one| &one.name)
    }

    /// What is to be told when the recording has another size than when it was sent.
    pub(super) fn change_of(&self, standing: &Standing) -> Option<String> {
        let (sent, now) = (standing.source?, self.bytes()?);
        let is_sent = matches!(standing.upload, Upload::Done { .. });
        (is_sent && sent != now).then(|| {
            format!("it had {sent} bytes when it was sent and has {now} now; it is not sent again")
        })
    }

    /// The same for a call that is rejected, also where it could not be told which one is its own.
    pub(super) fn into_sought(self) -> Option<Box<Mark>> {
        of_rejected(self.recording.into_iter().chain(self.others).collect())
    }
}

fn of_rejected(mut recordings: Vec<Recording>) -> Option<Box<Mark>> {
    let recording = recordings.pop()?;
    Some(Box::new(Mark {
        recording,
        others: recordings,
        seconds: None,
        skew: None,
        is_unheard: false,
    }))
}
