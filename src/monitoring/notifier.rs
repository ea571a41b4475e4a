//! Tells people and programs what becomes of a run. Nobody who is told holds the run up for longer than was
//! set, and one that cannot be told is a warning: the exit code is that of the run.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncWriteExt as _;
use url::Url;

use super::board::{BoardState, RunBoard};
use super::notification::{Occasion, message};
use crate::api::{HttpOptions, http_client};
use crate::events::Outcome;
use crate::recordings::ProgramEnvironment;

/// The header with the signature of the body: `sha256=` and 64 hexadecimal digits.
const SIGNATURE: &str = "x-capturi-signature";
/// The first wait before an address is tried again; each one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Who is told.
#[derive(Debug, Clone)]
pub enum NotifyTarget {
    /// Gets a POST.
    Address(NotifyAddress),
    /// Is started and gets the message on standard input: the program and its arguments.
    Command(Vec<String>),
}

/// An address, which may be a secret, and how it is reached.
#[derive(Debug, Clone)]
pub struct NotifyAddress {
    /// The address.
    pub url: Url,
    /// The way to it.
    pub route: HttpOptions,
}

impl NotifyAddress {
    fn host(&self) -> String {
        self.url.host_str().unwrap_or("the address").to_owned()
    }

    fn client(&self) -> Result<reqwest::Client, String> {
        http_client(&self.route).map_err(|error| error.to_string())
    }
}

impl NotifyTarget {
    /// Who it is, without what may be secret.
    fn name(&self) -> String {
        match self {
            NotifyTarget::Address(address) => address.host(),
            NotifyTarget::Command(words) => words.first().cloned().unwrap_or_default(),
        }
    }
}

/// Who is told what.
#[derive(Debug, Clone)]
pub struct NotifyOptions {
    /// Everybody.
    pub targets: Vec<NotifyTarget>,
    /// Tell once when so many calls are held or failed.
    pub after: Option<u64>,
    /// How long everybody together may take.
    pub timeout: Duration,
    /// Signs what is sent.
    pub secret: Option<SecretString>,
    /// Gets a request each minute.
    pub heartbeat: Option<NotifyAddress>,
    /// What a program may see.
    pub environment: ProgramEnvironment,
}

impl NotifyOptions {
    /// Tells everybody at the same time.
    pub(super) async fn tell(&self, state: &BoardState, occasion: Occasion) {
        let body = message(state, occasion);
        let told = self.targets.iter().map(|target| async {
            let telling = async {
                match target {
                    NotifyTarget::Address(address) => self.post(address, &body).await,
                    NotifyTarget::Command(words) => self.start(words, &body).await,
                }
            };
            let why = match tokio::time::timeout(self.timeout, telling).await {
                Ok(Ok(())) => return,
                Ok(Err(why)) => why,
                Err(_) => format!("no success within {} s", self.timeout.as_secs()),
            };
            tracing::warn!("--notify: {} was not told: {why}", target.name());
        });
        futures::future::join_all(told).await;
    }

    /// Tries until it is taken, or the time is over.
    async fn post(&self, address: &NotifyAddress, body: &str) -> Result<(), String> {
        let http = address.client()?;
        let mut wait = FIRST_WAIT;
        loop {
            let mut request = http
                .post(address.url.clone())
                .header("content-type", "application/json")
                .body(body.to_owned());
            if let Some(secret) = &self.secret {
                request = request.header(SIGNATURE, signature(secret, body));
            }
            let why = match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => {
                    let status = answer.status();
                    let why = format!("it answered {}", status.as_u16());
                    if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) {
                        return Err(why);
                    }
                    why
                }
                Err(error) => error.without_url().to_string(),
            };
            tracing::debug!("--notify: {why}; tried again");
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    /// Starts a program, which gets the message on standard input. It is ended when it takes too long.
    async fn start(&self, words: &[String], body: &str) -> Result<(), String> {
        let (program, arguments) = words.split_first().ok_or("no program is named")?;
        let mut command = self.environment.command(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut command = tokio::process::Command::from(command);
        let started = command.kill_on_drop(true).spawn();
        let mut child = started.map_err(|error| format!("it cannot be started: {error}"))?;
        if let Some(mut input) = child.stdin.take() {
            // One that does not read it may still know what to do.
            let _ = input.write_all(body.as_bytes()).await;
            let _ = input.shutdown().await;
        }
        let ended = child.wait().await;
        let status = ended.map_err(|error| format!("it cannot be waited for: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("it failed ({status})"))
        }
    }

    /// Tells once when more calls are held or failed than was set; never ends.
    pub(super) async fn watch(&self, board: &RunBoard) {
        let mut changes = board.changes();
        let passed = |state: &BoardState| {
            let work = state.figures.as_ref().map(|figures| &figures.work);
            let count = work.map(|work| work.of(Outcome::Held) + work.of(Outcome::Failed));
            count
                .zip(self.after)
                .is_some_and(|(count, most)| count > most)
        };
        while changes.changed().await.is_ok() {
            let state = std::sync::Arc::clone(&changes.borrow_and_update());
            if passed(&state) {
                self.tell(&state, Occasion::LimitPassed).await;
                break;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Sends a sign of life each minute, for ever.
    pub(super) async fn beat(&self) {
        let Some(address) = &self.heartbeat else {
            return std::future::pending().await;
        };
        let http = match address.client() {
            Ok(http) => http,
            Err(why) => {
                tracing::warn!("--heartbeat: {}: {why}", address.host());
                return std::future::pending().await;
            }
        };
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let sent = http.get(address.url.clone()).timeout(self.timeout).send();
            let sent = sent.await;
            match sent {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => tracing::warn!("--heartbeat: {}", answer.status()),
                Err(error) => tracing::warn!("--heartbeat: {}", error.without_url()),
            }
        }
    }
}

fn signature(secret: &SecretString, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        // Writing into memory does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_others_sign_it() {
        let secret = SecretString::from("key");
        let signed = signature(&secret, "The quick brown fox jumps over the lazy dog");
        let known = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert_eq!(signed, format!("sha256={known}"));
    }

    #[test]
    fn a_target_is_named_without_what_may_be_secret() {
        let url = "https://hooks.example.com/services/s3cret?key=s3cret";
        let address = NotifyAddress {
            url: url.parse().unwrap(),
            route: HttpOptions {
                timeout: Duration::ZERO,
                proxy: crate::api::ProxyUse::None,
                ca_bundle: None,
            },
        };
        let target = NotifyTarget::Address(address);
        assert_eq!(target.name(), "hooks.example.com");
        let target = NotifyTarget::Command(vec!["mail".to_owned(), "s3cret".to_owned()]);
        assert_eq!(target.name(), "mail");
    }
}
