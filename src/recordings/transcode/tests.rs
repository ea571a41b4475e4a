use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::recordings::probe::{PlainFormat, PlainWave};
use crate::recordings::store::tests::in_folder;
use crate::recordings::transcode::*;
use crate::recordings::{Recording, probe};

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
    fs::write(folder.path().join(name), bytes).unwrap();
    in_folder(folder.path(), name)
}

/// A transcoder and the folder of its temporary files.
fn workshop(ffmpeg: Option<Ffmpeg>, largest: u64) -> (TempDir, Transcoder) {
    let scratch = tempfile::tempdir().unwrap();
    let workshop = Transcoder::open_in(scratch.path().to_owned(), ffmpeg, largest).unwrap();
    (scratch, workshop)
}

fn content(made: &Transcoded) -> Vec<u8> {
    let mut bytes = Vec::new();
    made.reader().read_to_end(&mut bytes).unwrap();
    bytes
}

fn join(parts: &[&Recording]) -> Result<TranscodeJob, NotTranscodable> {
    let probes: Vec<_> = parts
        .iter()
        .map(|part| probe(&part.local_path().unwrap()).ok())
        .collect();
    let parts = parts
        .iter()
        .zip(&probes)
        .map(|(part, probe)| (*part, probe.as_ref()));
    TranscodeJob::join(&parts.collect::<Vec<_>>())
}

fn convert(part: &Recording) -> TranscodeJob {
    TranscodeJob::convert(part, probe(&part.local_path().unwrap()).ok().as_ref()).unwrap()
}

fn left(scratch: &TempDir) -> usize {
    fs::read_dir(scratch.path()).unwrap().count()
}

#[test]
fn plain_files_of_one_format_are_put_together_without_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let (scratch, workshop) = workshop(None, LARGEST);
    for (tag, first, second) in [
        (1, vec![1; 16_000], vec![2; 8_000]),
        (6, vec![3; 16_000], vec![4; 8_000]),
    ] {
        let a = put(&folder, "a.wav", &wave(tag, 1, &first));
        let b = put(&folder, "b.wav", &wave(tag, 1, &second));
        let order = join(&[&a, &b]).unwrap();
        assert!(!order.needs_ffmpeg());
        let made = workshop.make(&order, &CancelFlag::default()).unwrap();
        let bytes = content(&made);
        assert_eq!(bytes, wave(tag, 1, &[&first[..], &second[..]].concat()));
        assert_eq!(made.bytes, bytes.len() as u64);
        let probed = probe(&put(&folder, "made.wav", &bytes).local_path().unwrap()).unwrap();
        let seconds = if tag == 1 { 1.5 } else { 3.0 };
        assert!((probed.seconds.unwrap() - seconds).abs() < 1e-9);
        let names = left(&scratch);
        assert_eq!(names, usize::from(!cfg!(unix)), "it has a name");
        drop(made);
        assert_eq!(left(&scratch), 0);
    }
}

#[test]
fn parts_that_were_exchanged_after_they_were_found_are_not_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let (scratch, workshop) = workshop(None, LARGEST);
    let a = put(&folder, "a.wav", &wave(1, 1, &[1; 1600]));
    let b = put(&folder, "b.wav", &wave(1, 1, &[2; 1600]));
    let order = join(&[&a, &b]).unwrap();
    fs::rename(b.local_path().unwrap(), folder.path().join("c.wav")).unwrap();
    let made = || workshop.make(&order, &CancelFlag::default());
    assert!(matches!(
        made(),
        Err(TranscodeFailure::Changed(FileChange::Gone))
    ));
    fs::write(b.local_path().unwrap(), wave(1, 1, &[3; 1600])).unwrap();
    assert!(matches!(
        made(),
        Err(TranscodeFailure::Changed(
            FileChange::Replaced | FileChange::Written
        ))
    ));
    #[cfg(unix)]
    {
        fs::remove_file(b.local_path().unwrap()).unwrap();
        std::os::unix::fs::symlink("c.wav", b.local_path().unwrap()).unwrap();
        assert!(matches!(
            made(),
            Err(TranscodeFailure::Changed(FileChange::Link))
        ));
    }
    assert_eq!(left(&scratch), 0);
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
    let (scratch, workshop) = workshop(None, LARGEST);
    let made = workshop.make(&order, &CancelFlag::default());
    assert!(matches!(made, Err(TranscodeFailure::NoFfmpeg)));
    assert_eq!(left(&scratch), 0);
    assert_eq!(join(&[&mono, &stereo]), Err(NotTranscodable::Channels));
    assert!(matches!(
        join(&[&text, &text]),
        Err(NotTranscodable::Format { .. })
    ));
}

#[test]
fn a_file_that_would_be_too_large_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let a = put(&folder, "a.wav", &wave(1, 1, &[0; 800]));
    let (scratch, workshop) = workshop(None, 1000);
    let made = workshop.make(&join(&[&a, &a]).unwrap(), &CancelFlag::default());
    assert!(matches!(made, Err(TranscodeFailure::TooLarge(1600))));
    assert_eq!(left(&scratch), 0);
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

    fn at_work(does: &str, longest: Duration) -> (TempDir, Transcoder, Recording) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("result"), wave(1, 1, &[5; 16_000])).unwrap();
        let gsm = put(&folder, "-4512345601.gsm", &[0xD0; 33 * 50]);
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let ffmpeg = ffmpeg(&folder, does, longest);
        let workshop = Transcoder::open_in(scratch, Some(ffmpeg), LARGEST).unwrap();
        (folder, workshop, gsm)
    }

    fn left(folder: &TempDir) -> usize {
        fs::read_dir(folder.path().join("scratch")).unwrap().count()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_result_of_the_program_is_what_is_made() {
        let does = "printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/said\"; cp \"$(dirname \"$0\")/result\" \"$made\"";
        let (folder, workshop, gsm) = at_work(does, LONG);
        let made = workshop
            .make(&convert(&gsm), &CancelFlag::default())
            .unwrap();
        assert_eq!(content(&made), wave(1, 1, &[5; 16_000]));
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said[0], "-nostdin");
        let input = ["-protocol_whitelist", "file", "-f", "gsm", "-i"];
        assert!(said.windows(5).any(|words| words == input), "{said:?}");
        assert!(!said.iter().any(|word| word.contains("45123456")));
        assert!(said.windows(2).any(|words| words == ["-c:a", "pcm_s16le"]));
    }

    #[test]
    fn the_program_reads_the_parts_that_were_found_and_writes_where_nobody_else_can() {
        // It waits until the parts have been exchanged, and puts behind each other what it reads.
        let does = "here=$(dirname \"$0\")
            touch \"$here/ready\"; while [ ! -e \"$here/go\" ]; do sleep 0.01; done
            cp \"$here/result\" \"$made\"
            for word; do [ \"$last\" = -i ] && cat \"${word#file:}\" >> \"$here/read\"; last=$word; done";
        let (folder, workshop, gsm) = at_work(does, LONG);
        let law = put(&folder, "law.wav", &wave(7, 1, &[9; 800]));
        let order = join(&[&gsm, &law]).unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = std::thread::scope(|scope| {
            let work = scope.spawn(|| workshop.make(&order, &CancelFlag::default()));
            while !at("ready").exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
            fs::write(at("secret"), "secret").unwrap();
            for part in [&gsm, &law] {
                fs::remove_file(part.local_path().unwrap()).unwrap();
                std::os::unix::fs::symlink(at("secret"), part.local_path().unwrap()).unwrap();
            }
            assert_eq!(left(&folder), 0);
            fs::write(at("go"), "").unwrap();
            work.join().unwrap()
        });
        assert_eq!(content(&made.unwrap()), wave(1, 1, &[5; 16_000]));
        let parts = [vec![0xD0; 33 * 50], wave(7, 1, &[9; 800])].concat();
        assert_eq!(fs::read(at("read")).unwrap(), parts);
    }

    #[test]
    fn the_program_gets_no_variable_of_this_process() {
        let does = "env > \"$(dirname \"$0\")/said\"; cp \"$(dirname \"$0\")/result\" \"$made\"";
        let (folder, workshop, gsm) = at_work(does, LONG);
        workshop
            .make(&convert(&gsm), &CancelFlag::default())
            .unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert!(said.contains("SHOWN=yes"), "{said}");
        // Set by cargo for each test, as a token would be set for a run.
        assert!(!said.contains("CARGO"), "{said}");
    }

    #[test]
    fn why_it_failed_is_told_without_a_name() {
        let does = "for word; do [ \"$last\" = -i ] && input=$word; last=$word; done; echo first >&2; echo \"$input: Invalid data\" >&2; exit 183";
        let (folder, workshop, gsm) = at_work(does, LONG);
        let error = workshop
            .make(&convert(&gsm), &CancelFlag::default())
            .unwrap_err();
        let told = error.to_string();
        assert_eq!(
            told,
            "ffmpeg cannot convert it: file:the recording: Invalid data"
        );
        assert_eq!(left(&folder), 0);
    }

    #[test]
    fn half_of_a_recording_is_not_taken_for_the_whole() {
        let (folder, workshop, _) = at_work("cp \"$(dirname \"$0\")/result\" \"$made\"", LONG);
        let long = put(&folder, "long.gsm", &vec![0xD0; 33 * 500]);
        let made = workshop.make(&convert(&long), &CancelFlag::default());
        assert!(
            matches!(made, Err(TranscodeFailure::Shorter { .. })),
            "{made:?}"
        );
        assert_eq!(left(&folder), 0);
    }

    #[test]
    fn a_program_that_hangs_is_ended_and_one_that_nobody_waits_for_too() {
        let (folder, workshop, gsm) = at_work("exec sleep 600", Duration::from_millis(50));
        let made = workshop.make(&convert(&gsm), &CancelFlag::default());
        assert!(
            matches!(made, Err(TranscodeFailure::TooLong(_))),
            "{made:?}"
        );
        let recall = CancelFlag::default();
        recall.call();
        let made = workshop.make(&convert(&gsm), &recall);
        assert!(matches!(made, Err(TranscodeFailure::Recalled)), "{made:?}");
        assert_eq!(left(&folder), 0);
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
        workshop
            .make(&convert(&raw), &CancelFlag::default())
            .unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        assert!(
            said.contains("-f\ns16le\n-ar\n8000\n-ac\n1\n-i\n"),
            "{said}"
        );
    }
}
