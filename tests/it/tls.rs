//! The way to the destination: TLS with a private authority, certificates that cannot be trusted,
//! names that nobody knows, and proxies. What is wrong is said by name; a password never.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::harness::export::calls;
use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, TOKEN};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::net as async_net;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server of this name behind TLS, with a certificate of an authority that nobody else knows.
struct Tls {
    address: SocketAddr,
    authority: String,
    /// The version of HTTP that each connection agreed on, in their order.
    agreed: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Tls {
    fn before(server: &Server, name: &str, last_year: i32) -> Tls {
        Tls::speaking(&[], server, name, last_year)
    }

    /// The same, with these versions of HTTP to choose from (ALPN).
    fn speaking(versions: &[&str], server: &Server, name: &str, last_year: i32) -> Tls {
        let key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = authority.self_signed(&key).expect("an authority").pem();
        let issuer = Issuer::new(authority, key);
        let own = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&own, &issuer).expect("a certificate");
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], der)
            .expect("a server");
        config.alpn_protocols = versions
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();

        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime
            .block_on(async_net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let target = server.url().trim_start_matches("http://").to_owned();
        let agreed = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn({
            let (handle, agreed) = (runtime.handle().clone(), Arc::clone(&agreed));
            let acceptor = TlsAcceptor::from(Arc::new(config));
            move || handle.block_on(serve(listener, acceptor, target, agreed))
        });
        Tls {
            address,
            authority: pem,
            agreed,
            _runtime: runtime,
        }
    }
}

async fn serve(
    listener: async_net::TcpListener,
    acceptor: TlsAcceptor,
    target: String,
    agreed: Arc<Mutex<Vec<String>>>,
) {
    let mut talks = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, target, agreed) = (acceptor.clone(), target.clone(), Arc::clone(&agreed));
        talks.spawn(async move {
            // A client that trusts nothing goes away in the middle of the handshake.
            let Ok(mut client) = acceptor.accept(stream).await else {
                return;
            };
            let version = client.get_ref().1.alpn_protocol().unwrap_or_default();
            let version = String::from_utf8_lossy(version).into_owned();
            let is_http2 = version == "h2";
            agreed.lock().expect("a list").push(version);
            if is_http2 {
                let answer = service_fn(move |request| pass_on(request, target.clone()));
                let _ = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(client), answer)
                    .await;
            } else if let Ok(mut server) = async_net::TcpStream::connect(target).await {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

/// Passes a request that came over HTTP/2 on to a server that speaks HTTP/1.1.
async fn pass_on(
    request: hyper::Request<Incoming>,
    target: String,
) -> Result<hyper::Response<Full<Bytes>>, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let url = format!("http://{target}{}", parts.uri.path());
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let sent = http.request(parts.method, url).headers(parts.headers);
    let answer = sent.body(body).send().await?;
    let status = answer.status();
    let mut response = hyper::Response::new(Full::new(answer.bytes().await?));
    *response.status_mut() = status;
    Ok(response)
}

fn go(workdir: &Workdir, base: &str, more: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut arguments = vec![
        "run",
        "calls.csv",
        "--base-url",
        base,
        "--rate",
        "0",
        "--audio",
        "audio",
        "--out",
        "out",
        "--max-outage",
        "1s",
        "--log-level",
        "trace",
    ];
    arguments.extend(more);
    let output = workdir
        .program(&arguments)
        .envs(environment.iter().copied())
        .output();
    let ended = Ended::from(output.expect("it starts"));
    for secret in [TOKEN, "s3cret-of-the-proxy"] {
        assert!(!ended.out.contains(secret) && !ended.err.contains(secret));
    }
    ended
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named() {
    let given = calls(10, 51);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let tls = Tls::before(&server, "localhost", 4000);
    let base = format!("https://localhost:{}", tls.address.port());

    go(&workdir, &base, &[], &[])
        .with_code(6)
        .says("authority that is not trusted")
        .says("--ca-bundle");
    assert_eq!(server.requests(), 0);

    workdir.write("ca.pem", &tls.authority);
    go(&workdir, &base, &["--ca-bundle", "ca.pem"], &[]).with_code(0);
    server.has_exactly(&given, "v2");
}

#[test]
fn recordings_travel_over_http1_where_the_server_takes_it() {
    for (versions, for_recordings) in [
        (&["h2", "http/1.1"][..], "http/1.1"),
        (&["http/1.1"][..], "http/1.1"),
        (&["h2"][..], "h2"),
    ] {
        let given = calls(10, 51);
        let (workdir, server) = (Workdir::with(&given), Server::healthy());
        let tls = Tls::speaking(versions, &server, "localhost", 4000);
        let base = format!("https://localhost:{}", tls.address.port());
        workdir.write("ca.pem", &tls.authority);
        go(&workdir, &base, &["--ca-bundle", "ca.pem"], &[]).with_code(0);
        server.has_exactly(&given, "v2");

        let agreed = tls.agreed.lock().expect("a list");
        assert!(
            agreed.iter().any(|version| version == for_recordings),
            "{agreed:?}"
        );
        assert!(
            agreed.iter().all(|version| versions.contains(&&**version)),
            "{agreed:?}"
        );
    }
}

#[test]
fn a_certificate_that_expired_or_is_of_another_name_is_named_as_such() {
    for (name, last_year, words) in [
        ("localhost", 2001, "has expired"),
        ("other.example.com", 4000, "the certificate of another name"),
    ] {
        let given = calls(3, 52);
        let (workdir, server) = (Workdir::with(&given), Server::healthy());
        let tls = Tls::before(&server, name, last_year);
        workdir.write("ca.pem", &tls.authority);
        let base = format!("https://localhost:{}", tls.address.port());

        go(&workdir, &base, &["--ca-bundle", "ca.pem"], &[])
            .with_code(6)
            .says(words)
            .says("localhost");

        assert_eq!((server.requests(), workdir.outcome("failed")), (0, 0));
    }
}

#[test]
fn a_file_without_certificates_is_a_wrong_setting() {
    let workdir = Workdir::with(&calls(1, 53));
    workdir.write("ca.pem", "no certificate");
    go(
        &workdir,
        "https://localhost:1",
        &["--ca-bundle", "ca.pem"],
        &[],
    )
    .with_code(2)
    .says("--ca-bundle");
}

#[test]
fn a_name_that_nobody_knows_is_told() {
    let workdir = Workdir::with(&calls(3, 54));
    go(&workdir, "https://nowhere.invalid", &[], &[])
        .with_code(6)
        .says("the name nowhere.invalid cannot be resolved");
}

#[test]
fn what_speaks_no_tls_is_told() {
    let (workdir, server) = (Workdir::with(&calls(3, 55)), Server::healthy());
    let base = server
        .url()
        .replace("http://127.0.0.1", "https://localhost");
    go(&workdir, &base, &[], &[]).with_code(6).says("TLS");
}

/// A proxy that wants a login and leads everything to one address; what it was asked for.
fn proxy(target: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || {
                let _ = lead(stream, target, &heard);
            });
        }
    });
    (address.to_string(), asked)
}

fn lead(client: TcpStream, target: SocketAddr, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let line = head.lines().next().unwrap_or_default().to_owned();
    log.lock().expect("nobody panics").push(line.clone());
    let mut client = client;
    // name:s3cret-of-the-proxy
    if !head.contains("bmFtZTpzM2NyZXQtb2YtdGhlLXByb3h5") {
        return client
            .write_all(b"HTTP/1.1 407 Login\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }
    let mut server = TcpStream::connect(target)?;
    if line.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    } else {
        server.write_all(head.as_bytes())?;
    }
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    let back = std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut chunk = [0; 8192];
    loop {
        let length = reader.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        server.write_all(&chunk[..length])?;
    }
    server.shutdown(std::net::Shutdown::Write)?;
    let _ = back.join();
    Ok(())
}

#[test]
fn a_proxy_is_used_with_its_login_and_the_login_is_said_nowhere() {
    let given = calls(10, 56);
    let (workdir, server) = (Workdir::with(&given), Server::healthy());
    let tls = Tls::before(&server, "capturi.example", 4000);
    workdir.write("ca.pem", &tls.authority);
    let (address, asked) = proxy(tls.address);
    let (base, bundle) = ("https://capturi.example", ["--ca-bundle", "ca.pem"]);
    let without = format!("http://{address}");
    let with = format!("http://name:s3cret-of-the-proxy@{address}");

    go(&workdir, base, &bundle, &[("HTTPS_PROXY", &without)])
        .with_code(6)
        .says("the proxy wants a login");
    assert_eq!(server.requests(), 0);

    go(&workdir, base, &bundle, &[("HTTPS_PROXY", &with)]).with_code(0);
    server.has_exactly(&given, "v2");
    let asked = asked.lock().expect("nobody panics");
    assert!(
        asked
            .iter()
            .all(|line| line == "CONNECT capturi.example:443 HTTP/1.1"),
        "{asked:?}"
    );
}

#[test]
fn no_proxy_means_none() {
    let workdir = Workdir::with(&calls(3, 57));
    let (address, asked) = proxy("127.0.0.1:9".parse().expect("an address"));
    let proxy = format!("http://name:s3cret-of-the-proxy@{address}");
    let environment = [
        ("HTTPS_PROXY", proxy.as_str()),
        ("NO_PROXY", "nowhere.invalid"),
    ];

    go(&workdir, "https://nowhere.invalid", &[], &environment).with_code(6);

    assert!(asked.lock().expect("nobody panics").is_empty());
}
