//! Who called whom, in the words of exports.

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallDirection {
    /// The customer called.
    Inbound,
    /// The agent called.
    Outbound,
}

impl CallDirection {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            CallDirection::Inbound => "inbound",
            CallDirection::Outbound => "outbound",
        }
    }

    /// What a word of a column of directions says, in the languages that exports are written in; `None` for
    /// calls inside the house and for everything else.
    pub fn of_word(word: &str) -> Option<CallDirection> {
        let word = word.trim().to_lowercase();
        let begins = |starts: &[&str]| starts.iter().any(|start| word.starts_with(start));
        if begins(&["in", "ein", "entra", "ank"]) && !word.starts_with("int") {
            Some(CallDirection::Inbound)
        } else if begins(&["out", "ud", "ut", "aus", "sort", "sal"]) {
            Some(CallDirection::Outbound)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_languages_are_known() {
        use CallDirection::{Inbound, Outbound};
        for (word, direction) in [
            (" Inbound", Some(Inbound)),
            ("IN", Some(Inbound)),
            ("indgående", Some(Inbound)),
            ("eingehend", Some(Inbound)),
            ("OUT", Some(Outbound)),
            ("udgående", Some(Outbound)),
            ("ausgehend", Some(Outbound)),
            ("internal", None),
            ("", None),
            ("queue", None),
        ] {
            assert_eq!(CallDirection::of_word(word), direction, "{word}");
        }
    }
}
