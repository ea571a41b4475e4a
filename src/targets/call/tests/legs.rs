use super::*;

const MAPPING: &str = r#"
[source]
timezone = "UTC"
skip = { ring = "talk == '' and agent == 'none'" }
[legs]
group = "call"
order = "at"
length = "talk"
requires = "agentId"
[legs.fields]
agentId = "longest"
customNumberProp1 = "sum"
customer = "same"
status = "last"
[fields]
externalIdentity = "call"
agentId = "agent"
agentName = { from = "name" }
agentEmail = { template = "{{ agent }}@example.com" }
customer = "phone"
dateTime = "at"
subject = { value = "Call" }
status = "state"
hasConsent = { from = "consent" }
customNumberProp1 = { from = "talk", as = "seconds" }
"#;

const HEAD: &str = "call,at,agent,name,phone,talk,state,consent\n";

fn run(rows: &str) -> Outcomes {
    csv(MAPPING, &format!("{HEAD}{rows}"))
}

#[test]
fn rows_of_a_call_that_stand_apart_are_one_call() {
    let out = run("1,2024-03-15 08:00:00,,,+4512345601,10,queue,\n\
         2,2024-03-15 08:00:05,7,Ida Opdigtet,+4512345602,00:00:30,done,ja\n\
         1,2024-03-15 08:00:20,9,Bo Digt,+4512345601,100,talk,\n\
         1,2024-03-15 08:00:10,8,Ea Attrap,+4512345601,20.5,wrap,\n");
    assert_eq!(out.field(Field::ExternalIdentity), ["2", "1"]);
    assert_eq!(out.field(Field::AgentId), ["7", "9"]);
    assert_eq!(out.field(Field::AgentName), ["Ida Opdigtet", "Bo Digt"]);
    assert_eq!(out.field(Field::DateTime)[1], "2024-03-15T08:00:00+00:00");
    // The last by the order of the mapping, not of the file.
    assert_eq!(out.field(Field::Status), ["done", "talk"]);
    assert_eq!(out.field(Field::CustomNumberProp1), ["30", "130.5"]);
    let sent = Outcome::NotAttempted;
    assert_eq!(
        out.rows(),
        [
            (3, sent, ""),
            (4, sent, ""),
            (2, Outcome::Skipped, "leg"),
            (5, Outcome::Skipped, "leg")
        ]
    );
}

#[test]
fn the_agent_comes_from_one_row() {
    let out = run("1,2024-03-15 08:00:00,7,,+4512345601,100,a,\n\
         1,2024-03-15 08:00:01,8,Ea Attrap,+4512345601,5,b,\n");
    // The name of the other agent would be wrong; without one the call cannot be sent.
    assert_eq!(out.calls.len(), 0);
    assert_eq!(out.ended[0].codes, ["missing-field"]);
    let rejected = Outcome::Rejected;
    assert_eq!(out.rows(), [(2, rejected, ""), (3, rejected, "leg")]);
}

#[test]
fn a_call_without_what_it_requires_is_left_out_whole() {
    let out = run("1,2024-03-15 08:00:00,,,+4512345601,10,queue,\n\
         1,2024-03-15 08:00:05,,,+4512345601,10,drop,\n\
         2,2024-03-15 08:00:05,,,+4512345601,10,drop,\n");
    let left_out = |line| (line, Outcome::Skipped, "no agentId");
    assert_eq!(out.rows(), [left_out(2), left_out(3), left_out(4)]);
}

#[test]
fn what_is_wrong_with_one_row_rejects_all_of_them() {
    let out = run("1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
         2,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
         1,yesterday,7,Ida,+4512345601,10,a,\n\
         3,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,,,,surplus\n\
         3,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n");
    assert_eq!(out.field(Field::ExternalIdentity), ["2"]);
    let of = |line| out.ended.iter().find(|ended| ended.line == line).unwrap();
    assert_eq!(
        (of(2).outcome, of(2).detail.as_str()),
        (Outcome::Rejected, "leg")
    );
    assert_eq!(
        (of(4).outcome, &of(4).codes[..]),
        (Outcome::Rejected, &["bad-time"][..])
    );
    assert_eq!(
        (of(5).outcome, &of(5).codes[..]),
        (Outcome::Rejected, &["row-too-long"][..])
    );
    assert_eq!(
        (of(6).outcome, of(6).detail.as_str()),
        (Outcome::Rejected, "leg")
    );
}

#[test]
fn rows_that_contradict_each_other_are_no_call() {
    let out = run("1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,ja\n\
         1,2024-03-15 08:00:01,7,Ida,+4512345601,10,a,nej\n\
         2,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
         2,2024-03-15 08:00:01,7,Ida,+4512345699,10,a,nej\n\
         3,2024-03-15 08:00:00,7,Ida,,10,a,\n\
         3,2024-03-15 08:00:01,7,Ida,+4512345699,10,a,nej\n");
    assert_eq!(out.field(Field::ExternalIdentity), ["3"]);
    assert_eq!(out.calls[0].consent(), Some(false));
    let codes: Vec<_> = out.ended.iter().map(|ended| ended.codes.clone()).collect();
    assert_eq!(
        codes[..4],
        [vec![], vec!["legs-disagree"], vec![], vec!["legs-disagree"]]
    );
}

#[test]
fn records_on_one_line_are_told_apart() {
    let record = |phone: &str, second: u8, id: u8| {
        format!(
            r#"{{"call":{id},"at":"2024-03-15 08:00:0{second}","agent":"7","name":"Ida","phone":"{phone}","talk":10,"state":"a","consent":"ja"}}"#
        )
    };
    let records = [
        record("+4512345601", 0, 1),
        record("+4512345601", 1, 1),
        record("+4512345699", 2, 1),
        record("+4512345601", 0, 2),
    ];
    let exports = [export(&format!("[{}]", records.join(",")), ".json")];
    let out = walk(&pipeline(MAPPING, &exports)).unwrap();
    let messages: Vec<_> = out.ended.iter().map(|ended| &ended.messages[..]).collect();
    let told = "record 3: another `customer` than record 1 of the same call".to_owned();
    assert_eq!(messages, [&[][..], &[], &[told], &[]]);
}

#[test]
fn a_row_that_is_skipped_is_no_leg_and_one_without_an_id_is_alone() {
    let out = run("1,2024-03-15 08:00:00,none,,+4512345601,,ring,\n\
         1,2024-03-15 08:00:01,7,Ida,+4512345601,10,talk,\n\
         ,2024-03-15 08:00:01,7,Ida,+4512345601,10,talk,\n\
         ,2024-03-15 08:00:02,8,Bo,+4512345602,10,talk,\n");
    assert_eq!(out.field(Field::AgentId), ["7"]);
    assert_eq!(out.field(Field::DateTime), ["2024-03-15T08:00:01+00:00"]);
    let of = |line| out.ended.iter().find(|ended| ended.line == line).unwrap();
    assert_eq!(
        (of(2).outcome, of(2).detail.as_str()),
        (Outcome::Skipped, "ring")
    );
    assert_eq!(of(4).codes, ["missing-field"]);
    assert_eq!(of(5).codes, ["missing-field"]);
}

#[test]
fn a_row_that_stands_there_once_more_is_no_further_leg() {
    let legs = "1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
                1,2024-03-15 08:00:01,7,Ida,+4512345601,20,a,\n";
    let alike = "1,2024-03-15 08:00:01,7,Ida,+4512345601,2,0a,\n";
    for (between, shift) in [("", 0), (HEAD, 1)] {
        let out = run(&format!("{legs}{between}{legs}{alike}"));
        assert_eq!(out.field(Field::CustomNumberProp1), ["32"]);
        let told: Vec<_> = out
            .ended
            .iter()
            .filter(|ended| ended.detail == "repeat")
            .map(|ended| (ended.outcome, &ended.codes[..], &ended.messages[0][..]))
            .collect();
        let repeat = |message| (Outcome::Skipped, &["repeated-record"][..], message);
        let messages = [2, 3].map(|first| {
            let line = first + 2 + shift;
            format!("line {line}: the same record as line {first}")
        });
        assert_eq!(
            told,
            messages.each_ref().map(|message| repeat(message.as_str()))
        );
    }
}

#[test]
fn a_json_record_that_comes_once_more_is_no_further_leg() {
    let record = |talk: u8| {
        format!(
            r#"{{"call":1,"at":"2024-03-15 08:00:00","agent":"7","name":"Ida","phone":"+4512345601","talk":{talk},"state":"a","consent":"ja"}}"#
        )
    };
    let records = [record(10), record(20), record(10)];
    let exports = [export(&format!("[{}]", records.join(",")), ".json")];
    let out = walk(&pipeline(MAPPING, &exports)).unwrap();
    assert_eq!(out.field(Field::CustomNumberProp1), ["30"]);
    assert_eq!(
        out.ended[2].messages,
        ["record 3: the same record as record 1"]
    );
}

#[test]
fn more_rows_than_a_call_can_have_are_no_call() {
    let rows = "1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n".repeat(1001);
    let out = run(&rows);
    assert!(
        out.ended
            .iter()
            .all(|ended| ended.codes == ["legs-disagree"])
    );
}

#[test]
fn a_length_that_is_none_and_a_sum_that_cannot_be_made_are_problems() {
    let mapping = MAPPING.replace("{ from = \"talk\", as = \"seconds\" }", "\"n\"");
    let out = csv(
        &mapping,
        "call,at,agent,name,phone,talk,state,consent,n\n\
         1,2024-03-15 08:00:00,7,Ida,+4512345601,long,a,,1\n\
         1,2024-03-15 08:00:01,7,Ida,+4512345601,10,a,,2\n\
         2,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,,-1\n\
         2,2024-03-15 08:00:01,7,Ida,+4512345601,10,a,,2\n",
    );
    let codes: Vec<_> = out.ended.iter().map(|ended| ended.codes.clone()).collect();
    assert_eq!(
        codes,
        [vec!["bad-duration"], vec![], vec!["bad-number"], vec![]]
    );
}

#[test]
fn json_rows_are_one_call_with_all_their_digits() {
    let mapping = r#"
[legs]
group = { first = ["parent", "id"] }
[fields]
externalIdentity = { first = ["parent", "id"] }
agentId = { from = "agent.id", optional = true }
agentName = { from = "agent.name", optional = true }
agentEmail = { value = "a@example.com" }
customer = "phone"
dateTime = "at"
subject = { value = "Call" }
customNumberProp1 = { from = "n" }
"#;
    let at = r#""phone": "+4512345601", "at": "2024-03-15T08:00:00Z""#;
    let lines = [
        format!(r#"{{"id": 1234567890123456789, {at}, "n": 0.10}}"#),
        format!(r#"{{"id": 2, {at}, "agent": {{"id": 5, "name": "Bo"}}}}"#),
        format!(
            r#"{{"id": 3, "parent": 1234567890123456789, {at}, "agent": {{"id": 7, "name": "Ida"}}}}"#
        ),
    ];
    let exports = [export(&lines.join("\n"), ".ndjson")];
    let out = walk(&pipeline(mapping, &exports)).unwrap();
    assert_eq!(
        out.field(Field::ExternalIdentity),
        ["2", "1234567890123456789"]
    );
    assert_eq!(out.field(Field::AgentName), ["Bo", "Ida"]);
    assert_eq!(out.field(Field::CustomNumberProp1), ["", "0.10"]);
}

#[test]
fn a_failed_call_takes_its_rows_along() {
    let out = run("1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
         2,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n\
         1,2024-03-15 08:00:01,7,Ida,+4512345601,5,a,\n");
    let decided = |outcome| {
        let mut told = Vec::new();
        let exports = [export(
            &format!(
                "{HEAD}1,2024-03-15 08:00:00,7,Ida,+4512345601,10,a,\n1,2024-03-15 08:00:01,7,Ida,+4512345601,5,a,\n"
            ),
            ".csv",
        )];
        pipeline(MAPPING, &exports)
            .run(|decided| {
                let further = decided.decisions[0].further();
                let closing = RecordEnd {
                    outcome,
                    detail: "",
                    problems: &[],
                    delivered: None,
                };
                closing.tell(&decided.batch, 0, further, &mut |event| {
                    if let Event::Ended { outcome, .. } = event {
                        told.push(outcome);
                    }
                });
                ControlFlow::Break(())
            })
            .unwrap();
        told
    };
    assert_eq!(out.calls.len(), 2);
    assert_eq!(decided(Outcome::Failed), [Outcome::Failed, Outcome::Failed]);
    assert_eq!(
        decided(Outcome::Created),
        [Outcome::Created, Outcome::Skipped]
    );
    assert_eq!(decided(Outcome::Held), [Outcome::Held, Outcome::Skipped]);
}

/// The agents of the rows in their order, by a mapping whose `order` is this; the last counts, so each
/// row in turn is made the last. `None` when the call is refused.
fn last_agent(order: &str, field: &str, keys: &[&str]) -> Option<String> {
    let mapping = MAPPING
        .replace("order = \"at\"", &format!("order = \"{order}\""))
        .replace("agentId = \"longest\"", "agentId = \"last\"")
        .replace("dateTime = \"at\"", &format!("dateTime = {field}"));
    let mut rows = String::from("call,at,agent,name,phone,talk,state,consent,key\n");
    for (number, key) in keys.iter().enumerate() {
        let time = "2024-03-15 08:00:00";
        let row = format!("1,{time},{number},Ida,+4512345601,1,a,,\"{key}\"\n");
        rows.push_str(&row);
    }
    let out = csv(&mapping, &rows);
    let agents = out.field(Field::AgentId);
    agents.first().map(|agent| (*agent).to_owned())
}

#[test]
fn rows_are_ordered_by_what_numbers_and_times_mean_or_refused() {
    let at = "\"at\"";
    let twelve = "{ from = \"key\", formats = [\"%m/%d/%Y %I:%M %p\"] }";
    for (field, keys, last) in [
        (at, vec!["9", "10", "2"], Some("1")),
        (at, vec!["-1", "-10", "-2"], Some("0")),
        (at, vec!["", "3", ""], Some("1")),
        (
            at,
            vec![
                "123456789012345678901234567891",
                "123456789012345678901234567890",
            ],
            Some("0"),
        ),
        (at, vec!["same", "same"], Some("1")),
        (at, vec!["2024-03-15 10:00", "2024-03-15 09:00"], Some("0")),
        (
            at,
            vec!["2024-03-15T10:00:00+02:00", "2024-03-15T09:00:00Z"],
            Some("1"),
        ),
        (at, vec!["9", "1x", "10"], None),
        (at, vec!["9", "NaN"], None),
        (at, vec!["9", "2024-03-15 10:00"], None),
        (at, vec!["03/15/2024 1:00 PM", "03/15/2024 11:00 AM"], None),
        (
            twelve,
            vec!["03/15/2024 1:00 PM", "03/15/2024 11:00 AM"],
            Some("0"),
        ),
        (
            twelve,
            vec!["12/31/2023 1:00 PM", "01/01/2024 11:00 AM"],
            Some("1"),
        ),
    ] {
        assert_eq!(last_agent("key", field, &keys).as_deref(), last, "{keys:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn any_keys_are_ordered_or_refused(keys in proptest::collection::vec("(9|10|1x|2|-3|0[.]5|2024-03-15T0[0-9]:00:00Z|)", 2..60)) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let is_number = |key: &&&str| !key.is_empty() && key.parse::<f64>().is_ok();
        let are_numbers = keys.iter().all(|key| key.is_empty() || is_number(&key));
        let last = last_agent("key", "\"at\"", &keys);
        if are_numbers {
            let most = keys.iter().enumerate().filter(|(_, key)| is_number(key));
            let most = most.max_by(|one, other| {
                let value = |key: &str| key.parse::<f64>().unwrap_or_default();
                value(one.1).total_cmp(&value(other.1))
            });
            let wanted = most.map_or(keys.len() - 1, |(at, _)| at);
            proptest::prop_assert_eq!(last, Some(wanted.to_string()));
        }
    }
}
