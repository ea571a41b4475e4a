//! What presets need of nested exports and of the operator: `[let]`, lists in lists, agents.

use super::*;

const CONVERSATION: &str = r#"{"participants": [
    {"purpose": "customer", "sessions": [{"ani": "tel:+4512345601"}]},
    {"purpose": "agent", "userId": "rang", "sessions": [{"segments": [{"type": "alert"}]}]},
    {"purpose": "agent", "userId": "spoke", "sessions": [{"segments": [{"type": "alert"}, {"type": "interact"}],
        "metrics": [{"name": "tTalk", "value": 1500}, {"name": "tAcw", "value": 9}]}, {"metrics": [{"name": "tTalk", "value": 500}]}]}
]}"#;

const LETS: &str = r#"
[let]
agents   = "participants | where('purpose', 'agent') | where('sessions.segments.type', 'interact')"
agent    = "agents | last"
customer = "participants | where('purpose', 'customer', 'external') | first"
[source.skip]
no_agent = "not agent"
[fields]
agentId           = { template = "{{ agent.userId }}" }
customer          = { template = "{{ customer.sessions[0].ani }}", as = "phone" }
customNumberProp1 = { template = "{{ agent.sessions | values('metrics') | where('name', 'tTalk') | values('value') | sum }}", as = "seconds", unit = "ms" }
"#;

#[test]
fn a_name_of_let_picks_one_of_the_participants() {
    let batch = tree(CONVERSATION);
    for (field, value) in [
        (Field::AgentId, text("spoke")),
        (Field::Customer, text("+4512345601")),
        (Field::CustomNumberProp1, number("2")),
    ] {
        assert_eq!(map(LETS, &batch, field), (value, vec![]), "{field}");
    }
}

#[test]
fn a_record_without_the_participant_is_skipped_and_no_failure() {
    for json in [
        "{}",
        r#"{"participants": null}"#,
        r#"{"participants": "x"}"#,
    ] {
        let batch = tree(json);
        let profile = bind(LETS, &batch);
        let mut problems = Vec::new();
        let mapped = apply(&profile, &batch.get(0), &mut problems);
        assert_eq!(
            (mapped, problems),
            (Err(MappedCall::Skipped("no_agent")), vec![]),
            "{json}"
        );
    }
}

#[test]
fn what_is_wrong_in_let_is_found_at_its_place() {
    let text = "[let]\nfrom = \"a | wher('x', 'y')\"\nb = \"c }} {{ d\"\nrow = \"a\"\nn = 3\n[fields]\nagentId = \"a\"";
    let error = load_error(text);
    let found: Vec<(usize, &str)> = error
        .findings()
        .iter()
        .map(|finding| (finding.line, finding.message.as_str()))
        .collect();
    assert_eq!(found.len(), 4, "{error}");
    assert_eq!(found[0], (2, "unknown filter: `wher`"));
    assert_eq!((found[1].0, found[2].0, found[3].0), (3, 4, 5));
}

#[test]
fn let_names_the_columns_of_a_table_too() {
    let text = "[let]\nside = \"caller if direction == 'in' else callee\"\n[source]\nskip = \"side == ''\"\n[fields]\ncustomer = { template = \"{{ side }}\" }";
    let header = ["direction", "caller", "callee"];
    let (value, codes) = map(text, &row(&header, &["in", "1", "2"]), Field::Customer);
    assert_eq!((value, codes), (super::text("1"), vec![]));
    let error = CallMapping::bind(&load(text), row(&header[..2], &["in", "1"]).sheet());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("has no column `callee`")
    );
}

#[test]
fn a_column_that_may_be_missing_is_empty_in_templates() {
    let text = "[source]\noptional = [\"Skill Name\", \"extra\"]\nskip = \"extra == 'x'\"\n[fields]\nsubject = { template = \"{{ row['skill-name'] or extra or campaign }}\" }";
    let (value, codes) = map(text, &row(&["campaign"], &["Salg"]), Field::Subject);
    assert_eq!((value, codes), (super::text("Salg"), vec![]));
    let both = row(&["campaign", "Skill_Name"], &["Salg", "Nord"]);
    assert_eq!(map(text, &both, Field::Subject).0, super::text("Nord"));
}

#[test]
fn needs_are_asked_for_until_somebody_says_them() {
    let text = "[source]\nneeds = [\"timezone\", \"region\", \"agents\", \"email\"]\n[fields]\nagentEmail = { template = \"{{ a | agent('email') }}\", as = \"email\" }";
    let batch = row(&["a"], &["Ida"]);
    let mut mapping = load(text);
    let asked = |mapping: &MappingFile| {
        CallMapping::bind(mapping, batch.sheet()).map_or_else(|error| error.findings().len(), |_| 0)
    };
    assert_eq!(asked(&mapping), 4);
    mapping.set_timezone("Europe/Copenhagen").unwrap();
    mapping.set_region("DK").unwrap();
    mapping.set_email_domain("example.com").unwrap();
    assert_eq!(asked(&mapping), 1, "a domain says no names");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agents.csv");
    std::fs::write(&file, "id;name;email\n7;Ida;ida.o@example.com\n").unwrap();
    mapping.set_agents(&file).unwrap();
    let profile = CallMapping::bind(&mapping, batch.sheet()).unwrap();
    let mut problems = Vec::new();
    let Ok(draft) = apply(&profile, &batch.get(0), &mut problems) else {
        panic!("{problems:?}");
    };
    assert_eq!(
        draft.get(Field::AgentEmail),
        super::text("ida.o@example.com")
    );
    assert!(mapping.set_agents(&folder.path().join("none.csv")).is_err());
}

#[test]
fn an_agent_without_an_address_is_a_problem_that_says_why() {
    let rule = "[fields]\nagentEmail = { template = \"{{ a | agent('email') }}\", as = \"email\" }";
    let (_, problems) = map_fully(rule, &row(&["a"], &["ida"]), Field::AgentEmail);
    assert_eq!(problems[0].code, Code::BadEmail);
    assert!(
        problems[0].message.contains("neither a table"),
        "{}",
        problems[0]
    );
    assert_eq!(problems[0].column.as_ref(), "a");
}

#[test]
fn definitions_of_copies_of_copies_fail_their_records_and_end() {
    for double in [
        "[{a}, {a}]",
        "{a} ~ {a}",
        "{a} + {a}",
        "{'k': {a}, 'l': {a}}",
    ] {
        let mut text = "[let]\na0 = \"[x, x]\"\n".to_owned();
        for at in 1..60 {
            let before = format!("a{}", at - 1);
            let double = double.replace("{a}", &before);
            text = format!("{text}a{at} = \"{double}\"\n");
        }
        for used in [
            "a59",
            "a59 | tojson",
            "x in a59",
            "a59 | sort",
            "a58 == a59",
            "a59 + a59",
        ] {
            let text = format!("{text}[fields]\nagentId = {{ template = \"{{{{ {used} }}}}\" }}");
            let (value, codes) = map(&text, &row(&["x"], &["y"]), Field::AgentId);
            assert_eq!(
                (value, codes),
                (Value::Broken, vec![Code::TemplateFailed]),
                "{double} {used}"
            );
        }
    }
}

#[test]
fn what_could_hold_itself_is_not_in_the_language() {
    for (template, says) in [
        ("{% set a = [x, x] %}{{ a }}", "`set` is not available"),
        (
            "{%- with a = x %}{{ a }}{% endwith %}",
            "`with` is not available",
        ),
        (
            "{% for a in x recursive %}{{ loop(a) }}{% endfor %}",
            "recursive loops",
        ),
        ("{{ x | pprint }}", "unknown filter: `pprint`"),
        ("{% include 'x' %}", "unknown statement include"),
    ] {
        let text = format!("[fields]\nagentId = {{ template = \"{template}\" }}");
        let error = load_error(&text).to_string();
        assert!(error.contains(says), "{template}: {error}");
    }
    let nested = "{% for a in [[x, x]] %}".repeat(9) + &"{% endfor %}".repeat(9);
    let text = format!("[fields]\nagentId = {{ template = \"{nested}\" }}");
    assert!(load_error(&text).to_string().contains("more than 8 loops"));
    let text = "[fields]\nagentId = { template = \"{{ x | tojson(indent=7000000000) }}\" }";
    let (_, codes) = map(text, &row(&["x"], &["y"]), Field::AgentId);
    assert_eq!(codes, [Code::TemplateFailed]);
    let namespace = "[fields]\nagentId = { template = \"{{ namespace(a=1).a }}\" }";
    assert!(CallMapping::bind(&load(namespace), row(&["x"], &["y"]).sheet()).is_err());
}
