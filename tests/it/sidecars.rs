//! Metadata beside each recording: as the export itself, and to tell which file is the sound of which
//! call.

use crate::harness::export::wave;
use crate::harness::program::Workdir;

const FIELDS: &str = r#"
agentId       = "agent.id"
agentName     = "agent.name"
agentEmail    = "agent.email"
customer      = { from = "request.remoteAddress", as = "phone" }
dateTime      = { from = "session.start", timezone = "Europe/Oslo" }
subject       = { value = "call" }
audioChannels = { value = "auto" }
"#;

fn sound(workdir: &Workdir, name: &str, seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    workdir.write(&format!("audio/{name}"), wave(1, &mut dice));
}

/// The recordings that a rehearsal with this mapping sends, by the id of their call.
fn sent(workdir: &Workdir, exports: &str, mapping: &str) -> Vec<(String, String)> {
    workdir.write("mapping.toml", mapping);
    let fixed = ["-m", "mapping.toml", "--audio", "audio", "--sandbox"];
    let arguments = [
        &["run", exports],
        &fixed[..],
        &["--out", "out", "--rate", "0"],
    ]
    .concat();
    workdir.call(&arguments);
    let rows = workdir.rows("accepted.sandbox.csv").into_iter();
    let pairs = rows.map(|row| (row["external_id"].clone(), row["recording"].clone()));
    let mut pairs: Vec<(String, String)> = pairs.collect();
    pairs.sort();
    pairs
}

#[test]
fn metadata_in_xml_or_json_are_an_export_of_their_own() {
    let workdir = Workdir::new();
    std::fs::create_dir_all(workdir.path("audio")).expect("a folder");
    for number in 1..=3 {
        sound(&workdir, &format!("6f1c-{number}_1.wav"), number);
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<recording><session id=\"6f1c-{number}\"><start>2024-03-15 09:1{number}:03</start></session>\
             <request><remoteAddress>+479000000{number}</remoteAddress></request>\
             <agent><id>5</id><name>Ida &amp; Bo</name><email>ida@example.com</email></agent></recording>"
        );
        workdir.write(&format!("audio/6f1c-{number}_1.XML"), xml);
        let json = format!(
            "{{\"session\": {{\"id\": \"6f1c-{number}\", \"start\": \"2024-03-15 09:1{number}:03\"}},\n \
             \"request\": {{\"remoteAddress\": \"+479000000{number}\"}},\n \
             \"agent\": {{\"id\": 5, \"name\": \"Ida\", \"email\": \"ida@example.com\"}}}}"
        );
        workdir.write(&format!("audio/6f1c-{number}_1.wav_metadata.json"), json);
    }
    let wanted: Vec<(String, String)> = (1..=3)
        .map(|number| (format!("6f1c-{number}"), format!("6f1c-{number}_1.wav")))
        .collect();
    for (exports, ending) in [
        ("audio/*.XML", ".xml"),
        ("audio/*_metadata.json", "_metadata.json"),
    ] {
        let mapping = format!(
            "[fields]\nexternalIdentity = \"session.id\"\n{FIELDS}\n[audio]\nsidecar = \"{ending}\"\n\
             match = \"{{{{ recording_name }}}}\"\n"
        );
        assert_eq!(sent(&workdir, exports, &mapping), wanted, "{exports}");
    }
}

#[test]
fn metadata_tell_sound_from_screens_and_the_call_of_a_file() {
    let workdir = Workdir::new();
    std::fs::create_dir_all(workdir.path("audio")).expect("a folder");
    let record = |id: &str| {
        format!(
            "{{\"id\": \"{id}\", \"session\": {{\"start\": \"2024-03-15 09:12:03\"}}, \
             \"request\": {{\"remoteAddress\": \"+4790000001\"}}, \
             \"agent\": {{\"id\": 5, \"name\": \"Ida\", \"email\": \"ida@example.com\"}}}}\n"
        )
    };
    workdir.write("calls.ndjson", record("c-1") + &record("c-2"));
    for (seed, (name, media, id)) in (0..).zip([
        ("r1.wav", "Call", "c-1"),
        ("c-1_screen.wav", "Screen", "c-1"),
        ("r2.wav", "call", "c-2"),
        ("r3.wav", "Chat", "c-2"),
    ]) {
        sound(&workdir, name, seed);
        let metadata = format!("{{\"mediaType\": \"{media}\", \"conversationId\": \"{id}\"}}");
        workdir.write(&format!("audio/{name}_metadata.json"), metadata);
    }
    let rule = "sidecar = { name = \"_metadata.json\", only = { mediaType = [\"Call\"] }, \
                keys = { conversationId = \"{{ id }}\" } }";
    let mapping = |audio: &str| {
        format!(
            "[fields]\nexternalIdentity = \"id\"\n{FIELDS}\n[audio]\nmatch = \"*{{{{ id }}}}*\"\n{audio}\n"
        )
    };
    let wanted = [("c-1", "r1.wav"), ("c-2", "r2.wav")];
    let wanted = wanted.map(|(id, name)| (id.to_owned(), name.to_owned()));
    assert_eq!(sent(&workdir, "calls.ndjson", &mapping(rule)), wanted);
    // Metadata that cannot be read are told, and their recording goes to nobody.
    workdir.write("audio/r2.wav_metadata.json", "<a><b></a>");
    workdir.call(&[
        "check",
        "calls.ndjson",
        "-m",
        "mapping.toml",
        "--audio",
        "audio",
        "--out",
        "out",
    ]);
    let told = workdir.rows("problems.csv");
    let told = told
        .iter()
        .find(|row| row["code"] == "recording-unreadable");
    let told = told.expect("it is told");
    assert!(told["file"].contains("r2.wav_metadata.json"), "{told:?}");
    assert!(told["message"].contains("line 1"), "{told:?}");
    assert_eq!(sent(&workdir, "calls.ndjson", &mapping(rule)), wanted[..1]);
}

/// Copies a folder of the samples, and lays a recording beside each file of metadata.
fn lay(workdir: &Workdir, folder: &str, ending: &str) {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    std::fs::create_dir_all(workdir.path("audio")).expect("a folder");
    let files = std::fs::read_dir(samples.join(folder)).expect("samples");
    for (seed, file) in (0..).zip(files) {
        let path = file.expect("a file").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        workdir.write(
            &format!("audio/{name}"),
            std::fs::read(&path).expect("a file"),
        );
        let recording = name.strip_suffix(ending).expect("metadata");
        let recording = recording.strip_suffix(".wav").unwrap_or(recording);
        sound(workdir, &format!("{recording}.wav"), seed);
    }
}

#[test]
fn the_preset_of_genesys_takes_calls_and_no_screens_by_their_metadata() {
    let workdir = Workdir::new();
    lay(&workdir, "sidecars/genesys-cloud", "_metadata.json");
    let preset =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/presets/genesys-cloud");
    for name in ["recorded.csv", "agents.csv"] {
        workdir.write(name, std::fs::read(preset.join(name)).expect("a sample"));
    }
    workdir.call(&[
        "run",
        "recorded.csv",
        "-m",
        "genesys-cloud",
        "--timezone",
        "Europe/Copenhagen",
        "--agents",
        "agents.csv",
        "--audio",
        "audio",
        "--sandbox",
        "--out",
        "out",
        "--rate",
        "0",
    ]);
    let rows = workdir.rows("accepted.sandbox.csv").into_iter();
    let mut pairs: Vec<(String, String)> = rows
        .filter(|row| !row["recording"].is_empty())
        .map(|row| (row["external_id"].clone(), row["recording"].clone()))
        .collect();
    pairs.sort();
    let wanted = [("31", "r51.wav"), ("32", "r52.wav")];
    let wanted = wanted.map(|(end, name)| {
        (
            format!("d0000009-0000-4000-8000-0000000000{end}"),
            name.to_owned(),
        )
    });
    assert_eq!(pairs, wanted);
}

#[test]
fn metadata_of_puzzel_are_an_export_with_names_of_their_own() {
    let workdir = Workdir::new();
    lay(&workdir, "sidecars/puzzel", ".XML");
    let one = "audio/0a1b2c3d-0000-4000-8000-000000000051_1.XML";
    let proposed = workdir.call(&["mapping", "init", one, "--own"]);
    assert_eq!(proposed.code, 0, "{}", proposed.err);
    for line in [
        "externalIdentity = \"session.sessionID\"",
        "dateTime = \"session.start\"",
        "\"request.remoteAddress\"",
    ] {
        assert!(proposed.out.contains(line), "{line}\n{}", proposed.out);
    }
    let mapping = format!(
        "[fields]\nexternalIdentity = \"session.sessionID\"\n{FIELDS}\n[audio]\nsidecar = \".xml\"\n\
         match = \"{{{{ recording_name }}}}\"\n"
    );
    let wanted = [1, 2].map(|number| {
        let id = format!("0a1b2c3d-0000-4000-8000-00000000005{number}");
        let name = format!("{id}_1.wav");
        (id, name)
    });
    assert_eq!(sent(&workdir, "audio/*.XML", &mapping), wanted);
}

#[test]
fn the_preset_for_the_metadata_of_puzzel_takes_each_recording_for_a_call() {
    let workdir = Workdir::new();
    lay(&workdir, "sidecars/puzzel", ".XML");
    workdir.call(&[
        "run",
        "audio/*.XML",
        "-m",
        "puzzel-xml",
        "--timezone",
        "Europe/Oslo",
        "--region",
        "NO",
        "--audio",
        "audio",
        "--sandbox",
        "--out",
        "out",
        "--rate",
        "0",
    ]);
    let rows = workdir.rows("accepted.sandbox.csv").into_iter();
    let pairs = rows.map(|row| (row["external_id"].clone(), row["recording"].clone()));
    let mut pairs: Vec<(String, String)> = pairs.collect();
    pairs.sort();
    let wanted = [1, 2].map(|number| {
        let id = format!("0a1b2c3d-0000-4000-8000-00000000005{number}_1");
        (id.clone(), format!("{id}.wav"))
    });
    assert_eq!(pairs, wanted);
}
