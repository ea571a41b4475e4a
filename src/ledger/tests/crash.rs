//! What is left after the process or the power is gone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};

use rusqlite::Connection;

use super::*;
use crate::ledger::{CreateState, SentFields};

type Known = BTreeMap<String, CallState>;

const CALLS: [&str; 3] = ["call-1", "call-2", "call-3"];

fn of_call(fact: &Fact) -> CallFact {
    match fact {
        Fact::Call(fact) => fact.clone(),
        Fact::Case(fact) => panic!("{fact:?}"),
    }
}

/// What a ledger must know after each group, the empty one first.
fn known_after(groups: &[Vec<LedgerEntry>]) -> Vec<Known> {
    let mut known = Known::new();
    let mut after = vec![known.clone()];
    for group in groups {
        for LedgerEntry { key, fact } in group {
            let at = Timestamp::UNIX_EPOCH;
            let state = known.entry(key.to_string());
            let state = state.or_insert_with(|| CallState::new(at));
            apply_fact(state, of_call(fact), at);
        }
        after.push(known.clone());
    }
    after
}

fn known_by(reader: &LedgerReader) -> Known {
    let states = reader.call_states(&CALLS).unwrap();
    let known = CALLS.into_iter().zip(states);
    known
        .filter_map(|(call, state)| Some((call.to_owned(), timeless(state?))))
        .collect()
}

/// What the requests of a call carried that the server may have.
fn carried_by(fixture: &Fixture, call: &str) -> Vec<SentFields> {
    let connection = Connection::open(fixture.path()).unwrap();
    let sql = "SELECT fields FROM sent_content JOIN call ON call.id = call WHERE identity = ?1";
    let mut statement = connection.prepare(sql).unwrap();
    let fields = statement.query_map([call], |row| row.get::<_, Vec<u8>>(0));
    let read = |bytes: rusqlite::Result<Vec<u8>>| SentFields::from_bytes(&bytes.unwrap()).unwrap();
    fields.unwrap().map(read).collect()
}

/// The files of a running ledger, as a kill would leave them.
fn killed(running: &Fixture) -> Fixture {
    let left = Fixture::new();
    for ending in ["", "-wal"] {
        fs::copy(
            side_file(&running.path(), ending),
            side_file(&left.path(), ending),
        )
        .unwrap();
    }
    left
}

fn groups() -> impl Strategy<Value = Vec<Vec<LedgerEntry>>> {
    let entry = (prop::sample::select(&CALLS[..]), facts())
        .prop_map(|(identity, fact)| LedgerEntry::new(identity, fact));
    prop::collection::vec(prop::collection::vec(entry, 1..5), 1..12)
}

proptest! {
    // Each case waits for the disk a few dozen times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_acknowledged_is_there_after_a_kill(
        groups in groups(),
        acknowledged in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..9_000),
    ) {
        let acknowledged = acknowledged.index(groups.len() + 1);
        let running = Fixture::new();
        let ledger = running.open();
        let writer = ledger.writer();
        let wal = side_file(&running.path(), "-wal");
        for group in &groups[..acknowledged] {
            writer.write_blocking(group.clone()).unwrap();
        }
        let safe = fs::metadata(&wal).unwrap().len();
        for group in &groups[acknowledged..] {
            writer.write_blocking(group.clone()).unwrap();
        }
        let left = killed(&running);
        // The power fails while the rest is on its way to the disk.
        let mut wal = fs::File::options().write(true).open(side_file(&left.path(), "-wal")).unwrap();
        let tail = usize::try_from(wal.metadata().unwrap().len() - safe).unwrap();
        wal.set_len(safe + cut.index(tail + 1) as u64).unwrap();
        wal.seek(SeekFrom::End(0)).unwrap();
        wal.write_all(&noise).unwrap();

        let known = known_by(&left.open().reader().unwrap());
        let all = known_after(&groups);
        // Whole groups or nothing of them, and never fewer than were acknowledged.
        prop_assert!(all[acknowledged..].contains(&known), "{known:#?}");
        // What is intended is there with what it carries.
        let open = known.iter().filter(|(_, state)| state.create == CreateState::Intended);
        for (call, state) in open.filter(|(_, state)| state.has_known_content()) {
            let proposed_step = carried_by(&left, call);
            prop_assert_eq!(proposed_step, [content(state.fingerprint).fields]);
        }
    }

    /// The power fails while the log is folded into the ledger: each page of the ledger is the old
    /// one, the new one, or torn in the middle. The log is still whole, since it is only begun anew when
    /// the ledger is on the disk.
    #[test]
    fn a_ledger_that_is_half_folded_is_whole_with_its_log(
        groups in groups(),
        pages in prop::collection::vec(0..3_u8, 64),
    ) {
        let running = Fixture::new();
        let ledger = running.open();
        for group in &groups {
            ledger.writer().write_blocking(group.clone()).unwrap();
        }
        let (left, folded) = (killed(&running), killed(&running));
        drop(folded.open());
        let old = fs::read(left.path()).unwrap();
        let mut mixed = fs::read(folded.path()).unwrap();
        for (number, (page, fate)) in mixed.chunks_mut(4_096).zip(pages.iter().cycle()).enumerate() {
            let old = old.get(number * 4_096..(number + 1) * 4_096);
            match (fate, old) {
                (0, Some(old)) => page.copy_from_slice(old),
                (1, Some(old)) => page[..2_048].copy_from_slice(&old[..2_048]),
                _ => {}
            }
        }
        fs::write(left.path(), mixed).unwrap();
        let known = known_after(&groups);
        prop_assert_eq!(known.last(), Some(&known_by(&left.open().reader().unwrap())));
    }

    #[test]
    fn it_makes_no_difference_where_a_run_ends(
        groups in groups(),
        end in any::<prop::sample::Index>(),
    ) {
        let end = end.index(groups.len());
        let fixture = Fixture::new();
        for part in [&groups[..end], &groups[end..]] {
            let ledger = fixture.open();
            for group in part {
                ledger.writer().write_blocking(group.clone()).unwrap();
            }
            ledger.close().unwrap();
        }
        let known = known_after(&groups);
        prop_assert_eq!(known.last(), Some(&known_by(&fixture.read())));
    }
}

/// Not only at any byte: at the end of every page that the log holds, and in the middle of its head.
#[test]
fn a_log_that_is_cut_between_its_pages_loses_whole_groups_from_the_end() {
    let running = Fixture::new();
    let ledger = running.open();
    let groups: Vec<Vec<LedgerEntry>> = (1..6)
        .map(|number| complete(CALLS[number % 3], number as u128))
        .collect();
    for group in &groups {
        ledger.writer().write_blocking(group.clone()).unwrap();
    }
    let all = known_after(&groups);
    let whole = fs::read(side_file(&running.path(), "-wal")).unwrap();
    let mut last = 0;
    // A head of 32 bytes, then pages with a head of 24 each.
    let ends = (0..).map(|pages| 32 + pages * (4_096 + 24));
    for end in ends.take_while(|end| *end <= whole.len()) {
        for cut in [end, end + 12] {
            let left = killed(&running);
            let kept = &whole[..cut.min(whole.len())];
            fs::write(side_file(&left.path(), "-wal"), kept).unwrap();
            // A power that fails before the first commit leaves a ledger that is not yet one.
            let known = known_by(&left.open().reader().unwrap());
            let place = all.iter().rposition(|state| *state == known);
            let place = place.unwrap_or_else(|| panic!("{cut}: {known:#?}"));
            assert!(place >= last, "{cut}: a longer log knows less");
            last = place;
        }
    }
    assert_eq!(last, groups.len());
}

/// Nothing is decided by a clock: facts that come at any times, also backwards, lead to the same.
#[test]
fn a_clock_that_jumps_changes_nothing_but_times() {
    let facts: Vec<LedgerEntry> = complete("call-1", 1);
    let known = |times: [&str; 4]| {
        let mut state = CallState::new("2024-06-01T12:00:00Z".parse().unwrap());
        let mut steps = Vec::new();
        for (entry, time) in facts.iter().zip(times) {
            let at: Timestamp = time.parse().unwrap();
            apply_fact(&mut state, of_call(&entry.fact), at);
            steps.push((state.status(), state.done(), state.in_doubt()));
        }
        (timeless(state), steps)
    };
    let steady = known(["2024-06-01T12:00:00Z"; 4]);
    for times in [
        [
            "2024-06-01T12:00:00Z",
            "1970-01-01T00:00:00Z",
            "2099-01-01T00:00:00Z",
            "2001-01-01T00:00:00Z",
        ],
        [
            "0001-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2024-06-01T11:59:59Z",
        ],
    ] {
        assert_eq!(known(times), steady);
    }
}

#[test]
fn a_reader_sees_what_a_killed_run_left() {
    let running = Fixture::new();
    let ledger = running.open();
    ledger
        .writer()
        .write_blocking(complete("call-1", 1))
        .unwrap();
    let left = killed(&running);
    assert_eq!(known_by(&left.read()), known_by(&running.read()));
    assert!(!known_by(&left.read()).is_empty());
}

#[test]
fn a_closed_ledger_is_one_file() {
    let fixture = Fixture::written(complete("call-1", 1));
    assert!(!side_file(&fixture.path(), "-wal").exists());
    assert!(!side_file(&fixture.path(), "-shm").exists());
}

#[test]
fn a_first_open_that_was_killed_is_opened_again() {
    let fixture = Fixture::new();
    fs::write(fixture.path(), b"").unwrap();
    assert!(known_by(&fixture.open().reader().unwrap()).is_empty());
}

#[cfg(unix)]
#[test]
fn every_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::new();
    let ledger = fixture.open();
    ledger
        .writer()
        .write_blocking(complete("call-1", 1))
        .unwrap();
    for ending in ["", "-wal", "-shm", ".lock"] {
        let file = side_file(&fixture.path(), ending);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}
