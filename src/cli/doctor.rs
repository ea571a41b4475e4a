//! `doctor`: whether a run can work here.

use super::error::{Error, Usage};
use super::exit_code::Exit;
use crate::config::{DoctorArgs, DoctorSettings};
use crate::doctor::{
    check_destination, check_disk, check_ffmpeg, check_ledger, check_read_api, check_ssh,
    check_time_zones,
};
use crate::report::{DoctorLevel, DoctorLine, Screen, print_doctor};

pub(super) fn doctor(arguments: &DoctorArgs, mut screen: Screen) -> Result<Exit, Error> {
    let settings = DoctorSettings::resolve(arguments);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    let lines = runtime.block_on(look_at(settings));
    print_doctor(&mut screen, &lines);
    let is_fault = lines.iter().any(|line| line.level == DoctorLevel::Fault);
    Ok(if is_fault { Exit::Usage } else { Exit::Done })
}

async fn look_at(settings: DoctorSettings) -> Vec<DoctorLine> {
    let mut lines = Vec::new();
    let token = match settings.token {
        Ok((token, place)) => {
            lines.push(DoctorLine::ok("token", place));
            Some(token)
        }
        Err(error) => {
            lines.push(fault("token", error));
            None
        }
    };
    match settings.destination {
        Ok((base, route)) => lines.extend(check_destination(&base, &route, token.as_ref()).await),
        Err(error) => lines.push(fault("destination", error)),
    }
    match settings.read_api {
        Some(Ok(connection)) => lines.push(check_read_api(&connection).await),
        Some(Err(error)) => lines.push(fault("read API", error)),
        None => lines.push(DoctorLine::ok(
            "read API",
            "not asked: --read-url or its token is missing",
        )),
    }
    lines.push(DoctorLine::ok(
        "proxies",
        match settings.proxies.join(", ") {
            none if none.is_empty() => "none set".to_owned(),
            set => set,
        },
    ));
    if let Ok(name) = settings.name {
        let checked = check_ledger(&settings.ledger, &name);
        lines.push(checked.unwrap_or_else(|error| fault("ledger", error)));
    }
    lines.push(check_disk(&settings.ledger));
    lines.push(check_time_zones());
    lines.push(check_ffmpeg(settings.programs));
    lines.push(check_ssh(&settings.ssh));
    lines
}

fn fault(subject: &'static str, error: impl Into<Error>) -> DoctorLine {
    let error = error.into();
    DoctorLine::fault(subject, error.to_string(), error.hint())
}
