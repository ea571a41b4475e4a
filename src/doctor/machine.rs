//! What this machine has that some runs need: programs and time zones.

use jiff::tz::{self, TimeZone};

use crate::recordings::{Ffmpeg, ProgramEnvironment};
use crate::report::DoctorLine;
use crate::stores::SshSettings;

/// A zone that every collection of zones has.
const ZONE: &str = "Europe/Copenhagen";

/// Looks for `ffmpeg`.
pub fn check_ffmpeg(environment: ProgramEnvironment) -> DoctorLine {
    const SUBJECT: &str = "ffmpeg";
    match Ffmpeg::find(environment) {
        Ok(_) => DoctorLine::ok(SUBJECT, "installed"),
        Err(error) => DoctorLine::warning(
            SUBJECT,
            error.to_string(),
            "Install ffmpeg if you need --transcode or several files for a call.",
        ),
    }
}

/// Looks for `ssh`.
pub fn check_ssh(settings: &SshSettings) -> DoctorLine {
    const SUBJECT: &str = "ssh";
    match settings.expect_installed() {
        Ok(()) => DoctorLine::ok(SUBJECT, "installed"),
        Err(error) => DoctorLine::warning(
            SUBJECT,
            format!("ssh cannot be started: {error}"),
            "Install the OpenSSH client if you need recordings of sftp:// stores.",
        ),
    }
}

/// Looks at the data of time zones, and at the zone of this machine.
pub fn check_time_zones() -> DoctorLine {
    const SUBJECT: &str = "time zones";
    if let Err(error) = tz::db().get(ZONE) {
        let cure = "Install the package tzdata.".to_owned();
        return DoctorLine::fault(SUBJECT, error.to_string(), Some(cure));
    }
    match TimeZone::try_system() {
        Ok(zone) => {
            let name = zone
                .iana_name()
                .unwrap_or("a zone without a name")
                .to_owned();
            DoctorLine::ok(SUBJECT, format!("known; this machine uses {name}"))
        }
        Err(_) => DoctorLine::warning(
            SUBJECT,
            "known, but this machine does not tell its own zone",
            "Set TZ, or name the zone of --window and --until with --hours-zone.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DoctorLevel;

    #[test]
    fn a_program_that_is_not_installed_is_a_warning() {
        let nowhere = ProgramEnvironment::new([("PATH".into(), "/no/such/folder".into())]);
        assert_eq!(check_ffmpeg(nowhere.clone()).level, DoctorLevel::Warning);
        let settings = SshSettings {
            environment: nowhere,
            ..SshSettings::default()
        };
        assert_eq!(check_ssh(&settings).level, DoctorLevel::Warning);
    }
}
