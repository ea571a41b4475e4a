//! The token from another program: that of a keyring, mostly.
//!
//! The program is started without a shell, so nothing in its words is expanded, and what it writes
//! goes nowhere but into the token. What it has to say to people (standard error) is theirs to see.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long it may take: somebody may have to unlock a keyring, and a job at night must not hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most that is read; a token has a few hundred bytes.
const LIMIT: u64 = 64 * 1024;

/// The first line that the program writes. The error is in words that name neither the arguments
/// nor anything that it wrote.
pub(super) fn run(line: &str) -> Result<String, String> {
    let words = split(line)?;
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    let text = read(child, program, PATIENCE)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn read(mut child: Child, program: &str, patience: Duration) -> Result<String, String> {
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
        // Fails only when it has just ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!(
            "{program} said nothing within {} s",
            patience.as_secs()
        ));
    };
    let text = read.map_err(|error| format!("{program} cannot be read: {error}"))?;
    let status = child
        .wait()
        .map_err(|error| format!("{program} cannot be waited for: {error}"))?;
    if !status.success() {
        return Err(format!("{program} failed ({status})"));
    }
    String::from_utf8(text).map_err(|_| format!("{program} wrote something that is no text"))
}

/// Words between blanks; `"` and `'` keep a word together.
fn split(line: &str) -> Result<Vec<String>, String> {
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
        let child = Command::new("sleep")
            .arg("600")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let error = read(child, "sleep", Duration::from_millis(20)).unwrap_err();
        assert!(error.contains("said nothing"), "{error}");
    }
}
