//! The variables that programs started by this one may see.

use std::ffi::OsString;

use crate::recordings::ProgramEnvironment;

/// Without these the keyring of a desktop session cannot be asked; none holds a secret.
const SESSION: [&str; 5] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "USER",
];

/// What any program gets: where programs and temporary files are, the home folder and the language.
pub fn for_programs() -> ProgramEnvironment {
    ProgramEnvironment::new(found(&ProgramEnvironment::NAMES))
}

/// The same, with what the keyring of a desktop session needs.
pub(super) fn for_keyrings() -> ProgramEnvironment {
    let common = found(&ProgramEnvironment::NAMES);
    ProgramEnvironment::new(common.chain(found(&SESSION)))
}

/// The same, for a command that decrypts: `gpg` finds its keys by one more variable.
pub fn for_decryption() -> ProgramEnvironment {
    let common = found(&ProgramEnvironment::NAMES).chain(found(&SESSION));
    ProgramEnvironment::new(common.chain(found(&["GNUPGHOME"])))
}

/// The same, with what `ssh` needs to find keys, agents and the program that knows a password.
pub(super) fn for_ssh() -> ProgramEnvironment {
    const SSH: [&str; 4] = [
        "SSH_AUTH_SOCK",
        "SSH_ASKPASS",
        "SSH_ASKPASS_REQUIRE",
        "LOGNAME",
    ];
    let common = found(&ProgramEnvironment::NAMES).chain(found(&SESSION));
    ProgramEnvironment::new(common.chain(found(&SSH)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn found(names: &[&'static str]) -> impl Iterator<Item = (OsString, OsString)> {
    names
        .iter()
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
}
