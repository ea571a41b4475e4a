//! The promise of the ledger under every interleaving: calls go on in any order, requests are lost
//! before or after their effect, refused or failed, and the process dies between any two steps.
//! No call is created twice, none is lost, and a recording comes twice only where that is known, and
//! with a read API that can tell not at all.

use std::collections::BTreeMap;

use crate::harness::model::{Luck, World};
use capturi_import::domain::{ExistingConversation, MissingRecording};
use capturi_import::ledger::{CreateState, DoneKind};
use capturi_import::targets::{RecordingPresence, Step};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum Happening {
    /// This call goes one step further.
    Onward(usize, Luck),
    /// The process is killed.
    Crash,
    /// The run ends, and the row of this call changes before the next.
    RowChanges(usize),
    /// The run ends, and this recording is there or not in the next.
    RecordingIs(usize, RecordingPresence),
    /// The run ends, and the operator asks for something else.
    Asked(MissingRecording, ExistingConversation),
    /// The process is killed while this call's next request is in the air, with this effect.
    CrashInTheAir(usize, Luck),
}

fn luck() -> impl Strategy<Value = Luck> {
    use Luck::{FailedAfter, FailedBefore, LostAfter, LostBefore, NotSent, Refused, Well};
    prop_oneof![
        6 => Just(Well),
        1 => Just(NotSent),
        1 => Just(LostBefore),
        2 => Just(LostAfter),
        1 => Just(Refused),
        1 => Just(FailedBefore),
        1 => Just(FailedAfter),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (0..3_usize, luck()).prop_map(|(call, luck)| Happening::Onward(call, luck)),
        1 => Just(Happening::Crash),
        1 => (0..3_usize).prop_map(Happening::RowChanges),
        1 => (0..3_usize, recording()).prop_map(|(call, recording)| Happening::RecordingIs(call, recording)),
        1 => (missing(), existing()).prop_map(|(missing, existing)| Happening::Asked(missing, existing)),
        2 => (0..3_usize, luck()).prop_map(|(call, luck)| Happening::CrashInTheAir(call, luck)),
    ]
}

fn missing() -> impl Strategy<Value = MissingRecording> {
    prop_oneof![
        2 => Just(MissingRecording::Hold),
        1 => Just(MissingRecording::Create),
        1 => Just(MissingRecording::Refuse),
    ]
}

fn existing() -> impl Strategy<Value = ExistingConversation> {
    prop_oneof![
        Just(ExistingConversation::Adopt),
        Just(ExistingConversation::Skip)
    ]
}

fn recording() -> impl Strategy<Value = RecordingPresence> {
    prop_oneof![3 => Just(RecordingPresence::Here), 1 => Just(RecordingPresence::Missing), 1 => Just(RecordingPresence::NotAsked)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_doubled_unknown(
        somebody_elses in prop::collection::vec(prop::bool::weighted(0.2), 3),
        recordings in prop::collection::vec(recording(), 3),
        (adopts, adopts_at_last, looks) in any::<(bool, bool, bool)>(),
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        let existing = if adopts { ExistingConversation::Adopt } else { ExistingConversation::Skip };
        let mut world = World::new(&somebody_elses, &recordings, existing);
        if looks {
            world = world.that_looks();
        }
        for happening in happenings {
            match happening {
                Happening::Onward(call, luck) => world.go(call, luck),
                Happening::Crash => {
                    world.count_what_arrived_unrecorded();
                    world.restart();
                }
                Happening::CrashInTheAir(call, luck) => world.die_in_the_air(call, luck),
                Happening::RowChanges(call) => world.change_row(call),
                Happening::RecordingIs(call, recording) => world.move_recording(call, recording),
                Happening::Asked(missing, existing) => world.ask_for(missing, existing),
            }
        }
        let last = if adopts_at_last { ExistingConversation::Adopt } else { ExistingConversation::Skip };
        world.ask_for(MissingRecording::Hold, last);
        world.finish();

        for (call, there) in world.server.iter().enumerate() {
            let state = world.state(call).expect("every call is known");
            prop_assert!(there.is_made, "{call} is lost");
            match state.done() {
                Some(DoneKind::Complete) => prop_assert!(there.uploads > 0, "the recording of {call} is lost"),
                Some(DoneKind::LeftAlone) => {
                    prop_assert!(there.is_somebody_elses && !adopts_at_last, "{call} is ours");
                    prop_assert_eq!(there.uploads, 0);
                }
                other => prop_assert!(false, "{call} ended as {other:?}: {state:?}"),
            }
            prop_assert_eq!(world.plan(call), Step::Nothing);
            // A row that is said to be in place as it stands is what the server has.
            let is_ours = matches!(state.create, CreateState::Done { is_adopted: false, .. });
            if is_ours && !there.is_somebody_elses && state.fingerprint == world.row(call) && there.contradictions == 0 {
                prop_assert_eq!(there.version, world.row(call), "{} has changed, untold", call);
            }
            let surplus = there.uploads.saturating_sub(1);
            prop_assert!(surplus <= there.unheard, "{call} came twice though it was heard of: {there:?}");
            prop_assert!(!looks || surplus <= there.unseen, "{call} came twice though it was seen: {there:?}");
            prop_assert!(surplus == 0 || state.in_doubt_resends > 0, "{call} came twice, untold: {there:?}");
        }
    }
}

/// The states that the ledger counts are those of the calls, whatever happened.
#[test]
fn every_call_is_counted_in_one_state() {
    let mut world = World::new(
        &[false, true, false],
        &[RecordingPresence::Here; 3],
        ExistingConversation::Skip,
    );
    let lucks = [
        Luck::Well,
        Luck::Well,
        Luck::LostAfter,
        Luck::Refused,
        Luck::Well,
    ];
    for (number, luck) in lucks.into_iter().cycle().take(20).enumerate() {
        world.go(number % 3, luck);
        let reader = world
            .ledger
            .as_ref()
            .expect("open")
            .reader()
            .expect("a reader");
        let summary = reader.summary().expect("a summary");
        let known = (0..3).filter(|call| world.state(*call).is_some()).count() as u64;
        assert_eq!(summary.calls.total(), known);
    }
    let states: BTreeMap<_, _> = {
        let reader = world
            .ledger
            .as_ref()
            .expect("open")
            .reader()
            .expect("a reader");
        reader
            .summary()
            .expect("a summary")
            .calls
            .states
            .into_iter()
            .collect()
    };
    assert_eq!(states.values().sum::<u64>(), 3);
}
