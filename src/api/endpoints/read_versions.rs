//! Which `api-version` of the read API answers: found out once.

use std::sync::OnceLock;

/// The values of `api-version` that may be the right one, the likelier first.
const VERSIONS: [&str; 2] = ["2.0", "1.0"];

/// Which `api-version` is asked for.
#[derive(Debug)]
pub(super) struct Versions {
    pub(super) names: Vec<String>,
    /// The place of the one that has answered.
    answering: OnceLock<usize>,
    /// Held by the one request that finds out.
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Versions {
    pub(super) fn new(version: Option<&String>) -> Versions {
        Versions {
            names: match version {
                Some(version) => vec![version.clone()],
                None => VERSIONS.map(str::to_owned).into(),
            },
            answering: OnceLock::new(),
            asking: tokio::sync::Mutex::new(()),
        }
    }

    /// The one that has answered.
    pub(super) fn settled(&self) -> Option<&str> {
        let place = self.answering.get()?;
        self.names.get(*place).map(String::as_str)
    }

    pub(super) fn settle(&self, place: usize) {
        // The first answer counts.
        let _ = self.answering.set(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_answered_first_is_the_one() {
        let versions = Versions::new(None);
        assert_eq!(
            (versions.names.as_slice(), versions.settled()),
            (&["2.0", "1.0"].map(str::to_owned)[..], None)
        );
        versions.settle(1);
        versions.settle(0);
        assert_eq!(versions.settled(), Some("1.0"));
        let typed = Versions::new(Some(&"3.1".to_owned()));
        assert_eq!(typed.names, ["3.1"]);
    }
}
