//! Events to counts, progress, text, JSON lines, CSV and HTML.
//!
//! Owns everything that people and scripts get to see: the screen, the files under `--out` and the
//! wording of advice. Promises that the outcomes shown add up to the records read, and says so
//! loudly when they do not; that memory does not grow with the number of problems; that nothing
//! from an export reaches a terminal in a form it would act on; and that files are readable by
//! their owner only. Decides nothing: what is wrong, and what is sent, was decided before. The only
//! folder that prints.

mod advice;
mod clock;
mod console;
mod counters;
mod coverage;
mod destination_line;
mod end_advice;
mod error;
mod estimate;
mod example_text;
mod field_names;
mod files;
mod finish;
mod format;
mod html;
mod json;
mod listener;
mod merge_view;
mod options;
mod outcome_counts;
mod problem_groups;
mod run_figures;
mod stop_advice;
mod summary;
mod summary_json;
#[cfg(test)]
mod test_support;
mod verify_summary;
mod work;

pub use advice::advise;
pub use clock::ClockReading;
pub use console::canary::{print_canary, print_picks};
pub use console::doctor::{DoctorLevel, DoctorLine, print_doctor};
pub use console::error_output::{ErrorOutput, tell_panics_as_json};
pub use console::explanation::{print_codes, print_explanation};
pub use console::logging::init_tracing;
pub use console::mapping_trial::MappingTrial;
pub use console::merge::print_merge;
pub use console::preset_advice::{
    NextCommands, ask, is_interactive, print_fit, print_next, print_no_fit, print_saved,
    print_trial, save_mapping,
};
pub use console::screen::{Color, Screen};
pub use console::status::print_status;
pub use console::status_view::{
    DoubtView, FailureView, ResentView, RunView, StateView, StateWeight, StatusView, WorkView,
};
pub use counters::Deliveries;
pub use error::Error;
pub use estimate::{Estimate, LowerBound};
pub use files::allowance::LeftOut;
pub use files::from_ledger::Rewrite;
pub use files::id_list::{NotAnIdList, read_id_list};
pub use files::own_reports::{is_report, is_report_called};
pub use files::prune::prune_reports;
pub use files::read_accepted::{
    Line as AcceptedLine, NotAccepted, is_rehearsed, is_unfinished, read_accepted,
};
pub use files::verify_list::VerifyList;
pub use finish::Finished;
pub(crate) use format::safe;
pub use html::canary_page::CanaryReport;
pub use listener::Report;
pub use merge_view::{CodeCount, MergeView, MergedShard};
pub use options::{DestinationLabel, ListForm, Mode, ReportOptions, ShardLabel, Style};
pub use problem_groups::{Example, ProblemCount, ProblemGroup};
pub use run_figures::{PauseView, RunFigures};
pub use summary::{FieldCount, RunSummary};
pub use verify_summary::VerifySummary;
pub use work::{RunProgress, Size};
