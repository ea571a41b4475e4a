//! A case and its messages that may be sent.

use jiff::Timestamp;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use super::draft::ContactDraft;
use super::violations::{CaseChecker, CaseViolation};
use super::{CaseDraft, CaseField, CasePath, ContactField, MessageDraft, MessageField};
use crate::domain::Code;
use crate::domain::call::Value;

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A customer.
    Inbound,
    /// An agent.
    Outbound,
}

impl Direction {
    /// The value on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Inbound => "Inbound",
            Direction::Outbound => "Outbound",
        }
    }

    /// The direction of this name. The older page writes it in lower case, so any case is taken.
    pub fn from_name(name: &str) -> Option<Direction> {
        [Direction::Inbound, Direction::Outbound]
            .into_iter()
            .find(|direction| direction.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// Somebody who wrote or got a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who it is in the help desk; an agent always has one.
    pub id: Option<String>,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// A checked case without its messages: required fields are there, every value fits the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The key of the case (`caseUid`).
    pub uid: String,
    /// Where it came in.
    pub source: String,
    /// When it was opened, in RFC 3339.
    pub created: String,
    /// When it last changed, in RFC 3339.
    pub updated: String,
    /// What `updated` names.
    pub updated_at: Timestamp,
    /// Its title.
    pub subject: String,
    /// The group that takes care of it.
    pub inbox: Option<String>,
    /// Its state, in the help desk's own words.
    pub status: Option<String>,
    /// Its priority, in the help desk's own words.
    pub priority: Option<String>,
    /// Its tags; none twice.
    pub tags: Vec<String>,
    /// Custom fields by name, at most [`CasePath::MOST_CUSTOM`], none empty.
    pub custom: Vec<(Box<str>, String)>,
}

/// A checked message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The key of the message in its case (`messageUid`).
    pub uid: String,
    /// When it was written, in RFC 3339.
    pub created: String,
    /// What `created` names.
    pub at: Timestamp,
    /// Who wrote it.
    pub direction: Direction,
    /// What it says; HTML is left to the server, which strips it.
    pub text: String,
    /// A title of its own.
    pub subject: Option<String>,
    /// What kind of message it is, in the help desk's own words.
    pub kind: Option<String>,
    /// Names or addresses of what was attached.
    pub attachments: Vec<String>,
    /// The sender.
    pub from: Contact,
    /// The recipients, at least one.
    pub to: Vec<Contact>,
}

impl Case {
    /// Judges a draft. Every fault is appended to `faults`; the case is returned unless one of them
    /// is an error or the mapping has already reported one ([`Value::Broken`]).
    pub fn new(draft: CaseDraft<'_>, faults: &mut Vec<CaseViolation>) -> Option<Case> {
        use CaseField as F;
        let mut judge = CaseChecker::new(faults);
        let CaseDraft { mut fields, custom } = draft;
        let mut take = |field: F| {
            let value = std::mem::take(&mut fields[field as usize]);
            (CasePath::Case(field), value)
        };
        let (target, value) = take(F::CaseUid);
        let uid = judge.id(&target, value);
        let (target, value) = take(F::Source);
        let source = judge.required(&target, value);
        let (target, value) = take(F::Created);
        let (created, _) = judge.time(&target, value);
        let (target, value) = take(F::Updated);
        let (updated, updated_at) = judge.time(&target, value);
        let (target, value) = take(F::Subject);
        let subject = judge.required(&target, value);
        let mut optional = |field| {
            let (target, value) = take(field);
            judge.optional(&target, value)
        };
        let (inbox, status, priority) = (
            optional(F::Inbox),
            optional(F::Status),
            optional(F::Priority),
        );
        let (target, value) = take(F::Tags);
        let tags = judge.list(&target, value);
        let custom = read_custom(custom, &mut judge);
        judge.is_good().then_some(Case {
            uid,
            source,
            created,
            updated,
            updated_at,
            subject,
            inbox,
            status,
            priority,
            tags,
            custom,
        })
    }

    /// A hash of everything that the export says about the case itself.
    pub fn fingerprint(&self) -> u128 {
        let mut print = CaseFingerprint::default();
        for text in [
            &self.uid,
            &self.source,
            &self.created,
            &self.updated,
            &self.subject,
        ] {
            print.text(text);
        }
        for text in [&self.inbox, &self.status, &self.priority] {
            print.optional(text.as_deref());
        }
        print.list(&self.tags);
        for (name, value) in &self.custom {
            print.text(name);
            print.text(value);
        }
        print.finish()
    }

    /// A hash of those of the case's own fields that a change of a case that is there can carry. It is never
    /// that of all fields.
    pub fn changeable_fingerprint(&self) -> u128 {
        let mut print = CaseFingerprint::default();
        print.text("changeable");
        for text in [&self.uid, &self.updated, &self.subject] {
            print.text(text);
        }
        for text in [&self.inbox, &self.status] {
            print.optional(text.as_deref());
        }
        print.list(&self.tags);
        for (name, value) in &self.custom {
            print.text(name);
            print.text(value);
        }
        print.finish()
    }

    /// A hash of the case and these of its messages, in their order.
    pub fn whole_fingerprint(&self, messages: &[Message]) -> u128 {
        let mut print = CaseFingerprint::default();
        print.number(self.fingerprint());
        for message in messages {
            print.number(message.fingerprint());
        }
        print.finish()
    }

    /// A short hash of the uid, for tables that must stay small.
    pub fn identity_hash(&self) -> u64 {
        xxh3_64(self.uid.as_bytes())
    }
}

fn read_custom(
    fields: Vec<(Box<str>, Value<'_>)>,
    judge: &mut CaseChecker<'_>,
) -> Vec<(Box<str>, String)> {
    let mut custom = Vec::new();
    for (name, value) in fields {
        let target = CasePath::Custom(name.clone());
        if !CasePath::is_custom_name(&name) {
            let message = "the name of a custom field has letters a to z and digits only";
            judge.fault(Code::BadChoice, &target, "", message);
        }
        if let Some(text) = judge.optional(&target, value) {
            custom.push((name, text));
        }
    }
    if let Some((name, _)) = custom.get(CasePath::MOST_CUSTOM) {
        let message = "a case has at most ten custom fields";
        judge.fault(
            Code::BadChoice,
            &CasePath::Custom(name.clone()),
            "",
            message,
        );
    }
    custom
}

impl Message {
    /// Judges a draft, as [`Case::new`] does.
    pub fn new(draft: MessageDraft<'_>, faults: &mut Vec<CaseViolation>) -> Option<Message> {
        use MessageField as F;
        let mut judge = CaseChecker::new(faults);
        let MessageDraft {
            mut fields,
            from,
            to,
        } = draft;
        let mut take = |field: F| {
            let value = std::mem::take(&mut fields[field as usize]);
            (CasePath::Message(field), value)
        };
        let (target, value) = take(F::MessageUid);
        let uid = judge.id(&target, value);
        let (target, value) = take(F::Created);
        let (created, at) = judge.time(&target, value);
        let (target, value) = take(F::Direction);
        let direction = read_direction(&target, value, &mut judge);
        let (target, value) = take(F::Text);
        let text = judge.required(&target, value);
        let (target, value) = take(F::Subject);
        let subject = judge.optional(&target, value);
        let (target, value) = take(F::Type);
        let kind = judge.optional(&target, value);
        let (target, value) = take(F::Attachments);
        let attachments = judge.list(&target, value);
        let from = read_contact(from, &CasePath::From, &mut judge);
        if from.id.is_none() && direction == Some(Direction::Outbound) {
            let message = "required on outbound messages: it names the agent";
            judge.fault(
                Code::MissingField,
                &CasePath::From(ContactField::Id),
                "",
                message,
            );
        }
        let to = read_recipients(to, &mut judge);
        let direction = direction?;
        judge.is_good().then_some(Message {
            uid,
            created,
            at,
            direction,
            text,
            subject,
            kind,
            attachments,
            from,
            to,
        })
    }

    /// A hash of everything that the export says about the message.
    pub fn fingerprint(&self) -> u128 {
        let mut print = CaseFingerprint::default();
        for text in [&self.uid, &self.created, &self.text] {
            print.text(text);
        }
        print.text(self.direction.name());
        print.optional(self.subject.as_deref());
        print.optional(self.kind.as_deref());
        print.list(&self.attachments);
        for contact in std::iter::once(&self.from).chain(&self.to) {
            print.optional(contact.id.as_deref());
            print.text(&contact.name);
            print.text(&contact.email);
        }
        print.finish()
    }

    /// A short hash of the uid. A case has so few messages that no two of them share it.
    pub fn identity_hash(&self) -> u64 {
        xxh3_64(self.uid.as_bytes())
    }
}

fn read_direction(
    target: &CasePath,
    value: Value<'_>,
    judge: &mut CaseChecker<'_>,
) -> Option<Direction> {
    let text = judge.required(target, value);
    let direction = Direction::from_name(&text);
    if direction.is_none() && !text.is_empty() {
        judge.fault(
            Code::BadChoice,
            target,
            &text,
            "must be Inbound or Outbound",
        );
    }
    direction
}

/// Recipients of whom nothing is said are passed over, as long as one is left.
fn read_recipients(drafts: Vec<ContactDraft<'_>>, judge: &mut CaseChecker<'_>) -> Vec<Contact> {
    let is_empty = |draft: &ContactDraft<'_>| draft.iter().all(|value| *value == Value::Absent);
    let mut recipients = Vec::new();
    let all_empty = drafts.iter().all(is_empty);
    for (number, draft) in (0_u8..).zip(drafts) {
        if !is_empty(&draft) || (all_empty && number == 0) {
            let target = |field| CasePath::To(number, field);
            recipients.push(read_contact(draft, &target, judge));
        }
    }
    if recipients.is_empty() {
        let message = "required, but the mapping fills no recipient";
        judge.fault(
            Code::MissingField,
            &CasePath::To(0, ContactField::Name),
            "",
            message,
        );
    }
    recipients
}

fn read_contact(
    draft: ContactDraft<'_>,
    target: &dyn Fn(ContactField) -> CasePath,
    judge: &mut CaseChecker<'_>,
) -> Contact {
    let [id, name, email] = draft;
    Contact {
        id: judge.optional_key(&target(ContactField::Id), id),
        name: judge.required(&target(ContactField::Name), name),
        email: judge.email(&target(ContactField::Email), email),
    }
}

/// A hash over parts whose lengths go before them, so that no two lists of parts are alike.
#[derive(Default)]
struct CaseFingerprint(Xxh3Default);

impl CaseFingerprint {
    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.0.update(&[u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    fn list(&mut self, texts: &[String]) {
        self.0.update(&(texts.len() as u64).to_le_bytes());
        for text in texts {
            self.text(text);
        }
    }

    fn number(&mut self, number: u128) {
        self.0.update(&number.to_le_bytes());
    }

    fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Value<'static> {
        Value::Text(text.into())
    }

    fn case_draft() -> CaseDraft<'static> {
        let mut draft = CaseDraft::default();
        for (field, value) in [
            (CaseField::CaseUid, "1001"),
            (CaseField::Source, "email"),
            (CaseField::Created, "2024-03-15T08:00:00Z"),
            (CaseField::Updated, "2024-03-16T09:30:00Z"),
            (CaseField::Subject, "Faktura"),
        ] {
            draft.set(&CasePath::Case(field), text(value));
        }
        draft
    }

    fn message_draft(direction: &'static str) -> MessageDraft<'static> {
        let mut draft = MessageDraft::default();
        for (target, value) in [
            (CasePath::Message(MessageField::MessageUid), "50001"),
            (
                CasePath::Message(MessageField::Created),
                "2024-03-15T08:00:00Z",
            ),
            (CasePath::Message(MessageField::Direction), direction),
            (CasePath::Message(MessageField::Text), "Hej"),
            (CasePath::From(ContactField::Name), "Dummy"),
            (CasePath::From(ContactField::Email), "dummy@example.com"),
            (CasePath::To(0, ContactField::Name), "Desk"),
            (CasePath::To(0, ContactField::Email), "desk@example.com"),
        ] {
            draft.set(&target, text(value));
        }
        draft
    }

    fn case_codes(draft: CaseDraft<'_>) -> Vec<(Code, String)> {
        let mut faults = Vec::new();
        let _ = Case::new(draft, &mut faults);
        let code = |fault: CaseViolation| (fault.code, fault.target.to_string());
        faults.into_iter().map(code).collect()
    }

    fn message_codes(draft: MessageDraft<'_>) -> Vec<(Code, String)> {
        let mut faults = Vec::new();
        let _ = Message::new(draft, &mut faults);
        let code = |fault: CaseViolation| (fault.code, fault.target.to_string());
        faults.into_iter().map(code).collect()
    }

    #[test]
    fn ids_are_judged_as_those_of_calls_are() {
        let bad = [
            ("4.41E+17".to_owned(), Code::SpreadsheetDamage),
            ("x".repeat(1_025), Code::RecordTooLarge),
            (" 1001".to_owned(), Code::PaddedId),
        ];
        for (id, code) in bad {
            let target = CasePath::Case(CaseField::CaseUid);
            let mut draft = case_draft();
            draft.set(&target, Value::Text(id.clone().into()));
            assert_eq!(case_codes(draft), [(code, target.to_string())], "{id}");
            let target = CasePath::Message(MessageField::MessageUid);
            let mut draft = message_draft("Inbound");
            draft.set(&target, Value::Text(id.clone().into()));
            assert_eq!(message_codes(draft), [(code, target.to_string())], "{id}");
        }
    }

    #[test]
    fn a_case_with_its_required_fields_may_be_sent() {
        let case = Case::new(case_draft(), &mut Vec::new()).unwrap();
        assert_eq!(case.uid, "1001");
        assert_eq!(case.updated_at.as_second(), 1_710_581_400);
        assert_eq!(case.priority, None);
    }

    #[test]
    fn everything_that_a_case_lacks_is_told_at_once() {
        let codes = case_codes(CaseDraft::default());
        let names: Vec<_> = codes.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(
            names,
            ["caseUid", "source", "created", "updated", "subject"]
        );
        assert!(codes.iter().all(|(code, _)| *code == Code::MissingField));
    }

    #[test]
    fn an_eleventh_custom_field_is_refused_and_empty_ones_do_not_count() {
        let mut draft = case_draft();
        for number in 0..10 {
            draft.set(&CasePath::Custom(format!("f{number}").into()), text("x"));
        }
        draft.set(&CasePath::Custom("empty".into()), text(" "));
        assert_eq!(case_codes(draft.clone()), []);
        draft.set(&CasePath::Custom("f10".into()), text("x"));
        assert_eq!(
            case_codes(draft),
            [(Code::BadChoice, "customFields.f10".to_owned())]
        );
    }

    #[test]
    fn a_direction_is_capitalised_and_an_unknown_one_refused() {
        let message = Message::new(message_draft("inbound"), &mut Vec::new()).unwrap();
        assert_eq!(message.direction.name(), "Inbound");
        assert_eq!(
            message_codes(message_draft("sideways")),
            [(Code::BadChoice, "message.direction".to_owned())]
        );
    }

    #[test]
    fn an_agent_needs_an_id_and_a_customer_does_not() {
        assert_eq!(message_codes(message_draft("Inbound")), []);
        assert_eq!(
            message_codes(message_draft("Outbound")),
            [(Code::MissingField, "message.from.id".to_owned())]
        );
        let mut draft = message_draft("Outbound");
        draft.set(&CasePath::From(ContactField::Id), text("8001"));
        assert_eq!(message_codes(draft), []);
    }

    #[test]
    fn a_recipient_is_needed_and_empty_ones_among_several_are_not() {
        let mut draft = message_draft("Inbound");
        draft.to = Vec::new();
        assert_eq!(
            message_codes(draft),
            [(Code::MissingField, "message.to.name".to_owned())]
        );
        let mut draft = message_draft("Inbound");
        draft.set(&CasePath::To(1, ContactField::Id), Value::Absent);
        let message = Message::new(draft, &mut Vec::new()).unwrap();
        assert_eq!(message.to.len(), 1);
    }

    #[test]
    fn every_change_changes_the_fingerprint() {
        let case = Case::new(case_draft(), &mut Vec::new()).unwrap();
        let message = Message::new(message_draft("Inbound"), &mut Vec::new()).unwrap();
        let mut tagged = case.clone();
        tagged.tags.push("a".to_owned());
        let mut moved = case.clone();
        (moved.inbox, moved.status) = (None, Some("x".to_owned()));
        let mut other = case.clone();
        (other.inbox, other.status) = (Some("x".to_owned()), None);
        let prints = [&case, &tagged, &moved, &other].map(Case::fingerprint);
        for (index, print) in prints.iter().enumerate() {
            assert!(!prints[..index].contains(print));
        }
        let mut edited = message.clone();
        edited.text.push('!');
        assert_ne!(edited.fingerprint(), message.fingerprint());
        assert_ne!(
            case.whole_fingerprint(&[message]),
            case.whole_fingerprint(&[edited])
        );
    }
}
