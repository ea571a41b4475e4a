//! The raw scan that `check` is measured against: the csv crate splits every field of a file and
//! looks at none.
//!
//! `cargo bench --bench scan -- FILE…` scans files; without a file it scans a small table of its
//! own, to show that it works. `scripts/bench` runs it as a process of its own, so that both sides
//! of the ratio pay for starting up.
#![expect(
    clippy::print_stdout,
    reason = "a program for the terminal, outside of the crate's rooms"
)]

use std::error::Error;
use std::fs::File;
use std::io::{Cursor, Read};
use std::time::Instant;

/// Splits everything that `input` holds; the number of records and of fields.
fn scan(input: impl Read) -> Result<(u64, u64), csv::Error> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 20)
        .from_reader(input);
    let mut record = csv::ByteRecord::new();
    let (mut records, mut fields) = (0, 0);
    while reader.read_byte_record(&mut record)? {
        records += 1;
        fields += record.len() as u64;
    }
    Ok((records, fields))
}

fn report(name: &str, bytes: u64, input: impl Read) -> Result<(), csv::Error> {
    let started = Instant::now();
    let (records, fields) = scan(input)?;
    let micros = started.elapsed().as_micros().max(1);
    let records_per_second = u128::from(records) * 1_000_000 / micros;
    let megabytes_per_second = u128::from(bytes) / micros;
    println!(
        "{name}: {records} records, {fields} fields, {micros} µs, \
         {records_per_second} records/s, {megabytes_per_second} MB/s"
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds `--bench` of its own.
    let files: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if files.is_empty() {
        let table = "id,when,\"a \"\"quoted\"\" name\"\n".repeat(100_000);
        report("a small table", table.len() as u64, Cursor::new(&table))?;
    }
    for name in files {
        let file = File::open(&name)?;
        report(&name, file.metadata()?.len(), file)?;
    }
    Ok(())
}
