//! Any bytes as an archive or a workbook.
#![no_main]

use capturi_import_fuzz::read::read;
use capturi_import_fuzz::source::ReadOptions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut options = ReadOptions::default();
    options.limits.expansion_free = 16 << 20;
    let _ = read("calls.xlsx", bytes, &options);
    let _ = read("calls.gz", bytes, &options);
});
