//! The look-up of one call's recording.

use super::grade::Grade;
use super::query::Query;
use super::result::{FoundBy, Owned, RecordingSearch, SearchResult, SearchStep, Unusable};
use super::steps::{Alternative, SearchSteps};
use crate::recordings::asked_part::shown;
use crate::recordings::index::captures::CaptureKey;
use crate::recordings::index::lookup::Index;
use crate::recordings::name::{OutsideFolder, ParsedName, WantedName, read};
use crate::recordings::spelling::NameLikeness;
use crate::recordings::store::listing::FileState;

/// The recording of a call. Reads nothing but the index, so no name can reach out of the folder.
pub fn find(index: &Index, ask: &RecordingSearch<'_>) -> SearchResult {
    let steps = SearchSteps { index };
    RecordingFinder { index, steps }.find(ask)
}

/// Asks the steps one after the other and judges what they find.
struct RecordingFinder<'i> {
    index: &'i Index,
    steps: SearchSteps<'i>,
}

impl RecordingFinder<'_> {
    fn find(&self, ask: &RecordingSearch<'_>) -> SearchResult {
        let mut is_first = ask.keys.is_empty();
        let mut asks_first = true;
        for (position, name) in ask.names.iter().enumerate() {
            let by = SearchStep::Name(position);
            let refused = |why| SearchResult::Refused {
                name: shown(name),
                why,
            };
            let wanted = match read(name, ask.record) {
                ParsedName::Nothing => continue,
                ParsedName::Refused(why) => return refused(why),
                ParsedName::Wanted(wanted) => wanted,
            };
            // A path through a link says where it means; nothing like it elsewhere is meant.
            let wanted = match self.steps.aliased(&wanted) {
                Some(Alternative::Outside) => return refused(OutsideFolder::Link),
                Some(Alternative::Elsewhere(wanted)) => wanted,
                None => wanted,
            };
            let (text, query) = (shown(name), Query::new(&wanted, ask.owned));
            if let Some(found) = self.asked(&query, by, asks_first, &text) {
                return found;
            }
            if let Some(ids) = self.steps.escaped(&text, ask.owned) {
                let (likeness, grade) = (NameLikeness::Escaped, Grade::Inexact);
                let how = FoundBy {
                    by,
                    likeness,
                    grade,
                };
                return self.verdict(&ids, how, &text);
            }
            (asks_first, is_first) = (false, false);
        }
        let mut keys = ask.keys.iter().enumerate();
        let captured = keys.find_map(|(position, key)| {
            self.captured(key, SearchStep::Captured(position), ask.owned)
        });
        captured.unwrap_or_else(|| self.identified(ask, is_first))
    }

    /// What one name finds; the whole name is only exact where it is the first that is asked for.
    fn asked(
        &self,
        query: &Query<'_>,
        by: SearchStep,
        is_first: bool,
        text: &str,
    ) -> Option<SearchResult> {
        let whole = self.steps.whole(query).map(|hits| (hits, is_first));
        let ((ids, likeness), is_exact) =
            whole.or_else(|| Some((self.steps.similar(query)?, false)))?;
        let grade = if is_exact {
            Grade::Exact
        } else {
            Grade::Inexact
        };
        let how = FoundBy {
            by,
            likeness,
            grade,
        };
        Some(self.verdict(&ids, how, text))
    }

    fn captured(&self, key: &CaptureKey, by: SearchStep, owned: Owned<'_>) -> Option<SearchResult> {
        let free = |ids| self.steps.free(ids, owned);
        let (ids, likeness) = self.index.captured.as_ref()?.find(key, free)?;
        let grade = match likeness {
            NameLikeness::Exact => Grade::Pattern,
            _ => Grade::Inexact,
        };
        let how = FoundBy {
            by,
            likeness,
            grade,
        };
        Some(self.verdict(&ids, how, &key.shown()))
    }

    fn identified(&self, ask: &RecordingSearch<'_>, is_first: bool) -> SearchResult {
        let found = WantedName::anywhere(ask.identity).and_then(|wanted| {
            let query = Query::new(&wanted, ask.owned);
            let whole = self.steps.whole(&query).map(|hits| (hits, is_first));
            let ((ids, likeness), is_exact) =
                whole.or_else(|| Some((self.steps.literal(&query)?, false)))?;
            let grade = if is_exact {
                Grade::Exact
            } else {
                Grade::Inexact
            };
            let by = SearchStep::Identity;
            let how = FoundBy {
                by,
                likeness,
                grade,
            };
            Some(self.verdict(&ids, how, ask.identity))
        });
        found.unwrap_or(SearchResult::Missing)
    }

    fn verdict(&self, ids: &[u32], how: FoundBy, asked: &str) -> SearchResult {
        let ids = self.index.distinct(ids);
        let [id] = *ids else {
            return SearchResult::Several {
                // A link out of the folder is counted, so that nobody chooses between the others,
                // and never handed out.
                first: ids
                    .iter()
                    .filter(|id| self.index.entries[**id as usize].state == FileState::Ready)
                    .take(SearchResult::SHOWN)
                    .map(|id| self.index.recording(*id))
                    .collect(),
                total: ids.len(),
                how,
            };
        };
        let entry = &self.index.entries[id as usize];
        let unusable = |why| SearchResult::Unusable {
            recording: self.index.recording(id),
            why,
            how,
        };
        match entry.state {
            FileState::Outside => SearchResult::Refused {
                name: asked.to_owned(),
                why: OutsideFolder::Link,
            },
            FileState::Special => unusable(Unusable::NotAFile),
            FileState::Unreadable => unusable(Unusable::Unreadable),
            FileState::Ready if self.index.is_without_sound(id, entry) => unusable(Unusable::Empty),
            FileState::Ready if entry.version.bytes > self.index.largest => {
                unusable(Unusable::TooLarge)
            }
            FileState::Ready => SearchResult::One(self.index.recording(id), how),
        }
    }
}
