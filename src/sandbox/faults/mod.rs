//! What shall go wrong, whether it does, and what it does to an answer.

pub(super) mod apply;
pub(super) mod draw;
pub(super) mod rules;
pub(super) mod tamper;
