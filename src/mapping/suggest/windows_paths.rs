//! Columns that name recordings by their paths on a disk of Windows: `C:\Recordings\2024\U3.wav`.

use std::collections::{BTreeMap, HashMap};

use super::expressions::quoted;
use super::majority::most;
use super::recording_names::{Named, pairs, remarks};
use super::survey::ExportSurvey;

/// What `[audio]` says so that the ends of such paths are looked up.
pub(super) const LINE: &str = "path = \"windows\"";

/// Whether most values are such paths.
pub(super) fn are_paths(values: &[String]) -> bool {
    most(values, 4, |value| is_path(value.trim()))
}

/// A drive and a backslash, or the two of a share.
fn is_path(value: &str) -> bool {
    let is_of_drive =
        matches!(value.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic());
    is_of_drive || value.starts_with(r"\\")
}

/// How the recordings of these names belong to the records, where a column of such paths ends with the names
/// of most of those that it finds.
pub(super) fn name_by_paths(survey: &ExportSurvey, recordings: &[String]) -> Option<Named> {
    let mut by_file: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, name) in recordings.iter().enumerate() {
        let file = name.rsplit('/').next().unwrap_or(name);
        by_file.entry(file.to_lowercase()).or_default().push(at);
    }
    let columns = survey.columns.iter();
    let mut columns = columns.filter(|column| !column.is_nested && are_paths(&column.values));
    let (column, hits) = columns.find_map(|column| {
        let mut hits = BTreeMap::new();
        for (record, value) in &column.cells {
            let path = value.trim().replace('\\', "/").to_lowercase();
            let found = path.rsplit('/').next().and_then(|file| by_file.get(file));
            let tail = |at: &&usize| ends_alike(&path, &recordings[**at].to_lowercase());
            let fitting: Vec<usize> = found.into_iter().flatten().filter(tail).copied().collect();
            if !fitting.is_empty() {
                hits.insert(*record, fitting);
            }
        }
        (!hits.is_empty()).then_some((column, hits))
    })?;
    let template = format!("{{{{ {} }}}}", column.in_template());
    Some(Named {
        remarks: remarks(survey, &hits, recordings.len()),
        rule: Some(format!("{LINE}\nmatch = [{}]", quoted(&template))),
        pairs: pairs(&hits),
    })
}

/// Whether a path ends with the whole name of a recording below the audio folder.
fn ends_alike(path: &str, name: &str) -> bool {
    let before = path.strip_suffix(name);
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}
