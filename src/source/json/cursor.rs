//! A place in JSON text: what stands there, and how to pass over it in the memory of one read.

use memchr::{memchr, memchr_iter, memrchr};

use super::span::{JsonSpan, JsonWalk};
use crate::source::Error;
use crate::source::bytes::{TextBuffer, mark_length};

/// The longest key that is compared with a step of a pointer.
const LONGEST_KEY: usize = 64 << 10;

/// A place in the text of an input.
pub(in crate::source) struct JsonCursor {
    feed: TextBuffer,
    line: u64,
    column: usize,
}

/// What cutting a value out of the text came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Cut {
    /// It is so long.
    Whole(usize),
    /// From this position on no closing bracket mends it.
    Broken(usize),
    /// The input ends inside it.
    Ended,
    /// It is longer than a record may be.
    TooLarge,
}

impl JsonCursor {
    pub(in crate::source) fn new(feed: TextBuffer) -> Self {
        JsonCursor {
            feed,
            line: 1,
            column: 0,
        }
    }

    /// The physical line, from 1.
    pub(in crate::source) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of that line which lie behind.
    pub(in crate::source) fn column(&self) -> usize {
        self.column
    }

    pub(in crate::source) fn feed(&self) -> &TextBuffer {
        &self.feed
    }

    pub(in crate::source) fn data(&self) -> &[u8] {
        self.feed.data()
    }

    /// Goes on by `count` bytes.
    pub(in crate::source) fn consume(&mut self, count: usize) {
        let passed = &self.feed.data()[..count];
        match memrchr(b'\n', passed) {
            Some(last) => {
                self.line += memchr_iter(b'\n', passed).count() as u64;
                self.column = count - last - 1;
            }
            None => self.column += count,
        }
        self.feed.consume(count);
    }

    /// The next byte that is no white space; stands on it. The marks that files leave when they are put
    /// one behind the other are passed over as well.
    pub(in crate::source) fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let data = self.feed.data();
            let blank = data
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                .count();
            let next = data.get(blank).copied();
            let mark = mark_length(&data[blank..]);
            if next == Some(0xef) && mark == 0 && data.len() < blank + 3 && !self.feed.ended() {
                self.feed.fill()?;
                continue;
            }
            self.consume(blank + mark);
            if mark > 0 {
                continue;
            }
            if next.is_some() || self.feed.ended() {
                return Ok(next);
            }
            self.feed.fill()?;
        }
    }

    /// Length of the value that begins here, without going on.
    pub(in crate::source) fn cut(&mut self, limit: usize) -> Result<Cut, Error> {
        let mut span = JsonSpan::default();
        loop {
            match span.walk(self.feed.data()) {
                JsonWalk::End(length) if length > limit => return Ok(Cut::TooLarge),
                JsonWalk::End(0) => return Ok(Cut::Broken(0)),
                JsonWalk::End(length) => return Ok(Cut::Whole(length)),
                JsonWalk::Broken(at) => return Ok(Cut::Broken(at)),
                JsonWalk::More if self.feed.data().len() > limit => return Ok(Cut::TooLarge),
                JsonWalk::More if self.feed.ended() => return Ok(Cut::Ended),
                JsonWalk::More => self.feed.fill()?,
            }
        }
    }

    /// Goes to where the walk ends; `false` when it is broken or the input ends before.
    pub(in crate::source) fn skip(&mut self, mut span: JsonSpan) -> Result<bool, Error> {
        loop {
            match span.walk(self.feed.data()) {
                JsonWalk::End(length) => {
                    self.consume(length);
                    return Ok(true);
                }
                JsonWalk::Broken(at) => {
                    self.consume(at);
                    return Ok(false);
                }
                JsonWalk::More => {
                    let walked = span.forget();
                    self.consume(walked);
                    if self.feed.ended() {
                        return Ok(false);
                    }
                    self.feed.fill()?;
                }
            }
        }
    }

    /// The position of the next line break, or of the end of the input; `None` beyond `limit`.
    pub(in crate::source) fn line_length(&mut self, limit: usize) -> Result<Option<usize>, Error> {
        loop {
            // From the beginning each time: at the end of the input the sign that DOS puts there is taken off, and
            // what was searched is shorter then.
            let data = self.feed.data();
            if let Some(length) = memchr(b'\n', data) {
                return Ok((length <= limit).then_some(length));
            }
            if data.len() > limit {
                return Ok(None);
            }
            if self.feed.ended() {
                return Ok(Some(data.len()));
            }
            self.feed.fill()?;
        }
    }

    /// Goes to the beginning of the next line; `false` at the end of the input.
    pub(in crate::source) fn skip_line(&mut self) -> Result<bool, Error> {
        loop {
            let data = self.feed.data();
            if let Some(length) = memchr(b'\n', data) {
                self.consume(length + 1);
                return Ok(true);
            }
            self.consume(data.len());
            if self.feed.ended() {
                return Ok(false);
            }
            self.feed.fill()?;
        }
    }

    /// Stands behind the `{` of an object or behind one of its values: goes to the value of the next
    /// member and gives its key. `None` at the end of the object, and where it is broken.
    pub(in crate::source) fn next_key(&mut self) -> Result<Option<String>, Error> {
        let mut next = self.peek()?;
        if next == Some(b',') {
            self.consume(1);
            next = self.peek()?;
        }
        if next != Some(b'"') {
            return Ok(None);
        }
        let key = match self.cut(LONGEST_KEY)? {
            Cut::Whole(length) => {
                let key = serde_json::from_slice(&self.feed.data()[..length]).unwrap_or_default();
                self.consume(length);
                key
            }
            Cut::TooLarge => {
                self.skip(JsonSpan::default())?;
                String::new()
            }
            Cut::Broken(_) | Cut::Ended => return Ok(None),
        };
        if self.peek()? != Some(b':') {
            return Ok(None);
        }
        self.consume(1);
        self.peek()?;
        Ok(Some(key))
    }

    /// Goes to the value that `step` of a pointer means, in the container just entered.
    pub(in crate::source) fn find(&mut self, container: u8, step: &str) -> Result<bool, Error> {
        if container == b'{' {
            while let Some(key) = self.next_key()? {
                if key == step {
                    return Ok(true);
                }
                if !self.skip(JsonSpan::default())? {
                    return Ok(false);
                }
            }
            return Ok(false);
        }
        let Ok(index) = step.parse::<usize>() else {
            return Ok(false);
        };
        for _ in 0..index {
            if !self.skip(JsonSpan::default())? || self.peek()? != Some(b',') {
                return Ok(false);
            }
            self.consume(1);
            self.peek()?;
        }
        Ok(self.peek()?.is_some_and(|byte| byte != b']'))
    }
}
