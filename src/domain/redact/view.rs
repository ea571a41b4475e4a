//! A text under one reading, with the place of each byte in the text as it came.

/// The bytes of one reading, such as that without percent-encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextView {
    pub(super) bytes: Vec<u8>,
    /// For each byte where what it was read from begins and ends in the original.
    places: Vec<(usize, usize)>,
}

impl TextView {
    /// The text as it is.
    pub(super) fn of(text: &str) -> TextView {
        TextView {
            bytes: text.as_bytes().to_vec(),
            places: (0..text.len()).map(|at| (at, at + 1)).collect(),
        }
    }

    /// An empty reading, for as many bytes as `other` has.
    pub(super) fn like(other: &TextView) -> TextView {
        TextView {
            bytes: Vec::with_capacity(other.bytes.len()),
            places: Vec::with_capacity(other.bytes.len()),
        }
    }

    /// Adds bytes that `from` of `other` were read as.
    pub(super) fn push(&mut self, bytes: &[u8], other: &TextView, from: std::ops::Range<usize>) {
        let place = other.place(from);
        self.bytes.extend_from_slice(bytes);
        self.places.extend(bytes.iter().map(|_| place));
    }

    /// Where a part of this reading stands in the original. An empty part stands at the end of what is
    /// before it.
    pub(super) fn place(&self, part: std::ops::Range<usize>) -> (usize, usize) {
        let before = part.start.checked_sub(1).and_then(|at| self.places.get(at));
        let places = self.places.get(part).unwrap_or_default();
        let start = match places.first() {
            Some(place) => place.0,
            None => before.map_or(0, |place| place.1),
        };
        let end = places.last().map_or(start, |place| place.1);
        (start, end)
    }

    /// Without regard to case and to the kind and number of blanks, as UTF-8.
    pub(super) fn folded(&self) -> TextView {
        let mut folded = TextView::like(self);
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for char in chunk.valid().chars() {
                let from = at..at + char.len_utf8();
                at = from.end;
                let is_behind_blank = folded.bytes.last() == Some(&b' ');
                fold(char, is_behind_blank, |bytes| {
                    folded.push(bytes, self, from.clone());
                });
            }
            let strange = chunk.invalid().len();
            if strange > 0 {
                folded.push("\u{fffd}".as_bytes(), self, at..at + strange);
                at += strange;
            }
        }
        folded
    }
}

/// A text as a folded reading would have it, without blanks around.
pub(super) fn folded(text: &str) -> String {
    let mut folded = Vec::with_capacity(text.len());
    for char in text.chars() {
        let is_behind_blank = folded.last() == Some(&b' ');
        fold(char, is_behind_blank, |bytes| {
            folded.extend_from_slice(bytes);
        });
    }
    String::from_utf8_lossy(&folded).trim().to_owned()
}

fn fold(char: char, is_behind_blank: bool, mut push: impl FnMut(&[u8])) {
    if char.is_ascii_graphic() {
        push(
            char.to_ascii_lowercase()
                .encode_utf8(&mut [0; 4])
                .as_bytes(),
        );
    } else if char.is_whitespace() || char.is_control() {
        if !is_behind_blank {
            push(b" ");
        }
    } else {
        let mut letter = [0; 4];
        for lower in char.to_lowercase() {
            push(lower.encode_utf8(&mut letter).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_text_knows_where_its_bytes_were() {
        let text = "A\r\n \u{130}b";
        let folded = TextView::of(text).folded();
        assert_eq!(folded.bytes, "a i\u{307}b".as_bytes());
        assert_eq!(folded.place(0..1), (0, 1));
        assert_eq!(super::folded(" A\r\n \u{130}b "), "a i\u{307}b");
        // Both letters that one became have its place.
        assert_eq!(folded.place(2..3), (4, 6));
        assert_eq!(folded.place(2..6), (4, text.len()));
    }

    #[test]
    fn an_empty_part_has_a_place() {
        let view = TextView::of("abc");
        assert_eq!(view.place(0..0), (0, 0));
        assert_eq!(view.place(2..2), (2, 2));
        assert_eq!(view.place(3..3), (3, 3));
    }
}
