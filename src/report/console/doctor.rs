//! What `doctor` found, a line for each thing it looked at.

use crate::report::console::screen::{Screen, TextStyle};
use crate::report::format::{counted, safe_lines, wrapped};

/// Columns before the text of a line.
const MARGIN: usize = 22;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DoctorLevel {
    /// As it must be.
    Ok,
    /// A run works, but not everything may.
    Warning,
    /// A run cannot work.
    Fault,
}

impl DoctorLevel {
    const fn name(self) -> &'static str {
        match self {
            DoctorLevel::Ok => "ok",
            DoctorLevel::Warning => "warning",
            DoctorLevel::Fault => "fault",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorLine {
    /// How it is.
    pub level: DoctorLevel,
    /// What it is.
    pub subject: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub cure: Option<String>,
}

impl DoctorLine {
    /// A thing that is as it must be.
    pub fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        DoctorLine {
            level: DoctorLevel::Ok,
            subject,
            found: found.into(),
            cure: None,
        }
    }

    /// A thing that may matter, with its cure.
    pub fn warning(
        subject: &'static str,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        DoctorLine {
            level: DoctorLevel::Warning,
            cure: Some(cure.into()),
            ..DoctorLine::ok(subject, found)
        }
    }

    /// A thing that lets no run work, with its cure if one is known.
    pub fn fault(subject: &'static str, found: impl Into<String>, cure: Option<String>) -> Self {
        DoctorLine {
            level: DoctorLevel::Fault,
            cure,
            ..DoctorLine::ok(subject, found)
        }
    }
}

/// Shows the lines, and a last one that says whether a run can work.
pub fn print_doctor(screen: &mut Screen, lines: &[DoctorLine]) {
    for line in lines {
        let level = format!("{:<9}", line.level.name());
        let level = match line.level {
            DoctorLevel::Ok => screen.paint(TextStyle::Faint, &level),
            DoctorLevel::Warning => screen.paint(TextStyle::Warning, &level),
            DoctorLevel::Fault => screen.paint(TextStyle::Bad, &level),
        };
        print_text(
            screen,
            &format!("{level}{:<13}", line.subject),
            &safe_lines(&line.found),
        );
        if let Some(cure) = &line.cure {
            let text = format!("→ {}", safe_lines(cure));
            print_text(screen, &" ".repeat(MARGIN), &text);
        }
    }
    let count = |level| lines.iter().filter(|line| line.level == level).count() as u64;
    let (faults, warnings) = (count(DoctorLevel::Fault), count(DoctorLevel::Warning));
    let told = format!(
        "{}, {}",
        counted(faults, "fault"),
        counted(warnings, "warning")
    );
    screen.result(&if faults == 0 {
        format!("Ready: {told}. No call was sent.")
    } else {
        format!("Not ready: {told}. No call was sent.")
    });
}

/// The text beside its head, and below itself where it needs more lines.
fn print_text(screen: &mut Screen, head: &str, text: &str) {
    let width = usize::from(screen.width()).saturating_sub(MARGIN).max(20);
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let lines = text
        .lines()
        .flat_map(|line| wrapped(&[line.to_owned()], width));
    for (number, line) in lines.enumerate() {
        let line = line.trim_start();
        if number == 0 {
            screen.result(&format!("{head}{line}"));
        } else {
            screen.result(&format!("{}{line}", " ".repeat(MARGIN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_support::Buffer;

    fn shown(lines: &[DoctorLine]) -> String {
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink()).on_terminal(60);
        print_doctor(&mut screen, lines);
        results.text()
    }

    #[test]
    fn each_thing_has_a_line_and_its_cure_stands_below() {
        let text = shown(&[
            DoctorLine::ok("token", "found"),
            DoctorLine::warning(
                "ssh",
                "it is not found, so sftp:// stores do not work",
                "Install ssh",
            ),
        ]);
        assert_eq!(
            text,
            "ok       token        found\n\
             warning  ssh          it is not found, so sftp:// stores do\n\
             \u{20}                     not work\n\
             \u{20}                     → Install ssh\n\
             Ready: 0 faults, 1 warning. No call was sent.\n"
        );
        let text = shown(&[DoctorLine::fault("disk", "full", None)]);
        assert!(text.ends_with("Not ready: 1 fault, 0 warnings. No call was sent.\n"));
    }
}
