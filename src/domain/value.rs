//! One value of a target field, read and not yet checked.

use std::borrow::Cow;

use jiff::Timestamp;

/// The value of one target field. Text borrows from the record wherever it is passed on unchanged.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value<'a> {
    /// The record says nothing about this field.
    #[default]
    Absent,
    /// The record says something that could not be read; the problem is already reported, so
    /// nobody complains a second time that the field is missing.
    Broken,
    /// Any text, as it will be sent.
    Text(Cow<'a, str>),
    /// A time: the RFC 3339 text that will be sent and the instant it names.
    Time(Cow<'a, str>, Timestamp),
    /// A number in JSON's own notation. It stays text so that no digit passes through a float.
    Number(Cow<'a, str>),
    /// Consent, or another yes or no.
    Bool(bool),
    /// Labels in the order of the export.
    Labels(Vec<Cow<'a, str>>),
    /// The parts of the recording to keep.
    Segments(Vec<Segment>),
}

impl Value<'_> {
    /// The same value, owning its text.
    pub fn into_owned(self) -> Value<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Value::Absent => Value::Absent,
            Value::Broken => Value::Broken,
            Value::Text(text) => Value::Text(own(text)),
            Value::Time(text, at) => Value::Time(own(text), at),
            Value::Number(text) => Value::Number(own(text)),
            Value::Bool(bool) => Value::Bool(bool),
            Value::Labels(labels) => Value::Labels(labels.into_iter().map(own).collect()),
            Value::Segments(segments) => Value::Segments(segments),
        }
    }
}

/// A part of the recording to keep, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Seconds from the start of the recording.
    pub start: u32,
    /// Length in seconds, at least 1.
    pub duration: u32,
}

/// How the speakers of a recording are laid out (`audioChannels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// One channel, one speaker.
    Mono1Speaker,
    /// One channel, both speakers.
    Mono2Speaker,
    /// A channel for each speaker; what the API assumes when nothing is said.
    Stereo,
}

impl Channels {
    /// What stands for a layout that the recording will tell.
    pub(crate) const AUTO: &'static str = "auto";

    /// The value on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Channels::Mono1Speaker => "Mono1Speaker",
            Channels::Mono2Speaker => "Mono2Speaker",
            Channels::Stereo => "Stereo",
        }
    }

    /// The value of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Channels> {
        [
            Channels::Mono1Speaker,
            Channels::Mono2Speaker,
            Channels::Stereo,
        ]
        .into_iter()
        .find(|channels| channels.name() == name)
    }
}
