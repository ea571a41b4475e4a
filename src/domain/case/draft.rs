//! What a mapping made of a record, before anybody has judged it.

use super::CasePath;
use crate::domain::call::Value;

/// A person as the mapping filled it.
pub(super) type ContactDraft<'a> = [Value<'a>; 3];

/// A case without its messages as the mapping filled it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseDraft<'a> {
    pub(super) fields: [Value<'a>; 9],
    pub(super) custom: Vec<(Box<str>, Value<'a>)>,
}

/// A message as the mapping filled it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessageDraft<'a> {
    pub(super) fields: [Value<'a>; 7],
    pub(super) from: ContactDraft<'a>,
    pub(super) to: Vec<ContactDraft<'a>>,
}

impl<'a> CaseDraft<'a> {
    /// Sets a field of the case; what belongs to a message is passed over.
    pub fn set(&mut self, target: &CasePath, value: Value<'a>) {
        match target {
            CasePath::Case(field) => self.fields[*field as usize] = value,
            CasePath::Custom(name) => self.custom.push((name.clone(), value)),
            CasePath::Message(_) | CasePath::From(_) | CasePath::To(..) => {}
        }
    }
}

impl<'a> MessageDraft<'a> {
    /// Sets a field of the message; what belongs to the case is passed over.
    pub fn set(&mut self, target: &CasePath, value: Value<'a>) {
        match target {
            CasePath::Message(field) => self.fields[*field as usize] = value,
            CasePath::From(field) => self.from[*field as usize] = value,
            CasePath::To(number, field) => {
                let number = usize::from(*number);
                if self.to.len() <= number {
                    self.to.resize_with(number + 1, ContactDraft::default);
                }
                self.to[number][*field as usize] = value;
            }
            CasePath::Case(_) | CasePath::Custom(_) => {}
        }
    }
}
