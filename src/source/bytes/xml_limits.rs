//! What an XML part of a workbook costs the library that reads it.
//!
//! The library keeps each tag, text and comment in one buffer, each text of a cell in one string, and
//! the texts and styles of the workbook for good. None of it has a bound of its own, so a part is
//! passed through here first. What a part is shows in its tags alone, as it does for the library:
//! names of parts are free.

use std::io::{self, Write};

use encoding_rs::Encoding;
use memchr::{memchr, memchr3, memmem};

use super::xml_lexer::{
    DEFINED_NAME, Lexer, LexerState, PIECE, VALUE, WHOLE, is_blank, local_name, stated_encoding,
    stated_texts, whole,
};

/// Bytes of a tag that are looked at.
pub(super) const LOOKED_AT: usize = 4096;
/// A text of the table of texts: its place in the list, and the smallest piece of memory.
const TEXT: u64 = 64;
/// The place of a text in the list, for which the library makes room before it has read the text.
const PLACE: u64 = 24;
/// A style of cells, a sheet or another entry of a list, besides what it says.
const ENTRY: u64 = 640;

/// How much a reader of the parts would have in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct XmlWeight {
    /// Bytes of the parts.
    pub(super) bytes: u64,
    /// Bytes that are kept until the end.
    pub(super) kept: u64,
    /// The longest tag, text, comment or cell.
    pub(super) longest: u64,
}

/// Counts what is written into it; fails once the limits are passed.
pub(super) struct XmlScale {
    pub(super) weight: XmlWeight,
    /// The most that may be kept, and the longest cell.
    most_kept: u64,
    most_long: u64,
    /// Of what is copied into styles and sheets (a format, a path), the longest.
    longest_copied: u64,
    /// Styles and sheets, into which that is copied.
    copies: u64,
    /// A tag that says something is longer than what is looked at.
    has_long_tag: bool,
    lexer: Lexer,
}

impl XmlScale {
    /// A scale for parts of which at most `most_kept` bytes may be kept and no piece may be longer
    /// than `most_long`.
    pub(super) fn new(most_kept: u64, most_long: u64) -> Self {
        XmlScale {
            weight: XmlWeight::default(),
            most_kept,
            most_long,
            longest_copied: 0,
            copies: 0,
            has_long_tag: false,
            lexer: Lexer::new(),
        }
    }

    /// Another part follows.
    pub(super) fn begin_part(&mut self) {
        self.lexer = Lexer::new();
    }

    /// The part has ended. A table that states more texts than it has gets room for them too.
    pub(super) fn end_part(&mut self) {
        let missing = self.lexer.stated.saturating_sub(self.lexer.texts);
        self.keep(missing.saturating_mul(PLACE));
    }

    /// Whether a tag is too long to be looked at whole.
    pub(super) fn has_long_tag(&self) -> bool {
        self.has_long_tag
    }

    /// Whether the part is a sheet in which a tag is not closed. Pictures and other parts that are no
    /// XML have what looks like open tags.
    pub(super) fn has_open_sheet(&self) -> bool {
        self.lexer.is_sheet && !self.lexer.open.is_empty()
    }

    /// Whether a piece is longer than a cell may be.
    pub(super) fn is_too_long(&self) -> bool {
        self.weight.longest > self.most_long
    }

    /// Whether more is kept than may be. The longest piece stands in memory several times while it is
    /// read, beside what is kept.
    pub(super) fn is_too_heavy(&self) -> bool {
        let copied = self.copies.saturating_mul(2 * self.longest_copied);
        let kept = self.weight.kept.saturating_add(copied);
        let kept = kept.saturating_add(self.lexer.open_cost);
        kept.saturating_add(4 * self.weight.longest) > self.most_kept
    }

    fn keep(&mut self, bytes: u64) {
        self.weight.kept = self.weight.kept.saturating_add(bytes);
    }

    fn pass(&mut self, mut rest: &[u8]) {
        while !rest.is_empty() {
            let taken = self.step(rest);
            rest = &rest[taken..];
        }
    }

    /// Takes some bytes; at least one.
    fn step(&mut self, rest: &[u8]) -> usize {
        match self.lexer.at {
            LexerState::Text => {
                let end = memchr(b'<', rest);
                let text = end.unwrap_or(rest.len());
                self.count(text, true);
                if end.is_none() {
                    return text;
                }
                self.lexer.token = 0;
                if let Some(tag) = self.plain_tag(&rest[text..]) {
                    return text + tag;
                }
                self.count(1, false);
                self.lexer.head.clear();
                self.lexer.at = LexerState::Open;
                text + 1
            }
            LexerState::Open => self.open(rest[0]),
            LexerState::Tag => {
                let end = memchr3(b'>', b'"', b'\'', rest);
                let taken = end.map_or(rest.len(), |end| end + 1);
                self.look_at(&rest[..taken]);
                match end.map(|end| rest[end]) {
                    Some(b'>') => self.end_tag(),
                    Some(quote) => self.lexer.at = LexerState::Quoted(quote),
                    None => {}
                }
                taken
            }
            LexerState::Quoted(quote) => {
                let end = memchr(quote, rest);
                let taken = end.map_or(rest.len(), |end| end + 1);
                self.look_at(&rest[..taken]);
                if end.is_some() {
                    self.lexer.at = LexerState::Tag;
                }
                taken
            }
            LexerState::Until(mark) => self.until(mark, rest),
            LexerState::Lost => {
                self.count(rest.len(), true);
                rest.len()
            }
        }
    }

    /// Passes over one of the tags that a sheet is made of, if all of it is there: they keep nothing,
    /// and are too many to be looked at as others are.
    fn plain_tag(&mut self, rest: &[u8]) -> Option<usize> {
        // The length of the name that begins, and whether the value of a cell begins or ends.
        let (opened, opens_value) = match rest {
            [b'<', b'c', b' ', ..] => (Some(1), None),
            [b'<', b'r', b'o', b'w', b' ', ..] => (Some(3), None),
            [b'<', b'/', b'c', b'>', ..] | [b'<', b'/', b'r', b'o', b'w', b'>', ..] => (None, None),
            [b'<', b'v', b'>', ..] => (Some(1), Some(true)),
            [b'<', b'/', b'v', b'>', ..] => (None, Some(false)),
            _ => return None,
        };
        let mut quote = None;
        let mut bytes = rest.iter().take(LOOKED_AT);
        let end = bytes.position(|byte| match quote {
            None if matches!(byte, b'"' | b'\'') => {
                quote = Some(*byte);
                false
            }
            None => *byte == b'>',
            Some(open) => {
                if open == *byte {
                    quote = None;
                }
                false
            }
        })?;
        self.count(end + 1, false);
        self.lexer.token = 0;
        match opened {
            Some(name) if rest[end - 1] != b'/' => self.lexer.open_tag(name),
            Some(_) => {}
            None => self.lexer.close_tag(),
        }
        let value = &mut self.lexer.values[VALUE];
        match opens_value {
            Some(true) => value.start(b"v", false),
            Some(false) => value.end(b"v"),
            None => {}
        }
        Some(end + 1)
    }

    /// One byte behind `<`.
    fn open(&mut self, byte: u8) -> usize {
        self.lexer.head.push(byte);
        let head = &self.lexer.head;
        let is_head_of = |mark: &[u8]| {
            mark.get(..head.len())
                .is_some_and(|mark| mark.eq_ignore_ascii_case(head))
        };
        let at = match &head[..] {
            b"?" => LexerState::Until(b"?>"),
            b"!--" => LexerState::Until(b"-->"),
            b"![CDATA[" => LexerState::Until(b"]]>"),
            _ if head.eq_ignore_ascii_case(b"!doctype") => LexerState::Lost,
            _ if [&b"!--"[..], b"![CDATA[", b"!DOCTYPE"]
                .into_iter()
                .any(is_head_of) =>
            {
                LexerState::Open
            }
            _ => {
                // The byte is one of a tag, and may end it.
                self.lexer.head.pop();
                self.lexer.at = LexerState::Tag;
                return self.step(&[byte]);
            }
        };
        if at != LexerState::Open && at != LexerState::Lost {
            self.lexer.head.clear();
        }
        self.lexer.at = at;
        self.count(1, false);
        1
    }

    /// Passes over what ends with `mark`, which may come in two writes.
    fn until(&mut self, mark: &'static [u8], rest: &[u8]) -> usize {
        let before = self.lexer.head.len();
        let mut joined = std::mem::take(&mut self.lexer.head);
        joined.extend_from_slice(&rest[..rest.len().min(mark.len() - 1)]);
        let across = memmem::find(&joined, mark);
        let end = match across {
            Some(at) => Some(at + mark.len() - before),
            None => memmem::find(rest, mark).map(|at| at + mark.len()),
        };
        let taken = end.unwrap_or(rest.len());
        // Only in CDATA it is text.
        self.count(taken, mark == b"]]>");
        if end.is_some() {
            self.end_token();
        } else {
            joined.truncate(before);
            joined.extend_from_slice(rest);
            let keep = joined.len().saturating_sub(mark.len() - 1);
            joined.drain(..keep);
            self.lexer.head = joined;
        }
        taken
    }

    fn end_token(&mut self) {
        self.lexer.token = 0;
        self.lexer.head.clear();
        self.lexer.ending = [0; 2];
        self.lexer.at = LexerState::Text;
    }

    /// Counts bytes of the piece at hand.
    fn count(&mut self, bytes: usize, is_text: bool) {
        let bytes = bytes as u64;
        self.lexer.token += bytes;
        let mut longest = self.weight.longest.max(self.lexer.token);
        for value in self.lexer.values.iter_mut().filter(|value| value.is_open) {
            value.length += bytes;
            longest = longest.max(value.length);
        }
        self.weight.longest = longest;
        if is_text && (self.lexer.in_table || self.lexer.values[DEFINED_NAME].is_open) {
            self.keep(bytes);
        }
    }

    fn look_at(&mut self, bytes: &[u8]) {
        let room = LOOKED_AT - self.lexer.head.len().min(LOOKED_AT);
        let looked_at = &bytes[..bytes.len().min(room)];
        self.lexer.head.extend_from_slice(looked_at);
        if let [.., last] = bytes {
            let before = bytes.iter().rev().nth(1).copied();
            self.lexer.ending = [before.unwrap_or(self.lexer.ending[1]), *last];
        }
        self.count(bytes.len(), false);
    }

    /// Looks at a tag that is over. Names end where they end for the library.
    fn end_tag(&mut self) {
        let head = std::mem::take(&mut self.lexer.head);
        // The sign before the tag counts too.
        let is_cut = self.lexer.token > head.len() as u64 + 1;
        let content = head.strip_suffix(b">").unwrap_or(&head);
        if let Some(content) = content.strip_prefix(b"/") {
            let end = content.iter().rposition(|byte| !is_blank(*byte));
            self.end(&content[..end.map_or(0, |end| end + 1)]);
            self.lexer.close_tag();
            self.has_long_tag |= is_cut;
        } else {
            let content = content.strip_suffix(b"/").unwrap_or(content);
            let end = content.iter().position(|byte| is_blank(*byte));
            let name = &content[..end.unwrap_or(content.len())];
            let local = local_name(name);
            // A tag that closes itself is none that stays open.
            if self.lexer.ending[0] != b'/' {
                self.lexer.open_tag(name.len());
            }
            self.lexer.is_sheet |= local == b"sheetData";
            if let Some(place) = whole(local) {
                self.lexer.values[place].start(name, !is_cut && head.ends_with(b"/>"));
            }
            self.has_long_tag |= is_cut && (end.is_none() || local == b"sst");
            self.start(local, &head);
        }
        self.lexer.head = head;
        self.end_token();
    }

    /// Ends the text whose element is over.
    fn end(&mut self, name: &[u8]) {
        let Some(place) = whole(local_name(name)) else {
            return;
        };
        // The library passes over the ends of other texts within a piece.
        let is_passed = WHOLE[place] == b"si" || WHOLE[place] == b"is";
        if !(is_passed && self.lexer.values[PIECE].is_open) {
            self.lexer.values[place].end(name);
        }
    }

    /// What an element adds to what is kept.
    fn start(&mut self, local: &[u8], head: &[u8]) {
        let token = self.lexer.token;
        match local {
            b"sst" => {
                self.lexer.in_table = true;
                self.lexer.stated = self.lexer.stated.max(stated_texts(head));
            }
            b"si" => {
                self.lexer.texts += 1;
                self.keep(TEXT);
            }
            b"xf" | b"sheet" => {
                self.copies += 1;
                self.keep(ENTRY.saturating_add(2 * token));
            }
            b"numFmt" | b"name" | b"Relationship" => {
                self.longest_copied = self.longest_copied.max(token);
                self.keep(ENTRY.saturating_add(token));
            }
            b"definedName" | b"font" | b"fill" | b"border" => self.keep(ENTRY + token),
            _ => {}
        }
    }
}

impl Write for XmlScale {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.weight.bytes += bytes.len() as u64;
        if self.lexer.bytes == 0 {
            self.lexer.decoder = stated_encoding(bytes).map(Encoding::new_decoder_with_bom_removal);
        }
        self.lexer.bytes += bytes.len() as u64;
        match self.lexer.decoder.take() {
            None => self.pass(bytes),
            Some(mut decoder) => {
                let most = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0);
                let mut text = String::with_capacity(most);
                let _ = decoder.decode_to_string(bytes, &mut text, false);
                self.pass(text.as_bytes());
                self.lexer.decoder = Some(decoder);
            }
        }
        if self.is_too_long() || self.is_too_heavy() || self.has_long_tag {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a part weighs, written in pieces of `size`.
    fn weigh(part: &[u8], size: usize) -> XmlWeight {
        let mut scale = XmlScale::new(u64::MAX, u64::MAX);
        scale.begin_part();
        part.chunks(size)
            .for_each(|piece| scale.write_all(piece).unwrap());
        scale.end_part();
        scale.weight
    }

    /// The same, however it is cut.
    fn weight(part: &str) -> XmlWeight {
        let whole = weigh(part.as_bytes(), part.len());
        for size in [1, 2, 3, 7, 64] {
            assert_eq!(weigh(part.as_bytes(), size), whole, "{size}");
        }
        whole
    }

    #[test]
    fn texts_of_the_table_cost_their_place_and_cells_nothing() {
        assert_eq!(weight("<sst><si/><si/></sst>").kept, 2 * TEXT);
        assert_eq!(
            weight(&format!("<sst uniqueCount='{}'/>", u64::MAX)).kept,
            u64::MAX
        );
        let text = weight("<x:sst><x:si><x:t>ab</x:t></x:si></x:sst>");
        assert_eq!(text.kept, TEXT + 2);
        let sheet =
            "<row r='1'><c r=\"A>1\" t='s'><v>12</v></c><c t=\"is\"><is><v>a</v></is></c></row>";
        assert_eq!(weight(&sheet.repeat(3)).longest, weight(sheet).longest);
        let cells = "<sheetData><row><c><v>1</v></c><c><v>2</v></c></row></sheetData>";
        assert_eq!(weight(cells).kept, 0);
        assert_eq!(
            weight("<sst uniqueCount='9000000000000'/>").kept,
            9_000_000_000_000 * 24
        );
        assert_eq!(
            weight("<sst count='900' uniqueCount='2'><si/><si/></sst>").kept,
            2 * TEXT
        );
        // Room is made for what is stated, however long the part is.
        let long = format!(
            "<sst uniqueCount='50'><!--{}--><si/></sst>",
            "x".repeat(9000)
        );
        assert_eq!(weight(&long).kept, TEXT + 49 * PLACE);
    }

    #[test]
    fn a_name_that_is_not_seen_whole_is_refused() {
        let long = "x".repeat(LOOKED_AT + 9);
        for (tag, is_refused) in [
            (format!("<sst a=\"{long}\" uniqueCount=\"9\">"), true),
            (format!("<a:sst a='{long}'/>"), true),
            (format!("<{long}:sst>"), true),
            (format!("<{long}:v/>"), true),
            (format!("</{long}:v>"), true),
            (format!("</v {long}>"), true),
            (format!("<c a=\"{long}\">"), false),
            (format!("<row r=\"1\" a=\"{long}\"/>"), false),
            (format!("<{}>", &long[..LOOKED_AT - 1]), false),
        ] {
            for size in [1, 7, 4096, tag.len()] {
                let mut scale = XmlScale::new(u64::MAX, u64::MAX);
                let mut pieces = tag.as_bytes().chunks(size);
                let is_passed = pieces.all(|piece| scale.write_all(piece).is_ok());
                assert_eq!(!is_passed, is_refused, "{}", &tag[..9]);
            }
        }
    }

    #[test]
    fn names_begin_and_end_where_the_library_sees_it() {
        let texts = |sst: &str| weight(&format!("{sst}<si>abc</si>")).kept - TEXT;
        assert_eq!(texts("<x/y:sst>"), 3);
        assert_eq!(texts("<x/y:sst/>"), 3);
        assert_eq!(texts("<x:y:sst>"), 0);
        // The tag says in its first bytes that it is empty, and is not.
        let start = format!("<v a=\"{}/>", "x".repeat(LOOKED_AT - 7));
        let longest = weight(&format!("{start}\">{}", "<b>cd</b>".repeat(1000))).longest;
        assert!(longest >= 9000, "{longest}");
    }

    #[test]
    fn tags_cost_until_they_are_closed() {
        let long = "x".repeat(LOOKED_AT + 9);
        let cells = "<row r='1'><c r='A1'/><c r='B1'><v>1</v></c><b/></row>".repeat(9);
        for (part, open) in [
            (format!("<a>{cells}"), 1),
            (format!("{cells}<x:ab><c r='/'><b a='/'>"), 3),
            (format!("<c a='{long}'/><c a='{long}/'>"), 1),
            ("<a><b ></c></b\n></d>".to_owned(), 0),
        ] {
            for size in [1, 2, 3, 7, 64, part.len()] {
                let mut scale = XmlScale::new(u64::MAX, u64::MAX);
                let mut pieces = part.as_bytes().chunks(size);
                assert!(pieces.all(|piece| scale.write_all(piece).is_ok()));
                assert_eq!(scale.lexer.open.len(), open, "{size}: {part:.60}");
                assert_eq!(scale.lexer.open_cost == 0, open == 0);
            }
        }
        let mut scale = XmlScale::new(500_000, u64::MAX);
        let mut pieces = std::iter::repeat_n(b"<a>", 50_000);
        assert!(pieces.any(|piece| scale.write_all(piece).is_err()));
    }

    #[test]
    fn a_format_costs_once_for_each_style_that_has_it() {
        let long = "x".repeat(10_000);
        let part = format!(
            "<numFmt formatCode=\"{long}\"/>{}",
            "<xf numFmtId=\"200\"/>".repeat(50)
        );
        let mut scale = XmlScale::new(500_000, u64::MAX);
        assert!(scale.write_all(part.as_bytes()).is_err());
    }

    #[test]
    fn nothing_shortens_a_piece_but_its_end() {
        for (start, piece, end) in [
            ("<c r=\"", "<a>'", "\">"),
            ("<c r='", "<a>\"", "'>"),
            ("<!--", "<a> -> --", "-->"),
            ("<?a", "<a> > ?", "?>"),
            ("<![CDATA[", "<a> ]] >", "]]>"),
            ("<!DOCTYPE a [", "<a>]>", ""),
            ("<is>", "<t>a</t></v><is/>", "</is>"),
            ("<x:si>", "<t>a</t></si>", "</x:si>"),
            ("<v>", "a&amp;<?b?>", "</v>"),
            ("<v>", "a</v b>", "</v >"),
            ("<is><t>", "a</is><is>", "</t></is>"),
            ("<is><t></is></t>", "<t>a</t>", "</is>"),
        ] {
            let part = format!("<d>{start}{}{end}</d>", piece.repeat(100));
            let longest = weight(&part).longest;
            assert!(longest >= 100 * piece.len() as u64, "{start}: {longest}");
        }
        let short = weight(&"<c><is><t>abc</t></is></c><v>1</v><!-- x --><?y?>".repeat(100));
        assert!(short.longest < 40, "{short:?}");
    }

    #[test]
    fn a_part_in_another_encoding_weighs_the_same() {
        let part = "<sst><si><t>a</t></si><si/></sst>";
        let utf16: Vec<u8> = part.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(weigh(&utf16, 64).kept, weight(part).kept);
        let marked: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain(part.encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        assert_eq!(weigh(&marked, 7).kept, weight(part).kept);
    }
}
