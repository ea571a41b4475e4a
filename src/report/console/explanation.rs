//! What the codes mean, on the screen.

use serde::Serialize;

use crate::domain::{Code, Severity};
use crate::report::Style;
use crate::report::console::screen::{Screen, TextStyle};
use crate::report::format::wrapped;
use crate::report::json::json;

#[derive(Serialize)]
struct ExplanationView {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    cause: &'static str,
    cure: &'static str,
}

impl ExplanationView {
    fn new(code: Code) -> Self {
        let explanation = code.explanation();
        ExplanationView {
            code: code.name(),
            severity: code.severity().name(),
            title: explanation.title,
            cause: explanation.cause,
            cure: explanation.cure,
        }
    }
}

/// Shows what a code means and what to do about it.
pub fn print_explanation(screen: &mut Screen, code: Code, style: Style) {
    let view = ExplanationView::new(code);
    if style == Style::Json {
        screen.result(&json(&view));
        return;
    }
    let head = screen.paint(TextStyle::Strong, view.code);
    let severity = screen.paint(ink(code.severity()), view.severity);
    screen.result(&format!("{head} ({severity})"));
    for (name, text) in [
        ("What", view.title),
        ("Cause", view.cause),
        ("Cure", view.cure),
    ] {
        if !text.is_empty() {
            let lines = wrapped(&[format!("{name}: {text}")], screen.width());
            for line in lines {
                screen.result(&format!("  {line}"));
            }
        }
    }
}

/// Shows every code with its meaning in a sentence, in the order of the stages.
pub fn print_codes(screen: &mut Screen, style: Style) {
    if style == Style::Json {
        let views: Vec<ExplanationView> = Code::ALL
            .iter()
            .map(|code| ExplanationView::new(*code))
            .collect();
        screen.result(&json(&views));
        return;
    }
    for code in Code::ALL {
        let name = format!("{:<22}", code.name());
        let severity = format!("{:<7}", code.severity().name());
        let severity = screen.paint(ink(code.severity()), &severity);
        let line = format!("{name} {severity} {}", code.explanation().title);
        screen.result(line.trim_end());
    }
}

fn ink(severity: Severity) -> TextStyle {
    match severity {
        Severity::Error => TextStyle::Bad,
        Severity::Warning => TextStyle::Warning,
        Severity::Note => TextStyle::Faint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test_support::Buffer;

    #[test]
    fn an_explanation_names_code_and_severity() {
        let results = Buffer::default();
        let mut screen = Screen::to(results.clone(), std::io::sink());
        print_explanation(&mut screen, Code::BadTime, Style::Human);
        assert!(results.text().starts_with("bad-time (error)\n"));
    }

    #[test]
    fn the_list_has_every_code_once() {
        for (style, per_code) in [(Style::Human, "\n"), (Style::Json, "\"cure\"")] {
            let results = Buffer::default();
            let mut screen = Screen::to(results.clone(), std::io::sink());
            print_codes(&mut screen, style);
            assert_eq!(results.text().matches(per_code).count(), Code::ALL.len());
        }
    }
}
