//! Which messages only agents may see.
//!
//! ```toml
//! [messages]
//! public   = ["public", "is_public"]    # a message is public where these say a clear yes
//! internal = ["internal"]               # and these a clear no
//! private  = "kind == 'Note'"           # or by a condition of one's own
//! unmarked = "public"                   # what a message of JSON is that has none of these keys
//! ```
//!
//! Only a clear yes makes a message public; a cell that says neither yes nor no is an error, as it is
//! for consent. So is a message of JSON that has no key of `public`, unless `unmarked` says what it is: what
//! other messages have cannot tell, since they may be in another file or come tomorrow. A text alone
//! cannot have a key, and is public. So are the messages of a table without any of the columns, which its
//! header shows. A condition that takes a column for a flag knows one spelling of its values, and an export
//! may have another: it is asked with all of them. It is also asked with what a cell shows (`respelled`): a
//! `note` where it says `Note`, or a `Note` with a sign that nobody sees, is an error.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::binder::Binder;
use super::columns::NamedColumn;
use super::privacy_trial::{AskedMessage, Asks, WRITTEN, trials};
use super::respelled::Literals;
use crate::domain::call::is_blank;
use crate::domain::{Code, Problem, as_seen};
use crate::mapping::file::privacy_section::{PrivacySection, Unmarked};
use crate::mapping::template::{TemplateError, TemplateId};
use crate::mapping::value::boolean::{BooleanWords, read_boolean};
use crate::source::{Column, Record};

/// A column that says yes or no to a message's being public.
#[derive(Debug, Clone)]
struct Flag {
    named: NamedColumn,
    /// The answer that makes the message private.
    private: bool,
}

/// Which messages are private, by the columns of one export.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct Privacy {
    flags: Vec<Flag>,
    private: Option<TemplateId>,
    unmarked: Option<Unmarked>,
    /// The columns that the condition looks at.
    asked: Vec<NamedColumn>,
    /// The same, in a record of JSON with the steps to what it reads of them.
    read: Vec<NamedColumn>,
    /// The texts that stand in the condition.
    literals: Literals,
}

/// What is known of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum Seen {
    Public,
    Private,
    /// Nobody can say; the problem is reported.
    Unclear,
    /// It has no key that could tell; nothing is reported.
    Unmarked,
}

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A row or an object, which can have a key of its own for everything.
    Record,
    /// A text alone.
    Text,
}

const UNMARKED: &str = "the message has no such key, and a private note must never be sent as a public \
                        message; `unmarked` in [messages] says what such messages are";
const UNCLEAR: &str =
    "neither yes nor no, and a private note must never be sent as a public message";
const RESPELLED: &str = "`private` in [messages] matches this text only in other letter case or without hidden \
                         signs, and a private note must never be sent as a public message; correct the \
                         text, or let the rule match it";

impl Privacy {
    /// Finds the columns.
    pub(in crate::mapping) fn bind(section: &PrivacySection, binder: &mut Binder<'_>) -> Privacy {
        let mut flags = Vec::new();
        for (names, private) in [(&section.public, false), (&section.internal, true)] {
            for name in names {
                let found = binder.column(name, true);
                flags.extend(found.map(|named| Flag { named, private }));
            }
        }
        let names = section.private.and_then(|id| binder.template(id, false));
        let asked = names.unwrap_or_default().into_iter();
        let asked = asked.filter_map(|name| binder.named(&name)).collect();
        let (read, literals) = match section.private {
            Some(id) => binder.asked(id),
            None => (Vec::new(), &[][..]),
        };
        Privacy {
            flags,
            private: section.private,
            unmarked: section.unmarked,
            asked,
            read,
            literals: Literals::new(literals),
        }
    }

    /// Whether the message may be seen by its customer.
    pub(in crate::mapping) fn of(
        &self,
        message: &AskedMessage<'_, '_>,
        form: Form,
        problems: &mut Vec<Problem>,
    ) -> Seen {
        let by_flags = match self.by_flags(message.record, problems) {
            Seen::Unmarked => self.of_unmarked(message.record, form),
            seen => seen,
        };
        let Some(condition) = self.private else {
            return by_flags;
        };
        if matches!(by_flags, Seen::Private | Seen::Unclear) {
            return by_flags;
        }
        match self.by_condition(condition, message, problems) {
            Ok(Seen::Public) => by_flags,
            Ok(seen) => seen,
            Err(failure) => {
                let text = format!("the rule `private`: {}", failure.message);
                problems.push(Problem::new(failure.code, message.record.location(), text));
                Seen::Unclear
            }
        }
    }

    /// What a message is that none of the flags speaks of.
    fn of_unmarked(&self, record: &Record<'_>, form: Form) -> Seen {
        if record.tree().is_none() {
            return Seen::Public;
        }
        match self.unmarked {
            Some(Unmarked::Private) => Seen::Private,
            None if form == Form::Record && self.marks().next().is_some() => Seen::Unmarked,
            Some(Unmarked::Public) | None => Seen::Public,
        }
    }

    /// The columns that say yes where a message is public.
    fn marks(&self) -> impl Iterator<Item = &NamedColumn> {
        let marks = self.flags.iter().filter(|flag| !flag.private);
        marks.map(|flag| &flag.named)
    }

    /// What is wrong with a message that lacks the key.
    pub(in crate::mapping) fn lack(&self, record: &Record<'_>) -> Problem {
        let problem = Problem::new(Code::BadBoolean, record.location(), UNMARKED);
        problem.at(self.marks().next().map_or("", |named| &named.name), "")
    }

    fn by_flags(&self, record: &Record<'_>, problems: &mut Vec<Problem>) -> Seen {
        let (mut has_yes, mut doubtful, mut empty) = (false, None, None);
        for Flag { named, private } in &self.flags {
            let Some(said) = said(record, &named.column) else {
                continue;
            };
            match read(&said, *private) {
                Some(answer) if answer == *private => return Seen::Private,
                Some(_) => has_yes = true,
                None if is_blank(&said) => empty = empty.or(Some((named, said))),
                None => doubtful = doubtful.or(Some((named, said))),
            }
        }
        match doubtful.or(empty.filter(|_| !has_yes)) {
            Some((named, said)) => unclear(record, named, &said, problems),
            None if has_yes => Seen::Public,
            None => Seen::Unmarked,
        }
    }

    fn by_condition(
        &self,
        condition: TemplateId,
        message: &AskedMessage<'_, '_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Seen, TemplateError> {
        if message.holds(condition)? {
            return Ok(Seen::Private);
        }
        let record = message.record;
        for named in &self.asked {
            let Some(said) = said(record, &named.column) else {
                continue;
            };
            let asks = Asks {
                condition,
                message,
                column: &named.column,
            };
            // A hidden sign may not show a message, but it may not keep a private one from being seen either.
            let likely = read(&as_seen(&said), false);
            let is_unclear = match (likely, read(&said, false)) {
                (Some(answer), _) if asks.hides(answer, &WRITTEN)? => return Ok(Seen::Private),
                (Some(answer), None) => asks.hides(!answer, &WRITTEN)?,
                // A number is a flag only where it is 0 or 1.
                (None, _) => asks.is_flag()?,
                _ => false,
            };
            if is_unclear {
                return Ok(unclear(record, named, &said, problems));
            }
        }
        self.respelled(condition, message, problems)
    }

    /// Whether the condition holds for what a reader takes the cells for. Almost every message has one spelling,
    /// and nothing is tried.
    fn respelled(
        &self,
        condition: TemplateId,
        message: &AskedMessage<'_, '_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Seen, TemplateError> {
        let record = message.record;
        let mut cells: Vec<(&NamedColumn, Vec<Json>)> = Vec::new();
        for named in &self.read {
            let others = if let Some(value) = record.json(&named.column) {
                self.literals.spellings_of(value)
            } else {
                let said = record.text(&named.column);
                let others = said.map(|said| self.literals.spellings(&said));
                others.into_iter().flatten().map(Json::String).collect()
            };
            if !others.is_empty() {
                cells.push((named, others));
            }
        }
        for trial in trials(&cells) {
            let others: Vec<(&Column, &Json)> = trial
                .iter()
                .map(|(named, value)| (&named.column, *value))
                .collect();
            let is_private = match message.holds_with(condition, &others) {
                Ok(held) => held,
                // No table knows the other spelling.
                Err(failure) if failure.is_of_value => false,
                Err(failure) => return Err(failure),
            };
            if is_private {
                let named = trial.first().map(|(named, _)| *named);
                let problem = Problem::new(Code::BadBoolean, record.location(), RESPELLED);
                let column = named.map_or("", |named| &named.name);
                let said = named.and_then(|named| said(record, &named.column));
                problems.push(problem.at(column, &said.unwrap_or_default()));
                return Ok(Seen::Unclear);
            }
        }
        Ok(Seen::Public)
    }

    /// Whether the column of a table may say that a message is private.
    pub(in crate::mapping) fn looks_at(&self, column: &str) -> bool {
        let flags = self.flags.iter().map(|flag| &flag.named);
        flags.chain(&self.asked).any(|named| *named.name == *column)
    }

    /// Writes down, where one of several messages of a case says whether it is internal, that the others
    /// do not. What says that a message is public none may lack.
    pub(in crate::mapping) fn note_lacking(&self, messages: &mut [Json]) {
        if self.unmarked.is_some() {
            return;
        }
        for Flag { named, .. } in self.flags.iter().filter(|flag| flag.private) {
            let Column::Path(path) = &named.column else {
                continue;
            };
            let [key] = &path[..] else { continue };
            if messages.iter().any(|message| message.get(key).is_some()) {
                for members in messages.iter_mut().filter_map(Json::as_object_mut) {
                    members.entry(key.as_str()).or_insert(Json::Null);
                }
            }
        }
    }
}

fn unclear(
    record: &Record<'_>,
    named: &NamedColumn,
    said: &str,
    problems: &mut Vec<Problem>,
) -> Seen {
    let problem = Problem::new(Code::BadBoolean, record.location(), UNCLEAR);
    problems.push(problem.at(&named.name, said));
    Seen::Unclear
}

/// What the record says there; `None` where it has no such column or key, or something else than a
/// value.
fn said<'r>(record: &Record<'r>, column: &Column) -> Option<Cow<'r, str>> {
    match record.json(column) {
        Some(Json::Array(_) | Json::Object(_)) => Some(Cow::Borrowed("[]")),
        None if record.tree().is_some() => None,
        _ => Some(record.text(column).unwrap_or_default()),
    }
}

/// The answer of a cell; `is_internal` for a column that asks whether the message is private. As for
/// consent, a word with a hidden sign is none: it is not what somebody chose.
fn read(said: &str, is_internal: bool) -> Option<bool> {
    let word = said.trim().to_lowercase();
    match word.as_str() {
        "public" => Some(!is_internal),
        "private" | "internal" => Some(is_internal),
        _ => read_boolean(&word, &BooleanWords::default()),
    }
}
