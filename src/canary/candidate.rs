//! A call that could be picked, with all that is to be shown of it.

use super::call_cells::{cells_of, direction_of};
use super::call_trait::CallTrait;
use crate::domain::call::Call;
use crate::domain::{CallDirection, Location};
use crate::source::Record;
use crate::targets::{CallJob, RecordingUpload, StatedLength};

/// A call that a run would send.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where its record stands.
    pub location: Location,
    /// The record: names and texts of its cells.
    pub cells: Vec<(String, String)>,
    /// What is sent.
    pub call: Call<'static>,
    /// The recording that is sent.
    pub upload: Option<RecordingUpload>,
    /// How long the export says that it is.
    pub stated: Option<StatedLength>,
    /// Who called whom, where the export tells.
    pub direction: Option<CallDirection>,
    /// In what it may differ from others.
    pub traits: Vec<CallTrait>,
}

impl Candidate {
    /// The call of a job, with the record that speaks for it.
    pub(super) fn new(record: &Record<'_>, job: &CallJob) -> Candidate {
        let cells = cells_of(record);
        let mut candidate = Candidate {
            location: record.location(),
            direction: direction_of(&cells, &job.call),
            cells,
            call: job.call.clone(),
            upload: job.upload.clone(),
            stated: job.stated.clone(),
            traits: Vec::new(),
        };
        candidate.traits = candidate.all_traits();
        candidate
    }

    fn all_traits(&self) -> Vec<CallTrait> {
        let (upload, stated) = (self.upload.as_ref(), self.stated.as_ref());
        CallTrait::all_of(&self.call, upload, stated, self.direction)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::Value;
    use crate::domain::call::Field;
    use crate::domain::call::sample::draft;

    /// A call of this id with these texts beside the required ones.
    pub(in crate::canary) fn call(
        identity: &str,
        fields: &[(Field, &'static str)],
    ) -> Call<'static> {
        let mut draft = draft();
        for (field, text) in fields {
            let value = match *field {
                Field::SalesPersonAudioChannel => Value::Number((*text).into()),
                _ => Value::Text((*text).into()),
            };
            draft.set(*field, value);
        }
        draft.set(
            Field::ExternalIdentity,
            Value::Text(identity.to_owned().into()),
        );
        Call::new(draft, &mut Vec::new()).expect("a call")
    }

    /// The same as a candidate.
    pub(in crate::canary) fn candidate(
        identity: &str,
        fields: &[(Field, &'static str)],
    ) -> Candidate {
        let call = call(identity, fields);
        let mut candidate = Candidate {
            location: Location::on_line("calls.csv", 2),
            cells: Vec::new(),
            call,
            upload: None,
            stated: None,
            direction: None,
            traits: Vec::new(),
        };
        candidate.traits = candidate.all_traits();
        candidate
    }

    #[test]
    fn the_direction_comes_from_the_likeliest_column_or_from_what_is_sent() {
        use super::super::call_cells::direction_of;
        let cell = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let plain = call("a", &[]);
        let told = |cells: &[(String, String)]| direction_of(cells, &plain);
        let both = [cell("Type", "outbound"), cell("Direction", "ind")];
        assert_eq!(told(&both), Some(CallDirection::Inbound));
        assert_eq!(told(&[cell("note", "inbound")]), None);
        let sent = call("a", &[(Field::CustomProp1, "Outbound")]);
        assert_eq!(direction_of(&[], &sent), Some(CallDirection::Outbound));
    }
}
