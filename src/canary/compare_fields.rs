//! What the destination shows of a call, held against what was sent.

use jiff::Timestamp;

use crate::api::ConversationDetails;
use crate::domain::Value;
use crate::domain::call::{Call, Field};

/// A field that the destination shows otherwise than it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum OddField {
    /// The time of the call.
    Time,
    /// Whether its customer agreed.
    Consent,
    /// A team was named, and there is none.
    Team,
    /// The subject.
    Subject,
    /// The customer.
    Customer,
    /// The status.
    Status,
    /// The labels.
    Labels,
}

impl OddField {
    /// In the words of the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            OddField::Time => "dateTime",
            OddField::Consent => "hasConsent",
            OddField::Team => "team",
            OddField::Subject => "subject",
            OddField::Customer => "customer",
            OddField::Status => "status",
            OddField::Labels => "labels",
        }
    }
}

/// The fields that differ. What the answer does not tell is not held against it, and of a call whose
/// customer refused nothing that the destination makes anonymous.
pub(super) fn odd_fields(call: &Call<'_>, told: &ConversationDetails) -> Vec<OddField> {
    let mut odd = Vec::new();
    let mut expect = |is_odd: bool, field| odd.extend(is_odd.then_some(field));
    let time = told.date_time.as_deref();
    let time = time.and_then(|text| text.parse::<Timestamp>().ok());
    // Servers keep times with fewer digits than they were given.
    let is_far = |at: Timestamp| at.as_millisecond().abs_diff(call.at().as_millisecond()) > 1000;
    expect(time.is_some_and(is_far), OddField::Time);
    let consent = call.consent().unwrap_or(true);
    expect(
        told.has_consent.is_some_and(|told| told != consent),
        OddField::Consent,
    );
    let names_team = !call.text(Field::TeamName).is_empty();
    expect(names_team && told.team_uid.is_none(), OddField::Team);
    if !consent {
        return odd;
    }
    let differs = |told: &Option<String>, field| {
        let told = told.as_deref();
        told.is_some_and(|told| told != call.text(field))
    };
    expect(differs(&told.subject, Field::Subject), OddField::Subject);
    expect(differs(&told.customer, Field::Customer), OddField::Customer);
    expect(differs(&told.status, Field::Status), OddField::Status);
    if let (Value::Labels(sent), Some(told)) = (call.get(Field::Labels), &told.labels) {
        let is_there = |label: &str| told.iter().any(|known| known == label);
        expect(!sent.iter().all(|label| is_there(label)), OddField::Labels);
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::super::candidate::tests::call;
    use super::*;

    #[test]
    fn only_what_is_told_otherwise_is_odd() {
        let sent = call("a", &[(Field::TeamName, "Øst"), (Field::Status, "closed")]);
        let told = ConversationDetails {
            date_time: Some("2024-03-15T07:12:03Z".to_owned()),
            subject: Some("Faktura".to_owned()),
            status: Some("open".to_owned()),
            ..ConversationDetails::default()
        };
        let odd = odd_fields(&sent, &told);
        assert_eq!(odd, [OddField::Time, OddField::Team, OddField::Status]);
        let told = ConversationDetails {
            date_time: Some("2024-03-15T08:12:03.25Z".to_owned()),
            team_uid: Some("t".to_owned()),
            ..ConversationDetails::default()
        };
        assert_eq!(odd_fields(&sent, &told), []);
    }

    #[test]
    fn of_somebody_who_refused_people_are_not_compared() {
        let sent = call("a", &[]).with_consent(Some(false));
        let mut told = ConversationDetails {
            customer: Some("anonymous".to_owned()),
            has_consent: Some(false),
            ..ConversationDetails::default()
        };
        assert_eq!(odd_fields(&sent, &told), []);
        told.has_consent = Some(true);
        assert_eq!(odd_fields(&sent, &told), [OddField::Consent]);
    }
}
