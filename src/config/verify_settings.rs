//! The flags of `verify`, resolved.

use std::time::Duration;

use super::base_url::destination_name;
use super::destination::{RouteFlags, base_and_route};
use super::read_api_args::ReadApiArgs;
use super::verify_args::{ReadArgs, VerifyArgs};
use super::{Error, token};
use crate::api::ReadConnection;
use crate::delivery::{FailureBudget, RateLimits, RetryLimits};
use crate::domain::ExistingConversation;

/// The destination whose read API is known.
const USUAL: &str = "https://integrations.capturi.ai";
/// Its read API.
const USUAL_READ: &str = "https://api.capturi.ai/audio";

/// What a comparison needs beyond its ledger.
#[derive(Debug)]
pub struct VerifySettings {
    /// The read API.
    pub connection: ReadConnection,
    /// By which the ledger knows the destination.
    pub destination: String,
    /// How fast it is asked.
    pub pace: RateLimits,
    /// How hard.
    pub limits: RetryLimits,
    /// How long a recording may need to show.
    pub settle: Duration,
}

impl VerifySettings {
    /// Resolves the flags; reads the token and the certificates.
    pub fn resolve(arguments: &VerifyArgs) -> Result<VerifySettings, Error> {
        let read = &arguments.read;
        let (host, api) = (&read.host, &read.api);
        let destination = destination_name(&read.base_url)?;
        let Some(url) = read_address(api, &destination) else {
            return Err(Error::NoReadApi { destination });
        };
        let (base, route) = base_and_route(url, RouteFlags::of(host, read.timeout))?;
        let token = match token::read_for_reading(api.token_file.as_deref())? {
            Some(token) => token,
            None => token::read(host.token_file.as_deref(), host.token_command.as_deref())?,
        };
        Ok(VerifySettings {
            connection: ReadConnection {
                base,
                version: api.version.clone(),
                token,
                route,
            },
            destination,
            pace: RateLimits {
                rate: (read.rate > 0.0).then_some(read.rate),
                width: 1,
                patience: read.max_outage,
            },
            limits: limits(read),
            settle: api.settle,
        })
    }
}

/// The read API that is named, else that of the usual destination: another server would not have a single
/// call of its ledger.
pub(super) fn read_address<'a>(read: &'a ReadApiArgs, destination: &str) -> Option<&'a str> {
    let usual = (destination == USUAL).then_some(USUAL_READ);
    read.url.as_deref().or(usual)
}

/// Nothing is sent, so what limits calls says nothing.
fn limits(read: &ReadArgs) -> RetryLimits {
    RetryLimits {
        retries: read.retries,
        max_wait: read.max_wait,
        failure_budget: FailureBudget {
            errors: None,
            rate: None,
            same: None,
        },
        limit: None,
        max_duration: None,
        existing: ExistingConversation::Skip,
        is_existing_typed: false,
        hold_for: Duration::MAX,
    }
}
