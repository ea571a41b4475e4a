//! The keys of JSON that a mapping looks for.

use crate::domain::{Code, Problem};
use crate::source::{Header, Record};

/// The keys that are looked for, as the mapping writes them.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct AskedKeys(Box<[String]>);

impl AskedKeys {
    pub(in crate::mapping) fn new(keys: impl IntoIterator<Item = String>) -> AskedKeys {
        AskedKeys(keys.into_iter().collect())
    }

    /// Whether this key is looked for.
    pub(in crate::mapping) fn has(&self, key: &str) -> bool {
        let folded = Header::key(key);
        self.0.iter().any(|asked| Header::key(asked) == folded)
    }

    /// Reports a record that has two keys for one that is looked for, none of them to the letter.
    pub(in crate::mapping) fn refuse_twins(
        &self,
        record: &Record<'_>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let Some((one, other)) = record.twins() else {
            return false;
        };
        let key = Header::key(one);
        let is_meant = |asked: &&String| **asked == one || **asked == other;
        let mut asked = self.0.iter().filter(|asked| Header::key(asked) == key);
        let is_doubtful = asked.clone().next().is_some() && !asked.any(|asked| is_meant(&asked));
        if is_doubtful {
            let message =
                "two keys are this name but for their form: write one of them to the letter";
            let problem = Problem::new(Code::DuplicateKey, record.location(), message);
            problems.push(problem.at(one, other));
        }
        is_doubtful
    }
}
