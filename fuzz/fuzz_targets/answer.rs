//! What a server answers is cleaned of what it was told, whatever it answers and however it quotes.
#![no_main]

use capturi_import_fuzz::domain::redact::{Redactor, mask};
use libfuzzer_sys::fuzz_target;

/// Found nowhere but where it is quoted.
const TOKEN: &str = "q7Xw-93kd02Lm5";

fuzz_target!(|input: (String, String, String)| {
    let (before, value, behind) = input;
    let redactor = Redactor::default().token(TOKEN).value("subject", &value);
    let told = redactor.clean(&format!("{before}{TOKEN}{behind}"));
    assert!(!told.contains(TOKEN), "{told}");
    let told = redactor.clean(&format!("{before} \"{value}\" {behind}"));
    mask(&told, &value);
});
