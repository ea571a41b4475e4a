//! The recipes of presets for recordings by URL: each is followed with the shipped sample, against a
//! pretend API in the place of the vendor's.

use std::path::Path;

use serde_json::json;

use crate::harness::export::wave;
use crate::harness::object_server::{ObjectServer, StoreFault};
use crate::harness::program::{Ended, Workdir};

const SECRET: &str = "id:s3cret-that-nobody-may-ever-see";

/// A preset whose vendor is another host, and its samples.
struct Recipe {
    workdir: Workdir,
    api: ObjectServer,
    preset: &'static str,
}

impl Recipe {
    /// The preset with the pretend API for these hosts, and without its pace, which takes minutes.
    fn of(preset: &'static str, hosts: &[&str]) -> Recipe {
        let (workdir, api) = (Workdir::new(), ObjectServer::start());
        let mut text = workdir.call(&["mapping", "show", preset]).out;
        assert!(text.contains("\n[audio.fetch]\n"), "{preset} has a recipe");
        assert!(text.contains("\nrate     = "), "{preset} has a pace");
        for host in hosts {
            text = text.replace(&format!("https://{host}"), &api.url());
            text = text.replace(&format!("\"{host}\""), "\"127.0.0.1\"");
        }
        let text: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("rate "))
            .collect();
        workdir.write("mine.toml", text.join("\n"));
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/presets");
        for file in std::fs::read_dir(samples.join(preset)).expect("samples") {
            let path = file.expect("a sample").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            workdir.write(&name, std::fs::read(&path).expect("a sample"));
        }
        Recipe {
            workdir,
            api,
            preset,
        }
    }

    fn sound(&self, path: &str, seed: u64) -> String {
        let mut dice = fastrand::Rng::with_seed(seed);
        self.api.put(path, &wave(1, &mut dice));
        format!("{}/{path}", self.api.url())
    }

    fn answer(&self, path: &str, answer: &serde_json::Value) {
        self.api.put(path, answer.to_string().as_bytes());
    }

    /// A rehearsal with these arguments: what was sent, by the id of the call.
    fn sent(&self, export: &str, arguments: &[&str]) -> Vec<(String, String)> {
        let fixed = [
            "run",
            export,
            "-m",
            "mine.toml",
            "--sandbox",
            "--out",
            "out",
        ];
        let fixed = [&fixed[..], &["--rate", "0", "--allow-private"], arguments].concat();
        let mut program = self.workdir.program(&fixed);
        program.env("CAPTURI_FETCH_SECRET", SECRET);
        let ended = Ended::from(program.output().expect("the program starts"));
        assert!(!(ended.out.clone() + &ended.err).contains(SECRET));
        let rows = self.workdir.rows("accepted.sandbox.csv").into_iter();
        let pairs = rows.filter(|row| !row["recording"].is_empty());
        let pairs = pairs.map(|row| (row["external_id"].clone(), row["recording"].clone()));
        let mut pairs: Vec<(String, String)> = pairs.collect();
        pairs.sort();
        assert!(!pairs.is_empty(), "{}: {}", self.preset, ended.err);
        pairs
    }

    /// Every request has the secret in this form.
    fn all_have(&self, header: &str) {
        let seen = self.api.seen();
        assert!(!seen.is_empty());
        for head in seen {
            let head = head.to_lowercase();
            assert!(head.contains(&header.to_lowercase()), "{head}");
        }
    }
}

fn pair(id: &str, name: &str) -> (String, String) {
    (id.to_owned(), name.to_owned())
}

#[test]
fn twilio_is_asked_for_the_recordings_of_the_parent() {
    let recipe = Recipe::of("twilio", &["api.twilio.com"]);
    let list = |call: &str| {
        format!(
            "2010-04-01/Accounts/AC000000000000000000000000000000ff/Recordings.json?CallSid={call}"
        )
    };
    let call = "CA00000000000000000000000000000001";
    let several = "CA0000000000000000000000000000000b";
    let url = recipe.sound("2010-04-01/Accounts/AC/Recordings/RE1.wav", 1);
    recipe.answer(
        &list(call),
        &json!({"recordings": [{"sid": "RE1", "call_sid": call, "media_url": url}]}),
    );
    recipe.answer(
        &list(several),
        &json!({"recordings": [{"media_url": url}, {"media_url": url}]}),
    );
    let sent = recipe.sent("calls.json", &["--agents", "agents.csv"]);
    assert_eq!(
        sent,
        [pair(call, "Recordings.json.wav")],
        "of two nobody knows which"
    );
    recipe.all_have("authorization: basic");
}

#[test]
fn aircall_is_asked_by_the_id_of_the_call_and_anew_when_a_link_has_expired() {
    let recipe = Recipe::of("aircall", &["api.aircall.io"]);
    for (number, id) in (1..).zip(["910000001", "910000002"]) {
        let url = recipe.sound(&format!("recordings/{id}.wav"), number);
        recipe.answer(
            &format!("v1/calls/{id}"),
            &json!({"call": {"id": id, "recording": url}}),
        );
    }
    // Good for the look at its header, and gone when it is sent.
    recipe.api.spoil(
        "recordings/910000001.wav",
        &[StoreFault::Nothing, StoreFault::Instead("403 Forbidden")],
    );
    let sent = recipe.sent("calls.json", &[]);
    let wanted = ["910000001", "910000002"].map(|id| pair(id, &format!("{id}.wav")));
    assert_eq!(sent, wanted);
    let asked = recipe.api.seen();
    let asked = asked
        .iter()
        .filter(|head| head.contains("/v1/calls/910000001 "));
    assert_eq!(asked.count(), 2, "the link is asked for anew");
    recipe.all_have("authorization: basic");
}

#[test]
fn ringcentral_gives_the_content_that_its_log_names() {
    let recipe = Recipe::of("ringcentral", &["media.ringcentral.com"]);
    recipe.sound("content", 1);
    let log = recipe.workdir.read("call-log.json");
    let log = log.replace(
        "https://x.example.com/content",
        &format!("{}/content", recipe.api.url()),
    );
    recipe.workdir.write("call-log.json", log);
    let sent = recipe.sent("call-log.json", &["--agents", "agents.csv"]);
    assert_eq!(sent, [pair("A1", "content.wav")]);
    recipe.all_have(&format!("authorization: bearer {SECRET}"));
}

#[test]
fn dialpad_is_asked_for_the_leg_of_who_spoke() {
    let recipe = Recipe::of("dialpad", &["dialpad.com"]);
    let url = recipe.sound("r/501.mp3", 1);
    let details = json!({"call_id": 1, "recording_details": [{"id": "501", "url": url}]});
    // The call belongs to the queue, and its recording to the person who took it.
    recipe.answer("api/v2/call/5000000000000003", &details);
    let sent = recipe.sent("calls.csv", &["--timezone", "Europe/Copenhagen"]);
    assert_eq!(sent, [pair("5000000000000001", "5000000000000003.wav")]);
    recipe.all_have(&format!("authorization: bearer {SECRET}"));
}

#[test]
fn adversus_gives_what_its_links_name() {
    let recipe = Recipe::of("adversus", &["api.adversus.dk"]);
    recipe.sound("recordings/r1.mp3", 1);
    let cdr = recipe.workdir.read("cdr.json");
    let cdr = cdr.replace("https://api.example.com", &recipe.api.url());
    recipe.workdir.write("cdr.json", cdr);
    let zone = ["--timezone", "Europe/Copenhagen", "--region", "DK"];
    let sent = recipe.sent(
        "cdr.json",
        &[&zone[..], &["--agents", "agents.csv"]].concat(),
    );
    assert_eq!(sent, [pair("8800001", "r1.mp3")]);
    recipe.all_have("authorization: basic");
}

#[test]
fn without_a_secret_nothing_is_fetched_and_the_run_says_that_it_could_be() {
    let recipe = Recipe::of("aircall", &["api.aircall.io"]);
    let check = ["check", "calls.json", "-m", "mine.toml", "--out", "out"];
    let ended = recipe.workdir.call(&check);
    assert!(ended.err.contains("CAPTURI_FETCH_SECRET"), "{}", ended.err);
    assert!(recipe.api.seen().is_empty());
    // Whoever names a folder knows where recordings are.
    std::fs::create_dir_all(recipe.workdir.path("audio")).expect("a folder");
    let named = recipe
        .workdir
        .call(&[&check[..], &["--audio", "audio"]].concat());
    assert!(!named.err.contains("CAPTURI_FETCH_SECRET"), "{}", named.err);
}
