//! The program: parse, run one command, turn its result into an exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

// Records and requests are made of many small texts, which are often dropped by another thread
// than the one that made them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    capturi_import::cli::main(std::env::args_os())
}
