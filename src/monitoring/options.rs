//! What the operator chose about watching a run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::notifier::NotifyOptions;

/// Who may watch, and where.
#[derive(Debug, Default)]
pub struct MonitoringOptions {
    /// Where HTTP requests are answered; `None` for nowhere.
    pub listen: Option<SocketAddr>,
    /// What they must present; `None` where this machine alone can ask.
    pub token: Option<SecretString>,
    /// How long they are answered after the end.
    pub linger: Duration,
    /// The file of metrics.
    pub file: Option<PathBuf>,
    /// Who is told; `None` for nobody.
    pub notify: Option<NotifyOptions>,
}

impl MonitoringOptions {
    /// Whether anybody watches.
    pub fn is_asked(&self) -> bool {
        self.listen.is_some() || self.file.is_some() || self.notify.is_some()
    }
}
