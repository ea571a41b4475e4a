//! Where a run sends to and asks, with what is needed to reach it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::base_url::{base_url, is_loopback};
use super::host_args::HostArgs;
use super::sending_args::{DestinationArgs, EffortArgs};
use super::small_file::{self, LONGEST_BUNDLE};
use super::v2_page_arg::V2PageArg;
use super::{Error, token};
use crate::api::{ApiVersion, Connection, HttpOptions, ProxyUse, ReadConnection};

/// Where a run sends to.
#[derive(Debug)]
pub enum Destination {
    /// A server that can be reached at an address.
    Server(Box<Connection>),
    /// The pretend server inside this process.
    Sandbox {
        /// TOML of the faults that it plays.
        faults: Option<PathBuf>,
        /// The page of version 2 that it keeps to.
        v2_page: V2PageArg,
    },
}

/// Where and how uploads in doubt are looked up.
#[derive(Debug, Clone)]
pub struct ReadApiSettings {
    /// The read API.
    pub connection: ReadConnection,
    /// How long after a lost answer it is believed that a recording is not there.
    pub settle: Duration,
}

/// The connection of the deliveries.
pub(super) fn connection(
    arguments: &DestinationArgs,
    effort: &EffortArgs,
    version: ApiVersion,
    token: SecretString,
) -> Result<Connection, Error> {
    let (base, route) = base_and_route(
        &arguments.base_url,
        RouteFlags::of(&arguments.host, effort.timeout),
    )?;
    Ok(Connection {
        base,
        version,
        token,
        route,
    })
}

/// The connection of the read API, if one is asked; with a token of its own or that of the deliveries.
pub(super) fn reading(
    arguments: &DestinationArgs,
    effort: &EffortArgs,
    token: &SecretString,
) -> Result<Option<ReadApiSettings>, Error> {
    let Some(url) = &arguments.read.url else {
        return Ok(None);
    };
    let (base, route) = base_and_route(url, RouteFlags::of(&arguments.host, effort.timeout))?;
    let own = token::read_for_reading(arguments.read.token_file.as_deref())?;
    Ok(Some(ReadApiSettings {
        connection: ReadConnection {
            base,
            version: arguments.read.version.clone(),
            token: own.unwrap_or_else(|| token.clone()),
            route,
        },
        settle: arguments.read.settle,
    }))
}

/// The flags about the way to a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteFlags<'a> {
    /// The token may go over plain HTTP.
    pub(super) allow_http: bool,
    /// The certificates to trust.
    pub(super) ca_bundle: Option<&'a Path>,
    /// How long a request may stand still.
    pub(super) timeout: Duration,
}

impl<'a> RouteFlags<'a> {
    pub(super) fn of(host: &'a HostArgs, timeout: Duration) -> RouteFlags<'a> {
        RouteFlags {
            allow_http: host.allow_http,
            ca_bundle: host.ca_bundle.as_deref(),
            timeout,
        }
    }
}

/// An address that a token may be sent to, and how it is reached.
pub(super) fn base_and_route(
    url: &str,
    flags: RouteFlags<'_>,
) -> Result<(Url, HttpOptions), Error> {
    let base = base_url(url)?;
    let is_loopback = is_loopback(&base);
    if base.scheme() == "http" && !is_loopback && !flags.allow_http {
        return Err(Error::PlainHttp(base.to_string()));
    }
    let ca_bundle = match flags.ca_bundle {
        Some(path) => Some(small_file::read(path, LONGEST_BUNDLE).map_err(|source| {
            let path = path.to_owned();
            Error::CaBundle { path, source }
        })?),
        None => None,
    };
    let proxy = if is_loopback {
        ProxyUse::None
    } else {
        ProxyUse::FromEnvironment
    };
    Ok((
        base,
        HttpOptions {
            timeout: flags.timeout,
            proxy,
            ca_bundle,
        },
    ))
}
