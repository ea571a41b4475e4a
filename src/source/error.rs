//! What makes a whole input unreadable. Whatever concerns one record is a problem on that record.

use std::io;

/// Why an input cannot be read, or cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No file stands behind an argument.
    #[error("{argument}: {reason}")]
    NoInput {
        /// What the operator wrote.
        argument: String,
        /// What was looked for and not found.
        reason: String,
    },
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// The file as the operator named it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// An encoding that nobody knows by this label.
    #[error("{file}: no encoding is called '{label}'")]
    UnknownEncoding {
        /// The file as the operator named it.
        file: String,
        /// The label as given.
        label: String,
    },
    /// Several columns of the header have one name.
    #[error("{file}:{line}: the header has several columns called {names}")]
    DuplicateColumns {
        /// The file as the operator named it.
        file: String,
        /// The line of the header.
        line: u64,
        /// The names, quoted and separated by commas.
        names: String,
    },
    /// The records are not where they were said to be, or may be in several places.
    #[error("{file}: {pointer}: {reason}")]
    Records {
        /// The file as the operator named it.
        file: String,
        /// The JSON pointer, or the members that could be meant.
        pointer: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Compressed content that grows beyond all measure.
    #[error("{file}: expands to more than {ratio} times its size (stopped after {bytes} bytes)")]
    Expansion {
        /// The file as the operator named it.
        file: String,
        /// The limit.
        ratio: u64,
        /// How much had come out.
        bytes: u64,
    },
    /// Nothing stands in a file, not even a header.
    #[error("{file}: is empty, without even a header")]
    Empty {
        /// The file as the operator named it.
        file: String,
    },
    /// A file of a kind that holds no records, or a workbook that is damaged.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file as the operator named it.
        file: String,
        /// What it is or what is wrong with it.
        reason: String,
    },
}

impl Error {
    pub(super) fn io(file: &str, source: io::Error) -> Self {
        Error::Io {
            file: file.to_owned(),
            source,
        }
    }
}
