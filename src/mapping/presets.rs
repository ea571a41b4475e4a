//! The mapping files that come with the program.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::LoadError;
use super::file::MappingFile;
use super::file::needs::Need;

/// A mapping file that is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The name to give to `--mapping`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub title: &'static str,
    /// The file, with what the operator must check in its head.
    pub text: &'static str,
}

const PRESETS: &[Preset] = &[
    Preset {
        name: "capturi-v1",
        title: "the documented v1 shape, and columns with v2 names",
        text: include_str!("../../mappings/capturi-v1.toml"),
    },
    Preset {
        name: "3cx",
        title: "3CX: the call log of version 20 (CSV)",
        text: include_str!("../../mappings/3cx.toml"),
    },
    Preset {
        name: "adversus",
        title: "Adversus: calls of the API (JSON)",
        text: include_str!("../../mappings/adversus.toml"),
    },
    Preset {
        name: "aircall",
        title: "Aircall: calls of the API (JSON)",
        text: include_str!("../../mappings/aircall.toml"),
    },
    Preset {
        name: "amazon-connect",
        title: "Amazon Connect: contact records (JSON)",
        text: include_str!("../../mappings/amazon-connect.toml"),
    },
    Preset {
        name: "asterisk",
        title: "Asterisk: Master.csv of cdr_csv (CSV without a header)",
        text: include_str!("../../mappings/asterisk.toml"),
    },
    Preset {
        name: "avaya-smdr",
        title: "Avaya IP Office: SMDR records (CSV)",
        text: include_str!("../../mappings/avaya-smdr.toml"),
    },
    Preset {
        name: "callrail",
        title: "CallRail: calls of the API (JSON)",
        text: include_str!("../../mappings/callrail.toml"),
    },
    Preset {
        name: "cisco-cucm",
        title: "Cisco CUCM: CDR files",
        text: include_str!("../../mappings/cisco-cucm.toml"),
    },
    Preset {
        name: "cxone",
        title: "NICE CXone: the Call Detail Report (CSV, XLSX)",
        text: include_str!("../../mappings/cxone.toml"),
    },
    Preset {
        name: "dialpad",
        title: "Dialpad: calls of the Stats API (CSV)",
        text: include_str!("../../mappings/dialpad.toml"),
    },
    Preset {
        name: "five9",
        title: "Five9: the report Call Log (CSV)",
        text: include_str!("../../mappings/five9.toml"),
    },
    Preset {
        name: "freepbx",
        title: "FreePBX: CDR Reports (CSV)",
        text: include_str!("../../mappings/freepbx.toml"),
    },
    Preset {
        name: "genesys-cloud",
        title: "Genesys Cloud: an exported interactions view (CSV)",
        text: include_str!("../../mappings/genesys-cloud.toml"),
    },
    Preset {
        name: "genesys-details",
        title: "Genesys Cloud: conversation details of the analytics API (JSON)",
        text: include_str!("../../mappings/genesys-details.toml"),
    },
    Preset {
        name: "hubspot-calls",
        title: "HubSpot: calls of the CRM API (JSON)",
        text: include_str!("../../mappings/hubspot-calls.toml"),
    },
    Preset {
        name: "puzzel",
        title: "Puzzel: call_events of the raw data (CSV)",
        text: include_str!("../../mappings/puzzel.toml"),
    },
    Preset {
        name: "puzzel-xml",
        title: "Puzzel: the XML beside each recording",
        text: include_str!("../../mappings/puzzel-xml.toml"),
    },
    Preset {
        name: "ringcentral",
        title: "RingCentral: the call log API (JSON)",
        text: include_str!("../../mappings/ringcentral.toml"),
    },
    Preset {
        name: "talkdesk",
        title: "Talkdesk: the Calls report with call_id and user_email (JSON, CSV)",
        text: include_str!("../../mappings/talkdesk.toml"),
    },
    Preset {
        name: "talkdesk-legacy",
        title: "Talkdesk: the Calls report of legacy Explore (JSON, CSV)",
        text: include_str!("../../mappings/talkdesk-legacy.toml"),
    },
    Preset {
        name: "teams-pstn",
        title: "Microsoft Teams: PSTN calls of Microsoft Graph (JSON)",
        text: include_str!("../../mappings/teams-pstn.toml"),
    },
    Preset {
        name: "twilio",
        title: "Twilio: calls of the REST API, parents and children (JSON)",
        text: include_str!("../../mappings/twilio.toml"),
    },
    Preset {
        name: "vicidial",
        title: "VICIdial: Export Calls Report (tabs)",
        text: include_str!("../../mappings/vicidial.toml"),
    },
    Preset {
        name: "vicidial-alternate",
        title: "VICIdial: the forms ALTERNATE_1 and _2, which have no agents",
        text: include_str!("../../mappings/vicidial-alternate.toml"),
    },
    Preset {
        name: "webex-calling",
        title: "Webex Calling: detailed call history (JSON, CSV)",
        text: include_str!("../../mappings/webex-calling.toml"),
    },
    Preset {
        name: "freshdesk",
        title: "Freshdesk: whole tickets with their conversations, as cases (JSON)",
        text: include_str!("../../mappings/freshdesk.toml"),
    },
    Preset {
        name: "intercom",
        title: "Intercom: whole conversations with their parts, as cases (JSON)",
        text: include_str!("../../mappings/intercom.toml"),
    },
    Preset {
        name: "zendesk-tickets",
        title: "Zendesk: whole tickets with their comments, as cases (JSON)",
        text: include_str!("../../mappings/zendesk-tickets.toml"),
    },
    Preset {
        name: "zendesk-messages",
        title: "Zendesk: one message a record, as cases (CSV, JSON)",
        text: include_str!("../../mappings/zendesk-messages.toml"),
    },
    Preset {
        name: "zoom-phone",
        title: "Zoom Phone: the call history of the API (JSON)",
        text: include_str!("../../mappings/zoom-phone.toml"),
    },
    Preset {
        name: "zoom-phone-logs",
        title: "Zoom Phone: the older call logs of the API (JSON)",
        text: include_str!("../../mappings/zoom-phone-logs.toml"),
    },
];

impl Preset {
    /// The preset that is used when the operator names none.
    pub const DEFAULT: &'static str = "capturi-v1";

    /// The presets, the default first.
    pub fn all() -> &'static [Preset] {
        PRESETS
    }

    /// The preset of exactly this name, or `None`.
    pub fn named(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The one preset but `other` whose records look like this, or hold such records: its name, and the
    /// pointer to them.
    pub(in crate::mapping) fn of_record(
        tree: &Json,
        other: &str,
    ) -> Option<(&'static str, Option<String>)> {
        let mut found = Vec::new();
        for preset in PRESETS.iter().filter(|preset| preset.name != other) {
            let Ok(mapping) = preset.load() else { continue };
            let known = &mapping.source.known;
            if known.fits(tree) {
                found.push((preset.name, None));
            } else if let [pointer] = &known.pointers(tree)[..] {
                found.push((preset.name, Some(pointer.clone())));
            }
        }
        (found.len() == 1).then(|| found.remove(0))
    }

    /// Whether the mapping of these errors is a preset, and the export another than it is for; not if
    /// the operator only has to say what no export of its kind says.
    pub fn is_unfit(error: &LoadError) -> bool {
        let mut findings = error.findings().iter();
        PRESETS.iter().any(|preset| preset.name == error.file())
            && !findings.any(|finding| Need::asks(&finding.message))
    }

    /// Loads the preset.
    pub fn load(&self) -> Result<MappingFile, LoadError> {
        self.load_beside(None, &[])
    }

    /// Loads the preset with its second files in `dir`, or where `files` says by their names.
    pub fn load_beside(
        &self,
        dir: Option<&Path>,
        files: &[(String, PathBuf)],
    ) -> Result<MappingFile, LoadError> {
        MappingFile::load_with(self.text, self.name, dir, files)
    }
}
