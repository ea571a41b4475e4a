//! The two pages of version 2, which name three fields differently, and what a server that keeps to one of
//! them loses of a body.
//!
//! Version 2 does not check strictly: a name that is not on its page is no mistake, and nothing comes of it.

use serde_json::{Map, Value};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

/// The fields whose names differ: that of the older page, and that of the newer one, if it has the field.
const NAMES: [(&str, Option<&str>); 3] = [
    ("teamId", None),
    ("teamName", Some("team")),
    ("conversationSegments", Some("cutAudio")),
];

/// Which page of version 2 the server keeps to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum V2Page {
    /// The one that has `teamId`, `teamName` and `conversationSegments`.
    Old,
    /// The one of 2026-04-20, whose body is that of version 3: `team` and `cutAudio`.
    New,
    /// The names of both pages are taken, since nobody knows which one is true.
    #[default]
    Both,
}

impl V2Page {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
            Self::Both => "both",
        }
    }

    /// Whether the page has this name. All pages have the names on which they agree.
    pub(super) fn has(self, name: &str) -> bool {
        match self {
            Self::Both => true,
            Self::Old => NAMES.iter().all(|(_, new)| *new != Some(name)),
            Self::New => NAMES.iter().all(|(old, _)| *old != name),
        }
    }

    /// The names of a body whose values nobody gets: the page lacks them, and the same value does not
    /// stand under a name that it has.
    pub(super) fn lost(self, body: &Map<String, Value>) -> Vec<&'static str> {
        let pairs = NAMES.iter().flat_map(|(old, new)| match new {
            Some(new) => vec![(*old, Some(*new)), (*new, Some(*old))],
            None => vec![(*old, None)],
        });
        let is_lost = |(name, other): &(&str, Option<&str>)| {
            let kept = other.filter(|other| self.has(other));
            let kept = kept.and_then(|other| body.get(other));
            !self.has(name) && body.get(*name).is_some_and(|value| kept != Some(value))
        };
        pairs.filter(is_lost).map(|(name, _)| name).collect()
    }

    /// The uid of the team that a body names under names that the page has. It is the same for the same
    /// team in every run.
    pub(super) fn team_uid(self, body: &Map<String, Value>) -> Option<Uuid> {
        let names = ["team", "teamName", "teamId"].into_iter();
        let mut texts = names
            .filter(|name| self.has(name))
            .filter_map(|name| body.get(name)?.as_str());
        let team = texts.find(|text| !text.trim().is_empty())?;
        Some(uuid::Builder::from_random_bytes(xxh3_128(team.as_bytes()).to_be_bytes()).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn what_stands_under_a_name_of_the_page_as_well_is_not_lost() {
        let cut = json!([{"startSeconds": 0, "durationSeconds": 1}]);
        let old = json!({"teamId": "7", "teamName": "A", "conversationSegments": cut});
        let new = json!({"team": "A", "cutAudio": cut});
        let mut both = body(&old);
        both.extend(body(&new));
        for (page, of_old, of_new, of_both) in [
            (V2Page::Old, &[][..], &["team", "cutAudio"][..], &[][..]),
            (
                V2Page::New,
                &["teamId", "teamName", "conversationSegments"],
                &[],
                &["teamId"],
            ),
            (V2Page::Both, &[], &[], &[]),
        ] {
            assert_eq!(page.lost(&body(&old)), of_old, "{page:?}");
            assert_eq!(page.lost(&body(&new)), of_new, "{page:?}");
            assert_eq!(page.lost(&both), of_both, "{page:?}");
        }
        let differs = body(&json!({"teamName": "A", "team": "B"}));
        assert_eq!(V2Page::New.lost(&differs), ["teamName"]);
    }

    #[test]
    fn a_team_has_a_uid_where_the_page_has_its_name() {
        let old = body(&json!({"teamName": "A"}));
        let new = body(&json!({"team": "A"}));
        let uid = V2Page::Both.team_uid(&old);
        assert!(uid.is_some());
        assert_eq!(V2Page::New.team_uid(&new), uid);
        assert_eq!(V2Page::Old.team_uid(&old), uid);
        assert_eq!(V2Page::New.team_uid(&old), None);
        assert_eq!(V2Page::Old.team_uid(&new), None);
        assert_ne!(V2Page::Both.team_uid(&body(&json!({"team": "B"}))), uid);
        assert_eq!(V2Page::Both.team_uid(&body(&json!({"team": " "}))), None);
    }
}
