use serde_json::json;

use super::*;
use crate::domain::case::{Case, Message};
use crate::mapping::{CaseMapping, Form, MappedCase, MappedMessage, RecordScope};

fn profile(text: &str, batch: &Batch) -> CaseMapping {
    let bound = CaseMapping::bind(&load(text), batch.sheet());
    let bound = bound.unwrap_or_else(|error| panic!("{error}"));
    bound.expect("a mapping of cases")
}

/// The case of the first record, its messages, and what is wrong with them.
fn read(profile: &CaseMapping, batch: &Batch) -> (Option<Case>, Vec<Message>, Vec<String>) {
    let record = batch.get(0);
    let scope = RecordScope::default();
    let (mut problems, mut faults, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    let case = match profile.apply(&record, &scope, &mut problems) {
        MappedCase::Draft(draft) => Case::new(draft, &mut faults),
        _ => None,
    };
    let mut take = |record: &Record<'_>, form| match profile.apply_message(
        record,
        form,
        &scope,
        &mut problems,
    ) {
        MappedMessage::Draft(draft) => messages.extend(Message::new(draft, &mut faults)),
        MappedMessage::Private => faults.clear(),
        MappedMessage::Skipped(_) | MappedMessage::Undecided => {}
    };
    match profile.messages(&record) {
        None => take(&record, Form::Record),
        Some(Ok(nested)) => nested.each(&scope, |message, _, form| take(message, form)),
        Some(Err(problem)) => problems.push(problem),
    }
    let mut told: Vec<String> = faults
        .iter()
        .map(|fault| fault.target.to_string())
        .collect();
    told.extend(problems.iter().map(|problem| problem.column.to_string()));
    (case, messages, told)
}

#[test]
fn the_preset_of_tickets_follows_the_documented_webhook() {
    let preset = Preset::named("zendesk-tickets").unwrap();
    let beside = std::path::Path::new("samples/zendesk");
    let mapping = preset.load_beside(Some(beside), &[]).unwrap();
    let ticket = json!({
        "id": 3001, "via": {"channel": "email"}, "created_at": "2024-03-15T08:00:00Z",
        "updated_at": "2024-03-16T09:30:00Z", "subject": " ", "priority": null, "status": "closed",
        "requester_id": 9101, "assignee_id": 8101, "group_id": 7101, "tags": ["a", "b"],
        "comments": [
            {"id": 1, "author_id": 9101, "plain_body": "", "html_body": "<p>æ\u{2028}</p>", "public": true, "created_at": "2024-03-15T08:00:00Z"},
            {"id": 2, "author_id": 8102, "body": "x", "public": false, "created_at": "2024-03-15T08:10:00Z"},
            {"id": 3, "author_id": 8102, "body": "svar", "public": true, "created_at": "2024-03-15T08:20:00Z"},
            {"id": 4, "author_id": 9666, "body": "slettet", "public": true, "created_at": "2024-03-15T08:30:00Z"},
        ],
    });
    let batch = tree(&ticket.to_string());
    let profile = CaseMapping::bind(&mapping, batch.sheet()).unwrap().unwrap();
    let (case, messages, told) = read(&profile, &batch);
    assert_eq!(told, Vec::<String>::new());
    let case = case.unwrap();
    assert_eq!(
        (&*case.uid, &*case.source, &*case.subject),
        ("3001", "email", "Ticket 3001")
    );
    assert_eq!(case.inbox.as_deref(), Some("Kundeservice"));
    assert_eq!(
        (case.priority, case.tags),
        (None, vec!["a".to_owned(), "b".to_owned()])
    );
    let said: Vec<_> = messages
        .iter()
        .map(|message| (&*message.uid, message.direction.name(), &*message.text))
        .collect();
    assert_eq!(
        said,
        [
            ("1", "Inbound", "<p>æ\u{2028}</p>"),
            ("3", "Outbound", "svar"),
            ("4", "Inbound", "slettet")
        ]
    );
    assert_eq!(messages[1].from.id.as_deref(), Some("8102"));
    assert_eq!(messages[1].to[0].email, "testine.provesen@example.com");
    assert_eq!(messages[2].from.name, "Deleted user");
    assert_eq!(messages[2].from.email, "9666@no-address.invalid");
}

#[test]
fn the_preset_of_messages_reads_the_webhooks_own_json() {
    let mapping = Preset::named("zendesk-messages").unwrap().load().unwrap();
    let mut body = json!({"ticket": {
        "id": "7", "created_at": "2024-03-15T08:00:00Z", "updated_at": "2024-03-15T09:00:00Z",
        "group": {"name": "Desk"}, "title": "Hej", "priority": "high", "via": "Mail", "status": "Open",
        "assignee": {"name": "Testine", "email": "testine@example.com"},
        "latest_comment": {"id": 70, "value": "Svar", "author": {"id": 8, "name": "Testine", "email": "testine@example.com", "role": "agent"}},
    }});
    // It does not say which comments are public.
    let batch = tree(&body.to_string());
    let profile = CaseMapping::bind(&mapping, batch.sheet()).unwrap().unwrap();
    assert_eq!(read(&profile, &batch).2, ["public"]);
    body["ticket"]["latest_comment"]["is_public"] = true.into();
    let batch = tree(&body.to_string());
    let profile = CaseMapping::bind(&mapping, batch.sheet()).unwrap().unwrap();
    let (case, messages, told) = read(&profile, &batch);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(case.unwrap().inbox.as_deref(), Some("Desk"));
    let message = &messages[0];
    assert_eq!(
        (&*message.uid, message.direction.name()),
        ("70", "Outbound")
    );
    assert_eq!(message.created, "2024-03-15T09:00:00Z");
}

/// `mapping init` names the preset for such a table, so it must read it.
#[test]
fn the_preset_of_messages_reads_a_table_of_the_columns_that_tell_it() {
    let mapping = Preset::named("zendesk-messages").unwrap().load().unwrap();
    let (header, cells): (Vec<&str>, Vec<&str>) = [
        ("Ticket ID", "7"),
        ("Ticket Created At", "2024-03-15T08:00:00Z"),
        ("Comment ID", "70"),
        ("Comment Body", "Hej"),
        ("Comment Created At", "2024-03-15T09:00:00Z"),
        ("Author Role", "end-user"),
        ("Author Name", "Testine"),
        ("Author Email", "testine@example.com"),
    ]
    .into_iter()
    .unzip();
    let batch = row(&header, &cells);
    let profile = CaseMapping::bind(&mapping, batch.sheet()).unwrap().unwrap();
    let (case, messages, told) = read(&profile, &batch);
    assert_eq!(told, Vec::<String>::new());
    let case = case.unwrap();
    assert_eq!(case.updated, "2024-03-15T09:00:00Z");
    assert_eq!(case.subject, "(no subject)");
    assert_eq!(messages[0].to[0].name, "Unassigned");
}

#[test]
fn everything_wrong_with_a_mapping_of_cases_is_found_in_one_go() {
    let text = "target = \"case\"\n[messages]\neech = \"x\"\nsend = \"all\"\n[fields]\ncaseUId = \"id\"\n\
        [fields.customFields]\n\"a b\" = \"x\"\n[fields.message]\ntxt = \"x\"\n[fields.message.from]\nmail = \"x\"\n[audio]\n";
    let error = load_error(text).to_string();
    for told in ["eech", "all", "caseUId", "a b", "txt", "mail", "audio"] {
        assert!(error.contains(told), "{told}: {error}");
    }
    let eleven: Vec<String> = (0..11).map(|n| format!("f{n} = \"x\"")).collect();
    let eleven = eleven.join("\n");
    let error = load_error(&format!(
        "target = \"case\"\n[fields.customFields]\n{eleven}"
    ));
    assert!(error.to_string().contains("ten custom fields"), "{error}");
}

#[test]
fn a_list_of_messages_that_is_none_is_a_problem_and_a_missing_one_is_empty() {
    let text = "target = \"case\"\n[messages]\neach = \"comments\"\n[fields]\ncaseUid = \"id\"";
    for (json, told) in [
        (r#"{"id":1,"comments":"x"}"#, 1),
        (r#"{"id":1,"comments":null}"#, 0),
        (r#"{"id":1}"#, 0),
    ] {
        let batch = tree(json);
        let profile = profile(text, &batch);
        let problems = match profile.messages(&batch.get(0)).unwrap() {
            Ok(nested) => usize::from(!nested.is_empty()),
            Err(problem) => usize::from(problem.code == Code::WrongType),
        };
        assert_eq!(problems, told, "{json}");
    }
}

/// What becomes of the first message: `public`, `private`, or the columns that are unclear.
fn seen(text: &str, batch: &Batch) -> String {
    let profile = profile(text, batch);
    let mut problems = Vec::new();
    let scope = RecordScope::default();
    let mut found = None;
    let mut see = |record: &Record<'_>, form| {
        // Only the first counts.
        if found.is_some() {
            return;
        }
        let mapped = profile.apply_message(record, form, &scope, &mut problems);
        found = Some(match mapped {
            MappedMessage::Draft(_) => "public",
            MappedMessage::Private => "private",
            MappedMessage::Skipped(_) | MappedMessage::Undecided => "",
        });
    };
    match profile.messages(&batch.get(0)) {
        Some(Ok(nested)) => nested.each(&scope, |message, _, form| see(message, form)),
        _ => see(&batch.get(0), Form::Record),
    }
    if let Some(found @ ("public" | "private")) = found {
        return found.to_owned();
    }
    let mut codes = problems.iter().map(|problem| problem.code);
    assert!(codes.all(|code| code == Code::BadBoolean), "{problems:?}");
    problems.iter().map(|problem| &*problem.column).collect()
}

#[test]
fn only_a_clear_yes_makes_a_message_public() {
    let messages = "target = \"case\"\n[messages]\npublic = [\"public\", \"is_public\"]\ninternal = [\"internal\"]\n[fields]\n";
    for (header, cells, wanted) in [
        (&["public"][..], &["true"][..], "public"),
        (&["public"], &[" JA "], "public"),
        (&["public"], &["1.0"], "public"),
        (&["public"], &["public"], "public"),
        (&["public"], &["nej"], "private"),
        (&["public"], &["False "], "private"),
        (&["public"], &["f"], "private"),
        (&["public"], &["0.0"], "private"),
        (&["public"], &["no\u{a0}"], "private"),
        (&["public"], &["private"], "private"),
        (&["is_public"], &["true\u{200b}"], "is_public"),
        (&["is_public"], &["\u{feff}true"], "is_public"),
        (&["is_public"], &["tr\u{ad}ue"], "is_public"),
        (&["is_public"], &["pub\u{200d}lic"], "is_public"),
        (&["is_public"], &["1\u{0}"], "is_public"),
        (&["is_public"], &["false\u{200b}"], "is_public"),
        (&["internal"], &["no\u{2060}"], "internal"),
        (
            &["is_public", "internal"],
            &["true\u{200b}", "yes"],
            "private",
        ),
        (&["Is Public"], &["2"], "Is Public"),
        (&["internal"], &["yes"], "private"),
        (&["internal"], &["no"], "public"),
        (&["internal"], &["x"], "internal"),
        (&["public", "is_public"], &["", "yes"], "public"),
        (&["public", "is_public"], &["yes", "no"], "private"),
        (&["public", "internal"], &["yes", "maybe"], "internal"),
        (&["id"], &["1"], "public"),
    ] {
        let found = seen(messages, &row(header, cells));
        assert_eq!(found, wanted, "{header:?} {cells:?}");
    }
    // `public` is both a word and the name of the column here.
    for cell in ["perhaps", ""] {
        let profile = profile(messages, &row(&["public"], &[cell]));
        let batch = row(&["public"], &[cell]);
        let record = batch.get(0);
        let scope = RecordScope::default();
        let mapped = profile.apply_message(&record, Form::Record, &scope, &mut Vec::new());
        assert_eq!(mapped, MappedMessage::Undecided, "{cell}");
    }
}

#[test]
fn a_condition_of_ones_own_is_asked_with_every_spelling() {
    let mapping = |private: &str| {
        format!("target = \"case\"\n[messages]\nprivate = \"{private}\"\n[fields]\n")
    };
    for (condition, cell, wanted) in [
        ("flag == false", "false", "private"),
        ("flag == false", "nej", "private"),
        ("flag == false", "yes", "public"),
        ("flag == false", "perhaps", "flag"),
        ("flag == false", "", "flag"),
        ("flag | lower in ['false', '0', 'no']", "n", "private"),
        ("flag | lower in ['false', '0', 'no']", "True", "public"),
        ("flag != 'true'", "true", "public"),
        ("flag != 'true'", "ja", "private"),
        ("flag == 'true'", "Ja", "private"),
        ("flag == 'true'", "0", "public"),
        ("flag == 'true'", "x", "flag"),
        ("row['flag'] == 'yes'", "1", "private"),
        ("flag == 'Note'", "Comment", "public"),
        ("flag == 'Note'", "Note", "private"),
        ("flag == false", "true\u{200b}", "flag"),
        ("flag == false", "false\u{200b}", "private"),
        ("flag == 0", "1\u{200b}", "flag"),
        ("flag == 1", "1\u{200b}", "private"),
        ("flag == '17'", "1", "public"),
        ("flag == '17'", "1\u{200b}", "public"),
        ("flag == '1'", "8101", "public"),
    ] {
        let found = seen(&mapping(condition), &row(&["flag"], &[cell]));
        assert_eq!(found, wanted, "{condition} {cell}");
    }
    for (json, wanted) in [
        (r#"{"flag": true}"#, "public"),
        (r#"{"flag": false}"#, "private"),
        (r#"{"flag": "false"}"#, "private"),
        (r#"{"flag": "no"}"#, "private"),
        (r#"{"flag": 0}"#, "private"),
        (r#"{"flag": null}"#, "flag"),
        (r#"{"flag": "perhaps"}"#, "flag"),
        (r#"{"other": 1}"#, "public"),
    ] {
        assert_eq!(
            seen(&mapping("flag == false"), &tree(json)),
            wanted,
            "{json}"
        );
    }
}

#[test]
fn a_condition_is_asked_with_what_a_cell_shows() {
    let mapping = |private: &str| {
        format!("target = \"case\"\n[messages]\nprivate = \"{private}\"\n[fields]\n")
    };
    for (condition, cell, wanted) in [
        ("kind == 'Note'", "Note", "private"),
        ("kind == 'Note'", "Comment", "public"),
        ("kind == 'Note'", "", "public"),
        ("kind == 'Note'", "note", "kind"),
        ("kind == 'Note'", "NOTE", "kind"),
        ("kind == 'Note'", "Note ", "kind"),
        ("kind == 'Note'", "Note\u{a0}", "kind"),
        ("kind == 'Note'", "No\u{ad}te", "kind"),
        ("kind == 'Note'", "\u{feff}Note", "kind"),
        ("kind == 'Note'", "nOte\u{200b}", "kind"),
        ("kind == 'Intern note'", "Intern\u{a0}note", "kind"),
        ("kind == 'Privé'", "prive\u{301}", "kind"),
        ("kind | lower == 'note'", "NOTE", "private"),
        ("kind | lower == 'note'", "NOTE\u{200b}", "kind"),
        ("'[intern]' in kind", "Hej [Intern] med", "kind"),
        ("'[intern]' in kind", "Hej med dig", "public"),
        ("kind is startingwith 'Note'", "note: x", "kind"),
        ("kind in ['a', 'b', 'Note']", "B", "kind"),
        ("row['kind'] == 'Note'", "note", "kind"),
        ("kind != 'Comment'", "comment", "private"),
        ("kind == 'Comment'", "note", "public"),
    ] {
        let found = seen(&mapping(condition), &row(&["kind"], &[cell]));
        assert_eq!(found, wanted, "{condition} {cell:?}");
    }
    // Each may be right, but not both together.
    let both = mapping("kind == 'Note' and place == 'Inside' and team != 'Sales'");
    for (cells, wanted) in [
        (["Note", "Inside", "x"], "private"),
        (["note", "Inside", "x"], "kind"),
        (["note", "inside ", "x"], "kind"),
        (["note", "inside", "sales"], "kind"),
        (["note", "outside", "sales"], "public"),
        (["Note", "Inside", "Sales"], "public"),
    ] {
        let found = seen(&both, &row(&["kind", "place", "team"], &cells));
        assert_eq!(found, wanted, "{cells:?}");
    }
}

#[test]
fn a_condition_over_json_is_asked_with_what_a_value_shows() {
    for (condition, json, wanted) in [
        ("kind == 'Note'", r#"{"kind": "note"}"#, "kind"),
        ("kind == 'Note'", r#"{"kind": "Note\u200b"}"#, "kind"),
        ("kind == 'Note'", r#"{"kind": "Comment"}"#, "public"),
        (
            "meta.kind == 'Note'",
            r#"{"meta": {"kind": "Note"}}"#,
            "private",
        ),
        (
            "meta.kind == 'Note'",
            r#"{"meta": {"kind": "note\u00a0"}}"#,
            "meta.kind",
        ),
        (
            "meta.kind == 'Note'",
            r#"{"meta": {"other": "note"}}"#,
            "public",
        ),
        ("'Note' in kinds", r#"{"kinds": ["a", "note"]}"#, "kinds"),
        ("row.kind == 'Note'", r#"{"kind": "note"}"#, "kind"),
        ("hidden == 'Note'", r#"{"kind": "note"}"#, "public"),
    ] {
        let text = format!("target = \"case\"\n[messages]\nprivate = \"{condition}\"\n[fields]\n");
        assert_eq!(seen(&text, &tree(json)), wanted, "{condition} {json}");
    }
    let text = "target = \"case\"\n[messages]\neach = \"comments\"\nprivate = \"ticket.kind == 'Note'\"\n[fields]\n";
    let batch = tree(r#"{"kind": "NOTE", "comments": [{"id": 1}]}"#);
    assert_eq!(seen(text, &batch), "ticket.kind");
}

#[test]
fn a_comment_without_the_flag_is_unclear() {
    let text =
        "target = \"case\"\n[messages]\neach = \"comments\"\npublic = [\"shown\"]\n[fields]\n";
    for (comments, wanted) in [
        (r#"[{"id": 1}, {"id": 2}]"#, "shown"),
        (r#"[{"id": 1}]"#, "shown"),
        (r#"[{"id": 1}, {"id": 2, "shown": true}]"#, "shown"),
        (r#"[{"id": 1, "shown": true}, {"id": 2}]"#, "public"),
        (r#"[{"id": 1, "shown": "false"}]"#, "private"),
        (r#"[{"id": 1, "shown": "true\u200b"}]"#, "shown"),
        (r#"[{"id": 1, "shown": null}]"#, "shown"),
        (r#"[{"id": 1, "shown": [true]}]"#, "shown"),
    ] {
        let batch = tree(&format!(r#"{{"id": 7, "comments": {comments}}}"#));
        assert_eq!(seen(text, &batch), wanted, "{comments}");
    }
}

#[test]
fn a_mapping_can_say_what_a_message_without_the_flag_is() {
    let text = |more: &str| {
        format!("target = \"case\"\n[messages]\neach = \"comments\"\n{more}\n[fields]\n")
    };
    let (one, two) = (
        r#"[{"id": 1, "kind": "Note"}]"#,
        r#"[{"id": 1, "kind": "Note"}, {"id": 2, "shown": true}]"#,
    );
    for (more, wanted) in [
        ("public = [\"shown\"]\nunmarked = \"public\"", "public"),
        ("public = [\"shown\"]\nunmarked = \"private\"", "private"),
        // What another rule says of the message needs no flag.
        (
            "public = [\"shown\"]\nprivate = \"kind == 'Note'\"",
            "private",
        ),
        ("internal = [\"hidden\"]", "public"),
    ] {
        for comments in [one, two] {
            let batch = tree(&format!(r#"{{"id": 7, "comments": {comments}}}"#));
            assert_eq!(seen(&text(more), &batch), wanted, "{more} {comments}");
        }
    }
}

#[test]
fn a_record_without_the_flag_is_unclear() {
    let text = |more: &str| {
        format!(
            "target = \"case\"\n[messages]\npublic = [\"shown\", \"meta.shown\"]\n\
             internal = [\"hidden\"]\n{more}\n[fields]\n"
        )
    };
    for (record, wanted) in [
        // The flag may stand in another file only, or come tomorrow.
        (r#"{"id": 1}"#, "shown"),
        (r#"{"id": 1, "meta": {}}"#, "shown"),
        (r#"{"id": 1, "meta": {"shown": true}}"#, "public"),
        (r#"{"id": 1, "hidden": false}"#, "public"),
        (r#"{"id": 1, "hidden": true}"#, "private"),
    ] {
        assert_eq!(seen(&text(""), &tree(record)), wanted, "{record}");
    }
    for unmarked in ["public", "private"] {
        let text = text(&format!("unmarked = \"{unmarked}\""));
        assert_eq!(seen(&text, &tree(r#"{"id": 1}"#)), unmarked);
    }
}

#[test]
fn a_message_apart_without_the_flag_is_unclear_and_a_text_is_public() {
    let text = "target = \"case\"\n[messages]\neach = [\"latest\", \"comments\"]\n\
                public = [\"shown\"]\n[fields]\n";
    for (latest, wanted) in [
        (r#"{"id": 1}"#, "shown"),
        (r#"{"id": 1, "shown": false}"#, "private"),
        (r#"{"id": 1, "shown": true}"#, "public"),
        (r#""Hello""#, "public"),
    ] {
        let batch = tree(&format!(r#"{{"id": 7, "latest": {latest}}}"#));
        assert_eq!(seen(text, &batch), wanted, "{latest}");
    }
}

#[test]
fn a_first_message_may_stand_apart_from_the_list_of_answers() {
    let text = "target = \"case\"\n[messages]\neach = [\"source\", \"parts.parts\", \"words\"]\n\
                [fields]\ncaseUid = \"id\"\n[fields.message]\nmessageUid = { first = [\"id\", \"ticket.id\"] }";
    let json = r#"{"id": 7, "source": {"id": "s1", "subject": "Hej"}, "words": "Kun tekst",
        "parts": {"count": 2, "parts": [{"id": "p1"}, {"id": "p2"}]}}"#;
    let batch = tree(json);
    let profile = profile(text, &batch);
    let nested = profile.messages(&batch.get(0)).unwrap().unwrap();
    let mut places = Vec::new();
    let mut found: Vec<serde_json::Value> = Vec::new();
    nested.each(&RecordScope::default(), |message, place, form| {
        places.push((place.to_owned(), form));
        found.push(message.tree().unwrap().clone());
    });
    assert_eq!(
        places,
        [
            ("source".to_owned(), Form::Record),
            ("parts.parts.0".to_owned(), Form::Record),
            ("parts.parts.1".to_owned(), Form::Record),
            ("words".to_owned(), Form::Text),
        ]
    );
    // The lists are not repeated in each of their messages; the first message is.
    assert_eq!(found[0]["ticket"]["parts"], json!({"count": 2}));
    assert_eq!(found[1]["ticket"]["source"]["subject"], "Hej");
    assert_eq!(
        (&found[3]["text"], &found[3]["ticket"]["id"]),
        (&json!("Kun tekst"), &json!(7))
    );
    let without = tree(r#"{"id": 7, "words": " ", "source": null}"#);
    assert!(
        profile
            .messages(&without.get(0))
            .unwrap()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_example_of_the_reference_loads() {
    let reference = include_str!("../../../docs/cases.md");
    let mut blocks = reference.split("```toml\n").skip(1);
    let block = blocks.next().unwrap().split("```").next().unwrap();
    assert!(load(block).is_of_cases());
}

/// What is wrong with a ticket of so many messages, whose text is filled like this.
fn told_of(text: &str, messages: usize, said: &serde_json::Value) -> Vec<String> {
    let text = format!(
        "target = \"case\"\n[messages]\neach = \"comments\"\n[fields]\n[fields.message]\ntext = {text}"
    );
    let comments: Vec<_> = (0..messages)
        .map(|id| json!({"id": id, "said": said}))
        .collect();
    let batch = tree(&json!({"id": 7, "state": "new", "comments": comments}).to_string());
    let profile = profile(&text, &batch);
    let scope = RecordScope::default();
    let mut problems = Vec::new();
    let nested = profile.messages(&batch.get(0)).unwrap().unwrap();
    nested.each(&scope, |message, _, form| {
        profile.apply_message(message, form, &scope, &mut problems);
    });
    problems
        .iter()
        .map(|problem| format!("{} {}", problem.code, problem.message))
        .collect()
}

#[test]
fn all_messages_of_a_record_pay_together() {
    let extract = r#"{ from = "said", extract = "(x|a){0,600}(c)", default = "z" }"#;
    assert_eq!(told_of(extract, 2, &json!("a".repeat(500))), [""; 0]);
    let told = told_of(extract, 40, &json!("a".repeat(500)));
    assert!(!told.is_empty() && told.len() < 40, "{told:?}");
    assert!(told[0].contains("too much text"), "{told:?}");

    let looping = r#"{ template = "{% for a in range(4000) %}{% endfor %}{{ said }}" }"#;
    assert_eq!(told_of(looping, 50, &json!("x")), [""; 0]);
    let told = told_of(looping, 1_000, &json!("x"));
    assert!(!told.is_empty() && told.len() < 950, "{}", told.len());
    assert!(told[0].contains("too many steps together"), "{told:?}");

    // What ordinary mappings ask for costs nothing, however many messages there are.
    let ordinary = r#"{ template = "{{ (said | upper) or ticket.state ~ '!' }}" }"#;
    assert_eq!(told_of(ordinary, 5_000, &json!("hello")), [""; 0]);
    // Copies of large messages for a template do.
    let whole = r#"{ template = "{{ row | length }}" }"#;
    let told = told_of(whole, 300, &json!(vec![1; 5_000]));
    assert!(!told.is_empty() && told.len() < 290, "{}", told.len());
}

#[test]
fn a_message_sees_the_record_around_it_or_its_own_key_of_that_name() {
    let text = "target = \"case\"\n[messages]\neach = \"comments\"\nprivate = \"ticket.state == 'x'\"\n[fields]";
    for (first, wanted) in [
        (r#"{"id": 1}"#, "private"),
        (r#"{"id": 1, "ticket": {"state": "y"}}"#, "public"),
    ] {
        // Another message has asked for the record around it before.
        let batch = tree(&format!(
            r#"{{"id": 7, "state": "x", "comments": [{{"id": 0}}, {first}]}}"#
        ));
        let profile = profile(text, &batch);
        let scope = RecordScope::default();
        let mut last = None;
        let nested = profile.messages(&batch.get(0)).unwrap().unwrap();
        nested.each(&scope, |message, _, form| {
            let mapped = profile.apply_message(message, form, &scope, &mut Vec::new());
            last = Some(match mapped {
                MappedMessage::Private => "private",
                _ => "public",
            });
        });
        assert_eq!(last, Some(wanted), "{first}");
    }
}
