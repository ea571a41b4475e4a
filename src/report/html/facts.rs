//! The table of what was counted.

use crate::recordings::StoreRequests;
use crate::report::RunSummary;
use crate::report::format::{self, clock, count};

/// What was counted, a name and a value a row.
pub(super) fn facts(summary: &RunSummary) -> Vec<(&'static str, String)> {
    let facts = &summary.facts;
    let consent = facts.consent;
    let mut rows = vec![
        ("Records that told a call", count(facts.calls)),
        ("Calls to send", count(facts.open)),
        ("Agents", agents(summary)),
    ];
    if summary.has_audio {
        rows.extend([
            ("Recordings found", count(facts.recordings)),
            ("By their whole names", count(facts.by_grade[0])),
            ("By a pattern", count(facts.by_grade[1])),
            ("Inexactly", count(facts.by_grade[2])),
            ("Their size", format::bytes(facts.bytes)),
            ("Their length", clock(facts.seconds)),
            ("Of unknown length", count(facts.unknown_length)),
        ]);
    }
    if let Some(stores) = summary.stores.filter(|_| !summary.mode.sends()) {
        let StoreRequests { list, get } = stores.requests(facts.far);
        rows.extend([
            ("Objects in stores", count(stores.objects)),
            ("Recordings in cold storage", count(stores.cold.recordings)),
            ("Requests of a run to stores: LIST", count(list)),
            ("Requests of a run to stores: GET", count(get)),
        ]);
    }
    rows.extend([
        ("Consent: yes", count(consent.yes)),
        ("Consent: no", count(consent.no)),
        (
            "Consent: not stated (the destination then assumes it)",
            count(consent.absent),
        ),
    ]);
    if summary.mode.sends() {
        let delivered = summary.deliveries;
        rows.extend([
            ("Conversations created", count(delivered.conversations)),
            ("Recordings uploaded", count(delivered.recordings)),
            ("Bytes of them", format::bytes(delivered.bytes)),
            ("Sent again in doubt", count(delivered.in_doubt)),
            ("Requests tried again", count(summary.retries)),
            ("Time paused", clock(summary.pauses.1)),
        ]);
        if let Some([_, lowest, last]) = summary.width {
            rows.push(("Requests at once, at the least", count(lowest as u64)));
            rows.push(("Requests at once, at the end", count(last as u64)));
        }
    } else {
        rows.push(("Requests of a run", count(summary.estimate.requests)));
        let time = summary.estimate.seconds.map(clock);
        let time = time.unwrap_or_else(|| "not limited".to_owned());
        rows.push(("Shortest time of a run", time));
    }
    rows
}

/// How many agents there are: beyond those that are told apart nobody knows.
fn agents(summary: &RunSummary) -> String {
    let agents = &summary.facts.by_agent;
    let number = count(agents.len() as u64);
    match agents.others() {
        0 => number,
        others => format!("more than {number} ({} calls of others)", count(others)),
    }
}

/// What stands over the bars of the agents.
pub(super) fn agents_title(summary: &RunSummary, shown: usize) -> String {
    let all = summary.facts.by_agent.len();
    if all > shown {
        format!("The {shown} agents with most calls, of {}", agents(summary))
    } else {
        "Calls by agent".to_owned()
    }
}
