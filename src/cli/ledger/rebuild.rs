//! `ledger rebuild`: a ledger made from what earlier runs wrote down.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::lists::Lists;
use crate::cli::error::{Error, Usage};
use crate::cli::exit::Exit;
use crate::config::RebuildArgs;
use crate::ledger::{CaseEntry, CaseFact, Entry, Fact, Ledger, MessagePrint, Writer};
use crate::pipeline::{Delivered, Kind};
use crate::report::{Screen, read_accepted};

/// Facts that are written in one go.
const GROUP: usize = 1000;

/// Before the hash of an id in a list that was made from a ledger, which keeps no ids of messages.
const HASHED: &str = "xxh3:";

/// Makes the ledger. All files are read before it is made, so that a bad one leaves nothing half done.
pub(super) fn rebuild(arguments: &RebuildArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger.ledger;
    if path.exists() {
        return Err(Usage::LedgerThere { path: path.clone() }.into());
    }
    let destination = arguments.destination()?;
    let lists = Lists::read(&arguments.from, &destination)?;
    if lists.lines + lists.whole_cases == 0 {
        let files = lists.files.len();
        return Err(Usage::NothingAccepted { files }.into());
    }
    let ledger = Ledger::open(path, &destination)?;
    let mut waiting = Waiting::new(ledger.writer());
    for file in &lists.files {
        read_accepted(file, |line| waiting.take(line.delivered))?;
    }
    waiting.write()?;
    let summary = ledger.reader()?.summary()?;
    ledger.close()?;
    let (calls, messages) = (summary.calls(), summary.cases.messages);
    let of_cases = match messages {
        0 => String::new(),
        _ => format!(
            " and {messages} messages of {} cases",
            summary.cases.count()
        ),
    };
    screen.say(&format!(
        "{} has {calls} calls{of_cases} from {} lines of {} files, for {destination}",
        path.display(),
        lists.lines,
        lists.files.len()
    ));
    if lists.whole_cases > 0 {
        screen.say(&format!(
            "{} cases with all their messages are not in it: the next run puts them in place again",
            lists.whole_cases
        ));
    }
    Ok(Exit::Done)
}

/// Facts on their way into the ledger.
struct Waiting {
    writer: Writer,
    calls: Vec<Entry>,
    messages: Vec<CaseEntry>,
}

impl Waiting {
    fn new(writer: Writer) -> Self {
        Waiting {
            writer,
            calls: Vec::new(),
            messages: Vec::new(),
        }
    }

    fn take(&mut self, delivered: Delivered) -> Result<(), Error> {
        match delivered.kind {
            Kind::Call => self.calls.extend(facts(delivered)),
            Kind::Message => self.messages.extend(message(delivered)),
            // To put it in place a second time changes nothing, and its messages are not in the list.
            Kind::Case => {}
        }
        if self.calls.len() + self.messages.len() >= GROUP {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Error> {
        self.writer
            .write_blocking(std::mem::take(&mut self.calls))?;
        self.writer
            .write_cases_blocking(std::mem::take(&mut self.messages))?;
        Ok(())
    }
}

/// What a line says as facts. The file does not tell what was sent, so the conversation counts as
/// taken over: its row is then not said to have changed.
fn facts(delivered: Delivered) -> [Entry; 2] {
    let identity: Arc<str> = delivered.identity.into();
    let adopted = Fact::Adopted {
        fingerprint: 0,
        uid: delivered.uid,
    };
    let recording = match delivered.recording {
        Some(name) => Fact::Uploaded {
            hash: hash(&name),
            bytes: delivered.bytes,
            source: None,
            in_doubt_resends: 0,
        },
        None => Fact::WithoutRecording,
    };
    [adopted, recording].map(|fact| Entry::new(Arc::clone(&identity), fact))
}

/// What a line says of a message. The case's own fields are not in the list: the next run sends them
/// again, which changes nothing.
fn message(delivered: Delivered) -> Option<CaseEntry> {
    let print = MessagePrint::of_unknown_text(id_hash(&delivered.uid?));
    Some(CaseEntry {
        identity: delivered.identity.into(),
        fact: CaseFact::MessageAdded(print, None),
    })
}

/// The hash of an id as a list tells it that was made from a ledger.
pub(in crate::cli) fn hashed_id(hash: u64) -> String {
    format!("{HASHED}{hash:016x}")
}

/// The hash of a message's id, as [`crate::case::Message::identity_hash`] has it.
fn id_hash(id: &str) -> u64 {
    let told = id.strip_prefix(HASHED).filter(|hex| hex.len() == 16);
    told.and_then(|hex| u64::from_str_radix(hex, 16).ok())
        .unwrap_or_else(|| xxh3_64(id.as_bytes()))
}

/// The hash, where the line came from a ledger; a run wrote the name of the file instead.
fn hash(recording: &str) -> [u8; 32] {
    recording
        .strip_prefix("blake3:")
        .and_then(|hex| blake3::Hash::from_hex(hex).ok())
        .map_or([0; 32], |hash| *hash.as_bytes())
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
}
