//! The ids to which a run is limited (`--only`), and which of them the export has.

use std::collections::HashMap;

use super::action::Action;
use super::proposal::Proposal;
use crate::domain::{Code, Location, Problem};
use crate::events::{NOT_SELECTED, Outcome};

/// Ids that are named one by one.
const MOST_NAMED: usize = 1000;

/// The ids to which a run is limited: `externalIdentity` of calls, `caseUid` of cases.
#[derive(Debug, Default)]
pub struct Selection {
    /// Each id, with its place in the list.
    ids: HashMap<String, usize>,
    /// The list, as the operator named it.
    list: String,
}

impl Selection {
    /// These ids, of the list of this name. An id that comes twice counts once.
    pub fn new(list: impl Into<String>, ids: impl IntoIterator<Item = String>) -> Selection {
        let mut numbered = HashMap::new();
        for id in ids {
            let next = numbered.len();
            numbered.entry(id).or_insert(next);
        }
        Selection {
            ids: numbered,
            list: list.into(),
        }
    }

    /// How many different ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Leaves out what is not selected, and keeps which ids came.
#[derive(Debug)]
pub(super) struct SelectionFilter<'r> {
    selection: &'r Selection,
    found: Vec<bool>,
}

impl<'r> SelectionFilter<'r> {
    pub(super) fn new(selection: &'r Selection) -> Self {
        SelectionFilter {
            selection,
            found: vec![false; selection.len()],
        }
    }

    /// Leaves a record out whose id is not among them, with all that was said of it. Rows of which another
    /// row tells stay as they are.
    pub(super) fn filter<J>(&mut self, proposal: &mut Proposal<J>, id: Option<&str>) {
        if matches!(proposal.action, Action::WithLead | Action::PutAside) {
            return;
        }
        let location = id.and_then(|id| self.selection.ids.get(id));
        if let Some(found) = location.and_then(|location| self.found.get_mut(*location)) {
            *found = true;
            return;
        }
        proposal.problems_of_rows().for_each(Vec::clear);
        proposal.action = Action::Finished(Outcome::Skipped, NOT_SELECTED.into());
        proposal.requests = 0;
        proposal.matched = None;
    }

    /// The ids that no record of the export has.
    pub(super) fn not_found(&self) -> Vec<Problem> {
        let tell = |id: &str, message: String| {
            let location = Location::on_line(self.selection.list.as_str(), 0);
            let mut problem = Problem::new(Code::IdNotFound, location, message);
            problem.name_record(id);
            problem
        };
        let mut missing: Vec<(usize, &str)> = self
            .selection
            .ids
            .iter()
            .filter(|(_, location)| !self.found[**location])
            .map(|(id, location)| (*location, id.as_str()))
            .collect();
        missing.sort_unstable();
        let named = missing.iter().take(MOST_NAMED);
        let mut problems: Vec<Problem> = named
            .map(|(_, id)| tell(id, "--only names this id, and no record has it".to_owned()))
            .collect();
        let more = missing.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            let message = format!("--only names {more} more ids that no record has");
            problems.push(tell("", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::FurtherRow;

    fn ready() -> Proposal<()> {
        let problem = Problem::new(Code::BadTime, Location::on_line("a.csv", 2), "why");
        Proposal {
            requests: 2,
            ..Proposal::new(vec![problem], Action::Ready)
        }
    }

    fn is_left_out(proposal: &Proposal<()>) -> bool {
        matches!(&proposal.action, Action::Finished(Outcome::Skipped, why) if why == NOT_SELECTED)
    }

    #[test]
    fn what_is_not_named_is_left_out_with_its_problems_and_requests() {
        let selection = Selection::new("ids.txt", ["b".to_owned()]);
        let mut filter = SelectionFilter::new(&selection);
        for id in [Some("a"), None] {
            let mut other = ready();
            let problems = vec![Problem::new(
                Code::BadTime,
                Location::on_line("a.csv", 3),
                "why",
            )];
            other.further.push(FurtherRow { index: 1, problems });
            filter.filter(&mut other, id);
            assert!(is_left_out(&other), "{id:?}");
            assert_eq!(other.requests, 0);
            assert!(other.problems_of_rows().all(|problems| problems.is_empty()));
            assert_eq!(other.further.len(), 1);
        }
        assert_eq!(filter.not_found().len(), 1);
        let mut named = ready();
        filter.filter(&mut named, Some("b"));
        assert!(matches!(named.action, Action::Ready));
        assert_eq!((named.requests, named.problems.len()), (2, 1));
        assert!(filter.not_found().is_empty());
    }

    #[test]
    fn rows_of_which_another_tells_wait_for_it() {
        let selection = Selection::new("ids.txt", []);
        let mut filter = SelectionFilter::new(&selection);
        for action in [Action::WithLead, Action::PutAside] {
            let mut row = Proposal::<()>::new(Vec::new(), action);
            filter.filter(&mut row, Some("a"));
            assert!(!is_left_out(&row));
        }
    }

    #[test]
    fn ids_that_no_record_has_are_named_in_the_order_of_the_list() {
        let ids = (0..MOST_NAMED + 2).rev().map(|id| format!("id-{id}"));
        let selection = Selection::new("ids.txt", ids.chain(["id-0".to_owned()]));
        assert_eq!(selection.len(), MOST_NAMED + 2);
        let problems = SelectionFilter::new(&selection).not_found();
        assert_eq!(problems.len(), MOST_NAMED + 1);
        assert_eq!(&*problems[0].id, format!("id-{}", MOST_NAMED + 1));
        assert!(problems[MOST_NAMED].message.contains("2 more ids"));
        assert!(
            problems
                .iter()
                .all(|it| it.code == Code::IdNotFound && it.is_error())
        );
    }
}
