//! A server with recordings, as S3 and as a plain web server, that can break off, refuse and ask for
//! patience. Written from the S3 API reference and RFC 9110.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub(crate) enum StoreFault {
    /// This answer instead, status line and headers, without a body.
    Instead(&'static str),
    /// The connection breaks after so many bytes of the body.
    CutAfter(usize),
    /// A page of HTML with status 200.
    Page,
    /// A status line, and the code in the answer of S3.
    Refused(&'static str, &'static str),
    /// No answer at all, and the connection breaks.
    Silent,
    /// No answer at all, and the connection stays.
    Hang,
    /// All is well this time.
    Nothing,
}

/// An object: its content, and how often it was put.
type Object = (Vec<u8>, u32);

#[derive(Default)]
struct Shelf {
    objects: BTreeMap<String, Object>,
    /// Faults by path, each for one request.
    faults: HashMap<String, Vec<StoreFault>>,
    /// First lines and headers of all requests.
    seen: Vec<String>,
    /// Paths whose content changes after so many bytes were sent of it.
    replaced: HashMap<String, Vec<u8>>,
    /// Classes of storage, by path.
    classes: HashMap<String, String>,
    /// What goes wrong with all requests for objects but so many.
    end: Option<(usize, StoreFault)>,
    /// Requests for objects so far.
    asked: usize,
}

/// A server with objects; ends with the test.
#[derive(Clone)]
pub(crate) struct ObjectServer {
    address: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl ObjectServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = ObjectServer {
            address,
            shelf: Arc::default(),
        };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                // Whoever breaks off has what it wants.
                std::thread::spawn(move || own.serve(&stream));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The object at this path, without the slash in front; with a query it is for that query alone.
    pub(crate) fn put(&self, path: &str, content: &[u8]) {
        let mut kept = self.shelf.lock().expect("a shelf");
        let number = kept.objects.get(path).map_or(0, |(_, number)| number + 1);
        let object = (content.to_vec(), number);
        kept.objects.insert(path.to_owned(), object);
    }

    /// An object that is there lies in this class of storage.
    pub(crate) fn put_cold(&self, path: &str, class: &str) {
        let mut kept = self.shelf.lock().expect("a shelf");
        kept.classes.insert(path.to_owned(), class.to_owned());
    }

    /// The next requests for this path go wrong, one after the other.
    pub(crate) fn spoil(&self, path: &str, faults: &[StoreFault]) {
        let mut kept = self.shelf.lock().expect("a shelf");
        kept.faults.insert(path.to_owned(), faults.to_vec());
    }

    /// After so many requests for objects from now on, all others go wrong.
    pub(crate) fn fail_after(&self, requests: usize, fault: StoreFault) {
        let mut kept = self.shelf.lock().expect("a shelf");
        let until = kept.asked + requests;
        kept.end = Some((until, fault));
    }

    /// All goes well again.
    pub(crate) fn mend(&self) {
        self.shelf.lock().expect("a shelf").end = None;
    }

    /// How many requests for objects there were.
    pub(crate) fn asked(&self) -> usize {
        self.shelf.lock().expect("a shelf").asked
    }

    /// Once its bytes have been sent, another object takes the place of this one.
    pub(crate) fn replace_after_reading(&self, path: &str, content: &[u8]) {
        let mut kept = self.shelf.lock().expect("a shelf");
        kept.replaced.insert(path.to_owned(), content.to_vec());
    }

    /// First lines and headers of the requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shelf.lock().expect("a shelf").seen.clone()
    }

    fn serve(&self, stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).ok()? == 0 {
                    return None;
                }
            }
            self.answer(&head, stream)?;
        }
    }

    fn answer(&self, head: &str, stream: &TcpStream) -> Option<()> {
        let mut words = head.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = percent_encoding::percent_decode_str(path.trim_start_matches('/'));
        let path = path.decode_utf8_lossy().into_owned();
        let (object, fault) = {
            let mut kept = self.shelf.lock().expect("a shelf");
            kept.seen.push(head.to_owned());
            let faults = kept.faults.get_mut(&path);
            let fault = faults.and_then(|faults| (!faults.is_empty()).then(|| faults.remove(0)));
            let named = kept.objects.get(target.trim_start_matches('/'));
            let object = named.or_else(|| kept.objects.get(&path)).cloned();
            kept.asked += usize::from(object.is_some());
            let asked = kept.asked;
            let end = kept.end.clone();
            let end = end.filter(|(until, _)| object.is_some() && asked > *until);
            (object, fault.or(end.map(|(_, fault)| fault)))
        };
        let cut = match fault {
            Some(StoreFault::Instead(answer)) => {
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
                return write(stream, answer.as_bytes());
            }
            Some(StoreFault::Page) => {
                let page = "<!DOCTYPE html><html><title>Sign in</title></html>";
                return write(stream, &whole("200 OK", "text/html; charset=utf-8", page));
            }
            Some(StoreFault::Refused(status, code)) => {
                let error = format!("<Error><Code>{code}</Code></Error>");
                return write(stream, &whole(status, "application/xml", &error));
            }
            Some(StoreFault::Silent) => {
                stream.shutdown(std::net::Shutdown::Both).ok()?;
                return None;
            }
            Some(StoreFault::Hang) => {
                std::thread::sleep(std::time::Duration::from_secs(600));
                return None;
            }
            Some(StoreFault::CutAfter(bytes)) => Some(bytes),
            Some(StoreFault::Nothing) | None => None,
        };
        if query.contains("list-type=2") {
            let list = self.list(&path, query);
            return write(stream, &whole("200 OK", "application/xml", &list));
        }
        let Some((content, number)) = object else {
            let error = "<Error><Code>NoSuchKey</Code></Error>";
            return write(stream, &whole("404 Not Found", "application/xml", error));
        };
        let is_whole = send_object(stream, head, method == "HEAD", (&content, number), cut)?;
        let mut kept = self.shelf.lock().expect("a shelf");
        if is_whole && let Some(content) = kept.replaced.remove(&path) {
            kept.objects.insert(path, (content, number + 1));
        }
        Some(())
    }

    /// `ListObjectsV2`, three keys a page.
    fn list(&self, bucket: &str, query: &str) -> String {
        let of = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let below = format!("{bucket}/{}", of("prefix").unwrap_or_default());
        let after = of("continuation-token");
        let kept = self.shelf.lock().expect("a shelf");
        let keys = kept
            .objects
            .iter()
            .filter(|(path, _)| path.starts_with(&below));
        let keys = keys.map(|(path, object)| (&path[bucket.len() + 1..], object));
        let keys: Vec<_> = keys
            .filter(|(key, _)| after.as_deref().is_none_or(|after| *key > after))
            .collect();
        let mut xml = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
        for (name, (content, number)) in keys.iter().take(3) {
            let key =
                percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            let size = content.len();
            let path = format!("{bucket}/{name}");
            let class = kept.classes.get(&path).map_or("STANDARD", String::as_str);
            let _ = write!(
                xml,
                "<Contents><Key>{key}</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified>\
                 <ETag>&quot;v{number}-{size}&quot;</ETag><Size>{size}</Size>\
                 <StorageClass>{class}</StorageClass></Contents>"
            );
        }
        let _ = write!(xml, "<IsTruncated>{}</IsTruncated>", keys.len() > 3);
        if let Some((key, _)) = keys.get(2).filter(|_| keys.len() > 3) {
            let _ = write!(xml, "<NextContinuationToken>{key}</NextContinuationToken>");
        }
        xml + "</ListBucketResult>"
    }
}

fn whole(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn write(mut stream: &TcpStream, answer: &[u8]) -> Option<()> {
    stream.write_all(answer).ok()
}

/// Sends an object, or the part of it that is asked for; tells whether that was all of it.
fn send_object(
    mut stream: &TcpStream,
    head: &str,
    is_head: bool,
    (content, number): (&[u8], u32),
    cut: Option<usize>,
) -> Option<bool> {
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let size = content.len();
    let tag = format!("\"v{number}-{size}\"");
    let nothing = |status| write(stream, &whole(status, "text/plain", "")).map(|()| false);
    if header("if-match").is_some_and(|asked| asked != tag) {
        return nothing("412 Precondition Failed");
    }
    let range = header("range").and_then(|range| {
        let (from, until) = range.strip_prefix("bytes=")?.split_once('-')?;
        let until: usize = until.parse().unwrap_or(usize::MAX);
        Some((from.parse().ok()?, until.saturating_add(1).min(size)))
    });
    if range.is_some_and(|(from, _)| from >= size) {
        return nothing("416 Range Not Satisfiable");
    }
    let (from, until) = range.unwrap_or((0, size));
    let status = match range {
        Some(_) => format!(
            "206 Partial Content\r\ncontent-range: bytes {from}-{}/{size}",
            until - 1
        ),
        None => "200 OK".to_owned(),
    };
    let body = &content[from..until];
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: audio/wav\r\netag: {tag}\r\n\
         last-modified: Wed, 01 May 2024 10:00:00 GMT\r\ncontent-length: {length}\r\n\r\n"
    );
    write(stream, answer.as_bytes())?;
    if is_head {
        return Some(false);
    }
    if let Some(bytes) = cut {
        write(stream, &body[..bytes.min(length)])?;
        stream.shutdown(std::net::Shutdown::Both).ok()?;
        return None;
    }
    stream.write_all(body).ok()?;
    Some(from == 0 && until == size)
}
