//! What a mapping can fill: the fields of a case, of a message and of a person, by their paths.

use std::fmt;

use crate::domain::call::ValueKind;

macro_rules! fields {
    ($(#[$doc:meta])* $enum:ident, $count:literal: $( $variant:ident $name:literal $kind:ident ),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the variants are the API's own names, documented in its page")]
        pub enum $enum { $( $variant ),+ }

        impl $enum {
            /// Every field, in the order of the API's page.
            pub const ALL: [$enum; $count] = [ $( $enum::$variant ),+ ];

            /// The name on the wire and in mapping files.
            pub const fn name(self) -> &'static str {
                match self { $( $enum::$variant => $name ),+ }
            }

            /// What the field holds.
            pub const fn kind(self) -> ValueKind {
                match self { $( $enum::$variant => ValueKind::$kind ),+ }
            }

            /// The field of exactly this name, or `None`.
            pub fn from_name(name: &str) -> Option<$enum> {
                Self::ALL.into_iter().find(|field| field.name() == name)
            }
        }
    };
}

fields! {
    /// A field of the case itself.
    CaseField, 9:
    CaseUid "caseUid" Text,
    Source "source" Text,
    Created "created" Time,
    Updated "updated" Time,
    Subject "subject" Text,
    Inbox "inbox" Text,
    Status "status" Text,
    Priority "priority" Text,
    Tags "tags" Labels,
}

fields! {
    /// A field of a message.
    MessageField, 7:
    MessageUid "messageUid" Text,
    Created "created" Time,
    Direction "direction" Text,
    Text "text" Text,
    Subject "subject" Text,
    Type "type" Text,
    Attachments "attachments" Labels,
}

fields! {
    /// A field of somebody who wrote or got a message.
    ContactField, 3:
    Id "id" Text,
    Name "name" Text,
    Email "email" Text,
}

/// One thing that a mapping can fill.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CasePath {
    /// A field of the case.
    Case(CaseField),
    /// A custom field of the case, by its name.
    Custom(Box<str>),
    /// A field of a message.
    Message(MessageField),
    /// The sender of a message.
    From(ContactField),
    /// The recipient of a message with this number, from 0.
    To(u8, ContactField),
}

impl CasePath {
    /// The most custom fields of a case (the case page).
    pub const MOST_CUSTOM: usize = 10;

    /// Whether a custom field may have this name: letters a to z and digits (the case page).
    pub fn is_custom_name(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// What the field holds.
    pub const fn kind(&self) -> ValueKind {
        match self {
            CasePath::Case(field) => field.kind(),
            CasePath::Message(field) => field.kind(),
            CasePath::From(field) | CasePath::To(_, field) => field.kind(),
            CasePath::Custom(_) => ValueKind::Text,
        }
    }

    /// Whether it belongs to a message and not to the case.
    pub const fn is_of_message(&self) -> bool {
        !matches!(self, CasePath::Case(_) | CasePath::Custom(_))
    }
}

/// The path in mapping files: `message.from.email`.
impl fmt::Display for CasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CasePath::Case(field) => f.write_str(field.name()),
            CasePath::Custom(name) => write!(f, "customFields.{name}"),
            CasePath::Message(field) => write!(f, "message.{}", field.name()),
            CasePath::From(field) => write!(f, "message.from.{}", field.name()),
            CasePath::To(0, field) => write!(f, "message.to.{}", field.name()),
            CasePath::To(number, field) => write!(f, "message.to.{number}.{}", field.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_names_only() {
        for field in CaseField::ALL {
            assert_eq!(CaseField::from_name(field.name()), Some(field));
        }
        for field in MessageField::ALL {
            assert_eq!(MessageField::from_name(field.name()), Some(field));
        }
        assert_eq!(ContactField::from_name("mail"), None);
    }

    #[test]
    fn a_custom_name_is_letters_and_digits() {
        assert!(CasePath::is_custom_name("Order2"));
        for name in ["", "a b", "æ", "a-b", "a_b"] {
            assert!(!CasePath::is_custom_name(name), "{name}");
        }
    }
}
