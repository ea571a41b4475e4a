//! What is told of the recording of a call.

use crate::domain::{Code, MissingRecording, Problem, Severity};
use crate::source::Record;

/// Writes down what is wrong with the recording of a record.
pub(in crate::targets) struct RecordingProblems<'t, 'r> {
    pub(in crate::targets) record: &'t Record<'r>,
    /// What was asked for, for people.
    pub(in crate::targets) shown: &'t str,
    pub(in crate::targets) problems: &'t mut Vec<Problem>,
}

impl RecordingProblems<'_, '_> {
    pub(in crate::targets) fn tell(&mut self, code: Code, severity: Severity, message: String) {
        self.problems.push(
            Problem::new(code, self.record.location(), message)
                .at("recording", self.shown)
                .with_severity(severity),
        );
    }

    /// The call waits because of this, whatever is done with calls that have no recording.
    pub(in crate::targets) fn hold(&mut self, code: Code, message: String) {
        self.tell(code, Severity::Warning, message);
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.holding());
        }
    }

    pub(in crate::targets) fn missing(&mut self, what: &str, policy: MissingRecording) {
        let (severity, then) = without(policy, "the call waits for it");
        self.tell(Code::RecordingMissing, severity, format!("{what}; {then}"));
    }
}

/// What becomes of a call without a recording, and the words for it; `waits` are those for one that
/// waits.
pub(in crate::targets) fn without(
    policy: MissingRecording,
    waits: &'static str,
) -> (Severity, &'static str) {
    match policy {
        MissingRecording::Hold => (Severity::Warning, waits),
        MissingRecording::Create => (Severity::Note, "the call goes out without one"),
        MissingRecording::Refuse => (Severity::Error, "the call is refused"),
    }
}
