//! The harness of the tests: a sandbox, a client, and bodies that are right.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::faults::rules::{Fault, FaultRule, Faults};
use super::options::SandboxOptions;
use super::server::{Sandbox, start};

pub(super) const TOKEN: &str = "a-token-of-the-tests";

/// A sandbox that is served, and somebody who calls it.
pub(super) struct Given {
    pub(super) sandbox: Sandbox,
    pub(super) client: Client,
}

/// An answer that has been read.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON answer")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Given {
    pub(super) async fn sandbox() -> Self {
        Self::options(SandboxOptions::new(TOKEN)).await
    }

    pub(super) async fn rule(rule: FaultRule) -> Self {
        let faults = Faults::seeded(1).with(rule);
        Self::options(SandboxOptions::new(TOKEN).with_faults(faults)).await
    }

    pub(super) async fn fault(fault: Fault) -> Self {
        Self::rule(FaultRule::new(fault)).await
    }

    pub(super) async fn options(options: SandboxOptions) -> Self {
        // Every test asks for it, and only the first can have it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = start(options).await.expect("a sandbox");
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .expect("a client");
        Self { sandbox, client }
    }

    /// A request without a token.
    pub(super) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.url());
        self.client.request(method, url)
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).header("authorization", TOKEN)
    }

    pub(super) async fn json(&self, method: Method, path: &str, body: &Value) -> Reply {
        send(self.request(method, path).json(body)).await
    }

    pub(super) async fn create(&self, version: &str, body: &Value) -> Reply {
        let path = format!("/{version}/conversation");
        self.json(Method::POST, &path, body).await
    }

    /// The uid of a conversation that is new.
    pub(super) async fn created(&self, identity: &str) -> String {
        let reply = self.create("v2", &conversation(identity)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let uid = reply.json()["UID"].as_str().map(str::to_owned);
        uid.expect("a uid")
    }

    pub(super) async fn upload(&self, key: &str, form: Form) -> Reply {
        let path = format!("/v1/audio/{key}");
        send(self.request(Method::POST, &path).multipart(form)).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// Sends bytes as they are and reads until the server closes; what came, and whether all could
    /// be sent and the end was an orderly one.
    pub(super) async fn raw(&self, request: impl AsRef<[u8]> + Send + 'static) -> (String, bool) {
        let address = self.sandbox.address();
        let talk = move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            let sent = stream.write_all(request.as_ref());
            let mut answer = Vec::new();
            let ended = stream.read_to_end(&mut answer);
            (
                String::from_utf8_lossy(&answer).into_owned(),
                sent.is_ok() && ended.is_ok(),
            )
        };
        tokio::task::spawn_blocking(talk).await.expect("a talk")
    }

    /// What the `Host` of a request says.
    pub(super) fn host(&self) -> String {
        self.sandbox.address().to_string()
    }

    /// As bytes on the wire, with one request for each connection.
    pub(super) fn wire(&self, line: &str, headers: &str, body: &str) -> String {
        let (length, host) = (body.len(), self.host());
        format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\nauthorization: {TOKEN}\r\n\
             connection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
    }

    /// The beginning of an upload of `length` bytes to the identity `a`.
    pub(super) fn upload_head(&self, token: &str, length: usize) -> String {
        let host = self.host();
        format!(
            "POST /v1/audio/external/a HTTP/1.1\r\nhost: {host}\r\n\
             authorization: {token}\r\ncontent-type: multipart/form-data; boundary=x\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    }
}

/// Sends a request that is answered.
pub(super) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.expect("a whole answer");
    Reply {
        status,
        headers,
        text,
    }
}

/// A body that versions 2 and 3 take, with the required fields only.
pub(super) fn conversation(identity: &str) -> Value {
    json!({
        "externalIdentity": identity,
        "agentId": "17",
        "agentName": "Ada Example",
        "agentEmail": "ada@example.com",
        "customer": "+4570123456",
        "dateTime": "2024-05-01T09:30:00+02:00",
        "subject": "A test call",
    })
}

/// The same with one field set; `Value::Null` stands for itself.
pub(super) fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The same without one field.
pub(super) fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut()
        .expect("an object")
        .shift_remove(name)
        .expect("the field was there");
    body
}

/// The file part as it should be.
pub(super) fn file(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec())
        .file_name("call.wav")
        .mime_str("audio/wav")
        .expect("a type")
}

/// A form as it should be.
pub(super) fn form(bytes: &[u8]) -> Form {
    Form::new().part("data", file(bytes))
}
