//! Proof of what was sent: written from the ledger, checked without it, and refused when a byte of it changes.

use std::fs;

use crate::harness::export::{Given, calls};
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, sha256};
use serde_json::Value;

/// The example of RFC 8410, section 10.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

/// An import with its evidence.
struct Proved {
    given: Vec<Given>,
    workdir: Workdir,
}

impl Proved {
    fn of(given: Vec<Given>, run: &[&str], evidence: &[&str]) -> Proved {
        let workdir = Workdir::with(&given);
        workdir.write("key.pem", KEY);
        workdir.write("public.pem", PUBLIC_KEY);
        let server = Server::healthy();
        workdir
            .run(&server, &[&["calls.csv"], run].concat())
            .with_code(0);
        let write = ["evidence", "--out", "proof"];
        workdir.call(&[&write[..], evidence].concat()).with_code(0);
        Proved { given, workdir }
    }

    fn check(&self, arguments: &[&str]) -> Ended {
        self.workdir
            .call(&[&["evidence", "check"], arguments].concat())
    }

    fn lines(&self) -> Vec<Value> {
        let manifest = self.workdir.read("proof/manifest.ndjson");
        let lines = manifest
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect()
    }
}

#[test]
fn what_was_sent_is_proved_by_the_export_and_the_recordings_alone() {
    let proved = Proved::of(calls(9, 3), &["--sha256"], &[]);
    let workdir = &proved.workdir;
    let lines = proved.lines();
    assert_eq!(lines.len(), 9);
    let export = sha256(&fs::read(workdir.path("calls.csv")).expect("the export"));
    for line in &lines {
        assert_eq!(line["export"], export);
        assert_eq!(line["records"].as_array().expect("records").len(), 1);
        let id = line["id"].as_str().expect("an id");
        let given = proved
            .given
            .iter()
            .find(|given| given.id == id)
            .expect("the call");
        let sent = fs::read(workdir.path("audio").join(&given.file)).expect("a recording");
        assert_eq!(line["recording"]["sha256"], sha256(&sent));
        assert_eq!(
            line["recording"]["blake3"],
            blake3::hash(&sent).to_hex().as_str()
        );
        assert_eq!(line["recording"]["made"], false);
        let consent = given
            .expected_in("v2")
            .get("hasConsent")
            .cloned()
            .unwrap_or_default();
        assert_eq!(line["consent"]["sent"], consent);
        assert_eq!(line["consent"]["column"], "hasConsent");
    }
    fs::remove_file(workdir.path("capturi-import.db")).expect("a ledger");
    proved
        .check(&["proof", "calls.csv", "--audio", "audio"])
        .with_code(0)
        .says("9 calls found in the exports")
        .says("9 found in the folder, 0 not there");
}

#[test]
fn a_changed_byte_is_refused_and_its_line_is_named() {
    let proved = Proved::of(calls(5, 4), &[], &[]);
    let workdir = &proved.workdir;
    let whole = workdir.read("proof/manifest.ndjson");
    let starts: Vec<usize> = std::iter::once(0)
        .chain(whole.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    for (line, start) in starts[..5].iter().enumerate() {
        let mut changed = whole.clone().into_bytes();
        // A digit of the time, which is still a time.
        let at = start + whole[*start..].find("\"first\":\"").expect("a time") + 27;
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        workdir.write("proof/manifest.ndjson", changed);
        let named = format!("manifest.ndjson:{}: the line was changed", line + 1);
        proved.check(&["proof"]).with_code(3).says(&named);
    }
    let cut = whole[..whole.len() - 1].to_owned();
    for other in [
        cut,
        whole.replacen('\n', "\n\n", 1),
        format!("{whole}{whole}"),
        String::new(),
    ] {
        workdir.write("proof/manifest.ndjson", other);
        proved
            .check(&["proof"])
            .with_code(3)
            .says("manifest.ndjson");
    }
    workdir.write("proof/manifest.ndjson", &whole);
    proved.check(&["proof"]).with_code(0);
    for name in ["leaves.bin", "evidence.json", "certificate.html"] {
        let path = workdir.path("proof").join(name);
        let kept = fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&kept).into_owned();
        let root = workdir.read("proof/root.txt");
        let root = root.split("root ").nth(1).expect("a root").trim_end();
        let changed = if name == "leaves.bin" {
            kept[..kept.len() - 32].to_vec()
        } else {
            text.replace(root, &root.chars().rev().collect::<String>())
                .into_bytes()
        };
        fs::write(&path, changed).expect("a file");
        proved.check(&["proof"]).with_code(3).says(name);
        fs::write(&path, kept).expect("a file");
    }
    workdir.write(
        "proof/root.txt",
        "capturi-import evidence 1\nlines 5\nroot 00\n",
    );
    proved.check(&["proof"]).with_code(2).says("root.txt");
}

#[test]
fn other_records_and_other_recordings_are_refused() {
    let proved = Proved::of(calls(4, 5), &[], &[]);
    let workdir = &proved.workdir;
    let export = workdir.read("calls.csv");
    workdir.write("other.csv", export.replace("2024", "2023"));
    proved
        .check(&["proof", "other.csv"])
        .with_code(3)
        .says("other.csv: no call of the manifest was made of these bytes");
    // The same records in another order are no bytes of the run, and still its records.
    let recording = workdir.path("audio").join(&proved.given[2].file);
    let mut bytes = fs::read(&recording).expect("a recording");
    bytes[100] ^= 1;
    fs::write(&recording, bytes).expect("a recording");
    proved
        .check(&["proof", "calls.csv", "--audio", "audio"])
        .with_code(3)
        .says("3 found in the folder, 1 not there");
}

#[test]
fn a_signed_root_is_checked_with_the_public_key() {
    let proved = Proved::of(calls(3, 6), &[], &["--sign", "key.pem"]);
    let workdir = &proved.workdir;
    proved
        .check(&["proof"])
        .with_code(0)
        .says("signed by the key in the folder");
    let check = ["proof", "--key", "public.pem"];
    proved
        .check(&check)
        .with_code(0)
        .says("signed by the key of --key");
    let openssl = std::process::Command::new("openssl")
        .current_dir(workdir.path("proof"))
        .args([
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "public-key.der",
            "-rawin",
        ])
        .args(["-in", "root.txt", "-sigfile", "root.sig"])
        .output();
    if let Ok(verified) = openssl {
        assert!(verified.status.success(), "{verified:?}");
    }
    let signature = workdir.path("proof/root.sig");
    let mut bytes = fs::read(&signature).expect("a signature");
    bytes[9] ^= 1;
    fs::write(&signature, bytes).expect("a signature");
    proved.check(&check).with_code(3).says("root.sig");
    fs::remove_file(&signature).expect("a signature");
    proved
        .check(&check)
        .with_code(3)
        .says("the signature is missing");
    proved.check(&["proof"]).with_code(3);
    proved.check(&["proof", "--key", "key.pem"]).with_code(2);
    let sign = ["evidence", "--out", "again", "--sign", "public.pem"];
    workdir
        .call(&sign)
        .with_code(2)
        .says("no private Ed25519 key");
}

#[test]
fn one_call_is_shown_without_the_others() {
    let proved = Proved::of(calls(11, 7), &[], &[]);
    let workdir = &proved.workdir;
    let id = &proved.given[6].id;
    let shown = workdir
        .call(&["evidence", "show", "proof", id])
        .with_code(0);
    workdir.write("one.json", &shown.out);
    for other in proved.given.iter().filter(|other| other.id != *id) {
        assert!(
            !shown.out.contains(&format!("\\\"{}\\\"", other.id)),
            "{}",
            other.id
        );
    }
    proved
        .check(&["one.json"])
        .with_code(0)
        .says("the line is number");
    let line = shown.out.replace("complete", "held");
    workdir.write("one.json", line);
    proved
        .check(&["one.json"])
        .with_code(3)
        .says("do not lead to the root");
    workdir
        .call(&["evidence", "show", "proof", "nobody"])
        .with_code(2);
    workdir.write("one.json", "{");
    proved.check(&["one.json"]).with_code(2);
}

#[test]
fn the_manifest_says_what_verify_last_saw() {
    let given = calls(3, 8);
    let workdir = Workdir::with(&given);
    let server = Server::healthy();
    workdir.run(&server, &["calls.csv"]).with_code(0);
    workdir.verify(&server).with_code(0);
    workdir.call(&["evidence", "--out", "proof"]).with_code(0);
    for line in workdir.read("proof/manifest.ndjson").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["verified"]["outcome"], "verified", "{line}");
        assert_eq!(line["verified"]["state"], "Success");
    }
    assert!(workdir.read("proof/certificate.html").contains("verified"));
    workdir.call(&["evidence", "check", "proof"]).with_code(0);
}

#[test]
fn evidence_replaces_nothing() {
    let proved = Proved::of(calls(2, 9), &[], &[]);
    let again = proved.workdir.call(&["evidence", "--out", "proof"]);
    again.with_code(2).says("is not empty");
    proved.workdir.call(&["evidence"]).with_code(2);
}
