//! How to find out whether the token is refused.

use bytes::Bytes;

use crate::api::{Client, Error};

/// A request that has worked and changes nothing when it is sent again.
#[derive(Debug, Clone)]
pub(in crate::delivery) enum TokenProbe {
    /// The create of a call that is there since: its answer is 409.
    Call(Bytes),
    /// A change of no field of this case.
    Case(String),
}

impl TokenProbe {
    /// Sends it once more.
    pub(super) async fn send(self, client: &Client) -> Result<(), Error> {
        match self {
            TokenProbe::Call(body) => client.create(body).await.map(drop),
            TokenProbe::Case(uid) => client.patch_case(&uid, "{}".into()).await,
        }
    }
}
