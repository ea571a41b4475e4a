//! What the rows of a call say about its recordings, asked of the index.

use crate::domain::call::Call;
use crate::mapping::{AudioName, CallMapping, NamePart};
use crate::pipeline::Ownership;
use crate::recordings::{
    AskedPart, CaptureKey, FoundBy, Grade, Index, NameLikeness, Owned, Recording, RecordingSearch,
    SearchResult, SearchStep, Unusable, find,
};
use crate::source::Record;

/// What one row says about a recording of its call.
#[derive(PartialEq)]
struct RecordingQuery<'n> {
    names: Vec<Vec<AskedPart<'n>>>,
    keys: Vec<CaptureKey>,
}

/// What was found for all that the rows say.
pub(in crate::targets) struct RecordingHits {
    pub(in crate::targets) found: SearchResult,
    /// Recordings that a row names one by one and that are not there, of so many.
    pub(in crate::targets) lacking: Option<(usize, usize)>,
    /// What was asked for, for people.
    pub(in crate::targets) shown: String,
}

/// The recordings of a call, by what its rows say, without those that others own.
pub(in crate::targets) fn search(
    index: &Index,
    mapping: &CallMapping,
    records: &[Record<'_>],
    call: &Call<'_>,
    known: Option<&Ownership>,
) -> RecordingHits {
    let of_rows: Vec<Vec<Vec<AudioName>>> =
        records.iter().map(|row| mapping.recordings(row)).collect();
    let mut asked: Vec<RecordingQuery<'_>> = Vec::new();
    let mut listed = Vec::new();
    let mut shown = None;
    for (row, recordings) in records.iter().zip(&of_rows) {
        let text = |field| call.text(field).to_owned();
        let keys = keys_of(mapping.audio_keys(row, text));
        for recording in recordings {
            let names: Vec<_> = recording.iter().map(asked_name).collect();
            let keys = keys.clone();
            let ask = RecordingQuery { names, keys };
            if !(ask.names.is_empty() && ask.keys.is_empty() || asked.contains(&ask)) {
                let name = recording.first().map(ToString::to_string);
                shown = shown
                    .or(name)
                    .or_else(|| ask.keys.first().map(CaptureKey::shown));
                listed.push(recordings.len() > 1 && !ask.names.is_empty());
                asked.push(ask);
            }
        }
    }
    let shown = shown.unwrap_or_else(|| call.identity().to_owned());
    let question = IndexQuestion {
        index,
        identity: call.identity(),
        owned: known.map(|known| (&known.claims, call.identity_hash())),
    };
    let (found, lacking) = match asked.as_slice() {
        [] => (question.find(None, call.identity()), None),
        [only] => (question.find(Some(only), call.identity()), None),
        several => question.find_each(several, &listed),
    };
    RecordingHits {
        found,
        lacking,
        shown,
    }
}

/// Asks the index for the recordings of one call.
struct IndexQuestion<'a> {
    index: &'a Index,
    identity: &'a str,
    owned: Owned<'a>,
}

impl IndexQuestion<'_> {
    fn find(&self, named: Option<&RecordingQuery<'_>>, identity: &str) -> SearchResult {
        find(
            self.index,
            &RecordingSearch {
                names: named.map_or(&[], |named| &named.names),
                keys: named.map_or(&[], |named| &named.keys),
                identity,
                record: self.identity,
                owned: self.owned,
            },
        )
    }

    /// Asks for the recordings of several rows, or for several of one, and counts which of those that
    /// a row lists are not there.
    fn find_each(
        &self,
        asked: &[RecordingQuery<'_>],
        listed: &[bool],
    ) -> (SearchResult, Option<(usize, usize)>) {
        let mut recordings: Vec<Recording> = Vec::new();
        let mut by: Option<FoundBy> = None;
        let mut grade = Grade::Exact;
        let (mut total, mut more) = (0, 0);
        let mut lacking = 0;
        let mut add = |recording: Recording| {
            if !recordings.contains(&recording) {
                recordings.push(recording);
                total += 1;
            }
        };
        for (named, is_listed) in asked.iter().zip(listed) {
            let found = self.find(Some(named), "");
            grade = found.grade().map_or(grade, |found| found.max(grade));
            match found {
                SearchResult::Missing => lacking += usize::from(*is_listed),
                SearchResult::One(recording, how) => {
                    by.get_or_insert(how);
                    add(recording);
                }
                SearchResult::Several {
                    first,
                    total: many,
                    how,
                } => {
                    by.get_or_insert(how);
                    more += many - first.len();
                    first.into_iter().for_each(&mut add);
                }
                // A file without sound is no part of a call, but it is there.
                SearchResult::Unusable {
                    recording,
                    why: Unusable::Empty,
                    ..
                } if asked.len() > 1 => add(recording),
                other => return (other, None),
            }
        }
        let of = listed.iter().filter(|is_listed| **is_listed).count();
        let lacking = (lacking > 0).then_some((lacking, of));
        total += more;
        let found = match (total, by) {
            (1, Some(how)) => SearchResult::One(recordings.remove(0), how),
            (_, Some(how)) => SearchResult::Several {
                first: recordings,
                total,
                how,
            },
            _ if total > 0 => without_sound(recordings.remove(0), grade),
            _ => {
                return (
                    self.find(None, self.identity).at_most(Grade::Inexact),
                    lacking,
                );
            }
        };
        (found.at_most(grade), lacking)
    }
}

/// A file of which nothing but its name is known to be right.
fn without_sound(recording: Recording, grade: Grade) -> SearchResult {
    SearchResult::Unusable {
        recording,
        why: Unusable::Empty,
        how: FoundBy {
            by: SearchStep::Name(0),
            likeness: NameLikeness::Exact,
            grade,
        },
    }
}

/// The keys of patterns that have all their values.
pub(in crate::targets) fn keys_of(values: Vec<(usize, Vec<String>)>) -> Vec<CaptureKey> {
    let keys = values.into_iter();
    keys.filter_map(|(pattern, values)| CaptureKey::new(pattern, &values))
        .collect()
}

/// A name of the mapping as the index asks for it.
pub(in crate::targets) fn asked_name(name: &AudioName) -> Vec<AskedPart<'_>> {
    let parts = name.parts().iter().map(|part| match part {
        NamePart::Text(text) => AskedPart::Text(text),
        NamePart::Value(text) => AskedPart::Value(text),
        NamePart::Wildcard => AskedPart::Wildcard,
    });
    parts.collect()
}
