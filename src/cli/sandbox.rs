//! `sandbox`: the pretend server, alone or inside a run.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit::Exit;
use super::stopping;
use crate::config::SandboxArgs;
use crate::report::Screen;
use crate::sandbox::{self, Faults, Options, Sandbox, TokenFile};

pub(super) fn sandbox(arguments: &SandboxArgs, mut screen: Screen) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    runtime.block_on(async {
        let typed = arguments.token.clone();
        let token = typed.clone().unwrap_or_else(sandbox::random_token);
        let server = sandbox::start(Options {
            listen: arguments.listen,
            port: arguments.port,
            faults: faults(arguments.faults.as_deref())?,
            max_audio: arguments.max_audio,
            allow_remote: arguments.allow_remote,
            ..Options::new(token.clone())
        })
        .await?;
        // Before the address is told: a script that knows where to ask knows the token.
        let file = arguments.token_out.as_deref();
        let file = file.map(|path| TokenFile::write(path, &token)).transpose();
        let file = file.map_err(sandbox::Error::from)?;
        screen.say(&told(&server.url(), typed.is_none().then_some(&token)));
        // Without a handler for signals the system ends the program, which is as good.
        let _ = stopping::signal().await;
        server.stop().await;
        drop(file);
        Ok(Exit::Done)
    })
}

/// Where the sandbox is, and its token unless somebody chose it.
fn told(url: &str, random: Option<&String>) -> String {
    match random {
        Some(token) => format!(
            "the sandbox listens on {url}, token {token}\nstate page: {url}/?api-token={token}"
        ),
        None => format!(
            "the sandbox listens on {url}, with the token of --token\nstate page: {url}/?api-token=…"
        ),
    }
}

/// A server inside this process, on any free port, and its token. It shows what arrived to nobody: the
/// report of the run does, and other users of the machine reach its port.
pub(super) async fn inside(file: Option<&Path>) -> Result<(Sandbox, String), Error> {
    let token = sandbox::random_token();
    let options = Options {
        pages: false,
        ..Options::new(token.clone())
    };
    let server = sandbox::start(options.with_faults(faults(file)?)).await?;
    Ok((server, token))
}

fn faults(file: Option<&Path>) -> Result<Faults, Error> {
    let Some(path) = file else {
        return Ok(Faults::default());
    };
    let text = std::fs::read_to_string(path).map_err(|source| Usage::File {
        path: path.to_owned(),
        source,
    })?;
    Faults::from_toml(&text).map_err(|error| {
        Usage::Faults {
            path: path.to_owned(),
            why: error.to_string(),
        }
        .into()
    })
}
