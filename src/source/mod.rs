//! Bytes to records.
//!
//! Owns dialects, encodings and compression of CSV, JSON and spreadsheet exports. Promises that
//! every record of the input comes out once, in order, with the line it starts on; that a row which
//! cannot be read comes out too, carrying its problems; and that memory does not grow with the
//! file. Knows nothing of target fields: that is `mapping`'s.

mod record;

pub use record::{Batch, Column, Header, Record, Sheet};
