//! What values are made of beside texts of the record.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::Segment;

/// What values are made of beside texts of the record. Each is found by its place.
#[derive(Debug, Clone, Default)]
pub(super) struct MadeParts<'a> {
    /// Texts that the record does not have.
    pub(super) texts: Vec<String>,
    /// What the times among the values name.
    pub(super) times: Vec<Timestamp>,
    pub(super) labels: Vec<Cow<'a, str>>,
    pub(super) segments: Vec<Segment>,
}

/// The place of what is added next. No record comes near to so many values.
fn place_in<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

impl<'a> MadeParts<'a> {
    /// Forgets everything, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.times.clear();
        self.labels.clear();
        self.segments.clear();
    }

    pub(super) fn keep_text(&mut self, text: String) -> u32 {
        let place = place_in(&self.texts);
        self.texts.push(text);
        place
    }

    #[inline]
    pub(super) fn keep_time(&mut self, at: Timestamp) -> u32 {
        let place = place_in(&self.times);
        self.times.push(at);
        place
    }

    /// Keeps labels, from one place to before another.
    #[inline]
    pub(super) fn keep_labels(&mut self, labels: Vec<Cow<'a, str>>) -> (u32, u32) {
        let start = place_in(&self.labels);
        if self.labels.capacity() == 0 {
            // The room of those before, come back.
            self.labels = labels;
        } else {
            self.labels.extend(labels);
        }
        (start, place_in(&self.labels))
    }

    /// The same for segments.
    pub(super) fn keep_segments(&mut self, segments: Vec<Segment>) -> (u32, u32) {
        let start = place_in(&self.segments);
        self.segments.extend(segments);
        (start, place_in(&self.segments))
    }
}
