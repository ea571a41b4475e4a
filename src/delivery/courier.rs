//! The story of one call: create the conversation, send its recording, and write down what became of
//! each. How often a request is tried, and when, is `attempt`'s.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Effort;
use super::attempt::{Answer, Facts, Halt, Intent, Notice};
use super::gate::Gate;
use super::preparation::{Bench, Unprepared};
use super::stop::StopSignal;
use super::verdict::Stage;
use crate::api::{self, AudioSettings, Client, Key, Throttle, Version};
use crate::call::Code;
use crate::failpoint::{self, Point};
use crate::ledger::{self, Create, Entry, Fact, Writer};
use crate::pipeline::{Delivered, Outcome, Parcel, Shipment};
use crate::plan::{Existing, Step};

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) detail: &'static str,
    pub(super) problem: Option<(Code, String)>,
    pub(super) delivered: Option<Delivered>,
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
    pub(super) bench: Option<Bench>,
    pub(super) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    pub(super) notices: mpsc::Sender<Notice>,
}

impl Courier {
    /// Carries out the step of one call to its end.
    pub(super) async fn deliver(&self, mut shipment: Shipment) -> Ending {
        let prepared = match self.prepare_recording(&shipment).await {
            Ok(prepared) => prepared,
            Err(Unprepared::Stopped) => return self.halted(&shipment, Halt::Stopped).await,
            Err(Unprepared::Failed(error)) => return self.unprepared(&shipment, &error).await,
        };
        if let Some(prepared) = &prepared {
            shipment.parcel = Some(prepared.parcel.clone());
        }
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

    pub(super) async fn write(&self, shipment: &Shipment, facts: Vec<Fact>) -> Result<(), Halt> {
        failpoint::reached(Point::FactIsDue);
        self.record(entries(shipment, facts)).await
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
