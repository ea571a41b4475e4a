//! What is left after the process or the power is gone.

use std::collections::BTreeMap;
use std::fs;

use super::*;

type Known = BTreeMap<String, Standing>;

const CALLS: [&str; 3] = ["call-1", "call-2", "call-3"];

/// What a ledger must know after each group, the empty one first.
fn known_after(groups: &[Vec<Entry>]) -> Vec<Known> {
    let mut known = Known::new();
    let mut after = vec![known.clone()];
    for group in groups {
        for Entry { identity, fact } in group {
            let at = jiff::Timestamp::UNIX_EPOCH;
            known
                .entry(identity.to_string())
                .or_insert_with(|| Standing::new(at))
                .apply(fact.clone(), at);
        }
        after.push(known.clone());
    }
    after
}

fn known_by(reader: &Reader) -> Known {
    let standings = reader.standing(&CALLS).unwrap();
    let known = CALLS.into_iter().zip(standings);
    known
        .filter_map(|(call, standing)| Some((call.to_owned(), timeless(standing?))))
        .collect()
}

/// The files of a running ledger, as a kill would leave them.
fn killed(running: &Bench) -> Bench {
    let left = Bench::new();
    for ending in ["", "-wal"] {
        fs::copy(
            side_file(&running.path(), ending),
            side_file(&left.path(), ending),
        )
        .unwrap();
    }
    left
}

fn groups() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    let entry = (prop::sample::select(&CALLS[..]), facts())
        .prop_map(|(identity, fact)| Entry::new(identity, fact));
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
    ) {
        let acknowledged = acknowledged.index(groups.len() + 1);
        let running = Bench::new();
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
        let wal = fs::File::options().write(true).open(side_file(&left.path(), "-wal")).unwrap();
        let tail = usize::try_from(wal.metadata().unwrap().len() - safe).unwrap();
        wal.set_len(safe + cut.index(tail + 1) as u64).unwrap();

        let known = known_by(&left.open().reader().unwrap());
        let all = known_after(&groups);
        // Whole groups or nothing of them, and never fewer than were acknowledged.
        prop_assert!(all[acknowledged..].contains(&known), "{known:#?}");
    }

    #[test]
    fn it_makes_no_difference_where_a_run_ends(
        groups in groups(),
        end in any::<prop::sample::Index>(),
    ) {
        let end = end.index(groups.len());
        let bench = Bench::new();
        for part in [&groups[..end], &groups[end..]] {
            let ledger = bench.open();
            for group in part {
                ledger.writer().write_blocking(group.clone()).unwrap();
            }
            ledger.close().unwrap();
        }
        let known = known_after(&groups);
        prop_assert_eq!(known.last(), Some(&known_by(&bench.read())));
    }
}

#[test]
fn a_reader_sees_what_a_killed_run_left() {
    let running = Bench::new();
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
    let bench = Bench::written(complete("call-1", 1));
    assert!(!side_file(&bench.path(), "-wal").exists());
    assert!(!side_file(&bench.path(), "-shm").exists());
}

#[test]
fn a_first_open_that_was_killed_is_opened_again() {
    let bench = Bench::new();
    fs::write(bench.path(), b"").unwrap();
    assert!(known_by(&bench.open().reader().unwrap()).is_empty());
}

#[cfg(unix)]
#[test]
fn every_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::new();
    let ledger = bench.open();
    ledger
        .writer()
        .write_blocking(complete("call-1", 1))
        .unwrap();
    for ending in ["", "-wal", "-shm", ".lock"] {
        let file = side_file(&bench.path(), ending);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}
