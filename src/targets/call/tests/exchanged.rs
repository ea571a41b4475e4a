//! Recordings that are exchanged between the walk of the audio folder and the look into them.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::{export, pipeline, walk};
use crate::events::Outcome;
use crate::pipeline::{Action, Pipeline, Purpose};
use crate::recordings::{IndexOptions, build_index};
use crate::targets::CallTarget;

const MAPPING: &str = r#"
[fields]
externalIdentity = "id"
agentId          = { value = "7" }
agentName        = { value = "Ida Opdigtet" }
agentEmail       = { value = "ida@example.com" }
customer         = { value = "+4512345601" }
dateTime         = { value = "2024-03-15T09:12:03+01:00" }
subject          = { value = "sale" }

[audio]
several = "join"
match = "{{ id }}_*.mp3"
"#;

/// The pipeline of one call with these recordings, all of which are found.
fn found(
    folder: &Path,
    names: &[&str],
    want: Purpose,
) -> (tempfile::NamedTempFile, Pipeline<CallTarget>) {
    for name in names {
        fs::write(folder.join(name), [0xFF, 0xFB, 0x90, 0x00].repeat(1000)).unwrap();
    }
    let exports = export("id\n1\n", ".csv");
    let mut pipeline = pipeline(MAPPING, std::slice::from_ref(&exports));
    pipeline.purpose = want;
    pipeline.target.inspection.for_silence = true;
    pipeline.target.recordings = Some(Arc::new(
        build_index(folder, &IndexOptions::default()).unwrap(),
    ));
    (exports, pipeline)
}

#[test]
fn what_took_the_place_of_a_recording_is_not_looked_into_and_its_call_waits() {
    let names = ["1_1.mp3", "1_2.mp3"];
    for (count, want) in [
        (1, Purpose::Check),
        (1, Purpose::Run),
        (2, Purpose::Check),
        (2, Purpose::Run),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (_export, pipeline) = found(folder.path(), &names[..count], want);
        let exchanged = folder.path().join(names[count - 1]);
        fs::remove_file(&exchanged).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", &exchanged).unwrap();

        let told = walk(&pipeline).unwrap();

        assert!(told.calls.is_empty(), "it is sent");
        let ended = &told.ended[0];
        assert_eq!(ended.outcome, Outcome::Held, "{ended:?}");
        assert!(ended.codes.contains(&"recording-changed"), "{ended:?}");
    }
}

#[test]
fn what_was_found_and_is_still_there_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (_export, pipeline) = found(folder.path(), &["1_1.mp3"], Purpose::Run);
    let mut sent = 0;
    pipeline
        .run(|decided| {
            for decision in &decided.decisions {
                if let Action::Send(job) = decision.action() {
                    sent += usize::from(job.upload.is_some());
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(sent, 1);
}
