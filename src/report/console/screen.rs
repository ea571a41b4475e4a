//! The one way to the terminal.
//!
//! Results go to one stream and everything about the way there to another, so that
//! `check … | less` and `run … > log` do what people expect. A screen that is gone (a closed pipe, a
//! lost session) never ends a run: the files and the ledger hold what counts.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;

use crate::report::format::hung;

/// Columns of text that goes into a file or a pipe.
const USUAL_WIDTH: u16 = 100;
/// Columns of a terminal that does not tell its width.
const USUAL_TERMINAL: u16 = 80;

/// Where a report is shown.
pub struct Screen {
    results: Box<dyn Write + Send>,
    notices: Box<dyn Write + Send>,
    bars: Option<MultiProgress>,
    width: u16,
    /// Whether lines break at the width, wherever that is.
    breaks_lines: bool,
    color: Color,
}

/// Whether text may carry colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

impl Color {
    /// Colours where both streams of this process are terminals.
    pub fn of_terminal() -> Color {
        if standard_output().is_terminal() && standard_error().is_terminal() {
            Color::Always
        } else {
            Color::Never
        }
    }
}

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum TextStyle {
    Strong,
    Warning,
    Bad,
    Faint,
}

impl Screen {
    /// The streams of this process: results on standard output, notices on standard error, progress
    /// bars if the latter is a terminal.
    pub fn of_process(color: Color) -> Self {
        let is_terminal = standard_error().is_terminal();
        let breaks_lines = standard_output().is_terminal();
        let width = if breaks_lines {
            comfy_table::Table::new()
                .width()
                .filter(|width| *width > 0)
                .unwrap_or(USUAL_TERMINAL)
        } else {
            USUAL_WIDTH
        };
        Screen {
            results: Box::new(standard_output()),
            notices: Box::new(standard_error()),
            // A terminal that cannot draw (`TERM=dumb`) hides the bars, and lines with them.
            bars: is_terminal
                .then(MultiProgress::new)
                .filter(|bars| !bars.is_hidden()),
            width,
            breaks_lines,
            color,
        }
    }

    /// A plain screen without bars that writes to these.
    pub fn to(results: impl Write + Send + 'static, notices: impl Write + Send + 'static) -> Self {
        Screen {
            results: Box::new(results),
            notices: Box::new(notices),
            bars: None,
            width: USUAL_WIDTH,
            breaks_lines: false,
            color: Color::Never,
        }
    }

    /// The same as a terminal of this width.
    #[cfg(test)]
    pub(in crate::report) fn on_terminal(mut self, width: u16) -> Self {
        (self.width, self.breaks_lines) = (width, true);
        self
    }

    /// The progress bars, for those who write to standard error as well; `None` where none are
    /// drawn.
    pub fn bars(&self) -> Option<MultiProgress> {
        self.bars.clone()
    }

    /// Columns of text that fit side by side.
    pub(in crate::report) fn width(&self) -> u16 {
        self.width
    }

    /// A line as it is shown: on a terminal broken between words where it is too long, elsewhere as it
    /// is, since whoever searches a file looks for whole lines.
    pub(in crate::report) fn folded(&self, line: String) -> Vec<String> {
        if self.breaks_lines {
            hung(&line, self.width)
        } else {
            vec![line]
        }
    }

    /// Whether colours may be used.
    pub(in crate::report) fn color(&self) -> Color {
        self.color
    }

    /// The text in the colour of what it is.
    pub(in crate::report) fn paint(&self, ink: TextStyle, text: &str) -> String {
        paint(self.color, ink, text)
    }

    /// Shows a line of the result. The bars must be gone by then.
    pub(in crate::report) fn result(&mut self, line: &str) {
        write_line(self.results.as_mut(), line);
    }

    /// Shows a line about the way there, above the bars.
    pub(in crate::report) fn notice(&mut self, line: &str) {
        match &self.bars {
            // See the head: a screen that is gone is no reason to stop.
            Some(bars) => drop(bars.println(line)),
            None => write_line(self.notices.as_mut(), line),
        }
    }
}

impl Screen {
    /// Shows text that is a result of its own: a list, a page of help, an address.
    pub fn say(&mut self, text: &str) {
        self.result(text);
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("bars", &self.bars.is_some())
            .field("width", &self.width)
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}

/// The text in the colour of what it is.
pub(in crate::report) fn paint(color: Color, ink: TextStyle, text: &str) -> String {
    if color == Color::Never {
        return text.to_owned();
    }
    let code = match ink {
        TextStyle::Strong => "1",
        TextStyle::Warning => "33",
        TextStyle::Bad => "1;31",
        TextStyle::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

fn write_line(to: &mut dyn Write, line: &str) {
    // See the head: a screen that is gone is no reason to stop.
    let _ = writeln!(to, "{line}").and_then(|()| to.flush());
}

/// Where results go.
#[expect(clippy::disallowed_methods, reason = "the one home of standard output")]
fn standard_output() -> io::Stdout {
    io::stdout()
}

/// Where everything goes that is no result.
#[expect(clippy::disallowed_methods, reason = "the one home of standard error")]
pub(super) fn standard_error() -> io::Stderr {
    io::stderr()
}
