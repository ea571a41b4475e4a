//! What a run and the other commands show on the terminal, or as lines for programs.

pub(super) mod canary;
pub(super) mod doctor;
pub(super) mod error_output;
pub(super) mod explanation;
pub(super) mod final_facts;
pub(super) mod final_problems;
pub(super) mod final_table;
pub(super) mod json_lines;
pub(super) mod logging;
pub(super) mod mapping_trial;
pub(super) mod merge;
pub(super) mod preset_advice;
pub(super) mod progress;
pub(super) mod progress_bar;
pub(super) mod run_screen;
pub(super) mod screen;
pub(super) mod status;
pub(super) mod status_view;
pub(super) mod table;
