//! What the groups of a pattern of recordings' names are held against, in one export.

use super::binder::Binder;
use super::columns::Source;
use crate::domain::call::Field;
use crate::mapping::file::audio_pattern::CaptureGroup;

/// What a group is held against.
#[derive(Debug, Clone)]
pub(in crate::mapping) enum BoundGroup {
    Field(Field),
    Other(Source),
}

impl BoundGroup {
    /// Finds the columns of the groups of a pattern; `None` when one of them is not there.
    pub(in crate::mapping) fn bind(
        groups: &[CaptureGroup],
        binder: &mut Binder<'_>,
    ) -> Option<Vec<BoundGroup>> {
        groups
            .iter()
            .map(|group| match group {
                CaptureGroup::Field(field) => Some(BoundGroup::Field(*field)),
                CaptureGroup::Other(origin) => binder.source(origin, false).map(BoundGroup::Other),
            })
            .collect()
    }
}
