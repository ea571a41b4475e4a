//! Where recordings or exports are, as somebody names it: a folder, or the address of a store.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

/// A place that holds recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// A folder of this machine, or one that is mounted.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    S3(BucketAddress),
    /// `gs://bucket/prefix`.
    Google(BucketAddress),
    /// `az://container/prefix`.
    Azure(BucketAddress),
    /// `sftp://user@host:port/path`.
    Sftp(SftpAddress),
    /// `https://host/path/`, with a slash at its end; its query is a secret.
    Https(Url),
}

/// A bucket or container, and what the keys in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAddress {
    /// Its name.
    pub name: String,
    /// Empty, or a text that ends with `/`.
    pub prefix: String,
}

/// A folder of an SFTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpAddress {
    /// Who logs in; the configuration of `ssh` says it otherwise.
    pub user: Option<String>,
    /// The host, or its name in the configuration of `ssh`.
    pub host: String,
    /// The port; the configuration of `ssh` says it otherwise.
    pub port: Option<u16>,
    /// An absolute folder, or one below the home folder of the user.
    pub path: String,
}

/// Why something is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has a scheme that is not known.
    #[error("{0}:// is not supported. Use a folder, s3://, gs://, az://, sftp:// or https://")]
    Scheme(String),
    /// Something is missing or wrong in it.
    #[error("{0}")]
    Shape(&'static str),
    /// It holds a password.
    #[error(
        "a password in an address ends up in logs and lists of processes. Leave it out of the \
         address: docs/stores.md says which variable or file takes it"
    )]
    Password,
    /// It holds the name of a user, for a server that takes it otherwise.
    #[error(
        "a user name in an https:// address is not used. Leave it out, and set CAPTURI_STORE_USER \
         and CAPTURI_STORE_PASSWORD, or write a ~/.netrc"
    )]
    User,
}

impl StoreAddress {
    /// Reads what somebody named. What has no scheme is a folder.
    pub fn parse(text: &OsStr) -> Result<StoreAddress, AddressError> {
        let folder = || Ok(StoreAddress::Folder(PathBuf::from(text)));
        let Some((scheme, rest)) = text.to_str().and_then(|text| text.split_once("://")) else {
            return folder();
        };
        let is_scheme =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return folder();
        }
        match scheme.to_ascii_lowercase().as_str() {
            "s3" | "s3a" => bucket(rest).map(StoreAddress::S3),
            "gs" => bucket(rest).map(StoreAddress::Google),
            "az" | "azure" | "abfs" | "abfss" => bucket(rest).map(StoreAddress::Azure),
            "sftp" => sftp(text).map(StoreAddress::Sftp),
            "https" | "http" => https(text).map(StoreAddress::Https),
            other => Err(AddressError::Scheme(other.to_owned())),
        }
    }

    /// The folder of this machine, if it is one.
    pub fn as_folder(&self) -> Option<&Path> {
        match self {
            StoreAddress::Folder(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it is a bucket or container, whose folders are only names.
    pub(super) fn is_bucket(&self) -> bool {
        matches!(
            self,
            StoreAddress::S3(_) | StoreAddress::Google(_) | StoreAddress::Azure(_)
        )
    }

    /// The same store with other folders.
    pub(super) fn with_folders(&self, folders: &[String]) -> StoreAddress {
        let mut address = self.clone();
        match &mut address {
            StoreAddress::Folder(path) => *path = folders.iter().collect(),
            StoreAddress::S3(bucket)
            | StoreAddress::Google(bucket)
            | StoreAddress::Azure(bucket) => {
                bucket.prefix = folders.join("/");
                if !folders.is_empty() {
                    bucket.prefix.push('/');
                }
            }
            StoreAddress::Sftp(place) => place.path = format!("/{}", folders.join("/")),
            StoreAddress::Https(url) => {
                if let Ok(mut path) = url.path_segments_mut() {
                    path.clear().extend(folders).push("");
                }
            }
        }
        address
    }

    /// What a file is called that has this key below it, without secrets.
    pub(super) fn named(&self, key: &str) -> String {
        if let StoreAddress::Https(url) = self {
            let mut named = url.clone();
            if let Ok(mut path) = named.path_segments_mut() {
                path.pop_if_empty().extend(key.split('/'));
            }
            return StoreAddress::Https(named).to_string();
        }
        let folder = self.to_string();
        format!("{}/{key}", folder.strip_suffix('/').unwrap_or(&folder))
    }

    /// The folders above what is in it: bucket and prefix.
    pub(super) fn folders(&self) -> PathBuf {
        let below = |name: &str, rest: &str| {
            let all = name.split('/').chain(rest.split('/'));
            let parts = all.filter(|part| !matches!(*part, "" | "." | ".."));
            std::iter::once("/").chain(parts).collect()
        };
        match self {
            StoreAddress::Folder(path) => path.clone(),
            StoreAddress::S3(bucket)
            | StoreAddress::Google(bucket)
            | StoreAddress::Azure(bucket) => below(&bucket.name, &bucket.prefix),
            StoreAddress::Sftp(address) => below("", &address.path),
            StoreAddress::Https(url) => below("", url.path()),
        }
    }
}

impl fmt::Display for StoreAddress {
    /// Without secrets: a query may be a signature.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |formatter: &mut fmt::Formatter<'_>, scheme: &str, bucket: &BucketAddress| {
            write!(formatter, "{scheme}://{}/{}", bucket.name, bucket.prefix)
        };
        match self {
            StoreAddress::Folder(path) => write!(formatter, "{}", path.display()),
            StoreAddress::S3(bucket) => of(formatter, "s3", bucket),
            StoreAddress::Google(bucket) => of(formatter, "gs", bucket),
            StoreAddress::Azure(bucket) => of(formatter, "az", bucket),
            StoreAddress::Sftp(address) => {
                write!(formatter, "sftp://")?;
                if let Some(user) = &address.user {
                    write!(formatter, "{user}@")?;
                }
                write!(formatter, "{}", address.host)?;
                if let Some(port) = address.port {
                    write!(formatter, ":{port}")?;
                }
                write!(formatter, "{}", address.path)
            }
            StoreAddress::Https(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                write!(formatter, "{shown}")
            }
        }
    }
}

fn bucket(rest: &str) -> Result<BucketAddress, AddressError> {
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if name.contains('@') {
        return Err(AddressError::Password);
    }
    if name.is_empty()
        || name
            .chars()
            .any(|char| char.is_control() || " ?#\\".contains(char))
    {
        return Err(AddressError::Shape("the address names no bucket"));
    }
    let prefix = prefix.trim_end_matches('/');
    Ok(BucketAddress {
        name: name.to_owned(),
        prefix: if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        },
    })
}

fn parsed(text: &OsStr) -> Result<Url, AddressError> {
    let url = text.to_str().and_then(|text| Url::parse(text).ok());
    let url = url.ok_or(AddressError::Shape("the address cannot be read as a URL"))?;
    if url.password().is_some() {
        return Err(AddressError::Password);
    }
    Ok(url)
}

fn sftp(text: &OsStr) -> Result<SftpAddress, AddressError> {
    let url = parsed(text)?;
    let decoded = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        let decoded = decoded.map(String::from);
        decoded.map_err(|_| AddressError::Shape("the address is no UTF-8 behind its percent signs"))
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = decoded(host.ok_or(AddressError::Shape("the address names no host"))?)?;
    // `ssh` would read it as an option.
    if host.starts_with('-') || url.username().starts_with('-') {
        return Err(AddressError::Shape(
            "a host or user cannot begin with a hyphen",
        ));
    }
    let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
    let path = decoded(url.path().trim_end_matches('/'))?;
    Ok(SftpAddress {
        user,
        host,
        port: url.port(),
        path: if path.is_empty() {
            "/".to_owned()
        } else {
            path
        },
    })
}

fn https(text: &OsStr) -> Result<Url, AddressError> {
    let mut url = parsed(text)?;
    if !url.username().is_empty() {
        return Err(AddressError::User);
    }
    let host = url.host_str().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if url.scheme() == "http" && !is_here {
        return Err(AddressError::Shape(
            "recordings must not cross a network in plain text: use https://",
        ));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        StoreAddress::parse(OsStr::new(text)).map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_shown_as_they_were_named_without_their_secrets() {
        for (text, shown) in [
            ("recordings", "recordings"),
            ("C:\\calls", "C:\\calls"),
            ("./odd://name", "./odd://name"),
            ("s3://calls", "s3://calls/"),
            ("S3://calls/2024/05", "s3://calls/2024/05/"),
            ("gs://calls/a b", "gs://calls/a b/"),
            ("az://calls/x/", "az://calls/x/"),
            (
                "sftp://ann@example.com:2222/out/calls",
                "sftp://ann@example.com:2222/out/calls",
            ),
            ("sftp://archive", "sftp://archive/"),
            (
                "https://example.com/calls/?sig=abc#x",
                "https://example.com/calls/",
            ),
            (
                "http://127.0.0.1:8080/calls/",
                "http://127.0.0.1:8080/calls/",
            ),
        ] {
            assert_eq!(read(text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_or_holds_a_password_is_refused() {
        for text in [
            "s3://",
            "s3:///x",
            "s3://key:secret@bucket/x",
            "ftp://example.com/",
            "sftp://ann:secret@example.com/",
            "sftp://-oProxyCommand=x/",
            "sftp:///x",
            "https://ann:secret@example.com/",
            "http://example.com/calls/",
            "https://",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_without_a_password_is_not_called_a_password() {
        let said = |text: &str| read(text).unwrap_err().to_string();
        assert!(said("https://ann@example.com/calls/").starts_with("a user name"));
        assert!(said("https://ann:secret@example.com/calls/").starts_with("a password"));
        assert_eq!(
            read("sftp://ann@example.com/out").unwrap(),
            "sftp://ann@example.com/out"
        );
    }

    #[test]
    fn the_folders_above_are_bucket_and_prefix() {
        let folders = |text: &str| StoreAddress::parse(OsStr::new(text)).unwrap().folders();
        assert_eq!(folders("s3://calls/a/b/"), Path::new("/calls/a/b"));
        assert_eq!(folders("sftp://example.com/../out"), Path::new("/out"));
    }
}
