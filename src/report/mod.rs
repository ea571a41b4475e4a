//! Events to counts, progress, text, JSON lines, CSV and HTML.
//!
//! Owns everything that people and scripts get to see: the screen, the files under `--out` and the
//! wording of advice. Promises that the outcomes shown add up to the records read, and says so
//! loudly when they do not; that memory does not grow with the number of problems; that nothing
//! from an export reaches a terminal in a form it would act on; and that files are readable by
//! their owner only. Decides nothing: what is wrong, and what is sent, was decided before. The only
//! room that prints.

mod accepted;
mod advice;
mod alike;
mod allowance;
mod bars;
mod bounded;
mod cells;
mod complaint;
mod days;
mod ending;
mod error;
mod estimate;
mod explaining;
mod files;
mod folder;
mod grid;
mod groups;
mod lines;
mod listener;
mod logging;
mod matches;
mod moment;
mod options;
mod own;
mod page;
mod plots;
mod progress;
mod proposal;
mod rejects;
mod rewrite;
mod scale;
mod screen;
mod skips;
#[cfg(test)]
mod stage;
mod stating;
mod status;
mod summary;
mod sums;
mod table;
mod tries;
mod unchecked;
mod words;
mod work;

pub use accepted::{Line as AcceptedLine, NotAccepted, is_rehearsed, is_unfinished, read_accepted};
pub use advice::advise;
pub use allowance::LeftOut;
pub use complaint::{Complaint, tell_panics_as_json};
pub use error::Error;
pub use estimate::{Bound, Estimate};
pub use explaining::{print_codes, print_explanation};
pub use groups::{Example, Group};
pub use listener::{Finished, Report};
pub use logging::init_tracing;
pub use moment::Moment;
pub use options::{Destination, ListForm, Mode, Options, Style};
pub use own::is_report;
pub use proposal::{print_fit, print_no_fit, print_saved, save_mapping};
pub use rewrite::Rewrite;
pub use screen::{Color, Screen};
pub use status::{
    DoubtView, FailureView, ResentView, RunView, StateView, StatusView, Weight, WorkView,
    print_status,
};
pub use summary::{Summary, Target};
pub use sums::Deliveries;
pub use tries::Tries;
pub(crate) use words::safe;
pub use work::{Size, Work};
