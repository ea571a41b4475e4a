//! What happens to bytes between here and there: rubbish with a good status, answers that come too
//! early, in pieces, packed, by old protocols or not to their end, redirects, and connections that
//! are closed at the worst moment. Each alone, then all at once: nothing is lost, no conversation
//! comes twice, and a recording only where that is told.

use std::io::Write as _;
use std::time::Duration;

use crate::harness::export::{Given, calls};
use crate::harness::meddler::{Meddler, Trick, answer, body_of};
use crate::harness::program::Workdir;
use crate::harness::server::Server;
use flate2::Compression;
use flate2::write::GzEncoder;

const JSON: &str = "content-type: application/json\r\n";

/// A run of these calls past the meddler.
fn goes_through(
    given: &[Given],
    choice: impl Fn(u64, &str) -> Option<Trick> + Send + Sync + 'static,
) -> (Workdir, Server) {
    let (workdir, server) = (Workdir::with(given), Server::healthy());
    let meddler = Meddler::before(&server, choice);

    workdir
        .program(&[
            "run",
            "calls.csv",
            "--base-url",
            meddler.url(),
            "--rate",
            "0",
            "--audio",
            "audio",
            "--out",
            "out",
            "--concurrency",
            "32",
            "--timeout",
            "2s",
        ])
        .output()
        .map(crate::harness::program::Ended::from)
        .expect("it starts")
        .with_code(0);

    assert!(meddler.played() > 0, "nothing was done to it");
    let doubled = server.has_at_least_the_recordings_of(given, "v2");
    let told = workdir.lines_with("upload-in-doubt").len();
    assert!(
        doubled.len() <= told,
        "{doubled:?} came twice, {told} are told"
    );
    assert_eq!(workdir.outcome("created"), given.len() as u64);
    assert_eq!(workdir.state("complete"), given.len() as u64);
    (workdir, server)
}

/// The first requests get this, one after the other.
fn survives(tricks: &[Trick]) {
    std::thread::scope(|scope| {
        for trick in tricks {
            scope.spawn(move || {
                let (given, trick) = (calls(30, 41), trick.clone());
                goes_through(&given, move |number, _| {
                    (number % 3 == 0 && number < 60).then(|| trick.clone())
                });
            });
        }
    });
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// Much of nothing in little.
fn bomb() -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..64 {
        gzip.write_all(&zeros).expect("memory");
    }
    gzip.finish().expect("memory")
}

fn rubbish() -> Vec<Trick> {
    let bodies: [&[u8]; 10] = [
        b"",
        b"OK",
        b"null",
        b"[]",
        br#"{"uid":null}"#,
        br#"{"uid":17}"#,
        br#"{"uid":""}"#,
        br#"{"UID":"sign-in"}"#,
        br#"{"id":"0190b2f4-7e1f-4a53-9d3c-0c9c3f1b7a55"}"#,
        b"\xff\xfe\x00{",
    ];
    // An upload's answer says nothing, so rubbish that comes instead of its effect would be
    // believed; a contract that has no body has no way to tell. After the effect it is harmless.
    bodies
        .into_iter()
        .map(|body| Trick::After(answer("200 OK", JSON, body)))
        .collect()
}

#[test]
fn a_good_status_with_rubbish() {
    survives(&rubbish());
}

#[test]
fn a_good_status_from_somebody_else() {
    let page = b"<!doctype html><title>Sign in</title>";
    survives(&[
        Trick::Instead(answer("200 OK", "content-type: text/html\r\n", page)),
        Trick::After(answer(
            "200 OK",
            "content-type: TEXT/HTML; charset=x\r\n",
            page,
        )),
    ]);
}

#[test]
fn the_right_answer_in_other_clothes() {
    survives(&[
        Trick::Remade(|right| answer("200 OK", "content-type: text/plain\r\n", body_of(right))),
        Trick::Remade(|right| answer("201 Created", "", body_of(right))),
        Trick::Remade(|right| {
            let headers = format!("{JSON}content-encoding: gzip\r\n");
            answer("200 OK", &headers, &gzip(body_of(right)))
        }),
        Trick::Remade(|right| {
            let mut old = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
            old.extend_from_slice(body_of(right));
            old
        }),
        Trick::Remade(|right| {
            let mut with_interim =
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
            with_interim.extend_from_slice(&answer("200 OK", JSON, body_of(right)));
            with_interim
        }),
    ]);
}

#[test]
fn answers_that_end_early_or_never() {
    let huge = || {
        let mut huge = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        huge.resize(3_000_000, b' ');
        huge
    };
    let packed = format!("{JSON}content-encoding: gzip\r\n");
    survives(&[
        Trick::After(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n30\r\n{\"UID\":".to_vec(),
        ),
        Trick::After(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"UID\":".to_vec()),
        Trick::After(b"HTTP/1.1 2".to_vec()),
        Trick::After(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        Trick::After(Vec::new()),
        Trick::After(huge()),
        Trick::After(answer("200 OK", &packed, &bomb())),
        Trick::After(answer("200 OK", &packed, b"not gzip at all")),
        Trick::Trickle,
    ]);
}

#[test]
fn answers_that_come_before_the_body_was_read() {
    survives(&[
        Trick::Early(answer("503 Service Unavailable", "", b"busy")),
        Trick::Early(answer("500 Oops", "", b"")),
    ]);
}

#[test]
fn a_good_status_before_the_whole_recording_was_sent_is_not_believed() {
    // Larger than what the system takes from us without anybody reading it.
    let mut given = calls(2, 46);
    for call in &mut given {
        call.recording.resize(16_000_000, 7);
    }
    goes_through(&given, |number, line| {
        let is_upload = line.contains("/v1/audio/") && number < 5;
        is_upload.then(|| Trick::Early(answer("200 OK", JSON, b"{}")))
    });
}

#[test]
fn connections_that_are_closed_when_they_could_be_used_again() {
    let given = calls(60, 42);
    goes_through(&given, |number, _| {
        number.is_multiple_of(2).then_some(Trick::CloseIdle)
    });
}

#[test]
fn a_slow_line_that_moves_is_waited_for() {
    // Each recording takes longer than the timeout as a whole, and never stands still for so long.
    let mut given = calls(4, 43);
    for call in &mut given {
        call.recording.resize(20_000, 7);
    }
    let slow = |_, line: &str| {
        let is_upload = line.contains("/v1/audio/");
        is_upload.then_some(Trick::SlowLine(Duration::from_millis(300)))
    };
    let (workdir, server) = goes_through(&given, slow);
    assert!(workdir.lines_with("upload-in-doubt").is_empty());
    server.has_exactly(&given, "v2");
}

#[test]
fn redirects_are_not_followed_and_the_token_stays() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See",
        "307 Temporary",
        "308 Permanent",
    ] {
        let elsewhere = Server::healthy();
        let to = format!("location: {}/v2/conversation\r\n", elsewhere.url());
        let away = answer(status, &to, b"");
        let given = calls(10, 44);
        let (_, server) = goes_through(&given, move |number, _| {
            (number < 8).then(|| Trick::Instead(away.clone()))
        });
        server.has_exactly(&given, "v2");
        assert_eq!(
            elsewhere.requests(),
            0,
            "{status}: the token went elsewhere"
        );
    }
}

#[test]
fn all_of_it_at_once() {
    let given = calls(2000, 45);
    let page = answer("200 OK", "content-type: text/html\r\n", b"<html>");
    let mut tricks = rubbish();
    tricks.extend([
        Trick::Instead(page.clone()),
        Trick::After(page),
        Trick::After(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n30\r\n{\"UID\":".to_vec(),
        ),
        Trick::After(Vec::new()),
        Trick::Instead(Vec::new()),
        Trick::Early(answer("503 Service Unavailable", "", b"busy")),
        Trick::Instead(answer("429 Slow", "retry-after: 0\r\n", b"")),
        Trick::Instead(answer("307 Away", "location: http://127.0.0.1:9/\r\n", b"")),
        Trick::CloseIdle,
    ]);

    let luck = move |number: u64, _: &str| {
        let mut dice = fastrand::Rng::with_seed(number);
        (dice.f64() < 0.2).then(|| tricks[dice.usize(..tricks.len())].clone())
    };
    let (_, server) = goes_through(&given, luck);

    assert_eq!(server.snapshot().conversations.len(), 2000);
}
