//! Something wrong with a record: what, where, how bad.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::invisible::shown;

/// How bad a problem is for its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing needs to be done.
    Note,
    /// The record goes on, but a person should look.
    Warning,
    /// The record is not sent.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`, as written to `problems.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Severity> {
        let all = [Severity::Note, Severity::Warning, Severity::Error];
        all.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the operator named it.
    pub file: Arc<str>,
    /// The physical line on which the record starts, from 1; 0 when there are no lines (XLSX has
    /// rows, and they are counted here).
    pub line: u64,
    /// Which record of the file it is, from 1, where a line may hold several of them: in JSON that
    /// is not one record a line. A number and no JSON pointer, because a file may hold several
    /// documents, and because it costs a counter where a pointer would be a text for each record.
    pub record: Option<NonZeroU64>,
}

impl Place {
    /// A place that its line tells.
    pub fn on_line(file: impl Into<Arc<str>>, line: u64) -> Self {
        Place {
            file: file.into(),
            line,
            record: None,
        }
    }

    /// The place within its file: `record 17` where records are numbered, else `line 17`.
    pub fn within(&self) -> String {
        match self.record {
            Some(number) => format!("record {number}"),
            None => format!("line {}", self.line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        match self.record {
            Some(number) => write!(f, " (record {number})"),
            None => Ok(()),
        }
    }
}

/// One thing wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// How bad, after the operator's policies.
    pub severity: Severity,
    /// Where the record stands.
    pub place: Place,
    /// The id of the record, cut like a value; empty where the problem belongs to no record, or the
    /// record has no id.
    pub id: Box<str>,
    /// The column of the export, or the target field when no column feeds it; may be empty.
    pub column: Box<str>,
    /// What the export says there, cut to [`Problem::VALUE_LIMIT`] characters; personal data.
    pub value: Box<str>,
    /// Why this is a problem, in one sentence that never repeats the value: messages are kept in
    /// the ledger and in logs, values are not.
    pub message: Box<str>,
    /// The record is neither sent nor rejected because of it: a later run decides anew.
    pub holds: bool,
}

impl Problem {
    /// The most characters of a value that a problem carries.
    pub const VALUE_LIMIT: usize = 200;

    /// A problem of the code's usual severity.
    pub fn new(code: Code, place: Place, message: impl Into<Box<str>>) -> Self {
        Problem {
            code,
            severity: code.severity(),
            place,
            id: Box::default(),
            column: Box::default(),
            value: Box::default(),
            message: message.into(),
            holds: false,
        }
    }

    /// The same problem, for which the record waits for a later run. Its severity says whether a
    /// person must act: of a warning, time may be the cure.
    #[must_use]
    pub fn holding(mut self) -> Self {
        self.holds = true;
        self
    }

    /// Names the column and its value; a long value is cut, and a sign that nobody sees is named.
    #[must_use]
    pub fn at(mut self, column: &str, value: &str) -> Self {
        self.column = column.into();
        self.value = cut(&shown(value));
        self
    }

    /// Names the record by its id, unless that is done already; a long id is cut.
    pub fn name_record(&mut self, id: &str) {
        if self.id.is_empty() {
            self.id = cut(id);
        }
    }

    /// The same problem with the severity that a policy asks for.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether the record cannot be sent because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether the record is rejected because of it.
    pub fn rejects(&self) -> bool {
        self.is_error() && !self.holds
    }

    /// Whether a held record needs a person because of it, and not only time.
    pub fn is_pressing(&self) -> bool {
        self.is_error() || self.code == Code::HeldTooLong
    }
}

/// At most [`Problem::VALUE_LIMIT`] characters, and a sign that there were more.
fn cut(text: &str) -> Box<str> {
    match text.char_indices().nth(Problem::VALUE_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.severity, self.code)?;
        if !self.column.is_empty() {
            write!(f, " {}", self.column)?;
        }
        write!(f, ": {}", self.message)
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
    fn a_place_tells_the_record_where_its_line_does_not() {
        let place = Place::on_line("a.csv", 2);
        assert_eq!(
            (place.to_string(), place.within()),
            ("a.csv:2".into(), "line 2".into())
        );
        let record = NonZeroU64::new(17);
        let place = Place {
            record,
            ..Place::on_line("a.json", 1)
        };
        let told = (place.to_string(), place.within());
        assert_eq!(told, ("a.json:1 (record 17)".into(), "record 17".into()));
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let place = Place::on_line("a.csv", 2);
        let problem = Problem::new(Code::BadTime, place, "why").at("when", &"æ".repeat(300));
        assert_eq!(problem.value.chars().count(), Problem::VALUE_LIMIT + 1);
    }
}
