//! What becomes of several recordings of one call.

use super::{Depth, Recording};
use crate::source::by_name;

/// What to do when several recordings belong to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeveralRecordings {
    /// Report it; nothing is sent.
    #[default]
    Error,
    /// Take the first by name; recorders number the parts of a call.
    First,
    /// Take the longest by its header.
    Longest,
    /// All of them, one after the other, in the order of their names.
    Join,
}

/// What a policy made of several recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChosenRecordings {
    /// This one.
    One(Recording),
    /// All of these, in this order.
    Join(Vec<Recording>),
    /// A person must decide.
    Undecided,
}

impl SeveralRecordings {
    /// Applies the policy to all recordings of a call. [`SeveralRecordings::Longest`] reads their headers; it
    /// decides nothing when one cannot be read or two are longest.
    pub fn choose(self, mut recordings: Vec<Recording>) -> ChosenRecordings {
        recordings.sort_by(|a, b| by_name(&a.name, &b.name));
        match self {
            SeveralRecordings::Error => ChosenRecordings::Undecided,
            SeveralRecordings::First => {
                let first = recordings.into_iter().next();
                first.map_or(ChosenRecordings::Undecided, ChosenRecordings::One)
            }
            SeveralRecordings::Longest => {
                longest(recordings).map_or(ChosenRecordings::Undecided, ChosenRecordings::One)
            }
            SeveralRecordings::Join => ChosenRecordings::Join(recordings),
        }
    }
}

fn longest(recordings: Vec<Recording>) -> Option<Recording> {
    let mut best: Option<(f64, Recording)> = None;
    let mut tied = false;
    for recording in recordings {
        let probe = super::probe_found(&recording, Depth::Length).ok()?.ok()?;
        let seconds = probe.seconds?;
        match &best {
            Some((most, _)) if seconds < *most => {}
            Some((most, _)) if seconds.total_cmp(most).is_eq() => tied = true,
            _ => {
                best = Some((seconds, recording));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|(_, recording)| recording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::store::tests::in_folder;

    /// Files of these names that are gone again.
    fn recordings(names: &[&str]) -> Vec<Recording> {
        let folder = tempfile::tempdir().unwrap();
        let recording = |name: &&str| {
            std::fs::write(folder.path().join(name), "sound").unwrap();
            in_folder(folder.path(), name)
        };
        names.iter().map(recording).collect()
    }

    #[test]
    fn parts_are_ordered_by_number() {
        let parts = recordings(&["x-10.wav", "x-9.wav", "x-09b.wav"]);
        let ChosenRecordings::Join(joined) = SeveralRecordings::Join.choose(parts.clone()) else {
            panic!("not joined");
        };
        let names: Vec<_> = joined.iter().map(|recording| &*recording.name).collect();
        assert_eq!(names, ["x-9.wav", "x-09b.wav", "x-10.wav"]);
        assert!(
            matches!(SeveralRecordings::First.choose(parts), ChosenRecordings::One(first) if first.name == "x-9.wav")
        );
    }

    #[test]
    fn nothing_is_chosen_by_default_or_from_unreadable_files() {
        let parts = recordings(&["a.wav", "b.wav"]);
        assert_eq!(
            SeveralRecordings::default().choose(parts.clone()),
            ChosenRecordings::Undecided
        );
        assert_eq!(
            SeveralRecordings::Longest.choose(parts),
            ChosenRecordings::Undecided
        );
        assert_eq!(
            SeveralRecordings::First.choose(vec![]),
            ChosenRecordings::Undecided
        );
    }
}
