//! What a record says, in the eight bytes by which repeats are known.

/// The lower half of a fingerprint.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
pub(in crate::targets) fn low(fingerprint: u128) -> u64 {
    fingerprint as u64
}
