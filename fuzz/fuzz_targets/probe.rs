//! Any bytes as a recording: what its header says is possible.
#![no_main]

use capturi_import_fuzz::recordings::probe;
use capturi_import_fuzz::read::folder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["call.wav", "call.gsm"] {
        let path = folder().join(name);
        std::fs::write(&path, bytes).expect("the temporary file can be written");
        if let Ok(probe) = probe(&path) {
            assert!(probe.seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0));
            assert!(!probe.codec.is_empty());
        }
    }
});
