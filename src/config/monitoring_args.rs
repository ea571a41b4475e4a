//! The flags about watching a run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Error, token, units};
use crate::monitoring::MonitoringOptions;

/// Who may watch a run, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Monitoring")]
pub struct MonitoringArgs {
    /// Answer /metrics (OpenMetrics), /status.json and /readyz at this address, such as 127.0.0.1:9464. Another address than
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
}

impl MonitoringArgs {
    /// What was asked for; reads the token.
    pub fn options(&self) -> Result<MonitoringOptions, Error> {
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
        })
    }
}
