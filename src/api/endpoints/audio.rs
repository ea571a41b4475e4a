//! The call that sends a recording.

use reqwest::header::AUTHORIZATION;
use url::Url;

use crate::api::client::{Client, segment};
use crate::api::connect_error::classify;
use crate::api::transport::{self, ANSWER_LIMIT, read};
use crate::api::{AudioSettings, Error, UploadBody};

/// How an upload names its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationRef<'a> {
    /// By the id that the create call returned.
    Uid(&'a str),
    /// By `externalIdentity`, when the answer that held the uid was lost.
    External(&'a str),
}

/// `POST /v1/audio/{uid}` or `/v1/audio/external/{externalIdentity}`. Ends with
/// [`Error::TimedOut`] when neither a byte leaves nor an answer comes for the timeout; there
/// is no limit on the whole, so that 1 GB over a slow line is fine.
pub async fn upload(
    client: &Client,
    key: ConversationRef<'_>,
    upload: &UploadBody,
    settings: &AudioSettings,
) -> Result<(), Error> {
    let http = client.uploads.client();
    match upload_by(http, client, key, upload, settings).await {
        Err(Error::OtherProtocol(_)) if client.uploads.is_refused(http) => {
            upload_by(client.uploads.client(), client, key, upload, settings).await
        }
        result => result,
    }
}

async fn upload_by(
    http: &reqwest::Client,
    client: &Client,
    key: ConversationRef<'_>,
    upload: &UploadBody,
    settings: &AudioSettings,
) -> Result<(), Error> {
    let (form, watch) = upload.form(settings)?;
    let request = http
        .post(audio_url(&client.audio, key)?)
        .header(AUTHORIZATION, client.authorization.clone())
        .multipart(form)
        .build()
        .map_err(|error| classify(&error))?;
    let exchange = async {
        let name = Some(upload.file_name.as_str());
        let response = transport::send(http, request, name).await?;
        // The body says nothing of use, but the connection is only used again once it is read,
        // and an answer that breaks off is no success.
        read(response, ANSWER_LIMIT).await?;
        Ok(())
    };
    let result = watch
        .until_stalled(exchange, client.timeout, upload.bytes)
        .await;
    match (result, upload.fault()) {
        (Err(_), Some(fault)) => Err(fault),
        (Ok(()), _) if upload.sent().1 < upload.bytes => Err(Error::Broken(
            "answered before the whole recording was sent".to_owned(),
        )),
        (result, _) => result,
    }
}

fn audio_url(base: &Url, key: ConversationRef<'_>) -> Result<Url, Error> {
    let mut url = base.clone();
    let path = match key {
        ConversationRef::Uid(uid) => format!("{}/{}", url.path(), segment(uid)?),
        ConversationRef::External(identity) => {
            format!("{}/external/{}", url.path(), segment(identity)?)
        }
    };
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment_of_the_path() {
        let audio = "http://127.0.0.1:1/base/v1/audio".parse().unwrap();
        let url = |id: &str| {
            let url = audio_url(&audio, ConversationRef::External(id));
            url.unwrap().to_string()
        };
        let base = "http://127.0.0.1:1/base/v1/audio/external/";
        assert_eq!(url("a/b c"), format!("{base}a%2Fb%20c"));
        assert_eq!(url("æ?#%"), format!("{base}%C3%A6%3F%23%25"));
        for step in [".", ".."] {
            assert!(matches!(
                audio_url(&audio, ConversationRef::External(step)),
                Err(Error::Unaddressable)
            ));
        }
    }
}
