//! The mapping that a command names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{Error, Usage};
use super::exports::folder_of;
use super::no_mapping;
use crate::config::{self, ExportArgs};
use crate::mapping::{MappingFile, Preset, check_complete};

/// The most bytes of a mapping file.
const LONGEST_MAPPING: u64 = 2 << 20;

/// The mapping file at this path, or the preset of this name. A file called like a preset is an error: it may
/// have come with an unpacked delivery, and nobody named it. What the flags say about zone and region wins
/// over the file.
pub(super) fn load_mapping(arguments: &ExportArgs) -> Result<MappingFile, Error> {
    let mut mapping = named_mapping(&arguments.mapping, &arguments.exports, &arguments.lookup)?;
    check_complete(&mapping)?;
    if arguments.private_notes {
        mapping.include_private();
    }
    if let Some(zone) = &arguments.timezone {
        mapping.set_timezone(zone).map_err(Usage::Name)?;
    }
    if let Some(region) = &arguments.region {
        mapping.set_region(region).map_err(Usage::Name)?;
    }
    if let Some(file) = &arguments.agents {
        mapping.set_agents(file).map_err(Usage::Agents)?;
    }
    if let Some(domain) = &arguments.email_domain {
        mapping.set_email_domain(domain).map_err(Usage::Agents)?;
    }
    Ok(mapping)
}

/// The mapping file at this path, or the preset of this name, as it stands. `exports` say where a preset finds
/// its second files, `lookups` which other files are read in their place.
pub(super) fn named_mapping(
    name: &str,
    exports: &[OsString],
    lookups: &[(String, PathBuf)],
) -> Result<MappingFile, Error> {
    let path = Path::new(name);
    match (path.is_file(), Preset::named(name)) {
        (true, None) => load_file(name, lookups).map_err(|error| or_mistaken(error, path)),
        (false, Some(preset)) => Ok(preset.load_beside(folder_of(exports).as_deref(), lookups)?),
        (true, Some(_)) => Err(Usage::TwoMappings { name: name.into() }.into()),
        (false, None) => Err(or_mistaken(
            Usage::NoMapping { name: name.into() }.into(),
            path,
        )),
    }
}

fn load_file(name: &str, lookups: &[(String, PathBuf)]) -> Result<MappingFile, Error> {
    let path = Path::new(name);
    let text = config::read_text(path, LONGEST_MAPPING).map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(MappingFile::load_with(&text, name, Some(folder), lookups)?)
}

/// The error, or that something else was named where a mapping file belongs.
fn or_mistaken(error: Error, path: &Path) -> Error {
    match no_mapping::what_it_is(path) {
        Some(what) => {
            let path = path.to_owned();
            Usage::Mistaken { path, what }.into()
        }
        None => error,
    }
}
