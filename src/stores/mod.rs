//! Recordings that lie in other places than a folder: S3, Google Cloud Storage, Azure, SFTP and
//! web servers, behind the seam of [`crate::recordings::RecordingStore`]; and exports that lie there, which are
//! copied to private files before they are read.
//!
//! Each kind of store is one file that makes single requests (`object_source`); how they are
//! repeated, what is read of an object, and what its errors mean for a call is the same for all.
//! Threads of their own wait for the answers, so that whoever reads a recording may block.

mod address;
mod cloud;
mod cloud_http;
mod connect;
mod connection;
mod error;
mod export_address;
mod export_store;
mod fetch;
mod fetch_answer;
mod fetch_settings;
mod fetch_store;
mod folder_list;
mod http_answer;
mod https;
mod object;
mod object_source;
mod public_only;
mod recording_name;
mod remote_reader;
mod remote_store;
mod runtime;
mod s3;
mod s3_list;
mod settings;
mod sftp;
mod source_gate;
mod ssh;
mod store_error;
mod store_line;
mod web_index;

pub use address::{AddressError, BucketAddress, SftpAddress, StoreAddress};
pub use connect::{open_exports, open_fetch, open_stores};
pub use export_address::ExportAddress;
pub use export_store::{ExportStore, ListedExports};
pub use fetch_settings::{FetchSecret, FetchSettings};
pub use settings::{OutagePolicy, StoreSettings, StoreVariable, WebLogin};
pub use ssh::SshSettings;
pub use store_error::StoreError;
pub use store_line::StoreLine;
