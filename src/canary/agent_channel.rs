//! Which channel the calls of one agent have in common.
//!
//! An agent speaks over the same headset in every call, the customers do not. So of the two sides of an
//! agent's calls the one that sounds alike in all of them is the agent's, whatever the mapping says. It is
//! told only where one side is clearly the more alike.

use std::collections::BTreeMap;

use super::canary_call::CanaryCall;
use crate::domain::call::Field;
use crate::recordings::VoiceShape;

/// Calls of an agent that show anything.
const FEWEST: usize = 3;
/// The common side is at most this much of the other apart…
const CLEARLY: f64 = 0.6;
/// … and by at least so many dB.
const LEAST: f64 = 2.0;

/// Of so many agents it was told which side their calls have in common.
#[derive(Debug, Default, PartialEq)]
pub(super) struct CommonSides {
    /// Agents whose common side is the one that the mapping says.
    pub(super) as_mapped: usize,
    /// Agents whose common side is the customer's by the mapping.
    pub(super) other: usize,
    /// Their calls, by their places.
    pub(super) calls_of_other: Vec<usize>,
    /// Agents of whom it could not be told.
    pub(super) unclear: usize,
}

/// What the calls of each agent have in common.
pub(super) fn common_sides(calls: &[CanaryCall]) -> CommonSides {
    let mut agents: BTreeMap<&str, Vec<(usize, [VoiceShape; 2])>> = BTreeMap::new();
    for (at, call) in calls.iter().enumerate() {
        let shapes = call.measured.sides().and_then(|(agent, customer)| {
            let channels = &call.measured.loudness()?.channels;
            Some([channels[agent].shape()?, channels[customer].shape()?])
        });
        if let Some(shapes) = shapes {
            let agent = call.picked.candidate.call.text(Field::AgentId);
            agents.entry(agent).or_default().push((at, shapes));
        }
    }
    let mut sides = CommonSides::default();
    for calls in agents.into_values().filter(|calls| calls.len() >= FEWEST) {
        let spread = |side: usize| {
            let shapes: Vec<VoiceShape> = calls.iter().map(|(_, shapes)| shapes[side]).collect();
            spread(&shapes)
        };
        let (agent, customer) = (spread(0), spread(1));
        let is_clear = |near: f64, far: f64| near < far * CLEARLY && far - near > LEAST;
        if is_clear(agent, customer) {
            sides.as_mapped += 1;
        } else if is_clear(customer, agent) {
            sides.other += 1;
            sides.calls_of_other.extend(calls.iter().map(|(at, _)| *at));
        } else {
            sides.unclear += 1;
        }
    }
    sides.calls_of_other.sort_unstable();
    sides
}

/// How far the shapes are apart from each other, on average.
fn spread(shapes: &[VoiceShape]) -> f64 {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, one) in shapes.iter().enumerate() {
        for other in &shapes[at + 1..] {
            sum += one.distance(other);
            pairs += 1.0;
        }
    }
    sum / f64::max(pairs, 1.0)
}
