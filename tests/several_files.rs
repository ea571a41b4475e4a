//! Several files in one command: a mapping that does not fit one of them is told before anything of
//! the others is sent.

#[expect(dead_code, reason = "each topic uses its part of the harness")]
mod harness;

use harness::export::calls;
use harness::program::Place;
use harness::server::Server;

/// Two calls in `calls.csv`, and a file whose header lacks what the mapping needs.
fn place() -> Place {
    let place = Place::with(&calls(2, 11));
    place.write("later.csv", "id;phone\n1;12345678\n");
    place
}

#[test]
fn a_later_file_that_does_not_fit_is_found_before_the_first_is_sent() {
    let (place, server) = (place(), Server::healthy());
    place
        .run(&server, &["calls.csv", "later.csv"])
        .with_code(2)
        .says("stopping: later.csv has no column for `externalIdentity`")
        .says("error: later.csv has no column for `customer`");
    assert_eq!(server.requests(), 0);
    place.write("empty.csv", "");
    place
        .run(&server, &["calls.csv", "empty.csv"])
        .with_code(2)
        .says("empty.csv");
    assert_eq!(server.requests(), 0);
}

#[test]
fn so_is_standard_input_and_it_is_still_read_whole_when_it_fits() {
    let (given, server) = (calls(5, 12), Server::healthy());
    let place = Place::with(&given[..3]);
    place.record(&given);
    place
        .run_with_input(&server, &["calls.csv", "-"], "id;phone\n1;12345678\n")
        .with_code(2)
        .says("- has no column for `customer`");
    assert_eq!(server.requests(), 0);
    let rest = harness::export::table(&given[3..], b';');
    place
        .run_with_input(&server, &["calls.csv", "-"], &rest)
        .with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_file_of_another_shape_is_named_and_the_others_are_sent() {
    let (place, server) = (Place::with(&calls(2, 13)), Server::healthy());
    let mapping = "[source.skip]\nno_agent = \"not agentEmail\"\n[fields]\n\
        externalIdentity = \"externalId\"\ncustomer = \"phoneNumber\"\nsubject = \"title\"\n\
        dateTime = \"datetime\"\nagentId = \"agentId\"\nagentName = \"agentName\"\nagentEmail = \"agentEmail\"\n";
    place.write("m.toml", mapping);
    let record = |id: &str, email: &str| {
        format!(
            r#"{{"externalId": "{id}", "phoneNumber": "+4512345601", "title": "Call", "datetime": "2024-03-15T09:12:03Z", "agentId": "a1", "agentName": "Ida Opdigtet"{email}}}"#
        )
    };
    let good = record("R1", r#", "agentEmail": "ida@example.com""#);
    let renamed = record("R2", r#", "email": "ida@example.com""#);
    let nobody = record("R3", r#", "agentEmail": null"#);
    place.write("good.ndjson", &good);
    place.write("renamed.ndjson", format!("{renamed}\n"));
    place.write("nobody.ndjson", format!("{nobody}\n"));
    place
        .bare_run(
            &server,
            &["good.ndjson", "nobody.ndjson", "--mapping", "m.toml"],
        )
        .with_code(0)
        .says("all-left-out");
    place
        .bare_run(
            &server,
            &["renamed.ndjson", "good.ndjson", "--mapping", "m.toml"],
        )
        .with_code(3)
        .says("renamed.ndjson")
        .says("`no_agent` left out 1 record, but no record has `agentEmail`")
        .says("Not in place");
    assert_eq!(place.outcome("already_there"), 1);
    // Two pages, one a line: the records inside are read.
    let page = |record: &str| format!("{{\"next\": null, \"calls\": [{record}]}}\n");
    let more = record("R4", r#", "agentEmail": "ida@example.com""#);
    place.write("pages.json", page(&good) + &page(&more));
    place
        .bare_run(&server, &["pages.json", "--mapping", "m.toml"])
        .with_code(0);
    assert_eq!(place.outcome("created"), 1);
    assert_eq!(place.outcome("already_there"), 1);
}

#[test]
fn a_last_row_that_may_be_cut_waits_until_a_run_finds_it_unchanged() {
    let (place, server) = (Place::new(), Server::healthy());
    let header = "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail\n";
    let row = |id: &str| {
        format!("{id},+4512345601,Call,2024-03-15T09:12:03Z,a1,Ida Opdigtet,ida@example.c")
    };
    let text = format!("{header}{}om\n{}", row("R1"), row("R2"));
    let run = |text: &str| {
        place.write("cut.csv", text);
        let ended = place.bare_run(&server, &["cut.csv"]).with_code(0);
        (ended, place.outcome("created"), place.outcome("held"))
    };
    let (ended, created, held) = run(&text);
    assert_eq!((created, held), (1, 1));
    ended.says("row-unterminated");
    // It goes on growing, and is not what it was.
    let grown = format!("{text}o");
    let (_, created, held) = run(&grown);
    assert_eq!((created, held), (0, 1));
    let (_, created, held) = run(&grown);
    assert_eq!((created, held), (1, 0));
    // Where the last column decides nothing, a warning is enough.
    let team = format!(
        "{}\n{}om,S",
        header.trim_end().to_owned() + ",team",
        row("R3")
    );
    let (ended, created, held) = run(&team);
    assert_eq!((created, held), (1, 0));
    ended.says("row-unterminated");
}
