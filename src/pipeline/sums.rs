//! Sums over the calls of a batch, in a form that is cheap to add to.

use super::{Consent, Facts};
use crate::call::{Call, Field};

/// Counts of one batch. A batch has few days and few agents, mostly the same ones in a row, so
/// short lists that begin at the last hit beat a table that hashes every record.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) records: u64,
    pub(super) cases: u64,
    pub(super) messages: u64,
    pub(super) left_out: u64,
    pub(super) requests: u64,
    calls: u64,
    filled: [u64; 36],
    consent: Consent,
    days: Vec<([u8; 10], u64)>,
    hours: [u64; 24],
    agents: hashbrown::HashMap<Box<str>, u64, Seedless>,
}

/// A hasher that needs no random seed: the table lives for one batch.
type Seedless = std::hash::BuildHasherDefault<xxhash_rust::xxh3::Xxh3Default>;

impl Default for Sums {
    fn default() -> Self {
        Sums {
            records: 0,
            cases: 0,
            messages: 0,
            left_out: 0,
            requests: 0,
            calls: 0,
            filled: [0; 36],
            consent: Consent::default(),
            days: Vec::new(),
            hours: [0; 24],
            agents: hashbrown::HashMap::default(),
        }
    }
}

impl Sums {
    /// Counts one call.
    pub(super) fn count(&mut self, call: &Call<'_>) {
        self.calls += 1;
        for (field, _) in call.fields() {
            self.filled[field.index()] += 1;
        }
        match call.consent() {
            Some(true) => self.consent.yes += 1,
            Some(false) => self.consent.no += 1,
            None => self.consent.absent += 1,
        }
        let time = call.text(Field::DateTime).as_bytes();
        if let Some(day) = time.first_chunk::<10>() {
            match self.days.iter_mut().rev().find(|(known, _)| known == day) {
                Some((_, count)) => *count += 1,
                None => self.days.push((*day, 1)),
            }
        }
        if let Some([tens, ones]) = time.get(11..13)
            && let Some(count) = self.hours.get_mut(
                usize::from(tens.wrapping_sub(b'0')) * 10 + usize::from(ones.wrapping_sub(b'0')),
            )
        {
            *count += 1;
        }
        let agent = call.text(Field::AgentId);
        match self.agents.get_mut(agent) {
            Some(count) => *count += 1,
            None => {
                self.agents.insert(agent.into(), 1);
            }
        }
    }

    /// The sums in the form in which they are told.
    pub(super) fn into_facts(self) -> Facts {
        let day = |day: [u8; 10]| String::from_utf8_lossy(&day).into_owned();
        Facts {
            records: self.records,
            cases: self.cases,
            messages: self.messages,
            left_out: self.left_out,
            requests: self.requests,
            calls: self.calls,
            filled: self.filled.to_vec(),
            consent: self.consent,
            by_day: self
                .days
                .into_iter()
                .map(|(key, count)| (day(key), count))
                .collect(),
            by_hour: self.hours,
            by_agent: self
                .agents
                .into_iter()
                .map(|(agent, count)| (agent.into(), count))
                .collect(),
            ..Facts::default()
        }
    }
}
