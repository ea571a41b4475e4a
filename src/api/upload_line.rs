//! On which connections recordings travel.
//!
//! All streams of an HTTP/2 connection share its windows for flow control: servers let through 64 KiB a
//! stream, or some 100 KiB a connection, in each round trip (RFC 9113 section 5.2). Over HTTP/1.1 each
//! recording has a connection of its own, and TCP finds out how much the line carries.

use std::sync::atomic::{AtomicBool, Ordering};

use super::transport::{self, ClientError, HttpOptions};

/// The client that sends recordings: over HTTP/1.1, unless the server refuses that.
#[derive(Debug)]
pub(super) struct UploadLine {
    http1: reqwest::Client,
    /// Speaks what the server prefers.
    any: reqwest::Client,
    refuses_http1: AtomicBool,
}

impl UploadLine {
    /// The line on this route; `any` is the client for everything else.
    pub(super) fn new(
        route: &HttpOptions,
        any: reqwest::Client,
    ) -> Result<UploadLine, ClientError> {
        Ok(UploadLine {
            http1: transport::http_builder(route)?.http1_only().build()?,
            any,
            refuses_http1: AtomicBool::new(false),
        })
    }

    /// What the next recording is sent by.
    pub(super) fn client(&self) -> &reqwest::Client {
        if self.refuses_http1.load(Ordering::Relaxed) {
            &self.any
        } else {
            &self.http1
        }
    }

    /// Notes that the server refuses HTTP/1.1. Whether another try by [`UploadLine::client`] makes sense:
    /// not when `sent_by` was the other one already.
    pub(super) fn is_refused(&self, sent_by: &reqwest::Client) -> bool {
        self.refuses_http1.store(true, Ordering::Relaxed);
        std::ptr::eq(sent_by, &raw const self.http1)
    }
}
