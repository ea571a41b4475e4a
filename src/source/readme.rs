//! Whether a text file among the exports is a readme: by its name, or because it holds sentences and no
//! table. Such a file is no export that somebody misses.

use super::bytes::InputStream;
use super::{Input, Limits};

/// What such files are called, in the languages of call centres.
const NAMES: &[&str] = &[
    "readme",
    "readmefirst",
    "liesmich",
    "liesmig",
    "læsmig",
    "laesmig",
    "lesmeg",
    "läsmig",
    "lasmig",
    "lisezmoi",
    "leesmij",
    "leame",
    "leeme",
    "leggimi",
    "changelog",
    "license",
    "licence",
];

/// Bytes that are looked at.
const SAMPLE: usize = 16 << 10;
/// Words of a line that is a sentence or a part of one.
const WORDS: usize = 3;

/// Whether this is a text file with the name of a readme. An export may have that name.
pub fn has_readme_name(input: &Input) -> bool {
    input.extension() == "txt" && is_called_readme(input.name())
}

/// Whether this is a text file of sentences.
pub fn has_sentences(input: &Input, limits: &Limits) -> bool {
    input.extension() == "txt" && is_prose(&start(input, limits))
}

fn is_called_readme(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = name.split('.').next().unwrap_or(name);
    let letters = stem.chars().filter(|char| char.is_alphanumeric());
    let folded: String = letters.flat_map(char::to_lowercase).collect();
    NAMES.contains(&folded.as_str())
}

/// The first bytes as text; nothing of what cannot be read.
fn start(input: &Input, limits: &Limits) -> String {
    let mut bytes = Vec::new();
    let read = InputStream::open(input, limits)
        .and_then(|mut stream| stream.read_up_to(SAMPLE, &mut bytes));
    if read.is_err() {
        return String::new();
    }
    let (text, _, _) = encoding_rs::UTF_8.decode(&bytes);
    text.into_owned()
}

/// Whether a text is sentences: lines of several words, few of which look like a row, and no header. In
/// doubt it is not, since a table that is taken for prose is not missed by anybody.
fn is_prose(text: &str) -> bool {
    if text.contains('\0') || text.trim_start().starts_with(['{', '[', '<']) {
        return false;
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let Some(first) = lines.first() else {
        return false;
    };
    let of_words = lines.iter().filter(|line| words(line) >= WORDS).count();
    let rows = lines.iter().filter(|line| has_cells(line)).count();
    let is_of_rows = has_cells(first) || rows * 2 > lines.len() || is_table(&lines);
    !is_of_rows && of_words * 2 >= lines.len()
}

/// Words of letters, as a sentence has them.
fn words(line: &str) -> usize {
    let is_word = |word: &&str| {
        let letters = word.chars().filter(|char| char.is_alphabetic()).count();
        letters * 2 > word.chars().count()
    };
    line.split_whitespace().filter(is_word).count()
}

/// Whether a line may be one of a table: a delimiter that sentences seldom have, several commas, or
/// digits in more than one cell.
fn has_cells(line: &str) -> bool {
    let cells = line.split([',', ';', '\t', '|']);
    let cells = cells.flat_map(|cell| cell.split("  "));
    let of_digits = cells.filter(|cell| cell.contains(|char: char| char.is_ascii_digit()));
    line.contains([';', '\t', '|']) || line.matches(',').count() > 1 || of_digits.count() > 1
}

/// Whether all lines have the same number of some delimiter.
fn is_table(lines: &[&str]) -> bool {
    let counted = |delimiter: char| {
        let mut counts = lines.iter().map(|line| line.matches(delimiter).count());
        let first = counts.next().unwrap_or(0);
        first > 0 && lines.len() > 1 && counts.all(|count| count == first)
    };
    [',', ';', '\t', '|'].into_iter().any(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_prose_and_tables_are_not() {
        for text in [
            "The calls of the day,\nby Ida Opdigtet.\n",
            "Dette er en eksport af dagens opkald.\r\n\r\nSpørgsmål; ring til Ida, tak.\r\n",
            "Export of the calls of May, made by the dialer.",
            "\u{feff}READ THIS FIRST\n===============\nOne file for each day.\nTimes are in UTC.\n",
        ] {
            assert!(is_prose(text), "{text}");
        }
        for text in [
            "",
            "id;phone;date",
            "id,phone,date\n1,2,3\n",
            "Call id, Agent name, Start of the call\n1, Ida the agent, 3 in the morning\n",
            "id\tname of the agent\tnote\n1\tIda Opdigtet her\tshe called me back\n",
            "12345\n12346\n12347\n",
            "2024-05-14 10:00 Ida\n2024-05-14 10:01 Bo\n",
            "id;note of the agent;x\n1;\"he said that\nshe would call again\";x\n",
            "id;note\n1;she called me; I called back\n2;the customer asked; we answered; fine\n",
            "id;note\nshe called me back\nthe customer asked again\nnobody was there\n",
            "note, of whom, by whom\nshe called me back\nthe customer asked again\n",
            "calls of the day\n1  she called at 10\n2  she called at 11\n",
            "calls of the day\n1, she called at 10\n2, she called at 11, again\n",
            "{\"calls\": []}",
            "{\"note\": \"he said that he would call\"}\n",
        ] {
            assert!(!is_prose(text), "{text}");
        }
    }

    #[test]
    fn a_readme_is_known_by_its_name() {
        for name in [
            "x/README.txt",
            "Read me.txt",
            "LÆS-MIG.TXT",
            "liesmich.txt.gz",
        ] {
            assert!(is_called_readme(name), "{name}");
        }
        for name in ["calls.txt", "readme-calls.txt"] {
            assert!(!is_called_readme(name), "{name}");
        }
    }
}
