//! What somebody probably meant who typed a name that there is not.

/// The name that is most like what was typed, if any is. Lines between words are left out and
/// forgotten alike.
pub(super) fn most_similar<'k>(
    known: impl Iterator<Item = &'k str>,
    typed: &str,
) -> Option<&'k str> {
    let bare = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let typed = bare(typed);
    let near = known.map(|known| {
        let length = bare(known).len();
        (
            strsim::damerau_levenshtein(&bare(known), &typed),
            length,
            known,
        )
    });
    near.filter(|(distance, length, _)| *distance <= 3 && distance * 2 < *length)
        .min()
        .map(|(_, _, known)| known)
}
