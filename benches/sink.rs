//! A neutral server to measure clients against: it takes conversations and recordings, counts them
//! and keeps none, so that what is measured is the client.
//!
//! `cargo bench --bench sink -- --port 8088 [--latency-ms 20] [--seconds 600]` serves until it is
//! killed or the seconds are over; `GET /counters` tells what came. Without `--port` it serves one
//! request of its own, to show that it works. It listens on this machine only, and one thread
//! serves everybody: the clients need the others.
#![expect(
    clippy::print_stdout,
    reason = "a program for the terminal, outside of the crate's rooms"
)]

use std::convert::Infallible;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What came.
#[derive(Debug, Default)]
struct Counters {
    conversations: AtomicU64,
    recordings: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    fn text(&self) -> String {
        format!(
            r#"{{"conversations":{},"recordings":{},"bytes":{},"refused":{}}}"#,
            self.conversations.load(Relaxed),
            self.recordings.load(Relaxed),
            self.bytes.load(Relaxed),
            self.refused.load(Relaxed),
        )
    }
}

/// Takes a request. The wait comes after the whole body was read, and holds no thread.
async fn answer(
    request: Request<Incoming>,
    counters: Arc<Counters>,
    latency: Duration,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET {
        return Ok(Response::new(counters.text().into()));
    }
    let is_upload = request.uri().path().starts_with("/v1/audio/");
    let mut body = request.into_body();
    let mut bytes = 0;
    let mut is_whole = true;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len) as u64,
            Err(_) => is_whole = false,
        }
    }
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    counters.bytes.fetch_add(bytes, Relaxed);
    if !is_whole || bytes == 0 {
        counters.refused.fetch_add(1, Relaxed);
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refusal);
    }
    if is_upload {
        counters.recordings.fetch_add(1, Relaxed);
        return Ok(Response::new(Full::default()));
    }
    let number = counters.conversations.fetch_add(1, Relaxed);
    let uid = format!(r#"{{"uid":"00000000-0000-4000-8000-{number:012x}"}}"#);
    Ok(Response::new(uid.into()))
}

async fn serve(stream: TcpStream, counters: Arc<Counters>, latency: Duration) {
    // Without it an answer waits for the client's acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, Arc::clone(&counters), latency));
    // A client that goes away is none of our business.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn accept(listener: TcpListener, latency: Duration) -> std::io::Result<()> {
    let counters = Arc::new(Counters::default());
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        connections.spawn(serve(stream, Arc::clone(&counters), latency));
        while connections.try_join_next().is_some() {}
    }
}

/// One conversation, to see that the server answers.
fn try_out(address: SocketAddr) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(
        b"POST /v3/conversation HTTP/1.1\r\nHost: sink\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// The number behind a flag.
fn number(arguments: &[String], flag: &str) -> Option<u64> {
    let at = arguments.iter().position(|argument| argument == flag)?;
    arguments.get(at + 1)?.parse().ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = number(&arguments, "--port").unwrap_or(0);
    let latency = Duration::from_millis(number(&arguments, "--latency-ms").unwrap_or(0));
    let seconds = number(&arguments, "--seconds").unwrap_or(3600);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, u16::try_from(port)?)).await?;
        let address = listener.local_addr()?;
        let server = accept(listener, latency);
        if port == 0 {
            let tried = tokio::task::spawn_blocking(move || try_out(address));
            tokio::select! {
                done = server => done?,
                answer = tried => println!("the sink answers: {}", answer??),
            }
            return Ok(());
        }
        println!("listening on http://{address}");
        // It must not outlive a script that was killed.
        match tokio::time::timeout(Duration::from_secs(seconds), server).await {
            Ok(done) => Ok(done?),
            Err(_) => Ok(()),
        }
    })
}
