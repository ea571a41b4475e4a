//! Tickets of Intercom and Freshdesk through their presets: what the server gets of the samples. The
//! first message stands apart from the answers there.

use crate::harness::program::Workdir;
use crate::harness::server::Server;

/// What the server has of a sample after a run: each message with who wrote it to whom.
fn arrived(folder: &str, export: &str, more: &[&str]) -> Vec<String> {
    let sample = |name: &str| format!("{}/samples/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    let (workdir, server) = (Workdir::new(), Server::healthy());
    std::fs::create_dir(workdir.path("audio")).expect("a folder");
    let export = sample(export);
    let agents = sample("agents.json");
    let mut arguments = vec![&*export, "--mapping", folder];
    arguments.extend(more);
    if folder == "freshdesk" {
        arguments.extend(["--agents", &*agents]);
    }
    workdir.run(&server, &arguments).with_code(0);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = Vec::new();
    for case in &server.snapshot().cases {
        for message in &case.messages {
            lines.push(format!(
                "{} {}: {} {} to {}: {}",
                case.uid,
                text(&case.fields["status"]),
                text(&message["direction"]),
                text(&message["from"]["email"]),
                text(&message["to"][0]["email"]),
                text(&message["text"]),
            ));
        }
    }
    lines.sort();
    lines
}

#[test]
fn conversations_of_intercom_begin_with_their_source_and_keep_their_notes() {
    let public = [
        "5001 closed: Inbound dagny@example.com to 8101@no-address.invalid: <p>Thanks!</p>",
        "5001 closed: Inbound dagny@example.com to 8101@no-address.invalid: <p>Where is my invoice?</p>",
        "5001 closed: Outbound ida@example.com to dagny@example.com: <p>Here it is.</p>",
        "5002 closed: Inbound c-2@no-address.invalid to 8101@no-address.invalid: <p>Yes.</p>",
        "5002 closed: Outbound ida@example.com to unknown@no-address.invalid: <p>Hello, may I help?</p>",
    ];
    assert_eq!(arrived("intercom", "conversations.json", &[]), public);
    let note = "5001 closed: Outbound ida@example.com to dagny@example.com: <p>He is cross.</p>";
    let all = arrived("intercom", "conversations.json", &["--private-notes"]);
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all.iter().any(|line| line == note), "{all:?}");
}

#[test]
fn tickets_of_freshdesk_begin_with_their_description_and_keep_their_notes() {
    let public = [
        "301 closed: Inbound dagny@example.com to ida@example.com: Thanks!",
        "301 closed: Inbound dagny@example.com to ida@example.com: Where is my invoice?",
        "301 closed: Outbound ida@example.com to dagny@example.com: Here it is.",
        "302 open: Inbound 9102@no-address.invalid to unassigned@no-address.invalid: Where is my invoice?",
    ];
    assert_eq!(arrived("freshdesk", "tickets.json", &[]), public);
    let all = arrived("freshdesk", "tickets.json", &["--private-notes"]);
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(
        all.iter().any(|line| line.ends_with("He is cross.")),
        "{all:?}"
    );
}
