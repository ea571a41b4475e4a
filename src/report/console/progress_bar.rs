//! Progress on a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::report::Mode;
use crate::report::console::progress::ProgressView;
use crate::report::console::screen::Color;
use crate::report::format::whole;

/// Steps of a full bar.
const FULL: u64 = 1_000;

/// The bar and the line below it.
#[derive(Debug)]
pub(in crate::report) struct ProgressDisplay {
    drawn: ProgressBar,
    is_sized: bool,
    color: Color,
}

impl ProgressDisplay {
    /// A bar among these; it appears with the first thing that it shows.
    pub(in crate::report) fn new(bars: &MultiProgress, color: Color) -> Self {
        let drawn = bars.add(ProgressBar::new(FULL));
        drawn.set_style(style("{spinner} {elapsed}  {prefix}\n{wide_msg}"));
        ProgressDisplay {
            drawn,
            is_sized: false,
            color,
        }
    }

    /// Shows the state.
    pub(in crate::report) fn show(&mut self, snapshot: &ProgressView, mode: Mode) {
        let (pace, rest) = snapshot.two_lines(mode);
        if let Some(done) = snapshot.done {
            if !self.is_sized {
                self.is_sized = true;
                let ink = match self.color {
                    Color::Always => ".cyan",
                    Color::Never => "",
                };
                self.drawn.set_style(style(&format!(
                    "{{elapsed:>4}}  {{bar:24{ink}}} {{percent:>3}} %  {{prefix}}\n{{wide_msg}}"
                )));
            }
            self.drawn.set_position(whole(done * 1_000.0).min(FULL));
        }
        self.drawn.set_prefix(pace);
        self.drawn.set_message(rest);
    }

    /// Takes the bar away.
    pub(in crate::report) fn clear(&self) {
        self.drawn.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use std::io;

    use indicatif::{ProgressDrawTarget, TermLike};

    use super::*;
    use crate::events::{Event, Outcome};
    use crate::report::ClockReading;
    use crate::report::console::progress::ProgressMeter;
    use crate::report::counters::Counters;
    use crate::report::test_support::{Buffer, facts};

    #[derive(Debug, Clone, Default)]
    struct Paper(Buffer);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)?;
            self.write_str("\n")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            io::Write::write_all(&mut self.0.clone(), text.as_bytes())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_shows_what_is_done_and_the_line_below_it() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let mut bar = ProgressDisplay::new(&MultiProgress::with_draw_target(target), Color::Never);
        let now = ClockReading::now();
        let mut counters = Counters::default();
        counters.add(&Event::Checked(&facts(10)));
        for _ in 0..5 {
            counters.tally.count(Outcome::Created);
        }
        (counters.bytes_read, counters.bytes_total) = (100, Some(100));
        let mut snapshot =
            ProgressMeter::new(Mode::Run, std::sync::Arc::default(), now).snapshot(&counters, now);
        // A large import, whose counts alone are wider than the terminal.
        snapshot.read = 1_000_000;
        snapshot.counts.0 = snapshot.counts.0.map(|_| 123_456);
        snapshot.calls_per_second = Some(19.8);
        snapshot.seconds_left = Some(172_800.0);
        bar.show(&snapshot, Mode::Run);
        bar.clear();
        let text = paper.0.text();
        assert!(text.contains(&"█".repeat(12)), "{text}");
        assert!(!text.contains(&"█".repeat(13)), "{text}");
        assert!(
            text.contains("50 %") && text.contains("1,000,000 read"),
            "{text}"
        );
        assert!(text.contains("19.8/s · about 48:00:00 left"), "{text}");
    }
}
