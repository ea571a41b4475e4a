//! One connection: what it may cost, and how long it may stand still.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::dispatch;
use super::peer::Peer;
use super::shared::Shared;

/// How long the next request may take to come with all its headers. Our client uses no connection again
/// that was idle for 30 seconds, so none is closed under its request.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(40);

/// The most bytes of a request line with its headers. An id of some kilobytes fits into a path.
const HEAD_BYTES: usize = 64 * 1024;

/// How long an answer may wait for a client that takes nothing of it.
const WRITE_TIME: Duration = Duration::from_secs(60);

/// Serves one connection until either side ends it.
pub(super) async fn converse(
    stream: TcpStream,
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    stopping: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the sandbox answers with delay");
    }
    let service =
        service_fn(move |request| dispatch::serve(Arc::clone(&shared), Arc::clone(&peer), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_header_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Impatient::new(stream)), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the sandbox ended early");
    }
}

/// A stream that gives up when its other end takes nothing for [`WRITE_TIME`].
struct Impatient<S> {
    stream: S,
    /// Runs while bytes wait to be taken.
    limit: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            limit: None,
        }
    }

    /// What a write comes to that got this far.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.limit = None;
            return written;
        }
        let limit = self
            .limit
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIME)));
        ready!(limit.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;
    use crate::sandbox::test_support::{Given, TOKEN};

    const PIECE_TIME: Duration = Duration::from_secs(1);

    /// Sends the pieces, one a second, until the server ends the connection; how long that took, and
    /// what the server said. Time passes as soon as everybody waits.
    async fn talk(given: &Given, pieces: impl Iterator<Item = Vec<u8>>) -> (Duration, String) {
        let stream = TcpStream::connect(given.sandbox.address()).await;
        let (mut from, mut to) = stream.expect("a connection").into_split();
        let begun = Instant::now();
        let send = async {
            for piece in pieces {
                if to.write_all(&piece).await.is_err() {
                    return;
                }
                tokio::time::sleep(PIECE_TIME).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        let read = async {
            // A connection that is reset has ended as well.
            let _ = from.read_to_end(&mut answer).await;
        };
        tokio::select! {
            () = read => {}
            () = send => {}
        }
        (
            begun.elapsed(),
            String::from_utf8_lossy(&answer).into_owned(),
        )
    }

    fn seconds(from: u64, to: u64) -> std::ops::Range<Duration> {
        Duration::from_secs(from)..Duration::from_secs(to)
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_and_an_idle_connection_end() {
        let given = Given::sandbox().await;
        let head = given
            .wire("GET /__state", "", "")
            .replace("close", "keep-alive");
        for pieces in [
            vec![],
            vec![b"GET / HTTP/1.1\r\nhost: local".to_vec()],
            vec![head.into_bytes()],
            vec![b"x".to_vec(); 1000],
        ] {
            let count = pieces.len();
            let (time, answer) = talk(&given, pieces.into_iter()).await;
            assert!(
                seconds(39, 43).contains(&time),
                "{count}: {time:?} {answer}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_ends() {
        let given = Given::sandbox().await;
        for token in [TOKEN, "wrong"] {
            for (path, kind) in [
                ("/v2/conversation", "application/json"),
                ("/v1/audio/external/a", "multipart/form-data; boundary=x"),
                ("/nowhere", "text/plain"),
            ] {
                for (length, piece) in [
                    ("content-length: 100000", "x"),
                    ("transfer-encoding: chunked", "1\r\nx\r\n"),
                ] {
                    for count in [0, 1000] {
                        let head = format!(
                            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {token}\r\n\
                             content-type: {kind}\r\n{length}\r\n\r\n",
                            given.host()
                        );
                        let pieces = std::iter::repeat_n(piece.as_bytes().to_vec(), count);
                        let pieces = std::iter::once(head.into_bytes()).chain(pieces);
                        let (time, answer) = talk(&given, pieces).await;
                        let is_upload = path.contains("audio") && token == TOKEN;
                        let expected = if is_upload { 600 } else { 30 };
                        let expected = seconds(expected - 1, expected + 12);
                        assert!(expected.contains(&time), "{path} {length}: {time:?}");
                        assert_eq!(answer, "");
                    }
                }
            }
        }
        assert_eq!(given.sandbox.shared().state().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_may_go_on_for_who_has_the_token() {
        let given = Given::sandbox().await;
        let body = crate::sandbox::test_support::conversation("a").to_string();
        let body = format!("{body}{}", " ".repeat(100_000));
        for (token, expected) in [(TOKEN, "HTTP/1.1 200"), ("wrong", "")] {
            let request = given.wire(
                "POST /v2/conversation",
                "content-type: application/json\r\n",
                &body,
            );
            let request = request.replace(TOKEN, token).into_bytes();
            let pieces: Vec<_> = request.chunks(400).map(<[u8]>::to_vec).collect();
            let (time, answer) = talk(&given, pieces.into_iter()).await;
            assert!(answer.starts_with(expected), "{answer}");
            assert_eq!(answer.is_empty(), expected.is_empty(), "{answer}");
            assert_eq!(time > Duration::from_secs(200), token == TOKEN, "{time:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_recording_may_come_with_pauses_of_minutes() {
        let given = Given::sandbox().await;
        given.created("a").await;
        let form = "--x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.wav\"\r\n\
                    Content-Type: audio/wav\r\n\r\n";
        let (piece, end) = (vec![7; 100_000], "\r\n--x--\r\n");
        let length = form.len() + 10 * piece.len() + end.len();
        let stream = TcpStream::connect(given.sandbox.address()).await;
        let mut stream = stream.expect("a connection");
        let head = given.upload_head(TOKEN, length);
        let sent = stream.write_all(format!("{head}{form}").as_bytes()).await;
        sent.expect("sent");
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(300)).await;
            stream.write_all(&piece).await.expect("sent");
        }
        stream.write_all(end.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn a_giant_head_is_refused() {
        let given = Given::sandbox().await;
        let host = given.host();
        let giant = "x".repeat(HEAD_BYTES);
        for head in [
            format!("GET /{giant} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {giant}\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {giant}"),
            format!(
                "GET / HTTP/1.1\r\nhost: {host}\r\n{}\r\n",
                "x: y\r\n".repeat(200)
            ),
        ] {
            let length = head.len();
            let (answer, _) = given.raw(head).await;
            let is_refused =
                answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 414");
            assert!(is_refused, "{length}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends() {
        let (near, _far) = tokio::io::duplex(16);
        let mut stream = Impatient::new(near);
        let begun = Instant::now();
        let written = stream.write_all(&[0; 17]).await;
        let error = written.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(seconds(59, 62).contains(&begun.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_taken_slowly_arrives() {
        let (near, mut far) = tokio::io::duplex(1);
        let mut stream = Impatient::new(near);
        let read = async {
            let mut bytes = [0; 10];
            for byte in &mut bytes {
                tokio::time::sleep(WRITE_TIME / 2).await;
                *byte = far.read_u8().await.expect("a byte");
            }
            bytes
        };
        let (written, bytes) = tokio::join!(stream.write_all(&[7; 10]), read);
        assert!(written.is_ok());
        assert_eq!(bytes, [7; 10]);
    }
}
