//! Yes and no in the words people use.

use crate::domain::call::trimmed;

/// Words for yes, in lower case.
const YES: &[&str] = &[
    "true",
    "t",
    "yes",
    "y",
    "1",
    "1.0",
    "on",
    "ja",
    "j",
    "sand",
    "sandt",
    "sant",
    "sann",
    "wahr",
    "oui",
    "vrai",
    "si",
    "sí",
    "sì",
    "sim",
    "verdadero",
];
/// Words for no, in lower case.
const NO: &[&str] = &[
    "false", "f", "no", "n", "0", "0.0", "off", "nej", "nei", "nein", "falsk", "falskt", "usant",
    "falsch", "non", "faux", "não", "nao", "falso",
];

/// The words of one rule: the operator's own first, then the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::mapping) struct BooleanWords {
    /// Words for yes, folded by [`fold`].
    pub(in crate::mapping) yes: Vec<String>,
    /// Words for no, folded by [`fold`].
    pub(in crate::mapping) no: Vec<String>,
}

/// The form in which words are compared.
pub(in crate::mapping) fn fold(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Reads a yes or a no; `None` when the text is neither.
pub(in crate::mapping) fn read_boolean(text: &str, words: &BooleanWords) -> Option<bool> {
    let text = trimmed(text);
    if words.yes.is_empty() && words.no.is_empty() && text.is_ascii() {
        let is_among = |list: &[&str]| list.iter().any(|word| word.eq_ignore_ascii_case(text));
        return match text {
            // What most exports say, before thirty words are gone through.
            "true" => Some(true),
            "false" => Some(false),
            _ if is_among(YES) => Some(true),
            _ if is_among(NO) => Some(false),
            _ => None,
        };
    }
    let folded = fold(text);
    let is_own = |list: &[String]| list.contains(&folded);
    let is_usual = |list: &[&str]| list.contains(&folded.as_str());
    if is_own(&words.yes) {
        Some(true)
    } else if is_own(&words.no) {
        Some(false)
    } else if is_usual(YES) {
        Some(true)
    } else if is_usual(NO) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_say_yes_and_no_in_many_ways() {
        let words = BooleanWords::default();
        for yes in YES.iter().copied().chain([" Ja ", "TRUE", "SÍ", "Y"]) {
            assert_eq!(read_boolean(yes, &words), Some(true), "{yes}");
        }
        for no in NO.iter().copied().chain([" Nej ", "FALSE", "NÃO", "N"]) {
            assert_eq!(read_boolean(no, &words), Some(false), "{no}");
        }
        for neither in ["", "maybe", "2", "ja nej", "-", "01"] {
            assert_eq!(read_boolean(neither, &words), None, "{neither}");
        }
    }

    #[test]
    fn no_word_means_both() {
        assert!(YES.iter().all(|word| !NO.contains(word)));
    }

    #[test]
    fn own_words_come_first() {
        let words = BooleanWords {
            yes: vec!["granted".into(), "0".into()],
            no: vec!["refused".into()],
        };
        assert_eq!(read_boolean("Granted", &words), Some(true));
        assert_eq!(read_boolean("0", &words), Some(true));
        assert_eq!(read_boolean("REFUSED ", &words), Some(false));
        assert_eq!(read_boolean("nej", &words), Some(false));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = read_boolean(&text, &BooleanWords::default());
        }
    }
}
