//! Progress on a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::report::progress::Snapshot;
use crate::report::screen::Color;
use crate::report::words::whole;

/// Steps of a full bar.
const FULL: u64 = 1_000;

/// The bar and the line below it.
#[derive(Debug)]
pub(super) struct Bar {
    drawn: ProgressBar,
    is_sized: bool,
    color: Color,
}

impl Bar {
    /// A bar among these; it appears with the first thing that it shows.
    pub(super) fn new(bars: &MultiProgress, color: Color) -> Self {
        let drawn = bars.add(ProgressBar::new(FULL));
        drawn.set_style(style("{spinner} {elapsed}  {wide_msg}"));
        Bar {
            drawn,
            is_sized: false,
            color,
        }
    }

    /// Shows the state.
    pub(super) fn show(&mut self, snapshot: &Snapshot, line: String) {
        if let Some(done) = snapshot.done {
            if !self.is_sized {
                self.is_sized = true;
                let ink = match self.color {
                    Color::Always => ".cyan",
                    Color::Never => "",
                };
                self.drawn.set_style(style(&format!(
                    "{{elapsed}}  {{wide_bar{ink}}} {{percent:>3}} %\n{{wide_msg}}"
                )));
            }
            self.drawn.set_position(whole(done * 1_000.0).min(FULL));
        }
        self.drawn.set_message(line);
        self.drawn.tick();
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood() {
        for template in [
            "{spinner} {elapsed}  {wide_msg}",
            "{elapsed}  {wide_bar.cyan} {percent:>3} %\n{wide_msg}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
