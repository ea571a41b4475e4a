//! What happens, as JSON lines for programs.
//!
//! Every line is one object with `event` and `at`. Values of the export never appear, and neither
//! does any character that a terminal would act on.

use std::num::NonZeroU64;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::Problem;
use crate::report::RunSummary;
use crate::report::console::progress::ProgressView;
use crate::report::json::json;

/// Lines about problems of one kind; the summary counts them all.
pub(in crate::report) const MOST_PROBLEMS: u64 = 100;

/// One notable event.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(in crate::report) enum JsonLine<'a> {
    /// The first line of a run: where it sends to.
    Started {
        mode: &'a str,
        destination: &'a str,
        ledger: &'a str,
        ledger_is_new: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        read_api: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        settings: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<String>,
    },
    /// Files that are read beside the export.
    SecondFiles {
        files: &'a [String],
    },
    /// Where the run can be watched.
    Watched {
        url: &'a str,
    },
    Opened {
        file: &'a str,
        reading: &'a str,
        unused_columns: &'a [String],
    },
    Progress(&'a ProgressView),
    Problem {
        code: &'a str,
        severity: &'a str,
        file: &'a str,
        line: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        record: Option<NonZeroU64>,
        #[serde(skip_serializing_if = "str::is_empty")]
        id: &'a str,
        column: &'a str,
        message: &'a str,
    },
    ReadApiAnswers {
        version: &'a str,
    },
    Paused {
        seconds: f64,
        why: &'a str,
    },
    Stopping {
        stop: &'a str,
        why: &'a str,
    },
    Summary(&'a RunSummary),
    Error {
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
        exit: u8,
    },
}

#[derive(Serialize)]
struct Stamped<'a> {
    at: String,
    #[serde(flatten)]
    line: &'a JsonLine<'a>,
}

impl<'a> JsonLine<'a> {
    /// The line for a problem, without its value.
    pub(in crate::report) fn problem(problem: &'a Problem) -> Self {
        JsonLine::Problem {
            code: problem.code.name(),
            severity: problem.severity.name(),
            file: &problem.location.file,
            line: problem.location.line,
            record: problem.location.record,
            id: &problem.id,
            column: &problem.column,
            message: &problem.message,
        }
    }

    /// The line as text.
    pub(in crate::report) fn text(&self, at: Timestamp) -> String {
        let stamped = Stamped {
            at: format!("{at:.3}"),
            line: self,
        };
        json(&stamped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, Location};

    #[test]
    fn a_problem_is_told_without_its_value() {
        let location = Location::on_line("a\u{202e}.csv", 17);
        let mut problem = Problem::new(Code::BadTime, location, "no such day").at("when", "secret");
        problem.name_record("F-007");
        let text = JsonLine::problem(&problem).text(Timestamp::UNIX_EPOCH);
        assert_eq!(
            text,
            r#"{"at":"1970-01-01T00:00:00.000Z","event":"problem","code":"bad-time","severity":"error","file":"a\u202e.csv","line":17,"id":"F-007","column":"when","message":"no such day"}"#
        );
    }
}
