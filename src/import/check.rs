//! The same way, cut before delivery: nothing is sent and nothing is written down.

use std::ops::ControlFlow;

use crate::events::Event;
use crate::pipeline::{Error, ImportTarget, Pipeline};

/// Decides every record and tells what was found, until `listen` has had enough. A batch is told to its end,
/// so that all of it is counted.
pub(crate) fn check<T: ImportTarget>(
    pipeline: &Pipeline<T>,
    mut listen: impl FnMut(&Event<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    pipeline.run(|decided| {
        let mut wanted = ControlFlow::Continue(());
        decided.tell(&mut |event| wanted = listen(&event));
        wanted
    })
}
