//! The rows of a lookup file in memory: one text, and where its cells end. A string for each cell would
//! take several times the file.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::mapping::value::boolean::fold;

/// The tables of one mapping together take at most so many bytes of memory.
pub(in crate::mapping) const MOST_BYTES: usize = 96 << 20;

/// Rows of cells, in the order of the file.
#[derive(Debug, Default)]
pub(in crate::mapping) struct LookupRows {
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<u32>,
    /// Where each row ends among the cells.
    last: Vec<u32>,
    /// So many bytes the rows may take.
    most: usize,
}

impl LookupRows {
    /// Rows that take at most `most` bytes.
    pub(in crate::mapping) fn within(most: usize) -> Self {
        LookupRows {
            most,
            ..LookupRows::default()
        }
    }

    /// Bytes that the rows and their indexes take.
    pub(in crate::mapping) fn bytes(&self) -> usize {
        self.text.len() + 4 * self.ends.len() + 24 * self.last.len()
    }

    /// Adds a row; the error says that there is no room for it.
    pub(in crate::mapping) fn push<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<(), String> {
        for cell in cells {
            let end = u32::try_from(self.text.len() + cell.len());
            let (Ok(end), true) = (end, self.bytes() + cell.len() <= self.most) else {
                return Err(too_large());
            };
            self.text.push_str(cell);
            self.ends.push(end);
        }
        let end = u32::try_from(self.ends.len());
        self.last.push(end.map_err(|_| too_large())?);
        // A row without cells takes room too.
        if self.bytes() > self.most {
            return Err(too_large());
        }
        Ok(())
    }

    /// How many there are.
    pub(in crate::mapping) fn len(&self) -> usize {
        self.last.len()
    }

    /// A cell; `None` where the row is shorter.
    pub(in crate::mapping) fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let last = *self.last.get(row)? as usize;
        let cell = self.first(row).checked_add(column)?;
        if cell >= last {
            return None;
        }
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..self.ends[cell] as usize)
    }

    /// Whether two rows say the same.
    fn are_equal(&self, one: usize, other: usize) -> bool {
        let cells = |row| (0..).map_while(move |column| self.cell(row, column));
        cells(one).eq(cells(other))
    }

    /// Where the row begins among the cells.
    fn first(&self, row: usize) -> usize {
        row.checked_sub(1)
            .map_or(0, |before| self.last[before] as usize)
    }
}

/// Why a lookup file is not read.
fn too_large() -> String {
    format!(
        "the lookup files of a mapping may take {} MiB of memory, and with this one they take more",
        MOST_BYTES >> 20
    )
}

/// Rows by the cell in one column: exact, and without regard to case and blanks around.
#[derive(Debug, Default)]
pub(in crate::mapping) struct Keys {
    column: usize,
    exact: HashTable<u32>,
    folded: HashTable<u32>,
}

impl Keys {
    /// Indexes the rows; also gives a key that has two different rows.
    pub(in crate::mapping) fn of(rows: &LookupRows, column: usize) -> (Keys, Option<String>) {
        let mut keys = Keys {
            column,
            ..Keys::default()
        };
        let mut twice = None;
        for row in 0..rows.len() {
            let key = rows.cell(row, column).unwrap_or_default();
            let Ok(number) = u32::try_from(row) else {
                break;
            };
            if key.trim().is_empty() {
                continue;
            }
            match keys.exact(rows, key) {
                Some(other) if !rows.are_equal(row, other) => twice = Some(key.to_owned()),
                Some(_) => {}
                None => {
                    let of = |row: &u32| hash(rows.cell(*row as usize, column).unwrap_or_default());
                    keys.exact.insert_unique(hash(key), number, of);
                }
            }
            let folded = fold(key);
            if keys.folded(rows, &folded).is_none() {
                let of =
                    |row: &u32| hash(&fold(rows.cell(*row as usize, column).unwrap_or_default()));
                keys.folded.insert_unique(hash(&folded), number, of);
            }
        }
        (keys, twice)
    }

    /// The row of a key.
    pub(in crate::mapping) fn find(&self, rows: &LookupRows, key: &str) -> Option<usize> {
        self.exact(rows, key)
            .or_else(|| self.folded(rows, &fold(key)))
    }

    fn exact(&self, rows: &LookupRows, key: &str) -> Option<usize> {
        let found = self
            .exact
            .find(hash(key), |row| self.key(rows, *row) == key);
        found.map(|row| *row as usize)
    }

    fn folded(&self, rows: &LookupRows, key: &str) -> Option<usize> {
        let is_it = |row: &u32| fold(self.key(rows, *row)) == key;
        self.folded.find(hash(key), is_it).map(|row| *row as usize)
    }

    fn key<'r>(&self, rows: &'r LookupRows, row: u32) -> &'r str {
        rows.cell(row as usize, self.column).unwrap_or_default()
    }
}

fn hash(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_keys_and_take_no_more_than_they_may() {
        let mut rows = LookupRows::within(1000);
        for row in [&["1", "a", "x"][..], &["B ", "b"], &[], &["c"]] {
            rows.push(row.iter().copied()).unwrap();
        }
        let (keys, twice) = Keys::of(&rows, 0);
        assert_eq!(twice, None);
        assert_eq!(keys.find(&rows, "1"), Some(0));
        assert_eq!(keys.find(&rows, " b"), Some(1));
        assert_eq!(keys.find(&rows, "d"), None);
        assert_eq!(rows.cell(0, 2), Some("x"));
        assert_eq!(rows.cell(1, 2), None);
        assert_eq!(rows.cell(2, 0), None);
        rows.push(["1", "a"].into_iter()).unwrap();
        assert_eq!(Keys::of(&rows, 0).1.as_deref(), Some("1"));
        let refused = (0..1000).find_map(|_| rows.push(["12345678"].into_iter()).err());
        assert!(refused.unwrap().contains("96 MiB"));
        assert!(rows.bytes() <= 1100);
        let mut rows = LookupRows::within(1000);
        assert!((0..50).any(|_| rows.push([].into_iter()).is_err()));
    }
}
