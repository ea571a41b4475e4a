//! The parts of an export that several processes import side by side, and which part a record belongs to.

use std::fmt;
use std::num::NonZeroU64;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// One of several parts of an export. Parts are numbered from 0, as engines number their tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    count: u32,
}

impl Shard {
    /// The version of the hashes below. A ledger of another version belongs to other records.
    pub const HASH_VERSION: u32 = 1;

    /// The most parts.
    pub const MOST: u32 = 10_000;

    /// Part `number` of `count`; nothing where there is no such part.
    pub const fn new(number: u32, count: u32) -> Option<Shard> {
        if number < count && count <= Shard::MOST {
            Some(Shard { number, count })
        } else {
            None
        }
    }

    /// Its number, from 0.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many parts there are.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Whether what has this hash belongs to this part.
    pub fn owns(self, hash: u64) -> bool {
        hash % u64::from(self.count) == u64::from(self.number)
    }

    /// The hash of a record with this id: of the call, or of the case.
    pub fn hash_of_id(id: &str) -> u64 {
        xxh3_64(id.as_bytes())
    }

    /// The hash of a record without an id. The folder of the file does not count: machines name it
    /// differently.
    pub fn hash_of_place(file: &str, line: u64, record: Option<NonZeroU64>) -> u64 {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let mut hash = Xxh3Default::new();
        hash.update(name.as_bytes());
        hash.update(&line.to_le_bytes());
        hash.update(&record.map_or(0, NonZeroU64::get).to_le_bytes());
        hash.digest()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_belongs_to_one_part() {
        for count in [1, 2, 3, 8, 100] {
            let parts: Vec<Shard> = (0..count).filter_map(|at| Shard::new(at, count)).collect();
            assert_eq!(parts.len(), count as usize);
            for id in 0..500 {
                let hash = Shard::hash_of_id(&format!("call-{id}"));
                assert_eq!(parts.iter().filter(|part| part.owns(hash)).count(), 1);
            }
        }
    }

    #[test]
    fn parts_are_about_as_large() {
        let part = Shard::new(3, 8).unwrap();
        let ids = (0..80_000).map(|id| format!("2024-{id}"));
        let own = ids.filter(|id| part.owns(Shard::hash_of_id(id))).count();
        assert!((9_700..10_300).contains(&own), "{own}");
    }

    #[test]
    fn there_is_no_part_behind_the_last() {
        for (number, count) in [(8, 8), (0, 0), (1, 0), (0, Shard::MOST + 1)] {
            assert_eq!(Shard::new(number, count), None, "{number}/{count}");
        }
    }

    /// Ledgers out there were filled by these very hashes. With others goes another version.
    #[test]
    fn the_hashes_are_those_of_their_version() {
        assert_eq!(Shard::HASH_VERSION, 1);
        assert_eq!(Shard::hash_of_id("call-1"), xxh3_64(b"call-1"));
        assert_eq!(Shard::hash_of_id(""), 3_244_421_341_483_603_138);
        let place = Shard::hash_of_place("calls.csv", 7, None);
        assert_eq!(
            place,
            xxh3_64(b"calls.csv\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
        );
    }

    #[test]
    fn a_place_does_not_depend_on_the_folder() {
        let place = Shard::hash_of_place("/srv/a/calls.csv", 7, None);
        assert_eq!(place, Shard::hash_of_place(r"D:\b\calls.csv", 7, None));
        assert_ne!(place, Shard::hash_of_place("calls.csv", 8, None));
        assert_ne!(
            place,
            Shard::hash_of_place("calls.csv", 7, NonZeroU64::new(1))
        );
    }
}
