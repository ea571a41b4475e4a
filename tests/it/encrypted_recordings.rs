//! Recordings that are encrypted: held until a command of the user's decrypts them, and sent as plain sound.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::Server;

/// As `gpg --encrypt` begins a message: the key of the session for one recipient, then what is encrypted.
fn encrypted(sound: &[u8]) -> Vec<u8> {
    let key = [&[3_u8][..], &[7; 8], &[1], &[9; 258]].concat();
    let hidden: Vec<u8> = sound.iter().map(|byte| byte ^ 0x55).collect();
    [&[0x85_u8, 0x01, 0x0c][..], &key, &[0xd2, 0xff], &hidden].concat()
}

/// Undoes it: the head has 273 bytes.
const SCRIPT: &str = "#!/bin/sh\nset -e\n/usr/bin/tail -c +274 | /usr/bin/perl -0777 -pe '$_ ^= \"\\x55\" x length'\n";

/// Calls whose recordings are encrypted, and a mapping with this line in `[audio]`.
fn prepared(given: &[Given], line: &str) -> Workdir {
    let workdir = Workdir::with(given);
    std::fs::remove_dir_all(workdir.path("audio")).expect("a folder");
    for call in given {
        let name = format!("audio/{}.pgp", call.file);
        workdir.write(&name, encrypted(&call.recording));
    }
    let script = workdir.write("decrypt", SCRIPT);
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(script, all).expect("rights");
    let preset = workdir.call(&["mapping", "show", "capturi-v1"]).out;
    assert!(preset.contains("\n[audio]\n"), "{preset}");
    let preset = preset.replace("\n[audio]\n", &format!("\n[audio]\n{line}\n"));
    workdir.write("mine.toml", preset);
    workdir
}

fn run(workdir: &Workdir, server: &Server) -> Ended {
    std::fs::create_dir_all(workdir.path("made")).expect("a folder");
    let mut runner = workdir.runner(server, &["calls.csv", "-m", "mine.toml"]);
    runner.env("TMPDIR", workdir.path("made"));
    Ended::from(runner.output().expect("the program starts"))
}

#[test]
fn what_is_encrypted_is_held_and_goes_out_once_a_command_decrypts_it() {
    let given = calls(4, 941);
    let (workdir, server) = (prepared(&given, ""), Server::healthy());
    run(&workdir, &server).says("recording-encrypted");
    assert_eq!(server.requests(), 0, "no call goes without its recording");
    let with = std::fs::read_to_string(workdir.path("mine.toml")).expect("a mapping");
    let with = with.replace("\n[audio]\n", "\n[audio]\ndecrypt = \"./decrypt\"\n");
    workdir.write("mine.toml", with);
    run(&workdir, &server).with_code(0);
    server.has_exactly(&given, "v2");
    let left = std::fs::read_dir(workdir.path("made")).expect("a folder");
    assert_eq!(left.count(), 0, "plain sound is left behind");
}

#[test]
fn a_command_that_fails_holds_its_call_with_its_last_line_and_nobodys_name() {
    let given = calls(2, 942);
    let line = "decrypt = \"sh -c 'echo gpg: no key for ida@example.com >&2; exit 2'\"";
    let (workdir, server) = (prepared(&given, line), Server::healthy());
    run(&workdir, &server).says("gpg: no key for");
    let problems = workdir.read("out/problems.csv");
    assert!(problems.contains("recording-encrypted"), "{problems}");
    assert!(!problems.contains("ida@example.com"), "{problems}");
    assert_eq!(server.requests(), 0);
}

/// The command runs twice, and what the second run gives is what would be sent.
#[test]
fn less_than_was_looked_into_is_not_sent() {
    for less in ["/usr/bin/head -c 0", "/usr/bin/head -c 300"] {
        let given = calls(1, 945);
        let line = "decrypt = \"./twice\"";
        let (workdir, server) = (prepared(&given, line), Server::healthy());
        let text = format!(
            "#!/bin/sh\nif /bin/mkdir looked 2>/dev/null; then ./decrypt; else ./decrypt | {less}; fi\n"
        );
        let script = workdir.write("twice", text);
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(script, all).expect("rights");
        let ended = run(&workdir, &server);
        assert_ne!(ended.code, 0, "{}", ended.out);
        assert!(workdir.has("looked"));
        assert_eq!(server.requests(), 0, "{less}: {}", ended.out);
    }
}

#[test]
fn only_what_looks_encrypted_goes_to_the_command() {
    let given = calls(2, 943);
    let (workdir, server) = (prepared(&given, "decrypt = \"false\""), Server::healthy());
    std::fs::remove_dir_all(workdir.path("audio")).expect("a folder");
    workdir.record(&given);
    run(&workdir, &server).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_mapping_that_others_may_write_names_no_command() {
    let given = calls(1, 944);
    let (workdir, server) = (
        prepared(&given, "decrypt = \"./decrypt\""),
        Server::healthy(),
    );
    let anybody = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(workdir.path("mine.toml"), anybody).expect("rights");
    run(&workdir, &server)
        .with_code(2)
        .says("other users can write to it");
    assert_eq!(server.requests(), 0);
}
