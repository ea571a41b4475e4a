//! A server and the steps between it and the ledger, told again so that they can be stopped anywhere.
//! The ledger and the plan are the program's own.

use capturi_import::domain::{Code, Party};
use capturi_import::domain::{ExistingConversation, MissingRecording, Policy};
use capturi_import::ledger::{
    CallFact, CallState, CreateState, Ledger, LedgerEntry, SentContent, Stage,
};
use capturi_import::targets::{RecordingPresence, Step, next_step};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Luck {
    Well,
    /// Never arrived, and the client knows.
    NotSent,
    LostBefore,
    LostAfter,
    Refused,
    /// Tried as often as allowed, the last try with this effect.
    FailedBefore,
    FailedAfter,
}

/// The server's truth about one call.
#[derive(Debug, Default, Clone)]
pub(crate) struct There {
    pub(crate) is_made: bool,
    pub(crate) is_somebody_elses: bool,
    /// The version of the row that it was made from; 0 where somebody else made it.
    pub(crate) version: u128,
    /// Creates that were refused after one got through unheard, which no sane server does.
    pub(crate) contradictions: u32,
    pub(crate) uploads: u32,
    /// Uploads that were sent and never heard of.
    pub(crate) unheard: u32,
    /// Look-ups that could not tell.
    pub(crate) unseen: u32,
}

/// A create that is about to be sent.
#[derive(Debug, Clone, Copy)]
struct CommitGuard {
    /// An earlier try may have got through.
    in_doubt: bool,
    /// A recording follows.
    upload: bool,
    /// What an earlier run sent without hearing of it; else what this one sends.
    sent_before: u128,
}

/// Where a call is in the run that is going on.
#[derive(Debug, Clone)]
enum At {
    Start,
    CreateIntended(CommitGuard),
    Made {
        fact: CallFact,
        upload: bool,
    },
    Owed {
        in_doubt: bool,
    },
    UploadIntended {
        in_doubt: bool,
        resends: u32,
    },
    /// In doubt no more, or to be sent all the same.
    UploadSettled {
        in_doubt: bool,
        resends: u32,
    },
    Arrived {
        resends: u32,
    },
    Refused(Stage),
    Failed(Stage),
    Over,
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) server: Vec<There>,
    at: Vec<At>,
    recordings: Vec<RecordingPresence>,
    /// The version of each row; a row that changes is never again what it was.
    rows: Vec<u128>,
    policy: Policy,
    /// Whether a read API is there to look at.
    looks: bool,
}

fn identity(call: usize) -> String {
    format!("call-{call}")
}

impl World {
    pub(crate) fn new(
        somebody_elses: &[bool],
        recordings: &[RecordingPresence],
        existing: ExistingConversation,
    ) -> Self {
        let there = |is_somebody_elses: &bool| There {
            is_made: *is_somebody_elses,
            is_somebody_elses: *is_somebody_elses,
            ..There::default()
        };
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let mut world = World {
            folder: folder.expect("a folder"),
            ledger: None,
            server: somebody_elses.iter().map(there).collect(),
            at: Vec::new(),
            recordings: recordings.to_vec(),
            rows: vec![1; recordings.len()],
            policy: Policy {
                existing,
                ..Policy::default()
            },
            looks: false,
        };
        world.restart();
        world
    }

    /// The same with a read API.
    pub(crate) fn that_looks(mut self) -> Self {
        self.looks = true;
        self
    }

    /// The export of the next run says something else of this call.
    pub(crate) fn change_row(&mut self, call: usize) {
        self.rows[call] += 1;
        self.end_softly();
    }

    /// The next run finds this recording, or does not.
    pub(crate) fn move_recording(&mut self, call: usize, recording: RecordingPresence) {
        self.recordings[call] = recording;
        self.end_softly();
    }

    /// The next run is asked for something else.
    pub(crate) fn ask_for(&mut self, missing: MissingRecording, existing: ExistingConversation) {
        self.policy = Policy {
            missing,
            existing,
            ..self.policy
        };
        self.end_softly();
    }

    /// The run ends, and another begins.
    fn end_softly(&mut self) {
        self.count_what_arrived_unrecorded();
        self.restart();
    }

    pub(crate) fn row(&self, call: usize) -> u128 {
        self.rows[call]
    }

    /// All that was in memory is gone; what the ledger acknowledged is there.
    pub(crate) fn restart(&mut self) {
        self.ledger = None;
        let path = self.folder.path().join("ledger.db");
        self.ledger = Some(Ledger::open(&path, "the model").expect("a ledger"));
        self.at = vec![At::Start; self.server.len()];
    }

    fn write(&self, call: usize, facts: Vec<CallFact>) {
        let entries = facts
            .into_iter()
            .map(|fact| LedgerEntry::new(identity(call), fact))
            .collect();
        let ledger = self.ledger.as_ref().expect("open");
        ledger.writer().write_blocking(entries).expect("written");
    }

    pub(crate) fn state(&self, call: usize) -> Option<CallState> {
        let reader = self
            .ledger
            .as_ref()
            .expect("open")
            .reader()
            .expect("a reader");
        reader
            .call_states(&[&identity(call)])
            .expect("a state")
            .remove(0)
    }

    pub(crate) fn plan(&self, call: usize) -> Step {
        let known = self.state(call);
        let checkpoint = known.as_ref().map(CallState::checkpoint);
        next_step(
            checkpoint.unwrap_or_default(),
            self.recordings[call],
            self.policy,
        )
    }

    /// The server takes a create; `false` is 409.
    fn create(&mut self, call: usize) -> bool {
        let version = self.rows[call];
        let there = &mut self.server[call];
        let is_new = !std::mem::replace(&mut there.is_made, true);
        if is_new {
            there.version = version;
        }
        is_new
    }

    /// One step of one call.
    pub(crate) fn go(&mut self, call: usize, luck: Luck) {
        self.at[call] = match self.at[call].clone() {
            At::Start => self.start(call),
            At::CreateIntended(begun) => self.try_create(call, luck, begun),
            At::Made { fact, upload } => {
                let is_over = matches!(fact, CallFact::LeftAlone { .. }) || !upload;
                let without = is_over && !matches!(fact, CallFact::LeftAlone { .. });
                let was_sought = self.recordings[call] == RecordingPresence::Missing;
                let rest = without.then_some(CallFact::WithoutRecording { was_sought });
                self.write(call, std::iter::once(fact).chain(rest).collect());
                if is_over {
                    At::Over
                } else {
                    At::Owed { in_doubt: false }
                }
            }
            At::Owed { in_doubt } => {
                let mut facts = vec![CallFact::UploadIntended { bytes: 1 }];
                let before = self.state(call).expect("made");
                if before.create == CreateState::LeftAlone {
                    let fingerprint = self.rows[call];
                    let uid = None;
                    facts.insert(0, CallFact::Adopted { fingerprint, uid });
                }
                self.write(call, facts);
                let state = self.state(call).expect("intended");
                At::UploadIntended {
                    in_doubt,
                    resends: state.in_doubt_resends,
                }
            }
            At::UploadIntended { in_doubt, resends } => self.settle(call, luck, in_doubt, resends),
            At::UploadSettled { in_doubt, resends } => {
                self.try_upload(call, luck, in_doubt, resends)
            }
            At::Arrived { resends } => self.conclude(call, arrived(resends)),
            At::Refused(stage) => self.conclude(call, refused(self.rows[call], stage)),
            At::Failed(stage) => self.conclude(call, failed(self.rows[call], stage)),
            At::Over => At::Over,
        };
    }

    fn conclude(&self, call: usize, fact: CallFact) -> At {
        self.write(call, vec![fact]);
        At::Over
    }

    fn start(&mut self, call: usize) -> At {
        match self.plan(call) {
            Step::Create {
                was_tried,
                with_upload,
            } => {
                let made = self.state(call).map(|state| state.create);
                assert!(
                    !matches!(
                        made,
                        Some(CreateState::Done { .. } | CreateState::LeftAlone)
                    ),
                    "created again"
                );
                let before = self.state(call);
                let fingerprint = self.rows[call];
                let party = Party::default();
                self.write(
                    call,
                    vec![CallFact::CreateIntended {
                        fingerprint,
                        party,
                        content: SentContent::default(),
                    }],
                );
                At::CreateIntended(CommitGuard {
                    in_doubt: was_tried,
                    upload: with_upload,
                    sent_before: before
                        .and_then(|it| it.unconfirmed())
                        .unwrap_or(fingerprint),
                })
            }
            Step::Upload { is_in_doubt } => At::Owed {
                in_doubt: is_in_doubt,
            },
            Step::Waive => {
                let was_sought = true;
                self.write(call, vec![CallFact::WithoutRecording { was_sought }]);
                At::Over
            }
            Step::Hold => {
                let fingerprint = self.rows[call];
                self.write(
                    call,
                    vec![CallFact::Held {
                        fingerprint,
                        why: Code::RecordingMissing,
                    }],
                );
                At::Over
            }
            Step::Nothing | Step::Change | Step::Refuse => At::Over,
        }
    }

    fn try_create(&mut self, call: usize, luck: Luck, begun: CommitGuard) -> At {
        let unheard = CommitGuard {
            in_doubt: true,
            ..begun
        };
        match luck {
            Luck::Well => {
                let fingerprint = self.rows[call];
                let fact = match (self.create(call), begun.in_doubt, self.policy.existing) {
                    (true, _, _) => CallFact::Created {
                        fingerprint,
                        uid: Some("uid".to_owned()),
                    },
                    (false, true, _) => CallFact::Created {
                        fingerprint: begun.sent_before,
                        uid: None,
                    },
                    (false, false, ExistingConversation::Adopt) => CallFact::Adopted {
                        fingerprint,
                        uid: None,
                    },
                    (false, false, ExistingConversation::Skip) => {
                        CallFact::LeftAlone { fingerprint }
                    }
                };
                At::Made {
                    fact,
                    upload: begun.upload,
                }
            }
            Luck::NotSent => At::CreateIntended(begun),
            Luck::LostBefore => At::CreateIntended(unheard),
            Luck::LostAfter => {
                self.create(call);
                At::CreateIntended(unheard)
            }
            Luck::Refused => {
                let there = &mut self.server[call];
                there.contradictions += u32::from(there.is_made);
                // A refusal after a doubt is kept as a failure: the doubt outlives it.
                if begun.in_doubt {
                    At::Failed(Stage::Create)
                } else {
                    At::Refused(Stage::Create)
                }
            }
            Luck::FailedBefore => At::Failed(Stage::Create),
            Luck::FailedAfter => {
                self.create(call);
                At::Failed(Stage::Create)
            }
        }
    }

    /// What is in doubt is looked up where that is possible, and is written down where nobody knows.
    fn settle(&mut self, call: usize, luck: Luck, in_doubt: bool, resends: u32) -> At {
        let there = &mut self.server[call];
        let can_tell =
            self.looks && matches!(luck, Luck::Well | Luck::LostBefore | Luck::LostAfter);
        match (in_doubt, can_tell) {
            (false, _) => At::UploadSettled { in_doubt, resends },
            (true, true) if there.uploads > 0 => At::Arrived { resends },
            (true, true) => At::UploadSettled {
                in_doubt: false,
                resends,
            },
            (true, false) => {
                there.unseen += 1;
                let resends = resends + 1;
                self.write(call, vec![CallFact::UploadResent { times: resends }]);
                At::UploadSettled { in_doubt, resends }
            }
        }
    }

    fn try_upload(&mut self, call: usize, luck: Luck, in_doubt: bool, resends: u32) -> At {
        let there = &mut self.server[call];
        assert!(there.is_made, "a recording of nothing");
        match luck {
            Luck::Well => {
                there.uploads += 1;
                At::Arrived { resends }
            }
            Luck::NotSent => At::UploadSettled { in_doubt, resends },
            Luck::LostBefore => At::UploadIntended {
                in_doubt: true,
                resends,
            },
            Luck::LostAfter => {
                there.uploads += 1;
                there.unheard += 1;
                At::UploadIntended {
                    in_doubt: true,
                    resends,
                }
            }
            // A refusal after a doubt is kept as a failure: the doubt outlives it.
            Luck::Refused if in_doubt => At::Failed(Stage::Upload),
            Luck::Refused => At::Refused(Stage::Upload),
            Luck::FailedBefore => At::Failed(Stage::Upload),
            Luck::FailedAfter => {
                there.uploads += 1;
                there.unheard += 1;
                At::Failed(Stage::Upload)
            }
        }
    }

    /// The process dies while a request is in the air; the server may carry it out.
    pub(crate) fn die_in_the_air(&mut self, call: usize, luck: Luck) {
        let takes_effect = matches!(luck, Luck::Well | Luck::LostAfter | Luck::FailedAfter);
        match self.at[call] {
            At::CreateIntended(_) if takes_effect => {
                self.create(call);
            }
            At::UploadSettled { .. } if takes_effect => {
                self.server[call].uploads += 1;
                self.server[call].unheard += 1;
            }
            _ => {}
        }
        self.count_what_arrived_unrecorded();
        self.restart();
    }

    /// What came back and was not written down is as good as lost.
    pub(crate) fn count_what_arrived_unrecorded(&mut self) {
        for (there, at) in self.server.iter_mut().zip(&self.at) {
            if matches!(at, At::Arrived { .. }) {
                there.unheard += 1;
            }
        }
    }

    /// Runs without faults, with all recordings in place, until nothing is left to do.
    pub(crate) fn finish(&mut self) {
        self.count_what_arrived_unrecorded();
        self.recordings = vec![RecordingPresence::Here; self.server.len()];
        for _ in 0..2 {
            self.restart();
            for call in 0..self.server.len() {
                while !matches!(self.at[call], At::Over) {
                    self.go(call, Luck::Well);
                }
            }
        }
    }
}

fn arrived(in_doubt_resends: u32) -> CallFact {
    CallFact::Uploaded {
        hash: [7; 32],
        bytes: 1,
        in_doubt_resends,
        source: Some(1),
    }
}

fn refused(fingerprint: u128, stage: Stage) -> CallFact {
    CallFact::Refused {
        fingerprint,
        stage,
        status: 400,
        message: String::new(),
    }
}

fn failed(fingerprint: u128, stage: Stage) -> CallFact {
    CallFact::Failed {
        fingerprint,
        stage,
        status: None,
        why: String::new(),
    }
}
