//! The sentences that a user can meet: plain words, and at most twenty of them in help and `explain`.
//!
//! `scripts/texts` lists all of them, to be read in one go.

use std::path::Path;

use capturi_import::config::Arguments;
use capturi_import::domain::Code;
use clap::CommandFactory as _;
use proc_macro2::{TokenStream, TokenTree};

/// Phrases of a translation: the thing that acts comes first, and says what it does.
const FORBIDDEN: [&str; 10] = [
    "is told",
    "are told",
    "what is not",
    "it stands",
    "stands in",
    "stand in",
    "stands twice",
    "stand twice",
    "is looked for",
    "are looked for",
];
/// Words of a sentence that is understood at the first reading.
const MOST_WORDS: usize = 20;

/// A sentence or more, and where it is from.
struct Text {
    place: String,
    text: String,
}

/// Help of all commands, flags and values.
fn help() -> Vec<Text> {
    fn walk(command: &clap::Command, above: &str, texts: &mut Vec<Text>) {
        let name = format!("{above} {}", command.get_name()).trim().to_owned();
        let mut add = |place: String, text: Option<String>| {
            texts.extend(text.map(|text| Text { place, text }));
        };
        let about = command.get_long_about().or_else(|| command.get_about());
        add(name.clone(), about.map(ToString::to_string));
        for arg in command.get_arguments() {
            let place = format!(
                "{name} --{}",
                arg.get_long().unwrap_or(arg.get_id().as_str())
            );
            let help = arg.get_long_help().or_else(|| arg.get_help());
            add(place.clone(), help.map(ToString::to_string));
            for value in arg.get_possible_values() {
                let place = format!("{place} {}", value.get_name());
                add(place, value.get_help().map(ToString::to_string));
            }
        }
        for below in command.get_subcommands() {
            walk(below, &name, texts);
        }
    }
    let mut texts = Vec::new();
    walk(&Arguments::command(), "", &mut texts);
    texts
}

/// What `explain` says.
fn explanations() -> Vec<Text> {
    let of = |code: &Code| {
        let texts = code.explanation();
        [
            ("title", texts.title),
            ("cause", texts.cause),
            ("cure", texts.cure),
        ]
        .map(|(part, text)| Text {
            place: format!("explain {} {part}", code.name()),
            text: text.to_owned(),
        })
    };
    Code::ALL.iter().flat_map(of).collect()
}

/// Literals of the source that are sentences: messages, errors, advice. Comments and tests are none.
fn literals() -> Vec<Text> {
    let mut texts = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !name.starts_with("test") {
                let source = std::fs::read_to_string(&path).expect("a file");
                let tokens: TokenStream = source.parse().expect("tokens");
                let file = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("ours");
                gather(tokens, &file.display().to_string(), &mut texts);
            }
        }
    }
    texts.sort_by(|one, other| one.place.cmp(&other.place));
    texts
}

fn gather(tokens: TokenStream, file: &str, texts: &mut Vec<Text>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut is_attribute = false;
    let mut is_test = false;
    for token in &mut tokens {
        match token {
            TokenTree::Punct(punct) => {
                is_attribute = punct.as_char() == '#' || is_attribute && punct.as_char() == '!';
                is_test &= punct.as_char() != ';';
            }
            TokenTree::Group(group) => {
                let inner = group.stream().to_string();
                if is_attribute {
                    is_attribute = false;
                    is_test |= inner.replace(' ', "").contains("cfg(test)") || inner == "test";
                    // `error` holds a message; what documents or expects holds none.
                    if !inner.starts_with("error") {
                        continue;
                    }
                } else if is_test && group.delimiter() == proc_macro2::Delimiter::Brace {
                    is_test = false;
                    continue;
                }
                gather(group.stream(), file, texts);
            }
            TokenTree::Literal(literal) => {
                let place = format!("{file}:{:04}", literal.span().start().line);
                let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else {
                    continue;
                };
                let text = text.value();
                // SQL speaks to nobody.
                let is_sql = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
                    .iter()
                    .any(|verb| text.contains(verb));
                if text.split_whitespace().count() >= 3 && !is_sql {
                    texts.push(Text { place, text });
                }
            }
            TokenTree::Ident(_) => is_attribute = false,
        }
    }
}

/// Sentences, and the parts of one that a colon or a semicolon ends.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for word in text.split_whitespace() {
        let last = sentences.last_mut().expect("one is open");
        last.push_str(word);
        last.push(' ');
        if word.ends_with(['.', ':', ';', '?']) {
            sentences.push(String::new());
        }
    }
    sentences
}

fn long(texts: &[Text]) -> Vec<String> {
    let mut long = Vec::new();
    for text in texts {
        for sentence in sentences(&text.text) {
            let words = sentence.split_whitespace().count();
            if words > MOST_WORDS {
                long.push(format!("{} ({words} words): {sentence}", text.place));
            }
        }
    }
    long
}

fn forbidden(texts: &[Text]) -> Vec<String> {
    let has = |text: &&Text| FORBIDDEN.iter().any(|phrase| text.text.contains(phrase));
    let found = texts.iter().filter(has);
    found
        .map(|text| format!("{}: {}", text.place, text.text))
        .collect()
}

#[test]
fn help_and_explanations_are_short_and_plain() {
    let texts: Vec<Text> = help().into_iter().chain(explanations()).collect();
    assert!(texts.len() > 300, "{}", texts.len());
    let wrong: Vec<String> = long(&texts).into_iter().chain(forbidden(&texts)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_reads_like_a_translation() {
    let texts = literals();
    assert!(texts.len() > 1000, "{}", texts.len());
    let wrong = forbidden(&texts);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_long_or_forbidden_sentence_is_seen() {
    let text = |text: &str| Text {
        place: String::new(),
        text: text.to_owned(),
    };
    assert_eq!(long(&[text(&"word ".repeat(21))]).len(), 1);
    assert_eq!(
        long(&[text(&format!(
            "{}. {}",
            "word ".repeat(20).trim(),
            "word ".repeat(20)
        ))])
        .len(),
        0
    );
    assert_eq!(forbidden(&[text("of which it is told")]).len(), 1);
}

#[test]
#[ignore = "lists the texts"]
fn all_texts() {
    for text in help().into_iter().chain(explanations()).chain(literals()) {
        println!(
            "{}: {}",
            text.place,
            text.text.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
}
