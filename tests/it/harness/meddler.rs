//! Somebody on the way: passes requests on to the pretend server, and does to some of them what
//! servers, balancers, proxies and lines do to requests, byte by byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::server::Server;

/// What is done to one request.
#[derive(Debug, Clone)]
pub(crate) enum Trick {
    /// These bytes are the answer, and nothing takes effect. The connection is then closed.
    Instead(Vec<u8>),
    /// The same before the body is read.
    Early(Vec<u8>),
    /// It takes effect, and these bytes are the answer. The connection is then closed.
    After(Vec<u8>),
    /// It takes effect, and the right answer comes so, its body made by this.
    Remade(fn(&[u8]) -> Vec<u8>),
    /// It is answered, and the connection that could be used again is closed without a word.
    CloseIdle,
    /// It takes effect, and the answer comes a byte at a time, for ever.
    Trickle,
    /// It takes effect after the body was read so slowly.
    SlowLine(Duration),
}

/// Chooses for each request, by its number and its first line.
pub(crate) type Choice = dyn Fn(u64, &str) -> Option<Trick> + Send + Sync;

/// Listens until the end of the test process.
pub(crate) struct Meddler {
    url: String,
    tricks: Arc<AtomicU64>,
}

impl Meddler {
    pub(crate) fn before(
        server: &Server,
        choice: impl Fn(u64, &str) -> Option<Trick> + Send + Sync + 'static,
    ) -> Meddler {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let target = server.url().trim_start_matches("http://").to_owned();
        let (choice, tricks): (Arc<Choice>, _) = (Arc::new(choice), Arc::new(AtomicU64::new(0)));
        let (played, number) = (Arc::clone(&tricks), Arc::new(AtomicU64::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (choice, target) = (Arc::clone(&choice), target.clone());
                let (played, number) = (Arc::clone(&played), Arc::clone(&number));
                std::thread::spawn(move || {
                    let talk = Talk {
                        target,
                        choice,
                        number,
                        played,
                    };
                    // A side that goes away ends the talk.
                    let _ = talk.serve(stream);
                });
            }
        });
        Meddler { url, tricks }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many tricks were played.
    pub(crate) fn played(&self) -> u64 {
        self.tricks.load(Ordering::Relaxed)
    }
}

struct Talk {
    target: String,
    choice: Arc<Choice>,
    number: Arc<AtomicU64>,
    played: Arc<AtomicU64>,
}

impl Talk {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        loop {
            let Some(head) = read_head(&mut reader)? else {
                return Ok(());
            };
            let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
            let trick = (self.choice)(number, head.lines().next().unwrap_or_default());
            if trick.is_some() {
                self.played.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(Trick::Early(answer)) = trick {
                writer.write_all(&answer)?;
                return finish(&writer, &mut reader);
            }
            let mut body = vec![0; length(&head)];
            match trick {
                Some(Trick::SlowLine(pause)) => {
                    for part in body.chunks_mut(2048) {
                        std::thread::sleep(pause);
                        reader.read_exact(part)?;
                    }
                }
                _ => reader.read_exact(&mut body)?,
            }
            if let Some(Trick::Instead(answer)) = trick {
                writer.write_all(&answer)?;
                return finish(&writer, &mut reader);
            }
            let right = self.pass_on(&head, &body)?;
            match trick {
                Some(Trick::After(answer)) => {
                    writer.write_all(&answer)?;
                    return finish(&writer, &mut reader);
                }
                Some(Trick::Remade(remake)) => {
                    writer.write_all(&remake(&right))?;
                    return finish(&writer, &mut reader);
                }
                Some(Trick::CloseIdle) => {
                    writer.write_all(&right)?;
                    return writer.shutdown(Shutdown::Both);
                }
                Some(Trick::Trickle) => {
                    writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n ")?;
                    loop {
                        std::thread::sleep(Duration::from_millis(100));
                        writer.write_all(b" ")?;
                    }
                }
                _ => writer.write_all(&right)?,
            }
        }
    }

    /// The right answer, fit for a connection that goes on.
    fn pass_on(&self, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(&self.target)?;
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        write!(server, "{line}\r\nconnection: close\r\n{headers}")?;
        server.write_all(body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.replacen("connection: close\r\n", "", 1).into_bytes())
    }
}

/// The request's first lines with the empty one after them; nothing at the end of the connection.
fn read_head(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

fn length(head: &str) -> usize {
    let of = |line: &str| line.strip_prefix("content-length: ")?.parse().ok();
    head.lines()
        .find_map(|line| of(&line.to_ascii_lowercase()))
        .unwrap_or(0)
}

/// Ends the answer, and lets what the client still sends run out, so that the answer is not lost.
fn finish(writer: &TcpStream, reader: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    writer.shutdown(Shutdown::Write)?;
    let mut rest = [0; 4096];
    while reader.read(&mut rest)? > 0 {}
    Ok(())
}

/// An answer as bytes on the wire.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The body of an answer.
pub(crate) fn body_of(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(&[], |end| &answer[end + 4..])
}
