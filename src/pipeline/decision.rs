//! What leaves the pipeline: records in the order of the export, each with its action.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::domain::call::{Call, Field};
use crate::domain::case::{Case, Message};
use crate::domain::{Code, Problem};
use crate::events::{Event, FurtherRow, Matched, Outcome, RecordEnd, Totals};
use crate::ledger::{CallState, CaseHashes, CaseState, CutRow, MessageHashes, SentFile};
use crate::mapping::RecordWatch;
use crate::plan::{CaseStep, Step};
use crate::recordings::{Sendable, TranscodeJob};
use crate::source::{Batch, Sheet};

/// A file of the export, as the mapping met it.
#[derive(Debug, Clone)]
pub struct OpenedFile {
    /// What its records look like.
    pub sheet: Arc<Sheet>,
    /// Its columns that nothing uses.
    pub unused: Vec<String>,
    /// The columns that feed each field of a call; nothing for cases.
    pub sources: Vec<(Field, Vec<String>)>,
    /// What sees whether its records are those that the mapping is for.
    pub watches: Vec<Arc<RecordWatch>>,
}

/// The recording of a call, as an upload needs it.
#[derive(Debug, Clone)]
pub struct RecordingUpload {
    /// What is read and sent.
    pub sound: Sendable,
    /// Its name below the audio folder, for people.
    pub name: String,
    /// The file name that the destination is told.
    pub file_name: String,
    /// Its content type.
    pub content_type: &'static str,
    /// Its size when it was looked at.
    pub bytes: u64,
    /// The size of the files that it is made of; the same unless something must be made of them.
    pub source_bytes: u64,
    /// How many channels it has, where its header says.
    pub channels: Option<u16>,
    /// The files of which it is made.
    pub files: Vec<SentFile>,
    /// What must be made before it can be sent; the result then takes the place of the file.
    pub order: Option<TranscodeJob>,
}

/// A call with everything that is needed to carry out its step.
#[derive(Debug, Clone)]
pub struct CallJob {
    /// What is sent.
    pub call: Call<'static>,
    /// The hash of what the export says.
    pub fingerprint: u128,
    /// [`Step::Create`] or [`Step::Upload`].
    pub step: Step,
    /// What the ledger knew when the step was decided.
    pub standing: Option<CallState>,
    /// The recording to upload.
    pub parcel: Option<RecordingUpload>,
    /// Its recording was looked for, and the call is sent without it.
    pub is_recording_missing: bool,
}

/// A record of a case, and which of the case's messages it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The place of the record in its batch.
    pub index: usize,
    /// Places in [`CaseJob::messages`].
    pub messages: Range<usize>,
}

/// Which records tell a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSpread {
    /// One record tells it with all its messages.
    Whole,
    /// A row for each message.
    ByRows,
}

/// What earlier runs have left of a case as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseAtServer {
    /// The server has it.
    pub is_there: bool,
    /// A request about all of it left without an answer.
    pub is_in_doubt: bool,
}

impl CaseAtServer {
    /// What the ledger knows.
    pub fn of(known: &CaseState) -> Self {
        CaseAtServer {
            is_there: known.exists,
            is_in_doubt: known.in_doubt,
        }
    }
}

/// A case with everything that is needed to carry out its step.
#[derive(Debug, Clone)]
pub struct CaseJob {
    /// The case itself.
    pub case: Case,
    /// All its messages that the export has, in the order of time.
    pub messages: Vec<Message>,
    /// What the ledger is told of the case.
    pub print: CaseHashes,
    /// What it is told of the messages, in their order.
    pub marks: Vec<MessageHashes>,
    /// Which messages the server has, as far as is known.
    pub known: Vec<bool>,
    /// Which messages left in an earlier run without an answer.
    pub doubtful: Vec<bool>,
    /// What to do.
    pub step: CaseStep,
    /// What is known of the case as a whole.
    pub earlier: CaseAtServer,
    /// Whether the case may be replaced when the answer to a message is lost.
    pub may_replace: bool,
    /// Which records tell it.
    pub told: CaseSpread,
    /// The records whose end is told with the case.
    pub rows: Vec<CaseRow>,
}

/// A call that waits for a later run.
#[derive(Debug)]
pub struct HeldCall {
    /// The call's id.
    pub identity: String,
    /// The hash of what the export says.
    pub fingerprint: u128,
    /// The problem for which it waits.
    pub why: Code,
}

/// A row with a message of a case that waits for a later run.
#[derive(Debug)]
pub struct HeldMessage {
    /// The case's id, as the row says it.
    pub identity: String,
    /// By what the row is known again.
    pub row: CutRow,
}

/// How a record goes on from here. Each record has one, so what is rare is behind a pointer.
#[derive(Debug)]
pub enum Action {
    /// It has ended; the words say why, where the outcome alone does not.
    Ends(Outcome, Cow<'static, str>),
    /// It waits for a later run; the ledger is told so.
    Waits(Box<HeldCall>),
    /// It tells a message of a case and waits for a later run, because it may be cut; the ledger is told
    /// so.
    WaitsInCase(Box<HeldMessage>),
    /// The call is in place without its recording, which the operator does not want to wait for; the
    /// ledger is told so.
    Waived {
        /// The call's id.
        identity: String,
    },
    /// It is ready; only a check or a dry run ends here.
    Ready,
    /// It is to be sent.
    Sends(Box<CallJob>),
    /// A case is to be sent; the record is the last of those that tell it.
    SendsCase(Box<CaseJob>),
    /// It goes with the case of a later record of this batch, which tells how it ends.
    Rides,
    /// It is a further row of a call; another row of the batch tells of it.
    Told,
}

/// The action of one record and what is wrong with it.
#[derive(Debug)]
pub struct Decision {
    /// Everything that is wrong, in the order of the stages.
    pub problems: Vec<Problem>,
    /// How it goes on.
    pub fate: Action,
    /// The other rows of the call for which this one speaks.
    pub further: Vec<FurtherRow>,
}

impl Decision {
    /// Whether this is one row, and nothing is said of it, as of most.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.further.is_empty()
    }

    /// Gives every problem the id of the record, which is asked for only if there is one.
    pub(super) fn name_record(&mut self, id: impl FnOnce() -> String) {
        if self.is_clean() {
            return;
        }
        let further = self.further.iter_mut();
        let further = further.flat_map(|row| row.problems.iter_mut());
        let mut problems = self.problems.iter_mut().chain(further).peekable();
        if problems.peek().is_none() {
            return;
        }
        let id = id();
        problems.for_each(|problem| problem.name_record(&id));
    }
}

/// A batch of records, all decided.
#[derive(Debug)]
pub struct DecidedBatch {
    /// The records.
    pub batch: Arc<Batch>,
    /// Their decisions, in the same order and of the same number.
    pub decisions: Vec<Decision>,
    /// Which recordings they get, by their places in the batch.
    pub matched: Vec<(usize, Box<Matched>)>,
    /// Sums over them.
    pub facts: Totals,
    /// Set on the first batch of a file: what it looks like, and the columns that nothing uses.
    pub opened: Option<OpenedFile>,
    /// Bytes of the input read so far, and of all of it when that is known.
    pub read: (u64, Option<u64>),
    /// Problems that belong to no record.
    pub asides: Vec<Problem>,
}

impl DecidedBatch {
    /// Tells everything about the batch but how its records end.
    pub fn announce(&self, on_event: &mut dyn FnMut(Event<'_>)) {
        if let Some(opened) = &self.opened {
            on_event(Event::Opened {
                sheet: &opened.sheet,
                unused: &opened.unused,
                sources: &opened.sources,
            });
        }
        let (bytes, total) = self.read;
        on_event(Event::Read { bytes, total });
        on_event(Event::Checked(&self.facts));
        for (_, matched) in &self.matched {
            on_event(Event::Matched(matched));
        }
        for aside in &self.asides {
            on_event(Event::Aside(aside));
        }
    }

    /// Tells the whole batch, where nothing is sent.
    pub fn tell(&self, on_event: &mut dyn FnMut(Event<'_>)) {
        self.announce(on_event);
        for (index, decision) in self.decisions.iter().enumerate() {
            let (outcome, detail): (_, &str) = match &decision.fate {
                Action::Ends(outcome, detail) => (*outcome, detail),
                Action::Waits(held) => (Outcome::Held, held.why.name()),
                Action::WaitsInCase(_) => (Outcome::Held, Code::RowUnterminated.name()),
                Action::Waived { .. } => (Outcome::AlreadyThere, ""),
                Action::Ready | Action::Sends(_) | Action::SendsCase(_) | Action::Rides => {
                    (Outcome::NotAttempted, "")
                }
                Action::Told => continue,
            };
            RecordEnd {
                outcome,
                detail,
                problems: &decision.problems,
                delivered: None,
            }
            .tell(&self.batch, index, &decision.further, on_event);
        }
    }

    /// Problems that belong to no record, and nothing else.
    pub(super) fn aside(asides: Vec<Problem>) -> DecidedBatch {
        let sheet = Arc::new(Sheet {
            file: "".into(),
            reading: String::new(),
            header: None,
            nulls: Vec::new(),
            form: crate::source::FileFormat::default(),
        });
        DecidedBatch {
            batch: Arc::new(Batch::new(sheet)),
            decisions: Vec::new(),
            matched: Vec::new(),
            facts: Totals::default(),
            opened: None,
            read: (0, None),
            asides,
        }
    }
}
