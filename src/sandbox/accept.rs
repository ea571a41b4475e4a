//! Taking connections in, as many as are good for this process.
//!
//! Whoever can reach the port can open connections and leave them there. So their number is bounded,
//! and where it is reached the oldest one goes that never presented the token: a neighbour who opens
//! thousands cannot keep the client of a rehearsal out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::connection;
use super::peer::Peer;
use super::shared::Shared;

/// How long requests under way may go on after a stop. Longer than a request takes without faults,
/// shorter than a person waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most connections at once: twice the most requests that our client has in flight.
const MOST: usize = 2048;

/// Accepts until it is told to stop, and keeps at most so many connections and one that has just come.
pub(super) async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    stopping: CancellationToken,
    most: usize,
) {
    let mut guests = Guests::at_most(most);
    loop {
        let has_room = guests.tasks.len() <= most;
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(ended) = guests.tasks.join_next() => report(ended),
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => {
                    // Not before somebody comes: the last that came may be about to show its token.
                    if guests.tasks.len() == most {
                        guests.end_one();
                    }
                    guests.welcome(stream, &shared, &stopping);
                }
                Err(error) => {
                    // Out of file descriptors, usually: connections that end give some back.
                    tracing::warn!(%error, "the sandbox cannot accept a connection");
                    guests.end_one();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async {
        while let Some(ended) = guests.tasks.join_next().await {
            report(ended);
        }
    };
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        guests.tasks.shutdown().await;
    }
}

/// [`MOST`], or three quarters of the files that this process may have open. The rest is for those of
/// a run in the same process.
pub(super) fn most() -> usize {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let files = limit.current.and_then(|files| usize::try_from(files).ok());
        files.map_or(MOST, |files| MOST.min(files - files / 4).max(1))
    }
    #[cfg(not(unix))]
    MOST
}

/// The open connections.
struct Guests {
    most: usize,
    tasks: JoinSet<()>,
    /// In the order of their coming; those that presented the token, or have gone, stay until they are met.
    waiting: VecDeque<(AbortHandle, Arc<Peer>)>,
}

impl Guests {
    fn at_most(most: usize) -> Self {
        Self {
            most,
            tasks: JoinSet::new(),
            waiting: VecDeque::new(),
        }
    }

    fn welcome(&mut self, stream: TcpStream, shared: &Arc<Shared>, stopping: &CancellationToken) {
        let peer = Arc::new(Peer::default());
        let talk = connection::converse(
            stream,
            Arc::clone(shared),
            Arc::clone(&peer),
            stopping.clone(),
        );
        let handle = self.tasks.spawn(talk);
        if self.waiting.len() >= 2 * self.most {
            self.waiting
                .retain(|(handle, peer)| !handle.is_finished() && !peer.is_known());
        }
        self.waiting.push_back((handle, peer));
    }

    /// Ends the oldest connection that never presented the token, if there is one.
    fn end_one(&mut self) {
        while let Some((handle, peer)) = self.waiting.pop_front() {
            if !handle.is_finished() && !peer.is_known() {
                handle.abort();
                break;
            }
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    match ended {
        Err(error) if error.is_cancelled() => {
            tracing::debug!("the sandbox ended a connection to make room");
        }
        Err(error) => tracing::error!(%error, "a connection of the sandbox failed"),
        Ok(()) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::options::SandboxOptions;
    use super::*;
    use crate::sandbox::test_support::TOKEN;

    /// Asks for the page on this connection; the first bytes of the answer.
    async fn ask(stream: &mut TcpStream, token: &str) -> String {
        let host = stream.peer_addr().expect("an address");
        let request =
            format!("GET /__state HTTP/1.1\r\nhost: {host}\r\nauthorization: {token}\r\n\r\n");
        let mut answer = vec![0; 12];
        let asked = stream.write_all(request.as_bytes()).await;
        match asked.and(stream.read_exact(&mut answer).await) {
            Ok(_) => String::from_utf8(answer).expect("text"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn whoever_opens_many_connections_keeps_nobody_out_who_has_the_token() {
        const BOUND: usize = 8;
        /// No machine is so slow.
        const HANGS: Duration = Duration::from_secs(8);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::new(SandboxOptions::new(TOKEN), address.port()));
        let stopping = CancellationToken::new();
        let mut server = JoinSet::new();
        server.spawn(accept(listener, shared, stopping.clone(), BOUND));

        let mut known = TcpStream::connect(address).await.expect("a connection");
        assert_eq!(ask(&mut known, TOKEN).await, "HTTP/1.1 200");
        let mut idle = Vec::new();
        for _ in 0..BOUND * 10 {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            assert_eq!(ask(&mut stream, "wrong").await, "HTTP/1.1 401");
            idle.push(stream);
        }
        // The oldest go first.
        let must_go = idle.len() - BOUND;
        for (number, stream) in idle.iter_mut().take(must_go).enumerate() {
            let end = async { stream.read_to_end(&mut Vec::new()).await };
            let ended = tokio::time::timeout(HANGS, end).await;
            assert!(ended.is_ok(), "{number}");
        }
        let mut late = TcpStream::connect(address).await.expect("a connection");
        assert_eq!(ask(&mut late, TOKEN).await, "HTTP/1.1 200");
        // It was the first of all, and has stayed. What is left of its first answer comes first.
        let mut rest = vec![0; 64 * 1024];
        assert!(known.read(&mut rest).await.expect("the rest") > 0);
        assert_eq!(ask(&mut known, TOKEN).await, "HTTP/1.1 200");

        stopping.cancel();
        assert!(server.join_next().await.expect("a task").is_ok());
    }

    #[tokio::test]
    async fn known_connections_make_others_wait_and_are_not_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::new(SandboxOptions::new(TOKEN), address.port()));
        let mut server = JoinSet::new();
        server.spawn(accept(listener, shared, CancellationToken::new(), 2));
        let mut known = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            assert_eq!(ask(&mut stream, TOKEN).await, "HTTP/1.1 200");
            known.push(stream);
        }
        let mut late = TcpStream::connect(address).await.expect("a connection");
        let asked = ask(&mut late, TOKEN);
        let mut asked = std::pin::pin!(asked);
        let early = tokio::time::timeout(Duration::from_millis(50), asked.as_mut()).await;
        assert!(early.is_err());
        drop(known.pop());
        assert_eq!(asked.await, "HTTP/1.1 200");
    }

    #[test]
    fn the_bound_leaves_files_for_others() {
        assert!((1..=MOST).contains(&most()));
    }
}
