use super::*;

pub(super) const MAPPING: &str = r#"
[source]
timezone = "UTC"
incomplete = "whole == 'NO'"
skip = { chat = "kind == 'chat'" }
[fields]
externalIdentity = "id"
agentId = "agent"
agentName = "agent"
agentEmail = "mail"
customer = "phone"
dateTime = "at"
subject = "kind"
"#;

/// A file whose records say this of it, one record each.
fn file(said: &[&str]) -> NamedTempFile {
    let mut text = "whole,id,agent,mail,phone,at,kind\n".to_owned();
    for (id, said) in said.iter().enumerate() {
        let kind = if *said == "NO " { "chat" } else { "call" };
        let said = said.trim();
        let line = format!(
            "{said},{id}{said},7,ida@example.com,+4512345601,2024-03-15T08:00:00Z,{kind}\n"
        );
        text.push_str(&line);
    }
    export(&text, ".csv")
}

/// The lines on which a file is told to be incomplete.
fn told(out: &Outcomes) -> Vec<u64> {
    let ended = out.ended.iter();
    ended
        .filter(|ended| ended.codes.contains(&"export-incomplete"))
        .map(|ended| ended.line)
        .collect()
}

#[test]
fn a_file_that_says_so_is_told_once_and_its_records_are_sent() {
    let exports = [file(&["YES", "NO", "NO"]), file(&["NO"]), file(&["YES"])];
    let out = walk(&pipeline(MAPPING, &exports[..1])).unwrap();
    assert_eq!((told(&out), out.calls.len()), (vec![3], 3));
    let out = walk(&pipeline(MAPPING, &exports)).unwrap();
    assert_eq!(told(&out), [2, 3], "the last file comes first");
    let out = walk(&pipeline(MAPPING, &exports[2..])).unwrap();
    assert_eq!(told(&out), [0; 0]);
}

#[test]
fn a_record_that_is_left_out_tells_it_as_well() {
    let out = walk(&pipeline(MAPPING, &[file(&["NO ", "YES"])])).unwrap();
    assert_eq!((told(&out), out.calls.len()), (vec![2], 1));
    assert_eq!(out.ended[0].outcome, Outcome::Skipped);
}
