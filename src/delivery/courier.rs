//! The story of one call: pass the gate, write the intent, ask the server, judge the answer, write
//! the fact; or wait and try again. The intent comes after the gate, so that a run that ends
//! leaves no call in doubt that was never tried.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::gate::{Gate, Health, Permit, Weather};
use super::stop::StopSignal;
use super::verdict::{Later, Stage, Verdict, judge};
use super::{Effort, backoff};
use crate::api::{self, AudioSettings, Client, Key, Throttle, Version};
use crate::call::Code;
use crate::failpoint::{self, Point};
use crate::ledger::{self, CaseEntry, Create, Entry, Fact, Writer};
use crate::pipeline::{Delivered, Outcome, Parcel, Shipment, Stop};
use crate::plan::{Existing, Step};

/// How long calls that are half done may still wait for their turn once a run is stopped: the calls
/// in hand need two seconds of it at the usual pace, and nobody at a terminal waits much longer.
const GRACE: Duration = Duration::from_secs(5);

/// Something worth telling while calls are under way. Told if somebody has time to listen: the
/// channel is bounded, and a full one must not hold up a request.
#[derive(Debug)]
pub(super) enum Notice {
    Retried {
        attempt: u32,
        delay: Duration,
        why: String,
    },
    Paused {
        pause: Duration,
        why: String,
    },
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) detail: &'static str,
    pub(super) problem: Option<(Code, String)>,
    pub(super) delivered: Option<Delivered>,
}

/// Why a call did not get through.
#[derive(Debug)]
pub(super) enum Halt {
    Refused {
        stage: Stage,
        status: u16,
        message: String,
        code: Code,
        /// An earlier try of the same request may have got through.
        in_doubt: bool,
    },
    Failed {
        stage: Stage,
        status: Option<u16>,
        why: String,
    },
    /// The run stops; the call is left as the ledger has it.
    Stopped,
}

/// What the ledger is told before a request leaves, once the gate is open.
pub(super) struct Intent {
    pub(super) stage: Stage,
    pub(super) facts: Facts,
    /// The request completes what this run has begun.
    pub(super) completes: bool,
}

/// Facts about calls or about cases.
pub(super) enum Facts {
    OfCall(Vec<Entry>),
    OfCase(Vec<CaseEntry>),
}

/// An answer that a call can go on with.
pub(super) enum Answer<T> {
    Done(T),
    AlreadyThere,
}

/// Everything that calls under way share.
pub(super) struct Courier {
    pub(super) client: Client,
    pub(super) version: Version,
    pub(super) settings: AudioSettings,
    pub(super) writer: Writer,
    pub(super) gate: Gate,
    pub(super) stop: Arc<StopSignal>,
    pub(super) effort: Effort,
    pub(super) throttle: Option<Throttle>,
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    pub(super) notices: mpsc::Sender<Notice>,
}

impl Courier {
    /// Carries out the step of one call to its end.
    pub(super) async fn deliver(&self, shipment: Shipment) -> Ending {
        match self.carry(&shipment).await {
            Ok(ending) => ending,
            Err(halt) => self.halted(&shipment, halt).await,
        }
    }

    async fn carry(&self, shipment: &Shipment) -> Result<Ending, Halt> {
        let (uid, outcome, detail) = match shipment.step {
            Step::Create { was_tried, .. } => match self.create(shipment, was_tried).await? {
                Made::Ours(uid) => (uid, Outcome::Created, ""),
                Made::Adopted => (None, Outcome::AlreadyThere, "adopted"),
                Made::LeftAlone => {
                    return Ok(Ending {
                        outcome: Outcome::AlreadyThere,
                        detail: "left alone",
                        problem: Some((
                            Code::AlreadyThere,
                            "the conversation was there, made by somebody else, and is left alone"
                                .to_owned(),
                        )),
                        delivered: None,
                    });
                }
            },
            _ => (known_uid(shipment), Outcome::AlreadyThere, "completed"),
        };
        let mut delivered = Delivered {
            identity: shipment.call.identity().to_owned(),
            uid,
            recording: None,
            bytes: 0,
            in_doubt: 0,
        };
        if let Some(parcel) = &shipment.parcel {
            let resends = self
                .upload(shipment, parcel, delivered.uid.as_deref())
                .await?;
            delivered.recording = Some(parcel.name.clone());
            delivered.bytes = parcel.bytes;
            delivered.in_doubt = resends;
        }
        let problem = (delivered.in_doubt > 0).then(|| {
            let times = delivered.in_doubt;
            let often = match times {
                1 => "once".to_owned(),
                _ => format!("{times} times"),
            };
            (
                Code::UploadInDoubt,
                format!("the answer to the upload was lost, and it was sent again {often}"),
            )
        });
        Ok(Ending {
            outcome,
            detail,
            problem,
            delivered: Some(delivered),
        })
    }

    async fn create(&self, shipment: &Shipment, was_tried: bool) -> Result<Made, Halt> {
        let fingerprint = shipment.fingerprint;
        let intent = Intent {
            stage: Stage::Create,
            facts: entries(shipment, vec![Fact::CreateIntended { fingerprint }]),
            completes: false,
        };
        let body = Bytes::from(api::body(&shipment.call, self.version));
        let mut in_doubt = was_tried;
        let answer = self
            .attempt(intent, &mut in_doubt, |_| self.client.create(body.clone()))
            .await?;
        let (made, fact) = match answer {
            Answer::Done(created) => {
                let fact = Fact::Created {
                    fingerprint,
                    uid: Some(created.uid.clone()),
                };
                (Made::Ours(Some(created.uid)), fact)
            }
            Answer::AlreadyThere if in_doubt => {
                // What the server has is what was sent when the answer was lost.
                let sent = shipment
                    .standing
                    .as_ref()
                    .filter(|standing| matches!(standing.create, Create::Intended))
                    .map_or(fingerprint, |standing| standing.fingerprint);
                (
                    Made::Ours(None),
                    Fact::Created {
                        fingerprint: sent,
                        uid: None,
                    },
                )
            }
            Answer::AlreadyThere => match self.effort.existing {
                Existing::Adopt => (
                    Made::Adopted,
                    Fact::Adopted {
                        fingerprint,
                        uid: None,
                    },
                ),
                Existing::Skip => (Made::LeftAlone, Fact::LeftAlone { fingerprint }),
            },
        };
        let mut facts = vec![fact];
        if shipment.parcel.is_none() && !matches!(made, Made::LeftAlone) {
            facts.push(Fact::WithoutRecording);
        }
        self.write(shipment, facts).await?;
        Ok(made)
    }

    /// Uploads the recording and says how often it was sent again in doubt.
    async fn upload(
        &self,
        shipment: &Shipment,
        parcel: &Parcel,
        uid: Option<&str>,
    ) -> Result<u32, Halt> {
        let mut in_doubt = matches!(shipment.step, Step::Upload { is_in_doubt: true });
        let bytes = parcel.bytes;
        let intent = Intent {
            stage: Stage::Upload,
            facts: entries(shipment, vec![Fact::UploadIntended { bytes }]),
            completes: matches!(shipment.step, Step::Create { .. }),
        };
        let key = match uid {
            Some(uid) => Key::Uid(uid),
            None => Key::External(shipment.call.identity()),
        };
        let resends = std::sync::atomic::AtomicU32::new(0);
        let upload = self.prepare(parcel);
        let answer = self
            .attempt(intent, &mut in_doubt, |doubtful| {
                if doubtful {
                    resends.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                self.client.upload(key, &upload, &self.settings)
            })
            .await?;
        if matches!(answer, Answer::AlreadyThere) && !in_doubt {
            return Err(Halt::Refused {
                stage: Stage::Upload,
                status: 409,
                message: "the server has a recording of this call already".to_owned(),
                code: Code::ServerRefused,
                in_doubt,
            });
        }
        let resends = resends.into_inner();
        let (hash, bytes) = upload.sent();
        self.write(
            shipment,
            vec![Fact::Uploaded {
                hash,
                bytes,
                in_doubt_resends: resends,
            }],
        )
        .await?;
        Ok(resends)
    }

    fn prepare(&self, parcel: &Parcel) -> api::Upload {
        api::Upload {
            path: parcel.path.clone(),
            file_name: parcel.file_name.clone(),
            content_type: parcel.content_type,
            bytes: parcel.bytes,
            throttle: self.throttle.clone(),
            on_bytes: Arc::clone(&self.on_bytes),
            state: Arc::default(),
        }
    }

    /// Sends a request until it gets through, is refused, or has been tried as often as allowed.
    /// A call that waits for its next try holds no permit.
    pub(super) async fn attempt<T, F>(
        &self,
        intent: Intent,
        in_doubt: &mut bool,
        send: impl Fn(bool) -> F,
    ) -> Result<Answer<T>, Halt>
    where
        F: Future<Output = Result<T, api::Error>>,
    {
        let Intent {
            stage,
            facts,
            mut completes,
        } = intent;
        let mut intended = Some(facts);
        let mut attempt = 0;
        loop {
            let permit = self.leave(std::mem::take(&mut completes)).await?;
            attempt += 1;
            if let Some(facts) = intended.take() {
                self.record(facts).await?;
            }
            failpoint::reached(Point::RequestLeaves);
            let result = tokio::select! {
                () = self.stop.aborted() => return Err(Halt::Stopped),
                result = send(*in_doubt) => result,
            };
            failpoint::reached(Point::AnswerIsRead);
            let error = match result {
                Ok(value) => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Ok(Answer::Done(value));
                }
                Err(error) => error,
            };
            match judge(stage, &error) {
                Verdict::AlreadyThere => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Ok(Answer::AlreadyThere);
                }
                Verdict::Refused => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Err(refused(stage, &error, *in_doubt));
                }
                Verdict::StopRun => {
                    self.gate.done(permit, Health::Well, 0.0);
                    self.stop.raise(Stop::TokenRefused, error.to_string());
                    return Err(Halt::Stopped);
                }
                Verdict::Later(later) => {
                    *in_doubt |= later.in_doubt;
                    self.wait(permit, later, attempt, &error).await?;
                    if attempt > self.effort.retries {
                        return Err(Halt::Failed {
                            stage,
                            status: status(&error),
                            why: error.to_string(),
                        });
                    }
                }
            }
        }
    }

    /// Waits for the leave to send one request, or for the run's end. A conversation that was made
    /// gets its recording, if that can leave soon: else it would lie there without one until
    /// somebody runs the program again.
    async fn leave(&self, completes: bool) -> Result<Permit, Halt> {
        let turned_back = async {
            self.stop.raised().await;
            if completes {
                tokio::select! {
                    () = self.stop.forbidden() => {}
                    () = tokio::time::sleep(GRACE) => {}
                }
            }
        };
        tokio::select! {
            biased;
            () = turned_back => Err(Halt::Stopped),
            permit = self.gate.pass() => Ok(permit),
        }
    }

    /// Tells the gate about a failure and waits as long as this call has to.
    async fn wait(
        &self,
        permit: Permit,
        later: Later,
        attempt: u32,
        error: &api::Error,
    ) -> Result<(), Halt> {
        let delay = backoff::delay(attempt, fastrand::f64());
        let health = if later.is_throttle {
            Health::Well
        } else {
            Health::Unwell
        };
        let weather = self.gate.done(permit, health, fastrand::f64());
        if let Weather::GiveUp(lasted) = weather {
            let seconds = lasted.as_secs();
            self.stop.raise(
                Stop::GaveUp,
                format!("unavailable for {seconds} s: {error}"),
            );
            return Err(Halt::Stopped);
        }
        let asked = later
            .retry_after
            .map(|wish| wish.from_now(SystemTime::now()));
        if let Some(pause) = asked.filter(|pause| *pause > self.effort.max_wait) {
            let seconds = pause.as_secs();
            self.stop.raise(
                Stop::GaveUp,
                format!("the server asked to wait {seconds} s: {error}"),
            );
            return Err(Halt::Stopped);
        }
        let pause = match (asked, weather) {
            (None, _) if later.is_throttle => Some(delay),
            (Some(pause), _) | (None, Weather::Outage(pause)) => Some(pause),
            _ => None,
        };
        if let Some(pause) = pause {
            self.gate.pause(pause);
            // Nobody listening, or too busy to: the pause holds all the same.
            let _ = self.notices.try_send(Notice::Paused {
                pause,
                why: error.to_string(),
            });
        }
        if attempt > self.effort.retries {
            return Ok(());
        }
        let _ = self.notices.try_send(Notice::Retried {
            attempt,
            delay,
            why: error.to_string(),
        });
        if later.is_throttle || asked.is_some() {
            // The gate's pause is the wait.
            return Ok(());
        }
        tokio::select! {
            () = self.stop.raised() => Err(Halt::Stopped),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    async fn write(&self, shipment: &Shipment, facts: Vec<Fact>) -> Result<(), Halt> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
    }

    /// Brings facts to the disk. Without a ledger nothing more is sent.
    pub(super) async fn record(&self, facts: Facts) -> Result<(), Halt> {
        let written = match facts {
            Facts::OfCall(entries) => self.writer.write(entries).await,
            Facts::OfCase(entries) => self.writer.write_cases(entries).await,
        };
        written.map_err(|error| {
            self.stop.raise(Stop::LedgerLost, error.to_string());
            Halt::Stopped
        })
    }

    /// The words about something that was tried as often as allowed.
    pub(super) fn gave_up(&self, why: &str) -> String {
        format!("not sent after {} tries: {why}", self.effort.retries + 1)
    }

    async fn halted(&self, shipment: &Shipment, halt: Halt) -> Ending {
        let fingerprint = shipment.fingerprint;
        let (fact, code, message) = match halt {
            Halt::Stopped => {
                return Ending {
                    outcome: Outcome::NotAttempted,
                    detail: "stopped",
                    problem: None,
                    delivered: None,
                };
            }
            Halt::Refused {
                stage,
                status,
                message,
                code,
                in_doubt,
            } => {
                let (stage, why) = (stage.into(), message.clone());
                // A refused recording may have arrived before, and only a failure leaves the intent.
                let fact = if in_doubt && stage == ledger::Stage::Upload {
                    let status = Some(status);
                    Fact::Failed {
                        fingerprint,
                        stage,
                        status,
                        why,
                    }
                } else {
                    Fact::Refused {
                        fingerprint,
                        stage,
                        status,
                        message: why,
                    }
                };
                (fact, code, message)
            }
            Halt::Failed { stage, status, why } => {
                let message = self.gave_up(&why);
                (
                    Fact::Failed {
                        fingerprint,
                        stage: stage.into(),
                        status,
                        why,
                    },
                    Code::GaveUp,
                    message,
                )
            }
        };
        // A ledger that is lost stops the run by itself; this call failed either way.
        let _ = self.write(shipment, vec![fact]).await;
        Ending {
            outcome: Outcome::Failed,
            detail: "",
            problem: Some((code, message)),
            delivered: None,
        }
    }
}

fn entries(shipment: &Shipment, facts: Vec<Fact>) -> Facts {
    let identity: Arc<str> = shipment.call.identity().into();
    let entry = |fact| Entry::new(Arc::clone(&identity), fact);
    Facts::OfCall(facts.into_iter().map(entry).collect())
}

/// Who made a conversation.
enum Made {
    Ours(Option<String>),
    Adopted,
    LeftAlone,
}

impl From<Stage> for ledger::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            // A case has no stages in the ledger; it is made by the request that fills it.
            Stage::Create | Stage::Case | Stage::Change => ledger::Stage::Create,
            Stage::Upload => ledger::Stage::Upload,
        }
    }
}

fn known_uid(shipment: &Shipment) -> Option<String> {
    match &shipment.standing.as_ref()?.create {
        Create::Done { uid, .. } => uid.clone(),
        _ => None,
    }
}

fn status(error: &api::Error) -> Option<u16> {
    match error {
        api::Error::Status { status, .. } | api::Error::Unreadable { status } => Some(*status),
        _ => None,
    }
}

fn refused(stage: Stage, error: &api::Error, in_doubt: bool) -> Halt {
    let code = match error {
        api::Error::RecordingChanged { .. } => Code::RecordingChanged,
        api::Error::Recording(_) => Code::RecordingUnreadable,
        _ => Code::ServerRefused,
    };
    Halt::Refused {
        stage,
        status: status(error).unwrap_or(0),
        message: error.to_string(),
        code,
        in_doubt,
    }
}
