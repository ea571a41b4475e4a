//! Exports, and what must arrive of them.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// One call: what the export says of it, and what the server must then have.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) id: String,
    /// Column, text in a table, value in JSON. An empty text is an absent key.
    columns: Vec<(&'static str, String, Value)>,
    /// The body of version 2, field by field.
    pub(crate) expected: Map<String, Value>,
    pub(crate) recording: Vec<u8>,
    /// Where the recording lies below the audio folder.
    pub(crate) file: String,
}

impl Given {
    fn new(id: &str, recording: Vec<u8>) -> Self {
        let file = format!("{id}.wav");
        let mut call = Given {
            id: id.to_owned(),
            columns: Vec::new(),
            expected: Map::new(),
            recording,
            file,
        };
        call.say("externalId", "externalIdentity", id);
        call
    }

    /// A column and the field that its text becomes, unchanged.
    pub(crate) fn say(&mut self, column: &'static str, field: &str, text: &str) {
        self.set(column, text, json!(text));
        self.expected.insert(field.to_owned(), json!(text));
    }

    /// What a column says, in a table and in JSON.
    pub(crate) fn set(&mut self, column: &'static str, text: &str, json: Value) {
        self.columns.retain(|(name, _, _)| *name != column);
        self.columns.push((column, text.to_owned(), json));
    }

    fn become_(&mut self, field: &str, value: Value) {
        self.expected.insert(field.to_owned(), value);
    }

    pub(crate) fn lies_at(&mut self, file: &str) {
        file.clone_into(&mut self.file);
        self.set("audioFile", file, json!(file));
    }

    /// What a server of this version must have.
    pub(crate) fn expected_in(&self, version: &str) -> Map<String, Value> {
        let mut fields = self.expected.clone();
        if version == "v3" {
            fields.remove("teamId");
        }
        for (old, new) in [("teamName", "team"), ("conversationSegments", "cutAudio")] {
            if let Some(value) = fields.get(old).cloned() {
                fields.insert(new.to_owned(), value);
            }
            if version == "v3" {
                fields.remove(old);
            }
        }
        fields
    }
}

/// So many ordinary calls with recordings, the same for the same seed.
pub(crate) fn calls(count: usize, seed: u64) -> Vec<Given> {
    let mut dice = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|number| ordinary(&format!("call-{seed}-{number:04}"), number, &mut dice))
        .collect()
}

/// Calls whose ids are hard on addresses and files.
pub(crate) fn strange_calls() -> Vec<Given> {
    let ids = [
        "a/b",
        "a b",
        "æøå",
        "100%",
        "50%2F50",
        "x#y",
        "q?a=b",
        "a+b",
        "..",
        ".",
        "a/../b",
        "\\",
        "semi;colon",
        "comma,comma",
        "quote\"quote",
        "00012345",
        "1234567890123456789",
        "日本",
        "a&b=c",
        "[x]{y}",
        "-1+1",
        "~",
    ];
    let mut dice = fastrand::Rng::with_seed(5);
    let call = |(number, id): (usize, &&str)| {
        let mut call = ordinary(id, number, &mut dice);
        call.lies_at(&format!("strange/{number:02}.wav"));
        call
    };
    ids.iter().enumerate().map(call).collect()
}

/// Calls that fill all 36 fields by their own names.
pub(crate) fn with_every_field(count: usize) -> Vec<Given> {
    let mut given = calls(count, 36);
    for (number, call) in given.iter_mut().enumerate() {
        call.say("customerCompany", "customerCompany", "Eksempel & Søn ApS");
        call.say("status", "status", "closed");
        call.say("teamId", "teamId", "team-7");
        call.say("teamName", "teamName", "Kundeservice Øst");
        call.set("audioChannels", "Mono2Speaker", json!("Mono2Speaker"));
        call.become_("audioChannels", json!("Mono2Speaker"));
        call.set("salesPersonAudioChannel", "2", json!(2));
        call.become_("salesPersonAudioChannel", json!(2));
        let segments = json!([{"startSeconds": 0, "durationSeconds": 4}, {"startSeconds": number, "durationSeconds": 1}]);
        call.set(
            "conversationSegments",
            &segments.to_string(),
            segments.clone(),
        );
        call.become_("conversationSegments", segments);
        call.set("labels", "én|to|tre", json!(["én", "to", "tre"]));
        call.become_("labels", json!(["én", "to", "tre"]));
        call.set("hasConsent", "false", json!(false));
        call.become_("hasConsent", json!(false));
        for (column, field) in TEXTS {
            call.say(column, field, &format!("{field} af {number}, \"citeret\""));
        }
        for (workdir, name) in NUMBERS.into_iter().enumerate() {
            // More digits than a float holds, and a zero at the end that a float forgets.
            let text = format!("{}23456789012345678{workdir}.50", number + 1);
            let value: Value = serde_json::from_str(&text).expect("a number");
            call.set(name, &text, value.clone());
            call.become_(name, value);
        }
    }
    given
}

const TEXTS: [(&str, &str); 10] = [
    ("customProp1", "customProp1"),
    ("customProp2", "customProp2"),
    ("customProp3", "customProp3"),
    ("customProp4", "customProp4"),
    ("customProp5", "customProp5"),
    ("customProp6", "customProp6"),
    ("customProp7", "customProp7"),
    ("customProp8", "customProp8"),
    ("customProp9", "customProp9"),
    ("customProp10", "customProp10"),
];

const NUMBERS: [&str; 10] = [
    "customNumberProp1",
    "customNumberProp2",
    "customNumberProp3",
    "customNumberProp4",
    "customNumberProp5",
    "customNumberProp6",
    "customNumberProp7",
    "customNumberProp8",
    "customNumberProp9",
    "customNumberProp10",
];

fn ordinary(id: &str, number: usize, dice: &mut fastrand::Rng) -> Given {
    let speakers = number % 3;
    let mut call = Given::new(id, wave(if speakers == 0 { 2 } else { 1 }, dice));
    call.say(
        "phoneNumber",
        "customer",
        &format!("+45 12 34 {:02} {:02}", number / 100 % 100, number % 100),
    );
    let titles = [
        "Tilbud på bredbånd",
        "Opsigelse, fortrudt",
        "Han sagde \"nej\"",
        "To linjer:\nden anden",
    ];
    call.say("title", "subject", titles[number % titles.len()]);
    let zone = ["Z", "+01:00", "-05:00", ".250+02:00"][number % 4];
    let time = format!(
        "2024-{:02}-{:02}T{:02}:{:02}:07{zone}",
        1 + number % 12,
        1 + number % 28,
        number % 24,
        number % 60
    );
    call.say("datetime", "dateTime", &time);
    call.say("agentId", "agentId", &format!("a-{}", number % 7));
    call.say(
        "agentName",
        "agentName",
        ["Testine Prøvesen", "Placeholder, Penelope"][number % 2],
    );
    call.say(
        "agentEmail",
        "agentEmail",
        &format!("agent.{}@example.com", number % 7),
    );
    if let Some(channels) = [None, Some("Mono1Speaker"), Some("Mono2Speaker")][speakers] {
        call.set("numberOfSpeakers", &speakers.to_string(), json!(speakers));
        call.become_("audioChannels", json!(channels));
    } else {
        call.set("agentAudioChannel", "right", json!("right"));
        call.become_("salesPersonAudioChannel", json!(2));
    }
    if number.is_multiple_of(2) {
        call.say("outcome", "customProp1", "Salg");
        call.say("outcomeReason", "customProp2", "Pris; og tid");
        call.say(
            "caseId",
            "customProp3",
            &format!("{:019}", 9_007_199_254_740_993_u64 + number as u64),
        );
        call.set("labels", "salg|vip", json!(["salg", "vip"]));
        call.become_("labels", json!(["salg", "vip"]));
    }
    if let Some(consent) = [Some(true), Some(false), None][number % 3] {
        call.set("hasConsent", &consent.to_string(), json!(consent));
        call.become_("hasConsent", json!(consent));
    }
    if number % 5 == 4 {
        call.lies_at(&format!("2024/{:02}/{number}.wav", 1 + number % 12));
    }
    call
}

/// A recording of 8 kHz with noise on each channel, no two alike.
pub(crate) fn wave(channels: u16, dice: &mut fastrand::Rng) -> Vec<u8> {
    let frames = dice.u32(100..1500);
    let size = frames * u32::from(channels) * 2;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(size + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend_from_slice(&channels.to_le_bytes());
    bytes.extend_from_slice(&8000_u32.to_le_bytes());
    bytes.extend_from_slice(&(16_000 * u32::from(channels)).to_le_bytes());
    bytes.extend_from_slice(&(channels * 2).to_le_bytes());
    bytes.extend_from_slice(&16_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend((0..size).map(|_| dice.u8(..)));
    bytes
}

/// All columns that any of the calls has, in the order of their first use.
fn columns(calls: &[Given]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (name, _, _) in calls.iter().flat_map(|call| &call.columns) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    names
}

/// The calls as a table.
pub(crate) fn table(calls: &[Given], delimiter: u8) -> String {
    let names = columns(calls);
    let mut csv = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    csv.write_record(&names).expect("a header");
    for call in calls {
        let cell = |name: &&str| {
            let found = call.columns.iter().find(|(column, _, _)| column == name);
            found.map_or("", |(_, text, _)| text.as_str())
        };
        csv.write_record(names.iter().map(cell)).expect("a row");
    }
    String::from_utf8(csv.into_inner().expect("all rows")).expect("UTF-8")
}

/// The calls as JSON objects. An id of digits alone is a bare number where a float would round it.
fn objects(calls: &[Given]) -> Vec<Value> {
    let object = |call: &Given| {
        let values = call.columns.iter().filter(|(_, text, _)| !text.is_empty());
        let mut object: Map<String, Value> = values
            .map(|(name, _, value)| ((*name).to_owned(), value.clone()))
            .collect();
        if call.id.len() == 19 && call.id.bytes().all(|byte| byte.is_ascii_digit()) {
            object.insert(
                "externalId".to_owned(),
                serde_json::from_str(&call.id).expect("digits"),
            );
        }
        Value::Object(object)
    };
    calls.iter().map(object).collect()
}

/// The calls as one object a line.
pub(crate) fn lines(calls: &[Given]) -> String {
    let mut text = String::new();
    for object in objects(calls) {
        writeln!(text, "{object}").expect("memory");
    }
    text
}

/// The calls as one array.
pub(crate) fn array(calls: &[Given]) -> String {
    serde_json::to_string_pretty(&objects(calls)).expect("JSON")
}

/// The calls below `/result/calls`, between things that are no calls.
pub(crate) fn below_a_pointer(calls: &[Given]) -> String {
    json!({"meta": {"calls": [1, 2]}, "result": {"total": calls.len(), "calls": objects(calls)}, "end": []}).to_string()
}
