//! Why a command ends before it has a result, told last.

use std::io::Write as _;

use jiff::Timestamp;

use crate::report::Style;
use crate::report::console::json_lines::JsonLine;
use crate::report::console::screen::{Screen, TextStyle, standard_error};
use crate::report::format::safe_lines;

/// Why a command could not be carried out.
#[derive(Debug, Clone, Copy)]
pub struct ErrorOutput<'a> {
    /// What is wrong; of several lines where it shows a piece of a file.
    pub what: &'a str,
    /// What can be done about it.
    pub hint: Option<&'a str>,
    /// The exit code that follows.
    pub exit: u8,
}

impl ErrorOutput<'_> {
    /// Shows it where notices go: results may be piped into something else.
    pub fn show(&self, screen: &mut Screen, style: Style) {
        if style == Style::Json {
            return screen.notice(&self.line().text(Timestamp::now()));
        }
        let head = screen.paint(TextStyle::Bad, "error:");
        screen.notice(&format!("{head} {}", safe_lines(self.what)));
        if let Some(hint) = self.hint {
            let head = screen.paint(TextStyle::Strong, "hint:");
            screen.notice(&format!("{head} {}", safe_lines(hint)));
        }
    }

    fn line(&self) -> JsonLine<'_> {
        JsonLine::Error {
            message: self.what,
            hint: self.hint,
            exit: self.exit,
        }
    }
}

/// Lets a fault of the program tell about itself in one object a line, as everything else does.
pub fn tell_panics_as_json() {
    std::panic::set_hook(Box::new(|fault| {
        let complaint = ErrorOutput {
            what: &fault.to_string(),
            hint: None,
            exit: 1,
        };
        // A screen that is gone is no reason to fail once more.
        let _ = writeln!(
            standard_error(),
            "{}",
            complaint.line().text(Timestamp::now())
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_support::Buffer;

    fn shown(style: Style) -> String {
        let notices = Buffer::default();
        let complaint = ErrorOutput {
            what: "a.toml:1: \u{1b}[2J\nrate",
            hint: Some("write it"),
            exit: 2,
        };
        complaint.show(&mut Screen::to(std::io::sink(), notices.clone()), style);
        notices.text()
    }

    #[test]
    fn a_complaint_is_text_or_one_object() {
        let text = shown(Style::Human);
        assert_eq!(text, "error: a.toml:1: <U+001B>[2J\nrate\nhint: write it\n");
        let line = shown(Style::Json);
        assert_eq!(line.lines().count(), 1);
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["event"], "error");
        assert_eq!(json["message"], "a.toml:1: \u{1b}[2J\nrate");
        assert_eq!(
            (&json["hint"], &json["exit"]),
            (&"write it".into(), &2.into())
        );
    }
}
