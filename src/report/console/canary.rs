//! The canary on the screen: which calls were picked and why, and what was found. Values of records stay on
//! its page.

use std::path::Path;

use serde_json::json;

use crate::canary::PickedCall;
use crate::report::Style;
use crate::report::console::screen::{Screen, TextStyle};
use crate::report::format::{counted, safe, safe_json};
use crate::report::html::canary_page::CanaryReport;

/// Tells which calls were picked, and why.
pub fn print_picks(screen: &mut Screen, picks: &[PickedCall], style: Style) {
    if style == Style::Json {
        let calls = picks
            .iter()
            .map(|pick| json!({"id": pick.candidate.call.identity(), "why": pick.why_in_short()}));
        let line = json!({"event": "canary-picked", "calls": calls.collect::<Vec<_>>()});
        screen.result(&safe_json(line.to_string()));
        return;
    }
    screen.result(&format!("Picked {}:", counted(picks.len() as u64, "call")));
    for (at, pick) in picks.iter().enumerate() {
        let id = safe(pick.candidate.call.identity()).into_owned();
        screen.result(&format!("  {:>3}  {id}: {}", at + 1, pick.why_in_short()));
    }
}

/// Tells what came of the canary.
pub fn print_canary(screen: &mut Screen, report: &CanaryReport<'_>, page: &Path, style: Style) {
    if style == Style::Json {
        let findings = report.findings.iter().map(|finding| {
            json!({
                "severity": finding.severity.name(),
                "text": finding.text,
                "calls": finding.calls.iter().map(|at| at + 1).collect::<Vec<_>>(),
            })
        });
        let line = json!({
            "event": "canary",
            "rehearsal": report.is_rehearsal,
            "picked": report.calls.len(),
            "complete": report.complete(),
            "against": report.against(),
            "findings": findings.collect::<Vec<_>>(),
            "page": page.display().to_string(),
        });
        screen.result(&safe_json(line.to_string()));
        return;
    }
    if report.is_rehearsal {
        let text = "Rehearsal: nothing was sent to Capturi, and the sandbox invented every answer.";
        let text = screen.paint(TextStyle::Warning, text);
        screen.result(&text);
    }
    for finding in report.findings {
        let word = if finding.is_against() {
            screen.paint(TextStyle::Bad, "warning")
        } else {
            screen.paint(TextStyle::Faint, "note")
        };
        screen.result(&format!("{word}: {}", finding.text));
    }
    let verdict = screen.paint(TextStyle::Strong, &report.verdict());
    screen.result(&verdict);
    let page = safe(&page.display().to_string()).into_owned();
    screen.result(&format!("The calls side by side: {page}"));
}
