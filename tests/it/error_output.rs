//! What ends a command before its time, in the form that was asked for; and settings that would be
//! without effect.

use crate::harness::export::calls;
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::Server;
use serde_json::Value;

/// The one line on standard error.
fn error(ended: &Ended) -> Value {
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    let json: Value = serde_json::from_str(lines[0]).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(json["event"], "error");
    assert_eq!(json["exit"], ended.code);
    json
}

fn message(ended: &Ended) -> String {
    error(ended)["message"].as_str().expect("a text").to_owned()
}

#[test]
fn an_error_is_an_object_where_that_form_was_asked_for() {
    let workdir = Workdir::with(&calls(2, 31));
    let json = ["--log-format", "json"];
    let call = |arguments: &[&str]| workdir.call(&[arguments, &json].concat()).with_code(2);
    let unknown = call(&["check", "calls.csv", "--mapping", "capturi-v2"]);
    assert!(message(&unknown).contains("capturi-v2"));
    assert_eq!(error(&unknown)["hint"], "did you mean capturi-v1?");
    // The command line cannot even be parsed.
    for (wrong, named) in [
        (
            &["check", "calls.csv", "--no-such-flag"][..],
            "--no-such-flag",
        ),
        (&["check"], "<EXPORT>"),
    ] {
        let ended = call(wrong);
        let (message, hint) = (message(&ended), error(&ended)["hint"].to_string());
        assert!(message.contains(named), "{message}");
        assert!(hint.contains("Usage: capturi-import check"), "{hint}");
        assert!(
            !message.contains('\n') && !hint.contains("\\n"),
            "{ended:?}"
        );
    }
    workdir.write("bad.toml", "raet = 2\n");
    let ended = call(&["check", "calls.csv", "--config", "bad.toml"]);
    assert!(message(&ended).starts_with("bad.toml:1: raet is not"));
}

#[test]
fn the_form_may_also_be_asked_for_by_a_variable_or_the_settings() {
    let workdir = Workdir::with(&calls(2, 32));
    let wrong = ["check", "calls.csv", "--no-such-flag"];
    let mut program = workdir.program(&wrong);
    let output = program.env("CAPTURI_LOG_FORMAT", "json").output();
    error(&Ended::from(output.expect("the program starts")).with_code(2));
    workdir.write("capturi-import.toml", "log-format = \"json\"\n");
    error(&workdir.call(&wrong).with_code(2));
    // The flag wins.
    let ended = workdir.call(&[&wrong[..], &["--log-format=human"]].concat());
    assert!(ended.with_code(2).err.starts_with("error:"));
    // And nothing else of the file has to be right.
    workdir.write("capturi-import.toml", "log-format = \"json\"\nraet = 1\n");
    error(&workdir.call(&["status"]).with_code(2));
}

#[test]
fn a_variable_of_no_setting_is_warned_of_and_its_value_is_not_told() {
    let (workdir, server) = (Workdir::with(&calls(2, 33)), Server::healthy());
    let mut runner = workdir.runner(&server, &["calls.csv"]);
    let output = runner
        .env("CAPTURI_BASEURL", "https://s3cret.example.com")
        .output();
    let ended = Ended::from(output.expect("the program starts")).with_code(0);
    let ended = ended.says("CAPTURI_BASEURL is the variable of no setting");
    let ended = ended.says("did you mean CAPTURI_BASE_URL?");
    assert!(!ended.err.contains("s3cret"), "{ended:?}");
    let ended = workdir.run(&server, &["calls.csv"]).with_code(0);
    assert!(!ended.err.contains("no setting"), "{ended:?}");
}
