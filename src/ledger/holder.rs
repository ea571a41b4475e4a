//! Who has a ledger: what the lock file says of the run that locked it.

use std::fmt;

use jiff::Timestamp;

/// Who has the ledger, as far as the lock file tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: Option<u32>,
    /// The machine, where it is known.
    pub host: Option<String>,
    /// When the run took the lock.
    pub since: Option<Timestamp>,
}

impl Holder {
    pub(super) fn this_process() -> Self {
        // Only where it costs no more than reading a file.
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        Holder {
            pid: Some(std::process::id()),
            host: host.map(|host| host.trim().to_owned()),
            since: Timestamp::now().round(jiff::Unit::Second).ok(),
        }
    }

    /// Lines of `name value`; what is missing or unreadable stays unknown.
    pub(super) fn parse(text: &str) -> Self {
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        };
        Holder {
            pid: value("pid").and_then(|pid| pid.parse().ok()),
            host: value("host").map(str::to_owned),
            since: value("since").and_then(|since| since.parse().ok()),
        }
    }

    pub(super) fn lines(&self) -> String {
        let values = [
            ("pid", self.pid.map(|pid| pid.to_string())),
            ("host", self.host.clone()),
            ("since", self.since.map(|since| since.to_string())),
        ];
        let known = values
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}\n", value?)));
        known.collect()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}")?,
            None => write!(f, "unknown process")?,
        }
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        if let Some(since) = self.since {
            write!(f, ", since {since}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_survives_its_lines() {
        let holder = Holder {
            pid: Some(4_711),
            host: Some("night shift".into()),
            since: Some("2026-11-22T02:00:00Z".parse().unwrap()),
        };
        assert_eq!(Holder::parse(&holder.lines()), holder);
        assert_eq!(
            holder.to_string(),
            "process 4711 on night shift, since 2026-11-22T02:00:00Z"
        );
    }
}
