//! `completions`: text for a shell, printed or written where the shell reads it.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use crate::config::{self, CompletionsArgs};
use crate::report::Screen;

/// By which a file is known to hold completions of this program.
const OURS: &str = "capturi-import";

pub(super) fn completions(arguments: &CompletionsArgs, mut screen: Screen) -> Result<Exit, Error> {
    let shell = arguments.shell()?;
    let text = config::completions(shell);
    if !arguments.install {
        screen.say(text.trim_end());
        return Ok(Exit::Done);
    }
    let file = config::completions_file(shell)?;
    install(&file.path, &text)?;
    screen.say(&format!("Completions for {shell}: {}", file.path.display()));
    if let Some(needs) = &file.needs {
        screen.say(needs);
    }
    screen.say("Open a new shell to use them.");
    Ok(Exit::Done)
}

/// Writes the file, over one of its name only if that holds completions of this program.
fn install(path: &Path, text: &str) -> Result<(), Usage> {
    if std::fs::read_to_string(path).is_ok_and(|old| !old.contains(OURS)) {
        return Err(Usage::Exists { path: path.into() });
    }
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = folder.and_then(|()| std::fs::write(path, text));
    written.map_err(|source| Usage::NotWritten {
        path: path.into(),
        source,
    })
}
