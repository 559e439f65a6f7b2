//! The words of a transcript as far as numbers are concerned.

use std::ops::Range;

/// A word, and what it says about a number.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it is in the text.
    pub(super) place: Range<usize>,
    /// What it is.
    pub(super) kind: WordKind,
}

/// What a word says about a number.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum WordKind {
    /// These digits.
    Digits(String),
    /// The next digit so many times.
    Times(usize),
    /// Nothing: it is said between the digits of one number.
    Filler,
    /// Letters that are spelled, or letters and digits, in capitals.
    Code(String),
    /// It is not part of a number.
    Plain,
}

/// Words between the digits of one number, and those that a digit is written as by mistake.
const FILLERS: [&str; 42] = [
    "a", "ah", "and", "ate", "comma", "dash", "digit", "digits", "dot", "er", "erm", "for", "hm",
    "hmm", "hyphen", "is", "it", "like", "minus", "mm", "next", "now", "number", "ok", "okay",
    "point", "right", "s", "slash", "so", "space", "that", "the", "then", "to", "too", "uh", "uhm",
    "um", "won", "yeah", "yes",
];

/// Digits as words. Of Hindi as it is written: in Latin letters two of them are English words.
const UNITS: [(&str, &str); 36] = [
    ("zero", "0"),
    ("oh", "0"),
    ("o", "0"),
    ("nought", "0"),
    ("naught", "0"),
    ("nil", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("शून्य", "0"),
    ("एक", "1"),
    ("दो", "2"),
    ("तीन", "3"),
    ("चार", "4"),
    ("पांच", "5"),
    ("पाँच", "5"),
    ("छह", "6"),
    ("सात", "7"),
    ("आठ", "8"),
    ("नौ", "9"),
];

/// Tens: before a unit their first digit, else both.
const TENS: [(&str, &str); 9] = [
    ("twenty", "2"),
    ("thirty", "3"),
    ("forty", "4"),
    ("fourty", "4"),
    ("fifty", "5"),
    ("sixty", "6"),
    ("seventy", "7"),
    ("eighty", "8"),
    ("ninety", "9"),
];

const TIMES: [(&str, usize); 8] = [
    ("double", 2),
    ("doubled", 2),
    ("twice", 2),
    ("triple", 3),
    ("treble", 3),
    ("thrice", 3),
    ("quadruple", 4),
    ("डबल", 2),
];

/// The first digit of each script's ten.
const ZEROES: [u32; 12] =
    [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xff10];

/// The value of a digit of any of the scripts in which digits are written here.
fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let value =
        ZEROES.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

fn is_part(c: char) -> bool {
    // The signs of Devanagari are parts of words.
    c.is_alphanumeric() || ('\u{900}'..='\u{963}').contains(&c)
}

fn find<T: Copy>(list: &[(&str, T)], word: &str) -> Option<T> {
    list.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| is_part(*c)) {
        let end = at + c.len_utf8();
        match places.last_mut() {
            Some(last) if last.end == at => last.end = end,
            _ => places.push(at..end),
        }
    }
    let word = |place: &Range<usize>| text.get(place.clone()).unwrap_or_default();
    let mut words = Vec::new();
    for (n, place) in places.iter().enumerate() {
        let next = places.get(n + 1).map_or("", word).to_lowercase();
        words.push(Word { place: place.clone(), kind: kind(word(place), &next) });
    }
    words
}

fn kind(word: &str, next: &str) -> WordKind {
    let lower = word.to_lowercase();
    if word.chars().any(|c| digit(c).is_some()) {
        let digits: String = word.chars().filter_map(digit).collect();
        let letters = word.chars().any(|c| c.is_ascii_uppercase());
        if letters && word.chars().all(|c| c.is_ascii_alphanumeric()) {
            return WordKind::Code(word.to_ascii_uppercase());
        }
        return WordKind::Digits(digits);
    }
    if let Some(digits) = find(&UNITS, &lower) {
        return WordKind::Digits(digits.to_owned());
    }
    if let Some(ten) = find(&TENS, &lower) {
        let before_unit = find(&UNITS, next).is_some_and(|unit| unit.len() == 1 && unit != "0");
        return WordKind::Digits(if before_unit { ten.to_owned() } else { format!("{ten}0") });
    }
    if let Some(times) = find(&TIMES, &lower) {
        return WordKind::Times(times);
    }
    let is_letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
    let is_spelled = (2..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    if (is_letter && !matches!(word, "a" | "s")) || is_spelled {
        return WordKind::Code(word.to_ascii_uppercase());
    }
    if FILLERS.contains(&lower.as_str()) { WordKind::Filler } else { WordKind::Plain }
}
