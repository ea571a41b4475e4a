//! `ledger rebuild`: a ledger made from what earlier runs wrote down.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::lists::AcceptedLists;
use crate::cli::error::{Error, Usage};
use crate::cli::exit_code::Exit;
use crate::config::RebuildArgs;
use crate::domain::counted;
use crate::events::{BETWEEN_RECORDINGS, Delivered, DeliveryKind};
use crate::ledger::{
    CallFact, CaseFact, Fact, Ledger, LedgerEntry, LedgerWriter, MessageHashes, Proof, SentFile,
    UNKNOWN_HASH,
};
use crate::report::{Screen, read_accepted};

/// Facts that are written in one go.
const GROUP: usize = 1000;

/// Before the hash of an id in a list that was made from a ledger, which keeps no ids of messages.
const HASHED: &str = "xxh3:";

/// What a list says of a recording of which the ledger that it was made from knew neither name nor hash.
pub(in crate::cli) const UNNAMED: &str = "unknown";

/// Makes the ledger. All files are read before it is made, so that a bad one leaves nothing half done.
pub(super) fn rebuild(arguments: &RebuildArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger.ledger;
    if path.exists() {
        return Err(Usage::LedgerThere { path: path.clone() }.into());
    }
    let destination = arguments.destination()?;
    let lists = AcceptedLists::read(&arguments.from, &destination)?;
    if lists.lines + lists.whole_cases == 0 {
        let files = lists.files.len();
        return Err(Usage::NothingAccepted { files }.into());
    }
    let ledger = Ledger::open(path, &destination)?;
    let mut waiting = WaitingFacts::new(ledger.writer());
    for file in &lists.files {
        read_accepted(file, |line| waiting.take(line.delivered))?;
    }
    waiting.write()?;
    let nameless = waiting.nameless;
    let summary = ledger.reader()?.summary()?;
    let (calls, messages) = (summary.calls.total(), summary.messages);
    // Whoever makes a ledger from the lists of its runs says that it is the right one.
    let of = |number| {
        if number > 0 {
            Proof::Given
        } else {
            Proof::Missing
        }
    };
    let writer = ledger.writer();
    writer.prove_blocking(of(calls), of(messages))?;
    ledger.close()?;
    let of_cases = match messages {
        0 => String::new(),
        _ => format!(
            " and {} of {}",
            counted(messages, "message"),
            counted(summary.cases.total(), "case")
        ),
    };
    screen.say(&format!(
        "{} has {}{of_cases} from {} of {}, for {destination}",
        path.display(),
        counted(calls, "call"),
        counted(lists.lines, "line"),
        counted(lists.files.len() as u64, "file")
    ));
    if nameless > 0 {
        screen.say(&format!(
            "Recordings whose files the lists do not tell: {nameless}. The ledger cannot keep them from other \
             calls"
        ));
    }
    if lists.whole_cases > 0 {
        screen.say(&format!(
            "{} cases with all their messages are not in it: the next run puts them in place again",
            lists.whole_cases
        ));
    }
    Ok(Exit::Done)
}

/// Facts on their way into the ledger.
struct WaitingFacts {
    writer: LedgerWriter,
    entries: Vec<LedgerEntry>,
    /// Calls with recordings of which it is not known which files they were.
    nameless: u64,
}

impl WaitingFacts {
    fn new(writer: LedgerWriter) -> Self {
        WaitingFacts {
            writer,
            entries: Vec::new(),
            nameless: 0,
        }
    }

    fn take(&mut self, delivered: Delivered) -> Result<(), Error> {
        match delivered.kind {
            DeliveryKind::Call => {
                let is_sent = delivered.recording.is_some();
                let facts = facts(delivered);
                let is_named = facts
                    .iter()
                    .any(|entry| matches!(entry.fact, Fact::Call(CallFact::Takes { .. })));
                self.nameless += u64::from(is_sent && !is_named);
                self.entries.extend(facts);
            }
            DeliveryKind::Message => self.entries.extend(message(delivered)),
            // To put it in place a second time changes nothing, and its messages are not in the list.
            DeliveryKind::Case => {}
        }
        if self.entries.len() >= GROUP {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Error> {
        self.writer
            .write_blocking(std::mem::take(&mut self.entries))?;
        Ok(())
    }
}

/// What a line says as facts. The file does not tell what was sent, so the conversation counts as
/// taken over: its row is then not said to have changed.
fn facts(delivered: Delivered) -> Vec<LedgerEntry> {
    let takes = taken(&delivered).map(|file| CallFact::Takes { files: vec![file] });
    let identity: Arc<str> = delivered.identity.into();
    let adopted = CallFact::Adopted {
        fingerprint: 0,
        uid: delivered.uid,
    };
    let recording = match delivered.recording {
        Some(name) => CallFact::Uploaded {
            hash: hash(&name).unwrap_or(UNKNOWN_HASH),
            bytes: delivered.bytes,
            source: None,
            in_doubt_resends: 0,
        },
        None => CallFact::WithoutRecording { was_sought: false },
    };
    [Some(adopted), takes, Some(recording)]
        .into_iter()
        .flatten()
        .map(|fact| LedgerEntry::new(Arc::clone(&identity), fact))
        .collect()
}

/// The file that went to this call and may go to no other, where the line tells it. Of a list that was
/// made from a ledger the name is not known, of files that went out as one the sizes.
fn taken(delivered: &Delivered) -> Option<SentFile> {
    let name = delivered.recording.as_deref()?;
    let is_name = name != UNNAMED && hash(name).is_none() && !name.contains(BETWEEN_RECORDINGS);
    (is_name && delivered.bytes > 0).then(|| SentFile {
        name: name.to_owned(),
        bytes: delivered.bytes,
    })
}

/// What a line says of a message. The case's own fields are not in the list: the next run sends them
/// again, which changes nothing.
fn message(delivered: Delivered) -> Option<LedgerEntry> {
    let hashes = MessageHashes::of_unknown_text(id_hash(&delivered.uid?));
    let fact = CaseFact::MessageAdded(hashes, None);
    Some(LedgerEntry::new(delivered.identity, fact))
}

/// The hash of an id as a list tells it that was made from a ledger.
pub(in crate::cli) fn hashed_id(hash: u64) -> String {
    format!("{HASHED}{hash:016x}")
}

/// The hash of a message's id, as [`crate::domain::case::Message::identity_hash`] has it.
fn id_hash(id: &str) -> u64 {
    let told = id.strip_prefix(HASHED).filter(|hex| hex.len() == 16);
    told.and_then(|hex| u64::from_str_radix(hex, 16).ok())
        .unwrap_or_else(|| xxh3_64(id.as_bytes()))
}

/// The hash, where the line came from a ledger; a run wrote the name of the file instead.
fn hash(recording: &str) -> Option<[u8; 32]> {
    let hex = recording.strip_prefix("blake3:")?;
    blake3::Hash::from_hex(hex)
        .ok()
        .map(|hash| *hash.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_by_its_id_and_by_the_hash_of_it() {
        let hash = id_hash("501");
        assert_eq!(id_hash(&hashed_id(hash)), hash);
        assert_ne!(id_hash("xxh3:not-a-hash"), hash);
    }

    #[test]
    fn a_file_is_taken_where_its_line_tells_which_it_was() {
        let taken = |recording: &str, bytes: u64| {
            taken(&Delivered {
                kind: DeliveryKind::Call,
                identity: "c-1".to_owned(),
                uid: None,
                recording: Some(recording.to_owned()),
                was_there: false,
                bytes,
                in_doubt: 0,
                is_unproved: false,
            })
        };
        let file = taken("2024/a.wav", 44);
        assert_eq!(
            file.map(|file| (file.name, file.bytes)),
            Some(("2024/a.wav".to_owned(), 44))
        );
        let told = format!("blake3:{}", "0f".repeat(32));
        assert_eq!(hash(&told), Some([15; 32]));
        for (name, bytes) in [
            (&*told, 44),
            (UNNAMED, 44),
            ("a.wav + b.wav", 88),
            ("a.wav", 0),
        ] {
            assert_eq!(taken(name, bytes), None, "{name}");
        }
    }
}
