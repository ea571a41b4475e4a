//! A page of the documentation as a manual page.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The page, of section 5.
pub(crate) fn page(name: &str, purpose: &str, text: &str) -> String {
    let mut writer = Writer::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        writer.take(event);
    }
    let version = env!("CARGO_PKG_VERSION");
    format!(
        ".TH {} 5 \"\" \"capturi\\-import {version}\" \"Capturi import\"\n.SH NAME\n{} \\- {}\n.SH DESCRIPTION\n{}",
        escaped(&name.to_uppercase()),
        escaped(name),
        escaped(purpose),
        writer.page
    )
}

/// Text that the formatter takes as it is.
pub(crate) fn escaped(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // At the start of a line these begin a request.
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[derive(Default)]
struct Writer {
    page: String,
    /// The numbers of the lists that are open; `None` for those without.
    lists: Vec<Option<u64>>,
    /// The cells of the row that is open.
    cells: Option<Vec<String>>,
    /// What was written since the last paragraph, heading, item or cell began.
    text: String,
}

impl Writer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text.push_str(&escaped(&text)),
            Event::Code(code) => {
                let code = escaped(&code);
                write!(self.text, "\\fB{code}\\fR").expect("memory");
            }
            Event::SoftBreak | Event::HardBreak => self.text.push('\n'),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.flush("");
                self.lists.push(*first);
            }
            Tag::TableHead | Tag::TableRow => self.cells = Some(Vec::new()),
            Tag::CodeBlock(_) => self.flush(""),
            Tag::Strong => self.text.push_str("\\fB"),
            Tag::Emphasis => self.text.push_str("\\fI"),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(HeadingLevel::H1) => self.text.clear(),
            TagEnd::Heading(HeadingLevel::H2) => self.heading(".SH"),
            TagEnd::Heading(_) => self.heading(".SS"),
            TagEnd::Paragraph if self.lists.is_empty() => self.flush(".PP\n"),
            TagEnd::Paragraph | TagEnd::Item => self.item(),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.text);
                let code = code.trim_end();
                writeln!(self.page, ".PP\n.RS 4\n.nf\n{code}\n.fi\n.RE").expect("memory");
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.text);
                self.cells.get_or_insert_default().push(cell);
            }
            TagEnd::TableHead => self.cells = None,
            TagEnd::TableRow => self.row(),
            TagEnd::Strong | TagEnd::Emphasis => self.text.push_str("\\fR"),
            _ => {}
        }
    }

    fn heading(&mut self, request: &str) {
        let text = std::mem::take(&mut self.text).replace('"', "\\(dq");
        writeln!(self.page, "{request} \"{text}\"").expect("memory");
    }

    /// Writes the text that is open, after a request that begins it.
    fn flush(&mut self, request: &str) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        if self.lists.is_empty() {
            writeln!(self.page, "{request}{}", lines(&text)).expect("memory");
        } else {
            self.text = text;
            self.item();
        }
    }

    fn item(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}.", *number - 1)
            }
            _ => "\\(bu".to_owned(),
        };
        writeln!(self.page, ".IP {sign} 4\n{}", lines(&text)).expect("memory");
    }

    /// A row is a term with what the other columns say of it.
    fn row(&mut self) {
        let cells = self.cells.take().unwrap_or_default();
        let Some((term, rest)) = cells.split_first() else {
            return;
        };
        let rest: Vec<String> = rest.iter().map(|cell| lines(cell)).collect();
        writeln!(self.page, ".TP\n{}\n{}", lines(term), rest.join("\n.br\n")).expect("memory");
    }
}

/// No line may begin with a request, and none with a blank.
fn lines(text: &str) -> String {
    let lines = text.trim().lines().map(|line| {
        let line = line.trim_start();
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
