//! A person's approval of a canary: given, and asked for.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use crate::canary::CanaryRecord;
use crate::config::{CanaryArgs, RunArgs, RunSettings};
use crate::domain::counted;
use crate::mapping::MappingFile;
use crate::report::Screen;

/// The hash to which an approval is bound: of the mapping, and of the flags that change what it makes of a
/// record.
pub(super) fn hash(run: &RunArgs, mapping: &MappingFile) -> String {
    let export = &run.export;
    let version = run.version().name();
    let flags = [
        ("timezone", export.timezone.as_deref()),
        ("region", export.region.as_deref()),
        ("email-domain", export.email_domain.as_deref()),
        ("encoding", export.encoding.as_deref()),
        ("sheet", export.sheet.as_deref()),
        ("transcode", export.transcode.then_some("yes")),
        ("api-version", Some(version)),
    ];
    CanaryRecord::hash_of(mapping.text(), &flags)
}

/// Approves the last canary of a ledger.
pub(super) fn approve(canary: &CanaryArgs, name: &str, mut screen: Screen) -> Result<Exit, Error> {
    let ledger = RunSettings::ledger_path(&canary.run);
    let destination = canary.run.destination.name()?;
    let record = CanaryRecord::approve(&ledger, &destination, name).map_err(Usage::Canary)?;
    let by = record.approval.map(|approval| approval.by);
    screen.say(&format!(
        "{} approved {} to {destination} with {} against them. `run --require-canary` now \
         sends with this mapping.",
        by.unwrap_or_default(),
        counted(record.calls.len() as u64, "call"),
        counted(record.against as u64, "finding"),
    ));
    Ok(Exit::Done)
}

/// An error unless a person has approved a canary of this mapping for this ledger and destination.
pub(super) fn expect(mapping: &str, ledger: &Path, destination: &str) -> Result<(), Usage> {
    let record = CanaryRecord::read(ledger).map_err(Usage::Canary)?;
    let why = match record {
        None => "no canary has been run with this ledger",
        Some(record) if record.destination != destination => {
            "the last canary went to another destination"
        }
        Some(record) if record.mapping != mapping => {
            "the mapping or its flags changed since the last canary"
        }
        Some(record) if record.approval.is_none() => "nobody has approved the last canary",
        Some(_) => return Ok(()),
    };
    Err(Usage::NoCanary { why })
}
