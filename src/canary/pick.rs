//! Which calls are sent first: few, that have as much as possible of what any call of the export has.
//!
//! The export streams by. Of each trait the few calls are kept that a lot from seed and id puts first, so
//! that memory follows the number of traits and not of calls, and the same seed picks the same calls
//! whatever their order. Among those the calls are taken greedily: each time the one with most traits that
//! no call before it had. A third of the places goes to further calls of agents that were picked, because
//! only several calls of one agent show which channel is the agent's.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::call_trait::{CallTrait, TraitKind};
use super::candidate::Candidate;
use crate::pipeline::{Action, DecidedBatch};
use crate::targets::CallJob;

/// Traits that are told apart; calls with others than the first so many are not kept for them.
const MOST_TRAITS: usize = 2_000;
/// Calls of one agent that show which channel is the agent's.
const CALLS_OF_AN_AGENT: usize = 3;

/// A call that was picked.
#[derive(Debug, Clone)]
pub struct PickedCall {
    /// The call.
    pub candidate: Arc<Candidate>,
    /// What it has that no call before it had; nothing of a further call of an agent, or of one that fills up.
    pub reasons: Vec<CallTrait>,
}

impl PickedCall {
    /// Why it was picked, in a sentence.
    pub fn why(&self) -> String {
        if self.reasons.is_empty() {
            return "a further call of an agent, to tell the agent's channel".to_owned();
        }
        let reasons = self.reasons.iter();
        let words: Vec<String> = reasons
            .map(|reason| format!("{} {}", reason.kind.name(), reason.value))
            .collect();
        format!("the first with {}", words.join(", "))
    }

    /// The same by kinds alone, for where no value of a record belongs.
    pub fn why_in_short(&self) -> String {
        if self.reasons.is_empty() {
            return self.why();
        }
        let kinds: Vec<&str> = self.reasons.iter().map(|it| it.kind.name()).collect();
        format!("new in {}", kinds.join(", "))
    }
}

/// A kept call, by the lot that was drawn for it.
type Drawn = (u64, Arc<Candidate>);

/// Picks calls from decided batches.
#[derive(Debug)]
pub struct CallPicker {
    seed: u64,
    count: usize,
    kept: HashMap<CallTrait, Vec<Drawn>>,
    /// The first by lot of all calls, for where those that differ are not enough.
    spare: Vec<Drawn>,
    seen: u64,
    /// The only calls that are looked at, each of which is picked.
    named: Option<HashMap<String, Option<Arc<Candidate>>>>,
}

impl CallPicker {
    /// A picker of so many calls, whose lots follow from this seed.
    pub fn new(count: usize, seed: u64) -> CallPicker {
        CallPicker {
            seed,
            count,
            kept: HashMap::new(),
            spare: Vec::new(),
            seen: 0,
            named: None,
        }
    }

    /// Picks the calls of these ids and no others.
    #[must_use]
    pub fn of_ids(mut self, ids: &[String]) -> CallPicker {
        self.named = Some(ids.iter().map(|id| (id.clone(), None)).collect());
        self
    }

    /// How many calls there were to choose from.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Looks at the calls of a batch that a run would send.
    pub fn see(&mut self, decided: &DecidedBatch<CallJob>) {
        for (index, decision) in decided.decisions.iter().enumerate() {
            let Action::Send(job) = decision.action() else {
                continue;
            };
            self.seen += 1;
            let candidate = || Candidate::new(&decided.batch.get(index), job);
            match &mut self.named {
                None => self.offer(candidate()),
                Some(named) => {
                    if let Some(place) = named.get_mut(job.call.identity()) {
                        *place = Some(Arc::new(candidate()));
                    }
                }
            }
        }
    }

    fn offer(&mut self, candidate: Candidate) {
        let lot = xxh3_64_with_seed(candidate.call.identity().as_bytes(), self.seed);
        let candidate = Arc::new(candidate);
        for one in &candidate.traits {
            let has_room = self.kept.len() < MOST_TRAITS;
            let kept = match self.kept.get_mut(one) {
                Some(kept) => kept,
                None if has_room => self.kept.entry(one.clone()).or_default(),
                None => continue,
            };
            let most = match one.kind {
                TraitKind::Agent => CALLS_OF_AN_AGENT,
                _ => 1,
            };
            keep(kept, most, lot, &candidate);
        }
        keep(&mut self.spare, self.count, lot, &candidate);
    }

    /// The picked calls: so many as were wanted, or as there are.
    pub fn pick(self) -> Vec<PickedCall> {
        let count = self.count;
        let kept = self.kept.into_values().flatten().chain(self.spare);
        let kept = kept.map(|(_, call)| call);
        let named = self.named.into_iter().flatten();
        let named = named.filter_map(|(_, candidate)| candidate);
        // By lot and id, so that the order of the export plays no part.
        let pool: BTreeMap<(u64, String), Arc<Candidate>> = kept
            .chain(named)
            .map(|call| {
                let id = call.call.identity().to_owned();
                ((xxh3_64_with_seed(id.as_bytes(), self.seed), id), call)
            })
            .collect();
        let mut choice = Choice {
            pool: pool.into_values().collect(),
            covered: HashSet::new(),
            picked: Vec::new(),
        };
        let varied = count - count / 3;
        while choice.picked.len() < varied && choice.take_most_varied() {}
        while choice.picked.len() < count && choice.take_further_of_agent() {}
        while choice.picked.len() < count && choice.take_most_varied() {}
        while choice.picked.len() < count && choice.take_any() {}
        choice.picked
    }
}

/// Keeps a call if its lot is among the first so many.
fn keep(kept: &mut Vec<Drawn>, most: usize, lot: u64, candidate: &Arc<Candidate>) {
    let at = kept.partition_point(|(known, _)| *known < lot);
    if at < most {
        kept.insert(at, (lot, Arc::clone(candidate)));
        kept.truncate(most);
    }
}

/// Picking under way; the pool is in the order of the lots.
struct Choice {
    pool: Vec<Arc<Candidate>>,
    covered: HashSet<CallTrait>,
    picked: Vec<PickedCall>,
}

impl Choice {
    fn take(&mut self, at: usize) -> bool {
        let candidate = self.pool.remove(at);
        let traits = candidate.traits.iter();
        let reasons: Vec<CallTrait> = traits
            .filter(|one| self.covered.insert((*one).clone()))
            .cloned()
            .collect();
        self.picked.push(PickedCall { candidate, reasons });
        true
    }

    fn take_most_varied(&mut self) -> bool {
        let gain = |candidate: &Candidate| {
            let traits = candidate.traits.iter();
            traits.filter(|one| !self.covered.contains(one)).count()
        };
        let mut best = (0, 0);
        for (at, candidate) in self.pool.iter().enumerate() {
            let gain = gain(candidate);
            if gain > best.0 {
                best = (gain, at);
            }
        }
        best.0 > 0 && self.take(best.1)
    }

    /// Takes a call of an agent who has too few to tell the channel by; the one with most comes first.
    fn take_further_of_agent(&mut self) -> bool {
        let agent = |candidate: &Candidate| {
            let mut traits = candidate.traits.iter();
            traits
                .find(|one| one.kind == TraitKind::Agent)
                .map(|one| one.value.clone())
        };
        let is_stereo = |candidate: &Candidate| {
            let upload = candidate.upload.as_ref();
            upload.is_some_and(|upload| upload.channels == Some(2))
        };
        let mut have: HashMap<String, usize> = HashMap::new();
        for call in &self.picked {
            if let Some(agent) = agent(&call.candidate).filter(|_| is_stereo(&call.candidate)) {
                *have.entry(agent).or_default() += 1;
            }
        }
        let wanted = self.pool.iter().enumerate().filter_map(|(at, candidate)| {
            let count = *have.get(&agent(candidate)?)?;
            let is_wanted = count < CALLS_OF_AN_AGENT && is_stereo(candidate);
            is_wanted.then_some((count, at))
        });
        let best = wanted.max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)));
        best.is_some_and(|(_, at)| self.take(at))
    }

    fn take_any(&mut self) -> bool {
        !self.pool.is_empty() && self.take(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidate::tests::candidate;
    use super::*;
    use crate::domain::call::Field;

    /// Ids of what is picked of these calls, each an id, an agent and a time.
    fn picked(
        calls: &[(&str, &'static str, &'static str)],
        count: usize,
        seed: u64,
    ) -> Vec<String> {
        let mut picker = CallPicker::new(count, seed);
        for (id, agent, time) in calls {
            picker.offer(candidate(
                id,
                &[(Field::AgentId, agent), (Field::DateTime, time)],
            ));
        }
        let picks = picker.pick().into_iter();
        picks
            .map(|pick| pick.candidate.call.identity().to_owned())
            .collect()
    }

    #[test]
    fn what_differs_most_is_picked_whatever_the_order() {
        let usual = "2024-03-15T09:12:03+01:00";
        let mut calls = vec![
            ("1", "a", usual),
            ("2", "a", usual),
            ("3", "a", usual),
            ("odd", "z", "2025-07-01T22:00:00+02:00"),
        ];
        let forth = picked(&calls, 3, 7);
        assert_eq!(forth.len(), 3);
        assert!(forth[..2].contains(&"odd".to_owned()), "{forth:?}");
        calls.reverse();
        assert_eq!(picked(&calls, 3, 7), forth);
        assert_eq!(picked(&calls, 9, 7).len(), 4, "no more than there are");
        assert!(picked(&[], 3, 7).is_empty());
    }

    #[test]
    fn memory_follows_what_differs_and_not_the_number_of_calls() {
        let mut picker = CallPicker::new(20, 1);
        for number in 0..500 {
            picker.offer(candidate(&number.to_string(), &[]));
        }
        let kept: usize = picker.kept.values().map(Vec::len).sum();
        assert!(kept <= 9 + CALLS_OF_AN_AGENT, "{kept}");
        assert_eq!(picker.pick().len(), 20, "also where nothing differs");
    }

    #[test]
    fn calls_that_are_named_are_all_picked() {
        let ids = ["b".to_owned(), "gone".to_owned()];
        let mut picker = CallPicker::new(2, 1).of_ids(&ids);
        if let Some(named) = &mut picker.named {
            let place = named.get_mut("b").expect("a place");
            *place = Some(Arc::new(candidate("b", &[])));
        }
        assert_eq!(picker.pick().len(), 1);
    }
}
