//! Log lines, and how they get past the progress bars.
//!
//! Logs go to standard error, where the bars are drawn too: a line is handed to the bars, which
//! print it above themselves. A level speaks about this program only; the libraries below it are
//! heard from `warn` up, because what they write at `debug` holds the bodies of requests. Whoever
//! writes a filter by hand (`hyper=debug`) gets what it says.

use std::io::{self, Write};

use indicatif::MultiProgress;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::report::console::screen::{Color, standard_error};
use crate::report::format::{safe_json, safe_log};
use crate::report::{Error, Screen, Style};

/// Sets up logging for the process: `level` is `error` to `trace` or a filter, `style` the form of
/// a line. To be called once, with the screen that the report will be shown on.
pub fn init_tracing(level: &str, style: Style, screen: &Screen) -> Result<(), Error> {
    let log = LogFormatter {
        bars: screen.bars(),
        style,
    };
    let subscriber = subscriber(level, screen.color(), log)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| Error::LogTwice)
}

fn subscriber<L: LogTo>(
    level: &str,
    color: Color,
    log: L,
) -> Result<Box<dyn Subscriber + Send + Sync>, Error> {
    let filter =
        EnvFilter::try_new(filter(level)).map_err(|_| Error::LogLevel(level.to_owned()))?;
    let style = log.style();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(color == Color::Always && style == Style::Human)
        .with_writer(LogLines(log));
    Ok(match style {
        Style::Human => Box::new(builder.finish()),
        Style::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

/// A bare level is for this program, everything else is a filter already.
fn filter(level: &str) -> String {
    let level = level.trim();
    if level.contains(['=', ',', '[']) {
        return level.to_owned();
    }
    let own = env!("CARGO_CRATE_NAME");
    match level.to_ascii_lowercase().as_str() {
        "off" => "off".to_owned(),
        "error" => "error".to_owned(),
        level => format!("warn,{own}={level}"),
    }
}

/// Where lines of the log go.
trait LogTo: Clone + Send + Sync + 'static {
    fn style(&self) -> Style;
    fn line(&self, line: &str);
}

#[derive(Debug, Clone)]
struct LogFormatter {
    bars: Option<MultiProgress>,
    style: Style,
}

impl LogTo for LogFormatter {
    fn style(&self) -> Style {
        self.style
    }

    fn line(&self, line: &str) {
        // A log that nobody can read any more is no reason to stop.
        let _ = match &self.bars {
            Some(bars) => bars.println(line),
            None => writeln!(standard_error(), "{line}"),
        };
    }
}

struct LogLines<L>(L);

impl<'a, L: LogTo> MakeWriter<'a> for LogLines<L> {
    type Writer = OneLine<L>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine {
            log: self.0.clone(),
            bytes: Vec::new(),
        }
    }
}

/// Collects one line and hands it on as a whole.
struct OneLine<L: LogTo> {
    log: L,
    bytes: Vec<u8>,
}

impl<L: LogTo> Write for OneLine<L> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<L: LogTo> Drop for OneLine<L> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return;
        }
        match self.log.style() {
            Style::Human => self.log.line(&safe_log(text)),
            Style::Json => self.log.line(&safe_json(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_support::Buffer;

    #[derive(Clone)]
    struct Memory {
        buffer: Buffer,
        style: Style,
    }

    impl LogTo for Memory {
        fn style(&self) -> Style {
            self.style
        }

        fn line(&self, line: &str) {
            writeln!(self.buffer.clone(), "{line}").unwrap();
        }
    }

    fn logged(level: &str, style: Style, work: impl FnOnce()) -> Vec<String> {
        let buffer = Buffer::default();
        let log = Memory {
            buffer: buffer.clone(),
            style,
        };
        let subscriber = subscriber(level, Color::Never, log).unwrap();
        tracing::subscriber::with_default(subscriber, work);
        buffer.lines()
    }

    #[test]
    fn one_event_is_one_harmless_line() {
        let lines = logged("info", Style::Human, || {
            tracing::info!(file = "a\u{202e}\u{1b}[2J\nb.csv", "opened");
            tracing::debug!("not at this level");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("INFO"), "{lines:?}");
        assert!(!lines[0].contains(['\u{202e}', '\u{1b}']), "{lines:?}");
    }

    #[test]
    fn json_lines_are_objects() {
        let lines = logged("debug", Style::Json, || {
            tracing::debug!(attempt = 2, "again\u{9b}");
        });
        let json: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(json["message"], "again\u{9b}");
        assert_eq!(json["attempt"], 2);
        assert!(!lines[0].contains('\u{9b}'));
    }

    #[test]
    fn a_level_does_not_open_the_libraries() {
        let lines = logged("trace", Style::Human, || {
            tracing::debug!(target: "hyper::proto", "body");
            tracing::warn!(target: "hyper::proto", "broken");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("broken"));
    }

    #[test]
    fn an_unknown_level_is_an_error_that_names_it() {
        let log = Memory {
            buffer: Buffer::default(),
            style: Style::Human,
        };
        let result = subscriber("loud", Color::Never, log);
        assert!(matches!(result, Err(Error::LogLevel(level)) if level == "loud"));
    }
}
