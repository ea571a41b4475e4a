//! An installed `ffmpeg`, called without a shell.
//!
//! It reads files that come from anywhere, so it is held short: it is told the format of each part
//! (it would follow a playlist otherwise), may open nothing but files, gets no input of ours, and
//! ends after a time. It gets the files as open handles and under the names of those, so that it
//! reads what was found, whatever has taken its place since, and no name of ours is an option to it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::child::{LONGEST, last_line, shortened, wait};
use super::job::FfmpegInput;
use super::open_part::OpenPart;
use super::scratch::Scratch;
use super::{CancelFlag, ProgramEnvironment, TranscodeFailure};

/// The name of the program, looked for where the system looks for programs.
const PROGRAM: &str = "ffmpeg";
/// How long it may take to say its version.
const SHORT: Duration = Duration::from_secs(20);

/// An `ffmpeg` that answers.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    program: OsString,
    environment: ProgramEnvironment,
    longest: Duration,
}

/// Why there is no `ffmpeg`.
#[derive(Debug, thiserror::Error)]
pub enum NoFfmpeg {
    /// It cannot be started.
    #[error("ffmpeg cannot be started: {0}")]
    NotStarted(io::Error),
    /// Something of its name does not answer as it does.
    #[error("ffmpeg does not answer when asked for its version")]
    NoAnswer,
}

impl Ffmpeg {
    /// The installed one, started with this environment.
    pub fn find(environment: ProgramEnvironment) -> Result<Ffmpeg, NoFfmpeg> {
        Ffmpeg::at(PROGRAM, environment, LONGEST)
    }

    pub(super) fn at(
        program: impl Into<OsString>,
        environment: ProgramEnvironment,
        longest: Duration,
    ) -> Result<Ffmpeg, NoFfmpeg> {
        let program = program.into();
        let mut child = environment
            .command(&program)
            .arg("-version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(NoFfmpeg::NotStarted)?;
        match wait(&mut child, SHORT, &[]) {
            Ok(status) if status.success() => Ok(Ffmpeg {
                program,
                environment,
                longest,
            }),
            _ => Err(NoFfmpeg::NoAnswer),
        }
    }

    /// Turns the open parts into one WAV file.
    pub(super) fn convert(
        &self,
        parts: &[OpenPart<'_>],
        to: &Scratch,
        largest: u64,
        recall: &CancelFlag,
    ) -> Result<(), TranscodeFailure> {
        // What it has to say goes to a file: a pipe that nobody reads would stop it.
        let said = tempfile::tempfile()?;
        let (mut child, urls) = self.start(parts, to, largest, &said)?;
        let status = wait(&mut child, self.longest, &[recall])?;
        if status.success() {
            return Ok(());
        }
        Err(TranscodeFailure::Refused(last_words(said, &urls)))
    }

    /// Starts it, and tells by which names it knows the parts and the result.
    fn start(
        &self,
        parts: &[OpenPart<'_>],
        to: &Scratch,
        largest: u64,
        said: &File,
    ) -> io::Result<(Child, Vec<OsString>)> {
        #[cfg(unix)]
        let (handed, urls) = {
            let files = parts.iter().map(|part| &part.file);
            let handed = super::handed::InheritedFiles::new(files.chain([to.file()]))?;
            let urls = handed.urls();
            (handed, urls)
        };
        #[cfg(not(unix))]
        let urls: Vec<OsString> = {
            let paths = parts.iter().map(OpenPart::path);
            let paths = paths.chain([to.path().to_owned()]);
            paths.map(|path| super::handed::url_of(&path)).collect()
        };
        let inputs: Vec<FfmpegInput> = parts.iter().map(|open| open.part.input).collect();
        let child = self
            .environment
            .command(&self.program)
            .args(arguments(&inputs, &urls, largest))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said.try_clone()?)
            .spawn();
        #[cfg(unix)]
        drop(handed);
        Ok((child?, urls))
    }
}

/// Everything that it is told: how to read each input, and the names of the inputs and of the result.
fn arguments(inputs: &[FfmpegInput], urls: &[OsString], largest: u64) -> Vec<OsString> {
    let plain = |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
    let mut all = plain(&["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    for (input, url) in inputs.iter().zip(urls) {
        all.extend(plain(&["-protocol_whitelist", "file"]));
        match *input {
            FfmpegInput::Format(format) => all.extend(plain(&["-f", format])),
            // It knows by itself that this one is a single channel at 8000.
            FfmpegInput::Raw("g729") => all.extend(plain(&["-f", "g729"])),
            FfmpegInput::Raw(format) => {
                all.extend(plain(&["-f", format, "-ar", "8000", "-ac", "1"]));
            }
        }
        all.push("-i".into());
        all.push(url.clone());
    }
    if let parts @ 2.. = inputs.len() {
        let inputs = (0..parts).fold(String::new(), |all, at| all + &format!("[{at}:a:0]"));
        let graph = format!("{inputs}concat=n={parts}:v=0:a=1[all]");
        all.extend(plain(&["-filter_complex", &graph, "-map", "[all]"]));
    } else {
        all.extend(plain(&["-map", "0:a:0"]));
    }
    let largest = largest.saturating_add(1).to_string();
    all.extend(plain(&[
        "-map_metadata",
        "-1",
        "-bitexact",
        "-c:a",
        "pcm_s16le",
    ]));
    all.extend(plain(&["-fs", &largest, "-f", "wav"]));
    all.extend(urls.last().cloned());
    all
}

/// The last thing that it said, without the names of files.
fn last_words(said: File, urls: &[OsString]) -> String {
    let Some(mut last) = last_line(said) else {
        return "it says nothing about why".to_owned();
    };
    for url in urls.iter().rev() {
        let url = url.to_string_lossy();
        let path = url.strip_prefix("file:").unwrap_or(&url);
        last = last.replace(path, "the recording");
        #[cfg(not(unix))]
        if let Some(name) = path.rsplit(['/', '\\']).next() {
            last = last.replace(name, "the recording");
        }
    }
    shortened(&last)
}
