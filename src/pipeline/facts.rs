//! Sums over checked records, made where the calls still are and added up later.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

/// What the records say about consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    /// Records whose customer agreed.
    pub yes: u64,
    /// Records whose customer refused.
    pub no: u64,
    /// Records that say nothing; the destination then assumes consent.
    pub absent: u64,
}

/// Sums over the calls of some records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Records read.
    pub records: u64,
    /// Records that became a call.
    pub calls: u64,
    /// Records that told a case.
    pub cases: u64,
    /// Messages of those.
    pub messages: u64,
    /// Messages that were left out: private notes, and those that a rule of the mapping names.
    pub left_out: u64,
    /// How many calls fill each field, by `Field::index`.
    pub filled: Vec<u64>,
    /// Consent over the calls.
    pub consent: Consent,
    /// Calls by local day, in the offset of the call.
    pub by_day: BTreeMap<Date, u64>,
    /// Calls by local hour of the day.
    pub by_hour: [u64; 24],
    /// Calls by agent id.
    pub by_agent: HashMap<String, u64>,
    /// Calls whose recording was found.
    pub recordings: u64,
    /// Bytes of those recordings.
    pub bytes: u64,
    /// Seconds of those whose length is known.
    pub seconds: f64,
    /// Recordings whose length is not known.
    pub unknown_length: u64,
    /// Recordings that were to be listened to and could not be decoded.
    pub unheard: u64,
    /// Recordings by whole minutes, the last bucket holding 60 and more.
    pub by_minutes: Vec<u64>,
    /// Requests that a run would send for these records.
    pub requests: u64,
}

impl Facts {
    /// Adds the sums of other records.
    pub fn add(&mut self, other: &Facts) {
        self.records += other.records;
        self.calls += other.calls;
        self.cases += other.cases;
        self.messages += other.messages;
        self.left_out += other.left_out;
        add_each(&mut self.filled, &other.filled);
        self.consent.yes += other.consent.yes;
        self.consent.no += other.consent.no;
        self.consent.absent += other.consent.absent;
        for (day, count) in &other.by_day {
            *self.by_day.entry(*day).or_default() += count;
        }
        for (sum, count) in self.by_hour.iter_mut().zip(other.by_hour) {
            *sum += count;
        }
        for (agent, count) in &other.by_agent {
            match self.by_agent.get_mut(agent) {
                Some(sum) => *sum += count,
                None => drop(self.by_agent.insert(agent.clone(), *count)),
            }
        }
        self.recordings += other.recordings;
        self.bytes += other.bytes;
        self.seconds += other.seconds;
        self.unknown_length += other.unknown_length;
        self.unheard += other.unheard;
        add_each(&mut self.by_minutes, &other.by_minutes);
        self.requests += other.requests;
    }
}

fn add_each(sums: &mut Vec<u64>, counts: &[u64]) {
    if sums.len() < counts.len() {
        sums.resize(counts.len(), 0);
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_parts_are_the_sum_of_the_whole() {
        let part = Facts {
            records: 2,
            calls: 1,
            filled: vec![1, 0, 1],
            by_day: [(Date::constant(2024, 3, 15), 1)].into(),
            by_minutes: vec![1],
            ..Facts::default()
        };
        let mut sum = Facts::default();
        sum.add(&part);
        sum.add(&part);
        assert_eq!((sum.records, sum.calls), (4, 2));
        assert_eq!(sum.filled, [2, 0, 2]);
        assert_eq!(sum.by_day[&Date::constant(2024, 3, 15)], 2);
    }
}
