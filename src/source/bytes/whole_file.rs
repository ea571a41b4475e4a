//! What a whole file says about its encoding.
//!
//! Most of an export is ASCII, which says nothing. So the file is passed over once, and only what is not
//! ASCII is kept, with the letters around it: every place of it while there are few, and a part of
//! each stretch of the file when there are many.

use super::encoding::{EncodingEvidence, detect};
use super::stream::InputStream;
use crate::source::{Error, Input, Limits};

/// Letters kept on each side.
const AROUND: usize = 8;
/// So much is kept without a choice…
const PLENTY: usize = 1 << 20;
/// … then so much of every chunk…
const SHARE: usize = 128;
/// … and in all.
const MOST: usize = 8 << 20;
const CHUNK: usize = 256 << 10;

/// Reads the input once and judges by all that is not ASCII.
pub(in crate::source) fn of_whole(
    input: &Input,
    limits: &Limits,
) -> Result<EncodingEvidence, Error> {
    let mut stream = InputStream::open(input, limits)?;
    let mut gathered = Vec::new();
    let mut chunk = Vec::new();
    loop {
        let before = chunk.len();
        stream.read_up_to(before + CHUNK, &mut chunk)?;
        let ended = chunk.len() < before + CHUNK;
        let room = match gathered.len() {
            length if length < PLENTY => PLENTY,
            length => (length + SHARE).min(MOST),
        };
        let rest = gather(&chunk, ended, room, &mut gathered);
        chunk.drain(..rest);
        if ended {
            return Ok(detect(&gathered, true));
        }
    }
}

/// Appends the places of `chunk` that are not ASCII to `out`, until `room` is used up. Gives where the
/// next chunk begins: what may go on there is left for it.
fn gather(chunk: &[u8], ended: bool, room: usize, out: &mut Vec<u8>) -> usize {
    let end = if ended {
        chunk.len()
    } else {
        chunk.len().saturating_sub(AROUND)
    };
    let mut at = 0;
    while let Some(found) = chunk[at..end].iter().position(|byte| !byte.is_ascii()) {
        let first = at + found;
        let mut last = first;
        // One place reaches on as long as something follows closely.
        while let Some(next) = chunk[last + 1..end.max(last + 1)]
            .iter()
            .take(AROUND)
            .position(|byte| !byte.is_ascii())
        {
            last += next + 1;
        }
        if !ended && last + AROUND >= end && last - first < CHUNK / 2 {
            return first.saturating_sub(AROUND).max(at.min(first));
        }
        if out.len() < room {
            out.extend_from_slice(&chunk[first.saturating_sub(AROUND).max(at)..=last]);
            let after = chunk[last + 1..].iter().take(AROUND);
            out.extend(after.take_while(|byte| byte.is_ascii()));
            out.push(b'\n');
        }
        at = last + 1;
    }
    end.max(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept_with_what_is_around_them() {
        let mut out = Vec::new();
        let text = "0123456789 æ, ø 0123456789 å";
        assert_eq!(gather(text.as_bytes(), true, 99, &mut out), text.len());
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "3456789 æ, ø 0123456\n3456789 å\n"
        );
    }

    #[test]
    fn a_place_at_the_end_of_a_chunk_is_left_for_the_next() {
        let text = "some letters æøå and some more".as_bytes();
        for cut in 0..text.len() {
            let mut out = Vec::new();
            let rest = gather(&text[..cut], false, 99, &mut out);
            assert!(rest <= cut);
            gather(&text[rest..], true, 99, &mut out);
            let found: String = String::from_utf8(out).unwrap();
            let found: String = found.chars().filter(|char| !char.is_ascii()).collect();
            assert_eq!(found, "æøå", "{cut}");
        }
    }
}
