//! What a comparison with the destination found, as a section of the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::ledger::{ConversationState, VerifyCounts, VerifyOutcome};
use crate::report::format::{count, date_of_day};

/// Where the section begins and ends in the page.
const BEGIN: &str = "<section id=\"verify\">";
const END: &str = "</section><!-- verify -->";

/// Most bars; with more days, a bar is a month, and only the last are shown.
const BARS: usize = 62;

/// The page with the section in it, in place of an earlier one; a page of its own where there is none.
pub(in crate::report) fn in_page(page: Option<&str>, counts: &VerifyCounts) -> String {
    let section = section(counts);
    let own = || {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>Verify</title><style>body {{ margin: 0 auto; max-width: 60rem; padding: 1rem; \
             font: 1rem/1.5 system-ui, sans-serif; }} table {{ border-collapse: collapse; }} \
             th, td {{ text-align: left; padding: .25rem .5rem .25rem 0; }}</style></head>\n<body>\n\
             <p>{} {}</p>\n<main>\n{section}\n</main>\n</body>\n</html>\n",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION")
        )
    };
    let Some(page) = page else {
        return own();
    };
    let mut page = page.to_owned();
    if let (Some(from), Some(to)) = (page.find(BEGIN), page.find(END))
        && from < to
    {
        page.replace_range(from..to + END.len(), "");
    }
    match page.rfind("</main>") {
        Some(place) => {
            page.insert_str(place, &section);
            page
        }
        None => own(),
    }
}

fn section(counts: &VerifyCounts) -> String {
    let mut html = format!("{BEGIN}\n<h2>What the destination has</h2>\n<table>\n");
    for outcome in VerifyOutcome::ALL {
        let (name, many) = (outcome.name(), count(counts.of(outcome)));
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{name}</th><td class=\"number\">{many}</td></tr>"
        );
    }
    let known = count(counts.known);
    let _ = writeln!(
        html,
        "<tr><th scope=\"row\">= calls known</th><td class=\"number\">{known}</td></tr>\n</table>"
    );
    if !counts.words.is_empty() {
        let words = counts.words.iter();
        let words = words.map(|(word, many)| format!("{word} {}", count(*many)));
        let words: Vec<String> = words.collect();
        let _ = writeln!(
            html,
            "<p>Missing or other: {}. Each call is in <code>verify.csv</code>.</p>",
            words.join(", ")
        );
    }
    html.push_str(&plot(counts));
    html.push_str(END);
    html
}

/// The calls by the day of their conversation, each bar in pieces by how far the destination is.
fn plot(counts: &VerifyCounts) -> String {
    let bars = bars(counts);
    let most = bars.values().map(|states| states.iter().sum::<u64>()).max();
    let Some(most) = most.filter(|most| *most > 0) else {
        return String::new();
    };
    let mut html = String::from("<h2>States by day</h2>\n<p>");
    for state in ConversationState::ALL {
        if counts.in_state(state) > 0 {
            let (color, name) = (color(state), state.name());
            let many = count(counts.in_state(state));
            let _ = write!(
                html,
                "<span style=\"color:{color}\">■</span> {name} {many} "
            );
        }
    }
    html.push_str("</p>\n<table>\n");
    let skipped = bars.len().saturating_sub(BARS);
    for (day, states) in bars.into_iter().skip(skipped) {
        let sum: u64 = states.iter().sum();
        let _ = write!(
            html,
            "<tr><th scope=\"row\" style=\"white-space:nowrap\">{day}</th><td style=\"width:70%\">\
             <svg viewBox=\"0 0 100 3\" preserveAspectRatio=\"none\" style=\"width:100%;height:.8rem\" role=\"img\" \
             aria-label=\"{day}\">"
        );
        let mut x = 0.0;
        for (state, many) in ConversationState::ALL.into_iter().zip(states) {
            if many > 0 {
                let width = 100.0 * share(many, most);
                let (color, name) = (color(state), state.name());
                let _ = write!(
                    html,
                    "<rect x=\"{x:.2}\" y=\"0\" width=\"{width:.2}\" height=\"3\" style=\"fill:{color}\">\
                     <title>{name} {many}</title></rect>"
                );
                x += width;
            }
        }
        let _ = writeln!(
            html,
            "</svg></td><td class=\"number\">{}</td></tr>",
            count(sum)
        );
    }
    html.push_str("</table>\n");
    html
}

/// The states of each day, or of each month where the days are many.
fn bars(counts: &VerifyCounts) -> BTreeMap<String, [u64; 6]> {
    let is_by_month = counts.days.len() > BARS;
    let mut bars: BTreeMap<String, [u64; 6]> = BTreeMap::new();
    for (day, states) in &counts.days {
        let Some(mut name) = date_of_day(*day) else {
            continue;
        };
        if is_by_month {
            name.truncate(name.len().saturating_sub(3));
        }
        let bar = bars.entry(name).or_default();
        for (sum, many) in bar.iter_mut().zip(states) {
            *sum += many;
        }
    }
    bars
}

#[expect(clippy::cast_precision_loss, reason = "the width of a bar")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn color(state: ConversationState) -> &'static str {
    match state {
        ConversationState::Created => "#9aa5b1",
        ConversationState::Processing => "#2f6fb3",
        ConversationState::Success => "#1f7a3d",
        ConversationState::NoRecognizedWords => "#8a5a00",
        ConversationState::NeedsSpeakerModel => "#7a4fb3",
        ConversationState::Error => "#b3261e",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_takes_the_place_of_an_earlier_one() {
        let mut counts = VerifyCounts::default();
        counts.days.insert(20_000, [0, 1, 3, 0, 0, 1]);
        let page = "<html><body><main>run</main></body></html>";
        let once = in_page(Some(page), &counts);
        let twice = in_page(Some(&once), &counts);
        assert_eq!(once, twice);
        assert!(once.starts_with("<html><body><main>run<section"), "{once}");
        assert!(once.contains("2024-10-04") && once.contains("Error 1"));
        let own = in_page(None, &counts);
        assert!(own.contains("capturi-import ") && own.contains("</main>"));
        counts.days = (0..100).map(|day| (day, [1; 6])).collect();
        assert!(in_page(None, &counts).contains(">1970-04<"));
    }
}
