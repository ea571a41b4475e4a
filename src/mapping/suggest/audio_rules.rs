//! How recordings are named, as far as the columns of the export tell.

use super::known_names;
use super::proposal::ProposalDraft;
use super::windows_paths::are_paths;
use crate::domain::call::Field;

/// Proposes the templates that name a recording: its own column, else the id.
pub(super) fn recordings(draft: &mut ProposalDraft<'_>) {
    let named = draft.find(known_names::RECORDINGS, |column, shape| {
        !column.is_nested && !column.values.is_empty() && !shape.is_duration && !shape.is_flag
    });
    let of_files = || {
        let mut shapes = draft.shapes.iter().enumerate();
        let found =
            shapes.find(|(at, shape)| shape.is_recording && !draft.proposal.used.contains(at));
        found.map(|(at, _)| at)
    };
    let column = of_files().or(named);
    if let Some(at) = column {
        draft.proposal.used.insert(at);
        let name = format!("{{{{ {} }}}}", draft.in_template(at));
        draft.proposal.recordings.push(name);
        draft.proposal.has_windows_paths = are_paths(&draft.survey.columns[at].values);
    }
    if let [at] = draft.columns_of(Field::ExternalIdentity)[..] {
        let name = draft.in_template(at);
        draft
            .proposal
            .recordings
            .extend([format!("{{{{ {name} }}}}"), format!("*{{{{ {name} }}}}*")]);
    }
}
