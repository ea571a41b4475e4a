//! What is wrong with a mapping file, shown where it stands.

use std::fmt;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One thing wrong with a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the file that are meant.
    pub span: Range<usize>,
    /// Line of the first of them, from 1.
    pub line: usize,
    /// Column of the first of them in characters, from 1.
    pub column: usize,
    /// The text that stands there.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
    /// What was probably meant, or what is possible here.
    pub suggestion: Option<String>,
}

/// A mapping file that cannot be used, or cannot be used with this export: everything wrong with
/// it, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    file: Arc<str>,
    text: Arc<str>,
    findings: Vec<Finding>,
}

impl LoadError {
    /// A file with more findings than this is no mapping file, and nobody reads on.
    const SHOWN: usize = 10;

    pub(super) fn new(file: Arc<str>, text: Arc<str>, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        findings.dedup();
        LoadError {
            file,
            text,
            findings,
        }
    }

    /// Name of the mapping file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Everything wrong, in the order of the file; at least one.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Shows every finding with its line and a mark below the place, with colours or plain.
    pub fn render(&self, is_coloured: bool) -> String {
        let renderer = if is_coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut shown = String::new();
        for finding in self.findings.iter().take(Self::SHOWN) {
            let label = finding.suggestion.as_deref();
            let snippet = Snippet::source(&*self.text).path(&*self.file).annotation(
                AnnotationKind::Primary
                    .span(finding.span.clone())
                    .label(label),
            );
            let group = Level::ERROR
                .primary_title(finding.message.as_str())
                .element(snippet);
            shown.push_str(&renderer.render(&[group]));
            shown.push('\n');
        }
        if let Some(more) = self
            .findings
            .len()
            .checked_sub(Self::SHOWN)
            .filter(|more| *more > 0)
        {
            let _ = writeln!(shown, "and {more} more");
        }
        shown
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

/// Collects findings against one text.
#[derive(Debug)]
pub(super) struct Findings {
    text: Arc<str>,
    list: Vec<Finding>,
}

impl Findings {
    /// Whether a finding names the column.
    pub(super) fn mentions(&self, column: &str) -> bool {
        let name = format!("`{column}`");
        self.list
            .iter()
            .any(|finding| finding.message.contains(&name))
    }

    pub(super) fn new(text: Arc<str>) -> Self {
        Findings {
            text,
            list: Vec::new(),
        }
    }

    /// Adds a finding; a span that does not fit the text is moved into it.
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.add_with(span, message, None);
    }

    pub(super) fn add_with(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let span = self.fit(span);
        let before = &self.text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.list.push(Finding {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            text: self.text[span.clone()].to_owned(),
            message: message.into(),
            suggestion,
            span,
        });
    }

    fn fit(&self, span: Range<usize>) -> Range<usize> {
        let floor = |at: usize| {
            let mut at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }

    /// The text that the findings point into.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

/// `did you mean …?` when one of `known` is close to `word`.
pub(super) fn did_you_mean<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    let folded = word.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
        .filter(|(nearness, _)| *nearness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("did you mean `{name}`?"))
}

/// What can stand at a place: the nearest name, else all of them while they are few.
pub(super) fn suggest<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Option<String> {
    did_you_mean(word, known.clone()).or_else(|| {
        let names: Vec<&str> = known.into_iter().take(40).collect();
        (!names.is_empty()).then(|| format!("possible here: {}", names.join(", ")))
    })
}
