//! The recording of a call: which file of the audio folder it is, by the names and keys that the rows
//! of the call give, and what it means that there is none, or more than one. Nothing is opened here
//! but to see which of several is the longest; what is in a recording is for `hearing`.

use super::recording_match::{RecordingMatch, StatedLength};
use super::worker::CallWorker;
use crate::domain::MissingRecording;
use crate::domain::call::Call;
use crate::domain::{Code, Problem, Severity};
use crate::mapping::{AudioName, NamePart, SeveralArg};
use crate::pipeline::{Ownership, Round};
use crate::recordings::{
    self, AskedPart, CaptureKey, ChosenRecordings, FoundBy, Grade, Index, NameLikeness, Owned,
    Recording, RecordingSearch, SearchResult, SearchStep, Unusable, find,
};
use crate::source::Record;
use crate::targets::call::plan::{self};

/// What one row says about a recording of its call.
#[derive(PartialEq)]
struct RecordingQuery<'n> {
    names: Vec<Vec<AskedPart<'n>>>,
    keys: Vec<CaptureKey>,
}

/// What was found for all that the rows say.
struct RecordingHits {
    found: SearchResult,
    /// Recordings that a row names one by one and that are not there, of so many.
    lacking: Option<(usize, usize)>,
    /// What was asked for, for people.
    shown: String,
}

impl CallWorker<'_> {
    /// Finds the recording of the call with this hash and says what is wrong with it. What is found
    /// otherwise than by its whole name is only named before the last round.
    pub(in crate::targets) fn listen(
        &self,
        records: &[Record<'_>],
        call: &Call<'_>,
        hash: u64,
    ) -> RecordingMatch {
        let mut sound = RecordingMatch {
            state: plan::RecordingPresence::NotAsked,
            recording: None,
            others: Vec::new(),
            stated: None,
            problems: Vec::new(),
            grade: None,
            call: hash,
        };
        let Some(index) = &self.target.recordings else {
            return sound;
        };
        sound.state = plan::RecordingPresence::Missing;
        let sighting = self.find(index, records, (call, hash), self.ownership());
        sound.grade = sighting.found.grade();
        if sound.is_inexact() && self.round != Round::Last {
            sound.state = plan::RecordingPresence::Here;
            sound.others = sighting.found.into_recordings();
            return sound;
        }
        self.settle_sighting(index, records, sighting, &mut sound);
        if let Some((grade, owner, name)) = self.owned_by_others(index, records, call, &sound) {
            let missing = sound.problems.iter_mut();
            let mut missing = missing.filter(|problem| problem.code == Code::RecordingMissing);
            match (missing.next(), grade) {
                (Some(problem), Grade::Exact) => {
                    let message = format!("{owner} claims this recording too");
                    *problem = Problem::new(Code::RecordingShared, problem.place.clone(), message)
                        .at("recording", &name);
                }
                (Some(problem), _) => {
                    let (_, then) =
                        without(self.target.policy.missing, "the call waits for its own");
                    let message =
                        format!("{name} fits, but {owner} asks for it by its whole name; {then}");
                    problem.message = message.into();
                }
                (None, _) => {}
            }
        }
        sound
    }

    /// Takes what was found, unless something speaks against it.
    fn settle_sighting(
        &self,
        index: &Index,
        records: &[Record<'_>],
        sighting: RecordingHits,
        sound: &mut RecordingMatch,
    ) {
        let RecordingHits {
            found,
            lacking,
            shown,
        } = sighting;
        let mut teller = RecordingProblems {
            record: &records[0],
            shown: &shown,
            problems: &mut sound.problems,
        };
        match &found {
            SearchResult::Several { first, .. } => sound.others.clone_from(first),
            // It is the call's all the same, and nobody else need look for its record.
            SearchResult::Unusable { recording, .. } => sound.others = vec![recording.clone()],
            _ => {}
        }
        let policy = self.run.mapping.audio().several;
        let taken = match (found, lacking) {
            (SearchResult::One(..) | SearchResult::Several { .. }, Some((lacking, of)))
                if policy == SeveralArg::Join =>
            {
                let what = format!("{lacking} of the {of} recordings that it names are not there");
                teller.missing(&what, self.target.policy.missing);
                None
            }
            (found, lacking) => {
                if let (Some((lacking, of)), SearchResult::One(..) | SearchResult::Several { .. }) =
                    (lacking, &found)
                {
                    let message =
                        format!("{lacking} of the {of} recordings that it names are not there");
                    teller.tell(Code::RecordingMissing, Severity::Warning, message);
                }
                self.take(index, found, policy, &mut teller)
            }
        };
        let Some((recording, others)) = taken else {
            return;
        };
        let grade = sound.grade.unwrap_or(Grade::Inexact);
        let all = std::iter::once(&recording).chain(&others);
        if let Some((rival, name)) = self.rival(all, sound.call, grade) {
            let message = format!(
                "{rival} claims {name} too, and neither by its whole name; both calls wait"
            );
            teller.hold(Code::RecordingShared, message);
            sound.others = vec![recording];
            sound.others.extend(others);
            return;
        }
        sound.state = plan::RecordingPresence::Here;
        sound.recording = Some(recording);
        sound.others = others;
        sound.stated = self.stated(records);
    }

    /// A record of another call that claims one of these no worse than this one does, and which.
    fn rival<'c>(
        &self,
        mut recordings: impl Iterator<Item = &'c Recording>,
        call: u64,
        grade: Grade,
    ) -> Option<(String, &'c str)> {
        let known = self.ownership()?;
        recordings.find_map(|recording| {
            let rival = known.claims.rival_of(recording, call, grade)?;
            Some((known.places.name_of(rival), &*recording.name))
        })
    }

    /// What would be found but for the record that owns it: how well it fits, its owner and its name.
    fn owned_by_others(
        &self,
        index: &Index,
        records: &[Record<'_>],
        call: &Call<'_>,
        sound: &RecordingMatch,
    ) -> Option<(Grade, String, String)> {
        let known = self.ownership()?;
        if sound.grade.is_some() {
            return None;
        }
        let sighting = self.find(index, records, (call, sound.call), None);
        let grade = sighting.found.grade()?;
        let found = sighting.found.into_recordings();
        found.into_iter().find_map(|recording| {
            let owner = known.claims.owner_of(&recording, sound.call)?;
            Some((grade, known.places.name_of(owner), recording.name))
        })
    }

    /// The recording, or the recordings in their order, unless something speaks against it.
    fn take(
        &self,
        index: &Index,
        found: SearchResult,
        policy: SeveralArg,
        teller: &mut RecordingProblems<'_, '_>,
    ) -> Option<(Recording, Vec<Recording>)> {
        let error = Severity::Error;
        match found {
            SearchResult::One(recording, _) => return Some((recording, Vec::new())),
            SearchResult::Several { first, total, .. } => match chosen(index, first, total, policy)
            {
                Ok(mut recordings) => {
                    let recording = recordings.remove(0);
                    return Some((recording, recordings));
                }
                Err((code, message)) => teller.tell(code, error, message),
            },
            SearchResult::Missing => {
                teller.missing("no recording of this name", self.target.policy.missing);
            }
            SearchResult::Refused { why, .. } => {
                let message = format!("the name leaves the audio folder: {why}");
                teller.tell(Code::RecordingOutside, error, message);
            }
            SearchResult::Unusable { recording, why, .. } => {
                let (code, message) = unusable(why, recording.bytes());
                teller.tell(code, error, message);
            }
        }
        None
    }

    /// The recordings of a call, by what its rows say, without those that others own.
    fn find(
        &self,
        index: &Index,
        records: &[Record<'_>],
        (call, hash): (&Call<'_>, u64),
        known: Option<&Ownership>,
    ) -> RecordingHits {
        let of_rows: Vec<Vec<Vec<AudioName>>> = records
            .iter()
            .map(|row| self.profile.recordings(row))
            .collect();
        let mut asked: Vec<RecordingQuery<'_>> = Vec::new();
        let mut listed = Vec::new();
        let mut shown = None;
        for (row, recordings) in records.iter().zip(&of_rows) {
            let text = |field| call.text(field).to_owned();
            let keys = keys_of(self.profile.audio_keys(row, text));
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
        let folder = Asker {
            index,
            identity: call.identity(),
            owned: known.map(|known| (&known.claims, hash)),
        };
        let (found, lacking) = match asked.as_slice() {
            [] => (folder.find(None, call.identity()), None),
            [only] => (folder.find(Some(only), call.identity()), None),
            several => folder.find_each(several, &listed),
        };
        RecordingHits {
            found,
            lacking,
            shown,
        }
    }

    /// How long the rows say that the recording is. A recording of several rows may hold the
    /// longest of them or all.
    fn stated(&self, records: &[Record<'_>]) -> Option<StatedLength> {
        let seconds = records.iter().filter_map(|row| self.profile.seconds(row));
        let seconds = seconds.fold(None, |so_far, seconds| {
            let (most, sum) = so_far.unwrap_or((0.0, 0.0));
            Some((f64::max(most, seconds), sum + seconds))
        })?;
        let column = self.profile.seconds_column(&records[0]).into_owned();
        Some(StatedLength { column, seconds })
    }
}

/// Writes down what is wrong with the recording of a record.
struct RecordingProblems<'t, 'r> {
    record: &'t Record<'r>,
    shown: &'t str,
    problems: &'t mut Vec<Problem>,
}

impl RecordingProblems<'_, '_> {
    fn tell(&mut self, code: Code, severity: Severity, message: String) {
        self.problems.push(
            Problem::new(code, self.record.place(), message)
                .at("recording", self.shown)
                .with_severity(severity),
        );
    }

    /// The call waits because of this, whatever is done with calls that have no recording.
    fn hold(&mut self, code: Code, message: String) {
        self.tell(code, Severity::Warning, message);
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.holding());
        }
    }

    fn missing(&mut self, what: &str, policy: MissingRecording) {
        let (severity, then) = without(policy, "the call waits for it");
        self.tell(Code::RecordingMissing, severity, format!("{what}; {then}"));
    }
}

/// What becomes of a call without a recording, and the words for it; `waits` are those for one that
/// waits.
fn without(policy: MissingRecording, waits: &'static str) -> (Severity, &'static str) {
    match policy {
        MissingRecording::Hold => (Severity::Warning, waits),
        MissingRecording::Create => (Severity::Note, "the call goes out without one"),
        MissingRecording::Refuse => (Severity::Error, "the call is refused"),
    }
}

/// Applies the policy of the mapping to several recordings: at least one, or what is wrong. A file
/// without a byte of sound is no part of a call, once a policy says that there may be several.
fn chosen(
    index: &Index,
    found: Vec<Recording>,
    total: usize,
    policy: SeveralArg,
) -> Result<Vec<Recording>, (Code, String)> {
    let some: Vec<&str> = found.iter().take(3).map(|found| &*found.name).collect();
    let some = some.join(", ");
    let ambiguous = |why: &str| {
        let message = format!("{total} recordings fit equally well: {some}{why}");
        Err((Code::RecordingAmbiguous, message))
    };
    let choice = match policy {
        SeveralArg::Error => return ambiguous(""),
        _ if found.len() < total => {
            return ambiguous("; these are more than are ever taken for one call");
        }
        SeveralArg::First => recordings::SeveralRecordings::First,
        SeveralArg::Longest => recordings::SeveralRecordings::Longest,
        SeveralArg::Join => recordings::SeveralRecordings::Join,
    };
    let mut sounding: Vec<Recording> = found
        .into_iter()
        .filter(|recording| index.has_sound(recording))
        .collect();
    let recordings = match (sounding.len(), choice) {
        (0, _) => {
            let message = format!("none of {total} recordings holds any sound: {some}");
            return Err((Code::RecordingEmpty, message));
        }
        (1, _) => vec![sounding.remove(0)],
        (_, choice) => match choice.choose(sounding) {
            ChosenRecordings::One(recording) => vec![recording],
            ChosenRecordings::Join(recordings) => recordings,
            ChosenRecordings::Undecided => {
                return ambiguous(", and which is the longest cannot be told");
            }
        },
    };
    match recordings.iter().find(|one| index.is_too_large(one)) {
        Some(large) => Err(unusable(Unusable::TooLarge, large.bytes())),
        None => Ok(recordings),
    }
}

/// Asks the index for the recordings of one call.
struct Asker<'a> {
    index: &'a Index,
    identity: &'a str,
    owned: Owned<'a>,
}

impl Asker<'_> {
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

/// A name of the mapping as the index asks for it.
pub(in crate::targets) fn asked_name(name: &AudioName) -> Vec<AskedPart<'_>> {
    let parts = name.parts().iter().map(|part| match part {
        NamePart::Text(text) => AskedPart::Text(text),
        NamePart::Value(text) => AskedPart::Value(text),
        NamePart::Wildcard => AskedPart::Wildcard,
    });
    parts.collect()
}
