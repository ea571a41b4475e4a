//! Flags resolved into the plain values that the folders ask for.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::base_url::base_url;
use super::destination::{Destination, ReadApiSettings, connection, reading};
use super::run_args::RunArgs;
use super::sending_args::{OutsideWindowArg, PaceArgs};
use super::shard_args::NamedShard;
use super::{Error, token};
use crate::api::{ApiVersion, Connection, HttpOptions, ProxyUse, ReadConnection};
use crate::delivery::{FailureBudget, OutsideWindow, RateLimits, RetryLimits, Schedule};

/// The ledger when none is named.
const LEDGER: &str = "capturi-import.db";
/// The ledger of a rehearsal: never the real one.
pub const SANDBOX_LEDGER: &str = "capturi-import-sandbox.db";
/// The ledgers that nobody named.
pub const LEDGERS: [&str; 2] = [LEDGER, SANDBOX_LEDGER];

/// What a run needs beyond its export.
#[derive(Debug)]
pub struct RunSettings {
    /// Where to send.
    pub destination: Destination,
    /// Where uploads in doubt are looked up.
    pub reading: Option<ReadApiSettings>,
    /// The shape of the conversation endpoint.
    pub version: ApiVersion,
    /// How fast.
    pub pace: RateLimits,
    /// When, until when, and at how many bytes a second.
    pub schedule: Schedule,
    /// How hard to try.
    pub limits: RetryLimits,
    /// How long a request may stand still.
    pub timeout: Duration,
    /// The ledger file.
    pub ledger: PathBuf,
    /// The part of the export, where several processes share it.
    pub shard: Option<NamedShard>,
}

/// Whether the operator wants no colours (<https://no-color.org>).
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
pub fn forbids_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Requests a second of this process: its part of those of all that share the export.
fn rate_of(pace: &PaceArgs, shard: Option<NamedShard>) -> Option<f64> {
    let processes = shard.map_or(1.0, |named| f64::from(named.shard.count()));
    (pace.rate > 0.0).then_some(pace.rate / processes)
}

impl RunSettings {
    /// The ledger of a run: the one that is named, else the usual one.
    pub fn ledger_path(run: &RunArgs) -> PathBuf {
        let default = if run.destination.sandbox {
            SANDBOX_LEDGER
        } else {
            LEDGER
        };
        run.ledger.clone().unwrap_or_else(|| PathBuf::from(default))
    }

    /// Resolves the flags of a run; reads the token and the certificates.
    pub fn resolve(run: &RunArgs) -> Result<RunSettings, Error> {
        let RunArgs {
            destination,
            pace,
            effort,
            ..
        } = run;
        let version = run.version();
        let shard = run.share.resolve()?;
        let (destination, reading) = if destination.sandbox {
            let faults = destination.faults.clone();
            let v2_page = destination.v2_page;
            (Destination::Sandbox { faults, v2_page }, None)
        } else {
            let token = token::read(
                destination.host.token_file.as_deref(),
                destination.host.token_command.as_deref(),
            )?;
            let reading = reading(destination, effort, &token)?;
            let connection = connection(destination, effort, version, token)?;
            (Destination::Server(Box::new(connection)), reading)
        };
        Ok(RunSettings {
            destination,
            reading,
            version,
            pace: RateLimits {
                rate: rate_of(pace, shard),
                width: usize::from(effort.concurrency),
                patience: effort.max_outage,
            },
            schedule: Schedule {
                zone: effort.hours_zone.clone().unwrap_or_else(TimeZone::system),
                window: effort.window,
                outside: match effort.outside_window {
                    OutsideWindowArg::Wait => OutsideWindow::Wait,
                    OutsideWindowArg::Stop => OutsideWindow::Stop,
                },
                until: effort.until,
                bandwidth: pace.bandwidth.clone().unwrap_or_default(),
            },
            limits: RetryLimits {
                retries: effort.retries,
                max_wait: effort.max_wait,
                failure_budget: FailureBudget {
                    errors: effort.max_errors,
                    rate: effort.max_error_rate,
                    same: effort.max_same_error,
                },
                limit: effort.limit,
                max_duration: effort.max_duration,
                hold_for: run.export.hold_for,
                existing: effort.existing(),
                is_existing_typed: effort.is_existing_typed,
            },
            timeout: effort.timeout,
            ledger: RunSettings::ledger_path(run),
            shard,
        })
    }

    /// How to reach the server inside this process.
    pub fn sandbox_connection(&self, url: &str, token: &str) -> Result<Connection, Error> {
        Ok(Connection {
            base: base_url(url)?,
            version: self.version,
            token: SecretString::from(token),
            route: HttpOptions {
                timeout: self.timeout,
                proxy: ProxyUse::None,
                ca_bundle: None,
            },
        })
    }

    /// How the read API of the server inside this process is reached, which has both.
    pub fn sandbox_reading(run: &RunArgs, connection: &Connection) -> ReadApiSettings {
        let read = &run.destination.read;
        ReadApiSettings {
            connection: ReadConnection {
                base: connection.base.clone(),
                version: read.version.clone(),
                token: connection.token.clone(),
                route: connection.route.clone(),
            },
            settle: read.settle,
        }
    }
}
