//! Cause and cure of the problems with the values of a record, and records that contradict each other.

use super::Explanation;

texts! {
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
        "A copy from a web page left a mark of direction, an odd blank, a tab or a control character."
        "The message names the sign. Remove it in rejected.csv and feed that file in again. Ask why the \
         old system writes it.",
    PaddedId
        "The id has blanks before or after it."
        "The system pads its ids, or somebody added a space by hand."
        "The blanks are sent as part of the id. Another export may have the id without them, and the \
         call would be created twice. Remove the blanks before the first run.",
    BadTime
        "The text is no time in the formats of the mapping, or the date does not exist."
        "Day and month are exchanged, the format is another one, or the value was typed by hand."
        "State how times are written: `as = \"time\"` with `formats = [\"%d-%m-%Y %H.%M.%S\"]`. A \
         date that does not exist must be corrected in rejected.csv.",
    TimeWithoutZone
        "The time has no offset, and the mapping names no zone."
        "Most systems write local times without their zone."
        "Set `[source] timezone`, for example to \"Europe/Copenhagen\". It is the zone of the \
         system that wrote the export, which need not be that of the customer.",
    TimeHappenedTwice
        "The local time happened twice, because the clock was set back in that hour."
        "The export has wall-clock times without an offset; one hour each autumn cannot be told \
         apart."
        "Export these calls with an offset or in UTC. Else decide by the calls around them, and write \
         2024-10-27T02:30:00+02:00 into rejected.csv. That form is read whatever the formats of the \
         mapping. Then feed that file in again.",
    TimeNeverHappened
        "The local time never happened, because the clock was set forward over it."
        "The zone in the mapping is not the zone of the system, or its clock was set by hand."
        "Check `[source] timezone` first: a system that runs in UTC writes such times all year \
         round. A single time must be corrected in rejected.csv.",
    ImpossibleTime
        "Nobody can mean this time: it lies before February 1970, or more than a day ahead."
        "An empty date became day zero, a number has another unit, or day and month were exchanged."
        "`formats = [\"epoch\"]` reads seconds, and `[\"epoch_ms\"]` reads milliseconds. Correct single \
         times in rejected.csv. If all of them lie ahead, look at this machine's clock.",
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
        "The column holds your own number, or callers hid theirs and the system writes one number for \
         all."
        "Look at `problems.csv` for the number. If it is your own, map `customer` to the column of the \
         other party. Where the direction changes sides, choose by `direction`. Sent calls cannot be \
         corrected.",
    CustomerNotAPhone
        "The customer is no possible phone number, and is sent unchanged."
        "The caller was anonymous, the system writes a name or an internal address, or digits are \
         missing."
        "Nothing to do for anonymous callers. If every record is hit, `customer` takes the wrong \
         column.",
    PhoneWithoutRegion
        "The number has no country code, and the mapping names no region."
        "The system writes numbers as they are dialled within the country."
        "Set `[source] region`, for example to \"DK\". Write the field as `customer = { from = \
         \"phone\", as = \"phone\" }`. Without both, the number is sent unchanged.",
    AmbiguousPhone
        "The digits could be a number of the region, or carry the code of another country."
        "The system writes numbers of other countries without their `+`, and those of its own without \
         a leading zero."
        "Nothing is sent. Give the number its `+` in rejected.csv, or write it with the leading zero, and \
         feed that file in again.",
    SpreadsheetDamage
        "A spreadsheet changed this value, or its guard is still around it."
        "A spreadsheet saved the file: it rounds long numbers and makes dates. Or the value was guarded \
         for one, as =\"00124\" or '00124."
        "Take the export from the source once more and do not open it in a spreadsheet on the way. \
         `repair = [\"formula\", \"apostrophe\"]` at the field removes guards.",
    RepairedByRule
        "A value was repaired, by a rule or because it has one reading only."
        "The mapping asks for this repair, such as a lost zero or plus. Or quotes in a cell are not \
         doubled, and one reading fits."
        "Nothing to do. Look at a few of them: the rule may do more than was meant.",
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
        "Say what each word means: `hasConsent = { from = \"consent\", map = { \"afvist\" = \"false\" } \
         }`. The record waits for you: a refusal must never go out as consent, and Capturi takes \
         silence for consent.",
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
        "The problem names the missing keys and how often each is missed. Add them to the lookup file, \
         then run again.",
    TemplateFailed
        "A template or expression of the mapping failed on this record."
        "The record lacks a value of the template, its kind is wrong, or the text is too long for \
         `extract`."
        "`capturi-import mapping test EXPORT --mapping FILE` shows its result. Give it a value for such \
         records, for example with the `default` filter.",
    BadLabels
        "The labels cannot be sent: one is blank, or one is there twice."
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
        "The value is an object or a list, and the field needs a text, a number or a boolean."
        "Point the field at the value inside of it, for example `from = \"/agent/name\"`.",
    DuplicateId
        "Another record, of this run or an earlier one, has the same id."
        "The export has several rows for a call, the column is no id of calls, or its numbers began \
         again."
        "The first record is sent, and this one is not. If the rows are different calls, build the id \
         from more columns: `externalIdentity = { template = \"…\" }`. Else leave the surplus rows out \
         with `[source] skip`.",
    IdNotFound
        "`--only` names this id, and no record of the export has it."
        "The id is spelled differently, its record is in another export, or its row cannot be read. \
         Rows that form one call may get another id."
        "Correct the list, or name the export that has the record. `check` without `--only` tells of rows \
         that cannot be read.",
    RepeatedRecord
        "The record is a repeat of an earlier one, and was left out."
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
        "The conversation keeps what was sent first. If the new content matters, change it in Capturi. \
         If a consent was withdrawn, delete the conversation there.",
}
