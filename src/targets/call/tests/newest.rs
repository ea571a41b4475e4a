use super::*;

const NEWEST: &str = r#"
[source]
newest = { by = "id", at = "updated" }
[fields]
externalIdentity = "id"
agentId = "agent"
agentName = "agent"
agentEmail = { value = "a@example.com" }
customer = { value = "+4512345601" }
dateTime = "at"
subject = { value = "Call" }
"#;

fn line(id: &str, updated: &str, agent: &str) -> String {
    format!(
        r#"{{"id": "{id}", "updated": "{updated}", "agent": "{agent}", "at": "2024-03-15T08:00:00Z"}}"#
    )
}

#[test]
fn of_the_copies_of_a_record_the_newest_counts_wherever_it_stands() {
    let one = [
        line("a", "2024-03-15T09:00:00Z", "old"),
        line("b", "2024-03-15T10:00:00Z", "new"),
        line("b", "2024-03-15T09:59:59.9Z", "old"),
        line("c", "", "only"),
    ];
    let other = [line("a", "2024-03-15T09:00:00.001Z", "new")];
    let exports = [
        export(&one.join("\n"), ".ndjson"),
        export(&other.join(""), ".ndjson"),
    ];
    let out = walk(&pipeline(NEWEST, &exports)).unwrap();
    assert_eq!(out.field(Field::ExternalIdentity), ["b", "c", "a"]);
    assert_eq!(out.field(Field::AgentId), ["new", "only", "new"]);
    let older = (Outcome::Skipped, "older copy");
    let rows: Vec<_> = out
        .rows()
        .into_iter()
        .map(|(_, outcome, detail)| (outcome, detail))
        .collect();
    assert_eq!((rows[0], rows[2]), (older, older));
}

#[test]
fn a_broken_copy_is_rejected_and_not_passed_over() {
    let csv = "id,agent,at,updated\n\
               a,new,2024-03-15T08:00:00Z,2024-03-15T09:00:00Z\n\
               a,cut,2024-03-15T08:00:00Z\n";
    let out = walk(&pipeline(NEWEST, &[export(csv, ".csv")])).unwrap();
    assert_eq!(out.field(Field::AgentId), ["new"]);
    assert_eq!(out.ended[1].outcome, Outcome::Rejected);
    assert_eq!(out.ended[1].codes, ["row-too-short"]);
}

#[test]
fn a_copy_that_cannot_be_dated_is_rejected_and_hides_no_other() {
    let lines = [
        line("a", "2024-03-15T09:00:00Z", "old"),
        line("a", "soon", "new"),
    ];
    let out = walk(&pipeline(NEWEST, &[export(&lines.join("\n"), ".ndjson")])).unwrap();
    assert_eq!(out.field(Field::AgentId), ["old"]);
    assert_eq!(out.ended[1].codes, ["bad-time"]);
}

#[test]
fn the_same_copy_twice_is_a_repeat_and_another_one_a_clash() {
    let at = "2024-03-15T09:00:00Z";
    let lines = [line("a", at, "x"), line("a", at, "x"), line("a", at, "y")];
    let out = walk(&pipeline(NEWEST, &[export(&lines.join("\n"), ".ndjson")])).unwrap();
    assert_eq!(out.ended[1].detail, "repeat");
    assert_eq!(out.ended[2].codes, ["duplicate-id"]);
}
