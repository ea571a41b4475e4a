//! `status --merge` and `report --merge`: the ledgers of all shards, held against each other, as one.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::exit_code::Exit;
use super::ledger_view;
use crate::domain::{Code, Severity, Shard};
use crate::events::Outcome;
use crate::ledger::{self, Ledger, LedgerReader, Run, ShardBinding};
use crate::report::{
    CodeCount, DestinationLabel, MergeView, MergedShard, Screen, StatusView, Style, print_merge,
};

/// Exit codes of runs that came to the end of their export.
const WHOLE: [u8; 2] = [0, 3];

/// The ledger of one shard, and what it says.
pub(super) struct ShardLedger {
    pub(super) path: PathBuf,
    pub(super) reader: LedgerReader,
    pub(super) view: StatusView,
    binding: ShardBinding,
    last: Option<Run>,
    /// Its last run left out a file of the export.
    has_unread: bool,
}

/// Ledgers that belong together.
pub(super) struct MergedLedgers {
    /// In the order of their shards.
    pub(super) ledgers: Vec<ShardLedger>,
    pub(super) view: MergeView,
}

/// `status --merge`.
pub(super) fn status(paths: &[PathBuf], style: Style, mut screen: Screen) -> Result<Exit, Error> {
    let merged = match MergedLedgers::open(paths)? {
        Ok(merged) => merged,
        Err(conflicts) => return Ok(tell(&conflicts, &mut screen)),
    };
    print_merge(&mut screen, &merged.view, style);
    Ok(merged.exit())
}

/// Says why ledgers do not belong together.
pub(super) fn tell(conflicts: &[String], screen: &mut Screen) -> Exit {
    screen.say("These ledgers are no parts of one import; nothing was merged:");
    for conflict in conflicts {
        screen.say(&format!("  {conflict}"));
    }
    Exit::Incomplete
}

impl MergedLedgers {
    /// Opens ledgers and holds them against each other. The inner error says why they do not belong
    /// together.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Result<MergedLedgers, Vec<String>>, Error> {
        let mut conflicts = named_twice(paths);
        let mut ledgers = Vec::with_capacity(paths.len());
        for path in paths {
            let reader = Ledger::read(path)?;
            let Some(binding) = reader.part()? else {
                conflicts.push(format!(
                    "{} holds a whole export, not a shard of one",
                    path.display()
                ));
                continue;
            };
            let summary = reader.summary()?;
            let has_unread = summary.problems.iter().any(|(code, severity, _)| {
                *code == Code::FileNotRead.name() && *severity == Severity::Error.name()
            });
            let last = summary.runs.into_iter().next();
            ledgers.push(ShardLedger {
                has_unread,
                view: ledger_view::view(path, &reader)?,
                path: path.clone(),
                reader,
                binding,
                last,
            });
        }
        ledgers.sort_by_key(|ledger| ledger.binding.shard);
        conflicts.extend(differences(&ledgers));
        for ledger in &ledgers {
            conflicts.extend(ledger.misplaced()?);
        }
        if ledgers.is_empty() || !conflicts.is_empty() {
            return Ok(Err(conflicts));
        }
        let view = view(&ledgers);
        Ok(Ok(MergedLedgers { ledgers, view }))
    }

    /// Counts the problems; those of the export, which each shard tells, once.
    pub(super) fn count_problems(&mut self) -> Result<(), Error> {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut seen = SharedProblems::default();
        for ledger in &self.ledgers {
            ledger.reader.problems(|noted| {
                if seen.is_first(&noted) {
                    *counts.entry((noted.code, noted.severity)).or_default() += 1;
                }
                Ok::<(), Error>(())
            })?;
        }
        let counts = counts.into_iter();
        self.view.problems = counts
            .map(|((code, severity), problems)| CodeCount {
                code,
                severity,
                problems,
            })
            .collect();
        Ok(())
    }

    /// Where the calls went, for a report.
    pub(super) fn destination(&self) -> DestinationLabel {
        DestinationLabel {
            name: self.view.destination.clone(),
            ledger: self
                .ledgers
                .first()
                .map(|it| it.path.clone())
                .unwrap_or_default(),
            is_new_ledger: false,
            settings: None,
            read_api: None,
            shard: None,
        }
    }

    /// How the command ends: as the worst of the runs, where nothing is missing.
    pub(super) fn exit(&self) -> Exit {
        let exits = self
            .ledgers
            .iter()
            .filter_map(|ledger| ledger.last.as_ref());
        let is_done = exits.map(|run| run.exit).all(|exit| exit == Some(0));
        if self.view.is_complete && is_done {
            Exit::Done
        } else {
            Exit::Incomplete
        }
    }
}

/// Problems of the export, which every shard tells, as they came.
#[derive(Default)]
pub(super) struct SharedProblems(HashSet<blake3::Hash>);

impl SharedProblems {
    /// Whether no shard has told this before. What is told of a record only its owner tells.
    pub(super) fn is_first(&mut self, noted: &ledger::NotedProblem) -> bool {
        if noted.line > 0 || !noted.identity.is_empty() {
            return true;
        }
        let mut hash = blake3::Hasher::new();
        for text in [
            &*noted.file,
            &noted.column,
            &noted.code,
            &noted.severity,
            &noted.message,
        ] {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        self.0.insert(hash.finalize())
    }
}

impl ShardLedger {
    fn shard(&self) -> Shard {
        self.binding.shard
    }

    /// The first id that belongs to another shard, which may have sent it, too.
    fn misplaced(&self) -> Result<Option<String>, Error> {
        if self.binding.hash_version != Shard::HASH_VERSION {
            return Ok(Some(format!(
                "{} divides records by hash version {}, which this program does not know",
                self.path.display(),
                self.binding.hash_version
            )));
        }
        let shard = self.shard();
        let (mut first, mut others) = (None, 0_u64);
        self.reader.identities(|identity| {
            if !shard.owns(Shard::hash_of_id(&identity)) {
                others += 1;
                first.get_or_insert(identity);
            }
            Ok::<(), Error>(())
        })?;
        Ok(first.map(|identity| {
            format!(
                "{} is the ledger of shard {shard} and holds {others} ids of other shards, such as \
                 {identity}",
                self.path.display()
            )
        }))
    }

    /// What the last run counted; nothing before it has counted anything.
    fn tally(&self) -> serde_json::Value {
        let text = self.last.as_ref().and_then(|run| run.tally.as_deref());
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// Why its last run does not speak for all its records.
    fn missing(&self) -> Option<String> {
        let tally = self.tally();
        let run = self.last.as_ref();
        let why = if self.view.held_by.is_some() {
            "a run is going on; wait for its end"
        } else if !run.is_some_and(|run| run.exit.is_some_and(|exit| WHOLE.contains(&exit)))
            || !tally["stop"].is_null()
        {
            "its last run did not reach the end of the export; run it again"
        } else if tally[NOT_SELECTED_KEY].as_u64().unwrap_or(0) > 0 {
            "--only limited its last run; run it again without"
        } else if tally[Outcome::NotAttempted.name()].as_u64().unwrap_or(0) > 0 {
            "records were not attempted; run it again"
        } else if self.has_unread {
            "a file of the export was not read; problems.csv of its run names it"
        } else {
            return None;
        };
        Some(format!(
            "shard {} ({}): {why}",
            self.shard(),
            self.path.display()
        ))
    }

    fn merged(&self) -> MergedShard {
        let tally = self.tally();
        let number = |name: &str| tally[name].as_u64().unwrap_or(0);
        let own = Outcome::ALL.iter().filter(|it| **it != Outcome::OtherShard);
        let run = self.view.runs.first();
        let read = number("read");
        MergedShard {
            number: self.shard().number(),
            ledger: self.path.display().to_string(),
            run: run.map(|run| run.number),
            ending: run.map_or_else(|| "no run".to_owned(), |run| run.ending.clone()),
            is_whole: self.missing().is_none(),
            read,
            owned: read.saturating_sub(number(Outcome::OtherShard.name())),
            outcomes: own.map(|it| (it.name(), number(it.name()))).collect(),
            known: self.view.states.iter().map(|state| state.calls).sum(),
        }
    }
}

/// The key under which a run keeps how many records `--only` left out.
const NOT_SELECTED_KEY: &str = "not_selected";

fn named_twice(paths: &[PathBuf]) -> Vec<String> {
    let mut seen = HashSet::new();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let twice = paths.iter().filter(|path| !seen.insert(real(path)));
    twice
        .map(|path| format!("{} is named twice", path.display()))
        .collect()
}

/// What tells ledgers apart that should be parts of one import. All are compared with the first.
fn differences(ledgers: &[ShardLedger]) -> Vec<String> {
    let Some((first, others)) = ledgers.split_first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let named = first.path.display();
    for other in others {
        let path = other.path.display();
        let (one, two) = (&first.binding, &other.binding);
        if one.shard.count() != two.shard.count() {
            let (one, two) = (one.shard, two.shard);
            found.push(format!(
                "{named} is of shard {one}, and {path} of shard {two}"
            ));
        }
        if first.view.destination != other.view.destination {
            found.push(format!(
                "{path} belongs to another destination than {named}"
            ));
        }
        if one.hash_version != two.hash_version {
            found.push(format!(
                "{path} has another version of the hash than {named}"
            ));
        }
        if let (Some(one), Some(two)) = (one.content, two.content) {
            if one.export != two.export {
                found.push(format!("{path} was begun with another export than {named}"));
            }
            if one.mapping != two.mapping {
                found.push(format!(
                    "{path} was begun with another mapping than {named}"
                ));
            }
        }
    }
    for pair in ledgers.windows(2) {
        if pair[0].shard() == pair[1].shard() {
            found.push(format!(
                "{} and {} both hold shard {}",
                pair[0].path.display(),
                pair[1].path.display(),
                pair[0].shard()
            ));
        }
    }
    found
}

/// The ledgers added up, and what is missing for all records to be accounted for.
fn view(ledgers: &[ShardLedger]) -> MergeView {
    let shards: Vec<MergedShard> = ledgers.iter().map(ShardLedger::merged).collect();
    let binding = ledgers[0].binding;
    let of = binding.shard.count();
    let content = ledgers.iter().find_map(|ledger| ledger.binding.content);
    let mut missing: Vec<String> = (0..of)
        .filter(|number| shards.iter().all(|shard| shard.number != *number))
        .map(|number| format!("shard {number}/{of} is missing: name its ledger"))
        .collect();
    missing.extend(ledgers.iter().filter_map(ShardLedger::missing));
    let whole = shards.iter().filter(|shard| shard.is_whole);
    let read = whole.clone().map(|shard| shard.read).max();
    for shard in whole.filter(|shard| Some(shard.read) != read) {
        missing.push(format!(
            "shard {}/{of} ({}) read {} records, and another shard {}",
            shard.number,
            shard.ledger,
            shard.read,
            read.unwrap_or(0)
        ));
    }
    let owned = shards.iter().map(|shard| shard.owned).sum();
    if let Some(read) = read.filter(|read| missing.is_empty() && *read != owned) {
        missing.push(format!(
            "the shards own {owned} records, and the export has {read}"
        ));
    }
    let mut outcomes = BTreeMap::new();
    for (name, count) in shards.iter().flat_map(|shard| &shard.outcomes) {
        *outcomes.entry(*name).or_default() += count;
    }
    let mut status = ledgers[0].view.clone();
    for ledger in &ledgers[1..] {
        status.join(&ledger.view);
    }
    let hex = |hash: [u8; 32]| blake3::Hash::from_bytes(hash).to_hex().to_string();
    MergeView {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        mode: "merge",
        destination: status.destination.clone().unwrap_or_default(),
        of,
        hash_version: binding.hash_version,
        export: content.map(|content| hex(content.export)),
        mapping: content.map(|content| hex(content.mapping)),
        is_complete: missing.is_empty(),
        missing,
        read,
        owned,
        outcomes,
        problems: Vec::new(),
        shards,
        status,
        files: Vec::new(),
    }
}
