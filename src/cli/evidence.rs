//! `evidence`: proof from the ledger, and checking it without one.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::exports::ExportFinder;
use super::named_mapping::named_mapping;
use super::{inputs, ledger_view};
use crate::config::{
    self, EvidenceArgs, EvidenceCheckArgs, EvidenceCommand, EvidenceShowArgs, LONGEST_TEXT,
};
use crate::evidence::{
    self, AudioFiles, EvidenceCheck, EvidenceComparison, EvidenceError, EvidenceFaults,
    EvidenceWriter, ExportRecords, LineProof, SignatureState,
};
use crate::ledger::Ledger;
use crate::report::Screen;
use crate::source;

pub(super) fn evidence(arguments: &EvidenceArgs, screen: &mut Screen) -> Result<Exit, Error> {
    match (&arguments.command, &arguments.out) {
        (Some(EvidenceCommand::Check(check)), _) => check_any(check, screen),
        (Some(EvidenceCommand::Show(show)), _) => show_line(show, screen),
        (None, Some(out)) => write(arguments, out, screen),
        (None, None) => Err(Usage::NoFolder.into()),
    }
}

fn write(arguments: &EvidenceArgs, out: &Path, screen: &mut Screen) -> Result<Exit, Error> {
    let reader = Ledger::read(&arguments.ledger.ledger)?;
    let view = ledger_view::view(&arguments.ledger.ledger, &reader)?;
    let key = arguments
        .sign
        .as_deref()
        .map(|path| read_key(path).map(|pem| (path, pem)));
    let key = key.transpose()?;
    let mut writer = EvidenceWriter::create(out)?;
    reader.evidence(|call| {
        writer.add(&evidence::line_of(call))?;
        Ok::<(), Error>(())
    })?;
    let destination = view.destination.as_deref().unwrap_or_default();
    let key = key.as_ref().map(|(path, pem)| (*path, pem.as_slice()));
    let written = writer.finish(destination, key)?;
    for path in &written.files {
        screen.say(&format!("wrote {}", path.display()));
    }
    screen.say(written.statement.to_text().trim_end());
    Ok(Exit::Done)
}

fn read_key(path: &Path) -> Result<Vec<u8>, Usage> {
    let text = config::read_text(path, LONGEST_TEXT);
    let text = text.map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.into_bytes())
}

fn show_line(arguments: &EvidenceShowArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let proof = evidence::prove_line(&arguments.evidence, &arguments.id)?;
    let json = serde_json::to_string_pretty(&proof).map_err(EvidenceError::Line)?;
    screen.say(&json);
    Ok(Exit::Done)
}

fn check_any(arguments: &EvidenceCheckArgs, screen: &mut Screen) -> Result<Exit, Error> {
    if arguments.evidence.is_file() {
        return check_proof(&arguments.evidence, screen);
    }
    let key = arguments.key.as_deref().map(public_key).transpose()?;
    let mut exports = read_exports(arguments)?;
    let audio = arguments
        .audio
        .as_deref()
        .map(AudioFiles::read)
        .transpose()?;
    let mut compared = EvidenceComparison::default();
    let mut checked = evidence::check(&arguments.evidence, key.as_deref(), |at, line, faults| {
        if let Some(exports) = &mut exports {
            compared.compare_records(at, line, exports, faults);
        }
        if let Some(audio) = &audio {
            compared.compare_recording(at, line, audio, faults);
        }
    })?;
    if let Some(exports) = &exports {
        EvidenceComparison::tell_unused(exports, &mut checked.faults);
    }
    tell_faults(&checked.faults, screen);
    tell(&checked, screen);
    if exports.is_some() {
        screen.say(&format!(
            "records: {} calls found in the exports, {} of other exports, {} without a hash",
            compared.records_found, compared.of_other_exports, compared.without_record
        ));
    }
    if audio.is_some() {
        screen.say(&format!(
            "recordings: {} found in the folder, {} not there ({} of these were joined or converted)",
            compared.recordings_found, compared.recordings_missing, compared.recordings_made
        ));
    }
    // What was made of others is not in the folder, and nothing is wrong with that.
    let is_whole = compared.recordings_missing == compared.recordings_made;
    Ok(exit(checked.faults.count() == 0 && is_whole))
}

fn exit(is_right: bool) -> Exit {
    if is_right {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

fn tell_faults(faults: &EvidenceFaults, screen: &mut Screen) {
    for fault in faults.named() {
        screen.say(&fault.to_string());
    }
    let more = faults.count().saturating_sub(faults.named().len() as u64);
    if more > 0 {
        screen.say(&format!("{more} more faults"));
    }
}

fn tell(checked: &EvidenceCheck, screen: &mut Screen) {
    let signature = match &checked.signature {
        SignatureState::None => "not signed".to_owned(),
        SignatureState::ByNamedKey => "signed by the key of --key".to_owned(),
        SignatureState::ByKeyOfFolder(key) => {
            format!("signed by the key in the folder (SHA-256 {key}); --key checks whose it is")
        }
        SignatureState::Wrong => "the signature is wrong".to_owned(),
    };
    screen.say(checked.statement.to_text().trim_end());
    screen.say(&signature);
    screen.say(match checked.faults.count() {
        0 => "the evidence is whole: every line leads to the root",
        _ => "the evidence is not what was written",
    });
}

/// The proof of one call: whose root it is, a person must compare.
fn check_proof(path: &Path, screen: &mut Screen) -> Result<Exit, Error> {
    let text = config::read_text(path, LONGEST_TEXT).map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })?;
    let proof: LineProof =
        serde_json::from_str(&text).map_err(|error| EvidenceError::NoEvidence {
            path: path.to_owned(),
            why: format!("no proof of a call: {error}"),
        })?;
    match proof.statement() {
        Some(statement) => {
            screen.say(&format!("the line is number {} of these:", proof.index + 1));
            screen.say(statement.to_text().trim_end());
            screen.say("compare the root with that of the certificate");
        }
        None => screen.say("the line and its path do not lead to the root of the proof"),
    }
    Ok(exit(proof.statement().is_some()))
}

fn public_key(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })?;
    let key = evidence::public_key(&bytes).map_err(|source| EvidenceError::Key {
        path: path.to_owned(),
        source,
    })?;
    Ok(key)
}

/// The records of the exports, if any are named.
fn read_exports(arguments: &EvidenceCheckArgs) -> Result<Option<ExportRecords>, Error> {
    if arguments.exports.is_empty() {
        return Ok(None);
    }
    let mapping = named_mapping(&arguments.mapping, &arguments.exports, &[])?;
    let options = inputs::options(&mapping, None, None);
    let finder = ExportFinder {
        stores: &arguments.stores,
        others: None,
    };
    let expanded = finder.find(&arguments.exports)?;
    let mut exports = ExportRecords::default();
    for input in &expanded.inputs {
        let Some(path) = input.path() else {
            let name = "standard input".to_owned();
            return Err(Usage::NoFile { name }.into());
        };
        let hash = source::hash_file(path).map_err(|source| Usage::File {
            path: path.to_owned(),
            source,
        })?;
        exports.add_file(input.name().to_string(), hash);
        for batch in source::open(input, &options)? {
            for record in batch?.iter() {
                exports.add(source::record_hash(&record));
            }
        }
    }
    Ok(Some(exports))
}
