//! Cause and cure of the problems with the export as a whole, its rows and its JSON.

use super::Explanation;

texts! {
    RowTooShort
        "The row has fewer fields than the header has columns."
        "The row was cut, a field has a line break without quotes, or the row is no record."
        "Mend the row in rejected.csv and feed that file in again. If it is the last row, the file may \
         be cut. Fetch it again and compare its size. If every row is too short, check `[source] \
         delimiter`. Leave out rows that are no records with `[source] skip`.",
    RejectsCut
        "The file of rejected records lacks some of them."
        "The run rejected more than the file may hold: 64 MiB, and 16 times the size of its inputs."
        "Correct what most rows have in common, often the mapping. Then run the export itself again. To \
         send only the records of this file, remove its last row.",
    RowTooLong
        "The row has more fields than the header has columns."
        "A field contains the delimiter and is not quoted, so everything after it has moved one \
         column."
        "Quote the field in rejected.csv and feed that file in again. Or have the export written with \
         quotes or another delimiter. If every row is too long, check `[source] delimiter`.",
    OpenQuote
        "A quote is opened and not closed before the row ends."
        "The text of a field begins with a quote of its own, or the file was put together from \
         pieces."
        "Double the quotes that belong to the text, or close the field, in rejected.csv, and feed \
         that file in again.",
    StrayQuote
        "A field has a quote in its middle. As a warning: only one reading fits."
        "The old system does not double quotes inside a quoted field, or the row lost a delimiter or a \
         quote."
        "Warning: look at the value that was read. If it is right, there is nothing to do. Error: mend \
         the quotes of the row in rejected.csv and feed that file in again. If many rows have it, set \
         `quote` or `escape` in [source].",
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
        "If every field is hit, set `[source] encoding` to \"utf-16le\" or \"utf-16be\". Else remove \
         the byte in rejected.csv and feed that file in again.",
    RecordTooLarge
        "A field, a record or an id is larger than the limit."
        "A quote is never closed, a JSON file was read as NDJSON, or the id has the wrong column."
        "Look at the line for an open quote. If the records of a JSON file are inside a larger object, \
         say where with `[source] records`. Raise the limit in `[source.limits]` for records that are \
         meant to be so large.",
    BadJson
        "The text is not valid JSON."
        "The line was cut, lacks a comma or a quote, or is a message and no record."
        "Mend the line and feed it in again. The column says where reading had to stop.",
    NotAnObject
        "A record is a plain JSON value and no object."
        "The records are deeper inside the file, or the array also holds something that is no \
         record."
        "Point `[source] records` at the array of records, for example \"/data/calls\".",
    DuplicateKey
        "One object has the same JSON key twice, with different values."
        "The program that wrote the export merged two records, or has two fields of the same name."
        "Remove the wrong one of the two. The file does not say which one that is.",
    TruncatedInput
        "The input ends before it is complete."
        "The copy or download was interrupted, the disk was full, or the export was still being \
         written."
        "Fetch the file again and compare its size with the source. What came before the cut is good. \
         Calls in place are not sent again.",
    RowUnterminated
        "The last row has no line ending, and the other rows have one."
        "The file was still being written, its transfer was cut off, or its system never writes the \
         last line ending. The last cell of the row may lack its end."
        "If the last column feeds consent, an id or a required field, the call is held. The next run \
         sends it if the row has not changed. The same holds for a message of a ticket that uses the \
         column. If all files of your system end so, set `ends_without_newline = true` in `[source]`.",
    HeaderChanged
        "A header with other columns is in the middle of the file."
        "Two exports with different columns were put one behind the other."
        "Import them as two files. The rows behind the second header are not sent.",
    TrailingRow
        "A row of totals or of prose was left out; it is no record."
        "Many systems close an export with a line of sums or a sentence."
        "Nothing to do. If it was a record after all, give it as many fields as the header has.",
    ExportIncomplete
        "The export says of itself that it is not complete."
        "The system that wrote it stopped before the last record, at a limit or at a time-out. It does \
         not say which calls are missing."
        "Export again, in smaller pieces if need be, and run those, too. Calls in place are not sent \
         again.",
    FileNotRead
        "A file or folder that lies among the exports is not read."
        "The folder or pattern holds more than fitting exports: a subfolder, an archive, a readme, an \
         empty file."
        "If it holds calls, unpack it and name its files, or run it with a mapping of its own. Else \
         move it elsewhere.",
    NoNewExport
        "No file of the export was written within the time of --expect-new."
        "The job that writes the exports has stopped, or writes to another folder."
        "Look at that job. The records that are there were imported all the same.",
    ForeignRecord
        "The record lacks a key that every record of this kind has."
        "It is an API page, a web hook message, an error, or a record of another report."
        "Name the list of records with `[source] records`, such as `records = \"/calls\"`. Or use the \
         mapping of the other report. `[source] requires` says which keys a record has.",
    OtherShape
        "No record of the file has a key that the mapping looks at."
        "The key was renamed, or the file is another report or a page of an API. A rule about a missing \
         key says nothing about a record."
        "Compare the keys of the file with those of the mapping. The hint behind the message names \
         another preset or the list of the records where one fits.",
    AllLeftOut
        "The rules of the mapping left out every record of the file."
        "A night of abandoned calls only, or a rule that says more than it should."
        "Look at some of them in skipped.csv, and at the rules under `[source.skip]`.",
}
