use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::incomplete::MAPPING;
use super::*;

/// Records of which two take more memory than may be under way: a value takes more than its text.
fn heavy(records: usize) -> NamedTempFile {
    let values = vec!["12"; 95_000].join(",");
    let record = format!("{{\"id\":\"a\",\"all\":[{values}]}}\n");
    export(&record.repeat(records), ".ndjson")
}

#[test]
fn large_records_wait_until_earlier_ones_have_gone() {
    let exports = [heavy(5)];
    let pipeline = pipeline(MAPPING, &exports);
    let held = Arc::new(Mutex::new(Vec::new()));
    let (most, all) = thread::scope(|scope| {
        let walked = scope.spawn(|| {
            pipeline.run(|decided| {
                if !decided.batch.is_empty() {
                    held.lock().unwrap().push(Arc::clone(&decided.batch));
                }
                ControlFlow::Continue(())
            })
        });
        let (mut most, mut all) = (0, 0);
        let is_awaited = || held.lock().unwrap().iter().any(|batch| batch.is_awaited());
        while !walked.is_finished() || !held.lock().unwrap().is_empty() {
            // Until the next one waits, or none comes any more; however long that takes.
            while !walked.is_finished() && !is_awaited() {
                thread::sleep(Duration::from_millis(1));
            }
            let gone = std::mem::take(&mut *held.lock().unwrap());
            most = most.max(gone.len());
            all += gone.len();
        }
        walked.join().unwrap().unwrap();
        (most, all)
    });
    assert_eq!((most, all), (1, 5));
}

#[test]
fn who_has_had_enough_waits_for_nobody() {
    let exports = [heavy(4)];
    let pipeline = pipeline(MAPPING, &exports);
    let mut held = Vec::new();
    pipeline
        .run(|decided| {
            held.push(decided.batch);
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(held.len(), 1);
}
