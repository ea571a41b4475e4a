//! `mapping`: presets, proposals and trials.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::exports::{ExportFinder, shown};
use super::files_beside::FilesBeside;
use super::guided::{GuidedMapping, complete_proposal, complete_settings};
use super::inputs::{self, TargetPipeline};
use crate::api::ApiVersion;
use crate::config::{InitArgs, MappingCommand, TestArgs};
use crate::domain::Policy;
use crate::mapping::{
    ExportSurvey, GuidedProposal, ListedRecordings, MappingFile, Preset, PresetFit, PresetTrial,
    propose, survey,
};
use crate::pipeline::Purpose;
use crate::recordings::{IndexOptions, build_index, probe};
use crate::report::{self, MappingTrial, Screen};
use crate::source;
use crate::stores::StoreError;

pub(super) fn mapping(command: &MappingCommand, mut screen: Screen) -> Result<Exit, Error> {
    match command {
        MappingCommand::List => {
            for preset in Preset::all() {
                screen.say(&format!("{:<18} {}", preset.name, preset.title));
            }
        }
        MappingCommand::Show { name } => match Preset::named(name) {
            Some(preset) => screen.say(preset.text.trim_end()),
            None => return Err(Usage::NoMapping { name: name.clone() }.into()),
        },
        MappingCommand::Init(arguments) => init(arguments, &mut screen)?,
        MappingCommand::Test(arguments) => return test(arguments, &mut screen),
    }
    Ok(Exit::Done)
}

fn init(arguments: &InitArgs, screen: &mut Screen) -> Result<(), Error> {
    if arguments.guided && !report::is_interactive() {
        return Err(Usage::NoTerminal.into());
    }
    let out = out(arguments)?;
    let finder = ExportFinder {
        stores: &arguments.stores,
        others: None,
    };
    let found = finder.find(&[arguments.export.clone().into()])?;
    let export = &shown(&arguments.export);
    let input = found.inputs.first().filter(|input| input.path().is_some());
    let input = input.ok_or_else(|| Usage::NoFile {
        name: export.clone(),
    })?;
    let options = source::ReadOptions {
        encoding: arguments.encoding.clone(),
        sheet: arguments.sheet.clone(),
        ..source::ReadOptions::default()
    };
    let survey = survey(input, &options)?;
    if let Some(sentence) = survey.sentence.clone() {
        let name = export.clone();
        return Err(Usage::NoRecords { name, sentence }.into());
    }
    let fits = PresetFit::of_export(&survey, input);
    let fit = fits.first().filter(|fit| fit.is_good());
    // Of tickets no calls can be proposed.
    let taken = fit.filter(|fit| !arguments.own || fit.is_of_cases);
    let audio = arguments.audio.as_deref();
    if let Some(fit) = taken.filter(|_| !arguments.guided) {
        report::print_fit(screen, fit, export, audio);
        if let Some(path) = &out {
            report::save_mapping(path, &fit.text())?;
            let next = report::NextCommands::new(export, &fit.asks, "", audio);
            report::print_saved(screen, path, &next);
        }
        return Ok(());
    }
    if fit.is_none() {
        report::print_no_fit(screen, fits.first());
    }
    let done = proposed(arguments, &survey, taken, screen)?;
    let mapping = MappingFile::load(&done.text, "mapping.toml", Path::new(export).parent());
    let asks = mapping
        .as_ref()
        .map_or_else(|_| Vec::new(), MappingFile::asks);
    let next = report::NextCommands::new(export, &asks, &done.flags, audio);
    if let Some(path) = &out {
        report::save_mapping(path, &done.text)?;
        if let Ok(Ok(trial)) = mapping.map(|mapping| PresetTrial::of(&mapping, input)) {
            report::print_trial(screen, trial);
        }
        report::print_saved(screen, path, &next);
    } else {
        screen.say(done.text.trim_end());
        report::print_next(screen, &next);
    }
    Ok(())
}

/// The mapping for an export, completed by answers where they are wanted.
fn proposed(
    arguments: &InitArgs,
    survey: &ExportSurvey,
    taken: Option<&PresetFit>,
    screen: &mut Screen,
) -> Result<GuidedMapping, Error> {
    let audio = arguments.audio.as_deref();
    let names = audio.map(names_below).transpose()?;
    let seconds = |name: &str| probe(&audio?.join(name)).ok()?.seconds;
    let recordings = names.as_deref().map(|names| ListedRecordings {
        names,
        seconds: &seconds,
    });
    let recordings = recordings.as_ref();
    match taken {
        _ if !arguments.guided => Ok(GuidedMapping {
            text: propose(survey, recordings),
            flags: String::new(),
        }),
        Some(fit) => {
            screen.say(&format!(
                "The preset {} knows this export.",
                fit.preset.name
            ));
            complete_settings(fit.text(), &mut |question| report::ask(screen, question))
        }
        None => {
            let proposal = GuidedProposal::of(survey);
            let mut ask = |question: &str| report::ask(screen, question);
            complete_proposal(proposal, recordings, &mut ask)
        }
    }
}

/// Where the mapping is written; what is there is never written over.
fn out(arguments: &InitArgs) -> Result<Option<PathBuf>, Error> {
    let usual = arguments.guided.then(|| PathBuf::from("mapping.toml"));
    let out = arguments.out.clone().or(usual);
    match out {
        Some(path) if path.exists() => Err(Usage::Exists { path }.into()),
        out => Ok(out),
    }
}

/// The recordings below a folder, as paths from there.
fn names_below(folder: &Path) -> Result<Vec<String>, Error> {
    let index = build_index(folder, &IndexOptions::default()).map_err(StoreError::from)?;
    Ok(index.recordings().map(|found| found.name).collect())
}

fn test(arguments: &TestArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let policy = Policy {
        missing: arguments.export.missing(),
        ..Policy::default()
    };
    let parts = inputs::parts(
        &arguments.export,
        policy,
        Purpose::Run,
        ApiVersion::V2,
        FilesBeside::default(),
    )?;
    let mut tries = MappingTrial::new(parts.mapping.clone(), arguments.records);
    let mut taken = Ok(());
    let walked = match parts.into_pipeline() {
        TargetPipeline::Calls(pipeline) => pipeline.run(|decided| {
            tries.take_calls(&decided).unwrap_or_else(|error| {
                taken = Err(error);
                ControlFlow::Break(())
            })
        }),
        TargetPipeline::Cases(pipeline) => pipeline.run(|decided| tries.take_cases(&decided)),
    };
    taken?;
    walked?;
    Ok(if tries.show(screen) {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}
