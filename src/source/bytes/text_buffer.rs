//! A window over the text of an input, as UTF-8.

use encoding_rs::{Decoder, DecoderResult, UTF_8};

use super::encoding::{Charset, mark};
use super::stream::InputStream;
use crate::source::Error;

/// How much is read at a time: enough that the calls vanish, little enough to stay in the cache. A
/// fuzzer's inputs are short, and are to cross borders all the same.
const CHUNK: usize = if cfg!(fuzzing) { 64 } else { 256 << 10 };
/// Bytes kept before the place of reading, to name those that turn out not to decode.
const HISTORY: usize = 8;

/// Length of the mark at the start of `text` that belongs to no record: a byte order mark or a DOS end
/// of file, as files have that were put one behind the other; 0 when there is none.
pub(in crate::source) fn mark_length(text: &[u8]) -> usize {
    match text {
        [0xef, 0xbb, 0xbf, ..] => 3,
        [0x1a, ..] => 1,
        _ => 0,
    }
}

/// The text of an input: what has been read and not yet consumed, in one piece.
pub(in crate::source) struct TextBuffer {
    text: DecodedText,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl TextBuffer {
    /// The text of `sample` and then of `stream`.
    pub(in crate::source) fn new(sample: Vec<u8>, stream: InputStream, charset: Charset) -> Self {
        let decoding = match charset {
            Charset::Standard(encoding) if encoding == UTF_8 => Decoding::None,
            Charset::Standard(encoding) => {
                Decoding::Standard(Box::new(encoding.new_decoder_without_bom_handling()))
            }
            Charset::Page(..) => Decoding::Page(charset),
        };
        TextBuffer {
            text: DecodedText {
                sample,
                taken: 0,
                stream,
                decoding,
                raw: Vec::new(),
                at: 0,
                overflow: Vec::new(),
                last: false,
            },
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// The same input with another text in place of the whole.
    pub(in crate::source) fn replaced(self, text: Vec<u8>) -> Self {
        TextBuffer::new(text, self.text.stream, Charset::UTF_8)
    }

    /// What can be looked at without reading more.
    pub(in crate::source) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether [`TextBuffer::data`] reaches to the end of the input.
    pub(in crate::source) fn ended(&self) -> bool {
        self.ended
    }

    /// Why the input ended before its time.
    pub(in crate::source) fn cut(&self) -> Option<&str> {
        self.text.stream.cut()
    }

    /// The stream behind it, for name and progress.
    pub(in crate::source) fn stream(&self) -> &InputStream {
        &self.text.stream
    }

    /// Gives up the first `count` bytes of [`TextBuffer::data`].
    pub(in crate::source) fn consume(&mut self, count: usize) {
        self.start += count.min(self.end - self.start);
    }

    /// Makes [`TextBuffer::data`] longer, or finds that it has ended.
    pub(in crate::source) fn fill(&mut self) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK {
            // Doubling keeps the copies of a long record linear.
            let size = (self.end * 2).max(self.end + CHUNK);
            self.buffer.resize(size, 0);
        }
        let count = self.text.read(&mut self.buffer[self.end..])?;
        self.end += count;
        self.ended = count == 0;
        // What DOS puts behind the text of a file is no part of it.
        while self.ended && self.end > self.start && self.buffer[self.end - 1] == 0x1a {
            self.end -= 1;
        }
        Ok(())
    }

    /// Makes [`TextBuffer::data`] at least `size` bytes long unless the input ends before.
    pub(in crate::source) fn fill_to(&mut self, size: usize) -> Result<(), Error> {
        while !self.ended && self.data().len() < size {
            self.fill()?;
        }
        Ok(())
    }
}

enum Decoding {
    None,
    Standard(Box<Decoder>),
    Page(Charset),
}

struct DecodedText {
    sample: Vec<u8>,
    taken: usize,
    stream: InputStream,
    decoding: Decoding,
    raw: Vec<u8>,
    at: usize,
    /// Marks that did not fit into the last read.
    overflow: Vec<u8>,
    last: bool,
}

impl DecodedText {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        match self.decoding {
            Decoding::None => self.read_raw(out),
            Decoding::Page(charset) => self.read_page(charset, out),
            Decoding::Standard(_) => self.read_decoded(out),
        }
    }

    fn read_raw(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let left = &self.sample[self.taken..];
        if left.is_empty() {
            self.sample = Vec::new();
            self.taken = 0;
            return self.stream.read(out);
        }
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.taken += count;
        Ok(count)
    }

    fn read_page(&mut self, charset: Charset, out: &mut [u8]) -> Result<usize, Error> {
        let Charset::Page(upper, _) = charset else {
            return Ok(0);
        };
        // No character of these pages is longer than three bytes.
        let mut raw = std::mem::take(&mut self.raw);
        raw.resize(out.len() / 3, 0);
        let count = self.read_raw(&mut raw)?;
        let mut written = 0;
        for &byte in &raw[..count] {
            let char = match byte.checked_sub(128) {
                None => char::from(byte),
                Some(index) => upper[usize::from(index)],
            };
            written += char.encode_utf8(&mut out[written..]).len();
        }
        self.raw = raw;
        Ok(written)
    }

    fn read_decoded(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if !self.overflow.is_empty() {
            let count = self.overflow.len().min(out.len());
            out[..count].copy_from_slice(&self.overflow[..count]);
            self.overflow.drain(..count);
            return Ok(count);
        }
        loop {
            if self.at == self.raw.len() && !self.last {
                self.refill()?;
            }
            let Decoding::Standard(decoder) = &mut self.decoding else {
                return Ok(0);
            };
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(&self.raw[self.at..], out, self.last);
            self.at += read;
            match result {
                DecoderResult::InputEmpty if written > 0 => return Ok(written),
                DecoderResult::InputEmpty if self.last => {
                    // A finished decoder may not be asked again.
                    self.decoding = Decoding::None;
                    return Ok(0);
                }
                DecoderResult::InputEmpty => {}
                DecoderResult::OutputFull => return Ok(written),
                DecoderResult::Malformed(length, after) => {
                    let end = self.at.saturating_sub(usize::from(after));
                    let start = end.saturating_sub(usize::from(length));
                    self.overflow
                        .extend(self.raw[start..end].iter().flat_map(|byte| mark(*byte)));
                    let count = self.overflow.len().min(out.len() - written);
                    out[written..written + count].copy_from_slice(&self.overflow[..count]);
                    self.overflow.drain(..count);
                    if written + count > 0 {
                        return Ok(written + count);
                    }
                }
            }
        }
    }

    fn refill(&mut self) -> Result<(), Error> {
        let mut raw = std::mem::take(&mut self.raw);
        let keep = raw.len().min(HISTORY);
        raw.drain(..raw.len() - keep);
        self.at = keep;
        raw.resize(keep + (64 << 10), 0);
        let count = self.read_raw(&mut raw[keep..])?;
        raw.truncate(keep + count);
        self.raw = raw;
        self.last = count == 0;
        Ok(())
    }
}
