use super::*;
use crate::mapping::{AudioName, LegRule};

const AGENTS: &str =
    "Id;Email;Team\n7;ida@example.com;Salg\nA8;bo@example.com;\n7;ida@example.com;Salg\n";

fn load_with(agents: &str, text: &str) -> Result<MappingFile, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("agents.csv"), agents).unwrap();
    let text = format!("[lookup.agents]\nfile = \"agents.csv\"\nkey = \"id\"\n{text}");
    MappingFile::load(&text, "test.toml", Some(dir.path()))
}

fn looked_up(rule: &str, agent: &str) -> (Value<'static>, Vec<Code>) {
    let batch = row(&["agent"], &[agent]);
    let mapping = load_with(AGENTS, &format!("[fields]\nsubject = {rule}")).unwrap();
    let profile = CallMapping::bind(&mapping, batch.sheet()).unwrap();
    let mut problems = Vec::new();
    let Ok(draft) = apply(&profile, &batch.get(0), &mut problems) else {
        panic!("skipped");
    };
    let codes = problems.iter().map(|problem| problem.code).collect();
    (draft.get(Field::Subject).clone().into_owned(), codes)
}

#[test]
fn a_second_file_says_what_the_export_does_not() {
    let email = r#"{ from = "agent", lookup = "agents", column = "email" }"#;
    assert_eq!(looked_up(email, "7"), (text("ida@example.com"), vec![]));
    assert_eq!(looked_up(email, " a8 "), (text("bo@example.com"), vec![]));
    assert_eq!(
        looked_up(email, "9"),
        (Value::Broken, vec![Code::LookupMissed])
    );
    assert_eq!(looked_up(email, ""), (Value::Absent, vec![]));
    let team = r#"{ from = "agent", lookup = "agents", column = "Team", default = "none" }"#;
    assert_eq!(looked_up(team, "7").0, text("Salg"));
    assert_eq!(looked_up(team, "A8").0, text("none"));
    assert_eq!(looked_up(team, "9").0, text("none"));
    let template = r#"{ template = "{{ agent | lookup('agents', 'team') }}!" }"#;
    assert_eq!(looked_up(template, "7"), (text("Salg!"), vec![]));
    assert_eq!(
        looked_up(template, "9"),
        (Value::Broken, vec![Code::LookupMissed])
    );
    let template = r#"{ template = "{{ agent | lookup('agents', 'team', '?') }}" }"#;
    assert_eq!(looked_up(template, "9").0, text("?"));
}

/// The line and message of the only finding.
fn only_finding(agents: &str, text: &str) -> (usize, String) {
    let error = load_with(agents, text).unwrap_err();
    let [finding] = error.findings() else {
        panic!("{error}");
    };
    (finding.line, finding.message.clone())
}

#[test]
fn a_lookup_that_cannot_work_is_told_at_load() {
    for (rule, message) in [
        (
            r#"from = "a", lookup = "agent", column = "email""#,
            "the file has no [lookup.agent]",
        ),
        (
            r#"from = "a", lookup = "agents", column = "mail""#,
            "[lookup.agents] has no column `mail`",
        ),
        (
            r#"from = "a", lookup = "agents""#,
            "a `lookup` also needs the `column` to take",
        ),
        (
            r#"from = "a", column = "email""#,
            "`column` belongs to a `lookup`",
        ),
        (
            r#"template = "{{ a | lookup('x', 'y') }}""#,
            "the file has no [lookup.x]",
        ),
        (
            r#"template = "{{ a | lookup('agents', 'y') }}""#,
            "[lookup.agents] has no column `y`",
        ),
    ] {
        let text = format!("[fields]\nsubject = {{ {rule} }}");
        assert_eq!(
            only_finding(AGENTS, &text),
            (5, message.to_owned()),
            "{rule}"
        );
    }
}

#[test]
fn a_lookup_file_that_cannot_be_used_is_told_at_load() {
    let message = |agents| only_finding(agents, "[fields]").1;
    assert_eq!(message("name\nx\n"), "agents.csv has no column `id`");
    assert_eq!(
        message("id,n\n1,a\n1,b\n"),
        "agents.csv: the key `1` is there twice, with different values"
    );
    let error = load_error(
        "[lookup.a]\nfile = \"nowhere.csv\"\nkey = \"id\"\n\
         [fields]\nsubject = { from = \"x\", lookup = \"a\", column = \"b\" }",
    );
    assert_eq!(error.findings().len(), 1);
    assert!(
        error.findings()[0]
            .message
            .starts_with("cannot read nowhere.csv: ")
    );
}

#[test]
fn filters_and_tests_that_do_not_exist_are_told_at_load() {
    for (template, message) in [
        ("{{ a | uper }}", "unknown filter: `uper`"),
        ("{% if a is defned %}{% endif %}", "unknown test: `defned`"),
        (
            "{% if b %}{{ 'x | y' | trim | tirm }}{% endif %}",
            "unknown filter: `tirm`",
        ),
    ] {
        let error = load_error(&format!(
            "[fields]\nsubject = {{ template = \"{template}\" }}"
        ));
        assert_eq!(error.findings()[0].message, message);
    }
    let good = "{{ a | upper | replace('| x', 'is y') | trim }} | y {% if a is not defined or a is none %}{% endif %}";
    load(&format!("[fields]\nsubject = {{ template = \"{good}\" }}"));
    load("[source]\nskip = \"a | lower is startingwith('x') or a is in(['b'])\"\n[fields]");
}

#[test]
fn repairs_are_made_only_by_rule_and_are_counted() {
    let rule = r#"{ from = "c", as = "phone", repair = ["apostrophe", "plus"] }"#;
    let repaired = vec![Code::RepairedByRule];
    assert_eq!(
        cell(Field::Customer, rule, "4512345678"),
        (text("+4512345678"), repaired)
    );
    assert_eq!(
        cell(Field::Customer, rule, "'4512345678"),
        (
            text("+4512345678"),
            vec![Code::RepairedByRule, Code::RepairedByRule]
        )
    );
    assert_eq!(
        cell(Field::Customer, rule, "+4512345678"),
        (text("+4512345678"), vec![])
    );
    let error = load_error("[fields]\ncustomer = { from = \"c\", repair = \"minus\" }");
    assert_eq!(error.findings()[0].message, "`minus` is no repair");
}

#[test]
fn legs_are_read_and_their_columns_found() {
    let mapping = load(
        "[legs]\ngroup = \"linked\"\norder = \"when\"\nlength = \"secs\"\nspeaks = \"longest\"\n\
         [legs.fields]\nagentId = \"last\"\ncustomNumberProp1 = \"sum\"\n[fields]\nsubject = \"s\"",
    );
    let batch = row(&["Linked", "When", "Secs", "s"], &[]);
    let profile = CallMapping::bind(&mapping, batch.sheet()).unwrap();
    let legs = profile.legs().unwrap();
    let length = legs.length.as_ref().map(|named| named.column.clone());
    assert_eq!(length, batch.sheet().column("secs"));
    assert_eq!(legs.fields[Field::AgentId.index()], LegRule::Last);
    assert_eq!(legs.fields[Field::CustomNumberProp1.index()], LegRule::Sum);
    assert_eq!(legs.fields[Field::Subject.index()], LegRule::Longest);
    assert_eq!(profile.unused_columns(), [""; 0]);
    for (bad, message) in [
        ("[legs]\n[fields]", "[legs] has no `group`"),
        (
            "[legs]\ngroup = \"a\"\nspeaks = \"longest\"\n[fields]",
            "`longest` needs the column of the `length`",
        ),
        (
            "[legs]\ngroup = \"a\"\nfields.subject = \"sum\"\n[fields]",
            "`subject` is no number, so there is no sum",
        ),
        (
            "[legs]\ngroup = \"a\"\nfields.agentName = \"last\"\n[fields]",
            "`agentName` is always said by the row that speaks for `agentId`",
        ),
        (
            "[legs]\ngroup = \"a\"\nrequires = \"agent\"\n[fields]",
            "`agent` is no field of a conversation",
        ),
        (
            "[legs]\ngroup = \"a\"\norder = { field = \"subject\" }\n[fields]",
            "`subject` is no value of `field`",
        ),
        (
            "[source]\nnewest = { by = \"a\" }\n[fields]",
            "`newest` needs `by`, the columns of the id, and `at`, that of the time",
        ),
        (
            "[legs]\ngroup = \"a\"\nfields.subjet = \"last\"\n[fields]",
            "`subjet` is no field of a conversation",
        ),
    ] {
        assert_eq!(load_error(bad).findings()[0].message, message);
    }
    let error =
        CallMapping::bind(&load("[legs]\ngroup = \"nix\"\n[fields]"), batch.sheet()).unwrap_err();
    assert_eq!(
        error.findings()[0].message,
        "export.csv has no column `nix`"
    );
}

#[test]
fn what_a_preset_asks_for_can_be_given_from_outside() {
    let asking = "[source]\nneeds = [\"timezone\", \"region\"]\n[fields]\ndateTime = \"t\"\ncustomer = { from = \"c\", as = \"phone\" }";
    let batch = row(&["t", "c"], &["2024-03-15 09:12:03", "12345678"]);
    let mut mapping = load(asking);
    let error = CallMapping::bind(&mapping, batch.sheet()).unwrap_err();
    assert_eq!(error.findings().len(), 2);
    assert_eq!(
        mapping
            .set_timezone("Europe/Kopenhagen")
            .unwrap_err()
            .suggestion
            .as_deref(),
        Some("did you mean `Europe/Copenhagen`?")
    );
    assert!(mapping.set_region("Denmark").is_err());
    mapping.set_timezone("Europe/Copenhagen").unwrap();
    mapping.set_region("DK").unwrap();
    let profile = CallMapping::bind(&mapping, batch.sheet()).unwrap();
    let Ok(draft) = apply(&profile, &batch.get(0), &mut Vec::new()) else {
        panic!("skipped");
    };
    assert_eq!(
        draft.get(Field::DateTime),
        time("2024-03-15T09:12:03+01:00")
    );
    assert_eq!(draft.get(Field::Customer), text("+4512345678"));
}

#[test]
fn a_default_also_stands_in_for_a_missing_column_and_a_missing_case_stays_a_case() {
    let batch = row(&["dir", "dst"], &["in", "2"]);
    let subject = |rule: &str| {
        map(
            &format!("[fields]\nsubject = {rule}"),
            &batch,
            Field::Subject,
        )
        .0
    };
    assert_eq!(
        subject(r#"{ from = "nowhere", optional = true, default = "x" }"#),
        text("x")
    );
    let choice = r#"{ optional = true, choose = [{ when = "dir == 'in'", from = "src" }, { from = "dst" }] }"#;
    assert_eq!(subject(choice), Value::Absent);
}

#[test]
fn a_problem_names_the_column_of_the_case_that_was_chosen() {
    let mapping = "[fields]\ncustomProp1 = { as = \"email\", choose = [{ when = \"d == '1'\", from = \"a\" }, { from = \"b\" }] }";
    for (chosen, column) in [("1", "a"), ("2", "b")] {
        let batch = row(&["d", "a", "b"], &[chosen, "x", "y"]);
        let (_, problems) = map_fully(mapping, &batch, Field::CustomProp1);
        assert_eq!(&*problems[0].column, column);
        let profile = bind(mapping, &batch);
        assert_eq!(
            profile.column_for(Field::CustomProp1, &batch.get(0)),
            column
        );
    }
}

#[test]
fn a_column_called_like_a_function_of_the_engine_is_the_column() {
    let batch = row(&["range"], &["7"]);
    let mapping = "[fields]\nsubject = { template = \"{{ range | trim }}\" }";
    assert_eq!(map(mapping, &batch, Field::Subject).0, text("7"));
}

#[test]
fn an_entry_of_several_lines_names_several_recordings() {
    let mapping = "[audio]\nmatch = [\"{% for f in files | split('|') %}{{ f }}-all*\\n{% endfor %}\", \"{{ id }}\"]\n[fields]\nsubject = \"id\"";
    let named = |files: &str| -> Vec<Vec<String>> {
        let batch = row(&["id", "files"], &["7", files]);
        let profile = bind(mapping, &batch);
        let recordings = profile.recordings(&batch.get(0));
        let shown = |names: Vec<AudioName>| names.iter().map(ToString::to_string).collect();
        recordings.into_iter().map(shown).collect()
    };
    assert_eq!(named("a"), [["a-all*", "7"]]);
    assert_eq!(named("a|b"), [["a-all*", "7"], ["b-all*", "7"]]);
    assert_eq!(
        bind("[fields]\nsubject = \"id\"", &row(&["id"], &["1"]))
            .recordings(&row(&["id"], &["1"]).get(0)),
        [vec![]]
    );
}

#[test]
fn a_name_that_fits_two_columns_is_refused_unless_one_is_meant_to_the_letter() {
    let batch = row(&["Call ID", "call_id", "a b", "a-b"], &["A1", "B1", "", ""]);
    let fields = |rule: &str| format!("[fields]\nexternalIdentity = {rule}");
    for rule in [
        "\"CallId\"",
        "{ first = [\"none\", \"CallId\"] }",
        "{ template = \"{{ row['callid'] }}\" }",
        "{ from = \"CallId\", optional = true }",
    ] {
        let error = CallMapping::bind(&load(&fields(rule)), batch.sheet())
            .unwrap_err()
            .to_string();
        assert!(error.contains("`Call ID` and `call_id`"), "{rule}: {error}");
    }
    for (rule, wanted) in [("\"call_id\"", "B1"), ("\"Call ID\"", "A1")] {
        let (value, codes) = map(&fields(rule), &batch, Field::ExternalIdentity);
        assert_eq!((value, codes), (text(wanted), vec![]), "{rule}");
    }
}

#[test]
fn seconds_of_a_calculation_or_of_json_have_a_decimal_point() {
    let seconds = |rule: &str, batch: &Batch| {
        map(
            &format!("[fields]\ncustomNumberProp1 = {rule}"),
            batch,
            Field::CustomNumberProp1,
        )
    };
    let plain = "{ from = \"c\", as = \"seconds\" }";
    assert_eq!(
        seconds(plain, &row(&["c"], &["1.234"])).1,
        [Code::BadDuration]
    );
    assert_eq!(
        seconds(plain, &tree(r#"{"c": 1.234}"#)),
        (number("1.234"), vec![])
    );
    assert_eq!(
        seconds(plain, &tree(r#"{"c": "1.234"}"#)).1,
        [Code::BadDuration]
    );
    let template = "{ template = \"{{ c }}\", as = \"seconds\" }";
    assert_eq!(
        seconds(template, &row(&["c"], &["1,234"])).1,
        [Code::BadDuration]
    );
    let calculated = "{ template = \"{{ (c | float) / 1000 }}\", as = \"seconds\" }";
    assert_eq!(
        seconds(calculated, &row(&["c"], &["1234"])),
        (number("1.234"), vec![])
    );
    let stated = "{ from = \"c\", as = \"seconds\", decimal = \",\", thousands = \".\" }";
    assert_eq!(
        seconds(stated, &row(&["c"], &["1.234"])),
        (number("1234"), vec![])
    );
}

#[test]
fn two_keys_of_json_for_one_name_are_refused_where_they_differ() {
    let id = |json: &str, name: &str| {
        let batch = tree(json);
        let profile = bind(&format!("[fields]\nexternalIdentity = \"{name}\""), &batch);
        let mut problems = Vec::new();
        let mapped = apply(&profile, &batch.get(0), &mut problems);
        let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
        (mapped.is_ok(), codes)
    };
    let twins = r#"{"Call ID": "A1", "call_id": "B1"}"#;
    assert_eq!(id(twins, "CallId"), (false, vec![Code::DuplicateKey]));
    assert_eq!(id(twins, "call_id"), (true, vec![]));
    assert_eq!(id(twins, "other"), (true, vec![]));
    let same = r#"{"Call ID": "A1", "call_id": "A1"}"#;
    assert_eq!(id(same, "CallId"), (true, vec![]));
}
