//! Recordings of records that are rejected or left out. Nobody sends them, but they belong to these
//! records all the same, and who looks for recordings without a record should not find them there.

use xxhash_rust::xxh3::xxh3_64;

use super::context::CallContext;
use super::search_recording::{asked_name, keys_of};
use crate::domain::call::Field;
use crate::pipeline::{RecordingUse, Round};
use crate::recordings::{AskedPart, Grade, Index, RecordingSearch, SearchResult, SearchStep, find};
use crate::source::Record;

/// The recordings that these rows name, of which no call was made.
pub(in crate::targets) fn named_recordings(
    context: CallContext<'_>,
    records: &[Record<'_>],
) -> Option<Box<RecordingUse>> {
    search_each(context, records, |_, _, found| found)
}

/// The same for rows that are left out. No other call gets by a wildcard what has their whole name
/// or their id.
pub(in crate::targets) fn named_recordings_of_left_out(
    context: CallContext<'_>,
    records: &[Record<'_>],
) -> Option<Box<RecordingUse>> {
    search_each(context, records, surest)
}

fn search_each(
    context: CallContext<'_>,
    records: &[Record<'_>],
    narrow: impl Fn(&Index, &RecordingSearch<'_>, SearchResult) -> SearchResult,
) -> Option<Box<RecordingUse>> {
    let index = context.target.recordings.as_ref()?;
    if context.round != Round::First {
        return None;
    }
    let first = &records[0];
    let identity = context.mapping.text_of(Field::ExternalIdentity, first);
    let mut claimed = Vec::new();
    let mut grade = Grade::Exact;
    for row in records {
        let text = |field| context.mapping.text_of(field, row);
        let keys = keys_of(context.mapping.audio_keys(row, text));
        for names in context.mapping.recordings(row) {
            let names: Vec<_> = names.iter().map(asked_name).collect();
            let ask = RecordingSearch {
                names: &names,
                keys: &keys,
                identity: &identity,
                record: &identity,
                owned: None,
            };
            let found = narrow(index, &ask, find(index, &ask));
            grade = found.grade().map_or(grade, |found| found.max(grade));
            claimed.extend(found.into_recordings());
        }
    }
    RecordingUse::named(claimed, xxh3_64(identity.as_bytes()), grade)
}

/// What was found, or of it what is found for certain: by the name without a wildcard at its end, which
/// then stands for the extension alone, or by the id where only that has found anything.
fn surest(index: &Index, ask: &RecordingSearch<'_>, found: SearchResult) -> SearchResult {
    let by = match &found {
        SearchResult::One(_, how)
        | SearchResult::Several { how, .. }
        | SearchResult::Unusable { how, .. }
            if how.grade != Grade::Exact =>
        {
            how.by
        }
        _ => return found,
    };
    let surer = match (
        by,
        ask.names.first().and_then(|name| without_wildcard(name)),
    ) {
        (SearchStep::Name(0), Some(name)) => find(
            index,
            &RecordingSearch {
                names: &[name],
                keys: &[],
                identity: "",
                ..*ask
            },
        ),
        (SearchStep::Identity, _) => find(
            index,
            &RecordingSearch {
                names: &[],
                keys: &[],
                ..*ask
            },
        ),
        _ => return found,
    };
    if surer.grade() == Some(Grade::Exact) {
        surer
    } else {
        found
    }
}

/// The name before a wildcard at its end, and before the dot of an extension.
fn without_wildcard<'a>(name: &[AskedPart<'a>]) -> Option<Vec<AskedPart<'a>>> {
    let (AskedPart::Wildcard, before) = name.split_last()? else {
        return None;
    };
    let mut before = before.to_vec();
    if let Some(AskedPart::Text(text)) = before.last_mut() {
        *text = text.strip_suffix('.').unwrap_or(text);
    }
    Some(before)
}
