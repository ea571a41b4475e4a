//! Bars as numbers of an SVG: what is drawn is worked out here, how it looks stands in the template.

use std::ops::Range;

use serde::Serialize;

use crate::report::format::{count, float};
use crate::report::html::scale::{AxisScale, labelled};

/// The drawing, in the units of its view box: narrow, so that its letters of 12 units can still be
/// read where a phone shrinks it.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 190.0;
/// Room for the numbers at the left, for the names below and for what is counted above.
const LEFT: f64 = 52.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 26.0;
const RIGHT: f64 = 8.0;
/// Share of its place that a bar fills.
const FILL: f64 = 0.84;
/// Room for a letter of a name below the bars, and between two names.
const LETTER: f64 = 7.0;
const GAP: f64 = 16.0;
/// The shortest lying bar, in percent of the longest.
const LEAST: f64 = 0.8;
/// Most names below the bars.
const LABELS: usize = 8;

/// Upright bars over an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Plot {
    pub(in crate::report) name: String,
    /// What the numbers count.
    pub(in crate::report) noun: String,
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
    pub(in crate::report) left: f64,
    pub(in crate::report) right: f64,
    pub(in crate::report) top: f64,
    pub(in crate::report) bottom: f64,
    /// What is odd or worth a second look, behind the bars.
    pub(in crate::report) bands: Vec<Band>,
    pub(in crate::report) bars: Vec<PlotBar>,
    pub(in crate::report) ticks: Vec<Tick>,
    pub(in crate::report) labels: Vec<Label>,
}

/// A part of the axis that is marked over the whole height.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Band {
    pub(in crate::report) x: f64,
    pub(in crate::report) width: f64,
}

/// One bar and what it says when pointed at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct PlotBar {
    pub(in crate::report) x: f64,
    pub(in crate::report) y: f64,
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
    pub(in crate::report) title: String,
}

/// A number at the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Tick {
    pub(in crate::report) y: f64,
    pub(in crate::report) text: String,
}

/// A name below a bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Label {
    pub(in crate::report) x: f64,
    pub(in crate::report) text: String,
}

impl Plot {
    /// The plot of these named counts; `None` when there is nothing to be seen.
    pub(in crate::report) fn new(name: &str, noun: &str, counts: &[(String, u64)]) -> Option<Self> {
        let most = counts.iter().map(|(_, number)| *number).max()?;
        if most == 0 {
            return None;
        }
        let scale = AxisScale::to(most);
        let bottom = HEIGHT - BELOW;
        let y = |number: u64| bottom - scale.position(number) * (bottom - ABOVE);
        let place = (WIDTH - LEFT - RIGHT) / float(counts.len() as u64);
        let x = |index: usize| LEFT + place * float(index as u64);
        let bars = counts
            .iter()
            .enumerate()
            .filter(|(_, (_, number))| *number > 0)
            .map(|(index, (label, number))| PlotBar {
                x: rounded(x(index) + place * (1.0 - FILL) / 2.0),
                y: rounded(y(*number)),
                width: rounded(place * FILL),
                height: rounded(bottom - y(*number)),
                title: format!("{label}: {} {noun}", count(*number)),
            });
        let ticks = scale.ticks().map(|number| Tick {
            y: rounded(y(number)),
            text: count(number),
        });
        let labels = labelled(counts.len(), room(counts)).map(|index| Label {
            x: rounded(x(index) + place / 2.0),
            text: counts[index].0.clone(),
        });
        Some(Plot {
            name: name.to_owned(),
            noun: noun.to_owned(),
            top: ABOVE,
            bands: Vec::new(),
            width: WIDTH,
            height: HEIGHT,
            left: LEFT,
            right: WIDTH - RIGHT,
            bottom,
            bars: bars.collect(),
            ticks: ticks.collect(),
            labels: labels.collect(),
        })
    }

    /// Marks these of its `number` places.
    #[must_use]
    pub(in crate::report) fn with_bands(mut self, places: &[Range<usize>], number: usize) -> Self {
        let place = (WIDTH - LEFT - RIGHT) / float(number.max(1) as u64);
        let band = |places: &Range<usize>| Band {
            x: rounded(LEFT + place * float(places.start as u64)),
            width: rounded(place * float(places.len() as u64)),
        };
        self.bands = places.iter().map(band).collect();
        self
    }
}

/// How many of the names fit side by side.
fn room(counts: &[(String, u64)]) -> usize {
    let longest = counts.iter().map(|(name, _)| name.chars().count()).max();
    let longest = float(longest.unwrap_or(0) as u64) * LETTER + GAP;
    (2..=LABELS)
        .rev()
        .find(|number| float(*number as u64) * longest <= WIDTH - LEFT - RIGHT)
        .unwrap_or(1)
}

/// A count with the length of its bar in percent of the greatest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct Length {
    pub(in crate::report) name: String,
    pub(in crate::report) count: String,
    pub(in crate::report) percent: f64,
}

/// Lying bars, one for each count, the greatest as long as there is room.
pub(in crate::report) fn lengths(counts: &[(String, u64)]) -> Vec<Length> {
    let most = counts.iter().map(|(_, number)| *number).max();
    let most = float(most.unwrap_or(0).max(1));
    counts
        .iter()
        .map(|(name, number)| Length {
            name: name.clone(),
            count: count(*number),
            percent: match number {
                0 => 0.0,
                // The one beside a hundred thousand is seen.
                number => rounded((float(*number) * 100.0 / most).max(LEAST)),
            },
        })
        .collect()
}

/// Hundredths are finer than any screen.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(numbers: &[u64]) -> Vec<(String, u64)> {
        let numbers = numbers.iter().enumerate();
        numbers
            .map(|(index, number)| (index.to_string(), *number))
            .collect()
    }

    #[test]
    fn a_bar_reaches_the_tick_of_its_number() {
        let plot = Plot::new("n", "calls", &counts(&[10, 5, 0, 20])).unwrap();
        let tick = |text: &str| plot.ticks.iter().find(|tick| tick.text == text).unwrap().y;
        assert_eq!(plot.bars.len(), 3);
        for (bar, text) in plot.bars.iter().zip(["10", "5", "20"]) {
            assert!((bar.y - tick(text)).abs() < 0.01, "{bar:?}");
            assert!((bar.y + bar.height - plot.bottom).abs() < 0.02, "{bar:?}");
        }
        let ratio = plot.bars[2].height / plot.bars[0].height;
        assert!((ratio - 2.0).abs() < 0.001, "{ratio}");
        assert_eq!(plot.bars[2].title, "3: 20 calls");
    }

    #[test]
    fn everything_is_inside_the_drawing() {
        for length in [1, 24, 400] {
            let plot = Plot::new("n", "calls", &counts(&vec![7; length])).unwrap();
            let last = plot.bars.last().unwrap();
            assert!(plot.bars[0].x >= plot.left);
            assert!(last.x + last.width <= plot.right + 0.01);
            assert!(plot.labels.len() <= LABELS);
            assert!(plot.labels.iter().all(|label| label.x < plot.right));
            assert!(plot.ticks.iter().all(|tick| tick.y >= ABOVE - 0.01));
        }
    }

    #[test]
    fn a_band_lies_behind_its_places() {
        let plot = Plot::new("n", "calls", &counts(&[1, 0, 0, 1])).unwrap();
        let plot = plot.with_bands(std::slice::from_ref(&(1..3)), 4);
        let band = &plot.bands[0];
        assert!(band.x > plot.bars[0].x + plot.bars[0].width - 0.01);
        assert!(band.x + band.width < plot.bars[1].x + 0.01);
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        for number in 1..=400 {
            let days: Vec<_> = (0..number).map(|_| ("2024-03-15".to_owned(), 1)).collect();
            let plot = Plot::new("n", "calls", &days).unwrap();
            let close = plot
                .labels
                .windows(2)
                .find(|pair| pair[1].x - pair[0].x < 10.0 * LETTER);
            assert_eq!(close, None, "{number} days");
        }
    }

    #[test]
    fn nothing_makes_no_plot() {
        assert_eq!(Plot::new("n", "calls", &[]), None);
        assert_eq!(Plot::new("n", "calls", &counts(&[0, 0])), None);
        assert_eq!(lengths(&[]), []);
        assert!(lengths(&counts(&[0]))[0].percent.abs() < 1e-9);
        let one = &lengths(&counts(&[1, 100_000]))[0];
        assert!(one.percent >= LEAST, "{one:?}");
    }
}
