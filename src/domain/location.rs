//! Where a record stands in an export.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the operator named it.
    pub file: Arc<str>,
    /// The physical line on which the record starts, from 1; 0 when there are no lines (XLSX has
    /// rows, and they are counted here).
    pub line: u64,
    /// Which record of the file it is, from 1, where a line may hold several of them: in JSON that
    /// is not one record a line. A number and no JSON pointer, because a file may hold several
    /// documents, and because it costs a counter where a pointer would be a text for each record.
    pub record: Option<NonZeroU64>,
}

impl Location {
    /// A place that its line tells.
    pub fn on_line(file: impl Into<Arc<str>>, line: u64) -> Self {
        Location {
            file: file.into(),
            line,
            record: None,
        }
    }

    /// The place within its file: `record 17` where records are numbered, else `line 17`.
    pub fn within(&self) -> String {
        match self.record {
            Some(number) => format!("record {number}"),
            None => format!("line {}", self.line),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        match self.record {
            Some(number) => write!(f, " (record {number})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_the_record_where_its_line_does_not() {
        let location = Location::on_line("a.csv", 2);
        assert_eq!(
            (location.to_string(), location.within()),
            ("a.csv:2".into(), "line 2".into())
        );
        let record = NonZeroU64::new(17);
        let location = Location {
            record,
            ..Location::on_line("a.json", 1)
        };
        let told = (location.to_string(), location.within());
        assert_eq!(told, ("a.json:1 (record 17)".into(), "record 17".into()));
    }
}
