//! `mapping`: presets, proposals and trials.

use super::error::{Error, Usage};
use super::exit::Exit;
use crate::config::MappingCommand;
use crate::mapping::Mapping;
use crate::report::Screen;

pub(super) fn mapping(command: &MappingCommand, mut screen: Screen) -> Result<Exit, Error> {
    match command {
        MappingCommand::List => {
            for preset in Mapping::presets() {
                screen.say(&format!("{:<18} {}", preset.name, preset.title));
            }
        }
        MappingCommand::Show { name } => match Mapping::preset(name) {
            Some(preset) => screen.say(preset.text.trim_end()),
            None => return Err(Usage::NoMapping { name: name.clone() }.into()),
        },
    }
    Ok(Exit::Done)
}
