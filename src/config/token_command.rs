//! The token from another program: that of a keyring, mostly.
//!
//! The program is started without a shell, so nothing in its words is expanded, and what it writes
//! goes nowhere but into the token. What it has to say to people (standard error) is theirs to see.

use std::io::Read as _;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::program_environment::for_keyrings;

/// How long it may take: somebody may have to unlock a keyring, and a job at night must not hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to end once it has closed its output: whether it failed is only known then.
const LEAVE: Duration = Duration::from_secs(30);
/// How often is looked whether it has ended.
const GLANCE: Duration = Duration::from_millis(5);
/// The most that is read; a token has a few hundred bytes.
const LIMIT: u64 = 64 * 1024;

/// The first line that the program writes. The error is in words that name neither the arguments
/// nor anything that it wrote.
pub(super) fn run(line: &str) -> Result<String, String> {
    let text = run_whole(line)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// All that the program writes.
pub(super) fn run_whole(line: &str) -> Result<String, String> {
    let words = split(line)?;
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let child = for_keyrings()
        .command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    read(child, program, PATIENCE, LEAVE)
}

fn read(
    mut child: Child,
    program: &str,
    patience: Duration,
    leave: Duration,
) -> Result<String, String> {
    let stdout = child.stdout.take();
    let (sender, receiver) = mpsc::channel();
    // Ends with the program, which is killed when it takes too long.
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stdout.map(|stdout| stdout.take(LIMIT).read_to_end(&mut text));
        // Nobody listens any more when it took too long.
        let _ = sender.send(read.transpose().map(|_| text));
    });
    let Ok(read) = receiver.recv_timeout(patience) else {
        end(&mut child);
        return Err(format!(
            "{program} said nothing within {} s",
            patience.as_secs()
        ));
    };
    let status = wait(&mut child, program, leave)?;
    let text = read.map_err(|error| format!("{program} cannot be read: {error}"))?;
    if !status.success() {
        return Err(format!("{program} failed ({status})"));
    }
    String::from_utf8(text).map_err(|_| format!("{program} wrote something that is no text"))
}

/// Waits for the end of a program that has closed its output, and ends one that stays.
fn wait(child: &mut Child, program: &str, leave: Duration) -> Result<ExitStatus, String> {
    let since = Instant::now();
    loop {
        let ended = child
            .try_wait()
            .map_err(|error| format!("{program} cannot be waited for: {error}"))?;
        if let Some(status) = ended {
            return Ok(status);
        }
        if since.elapsed() >= leave {
            end(child);
            return Err(format!(
                "{program} closed its output and did not end within {} s",
                leave.as_secs()
            ));
        }
        std::thread::sleep(GLANCE);
    }
}

fn end(child: &mut Child) {
    // Fails only when it has just ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Words between blanks; `"` and `'` keep a word together. The error says what is wrong with the line.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match quote {
            Some(open) if char == open => quote = None,
            None if char == '"' || char == '\'' => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            None if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words_are_those_between_blanks_and_quotes_keep_them_together() {
        let words = |line: &str| split(line).unwrap();
        assert_eq!(
            words("secret-tool lookup a b"),
            ["secret-tool", "lookup", "a", "b"]
        );
        assert_eq!(
            words(" a  'b c' \"d 'e'\" f''g \"\" "),
            ["a", "b c", "d 'e'", "fg", ""]
        );
        assert_eq!(words("a $HOME `b` | c"), ["a", "$HOME", "`b`", "|", "c"]);
        assert!(split("a 'b").is_err());
        assert!(words("  ").is_empty());
    }

    #[test]
    fn the_first_line_is_the_token() {
        assert_eq!(run("printf 'abc\\ndef\\n'"), Ok("abc".to_owned()));
        assert_eq!(run("printf ''"), Ok(String::new()));
    }

    #[test]
    fn the_program_gets_no_variable_that_may_hold_a_token() {
        // Set by cargo for each test, as a token would be set for a run.
        let seen = run("sh -c 'echo \"[$CARGO_MANIFEST_DIR][$PATH]\"'").unwrap();
        assert!(seen.starts_with("[][") && seen.len() > 4, "{seen}");
    }

    #[test]
    fn what_goes_wrong_is_said_without_what_was_written() {
        for (line, words) in [
            ("", "no program"),
            ("/no/such/program x", "cannot be started"),
            ("sh -c 'echo s3cret; exit 3'", "sh failed"),
            ("printf '\\377s3cret'", "no text"),
        ] {
            let error = run(line).unwrap_err();
            assert!(
                error.contains(words) && !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let short = Duration::from_millis(20);
        let long = Duration::from_secs(300);
        for (script, patience, leave, words) in [
            ("exec sleep 600", short, long, "said nothing"),
            (
                "echo s3cret; exec >&-; exec sleep 600",
                long,
                short,
                "sh closed its output and did not end within 0 s",
            ),
        ] {
            let child = Command::new("sh")
                .args(["-c", script])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let process = child.id();
            let error = read(child, "sh", patience, leave).unwrap_err();
            assert!(
                error.contains(words) && !error.contains("s3cret"),
                "{error}"
            );
            let is_there = Command::new("kill")
                .args(["-0", &process.to_string()])
                .stderr(Stdio::null())
                .status();
            assert!(!is_there.unwrap().success(), "{process} still runs");
        }
    }
}
