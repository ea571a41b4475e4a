//! Cause and cure of the problems with the export as a whole, its rows and its JSON.

use super::Explanation;

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
    NoNewExport
        "No file of the export was written within the time of --expect-new."
        "The job that writes the exports has stopped, or writes to another folder."
        "Look at that job. The records that are there were imported all the same.",
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
}
