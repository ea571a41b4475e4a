//! Sums over the calls of a batch, in a form that is cheap to add to.

use hashbrown::HashTable;
use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

use super::{Consent, Facts};
use crate::call::{Call, Field};

/// Counts of one batch.
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
    /// By the eight digits of the day.
    days: HashTable<(u64, u64)>,
    hours: [u64; 24],
    agents: HashTable<(Box<str>, u64)>,
}

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
            days: HashTable::new(),
            hours: [0; 24],
            agents: HashTable::new(),
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
        if let Some([y1, y2, y3, y4, _, m1, m2, _, d1, d2]) = time.first_chunk() {
            let day = u64::from_be_bytes([*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2]);
            let entry =
                self.days
                    .entry(spread(day), |known| known.0 == day, |known| spread(known.0));
            entry.or_insert((day, 0)).get_mut().1 += 1;
        }
        if let Some([tens, ones]) = time.get(11..13) {
            let hour =
                usize::from(tens.wrapping_sub(b'0')) * 10 + usize::from(ones.wrapping_sub(b'0'));
            if let Some(count) = self.hours.get_mut(hour) {
                *count += 1;
            }
        }
        let agent = call.text(Field::AgentId);
        let hash = xxh3_64(agent.as_bytes());
        if let Some((_, count)) = self.agents.find_mut(hash, |(known, _)| **known == *agent) {
            *count += 1;
        } else {
            let rehash = |(known, _): &(Box<str>, u64)| xxh3_64(known.as_bytes());
            self.agents.insert_unique(hash, (agent.into(), 1), rehash);
        }
    }

    /// The sums in the form in which they are told.
    pub(super) fn into_facts(self) -> Facts {
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
                .filter_map(|(digits, count)| Some((date(digits)?, count)))
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

/// The day of eight digits.
fn date(digits: u64) -> Option<Date> {
    let [year @ .., m1, m2, d1, d2] = digits.to_be_bytes();
    let number = |digits: &[u8]| {
        let digits = digits.iter();
        digits.fold(0_i32, |sum, digit| {
            sum * 10 + i32::from(digit.wrapping_sub(b'0'))
        })
    };
    let year = i16::try_from(number(&year)).ok()?;
    let month = i8::try_from(number(&[m1, m2])).ok()?;
    let day = i8::try_from(number(&[d1, d2])).ok()?;
    Date::new(year, month, day).ok()
}

/// Days differ in their last digits, and the table looks at the first bits of a hash.
fn spread(day: u64) -> u64 {
    day.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
