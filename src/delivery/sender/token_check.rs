//! Whether the token is refused, or somebody on the way dislikes one request: who was refused with 401 or
//! 403, and the question that tells the two apart.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::breaker::Health;
use super::error::status;
use super::gate::{Gate, Permit};
use super::refusals::Refusals;
use super::request_kind::RequestKind;
use crate::api::{self, Client, Error};

/// What is known of the token.
#[derive(Debug, Default)]
pub(crate) struct TokenCheck {
    pub(crate) refusals: Refusals,
    probe: Mutex<Option<TokenProbe>>,
}

/// A request that has worked and changes nothing when it is sent again.
#[derive(Debug, Clone)]
pub(crate) enum TokenProbe {
    /// The create of a call that is there since: its answer is 409.
    Call(Bytes),
    /// A change of no field of this case.
    Case(String),
}

impl TokenProbe {
    /// Sends it once more.
    async fn send(self, client: &Client) -> Result<(), Error> {
        match self {
            TokenProbe::Call(body) => api::create(client, body).await.map(drop),
            TokenProbe::Case(uid) => api::patch_case(client, &uid, "{}".into()).await,
        }
    }
}

impl TokenCheck {
    /// The last request that worked and could be sent again.
    pub(crate) fn remember(&self, probe: TokenProbe) {
        *self.probe() = Some(probe);
    }

    /// Finds out whether the token is refused, by a request that has worked in this run. `None` when that
    /// cannot be found out.
    pub(super) async fn is_refused(
        &self,
        client: &Client,
        gate: &Gate,
        kind: RequestKind,
        permit: Permit,
    ) -> Option<bool> {
        let has_worked = self.refusals.has_worked(kind);
        let known = self.probe().clone();
        let Some(probe) = known.filter(|_| has_worked) else {
            gate.leave(permit, Health::Well, 0.0);
            return (!has_worked).then_some(true);
        };
        let result = probe.send(client).await;
        let status = result.as_ref().err().map_or(Some(200), status);
        let health = match status {
            Some(..500) => Health::Well,
            _ => Health::Unwell,
        };
        gate.leave(permit, health, fastrand::f64());
        match status? {
            401 | 403 => Some(true),
            ..500 => {
                self.refusals.clear_token(kind);
                Some(false)
            }
            _ => None,
        }
    }

    fn probe(&self) -> MutexGuard<'_, Option<TokenProbe>> {
        self.probe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
