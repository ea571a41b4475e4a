//! The program: parse, run one command, turn its result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    capturi_import::cli::main(std::env::args_os())
}
