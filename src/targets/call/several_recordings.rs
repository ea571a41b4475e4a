//! What is taken of several recordings that fit one call, and of those that cannot be sent.

use crate::domain::Code;
use crate::mapping::SeveralArg;
use crate::recordings::{ChosenRecordings, Index, Recording, SeveralRecordings, Unusable};

/// Applies the policy of the mapping to several recordings: at least one, or what is wrong. A file
/// without a byte of sound is no part of a call, once a policy says that there may be several.
pub(in crate::targets) fn chosen(
    index: &Index,
    found: Vec<Recording>,
    total: usize,
    policy: SeveralArg,
) -> Result<Vec<Recording>, (Code, String)> {
    let some: Vec<String> = found
        .iter()
        .take(3)
        .map(|found| index.shown(found))
        .collect();
    let some = some.join(", ");
    let ambiguous = |why: &str| {
        let message = format!("{total} recordings match: {some}{why}");
        Err((Code::RecordingAmbiguous, message))
    };
    let choice = match policy {
        SeveralArg::Error => return ambiguous(""),
        _ if found.len() < total => {
            return ambiguous("; these are more than are ever taken for one call");
        }
        SeveralArg::First => SeveralRecordings::First,
        SeveralArg::Longest => SeveralRecordings::Longest,
        SeveralArg::Join => SeveralRecordings::Join,
    };
    let mut sounding: Vec<Recording> = found
        .into_iter()
        .filter(|recording| index.has_sound(recording))
        .collect();
    let recordings = match (sounding.len(), choice) {
        (0, _) => {
            let message = format!("none of {total} recordings holds any sound: {some}");
            return Err((Code::RecordingEmpty, message));
        }
        (1, _) => vec![sounding.remove(0)],
        (_, choice) => match choice.choose(sounding) {
            ChosenRecordings::One(recording) => vec![recording],
            ChosenRecordings::Join(recordings) => recordings,
            ChosenRecordings::Undecided => {
                return ambiguous(", and which is the longest cannot be told");
            }
        },
    };
    match recordings.iter().find(|one| index.is_too_large(one)) {
        Some(large) => Err(unusable(Unusable::TooLarge, large.bytes())),
        None => Ok(recordings),
    }
}

/// What is told of a recording that cannot be sent.
pub(in crate::targets) fn unusable(why: Unusable, bytes: u64) -> (Code, String) {
    match why {
        Unusable::Empty => (Code::RecordingEmpty, format!("{bytes} bytes hold no sound")),
        Unusable::TooLarge => (
            Code::RecordingTooLarge,
            format!("{bytes} bytes are more than the API takes"),
        ),
        Unusable::Unreadable => (Code::RecordingUnreadable, "it cannot be read".to_owned()),
        Unusable::NotAFile => (
            Code::RecordingUnreadable,
            "it is no regular file".to_owned(),
        ),
    }
}
