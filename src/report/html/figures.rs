//! The plots of the page, each with a line below it.

use serde::Serialize;

use crate::report::RunSummary;
use crate::report::format::{counted, share};
use crate::report::html::day_bars::spread;
use crate::report::html::plots::Plot;

/// A plot with what is to be said about it.
#[derive(Serialize)]
pub(super) struct Figure {
    plot: Plot,
    caption: String,
    /// Something that a person should look at.
    is_odd: bool,
}

/// Calls over the days and the hours, recordings by length.
pub(super) fn figures(summary: &RunSummary) -> Vec<Figure> {
    let facts = &summary.facts;
    let mut figures = Vec::new();
    if let Some(days) = spread(&facts.by_day.dates()) {
        let caption = match days.gap {
            Some((first, last, length)) => format!(
                "The longest time without calls: {first} to {last} ({}).",
                counted(length.unsigned_abs(), "day")
            ),
            None => String::new(),
        };
        let is_odd = !days.voids.is_empty();
        let name = format!("Calls per {}", days.unit);
        let plot = Plot::new(&name, "calls", &days.counts);
        figures.extend(plot.map(|plot| Figure {
            plot: plot.with_bands(&days.voids, days.counts.len()),
            caption,
            is_odd,
        }));
    }
    figures.extend(hours(&facts.by_hour));
    let minutes = minutes(&facts.by_minutes);
    let plot = Plot::new("Recordings by length in minutes", "recordings", &minutes);
    figures.extend(plot.map(|plot| Figure {
        plot,
        caption: String::new(),
        is_odd: false,
    }));
    figures
}

/// Hours in which few people telephone.
const NIGHT: [std::ops::Range<usize>; 2] = [0..6, 22..24];
/// So many calls at night are odd, in percent.
const MANY_AT_NIGHT: u64 = 20;

fn hours(by_hour: &[u64; 24]) -> Option<Figure> {
    let hours = by_hour.iter().enumerate();
    let hours: Vec<_> = hours
        .map(|(hour, calls)| (format!("{hour:02}"), *calls))
        .collect();
    let plot = Plot::new("Calls by hour of the day", "calls", &hours)?;
    let all: u64 = by_hour.iter().sum();
    let at_night: u64 = NIGHT
        .into_iter()
        .map(|part| by_hour[part].iter().sum::<u64>())
        .sum();
    let is_odd = at_night * 100 > all * MANY_AT_NIGHT;
    let part = share(at_night, all);
    let caption = if is_odd {
        format!(
            "In the local time of the calls. {part} lie between 22 and 06 (shaded): look at the \
             time zone of the export (`--timezone`)."
        )
    } else {
        format!("In the local time of the calls. {part} lie between 22 and 06 (shaded).")
    };
    Some(Figure {
        plot: plot.with_bands(&NIGHT, by_hour.len()),
        caption,
        is_odd,
    })
}

/// The buckets up to the last one that holds something.
fn minutes(by_minutes: &[u64]) -> Vec<(String, u64)> {
    let used = by_minutes.iter().rposition(|number| *number > 0);
    let used = used.map_or(0, |last| last + 1);
    by_minutes[..used]
        .iter()
        .enumerate()
        .map(|(minute, number)| {
            let name = if minute >= 60 {
                "60 and more".to_owned()
            } else {
                minute.to_string()
            };
            (name, *number)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_end_with_the_last_that_is_used() {
        let mut buckets = vec![0; 61];
        buckets[3] = 1;
        assert_eq!(minutes(&buckets).len(), 4);
        buckets[60] = 1;
        assert_eq!(minutes(&buckets)[60].0, "60 and more");
        assert_eq!(minutes(&[]), []);
    }
}
