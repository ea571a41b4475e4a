//! The words of a text in the one form that all spellings of a name share: small letters without accents,
//! however they are separated.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::misread;

/// Stands for letters that a server could not write.
pub(super) const MARK: char = '\u{fffd}';

/// Letters or digits that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Its letters and digits as they are written, where the folded text may have fewer.
    pub(super) letters: usize,
    /// Where it stands.
    pub(super) place: Range<usize>,
}

impl Word {
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|char: char| char.is_ascii_digit())
    }
}

/// The words of a text, which may have bytes of Latin-1. Letters are apart from digits. With `marks` a
/// replacement character, or a question mark before a letter, stands for letters that are lost; without, it
/// separates words.
pub(super) fn words(text: &[u8], marks: bool) -> Vec<Word> {
    let mut chars: Vec<(char, Range<usize>)> = Vec::with_capacity(text.len());
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars() {
            chars.push((char, at..at + char.len_utf8()));
            at += char.len_utf8();
        }
        for byte in chunk.invalid() {
            chars.push((misread::character(*byte), at..at + 1));
            at += 1;
        }
    }
    let mut writer = WordWriter::default();
    for (number, (char, place)) in chars.iter().enumerate() {
        let behind = || chars[number + 1..].iter().map(|(char, _)| *char);
        match char {
            '\u{fffd}' if marks => writer.push(MARK, place),
            '?' if marks && is_before_letter(behind()) => writer.push(MARK, place),
            char if char.is_ascii_alphanumeric() => {
                writer.push(char.to_ascii_lowercase(), place);
            }
            char if char.is_ascii() => writer.end(),
            char => fold(*char, |folded| writer.push_or_end(folded, place)),
        }
    }
    writer.end();
    writer.words
}

/// Whether a letter is next, behind further marks.
fn is_before_letter(behind: impl Iterator<Item = char>) -> bool {
    let next = behind.take(8).find(|char| !matches!(*char, '?' | MARK));
    next.is_some_and(char::is_alphabetic)
}

/// A text in the form of a word that has only letters.
pub(super) fn folded(text: &str) -> String {
    words(text.as_bytes(), false)
        .into_iter()
        .map(|word| word.text)
        .collect()
}

/// Gives the plain letters of a character; nothing for signs that nobody sees.
fn fold(char: char, mut push: impl FnMut(char)) {
    match char {
        'ø' | 'Ø' | 'œ' | 'Œ' => push('o'),
        'æ' | 'Æ' => push('a'),
        'đ' | 'Đ' | 'ð' | 'Ð' => push('d'),
        'ł' | 'Ł' => push('l'),
        'ß' | 'ẞ' => push('s'),
        'ı' => push('i'),
        'þ' | 'Þ' => ['t', 'h'].into_iter().for_each(push),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {}
        _ => decompose_compatible(char, |part| {
            if !is_combining_mark(part) {
                part.to_lowercase().for_each(&mut push);
            }
        }),
    }
}

#[derive(Default)]
struct WordWriter {
    words: Vec<Word>,
    word: Option<Word>,
}

impl WordWriter {
    fn push_or_end(&mut self, char: char, place: &Range<usize>) {
        // What stands for a lost letter is none where nobody asks for it.
        if char.is_alphanumeric() {
            self.push(char, place);
        } else {
            self.end();
        }
    }

    fn push(&mut self, char: char, place: &Range<usize>) {
        let is_digit = char.is_ascii_digit();
        if self
            .word
            .as_ref()
            .is_some_and(|word| word.is_number() != is_digit)
        {
            self.end();
        }
        let word = self.word.get_or_insert_with(|| Word {
            text: String::new(),
            letters: 0,
            place: place.clone(),
        });
        word.place.end = place.end;
        word.letters += usize::from(char != MARK);
        let last = word.text.chars().next_back();
        // `å` is written `aa`, `ø` and `ö` `oe`, `æ` and `ä` `ae`, `ü` `ue`, and `ß` `ss`.
        let is_second = matches!(
            (last, char),
            (Some('a'), 'a' | 'e') | (Some('o' | 'u'), 'e') | (Some('s'), 's') | (Some(MARK), MARK)
        );
        if !is_second {
            word.text.push(char);
        }
    }

    fn end(&mut self) {
        self.words
            .extend(self.word.take().filter(|word| word.letters > 0));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], marks: bool) -> String {
        let words = words(text, marks).into_iter();
        words.map(|word| word.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn all_spellings_of_a_name_are_one() {
        for name in [
            "Bjørn Øst-Åberg",
            "BJØRN_ØST.ÅBERG",
            "Bjoern Oest Aaberg",
            "Bjorn+Ost+Aberg",
            "Björn,Öst;Ａ̊berg",
            "Bj\u{200b}ørn Øst Åberg",
            "Bjo\u{308}rn\u{a0}O\u{308}st A\u{30a}berg",
        ] {
            assert_eq!(read(name.as_bytes(), false), "bjorn ost aberg", "{name}");
        }
        assert_eq!(read(b"Bj\xf8rn \xc5berg", false), "bjorn aberg");
        assert_eq!(read("Weiß Müller3".as_bytes(), false), "weis muller 3");
        assert_eq!(read("Иван 李".as_bytes(), false), "иван 李");
        assert_eq!(folded("value"), "valu");
    }

    #[test]
    fn lost_letters_are_one_mark_where_they_are_asked_for() {
        for text in [
            "Bj\u{fffd}\u{fffd}rn ?st?",
            "Bj?rn ??st ?",
            "bj\u{fffd}rn \u{fffd}st",
        ] {
            assert_eq!(
                read(text.as_bytes(), true),
                "bj\u{fffd}rn \u{fffd}st",
                "{text}"
            );
        }
        assert_eq!(read("Bj\u{fffd}rn?".as_bytes(), false), "bj rn");
    }

    #[test]
    fn a_word_knows_its_place_and_its_letters() {
        let text = "x Åase2";
        let words = words(text.as_bytes(), false);
        assert_eq!(words[1].place, 2..7);
        assert_eq!((words[1].text.as_str(), words[1].letters), ("ase", 4));
        assert_eq!(words[2].place, 7..8);
    }

    proptest! {
        #[test]
        fn any_text_has_words_within_it(text in prop::collection::vec(any::<u8>(), 0..60), marks in any::<bool>()) {
            for word in words(&text, marks) {
                prop_assert!(word.place.start < word.place.end && word.place.end <= text.len());
            }
        }
    }
}
