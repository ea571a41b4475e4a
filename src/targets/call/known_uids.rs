//! Which call each uid belongs to. A server, or somebody on the way, that gives the uid of one conversation
//! for two calls would get the recording of the second sent to the first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::ledger::UidOwner;

/// So many uids are known at a time; the oldest is forgotten first. Together they take some three megabytes.
const MOST: usize = 1 << 16;

/// The uids that were given last, with the calls that they were given for.
#[derive(Debug)]
pub(in crate::targets) struct KnownUids(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    /// The hash of the identity by the hash of the uid.
    owners: HashMap<u64, u64>,
    /// The hashes of the uids, the oldest first.
    order: VecDeque<u64>,
}

impl KnownUids {
    /// Knows at first what the ledger knows.
    pub(in crate::targets) fn new(of_ledger: &[UidOwner]) -> Self {
        let mut recent = Recent::default();
        for known in of_ledger {
            recent.claim(known.uid_hash, known.identity_hash);
        }
        KnownUids(Mutex::new(recent))
    }

    /// Whether the uid can be that of this call. It is from now on, unless it is known as another's.
    pub(in crate::targets) fn claim(&self, uid: &str, identity_hash: u64) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.claim(xxh3_64(uid.as_bytes()), identity_hash)
    }
}

impl Recent {
    fn claim(&mut self, uid_hash: u64, identity_hash: u64) -> bool {
        if let Some(owner) = self.owners.get(&uid_hash) {
            return *owner == identity_hash;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.owners.remove(&oldest);
        }
        self.owners.insert(uid_hash, identity_hash);
        self.order.push_back(uid_hash);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_belongs_to_one_call() {
        let of_ledger = UidOwner {
            uid_hash: xxh3_64(b"old-1"),
            identity_hash: 1,
        };
        let known = KnownUids::new(&[of_ledger]);
        assert!(known.claim("old-1", 1) && !known.claim("old-1", 2));
        assert!(known.claim("new-1", 2) && known.claim("new-1", 2));
        assert!(!known.claim("new-1", 1));
    }

    #[test]
    fn the_oldest_uid_is_forgotten_first() {
        let known = KnownUids::new(&[]);
        for number in 0..=MOST {
            assert!(known.claim(&number.to_string(), number as u64));
        }
        assert!(!known.claim("1", 0), "it is still known");
        assert!(known.claim("0", 1), "it was the oldest");
        let recent = known.0.into_inner().unwrap();
        assert_eq!((recent.owners.len(), recent.order.len()), (MOST, MOST));
    }
}
