//! Where in an XML part of a workbook the bytes stand, and what its tags say.

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memmem};

/// A tag that is not closed yet: the library lists where its name begins, in a list that doubles as
/// it grows. The name is kept likewise.
const OPEN_TAG: u64 = 24;

/// How often the bytes of such a name count.
const OPEN_NAME: u64 = 3;

/// Where in a part a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LexerState {
    Text,
    /// Behind `<`, before it is known what begins there.
    Open,
    Tag,
    Quoted(u8),
    /// In what ends with these bytes: a comment, an instruction.
    Until(&'static [u8]),
    /// Behind a document type, which no workbook has: the rest counts as one piece.
    Lost,
}

/// Elements of whose pieces one text is made.
pub(super) const WHOLE: [&[u8]; 5] = [b"si", b"is", b"v", b"definedName", b"t"];
/// Where among them the value of a cell is.
pub(super) const VALUE: usize = 2;
/// Where among them a name of the workbook is.
pub(super) const DEFINED_NAME: usize = 3;
/// Where among them a piece of a text is. The library looks for nothing but its end.
pub(super) const PIECE: usize = 4;

/// A text that is being put together of pieces.
#[derive(Default)]
pub(super) struct JoinedText {
    /// The name of the element, with its prefix. It ends where that name ends.
    pub(super) name: Vec<u8>,
    pub(super) length: u64,
    pub(super) is_open: bool,
    /// The part has the element with two prefixes, and nobody says which of them ends what.
    pub(super) is_mixed: bool,
}

impl JoinedText {
    pub(super) fn start(&mut self, name: &[u8], is_empty: bool) {
        if self.name.is_empty() {
            self.name = name.to_vec();
        }
        self.is_mixed |= self.name != name;
        if !self.is_open && !is_empty {
            self.is_open = true;
            self.length = 0;
        }
    }

    pub(super) fn end(&mut self, name: &[u8]) {
        self.is_open &= self.is_mixed || self.name != name;
    }
}

pub(super) struct Lexer {
    pub(super) at: LexerState,
    pub(super) decoder: Option<Decoder>,
    /// The first bytes of the tag, or the last of what ends with more than one byte.
    pub(super) head: Vec<u8>,
    pub(super) token: u64,
    /// The texts that are being put together of pieces.
    pub(super) values: [JoinedText; WHOLE.len()],
    pub(super) in_table: bool,
    /// How many texts the table says that it has.
    pub(super) stated: u64,
    /// How many of them were there.
    pub(super) texts: u64,
    /// The lengths of the names of the tags that are not closed yet.
    pub(super) open: Vec<u16>,
    /// What the library has in memory for those tags.
    pub(super) open_cost: u64,
    /// How many bytes of the part there were.
    pub(super) bytes: u64,
    /// The last two bytes of the tag so far.
    pub(super) ending: [u8; 2],
    /// The part has the rows of a sheet.
    pub(super) is_sheet: bool,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Lexer {
            at: LexerState::Text,
            decoder: None,
            head: Vec::new(),
            token: 0,
            values: Default::default(),
            in_table: false,
            stated: 0,
            texts: 0,
            open: Vec::new(),
            open_cost: 0,
            bytes: 0,
            ending: [0; 2],
            is_sheet: false,
        }
    }

    /// A tag is open from here on. Names are at most as long as what is looked at.
    pub(super) fn open_tag(&mut self, name: usize) {
        let name = u16::try_from(name).unwrap_or(u16::MAX);
        self.open.push(name);
        self.open_cost += OPEN_TAG + OPEN_NAME * u64::from(name);
    }

    /// The last tag that is open is over; the library does not compare the names either.
    pub(super) fn close_tag(&mut self) {
        if let Some(name) = self.open.pop() {
            self.open_cost -= OPEN_TAG + OPEN_NAME * u64::from(name);
        }
    }
}

/// What separates a name from what follows; other signs are part of the name.
pub(super) fn is_blank(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

/// A name without its prefix.
pub(super) fn local_name(name: &[u8]) -> &[u8] {
    memchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

/// The place of an element among those of whose pieces one text is made.
pub(super) fn whole(local: &[u8]) -> Option<usize> {
    WHOLE.iter().position(|known| *known == local)
}

/// The number of texts that the tag of a table states.
pub(super) fn stated_texts(tag: &[u8]) -> u64 {
    let places = memmem::find_iter(tag, b"uniqueCount");
    let stated = places.map(|place| {
        let digits = tag[place..]
            .iter()
            .skip_while(|byte| !byte.is_ascii_digit());
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })
    });
    stated.max().unwrap_or(0)
}

/// The encoding that a part states, where that is not UTF-8: a sign may have other bytes there.
pub(super) fn stated_encoding(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding).filter(|encoding| *encoding != UTF_8);
    }
    match head {
        [b'<', 0, ..] => return Some(UTF_16LE),
        [0, b'<', ..] => return Some(UTF_16BE),
        _ => {}
    }
    let end = memmem::find(head, b"?>").filter(|_| head.starts_with(b"<?xml"))?;
    let label = &head[memmem::find(&head[..end], b"encoding")? + 8..end];
    let start = label.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = &label[start + 1..];
    let label = &rest[..memchr(label[start], rest)?];
    Encoding::for_label(label).filter(|encoding| *encoding != UTF_8)
}
