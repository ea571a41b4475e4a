//! The places where a command looks for recordings. Listing them may take long, and a run that is asked
//! to end does not wait for it.

use std::sync::Arc;

use super::error::Error;
use crate::config::{self, ExportArgs};
use crate::events::StopSignal;
use crate::mapping::MappingFile;
use crate::recordings::{Index, IndexOptions, Sidecar, StoreTraffic, index_store};
use crate::stores::{
    FetchSettings, OutagePolicy, StoreAddress, StoreError, StoreSettings, open_fetch, open_stores,
};

/// Where recordings are looked for, and how.
pub(super) struct RecordingPlaces {
    places: Vec<StoreAddress>,
    settings: StoreSettings,
    options: IndexOptions,
    fetch: Option<FetchSettings>,
}

impl RecordingPlaces {
    /// What flags and mapping say; nothing where no recordings are looked for.
    pub(super) fn of(
        arguments: &ExportArgs,
        mapping: &MappingFile,
        outage: OutagePolicy,
    ) -> Result<Option<RecordingPlaces>, Error> {
        let rules = mapping.audio();
        let fetch = rules.fetch.as_ref();
        let fetch = fetch.map(|section| config::fetch_settings(&arguments.fetch, section));
        let fetch = fetch.transpose()?.flatten();
        if arguments.audio.is_empty() && fetch.is_none() {
            if rules.fetch.is_some() {
                tracing::warn!(
                    "this mapping knows how to fetch recordings: set CAPTURI_FETCH_SECRET, or name where they are with --audio"
                );
            }
            return Ok(None);
        }
        let sidecar = rules.sidecar.as_ref().map(|sidecar| Sidecar {
            ending: sidecar.ending.clone(),
            only: sidecar.only.clone(),
            keys: sidecar.keys.clone(),
        });
        Ok(Some(RecordingPlaces {
            places: arguments.audio.clone(),
            settings: config::store_settings(&arguments.stores, &arguments.audio, outage)?,
            options: IndexOptions::default()
                .with_patterns(&rules.patterns)
                .with_sidecar(sidecar),
            fetch,
        }))
    }

    /// How much is read of stores.
    pub(super) fn traffic(&self) -> Arc<StoreTraffic> {
        self.settings.line.traffic()
    }

    /// Lists the recordings.
    pub(super) fn index(self) -> Result<Arc<Index>, Error> {
        let stores = open_stores(&self.places, &self.settings)?;
        let mut index = index_store(stores, &self.options).map_err(StoreError::from)?;
        if let Some(fetch) = self.fetch {
            index = index.with_fetch(open_fetch(fetch, &self.settings)?);
        }
        Ok(Arc::new(index))
    }

    /// Lists the recordings; nothing once the run is to end. The list that is not waited for ends with the
    /// program.
    pub(super) async fn index_unless(self, stop: &StopSignal) -> Result<Option<Arc<Index>>, Error> {
        let listing = tokio::task::spawn_blocking(move || self.index());
        tokio::select! {
            biased;
            () = stop.raised() => Ok(None),
            listed = listing => match listed {
                Ok(index) => index.map(Some),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
        }
    }
}
