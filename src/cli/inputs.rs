//! From the flags about an export to the pipeline that it will go through.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::error::{Error, Usage};
use super::exports::{ExportFinder, own_files};
use super::files_beside::{FilesAmongExports, FilesBeside, files_beside};
use super::named_mapping::load_mapping;
use super::recording_places::RecordingPlaces;
use crate::api::ApiVersion;
use crate::config::{self, ExportArgs, NamedShard};
use crate::domain::{Policy, Shard};
use crate::events::{ExportExtent, StopSignal};
use crate::mapping::{MappingFile, SeveralArg};
use crate::pipeline::{EarlierRuns, ImportTarget, Pipeline, Purpose, Selection};
use crate::recordings::{
    Decryptor, Ffmpeg, Index, IndexOptions, PlaceKind, StoreExtent, StoreTraffic, Transcoder,
};
use crate::report::read_id_list;
use crate::source::{self, Input, Unread};
use crate::stores::OutagePolicy;
use crate::targets::{CallOrigins, CallTarget, CaseTarget, InspectionOptions, OddFormats};

/// Workers that look into recordings of a store: they mostly wait for its answers.
const FAR_WORKERS: usize = 16;

/// An export with its mapping, before anything is made of its records.
pub(super) struct ImportParts {
    inputs: Vec<Input>,
    unread: Vec<Unread>,
    options: source::ReadOptions,
    pub(super) mapping: MappingFile,
    pub(super) recordings: Option<Arc<Index>>,
    /// How much is read of stores.
    pub(super) traffic: Arc<StoreTraffic>,
    /// Where recordings are that are not listed yet.
    places: Option<RecordingPlaces>,
    inspection: InspectionOptions,
    decryption: Option<Arc<Transcoder>>,
    pub(super) policy: Policy,
    /// The ids to which the command is limited, if it is.
    pub(super) selection: Option<Selection>,
    /// The part of the export that this process imports, where several share it.
    pub(super) shard: Option<Shard>,
    /// What earlier runs have done; nothing for a check.
    pub(super) earlier: Option<EarlierRuns>,
    purpose: Purpose,
    version: ApiVersion,
    /// How many records there are, for whoever tells how far the work is.
    pub(super) extent: Arc<ExportExtent>,
}

/// The pipeline of what the mapping is for.
pub(super) enum TargetPipeline {
    Calls(Pipeline<CallTarget>),
    Cases(Pipeline<CaseTarget>),
}

impl ImportParts {
    /// Limits the command to the ids of a list.
    pub(super) fn select(&mut self, list: Option<&Path>) -> Result<(), Usage> {
        if let Some(list) = list {
            let ids = read_id_list(list)?;
            self.selection = Some(Selection::new(list.display().to_string(), ids));
        }
        Ok(())
    }

    /// The files of the export; standard input is none.
    pub(super) fn exports(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().filter_map(|input| input.path())
    }

    /// An error if a label is to be put on cases, which have none.
    pub(super) fn expect_labels(&self, label: Option<&str>) -> Result<(), Usage> {
        match label {
            Some(_) if self.mapping.is_of_cases() => Err(Usage::LabelOfCases),
            _ => Ok(()),
        }
    }

    /// Lists the recordings. Tells whether that came to its end before the run was to end.
    pub(super) async fn list_unless(&mut self, stop: &StopSignal) -> Result<bool, Error> {
        let Some(places) = self.places.take() else {
            return Ok(!stop.is_raised());
        };
        self.recordings = places.index_unless(stop).await?;
        Ok(self.recordings.is_some())
    }

    /// In what kind of place recordings are looked for.
    pub(super) fn place_kind(&self) -> PlaceKind {
        let recordings = self.recordings.as_ref();
        recordings.map_or_else(PlaceKind::default, |index| index.place_kind())
    }

    /// What lies in stores of recordings.
    pub(super) fn store_extent(&self) -> Option<StoreExtent> {
        self.recordings.as_ref()?.store_extent()
    }

    /// Limits the command to a part of the export. Every process reads all of it, so it cannot be a pipe.
    pub(super) fn share(
        &mut self,
        arguments: &ExportArgs,
        named: Option<NamedShard>,
    ) -> Result<(), Usage> {
        // What can be read once only is not there any more when its hash was made.
        let is_pipe = |path: &Path| path.metadata().is_ok_and(|found| !found.is_file());
        let is_stream = arguments.exports.iter().any(|export| export == "-");
        if named.is_some() && (is_stream || self.paths().any(is_pipe)) {
            return Err(Usage::SharedInput);
        }
        self.shard = named.map(|named| named.shard);
        Ok(())
    }

    /// The files of the export, in the order in which they were named.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The files of the export.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().filter_map(Input::path)
    }

    /// The pipeline of what the mapping is for.
    pub(super) fn into_pipeline(self) -> TargetPipeline {
        let recordings = self.recordings.clone();
        if self.mapping.is_of_cases() {
            let hold_for = self.policy.hold_for;
            return TargetPipeline::Cases(self.of(CaseTarget {
                recordings,
                hold_for,
            }));
        }
        let (inspection, policy, version) = (self.inspection, self.policy, self.version);
        let decryption = self.decryption.clone();
        let files = self.inputs.iter();
        let files =
            files.filter_map(|input| Some((input.name().to_string(), input.path()?.into())));
        let is_run = self.purpose == Purpose::Run;
        let origins = is_run.then(|| CallOrigins::new(self.mapping.text(), files));
        TargetPipeline::Calls(self.of(CallTarget {
            recordings,
            inspection,
            decryption,
            policy,
            origins,
            version,
        }))
    }

    fn of<T: ImportTarget>(self, target: T) -> Pipeline<T> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Pipeline {
            target,
            inputs: self.inputs,
            unread: self.unread,
            options: self.options,
            mapping: self.mapping,
            earlier: self.earlier,
            purpose: self.purpose,
            now: Timestamp::now(),
            selection: self.selection,
            shard: self.shard,
            // Reading costs a fifth of deciding, so the reader needs no core of its own. Whoever waits for a
            // store needs none either.
            workers: if self.recordings.as_ref().is_some_and(|index| index.is_far()) {
                FAR_WORKERS
            } else {
                cores.clamp(1, 8)
            },
            extent: self.extent,
        }
    }
}

/// What this command imports, with its recordings.
pub(super) fn parts(
    arguments: &ExportArgs,
    policy: Policy,
    purpose: Purpose,
    version: ApiVersion,
    beside: FilesBeside<'_>,
) -> Result<ImportParts, Error> {
    let mut parts = unlisted_parts(arguments, policy, purpose, version, beside)?;
    let places = parts.places.take();
    parts.recordings = places.map(RecordingPlaces::index).transpose()?;
    Ok(parts)
}

/// The same before its recordings are listed.
pub(super) fn unlisted_parts(
    arguments: &ExportArgs,
    policy: Policy,
    purpose: Purpose,
    version: ApiVersion,
    beside: FilesBeside<'_>,
) -> Result<ImportParts, Error> {
    let mapping = load_mapping(arguments)?;
    let others = FilesAmongExports::of(arguments, beside);
    let finder = ExportFinder {
        stores: &arguments.stores,
        others: Some(&others),
    };
    let found = finder.find(&arguments.exports)?;
    let outage = match purpose {
        Purpose::Run => OutagePolicy::Probe,
        Purpose::Check => OutagePolicy::GiveUp,
    };
    let inspection = inspection(arguments, &mapping)?;
    let places = RecordingPlaces::of(arguments, &mapping, outage)?;
    let decryption = decryption(&mapping, Path::new(&arguments.mapping))?;
    Ok(ImportParts {
        inputs: found.inputs,
        unread: found.unread,
        options: options(
            &mapping,
            arguments.encoding.as_deref(),
            arguments.sheet.as_deref(),
        ),
        mapping,
        recordings: None,
        traffic: places
            .as_ref()
            .map(RecordingPlaces::traffic)
            .unwrap_or_default(),
        places,
        inspection,
        decryption,
        policy,
        selection: None,
        shard: None,
        earlier: None,
        purpose,
        version,
        extent: Arc::default(),
    })
}

/// What decrypts recordings, if the mapping names a command.
fn decryption(mapping: &MappingFile, path: &Path) -> Result<Option<Arc<Transcoder>>, Usage> {
    let Some(decryptor) = decryptor(mapping, path)? else {
        return Ok(None);
    };
    let transcoder = Transcoder::open(None, IndexOptions::default().largest);
    let transcoder = transcoder.map_err(Usage::Workshop)?;
    Ok(Some(Arc::new(transcoder.with_decryptor(Some(decryptor)))))
}

/// The command of the mapping that decrypts recordings. It is run as the user, who must have written it.
fn decryptor(mapping: &MappingFile, path: &Path) -> Result<Option<Decryptor>, Usage> {
    let Some(line) = &mapping.audio().decrypt else {
        return Ok(None);
    };
    if let Some(doubt) = config::file_doubt(path) {
        let why = format!("the mapping names a command to run, and {doubt}");
        return Err(Usage::Unusable {
            what: "[audio] decrypt",
            why,
        });
    }
    let words = config::command_words(line).map_err(|why| Usage::Unusable {
        what: "[audio] decrypt",
        why,
    })?;
    let words = words.into_iter().map(Into::into).collect();
    let none = || Usage::Unusable {
        what: "[audio] decrypt",
        why: "no program is named".to_owned(),
    };
    let decryptor = Decryptor::new(words, config::for_decryption());
    decryptor.ok_or_else(none).map(Some)
}

/// How far recordings are looked into. Without an `ffmpeg` nothing can be converted, and that is
/// said before anything is sent; parts of one call may be put together without it.
fn inspection(arguments: &ExportArgs, mapping: &MappingFile) -> Result<InspectionOptions, Error> {
    let listening = arguments.inspection_options();
    let has_ffmpeg = match (listening.doubtful, mapping.audio().several) {
        (OddFormats::Convert, _) => Ffmpeg::find(config::for_programs())
            .map(|_| true)
            .map_err(Usage::NoFfmpeg)?,
        (OddFormats::Send, SeveralArg::Join) => Ffmpeg::find(config::for_programs()).is_ok(),
        (OddFormats::Send, _) => false,
    };
    Ok(InspectionOptions {
        has_ffmpeg,
        ..listening
    })
}

/// Where recordings are put together or converted, if any may have to be.
pub(super) fn transcoder(parts: &ImportParts) -> Result<Option<Arc<Transcoder>>, Error> {
    let may_join = parts.mapping.audio().several == SeveralArg::Join;
    let may_make =
        may_join || parts.inspection.doubtful == OddFormats::Convert || parts.decryption.is_some();
    if parts.recordings.is_none() || !may_make {
        return Ok(None);
    }
    let ffmpeg = if parts.inspection.has_ffmpeg {
        Some(Ffmpeg::find(config::for_programs()).map_err(Usage::NoFfmpeg)?)
    } else {
        None
    };
    let largest = IndexOptions::default().largest;
    let transcoder = Transcoder::open(ffmpeg, largest).map_err(Usage::Workshop)?;
    let decryptor = parts.decryption.as_ref();
    let decryptor = decryptor.and_then(|decryption| decryption.decryptor());
    Ok(Some(Arc::new(transcoder.with_decryptor(decryptor))))
}

/// The files that the command reads, for the report to protect.
pub(super) fn paths(parts: &ImportParts, arguments: &ExportArgs) -> Vec<PathBuf> {
    let exports = own_files(&parts.inputs);
    let others = files_beside(arguments).into_iter();
    exports
        .map(Path::to_owned)
        .chain(parts.mapping.second_files())
        .chain(others.map(Path::to_owned))
        .collect()
}

/// The `[source]` table in the words of the reader; the flags win.
pub(super) fn options(
    mapping: &MappingFile,
    encoding: Option<&str>,
    sheet: Option<&str>,
) -> source::ReadOptions {
    let options = mapping.source_options().options();
    source::ReadOptions {
        encoding: encoding.map(str::to_owned).or(options.encoding),
        sheet: sheet.map(str::to_owned).or(options.sheet),
        inner: mapping.nested_list().map(str::to_owned),
        sidecar: mapping
            .audio()
            .sidecar
            .as_ref()
            .map(|sidecar| sidecar.ending.clone()),
        ..options
    }
}
