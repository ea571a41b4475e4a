//! What a sandbox is started with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::faults::rules::Faults;
use super::v2_page::V2Page;

/// What a sandbox is started with.
#[derive(Clone)]
pub struct SandboxOptions {
    /// Where to listen; anything but a loopback address needs `allow_remote`.
    pub listen: IpAddr,
    /// 0 takes any free port.
    pub port: u16,
    /// What clients must present; not blank.
    pub token: String,
    /// What shall go wrong.
    pub faults: Faults,
    /// The largest recording that is taken, in bytes.
    pub max_audio: u64,
    /// Whether other machines may reach the sandbox, by whatever name of this one.
    pub allow_remote: bool,
    /// Whether it shows what arrived, at `/` and `/__state`, and can be reset from there.
    pub pages: bool,
    /// What happens to fields that the documentation does not know.
    pub unknown_fields: UnknownFields,
    /// Which page of version 2 it keeps to.
    pub v2_page: V2Page,
    /// The most conversations in one page of a list, whatever a client asks for.
    pub most_in_page: usize,
}

impl SandboxOptions {
    /// Any port of 127.0.0.1, no faults, the documented limits.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            token: token.into(),
            faults: Faults::default(),
            max_audio: 1_000_000_000,
            allow_remote: false,
            pages: true,
            unknown_fields: UnknownFields::default(),
            v2_page: V2Page::default(),
            most_in_page: 10_000,
        }
    }

    /// The same options with these faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
}

impl fmt::Debug for SandboxOptions {
    /// Without the token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("listen", &self.listen)
            .field("port", &self.port)
            .field("faults", &self.faults)
            .field("max_audio", &self.max_audio)
            .field("allow_remote", &self.allow_remote)
            .field("pages", &self.pages)
            .field("unknown_fields", &self.unknown_fields)
            .field("v2_page", &self.v2_page)
            .field("most_in_page", &self.most_in_page)
            .finish_non_exhaustive()
    }
}

/// What happens to fields that the documentation does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// They are answered with 400, so that a misspelt field is noticed.
    #[default]
    Refuse,
    /// They are kept and nothing is said, as the real server probably does.
    Ignore,
}
