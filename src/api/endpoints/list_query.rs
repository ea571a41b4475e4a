//! Which conversations are listed, and the body of the request for them.

use jiff::Timestamp;
use serde::Serialize;

/// The most conversations in one page that the contract has.
const LARGEST_PAGE: u16 = 10_000;

/// The body of a request for a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub(super) enum ListQuery<'a> {
    #[serde(rename_all = "camelCase")]
    Identity {
        external_identity: &'a str,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Time {
        from_inclusive: String,
        to_inclusive: String,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Days {
        #[serde(skip_serializing_if = "Option::is_none")]
        from_inclusive: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        to_inclusive: Option<String>,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Changed { last_changed: String, limit: u16 },
    #[serde(rename_all = "camelCase")]
    Next { continuation_token: &'a str },
}

/// Which conversations are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationList<'a> {
    /// All with this identity.
    Identity(&'a str),
    /// All of these days, of which either may be open.
    Days(Option<Timestamp>, Option<Timestamp>),
    /// All that were changed at this moment or later.
    ChangedSince(Timestamp),
    /// The page that a token of `list-full` leads to.
    NextDays(&'a str),
    /// The page that a token of `list-delta` leads to.
    NextChanged(&'a str),
}

impl<'a> From<ConversationList<'a>> for ListQuery<'a> {
    fn from(wanted: ConversationList<'a>) -> ListQuery<'a> {
        let text = |at: Timestamp| at.to_string();
        let limit = LARGEST_PAGE;
        match wanted {
            ConversationList::Identity(external_identity) => ListQuery::Identity {
                external_identity,
                limit,
            },
            ConversationList::Days(from, to) => ListQuery::Days {
                from_inclusive: from.map(text),
                to_inclusive: to.map(text),
                limit,
            },
            ConversationList::ChangedSince(at) => ListQuery::Changed {
                last_changed: text(at),
                limit,
            },
            ConversationList::NextDays(token) | ConversationList::NextChanged(token) => {
                ListQuery::Next {
                    continuation_token: token,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_time_and_then_by_token() {
        let text = |wanted: &ListQuery<'_>| serde_json::to_string(wanted).unwrap();
        assert_eq!(
            text(&ListQuery::Identity {
                external_identity: "é",
                limit: 1
            }),
            r#"{"externalIdentity":"é","limit":1}"#
        );
        assert_eq!(
            text(&ListQuery::Time {
                from_inclusive: "a".to_owned(),
                to_inclusive: "b".to_owned(),
                limit: 2
            }),
            r#"{"fromInclusive":"a","toInclusive":"b","limit":2}"#
        );
        assert_eq!(
            text(&ListQuery::Next {
                continuation_token: "t"
            }),
            r#"{"continuationToken":"t"}"#
        );
    }
}
