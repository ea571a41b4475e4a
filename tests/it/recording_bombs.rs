//! Small recordings whose headers become large: each is read, or told as not read, within the memory that
//! `docs/security.md` promises.

use std::fs::OpenOptions;

use crate::harness::mapping::ids_only;
use crate::harness::program::Workdir;

/// A box of an MPEG-4 file.
fn mp4_box(name: &str, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let size = u32::try_from(content.len() + 8).expect("a small box");
    [&size.to_be_bytes(), name.as_bytes(), &content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An M4A file with one track of AAC, this box among its tables and this one behind its tracks.
fn m4a(table: &[u8], behind: &[u8]) -> Vec<u8> {
    let matrix = words(&[0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000]);
    let header = mp4_box(
        "mvhd",
        &[
            &words(&[0, 0, 0, 1000, 1000, 0x10000, 0x0100_0000, 0, 0]),
            &matrix,
            &[0; 24],
            &words(&[2]),
        ],
    );
    let track = mp4_box(
        "tkhd",
        &[
            &words(&[7, 0, 0, 1, 0, 1000, 0, 0, 0, 0x0100_0000]),
            &matrix,
            &[0; 8],
        ],
    );
    let media = mp4_box("mdhd", &[&words(&[0, 0, 0, 44_100, 44_100, 0x55C4_0000])]);
    let handler = mp4_box("hdlr", &[&words(&[0, 0]), b"soun", &[0; 12], b"x\0"]);
    let aac = b"\x03\x19\0\x01\0\x04\x11\x40\x15\0\0\0\0\x01\xF4\0\0\x01\xF4\0\x05\x02\x12\x10\x06\x01\x02";
    let sound = mp4_box(
        "mp4a",
        &[
            &[0; 6],
            &[0, 1],
            &[0; 8],
            &[0, 2, 0, 16, 0, 0, 0, 0],
            &words(&[44_100 << 16]),
            &mp4_box("esds", &[&[0; 4], aac]),
        ],
    );
    let tables = mp4_box(
        "stbl",
        &[
            &mp4_box("stsd", &[&words(&[0, 1]), &sound]),
            &mp4_box("stts", &[&words(&[0, 1, 1, 1024])]),
            &mp4_box("stsc", &[&words(&[0, 1, 1, 1, 1])]),
            &mp4_box("stsz", &[&words(&[0, 0, 1, 400])]),
            &mp4_box("stco", &[&words(&[0, 1, 64])]),
            table,
        ],
    );
    let media = mp4_box("mdia", &[&media, &handler, &mp4_box("minf", &[&tables])]);
    let movie = mp4_box(
        "moov",
        &[&header, &mp4_box("trak", &[&track, &media]), behind],
    );
    [mp4_box("ftyp", &[b"M4A \0\0\0\0M4A mp42"]), movie].concat()
}

/// Tags of MPEG-4 with these items.
fn mp4_tags(items: &[u8]) -> Vec<u8> {
    mp4_box(
        "udta",
        &[&mp4_box("meta", &[&[0; 4], &mp4_box("ilst", &[items])])],
    )
}

/// An Ogg stream of FLAC with this second packet.
fn ogg(packet: &[u8]) -> Vec<u8> {
    let info = [&b"\x7fFLAC\x01\0\0\x01fLaC\0\0\0\x22"[..], STREAM_INFO].concat();
    let mut out = Vec::new();
    let mut page = |flags: u8, content: &[u8], is_end: bool| {
        let number = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let mut lacing = vec![255; content.len() / 255];
        if is_end {
            lacing.push(u8::try_from(content.len() % 255).expect("a rest"));
        }
        let count = u8::try_from(lacing.len()).expect("a page");
        let mut page = [
            &b"OggS\0"[..],
            &[flags],
            &[0; 8],
            &[7, 0, 0, 0],
            &number.to_le_bytes(),
            &[0; 4],
            &[count],
            &lacing,
            content,
        ]
        .concat();
        let sum = page.iter().fold(0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
                (sum << 1) ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
            })
        });
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        out.push(page);
    };
    page(2, &info, true);
    let mut pages = packet.chunks(255 * 255).peekable();
    let mut flags = 0;
    while let Some(content) = pages.next() {
        page(flags, content, pages.peek().is_none());
        flags = 1;
    }
    page(4, b"\xff\xf8", true);
    out.concat()
}

/// 44.1 kHz, two channels, 16 bits, one second.
const STREAM_INFO: &[u8] =
    b"\x10\0\x10\0\0\0\0\0\0\0\x0A\xC4\x42\xF0\0\0\xAC\x44\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// How many bytes a box or a tag states that are not on the disk.
const LARGE: u32 = 300_000_000;

/// A place with one call, and a mapping that looks for its recording.
fn workdir() -> Workdir {
    let workdir = Workdir::new();
    let audio = "[audio]\nmatch = [\"{{ id }}.*\"]\n";
    workdir.write("map.toml", ids_only("id", audio));
    workdir.write("calls.csv", "id\nrecording-1\n");
    std::fs::create_dir(workdir.path("audio")).expect("a folder");
    workdir
}

/// Checks a recording that goes on with so many zeros; both depths must say this.
fn check(workdir: &Workdir, ending: &str, beginning: &[u8], zeros: u32, said: &str) {
    let path = workdir.write(&format!("audio/recording-1.{ending}"), beginning);
    let file = OpenOptions::new().write(true).open(&path);
    // They take no room on the disk.
    let length = beginning.len() as u64 + u64::from(zeros);
    file.and_then(|file| file.set_len(length))
        .expect("a sparse file");
    for depth in ["header", "silence"] {
        let check = [
            "check",
            "calls.csv",
            "--mapping",
            "map.toml",
            "--audio",
            "audio",
            "--out",
            "out",
        ];
        let ended = workdir.call_within_memory(&[&check[..], &["--check-audio", depth]].concat());
        assert!(
            [0, 3].contains(&ended.code),
            "{said}, {depth}: {}: {}",
            ended.code,
            ended.err
        );
        assert!(ended.out.contains(said), "{said}, {depth}: {}", ended.out);
        assert!(!ended.out.contains("recording-missing"), "{}", ended.out);
    }
    std::fs::remove_file(path).expect("it was there");
}

/// Lets the last of these boxes, and those that hold it, state so much more.
fn grown(mut file: Vec<u8>, boxes: &[&str]) -> Vec<u8> {
    for name in boxes {
        let named = |four: &[u8]| four == name.as_bytes();
        let at = file.windows(4).rposition(named).expect("the box");
        let size = file[at - 4..at].try_into().expect("a size");
        let size = u32::from_be_bytes(size) + LARGE;
        file[at - 4..at].copy_from_slice(&size.to_be_bytes());
    }
    file
}

#[test]
fn large_tables_of_mpeg_4_are_not_read() {
    let workdir = workdir();
    let said = "the tables of the MPEG-4 file are too many or too large";
    for (name, width) in [("stts", 8), ("stsz", 4), ("stsc", 12), ("elst", 12)] {
        let table = mp4_box(name, &[&words(&[0, LARGE / width])]);
        let within = ["moov", "trak", "mdia", "minf", "stbl", name];
        check(
            &workdir,
            "m4a",
            &grown(m4a(&table, &[]), &within),
            LARGE,
            said,
        );
    }
    let tracks = mp4_box("trak", &[]).repeat(65);
    check(&workdir, "m4a", &m4a(&[], &tracks), 0, said);
}

#[test]
fn tags_and_pictures_of_recordings_are_not_read() {
    let workdir = workdir();
    let picture = mp4_box("covr", &[&mp4_box("data", &[&words(&[13, 0])])]);
    let picture = m4a(&[], &mp4_tags(&picture));
    let within = ["moov", "udta", "meta", "ilst", "covr", "data"];
    check(&workdir, "m4a", &grown(picture, &within), LARGE, "");
    // Each value costs its name.
    let name = vec![b'n'; 1_000_000];
    let value = mp4_box("data", &[&words(&[1, 0]), b"x"]).repeat(2000);
    let item = mp4_box(
        "----",
        &[
            &mp4_box("mean", &[&[0; 5]]),
            &mp4_box("name", &[&[0; 4], &name]),
            &value,
        ],
    );
    check(&workdir, "m4a", &m4a(&[], &mp4_tags(&item)), 0, "");

    check(&workdir, "mp3", b"ID3\x04\0\0\x7F\x7F\x7F\x7F", LARGE, "");

    let count = 2_600_000_u32;
    let comments = [
        &[0; 4][..],
        &count.to_le_bytes(),
        &b"\x02\0\0\0a=".repeat(count as usize),
    ]
    .concat();
    let stream = [b"fLaC", &flac_block(0, STREAM_INFO)[..]].concat();
    let several = flac_block(4, &comments).repeat(2);
    let end = flac_block(0x81, &[0]);
    check(&workdir, "flac", &[stream, several, end].concat(), 0, "");
    check(&workdir, "ogg", &ogg(&flac_block(0x84, &comments)), 0, "");
}

/// A block of the header of FLAC.
fn flac_block(kind: u8, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).expect("a block").to_be_bytes();
    [&[kind], &size[1..], content].concat()
}
