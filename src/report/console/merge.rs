//! What the ledgers of all shards say together, on the screen.

use comfy_table::Cell;

use crate::events::Outcome;
use crate::report::Style;
use crate::report::console::screen::{Screen, TextStyle};
use crate::report::console::status::{failures, states};
use crate::report::console::table::Grid;
use crate::report::format::{count, counted, safe, wrapped};
use crate::report::json::json;
use crate::report::merge_view::MergeView;

/// What is missing is told up to so many sentences.
const MOST_MISSING: usize = 50;

/// Shows what the ledgers of all shards say together.
pub fn print_merge(screen: &mut Screen, view: &MergeView, style: Style) {
    match style {
        Style::Json => screen.result(&json(view)),
        Style::Human => {
            for line in lines(view, screen) {
                screen.result(&line);
            }
        }
    }
}

fn lines(view: &MergeView, screen: &Screen) -> Vec<String> {
    let mut lines = vec![format!("Destination: {}", safe(&view.destination))];
    lines.extend(shards(view, screen));
    lines.extend(states(&view.status, screen));
    lines.extend(failures(&view.status, screen));
    lines.push(String::new());
    lines.extend(wrapped(&conclusion(view), screen.width()));
    let style = TextStyle::Bad;
    for sentence in view.missing.iter().take(MOST_MISSING) {
        lines.push(screen.paint(style, &format!("  {}", safe(sentence))));
    }
    let more = view.missing.len().saturating_sub(MOST_MISSING);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// A row for each shard, and their sum.
fn shards(view: &MergeView, screen: &Screen) -> Vec<String> {
    let in_place =
        |of: &dyn Fn(&str) -> u64| of(Outcome::Created.name()) + of(Outcome::AlreadyThere.name());
    let cells = |of: &dyn Fn(&str) -> u64| {
        let others = [
            Outcome::Skipped,
            Outcome::Held,
            Outcome::Rejected,
            Outcome::Failed,
            Outcome::NotAttempted,
        ];
        let others = others.map(|outcome| of(outcome.name()));
        let counts = std::iter::once(in_place(of)).chain(others);
        counts
            .map(|number| Cell::new(count(number)))
            .collect::<Vec<Cell>>()
    };
    let mut grid = Grid::new(screen.color());
    grid.header(&[
        "shard",
        "ledger",
        "owned",
        "in place",
        "skipped",
        "held",
        "rejected",
        "failed",
        "not attempted",
        "last run",
    ]);
    for shard in &view.shards {
        let mut row = vec![
            Cell::new(format!("{}/{}", shard.number, view.of)),
            Cell::new(safe(&shard.ledger)),
            Cell::new(count(shard.owned)),
        ];
        row.extend(cells(&|name| shard.outcome(name)));
        row.push(Cell::new(safe(&shard.ending)));
        grid.row(row);
    }
    let mut sum = vec![
        Cell::new(format!("= {}", view.shards.len())),
        Cell::new(""),
        Cell::new(count(view.owned)),
    ];
    sum.extend(cells(&|name| view.outcomes.get(name).copied().unwrap_or(0)));
    sum.push(Cell::new(""));
    grid.row(sum);
    let mut lines = vec![String::new()];
    lines.extend(grid.lines_with_sum(&[2, 3, 4, 5, 6, 7, 8]));
    lines
}

fn conclusion(view: &MergeView) -> Vec<String> {
    let records = counted(view.read.unwrap_or(view.owned), "record");
    let sentence = if view.is_complete {
        format!(
            "Complete: {} own each of {records} once.",
            counted(u64::from(view.of), "shard")
        )
    } else {
        format!(
            "Not complete: {} of {} are accounted for.",
            count(view.owned),
            records
        )
    };
    vec![sentence]
}
