//! From the address of a store to the store.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use object_store::RetryConfig;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use url::Url;

use super::address::{BucketAddress, StoreAddress};
use super::cloud::CloudSource;
use super::cloud_http::CloudHttp;
use super::connection::StoreConnection;
use super::error::SourceError;
use super::export_address::{ExportAddress, WantedExports};
use super::export_store::ExportStore;
use super::fetch::FetchSource;
use super::fetch_settings::FetchSettings;
use super::fetch_store::FetchStore;
use super::folder_list::FolderList;
use super::https::HttpsSource;
use super::object_source::{ListDepth, ObjectSource};
use super::public_only::PublicOnly;
use super::remote_store::RemoteStore;
use super::runtime::StoreRuntime;
use super::s3::{S3Credentials, S3Source};
use super::settings::StoreSettings;
use super::sftp::SftpSource;
use super::store_error::StoreError;
use crate::api::{self, ClientError};
use crate::recordings::{IndexError, LocalFolder, RecordingFetch, RecordingStore, StoreFailure};

/// Opens each of the places; none is asked for anything yet.
pub fn open_stores(
    addresses: &[StoreAddress],
    settings: &StoreSettings,
) -> Result<Vec<Arc<dyn RecordingStore>>, StoreError> {
    let host = |address: &StoreAddress| match address {
        StoreAddress::Https(url) => url.host_str().map(str::to_owned),
        _ => None,
    };
    let hosts: BTreeSet<String> = addresses.iter().filter_map(host).collect();
    let has_one_for_any = settings.logins.iter().any(|login| login.host.is_none());
    if let (true, 2.., Some(first)) = (has_one_for_any, hosts.len(), addresses.first()) {
        let what = "one login cannot be for several hosts; write a .netrc".to_owned();
        return Err(failure(first, what).into());
    }
    let mut opener = StoreOpener::new(settings, ListDepth::All);
    let mut stores: Vec<Arc<dyn RecordingStore>> = Vec::new();
    for address in addresses {
        let store = opener.open(address)?;
        let place = store.address();
        if stores.iter().any(|known| known.address() == place) {
            tracing::warn!("{place} is named twice, and read once");
            continue;
        }
        expect_apart(&stores, &place)?;
        stores.push(store);
    }
    Ok(stores)
}

/// An error if a place is within one of these, or around it.
fn expect_apart(stores: &[Arc<dyn RecordingStore>], place: &str) -> Result<(), IndexError> {
    let is_within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer.trim_end_matches(['/', '\\']));
        rest.is_some_and(|rest| rest.starts_with(['/', '\\']))
    };
    for known in stores {
        let known = known.address();
        let (inner, outer) = if is_within(place, &known) {
            (place.to_owned(), known)
        } else if is_within(&known, place) {
            (known, place.to_owned())
        } else {
            continue;
        };
        return Err(IndexError::Nested { inner, outer });
    }
    Ok(())
}

/// Opens the store that has these exports.
pub fn open_exports(
    address: &ExportAddress,
    settings: &StoreSettings,
) -> Result<ExportStore, StoreError> {
    let mut opener = StoreOpener::new(settings, address.depth());
    let connection = opener
        .connection(&address.folder)
        .map_err(StoreError::of_export)?;
    let store =
        |address, folder, connection| Ok(ExportStore::new(Arc::new(connection), address, folder));
    // Folders of a bucket are only names: what is no object may be one of them.
    if let WantedExports::File(key) = &address.wanted
        && address.folder.is_bucket()
        && connection.state(key) == Err(SourceError::NotFound)
    {
        let address = address.as_folder();
        let folder = address.folder.clone();
        let connection = opener.connection(&folder)?;
        return store(address, folder, connection);
    }
    store(address.clone(), address.folder.clone(), connection)
}

/// What gives recordings by their URLs.
pub fn open_fetch(
    fetch: FetchSettings,
    settings: &StoreSettings,
) -> Result<Arc<dyn RecordingFetch>, StoreError> {
    let mut client = api::http_client_builder(&settings.route)?;
    if !fetch.may_be_private {
        // A proxy would find the address itself, and nobody could look whose it is.
        client = client.no_proxy().dns_resolver(Arc::new(PublicOnly));
    }
    let retries = fetch.retries;
    let source = FetchSource::new(client.build().map_err(ClientError::from)?, fetch);
    let runtime = Arc::new(StoreRuntime::start().map_err(StoreError::Threads)?);
    let address = "URLs of the export".to_owned();
    let mut connection = StoreConnection::new(Box::new(source), address, settings.outage, &runtime)
        .over(&settings.line);
    if let Some(retries) = retries {
        connection = connection.with_tries(retries.saturating_add(1));
    }
    Ok(Arc::new(FetchStore::new(Arc::new(connection))))
}

/// Opens stores, which share threads and connections.
struct StoreOpener<'s> {
    settings: &'s StoreSettings,
    runtime: Option<Arc<StoreRuntime>>,
    http: Option<reqwest::Client>,
    /// What is listed.
    depth: ListDepth,
}

impl<'s> StoreOpener<'s> {
    fn new(settings: &'s StoreSettings, depth: ListDepth) -> Self {
        StoreOpener {
            settings,
            runtime: None,
            http: None,
            depth,
        }
    }

    fn open(&mut self, address: &StoreAddress) -> Result<Arc<dyn RecordingStore>, StoreError> {
        if let StoreAddress::Folder(path) = address {
            return Ok(Arc::new(LocalFolder::open(path)?));
        }
        Ok(Arc::new(RemoteStore::new(
            self.connection(address)?,
            address,
        )))
    }

    fn connection(&mut self, address: &StoreAddress) -> Result<StoreConnection, StoreError> {
        let source = self.source(address)?;
        let (outage, runtime) = (self.settings.outage, self.runtime()?);
        let connection = StoreConnection::new(source, address.to_string(), outage, &runtime);
        Ok(connection.over(&self.settings.line))
    }

    fn source(&mut self, address: &StoreAddress) -> Result<Box<dyn ObjectSource>, StoreError> {
        Ok(match address {
            StoreAddress::Folder(_) => {
                let what = "it is a folder of this machine".to_owned();
                return Err(failure(address, what).into());
            }
            StoreAddress::S3(bucket) => Box::new(self.s3(bucket, address)?),
            StoreAddress::Google(bucket) => self.google(bucket, address)?,
            StoreAddress::Azure(bucket) => self.azure(bucket, address)?,
            StoreAddress::Sftp(place) => {
                Box::new(SftpSource::new(place.clone(), self.settings.ssh.clone()))
            }
            StoreAddress::Https(url) => Box::new(self.https(url)?),
        })
    }

    fn runtime(&mut self) -> Result<Arc<StoreRuntime>, StoreError> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Arc::new(StoreRuntime::start().map_err(StoreError::Threads)?),
        };
        self.runtime = Some(Arc::clone(&runtime));
        Ok(runtime)
    }

    fn http(&mut self) -> Result<reqwest::Client, StoreError> {
        let http = match self.http.take() {
            Some(http) => http,
            // What is packed on its way has no size, and is not what the store keeps.
            None => api::http_client_builder(&self.settings.route)?
                .no_gzip()
                .build()
                .map_err(ClientError::from)?,
        };
        self.http = Some(http.clone());
        Ok(http)
    }

    /// What `object_store` sends its requests by.
    fn cloud(&mut self, service: &'static str, looked_for: &str) -> Result<CloudHttp, StoreError> {
        Ok(CloudHttp {
            http: self.http()?,
            service,
            looked_for: looked_for.to_owned(),
        })
    }

    /// The settings that a builder of the library knows.
    fn known<K: std::str::FromStr>(&self) -> impl Iterator<Item = (K, String)> {
        let names = self.settings.variables.iter().map(|one| one.name.as_str());
        let known = names.filter_map(|name| {
            let key = name.to_ascii_lowercase().parse().ok()?;
            Some((key, self.settings.value(name)?.to_owned()))
        });
        // The first of a name counts, and the builder takes the last.
        known.collect::<Vec<_>>().into_iter().rev()
    }

    fn s3(
        &mut self,
        bucket: &BucketAddress,
        address: &StoreAddress,
    ) -> Result<S3Source, StoreError> {
        let looked_for = format!(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profile `{}` in ~/.aws, \
             AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, and the role of \
             this machine",
            self.settings.aws_profile
        );
        let mut builder = AmazonS3Builder::new();
        for (key, value) in self.known::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
        let of = |key| builder.get_config_value(&key);
        let endpoint = of(AmazonS3ConfigKey::Endpoint).map(|text| Url::parse(&text));
        let endpoint = endpoint
            .transpose()
            .map_err(|_| failure(address, "AWS_ENDPOINT_URL is no URL".to_owned()))?;
        let region = of(AmazonS3ConfigKey::Region);
        let is_open = self.settings.value("AWS_SKIP_SIGNATURE") == Some("true");
        let connector = self.cloud("S3", &looked_for)?;
        let store = builder
            .with_bucket_name(&bucket.name)
            .with_allow_http(true)
            .with_http_connector(connector)
            .with_retry(once())
            .build();
        let store = store.map_err(|_| failure(address, unusable("AWS_")))?;
        Ok(S3Source {
            http: self.http()?,
            credentials: (!is_open).then(|| S3Credentials {
                provider: Arc::clone(store.credentials()),
                looked_for,
            }),
            endpoint,
            region: Mutex::new(region.unwrap_or_else(|| "us-east-1".to_owned())),
            bucket: bucket.clone(),
            depth: self.depth,
        })
    }

    fn https(&mut self, url: &Url) -> Result<HttpsSource, StoreError> {
        let login = self.settings.login(url.host_str().unwrap_or_default());
        Ok(HttpsSource {
            http: self.http()?,
            base: url.clone(),
            login: login.cloned(),
            folders: FolderList::default(),
        })
    }

    fn google(
        &mut self,
        bucket: &BucketAddress,
        address: &StoreAddress,
    ) -> Result<Box<dyn ObjectSource>, StoreError> {
        let looked_for = "GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT, the file of \
             `gcloud auth application-default login`, and the service account of this machine";
        let mut builder = GoogleCloudStorageBuilder::new();
        for (key, value) in self.known() {
            builder = builder.with_config(key, value);
        }
        let connector = self.cloud("Google Cloud Storage", looked_for)?;
        let store = builder
            .with_bucket_name(&bucket.name)
            .with_http_connector(connector)
            .with_retry(once())
            .build();
        Ok(Box::new(CloudSource {
            store: store.map_err(|_| failure(address, unusable("GOOGLE_")))?,
            prefix: bucket.prefix.clone(),
            depth: self.depth,
        }))
    }

    fn azure(
        &mut self,
        bucket: &BucketAddress,
        address: &StoreAddress,
    ) -> Result<Box<dyn ObjectSource>, StoreError> {
        let looked_for = "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, \
             AZURE_CLIENT_ID with AZURE_CLIENT_SECRET and AZURE_TENANT_ID, \
             AZURE_FEDERATED_TOKEN_FILE, and the identity of this machine";
        let account = ["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"];
        let account = account.iter().find_map(|name| self.settings.value(name));
        let Some(account) = account.map(str::to_owned) else {
            let what = "set AZURE_STORAGE_ACCOUNT_NAME to the storage account".to_owned();
            return Err(failure(address, what).into());
        };
        let mut builder = MicrosoftAzureBuilder::new();
        for (key, value) in self.known() {
            builder = builder.with_config(key, value);
        }
        let connector = self.cloud("Azure", looked_for)?;
        let store = builder
            .with_account(account)
            .with_container_name(&bucket.name)
            .with_use_azure_cli(false)
            .with_allow_http(true)
            .with_http_connector(connector)
            .with_retry(once())
            .build();
        Ok(Box::new(CloudSource {
            store: store.map_err(|_| failure(address, unusable("AZURE_")))?,
            prefix: bucket.prefix.clone(),
            depth: self.depth,
        }))
    }
}

/// Our own gate decides whether and when a request is repeated.
fn once() -> RetryConfig {
    RetryConfig {
        max_retries: 0,
        retry_timeout: Duration::from_secs(60),
        ..RetryConfig::default()
    }
}

fn unusable(prefix: &str) -> String {
    format!("one of the variables {prefix}… has a value that cannot be used")
}

fn failure(address: &StoreAddress, what: String) -> IndexError {
    IndexError::Store {
        store: address.to_string(),
        failure: StoreFailure::new(what),
    }
}
