//! The columns of a file that has no header, when its system writes it in several forms.
//!
//! A part of a layout is a column that every form has, or columns that come together in some forms.
//! Which of those are there is told by the number of columns, and among forms of one width by what
//! the values look like.

/// What the columns of a file without a header are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderlessLayout {
    /// The columns in the order of the file.
    pub parts: Vec<LayoutPart>,
    /// What the values of a column look like, to tell forms of one width apart.
    pub looks: Vec<(String, ValueShape)>,
}

/// One column, or several that come together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutPart {
    /// Every form has it.
    Always(String),
    /// Some forms have all of them.
    Sometimes(Vec<String>),
}

/// What the values of a column look like; empty ones look like everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueShape {
    /// A day, with or without a clock, the year first.
    Time,
    /// Digits.
    Digits,
    /// Digits with a point between them.
    Dotted,
    /// Digits, and several of them with `|` between.
    DigitList,
    /// Something with a slash.
    Path,
    /// Something without a slash that is not a number.
    Word,
}

impl ValueShape {
    /// The words for it in mapping files.
    pub const WORDS: [(&'static str, ValueShape); 6] = [
        ("time", ValueShape::Time),
        ("digits", ValueShape::Digits),
        ("dotted", ValueShape::Dotted),
        ("digit-list", ValueShape::DigitList),
        ("path", ValueShape::Path),
        ("word", ValueShape::Word),
    ];

    fn fit(self, value: &str) -> bool {
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            ValueShape::Time => {
                let day: Vec<&str> = value
                    .split([' ', 'T'])
                    .next()
                    .unwrap_or("")
                    .split(['-', '/'])
                    .collect();
                day.len() == 3 && day[0].len() == 4 && day.iter().all(|part| is_digits(part))
            }
            ValueShape::Digits => is_digits(value),
            ValueShape::Dotted => {
                let (before, after) = value.rsplit_once('.').unwrap_or((value, ""));
                is_digits(after) && before.ends_with(|last: char| last.is_ascii_digit())
            }
            ValueShape::DigitList => value.split('|').all(is_digits),
            ValueShape::Path => value.contains('/'),
            ValueShape::Word => {
                !value.contains('/') && value.bytes().any(|byte| !byte.is_ascii_digit())
            }
        }
    }
}

/// How well a form fits the first rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LayoutFit {
    is_exact: bool,
    good: usize,
    /// Columns that have a name.
    named: usize,
}

impl HeaderlessLayout {
    /// Columns that every file has, and no others.
    pub fn of(names: Vec<String>) -> HeaderlessLayout {
        HeaderlessLayout {
            parts: names.into_iter().map(LayoutPart::Always).collect(),
            looks: Vec::new(),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// All columns of all forms.
    pub(super) fn all(&self) -> Vec<String> {
        self.form(usize::MAX)
    }

    /// The names of the first columns of a file with this many; `None` for another kind of file.
    /// Where only some of the last columns have names, the others are the export's own.
    pub(super) fn names(&self, rows: &[Vec<String>], width: usize) -> Option<Vec<String>> {
        let optional = self
            .parts
            .iter()
            .filter(|part| matches!(part, LayoutPart::Sometimes(_)));
        let optional = optional.count();
        if optional == 0 {
            let mut names = self.form(0);
            names.truncate(width);
            return self
                .fit(&names, rows, width)
                .and((width <= self.parts.len()).then_some(names));
        }
        // A preset has about ten such parts; more would be a file that nobody wrote by hand.
        let forms = (0..1_usize << optional.min(16)).map(|choice| self.form(choice));
        let fitting = forms.filter_map(|names| Some((self.fit(&names, rows, width)?, names)));
        // Of equally good forms the first has the fewest parts.
        let best = fitting.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map(|(_, names)| names)
    }

    /// The names with those optional parts whose bit is set.
    fn form(&self, choice: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut bit = 0;
        for part in &self.parts {
            match part {
                LayoutPart::Always(name) => names.push(name.clone()),
                LayoutPart::Sometimes(several) => {
                    if choice == usize::MAX || choice >> bit & 1 == 1 {
                        names.extend(several.iter().cloned());
                    }
                    bit += 1;
                }
            }
        }
        names
    }

    /// `None` when the rows have other columns.
    fn fit(&self, names: &[String], rows: &[Vec<String>], width: usize) -> Option<LayoutFit> {
        let is_twice = |(at, name): (usize, &String)| names[..at].contains(name);
        if names.len() > width || names.iter().enumerate().any(is_twice) {
            return None;
        }
        let mut good = 0;
        for (name, looks) in &self.looks {
            let Some(at) = names.iter().position(|known| known == name) else {
                continue;
            };
            let values = rows.iter().filter_map(|row| row.get(at));
            let filled = values
                .map(|value| value.trim())
                .filter(|value| !value.is_empty());
            let (fits, others): (Vec<&str>, Vec<&str>) = filled.partition(|value| looks.fit(value));
            // One strange value in ten is an error of the export, and not another form.
            if others.len() * 9 > fits.len() {
                return None;
            }
            good += usize::from(!fits.is_empty());
        }
        Some(LayoutFit {
            is_exact: names.len() == width,
            good,
            named: names.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> HeaderlessLayout {
        let maybe = |names: &[&str]| {
            LayoutPart::Sometimes(names.iter().map(|&name| name.to_owned()).collect())
        };
        let always = |name: &str| LayoutPart::Always(name.to_owned());
        HeaderlessLayout {
            parts: vec![
                always("when"),
                maybe(&["entry", "count"]),
                maybe(&["id", "list"]),
                always("name"),
                maybe(&["uniqueid"]),
            ],
            looks: vec![
                ("when".to_owned(), ValueShape::Time),
                ("entry".to_owned(), ValueShape::Time),
                ("id".to_owned(), ValueShape::Digits),
                ("uniqueid".to_owned(), ValueShape::Dotted),
            ],
        }
    }

    fn names(row: &[&str]) -> Option<String> {
        let rows = [row.iter().map(|&cell| cell.to_owned()).collect()];
        Some(layout().names(&rows, row.len())?.join(" "))
    }

    #[test]
    fn forms_are_told_apart_by_their_width_and_their_values() {
        let told = |row: &[&str]| names(row).unwrap_or_default();
        assert_eq!(told(&["2024-03-15", "x"]), "when name");
        assert_eq!(
            told(&["2024-03-15", "2024-03-01 10:00:00", "3", "x"]),
            "when entry count name"
        );
        assert_eq!(told(&["2024-03-15", "3", "101", "x"]), "when id list name");
        assert_eq!(told(&["2024-03-15", "x", "17.4"]), "when name uniqueid");
    }

    #[test]
    fn columns_at_the_end_may_be_the_exports_own_and_other_files_are_refused() {
        assert_eq!(
            names(&["2024-03-15", "x", "own", "own"]).unwrap(),
            "when name"
        );
        assert_eq!(names(&["x", "y"]), None);
        assert_eq!(names(&["2024-03-15"]), None);
    }
}
