//! A mapping with each kind of conversion, a row in order for it, and cells that are not.

use proptest::prelude::*;

pub(super) const HEADER: [&str; 14] = [
    "id", "agent", "name", "mail", "customer", "time", "title", "title2", "labels", "consent",
    "channel", "amount", "prop", "parts",
];

pub(super) const MAPPING: &str = r#"
[fields]
externalIdentity = "id"
agentId = "agent"
agentName = "name"
agentEmail = "mail"
customer = { from = "customer", as = "phone", region = "DK" }
dateTime = { from = "time", formats = ["iso", "%d.%m.%Y %H:%M"], timezone = "Europe/Copenhagen" }
subject = { first = ["title", "title2"] }
labels = { from = "labels", split = ["|", ";", "::"] }
hasConsent = "consent"
salesPersonAudioChannel = { from = "channel", map = { left = "1", right = "2", other = " ", "3" = "3" } }
audioChannels = "prop"
customNumberProp1 = "amount"
customProp1 = { from = "prop", default = "none" }
conversationSegments = "parts"
"#;

/// A row in order.
pub(super) const ORDERLY: [&str; 14] = [
    "c-1",
    "7",
    "Testine Prøvesen",
    "testine@example.com",
    "+4512345678",
    "2024-03-15T09:12:03+01:00",
    "Faktura",
    "",
    "a|b",
    "ja",
    "left",
    "12.50",
    "Stereo",
    "",
];

/// What cells may hold, plain and odd.
pub(super) fn cell() -> impl Strategy<Value = String> {
    let odd = [
        "",
        " ",
        "NULL",
        "ja",
        "nej",
        "true",
        "1",
        "2",
        "left",
        "0",
        "-0",
        "1e3",
        "01",
        "12.5",
        "auto",
        "Stereo",
        "a;b",
        "a||b",
        "a::b",
        " a ",
        "\u{a0}",
        "+4512345678",
        "+45 12 34 56 78",
        "12345678",
        "+46701234567",
        "4,5E+09",
        "3E9",
        "a@example.com",
        "a@b",
        "a@example.com ",
        "2024-03-15T09:12:03Z",
        "2024-03-15T09:12:03.5+01:00",
        "2024-10-27T02:30:00",
        "15.03.2024 09:12",
        "1899-12-30T00:00:00Z",
        "[1]",
        "[\"a\"]",
        "tel:+4512345678",
        "Ærlig",
        "=\"7\"",
        "'7",
        "7\u{200b}",
        "\u{202a}+4512345678\u{202c}",
        "12,5",
        "1e999",
        "2024-03-15T09:12:60Z",
        "2024-03-15T09:12:03[Europe/Oslo]",
        "15.03.2024\u{a0}09:12",
    ];
    prop_oneof![
        4 => proptest::sample::select(odd.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,12}",
    ]
}
