//! The flags about watching a run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::base_url::is_loopback;
use super::program_environment::for_programs;
use super::{Error, token, token_command, units};
use crate::api::{HttpOptions, ProxyUse};
use crate::monitoring::{MonitoringOptions, NotifyAddress, NotifyOptions, NotifyTarget};

/// Who may watch a run, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Monitoring")]
pub struct MonitoringArgs {
    /// Answer /metrics, /status.json and /readyz at this address, such as 127.0.0.1:9464. Another address than
    /// loopback needs a token.
    #[arg(long, value_name = "ADDRESS", env = "CAPTURI_METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,
    /// File with the token that those who ask must present (mode 600); without it `CAPTURI_METRICS_TOKEN` is read.
    #[arg(long, value_name = "FILE", env = "CAPTURI_METRICS_TOKEN_FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Go on answering so long after the end, so that the last figures are fetched.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = units::duration, env = "CAPTURI_METRICS_LINGER")]
    pub metrics_linger: Duration,
    /// Write metrics to this file each 15 seconds and at the end, for the text file collector of `node_exporter`.
    #[arg(long, value_name = "FILE", env = "CAPTURI_METRICS_FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Tell this address (https://…) or program at the end, at a stop and by --notify-after, with a JSON object. May be repeated.
    #[arg(long, value_name = "URL|COMMAND", action = clap::ArgAction::Append, env = "CAPTURI_NOTIFY", hide_env_values = true, hide_default_value = true)]
    pub notify: Vec<String>,
    /// Tell once during the run when more calls than this are held or failed.
    #[arg(long, value_name = "N", env = "CAPTURI_NOTIFY_AFTER")]
    pub notify_after: Option<u64>,
    /// How long a message may take, with all its tries.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = units::span, env = "CAPTURI_NOTIFY_TIMEOUT")]
    pub notify_timeout: Duration,
    /// Send a request to this address each minute while the run goes on.
    #[arg(
        long,
        value_name = "URL",
        env = "CAPTURI_HEARTBEAT",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub heartbeat: Option<String>,
}

impl MonitoringArgs {
    /// What was asked for; reads the token and the secret.
    pub fn options(&self, allow_http: bool) -> Result<MonitoringOptions, Error> {
        let token = match self.metrics_addr {
            Some(address) => {
                let token = token::read_for_metrics(self.metrics_token_file.as_deref())?;
                if token.is_none() && !address.ip().is_loopback() {
                    return Err(Error::NoMetricsToken(address));
                }
                token
            }
            None => None,
        };
        Ok(MonitoringOptions {
            listen: self.metrics_addr,
            token,
            linger: self.metrics_linger,
            file: self.metrics_file.clone(),
            notify: self.notify_options(allow_http)?,
        })
    }

    fn notify_options(&self, allow_http: bool) -> Result<Option<NotifyOptions>, Error> {
        if self.notify.is_empty() && self.heartbeat.is_none() {
            return Ok(None);
        }
        let address = |flag: &'static str, text: &str| {
            let address = notify_address(text, self.notify_timeout, allow_http);
            address.map_err(|why| Error::Notify { flag, why })
        };
        let targets = self.notify.iter().map(|text| {
            if text.contains("://") && !text.contains(char::is_whitespace) {
                return address("--notify", text).map(NotifyTarget::Address);
            }
            let words = token_command::split(text).and_then(|words| {
                if words.is_empty() {
                    Err("it names neither an address nor a program".to_owned())
                } else {
                    Ok(NotifyTarget::Command(words))
                }
            });
            let flag = "--notify";
            words.map_err(|why| Error::Notify { flag, why })
        });
        let heartbeat = self.heartbeat.as_deref();
        Ok(Some(NotifyOptions {
            targets: targets.collect::<Result<_, _>>()?,
            after: self.notify_after,
            timeout: self.notify_timeout,
            secret: token::read_for_notifying()?,
            heartbeat: heartbeat
                .map(|text| address("--heartbeat", text))
                .transpose()?,
            environment: for_programs(),
        }))
    }
}

/// An address and the way to it. The words of the error do not repeat it, since it may be a secret.
fn notify_address(
    text: &str,
    timeout: Duration,
    allow_http: bool,
) -> Result<NotifyAddress, String> {
    let url: url::Url = text
        .parse()
        .map_err(|error| format!("the address cannot be read: {error}"))?;
    let is_here = is_loopback(&url);
    match url.scheme() {
        _ if url.host().is_none() => return Err("the address names no host".to_owned()),
        "https" => {}
        "http" if is_here || allow_http => {}
        "http" => {
            return Err(
                "the address is not encrypted; write https:// (--allow-http forces it)".to_owned(),
            );
        }
        _ => return Err("the address must begin with https://".to_owned()),
    }
    Ok(NotifyAddress {
        url,
        route: HttpOptions {
            timeout,
            proxy: if is_here {
                ProxyUse::None
            } else {
                ProxyUse::FromEnvironment
            },
            ca_bundle: None,
        },
    })
}
