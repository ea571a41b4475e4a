//! Small files that become large: each is read, or refused by name, within the memory that
//! `docs/security.md` promises.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::process::Stdio;
use std::time::Duration;

use crate::harness::program::{Ended, MOST_MEMORY, Workdir};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const HEADER: &str = "externalId,phoneNumber,title,datetime,agentId,agentName,agentEmail";
const MAPPING: &str = "[fields]\nexternalIdentity = \"externalId\"\ncustomer = \"phoneNumber\"\n\
                       subject = \"title\"\ndateTime = \"datetime\"\nagentId = \"agentId\"\n\
                       agentName = \"agentName\"\nagentEmail = \"agentEmail\"\n";
const ROW: &str = "1,+4520000001,a,2024-03-15T09:12:03Z,7,T,t@example.com\n";

/// `check`, `mapping init` and `mapping test` of a file, whose exit codes may be these.
fn each_command(workdir: &Workdir, file: &str, codes: &[i32]) -> Vec<Ended> {
    workdir.write("map.toml", MAPPING);
    [
        &["check", file, "--mapping", "map.toml", "--out", "out"][..],
        &["mapping", "init", file],
        &["mapping", "test", file, "--mapping", "map.toml"],
    ]
    .into_iter()
    .map(|arguments| {
        let ended = workdir.call_within_memory(arguments);
        let code = ended.code;
        assert!(
            codes.contains(&code),
            "{arguments:?}: {code}: {}",
            ended.err
        );
        ended
    })
    .collect()
}

/// A workbook whose sheet has the header and then `rows`, with these parts besides.
fn workbook(rows: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let mut header = String::new();
    for name in HEADER.split(',') {
        let _ = write!(header, "<c t=\"inlineStr\"><is><t>{name}</t></is></c>");
    }
    let sheet =
        format!("<worksheet><sheetData><row r=\"1\">{header}</row>{rows}</sheetData></worksheet>");
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |target: &str, kind: &str| {
        format!(
            "<Relationships><Relationship Id=\"r1\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let root = relation("xl/workbook.xml", "officeDocument");
    let inner = relation("worksheets/sheet1.xml", "worksheet");
    let own = [
        ("_rels/.rels", &*root),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        ("xl/_rels/workbook.xml.rels", &*inner),
        ("xl/worksheets/sheet1.xml", &*sheet),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(1));
    for (name, content) in own.iter().chain(parts) {
        archive.start_file(*name, options).expect("memory");
        archive.write_all(content.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn table_of_texts(texts: &str) -> String {
    format!("<sst>{texts}</sst>")
}

#[test]
fn one_text_in_very_many_cells_costs_its_rows() {
    let workdir = Workdir::new();
    let texts = table_of_texts(&format!("<si><t>{}</t></si>", "x".repeat(4_000_000)));
    let parts = [("xl/sharedStrings.xml", &*texts)];
    let cell = "<c t=\"s\"><v>0</v></c>";
    let row = |cells: usize| format!("<row>{}</row>", cell.repeat(cells));
    for rows in [row(1000).repeat(3), row(7).repeat(200)] {
        workdir.write("bomb.xlsx", workbook(&rows, &parts));
        let ended = each_command(&workdir, "bomb.xlsx", &[0, 3]);
        assert!(
            ended[0].out.contains("record-too-large"),
            "{}",
            ended[0].out
        );
    }
}

#[test]
fn tables_of_a_workbook_that_take_too_much_are_refused() {
    let workdir = Workdir::new();
    let long = "x".repeat(4_000_000);
    let styles = format!(
        "<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"{long}\"/></numFmts><cellXfs>{}</cellXfs></styleSheet>",
        "<xf numFmtId=\"200\"/>".repeat(500)
    );
    let stated = "<sst uniqueCount=\"18446744073709551615\"><si><t>a</t></si></sst>";
    let empty = table_of_texts(&"<si/>".repeat(2_500_000));
    // As many texts as the part has bytes.
    let padded = format!(
        "<sst uniqueCount=\"6000000\">{}</sst>",
        format!("<!--{}-->", "x".repeat(1000)).repeat(6000)
    );
    for (name, part) in [
        ("xl/styles.xml", &*styles),
        ("xl/sharedStrings.xml", stated),
        ("xl/sharedStrings.xml", &*empty),
        ("xl/sharedStrings.xml", &*padded),
    ] {
        workdir.write("bomb.xlsx", workbook("", &[(name, part)]));
        for ended in each_command(&workdir, "bomb.xlsx", &[2]) {
            assert!(ended.err.contains("max_texts"), "{name}: {}", ended.err);
        }
    }
}

#[test]
fn tags_of_a_workbook_that_nothing_closes_are_refused() {
    let workdir = Workdir::new();
    for (open, said) in [(20_000_000, "max_texts"), (1, "nothing closes")] {
        workdir.write("bomb.xlsx", workbook(&"<a>".repeat(open), &[]));
        for ended in each_command(&workdir, "bomb.xlsx", &[2]) {
            assert!(ended.err.contains(said), "{open}: {}", ended.err);
        }
    }
}

#[test]
fn tags_of_a_workbook_that_hide_what_they_are_are_refused() {
    let workdir = Workdir::new();
    let long = "x".repeat(4200);
    let text = "x".repeat(10_000_000);
    let texts = format!("<si><t>{text}</t></si>").repeat(14);
    let part = |sst: &str| format!("{sst}{texts}</sst>");
    let pieces = format!("{}<b/>", &text[..1_000_000]).repeat(30);
    let cell = |text: &str| format!("<row r=\"2\"><c r=\"A2\" t=\"str\">{text}</c></row>");
    let long_tag = "an XML tag of more than 4096 bytes";
    for (rows, texts, said) in [
        (
            String::new(),
            format!("<sst a=\"{long}\" uniqueCount=\"99999999999\"/>"),
            long_tag,
        ),
        (
            String::new(),
            format!("<sst a=\"{long}\" uniqueCount=\"9000000000000000000\"/>"),
            long_tag,
        ),
        (String::new(), part(&format!("<{long}:sst>")), long_tag),
        (String::new(), part("<x/y:sst>"), "max_texts"),
        (
            cell(&format!("<{long}:v>{pieces}</{long}:v>")),
            String::new(),
            long_tag,
        ),
        (
            cell(&format!(
                "<is><t>{}</t></is>",
                format!("{}</is><is>", &text[..1_000_000]).repeat(30)
            )),
            String::new(),
            "a cell of more than",
        ),
    ] {
        let parts = [("xl/sharedStrings.xml", &*texts)];
        let parts = if texts.is_empty() { &[][..] } else { &parts };
        workdir.write("bomb.xlsx", workbook(&rows, parts));
        for ended in each_command(&workdir, "bomb.xlsx", &[2]) {
            assert!(ended.err.contains(said), "{said}: {}", ended.err);
        }
    }
}

#[test]
fn records_of_many_megabytes_wait_for_each_other() {
    let workdir = Workdir::new();
    workdir.write("map.toml", MAPPING);
    let text = "x".repeat(15 << 20);
    let mut child = workdir
        .program(&["check", "-", "--mapping", "map.toml", "--out", "out"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let status = format!("/proc/{}/status", child.id());
    // The beginning tells that each line is a record.
    input
        .write_all(b"{\"externalId\":\"a\"}\n{\"externalId\":\"b\"}\n")
        .expect("it is read");
    for number in 0..8 {
        let record = format!("{{\"externalId\":\"{number}\",\"title\":\"{text}\"}}\n");
        input.write_all(record.as_bytes()).expect("it is read");
    }
    drop(input);
    // The address space holds room that is not used, so what was used is what counts here.
    let mut peak = 0;
    let code = loop {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        peak = told.lines().find_map(high_water).unwrap_or(peak);
        if let Some(ended) = child.try_wait().expect("it is ours") {
            break ended.code();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_eq!(code, Some(3));
    assert_eq!(workdir.read("out/rejected.ndjson").lines().count(), 10);
    assert!(peak < u64::from(MOST_MEMORY), "{peak} KiB");
}

/// The most memory that a process has had, in KiB, from a line of its status.
fn high_water(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("VmHWM:")?.trim();
    rest.strip_suffix(" kB")?.parse().ok()
}

#[test]
fn second_files_and_mappings_that_take_too_much_are_refused_by_name() {
    let workdir = Workdir::new();
    workdir.write("one.csv", format!("{HEADER}\n{ROW}"));
    let lookup =
        |file: &str| format!("{MAPPING}\n[lookup.people]\nfile = \"{file}\"\nkey = \"id\"\n");
    workdir.write(
        "people.csv",
        format!("id,name\n{}", "1,\n".repeat(5_000_000)),
    );
    let people = format!("[{{\"id\":[{}1]}}]", "1,".repeat(3_000_000));
    workdir.write("people.json", people);
    workdir.write("wide.csv", format!("id{}\n1\n", ",a".repeat(20_000_000)));
    workdir.write("columns.csv", format!("id{}\n1\n", ",a".repeat(16_384)));
    // A row goes on over lines where they are quoted.
    let row = format!("id,name\n1{}\n", ",\"\n\"".repeat(2_000_000));
    workdir.write("row.csv", row);
    let agents = format!("id,name,email\n{}", "1,,a@example.com\n".repeat(400_000));
    workdir.write("agents.csv", agents);
    let list = format!(
        "{MAPPING}\n[source]\nnulls = [{}]\n",
        "\"a\",".repeat(700_000)
    );
    for (mapping, flags, said) in [
        (lookup("people.csv"), &[][..], "96 MiB"),
        (lookup("people.json"), &[], "48 MiB"),
        (lookup("wide.csv"), &[], "a row of more than 4194304 bytes"),
        (lookup("columns.csv"), &[], "more than 16384 columns"),
        (lookup("row.csv"), &[], "a row of more than 4194304 bytes"),
        (MAPPING.to_owned(), &["--agents", "agents.csv"], "64 MiB"),
        (list, &[], "2097152 bytes"),
    ] {
        workdir.write("map.toml", mapping);
        let check = ["check", "one.csv", "--mapping", "map.toml", "--out", "out"];
        let ended = workdir.call_within_memory(&[&check[..], flags].concat());
        assert_eq!(ended.code, 2, "{said}: {}", ended.err);
        assert!(ended.err.contains(said), "{}", ended.err);
    }
}

#[test]
fn large_second_files_are_read_within_the_memory() {
    let workdir = Workdir::new();
    workdir.write("one.csv", format!("{HEADER}\n{ROW}"));
    let mut members = String::new();
    for key in 0..40 {
        let _ = write!(members, "\"attribute_{key}\":\"value of it\",");
    }
    let mut users = String::from("{\"count\":1,\"users\":[");
    for id in 0..20_000 {
        let _ = write!(users, "{{{members}\"tags\":[\"a\",\"b\"],\"id\":{id}}},");
    }
    users.push_str("{\"id\":\"last\"}],\"next_page\":null}");
    workdir.write("users.json", users);
    // Each of these letters takes three bytes as UTF-8.
    let mut euros = b"id,name\n".to_vec();
    euros.resize(60 << 20, 0x80);
    workdir.write("euros.csv", euros);
    for (file, encoding, code, said) in [
        ("users.json", "utf-8", 0, "users.json"),
        ("euros.csv", "windows-1252", 2, "at most 64 MiB"),
    ] {
        let lookup = format!(
            "{MAPPING}\n[lookup.people]\nfile = \"{file}\"\nkey = \"id\"\nencoding = \"{encoding}\"\n"
        );
        workdir.write("map.toml", lookup);
        let check = ["check", "one.csv", "--mapping", "map.toml", "--out", "out"];
        let ended = workdir.call_within_memory(&check);
        assert_eq!(ended.code, code, "{file}: {}", ended.err);
        assert!(ended.err.contains(said), "{file}: {}", ended.err);
    }
}

#[test]
fn what_a_hundred_thousand_rows_have_in_common_is_said_once() {
    let workdir = Workdir::new();
    let rows = 100_500;
    workdir.write("map.toml", MAPPING);
    workdir.write("calls.csv", format!("{HEADER}\n{}", "a\n".repeat(rows)));
    let check = [
        "check",
        "calls.csv",
        "--mapping",
        "map.toml",
        "--out",
        "out",
    ];
    let ended = workdir.call_within_memory(&check);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(
        ended.out.contains("lists the first 100,000 of them"),
        "{}",
        ended.out
    );

    let problems = workdir.read("out/problems.csv");
    let listed = problems
        .lines()
        .filter(|line| line.contains("row-too-short"));
    assert_eq!(listed.count(), 100_001);
    assert!(problems.contains("only the first 100000 of this kind are listed"));
    // Every record can be fed in again.
    let rejected = workdir.read("out/rejected.csv");
    assert_eq!(rejected.lines().count(), rows + 1);
    assert!(rejected.ends_with("row-too-short: as above\n"));
    let summary: serde_json::Value =
        serde_json::from_str(&workdir.read("out/summary.json")).expect("JSON");
    assert_eq!(summary["outcomes"]["rejected"], rows, "{summary}");
    assert_eq!(summary["problems"][0]["problems"], rows);
    assert_eq!(summary["problems"][0]["listed"], 100_000);
}

/// A name that leads to an export or to the image of a disk.
#[cfg(unix)]
#[test]
fn small_files_of_the_operator_are_refused_by_name_beyond_their_limit() {
    use std::os::unix::fs::PermissionsExt as _;

    let workdir = Workdir::new();
    workdir.write("calls.csv", format!("{HEADER}\n{ROW}"));
    // Sparse: it takes no room on the disk.
    let large = std::fs::File::create(workdir.path("large")).expect("a file");
    large.set_len(3 << 30).expect("a sparse file");
    let token = workdir.write("token", "secret");
    for path in [&workdir.path("large"), &token] {
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, private).expect("a mode");
    }
    let url = "https://127.0.0.1:9";
    let bundle = [
        "run",
        "calls.csv",
        "--base-url",
        url,
        "--token-file",
        "token",
        "--ca-bundle",
        "large",
    ];
    let reading = [
        "run",
        "calls.csv",
        "--base-url",
        url,
        "--token-file",
        "token",
        "--read-url",
        url,
        "--read-token-file",
        "large",
    ];
    for (arguments, limit) in [
        (&["check", "calls.csv", "--config", "large"][..], "1048576"),
        (
            &["run", "calls.csv", "--sandbox", "--faults", "large"],
            "1048576",
        ),
        (&["sandbox", "--faults", "large"], "1048576"),
        (&["run", "calls.csv", "--token-file", "large"], "65536"),
        (&reading, "65536"),
        (&bundle, "16777216"),
    ] {
        let ended = workdir.call_within_memory(arguments).with_code(2);
        assert!(ended.err.contains("large"), "{arguments:?}: {}", ended.err);
        let told = format!("limit of {limit} bytes");
        assert!(ended.err.contains(&told), "{arguments:?}: {}", ended.err);
    }
    // What was named in place of a mapping is named by what it is.
    workdir
        .call(&["check", "calls.csv", "-m", "large"])
        .with_code(2)
        .says("large is no text");
    std::fs::rename(workdir.path("large"), workdir.path("capturi-import.toml"))
        .expect("a new name");
    workdir
        .call(&["check", "calls.csv"])
        .with_code(2)
        .says("capturi-import.toml: the file is larger than the limit of 1048576 bytes");
}

#[test]
fn a_list_of_very_many_parts_of_a_workbook_is_refused() {
    let workdir = Workdir::new();
    let count = 1_000_000_u64;
    let mut archive = workbook("", &[]);
    let start = archive.len() as u64;
    for number in 0..count {
        archive.extend(b"PK\x01\x02\x14\0\x14\0");
        archive.extend([0; 20]);
        archive.extend([11, 0]);
        archive.extend([0; 16]);
        archive.extend(format!("{number:07}.xml").bytes());
    }
    let end = archive.len() as u64;
    // The end of an archive with more parts than 16 bits can count.
    archive.extend(b"PK\x06\x06");
    for number in [44, 0x002D_002D, 0, count, count, end - start, start] {
        let bytes = u64::to_le_bytes(number);
        let is_short = number == 0x002D_002D;
        archive.extend(&bytes[..if is_short { 4 } else { 8 }]);
    }
    archive.extend(b"PK\x06\x07\0\0\0\0");
    archive.extend(end.to_le_bytes());
    archive.extend([1, 0, 0, 0]);
    archive.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    workdir.write("bomb.xlsx", archive);
    for ended in each_command(&workdir, "bomb.xlsx", &[2]) {
        assert!(ended.err.contains("has a list of parts"), "{}", ended.err);
    }
}

#[test]
fn parts_of_a_workbook_that_nobody_reads_may_be_anything() {
    let workdir = Workdir::new();
    // What an XML rule would refuse: a tag without end, and a text of more than a cell may have.
    let picture = format!("<{}", "x".repeat(20_000_000));
    let row = "<row><c t=\"inlineStr\"><is><t>1</t></is></c></row>";
    for part in ["xl/media/image1.png", "xl/media/image2.BMP"] {
        workdir.write("picture.xlsx", workbook(row, &[(part, &picture)]));
        each_command(&workdir, "picture.xlsx", &[0, 3]);
    }
}

#[test]
fn a_picture_is_not_read_in_the_place_of_a_part_of_a_workbook() {
    let workdir = Workdir::new();
    let book = workbook("", &[("xl/media/image1.png", &"<a>".repeat(20_000_000))]);
    // The name of the sheet's part has as many bytes. Parts are stored under the names alone.
    let relation = "<Relationships><Relationship Id=\"r1\" Type=\"/worksheet\" Target=\"media/image1.png\"/></Relationships>";
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).expect("an archive");
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).expect("a part");
        if part
            .name()
            .is_ok_and(|name| name == "xl/_rels/workbook.xml.rels")
        {
            copy.start_file("xl/_rels/workbook.xml.rels", SimpleFileOptions::default())
                .expect("memory");
            copy.write_all(relation.as_bytes()).expect("memory");
        } else {
            copy.raw_copy_file(part).expect("memory");
        }
    }
    workdir.write("bomb.xlsx", copy.finish().expect("memory").into_inner());
    for ended in each_command(&workdir, "bomb.xlsx", &[2]) {
        assert!(ended.err.contains("must be XML"), "{}", ended.err);
    }
}

/// What a small archive holds, written once more to be mended.
#[test]
fn rejected_records_of_a_small_archive_do_not_fill_the_disk() {
    let workdir = Workdir::new();
    workdir.write("map.toml", MAPPING);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writeln!(gzip, "{HEADER}").expect("memory");
    let cell = "x".repeat(3_500_000);
    for _ in 0..24 {
        writeln!(gzip, "1,+4520000001,{cell},,7,T,t@example.com").expect("memory");
    }
    workdir.write("bomb.csv.gz", gzip.finish().expect("memory"));
    let check = [
        "check",
        "bomb.csv.gz",
        "--mapping",
        "map.toml",
        "--out",
        "out",
    ];
    let ended = workdir.call_within_memory(&check);
    assert_eq!(ended.code, 3, "{}", ended.err);

    let rejected = workdir.path("out/rejected.csv");
    let bytes = rejected.metadata().expect("a list").len();
    assert!((64 << 20..70 << 20).contains(&bytes), "{bytes}");
    let text = workdir.read("out/rejected.csv");
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with("rejects-cut: further rejected records"));
    let summary: serde_json::Value =
        serde_json::from_str(&workdir.read("out/summary.json")).expect("JSON");
    assert_eq!(summary["outcomes"]["rejected"], 24, "{summary}");
    assert_eq!(summary["lines_left_out"]["rejected"], 4, "{summary}");
    let said = "Lists are incomplete because they would be too large: 4 records not in";
    assert!(ended.out.contains(said), "{}", ended.out);

    // Fed in again it does not pass for a whole one, whatever the mapping leaves out.
    let skip = "[source.skip]\nall = \"not datetime\"\n[fields]";
    workdir.write("map.toml", MAPPING.replace("[fields]", skip));
    let (header, end) = (text.lines().next().expect("a line"), last);
    workdir.write("rejected.csv", format!("{header}\n{end}\n"));
    let again = ["check", "rejected.csv", "--mapping", "map.toml"];
    let ended = workdir.call_within_memory(&again);
    assert_eq!(ended.code, 3, "{}", ended.out);
    assert!(ended.out.contains("rejects-cut"), "{}", ended.out);
}

#[test]
fn messages_of_a_ticket_share_the_record_around_them() {
    let workdir = Workdir::new();
    let mapping = "target = \"case\"\n[messages]\neach = \"comments\"\n[fields]\ncaseUid = \"id\"\n\
                   source = { value = \"email\" }\ncreated = \"opened\"\nupdated = \"opened\"\nsubject = \"id\"\n\
                   [fields.message]\nmessageUid = \"id\"\ncreated = \"ticket.opened\"\n\
                   direction = { value = \"Inbound\" }\ntext = { template = \"{{ ticket.id ~ id }}\" }\n\
                   from = { name = { value = \"A\" }, email = { value = \"a@example.com\" } }\n\
                   to = { name = { value = \"A\" }, email = { value = \"a@example.com\" } }\n";
    workdir.write("map.toml", mapping);
    let messages: Vec<String> = (0..1_000)
        .map(|id| format!("{{\"id\":\"{id}\"}}"))
        .collect();
    let around = "x".repeat(2 << 20);
    let ticket = format!(
        "[{{\"id\":\"7\",\"opened\":\"2024-03-15T09:12:03Z\",\"more\":\"{around}\",\"comments\":[{}]}}]",
        messages.join(",")
    );
    workdir.write("tickets.json", &ticket);
    let ended = workdir.call_within_memory(&["check", "tickets.json", "--mapping", "map.toml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
}
