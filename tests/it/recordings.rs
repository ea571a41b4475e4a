//! Which recording goes with which call: names as systems write them, several of one call, and one
//! that two calls claim.

use std::collections::BTreeMap;

use crate::harness::export::wave;
use crate::harness::mapping::ids_only;
use crate::harness::program::Workdir;

/// All but the recordings.
fn fields() -> String {
    ids_only("id", "audioChannels    = { value = \"auto\" }\n")
}

/// A rehearsal of this export with this `[audio]` table and these recordings.
struct Rehearsal {
    workdir: Workdir,
}

impl Rehearsal {
    fn new(audio: &str, export: &str, files: &[&str]) -> Rehearsal {
        let workdir = Workdir::new();
        workdir.write("mapping.toml", format!("{}\n[audio]\n{audio}\n", fields()));
        workdir.write("calls.csv", export);
        std::fs::create_dir_all(workdir.path("audio")).expect("a folder");
        for (seed, file) in (0..).zip(files) {
            let mut dice = fastrand::Rng::with_seed(seed);
            workdir.write(&format!("audio/{file}"), wave(1, &mut dice));
        }
        Rehearsal { workdir }
    }

    fn run(&self, further: &[&str]) -> BTreeMap<String, String> {
        self.run_with("audio", further)
    }

    /// A run whose recordings are in this folder.
    fn run_with(&self, audio: &str, further: &[&str]) -> BTreeMap<String, String> {
        let fixed = [
            "run",
            "calls.csv",
            "-m",
            "mapping.toml",
            "--audio",
            audio,
            "--sandbox",
            "--out",
            "out",
            "--rate",
            "0",
        ];
        self.workdir.call(&[&fixed[..], further].concat());
        let rows = self.workdir.rows("accepted.sandbox.csv").into_iter();
        rows.map(|row| (row["external_id"].clone(), row["recording"].clone()))
            .collect()
    }

    fn check(&self) -> Vec<(String, String)> {
        let fixed = [
            "check",
            "calls.csv",
            "-m",
            "mapping.toml",
            "--audio",
            "audio",
            "--out",
            "checked",
        ];
        self.workdir.call(&fixed);
        let text = std::fs::read(self.workdir.path("checked/problems.csv")).unwrap_or_default();
        let mut rows = csv::Reader::from_reader(&text[..]);
        let rows = rows.deserialize().map(|row| row.expect("a row"));
        rows.map(|row: BTreeMap<String, String>| (row["code"].clone(), row["message"].clone()))
            .collect()
    }
}

fn found(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(id, name): &(&str, &str)| ((*id).to_owned(), (*name).to_owned());
    pairs.iter().map(own).collect()
}

#[test]
fn names_hold_an_id_somewhere_and_folders_may_too() {
    // FreePBX: the unique id of the channel at the end, below a folder for each day.
    let freepbx = Rehearsal::new(
        r"patterns = ['-(?P<uniqueid>\d+\.\d+)\.\w+$']",
        "id,uniqueid\n1,1710490323.42\n2,1710490399.50\n",
        &[
            "2024/03/15/out-004512345601-101-20240315-091203-1710490323.42.wav",
            "2024/03/15/q-600-+46846500411-20240315-091319-1710490399.50.WAV",
            "2024/03/15/in-1-2-20240315-091319-1710490399.5.wav",
        ],
    );
    assert_eq!(
        freepbx.run(&[]),
        found(&[
            (
                "1",
                "2024/03/15/out-004512345601-101-20240315-091203-1710490323.42.wav"
            ),
            (
                "2",
                "2024/03/15/q-600-+46846500411-20240315-091319-1710490399.50.WAV"
            ),
        ])
    );
    // 3CX: blanks, commas and brackets, and two numbers whose order tells the direction.
    let threecx = Rehearsal::new(
        r#"patterns = [{ pattern = '_(?P<from>[^_-]+)-(?P<to>[^_]+)_\d{14}\((?P<call>\d+)\)\.wav$', call = "{{ row['Call ID'] }}" }]"#,
        "id,Call ID,from,to\n1,152,117,004512345601\n2,152,004512345601,117\n",
        &[
            "117/[Coles, Zoe]_117-004512345601_20240315091203(152).wav",
            "117/[Coles, Zoe]_004512345601-117_20240315091203(152).wav",
        ],
    );
    assert_eq!(
        threecx.run(&[]),
        found(&[
            (
                "1",
                "117/[Coles, Zoe]_117-004512345601_20240315091203(152).wav"
            ),
            (
                "2",
                "117/[Coles, Zoe]_004512345601-117_20240315091203(152).wav"
            ),
        ])
    );
    // Amazon Connect: a colon, or what stands for it.
    let connect = Rehearsal::new(
        r"patterns = ['/(?P<id>[^/_]+)_(?P<stamp>\d{8}T\d\d.*)_UTC\.wav$']",
        "id,stamp\nc-1,20240315T08:12\nc-2,20240315T08:13\n",
        &[
            "2024/03/15/c-1_20240315T08_12_UTC.wav",
            "2024/03/15/c-2_20240315T08%3A13_UTC.wav",
        ],
    );
    assert_eq!(
        connect.run(&[]),
        found(&[
            ("c-1", "2024/03/15/c-1_20240315T08_12_UTC.wav"),
            ("c-2", "2024/03/15/c-2_20240315T08%3A13_UTC.wav"),
        ])
    );
}

#[test]
fn parts_of_a_name_are_held_against_templates_and_fields() {
    // Five9: 17 parts, from S3 with `+` for a blank and escapes for what an address cannot hold.
    let part = "__Sales+A__SALE__Zoe__ivr__Coles__63__1__2__3__o__s__k.wav";
    let first = format!("ida%40example.com__4512345601__3_15_2024__9_12_03+AM__AB12{part}");
    let second = format!("ida@example.com__4512345601__3_15_2024__9_13_00+AM__AB13{part}");
    let five9 = Rehearsal::new(
        r#"
[[audio.patterns]]
pattern = '^(?P<agentEmail>[^_]+)__(?P<customer>\d+)__(?P<date>[\d_]+?)__(?P<time>.+?)__\w+__(?P<campaign>.+?)__'
customer = "{{ ani | digits }}"
date = "{{ date | replace('/', '_') }}"
time = "{{ time | replace(':', '_') }}"
"#,
        "id,ani,date,time,campaign\n1,+45 12345601,3/15/2024,9:12:03 AM,Sales A\n2,+45 12345601,3/15/2024,9:13:00 AM,Sales A\n",
        &[&first, &second],
    );
    assert_eq!(five9.run(&[]), found(&[("1", &first), ("2", &second)]));
    // VICIdial: the name of the export, and `-all` before the ending.
    let vicidial = Rehearsal::new(
        r#"match = ["{{ recording_filename }}-all.*"]"#,
        "id,recording_filename\n1,20240315-091203_12345601\n2,20240315-091203_1234560\n",
        &[
            "MP3/20240315-091203_12345601-all.mp3",
            "20240315-091203_1234560-all.wav",
        ],
    );
    assert_eq!(
        vicidial.run(&[]),
        found(&[
            ("1", "MP3/20240315-091203_12345601-all.mp3"),
            ("2", "20240315-091203_1234560-all.wav"),
        ])
    );
}

#[test]
fn paths_of_windows_are_looked_up_below_the_folder() {
    let export = "id,file\n1,C:\\Recordings\\2024\\U3.wav\n2,\\\\server\\calls\\2024\\U4.wav\n3,D:\\other\\U5.wav\n";
    let files = ["2024/U3.wav", "2024/U4.wav"];
    let told = Rehearsal::new("match = \"{{ file }}\"", export, &files).check();
    let outside: Vec<_> = told
        .iter()
        .filter(|(code, _)| code == "recording-outside")
        .collect();
    assert_eq!(outside.len(), 3, "{told:?}");
    assert!(
        outside
            .iter()
            .all(|(_, message)| message.contains("path = \"windows\"")),
        "{told:?}"
    );
    let rehearsal = Rehearsal::new("match = \"{{ file }}\"\npath = \"windows\"", export, &files);
    let got = rehearsal.run(&["--missing-audio", "create"]);
    assert_eq!(
        got,
        found(&[("1", "2024/U3.wav"), ("2", "2024/U4.wav"), ("3", "")])
    );
}

#[test]
fn the_preset_of_five9_takes_names_as_they_lie_in_a_bucket() {
    let workdir = Workdir::new();
    let samples = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/presets/five9/call-log.csv"
    );
    workdir.write("calls.csv", std::fs::read(samples).expect("a sample"));
    let rest = "__AB12__Sales__Sale__Eva__ivr__Pr%C3%B8ve__300__1__2__3__o__s__k.wav";
    let names = [
        format!("2024/ida%40example.com__2025550101__2024-03-15__01_12_03{rest}"),
        format!("2024/bo__%2B442079460101__2024-07-01__09%3A30%3A05{rest}"),
    ];
    for (seed, name) in (0..).zip(&names) {
        workdir.write(
            &format!("audio/{name}"),
            wave(2, &mut fastrand::Rng::with_seed(seed)),
        );
    }
    let fixed = [
        "run",
        "calls.csv",
        "-m",
        "five9",
        "--audio",
        "audio",
        "--sandbox",
        "--out",
        "out",
        "--timezone",
        "America/Los_Angeles",
        "--region",
        "US",
        "--email-domain",
        "example.com",
        "--rate",
        "0",
    ];
    workdir.call(&fixed);
    let rows = workdir.rows("accepted.sandbox.csv");
    let got: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (row["external_id"].as_str(), row["recording"].as_str()))
        .collect();
    assert_eq!(got.get("300000001"), Some(&names[0].as_str()), "{got:?}");
    assert_eq!(got.get("300000002"), Some(&names[1].as_str()), "{got:?}");
}

#[test]
fn a_conversation_of_several_recordings_goes_by_the_policy() {
    let files = [
        "year=2024/conversation_id=ab-1/0aa.wav",
        "year=2024/conversation_id=ab-1/0bb.wav",
        "year=2024/conversation_id=ab-2/0cc.wav",
    ];
    let pattern = r"patterns = ['conversation_id=(?P<externalIdentity>[^/]+)/']";
    let export = "id\nab-1\nab-2\nab-3\n";
    let strict = Rehearsal::new(pattern, export, &files);
    // The metadata that lies beside each recording is no recording.
    strict.workdir.write(
        "audio/year=2024/conversation_id=ab-2/0cc.wav_metadata.json",
        "{}",
    );
    assert_eq!(strict.run(&[]), found(&[("ab-2", files[2])]));
    let problems = strict.check();
    let ambiguous: Vec<_> = problems
        .iter()
        .filter(|(code, _)| code == "recording-ambiguous")
        .collect();
    assert_eq!(ambiguous.len(), 1);
    assert!(ambiguous[0].1.contains("0aa.wav") && ambiguous[0].1.contains("0bb.wav"));

    let first = Rehearsal::new(&format!("{pattern}\nseveral = \"first\""), export, &files);
    let expected = found(&[("ab-1", files[0]), ("ab-2", files[2])]);
    assert_eq!(first.run(&[]), expected);
}

#[test]
fn recordings_that_are_numbered_are_joined_in_their_order() {
    let files = ["s1_10.wav", "s1_2.wav", "s1_1.wav", "s2_1.wav"];
    let audio = "match = [\"{{ session }}_*\"]\nseveral = \"join\"";
    let puzzel = Rehearsal::new(audio, "id,session\n1,s1\n2,s2\n", &files);
    let accepted = puzzel.run(&[]);
    let all = "s1_1.wav + s1_2.wav + s1_10.wav";
    assert_eq!(accepted, found(&[("1", all), ("2", "s2_1.wav")]));
    let rows = puzzel.workdir.rows("accepted.sandbox.csv");
    let whole: u64 = ["s1_1.wav", "s1_2.wav", "s1_10.wav"]
        .iter()
        .map(|file| puzzel.workdir.path("audio").join(file))
        .map(|path| std::fs::metadata(path).expect("a file").len() - 44)
        .sum();
    let joined = rows
        .iter()
        .find(|row| row["external_id"] == "1")
        .expect("a row");
    assert_eq!(joined["bytes"], (whole + 44).to_string());
    let noted = puzzel.check();
    assert!(
        noted
            .iter()
            .any(|(code, message)| code == "recording-joined"
                && message.ends_with("s1_1.wav, s1_2.wav, s1_10.wav"))
    );
}

#[test]
fn a_listed_recording_that_is_not_there_is_told() {
    let audio = "match = [\"{% for name in names | split('|') %}{{ name }}\\n{% endfor %}\"]";
    let export = "id,names\n1,a|b\n2,c|d\n";
    let files = ["a.wav", "c.wav", "d.wav"];
    let first = Rehearsal::new(&format!("{audio}\nseveral = \"first\""), export, &files);
    assert_eq!(first.run(&[]), found(&[("1", "a.wav"), ("2", "c.wav")]));
    let missing = |told: &[(String, String)]| {
        let missing = told.iter().filter(|(code, _)| code == "recording-missing");
        missing
            .map(|(_, message)| message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        missing(&first.check()),
        ["1 of the 2 recordings that it names are not there"]
    );
    // Half of a call is not the call.
    let join = Rehearsal::new(&format!("{audio}\nseveral = \"join\""), export, &files);
    assert_eq!(join.run(&[]), found(&[("2", "c.wav + d.wav")]));
    assert_eq!(
        missing(&join.check()),
        ["1 of the 2 recordings that it names are not there; the call waits for it"]
    );
}

#[test]
fn a_file_without_sound_is_no_part_of_a_call_once_there_may_be_several() {
    let audio = "match = [\"{{ session }}_*\"]\nseveral = \"join\"";
    let rehearsal = Rehearsal::new(audio, "id,session\n1,s1\n2,s2\n", &["s1_1.wav"]);
    let header = &std::fs::read(rehearsal.workdir.path("audio/s1_1.wav")).expect("a file")[..44];
    rehearsal.workdir.write("audio/s1_2.wav", header);
    rehearsal.workdir.write("audio/s2_1.wav", header);
    rehearsal.workdir.write("audio/s2_2.wav", header);
    assert_eq!(rehearsal.run(&[]), found(&[("1", "s1_1.wav")]));
    let told = rehearsal.check();
    assert!(told.iter().any(|(code, _)| code == "recording-empty"));
}

#[test]
fn a_recording_that_two_calls_claim_goes_with_the_first_also_from_another_file() {
    let files = ["a.wav", "b.wav", "nobody.wav"];
    let rehearsal = Rehearsal::new(r#"match = ["{{ file }}"]"#, "id,file\n1,a.wav\n", &files);
    rehearsal
        .workdir
        .write("more/later.csv", "id,file\n2,a.wav\n3,b.wav\n");
    assert_eq!(
        rehearsal.run(&["more/later.csv"]),
        found(&[("1", "a.wav"), ("3", "b.wav")])
    );
    rehearsal.workdir.call(&[
        "check",
        "calls.csv",
        "more",
        "-m",
        "mapping.toml",
        "--audio",
        "audio",
        "--out",
        "out",
    ]);
    let problems = rehearsal.workdir.rows("problems.csv");
    let told: Vec<_> = problems
        .iter()
        .map(|row| {
            (
                row["code"].as_str(),
                row["file"].as_str(),
                row["message"].as_str(),
            )
        })
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].0, "recording-shared");
    assert!(told[0].1.ends_with("later.csv"));
    assert!(told[0].2.starts_with("line 2 of calls.csv"), "{told:?}");
    assert_eq!(
        (told[1].0, told[1].1),
        ("recording-unclaimed", "nobody.wav")
    );
}

#[test]
fn a_recording_whose_record_is_rejected_is_told_as_such() {
    // Given a bad time, an id that comes twice, one that two recordings fit, and one that is sought
    // by its id alone.
    let export = "id,when,file\n\
         1,2024-03-15T09:00:00Z,a.wav\n\
         2,nonsense,b.wav\n\
         1,2024-03-15T10:00:00Z,c.wav\n\
         4,2024-03-15T11:00:00Z,d\n\
         5,nonsense,\n\
         6,nonsense,a.wav\n";
    let files = [
        "a.wav", "b.wav", "c.wav", "d.mp3", "d.wav", "5.wav", "e.wav",
    ];
    let rehearsal = Rehearsal::new("", export, &files);
    let fields = fields().replace(r#"{ value = "2024-03-15T09:12:03+01:00" }"#, r#""when""#);
    assert!(fields.contains("when"), "{fields}");
    let audio = "[audio]\nmatch = ['{{ file }}']\n";
    rehearsal
        .workdir
        .write("mapping.toml", format!("{fields}\n{audio}"));

    rehearsal.check();

    let text = rehearsal.workdir.read("checked/problems.csv");
    let told: BTreeMap<&str, &str> = text
        .lines()
        .filter(|line| line.contains("recording-unclaimed"))
        .map(|line| line.split_once(",0,").expect("no line"))
        .collect();
    let names: Vec<&str> = told.keys().copied().collect();
    assert_eq!(
        names,
        ["5.wav", "b.wav", "c.wav", "d.mp3", "d.wav", "e.wav"]
    );
    for (file, line) in [
        ("b.wav", 3),
        ("c.wav", 4),
        ("d.mp3", 5),
        ("d.wav", 5),
        ("5.wav", 6),
    ] {
        let words = format!("its record, line {line}, is rejected");
        assert!(told[file].contains(&words), "{file}: {}", told[file]);
    }
    assert!(told["e.wav"].contains("no record of the export claims"));
}

/// GSM frames without a header.
const GSM: [u8; 33 * 50] = [0xD0; 33 * 50];

#[test]
fn recordings_that_the_api_may_not_take_are_told() {
    let rehearsal = Rehearsal::new("", "id\na\nb\n", &["a.wav"]);
    rehearsal.workdir.write("audio/b.gsm", GSM);
    assert_eq!(
        rehearsal.check(),
        [(
            "recording-format".to_owned(),
            "GSM 06.10 in raw GSM, which the API may not take".to_owned()
        )]
    );
}

#[cfg(unix)]
mod with_ffmpeg {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A rehearsal with a program in the place of `ffmpeg` that does this; `$made` is where its
    /// result belongs, and `result.wav` what it may be.
    fn with_program(audio: &str, does: &str, files: &[&str]) -> Rehearsal {
        let rehearsal = Rehearsal::new(audio, "id\na\nb\n", files);
        let mut dice = fastrand::Rng::with_seed(77);
        rehearsal.workdir.write("result.wav", wave(1, &mut dice));
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = -version ] && exit 0\nfor made; do :; done\nmade=${{made#file:}}\n{does}\n"
        );
        let path = rehearsal.workdir.write("bin/ffmpeg", script);
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(path, private).expect("a script");
        std::fs::create_dir_all(rehearsal.workdir.path("tmp")).expect("a folder");
        rehearsal
    }

    fn run(rehearsal: &Rehearsal, programs: &str, further: &[&str]) -> (i32, String) {
        let fixed = [
            "run",
            "calls.csv",
            "-m",
            "mapping.toml",
            "--audio",
            "audio",
            "--sandbox",
            "--out",
            "out",
            "--rate",
            "0",
        ];
        // The script needs a `cp`; where there is to be no ffmpeg there is nothing at all.
        let others = if programs == "none" {
            ""
        } else {
            ":/usr/bin:/bin"
        };
        let path = format!("{}{others}", rehearsal.workdir.path(programs).display());
        let output = rehearsal
            .workdir
            .program(&[&fixed[..], further].concat())
            .env("PATH", path)
            .env("TMPDIR", rehearsal.workdir.path("tmp"))
            .output()
            .expect("the program");
        let left = std::fs::read_dir(rehearsal.workdir.path("tmp")).expect("a folder");
        assert_eq!(left.count(), 0, "temporary files are left");
        let code = output.status.code().expect("a code");
        (code, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn what_is_delivered_is_what_was_made() {
        let does = "cp result.wav \"$made\"";
        let rehearsal = with_program("", does, &["a.wav"]);
        rehearsal.workdir.write("audio/b.gsm", GSM);
        let (code, _) = run(&rehearsal, "bin", &["--transcode"]);
        assert_eq!(code, 0);
        let rows = rehearsal.workdir.rows("accepted.sandbox.csv");
        let of = |id: &str| {
            rows.iter()
                .find(|row| row["external_id"] == id)
                .expect("a row")
        };
        let made = std::fs::metadata(rehearsal.workdir.path("result.wav")).expect("a file");
        assert_eq!(of("b")["recording"], "b.gsm");
        assert_eq!(of("b")["bytes"], made.len().to_string());
        let plain = std::fs::metadata(rehearsal.workdir.path("audio/a.wav")).expect("a file");
        assert_eq!(of("a")["bytes"], plain.len().to_string());
    }

    #[test]
    fn a_recording_that_cannot_be_made_leaves_no_conversation() {
        let does = "echo 'Invalid data found' >&2; exit 1";
        let rehearsal = with_program("", does, &["a.wav"]);
        rehearsal.workdir.write("audio/b.gsm", GSM);
        let (code, _) = run(&rehearsal, "bin", &["--transcode"]);
        assert_eq!(code, 3);
        assert_eq!(rehearsal.workdir.outcome("failed"), 1);
        let problems = rehearsal.workdir.rows("problems.csv");
        let told = problems
            .iter()
            .find(|row| row["code"] == "recording-not-made");
        let told = &told.expect("a problem")["message"];
        assert_eq!(told, "ffmpeg cannot convert it: Invalid data found");
        let accepted = rehearsal.workdir.rows("accepted.sandbox.csv");
        assert_eq!(accepted.len(), 1, "the other call went out");
    }

    #[test]
    fn without_the_program_nothing_is_sent() {
        let rehearsal = with_program("", "", &["a.wav", "b.wav"]);
        // What answers is not ffmpeg.
        rehearsal.workdir.write("none/ffmpeg", "");
        let fixed = [
            "run",
            "calls.csv",
            "-m",
            "mapping.toml",
            "--audio",
            "audio",
            "--sandbox",
        ];
        let output = rehearsal
            .workdir
            .program(&[&fixed[..], &["--transcode"]].concat())
            .env("PATH", rehearsal.workdir.path("none"))
            .output()
            .expect("the program");
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("--transcode needs ffmpeg"), "{told}");
        assert!(!rehearsal.workdir.has("capturi-import-sandbox.db"));
        // The settings file and the variable say it too.
        rehearsal
            .workdir
            .write("capturi-import.toml", "transcode = true\n");
        let by_file = rehearsal
            .workdir
            .program(&fixed)
            .env("PATH", rehearsal.workdir.path("none"))
            .output();
        assert_eq!(by_file.expect("the program").status.code(), Some(2));
    }

    #[test]
    fn parts_of_different_kinds_need_the_program() {
        let audio = "match = [\"{{ id }}_*\"]\nseveral = \"join\"";
        let does = "cp result.wav \"$made\"";
        let rehearsal = with_program(audio, does, &["a_1.wav", "b_1.wav"]);
        rehearsal.workdir.write("audio/a_2.gsm", GSM);
        let (code, _) = run(&rehearsal, "none", &[]);
        assert_eq!(code, 3);
        let problems = rehearsal.workdir.rows("problems.csv");
        let told = problems
            .iter()
            .find(|row| row["code"] == "recording-not-made");
        assert!(told.expect("a problem")["message"].contains("ffmpeg is not there"));
        let (code, _) = run(&rehearsal, "bin", &[]);
        assert_eq!(code, 0);
        let rows = rehearsal.workdir.rows("accepted.sandbox.csv");
        assert!(
            rows.iter()
                .any(|row| row["recording"] == "a_1.wav + a_2.gsm")
        );
    }
}

#[test]
fn a_silent_channel_is_told_when_somebody_asks() {
    let rehearsal = Rehearsal::new("", "id\na\n", &["b.wav"]);
    let mut dice = fastrand::Rng::with_seed(5);
    let mut stereo = wave(2, &mut dice);
    for frame in stereo[44..].chunks_exact_mut(4) {
        frame[2..].fill(0);
    }
    rehearsal.workdir.write("audio/a.wav", stereo);
    let silent =
        |told: &[(String, String)]| told.iter().any(|(code, _)| code == "recording-silent");
    assert!(!silent(&rehearsal.check()));
    rehearsal
        .workdir
        .write("capturi-import.toml", "check-audio = \"silence\"\n");
    let told = rehearsal.check();
    assert!(silent(&told), "{told:?}");
}

#[test]
fn the_length_of_a_recording_is_held_against_the_export() {
    let audio = "match = [{ from = \"file\" }]\nseconds = { from = \"talk\", unit = \"mm:ss\" }";
    let export = "id,file,talk\n1,a.wav,00:01\n2,b.wav,10:00\n3,c.wav,\n";
    let rehearsal = Rehearsal::new(audio, export, &["a.wav", "b.wav", "c.wav"]);
    let told = rehearsal.check();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "recording-duration");
    assert!(told[0].1.ends_with("the export says 600"), "{told:?}");
    // Who runs it every night never checks.
    assert_eq!(rehearsal.run(&[]).len(), 3);
    let lines = rehearsal.workdir.lines_with("recording-duration");
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn names_in_another_zone_than_the_rows_are_told_once() {
    let export: String = (0..12).fold("id,file,start\n".to_owned(), |all, at| {
        all + &format!("{at},out-{at}-20240514-13{at:02}00.wav,2024-05-14T11:{at:02}:20+02:00\n")
    });
    let files: Vec<String> = (0..12)
        .map(|at| format!("out-{at}-20240514-13{at:02}00.wav"))
        .collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let rehearsal = Rehearsal::new("match = [{ from = \"file\" }]", &export, &files);
    let fields = fields().replace("{ value = \"2024-03-15T09:12:03+01:00\" }", "\"start\"");
    let mapping = format!("{fields}\n[audio]\nmatch = [{{ from = \"file\" }}]\n");
    rehearsal.workdir.write("mapping.toml", mapping);
    let told = rehearsal.check();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "recording-time");
    assert!(
        told[0].1.contains("2 hours ahead of the call's"),
        "{told:?}"
    );
    assert!(told[0].1.contains("rows are in UTC:"), "{told:?}");

    // The ledger is told as well, and how bad it is, although it belongs to no row.
    rehearsal.run(&[]);
    let graveness = || -> Vec<(String, String)> {
        let rows = rehearsal.workdir.rows("problems.csv").into_iter();
        rows.map(|row| (row["code"].clone(), row["severity"].clone()))
            .collect()
    };
    let by_the_run = graveness();
    assert_eq!(
        by_the_run,
        [("recording-time".to_owned(), "warning".to_owned())]
    );
    let ledger = ["report", "--ledger", "capturi-import-sandbox.db"];
    rehearsal.workdir.call(&ledger).with_code(0);
    assert_eq!(graveness(), by_the_run);
}

#[test]
fn rows_of_one_call_share_their_recording() {
    let rehearsal = Rehearsal::new(
        "match = [{ from = \"file\" }]\n[legs]\ngroup = \"id\"",
        "id,file,leg\n1,a.wav,1\n2,b.wav,1\n1,a.wav,2\n",
        &["a.wav", "b.wav"],
    );
    assert_eq!(rehearsal.run(&[]), found(&[("1", "a.wav"), ("2", "b.wav")]));
    assert_eq!(rehearsal.check(), []);
}

#[test]
fn what_lies_in_a_bin_is_not_there_and_that_is_told_once() {
    let files = ["#recycle/1.wav", "deep/.Trash-1000/files/1.wav", "2.wav"];
    let rehearsal = Rehearsal::new("", "id\n1\n2\n", &files);
    assert_eq!(rehearsal.run(&[]), found(&[("2", "2.wav")]));
    let told = rehearsal.check();
    let codes: Vec<&str> = told.iter().map(|(code, _)| &**code).collect();
    assert_eq!(codes, ["recording-missing", "recordings-not-searched"]);
}

#[test]
fn the_owner_of_the_whole_name_gets_it_and_what_two_find_is_nobodys() {
    // 4 stands before 42, 1 finds only what is 10's, and 123 and 456 find the same file.
    let files = ["42.wav", "10.wav", "call_123_456.wav", "7_in.wav"];
    let export = "id\n4\n42\n10\n1\n123\n456\n7\n";
    let audio = r#"match = ["{{ id }}", "*{{ id }}*"]"#;
    let rehearsal = Rehearsal::new(audio, export, &files);
    assert_eq!(
        rehearsal.run(&[]),
        found(&[("42", "42.wav"), ("10", "10.wav"), ("7", "7_in.wav")])
    );
    let list = rehearsal.workdir.rows("recordings.csv");
    let how = |id: &str| {
        let row = list.iter().find(|row| row["external_id"] == id);
        row.map(|row| row["found"].clone()).unwrap_or_default()
    };
    assert_eq!((how("42"), how("7")), ("exact".into(), "inexact".into()));
    let told = rehearsal.check();
    let shared: Vec<_> = told
        .iter()
        .filter(|(code, _)| code == "recording-shared")
        .collect();
    assert_eq!(shared.len(), 2, "{told:?}");
    assert!(shared[0].1.starts_with("line 7"), "{told:?}");
    assert!(shared[1].1.starts_with("line 6"), "{told:?}");
}

#[test]
fn a_run_that_stops_accounts_for_records_that_were_put_aside() {
    for pattern in ["{{ id }}.wav", "{{ id }}*.wav"] {
        let audio = format!(r#"match = ["{pattern}"]"#);
        let files = ["1.wav", "2.wav", "3.wav", "4.wav", "5.wav", "6.wav"];
        let rehearsal = Rehearsal::new(&audio, "id\n1\n", &files);
        let workdir = &rehearsal.workdir;
        let further: Vec<String> = (2..40).map(|id| format!("{id}.csv")).collect();
        for (id, name) in (2..).zip(&further) {
            workdir.write(name, format!("id\n{id}\n"));
        }
        let fixed = "run -m mapping.toml --audio audio --missing-audio create --sandbox --out out";
        let fixed = fixed.split(' ').chain(["--rate", "0", "--limit", "1"]);
        let files = further.iter().map(String::as_str).chain(["calls.csv"]);
        let arguments: Vec<&str> = fixed.chain(files).collect();
        workdir.call(&arguments).with_code(7);
        assert_eq!(workdir.outcome("created"), 1, "{pattern}");
        let read = workdir.summary()["read"].as_u64().expect("a number");
        let ended = ["created", "not_attempted", "held", "rejected", "skipped"];
        let ended: u64 = ended.iter().map(|name| workdir.outcome(name)).sum();
        assert_eq!(read, ended, "{pattern}");
    }
}

#[test]
fn a_call_whose_find_is_anothers_is_told_what_becomes_of_it() {
    let audio = r#"match = ["{{ file }}"]"#;
    let rehearsal = Rehearsal::new(audio, "id,file\n1,A.wav\n2,a.wav\n", &["a.wav"]);
    for (policy, then, outcome) in [
        ("hold", "the call waits for its own", "held"),
        ("create", "the call goes out without one", "created"),
        ("refuse", "the call is refused", "rejected"),
    ] {
        rehearsal.run(&["--missing-audio", policy]);
        let problems = rehearsal.workdir.rows("problems.csv");
        let message = &problems[0]["message"];
        let told = format!("a.wav fits, but line 3 asks for it by its whole name; {then}");
        assert_eq!(*message, told, "{policy}");
        let expected = if outcome == "created" { 2 } else { 1 };
        assert_eq!(rehearsal.workdir.outcome(outcome), expected, "{policy}");
    }
}

#[test]
fn a_rejected_record_keeps_its_recording_also_from_a_later_file() {
    let rows = ["1,nonsense,a.wav\n", "2,2024-03-15T10:00:00Z,a.wav\n"];
    let told = |files: &[String]| {
        let rehearsal = Rehearsal::new("", &files[0], &["a.wav"]);
        let fields = fields().replace(r#"{ value = "2024-03-15T09:12:03+01:00" }"#, r#""when""#);
        let audio = "[audio]\nmatch = ['{{ file }}']\n";
        let workdir = &rehearsal.workdir;
        workdir.write("mapping.toml", format!("{fields}\n{audio}"));
        let mut further = Vec::new();
        if let Some(later) = files.get(1) {
            workdir.write("later.csv", later);
            further.push("later.csv");
        }
        assert_eq!(rehearsal.run(&further), found(&[]), "{files:?}");
        assert_eq!(workdir.outcome("rejected"), 2, "{files:?}");
        let problems = workdir.rows("problems.csv");
        let codes = problems.iter().map(|row| row["code"].clone());
        codes.collect::<std::collections::BTreeSet<_>>()
    };
    let header = "id,when,file\n";
    let in_one = told(&[format!("{header}{}{}", rows[0], rows[1])]);
    let in_two = told(&rows.map(|row| format!("{header}{row}")));
    assert!(in_one.contains("recording-shared"), "{in_one:?}");
    assert_eq!(in_one, in_two);
}

#[test]
fn a_recording_that_an_earlier_run_sent_goes_to_no_other_call() {
    let audio = r#"match = ["{{ file }}"]"#;
    let rehearsal = Rehearsal::new(audio, "id,file\n1,a.wav\n", &["a.wav"]);
    let kept = ["--ledger", "kept.db"];
    assert_eq!(rehearsal.run(&kept), found(&[("1", "a.wav")]));
    rehearsal.workdir.write("calls.csv", "id,file\n2,a.wav\n");
    assert_eq!(rehearsal.run(&kept), found(&[]));
    let problems = rehearsal.workdir.rows("problems.csv");
    assert_eq!(problems[0]["code"], "recording-shared", "{problems:?}");
    // The same name with other bytes is another recording.
    let mut dice = fastrand::Rng::with_seed(99);
    rehearsal.workdir.write("audio/a.wav", wave(1, &mut dice));
    assert_eq!(rehearsal.run(&kept), found(&[("2", "a.wav")]));
}

#[test]
fn a_sent_recording_is_known_from_a_folder_above_and_below() {
    let audio = r#"match = ["{{ file }}"]"#;
    for (first, then) in [
        ("audio", "audio/2024"),
        ("audio/2024", "audio"),
        (".", "audio/2024"),
        ("audio/2024/", "."),
    ] {
        let rehearsal = Rehearsal::new(audio, "id,file\n1,a.wav\n", &["2024/a.wav"]);
        let kept = ["--ledger", "kept.db"];
        assert_eq!(rehearsal.run_with(first, &kept).len(), 1, "{first}");
        rehearsal.workdir.write("calls.csv", "id,file\n2,a.wav\n");
        assert_eq!(rehearsal.run_with(then, &kept).len(), 0, "{then}");
        let problems = rehearsal.workdir.rows("problems.csv");
        assert_eq!(problems[0]["code"], "recording-shared", "{problems:?}");
        // Of the same call nothing is lacking, and other sound of the name and size is another recording.
        rehearsal.workdir.write("calls.csv", "id,file\n1,a.wav\n");
        rehearsal.run_with(then, &kept);
        assert!(rehearsal.workdir.rows("problems.csv").is_empty());
        let mut other = std::fs::read(rehearsal.workdir.path("audio/2024/a.wav")).expect("a file");
        other[44..].reverse();
        rehearsal.workdir.write("audio/2024/a.wav", other);
        rehearsal.workdir.write("calls.csv", "id,file\n2,a.wav\n");
        assert_eq!(rehearsal.run_with(then, &kept).len(), 1, "{then}");
    }
}

#[test]
fn a_test_of_the_mapping_says_what_a_run_does_without_a_recording() {
    let export = "id,file\n1,a.wav\n2,b.wav\n";
    let rehearsal = Rehearsal::new("match = [{ from = \"file\" }]", export, &["a.wav"]);
    for (policy, says) in [
        ("hold", "the call waits for it"),
        ("create", "the call goes out without one"),
        ("refuse", "the call is refused"),
    ] {
        let fixed = "mapping test calls.csv -m mapping.toml --audio audio --missing-audio";
        let arguments: Vec<&str> = fixed.split(' ').chain([policy]).collect();
        rehearsal.workdir.call(&arguments).says(says);
    }
}
