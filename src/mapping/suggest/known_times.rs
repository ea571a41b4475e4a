//! What the names of columns say of the times in them.

use super::name_rank::{folded, last_step, words};

/// The clock beside a day.
pub(super) const CLOCKS: &[&str] = &[
    "starttime",
    "time",
    "tid",
    "klokkeslæt",
    "klokkeslet",
    "kl",
    "calltime",
    "tidspunkt",
    "clock",
    "klokken",
    "uhrzeit",
    "zeit",
];

/// Names of times that are when the call began, and nothing else.
const OF_THE_CALL: &[&str] = &[
    "datetime",
    "hstimestamp",
    "activitydate",
    "starttime",
    "start",
    "started",
    "talkstart",
    "startdatetime",
    "startedat",
    "startat",
    "callstart",
    "callstarttime",
    "callstartedat",
    "calldate",
    "calltime",
    "datestarted",
    "starttid",
    "starttidspunkt",
    "opkaldstid",
    "opkaldstidspunkt",
    "conversationstart",
    "initiationtimestamp",
    "startzeit",
    "anrufbeginn",
    "anrufzeit",
    "beginn",
    "påbegyndt",
];
/// Words in names of times that are when the record was made, changed or brought somewhere.
const OF_THE_RECORD: &[&str] = &[
    "creat",
    "updat",
    "modif",
    "chang",
    "import",
    "export",
    "insert",
    "delet",
    "archiv",
    "added",
    "synced",
    "oprettet",
    "ændret",
    "opdater",
    "uppdater",
    "skapad",
    "opprettet",
    "endret",
    "erstellt",
    "geändert",
    "angelegt",
];
/// Words in names of times that are later than the beginning of a call.
const OF_THE_END: &[&str] = &[
    "end",
    "ended",
    "endtime",
    "stop",
    "stopped",
    "hangup",
    "disconnect",
    "finished",
    "completed",
    "answer",
    "answered",
    "slut",
    "sluttid",
    "sluttidspunkt",
    "afsluttet",
    "ende",
    "endzeit",
    "besvaret",
    "fin",
];
/// What the name of a column says of a time in it.
pub(super) fn is_time_of_call(name: &str) -> bool {
    OF_THE_CALL.contains(&folded(last_step(name)).as_str())
}

/// Whether a time is when the record was made or changed.
pub(super) fn is_time_of_record(name: &str) -> bool {
    let last = folded(last_step(name));
    OF_THE_RECORD.iter().any(|word| last.contains(word))
}

/// Whether a time is when something else than the call began.
pub(super) fn is_time_of_end(name: &str) -> bool {
    let words = words(last_step(name));
    let is_end = |word: &String| OF_THE_END.contains(&word.as_str());
    words.iter().any(is_end) || OF_THE_END.contains(&folded(last_step(name)).as_str())
}
