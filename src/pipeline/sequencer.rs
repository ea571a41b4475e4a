//! What needs all records in the order of the export: ids that come twice, recordings that two
//! calls claim, and the sums that depend on both.

use std::collections::{HashMap, HashSet};
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use xxhash_rust::xxh3::xxh3_64;

use super::call::recording_match::RecordingUse;
use super::call::unsent_identity::{party_of, sure_id};
use super::clock_skew::{Clocks, OddClock, SkewReport, SkewSeverity, shown_difference};
use super::decision::{Action, DecidedBatch, Decision, OpenedFile};
use super::proposal::{Proposal, Proposals, RecordKey};
use super::rounds::{Aside, Ownership, Places, Round, Rounds};
use super::seen_cases::SeenCases;
use super::seen_ids::{RecordPlace, SeenIds, Sighting};
use super::unused_consent::UnusedConsent;
use super::{Pipeline, Purpose};
use crate::domain::call::{Field, Value};
use crate::domain::{Code, Place, Problem, Severity};
use crate::events::{Customers, Outcome, Totals, Usual};
use crate::mapping::{CallMapping, Misfit, RecordWatch};
use crate::recordings::{Claimant, Claims, Grade, Standing, Unlisted};
use crate::source::{Batch, Record};

/// Where in the export the sequencer is.
pub(super) struct Sequencer<'r> {
    road: &'r Pipeline,
    seen: SeenIds,
    cases: SeenCases,
    claims: Option<Claims>,
    clocks: Clocks,
    /// What sees whether the records of each input are those that the mapping is for.
    watches: Vec<(Arc<str>, Watched)>,
    /// The first of them of which records may come.
    first_watched: usize,
    places: Places,
    aside: Option<Aside>,
    /// Why records were left out whose recordings are told of, by the number of the claimant.
    rules: HashMap<u64, String>,
    /// Whether room was made for the ids to come.
    has_room: bool,
    /// The files that were said to be incomplete: each of their records may say so.
    incomplete: HashSet<Arc<str>>,
    unused_consent: UnusedConsent,
    customers: Customers,
    /// What feeds the customer.
    customer_column: Box<str>,
}

/// What is seen of the records of one input.
enum Watched {
    /// More of them may come.
    Open(Vec<Arc<RecordWatch>>),
    /// What was found when all had come.
    Ended(Vec<Misfit>),
}

fn found(watches: &[Arc<RecordWatch>]) -> Vec<Misfit> {
    watches.iter().flat_map(|watch| watch.misfits()).collect()
}

/// Unclaimed recordings that are named one by one.
const UNCLAIMED: usize = 1000;
/// Lengths are counted by whole minutes up to this many.
const MINUTES: usize = 61;

impl<'r> Sequencer<'r> {
    pub(super) fn new(road: &'r Pipeline) -> Self {
        Sequencer {
            road,
            seen: if road.is_newest_first() {
                SeenIds::with_parties()
            } else {
                SeenIds::default()
            },
            cases: SeenCases::default(),
            claims: road.audio.as_deref().map(Claims::new),
            clocks: Clocks::default(),
            watches: Vec::new(),
            first_watched: 0,
            places: Places::default(),
            aside: road
                .audio
                .as_ref()
                .map(|_| Aside::new(road.mapping.gathers())),
            rules: HashMap::new(),
            has_room: false,
            incomplete: HashSet::new(),
            unused_consent: UnusedConsent::default(),
            customers: Customers::default(),
            customer_column: Box::default(),
        }
    }

    /// A new file begins.
    pub(super) fn open(&mut self, opened: &OpenedFile) {
        let file = &opened.sheet.file;
        self.places.files.push((Arc::clone(file), false));
        self.end_watches();
        let watched = Watched::Open(opened.watches.clone());
        self.watches.push((Arc::clone(file), watched));
    }

    /// Keeps of the files that nobody reads any more only what was found: there may be very many.
    fn end_watches(&mut self) {
        for (_, watched) in &mut self.watches[self.first_watched..] {
            if let Watched::Open(watches) = watched {
                if watches.iter().any(|watch| Arc::strong_count(watch) > 1) {
                    return;
                }
                // What the last who had it wrote is seen from here on.
                fence(Ordering::Acquire);
                *watched = Watched::Ended(found(watches));
            }
            self.first_watched += 1;
        }
    }

    /// Ends a round, and hands over what was put aside.
    pub(super) fn end_round(&mut self, rounds: &Rounds) -> Option<Aside> {
        let places = self.places.clone();
        if let Some(claims) = self.claims.clone() {
            rounds.end(Ownership { claims, places });
        }
        self.aside.take().filter(|aside| !aside.is_empty())
    }

    /// What the first records are like: from their size, and the size of all, follows how many ids there
    /// will be. Text is measured itself, because more of the file has been read by then.
    pub(super) fn expect(&mut self, batch: &Batch, (read, total): (u64, Option<u64>)) {
        let records = batch.len();
        let bytes = match batch.bytes() as u64 {
            0 => read,
            text => text,
        };
        let Some(total) = total.filter(|_| !self.has_room && bytes > 0 && records > 0) else {
            return;
        };
        self.has_room = true;
        let records = u128::from(total) * records as u128 / u128::from(bytes);
        self.seen.make_room(u64::try_from(records).unwrap_or(0));
    }

    /// Decides a batch to the end; records whose recording is not certain are put aside.
    pub(super) fn admit(&mut self, worked: Proposals) -> io::Result<DecidedBatch> {
        let Proposals {
            batch,
            items,
            sums: mut facts,
            round,
            profile,
        } = worked;
        let mut decisions = Vec::with_capacity(items.len());
        let mut matched = Vec::new();
        if round == Round::First {
            self.expect_ids(&items);
        }
        if let Some(profile) = profile.as_deref() {
            self.unused_consent.see(&batch, profile);
        }
        self.see_customers(&mut facts, profile.as_deref());
        for (index, mut item) in items.into_iter().enumerate() {
            let record = batch.get(index);
            let place = self.place(&record);
            if round == Round::First {
                self.check_id(&mut item, place, &record, profile.as_deref());
            }
            let rows = item.decision.further.len() as u64 + 1;
            if item.is_aside && matches!(item.decision.fate, Action::Told) {
                if round == Round::First {
                    item.leave_for_later(rows, &mut facts);
                }
                self.set_aside(&mut item, (&batch, index), place, (round, profile.as_ref()))?;
                decisions.push(item.decision);
                continue;
            }
            if round == Round::Last && !matches!(item.decision.fate, Action::Told) {
                facts.take_up(rows);
            }
            self.tell_incomplete_once(&mut item.decision);
            let mark = item.mark.take();
            if let Some(mark) = &mark {
                self.check_claims(&mut item, mark, &record, place);
                self.see_clock(mark, (place, record.line()));
            }
            count_open(&mut facts, &item, mark.as_deref());
            if let Some(profile) = &profile {
                item.decision.name_record(|| profile.id_for_people(&record));
            }
            let is_rejected = matches!(item.decision.fate, Action::Ends(Outcome::Rejected, _));
            let found = item.matched.filter(|_| !is_rejected);
            matched.extend(found.map(|found| (index, found)));
            decisions.push(item.decision);
        }
        Ok(DecidedBatch {
            batch: Arc::new(batch),
            decisions,
            matched,
            facts,
            opened: None,
            read: (0, None),
            asides: Vec::new(),
        })
    }

    /// Takes notice of how far the time in the name of a recording is off.
    fn see_clock(&mut self, mark: &RecordingUse, place: (RecordPlace, u64)) {
        if let Some(skew) = &mark.skew {
            self.clocks.see(skew, place, &mark.recording.name);
        }
    }

    /// Puts a record aside, or hears what one that was put aside claims. What is wrong with it is told
    /// when it is decided.
    fn set_aside(
        &mut self,
        item: &mut Proposal,
        (batch, index): (&Batch, usize),
        place: RecordPlace,
        (round, profile): (Round, Option<&Arc<CallMapping>>),
    ) -> io::Result<()> {
        let further = std::mem::take(&mut item.decision.further);
        item.decision.problems = Vec::new();
        if round == Round::Claims {
            self.claim_inexactly(item.mark.as_deref(), place);
            return Ok(());
        }
        if let Some(mark) = item
            .mark
            .as_deref()
            .filter(|mark| mark.grade == Grade::Exact)
        {
            self.claim_ahead(mark, place);
        }
        let (Some(aside), Some(profile)) = (&mut self.aside, profile) else {
            return Ok(());
        };
        let mut rows: Vec<usize> = further.iter().map(|row| row.index).collect();
        rows.push(index);
        rows.sort_unstable();
        let rows: Vec<_> = rows.into_iter().map(|index| batch.get(index)).collect();
        aside.put(&rows, profile)
    }

    fn see_customers(&mut self, facts: &mut Totals, profile: Option<&CallMapping>) {
        self.customers
            .add_all(&std::mem::take(&mut facts.customers));
        if let (true, Some(profile)) = (self.customer_column.is_empty(), profile) {
            self.customer_column = profile.column_of(Field::Customer).into();
        }
    }

    /// Lets the ids of a batch be looked up side by side.
    fn expect_ids(&mut self, items: &[Proposal]) {
        let ids = items.iter().filter_map(|item| match item.key {
            Some(RecordKey::Call { identity, .. }) => Some(identity),
            _ => None,
        });
        self.seen.expect(ids);
    }

    /// Leaves out what another record of the file has told already.
    fn tell_incomplete_once(&mut self, decision: &mut Decision) {
        if decision.is_clean() {
            return;
        }
        let further = decision.further.iter_mut();
        let further = further.map(|row| &mut row.problems);
        for problems in further.chain([&mut decision.problems]) {
            problems.retain(|problem| {
                problem.code != Code::ExportIncomplete
                    || self.incomplete.insert(Arc::clone(&problem.place.file))
            });
        }
    }

    fn check_id(
        &mut self,
        item: &mut Proposal,
        place: RecordPlace,
        record: &Record<'_>,
        profile: Option<&CallMapping>,
    ) {
        let (identity, content, party, is_doubtful) = match item.key {
            None => return self.check_keyless(item, place, record, profile),
            Some(RecordKey::Call {
                identity,
                content,
                party,
            }) => (identity, content, party, false),
            Some(RecordKey::Doubtful {
                identity,
                content,
                party,
            }) => (identity, content, party, true),
            Some(RecordKey::Case {
                identity,
                content,
                updated,
            }) => {
                let sight = self.cases.note(identity, content, updated);
                return item.see_again(sight, record);
            }
        };
        // Its id is that of another call, and stays so.
        if item.has_reused_id() {
            return;
        }
        let sight = if is_doubtful {
            self.seen.look(identity, content, party, place)
        } else {
            self.seen.note(identity, content, party, place)
        };
        let Some(mut problem) = self.see_again(item, sight, place, record) else {
            return;
        };
        // Only the hash of the id has come this far; the few that clash are read once more.
        if let Some((column, Value::Text(id))) = profile.map(|profile| profile.id(record)) {
            problem = problem.at(&column, &id);
        }
        item.decision.problems.push(problem);
    }

    /// What it means for a call that its id came before.
    fn see_again(
        &self,
        item: &mut Proposal,
        sight: Sighting,
        place: RecordPlace,
        record: &Record<'_>,
    ) -> Option<Problem> {
        let problem = match sight {
            Sighting::New => return None,
            Sighting::Repeat(first) => {
                item.decision.fate = Action::Ends(Outcome::Skipped, "repeat".into());
                item.mark = None;
                let message = format!("the same record as {}", self.places.name(first));
                Problem::new(Code::RepeatedRecord, record.place(), message)
            }
            // What is in place stays so, whatever the newer files say.
            Sighting::Clash(first) | Sighting::OfRejected(first) | Sighting::OfLeftOut(first)
                if first.file != place.file && item.is_there() =>
            {
                return None;
            }
            Sighting::Clash(first) | Sighting::OfRejected(first)
                if first.file != place.file && self.road.is_newest_first() =>
            {
                item.leave_out_as_older();
                item.mark = None;
                let message = format!("an older copy of {}", self.places.name(first));
                Problem::new(Code::RepeatedRecord, record.place(), message)
            }
            Sighting::OfLeftOut(first) => {
                item.leave_out_as_older();
                item.mark = None;
                let message = self.older_than_left_out(first);
                Problem::new(Code::RepeatedRecord, record.place(), message)
            }
            Sighting::Stranger(first) if item.is_there() => {
                let message = format!(
                    "{} has the same id, another customer and another day, and cannot be sent; \
                     give it an id of its own",
                    self.places.name(first)
                );
                Problem::new(Code::DuplicateId, record.place(), message)
                    .with_severity(Severity::Warning)
            }
            Sighting::Stranger(first) => {
                item.decision.fate = Action::Ends(Outcome::Rejected, "".into());
                let message = format!(
                    "{} has the same id, another customer and another day; build the id from more \
                     columns",
                    self.places.name(first)
                );
                Problem::new(Code::DuplicateId, record.place(), message)
            }
            Sighting::Clash(first) | Sighting::OfRejected(first) => {
                item.forget_change();
                item.decision.fate = Action::Ends(Outcome::Rejected, "".into());
                let message = format!(
                    "{} has the same id and other content",
                    self.places.name(first)
                );
                Problem::new(Code::DuplicateId, record.place(), message)
            }
        };
        Some(problem)
    }

    /// Notes the id of a record that is rejected or that a rule leaves out, so that no older copy of it
    /// is sent in its place; a rejected one that is an older copy itself need not be mended.
    fn check_keyless(
        &mut self,
        item: &mut Proposal,
        place: RecordPlace,
        record: &Record<'_>,
        profile: Option<&CallMapping>,
    ) {
        let Some(profile) = profile.filter(|_| self.road.is_newest_first()) else {
            return;
        };
        let is_left_out = match item.decision.fate {
            Action::Ends(Outcome::Rejected | Outcome::AlreadyThere, _) => false,
            Action::Ends(Outcome::Skipped, _) if !item.is_no_record() && !item.is_repeat() => true,
            _ => return,
        };
        let problems = &item.decision.problems;
        if problems.iter().any(|problem| profile.doubts_id(problem)) {
            return;
        }
        let Some(id) = sure_id(profile, record, problems) else {
            return;
        };
        let identity = xxh3_64(id.as_bytes());
        if is_left_out {
            let party = party_of(profile, record, &[]);
            self.seen.note_left_out(identity, party, place);
            return;
        }
        let party = party_of(profile, record, problems);
        if let Sighting::Stranger(_) = self.seen.look(identity, 0, party, place) {
            return;
        }
        let message = match self.seen.note_rejected(identity, place) {
            Sighting::Repeat(first) | Sighting::Clash(first) | Sighting::Stranger(first)
                if first.file != place.file =>
            {
                format!("an older copy of {}", self.places.name(first))
            }
            Sighting::OfLeftOut(first) if first.file != place.file => {
                self.older_than_left_out(first)
            }
            _ => return,
        };
        item.leave_out_as_older();
        for problem in &mut item.decision.problems {
            problem.severity = problem.severity.min(Severity::Warning);
        }
        let problem = Problem::new(Code::RepeatedRecord, record.place(), message);
        item.decision.problems.push(problem);
    }

    fn older_than_left_out(&self, newer: RecordPlace) -> String {
        let newer = self.places.name(newer);
        format!("an older copy of {newer}, which a rule leaves out")
    }

    /// Lets a record claim its recordings, and tells whose they are.
    fn check_claims(
        &mut self,
        item: &mut Proposal,
        mark: &RecordingUse,
        record: &Record<'_>,
        place: RecordPlace,
    ) {
        let Some(claims) = &mut self.claims else {
            return;
        };
        let standing = match &item.decision.fate {
            Action::Ends(Outcome::Rejected, _) => Standing::Rejected,
            Action::Ends(Outcome::Skipped, _) => Standing::LeftOut,
            _ => Standing::Live,
        };
        let claimant = Claimant {
            call: mark.call,
            record: self.places.add(place),
        };
        if let (Action::Ends(Outcome::Skipped, rule), Purpose::Check) =
            (&item.decision.fate, self.road.want)
        {
            self.rules.insert(claimant.record, rule.to_string());
        }
        for recording in mark.recordings() {
            if mark.grade != Grade::Exact {
                if standing != Standing::LeftOut {
                    claims.claim_inexactly(recording, claimant, mark.grade, standing);
                }
                if standing != Standing::Live {
                    claims.leave(recording, claimant, standing);
                }
                continue;
            }
            let Some(first) = claims.claim(recording, claimant, standing) else {
                continue;
            };
            if standing != Standing::Live {
                // The files behind this one were read before it, and made their claims ahead of it.
                let is_behind = |owner: RecordPlace| owner.file < place.file;
                let is_behind = self.places.place_of(first).is_some_and(is_behind);
                if standing == Standing::Rejected && is_behind && self.road.is_newest_first() {
                    claims.pass_on(recording, claimant, standing);
                }
                continue;
            }
            // A call that has its recording already keeps it; only what would be sent is stopped.
            if matches!(item.decision.fate, Action::Ready | Action::Sends(_)) {
                item.decision.fate = Action::Ends(Outcome::Rejected, "".into());
            }
            let first = self.places.name_of(first);
            item.decision.problems.push(
                Problem::new(
                    Code::RecordingShared,
                    record.place(),
                    format!("{first} claims this recording too"),
                )
                .at("recording", &recording.name),
            );
        }
    }

    /// Claims the recordings of a record that is put aside, whose file is read after those that stand
    /// behind it in the command.
    fn claim_ahead(&mut self, mark: &RecordingUse, place: RecordPlace) {
        let Some(claims) = &mut self.claims else {
            return;
        };
        let claimant = Claimant {
            call: mark.call,
            record: self.places.add(place),
        };
        for recording in mark.recordings() {
            let first = claims.claim(recording, claimant, Standing::Live);
            let first = first.and_then(|first| self.places.place_of(first));
            if first.is_some_and(|first| first.file != place.file) {
                claims.pass_on(recording, claimant, Standing::Live);
            }
        }
    }

    /// What a record that was put aside finds among the recordings that nobody owns.
    fn claim_inexactly(&mut self, mark: Option<&RecordingUse>, place: RecordPlace) {
        let (Some(claims), Some(mark)) = (&mut self.claims, mark) else {
            return;
        };
        let claimant = Claimant {
            call: mark.call,
            record: self.places.add(place),
        };
        for recording in mark.recordings().filter(|_| mark.grade != Grade::Exact) {
            claims.claim_inexactly(recording, claimant, mark.grade, Standing::Live);
        }
    }

    fn place(&mut self, record: &Record<'_>) -> RecordPlace {
        let sheet = record.sheet();
        let files = &mut self.places.files;
        // The file that is read comes last; records that were put aside may be of an earlier one.
        let is_it = |name: &Arc<str>| Arc::ptr_eq(name, &sheet.file) || *name == sheet.file;
        let file = files.iter().rposition(|(name, _)| is_it(name));
        let number = record.number();
        let known = file.and_then(|file| files.get_mut(file));
        if let (Some(_), Some((_, is_numbered))) = (number, known) {
            *is_numbered = true;
        }
        RecordPlace {
            file: file
                .and_then(|file| u32::try_from(file).ok())
                .unwrap_or(u32::MAX),
            at: number.map_or(record.line(), NonZeroU64::get),
        }
    }

    /// What can be told once the export has been read whole.
    pub(super) fn asides(&self) -> Vec<Problem> {
        let mut asides = self.misfits();
        asides.extend(self.unread());
        asides.extend(self.bins());
        asides.extend(self.odd_clocks());
        asides.extend(self.unclaimed());
        asides.extend(self.unused_consent.problem());
        asides.extend(self.one_customer());
        asides
    }

    /// Files whose records are not those that the mapping is for, and those that were left out whole.
    fn misfits(&self) -> Vec<Problem> {
        let mut told = Vec::new();
        for (file, watched) in &self.watches {
            let misfits = match watched {
                Watched::Open(watches) => found(watches),
                Watched::Ended(misfits) => misfits.clone(),
            };
            for Misfit { code, message } in misfits {
                told.push(Problem::new(code, of_no_line(file), message));
            }
        }
        told
    }

    /// A customer that cannot be one, since most calls have it.
    fn one_customer(&self) -> Option<Problem> {
        let Usual {
            customer,
            of,
            calls,
        } = self.customers.usual()?;
        let message = format!(
            "at least {of} of {calls} calls have the same customer; it is probably your own number, or \
             stands for hidden numbers"
        );
        let problem = Problem::new(Code::OneCustomer, of_no_line(""), message);
        Some(problem.at(&self.customer_column, &customer))
    }

    /// Folders and files of recordings that could not be read.
    fn unread(&self) -> Vec<Problem> {
        let unread = self.road.audio.iter().flat_map(|index| index.unread());
        let tell = |unread: &Unlisted| {
            let message = format!(
                "it cannot be read ({}), so recordings may be missed",
                unread.why
            );
            let problem =
                Problem::new(Code::RecordingUnreadable, of_no_line(&unread.name), message);
            problem.with_severity(Severity::Warning)
        };
        unread.take(UNCLAIMED).map(tell).collect()
    }

    /// Folders that were not searched, told once.
    fn bins(&self) -> Option<Problem> {
        let bins = self.road.audio.as_ref()?.bins();
        let (first, some) = (bins.first()?, bins.iter().take(3));
        let some: Vec<&str> = some.map(String::as_str).collect();
        let more = match bins.len() - some.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "Recycle bins, snapshots and hidden folders are not searched: {}{more}. \
             Move recordings that you need out of them",
            some.join(", "),
        );
        Some(Problem::new(
            Code::RecordingsNotSearched,
            of_no_line(first),
            message,
        ))
    }

    /// Times in the names of recordings that are not those of their calls.
    fn odd_clocks(&self) -> Vec<Problem> {
        let mut told = Vec::new();
        for verdict in self.clocks.verdicts() {
            let SkewReport {
                about_all,
                odd,
                more,
            } = verdict;
            if let Some((gravity, message)) = about_all {
                let severity = match gravity {
                    SkewSeverity::Warning => Severity::Warning,
                    SkewSeverity::Note => Severity::Note,
                };
                let problem = Problem::new(Code::RecordingTime, of_no_line(""), message);
                told.push(problem.with_severity(severity));
            }
            told.extend(odd.iter().map(|odd| self.odd_clock(odd)));
            if more > 0 {
                let message = format!("{more} more recordings whose names have another time");
                told.push(Problem::new(Code::RecordingTime, of_no_line(""), message));
            }
        }
        told
    }

    fn odd_clock(&self, odd: &OddClock) -> Problem {
        let place = match self.places.files.get(odd.place.file as usize) {
            Some((file, is_numbered)) => Place {
                file: Arc::clone(file),
                line: odd.line,
                record: NonZeroU64::new(odd.place.at).filter(|_| *is_numbered),
            },
            None => Place::on_line("", odd.line),
        };
        let difference = shown_difference(odd.seconds);
        let message = format!("the time in its name is {difference} the call's");
        Problem::new(Code::RecordingTime, place, message).at("recording", &odd.recording)
    }

    /// Recordings that no call has claimed, told by a check once the export has been read whole.
    /// A run says nothing: tonight's export claims a handful of the years in the folder.
    fn unclaimed(&self) -> Vec<Problem> {
        let (Some(index), Some(claims), Purpose::Check) =
            (&self.road.audio, &self.claims, self.road.want)
        else {
            return Vec::new();
        };
        let note = |file: &str, message: String| {
            Problem::new(Code::RecordingUnclaimed, of_no_line(file), message)
        };
        let mut notes = Vec::new();
        let (mut strays, mut of_records) = (0_usize, 0_usize);
        for recording in claims.unclaimed(index) {
            let left = claims.left_by(&recording);
            let count = if left.is_some() {
                &mut of_records
            } else {
                &mut strays
            };
            *count += 1;
            if *count > UNCLAIMED {
                continue;
            }
            let message = match left {
                Some((claimant, standing)) => self.why_left(claimant, standing),
                None if index.is_unnamed(&recording) => {
                    "no record of the export claims this recording, and no pattern of [audio] fits its \
                     name"
                        .to_owned()
                }
                None => "no record of the export claims this recording".to_owned(),
            };
            notes.push(note(&recording.name, message));
        }
        let more = |count: usize, what: &str| {
            let more = count.saturating_sub(UNCLAIMED);
            (more > 0).then(|| note("", format!("{more} more recordings {what}")))
        };
        notes.extend(more(strays, "that no record claims"));
        notes.extend(more(of_records, "whose records are rejected or left out"));
        notes
    }

    /// Why a recording that has a record is not sent.
    fn why_left(&self, claimant: Claimant, standing: Standing) -> String {
        let record = self.places.name_of(claimant);
        if standing != Standing::LeftOut {
            return format!("its record, {record}, is rejected: it is not sent");
        }
        let rule = self.rules.get(&claimant.record);
        let rule = rule.map(|rule| format!(" by `{rule}`")).unwrap_or_default();
        format!("its record, {record}, is left out{rule}: it is not sent")
    }
}

/// The place of something that stands in no row.
fn of_no_line(file: &str) -> Place {
    Place::on_line(file, 0)
}

/// Counts a record that is left to send.
fn count_open(facts: &mut Totals, item: &Proposal, mark: Option<&RecordingUse>) {
    match item.decision.fate {
        Action::SendsCase(_) | Action::Rides => facts.open += 1,
        Action::Ready | Action::Sends(_) => {
            facts.open += 1;
            facts.requests += u64::from(item.requests);
            if let Some(mark) = mark {
                count(facts, mark);
            }
        }
        _ => {}
    }
}

fn count(facts: &mut Totals, mark: &RecordingUse) {
    facts.recordings += 1;
    facts.by_grade[mark.grade as usize] += 1;
    facts.bytes += mark
        .recordings()
        .map(|recording| recording.bytes)
        .sum::<u64>();
    facts.unheard += u64::from(mark.is_unheard);
    match mark.seconds {
        Some(seconds) => {
            facts.seconds += seconds;
            facts.by_minutes.resize(MINUTES, 0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and the last bucket takes the rest"
            )]
            let minutes = (seconds / 60.0) as usize;
            facts.by_minutes[minutes.min(MINUTES - 1)] += 1;
        }
        None => facts.unknown_length += 1,
    }
}
