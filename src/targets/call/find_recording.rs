//! The recording of a call: which one of those that were listed it is, by the names and keys that the rows
//! of the call give, and what it means that there is none, or more than one. Nothing is opened here
//! but to see which of several is the longest; what is in a recording is for `inspect_recording`.

use super::context::CallContext;
use super::plan::RecordingPresence;
use super::recording_match::RecordingMatch;
use super::recording_problems::{RecordingProblems, without};
use super::search_recording::{RecordingHits, search};
use super::several_recordings::{chosen, unusable};
use super::stated_length::StatedLength;
use crate::domain::call::Call;
use crate::domain::{Code, Problem, Severity};
use crate::mapping::SeveralArg;
use crate::pipeline::Round;
use crate::recordings::{
    FetchAnswer, Grade, Index, OutsideFolder, Recording, SearchResult, Unusable,
};
use crate::source::Record;

/// Finds the recordings of calls.
pub(in crate::targets) struct CallRecordingFinder<'w> {
    context: CallContext<'w>,
}

impl<'w> CallRecordingFinder<'w> {
    pub(in crate::targets) fn new(context: CallContext<'w>) -> Self {
        CallRecordingFinder { context }
    }

    /// Finds the recording of the call with this hash and says what is wrong with it. What is found
    /// otherwise than by its whole name is only named before the last round.
    pub(in crate::targets) fn find(
        &self,
        records: &[Record<'_>],
        call: &Call<'_>,
        hash: u64,
    ) -> RecordingMatch {
        let mut wanted = RecordingMatch {
            state: RecordingPresence::NotAsked,
            recording: None,
            others: Vec::new(),
            stated: None,
            problems: Vec::new(),
            grade: None,
            call: hash,
        };
        let Some(index) = &self.context.target.recordings else {
            return wanted;
        };
        wanted.state = RecordingPresence::Missing;
        // A preset may know how to fetch, and nobody gave its secret.
        if index.fetches()
            && let Some(fetched) = self.fetch(index, records, &mut wanted)
        {
            wanted.recording = Some(fetched);
            return wanted;
        }
        if !wanted.problems.is_empty() {
            return wanted;
        }
        let hits = search(
            index,
            self.context.mapping,
            records,
            call,
            self.context.ownership(),
        );
        wanted.grade = hits.found.grade();
        if wanted.is_inexact() && self.context.round != Round::Last {
            wanted.state = RecordingPresence::Here;
            wanted.others = hits.found.into_recordings();
            return wanted;
        }
        self.take_hits(index, records, hits, &mut wanted);
        if let Some((grade, owner, name)) = self.owned_by_others(index, records, call, &wanted) {
            let missing = wanted.problems.iter_mut();
            let mut missing = missing.filter(|problem| problem.code == Code::RecordingMissing);
            match (missing.next(), grade) {
                (Some(problem), Grade::Exact) => {
                    let message = format!("{owner} claims this recording too");
                    *problem =
                        Problem::new(Code::RecordingShared, problem.location.clone(), message)
                            .at("recording", &name);
                }
                (Some(problem), _) => {
                    let (_, then) = without(
                        self.context.target.policy.missing,
                        "the call waits for its own",
                    );
                    let message =
                        format!("{name} fits, but {owner} asks for it by its whole name; {then}");
                    problem.message = message.into();
                }
                (None, _) => {}
            }
        }
        wanted
    }

    /// The URLs of recordings that the records name, each once.
    fn urls(&self, records: &[Record<'_>]) -> Vec<String> {
        let mapping = self.context.mapping;
        let mut urls: Vec<String> = Vec::new();
        for url in records.iter().filter_map(|row| mapping.recording_url(row)) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    /// The recording at the URL that the records name. Nothing where they name none, or where something
    /// is wrong with it, which is told.
    fn fetch(
        &self,
        index: &Index,
        records: &[Record<'_>],
        wanted: &mut RecordingMatch,
    ) -> Option<Recording> {
        let urls = self.urls(records);
        let mut told = RecordingProblems {
            record: &records[0],
            shown: "",
            problems: &mut wanted.problems,
        };
        let url = match urls.as_slice() {
            [] => return None,
            [only] => only,
            several => {
                let message = format!(
                    "the rows of the call name {} recordings by URL",
                    several.len()
                );
                told.tell(Code::RecordingAmbiguous, Severity::Error, message);
                return None;
            }
        };
        // Without the secret that is left to the operator, recordings are looked for by their names.
        let recording = match index.fetch(url)? {
            Ok(FetchAnswer::Recording(recording)) => recording,
            Ok(FetchAnswer::Nothing(what)) => {
                told.missing(&what, self.context.target.policy.missing);
                return None;
            }
            Err(error) => {
                let message = format!("{error}; the call waits for it");
                told.hold(Code::RecordingUnavailable, message);
                return None;
            }
        };
        let name = recording.name.clone();
        told.shown = &name;
        let why = if recording.bytes() == 0 {
            Some(Unusable::Empty)
        } else {
            index.is_too_large(&recording).then_some(Unusable::TooLarge)
        };
        if let Some(why) = why {
            let (code, message) = unusable(why, recording.bytes());
            told.tell(code, Severity::Error, message);
            wanted.others = vec![recording];
            return None;
        }
        if let Some((rival, name)) =
            self.rival(std::iter::once(&recording), wanted.call, Grade::Exact)
        {
            told.hold(
                Code::RecordingShared,
                format!("{rival} claims {name} too; both calls wait"),
            );
            wanted.others = vec![recording];
            return None;
        }
        wanted.grade = Some(Grade::Exact);
        wanted.state = RecordingPresence::Here;
        wanted.stated = self.stated(records);
        Some(recording)
    }

    /// Takes what was found, unless something speaks against it.
    fn take_hits(
        &self,
        index: &Index,
        records: &[Record<'_>],
        hits: RecordingHits,
        wanted: &mut RecordingMatch,
    ) {
        let RecordingHits {
            found,
            lacking,
            shown,
        } = hits;
        let mut told = RecordingProblems {
            record: &records[0],
            shown: &shown,
            problems: &mut wanted.problems,
        };
        match &found {
            SearchResult::Several { first, .. } => wanted.others.clone_from(first),
            // It is the call's all the same, and nobody else need look for its record.
            SearchResult::Unusable { recording, .. } => wanted.others = vec![recording.clone()],
            _ => {}
        }
        let policy = self.context.run.mapping.audio().several;
        let taken = match (found, lacking) {
            (SearchResult::One(..) | SearchResult::Several { .. }, Some((lacking, of)))
                if policy == SeveralArg::Join =>
            {
                let what = format!("{lacking} of the {of} recordings that it names are not there");
                told.missing(&what, self.context.target.policy.missing);
                None
            }
            (found, lacking) => {
                if let (Some((lacking, of)), SearchResult::One(..) | SearchResult::Several { .. }) =
                    (lacking, &found)
                {
                    let message =
                        format!("{lacking} of the {of} recordings that it names are not there");
                    told.tell(Code::RecordingMissing, Severity::Warning, message);
                }
                self.take(index, found, policy, &mut told)
            }
        };
        let Some((recording, others)) = taken else {
            return;
        };
        let grade = wanted.grade.unwrap_or(Grade::Inexact);
        let all = std::iter::once(&recording).chain(&others);
        if let Some((rival, name)) = self.rival(all, wanted.call, grade) {
            let message = format!(
                "{rival} claims {name} too, and neither by its whole name; both calls wait"
            );
            told.hold(Code::RecordingShared, message);
            wanted.others = vec![recording];
            wanted.others.extend(others);
            return;
        }
        wanted.state = RecordingPresence::Here;
        wanted.recording = Some(recording);
        wanted.others = others;
        wanted.stated = self.stated(records);
    }

    /// A record of another call that claims one of these no worse than this one does, and which.
    fn rival<'c>(
        &self,
        mut recordings: impl Iterator<Item = &'c Recording>,
        call: u64,
        grade: Grade,
    ) -> Option<(String, &'c str)> {
        let known = self.context.ownership()?;
        recordings.find_map(|recording| {
            let rival = known.claims.rival_of(recording, call, grade)?;
            Some((known.locations.name_of(rival), &*recording.name))
        })
    }

    /// What would be found but for the record that owns it: how well it fits, its owner and its name.
    fn owned_by_others(
        &self,
        index: &Index,
        records: &[Record<'_>],
        call: &Call<'_>,
        wanted: &RecordingMatch,
    ) -> Option<(Grade, String, String)> {
        let known = self.context.ownership()?;
        if wanted.grade.is_some() {
            return None;
        }
        let hits = search(index, self.context.mapping, records, call, None);
        let grade = hits.found.grade()?;
        let found = hits.found.into_recordings();
        found.into_iter().find_map(|recording| {
            let owner = known.claims.owner_of(&recording, wanted.call)?;
            Some((grade, known.locations.name_of(owner), recording.name))
        })
    }

    /// The recording, or the recordings in their order, unless something speaks against it.
    fn take(
        &self,
        index: &Index,
        found: SearchResult,
        policy: SeveralArg,
        told: &mut RecordingProblems<'_, '_>,
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
                Err((code, message)) => told.tell(code, error, message),
            },
            SearchResult::Missing => {
                told.missing(
                    "no recording of this name",
                    self.context.target.policy.missing,
                );
            }
            SearchResult::Refused { name, why } => {
                let cure = match why {
                    OutsideFolder::Drive | OutsideFolder::Absolute
                        if !name.starts_with('/') && name.contains('\\') =>
                    {
                        "; write `path = \"windows\"` in [audio] to match the path behind it"
                    }
                    _ => "",
                };
                let place = index.place_kind().name();
                let message = format!("the name leaves {place}: {why}{cure}");
                told.tell(Code::RecordingOutside, error, message);
            }
            SearchResult::Unusable { recording, why, .. } => {
                let (code, message) = unusable(why, recording.bytes());
                told.tell(code, error, message);
            }
        }
        None
    }

    /// How long the rows say that the recording is. A recording of several rows may hold the
    /// longest of them or all.
    fn stated(&self, records: &[Record<'_>]) -> Option<StatedLength> {
        let seconds = records
            .iter()
            .filter_map(|row| self.context.mapping.seconds(row));
        let seconds = seconds.fold(None, |so_far, seconds| {
            let (most, sum) = so_far.unwrap_or((0.0, 0.0));
            Some((f64::max(most, seconds), sum + seconds))
        })?;
        let column = self
            .context
            .mapping
            .seconds_column(&records[0])
            .into_owned();
        Some(StatedLength { column, seconds })
    }
}
