//! Sums over checked records, made where the calls still are and added up later.

use super::counts::{CallsByAgent, CallsByDay};
use super::customers::Customers;
use crate::domain::call::{Call, Field};

/// What the records say about consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsentCounts {
    /// Records whose customer agreed.
    pub yes: u64,
    /// Records whose customer refused.
    pub no: u64,
    /// Records that say nothing; the destination then assumes consent.
    pub absent: u64,
}

/// Some calls, and the records that tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCount {
    /// The records, each leg of a call among them.
    pub records: u64,
    /// The calls.
    pub calls: u64,
}

/// Sums over the calls of some records.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Records read, but for those that wait to be decided.
    pub records: u64,
    /// What was put aside until all inputs are read, because its recording is not certain before.
    pub put_aside: CallCount,
    /// What of that has been decided since; it is counted among the records from then on.
    pub taken_up: CallCount,
    /// Records that told a call: repeats, and calls that are in place already, among them. What waits to be
    /// decided is not, here and in what is counted of calls below.
    pub calls: u64,
    /// Calls that are left to send; of cases, the records that tell them.
    pub open: u64,
    /// Records that told a case.
    pub cases: u64,
    /// Messages of those.
    pub messages: u64,
    /// Messages that were left out: private notes, and those that a rule of the mapping names.
    pub left_out: u64,
    /// How many calls fill each field, by `Field::index`.
    pub filled: [u64; Field::ALL.len()],
    /// Consent over the calls.
    pub consent: ConsentCounts,
    /// Calls by local day, in the offset of the call.
    pub by_day: CallsByDay,
    /// Calls by local hour of the day.
    pub by_hour: [u64; 24],
    /// Calls by agent id.
    pub by_agent: CallsByAgent,
    /// The same by customer, as far as one has a large part of them; the sequencer takes it.
    pub customers: Customers,
    /// Calls whose recording was found.
    pub recordings: u64,
    /// The same by how they were found: exactly, by a pattern, inexactly.
    pub by_grade: [u64; 3],
    /// Recordings that a run reads from a store, or from a URL; of several for one call each.
    pub far: u64,
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

impl Default for Totals {
    fn default() -> Self {
        Totals {
            records: 0,
            put_aside: CallCount::default(),
            taken_up: CallCount::default(),
            calls: 0,
            open: 0,
            cases: 0,
            messages: 0,
            left_out: 0,
            filled: [0; Field::ALL.len()],
            consent: ConsentCounts::default(),
            by_day: CallsByDay::default(),
            by_hour: [0; 24],
            by_agent: CallsByAgent::default(),
            customers: Customers::default(),
            recordings: 0,
            far: 0,
            by_grade: [0; 3],
            bytes: 0,
            seconds: 0.0,
            unknown_length: 0,
            unheard: 0,
            by_minutes: Vec::new(),
            requests: 0,
        }
    }
}

/// What is counted of a call.
#[derive(Debug)]
pub struct CallFacts<'c, F> {
    /// The fields that it fills.
    pub fields: F,
    /// What it says about consent.
    pub consent: Option<bool>,
    /// Its time, as it is sent.
    pub time: &'c str,
    /// The id of its agent.
    pub agent: &'c str,
    /// Its customer; empty where that is not counted.
    pub customer: &'c str,
}

/// The same of a call that is put aside, until it is decided.
#[derive(Debug)]
pub struct DeferredFacts {
    /// A bit for each field, by `Field::index`.
    fields: u64,
    consent: Option<bool>,
    time: String,
    agent: String,
}

impl DeferredFacts {
    /// Remembers what of this call is counted.
    pub fn new(call: &Call<'_>) -> DeferredFacts {
        let fields = call.filled().map(|field| 1 << field.index());
        DeferredFacts {
            fields: fields.fold(0, |bits, bit: u64| bits | bit),
            consent: call.consent(),
            time: call.text(Field::DateTime).to_owned(),
            agent: call.text(Field::AgentId).to_owned(),
        }
    }

    /// What was counted.
    pub fn facts(&self) -> CallFacts<'_, impl Iterator<Item = Field>> {
        let has = |field: &Field| self.fields & (1 << field.index()) != 0;
        CallFacts {
            fields: Field::ALL.into_iter().filter(has),
            consent: self.consent,
            time: &self.time,
            agent: &self.agent,
            customer: "",
        }
    }
}

impl CallCount {
    fn add(&mut self, other: CallCount) {
        self.records += other.records;
        self.calls += other.calls;
    }
}

impl Totals {
    /// What was put aside and is not decided yet. A run that stops leaves it as it leaves what it has not
    /// read.
    pub fn waiting(&self) -> CallCount {
        let CallCount { records, calls } = self.put_aside;
        CallCount {
            records: records.saturating_sub(self.taken_up.records),
            calls: calls.saturating_sub(self.taken_up.calls),
        }
    }

    /// Counts a call that was put aside and all its records, which were counted as they were read.
    pub fn put_aside(&mut self, records: u64) {
        self.records = self.records.saturating_sub(records);
        self.put_aside.add(CallCount { records, calls: 1 });
    }

    /// Counts a call that was put aside and is decided now.
    pub fn take_up(&mut self, records: u64) {
        self.records += records;
        self.taken_up.add(CallCount { records, calls: 1 });
    }

    /// Counts one call.
    pub fn count(&mut self, facts: CallFacts<'_, impl Iterator<Item = Field>>) {
        let up = |count: &mut u64| *count += 1;
        self.change(facts.consent, facts.time, facts.fields, up);
        self.by_day.count(facts.time.as_bytes());
        self.by_agent.add(facts.agent, 1);
        self.customers.count(facts.customer);
    }

    /// Counts a call of another shard: only whose customer it is, which says something of the export.
    pub fn count_elsewhere(&mut self, customer: &str) {
        self.customers.count(customer);
    }

    /// Takes a call back that these sums have counted, but for its customer: of those there is no exact
    /// count, and they are counted as they are read.
    pub fn take_back(&mut self, facts: CallFacts<'_, impl Iterator<Item = Field>>) {
        let down = |count: &mut u64| *count = count.saturating_sub(1);
        self.change(facts.consent, facts.time, facts.fields, down);
        self.by_day.take_back(facts.time.as_bytes());
        self.by_agent.take_back(facts.agent);
    }

    fn change(
        &mut self,
        consent: Option<bool>,
        time: &str,
        fields: impl Iterator<Item = Field>,
        change: impl Fn(&mut u64),
    ) {
        change(&mut self.calls);
        for field in fields {
            change(&mut self.filled[field.index()]);
        }
        change(match consent {
            Some(true) => &mut self.consent.yes,
            Some(false) => &mut self.consent.no,
            None => &mut self.consent.absent,
        });
        let time = time.as_bytes();
        if let Some([tens, ones]) = time.get(11..13) {
            let hour =
                usize::from(tens.wrapping_sub(b'0')) * 10 + usize::from(ones.wrapping_sub(b'0'));
            if let Some(count) = self.by_hour.get_mut(hour) {
                change(count);
            }
        }
    }

    /// Adds the sums of other records.
    pub fn add(&mut self, other: &Totals) {
        self.records += other.records;
        self.put_aside.add(other.put_aside);
        self.taken_up.add(other.taken_up);
        self.calls += other.calls;
        self.open += other.open;
        self.cases += other.cases;
        self.messages += other.messages;
        self.left_out += other.left_out;
        for (sum, count) in self.filled.iter_mut().zip(other.filled) {
            *sum += count;
        }
        self.consent.yes += other.consent.yes;
        self.consent.no += other.consent.no;
        self.consent.absent += other.consent.absent;
        self.by_day.add_all(&other.by_day);
        for (sum, count) in self.by_hour.iter_mut().zip(other.by_hour) {
            *sum += count;
        }
        self.by_agent.add_all(&other.by_agent);
        self.customers.add_all(&other.customers);
        self.recordings += other.recordings;
        self.far += other.far;
        for (sum, count) in self.by_grade.iter_mut().zip(other.by_grade) {
            *sum += count;
        }
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
    use jiff::civil::Date;

    use super::*;

    #[test]
    fn what_is_taken_back_leaves_no_trace() {
        let facts = |agent, time, consent| CallFacts {
            fields: [Field::Customer, Field::AgentId].into_iter(),
            consent,
            time,
            agent,
            customer: "",
        };
        let mut sums = Totals::default();
        let (one, other) = ("2024-03-15T09:12:03Z", "2024-03-16T10:00:00Z");
        sums.count(facts("a-1", one, Some(true)));
        let before = sums.clone();
        for (agent, time, consent) in [("a-2", other, None), ("a-1", one, Some(false))] {
            sums.count(facts(agent, time, consent));
            sums.take_back(facts(agent, time, consent));
            assert_eq!(sums, before);
        }
        sums.take_back(facts("a-1", one, Some(true)));
        assert_eq!(sums, Totals::default());
    }

    #[test]
    fn sums_of_parts_are_the_sum_of_the_whole() {
        let part = Totals {
            records: 2,
            calls: 1,
            filled: std::array::from_fn(|index| index as u64 % 2),
            by_day: [(Date::constant(2024, 3, 15), 1)].into_iter().collect(),
            by_minutes: vec![1],
            ..Totals::default()
        };
        let mut sum = Totals::default();
        sum.add(&part);
        sum.add(&part);
        assert_eq!((sum.records, sum.calls), (4, 2));
        assert_eq!(sum.filled[..3], [0, 2, 0]);
        assert_eq!(sum.by_day.dates()[&Date::constant(2024, 3, 15)], 2);
    }
}
