//! The loudness of the channels of a recording as numbers of an SVG.

use std::fmt::Write as _;

use serde::Serialize;

use crate::canary::Measured;
use crate::recordings::{ChannelLoudness, STEP};

/// The drawing of a channel: its width in columns and its height, and the seconds that it shows.
const COLUMNS: usize = 300;
const HEIGHT: f32 = 40.0;
const SHOWN_SECONDS: f64 = 60.0;
/// The quietest loudness that is drawn, in dB of full scale.
const FLOOR: f32 = -60.0;
/// The loudness of one channel over the first minute.
#[derive(Debug, PartialEq, Serialize)]
pub(in crate::report) struct ChannelPlot {
    name: String,
    /// The outline of its loudness, as the path of an SVG.
    path: String,
    /// Where a voice begins, in columns.
    onset: Option<f64>,
}

/// A drawing of each channel that was measured.
pub(in crate::report) fn channel_plots(measured: &Measured) -> Vec<ChannelPlot> {
    let Some(loudness) = measured.loudness() else {
        return Vec::new();
    };
    let channels = loudness.channels.iter().enumerate();
    channels
        .map(|(at, channel)| {
            let side = match measured.agent {
                Some(agent) if agent == at => ": agent by the mapping",
                Some(_) if loudness.channels.len() == 2 => ": customer by the mapping",
                _ => "",
            };
            let silent = if channel.is_silent { " (silent)" } else { "" };
            let onset = channel.onset().filter(|onset| *onset < SHOWN_SECONDS);
            ChannelPlot {
                name: format!("Channel {}{side}{silent}", at + 1),
                path: outline(channel),
                onset: onset.map(|onset| (onset / SHOWN_SECONDS * 300.0).round()),
            }
        })
        .collect()
}

/// The loudness of the first minute as bars of one path, the loudest step of each column.
fn outline(channel: &ChannelLoudness) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small constant"
    )]
    let steps = (SHOWN_SECONDS / STEP) as usize / COLUMNS;
    let mut path = String::new();
    let columns = channel.levels().chunks(steps.max(1)).take(COLUMNS);
    for (at, levels) in columns.enumerate() {
        let loudest = levels.iter().copied().fold(FLOOR, f32::max);
        let height = ((loudest - FLOOR) / -FLOOR * HEIGHT).clamp(0.0, HEIGHT);
        if height >= 0.5 {
            // Writing into memory cannot fail.
            let _ = write!(path, "M{at} {HEIGHT:.0}v-{height:.0}");
        }
    }
    path
}
