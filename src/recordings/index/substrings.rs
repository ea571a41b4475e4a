//! Finds a piece of text inside the stems of an index without reading all of them.
//!
//! Ids stand in names between separators. It is therefore enough to sort the places where a word
//! starts, by what follows, and those where a word ends, by what comes before. Made when a pattern
//! that begins with `*` is first asked for; some 10 MB for 200,000 files.

/// Where words start and end in the stems of an index.
#[derive(Debug)]
pub(in crate::recordings) struct SubstringIndex {
    /// Starts of words, sorted by the text from there to the end of the stem.
    starts: Vec<u32>,
    /// Ends of words, sorted by the text from there back to the start of the stem.
    ends: Vec<u32>,
}

/// A piece of text with one side on the border of a word.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(in crate::recordings) enum SubstringQuery<'p> {
    /// Its first character starts a word.
    Starting(&'p str),
    /// Its last character ends a word.
    Ending(&'p str),
}

impl SubstringQuery<'_> {
    pub(in crate::recordings) fn len(self) -> usize {
        match self {
            SubstringQuery::Starting(text) | SubstringQuery::Ending(text) => text.len(),
        }
    }
}

/// All that is beyond ASCII counts as a letter: what matters is that patterns and names agree.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The longest piece of a folded pattern that [`SubstringIndex::find`] can look for.
pub(in crate::recordings) fn needle(pattern: &str) -> Option<SubstringQuery<'_>> {
    // From the last dot on it may be the extension; either way the word before the dot ends there.
    let head = pattern.rsplit_once('.').map_or(pattern, |(head, _)| head);
    let mut best: Option<SubstringQuery<'_>> = None;
    let mut at = 0;
    for run in head.split(['*', '?']) {
        let bytes = run.as_bytes();
        let starts = |i: usize| match i {
            0 => at == 0,
            i => !is_word(bytes[i - 1]),
        };
        let ends = |i: usize| match bytes.get(i) {
            Some(next) => !is_word(*next),
            None => at + run.len() == head.len(),
        };
        let start = (0..bytes.len()).find(|i| is_word(bytes[*i]) && starts(*i));
        let end = (1..=bytes.len()).rfind(|i| is_word(bytes[*i - 1]) && ends(*i));
        let found = [
            start.map(|start| SubstringQuery::Starting(&run[start..])),
            end.map(|end| SubstringQuery::Ending(&run[..end])),
        ];
        for needle in found.into_iter().flatten() {
            if best.is_none_or(|best| needle.len() > best.len()) {
                best = Some(needle);
            }
        }
        at += run.len() + 1;
    }
    best
}

/// The bytes from a place to the end of its stem.
fn following(stems: &[u8], at: usize) -> impl Iterator<Item = u8> {
    stems[at..].iter().copied().take_while(|byte| *byte != 0)
}

/// The bytes from a place back to the start of its stem.
fn preceding(stems: &[u8], at: usize) -> impl Iterator<Item = u8> {
    stems[..at]
        .iter()
        .rev()
        .copied()
        .take_while(|byte| *byte != 0)
}

/// The first eight bytes as a number of the same order.
fn key(bytes: impl Iterator<Item = u8>) -> u64 {
    let padded = bytes.chain(std::iter::repeat(0)).take(8);
    padded.fold(0, |key, byte| (key << 8) | u64::from(byte))
}

impl SubstringIndex {
    /// Sorts the words of all stems, each followed by a NUL.
    pub(in crate::recordings) fn new(stems: &str) -> SubstringIndex {
        let bytes = stems.as_bytes();
        let word = |at: usize| is_word(bytes[at]);
        let starts = (0..bytes.len()).filter(|at| word(*at) && (*at == 0 || !word(*at - 1)));
        let ends = (1..bytes.len()).filter(|at| word(*at - 1) && !word(*at));
        // Sorted by eight bytes first: comparing numbers spares most of the walks through the text.
        let mut starts: Vec<(u64, u32)> = starts
            .filter_map(|at| Some((key(following(bytes, at)), u32::try_from(at).ok()?)))
            .collect();
        starts.sort_unstable_by(|(key, one), (other_key, other)| {
            let text = |at: u32| following(bytes, at as usize);
            key.cmp(other_key)
                .then_with(|| text(*one).cmp(text(*other)))
        });
        let mut ends: Vec<(u64, u32)> = ends
            .filter_map(|at| Some((key(preceding(bytes, at)), u32::try_from(at).ok()?)))
            .collect();
        ends.sort_unstable_by(|(key, one), (other_key, other)| {
            let text = |at: u32| preceding(bytes, at as usize);
            key.cmp(other_key)
                .then_with(|| text(*one).cmp(text(*other)))
        });
        let places = |sorted: Vec<(u64, u32)>| sorted.into_iter().map(|(_, at)| at).collect();
        SubstringIndex {
            starts: places(starts),
            ends: places(ends),
        }
    }

    /// Places inside the stems that hold the needle, in no order.
    pub(in crate::recordings) fn find(&self, stems: &str, needle: SubstringQuery<'_>) -> &[u32] {
        let bytes = stems.as_bytes();
        match needle {
            SubstringQuery::Starting(text) => {
                let wanted = || text.bytes();
                let here = |at: &u32| following(bytes, *at as usize);
                let first = self.starts.partition_point(|at| here(at).lt(wanted()));
                let rest = &self.starts[first..];
                &rest[..rest.partition_point(|at| here(at).take(text.len()).eq(wanted()))]
            }
            SubstringQuery::Ending(text) => {
                let wanted = || text.bytes().rev();
                let here = |at: &u32| preceding(bytes, *at as usize);
                let first = self.ends.partition_point(|at| here(at).lt(wanted()));
                let rest = &self.ends[first..];
                &rest[..rest.partition_point(|at| here(at).take(text.len()).eq(wanted()))]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_piece_on_a_border_is_looked_for() {
        for (pattern, expected) in [
            (
                "*-1710490323.42",
                Some(SubstringQuery::Ending("-1710490323")),
            ),
            ("*-171049-42", Some(SubstringQuery::Ending("-171049-42"))),
            (
                "*1710490323-42*",
                Some(SubstringQuery::Ending("1710490323")),
            ),
            ("*68f1-1b2c-99*", Some(SubstringQuery::Ending("68f1-1b2c"))),
            ("out-*-17*", Some(SubstringQuery::Starting("out-"))),
            ("*abc*", None),
            ("*abc", Some(SubstringQuery::Ending("abc"))),
            ("*abc.*", Some(SubstringQuery::Ending("abc"))),
            ("?", None),
        ] {
            assert_eq!(needle(pattern), expected, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn every_stem_that_matches_is_found(
            stems in prop::collection::vec("[ab._æ-]{0,8}", 0..12),
            pattern in "[ab.*?æ-]{1,7}",
        ) {
            let text: String = stems.iter().flat_map(|stem| [stem, "\0"]).collect();
            let words = SubstringIndex::new(&text);
            if let Some(needle) = needle(&pattern) {
                let places = words.find(&text, needle);
                let mut start = 0;
                for stem in &stems {
                    let end = start + stem.len();
                    let held = places.iter().any(|at| (start..=end).contains(&(*at as usize)));
                    let fits = crate::recordings::wildcard::matches(&pattern, stem)
                        || crate::recordings::wildcard::matches(&pattern, &format!("{stem}.wav"));
                    prop_assert!(held || !fits, "{pattern:?} {stem:?} {needle:?}");
                    start = end + 1;
                }
            }
        }
    }
}
