//! The history of a help desk: every message arrives, none twice, the last state of each ticket is
//! right and messages keep their order, through faults and kills and night after night.

use std::collections::BTreeMap;

use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, always, at_first, sometimes};
use capturi_import::sandbox::{Fault, Faults, Strikes};
use serde_json::{Value, json};

/// A ticket as its help desk has it.
#[derive(Debug, Clone)]
struct Ticket {
    id: u64,
    status: &'static str,
    /// Hours since the beginning of time at which it last changed.
    updated: u64,
    comments: Vec<Comment>,
}

#[derive(Debug, Clone)]
struct Comment {
    id: u64,
    author: u64,
    text: String,
    written: u64,
    is_public: bool,
}

const AGENT: u64 = 8001;
const CUSTOMER: u64 = 9001;
const DELETED: u64 = 9666;

fn hour(hours: u64) -> String {
    let (day, hour) = (hours / 24, hours % 24);
    let (year, month, day) = (2000 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00Z")
}

/// So many tickets with about five comments each, the same for the same seed.
fn tickets(count: u64, seed: u64) -> Vec<Ticket> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let ticket = |number: u64| {
        let id = 1000 + number;
        let opened = 24 * 1000 + number * 3;
        let comments: Vec<Comment> = (0..dice.u64(2..9))
            .map(|workdir| Comment {
                id: id * 100 + workdir,
                author: [CUSTOMER, AGENT, CUSTOMER, DELETED][dice.usize(..4)],
                text: match dice.u8(..12) {
                    0 => String::new(),
                    1 => format!("<p>HTML &amp; {workdir}</p>"),
                    2 => format!("linjer\nog\u{2028}andre, \"citeret\" {workdir}"),
                    _ => format!("Besked {workdir} i sag {id} – æøå"),
                },
                written: opened + workdir,
                is_public: workdir == 0 || dice.u8(..6) > 0,
            })
            .collect();
        Ticket {
            id,
            status: ["open", "closed", "solved"][dice.usize(..3)],
            updated: opened + 20,
            comments,
        }
    };
    (0..count).map(ticket).collect()
}

impl Ticket {
    fn public(&self) -> impl Iterator<Item = &Comment> {
        self.comments.iter().filter(|comment| comment.is_public)
    }

    /// One line of the account's export.
    fn line(&self) -> Value {
        let comment = |comment: &Comment| {
            json!({
                "id": comment.id, "type": "Comment", "author_id": comment.author,
                "body": comment.text, "plain_body": comment.text, "public": comment.is_public,
                "created_at": hour(comment.written), "attachments": [],
            })
        };
        json!({
            "url": format!("https://eksempel.zendesk.example.com/api/v2/tickets/{}.json", self.id),
            "id": self.id, "via": {"channel": "email"}, "subject": (!self.id.is_multiple_of(7)).then(|| format!("Sag {}", self.id)),
            "created_at": hour(self.comments[0].written), "updated_at": hour(self.updated),
            "status": self.status, "priority": (!self.id.is_multiple_of(3)).then_some("high"),
            "requester_id": CUSTOMER, "assignee_id": AGENT, "group_id": 7001, "tags": ["a", "b"],
            "comments": self.comments.iter().map(comment).collect::<Vec<_>>(),
        })
    }

    /// A row for each comment; the case's own state only stands in the last one as it is now.
    fn rows(&self) -> Vec<Vec<String>> {
        let last = self.comments.len() - 1;
        let row = |(workdir, comment): (usize, &Comment)| {
            let (status, updated) = if workdir == last {
                (self.status, self.updated)
            } else {
                ("new", comment.written)
            };
            let (name, email, role) = match comment.author {
                AGENT => ("Testine Prøvesen", "testine@example.com", "agent"),
                CUSTOMER => ("Dagny Opdigtet", "dagny@example.com", "end-user"),
                _ => ("", "", ""),
            };
            [
                self.id.to_string(),
                hour(self.comments[0].written),
                hour(updated),
                "email".to_owned(),
                "Kundeservice".to_owned(),
                format!("Sag {}", self.id),
                status.to_owned(),
                "Testine Prøvesen".to_owned(),
                "testine@example.com".to_owned(),
                comment.id.to_string(),
                hour(comment.written),
                comment.text.clone(),
                comment.author.to_string(),
                name.to_owned(),
                email.to_owned(),
                role.to_owned(),
                comment.is_public.to_string(),
            ]
            .into()
        };
        self.comments.iter().enumerate().map(row).collect()
    }
}

const COLUMNS: &str = "ticket_id,ticket_created_at,ticket_updated_at,via,group_name,title,status,\
     assignee_name,assignee_email,comment_id,comment_created_at,comment_body,author_id,author_name,\
     author_email,author_role,public";

/// The comments of all tickets, a row each, in any order.
fn shuffled(tickets: &[Ticket], seed: u64) -> String {
    let mut rows: Vec<_> = tickets.iter().flat_map(Ticket::rows).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut rows);
    table(rows)
}

fn table(rows: Vec<Vec<String>>) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS.split(',')).expect("a header");
    for row in rows {
        csv.write_record(row).expect("a row");
    }
    String::from_utf8(csv.into_inner().expect("rows")).expect("UTF-8")
}

fn lines(tickets: &[Ticket]) -> String {
    let lines: Vec<String> = tickets
        .iter()
        .map(|ticket| ticket.line().to_string())
        .collect();
    lines.join("\n") + "\n"
}

/// A folder with the people and groups of the help desk.
fn workdir() -> Workdir {
    let workdir = Workdir::new();
    std::fs::create_dir(workdir.path("audio")).expect("a folder");
    let users = [
        json!({"id": AGENT, "name": "Testine Prøvesen", "email": "testine@example.com", "role": "agent"}),
        json!({"id": CUSTOMER, "name": "Dagny Opdigtet", "email": "dagny@example.com", "role": "end-user"}),
    ];
    workdir.write("users.json", users.map(|user| user.to_string()).join("\n"));
    workdir.write(
        "groups.json",
        json!({"groups": [{"id": 7001, "name": "Kundeservice"}]}).to_string(),
    );
    workdir
}

const TICKETS: [&str; 3] = ["tickets.json", "--mapping", "zendesk-tickets"];
const MESSAGES: [&str; 3] = ["messages.csv", "--mapping", "zendesk-messages"];

/// The server has exactly these tickets in their last state, each with its public comments, once
/// and in order.
fn has_exactly(server: &Server, tickets: &[Ticket]) {
    let snapshot = server.snapshot();
    let cases: BTreeMap<&str, _> = snapshot
        .cases
        .iter()
        .map(|case| (&*case.uid, case))
        .collect();
    assert_eq!(cases.len(), snapshot.cases.len());
    assert_eq!(cases.len(), tickets.len());
    for ticket in tickets {
        let case = cases[&*ticket.id.to_string()];
        let arrived = case.messages.iter().map(|message| &message["messageUid"]);
        let arrived: Vec<_> = arrived
            .map(|uid| uid.as_str().expect("a uid").to_owned())
            .collect();
        let wanted: Vec<_> = ticket
            .public()
            .map(|comment| comment.id.to_string())
            .collect();
        assert_eq!(arrived, wanted, "messages of {}", ticket.id);
        assert_eq!(
            case.fields["status"], ticket.status,
            "status of {}",
            ticket.id
        );
        for (message, comment) in case.messages.iter().zip(ticket.public()) {
            let text = if comment.text.is_empty() {
                "(no text)"
            } else {
                &comment.text
            };
            assert_eq!(message["text"], text);
            let direction = if comment.author == AGENT {
                "Outbound"
            } else {
                "Inbound"
            };
            assert_eq!(message["direction"], direction);
            assert_eq!(message["from"]["id"], comment.author.to_string());
            assert_eq!(message["to"][0]["email"], "testine@example.com");
        }
    }
}

/// One more comment, at the time of the ticket's last change.
fn say(ticket: &mut Ticket, id: u64, author: u64) {
    let (text, written) = ("Er I der?".to_owned(), ticket.updated);
    ticket.comments.push(Comment {
        id,
        author,
        text,
        written,
        is_public: true,
    });
}

/// Requests since the last time that this was asked.
fn news(server: &Server, before: &mut u64) -> u64 {
    let now = server.requests();
    now - std::mem::replace(before, now)
}

fn faults(seed: u64) -> Faults {
    let late = Fault::Latency {
        milliseconds: 2,
        jitter_milliseconds: 30,
    };
    Faults::seeded(seed)
        .with(sometimes(0.3, late))
        .with(at_first(0.04, Fault::Close))
        .with(at_first(0.04, Fault::Close).strikes(Strikes::AfterEffect))
        .with(at_first(0.03, Fault::Cut))
        .with(at_first(0.03, Fault::HalfJson))
        .with(at_first(0.03, Fault::status(500)))
        .with(at_first(0.04, Fault::status(503)).strikes(Strikes::AfterEffect))
        .with(at_first(0.01, Fault::status(429)))
}

/// Runs until a run ends by itself, killing those before it at any moment.
fn run_with_kills(
    workdir: &Workdir,
    server: &Server,
    arguments: &[&str],
    kills: u32,
    seed: u64,
) -> Ended {
    let mut dice = fastrand::Rng::with_seed(seed);
    for _ in 0..kills {
        let mut running = workdir.start(server, arguments);
        let moment = server.requests() + dice.u64(5..60);
        running.until(|| server.requests() >= moment);
        running.kill();
    }
    workdir.run(server, arguments)
}

#[test]
fn cases_that_were_refused_or_waited_when_the_run_gave_up_are_not_in_doubt() {
    for (name, arguments) in [("tickets.json", TICKETS), ("messages.csv", MESSAGES)] {
        let given = tickets(5, 11);
        let workdir = workdir();
        workdir.write("tickets.json", lines(&given));
        workdir.write("messages.csv", shuffled(&given, 11));
        let late = Fault::Latency {
            milliseconds: 400,
            jitter_milliseconds: 0,
        };
        let faults = Faults::default().with(always(Fault::status(401)));
        let server = Server::with(faults.with(always(late)));

        let narrow = [&arguments[..], &["--concurrency", "1"]].concat();
        workdir.run(&server, &narrow).with_code(4);

        assert_eq!(server.requests(), 3, "{name}");
        let known = workdir.status()["states"].to_string();
        assert_eq!(workdir.state("in doubt"), 0, "{name}: {known}");
        server.heal();
        workdir.run(&server, &arguments).with_code(0);
        has_exactly(&server, &given);
    }
}

fn every_ticket_survives(count: u64, kills: u32, seed: u64) {
    let given = tickets(count, seed);
    let workdir = workdir();
    workdir.write("tickets.json", lines(&given));
    let server = Server::with(faults(seed));
    run_with_kills(&workdir, &server, &TICKETS, kills, seed).with_code(0);
    has_exactly(&server, &given);
}

fn every_message_survives(count: u64, kills: u32, seed: u64) {
    let given = tickets(count, seed);
    let workdir = workdir();
    workdir.write("messages.csv", shuffled(&given, seed));
    let server = Server::with(faults(seed));
    run_with_kills(&workdir, &server, &MESSAGES, kills, seed).with_code(0);
    has_exactly(&server, &given);
}

#[test]
fn whole_tickets_survive_faults_and_kills() {
    every_ticket_survives(120, 4, 1);
}

#[test]
fn single_messages_survive_faults_and_kills() {
    every_message_survives(80, 6, 2);
}

#[test]
#[ignore = "takes minutes: 2,000 tickets with some 10,000 messages, both ways"]
fn a_whole_help_desk_survives_faults_and_kills() {
    every_ticket_survives(2_000, 25, 3);
    every_message_survives(2_000, 40, 4);
}

#[test]
fn a_nightly_repeat_of_whole_tickets_sends_only_those_that_changed() {
    let mut given = tickets(40, 5);
    let (workdir, server) = (workdir(), Server::healthy());
    let mut before = 0;
    workdir.write("tickets.json", lines(&given));
    workdir.run(&server, &TICKETS).with_code(0);
    assert_eq!(news(&server, &mut before), 40);

    workdir.run(&server, &TICKETS).with_code(0);
    assert_eq!(news(&server, &mut before), 0);
    assert_eq!(workdir.outcome("already_there"), 40);

    given[3].status = "reopened";
    given[3].updated += 5;
    given[7].updated += 5;
    say(&mut given[7], 77, AGENT);
    workdir.write("tickets.json", lines(&given));
    workdir.run(&server, &TICKETS).with_code(0);
    assert_eq!(news(&server, &mut before), 2);
    has_exactly(&server, &given);

    // Yesterday's export does not take anything back.
    let old = tickets(40, 5);
    workdir.write("tickets.json", lines(&old));
    workdir.run(&server, &TICKETS).with_code(0);
    assert_eq!(news(&server, &mut before), 0);
    has_exactly(&server, &given);
}

#[test]
fn a_nightly_repeat_of_messages_sends_only_new_ones_and_new_states() {
    let mut given = tickets(30, 6);
    let (workdir, server) = (workdir(), Server::healthy());
    let mut before = 0;
    let all = given.iter().flat_map(Ticket::public).count() as u64;
    workdir.write("messages.csv", shuffled(&given, 1));
    workdir.run(&server, &MESSAGES).with_code(0);
    // And one for each ticket that asks whether the ledger, which is new, is the right one.
    assert_eq!(news(&server, &mut before), all + 30);
    has_exactly(&server, &given);

    workdir.write("messages.csv", shuffled(&given, 2));
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(news(&server, &mut before), 0);
    assert_eq!(workdir.outcome("already_there"), all);

    // A message that was edited after it was sent, and its row twice, once with the old words.
    let mut edited = given[5].clone();
    edited.comments.retain(|comment| comment.is_public);
    edited.comments.truncate(1);
    let before_it = edited.clone();
    edited.comments[0].text.push_str(" (edited)");
    let rows = [edited.rows(), before_it.rows()].concat();
    workdir.write("messages.csv", table(rows));
    workdir.run(&server, &MESSAGES).with_code(3);
    assert_eq!(news(&server, &mut before), 0);
    let uid = edited.comments[0].id.to_string();
    for code in ["changed-since-sent", "duplicate-id"] {
        let problems = workdir.rows("problems.csv");
        let told = problems.iter().find(|row| row["code"] == code);
        let told = told.expect(code);
        assert_eq!((&*told["column"], &told["value"]), ("messageUid", &uid));
    }

    // Only tonight's rows: a message of an old ticket, and one whose ticket was closed meanwhile.
    given[3].updated += 5;
    say(&mut given[3], 33, CUSTOMER);
    let mut tonight = given[3].clone();
    tonight.comments.drain(..tonight.comments.len() - 1);
    let mut closed = given[7].clone();
    closed.comments.retain(|comment| comment.is_public);
    closed.comments.drain(..closed.comments.len() - 1);
    closed.status = "archived";
    closed.updated += 9;
    given[7].status = "archived";
    workdir.write("messages.csv", shuffled(&[tonight, closed], 3));
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(news(&server, &mut before), 2);
    has_exactly(&server, &given);
    let changes = || server.snapshot().endpoints["PATCH /v1/case/{externalID}"].requests;
    assert_eq!(
        changes(),
        31,
        "the questions of the first run, and the state of the closed one"
    );
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(
        (changes(), news(&server, &mut before)),
        (31, 0),
        "it is known"
    );
}

#[test]
fn a_ticket_that_stands_in_several_pages_ends_in_its_latest_state() {
    let old = tickets(10, 8);
    let mut new = old.clone();
    for ticket in &mut new {
        ticket.status = "later";
        ticket.updated += 1;
    }
    let page = |tickets: &[Ticket]| {
        let list: Vec<Value> = tickets.iter().map(Ticket::line).collect();
        json!({"tickets": list, "next_page": null, "count": list.len()}).to_string()
    };
    for pages in [[&old, &new], [&new, &old]] {
        let (workdir, server) = (workdir(), Server::healthy());
        workdir.write("1.json", page(pages[0]));
        workdir.write("2.json", page(pages[1]));
        workdir
            .run(
                &server,
                &["1.json", "2.json", "--mapping", "zendesk-tickets"],
            )
            .with_code(0);
        has_exactly(&server, &new);
    }
}

#[test]
fn states_of_one_time_do_not_take_turns() {
    for order in [[0, 1, 2], [2, 0, 1]] {
        let mut states = vec![tickets(1, 29).remove(0); 3];
        states[1].status = "pending";
        states[2].status = "hold";
        let states = order.map(|index: usize| states[index].clone());
        let (workdir, server) = (workdir(), Server::healthy());
        workdir.write("tickets.json", lines(&states));
        let mut requests = 0;

        workdir.run(&server, &TICKETS).with_code(0);
        news(&server, &mut requests);
        for _ in 0..3 {
            workdir.run(&server, &TICKETS).with_code(0);
            assert_eq!(news(&server, &mut requests), 0, "it is settled");
        }

        has_exactly(&server, &states[2..]);
        // A later state goes out all the same.
        let mut later = states[0].clone();
        later.updated += 1;
        workdir.write("tickets.json", lines(std::slice::from_ref(&later)));
        workdir.run(&server, &TICKETS).with_code(0);
        has_exactly(&server, &[later]);
    }
}

#[test]
fn a_message_of_json_without_the_flag_of_the_others_is_not_sent() {
    let given = tickets(3, 33);
    let (workdir, server) = (workdir(), Server::healthy());
    let object = |row: Vec<String>, has_flag: bool| {
        let cells = COLUMNS.split(',').zip(row);
        let cells = cells.filter(|(name, _)| has_flag || *name != "public");
        let cells: serde_json::Map<String, Value> = cells
            .map(|(name, cell)| (name.to_owned(), cell.into()))
            .collect();
        Value::Object(cells).to_string()
    };
    let mut rows: Vec<_> = given.iter().flat_map(Ticket::rows).collect();
    // What is mended later is added later: it is the last message of its ticket.
    rows.swap(0, given[0].comments.len() - 1);
    let lines = |flags: &dyn Fn(usize) -> bool| {
        let rows = rows.iter().enumerate();
        let lines = rows.map(|(number, row)| object(row.clone(), flags(number)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let messages = ["messages.ndjson", "--mapping", "zendesk-messages"];
    // The first of them comes before any that has the flag.
    workdir.write("messages.ndjson", lines(&|number| number > 0));

    workdir.run(&server, &messages).with_code(3);

    assert_eq!(workdir.lines_with("bad-boolean"), [1]);
    assert_eq!(workdir.outcome("rejected"), 1);
    workdir.write("messages.ndjson", lines(&|_| true));
    workdir.run(&server, &messages).with_code(0);
    has_exactly(&server, &given);
    // That no other has it says nothing: those that do may be in another file.
    workdir.write("messages.ndjson", lines(&|_| false));
    let check = [&["check", "--out", "out"], &messages[..]].concat();
    workdir.call(&check).with_code(3);
    assert_eq!(workdir.outcome("rejected"), rows.len() as u64);
}

#[test]
fn tickets_of_tonight_do_not_prove_a_new_ledger() {
    let given = tickets(30, 31);
    let (old, server) = (workdir(), Server::healthy());
    old.write("messages.csv", shuffled(&given[..12], 31));
    old.run(&server, &MESSAGES).with_code(0);
    let workdir = workdir();
    workdir.write("messages.csv", shuffled(&given, 31));

    // The tickets go out in the order of a hash, so new ones and old ones are mixed.
    for night in 1..=3 {
        let ended = workdir.run(&server, &[&MESSAGES[..], &["--concurrency", "1"]].concat());
        ended
            .with_code(2)
            .says("This ledger may be the wrong one")
            .says(if night == 1 {
                "other records were"
            } else {
                "12 tickets"
            });
        has_exactly(&server, &given);
    }
    assert_eq!(workdir.outcome("created"), 0);
    assert_eq!(workdir.state("complete"), 18);
    // Whose ledger it is says nothing of one that knows its tickets.
    old.write("messages.csv", shuffled(&given[..12], 31));
    old.run(&server, &MESSAGES).with_code(0);
}

/// Thirty tickets of which an earlier ledger, that is lost, has sent twelve.
fn with_a_lost_ledger() -> (Vec<Ticket>, Workdir, Server) {
    let given = tickets(30, 34);
    let (old, server) = (workdir(), Server::healthy());
    old.write("messages.csv", shuffled(&given[..12], 34));
    old.run(&server, &MESSAGES).with_code(0);
    let workdir = workdir();
    workdir.write("messages.csv", shuffled(&given, 34));
    (given, workdir, server)
}

/// Whatever runs went before, the ledger is no proof of its own, and no message is doubled.
#[track_caller]
fn is_asked_for_the_ledger(workdir: &Workdir, server: &Server, given: &[Ticket]) {
    for _ in 0..2 {
        workdir.run(server, &MESSAGES).with_code(2);
        assert_eq!(workdir.summary()["stop"], "wrong_ledger");
        has_exactly(server, given);
    }
}

#[test]
fn a_run_that_ends_early_does_not_prove_a_new_ledger_of_tickets() {
    let (given, workdir, server) = with_a_lost_ledger();
    let limited = [&MESSAGES[..], &["--limit", "1", "--concurrency", "1"]].concat();
    workdir.run(&server, &limited).with_code(7);
    assert_eq!(workdir.state("complete"), 1);
    workdir.call(&["ledger", "purge"]).with_code(0);

    is_asked_for_the_ledger(&workdir, &server, &given);

    // The tickets that this ledger has sent itself reach their end and prove nothing of the others.
    workdir.write("messages.csv", shuffled(&given[12..], 34));
    workdir.run(&server, &MESSAGES).with_code(0);
    workdir.call(&["ledger", "purge"]).with_code(0);
    workdir.write("messages.csv", shuffled(&given, 34));
    is_asked_for_the_ledger(&workdir, &server, &given);
}

#[test]
fn a_run_that_is_killed_does_not_prove_a_new_ledger_of_tickets() {
    let (given, workdir, server) = with_a_lost_ledger();
    let late = Fault::Latency {
        milliseconds: 50,
        jitter_milliseconds: 0,
    };
    server.now_with(Faults::default().with(always(late)));
    let one = [&MESSAGES[..], &["--concurrency", "1"]].concat();
    let mut running = workdir.start(&server, &one);
    // The answers to the first of them were heard.
    running.until(|| server.snapshot().cases.len() > 15);
    assert_eq!(running.kill().code, -1);
    server.heal();

    is_asked_for_the_ledger(&workdir, &server, &given);
}

#[test]
fn a_new_ledger_of_tickets_that_is_the_right_one_goes_on_after_a_limit() {
    let mut given = tickets(10, 35);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 35));
    let limited = [&MESSAGES[..], &["--limit", "3", "--concurrency", "1"]].concat();
    workdir.run(&server, &limited).with_code(7);
    workdir.run(&server, &MESSAGES).with_code(0);
    has_exactly(&server, &given);
    // Once a run has reached the end, nothing is asked any more.
    let asked = || server.snapshot().endpoints["PATCH /v1/case/{externalID}"].requests;
    let before = asked();
    given = tickets(14, 35);
    workdir.write("messages.csv", shuffled(&given, 35));
    workdir.run(&server, &MESSAGES).with_code(0);
    assert_eq!(asked(), before);
}

#[test]
fn a_ticket_is_not_sent_when_the_answer_does_not_say_whether_it_is_there() {
    let given = tickets(2, 36);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 36));
    workdir.run(&server, &MESSAGES).with_code(0);
    workdir.lose_ledger();
    // The two questions are answered so; what else is sent would get through.
    let next = server.requests() + 1;
    let refused = always(Fault::status(400)).requests(next, Some(next + 1));
    server.now_with(Faults::default().with(refused));

    workdir
        .run(&server, &MESSAGES)
        .with_code(3)
        .says("did not say whether it has this ticket");

    has_exactly(&server, &given);
    server.heal();
    workdir.run(&server, &MESSAGES).with_code(2);
    has_exactly(&server, &given);
}

#[test]
fn a_ticket_that_nobody_can_ask_for_is_not_sent_at_a_venture() {
    let given = tickets(3, 32);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 32));
    workdir.run(&server, &MESSAGES).with_code(0);
    workdir.lose_ledger();
    // Three tickets are asked for twice each.
    let next = server.requests() + 1;
    let refused = always(Fault::status(500)).requests(next, Some(next + 5));
    server.now_with(Faults::default().with(refused));

    workdir
        .run(&server, &[&MESSAGES[..], &["--retries", "1"]].concat())
        .with_code(3);

    has_exactly(&server, &given);
}

#[test]
fn a_lost_ledger_does_not_double_messages() {
    let given = tickets(6, 30);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 30));
    workdir.run(&server, &MESSAGES).with_code(0);
    workdir.lose_ledger();

    for _ in 0..2 {
        workdir
            .run(&server, &MESSAGES)
            .with_code(2)
            .says("the destination already has the first 6 tickets")
            .says("--ledger");
        has_exactly(&server, &given);
    }
    // Whoever says so gets them once more.
    workdir
        .run(&server, &[&MESSAGES[..], &["--existing", "adopt"]].concat())
        .with_code(0);
}

#[test]
fn one_message_that_a_firewall_dislikes_fails_alone() {
    let given = tickets(4, 31);
    let (workdir, server) = (
        workdir(),
        // The first four ask whether the destination has the tickets.
        Server::with_rule(always(Fault::status(403)).requests(8, Some(8))),
    );
    workdir.write("messages.csv", shuffled(&given, 31));
    let one_at_a_time = [&MESSAGES[..], &["--concurrency", "1"]].concat();

    workdir.run(&server, &one_at_a_time).with_code(3);

    assert_eq!(workdir.lines_with("server-refused").len(), 1);
    assert_eq!(
        (workdir.outcome("failed"), workdir.outcome("not_attempted")),
        (1, 0)
    );
    server.now_with(Faults::default().with(always(Fault::status(403))));
    workdir.run(&server, &one_at_a_time).with_code(4);
    assert!(workdir.lines_with("server-refused").is_empty());
}

#[test]
fn private_notes_go_out_only_when_asked_for_and_are_counted() {
    let mut given = tickets(20, 9);
    let private = |given: &[Ticket]| {
        let comments = given.iter().flat_map(|ticket| &ticket.comments);
        comments.filter(|comment| !comment.is_public).count()
    };
    assert!(private(&given) > 5);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("tickets.json", lines(&given));
    workdir.write("messages.csv", shuffled(&given, 9));
    workdir.run(&server, &TICKETS).with_code(0);
    assert_eq!(
        workdir.lines_with("message-left-out").len(),
        private(&given)
    );
    let other = Server::healthy();
    let ledger = ["--ledger", "messages.db"];
    workdir
        .run(&other, &[&MESSAGES[..], &ledger].concat())
        .with_code(0);
    assert_eq!(workdir.outcome("skipped"), private(&given) as u64);
    has_exactly(&other, &given);

    for ticket in &mut given {
        ticket
            .comments
            .iter_mut()
            .for_each(|comment| comment.is_public = true);
    }
    workdir
        .run(&server, &[&TICKETS[..], &["--private-notes"]].concat())
        .with_code(0);
    has_exactly(&server, &given);
}

#[test]
fn what_is_rejected_can_be_mended_and_fed_in_again() {
    let given = tickets(12, 10);
    let (workdir, server) = (workdir(), Server::healthy());
    let broken = lines(&given).replacen("\"id\":1003,", "\"id\":null,", 1);
    workdir.write("tickets.json", broken);
    workdir
        .run(&server, &TICKETS)
        .with_code(3)
        .says("missing-field");
    assert_eq!(workdir.outcome("rejected"), 1);
    let rejected = workdir
        .read("out/rejected.ndjson")
        .replacen("\"id\":null,", "\"id\":1003,", 1);
    workdir.write("fixed.ndjson", rejected);
    workdir
        .run(&server, &["fixed.ndjson", "--mapping", "zendesk-tickets"])
        .with_code(0);
    has_exactly(&server, &given);

    let (rows, server) = (shuffled(&given, 4), Server::healthy());
    let comment = &given[5].comments[0];
    let good = format!("{},{}", comment.id, hour(comment.written));
    let bad = format!("{},yesterday", comment.id);
    workdir.write("messages.csv", rows.replace(&good, &bad));
    let ledger = ["--ledger", "messages.db"];
    workdir
        .run(&server, &[&MESSAGES[..], &ledger].concat())
        .with_code(3)
        .says("bad-time");
    let rejected = workdir.read("out/rejected.csv").replace(&bad, &good);
    workdir.write("fixed.csv", rejected);
    workdir
        .run(&server, &[&["fixed.csv"], &MESSAGES[1..], &ledger].concat())
        .with_code(0);
    // The message comes after those that were good in the first place.
    let snapshot = server.snapshot();
    let case = snapshot.case(&given[5].id.to_string()).expect("a case");
    assert_eq!(case.messages.len(), given[5].public().count());
    assert_eq!(case.fields["status"], given[5].status);
}

#[test]
fn a_message_in_doubt_is_settled_without_a_second_copy() {
    let given = tickets(15, 11);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 11));
    server.now_with(
        Faults::seeded(1).with(always(Fault::Close).strikes(Strikes::AfterEffect).first(1)),
    );
    workdir.run(&server, &MESSAGES).with_code(0);
    has_exactly(&server, &given);
}

#[test]
fn the_status_counts_cases_and_messages() {
    let given = tickets(10, 12);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("tickets.json", lines(&given));
    workdir.run(&server, &TICKETS).with_code(0);
    let status = workdir.status();
    assert_eq!(
        status["messages"],
        given.iter().flat_map(Ticket::public).count()
    );
    assert_eq!(workdir.state("complete"), 10);
    workdir
        .call(&["status"])
        .with_code(0)
        .says("10")
        .says("cases known");
    workdir.call(&["report", "--out", "again"]).with_code(0);
    assert_eq!(workdir.read("again/accepted.csv").lines().count(), 11);
}

#[test]
fn a_check_says_what_is_wrong_and_sends_nothing() {
    let workdir = workdir();
    let mut ticket = tickets(1, 13)[0].line();
    ticket["comments"][0]["created_at"] = json!("yesterday");
    ticket["updated_at"] = json!("2024-13-01T00:00:00Z");
    workdir.write("tickets.json", format!("{ticket}\n"));
    let arguments = [&["check", "--out", "out"], &TICKETS[..]].concat();
    workdir
        .call(&arguments)
        .with_code(3)
        .says("comments.0.created_at")
        .says("updated_at");
}

#[test]
fn a_ledger_of_messages_is_made_again_from_their_list_and_from_a_damaged_ledger() {
    let given = tickets(6, 14);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("messages.csv", shuffled(&given, 14));
    workdir.run(&server, &MESSAGES).with_code(0);
    workdir.call(&["report", "--out", "old"]).with_code(0);
    for from in ["out", "old"] {
        workdir.lose_ledger();
        workdir
            .call(&[
                "ledger",
                "rebuild",
                "--base-url",
                &server.url(),
                "--from",
                from,
            ])
            .with_code(0)
            .says("messages of 6 cases");
        workdir.run(&server, &MESSAGES).with_code(0);
        has_exactly(&server, &given);
    }
}

#[test]
fn tickets_that_go_out_whole_need_no_ledger() {
    let given = tickets(4, 15);
    let (workdir, server) = (workdir(), Server::healthy());
    workdir.write("tickets.json", lines(&given));
    workdir.run(&server, &TICKETS).with_code(0);
    workdir.lose_ledger();
    workdir
        .rebuild_ledger(&server)
        .with_code(0)
        .says("4 cases with all their messages are not in it");
    workdir.run(&server, &TICKETS).with_code(0);
    has_exactly(&server, &given);
}
