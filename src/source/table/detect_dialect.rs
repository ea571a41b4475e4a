//! How a table is written, found out from a sample of its rows.

use memchr::{memchr, memchr_iter, memmem};

use super::padding::Padding;
use super::quote_budget::QuoteBudget;
use super::scan::{ScanWindow, Scanned, scan};
use super::sink::Count;
use crate::source::bytes::mark_length;
use crate::source::format::{Dialect, Newline};
use crate::source::{Escape, Header, Quote, ReadOptions};

/// In the order in which a tie is settled: a comma is also a decimal sign and a part of prose.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// Delimiters only of a table all of whose rows agree on them: they stand in cells and prose as well.
const RARE_DELIMITERS: [u8; 7] = [b' ', b':', b'^', b'~', b'!', 0x1f, 0x01];
/// So many columns and rows a table of rare delimiters has.
const FEWEST_COLUMNS: usize = 3;
const FEWEST_ROWS: usize = 3;
/// How far a quoted cell may reach while the dialect is still unknown.
const REACH: usize = 64 << 10;
/// So many rows show whether cells are filled up with blanks.
const PADDED_ROWS: usize = 1000;
/// So many title lines with delimiters before the header are recognised as such, and any number without.
const MAX_PREAMBLE: usize = 20;

/// How cells may be quoted.
#[derive(Debug, Clone, Copy)]
struct Quoting {
    quote: Option<u8>,
    escape: Option<u8>,
}

impl Quoting {
    /// What the options say, else what the sample may be written with: the usual way first, then none.
    fn candidates(sample: &[u8], options: &ReadOptions, is_of_rejects: bool) -> Vec<Quoting> {
        let has = |text: &[u8]| memmem::find(sample, text).is_some();
        let is_rewritten = is_of_rejects
            && (options.escape.is_some() || matches!(options.quote, Some(Quote::Byte(_))));
        let quotes: Vec<Option<u8>> = match options.quote {
            _ if is_rewritten => vec![Some(b'"')],
            Some(Quote::None) => vec![None],
            Some(Quote::Byte(quote)) => vec![Some(quote)],
            None if is_of_rejects => vec![Some(b'"'), None],
            None => vec![Some(b'"'), None, Some(b'\'')],
        };
        let mut candidates = Vec::new();
        for &quote in &quotes {
            // Where the sample has no such quote, there is nothing to choose.
            let is_there = quotes.len() == 1
                || match quote {
                    Some(b'"') => true,
                    Some(quote) => has(&[quote]),
                    None => has(b"\"") || has(b"'"),
                };
            let escape = match options.escape {
                Some(Escape::Byte(escape)) if !is_of_rejects => Some(escape),
                _ => None,
            };
            if is_there {
                candidates.push(Quoting { quote, escape });
            }
        }
        if options.escape.is_none() && !is_of_rejects {
            let escaped = candidates.clone().into_iter().filter_map(|quoting| {
                let quote = quoting.quote?;
                has(&[b'\\', quote]).then_some(Quoting {
                    escape: Some(b'\\'),
                    ..quoting
                })
            });
            candidates.extend(escaped.collect::<Vec<_>>());
        }
        candidates
    }
}

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
    /// Whether another delimiter may explain more.
    fn is_doubtful(&self) -> bool {
        self.share < 0.9 || self.width < 2
    }

    fn is_table_of_rare_delimiters(&self) -> bool {
        self.widths.len() >= FEWEST_ROWS
            && self.width >= FEWEST_COLUMNS
            && self.widths.first() == Some(&self.width)
            && self.share >= 0.95
            && self.strays * 10 <= self.widths.len()
    }

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
    let quotings = Quoting::candidates(sample, options, rejects.is_some());
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
    let fit_by = |delimiter: u8| {
        let fits = quotings.iter().map(|quoting| {
            let dialect = Dialect {
                escape: quoting.escape,
                ..Dialect::new(delimiter, quoting.quote, newline)
            };
            (dialect, fit(sample, ended, dialect))
        });
        better_quoting(fits.collect())
    };
    let mut best = best_of(delimiters.into_iter().map(fit_by));
    let is_said = options.delimiter.is_some() || rejects.is_some();
    if !is_said && best.as_ref().is_none_or(|(.., fit)| fit.is_doubtful()) {
        let rare = RARE_DELIMITERS.into_iter();
        let there = rare.filter(|delimiter| memchr(*delimiter, sample).is_some());
        let found = there
            .map(fit_by)
            .find(|(_, fit)| fit.is_table_of_rare_delimiters());
        best = found.map(|(dialect, fit)| (1.0, dialect, fit)).or(best);
    }
    let width = best.as_ref().map_or(1, |(.., fit)| fit.width);
    let (mut dialect, preamble) = match best {
        Some((score, dialect, fit)) if score > 0.0 || options.delimiter.is_some() => {
            (dialect, preamble(&fit))
        }
        // Commas that are all decimals are delimiters after all when nothing else is there.
        Some((_, dialect, fit)) if fit.width > 1 => (dialect, 0),
        _ => (Dialect::new(b',', quotings[0].quote, newline), 0),
    };
    dialect.trim = match options.trim {
        _ if rejects.is_some() => false,
        Some(trim) => trim,
        None => is_padded(sample, ended, dialect, width),
    };
    DialectGuess { dialect, preamble }
}

/// Of fits that are equally good the first.
fn best_of(
    fits: impl Iterator<Item = (Dialect, DialectScore)>,
) -> Option<(f64, Dialect, DialectScore)> {
    let mut best: Option<(f64, Dialect, DialectScore)> = None;
    for (dialect, fit) in fits {
        let score = fit.score();
        if best
            .as_ref()
            .is_none_or(|(known, ..)| score > *known + 1e-9)
        {
            best = Some((score, dialect, fit));
        }
    }
    best
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

/// The quoting that explains the sample best. The first is what is usual, the second none.
fn better_quoting(fits: Vec<(Dialect, DialectScore)>) -> (Dialect, DialectScore) {
    let mut fits = fits.into_iter();
    let usual = fits.next().unwrap_or_else(|| {
        let dialect = Dialect::new(b',', None, Newline::Lf);
        (dialect, DialectScore::default())
    });
    let Some(bare) = fits.next() else {
        return usual;
    };
    let bare_share = bare.1.share;
    // Quotes that never enclose a cell are characters of the text; but one that begins a cell may
    // have lost its other half. Programs that write tabs hardly ever quote.
    let is_text = usual.1.quoted == 0 && (usual.1.opening == 0 || bare.0.delimiter == b'\t');
    let is_worse = usual.1.strays > usual.1.quoted && bare.1.share > usual.1.share;
    let is_usual_quoted = usual.1.quoted > 0;
    let mut best = if is_text || is_worse { bare } else { usual };
    for (dialect, fit) in fits {
        let is_better = if dialect.quote == Some(b'"') {
            fit.quoted > 0 && fit.strays < best.1.strays && fit.share >= best.1.share
        } else {
            let is_quoting = fit.quoted > 0 && fit.strays * 4 <= fit.quoted;
            let is_needed = fit.share > bare_share || fit.quoted >= fit.widths.len();
            let is_first = best.0.quote != dialect.quote || fit.strays < best.1.strays;
            !is_usual_quoted && is_quoting && is_needed && is_first
        };
        if is_better {
            best = (dialect, fit);
        }
    }
    best
}

/// Whether the cells of the table are filled up with blanks, or the delimiter has a blank beside it: all
/// cells without quotes but the first of each row begin with one, or all but the last end with one.
fn is_padded(sample: &[u8], ended: bool, dialect: Dialect, width: usize) -> bool {
    if memchr(b' ', sample).is_none() || dialect.delimiter == b' ' {
        return false;
    }
    let mut padding = Padding::new(width, dialect.quote);
    let mut at = 0;
    while at < sample.len() && padding.rows() < PADDED_ROWS {
        let window = ScanWindow {
            data: &sample[at..],
            ended,
            reach: REACH,
        };
        at += match scan(dialect, window, &mut padding) {
            Scanned::Row(extent) => extent.next.max(1),
            Scanned::Incomplete => break,
            Scanned::Open => memchr(dialect.newline.terminator(), window.data)
                .map_or(sample.len(), |end| end + 1),
        };
        padding.end_row();
    }
    padding.is_everywhere()
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

/// Lines with hardly a delimiter before a table whose rows agree are its title.
fn preamble(fit: &DialectScore) -> usize {
    let narrow = (fit.width / 3).max(1);
    let lines = fit
        .widths
        .iter()
        .take_while(|width| **width <= narrow)
        .count();
    let pieces = fit.widths[..lines]
        .iter()
        .filter(|width| **width > 1)
        .count();
    let rest = &fit.widths[lines..];
    let agree = rest.iter().filter(|width| **width == fit.width).count();
    let title = fit.width >= 3
        && pieces <= MAX_PREAMBLE
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
