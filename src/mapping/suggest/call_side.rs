//! Whose a column is, the agent's or the customer's, by the words in its name.

use super::name_rank::words;

/// A side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallSide {
    Agent,
    Customer,
}

/// Words of agents; those of four letters and more also with an ending.
const AGENTS: &[&str] = &[
    "agent",
    "user",
    "assignee",
    "owner",
    "operator",
    "employee",
    "representative",
    "rep",
    "csr",
    "advisor",
    "adviser",
    "seller",
    "extension",
    "staff",
    "teammate",
    "medarbejder",
    "bruger",
    "sælger",
    "rådgiver",
    "sagsbehandler",
    "saksbehandler",
    "handläggare",
    "säljare",
    "medarbetare",
    "användare",
    "selger",
    "medarbeider",
    "konsulent",
    "mitarbeiter",
    "bearbeiter",
    "sachbearbeiter",
    "benutzer",
    "vermittler",
];

/// Words of customers.
const CUSTOMERS: &[&str] = &[
    "customer",
    "client",
    "contact",
    "requester",
    "caller",
    "callee",
    "lead",
    "prospect",
    "subscriber",
    "patient",
    "debtor",
    "consumer",
    "visitor",
    "remote",
    "external",
    "kunde",
    "kund",
    "kontakt",
    "klient",
    "borger",
    "anrufer",
    "debitor",
];

/// Whose the column is: of several words the last one counts, as in `customer service agent`.
pub(super) fn call_side(name: &str) -> Option<CallSide> {
    const STEM: usize = 4;
    let is_in = |word: &str, list: &[&str]| {
        list.iter().any(|known| {
            word == *known || known.chars().count() >= STEM && word.starts_with(*known)
        })
    };
    let side = |word: &String| match () {
        () if is_in(word, AGENTS) => Some(CallSide::Agent),
        () if is_in(word, CUSTOMERS) => Some(CallSide::Customer),
        () => None,
    };
    let words: Vec<String> = name.split('.').flat_map(words).collect();
    words.iter().rev().find_map(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_that_tells_counts() {
        for (name, whose) in [
            ("requester_name", Some(CallSide::Customer)),
            ("assignee_name", Some(CallSide::Agent)),
            ("Customer Service Agent", Some(CallSide::Agent)),
            ("user.customer.name", Some(CallSide::Customer)),
            ("Kundens telefon", Some(CallSide::Customer)),
            ("Medarbejderens e-mail", Some(CallSide::Agent)),
            ("userName", Some(CallSide::Agent)),
            ("report_name", None),
            ("Name", None),
        ] {
            assert_eq!(call_side(name), whose, "{name}");
        }
    }
}
