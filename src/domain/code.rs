//! The kinds of problems, each with its stable name.

use std::fmt;

use super::explanation::{Explanation, texts};
use super::severity::Severity;

macro_rules! codes {
    ($( $(#[$doc:meta])* $variant:ident $name:literal $severity:ident ),+ $(,)?) => {
        /// The kind of a problem. The names are stable: scripts may depend on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Code { $( $(#[$doc])* $variant ),+ }

        impl Code {
            /// Every code, grouped by the stage that finds it.
            pub const ALL: &[Code] = &[ $( Code::$variant ),+ ];

            /// The stable name, as in `problems.csv` and for `explain`.
            pub const fn name(self) -> &'static str {
                match self { $( Code::$variant => $name ),+ }
            }

            /// What it means and what to do about it.
            pub const fn explanation(self) -> Explanation {
                match self { $( Code::$variant => texts::$variant ),+ }
            }

            /// How bad it is unless a policy of the operator says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $( Code::$variant => Severity::$severity ),+ }
            }
        }
    };
}

codes! {
    /// Fewer fields than the header has columns.
    RowTooShort "row-too-short" Error,
    /// More fields than the header has columns.
    RowTooLong "row-too-long" Error,
    /// A list of rejected records that lacks some, because it would have been too large.
    RejectsCut "rejects-cut" Error,
    /// A quote that is opened and would swallow the rows after it.
    OpenQuote "open-quote" Error,
    /// A quote in the middle of a field that could be read in only one way.
    StrayQuote "stray-quote" Warning,
    /// Bytes that are no text in the encoding of the file.
    UndecodableBytes "undecodable-bytes" Error,
    /// A NUL byte inside a field.
    NulByte "nul-byte" Error,
    /// A field or record over the limit of size.
    RecordTooLarge "record-too-large" Error,
    /// Text that is not JSON.
    BadJson "bad-json" Error,
    /// A JSON value where an object was expected.
    NotAnObject "not-an-object" Error,
    /// A JSON key that stands twice in one object, with different values.
    DuplicateKey "duplicate-key" Error,
    /// The input ends before it is complete (a cut file or a cut archive).
    TruncatedInput "truncated-input" Error,
    /// A last row without a line ending in a file whose other rows have one.
    RowUnterminated "row-unterminated" Warning,
    /// A header with other columns in the middle of a file, and the rows behind it.
    HeaderChanged "header-changed" Error,
    /// A totals or sentence row that is no record.
    TrailingRow "trailing-row" Note,
    /// The export says of itself that it is not complete.
    ExportIncomplete "export-incomplete" Warning,
    /// A file or folder among the exports that is not read.
    FileNotRead "file-not-read" Warning,
    /// No file of the export is as new as was asked for.
    NoNewExport "no-new-export" Error,
    /// A record without a key that every record of this kind has.
    ForeignRecord "foreign-record" Error,
    /// No record of the file has a key by which records were left out or rejected.
    OtherShape "other-shape" Error,
    /// A file of which every record was left out by the rules of the mapping.
    AllLeftOut "all-left-out" Warning,
    /// A required field has no value.
    MissingField "missing-field" Error,
    /// A required field holds nothing but blanks.
    BlankField "blank-field" Error,
    /// A sign that nobody sees in an id or an address.
    InvisibleSign "invisible-sign" Error,
    /// An id with blanks before or after it.
    PaddedId "padded-id" Warning,
    /// Text that is no time in the formats of the mapping, or a date that does not exist.
    BadTime "bad-time" Error,
    /// A time without an offset while the mapping names no zone.
    TimeWithoutZone "time-without-zone" Error,
    /// A local time that happened twice (the clock was set back).
    TimeHappenedTwice "time-happened-twice" Error,
    /// A local time that never happened (the clock was set forward).
    TimeNeverHappened "time-never-happened" Error,
    /// A time that nobody can mean: before 1970, or more than a day ahead.
    ImpossibleTime "impossible-time" Error,
    /// A time before 1990, when hardly anybody recorded calls.
    ImplausibleTime "implausible-time" Warning,
    /// A column that looks like a consent and that nothing uses.
    UnusedConsent "unused-consent" Warning,
    /// One customer in a large part of the calls.
    OneCustomer "one-customer" Warning,
    /// A customer that is no possible phone number.
    CustomerNotAPhone "customer-not-a-phone" Warning,
    /// A number written without a country code while the mapping names no region.
    PhoneWithoutRegion "phone-without-region" Warning,
    /// Digits that could be a number of the region, or one of another country without its `+`.
    AmbiguousPhone "ambiguous-phone" Error,
    /// Digits that a spreadsheet has thrown away (`4,51E+09`).
    SpreadsheetDamage "spreadsheet-damage" Error,
    /// A value repaired, by a rule of the mapping or because it has one reading only.
    RepairedByRule "repaired-by-rule" Note,
    /// An e-mail address that is none.
    BadEmail "bad-email" Error,
    /// Text that is no number.
    BadNumber "bad-number" Error,
    /// Text that is neither yes nor no.
    BadBoolean "bad-boolean" Error,
    /// A consent value that cannot be read.
    BadConsent "bad-consent" Error,
    /// Text that is no duration.
    BadDuration "bad-duration" Error,
    /// A value that the mapping's table does not know.
    UnmappedValue "unmapped-value" Error,
    /// A key that a lookup file does not have.
    LookupMissed "lookup-missed" Error,
    /// A template or expression that failed on this record.
    TemplateFailed "template-failed" Error,
    /// Labels that cannot be sent: a null or the same label twice.
    BadLabels "bad-labels" Error,
    /// A value that is none of those that the API knows for this field.
    BadChoice "bad-choice" Error,
    /// Conversation segments that cannot be read or are out of range.
    BadSegments "bad-segments" Error,
    /// A field that the chosen version of the API does not have.
    NotInVersion "not-in-version" Warning,
    /// A value of the wrong JSON type.
    WrongType "wrong-type" Error,
    /// An id that an earlier record with other content has.
    DuplicateId "duplicate-id" Error,
    /// An id that `--only` names and no record has.
    IdNotFound "id-not-found" Error,
    /// The same record once more.
    RepeatedRecord "repeated-record" Note,
    /// Rows of one call that contradict each other.
    LegsDisagree "legs-disagree" Error,
    /// A record whose content is no longer what was sent.
    ChangedSinceSent "changed-since-sent" Warning,
    /// No recording for this call.
    RecordingMissing "recording-missing" Warning,
    /// Several recordings for this call.
    RecordingAmbiguous "recording-ambiguous" Error,
    /// A recording without a byte of sound.
    RecordingEmpty "recording-empty" Error,
    /// A recording over the 1 GB of the API.
    RecordingTooLarge "recording-too-large" Error,
    /// A recording's path that leaves the audio folder.
    RecordingOutside "recording-outside" Error,
    /// A recording that cannot be opened.
    RecordingUnreadable "recording-unreadable" Error,
    /// A recording that two calls claim.
    RecordingShared "recording-shared" Error,
    /// A recording that no call claims.
    RecordingUnclaimed "recording-unclaimed" Note,
    /// Folders below the audio folder that are not searched.
    RecordingsNotSearched "recordings-not-searched" Note,
    /// A file in the place of a recording that is known to be something else.
    RecordingNotSound "recording-not-sound" Error,
    /// A recording that ends before its header says.
    RecordingTruncated "recording-truncated" Warning,
    /// A recording that was written a moment ago, and may not be whole.
    RecordingUnfinished "recording-unfinished" Warning,
    /// A recording whose content is not what its name says.
    RecordingMislabelled "recording-mislabelled" Warning,
    /// A recording whose kind the API may not take.
    RecordingFormat "recording-format" Warning,
    /// Channels of the recording against the channels that are sent.
    RecordingChannels "recording-channels" Warning,
    /// Seconds of the recording against the duration in the export.
    RecordingDuration "recording-duration" Warning,
    /// The time in the recording's name against the time of the call.
    RecordingTime "recording-time" Warning,
    /// A recording with a channel in which nobody speaks.
    RecordingSilent "recording-silent" Warning,
    /// Several recordings that are sent as one.
    RecordingJoined "recording-joined" Note,
    /// Recordings that cannot be put together or converted.
    RecordingNotMade "recording-not-made" Error,
    /// A recording that changed before all of it was sent.
    RecordingChanged "recording-changed" Warning,
    /// A recording that its store did not give.
    RecordingUnavailable "recording-unavailable" Warning,
    /// A recording whose store refuses the credentials.
    StoreCredentials "store-credentials" Error,
    /// A recording that is encrypted.
    RecordingEncrypted "recording-encrypted" Warning,
    /// A recording that has another size than when it was sent.
    RecordingChangedSinceSent "recording-changed-since-sent" Warning,
    /// A call that was held for longer than the operator wants to wait.
    HeldTooLong "held-too-long" Warning,
    /// The server refused this call or its recording.
    ServerRefused "server-refused" Error,
    /// Tried as often as allowed, without success.
    GaveUp "gave-up" Error,
    /// Somebody else made this conversation, and the operator said to leave it.
    AlreadyThere "already-there" Note,
    /// A private note, or a message that a rule of the mapping leaves out.
    MessageLeftOut "message-left-out" Note,
    /// A message whose answer was lost and that had to be sent again.
    MessageInDoubt "message-in-doubt" Warning,
    /// An upload whose answer was lost and that had to be sent again.
    UploadInDoubt "upload-in-doubt" Warning,
}

impl Code {
    /// The code of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_names_are_distinct_and_found_again() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
    }

    #[test]
    fn every_code_has_a_title_a_cause_and_a_cure() {
        for &code in Code::ALL {
            let Explanation { title, cause, cure } = code.explanation();
            for text in [title, cause, cure] {
                assert!(text.len() > 10, "{code}: {text:?} says too little");
                assert_eq!(text, text.trim(), "{code}");
                assert!(text.ends_with('.'), "{code}: {text:?} is no sentence");
                assert!(
                    !text.contains("  "),
                    "{code}: {text:?} has a gap where a line was broken"
                );
            }
            assert!(title.len() < 90, "{code}: the title is too long for a line");
        }
    }

    #[test]
    fn no_text_waits_for_a_value() {
        for &code in Code::ALL {
            let Explanation { title, cause, cure } = code.explanation();
            for text in [title, cause, cure] {
                assert!(!text.contains(['<', '>']), "{code}: {text:?}");
                for (open, _) in text.match_indices('{') {
                    assert!(
                        text[open..].starts_with("{ "),
                        "{code}: {text:?} has a placeholder"
                    );
                }
            }
        }
    }

    #[test]
    fn no_two_codes_share_a_title() {
        for (index, &code) in Code::ALL.iter().enumerate() {
            for &other in &Code::ALL[..index] {
                assert_ne!(
                    code.explanation().title,
                    other.explanation().title,
                    "{code} and {other}"
                );
            }
        }
    }
}
