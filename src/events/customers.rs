//! Whether one customer stands in a large part of the calls: then the column holds the own number of
//! whoever recorded them, or a word for callers who withheld theirs.

use xxhash_rust::xxh3::xxh3_64;

/// Fewer calls prove nothing.
const MANY: u64 = 20;
/// Customers share a place with every other one whose hash falls there.
const PLACES: usize = 64;
/// Bytes of a customer that are kept.
const KEPT: usize = 32;

/// Calls by customer, in memory that does not grow: of each place, the customer that has a majority
/// there if any has (Boyer and Moore's vote), and how many calls there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Customers {
    calls: u64,
    /// None until the first call.
    places: Vec<Vote>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Vote {
    hash: u64,
    /// At least so many more calls of this customer than of the others here.
    lead: u64,
    text: [u8; KEPT],
    length: u8,
}

/// A customer of a large part of the calls.
#[derive(Debug, PartialEq)]
pub struct DominantCustomer {
    /// The customer, cut to some 30 bytes.
    pub customer: String,
    /// At least so many calls have it.
    pub of: u64,
    /// Of so many.
    pub calls: u64,
}

impl Vote {
    fn add(&mut self, hash: u64, lead: u64, copy: impl FnOnce(&mut Vote)) {
        if self.hash == hash {
            self.lead += lead;
        } else if self.lead >= lead {
            self.lead -= lead;
        } else {
            self.hash = hash;
            self.lead = lead - self.lead;
            copy(self);
        }
    }
}

impl Customers {
    /// Counts a call.
    pub fn count(&mut self, customer: &str) {
        if customer.is_empty() {
            return;
        }
        self.make_room();
        self.calls += 1;
        let hash = xxh3_64(customer.as_bytes());
        self.places[place(hash)].add(hash, 1, |vote| {
            let bytes = customer.as_bytes();
            let kept = bytes.get(..KEPT).unwrap_or(bytes);
            vote.text[..kept.len()].copy_from_slice(kept);
            vote.length = u8::try_from(kept.len()).unwrap_or(0);
        });
    }

    /// Adds what others counted.
    pub fn add_all(&mut self, other: &Customers) {
        if other.places.is_empty() {
            return;
        }
        self.make_room();
        self.calls += other.calls;
        for (own, other) in self.places.iter_mut().zip(&other.places) {
            own.add(other.hash, other.lead, |vote| {
                (vote.text, vote.length) = (other.text, other.length);
            });
        }
    }

    fn make_room(&mut self) {
        if self.places.is_empty() {
            self.places = vec![Vote::default(); PLACES];
        }
    }

    /// The customer that at least half of the calls have, if one has.
    pub fn usual(&self) -> Option<DominantCustomer> {
        let vote = self.places.iter().max_by_key(|vote| vote.lead)?;
        let is_large = self.calls >= MANY && vote.lead * 2 >= self.calls;
        let text = &vote.text[..usize::from(vote.length)];
        // A letter that the cut went through is left out.
        let text = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        is_large.then(|| DominantCustomer {
            customer: text.to_owned(),
            of: vote.lead,
            calls: self.calls,
        })
    }
}

fn place(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[0]) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted<'c>(customers: impl IntoIterator<Item = &'c str>) -> Customers {
        let mut counted = Customers::default();
        for customer in customers {
            counted.count(customer);
        }
        counted
    }

    /// Calls of which every `n`th has a customer of its own.
    fn mixed(calls: usize, n: usize) -> Vec<String> {
        let customer = |at: usize| match at % n {
            0 => format!("+45{:08}", at * 7919 % 100_000_000),
            _ => "+4570123456".to_owned(),
        };
        (0..calls).map(customer).collect()
    }

    #[test]
    fn the_customer_of_half_of_the_calls_is_found_in_parts_as_in_the_whole() {
        for (calls, n) in [(20, 4), (1000, 3), (100_000, 3)] {
            let customers = mixed(calls, n);
            let all = customers.iter().map(String::as_str);
            let usual = counted(all).usual().unwrap();
            assert_eq!(usual.customer, "+4570123456");
            let real = (calls - calls.div_ceil(n)) as u64;
            assert!(usual.of <= real && usual.of * 10 >= real * 9, "{usual:?}");
            let mut sum = Customers::default();
            for part in customers.chunks(97) {
                sum.add_all(&counted(part.iter().map(String::as_str)));
            }
            assert_eq!(sum.usual().unwrap().customer, "+4570123456");
            assert_eq!(sum.calls, calls as u64);
        }
    }

    #[test]
    fn few_calls_and_many_customers_are_nothing_to_tell() {
        assert_eq!(counted(["+4570123456"; 19]).usual(), None);
        assert!(counted(["+4570123456"; 20]).usual().is_some());
        assert_eq!(counted([""; 100]).usual(), None);
        let each: Vec<String> = (0..10_000).map(|at| format!("+45{at:08}")).collect();
        assert_eq!(counted(each.iter().map(String::as_str)).usual(), None);
        let ten: Vec<String> = (0..10_000).map(|at| format!("+45{:08}", at % 10)).collect();
        assert_eq!(counted(ten.iter().map(String::as_str)).usual(), None);
    }

    #[test]
    fn a_long_customer_is_cut_between_characters() {
        let long = "æ".repeat(40);
        let usual = counted([&*long; 30]).usual().unwrap();
        assert_eq!(usual.customer, "æ".repeat(16));
    }
}
