//! The page of evidence: one sheet of paper that names the root, the sums, and what is not proved.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::error::EvidenceError;
use super::manifest::hex;
use super::signature::Signed;
use super::summary::EvidenceSummary;

const PAGE: &str = include_str!("certificate.html");

/// What the page says.
#[derive(Debug, Serialize)]
pub(super) struct Certificate {
    made: String,
    version: String,
    destination: String,
    lines: u64,
    root: String,
    states: Vec<NamedCount>,
    consent: Vec<NamedCount>,
    recordings: Vec<NamedCount>,
    verified: Vec<NamedCount>,
    /// SHA-256 of the public key.
    key: Option<String>,
    not_proved: Vec<String>,
}

/// A number with its name.
#[derive(Debug, Serialize)]
struct NamedCount {
    name: String,
    count: u64,
}

impl Certificate {
    pub(super) fn new(summary: &EvidenceSummary, signed: Option<&Signed>) -> Certificate {
        let totals = &summary.totals;
        let named = |name: &str, count: u64| NamedCount {
            name: name.to_owned(),
            count,
        };
        let of = |counts: &std::collections::BTreeMap<String, u64>| {
            let counts = counts.iter();
            counts.map(|(name, count)| named(name, *count)).collect()
        };
        Certificate {
            made: format!("{:.0}", summary.made),
            version: summary.version.clone(),
            destination: summary.destination.clone(),
            lines: summary.lines,
            root: summary.root.clone(),
            states: of(&totals.states),
            consent: vec![
                named("sent as given", totals.consent.yes),
                named("sent as refused", totals.consent.no),
                named("not stated", totals.consent.not_stated),
            ],
            recordings: vec![
                named("delivered", totals.recordings),
                named("with BLAKE3 of the bytes", totals.with_blake3),
                named("with SHA-256 of the bytes", totals.with_sha256),
                named("joined or converted before", totals.made),
            ],
            verified: of(&totals.verified),
            key: signed.map(|signed| hex(&Sha256::digest(&signed.public_key))),
            not_proved: not_proved(summary, signed.is_some()),
        }
    }
}

/// What the evidence does not prove, in sentences.
fn not_proved(summary: &EvidenceSummary, is_signed: bool) -> Vec<String> {
    let totals = &summary.totals;
    let mut not = vec![
        "It does not prove what was said in a call, or that the export is complete.".to_owned(),
        "It does not prove that Capturi still has a call; the last answer of the read API is named where one was \
         asked for."
            .to_owned(),
    ];
    if totals.with_record < totals.calls {
        not.push(format!(
            "Of {} of {} calls the record of the export is not known: another program made them, or an earlier \
             version did.",
            totals.calls - totals.with_record,
            totals.calls
        ));
    }
    if totals.with_sha256 < totals.recordings {
        not.push(format!(
            "Of {} of {} recordings only BLAKE3 is known; `run --sha256` keeps SHA-256, too.",
            totals.recordings - totals.with_sha256,
            totals.recordings
        ));
    }
    if !is_signed {
        not.push(
            "Nobody has signed the root: it proves nothing to people who do not trust this page."
                .to_owned(),
        );
    }
    not
}

/// The page.
pub(super) fn render(certificate: &Certificate) -> Result<String, EvidenceError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The name ends in `.html`, which turns escaping on.
    environment.add_template("certificate.html", PAGE)?;
    let template = environment.get_template("certificate.html")?;
    Ok(template.render(minijinja::Value::from(Serde(certificate)))?)
}
