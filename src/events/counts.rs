//! How many calls there are of each agent and of each day, in tables that are cheap to add to.

use std::collections::BTreeMap;

use hashbrown::HashTable;
use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

/// Agents that are told apart. A column that holds another value in each row is no agent, and its values
/// must not fill the memory.
const MOST_AGENTS: usize = 10_000;
/// Bytes of their ids, all together.
const MOST_BYTES: usize = 1 << 20;
/// Days that are told apart: more than a century.
const MOST_DAYS: usize = 50_000;

/// Calls by agent id, of a bounded number of agents.
#[derive(Debug, Clone, Default)]
pub struct CallsByAgent {
    table: HashTable<(Box<str>, u64)>,
    bytes: usize,
    /// Calls of agents beyond those.
    others: u64,
}

impl CallsByAgent {
    /// Counts so many more calls of an agent.
    pub fn add(&mut self, agent: &str, calls: u64) {
        let hash = xxh3_64(agent.as_bytes());
        if let Some((_, count)) = self.table.find_mut(hash, |(known, _)| **known == *agent) {
            *count += calls;
        } else if self.table.len() >= MOST_AGENTS || self.bytes + agent.len() > MOST_BYTES {
            self.others += calls;
        } else {
            self.bytes += agent.len();
            let rehash = |(known, _): &(Box<str>, u64)| xxh3_64(known.as_bytes());
            self.table
                .insert_unique(hash, (agent.into(), calls), rehash);
        }
    }

    /// Takes a call of an agent back that was counted here.
    pub fn take_back(&mut self, agent: &str) {
        let hash = xxh3_64(agent.as_bytes());
        match self.table.find_entry(hash, |(known, _)| **known == *agent) {
            Ok(mut entry) if entry.get().1 > 1 => entry.get_mut().1 -= 1,
            Ok(entry) => {
                entry.remove();
                self.bytes -= agent.len();
            }
            Err(_) => self.others = self.others.saturating_sub(1),
        }
    }

    /// Adds what others counted.
    pub fn add_all(&mut self, other: &CallsByAgent) {
        for (agent, calls) in other.iter() {
            self.add(agent, calls);
        }
        self.others += other.others;
    }

    /// Calls of the agents beyond those that are told apart; none while all are.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// How many agents are told apart; there are more where [`CallsByAgent::others`] is not 0.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Every agent with the number of calls, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.table.iter().map(|(agent, calls)| (&**agent, *calls))
    }
}

impl PartialEq for CallsByAgent {
    fn eq(&self, other: &CallsByAgent) -> bool {
        let sorted = |agents: &CallsByAgent| -> BTreeMap<String, u64> {
            let entries = agents
                .iter()
                .map(|(agent, calls)| (agent.to_owned(), calls));
            entries.collect()
        };
        self.others == other.others && sorted(self) == sorted(other)
    }
}

/// Calls by day, in the offset of each call.
#[derive(Debug, Clone, Default)]
pub struct CallsByDay {
    /// By the eight digits of the day, as they stand in the text of a time.
    table: HashTable<(u64, u64)>,
}

impl CallsByDay {
    /// Counts a call at this RFC 3339 time.
    pub fn count(&mut self, time: &[u8]) {
        if let Some(day) = day_of(time) {
            self.add(day, 1);
        }
    }

    /// Takes a call at this time back that was counted here.
    pub fn take_back(&mut self, time: &[u8]) {
        let Some(day) = day_of(time) else {
            return;
        };
        if let Ok(mut entry) = self.table.find_entry(spread(day), |known| known.0 == day) {
            if entry.get().1 > 1 {
                entry.get_mut().1 -= 1;
            } else {
                entry.remove();
            }
        }
    }

    fn add(&mut self, day: u64, calls: u64) {
        let is_full = self.table.len() >= MOST_DAYS;
        if is_full
            && self
                .table
                .find(spread(day), |known| known.0 == day)
                .is_none()
        {
            return;
        }
        let entry = self
            .table
            .entry(spread(day), |known| known.0 == day, |known| spread(known.0));
        entry.or_insert((day, 0)).get_mut().1 += calls;
    }

    /// Adds what others counted.
    pub fn add_all(&mut self, other: &CallsByDay) {
        for (day, calls) in &other.table {
            self.add(*day, *calls);
        }
    }

    /// The days in their order.
    pub fn dates(&self) -> BTreeMap<Date, u64> {
        let dates = self.table.iter();
        dates
            .filter_map(|(digits, calls)| Some((date(*digits)?, *calls)))
            .collect()
    }
}

impl PartialEq for CallsByDay {
    fn eq(&self, other: &CallsByDay) -> bool {
        self.dates() == other.dates()
    }
}

#[cfg(test)]
impl FromIterator<(Date, u64)> for CallsByDay {
    fn from_iter<I: IntoIterator<Item = (Date, u64)>>(dates: I) -> Self {
        let mut days = CallsByDay::default();
        for (date, calls) in dates {
            let digits = date.strftime("%Y%m%d").to_string();
            if let Ok(digits) = digits.into_bytes().try_into() {
                days.add(u64::from_be_bytes(digits), calls);
            }
        }
        days
    }
}

/// The eight digits of the day of an RFC 3339 time.
fn day_of(time: &[u8]) -> Option<u64> {
    let [y1, y2, y3, y4, _, m1, m2, _, d1, d2] = time.first_chunk()?;
    Some(u64::from_be_bytes([*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_agents_are_counted_and_added() {
        let (mut one, mut other) = (CallsByDay::default(), CallsByDay::default());
        one.count(b"2024-03-15T09:12:03Z");
        one.count(b"2024-03-15T23:59:59+01:00");
        other.count(b"2024-03-16T00:00:00Z");
        other.count(b"2024");
        one.add_all(&other);
        let expected = [("2024-03-15", 2), ("2024-03-16", 1)];
        let expected = expected.map(|(date, calls)| (date.parse().unwrap(), calls));
        assert_eq!(one.dates(), expected.into());
        assert_eq!(one, expected.into_iter().collect());
        let mut agents = CallsByAgent::default();
        for (agent, calls) in [("a-1", 1), ("a-2", 5), ("a-1", 2)] {
            agents.add(agent, calls);
        }
        let mut found: Vec<_> = agents.iter().collect();
        found.sort_unstable();
        assert_eq!(found, [("a-1", 3), ("a-2", 5)]);
        assert_eq!(agents.len(), 2);
    }

    #[test]
    fn agents_without_end_are_counted_together() {
        let (mut agents, mut sum) = (CallsByAgent::default(), CallsByAgent::default());
        for number in 0..MOST_AGENTS * 2 {
            agents.add(&number.to_string(), 1);
        }
        sum.add_all(&agents);
        sum.add("0", 1);
        assert_eq!((sum.len(), sum.others()), (MOST_AGENTS, MOST_AGENTS as u64));
        let calls: u64 = sum.iter().map(|(_, calls)| calls).sum();
        assert_eq!(calls, MOST_AGENTS as u64 + 1);
        let mut long = CallsByAgent::default();
        for number in 0..20 {
            long.add(&format!("{number}{}", "x".repeat(100_000)), 1);
        }
        assert_eq!((long.len(), long.others()), (10, 10));
    }
}
