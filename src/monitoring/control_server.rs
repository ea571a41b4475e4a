//! Hears the operator of a run.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::control_order::{ControlOrder, ControlledRun};
use super::control_socket::ControlSocket;

/// The longest order.
const LONGEST: u64 = 256;
/// How long an operator may take to say what is to be done.
const PATIENCE: Duration = Duration::from_secs(5);
/// Operators at once.
const MOST: usize = 16;

/// Listens until it is dropped.
pub(super) async fn listen(socket: ControlSocket, run: ControlledRun) {
    let listener = socket.listener.try_clone();
    let Ok(listener) = listener.and_then(UnixListener::from_std) else {
        return;
    };
    let run = Arc::new(run);
    let mut talks = JoinSet::new();
    loop {
        if talks.len() >= MOST {
            talks.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PATIENCE).await;
            continue;
        };
        let run = Arc::clone(&run);
        talks.spawn(async move {
            // Who says nothing, or goes away, asks for nothing.
            let _ = tokio::time::timeout(PATIENCE, talk(stream, &run)).await;
        });
    }
}

async fn talk(stream: UnixStream, run: &ControlledRun) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reading.take(LONGEST));
    reader.read_line(&mut line).await?;
    let answer = match ControlOrder::parse(&line) {
        Some(order) => run.obey(order),
        None => "this run does not know that order; use the same version of the program".to_owned(),
    };
    writing.write_all(answer.as_bytes()).await?;
    writing.write_all(b"\n").await
}
