//! Cause and cure of every code, for `explain` and for the reports.
//!
//! Facts stand in the messages of problems; advice stands here and nowhere else, so that it can be
//! read in one sitting and has one voice. A new code does not compile until it has its texts.

use super::Code;

/// What a code means and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// One sentence without the value: what the program saw.
    pub title: &'static str,
    /// How such records come about.
    pub cause: &'static str,
    /// What to do: in the export, in the mapping, or by a flag.
    pub cure: &'static str,
}

macro_rules! texts {
    ($( $variant:ident $title:literal $cause:literal $cure:literal ),+ $(,)?) => {
        /// The explanation of `code`.
        pub const fn explain(code: Code) -> Explanation {
            match code {
                $( Code::$variant => Explanation { title: $title, cause: $cause, cure: $cure } ),+
            }
        }
    };
}

texts! {
    RowTooShort
        "The row has fewer fields than the header has columns."
        "The row was cut, a line break inside a field was not quoted, or the row is not a record \
         at all."
        "Mend the row in rejected.csv and feed that file in again. The last row of a file that may be \
         cut: fetch the file again and compare its size with the source. If every row is too short, \
         check `[source] delimiter`; rows that are no records can be left out with `[source] \
         skip`.",
    RejectsCut
        "The file of rejected records lacks some of them."
        "The run that wrote it rejected so much that the file would have been larger than 64 MiB and 16 \
         times as large as its inputs."
        "Correct what most rows have in common (often the mapping), and feed in the export itself again. To \
         send only the records that are in this file, remove its last row.",
    RowTooLong
        "The row has more fields than the header has columns."
        "A field contains the delimiter and is not quoted, so everything after it has moved one \
         column."
        "Quote the field in rejected.csv and feed that file in again, or have the export written \
         with quotes or with another delimiter. If every row is too long, check `[source] \
         delimiter`.",
    OpenQuote
        "A quote is opened and not closed before the row ends."
        "The text of a field begins with a quote of its own, or the file was put together from \
         pieces."
        "Double the quotes that belong to the text, or close the field, in rejected.csv, and feed \
         that file in again.",
    StrayQuote
        "A quote stands in the middle of a field. As a warning: there was only one way to read it."
        "The system that wrote the export does not double the quotes inside a quoted field, or the row \
         lost a delimiter or a quote."
        "Warning: look at the value that was read; if it is right, there is nothing to do. Error: mend \
         the quotes of the row in rejected.csv, and feed that file in again. If many rows have it, \
         set `quote` or `escape` in [source].",
    UndecodableBytes
        "Some bytes are no text in the encoding of the file."
        "The file has another encoding than was found or stated, or two encodings were mixed in \
         it."
        "Set `[source] encoding`, for example to \"windows-1252\". If only a few rows are hit, \
         type their text again in rejected.csv and feed that file in. Nothing is ever replaced \
         silently.",
    NulByte
        "A field contains a NUL byte."
        "The file is damaged, was written in UTF-16 without saying so, or holds binary data."
        "Set `[source] encoding` to \"utf-16le\" or \"utf-16be\" if every field is hit; else \
         remove the byte in rejected.csv and feed that file in again.",
    RecordTooLarge
        "A field, a record or an id is larger than the limit."
        "Usually a quote that is never closed, a JSON file without line ends that was read as \
         NDJSON, or an id that is taken from the wrong column."
        "Look at the line for an open quote. If the records of a JSON file stand inside a larger \
         object, say where with `[source] records`. Records that are meant to be so large need a \
         higher limit in `[source.limits]`.",
    BadJson
        "The text is not valid JSON."
        "The line was cut, a comma or a quote is missing, or the line is a message and not a \
         record."
        "Mend the line and feed it in again. The column says where reading had to stop.",
    NotAnObject
        "A JSON value stands where an object was expected."
        "The records are deeper inside the file, or the array also holds something that is no \
         record."
        "Point `[source] records` at the array of records, for example \"/data/calls\".",
    DuplicateKey
        "A JSON key stands twice in one object, with different values."
        "The program that wrote the export merged two records, or has two fields of the same name."
        "Remove the wrong one of the two. Which one is right cannot be told from the file.",
    TruncatedInput
        "The input ends before it is complete."
        "The copy or download was interrupted, the disk was full, or the export was still being \
         written."
        "Fetch the file again and compare its size with the source. What came before the cut is \
         good, and calls that were already sent are not sent a second time.",
    RowUnterminated
        "The last row has no line ending, and the other rows have one."
        "The file was read while it was still being written, its transfer was cut off, or its system \
         never writes the last line ending. The last cell of the row may lack its end."
        "Where the last column feeds consent, an id or a required field, the call is held, and the next \
         run that finds the row unchanged sends it. So is a ticket's message where the column is used. If the files of your system always end so, say \
         `ends_without_newline = true` in `[source]`.",
    HeaderChanged
        "A header with other columns stands in the middle of the file."
        "Two exports with different columns were put one behind the other."
        "Import them as two files. The rows behind the second header are not sent.",
    TrailingRow
        "A row of totals or of prose was left out; it is no record."
        "Many systems close an export with a line of sums or a sentence."
        "Nothing to do. If it was a record after all, give it as many fields as the header has.",
    ExportIncomplete
        "The export says of itself that it is not complete."
        "The system that wrote it stopped before the last record, at a limit or at a time-out. Which \
         calls are missing nobody can tell from here."
        "Export again, in smaller pieces if need be, and feed that in as well: calls that were \
         already sent are not sent a second time.",
    FileNotRead
        "A file or folder that lies among the exports is not read."
        "A folder or a pattern was named, and not everything in it is an export that fits the mapping: \
         a subfolder, an archive, a readme, an empty file, a file of another kind."
        "If it holds calls, name it on the command line, unpack it, or give it a run with a mapping of its \
         own. If not, put it elsewhere.",
    ForeignRecord
        "The record lacks a key that every record of this kind has."
        "It is the page of an API, the message of a web hook, an error, or a record of another report."
        "Name the list of the records with `[source] records`, such as `records = \"/calls\"`, or use \
         the mapping of the other report. `[source] requires` says which keys a record has.",
    OtherShape
        "No record of the file has a key that the mapping looks at."
        "The key was renamed, or the file is another report or a page of an API. A rule that looks at \
         what is not there says nothing about a record."
        "Compare the keys of the file with those of the mapping. The hint behind the message names \
         another preset or the list of the records where one fits.",
    AllLeftOut
        "The rules of the mapping left out every record of the file."
        "A night of abandoned calls only, or a rule that says more than it should."
        "Look at some of them in skipped.csv, and at the rules under `[source.skip]`.",
    MissingField
        "A required field has no value."
        "The cell is empty, the key is absent, or the mapping names another column than the one \
         meant."
        "Fill the cell in rejected.csv and feed that file in again. If every record is hit, look \
         at the field in `[fields]`. Calls that nobody answered have no agent: leave them out with \
         `[source] skip`.",
    BlankField
        "A required field holds nothing but blanks."
        "The cell looks filled but contains only spaces; fixed-width systems write such cells."
        "Fill the cell in rejected.csv and feed that file in again. If every record is hit, the \
         mapping may name the wrong column.",
    InvisibleSign
        "An id or an address holds a sign that nobody sees."
        "Copying from a web page or a chat, or a program, left a mark of width or direction, an odd \
         blank, a tab or a control character."
        "The message names the sign. Take it out in rejected.csv and feed that file in again, and ask \
         the system's people why it writes it.",
    PaddedId
        "The id has blanks before or after it."
        "The system pads its ids, or somebody added a space by hand."
        "The blanks are sent as part of the id. If another export has the same id without them, \
         the call would be created twice: remove the blanks before the first run.",
    BadTime
        "The text is no time in the formats of the mapping, or the date does not exist."
        "Day and month are exchanged, the format is another one, or the value was typed by hand."
        "State how times are written: `as = \"time\"` with `formats = [\"%d-%m-%Y %H.%M.%S\"]`. A \
         date that does not exist must be corrected in rejected.csv.",
    TimeWithoutZone
        "The time has no offset, and the mapping names no zone."
        "Most systems write the time of the wall clock and leave out where that clock hangs."
        "Set `[source] timezone`, for example to \"Europe/Copenhagen\". It is the zone of the \
         system that wrote the export, which need not be that of the customer.",
    TimeHappenedTwice
        "The local time happened twice, because the clock was set back in that hour."
        "The export has wall-clock times without an offset; one hour each autumn cannot be told \
         apart."
        "Export these calls with an offset or in UTC. Else decide by the calls around them, write the \
         whole time as 2024-10-27T02:30:00+02:00 in rejected.csv, which is read whatever the \
         formats of the mapping, and feed that file in again.",
    TimeNeverHappened
        "The local time never happened, because the clock was set forward over it."
        "The zone in the mapping is not the zone of the system, or its clock was set by hand."
        "Check `[source] timezone` first: a system that runs in UTC writes such times all year \
         round. A single time must be corrected in rejected.csv.",
    ImpossibleTime
        "Nobody can mean this time: it lies before February 1970, or more than a day ahead."
        "An empty date became the day zero of a computer or a spreadsheet, a number is in another unit \
         than the mapping says, or day and month were exchanged."
        "Seconds and milliseconds are told apart by `formats = [\"epoch\"]` and `[\"epoch_ms\"]`. \
         Correct single times in rejected.csv. If all of them lie ahead, look at this machine's clock.",
    ImplausibleTime
        "The time lies before 1990."
        "Day, month and year were exchanged, or an empty date became a day long ago."
        "The call is sent with this time. If it is wrong, correct it before the first run: a call \
         that was sent is not changed afterwards.",
    UnusedConsent
        "A column looks like a consent, and the mapping does not use it."
        "The mapping has no `hasConsent`, a constant in its place, or names another column."
        "Map it: `hasConsent = { from = \"…\" }`. Records that refuse are sent as refusing, or a \
         `[source.skip]` rule leaves them out. If it is no consent, there is nothing to do.",
    OneCustomer
        "One customer is in at least half of the calls."
        "The column holds the number that was called, or that of the company itself; or callers hid \
         their numbers and the system writes one for all of them."
        "Look at `problems.csv` for the number. If it is your own, map `customer` to the column of the \
         other party, by `direction` where that changes sides; sent calls cannot be corrected.",
    CustomerNotAPhone
        "The customer is no possible phone number; it is sent as it stands."
        "The caller was anonymous, the system writes a name or an internal address, or digits are \
         missing."
        "Nothing to do for anonymous callers. If every record is hit, `customer` takes the wrong \
         column.",
    PhoneWithoutRegion
        "The number has no country code, and the mapping names no region."
        "The system writes numbers as they are dialled within the country."
        "Set `[source] region`, for example to \"DK\", and write the field as `customer = { from = \
         \"phone\", as = \"phone\" }`. Without it, the number is sent as it stands.",
    AmbiguousPhone
        "The digits could be a number of the region, or carry the code of another country."
        "The system writes numbers of other countries without their `+`, and those of its own without \
         a leading zero."
        "Nothing is sent. Give the number its `+` in rejected.csv, or write it with the leading zero, and \
         feed that file in again.",
    SpreadsheetDamage
        "A spreadsheet changed this value, or its guard is still around it."
        "The file was opened and saved in a spreadsheet, which rounds long numbers, writes a comma for \
         a point and makes dates; or it was written for one, as =\"00124\" or '00124."
        "Take the export from the source once more and do not open it in a spreadsheet on the way. \
         Guards are taken off by `repair = [\"formula\", \"apostrophe\"]` at the field.",
    RepairedByRule
        "A value was repaired by a rule of the mapping."
        "The mapping asks for this repair, for example for a lost zero or plus in front of a \
         number."
        "Nothing to do. Look at a few of them, to see whether the rule does what was meant.",
    BadEmail
        "The agent's e-mail address is no address."
        "The export has a login name, an internal address without a domain, or a slip of the pen."
        "Correct it in rejected.csv, or build it in the mapping when it follows a rule: \
         `agentEmail = { template = \"…@example.com\" }`. Capturi tells agents apart by it.",
    BadNumber
        "The text is no number."
        "The cell has a unit, a word, or a decimal comma that the mapping does not expect."
        "Take the right column, or say how its numbers are written: `as = \"number\"` for decimal \
         commas and thousands, `as = \"seconds\"` for durations. Else correct the cell in \
         rejected.csv.",
    BadBoolean
        "The text is neither yes nor no."
        "The system has more than two answers, or uses its own words for them."
        "Say what each word means, with `map` in the mapping of that field. For messages of tickets that \
         lack the key, say what they are: `unmarked = \"public\"` or `\"private\"` in `[messages]`.",
    BadConsent
        "The value for consent cannot be read."
        "The system has more answers than yes and no, or uses its own words for them."
        "Say what each word means: `hasConsent = { from = \"consent\", map = { \"afvist\" = \
         \"false\" } }`. The record waits for you, since a refusal must never be sent as consent, \
         and silence counts as consent there.",
    BadDuration
        "The text is no duration."
        "The cell has a form that the mapping does not expect, or belongs to another column."
        "Take the right column, or correct the cell in rejected.csv. `as = \"seconds\"` reads \
         forms such as 00:03:20, 3m20s and 200.",
    UnmappedValue
        "The mapping's table has no entry for this value."
        "The system has a value that nobody thought of when the mapping was written."
        "Add the value to the `map` of that field, then run again.",
    LookupMissed
        "The lookup file has no entry for this key."
        "An agent has left, is new, or is written differently in the two files."
        "The missing keys and how often each is missed are named with the problem. Add them to the lookup \
         file, then run again.",
    TemplateFailed
        "A template or expression of the mapping failed on this record."
        "The record lacks a value that the template uses, the value is of another kind, or there is \
         more text than `extract` may look at."
        "See what it gives with `capturi-import mapping test EXPORT --mapping FILE`, and give the \
         template a way out for records without that value, such as the `default` filter.",
    BadLabels
        "The labels cannot be sent: one is blank, or the same one stands twice."
        "The system allows a tag twice, two columns give the same tag, or the list has an empty \
         place."
        "Remove the surplus one in rejected.csv and feed that file in again. If every record is \
         hit, check `split` in the mapping of `labels`.",
    BadChoice
        "The value is none of those that the API knows for this field."
        "The column holds the system's own words, which must be translated."
        "Translate them with `map`: `audioChannels` takes \"Mono1Speaker\", \"Mono2Speaker\", \
         \"Stereo\" or \"auto\" (from the recording), `salesPersonAudioChannel` takes 1 (left) or \
         2 (right).",
    BadSegments
        "The conversation segments cannot be read or are out of range."
        "A segment has no length or a negative start, or the cell is no list of segments."
        "Each segment is a `startSeconds` of 0 or more and a `durationSeconds` of 1 or more, both \
         whole numbers. Correct the cell, or leave it empty to keep the whole recording.",
    NotInVersion
        "The chosen version of the API does not have this field, so it is not sent."
        "`teamId` is known to v2 only; v3 knows teams by their name. Or a rehearsal kept to a page of v2 that lacks \
         the field (`--v2-page`)."
        "Fill `teamName`, which every version knows; `--api-version v2` sends `teamId` as well.",
    WrongType
        "A JSON value has the wrong type for its field."
        "An object or a list stands where a text, a number or a yes or no was expected."
        "Point the field at the value inside of it, for example `from = \"/agent/name\"`.",
    DuplicateId
        "Another record, of this run or an earlier one, has the same id."
        "The export has several rows for one call (transfers, legs), the id column is no id of \
         calls, or its numbers began anew: other customers, other days."
        "The first record stands and this one is not sent. If the rows are different calls, build \
         the id from more columns: `externalIdentity = { template = \"…\" }`. Else leave the \
         surplus rows out with `[source] skip`.",
    IdNotFound
        "`--only` names this id, and no record of the export has it."
        "The id is spelled in another way, its record is in another export, or its row cannot be read; \
         a rule that brings rows together may give them another id."
        "Correct the list, or name the export that has the record. `check` without `--only` tells of rows \
         that cannot be read.",
    RepeatedRecord
        "The same record stands here once more; it was left out."
        "Exports overlap, or a system delivered the record twice."
        "Nothing to do: the call is sent once.",
    LegsDisagree
        "The rows of one call contradict each other."
        "The rows were grouped by a column that different calls share, or the system changed a \
         value during the call."
        "Check which columns group the rows in the mapping, and say which row speaks for the call.",
    ChangedSinceSent
        "The record is no longer what was sent."
        "The call was edited in the old system, or a column of the mapping was changed after the \
         run."
        "The conversation keeps what was sent first; it is neither changed nor sent again. If the \
         new content matters, change it in Capturi; if a consent was withdrawn, have the conversation \
         deleted there.",
    RecordingMissing
        "No recording was found for this call."
        "It has not been copied yet, was never made, or has a name that the mapping does not \
         expect."
        "Check `--audio` and `[audio] match`. A call without its recording is held and goes out on \
         the first run that finds it; `--missing-audio create` sends it without, `--missing-audio \
         refuse` rejects it.",
    RecordingAmbiguous
        "Several recordings fit this call."
        "The same name lies in two folders, the recording was cut into parts, or a pattern is too \
         wide."
        "If they are parts of one call, say what becomes of them with `[audio] several`. Else make \
         `[audio] match` narrower, for example with the name of the folder, or move the wrong file \
         away.",
    RecordingEmpty
        "The recording has no byte of sound."
        "The call was not answered, or recording failed and left an empty file or a bare header."
        "Fetch the file again if the source has more. Else move it away; the call is then treated \
         as one without a recording, by `--missing-audio`.",
    RecordingTooLarge
        "The recording is larger than the 1 GB that the API takes."
        "A very long call was stored without compression, or the file holds more than one call."
        "Convert it to a smaller format, for example FLAC or MP3, and run again.",
    RecordingOutside
        "The path of the recording leaves the audio folder."
        "The export has absolute paths, paths with `..`, or a link in the folder points elsewhere."
        "Name the folder above all recordings with `--audio`, and let `[audio] match` use only the \
         part of the path below it; for paths of Windows, `path = \"windows\"` in [audio] does so. \
         Nothing outside of that folder is ever read.",
    RecordingUnreadable
        "The recording cannot be opened."
        "The rights of the file forbid it, the share is not connected, or another program holds \
         the file."
        "Give the user of this program the right to read it, then run again.",
    RecordingShared
        "Two calls claim the same recording, or an earlier run sent it with another call."
        "Two rows describe one call, a pattern of the mapping is too wide, or numbers began anew."
        "Leave the surplus rows out with `[source] skip`, or make `[audio] match` narrower.",
    RecordingUnclaimed
        "No record of the export claims this recording."
        "Its call is in another export, its record is rejected (then the message names the line), \
         its name differs from what the mapping looks for, or the folder holds other sound."
        "Put the rejected record right, or compare the name with `[audio] match`; if its call is in \
         another file, there is nothing to do.",
    RecordingsNotSearched
        "Folders below the audio folder are not searched for recordings."
        "Their names are those of recycle bins (`#recycle`, `.Trash-1000`, `$RECYCLE.BIN`), of \
         snapshots (`.snapshot`, `~snapshot`), of a file server's index (`@eaDir`), or begin with a dot."
        "Nothing, if what lies there was deleted or is a copy. Else move the recordings out, or name \
         that very folder with `--audio`.",
    RecordingNotSound
        "The file in the place of the recording is no sound."
        "The download was refused and left an error page or an error answer, the file was packed, \
         its disk space was reserved and never filled, or no sound can follow its header."
        "Fetch the recording again; the call is held and goes out on the first run that finds \
         sound. If there is none, move the file away: `--missing-audio` then decides.",
    RecordingTruncated
        "The recording ends before its header says."
        "The copy is still going on or was interrupted, or the system crashed while it recorded."
        "The call is held and goes out on the first run that finds the recording whole. If it stays \
         so, compare its size with the source and fetch it again. If the source has no more, have \
         a sound editor or ffmpeg write it anew, or move it away: `--missing-audio` then decides.",
    RecordingUnfinished
        "The recording was written less than `--min-age` ago."
        "The old system, or a copy, may still be writing it."
        "Nothing to do: the call is held and goes out on the first run that finds the recording \
         old enough.",
    RecordingMislabelled
        "The content of the recording is not what its name says."
        "The file was renamed instead of converted, or the system gives every file the same \
         ending."
        "Give the file the ending of its real kind, so that the server reads it correctly. It is \
         sent as it is.",
    RecordingFormat
        "The recording is of a kind that the API may not take."
        "The system stores recordings in a format of telephony that few programs read."
        "Try one call first with `--limit 1`. If the server refuses it, run with `--transcode`, \
         which has an installed ffmpeg turn such recordings into WAV.",
    RecordingChannels
        "The channels of the recording do not fit the channels that are sent."
        "The mapping states one layout for all, while the system records some calls differently."
        "Use `audioChannels = { value = \"auto\" }` to go by each recording, or correct the \
         column. Wrong channels mix up who said what.",
    RecordingDuration
        "The length of the recording does not fit the duration in the export."
        "The duration counts ringing, the recording was paused or cut, or it belongs to another \
         call."
        "Listen to one of them. If all differ by a little, the export counts something else, and \
         there is nothing to do; if few differ by much, check `[audio] match`.",
    RecordingTime
        "The time in the recording's name does not fit the time of the call."
        "The two were written in different zones, or the recording belongs to another call."
        "If all differ by the same hours, correct the zone of the rows (`[source] timezone` or \
         `--timezone`) before anything is sent; if single ones differ, check `[audio] match`.",
    RecordingSilent
        "Nobody speaks in one channel of the recording, or its sound is nothing but zeros."
        "The microphone was muted, or the system writes two channels for a call that has only one."
        "Listen to one of them. If the second channel is always silent, state `audioChannels` in \
         the mapping.",
    RecordingJoined
        "Several recordings of one call are sent as one."
        "The call was transferred or recording was paused, and the mapping says `several = \
         \"join\"`."
        "Look once at the order, which is that of the names. If it is wrong, use `several = \
         \"first\"` or \"longest\", or leave these calls out.",
    RecordingNotMade
        "Recordings cannot be put together or converted."
        "Their formats or channels differ, ffmpeg is not installed where it is needed, or ffmpeg \
         cannot read one of them."
        "Install ffmpeg (only equal plain WAV files can be joined without it). For a file that it \
         cannot read, fetch it again from the source, or move it away.",
    RecordingChanged
        "The recording is not the file that was found, or changed before all of it was sent."
        "The old system, or a copy, was still writing it, or somebody moved, replaced or linked it, \
         or changed its rights, while the program worked."
        "Nothing to do: the call is held and goes out on the first run that finds the recording at \
         rest. `--min-age 2m` leaves alone what was written a moment ago. If a link was put in its \
         place and nobody knows why, find out who may write to the folder.",
    RecordingChangedSinceSent
        "The recording has another size than when it was sent."
        "It was sent before it was whole, or somebody replaced or converted it afterwards."
        "The conversation keeps what was sent. If that was only a part, add the whole recording in \
         Capturi, and set `--min-age 2m` for the runs to come. If it was converted, there is \
         nothing to do.",
    HeldTooLong
        "The call has been held for longer than `--hold-for`."
        "Its recording was never made, has another name, or is damaged for good; its other problem \
         says which. Or no later export had its record again."
        "Put right what the other problem says. If this export no longer has the record, run once \
         with the one that had it, whole, or drop the record: `capturi-import ledger forget-held` and its \
         id. If there is no recording, `--missing-audio create` sends \
         the call without one. `--hold-for` says how long a call may wait before this is told.",
    ServerRefused
        "The server refused this call or its recording."
        "A rule of the server that the contract does not tell, or a value that your organisation \
         has not set up, such as a custom property."
        "The message has the server's status and reason. Correct the record, or set up in Capturi \
         what is missing, and run again: only what is not yet in place is sent.",
    GaveUp
        "The call was tried as often as allowed, without success."
        "The server or the line had a bad time."
        "Run the same command again later: only what is not yet in place is sent. `--retries` sets \
         how often a call is tried.",
    AlreadyThere
        "Somebody else made this conversation; it was left alone or taken over."
        "Another tool or another ledger has sent a call with this id before."
        "With `--existing skip` nothing is sent for such a call; with `--existing adopt` it gets its \
         recording. `--read-url` asks first whether it has one. Without proof that it has none this is a \
         warning (exit code 3): look in Capturi whether the recording is there twice.",
    MessageLeftOut
        "A message of a ticket is left out."
        "It is a private note, or a rule of the mapping (`skip` in [messages]) names it."
        "Nothing to do. `--private-notes` sends private notes, too.",
    MessageInDoubt
        "No answer said whether a message had arrived, and it was sent again."
        "The line broke after the message had left, or the server answered with an error of its \
         own, and the export does not hold all messages of the ticket, so that the ticket could not be replaced as a whole."
        "Look at the ticket in Capturi: the message is there, and it may be there twice.",
    UploadInDoubt
        "No answer said whether an upload had arrived, and it was sent again."
        "The line broke after the recording had left, or the server answered with an error of its \
         own (5xx), which may come before or after it took the recording in."
        "Look at the conversation in Capturi: the recording is in place, and it may be there \
         twice. With --read-url such an upload is looked up before it is sent again.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_title_a_cause_and_a_cure() {
        for &code in Code::ALL {
            let Explanation { title, cause, cure } = explain(code);
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
            let Explanation { title, cause, cure } = explain(code);
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
                    explain(code).title,
                    explain(other).title,
                    "{code} and {other}"
                );
            }
        }
    }
}
