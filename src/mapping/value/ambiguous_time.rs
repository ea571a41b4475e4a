//! Local times that name two instants or none.

/// What to do with a local time that names two instants or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mapping) enum AmbiguousTime {
    /// It is a problem.
    #[default]
    Reject,
    /// The earlier instant.
    Earlier,
    /// The later instant.
    Later,
}

impl AmbiguousTime {
    /// The words of `fold` and `gap`.
    pub(in crate::mapping) const WORDS: &'static [(&'static str, AmbiguousTime)] = &[
        ("reject", AmbiguousTime::Reject),
        ("earlier", AmbiguousTime::Earlier),
        ("later", AmbiguousTime::Later),
    ];
}
