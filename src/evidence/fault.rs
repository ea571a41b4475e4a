//! What is wrong with evidence.

use std::fmt;

/// Faults that are named one by one.
const MOST_NAMED: usize = 1000;

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFault {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// What does not fit.
    pub why: String,
}

impl fmt::Display for EvidenceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.why)
    }
}

/// All things that do not fit; the first of them one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceFaults {
    named: Vec<EvidenceFault>,
    count: u64,
}

impl EvidenceFaults {
    /// Adds a fault of a file as a whole.
    pub fn of_file(&mut self, file: impl Into<String>, why: impl Into<String>) {
        self.add(EvidenceFault {
            file: file.into(),
            line: None,
            why: why.into(),
        });
    }

    /// Adds a fault of a line of the manifest.
    pub fn of_line(&mut self, file: impl Into<String>, line: u64, why: impl Into<String>) {
        self.add(EvidenceFault {
            file: file.into(),
            line: Some(line),
            why: why.into(),
        });
    }

    fn add(&mut self, fault: EvidenceFault) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(fault);
        }
    }

    /// The first faults.
    pub fn named(&self) -> &[EvidenceFault] {
        &self.named
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }
}
