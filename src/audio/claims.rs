//! Who has asked for which recording.

use std::collections::HashMap;

use super::{Index, Recording};

/// The first call that claimed each recording (eight bytes a recording), and of those that nobody
/// claims the rejected record that would have.
#[derive(Debug, Clone)]
pub struct Claims {
    /// By recording: 0 for nobody, else the claimant's line and one.
    lines: Vec<u64>,
    claimed: usize,
    /// The lines of rejected records, by recording.
    left: HashMap<u32, u64>,
}

impl Claims {
    /// Nobody has claimed anything from `index` yet.
    pub fn new(index: &Index) -> Self {
        Claims {
            lines: vec![0; index.entries.len()],
            claimed: 0,
            left: HashMap::new(),
        }
    }

    /// Claims a recording of the index for the record on `line` (any number that tells records
    /// apart, such as a running number over several files). `Some` is the line that was earlier;
    /// its claim stays.
    pub fn claim(&mut self, recording: &Recording, line: u64) -> Option<u64> {
        let slot = self.lines.get_mut(recording.id as usize)?;
        match *slot {
            0 => {
                *slot = line.saturating_add(1);
                self.claimed += 1;
                None
            }
            first => Some(first - 1),
        }
    }

    /// Remembers that the record on `line` would have claimed a recording, and is rejected. That is no
    /// claim.
    pub fn leave(&mut self, recording: &Recording, line: u64) {
        self.left.entry(recording.id).or_insert(line);
    }

    /// The rejected record that would have claimed a recording.
    pub fn left_by(&self, recording: &Recording) -> Option<u64> {
        self.left.get(&recording.id).copied()
    }

    /// How many recordings are claimed.
    pub fn len(&self) -> usize {
        self.claimed
    }

    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.claimed == 0
    }

    pub(super) fn is_claimed(&self, id: u32) -> bool {
        self.lines.get(id as usize).is_some_and(|line| *line != 0)
    }
}
