//! The rules, and a reader that finds where a file breaks one.

use super::lexer::{Token, tokens};

/// The rooms, from top to bottom.
pub(crate) const ROOMS: [&str; 14] = [
    "failpoint",
    "domain",
    "source",
    "sandbox",
    "mapping",
    "recordings",
    "ledger",
    "api",
    "plan",
    "pipeline",
    "delivery",
    "report",
    "config",
    "cli",
];

/// Rooms that use nothing of ours, and why.
const ALONE: [(&str, &str); 1] = [(
    "sandbox",
    "a server that shares our code agrees with our mistakes",
)];

/// Libraries that belong to one or two rooms.
const LIBRARIES: [(&str, &[&str], InTests); 4] = [
    ("rusqlite", &["ledger"], InTests::Forbidden),
    ("reqwest", &["api"], InTests::Allowed),
    ("clap", &["cli", "config"], InTests::Forbidden),
    ("clap_complete", &["cli", "config"], InTests::Forbidden),
];

/// What reads or changes the environment; only `config` may.
const ENVIRONMENT: [&str; 6] = ["var", "var_os", "vars", "vars_os", "set_var", "remove_var"];

/// What writes to the screen; only `report` may, and tests.
const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

#[derive(Clone, Copy, PartialEq)]
enum InTests {
    Allowed,
    Forbidden,
}

/// Walks the tokens of one file and collects what breaks a rule.
pub(crate) struct Reader<'a> {
    room: &'a str,
    tokens: Vec<Token<'a>>,
    /// Modules between the crate and the file: 1 in `plan.rs` and `call/mod.rs`.
    depth: usize,
    /// Inline modules that are open: the braces outside of each, and whether it is for tests.
    modules: Vec<(usize, bool)>,
    braces: usize,
    is_test_file: bool,
    found: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(room: &'a str, depth: usize, source: &'a str) -> Self {
        Reader {
            room,
            tokens: tokens(source),
            depth,
            modules: Vec::new(),
            braces: 0,
            is_test_file: false,
            found: Vec::new(),
        }
    }

    /// The same for a file that is only compiled for tests.
    #[must_use]
    pub(crate) fn for_tests(mut self, is_test_file: bool) -> Self {
        self.is_test_file = is_test_file;
        self
    }

    /// Everything that breaks a rule: line and reason.
    pub(crate) fn read(mut self) -> Vec<(usize, String)> {
        for at in 0..self.tokens.len() {
            match self.text(at) {
                "{" => self.open(at),
                "}" => self.close(),
                "crate" if self.text(at + 1) == "::" => self.root(at, at + 2),
                "crate" if self.text(at + 1) == "as" => self.root(at, at + 1),
                "super" if !self.follows_path(at) => self.climb(at),
                "env" if self.text(at + 1) == "::" => self.environment(at),
                "io" if self.text(at + 1) == "::" => self.streams(at),
                _ => {
                    self.library(at);
                    self.printing(at);
                }
            }
        }
        self.found
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn complain(&mut self, at: usize, why: String) {
        self.found.push((self.tokens[at].line, why));
    }

    /// Whether `at` goes on a path (`b` in `a::b`); a leading `::` only begins one.
    fn follows_path(&self, at: usize) -> bool {
        if at < 2 || self.text(at - 1) != "::" {
            return false;
        }
        let before = self.text(at - 2);
        let is_word = before.starts_with(|char: char| char.is_alphanumeric() || char == '_');
        before == ">" || is_word && !["use", "as", "dyn", "mut", "impl", "return"].contains(&before)
    }

    fn is_test(&self) -> bool {
        self.is_test_file || self.modules.iter().any(|(_, is_test)| *is_test)
    }

    fn open(&mut self, at: usize) {
        if at >= 2 && self.text(at - 2) == "mod" {
            let is_public = self.text(at.wrapping_sub(3)) == "pub";
            let before = if is_public { at - 3 } else { at - 2 };
            let is_test = ["#", "[", "cfg", "(", "test", ")", "]"]
                .iter()
                .rev()
                .zip((0..before).rev())
                .filter(|(text, at)| **text == self.text(*at))
                .count()
                == 7;
            self.modules.push((self.braces, is_test));
        }
        self.braces += 1;
    }

    fn close(&mut self) {
        self.braces = self.braces.saturating_sub(1);
        self.modules.retain(|(outside, _)| *outside < self.braces);
    }

    /// `super::super::…` may climb out of the room.
    fn climb(&mut self, at: usize) {
        let mut next = at;
        let mut climbed = 0;
        while self.text(next) == "super" && self.text(next + 1) == "::" {
            climbed += 1;
            next += 2;
        }
        if climbed >= self.depth + self.modules.len() {
            self.root(at, next);
        }
    }

    /// A path that starts at the crate: what comes first, or first in each branch of a group.
    fn root(&mut self, at: usize, next: usize) {
        if self.text(next) != "{" {
            return self.room(at, next);
        }
        let (mut depth, mut at) = (1, next + 1);
        let mut is_first = true;
        while depth > 0 && at < self.tokens.len() {
            match self.text(at) {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," if depth == 1 => is_first = true,
                _ if is_first => {
                    is_first = false;
                    self.room(at, at);
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn room(&mut self, at: usize, next: usize) {
        let used = self.text(next);
        if used == self.room {
            return;
        }
        let position = |room| ROOMS.iter().position(|known| *known == room);
        if let Some((_, why)) = ALONE.iter().find(|(room, _)| *room == self.room) {
            self.complain(
                at,
                format!(
                    "`{}` uses nothing of ours, but `{used}` here: {why}",
                    self.room
                ),
            );
            return;
        }
        match (position(self.room), position(used)) {
            (Some(own), Some(other)) if other < own => {}
            (_, Some(_)) => self.complain(
                at,
                format!("`{}` uses `{used}`, which is below it", self.room),
            ),
            (_, None) => self.complain(
                at,
                format!(
                    "`crate::{used}` is no room, so nobody can say whether `{}` may use it",
                    self.room
                ),
            ),
        }
    }

    fn library(&mut self, at: usize) {
        let text = self.text(at);
        let Some((_, rooms, in_tests)) = LIBRARIES.iter().find(|(name, ..)| *name == text) else {
            return;
        };
        let is_path =
            self.text(at + 1) == "::" || matches!(self.text(at.wrapping_sub(1)), "use" | "crate");
        let is_exempt = self.is_test() && *in_tests == InTests::Allowed;
        if is_path && !self.follows_path(at) && !rooms.contains(&self.room) && !is_exempt {
            self.complain(
                at,
                format!(
                    "`{text}` belongs to {}, not to `{}`",
                    rooms.join(" and "),
                    self.room
                ),
            );
        }
    }

    fn environment(&mut self, at: usize) {
        if self.room == "config" {
            return;
        }
        for at in self.leaves(at + 2) {
            if ENVIRONMENT.contains(&self.text(at)) {
                let why = format!("only config reads the environment, not `{}`", self.room);
                self.complain(at, why);
            }
        }
    }

    fn streams(&mut self, at: usize) {
        if self.room == "report" || self.is_test() {
            return;
        }
        for at in self.leaves(at + 2) {
            if ["stdout", "stderr"].contains(&self.text(at)) {
                let why = format!("only report prints, not `{}`", self.room);
                self.complain(at, why);
            }
        }
    }

    /// The one name at `next`, or all names of the group there.
    fn leaves(&self, next: usize) -> Vec<usize> {
        if self.text(next) != "{" {
            return vec![next];
        }
        let end = (next..self.tokens.len()).find(|at| self.text(*at) == "}");
        (next..end.unwrap_or(next)).collect()
    }

    fn printing(&mut self, at: usize) {
        let text = self.text(at);
        if PRINTING.contains(&text)
            && self.text(at + 1) == "!"
            && self.room != "report"
            && !self.is_test()
        {
            let why = format!("only report prints, but `{}` has `{text}!`", self.room);
            self.complain(at, why);
        }
    }
}
