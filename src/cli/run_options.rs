//! What a run and its dry run have in common: from their flags to the policy and the report.

use std::sync::Arc;

use super::inputs::{self, ImportParts};
use crate::config::{Arguments, NamedShard, RunArgs};
use crate::domain::Policy;
use crate::report::{self, Mode, ReportOptions, ShardLabel};

/// What this run does with calls that are not as they should be.
pub(super) fn policy(run: &RunArgs) -> Policy {
    Policy {
        missing: run.export.missing(),
        existing: run.effort.existing(),
        changed: run.effort.changed(),
        hold_for: run.export.hold_for,
    }
}

/// What the report says of the part of the export that this run imports.
pub(super) fn shard_label(run: &RunArgs, named: Option<NamedShard>) -> Option<ShardLabel> {
    named.map(|NamedShard { shard, from }| ShardLabel {
        shard,
        from,
        rate: (run.pace.rate > 0.0).then_some(run.pace.rate),
    })
}

/// What the report of this run is to be like.
pub(super) fn report_options(
    run: &RunArgs,
    arguments: &Arguments,
    parts: &ImportParts,
    mode: Mode,
    destination: report::DestinationLabel,
) -> ReportOptions {
    let label = destination.shard;
    ReportOptions {
        destination: Some(destination),
        out: run.output.out.clone(),
        lists: run.output.lists.form(),
        style: arguments.style(),
        is_quiet: arguments.quiet,
        rate: label.map_or(run.pace.rate, |label| label.own_rate().unwrap_or(0.0)),
        bandwidth: run.pace.usual_bandwidth(),
        inputs: inputs::paths(parts, &run.export),
        second_files: parts.mapping.second_files(),
        has_audio: parts.recordings.is_some(),
        place: parts.place_kind(),
        stores: parts.store_extent(),
        traffic: Arc::clone(&parts.traffic),
        extent: Arc::clone(&parts.extent),
        ..ReportOptions::new(mode)
    }
}
