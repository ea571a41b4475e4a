//! What `list-full` can be asked for beside the times.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read_picture::picture;
use crate::sandbox::body_check::Fields;
use crate::sandbox::state::StoredConversation;

/// What `list-full` can be asked for beside the times.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Filters {
    identity: Option<String>,
    status: Option<Vec<String>>,
    subjects: Option<Vec<String>>,
    customers: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    teams: Option<Vec<String>>,
    /// Nobody has a user here, so one that is asked for is not found.
    users: bool,
    custom: Vec<(String, Vec<String>)>,
    pub(super) is_ascending: bool,
}

impl Filters {
    /// What the body of a request asks for.
    pub(super) fn read(fields: &mut Fields<'_>) -> Filters {
        let mut texts = |name: &str| {
            let texts = fields.texts(name)?;
            Some(texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let (teams, users) = (texts("teamUids"), texts("userUids"));
        let custom = (1..=10).filter_map(|number| {
            let name = format!("customProp{number}");
            let wanted = texts(&name)?;
            Some((name, wanted))
        });
        let custom = custom.collect();
        Filters {
            status: texts("status"),
            subjects: texts("subjects"),
            customers: texts("customers"),
            labels: texts("labels"),
            teams,
            users: users.is_some(),
            custom,
            identity: fields.text("externalIdentity").map(str::to_owned),
            is_ascending: fields.one_of("sortDirection", &["Ascending", "Descending"])
                == Some("Ascending"),
        }
    }

    /// Whether a conversation is asked for.
    pub(super) fn take(&self, conversation: &StoredConversation) -> bool {
        let is_it = |identity: &String| **identity == *conversation.identity;
        if self.users || !self.identity.as_ref().is_none_or(is_it) {
            return false;
        }
        let picture = picture(conversation);
        let has = |wanted: &Option<Vec<String>>, value: &Value| {
            let text = value.as_str().unwrap_or_default();
            let is_wanted = |wanted: &Vec<String>| wanted.iter().any(|one| one == text);
            wanted.as_ref().is_none_or(is_wanted)
        };
        let labels = picture["labels"].as_array();
        let has_label = self.labels.is_none()
            || labels.is_some_and(|labels| labels.iter().any(|label| has(&self.labels, label)));
        let mut custom = self.custom.iter();
        has_label
            && has(&self.status, &picture["status"])
            && has(&self.subjects, &picture["subject"])
            && has(&self.customers, &picture["customer"])
            && has(&self.teams, &picture["teamUid"])
            && custom.all(|(name, wanted)| {
                let value = picture["metadata"][name].as_str();
                value.is_some_and(|value| wanted.iter().any(|one| one == value))
            })
    }
}
