//! The command line: what is wrong with a mapping, a flag or a setting is told at once, with its
//! place and what was probably meant; and nothing is sent before all of it is right.

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, TOKEN};

/// Ten calls in a folder, and a server.
fn given() -> (Vec<Given>, Workdir, Server) {
    let given = calls(10, 71);
    let workdir = Workdir::with(&given);
    (given, workdir, Server::healthy())
}

/// A run with this mapping; it must end with 2 and send nothing.
fn refuses_the_mapping(mapping: &str) -> Ended {
    let (_, workdir, server) = given();
    workdir.write("my.toml", mapping);
    let ended = workdir
        .run(&server, &["calls.csv", "--mapping", "my.toml"])
        .with_code(2);
    assert_eq!(server.requests(), 0);
    ended
}

/// A mapping that fits the export, with this line in its fields.
fn mapping_with(line: &str) -> String {
    format!(
        "target = \"conversation\"\n[fields]\nexternalIdentity = \"externalId\"\nagentId = \"agentId\"\n\
         agentName = \"agentName\"\nagentEmail = \"agentEmail\"\ncustomer = \"phoneNumber\"\n\
         dateTime = \"datetime\"\nsubject = \"title\"\n{line}\n\
         [audio]\nmatch = [\"{{{{ audioFile }}}}\", \"{{{{ externalId }}}}\"]\n"
    )
}

#[test]
fn a_fitting_mapping_of_ones_own_is_taken() {
    let (_, workdir, server) = given();
    workdir.write("my.toml", mapping_with("status = { value = \"closed\" }"));
    workdir
        .run(&server, &["calls.csv", "--mapping", "my.toml"])
        .with_code(0);
    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len(), 10);
    assert!(
        snapshot
            .conversations
            .iter()
            .all(|found| found.fields["status"] == "closed")
    );
}

#[test]
fn an_empty_file_stops_nothing_and_is_told() {
    let (_, workdir, server) = given();
    for name in ["empty.csv", "empty.json"] {
        workdir.write(name, "");
        workdir
            .run(&server, &[name])
            .with_code(3)
            .says("is empty, without even a header");
        assert_eq!(server.requests(), 0);
    }
    workdir
        .run(&server, &["empty.csv", "calls.csv", "empty.json"])
        .with_code(0)
        .says("file-not-read");
    assert_eq!(server.snapshot().conversations.len(), 10);
}

#[test]
fn an_unknown_target_is_told_with_its_line_and_the_nearest_one() {
    refuses_the_mapping(&mapping_with("sttatus = \"outcome\""))
        .says("my.toml:10")
        .says("sttatus")
        .says("status");
}

#[test]
fn an_unknown_column_is_told_with_its_line_and_the_nearest_one() {
    refuses_the_mapping(&mapping_with("status = \"outcom\""))
        .says("my.toml:10")
        .says("outcom")
        .says("outcome");
}

#[test]
fn an_unknown_key_is_told_with_its_line() {
    refuses_the_mapping(&mapping_with("status = { form = \"outcome\" }"))
        .says("my.toml:10")
        .says("form");
    refuses_the_mapping(&format!("[sauce]\ndelimiter = \";\"\n{}", mapping_with(""))).says("sauce");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    refuses_the_mapping(&mapping_with("status = = 1")).says("my.toml:10");
}

#[test]
fn a_mapping_without_a_required_target_sends_nothing() {
    let (_, workdir, server) = given();
    let mapping = mapping_with("").replace("subject = \"title\"\n", "");
    workdir.write("my.toml", mapping);
    let ended = workdir.run(&server, &["calls.csv", "--mapping", "my.toml"]);
    assert!([2, 3].contains(&ended.code), "{ended:?}");
    ended.says("subject");
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_mapping_that_does_not_exist_is_told_with_the_nearest_preset() {
    let (_, workdir, server) = given();
    workdir
        .run(&server, &["calls.csv", "--mapping", "capturi-v2"])
        .with_code(2)
        .says("capturi-v1");
    assert_eq!(server.requests(), 0);
}

#[test]
fn what_was_named_in_place_of_a_mapping_is_told() {
    let (calls, workdir, server) = given();
    let recording = format!("audio/{}", calls[0].file);
    for (named, what) in [
        ("audio", "audio is a folder, not a mapping file"),
        (&*recording, "is a recording, not a mapping file"),
        ("calls.csv", "is an export (a table), not a mapping file"),
    ] {
        workdir
            .run(&server, &["calls.csv", "--mapping", named])
            .with_code(2)
            .says(what)
            .says("recordings belong to --audio");
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn bytes_without_a_unit_are_refused_wherever_they_stand() {
    let (_, workdir, server) = given();
    workdir.write("capturi-import.toml", "bandwidth = 5\n");
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("write 5MB for megabytes");
    assert_eq!(server.requests(), 0);
}

#[test]
fn wrong_flags_are_usage() {
    let (_, workdir, server) = given();
    for wrong in [
        &["--no-such-flag"][..],
        &["--concurrency", "0"],
        &["--rate", "-1"],
        &["--rate", "fast"],
        &["--bandwidth", "10 parsecs"],
        &["--existing", "keep"],
        &["--missing-audio", "wait"],
        &["--api-version", "v9"],
        &["--timeout", "never"],
        &["--timeout", "0s"],
        &["--max-outage", "0s"],
        &["--max-duration", "0"],
        &["--limit", "0"],
        &["--bandwidth", "5"],
        &["--window", "08:00-08:00"],
        &["--base-url", "ftp://example.com"],
        &["--faults", "faults.toml"],
        &["--audio", "no-such-folder"],
        &["no-such-export.csv"],
    ] {
        let arguments = [&["run", "calls.csv", "--rate", "0"], wrong].concat();
        let ended = workdir.call(&arguments);
        assert_eq!(ended.code, 2, "{wrong:?}: {ended:?}");
        assert!(
            ended.out.is_empty() && !ended.err.is_empty(),
            "{wrong:?}: {ended:?}"
        );
    }
    assert_eq!(server.requests(), 0);
    for arguments in [
        &[][..],
        &["no-such-command"],
        &["run"],
        &["explain", "no-such-code"],
        &["mapping", "show", "no-such"],
    ] {
        assert_eq!(workdir.call(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_token_is_needed_and_comes_from_the_environment_or_a_private_file() {
    let (calls, workdir, server) = given();
    let without = |arguments: &[&str]| {
        let output = workdir
            .runner(&server, arguments)
            .env_remove("CAPTURI_API_TOKEN")
            .output();
        Ended::from(output.expect("it starts"))
    };
    without(&["calls.csv"])
        .with_code(2)
        .says("CAPTURI_API_TOKEN");
    without(&["calls.csv", "--token-file", "token"])
        .with_code(2)
        .says("token");
    workdir.write("token", format!("{TOKEN}\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(workdir.path("token"), permissions).expect("a mode");
        };
        mode(0o644);
        without(&["calls.csv", "--token-file", "token"])
            .with_code(2)
            .says("600");
        mode(0o600);
    }
    assert_eq!(server.requests(), 0);
    without(&["calls.csv", "--token-file", "token"]).with_code(0);
    server.has_exactly(&calls, "v2");
}

#[test]
fn flags_win_over_variables_and_those_over_the_settings_file() {
    let (_, workdir, server) = given();
    let version = |arguments: &[&str], variable: Option<&str>| {
        let ledger = format!("{}.db", server.requests());
        let mut runner = workdir.runner(
            &server,
            &[arguments, &["calls.csv", "--ledger", &ledger]].concat(),
        );
        runner.envs(variable.map(|version| ("CAPTURI_API_VERSION", version)));
        let before = server.snapshot().endpoints;
        runner.output().expect("it starts");
        let after = server.snapshot().endpoints;
        let is_new = |version: &&str| {
            let endpoint = format!("POST /{version}/conversation");
            let requests = |counts: &std::collections::BTreeMap<String, _>| {
                counts
                    .get(&endpoint)
                    .map(|count: &capturi_import::sandbox::EndpointCount| count.requests)
            };
            requests(&after) != requests(&before)
        };
        ["v2", "v3"].into_iter().filter(is_new).collect::<Vec<_>>()
    };
    assert_eq!(version(&[], None), ["v2"]);
    workdir.write("capturi-import.toml", "api-version = \"v3\"\n");
    assert_eq!(version(&[], None), ["v3"]);
    assert_eq!(version(&[], Some("v2")), ["v2"]);
    assert_eq!(version(&["--api-version", "v3"], Some("v2")), ["v3"]);
    workdir.write("other.toml", "api-version = \"v2\"\n");
    assert_eq!(version(&["--config", "other.toml"], None), ["v2"]);
}

#[test]
fn a_wrong_setting_is_told_with_its_line() {
    let (_, workdir, server) = given();
    workdir.write("capturi-import.toml", "# mine\nrate = 5\nconcurency = 4\n");
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("capturi-import.toml:3")
        .says("concurency");
    workdir.write("capturi-import.toml", "token = \"x\"\n");
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("capturi-import.toml:1");
    workdir.write("capturi-import.toml", "rate = 5\nconcurrency = 0\n");
    workdir
        .run(&server, &["calls.csv"])
        .with_code(2)
        .says("capturi-import.toml:2: invalid value '0' for 'concurrency'");
    let mut runner = workdir.runner(&server, &["calls.csv"]);
    let output = runner.env("CAPTURI_CONCURRENCY", "many").output();
    Ended::from(output.expect("it starts"))
        .with_code(2)
        .says("invalid value 'many' for 'CAPTURI_CONCURRENCY'");
    workdir
        .run(&server, &["calls.csv", "--concurrency", "none"])
        .with_code(2)
        .says("invalid value 'none' for '--concurrency <N>'");
    workdir
        .run(&server, &["calls.csv", "--config", "elsewhere.toml"])
        .with_code(2)
        .says("elsewhere.toml");
    assert_eq!(server.requests(), 0);
}

#[test]
fn faults_of_the_settings_wait_for_a_rehearsal_and_typed_ones_want_one() {
    let (_, workdir, server) = given();
    workdir.write("faults.toml", "");
    workdir.write(
        "capturi-import.toml",
        "sandbox = true\nfaults = \"faults.toml\"\n",
    );
    workdir.call(&["run", "calls.csv"]).with_code(0);
    assert!(workdir.has("capturi-import-sandbox.db"));
    workdir
        .call(&["run", "calls.csv", "--faults", "faults.toml"])
        .with_code(0);
    // A switch of the file is turned off by its variable.
    let mut runner = workdir.runner(&server, &["calls.csv", "--dry-run"]);
    let output = runner.env("CAPTURI_SANDBOX", "false").output();
    Ended::from(output.expect("it starts")).with_code(0);
    let requests = server.requests();
    let mut runner = workdir.runner(&server, &["calls.csv", "--limit", "1"]);
    let output = runner.env("CAPTURI_SANDBOX", "false").output();
    Ended::from(output.expect("it starts")).with_code(7);
    assert!(server.requests() > requests);
    workdir.write("capturi-import.toml", "faults = \"faults.toml\"\n");
    workdir.run(&server, &["calls.csv"]).with_code(0);
    let requests = server.requests();
    assert!(requests > 0);
    workdir
        .run(&server, &["calls.csv", "--faults", "faults.toml"])
        .with_code(2)
        .says("add --sandbox");
    assert_eq!(server.requests(), requests);
}

#[test]
fn a_file_called_like_a_preset_is_taken_only_by_its_path() {
    let (_, workdir, server) = given();
    let preset = workdir.call(&["mapping", "show", "capturi-v1"]).out;
    workdir.write("capturi-v1", &preset);
    for arguments in [&["calls.csv"][..], &["calls.csv", "-m", "capturi-v1"]] {
        workdir
            .run(&server, arguments)
            .with_code(2)
            .says("name the file as ./capturi-v1");
    }
    assert_eq!(server.requests(), 0);
    workdir
        .run(&server, &["calls.csv", "-m", "./capturi-v1"])
        .with_code(0);
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_pipe_in_place_of_the_settings_file() {
    let workdir = Workdir::new();
    let made = std::process::Command::new("mkfifo")
        .arg(workdir.path("capturi-import.toml"))
        .status();
    assert!(made.expect("a program").success());
    let ended = workdir.call(&["check", "calls.csv"]).with_code(2);
    ended.says("it must be a regular file");
}

#[cfg(unix)]
#[test]
fn a_settings_file_that_others_can_write_does_not_decide_where_the_token_goes() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_, workdir, server) = given();
    let url = server.url();
    let started = workdir.path("started");
    let command = format!("token-command = \"touch {}\"\n", started.display());
    let file = workdir.write("capturi-import.toml", format!("rate = 0\n{command}"));
    let open = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    open(0o666);
    let run = ["run", "calls.csv", "--base-url", &url];
    workdir
        .call(&run)
        .with_code(2)
        .says("capturi-import.toml:2: token-command counts only");
    workdir.write("capturi-import.toml", format!("base-url = \"{url}\"\n"));
    workdir
        .call(&["run", "calls.csv"])
        .with_code(2)
        .says("capturi-import.toml:1: base-url counts only");
    assert!(server.requests() == 0 && !started.exists());
    // Paces and formats of such a file count, and a file that was named is trusted.
    workdir.write("capturi-import.toml", "rate = 0\n");
    workdir.call(&run).with_code(0);
    let requests = server.requests();
    workdir.write("capturi-import.toml", format!("base-url = \"{url}\"\n"));
    let named = ["run", "calls.csv", "--config", "capturi-import.toml"];
    workdir.call(&named).with_code(0);
    assert!(requests > 0);
}

#[test]
fn a_token_in_the_variable_wins_over_the_settings_file() {
    let (_, workdir, server) = given();
    let url = server.url();
    let started = workdir.path("started");
    let command = format!("token-command = \"touch {}\"\n", started.display());
    workdir.write("capturi-import.toml", command);
    workdir
        .call(&["run", "calls.csv", "--base-url", &url, "--rate", "0"])
        .with_code(0);
    assert!(!started.exists());
}

#[test]
fn a_rehearsal_leaves_the_ledger_of_the_settings_alone() {
    let (_, workdir, _) = given();
    workdir.write("capturi-import.toml", "ledger = \"real.db\"\n");
    let rehearsal = ["run", "calls.csv", "--sandbox"];
    workdir.call(&rehearsal).with_code(0);
    assert!(workdir.has("capturi-import-sandbox.db") && !workdir.has("real.db"));
    let output = workdir
        .program(&rehearsal)
        .env("CAPTURI_LEDGER", "real.db")
        .output()
        .expect("the program");
    assert!(output.status.success() && !workdir.has("real.db"));
    workdir
        .call(&[&rehearsal[..], &["--ledger", "trial.db"]].concat())
        .with_code(0);
    assert!(workdir.has("trial.db"));
}

#[test]
fn the_token_is_not_sent_in_the_clear_to_another_host() {
    let (_, workdir, _) = given();
    for url in [
        "http://example.com",
        "http://10.0.0.1:8080",
        "http://localhost.example.com",
    ] {
        workdir
            .call(&["run", "calls.csv", "--base-url", url])
            .with_code(2)
            .says("--allow-http");
    }
    assert!(
        workdir.files().iter().all(|name| !name.contains(".db")),
        "no ledger was begun"
    );
}

#[test]
fn every_code_is_explained() {
    let workdir = Workdir::new();
    let listed = workdir.call(&["explain"]).with_code(0).out;
    let codes: Vec<&str> = listed
        .split_whitespace()
        .filter(|word| {
            word.contains('-')
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        })
        .collect();
    assert!(
        codes.contains(&"bad-time") && codes.contains(&"upload-in-doubt"),
        "{listed}"
    );
    for code in [
        "bad-time",
        "upload-in-doubt",
        "duplicate-id",
        "bad-consent",
        "recording-missing",
    ] {
        let told = workdir.call(&["explain", code]).with_code(0).out;
        assert!(told.len() > 100 && told.contains(code), "{told}");
    }
    workdir
        .call(&["explain", "bad-tiem"])
        .with_code(2)
        .says("bad-time");
}

#[test]
fn presets_are_listed_and_shown() {
    let workdir = Workdir::new();
    let listed = workdir.call(&["mapping", "list"]).with_code(0).out;
    for line in listed
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with(' '))
    {
        let name = line.split_whitespace().next().expect("a name");
        let shown = workdir.call(&["mapping", "show", name]).with_code(0).out;
        assert!(shown.contains("[fields]"), "{name}: {shown}");
        // What is shown can be used as it is.
        workdir.write("shown.toml", &shown);
    }
    assert!(listed.contains("capturi-v1"));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let workdir = Workdir::new();
    workdir
        .call(&["--help"])
        .with_code(0)
        .says("Examples:")
        .says("130");
    workdir
        .call(&["run", "--help"])
        .with_code(0)
        .says("Examples:")
        .says("--sandbox");
    workdir
        .call(&["check", "--help"])
        .with_code(0)
        .says("--audio");
    workdir
        .call(&["--version"])
        .with_code(0)
        .says(env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_quiet_run_says_the_table_and_what_to_do() {
    let (_, workdir, server) = given();
    let ended = workdir.run(&server, &["calls.csv", "--quiet"]).with_code(0);
    assert!(ended.out.contains("= records read"), "{}", ended.out);
    assert_eq!(ended.err, "");
}

#[test]
fn in_json_every_line_is_an_object() {
    let (_, workdir, server) = given();
    let ended = workdir
        .run(&server, &["calls.csv", "--log-format", "json"])
        .with_code(0);
    let lines: Vec<&str> = ended.out.lines().chain(ended.err.lines()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        let value: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value.is_object(), "{line}");
    }
}

#[test]
fn a_preset_that_asks_for_a_zone_is_not_said_to_be_the_wrong_one() {
    let workdir = Workdir::new();
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/presets/five9/call-log.csv"
    );
    let ended = workdir.call(&["check", sample, "-m", "five9"]).with_code(2);
    assert!(ended.err.contains("--timezone"), "{ended:?}");
    assert!(!ended.err.contains("of another kind"), "{ended:?}");
    workdir
        .call(&["check", sample])
        .with_code(2)
        .says("of another kind");
}

#[test]
fn a_sandbox_that_nobody_typed_is_warned_of() {
    let workdir = Workdir::with(&calls(1, 61));
    let arguments = ["run", "calls.csv", "--out", "out"];
    let mut program = workdir.program(&arguments);
    let output = program.env("CAPTURI_SANDBOX", "true").output();
    let by_variable = Ended::from(output.expect("it starts"));
    workdir.write("capturi-import.toml", "sandbox = true\n");
    let by_file = workdir.call(&arguments);
    for (ended, origin) in [(by_variable, "CAPTURI_SANDBOX"), (by_file, "settings file")] {
        let said = ended.says(origin).says("makes this a rehearsal");
        assert!(said.err.contains("nothing is sent to Capturi"), "{said:?}");
        let last = said.out.lines().last();
        assert_eq!(
            last,
            Some("This was a rehearsal: nothing was sent to Capturi.")
        );
        let page = workdir.read("out/report.html");
        assert!(page.contains("<title>Rehearsal of an import"), "{page}");
        assert!(workdir.has("out/accepted.sandbox.csv") && !workdir.has("out/accepted.csv"));
    }
}

#[test]
fn what_a_terminal_would_act_on_in_an_argument_is_shown_as_its_code() {
    let workdir = Workdir::new();
    for arguments in [
        &["run", "a.csv", "--no\u{1b}[2Jsuch"][..],
        &["run", "a.csv", "--rate", "\u{1b}]0;x\u{7}"],
        &["ru\u{1b}[31mn"],
        &["explain", "a", "b\u{9b}31m\u{202e}"],
        &["run", "a.csv", "--missing-audio", "\u{1b}[8mhold"],
    ] {
        for format in ["human", "json"] {
            let all = [arguments, &["--log-format", format]].concat();
            let ended = workdir.call(&all).with_code(2);
            let said = format!("{}{}", ended.out, ended.err);
            let is_unsafe = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
            assert!(!said.contains(is_unsafe), "{arguments:?}: {said:?}");
            assert!(
                said.contains("<U+001B>") || said.contains("<U+009B>"),
                "{arguments:?}: {said}"
            );
        }
    }
}

#[test]
fn a_run_says_which_settings_and_which_hosts_it_uses() {
    let (_, workdir, server) = given();
    workdir.write("capturi-import.toml", "concurrency = 4\n");
    let ended = workdir
        .run(&server, &["calls.csv", "--read-url", &server.url()])
        .with_code(0);
    let told = ended
        .err
        .lines()
        .find(|line| line.starts_with("Sending to"));
    let told = told.unwrap_or_else(|| panic!("{ended:?}"));
    for part in [
        &server.url(),
        "; settings from capturi-import.toml",
        "; read API http://127",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(
        ended.err.matches("capturi-import.toml").count(),
        1,
        "{}",
        ended.err
    );
    let json = workdir
        .run(&server, &["calls.csv", "--log-format", "json"])
        .with_code(0);
    assert!(
        json.out.contains(r#""settings":"capturi-import.toml""#),
        "{}",
        json.out
    );
    let plain = workdir
        .run(&server, &["calls.csv", "--config", "/dev/null"])
        .with_code(0);
    assert!(
        plain.err.contains("settings from /dev/null"),
        "{}",
        plain.err
    );
}
