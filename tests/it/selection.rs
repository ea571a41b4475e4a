//! A few records out of many, labels for an import, and calls that are to be sent again.

use crate::harness::export::{Given, calls, wave, with_every_field};
use crate::harness::program::Workdir;
use crate::harness::server::{Server, ids};
use serde_json::{Value, json};

/// The labels that the server has of a call.
fn labels(server: &Server, id: &str) -> Value {
    let snapshot = server.snapshot();
    let mut all = snapshot.conversations.into_iter();
    let found = all.find(|found| found.external_identity == id);
    found.expect("the call").fields["labels"].clone()
}

fn few() -> (Vec<Given>, Workdir, Server) {
    let given = calls(12, 7);
    let workdir = Workdir::with(&given);
    (given, workdir, Server::healthy())
}

#[test]
fn only_the_named_calls_are_sent_and_the_others_later() {
    let (given, workdir, server) = few();
    workdir.write("trial.txt", format!("{}\n\n{}\n", given[7].id, given[2].id));
    let trial = ["calls.csv", "--only", "trial.txt"];

    workdir
        .call(&["check", "calls.csv", "--only", "trial.txt"])
        .with_code(0);
    workdir
        .run(&server, &trial)
        .with_code(0)
        .says("10 left out on purpose");

    let named = [given[2].clone(), given[7].clone()];
    server.has_exactly(&named, "v2");
    assert_eq!(
        (workdir.outcome("created"), workdir.outcome("skipped")),
        (2, 10)
    );
    assert!(
        !workdir.has("out/skipped.csv"),
        "nobody asked for the others"
    );
    let requests = server.requests();
    workdir.run(&server, &trial).with_code(0);
    assert_eq!(server.requests(), requests);
    workdir.run(&server, &["calls.csv"]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn an_id_that_no_record_has_is_told() {
    let (given, workdir, server) = few();
    workdir.write("trial.txt", format!("{}\nnobody\n", given[0].id));
    workdir
        .run(&server, &["calls.csv", "--only", "trial.txt"])
        .with_code(3)
        .says("no record has 1 id that --only names");
    server.has_exactly(&given[..1], "v2");
    let told = workdir.rows("problems.csv");
    let told = told.iter().map(|row| (&*row["code"], &*row["external_id"]));
    assert_eq!(told.collect::<Vec<_>>(), [("id-not-found", "nobody")]);
}

#[test]
fn a_named_call_does_not_get_the_recording_of_another_one() {
    let workdir = Workdir::new();
    let fields = [
        "externalIdentity = 'id'",
        "dateTime = { value = '2024-03-15T08:00:00Z' }",
    ];
    let constants = ["agentId", "agentName", "subject"];
    let constants = constants.map(|field| format!("{field} = {{ value = 'Dorte Vestergaard' }}"));
    let mail = "agentEmail = { value = 'dve@example.com' }\ncustomer = { value = '+4512345601' }";
    let fields = fields
        .map(str::to_owned)
        .into_iter()
        .chain(constants)
        .chain([mail.to_owned()]);
    let fields: Vec<String> = fields.collect();
    let audio = "[audio]\nmatch = ['{{ file }}']\n";
    let mapping = format!("[fields]\n{}\n{audio}", fields.join("\n"));
    workdir.write("mapping.toml", mapping);
    workdir.write("audio/a.wav", wave(2, &mut fastrand::Rng::with_seed(1)));
    workdir.write("audio/c.wav", wave(2, &mut fastrand::Rng::with_seed(2)));
    workdir.write("calls.csv", "id,file\n1,a.wav\n2,a.wav\n3,c.wav\n");
    let server = Server::healthy();
    let run = |id: &str| {
        workdir.write("trial.txt", id);
        let command = ["calls.csv", "-m", "mapping.toml", "--only", "trial.txt"];
        workdir.run(&server, &command)
    };
    run("2").with_code(3);
    assert!(server.snapshot().conversations.is_empty());
    assert_eq!(workdir.lines_with("recording-shared"), [3]);
    // Of what is wrong with the others nothing is told.
    run("3").with_code(0);
    assert_eq!(
        ids(&server.snapshot()).into_iter().collect::<Vec<_>>(),
        ["3"]
    );
    let left = workdir.rows("problems.csv");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_list_that_cannot_be_read_stops_before_anything_is_sent() {
    let (_, workdir, server) = few();
    for (content, says) in [("", "names no id"), ("a\n4,51E+09\n", "trial.txt:2:")] {
        workdir.write("trial.txt", content);
        let ended = workdir.run(&server, &["calls.csv", "--only", "trial.txt"]);
        ended.with_code(2).says(says);
    }
    workdir
        .run(&server, &["calls.csv", "--only", "none.txt"])
        .with_code(2);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_label_is_on_every_call_of_a_run_and_changes_nothing_of_it() {
    let given = with_every_field(3);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    let run = |label: &str| workdir.run(&server, &["calls.csv", "--label", label]);
    run(" ").with_code(2);
    run("import:2026-11").with_code(0);
    let mut expected = given[0].expected_in("v2")["labels"].clone();
    let list = expected.as_array_mut().expect("labels");
    list.push(json!("import:2026-11"));
    assert_eq!(labels(&server, &given[0].id), expected);
    workdir.verify(&server).with_code(0).says("3 verified");
    let requests = server.requests();
    run("import:2026-12").with_code(0);
    assert_eq!(server.requests(), requests, "another label is no change");
    assert!(workdir.lines_with("changed-since-sent").is_empty());
}

#[test]
fn a_forgotten_call_is_sent_again_and_one_that_is_still_there_is_told() {
    let (given, workdir, server) = few();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let forget = |arguments: &[&str]| workdir.call(&[&["ledger", "forget"], arguments].concat());
    forget(&[]).with_code(2);
    forget(&["nobody", &given[4].id])
        .with_code(3)
        .says(&format!("forgotten: {}, complete, uid ", given[4].id))
        .says("not in the ledger: nobody");
    assert_eq!(workdir.state("complete"), 11);
    // Nobody has deleted it: the destination says that it has the call, and the recording may be there twice.
    workdir.run(&server, &["calls.csv"]).with_code(3);
    let creates = |id: &str| {
        let snapshot = server.snapshot();
        let mut all = snapshot.conversations.into_iter();
        all.find(|found| found.external_identity == id)
            .expect("the call")
            .creates
    };
    assert_eq!((creates(&given[4].id), creates(&given[5].id)), (2, 1));

    forget(&["--from", "out/accepted.csv"]).with_code(0);
    assert_eq!(workdir.state("complete"), 11);
    assert_eq!(ids(&server.snapshot()).len(), 12);
}
