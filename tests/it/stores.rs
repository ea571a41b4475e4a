//! Recordings in other places: each call gets its own, whole, whatever its store does meanwhile.

use std::process::Command;

use crate::harness::export::{Given, calls, wave};
use crate::harness::object_server::{ObjectServer, StoreFault};
use crate::harness::program::{Ended, Running, Workdir};
use crate::harness::server::Server;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "s3cret-that-nobody-may-ever-see";

/// Calls whose recordings are longer than what is fetched for a header.
fn long_calls(count: usize, seed: u64) -> Vec<Given> {
    let mut given = calls(count, seed);
    let mut dice = fastrand::Rng::with_seed(seed);
    for call in &mut given {
        let one = wave(1, &mut dice);
        // A WAV whose header says the whole of it: forty pieces of sound behind one header.
        let data = one[44..].repeat(200_000 / (one.len() - 44));
        let mut sound = one[..44].to_vec();
        sound[4..8].copy_from_slice(&u32::try_from(data.len() + 36).expect("short").to_le_bytes());
        sound[40..44].copy_from_slice(&u32::try_from(data.len()).expect("short").to_le_bytes());
        sound.extend(data);
        call.recording = sound;
    }
    given
}

/// A folder with the export, and a bucket with the recordings.
fn in_a_bucket(given: &[Given]) -> (Workdir, ObjectServer) {
    let (workdir, store) = (Workdir::with(given), ObjectServer::start());
    std::fs::remove_dir_all(workdir.path("audio")).expect("a folder");
    for call in given {
        store.put(&path(call), &call.recording);
    }
    (workdir, store)
}

fn path(call: &Given) -> String {
    format!("calls/2024/{}", call.file)
}

/// Every address that a library could ask leads nowhere.
fn alone(command: &mut Command, store: &ObjectServer) {
    command
        .env("AWS_ENDPOINT_URL", store.url())
        .env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
        .env("AWS_REGION", "eu-north-1");
}

/// The program with these arguments, and what it needs to ask the store.
fn with_keys(workdir: &Workdir, store: &ObjectServer, arguments: &[&str]) -> Ended {
    let mut program = workdir.program(arguments);
    alone(&mut program, store);
    program.env("AWS_ACCESS_KEY_ID", KEY);
    program.env("AWS_SECRET_ACCESS_KEY", SECRET);
    Ended::from(program.output().expect("the program starts"))
}

/// `check` of calls whose recordings are in the bucket.
fn check(workdir: &Workdir, store: &ObjectServer) -> Ended {
    let check = ["check", "calls.csv", "--out", "out"];
    with_keys(
        workdir,
        store,
        &[&check[..], &["--audio", "s3://calls/2024"]].concat(),
    )
}

fn run(workdir: &Workdir, server: &Server, store: &ObjectServer) -> Ended {
    let audio = ["calls.csv", "--audio", "s3://calls/2024"];
    let mut runner = workdir.bare_runner(server, &audio);
    alone(&mut runner, store);
    runner.env("AWS_ACCESS_KEY_ID", KEY);
    runner.env("AWS_SECRET_ACCESS_KEY", SECRET);
    Ended::from(runner.output().expect("the program starts"))
}

#[test]
fn recordings_of_a_bucket_arrive_as_they_are() {
    let given = long_calls(10, 901);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    run(&workdir, &server, &store).with_code(0);
    server.has_exactly(&given, "v2");
    let signed = store
        .seen()
        .iter()
        .all(|head| head.contains("AWS4-HMAC-SHA256"));
    assert!(signed, "every request is signed");
}

#[test]
fn a_connection_that_breaks_goes_on_where_it_broke() {
    let given = long_calls(4, 902);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    for call in &given {
        // The first request is for the header.
        let cut = [
            StoreFault::CutAfter(40_000),
            StoreFault::CutAfter(100_000),
            StoreFault::CutAfter(10),
        ];
        store.spoil(&path(call), &cut);
    }
    run(&workdir, &server, &store).with_code(0);
    server.has_exactly(&given, "v2");
    let resumed = store.seen();
    let resumed = resumed
        .iter()
        .filter(|head| head.to_lowercase().contains("if-match"));
    assert!(
        resumed.count() >= 4,
        "what is read on must be the same object"
    );
}

#[test]
fn a_store_that_asks_for_patience_gets_it_and_costs_no_try_of_the_destination() {
    let given = calls(3, 903);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let slow = StoreFault::Instead("503 Slow Down\r\nretry-after: 1");
    store.spoil(&path(&given[0]), &[slow.clone(), slow]);
    store.spoil(
        &path(&given[1]),
        &[StoreFault::Instead("500 Internal Server Error")],
    );
    run(&workdir, &server, &store).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn what_a_store_refuses_is_held_and_goes_out_when_it_is_given() {
    let given = calls(4, 904);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let no = StoreFault::Instead("403 Forbidden");
    store.spoil(&path(&given[0]), &[no]);
    let ended = run(&workdir, &server, &store);
    assert_eq!(
        ended.code, 0,
        "a call that waits is no failure: {}",
        ended.err
    );
    assert!(
        ended.err.contains("recording-unavailable") || ended.out.contains("recording-unavailable")
    );
    server.has_exactly(&given[1..], "v2");
    run(&workdir, &server, &store).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_recording_that_is_replaced_while_it_is_sent_is_not_sent() {
    let given = long_calls(3, 905);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    store.replace_after_reading(&path(&given[1]), &given[0].recording);
    run(&workdir, &server, &store);
    let sent = server.snapshot();
    let uploads: usize = sent.conversations.iter().map(|one| one.uploads.len()).sum();
    assert_eq!(uploads, 2, "the one that changed is not there");
}

#[test]
fn no_credentials_and_wrong_ones_are_said_at_once_and_no_secret_with_them() {
    let given = calls(1, 906);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let begun = std::time::Instant::now();
    let audio = ["calls.csv", "--audio", "s3://calls/2024"];
    let mut runner = workdir.bare_runner(&server, &audio);
    alone(&mut runner, &store);
    let ended = Ended::from(runner.output().expect("the program starts"));
    let ended = ended.with_code(2).says("AWS_ACCESS_KEY_ID");
    assert!(begun.elapsed().as_secs() < 10, "{}", ended.err);

    store.spoil("calls", &[StoreFault::Instead("403 Forbidden")]);
    let ended = run(&workdir, &server, &store).with_code(2);
    assert!(ended.err.contains("s3://calls/2024"), "{}", ended.err);
    assert!(!(ended.err + &ended.out).contains(SECRET));
    assert_eq!(server.requests(), 0);
}

/// An export that names its recordings by URL.
fn by_url(given: &mut [Given], store: &ObjectServer) -> Workdir {
    for call in given.iter_mut() {
        let url = format!(
            "{}/{}?sig=s1gned-that-nobody-may-see",
            store.url(),
            call.file
        );
        call.set("recordingUrl", &url, serde_json::json!(url));
        store.put(&call.file, &call.recording);
    }
    let workdir = Workdir::with(given);
    std::fs::remove_dir_all(workdir.path("audio")).expect("a folder");
    let shown = workdir.call(&["mapping", "show", "capturi-v1"]);
    let fetch = "\n[audio.fetch]\nurl = \"recordingUrl\"\nauth = \"bearer\"\nhosts = [\"127.0.0.1\"]\nretries = 2\nparallel = 1\n";
    workdir.write("mine.toml", shown.out + fetch);
    workdir
}

fn fetch(workdir: &Workdir, server: &Server, arguments: &[&str]) -> Ended {
    let mut runner = workdir.bare_runner(server, &["calls.csv", "-m", "mine.toml"]);
    runner.args(arguments).env("CAPTURI_FETCH_SECRET", SECRET);
    Ended::from(runner.output().expect("the program starts"))
}

#[test]
fn recordings_are_fetched_by_the_urls_of_the_export() {
    let (mut given, store, server) = (long_calls(6, 907), ObjectServer::start(), Server::healthy());
    let workdir = by_url(&mut given, &store);
    let ended = fetch(&workdir, &server, &["--allow-private", "-v"]).with_code(0);
    server.has_exactly(&given, "v2");
    let asked = store.seen();
    assert!(
        asked
            .iter()
            .all(|head| head.contains(&format!("Bearer {SECRET}")))
    );
    let mut all = (ended.out + &ended.err).into_bytes();
    for folder in ["out", "."] {
        for file in std::fs::read_dir(workdir.path(folder)).expect("a folder") {
            let path = file.expect("a file").path();
            let is_given = path.ends_with("calls.csv") || path.ends_with("rejected.csv");
            if path.is_file() && !is_given {
                all.extend(std::fs::read(path).expect("a file"));
            }
        }
    }
    let all = String::from_utf8_lossy(&all);
    for secret in [SECRET, "s1gned"] {
        assert!(!all.contains(secret), "{secret} is written");
    }
}

#[test]
fn a_url_of_an_export_does_not_lead_to_this_machine_unless_it_may() {
    let (mut given, store, server) = (calls(3, 908), ObjectServer::start(), Server::healthy());
    let workdir = by_url(&mut given, &store);
    fetch(&workdir, &server, &[]);
    assert!(store.seen().is_empty(), "nothing is asked");
    assert_eq!(server.requests(), 0, "no call goes without its recording");
}

#[test]
fn a_page_a_missing_recording_and_one_of_two_calls_are_not_sent() {
    let (mut given, store, server) = (calls(5, 909), ObjectServer::start(), Server::healthy());
    let shared = given[4].file.clone();
    let workdir = by_url(&mut given, &store);
    store.spoil(&given[0].file, &vec![StoreFault::Page; 9]);
    store.spoil(
        &given[1].file,
        &vec![StoreFault::Instead("404 Not Found"); 9],
    );
    // Two calls name one recording.
    let url = format!("{}/{shared}?sig=s1gned-that-nobody-may-see", store.url());
    given[3].set("recordingUrl", &url, serde_json::json!(url));
    workdir.export("calls.csv", &given);
    fetch(&workdir, &server, &["--allow-private"]);
    let sent = server.snapshot();
    let with_sound = sent
        .conversations
        .iter()
        .filter(|one| !one.uploads.is_empty());
    assert_eq!(
        with_sound.count(),
        2,
        "the third, and the first of the two that name one recording"
    );
}

#[test]
fn a_store_that_is_down_is_given_up_by_a_check() {
    let given = calls(60, 910);
    let (workdir, store) = in_a_bucket(&given);
    store.fail_after(5, StoreFault::Silent);
    let ended = check(&workdir, &store);
    let told =
        "s3://calls/2024/: it gave nothing for several requests in a row: 52 further requests";
    assert!(ended.out.contains(told), "{ended:?}");
    let told = workdir.read("out/problems.csv");
    let told = told.matches("gave nothing for 3 requests in a row, and is not asked again");
    assert_eq!(told.count(), 52);
    assert_eq!(workdir.outcome("held"), 55);
    // Three requests are given up after four tries each.
    assert_eq!(store.asked(), 5 + 3 * 4);
}

#[test]
fn a_header_that_cannot_be_fetched_whole_says_nothing_of_its_recording() {
    let given = calls(2, 911);
    let (workdir, store) = in_a_bucket(&given);
    let faults = [
        StoreFault::CutAfter(10),
        StoreFault::Instead("403 Forbidden"),
    ];
    store.spoil(&path(&given[0]), &faults);
    check(&workdir, &store);
    assert_eq!(workdir.lines_with("recording-unavailable").len(), 1);
    assert!(workdir.lines_with("recording-format").is_empty());
    assert_eq!(workdir.outcome("held"), 1);
}

#[test]
fn a_trial_of_a_mapping_counts_what_is_held_apart() {
    let given = calls(3, 912);
    let (workdir, store) = in_a_bucket(&given);
    let refused = vec![StoreFault::Instead("403 Forbidden"); 3];
    store.spoil(&path(&given[1]), &refused);
    let trial = ["mapping", "test", "calls.csv", "-n", "3"];
    let audio = ["--audio", "s3://calls/2024"];
    let ended = with_keys(&workdir, &store, &[&trial[..], &audio].concat());
    ended
        .with_code(0)
        .says("2 of 3 records can be sent, 1 is held.");
}

#[test]
fn a_pointer_that_leads_nowhere_is_told_with_what_the_answer_has() {
    let (mut given, store, server) = (calls(2, 913), ObjectServer::start(), Server::healthy());
    let workdir = by_url(&mut given, &store);
    let mapping = workdir.read("mine.toml");
    workdir.write("mine.toml", mapping + "then = \"/call/recording\"\n");
    for call in &given {
        store.put(
            &call.file,
            br#"{"call": {"id": 7301, "media": "https://example.com/x"}}"#,
        );
    }
    let ended = fetch(&workdir, &server, &["--allow-private"]);
    let said = "names no recording at `/call/recording`: at `/call` it has the keys id, media";
    assert!(ended.out.contains(said), "{ended:?}");
    assert_eq!(workdir.lines_with("recording-missing").len(), 2);
    assert!(!workdir.read("out/problems.csv").contains("7301"));
}

#[test]
fn files_of_an_index_wait_for_the_server_one_by_one() {
    let mut given = calls(5, 914);
    for (number, call) in given.iter_mut().enumerate() {
        call.lies_at(&format!("r{number}.wav"));
    }
    let (workdir, store) = (Workdir::with(&given), ObjectServer::start());
    let server = Server::healthy();
    std::fs::remove_dir_all(workdir.path("audio")).expect("a folder");
    let link = |call: &Given| format!("<a href=\"{0}\">{0}</a>", call.file);
    let links: String = given.iter().map(link).collect();
    let page = format!("<html><a href=\"../\">up</a><a href=\"./\">here</a>{links}</html>");
    store.put("files/", page.as_bytes());
    for call in &given {
        store.put(&format!("files/{}", call.file), &call.recording);
    }
    let slow = StoreFault::Instead("503 Service Unavailable\r\nretry-after: 1");
    store.spoil(&format!("files/{}", given[2].file), &[slow]);
    let audio = format!("{}/files/", store.url());
    workdir
        .bare_run(&server, &["calls.csv", "--audio", &audio])
        .with_code(0);
    server.has_exactly(&given, "v2");
    let heads = store.seen();
    let heads = heads.iter().filter(|head| head.starts_with("HEAD"));
    // One for each to list it, one more for the one that was refused, and one for each once it was sent.
    assert_eq!(heads.count(), 11);
}

#[test]
fn recordings_of_one_name_in_two_places_are_told_with_their_places() {
    let given = calls(2, 915);
    let (workdir, store) = in_a_bucket(&given);
    workdir.record(&given[..1]);
    let places = ["--audio", "s3://calls/2024", "--audio", "audio"];
    let check = ["check", "calls.csv", "--out", "out"];
    with_keys(&workdir, &store, &[&check[..], &places].concat());
    assert_eq!(workdir.lines_with("recording-ambiguous"), [2]);
    let folder = workdir.path("audio").canonicalize().expect("a folder");
    let told = workdir.read("out/problems.csv");
    for place in ["s3://calls/2024", &folder.to_string_lossy()] {
        assert!(
            told.contains(&format!("{place}/{}", given[0].file)),
            "{told}"
        );
    }
}

#[test]
fn a_place_that_is_named_twice_is_read_once_and_one_within_another_is_refused() {
    let given = calls(2, 916);
    let (workdir, store) = in_a_bucket(&given);
    workdir.record(&given);
    let absolute = workdir.path("audio").to_string_lossy().into_owned();
    for places in [
        ["s3://calls/2024", "s3://calls/2024/"],
        ["audio", "audio/"],
        ["./audio", &absolute],
    ] {
        let [one, other] = places;
        let check = ["check", "calls.csv", "--audio", one, "--audio", other];
        with_keys(&workdir, &store, &check)
            .with_code(0)
            .says("named twice");
    }
    for (inner, outer) in [("s3://calls/2024", "s3://calls"), ("audio", ".")] {
        let check = ["check", "calls.csv", "--audio", outer, "--audio", inner];
        with_keys(&workdir, &store, &check)
            .with_code(2)
            .says(" is within ");
    }
}

#[test]
fn a_check_tells_what_is_in_the_store_and_what_a_run_asks_of_it() {
    let given = calls(7, 917);
    let (workdir, store) = in_a_bucket(&given);
    store.put("calls/2024/readme.txt", b"hello");
    store.put_cold(&path(&given[6]), "GLACIER");
    let bytes: usize = given.iter().map(|call| call.recording.len()).sum();
    check(&workdir, &store)
        .says("8 objects")
        .says("1 recording (");
    let stores = workdir.summary()["stores"].clone();
    assert_eq!(stores["objects"], 8);
    assert_eq!(stores["bytes"], bytes);
    assert_eq!(stores["cold_recordings"], 1);
    assert_eq!(stores["cold_bytes"], given[6].recording.len());
    let sent = workdir.summary()["recordings"]["found"]
        .as_u64()
        .expect("a number");
    // Three keys a page.
    assert_eq!(
        stores["requests"],
        serde_json::json!({"list": 3, "get": 3 * sent})
    );
    // What it said is what a run does.
    let (before, server) = (store.seen().len(), Server::healthy());
    run(&workdir, &server, &store);
    let asked = store.seen()[before..].to_vec();
    let lists = asked
        .iter()
        .filter(|head| head.contains("list-type=2"))
        .count();
    assert_eq!(lists, 3);
}

#[test]
fn credentials_that_expire_during_a_run_hold_what_is_left() {
    let given = calls(12, 918);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    store.fail_after(20, StoreFault::Refused("400 Bad Request", "ExpiredToken"));
    let ended = run(&workdir, &server, &store);
    assert_eq!(ended.code, 3, "a person must renew them: {ended:?}");
    let told = workdir.rows("problems.csv").into_iter();
    let told = told.filter(|row| row["code"] == "store-credentials");
    let told: Vec<_> = told.map(|row| row["message"].clone()).collect();
    let is_told = |message: &String| message.contains("check or renew the credentials");
    assert!(told.iter().all(is_told), "{told:?}");
    assert_eq!(told.len() as u64, workdir.outcome("held"));
    let sent = workdir.outcome("created");
    assert!((1..12).contains(&sent), "{sent}");
    assert_eq!(workdir.outcome("held"), 12 - sent);
    store.mend();
    run(&workdir, &server, &store).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_run_that_is_killed_goes_on_and_sends_each_recording_once() {
    let given = calls(300, 919);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let start = || {
        let audio = ["calls.csv", "--audio", "s3://calls/2024"];
        let mut runner = workdir.bare_runner(&server, &audio);
        alone(&mut runner, &store);
        runner.env("AWS_ACCESS_KEY_ID", KEY);
        runner.env("AWS_SECRET_ACCESS_KEY", SECRET);
        runner.args(["--read-url", &server.url(), "--read-settle", "0s"]);
        runner
    };
    for part in [60, 150, 240] {
        let mut running = Running::of(start());
        running.until(|| server.snapshot().conversations.len() >= part);
        assert_eq!(running.kill().code, -1, "it was killed");
    }
    Ended::from(start().output().expect("the program starts")).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn a_name_with_a_control_character_is_written_one_way() {
    let given = calls(1, 920);
    let (workdir, store) = in_a_bucket(&given);
    store.put("calls/2024/odd\u{1}.wav", &given[0].recording);
    let ended = check(&workdir, &store);
    assert!(ended.out.contains("odd<U+0001>.wav"), "{ended:?}");
    for file in ["problems.csv", "report.html"] {
        let told = workdir.read(&format!("out/{file}"));
        assert!(
            told.contains("odd<U+0001>.wav") || told.contains("odd&lt;U+0001&gt;.wav"),
            "{file}: {told}"
        );
    }
    let summary = workdir.read("out/summary.json");
    assert!(
        summary.contains("odd\\u0001.wav"),
        "JSON has its own escapes: {summary}"
    );
}

#[test]
fn a_signal_while_a_store_is_listed_ends_the_run_with_its_report() {
    for name in ["TERM", "INT"] {
        let given = calls(2, 921);
        let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
        store.spoil("calls", &[StoreFault::Hang]);
        let audio = ["calls.csv", "--audio", "s3://calls/2024"];
        let mut runner = workdir.bare_runner(&server, &audio);
        alone(&mut runner, &store);
        runner.env("AWS_ACCESS_KEY_ID", KEY);
        runner.env("AWS_SECRET_ACCESS_KEY", SECRET);
        let mut running = Running::of(runner);
        running.until(|| !store.seen().is_empty());
        let begun = std::time::Instant::now();
        running.signal(name);
        running.end().with_code(130).says("nterrupted");
        // A second, and more where other work has the processor.
        assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
        assert_eq!(server.requests(), 0);
        assert!(!workdir.has("capturi-import.db"), "nothing was begun");
        run(&workdir, &server, &store).with_code(0);
        server.has_exactly(&given, "v2");
    }
}

#[test]
fn reading_has_a_limit_of_its_own() {
    let given = long_calls(2, 922);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let begun = std::time::Instant::now();
    let audio = [
        "calls.csv",
        "--audio",
        "s3://calls/2024",
        "--read-bandwidth",
        "200kB",
    ];
    let mut runner = workdir.bare_runner(&server, &audio);
    alone(&mut runner, &store);
    runner.env("AWS_ACCESS_KEY_ID", KEY);
    runner.env("AWS_SECRET_ACCESS_KEY", SECRET);
    Ended::from(runner.output().expect("the program starts")).with_code(0);
    server.has_exactly(&given, "v2");
    // Two recordings of 200 kB and their headers.
    assert!(begun.elapsed().as_millis() > 1500, "{:?}", begun.elapsed());
}

#[cfg(unix)]
#[test]
fn keys_come_from_the_program_of_a_profile() {
    use std::os::unix::fs::PermissionsExt as _;

    let given = calls(2, 923);
    let ((workdir, store), server) = (in_a_bucket(&given), Server::healthy());
    let keys = format!(
        "{{\"Version\": 1, \"AccessKeyId\": \"AKIDPROGRAM\",\n\"SecretAccessKey\": \"{SECRET}\"}}"
    );
    let keys = workdir.write("keys.json", keys);
    let line = format!(
        "[default]\ncredential_process = cat \"{}\"\n",
        keys.display()
    );
    let profile = workdir.write("home/.aws/config", line);
    let run = || {
        let audio = ["calls.csv", "--audio", "s3://calls/2024"];
        let mut runner = workdir.bare_runner(&server, &audio);
        alone(&mut runner, &store);
        runner.env("HOME", workdir.path("home"));
        runner.env("PATH", "/usr/bin:/bin");
        Ended::from(runner.output().expect("the program starts"))
    };
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(&profile, mode(0o666)).expect("its mode");
    run().with_code(2).says("credential_process");
    assert!(store.seen().is_empty());
    std::fs::set_permissions(&profile, mode(0o600)).expect("its mode");
    run().with_code(0);
    server.has_exactly(&given, "v2");
    let signed = store.seen();
    assert!(signed.iter().all(|head| head.contains("AKIDPROGRAM")));
}
