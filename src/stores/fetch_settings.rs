//! How recordings are fetched that an export names by their URLs.

use secrecy::SecretString;

/// How a source of recordings wants its secret.
#[derive(Debug, Clone)]
pub enum FetchSecret {
    /// Name and password, with a colon between.
    Basic(SecretString),
    /// Behind `Bearer`.
    Bearer(SecretString),
    /// The value of a header.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretString,
    },
}

/// How recordings are fetched that an export names by URL.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// JSON pointers from the first answer to the sound.
    pub then: Vec<String>,
    /// The secret, for `hosts` alone.
    pub secret: Option<FetchSecret>,
    /// Who gets the secret; `*.example.com` for all below.
    pub hosts: Vec<String>,
    /// Requests a second, above 0; no limit without.
    pub rate: Option<f64>,
    /// Requests at once.
    pub parallel: usize,
    /// Tries after the first; the usual ones where it is not said.
    pub retries: Option<u32>,
    /// Whether this machine and private networks may be asked.
    pub may_be_private: bool,
}
