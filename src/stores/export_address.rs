//! Where exports lie in a store: one file, a folder, or all that a pattern means.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::address::{AddressError, StoreAddress};
use super::object_source::ListDepth;
use crate::source::{KeyPattern, ListedPlace};

/// What of a folder is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WantedExports {
    /// The exports in it, without folders below.
    All,
    /// This file.
    File(String),
    /// What the pattern means, from the folder on.
    Matches(KeyPattern),
}

/// Exports that lie in a store, as somebody names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportAddress {
    /// All of it, as if it were a folder.
    pub(super) whole: StoreAddress,
    /// The last folder that is no pattern.
    pub(super) folder: StoreAddress,
    pub(super) wanted: WantedExports,
}

impl ExportAddress {
    /// Reads what somebody named; nothing where it is a file of this machine.
    pub fn parse(text: &OsStr) -> Result<Option<ExportAddress>, AddressError> {
        if Path::new(text).exists() {
            return Ok(None);
        }
        let read = without_query_signs(text);
        let whole = StoreAddress::parse(&read)?;
        let mut path = read.as_encoded_bytes();
        if matches!(whole, StoreAddress::Https(_)) {
            let end = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
            path = &path[..end.unwrap_or(path.len())];
        }
        let is_folder = path.ends_with(b"/");
        let mut steps = match &whole {
            StoreAddress::Folder(_) => return Ok(None),
            StoreAddress::S3(bucket)
            | StoreAddress::Google(bucket)
            | StoreAddress::Azure(bucket) => steps_of(&bucket.prefix),
            StoreAddress::Sftp(place) => steps_of(&place.path),
            StoreAddress::Https(url) => {
                let decoded = percent_decode_str(url.path()).decode_utf8();
                steps_of(&decoded.map_err(|_| AddressError::Shape("the address is no UTF-8"))?)
            }
        };
        let pattern = steps.iter().position(|step| KeyPattern::is_one(step));
        let fixed = match pattern {
            Some(first) => first,
            None if is_folder || steps.is_empty() => {
                return Ok(Some(ExportAddress {
                    folder: whole.clone(),
                    whole,
                    wanted: WantedExports::All,
                }));
            }
            None => steps.len() - 1,
        };
        let key = steps.split_off(fixed).join("/");
        let folder = whole.with_folders(&steps);
        let wanted = match pattern {
            None => WantedExports::File(key),
            Some(_) => WantedExports::Matches(
                KeyPattern::parse(&key)
                    .ok_or(AddressError::Shape("the address is no valid pattern"))?,
            ),
        };
        Ok(Some(ExportAddress {
            whole,
            folder,
            wanted,
        }))
    }

    /// The store, for whoever looks for its credentials.
    pub fn store(&self) -> &StoreAddress {
        &self.whole
    }

    /// The same as a folder.
    pub(super) fn as_folder(&self) -> ExportAddress {
        ExportAddress {
            whole: self.whole.clone(),
            folder: self.whole.clone(),
            wanted: WantedExports::All,
        }
    }

    /// Where files are found that nobody named, without secrets.
    pub fn place(&self) -> ListedPlace {
        match &self.wanted {
            WantedExports::Matches(_) => ListedPlace::Pattern(self.to_string()),
            _ => ListedPlace::Folder(self.to_string()),
        }
    }

    /// How much of the folder must be listed.
    pub(super) fn depth(&self) -> ListDepth {
        match &self.wanted {
            WantedExports::Matches(pattern) if pattern.has_folders() => ListDepth::All,
            _ => ListDepth::Folder,
        }
    }
}

impl fmt::Display for ExportAddress {
    /// Without secrets: a query may be a signature.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wanted {
            WantedExports::All => write!(formatter, "{}", self.whole),
            WantedExports::File(key) => formatter.write_str(&self.folder.named(key)),
            WantedExports::Matches(pattern) => {
                let folder = self.folder.to_string();
                write!(formatter, "{}/{pattern}", folder.trim_end_matches('/'))
            }
        }
    }
}

fn steps_of(path: &str) -> Vec<String> {
    let steps = path.split('/').filter(|step| !step.is_empty());
    steps.map(str::to_owned).collect()
}

/// `?` is a sign of patterns, and would begin a query in a URL. That of a web server has one.
fn without_query_signs(text: &OsStr) -> OsString {
    match text.to_str() {
        Some(text) if text.to_ascii_lowercase().starts_with("sftp://") => {
            text.replace('?', "%3F").replace('#', "%23").into()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, String) {
        let address = ExportAddress::parse(OsStr::new(text)).unwrap().unwrap();
        let wanted = match &address.wanted {
            WantedExports::All => "all".to_owned(),
            WantedExports::File(key) => format!("file {key}"),
            WantedExports::Matches(pattern) => format!("pattern {pattern}"),
        };
        (address.folder.to_string(), wanted, address.to_string())
    }

    #[test]
    fn an_address_names_a_file_a_folder_or_a_pattern() {
        for (text, folder, wanted, shown) in [
            ("s3://calls", "s3://calls/", "all", "s3://calls/"),
            (
                "s3://calls/2026/",
                "s3://calls/2026/",
                "all",
                "s3://calls/2026/",
            ),
            (
                "gs://calls/a.csv",
                "gs://calls/",
                "file a.csv",
                "gs://calls/a.csv",
            ),
            (
                "s3://calls/x/calls-*.csv",
                "s3://calls/x/",
                "pattern calls-*.csv",
                "s3://calls/x/calls-*.csv",
            ),
            (
                "az://calls/x/*/y/a?.csv",
                "az://calls/x/",
                "pattern */y/a?.csv",
                "az://calls/x/*/y/a?.csv",
            ),
            (
                "sftp://ann@example.com:22/out/calls-?.csv",
                "sftp://ann@example.com:22/out",
                "pattern calls-?.csv",
                "sftp://ann@example.com:22/out/calls-?.csv",
            ),
            (
                "sftp://archive/a.csv.gz",
                "sftp://archive/",
                "file a.csv.gz",
                "sftp://archive/a.csv.gz",
            ),
            (
                "https://example.com/a%20b/c%20d.csv?sig=hush#x",
                "https://example.com/a%20b/",
                "file c d.csv",
                "https://example.com/a%20b/c%20d.csv",
            ),
            (
                "https://example.com/a/?sig=hush",
                "https://example.com/a/",
                "all",
                "https://example.com/a/",
            ),
        ] {
            let read = read(text);
            let read = (&*read.0, &*read.1, &*read.2);
            assert_eq!(read, (folder, wanted, shown), "{text}");
        }
    }

    #[test]
    fn files_of_this_machine_are_none_and_passwords_are_refused() {
        for text in ["calls.csv", "-", "exports/*.csv", "C:\\calls"] {
            assert_eq!(ExportAddress::parse(OsStr::new(text)), Ok(None), "{text}");
        }
        for text in [
            "https://ann:hush@example.com/a.csv",
            "ftp://example.com/a.csv",
            "s3://x/[.csv",
        ] {
            assert!(ExportAddress::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }
}
