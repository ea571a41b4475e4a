use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;
use crate::audio::Recording;
use crate::audio::probe::{PlainFormat, PlainWave};

const LARGEST: u64 = 1_000_000;

fn wave(tag: u16, channels: u16, sound: &[u8]) -> Vec<u8> {
    let format = PlainFormat {
        tag,
        channels,
        rate: 8000,
        bits: if tag == 1 { 16 } else { 8 },
    };
    let wave = PlainWave {
        format,
        start: 0,
        bytes: 0,
        is_cut: false,
    };
    let mut file = wave.header(sound.len() as u64);
    file.extend(sound);
    file
}

fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> Recording {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    Recording {
        bytes: bytes.len() as u64,
        name: name.to_owned(),
        modified: SystemTime::UNIX_EPOCH,
        path,
        id: 0,
    }
}

fn join(parts: &[&Recording]) -> Result<Order, Unfit> {
    let probes: Vec<_> = parts.iter().map(|part| probe(&part.path).ok()).collect();
    let parts = parts
        .iter()
        .zip(&probes)
        .map(|(part, probe)| (*part, probe.as_ref()));
    Order::join(&parts.collect::<Vec<_>>())
}

fn convert(part: &Recording) -> Order {
    Order::convert(part, probe(&part.path).ok().as_ref()).unwrap()
}

fn left(workshop: &Workshop) -> usize {
    fs::read_dir(workshop.folder()).unwrap().count()
}

#[test]
fn plain_files_of_one_format_are_put_together_without_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let workshop = Workshop::open(None, LARGEST).unwrap();
    for (tag, first, second) in [
        (1, vec![1; 16_000], vec![2; 8_000]),
        (6, vec![3; 16_000], vec![4; 8_000]),
    ] {
        let a = put(&folder, "a.wav", &wave(tag, 1, &first));
        let b = put(&folder, "b.wav", &wave(tag, 1, &second));
        let order = join(&[&a, &b]).unwrap();
        assert!(!order.needs_ffmpeg());
        let made = workshop.make(&order, &Recall::default()).unwrap();
        let bytes = fs::read(made.path()).unwrap();
        assert_eq!(bytes, wave(tag, 1, &[&first[..], &second[..]].concat()));
        assert_eq!(made.bytes, bytes.len() as u64);
        let probed = probe(made.path()).unwrap();
        let seconds = if tag == 1 { 1.5 } else { 3.0 };
        assert!((probed.seconds.unwrap() - seconds).abs() < 1e-9);
        drop(made);
        assert_eq!(left(&workshop), 0);
    }
    let place = workshop.folder().to_owned();
    drop(workshop);
    assert!(!place.exists());
}

#[test]
fn what_differs_needs_a_program_and_what_cannot_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mono = put(&folder, "a.wav", &wave(1, 1, &[0; 800]));
    let law = put(&folder, "b.wav", &wave(7, 1, &[1; 800]));
    let stereo = put(&folder, "c.wav", &wave(1, 2, &[0; 800]));
    let text = put(&folder, "d.wav", b"hello");
    let order = join(&[&mono, &law]).unwrap();
    assert!(order.needs_ffmpeg());
    let workshop = Workshop::open(None, LARGEST).unwrap();
    let made = workshop.make(&order, &Recall::default());
    assert!(matches!(made, Err(WorkError::NoFfmpeg)));
    assert_eq!(left(&workshop), 0);
    assert_eq!(join(&[&mono, &stereo]), Err(Unfit::Channels));
    assert!(matches!(join(&[&text, &text]), Err(Unfit::Format { .. })));
}

#[test]
fn a_file_that_would_be_too_large_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.wav", &wave(1, 1, &[0; 800]));
    let workshop = Workshop::open(None, 1000).unwrap();
    let made = workshop.make(&join(&[&a, &a]).unwrap(), &Recall::default());
    assert!(matches!(made, Err(WorkError::TooLarge(1600))));
    assert_eq!(left(&workshop), 0);
}

#[cfg(unix)]
mod with_a_program {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// What the scripts of these tests need, and a variable of their own.
    fn environment() -> ProgramEnvironment {
        let path = ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into());
        ProgramEnvironment::new([path, ("SHOWN".into(), "yes".into())])
    }

    /// A program that does as it is written: `$made` is where the result belongs.
    fn ffmpeg(folder: &TempDir, does: &str, longest: Duration) -> Ffmpeg {
        let path = folder.path().join("ffmpeg");
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = -version ] && exit 0\nfor made; do :; done\nmade=${{made#file:}}\n{does}\n"
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        loop {
            // A process that another test starts just now may still hold the script open.
            match Ffmpeg::at(&path, environment(), longest) {
                Err(NoFfmpeg::NotStarted(error))
                    if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
                found => return found.unwrap(),
            }
        }
    }

    fn at_work(does: &str, longest: Duration) -> (TempDir, Workshop, Recording) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("result"), wave(1, 1, &[5; 16_000])).unwrap();
        let gsm = put(&folder, "-4512345601.gsm", &[0xD0; 33 * 50]);
        let workshop = Workshop::open(Some(ffmpeg(&folder, does, longest)), LARGEST).unwrap();
        (folder, workshop, gsm)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_result_of_the_program_is_what_is_made() {
        let does = "printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/said\"; cp \"$(dirname \"$0\")/result\" \"$made\"";
        let (folder, workshop, gsm) = at_work(does, LONG);
        let made = workshop.make(&convert(&gsm), &Recall::default()).unwrap();
        assert_eq!(fs::read(made.path()).unwrap(), wave(1, 1, &[5; 16_000]));
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said[0], "-nostdin");
        let input = format!("file:{}", gsm.path.display());
        let input = ["-protocol_whitelist", "file", "-f", "gsm", "-i", &input];
        assert!(said.windows(6).any(|words| words == input), "{said:?}");
        assert!(said.windows(2).any(|words| words == ["-c:a", "pcm_s16le"]));
    }

    #[test]
    fn the_program_gets_no_variable_of_this_process() {
        let does = "env > \"$(dirname \"$0\")/said\"; cp \"$(dirname \"$0\")/result\" \"$made\"";
        let (folder, workshop, gsm) = at_work(does, LONG);
        workshop.make(&convert(&gsm), &Recall::default()).unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert!(said.contains("SHOWN=yes"), "{said}");
        // Set by cargo for each test, as a token would be set for a run.
        assert!(!said.contains("CARGO"), "{said}");
    }

    #[test]
    fn why_it_failed_is_told_without_a_name() {
        let does = "echo first >&2; echo \"file:$(dirname \"$0\")/-4512345601.gsm: Invalid data\" >&2; exit 183";
        let (_folder, workshop, gsm) = at_work(does, LONG);
        let error = workshop
            .make(&convert(&gsm), &Recall::default())
            .unwrap_err();
        let told = error.to_string();
        assert_eq!(
            told,
            "ffmpeg cannot convert it: file:the recording: Invalid data"
        );
        assert_eq!(left(&workshop), 0);
    }

    #[test]
    fn half_of_a_recording_is_not_taken_for_the_whole() {
        let (_folder, workshop, _) = at_work("cp \"$(dirname \"$0\")/result\" \"$made\"", LONG);
        let folder = tempfile::tempdir().unwrap();
        let long = put(&folder, "long.gsm", &vec![0xD0; 33 * 500]);
        let made = workshop.make(&convert(&long), &Recall::default());
        assert!(matches!(made, Err(WorkError::Shorter { .. })), "{made:?}");
        assert_eq!(left(&workshop), 0);
    }

    #[test]
    fn a_program_that_hangs_is_ended_and_one_that_nobody_waits_for_too() {
        let (_folder, workshop, gsm) = at_work("exec sleep 600", Duration::from_millis(50));
        let made = workshop.make(&convert(&gsm), &Recall::default());
        assert!(matches!(made, Err(WorkError::TooLong(_))), "{made:?}");
        let recall = Recall::default();
        recall.call();
        let made = workshop.make(&convert(&gsm), &recall);
        assert!(matches!(made, Err(WorkError::Recalled)), "{made:?}");
        assert_eq!(left(&workshop), 0);
    }

    #[test]
    fn a_program_that_is_none_is_told() {
        let nowhere = PathBuf::from("/nowhere/ffmpeg");
        assert!(matches!(
            Ffmpeg::at(nowhere, environment(), LONG),
            Err(NoFfmpeg::NotStarted(_))
        ));
        assert!(matches!(
            Ffmpeg::at("false", environment(), LONG),
            Err(NoFfmpeg::NoAnswer)
        ));
    }

    #[test]
    fn a_file_without_a_header_is_read_by_its_ending() {
        let does = "printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/said\"; cp \"$(dirname \"$0\")/result\" \"$made\"";
        let (folder, workshop, _) = at_work(does, LONG);
        let raw = put(&folder, "x.sln", &[0; 320]);
        workshop.make(&convert(&raw), &Recall::default()).unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert!(
            said.contains("-f\ns16le\n-ar\n8000\n-ac\n1\n-i\n"),
            "{said}"
        );
    }
}
