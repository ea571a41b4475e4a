//! The system's `ssh`, which knows the user's configuration, keys, agent, jump hosts and known hosts.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use russh_sftp::client::{Config, SftpSession};
use tokio::process::{Child, Command};

use super::address::SftpAddress;
use super::error::SourceError;
use crate::recordings::ProgramEnvironment;

/// How `ssh` is started.
#[derive(Debug, Clone, Default)]
pub struct SshSettings {
    /// The variables that it may see.
    pub environment: ProgramEnvironment,
    /// Another configuration than the user's.
    pub config: Option<PathBuf>,
    /// A program of the user's gives the password (`SSH_ASKPASS` with `SSH_ASKPASS_REQUIRE=force`).
    pub asks_for_password: bool,
}

/// How long a login may take, with a jump host between.
const LOGIN: Duration = Duration::from_secs(30);
/// How long an answer of the server may take, in seconds.
const ANSWER_SECONDS: u64 = 30;
/// The most that is read of what `ssh` has to say.
const LONGEST_COMPLAINT: u64 = 4096;

/// A login, and the program that holds it. It ends with this.
pub(super) struct SshSession {
    pub(super) sftp: SftpSession,
    _ssh: Child,
}

impl SshSettings {
    /// An error if there is no `ssh` to start.
    pub fn expect_installed(&self) -> std::io::Result<()> {
        let mut command = self.environment.command("ssh");
        let (null, nowhere) = (Stdio::null(), Stdio::null());
        command
            .arg("-V")
            .stdin(null)
            .stdout(nowhere)
            .stderr(Stdio::null());
        command.status().map(drop)
    }

    /// Logs in.
    pub(super) async fn connect(&self, address: &SftpAddress) -> Result<SshSession, SourceError> {
        let broken = |error: std::io::Error| SourceError::broken(format!("ssh: {error}"));
        let mut complaints = tempfile::tempfile().map_err(broken)?;
        let mut command = Command::from(self.environment.command("ssh"));
        command.args([
            "-oConnectTimeout=8",
            "-oServerAliveInterval=15",
            "-oServerAliveCountMax=3",
        ]);
        if self.asks_for_password {
            // An unknown host would be asked about, too, for ever.
            command.args(["-oNumberOfPasswordPrompts=1", "-oStrictHostKeyChecking=yes"]);
        } else {
            command.arg("-oBatchMode=yes");
        }
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        if let Some(port) = address.port {
            command.arg("-p").arg(port.to_string());
        }
        if let Some(user) = &address.user {
            command.arg("-l").arg(user);
        }
        command.args(["-s", "--", &address.host, "sftp"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(complaints.try_clone().map_err(broken)?);
        let mut ssh = command
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| SourceError::Credentials(format!("ssh cannot be started: {error}")))?;
        let (Some(output), Some(input)) = (ssh.stdout.take(), ssh.stdin.take()) else {
            return Err(SourceError::broken("ssh has no input or output"));
        };
        let config = Config {
            request_timeout_secs: ANSWER_SECONDS,
            ..Config::default()
        };
        let both = tokio::io::join(output, input);
        let login = tokio::time::timeout(LOGIN, SftpSession::new_with_config(both, config));
        match login.await {
            Ok(Ok(sftp)) => Ok(SshSession { sftp, _ssh: ssh }),
            // The library only says that nobody answered; what happened is what `ssh` wrote.
            Ok(Err(_)) | Err(_) => Err(refusal(&mut ssh, &mut complaints).await),
        }
    }
}

/// Why there is no login, by what `ssh` wrote.
async fn refusal(ssh: &mut Child, complaints: &mut File) -> SourceError {
    let ended = tokio::time::timeout(Duration::from_secs(2), ssh.wait()).await;
    let mut text = Vec::new();
    let read = complaints
        .rewind()
        .and_then(|()| complaints.take(LONGEST_COMPLAINT).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    judge(&text, matches!(ended, Ok(Ok(_))) && read.is_ok())
}

/// What another try does not mend.
const FOR_GOOD: [&str; 6] = [
    "Permission denied",
    "Host key verification failed",
    "Too many authentication failures",
    "subsystem request failed",
    "Bad configuration option",
    "Bad owner or permissions",
];

fn judge(complaint: &str, has_ended: bool) -> SourceError {
    let mut lines = complaint.lines().map(str::trim);
    let last = lines.rfind(|line| !line.is_empty());
    let last = last.map(|line| line.chars().filter(|char| !char.is_control()).collect());
    let Some(last): Option<String> = last else {
        return if has_ended {
            SourceError::Credentials(
                "ssh ended without a word: a login script of that account prints text, or it has \
                 no SFTP"
                    .to_owned(),
            )
        } else {
            SourceError::broken("the SSH server does not answer")
        };
    };
    let said = format!("ssh says: {last}");
    if FOR_GOOD.iter().any(|part| said.contains(part)) {
        SourceError::Credentials(said)
    } else {
        SourceError::broken(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_decides_whether_another_try_makes_sense() {
        for (complaint, has_ended, is_passing) in [
            (
                "ann@example.com: Permission denied (publickey).\r\n",
                true,
                false,
            ),
            ("Host key verification failed.\n", true, false),
            (
                "ssh: connect to host 127.0.0.1 port 9: Connection refused\n",
                true,
                true,
            ),
            (
                "ssh: Could not resolve hostname nowhere: Name or service not known",
                true,
                true,
            ),
            ("", true, false),
            ("", false, true),
        ] {
            let error = judge(complaint, has_ended);
            let passes = matches!(error, SourceError::Passing { .. });
            assert_eq!(passes, is_passing, "{complaint}: {error}");
        }
        let error = judge("Warning: added\nConnection\u{1b}[31m refused\r\n", true);
        assert_eq!(error.to_string(), "ssh says: Connection[31m refused");
    }
}
