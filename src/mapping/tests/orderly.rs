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

/// Cells of that row, by their columns, about which there is something to say.
pub(super) const DOUBTFUL: [(usize, &str); 29] = [
    (0, " c-1"),
    (0, "1.23E+18"),
    (0, "=\"00124\""),
    (0, "1710494410,60"),
    (0, "c\u{200b}1"),
    (1, "'7"),
    (1, "7\t"),
    (2, "=\"Testine\""),
    (3, "'testine@example.com"),
    (1, ""),
    (2, " "),
    (3, "mailto:testine@example.com"),
    (3, "testine"),
    (4, "1234"),
    (4, "anonymous"),
    (5, "27.10.2024 02:30"),
    (5, "1970-01-01T00:00:00Z"),
    (5, "0024-03-15T09:12:03Z"),
    (5, "2024-03-15T09:12:60Z"),
    (5, "2024-03-15T09:12:03+25:59"),
    (5, "2024-02-30T09:12:03Z"),
    (6, ""),
    (8, "a|a"),
    (9, "maybe"),
    (10, "other"),
    (10, "3"),
    (11, "12,50"),
    (11, "1e999"),
    (12, "stereo"),
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
