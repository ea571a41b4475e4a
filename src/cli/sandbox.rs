//! `sandbox`: the pretend server, alone or inside a run.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit::Exit;
use crate::config::SandboxArgs;
use crate::report::Screen;
use crate::sandbox::{self, Faults, Options, Sandbox};

/// The token of the server inside a run; it protects nothing.
pub(super) const TOKEN: &str = "sandbox";

pub(super) fn sandbox(arguments: &SandboxArgs, mut screen: Screen) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    runtime.block_on(async {
        let server = sandbox::start(Options {
            listen: arguments.listen,
            port: arguments.port,
            token: arguments.token.clone(),
            faults: faults(arguments.faults.as_deref())?,
            max_audio: arguments.max_audio,
            allow_remote: arguments.allow_remote,
            ..Options::new(TOKEN)
        })
        .await?;
        screen.say(&format!(
            "the sandbox listens on {} (state page: {}/)",
            server.url(),
            server.url()
        ));
        // Without a handler for signals the system ends the program, which is as good.
        let _ = tokio::signal::ctrl_c().await;
        server.stop().await;
        Ok(Exit::Done)
    })
}

/// A server inside this process, on any free port.
pub(super) async fn inside(file: Option<&Path>) -> Result<Sandbox, Error> {
    Ok(sandbox::start(Options::new(TOKEN).with_faults(faults(file)?)).await?)
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
