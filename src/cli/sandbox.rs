//! `sandbox`: the pretend server, alone or inside a run.

use std::path::Path;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::signals;
use crate::config::{self, SandboxArgs, V2PageArg};
use crate::domain::{Code, Location, Problem};
use crate::report::Screen;
use crate::sandbox::{self, Faults, Sandbox, SandboxOptions, TokenFile, V2Page};

pub(super) fn sandbox(arguments: &SandboxArgs, mut screen: Screen) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    runtime.block_on(async {
        let chosen = arguments.chosen_token()?;
        let token = chosen.clone().unwrap_or_else(sandbox::random_token);
        let server = sandbox::start(SandboxOptions {
            listen: arguments.listen,
            port: arguments.port,
            faults: faults(arguments.faults.as_deref())?,
            max_audio: arguments.max_audio,
            allow_remote: arguments.allow_remote,
            v2_page: page(arguments.v2_page),
            ..SandboxOptions::new(token.clone())
        })
        .await?;
        // Before the address is told: a script that knows where to ask knows the token.
        let file = arguments.token_out.as_deref();
        let file = file.map(|path| TokenFile::write(path, &token)).transpose();
        let file = file.map_err(sandbox::Error::from)?;
        screen.say(&public_address(
            &server.url(),
            chosen.is_none().then_some(&token),
        ));
        // Without a handler for signals the system ends the program, which is as good.
        let _ = signals::signal().await;
        server.stop().await;
        drop(file);
        Ok(Exit::Done)
    })
}

/// Where the sandbox is, and its token unless somebody chose it.
fn public_address(url: &str, random: Option<&String>) -> String {
    match random {
        Some(token) => format!(
            "the sandbox listens on {url}, token {token}\nstate page: {url}/?api-token={token}"
        ),
        None => format!(
            "the sandbox listens on {url}, with the token that was chosen\nstate page: {url}/?api-token=…"
        ),
    }
}

/// A server inside this process, on any free port, and its token. It shows what arrived to nobody: the
/// report of the run does, and other users of the machine reach its port.
pub(super) async fn inside(
    file: Option<&Path>,
    v2_page: V2PageArg,
) -> Result<(Sandbox, String), Error> {
    let token = sandbox::random_token();
    let options = SandboxOptions {
        pages: false,
        v2_page: page(v2_page),
        ..SandboxOptions::new(token.clone())
    };
    let server = sandbox::start(options.with_faults(faults(file)?)).await?;
    Ok((server, token))
}

fn page(typed: V2PageArg) -> V2Page {
    match typed {
        V2PageArg::Old => V2Page::Old,
        V2PageArg::New => V2Page::New,
        V2PageArg::Both => V2Page::Both,
    }
}

/// The fields of which nothing came in a rehearsal, because the page of version 2 that it keeps to lacks them.
pub(super) fn lost_fields(server: &Sandbox) -> Vec<Problem> {
    let page = server.v2_page().name();
    let lost = server.lost_fields().into_iter().map(|(field, calls)| {
        let calls = match calls {
            1 => "1 conversation".to_owned(),
            calls => format!("{calls} conversations"),
        };
        let message =
            format!("{field} was dropped from {calls}: the {page} page of v2 does not have it");
        Problem::new(Code::NotInVersion, Location::on_line("", 0), message)
    });
    lost.collect()
}

fn faults(file: Option<&Path>) -> Result<Faults, Error> {
    let Some(path) = file else {
        return Ok(Faults::default());
    };
    let text = config::read_text(path, config::LONGEST_TEXT).map_err(|source| Usage::File {
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn status(server: &Sandbox, line: &str, token: &str) -> String {
        let address = server.address();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nauthorization: {token}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    }

    #[tokio::test]
    async fn the_server_inside_a_run_has_a_token_of_its_own_and_no_pages() {
        let (first, own) = inside(None, V2PageArg::Both).await.unwrap();
        let (second, other) = inside(None, V2PageArg::Both).await.unwrap();
        assert_ne!(own, other);
        let list = "POST /integrations/conversations/list-delta";
        // With the right token the body is looked at, which lacks its content type.
        for (server, token, expected) in [
            (&first, own.as_str(), "415"),
            (&second, own.as_str(), "401"),
            (&first, "sandbox", "401"),
        ] {
            assert_eq!(status(server, list, token).await, expected, "{token}");
        }
        for line in ["GET /", "GET /__state", "POST /__reset"] {
            assert_eq!(status(&first, line, &own).await, "404", "{line}");
        }
    }
}
