//! The 36 fields of a conversation, by the names of the v2 page.

use std::fmt;

/// What a field holds on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A JSON string.
    Text,
    /// An RFC 3339 time with an offset, as a JSON string.
    Time,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An array of distinct strings.
    Labels,
    /// An array of `{startSeconds, durationSeconds}`.
    Segments,
}

macro_rules! fields {
    ($( $variant:ident $name:literal $kind:ident ),+ $(,)?) => {
        /// One target field of a conversation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the variants are the API's own names, documented in its page")]
        pub enum Field { $( $variant ),+ }

        impl Field {
            /// Every field, in the order in which it is written to the wire.
            pub const ALL: [Field; 36] = [ $( Field::$variant ),+ ];

            /// The name on the v2 wire and in mapping files.
            pub const fn name(self) -> &'static str {
                match self { $( Field::$variant => $name ),+ }
            }

            /// What the field holds.
            pub const fn kind(self) -> ValueKind {
                match self { $( Field::$variant => ValueKind::$kind ),+ }
            }
        }
    };
}

fields! {
    ExternalIdentity "externalIdentity" Text,
    AgentId "agentId" Text,
    AgentName "agentName" Text,
    AgentEmail "agentEmail" Text,
    Customer "customer" Text,
    DateTime "dateTime" Time,
    Subject "subject" Text,
    CustomerCompany "customerCompany" Text,
    Labels "labels" Labels,
    Status "status" Text,
    HasConsent "hasConsent" Bool,
    AudioChannels "audioChannels" Text,
    SalesPersonAudioChannel "salesPersonAudioChannel" Number,
    TeamId "teamId" Text,
    TeamName "teamName" Text,
    ConversationSegments "conversationSegments" Segments,
    CustomProp1 "customProp1" Text,
    CustomProp2 "customProp2" Text,
    CustomProp3 "customProp3" Text,
    CustomProp4 "customProp4" Text,
    CustomProp5 "customProp5" Text,
    CustomProp6 "customProp6" Text,
    CustomProp7 "customProp7" Text,
    CustomProp8 "customProp8" Text,
    CustomProp9 "customProp9" Text,
    CustomProp10 "customProp10" Text,
    CustomNumberProp1 "customNumberProp1" Number,
    CustomNumberProp2 "customNumberProp2" Number,
    CustomNumberProp3 "customNumberProp3" Number,
    CustomNumberProp4 "customNumberProp4" Number,
    CustomNumberProp5 "customNumberProp5" Number,
    CustomNumberProp6 "customNumberProp6" Number,
    CustomNumberProp7 "customNumberProp7" Number,
    CustomNumberProp8 "customNumberProp8" Number,
    CustomNumberProp9 "customNumberProp9" Number,
    CustomNumberProp10 "customNumberProp10" Number,
}

impl Field {
    /// The seven fields without which no conversation is created (the v2 page's "required").
    pub const REQUIRED: [Field; 7] = [
        Field::ExternalIdentity,
        Field::AgentId,
        Field::AgentName,
        Field::AgentEmail,
        Field::Customer,
        Field::DateTime,
        Field::Subject,
    ];

    /// Position in [`Field::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The field of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether it is one of the organisation's own properties.
    pub const fn is_custom(self) -> bool {
        self as u8 >= Field::CustomProp1 as u8
    }

    /// Whether a conversation cannot be created without it.
    pub const fn is_required(self) -> bool {
        (self as u8) < 7
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_and_sits_at_its_index() {
        for (index, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field.index(), index);
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("externalidentity"), None);
    }

    #[test]
    fn the_required_fields_are_the_first_seven() {
        for field in Field::ALL {
            assert_eq!(
                field.is_required(),
                Field::REQUIRED.contains(&field),
                "{field}"
            );
        }
    }
}
