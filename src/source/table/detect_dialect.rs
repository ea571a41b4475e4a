//! How a table is written, found out from a sample of its rows.

use memchr::{memchr, memchr_iter};

use super::quote_budget::QuoteBudget;
use super::scan::{ScanWindow, Scanned, scan};
use super::sink::Count;
use crate::source::bytes::mark_length;
use crate::source::format::{Dialect, Newline};
use crate::source::{Header, Quote, ReadOptions};

/// In the order in which a tie is settled: a comma is also a decimal sign and a part of prose.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// How far a quoted cell may reach while the dialect is still unknown.
const REACH: usize = 64 << 10;
/// So many title lines before the header are recognised as such.
const MAX_PREAMBLE: usize = 20;

/// What a sample says about a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::source) struct DialectGuess {
    pub(in crate::source) dialect: Dialect,
    /// Title lines before the header.
    pub(in crate::source) preamble: usize,
}

/// How well a delimiter and a quote explain the sample.
#[derive(Debug, Clone, Default)]
struct DialectScore {
    widths: Vec<usize>,
    /// The commonest width, and the share of rows that have it.
    width: usize,
    share: f64,
    strays: usize,
    quoted: usize,
    /// Quotes that stand where a cell begins.
    opening: usize,
    /// Delimiters that stand between two digits.
    decimals: usize,
}

impl DialectScore {
    fn score(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "widths and counts of a sample are small"
        )]
        let (rows, decimals, width) = (
            self.widths.len().max(1) as f64,
            self.decimals as f64,
            self.width as f64,
        );
        let width = (width - decimals / rows).max(1.0);
        self.share * self.share * width.log2()
    }
}

/// The dialect of `sample`; what `options` say is taken as said. `ended` tells that the sample is
/// the whole text.
pub(in crate::source) fn detect(sample: &[u8], ended: bool, options: &ReadOptions) -> DialectGuess {
    let rejects = dialect_of_rejects(sample, options.delimiter);
    let around = match options.quote {
        Some(Quote::Byte(quote)) => quote,
        Some(Quote::None) | None => b'"',
    };
    let newline = rejects.map_or_else(|| Newline::detect(sample, around), |(_, newline)| newline);
    let quotes: &[Option<u8>] = match options.quote {
        Some(Quote::None) => &[None],
        Some(Quote::Byte(quote)) => &[Some(quote)],
        None if memchr(b'"', sample).is_some() => &[Some(b'"'), None],
        None => &[Some(b'"')],
    };
    let delimiters: Vec<u8> = match options
        .delimiter
        .or(rejects.map(|(delimiter, _)| delimiter))
    {
        Some(delimiter) => vec![delimiter],
        None => DELIMITERS
            .into_iter()
            .filter(|delimiter| memchr(*delimiter, sample).is_some())
            .collect(),
    };
    let mut best: Option<(f64, Dialect, DialectScore)> = None;
    for delimiter in delimiters {
        let fits = quotes.iter().map(|quote| {
            let dialect = Dialect {
                delimiter,
                quote: *quote,
                newline,
            };
            (dialect, fit(sample, ended, dialect))
        });
        let (dialect, fit) = better_quoting(fits.collect());
        let score = fit.score();
        if best
            .as_ref()
            .is_none_or(|(known, ..)| score > *known + 1e-9)
        {
            best = Some((score, dialect, fit));
        }
    }
    match best {
        Some((score, dialect, fit)) if score > 0.0 || options.delimiter.is_some() => DialectGuess {
            dialect,
            preamble: preamble(&fit),
        },
        // Commas that are all decimals are delimiters after all when nothing else is there.
        Some((_, dialect, fit)) if fit.width > 1 => DialectGuess {
            dialect,
            preamble: 0,
        },
        _ => DialectGuess {
            dialect: Dialect {
                delimiter: b',',
                quote: quotes[0],
                newline,
            },
            preamble: 0,
        },
    }
}

/// Whether a file of rejected records begins so.
pub(super) fn is_of_rejects(sample: &[u8], delimiter: Option<u8>) -> bool {
    dialect_of_rejects(sample, delimiter).is_some()
}

/// A file of rejected records says before and after the name of its last column how it is written.
fn dialect_of_rejects(sample: &[u8], said: Option<u8>) -> Option<(u8, Newline)> {
    let end = memchr::memchr2(b'\r', b'\n', sample)?;
    let before = sample[..end].strip_suffix(Header::PROBLEMS.as_bytes())?;
    let delimiter = before
        .last()
        .copied()
        .filter(|byte| DELIMITERS.contains(byte) || said == Some(*byte))?;
    let newline = match &sample[end..] {
        [b'\r', b'\n', ..] => Newline::CrLf,
        [b'\r', ..] => Newline::Cr,
        _ => Newline::Lf,
    };
    Some((delimiter, newline))
}

fn better_quoting(fits: Vec<(Dialect, DialectScore)>) -> (Dialect, DialectScore) {
    let mut fits = fits.into_iter();
    let first = fits.next().unwrap_or_else(|| {
        let dialect = Dialect {
            delimiter: b',',
            quote: None,
            newline: Newline::Lf,
        };
        (dialect, DialectScore::default())
    });
    match fits.next() {
        // Quotes that never enclose a cell are characters of the text; but one that begins a cell may
        // have lost its other half. Programs that write tabs hardly ever quote.
        Some(bare)
            if first.1.quoted == 0 && (first.1.opening == 0 || bare.0.delimiter == b'\t') =>
        {
            bare
        }
        Some(bare) if first.1.strays > first.1.quoted && bare.1.share > first.1.share => bare,
        _ => first,
    }
}

fn fit(sample: &[u8], ended: bool, dialect: Dialect) -> DialectScore {
    let terminator = dialect.newline.terminator();
    let mut fit = DialectScore::default();
    let mut at = 0;
    let mut reach = QuoteBudget::new(REACH);
    while at < sample.len() {
        at += mark_length(&sample[at..]);
        let data = &sample[at..];
        let mut count = Count::default();
        let window = ScanWindow {
            data,
            ended,
            reach: reach.bytes(),
        };
        let next = match scan(dialect, window, &mut count) {
            Scanned::Row(extent) => {
                fit.strays += usize::from(extent.stray.is_some());
                fit.quoted += extent.quoted;
                if extent.end > 0 {
                    fit.widths.push(count.0);
                }
                extent.next
            }
            Scanned::Incomplete => break,
            Scanned::Open => {
                fit.strays += 1;
                reach.looked_in_vain(reach.bytes().min(data.len()));
                memchr(terminator, data).map_or(data.len(), |end| end + 1)
            }
        };
        at += next.max(1);
        reach.read(next);
    }
    fit.opening = opening_quotes(sample, dialect);
    let mut counts = std::collections::HashMap::new();
    for width in &fit.widths {
        *counts.entry(*width).or_insert(0_usize) += 1;
    }
    if let Some((width, rows)) = counts
        .into_iter()
        .max_by_key(|(width, rows)| (*rows, *width))
    {
        #[expect(clippy::cast_precision_loss, reason = "counts of a sample are small")]
        let share = rows as f64 / fit.widths.len() as f64;
        fit.width = width;
        fit.share = share;
    }
    if dialect.delimiter == b',' {
        let digit = |at: Option<usize>| {
            at.and_then(|at| sample.get(at))
                .is_some_and(u8::is_ascii_digit)
        };
        fit.decimals = memchr_iter(b',', sample)
            .filter(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)))
            .count();
    }
    fit
}

/// Quotes that stand where a cell may begin.
fn opening_quotes(sample: &[u8], dialect: Dialect) -> usize {
    let begins = |at: &usize| match at.checked_sub(1) {
        None => true,
        Some(before) => {
            let before = sample[before];
            // The last ones end a mark between files that were put one behind the other.
            before == dialect.delimiter || matches!(before, b'\r' | b'\n' | 0x1a | 0xbf)
        }
    };
    let quotes = dialect.quote.map(|quote| memchr_iter(quote, sample));
    quotes.map_or(0, |quotes| quotes.filter(begins).count())
}

/// Lines without a delimiter before a table whose rows agree are its title.
fn preamble(fit: &DialectScore) -> usize {
    let lines = fit.widths.iter().take_while(|width| **width == 1).count();
    let rest = &fit.widths[lines..];
    let agree = rest.iter().filter(|width| **width == fit.width).count();
    let title = fit.width >= 3
        && lines <= MAX_PREAMBLE
        && rest.len() >= 2
        && rest.first() == Some(&fit.width)
        && agree * 10 >= rest.len() * 8;
    if title { lines } else { 0 }
}

/// The delimiter that Excel writes into the first line (`sep=;`), and the length of that line.
pub(in crate::source) fn separator_line(text: &[u8]) -> Option<(u8, usize)> {
    let rest = text
        .strip_prefix(b"sep=")
        .or_else(|| text.strip_prefix(b"\"sep="))?;
    let (delimiter, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let ending = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    let known = delimiter.is_ascii() && !matches!(delimiter, b'\r' | b'\n' | 0);
    known.then(|| (*delimiter, text.len() - rest.len() + ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sample: &str) -> (char, Option<u8>) {
        let finding = detect(sample.as_bytes(), true, &ReadOptions::default());
        (char::from(finding.dialect.delimiter), finding.dialect.quote)
    }

    #[test]
    fn delimiters_are_found_among_decimals_and_prose() {
        let quote = Some(b'"');
        assert_eq!(found("a,b\n1,2\n"), (',', quote));
        assert_eq!(found("1,2,3\n4,5,6\n"), (',', quote));
        assert_eq!(found("navn;pris\na;1,5\nb;2,5\n"), (';', quote));
        assert_eq!(found("a;1,5\n"), (';', quote));
        assert_eq!(found("1,5;2,5;3,5;4,5\n1,5;2,5;3,5;4,5\n"), (';', quote));
        assert_eq!(found("id,labels\n1,a;b\n2,c\n"), (',', quote));
        assert_eq!(found("id|text\n1|a, b, c\n2|d\n"), ('|', quote));
        assert_eq!(found("a\n\"x;y\"\n\"z\"\n"), (',', quote));
        assert_eq!(found("a,\"b\nc\",d\n1,2,3\n"), (',', quote));
    }

    #[test]
    fn quotes_that_enclose_nothing_are_text() {
        assert_eq!(found("a\tb\n1\tsaid \"no\n2\tx\n"), ('\t', None));
        assert_eq!(found("a\tb\n1\t\"said\" no\n2\tx\n"), ('\t', None));
    }

    #[test]
    fn titles_before_the_header_are_told_from_rows() {
        let sample = "Calls of March\nmade by hand\n\na;b;c\n1;2;3\n1;2;3\n";
        assert_eq!(
            detect(sample.as_bytes(), true, &ReadOptions::default()).preamble,
            2
        );
        let sample = "a;b;c\n1\n1;2;3\n1;2;3\n";
        assert_eq!(
            detect(sample.as_bytes(), true, &ReadOptions::default()).preamble,
            0
        );
    }

    #[test]
    fn excels_first_line_names_the_delimiter() {
        assert_eq!(separator_line(b"sep=;\r\na;b"), Some((b';', 7)));
        assert_eq!(separator_line(b"\"sep=,\"\na,b"), Some((b',', 8)));
        assert_eq!(separator_line(b"sep=;x\n"), None);
        assert_eq!(separator_line(b"separator\n"), None);
    }
}
