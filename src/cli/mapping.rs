//! `mapping`: presets, proposals and trials.

use std::ops::ControlFlow;
use std::path::Path;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::inputs::{self, FilesBeside, TargetPipeline};
use crate::api::ApiVersion;
use crate::config::{InitArgs, MappingCommand, TestArgs};
use crate::mapping::{ListedRecordings, Preset, PresetFit, propose, survey};
use crate::pipeline::Purpose;
use crate::plan::Policy;
use crate::recordings::{IndexOptions, build_index, probe};
use crate::report::{self, MappingTrial, Screen};
use crate::source::{self, Treat};

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
    let export = &arguments.export;
    let found = source::expand(&[export.into()], &|_, _| Treat::Read)?;
    let input = found.inputs.first().filter(|input| input.path().is_some());
    let input = input.ok_or_else(|| Usage::NoFile {
        name: export.clone(),
    })?;
    let options = source::ReadOptions {
        encoding: arguments.encoding.clone(),
        ..source::ReadOptions::default()
    };
    let survey = survey(input, &options)?;
    if let Some(sentence) = survey.sentence {
        let name = export.clone();
        return Err(Usage::NoRecords { name, sentence }.into());
    }
    let fits = PresetFit::of_export(&survey, input);
    let fit = fits.first().filter(|fit| fit.is_good());
    let text = match fit {
        // Of tickets no calls can be proposed.
        Some(fit) if !arguments.own || fit.is_of_cases => {
            report::print_fit(screen, fit, export, arguments.audio.as_deref());
            fit.text()
        }
        _ => {
            if fit.is_none() {
                report::print_no_fit(screen, fits.first());
            }
            match arguments.audio.as_deref() {
                Some(folder) => {
                    let seconds = |name: &str| probe(&folder.join(name)).ok()?.seconds;
                    let recordings = ListedRecordings {
                        names: &names_below(folder)?,
                        seconds: &seconds,
                    };
                    propose(&survey, Some(&recordings))
                }
                None => propose(&survey, None),
            }
        }
    };
    match &arguments.out {
        Some(path) if path.exists() => {
            let path = path.clone();
            return Err(Usage::Exists { path }.into());
        }
        Some(path) => {
            report::save_mapping(path, &text)?;
            report::print_saved(screen, path, export);
        }
        None if fit.is_none() || arguments.own => screen.say(text.trim_end()),
        None => {}
    }
    Ok(())
}

/// The recordings below a folder, as paths from there.
fn names_below(folder: &Path) -> Result<Vec<String>, Error> {
    let index = build_index(folder, &IndexOptions::default())?;
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
        (Purpose::Run, ApiVersion::V2),
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
