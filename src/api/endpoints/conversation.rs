//! The call that makes a conversation.

use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;

use crate::api::Error;
use crate::api::client::{Client, is_id};
use crate::api::redacted::says_token;
use crate::api::transport::{ANSWER_LIMIT, read};

/// The answer to a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The conversation's id at the destination.
    pub uid: String,
}

/// The answers differ in the case of this name (`UID`, `uid`), so all are taken.
#[derive(Deserialize)]
struct CreatedBody {
    #[serde(alias = "UID", alias = "Uid")]
    uid: String,
}

/// `POST /v2|v3/conversation` with a body of [`body`](crate::api::body).
pub async fn create(client: &Client, body: Bytes) -> Result<Created, Error> {
    let request = client.json_request(Method::POST, client.create.clone(), body)?;
    let exchange = async {
        let response = client.send(request).await?;
        let status = response.status().as_u16();
        let body = read(response, ANSWER_LIMIT).await?;
        serde_json::from_slice::<CreatedBody>(&body)
            .ok()
            .filter(|created| is_id(&created.uid))
            // The ledger and `accepted.csv` keep it.
            .filter(|created| !says_token(&client.authorization, &created.uid))
            .map(|created| Created { uid: created.uid })
            .ok_or(Error::Unreadable { status })
    };
    tokio::time::timeout(client.timeout, exchange)
        .await
        .unwrap_or(Err(Error::TimedOut(client.timeout)))
}
