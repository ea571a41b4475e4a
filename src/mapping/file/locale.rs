//! Time zones and regions by their names.

use jiff::tz::TimeZone;
use rlibphonenumber::PHONE_NUMBER_UTIL;
use rlibphonenumber::enums::Region;

use super::toml_table::SpannedText;
use crate::mapping::error::{Findings, did_you_mean};

/// A zone by its IANA name, or `Z` or an offset such as `+01:00`.
pub(in crate::mapping) fn read_zone(
    text: &SpannedText,
    findings: &mut Findings,
) -> Option<TimeZone> {
    match zone_of(text.get_ref()) {
        Ok(zone) => Some(zone),
        Err(unknown) => {
            findings.add_with(text.span(), unknown.to_string(), unknown.suggestion);
            None
        }
    }
}

/// A region by the two letters of its country.
pub(in crate::mapping) fn read_region(
    text: &SpannedText,
    findings: &mut Findings,
) -> Option<Region> {
    match region_of(text.get_ref()) {
        Ok(region) => Some(region),
        Err(unknown) => {
            findings.add_with(text.span(), unknown.to_string(), unknown.suggestion);
            None
        }
    }
}

/// A time zone or region that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} `{name}`")]
pub struct UnknownName {
    /// `time zone` or `region`.
    pub kind: &'static str,
    /// The name as given.
    pub name: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

pub(in crate::mapping) fn zone_of(name: &str) -> Result<TimeZone, UnknownName> {
    let fixed = || {
        let sample = format!("2000-01-01T00:00{name}");
        jiff::fmt::temporal::Pieces::parse(&sample)
            .ok()?
            .to_numeric_offset()
            .map(TimeZone::fixed)
    };
    let zone = match name.as_bytes() {
        [b'Z'] | [b'+' | b'-', ..] => fixed(),
        _ => TimeZone::get(name).ok(),
    };
    zone.ok_or_else(|| {
        let zones = jiff::tz::db().available();
        let known: Vec<String> = zones.map(|zone| zone.as_str().to_owned()).collect();
        let nearest = did_you_mean(name, known.iter().map(String::as_str));
        UnknownName {
            kind: "time zone",
            name: name.to_owned(),
            suggestion: nearest
                .or_else(|| Some("an IANA name such as `Europe/Copenhagen`".to_owned())),
        }
    })
}

pub(in crate::mapping) fn region_of(code: &str) -> Result<Region, UnknownName> {
    Region::from_code(code)
        .ok()
        .filter(|region| {
            PHONE_NUMBER_UTIL
                .get_country_code_for_region(*region)
                .is_some()
        })
        .ok_or_else(|| UnknownName {
            kind: "region",
            name: code.to_owned(),
            suggestion: Some("the two letters of a country, such as `DK`".to_owned()),
        })
}
