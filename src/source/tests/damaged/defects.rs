//! Tables with one defect each, in the manner of the Pollock benchmark (Vitagliano et al., 2023): those of
//! the file, and those of one row.

use super::table::{COLUMNS, Cells, Writing, header, rows};

/// A file, and the records that are in it.
pub(super) struct Defect {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) truth: Vec<Cells>,
}

impl Defect {
    fn whole(name: impl Into<String>, text: String) -> Defect {
        Defect {
            name: name.into(),
            text,
            truth: rows(),
        }
    }
}

/// Rows that differ in what their cells need.
const DAMAGED_ROWS: [usize; 8] = [0, 1, 2, 3, 4, 8, 33, 82];

fn writings() -> [Writing; 2] {
    [false, true].map(|quotes_all| Writing {
        quotes_all,
        ..Writing::PLAIN
    })
}

/// Files that are written in another way, or hold more than their table.
pub(super) fn of_files() -> Vec<Defect> {
    writings().into_iter().flat_map(of_file).collect()
}

/// Files with one damaged row.
pub(super) fn of_rows() -> Vec<Defect> {
    writings().into_iter().flat_map(of_one_row).collect()
}

fn of_file(writing: Writing) -> Vec<Defect> {
    let mut defects = endings(writing);
    defects.extend(dialects(writing));
    defects.extend(headers(writing));
    defects.extend(titles(writing));
    defects.extend(other_tables(writing));
    defects
}

fn endings(writing: Writing) -> Vec<Defect> {
    let lines = writing.lines();
    let text = writing.table(&lines);
    let mut defects = vec![
        Defect::whole("clean", text.clone()),
        Defect::whole("double trailing newline", format!("{text}\r\n")),
        Defect::whole("no trailing newline", text.trim_end().to_owned()),
        Defect {
            truth: Vec::new(),
            ..Defect::whole("no payload", String::new())
        },
        Defect {
            truth: Vec::new(),
            ..Defect::whole("header only", writing.table(&lines[..1]))
        },
        Defect {
            truth: rows()[..1].to_vec(),
            ..Defect::whole("one data row", writing.table(&lines[..2]))
        },
    ];
    for ending in ["\n", "\r"] {
        let writing = Writing { ending, ..writing };
        let text = writing.table(&writing.lines());
        defects.push(Defect::whole(format!("record delimiter {ending:?}"), text));
    }
    for mark in ["\u{feff}", "\u{1a}", "\u{1a}\u{feff}"] {
        let mut lines = writing.lines();
        lines[40].insert_str(0, mark);
        let text = writing.table(&lines);
        defects.push(Defect::whole(format!("mark {mark:?} in the middle"), text));
    }
    defects
}

fn dialects(writing: Writing) -> Vec<Defect> {
    let mut defects = Vec::new();
    for delimiter in [" ", ", ", ";", "\t", "|", " , ", " ;", ":", "^", "~"] {
        let writing = Writing {
            delimiter,
            ..writing
        };
        let text = writing.table(&writing.lines());
        defects.push(Defect::whole(format!("delimiter {delimiter:?}"), text));
    }
    for (quote, escape) in [
        ('\'', Some('\'')),
        ('\'', Some('\\')),
        ('"', Some('\\')),
        ('"', None),
        ('\'', None),
    ] {
        let writing = Writing {
            quote,
            escape,
            ..writing
        };
        let text = writing.table(&writing.lines());
        let name = format!("quote {quote:?} escape {escape:?}");
        defects.push(Defect::whole(name, text));
    }
    defects
}

fn headers(writing: Writing) -> Vec<Defect> {
    let lines = writing.lines();
    let mut defects = vec![Defect::whole("no header", writing.table(&lines[1..]))];
    let groups: Cells = [
        "When", "When", "Call", "Call", "Call", "Where", "What", "What", "What",
    ]
    .map(str::to_owned)
    .to_vec();
    let sparse: Cells = ["When", "", "Call", "", "", "Where", "What", "", ""]
        .map(str::to_owned)
        .to_vec();
    let units: Cells = [
        "(day)", "(clock)", "(count)", "(id)", "(USD)", "", "", "", "",
    ]
    .map(str::to_owned)
    .to_vec();
    let parts = |from: usize| -> Cells {
        let part = |name: &str| format!("{} {name}", ["part", "piece"][from]);
        COLUMNS.map(part).to_vec()
    };
    let mut add = |name: &str, head: &[&Cells]| {
        let mut text: Vec<String> = head.iter().map(|cells| writing.row(cells)).collect();
        text.extend_from_slice(&lines[1..]);
        defects.push(Defect::whole(name, writing.table(&text)));
    };
    add("header twice", &[&header(), &header()]);
    add("header three times", &[&header(), &header(), &header()]);
    add("groups above the header", &[&groups, &header()]);
    add("sparse groups above the header", &[&sparse, &header()]);
    add("two lines above the header", &[&sparse, &groups, &header()]);
    add("units below the header", &[&header(), &units]);
    add("parts of names", &[&parts(0), &parts(1)]);
    defects
}

/// What stands before the header, and between the rows.
fn titles(writing: Writing) -> Vec<Defect> {
    let lines = writing.lines();
    let mut defects = Vec::new();
    for (name, titles) in [
        (
            "preamble",
            vec!["Report from 2024-03-01", "made by example.com", ""],
        ),
        (
            "preamble with commas",
            vec![
                "Calls, of all agents, in March",
                "Printed: 2024-03-01, 12:00",
                "",
            ],
        ),
        (
            "preamble of pairs",
            vec!["From,2024-03-01", "To,2024-03-31", "Agents,all", ""],
        ),
        (
            "preamble of bare delimiters",
            vec!["Report,,,,,,,,", ",,,,,,,,", "March,,,,,,,,", ",,,,,,,,"],
        ),
    ] {
        let mut text: Vec<String> = titles.iter().map(|&title| title.to_owned()).collect();
        text.extend_from_slice(&lines);
        defects.push(Defect::whole(name, writing.table(&text)));
    }
    let mut long: Vec<String> = (0..60).map(|line| format!("Title line {line}")).collect();
    long.push(String::new());
    long.extend_from_slice(&lines);
    defects.push(Defect::whole("long preamble", writing.table(&long)));
    let mut again = lines.clone();
    for at in [20, 41, 62] {
        again.insert(at, lines[0].clone());
    }
    defects.push(Defect::whole(
        "header again in the middle",
        writing.table(&again),
    ));
    let mut pages = Vec::new();
    for (page, part) in lines[1..].chunks(20).enumerate() {
        pages.extend([
            format!("Page {}", page + 1),
            String::new(),
            lines[0].clone(),
        ]);
        pages.extend_from_slice(part);
        pages.push(String::new());
    }
    defects.push(Defect::whole("pages of a report", writing.table(&pages)));
    defects
}

fn other_tables(writing: Writing) -> Vec<Defect> {
    let lines = writing.lines();
    let mut defects = Vec::new();
    for (name, width) in [("less", 6), ("same", 9), ("more", 12)] {
        for (how, between) in [("", vec![]), (" behind a blank line", vec![String::new()])] {
            let cells = |make: &dyn Fn(usize) -> String| -> String {
                writing.row(&(0..width).map(make).collect::<Vec<_>>())
            };
            let mut text = lines.clone();
            text.extend(between);
            text.push(cells(&|column| format!("Field {column}")));
            for row in 0..10 {
                text.push(cells(&|column| format!("{}", 100 * row + column)));
            }
            let kind = format!("second table of {name}{how}");
            defects.push(Defect::whole(kind.as_str(), writing.table(&text)));
            // Records of another kind, which look much as those above them.
            let mut text = lines.clone();
            text.extend((!how.is_empty()).then(String::new));
            let names = [
                "Day", "Clock", "Count", "Ticket", "Price", "Team", "Title", "Page", "Remark",
            ];
            text.push(cells(&|column| {
                names
                    .get(column)
                    .map_or_else(|| format!("More {column}"), ToString::to_string)
            }));
            let others = [
                "2024-04-02",
                "09:30:00",
                "2",
                "T-100",
                "$5.00",
                "Sales",
                "Ticket",
                "https://example.com/t",
                "open",
            ];
            for row in 0..10 {
                text.push(cells(&|column| match others.get(column) {
                    Some(value) => format!(
                        "{value}{}",
                        if column > 2 {
                            row.to_string()
                        } else {
                            String::new()
                        }
                    ),
                    None => "more".to_owned(),
                }));
            }
            let name = format!("{kind}, alike");
            defects.push(Defect::whole(name, writing.table(&text)));
        }
    }
    defects
}

/// The middle of a cell, between two letters.
fn middle(cell: &str) -> usize {
    let mut middle = cell.len() / 2;
    while !cell.is_char_boundary(middle) {
        middle -= 1;
    }
    middle
}

/// A row with one quote more in a cell: at its end, and within it.
fn with_further_quotes(cells: &[String], column: usize) -> [(&'static str, String); 2] {
    let cell = &cells[column];
    let is_quoted = cell.len() > 1 && cell.ends_with('"');
    [
        ("behind", cell.len() - usize::from(is_quoted)),
        ("within", middle(cell)),
    ]
    .map(|(place, at)| {
        let mut quoted = cells.to_vec();
        quoted[column].insert(at, '"');
        (place, quoted.join(","))
    })
}

/// The same damage to some of the rows, at each column.
fn of_one_row(writing: Writing) -> Vec<Defect> {
    let (lines, all) = (writing.lines(), rows());
    let mut defects = Vec::new();
    for number in DAMAGED_ROWS {
        let cells: Vec<String> = all[number].iter().map(|cell| writing.cell(cell)).collect();
        let mut add = |name: String, line: String| {
            let mut lines = lines.clone();
            lines[number + 1] = line;
            defects.push(Defect::whole(name, writing.table(&lines)));
        };
        for column in 0..cells.len() {
            if column > 0 {
                let before = cells[..column].join(",");
                let less = format!("{before}{}", cells[column..].join(","));
                add(format!("row {number} less {column}"), less);
            }
            let mut more = cells.clone();
            more[column].insert(0, ',');
            add(format!("row {number} more {column}"), more.join(","));
            let mut quoted = cells.clone();
            let at = usize::from(quoted[column].starts_with('"'));
            quoted[column].insert(at, '"');
            add(format!("row {number} quote {column}"), quoted.join(","));
            for (place, line) in with_further_quotes(&cells, column) {
                add(format!("row {number} quote {place} {column}"), line);
            }
            // What one delimiter less takes away another gives back.
            for other in (column + 1..cells.len()).step_by(2) {
                let mut both = cells.clone();
                both[other].insert(0, ',');
                let merged = both.remove(column + 1);
                both[column].push_str(&merged);
                if writing.quotes_all && other > column + 1 {
                    add(
                        format!("row {number} less {column} more {other}"),
                        both.join(","),
                    );
                }
            }
        }
        let plain = Writing {
            escape: None,
            ..writing
        };
        add(format!("row {number} unescaped"), plain.row(&all[number]));
        for delimiter in [" ", ";"] {
            let other = Writing {
                delimiter,
                ..writing
            };
            add(
                format!("row {number} by {delimiter:?}"),
                other.row(&all[number]),
            );
        }
    }
    defects
}
