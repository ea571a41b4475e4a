//! Where a text holds one of three bytes.
//!
//! In a table every twelfth byte is one of those that are looked for, and a search that starts anew
//! behind each of them spends most of its time on starting. Here a block is compared as a whole, and
//! a bit for each byte says where the hits are.

/// Bytes that are compared together: a bit of a word for each.
const BLOCK: usize = 64;

/// The places of some bytes in a text, in ascending order.
pub(super) struct ByteHits<'d> {
    /// What has not been compared yet.
    rest: &'d [u8],
    needles: [u8; 3],
    /// Where the block that the bits tell of begins.
    start: usize,
    /// Where the next one begins.
    next: usize,
    bits: u64,
}

impl<'d> ByteHits<'d> {
    /// Looks for any of `needles` in `text`.
    pub(super) fn new(text: &'d [u8], needles: [u8; 3]) -> Self {
        ByteHits {
            rest: text,
            needles,
            start: 0,
            next: 0,
            bits: 0,
        }
    }

    /// Compares the next block; `false` when there is none.
    #[inline]
    fn advance(&mut self) -> bool {
        self.start = self.next;
        if let Some((block, rest)) = self.rest.split_first_chunk::<BLOCK>() {
            self.bits = compare(block, self.needles);
            self.rest = rest;
            self.next += BLOCK;
            return true;
        }
        let length = self.rest.len();
        let mut block = [0; BLOCK];
        block[..length].copy_from_slice(self.rest);
        // What fills the block up is no text, whatever it looks like.
        self.bits = compare(&block, self.needles) & ((1 << length) - 1);
        self.rest = &[];
        self.next += length;
        length > 0
    }
}

impl Iterator for ByteHits<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if !self.advance() {
                return None;
            }
        }
        let at = self.start + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(at)
    }
}

/// A bit for each byte of the block that is one of `needles`, the lowest for the first.
#[inline]
fn compare(block: &[u8; BLOCK], [one, two, three]: [u8; 3]) -> u64 {
    // Compilers make vector instructions of a loop like this.
    let hits =
        block.map(|byte| u8::from(byte == one) | u8::from(byte == two) | u8::from(byte == three));
    let (words, _) = hits.as_chunks::<8>();
    let mut bits = 0;
    for (index, word) in words.iter().enumerate() {
        // The product gathers the lowest bits of eight bytes in its highest byte.
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (index * 8);
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            text in prop::collection::vec(0_u8..6, 0..300),
            needles in any::<[u8; 3]>().prop_map(|needles| needles.map(|needle| needle % 8)),
        ) {
            let found: Vec<usize> = ByteHits::new(&text, needles).collect();
            let plain = (0..text.len()).filter(|at| needles.contains(&text[*at]));
            prop_assert_eq!(found, plain.collect::<Vec<_>>());
        }
    }
}
