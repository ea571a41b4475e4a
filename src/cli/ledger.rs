//! `ledger`: looking after the ledger of a migration.

use std::path::Path;
use std::sync::Arc;

use super::error::{Error, Usage};
use super::exit::Exit;
use crate::config::{LedgerArgs, LedgerCommand, RebuildArgs};
use crate::ledger::{self, Entry, Fact, Ledger, Purged, Writer};
use crate::pipeline::Delivered;
use crate::report::{Screen, read_accepted};
use crate::source;

/// Calls that are written in one go.
const GROUP: usize = 1000;

pub(super) fn ledger(command: &LedgerCommand, mut screen: Screen) -> Result<Exit, Error> {
    match command {
        LedgerCommand::Check(arguments) => check(arguments, &mut screen),
        LedgerCommand::Rebuild(arguments) => rebuild(arguments, &mut screen),
        LedgerCommand::Purge(arguments) => {
            let purged = ledger::purge(&arguments.ledger)?;
            tell_purged(&purged, &mut screen);
            Ok(Exit::Done)
        }
    }
}

fn check(arguments: &LedgerArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger;
    let found = Ledger::read(path)?.inspect()?;
    if found.faults.is_empty() {
        let (calls, cases) = (found.calls, found.cases);
        screen.say(&format!(
            "{} is whole: {calls} calls and {cases} cases",
            path.display()
        ));
        return Ok(Exit::Done);
    }
    for fault in &found.faults {
        screen.say(fault);
    }
    Err(ledger::Error::Damaged {
        path: path.clone(),
        detail: format!("{} faults were found", found.faults.len()),
    }
    .into())
}

/// Makes a ledger from what earlier runs wrote down. All files are read before it is made, so that
/// a bad one leaves nothing half done.
fn rebuild(arguments: &RebuildArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger.ledger;
    if path.exists() {
        return Err(Usage::LedgerThere { path: path.clone() }.into());
    }
    let destination = arguments.destination()?;
    let names: Vec<String> = arguments.from.iter().map(|from| lists(from)).collect();
    let inputs = source::expand(&names)?;
    let files: Vec<&Path> = inputs.iter().filter_map(source::Input::path).collect();
    if files.len() < inputs.len() {
        let name = "standard input".to_owned();
        return Err(Usage::NoFile { name }.into());
    }
    let mut lines = 0;
    for file in &files {
        lines += read_accepted(file, |_| Ok::<(), Usage>(()))?;
    }
    if lines == 0 {
        let files = files.len();
        return Err(Usage::NothingAccepted { files }.into());
    }
    let ledger = Ledger::open(path, &destination)?;
    let writer = ledger.writer();
    for file in &files {
        let mut waiting = Vec::new();
        read_accepted(file, |delivered| {
            waiting.extend(facts(delivered));
            if waiting.len() >= GROUP {
                write(&writer, &mut waiting)?;
            }
            Ok::<(), Error>(())
        })?;
        write(&writer, &mut waiting)?;
    }
    let calls = ledger.reader()?.summary()?.calls();
    ledger.close()?;
    screen.say(&format!(
        "{} has {calls} calls from {lines} lines of {} files, for {destination}",
        path.display(),
        files.len()
    ));
    Ok(Exit::Done)
}

/// A folder of reports holds other tables as well; what arrived is in these.
fn lists(from: &str) -> String {
    if Path::new(from).is_dir() {
        let folder = glob::Pattern::escape(from.trim_end_matches('/'));
        return format!("{folder}/accepted*.csv");
    }
    from.to_owned()
}

fn write(writer: &Writer, waiting: &mut Vec<Entry>) -> Result<(), Error> {
    Ok(writer.write_blocking(std::mem::take(waiting))?)
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

/// The hash, where the line came from a ledger; a run wrote the name of the file instead.
fn hash(recording: &str) -> [u8; 32] {
    recording
        .strip_prefix("blake3:")
        .and_then(|hex| blake3::Hash::from_hex(hex).ok())
        .map_or([0; 32], |hash| *hash.as_bytes())
}

fn tell_purged(purged: &Purged, screen: &mut Screen) {
    screen.say(&format!(
        "forgotten: times and sizes of {} calls and cases that are done, {} problems, {} runs",
        purged.forgotten, purged.problems, purged.runs
    ));
    screen.say(&format!(
        "kept: their ids and hashes, and {} that are not done as they are; {} bytes are now {}",
        purged.open, purged.bytes_before, purged.bytes_after
    ));
}
