//! A command of the user's that decrypts recordings, such as `gpg --decrypt --batch`.
//!
//! It is started without a shell. It gets the recording on its standard input and gives the plain sound on its
//! standard output, which goes into a file without a name: neither is ever where somebody else could open it.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use super::child::{LONGEST, last_line, shortened, wait};
use super::scratch::Scratch;
use super::{CancelFlag, ProgramEnvironment, TranscodeFailure};
use crate::domain::redact::mask;
use crate::recordings::{OpenRecording, Recording, RecordingError};

/// A command that decrypts.
#[derive(Clone, PartialEq, Eq)]
pub struct Decryptor {
    words: Vec<OsString>,
    environment: ProgramEnvironment,
    longest: Duration,
}

impl Decryptor {
    /// The program and its arguments, started with this environment; nothing without a program.
    pub fn new(words: Vec<OsString>, environment: ProgramEnvironment) -> Option<Decryptor> {
        (!words.is_empty()).then_some(Decryptor {
            words,
            environment,
            longest: LONGEST,
        })
    }

    /// Writes the plain sound of a recording into a file, unless it is larger than `largest`.
    pub(super) fn decrypt(
        &self,
        recording: &Recording,
        to: &Scratch,
        largest: u64,
        recall: &CancelFlag,
    ) -> Result<(), TranscodeFailure> {
        let mut opened = recording.open()?;
        let refused = |why: String| TranscodeFailure::NotDecrypted(why);
        // What it has to say goes to a file: a pipe that nobody reads would stop it.
        let said = tempfile::tempfile()?;
        let mut child = self
            .start(&said)
            .map_err(|error| refused(format!("{} cannot be started: {error}", self.program())))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let is_full = CancelFlag::default();
        let (ended, fed, written) = thread::scope(|scope| {
            let feeder = scope.spawn(|| feed(&mut opened, input));
            let taker = scope.spawn(|| take(output, to.file(), largest, &is_full));
            let ended = wait(&mut child, self.longest, &[recall, &is_full]);
            end_others(&child);
            let written = taker.join().unwrap_or_else(|_| Err(broken()));
            (
                ended,
                feeder.join().unwrap_or_else(|_| Err(broken().into())),
                written,
            )
        });
        if is_full.is_called() {
            return Err(TranscodeFailure::TooLarge(largest.saturating_add(1)));
        }
        let status = ended.map_err(|error| match error {
            TranscodeFailure::TooLong(minutes) => refused(format!(
                "it took longer than {minutes} minutes and was ended"
            )),
            other => other,
        })?;
        // A store that broke off is not the command's fault.
        fed?;
        written?;
        if !status.success() {
            let said = last_line(said).map(|line| shortened(&mask(&line, "")));
            return Err(refused(said.unwrap_or_else(|| {
                format!("{} says nothing about why ({status})", self.program())
            })));
        }
        recording.verify(&opened)?;
        Ok(())
    }

    fn start(&self, said: &File) -> io::Result<Child> {
        let (program, arguments) = self.words.split_first().ok_or_else(broken)?;
        let mut command = self.environment.command(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said.try_clone()?);
        // What it starts itself ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        #[cfg(unix)]
        let _turn = super::handed::turn();
        command.spawn()
    }

    fn program(&self) -> String {
        let program = self.words.first().map(|word| word.to_string_lossy());
        program.unwrap_or_default().into_owned()
    }
}

fn broken() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// Gives the program the recording. One that wants no more of it ends early, and its exit code says whether
/// that was well.
fn feed(from: &mut OpenRecording, to: Option<impl Write>) -> Result<(), TranscodeFailure> {
    let Some(mut to) = to else { return Ok(()) };
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(RecordingError::from_read(error).into()),
        }
    }
}

/// Takes what the program gives, up to a byte more than is allowed.
fn take(
    from: Option<impl Read>,
    mut to: &File,
    largest: u64,
    is_full: &CancelFlag,
) -> io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let taken = io::copy(&mut from.take(largest.saturating_add(1)), &mut to);
    match taken {
        Ok(count) if count <= largest => Ok(()),
        Ok(_) => {
            is_full.call();
            Ok(())
        }
        // Nobody reads the rest, and the program would wait for ever.
        Err(error) => {
            is_full.call();
            Err(error)
        }
    }
}

/// Ends what the program has left behind: it could keep the pipes open.
fn end_others(child: &Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        // Fails where nothing is left, which is usual.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    }
    #[cfg(not(unix))]
    let _ = child;
}

impl fmt::Debug for Decryptor {
    /// Without arguments, which may name a key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Decryptor");
        shown
            .field("program", &self.program())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::recordings::{IndexOptions, build_index};

    fn decrypted(script: &str, longest: Duration, largest: u64) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.wav.pgp"), b"ABC".repeat(100_000)).unwrap();
        let index = build_index(folder.path(), &IndexOptions::default()).unwrap();
        let recording = index.recordings().next().unwrap();
        let words = ["/bin/sh", "-c", script].map(OsString::from).to_vec();
        let decryptor = Decryptor {
            longest,
            ..Decryptor::new(words, ProgramEnvironment::default()).unwrap()
        };
        let to = Scratch::new(folder.path()).unwrap();
        let done = decryptor.decrypt(&recording, &to, largest, &CancelFlag::default());
        done.map_err(|error| error.to_string())?;
        let mut made = Vec::new();
        to.reader().read_to_end(&mut made).unwrap();
        Ok(made)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_command_gets_the_recording_and_gives_the_sound() {
        let made = decrypted("/usr/bin/tr ABC abc", LONG, 1 << 20);
        assert_eq!(made, Ok(b"abc".repeat(100_000)));
        // It need not want all of it.
        assert_eq!(decrypted("printf x", LONG, 1 << 20), Ok(b"x".to_vec()));
    }

    #[test]
    fn a_command_that_fails_is_told_by_its_last_line_without_people() {
        let error = decrypted(
            "printf 'gpg: one\\ngpg: no secret key for ida@example.com\\n' >&2; exit 2",
            LONG,
            1 << 20,
        );
        let error = error.unwrap_err();
        assert!(error.contains("gpg: no secret key"), "{error}");
        assert!(!error.contains("ida@example.com"), "{error}");
        assert!(
            decrypted("exit 3", LONG, 1)
                .unwrap_err()
                .contains("/bin/sh")
        );
    }

    #[test]
    fn a_command_that_hangs_or_gives_too_much_is_ended_with_all_that_it_started() {
        let begun = std::time::Instant::now();
        let short = Duration::from_millis(200);
        let error = decrypted("/bin/sleep 60 & /bin/sleep 60", short, 1 << 20).unwrap_err();
        assert!(error.contains("ended"), "{error}");
        let error = decrypted("/bin/cat /dev/zero", LONG, 1 << 20).unwrap_err();
        assert!(error.contains("more than the API takes"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
