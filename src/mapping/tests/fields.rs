use std::borrow::Cow;

use super::*;
use crate::domain::call::Segment;
use crate::mapping::unused_consent_keys;

const EXAMPLE: &str = r#"
target = "conversation"
[source]                                   # all optional, inferred and printed when left out
delimiter = ";"
encoding  = "windows-1252"
timezone  = "Europe/Copenhagen"            # for times without an offset
region    = "DK"                           # for phones without a country code
records   = "/data/calls"                  # JSON: where the records are (JSON pointer)
skip      = "disposition == 'TEST'"        # rows to leave out, counted
[fields]
externalIdentity = "uniqueid"                                  # a column
customer      = { from = "phone", as = "phone" }
dateTime      = { from = ["date", "time"], as = "time", formats = ["%d-%m-%Y %H.%M.%S"] }
audioChannels = { from = "speakers", map = { "1" = "Mono1Speaker", "2" = "Mono2Speaker" } }
labels        = { from = "tags", split = "|" }
subject       = { template = "{{ campaign }} ({{ direction }})" }
status        = { value = "closed" }
customNumberProp1 = { from = "talk_time", as = "seconds" }     # 00:03:20, 3m20s, 200, "200,5"
[audio]
match    = ["{{ recording_file }}", "{{ uniqueid }}*"]          # tried in order, below the audio folder
language = "da-DK"
"#;

const EXAMPLE_ROW: [(&str, &str); 12] = [
    ("uniqueid", "17.4"),
    ("phone", "12 34 56 78"),
    ("date", "15-03-2024"),
    ("time", "09.12.03"),
    ("speakers", "2"),
    ("tags", "a | b||"),
    ("campaign", "Vinter"),
    ("direction", "ind"),
    ("talk_time", "00:03:20"),
    ("recording_file", "out-17.4.wav"),
    ("disposition", "SALE"),
    ("spare", ""),
];

#[test]
fn the_example_of_the_design_works_as_it_stands() {
    let (header, cells): (Vec<_>, Vec<_>) = EXAMPLE_ROW.into_iter().unzip();
    let batch = row(&header, &cells);
    let profile = bind(EXAMPLE, &batch);
    let mut problems = Vec::new();
    let Ok(draft) = apply(&profile, &batch.get(0), &mut problems) else {
        panic!("skipped");
    };
    assert_eq!(problems, []);
    for (field, value) in [
        (Field::ExternalIdentity, text("17.4")),
        (Field::Customer, text("+4512345678")),
        (Field::DateTime, time("2024-03-15T09:12:03+01:00")),
        (Field::AudioChannels, text("Mono2Speaker")),
        (Field::Labels, labels(&["a", "b"])),
        (Field::Subject, text("Vinter (ind)")),
        (Field::Status, text("closed")),
        (Field::CustomNumberProp1, number("200")),
        (Field::AgentId, Value::Absent),
    ] {
        assert_eq!(draft.get(field), value, "{field}");
    }
    let names: Vec<String> = profile
        .audio_names(&batch.get(0))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["out-17.4.wav", "17.4*"]);
    assert_eq!(profile.unused_columns(), ["spare"]);
    assert!(profile.unfilled_targets().contains(&Field::AgentEmail));
    assert!(!profile.unfilled_targets().contains(&Field::Status));
    assert_eq!(profile.column_of(Field::Customer), "phone");
    assert_eq!(profile.column_of(Field::Status), "status");
}

#[test]
fn a_skip_rule_without_a_name_is_called_skip() {
    let test = row(&["disposition", "uniqueid"], &["TEST", "1"]);
    let skipping =
        "[source]\nskip = \"disposition == 'TEST'\"\n[fields]\nexternalIdentity = \"uniqueid\"";
    assert_eq!(
        apply(&bind(skipping, &test), &test.get(0), &mut Vec::new()),
        Err(MappedCall::Skipped("skip"))
    );
}

#[test]
fn plain_columns_are_borrowed_and_not_trimmed() {
    let batch = row(
        &["id", "subject", "when"],
        &[" a ", "Æble", "2024-03-15T09:12:03Z"],
    );
    let profile = bind(
        "[fields]\nexternalIdentity = \"id\"\nsubject = \"subject\"\ndateTime = \"when\"",
        &batch,
    );
    let Ok(draft) = apply(&profile, &batch.get(0), &mut Vec::new()) else {
        panic!("skipped");
    };
    for field in [Field::ExternalIdentity, Field::Subject, Field::DateTime] {
        let value = draft.copied(field);
        assert!(
            matches!(
                value,
                Value::Text(Cow::Borrowed(_)) | Value::Time(Cow::Borrowed(_), _)
            ),
            "{field} {value:?}"
        );
    }
    assert_eq!(draft.get(Field::ExternalIdentity), text(" a "));
}

#[test]
fn empty_cells_null_tokens_and_missing_cells_are_absent_for_every_kind() {
    let batch = row(&["a", "b", "c"], &["", "NULL"]);
    for field in Field::ALL {
        for column in ["a", "b", "c"] {
            let mapping = format!("[fields]\n{field} = \"{column}\"");
            assert_eq!(
                map(&mapping, &batch, field),
                (Value::Absent, vec![]),
                "{field} {column}"
            );
        }
    }
    for field in [
        Field::DateTime,
        Field::HasConsent,
        Field::CustomNumberProp1,
        Field::Labels,
    ] {
        assert_eq!(
            cell(field, "\"c\"", "  "),
            (Value::Absent, vec![]),
            "{field}"
        );
    }
}

#[test]
fn several_columns_are_joined_and_the_first_filled_one_is_chosen() {
    let batch = row(&["a", "b", "d"], &["", "x", "y"]);
    let joined = |rule: &str| map(&format!("[fields]\nstatus = {rule}"), &batch, Field::Status).0;
    assert_eq!(joined(r#"{ from = ["a", "b", "d"] }"#), text("x y"));
    assert_eq!(joined(r#"{ from = ["b", "d"], join = "" }"#), text("xy"));
    assert_eq!(
        joined(r#"{ first = ["nowhere", "a", "d", "b"] }"#),
        text("y")
    );
    assert_eq!(
        joined(r#"{ from = "nowhere", optional = true }"#),
        Value::Absent
    );
    assert_eq!(joined(r#"{ from = "a", default = "none" }"#), text("none"));
    assert_eq!(joined(r#"{ from = "b", default = "none" }"#), text("x"));
}

#[test]
fn a_map_knows_its_keys_loosely_and_says_so_when_it_does_not() {
    let rule = r#"{ from = "c", map = { Solgt = "won", "nej tak" = "lost" } }"#;
    assert_eq!(cell(Field::Status, rule, "Solgt"), (text("won"), vec![]));
    assert_eq!(
        cell(Field::Status, rule, " NEJ TAK "),
        (text("lost"), vec![])
    );
    assert_eq!(
        cell(Field::Status, rule, "måske"),
        (Value::Broken, vec![Code::UnmappedValue])
    );
    let rule = r#"{ from = "c", map = { a = "1" }, otherwise = "2", default = "3" }"#;
    assert_eq!(cell(Field::CustomNumberProp1, rule, "a").0, number("1"));
    assert_eq!(cell(Field::CustomNumberProp1, rule, "b").0, number("2"));
    assert_eq!(cell(Field::CustomNumberProp1, rule, "").0, number("3"));
    let rule = r#"{ from = "c", map = { a = "b", b = "" } }"#;
    for empty in ["", " ", "b"] {
        assert_eq!(
            cell(Field::Status, rule, empty),
            (Value::Absent, vec![]),
            "{empty}"
        );
    }
}

#[test]
fn labels_are_split_by_the_first_separator_that_occurs() {
    let rule = r#"{ from = "c", split = ["|", ";", ","] }"#;
    for (from, to) in [
        ("a;b, c", vec!["a", "b, c"]),
        ("a,b", vec!["a", "b"]),
        ("x|y;z", vec!["x", "y;z"]),
        ("one", vec!["one"]),
        (r#"["a","b,c"]"#, vec!["a", "b,c"]),
        ("[VIP]", vec!["[VIP]"]),
    ] {
        assert_eq!(
            cell(Field::Labels, rule, from),
            (labels(&to), vec![]),
            "{from}"
        );
    }
    assert_eq!(cell(Field::Labels, rule, " ; ; "), (Value::Absent, vec![]));
    assert_eq!(
        cell(Field::Labels, rule, r#"["a",null]"#),
        (Value::Broken, vec![Code::BadLabels])
    );
    let json = tree(r#"{"tags": ["a", "b;c", 7], "bad": ["a", null], "deep": {"x": 1}}"#);
    let mapped = |column: &str| {
        map(
            &format!("[fields]\nlabels = \"{column}\""),
            &json,
            Field::Labels,
        )
    };
    assert_eq!(mapped("tags"), (labels(&["a", "b;c", "7"]), vec![]));
    assert_eq!(mapped("bad"), (Value::Broken, vec![Code::BadLabels]));
    assert_eq!(mapped("deep"), (Value::Broken, vec![Code::BadLabels]));
    assert_eq!(mapped("nowhere"), (Value::Absent, vec![]));
}

#[test]
fn consent_that_cannot_be_read_is_an_error_and_never_a_default() {
    for (from, to) in [("ja", true), ("Nej", false), ("1", true), ("off", false)] {
        assert_eq!(
            cell(Field::HasConsent, "\"c\"", from),
            (Value::Bool(to), vec![])
        );
    }
    let rule = r#"{ from = "c", default = "yes", true = ["given"], false = ["refused"] }"#;
    assert_eq!(
        cell(Field::HasConsent, rule, "Refused").0,
        Value::Bool(false)
    );
    assert_eq!(cell(Field::HasConsent, rule, "").0, Value::Bool(true));
    assert_eq!(
        cell(Field::HasConsent, rule, "maybe"),
        (Value::Broken, vec![Code::BadConsent])
    );
    let other = r#"{ from = "c", as = "boolean" }"#;
    assert_eq!(cell(Field::CustomProp1, other, "ja").0, text("true"));
    assert_eq!(
        cell(Field::CustomProp1, other, "2"),
        (Value::Broken, vec![Code::BadBoolean])
    );
}

#[test]
fn phones_are_rewritten_only_when_they_can_be() {
    let with = r#"{ from = "c", as = "phone", region = "DK" }"#;
    let without = r#"{ from = "c", as = "phone" }"#;
    assert_eq!(
        cell(Field::Customer, with, "12 34 56 78"),
        (text("+4512345678"), vec![])
    );
    assert_eq!(
        cell(Field::Customer, without, "+45 12345678"),
        (text("+4512345678"), vec![])
    );
    let needs_region = vec![Code::PhoneWithoutRegion];
    assert_eq!(
        cell(Field::Customer, without, "12345678"),
        (text("12345678"), needs_region)
    );
    let damaged = vec![Code::SpreadsheetDamage];
    assert_eq!(
        cell(Field::Customer, with, "4,51E+09"),
        (Value::Broken, damaged)
    );
}

#[test]
fn a_customer_that_is_no_phone_is_told_exactly_once() {
    for (phone, mapped) in [
        ("anonymous", "anonymous"),
        ("1234567890123", "1234567890123"),
        ("", ""),
    ] {
        let header = ["id", "agent", "mail", "c", "when"];
        let batch = row(
            &header,
            &["1", "A", "a@example.com", phone, "2024-03-15T09:12:03Z"],
        );
        let mapping = "[fields]\nexternalIdentity = \"id\"\nagentId = \"agent\"\nagentName = \"agent\"\n\
            agentEmail = \"mail\"\nsubject = \"agent\"\ndateTime = \"when\"\n\
            customer = { from = \"c\", as = \"phone\", region = \"DK\", default = \"ukendt\" }";
        let profile = bind(mapping, &batch);
        let mut problems = Vec::new();
        let Ok(draft) = apply(&profile, &batch.get(0), &mut problems) else {
            panic!("skipped");
        };
        let mut faults = Vec::new();
        let call = Call::new(draft, &mut faults).unwrap();
        let mapped = if mapped.is_empty() { "ukendt" } else { mapped };
        assert_eq!(call.text(Field::Customer), mapped);
        assert_eq!(
            problems.len() + faults.len(),
            1,
            "{phone}: {problems:?} {faults:?}"
        );
    }
}

#[test]
fn numbers_and_durations_follow_their_notation() {
    let danish = r#"{ from = "c", decimal = ",", thousands = "." }"#;
    assert_eq!(
        cell(Field::CustomNumberProp1, danish, "1.234,50"),
        (number("1234.50"), vec![])
    );
    assert_eq!(
        cell(Field::CustomNumberProp1, "\"c\"", "1,5"),
        (Value::Broken, vec![Code::BadNumber])
    );
    let seconds = r#"{ from = "c", as = "seconds" }"#;
    assert_eq!(
        cell(Field::CustomNumberProp2, seconds, "200,5"),
        (number("200.5"), vec![])
    );
    assert_eq!(
        cell(Field::CustomProp2, seconds, "3m20s"),
        (text("200"), vec![])
    );
    assert_eq!(
        cell(Field::CustomNumberProp2, seconds, "03:20"),
        (Value::Broken, vec![Code::BadDuration])
    );
    let minutes = r#"{ from = "c", as = "seconds", unit = "minutes" }"#;
    assert_eq!(
        cell(Field::CustomNumberProp2, minutes, "3.5").0,
        number("210")
    );
}

#[test]
fn segments_are_read_from_text_and_from_json() {
    let wanted = Value::Segments(vec![
        Segment {
            start: 0,
            duration: 10,
        },
        Segment {
            start: 30,
            duration: 5,
        },
    ]);
    let list =
        r#"[{"startSeconds":0,"durationSeconds":10},{"startSeconds":30,"durationSeconds":5}]"#;
    assert_eq!(
        cell(Field::ConversationSegments, "\"c\"", list),
        (wanted.clone(), vec![])
    );
    let json = tree(&format!("{{\"cut\": {list}}}"));
    let mapping = "[fields]\nconversationSegments = \"cut\"";
    assert_eq!(
        map(mapping, &json, Field::ConversationSegments),
        (wanted, vec![])
    );
    for bad in [
        "0-10",
        "{}",
        r#"[{"startSeconds":-1,"durationSeconds":10}]"#,
        r#"[{"startSeconds":0}]"#,
        r#"[{"startSeconds":0,"durationSeconds":1.5}]"#,
        r#"[{"startSeconds":0,"durationSeconds":1,"x":1}]"#,
    ] {
        let broken = (Value::Broken, vec![Code::BadSegments]);
        assert_eq!(
            cell(Field::ConversationSegments, "\"c\"", bad),
            broken,
            "{bad}"
        );
    }
}

#[test]
fn templates_reach_odd_columns_and_never_meet_a_value_they_do_not_know() {
    let batch = row(&["Call ID", "name", "n"], &["17*", "Bo", ""]);
    let subject = |template: &str| {
        map(
            &format!("[fields]\nsubject = {{ template = '{template}' }}"),
            &batch,
            Field::Subject,
        )
    };
    assert_eq!(
        subject(r#"{{ row["Call ID"] }} / {{ name | upper }}"#).0,
        text("17* / BO")
    );
    assert_eq!(
        subject("{% if n %}x{% else %}-{% endif %}{{ call_id }}").0,
        text("-17*")
    );
    assert_eq!(subject("{{ n }}").0, Value::Absent);
    assert_eq!(subject("{{ name }}*{{ name * 2 }}").0, text("Bo*BoBo"));
    assert_eq!(
        subject("{{ n | int + 1 }}"),
        (Value::Broken, vec![Code::TemplateFailed])
    );
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    assert_eq!(
        subject(endless),
        (Value::Broken, vec![Code::TemplateFailed])
    );
}

#[test]
fn templates_over_json_take_missing_keys_and_null_as_empty() {
    let batch =
        tree(r#"{"user": {"name": "Bo", "age": null}, "n": 1.50, "id": 12345678901234567890123}"#);
    let subject = |template: &str| {
        map(
            &format!("[fields]\nsubject = {{ template = '{template}' }}"),
            &batch,
            Field::Subject,
        )
    };
    let all = "{{ user.name }}-{{ user.age }}-{{ nobody.x.y }}-{{ n }}-{{ id }}-{{ row[\"n\"] }}";
    assert_eq!(
        subject(all),
        (text("Bo---1.50-12345678901234567890123-1.50"), vec![])
    );
}

#[test]
fn a_case_is_chosen_by_its_condition() {
    let mapping = r#"[fields]
customer = { choose = [{ when = "direction == 'inbound'", from = "src" }, { when = "direction in ['out', 'outbound']", from = "dst" }, { value = "unknown" }] }"#;
    for (direction, customer) in [("inbound", "1"), ("out", "2"), ("internal", "unknown")] {
        let batch = row(&["direction", "src", "dst"], &[direction, "1", "2"]);
        assert_eq!(
            map(mapping, &batch, Field::Customer),
            (text(customer), vec![]),
            "{direction}"
        );
    }
}

#[test]
fn skip_rules_are_counted_by_name_and_a_failing_one_decides_nothing() {
    let mapping = "[source.skip]\nno_agent = \"agent == '' or agent == 'VDAD'\"\ntest = \"'TEST' in (title | upper)\"\n\
        [fields]\nsubject = \"title\"";
    let outcome = |agent: &str, title: &str| {
        let batch = row(&["agent", "title"], &[agent, title]);
        let profile = bind(mapping, &batch);
        match apply(&profile, &batch.get(0), &mut Vec::new()) {
            Err(MappedCall::Skipped(name)) => name.to_owned(),
            other => format!("{:?}", other == Err(MappedCall::Undecided)),
        }
    };
    assert_eq!(outcome("", "x"), "no_agent");
    assert_eq!(outcome("VDAD", "test"), "no_agent");
    assert_eq!(outcome("7", "a test"), "test");
    assert_eq!(outcome("7", "x"), "false");
    let batch = row(&["n"], &["x"]);
    let profile = bind(
        "[source]\nskip = \"n | int > 5\"\n[fields]\nsubject = \"n\"",
        &batch,
    );
    let mut problems = Vec::new();
    assert_eq!(
        apply(&profile, &batch.get(0), &mut problems),
        Err(MappedCall::Undecided)
    );
    assert_eq!(problems[0].code, Code::TemplateFailed);
}

#[test]
fn a_list_where_one_value_is_expected_is_no_text() {
    let batch = tree(r#"{"a": [1], "b": {"x": 1.50}}"#);
    let mapped = |rule: &str| {
        map(
            &format!("[fields]\nsubject = {rule}"),
            &batch,
            Field::Subject,
        )
    };
    assert_eq!(mapped("\"a\""), (Value::Broken, vec![Code::WrongType]));
    assert_eq!(
        mapped(r#"{ from = "b", as = "json" }"#),
        (text(r#"{"x":1.50}"#), vec![])
    );
}

#[test]
fn a_part_of_a_text_is_cut_out_by_a_pattern() {
    let rule = r#"{ from = "c", extract = '\((\d+)\)' }"#;
    assert_eq!(
        cell(Field::AgentId, rule, "Berg, Ida (117)"),
        (text("117"), vec![])
    );
    assert_eq!(
        cell(Field::AgentId, rule, "Berg, Ida"),
        (Value::Absent, vec![])
    );
    let rule = r#"{ from = "c", as = "email" }"#;
    assert_eq!(
        cell(Field::AgentEmail, rule, " mailto:a@example.com "),
        (text("a@example.com"), vec![])
    );
    assert_eq!(
        cell(Field::AgentEmail, rule, "ida"),
        (Value::Broken, vec![Code::BadEmail])
    );
}

#[test]
fn a_problem_names_its_column_line_and_value_and_the_message_does_not() {
    let batch = row(&["Start Time"], &["sometime"]);
    let (_, problems) = map_fully(
        "[fields]\ndateTime = \"start_time\"",
        &batch,
        Field::DateTime,
    );
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    assert_eq!(
        (&*problem.column, &*problem.value),
        ("Start Time", "sometime")
    );
    assert_eq!(problem.location.to_string(), "export.csv:2");
    assert!(!problem.message.contains("sometime"));
}

#[test]
fn a_recording_is_never_named_by_nothing() {
    let mapping = "[fields]\nsubject = \"id\"\n[audio]\nmatch = [\"{{ id }}*\", \"{{ id | upper }}*\", { from = \"file\" }]";
    let names = |id: &str, file: &str| {
        let batch = row(&["id", "file"], &[id, file]);
        let profile = bind(mapping, &batch);
        let names = profile.audio_names(&batch.get(0));
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names("a", "x*.wav"), ["a*", "A*", "x*.wav"]);
    assert_eq!(names("", ""), [""; 0]);
    let prefixed = "[fields]\n[audio]\nmatch = [\"out-{{ id }}*\", \"out-{{ id | upper }}*\", \"out-{{ row.id }}*\"]";
    for batch in [row(&["id"], &[""]), tree(r#"{"id": null}"#), tree("{}")] {
        assert_eq!(bind(prefixed, &batch).audio_names(&batch.get(0)), []);
    }
    for batch in [
        row(&["id"], &["a"]),
        tree(r#"{"id": "a"}"#),
        tree(r#"{"id": 0}"#),
    ] {
        assert_eq!(bind(prefixed, &batch).audio_names(&batch.get(0)).len(), 3);
    }
    let batch = row(&["id", "file"], &["a", "x*.wav"]);
    let names = bind(mapping, &batch).audio_names(&batch.get(0));
    assert!(!names[0].is_exact() && names[2].is_exact());
}

#[test]
fn a_column_that_is_only_sliced_is_a_column_and_a_name_of_let_is_worked_out_by_those_who_ask() {
    let batch = row(&["c", "d", "n"], &["4512345611", "x", "none"]);
    let told = |rule: &str| {
        let text = format!(
            "[let]\ntail = \"c[-4:]\"\nboth = \"tail ~ d\"\nbroken = \"n + 1\"\n[fields]\nstatus = {rule}"
        );
        map(&text, &batch, Field::Status)
    };
    let slice = told(r#"{ template = "{{ c[:2] }}-{{ (c ~ d)[-1:] }}" }"#);
    assert_eq!(slice, (text("45-x"), vec![]));
    assert_eq!(
        told(r#"{ template = "{{ both }}" }"#),
        (text("5611x"), vec![])
    );
    let failed = told(r#"{ template = "{{ broken }}" }"#);
    assert_eq!(failed, (Value::Broken, vec![Code::TemplateFailed]));
    let error = load("[let]\na = \"nowhere[1:]\"\n[fields]\nstatus = { template = \"{{ a }}\" }");
    assert!(
        CallMapping::bind(&error, batch.sheet()).is_err(),
        "a column that is not there is told"
    );
}

#[test]
fn an_expression_looks_at_so_much_text_of_a_record_and_no_more() {
    let rule = r#"{ from = "c", extract = "(?:x|a){0,1000}(c)" }"#;
    let told = |cell: &str| {
        let text = format!("[fields]\nstatus = {rule}");
        map(&text, &row(&["c"], &[cell]), Field::Status)
    };
    assert_eq!(told("xc"), (text("c"), vec![]));
    let long = "a".repeat(60_000);
    assert_eq!(told(&long), (Value::Broken, vec![Code::TemplateFailed]));
    // An expression of the beginning pays for the beginning.
    let rule = r#"{ from = "c", extract = "^.{0,250}" }"#;
    let told = map(
        &format!("[fields]\nstatus = {rule}"),
        &row(&["c"], &[&long]),
        Field::Status,
    );
    assert_eq!(told, (text(&long[..250]), vec![]));
    let error = load_error("[fields]\nstatus = { from = \"c\", extract = \"(x|a){0,3000}(c)\" }");
    assert!(
        error.to_string().contains("`extract` repeats too much"),
        "{error}"
    );
}

#[test]
fn of_a_record_with_any_number_of_keys_only_the_first_are_looked_at_for_a_consent() {
    let told = |before: usize| {
        let mut keys: Vec<String> = (0..before).map(|key| format!("\"k{key}\": 1")).collect();
        keys.push("\"meta\": {\"gdpr\": \"no\"}".to_owned());
        let batch = tree(&format!("{{{}}}", keys.join(", ")));
        let profile = bind("[fields]\nsubject = { value = \"s\" }\n", &batch);
        unused_consent_keys(&profile, std::iter::once(batch.get(0)))
    };
    assert_eq!(told(900), ["meta.gdpr"]);
    assert_eq!(told(100_000), Vec::<String>::new());
}
