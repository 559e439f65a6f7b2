//! Masks numbers of cards and identities in what is said, before it is kept.
//!
//! What counts is how many digits are said in a row, not whether they pass a check: a digit that was not understood, or a
//! number that is read twice, is a number all the same. Twelve digits or more (identity numbers have 12, cards 13 to 19)
//! are masked, however they are said: as digits, as words, in pairs, with "double four", in groups with other words in
//! between, and over several utterances of one speaker, whatever the other says meanwhile. So are they where the two
//! speakers say one number together; one who only repeats what the other has said does not add to it. A permanent account
//! number (five letters, four digits, a letter) is masked too.
//!
//! Digits that may still turn out to be part of such a number are masked until that is known: until enough other words
//! or enough time has passed. Their entry then comes out again, with them. So an entry that was given out never holds a
//! digit of a number that is masked later.

mod words;

use std::fmt;

use self::words::{Word, WordKind, words};
use super::transcript::Speaker;

/// What is shown in place of a number.
pub const MASK: &str = "••••";

/// From how many digits on a number is masked.
const DIGITS: usize = 12;

/// How many digits make a number that no provider is asked with.
const ASKED_DIGITS: usize = 4;

/// How much of an utterance is looked at.
pub const LONGEST: usize = 2_000;

/// How many words are remembered of one run of digits.
const MOST: usize = 64;

/// A few digits are not yet a number: after this many other words, or this long, they are what they are.
const FEW: (usize, usize, i64) = (3, 2, 8_000);

/// The same of more digits than that: someone looks for the rest of the number.
const MANY: (usize, i64) = (12, 60_000);

/// The text of an entry as it may be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskedText {
    /// The entry.
    pub id: String,
    /// The words.
    pub text: String,
}

impl fmt::Debug for MaskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskedText").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a word is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mark {
    /// Which runs, by bit, it belongs to that may become a number.
    waiting: u8,
    /// It belongs to one.
    masked: bool,
}

/// An entry of which something is not decided.
#[derive(Clone)]
struct OpenEntry {
    number: u64,
    id: String,
    text: String,
    words: Vec<Word>,
    marks: Vec<Mark>,
    shown: Option<String>,
}

impl OpenEntry {
    fn is_waiting(&self) -> bool {
        self.marks.iter().any(|mark| mark.waiting != 0 && !mark.masked)
    }

    fn render(&self) -> String {
        let hidden = |mark: &Mark| mark.masked || mark.waiting != 0;
        render(&self.text, self.words.iter().zip(self.marks.iter().map(hidden)))
    }
}

/// The text with one mask for each row of hidden words.
fn render<'w>(text: &str, words: impl Iterator<Item = (&'w Word, bool)>) -> String {
    let (mut left, mut from, mut in_mask) = (String::new(), 0, false);
    for (word, hidden) in words {
        let between = text.get(from..word.place.start).unwrap_or_default();
        match (hidden, in_mask) {
            (true, true) => {}
            (true, false) => {
                left.push_str(between);
                left.push_str(MASK);
            }
            (false, _) => {
                left.push_str(between);
                left.push_str(text.get(word.place.clone()).unwrap_or_default());
            }
        }
        (from, in_mask) = (word.place.end, hidden);
    }
    left.push_str(text.get(from..).unwrap_or_default());
    left
}

/// A word of an entry.
type WordPlace = (u64, usize);

/// A run of digits that goes on.
#[derive(Clone, Default)]
struct Run {
    words: Vec<WordPlace>,
    /// Digits in the order in which they were said, by who said them.
    said: Vec<(Option<Speaker>, String)>,
    /// The letters and digits before, for account numbers.
    code: Vec<(WordPlace, String)>,
    times: Option<usize>,
    gap: usize,
    last_ms: i64,
    masked: bool,
}

impl Run {
    /// How many digits it has; what repeats the other speaker does not count.
    fn digits(&self) -> usize {
        let count = |(n, (who, digits)): (usize, &(Option<Speaker>, String))| {
            let before = self.said.iter().take(n).filter(|(other, _)| other != who);
            let is_echo =
                before.map(|(_, said)| said.as_str()).collect::<String>().contains(digits.as_str());
            if is_echo { 0 } else { digits.len() }
        };
        self.said.iter().enumerate().map(count).sum()
    }

    fn is_over(&self, digits: usize, now_ms: i64) -> bool {
        let quiet = now_ms.saturating_sub(self.last_ms);
        let (gap, longest) = match digits {
            _ if self.masked => MANY,
            0 => (0, FEW.2),
            few if few <= FEW.0 => (FEW.1, FEW.2),
            _ => MANY,
        };
        self.gap > gap || quiet > longest
    }
}

/// Masks the utterances of a call. `Debug` shows no words.
#[derive(Clone, Default)]
pub struct Masker {
    entries: Vec<OpenEntry>,
    /// The customer's, the agent's, and that of both.
    runs: [Run; 3],
    next: u64,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").field("open", &self.entries.len()).finish_non_exhaustive()
    }
}

/// The run of both speakers.
const TOGETHER: usize = 2;

impl Masker {
    /// Takes an utterance: how it may be kept, and what is now known of earlier ones.
    ///
    /// ```
    /// use desk::core::assist::masking::Masker;
    /// use desk::core::assist::transcript::Speaker::Customer;
    ///
    /// let mut masker = Masker::default();
    /// let heard = masker.hear(Customer, "1", "it is four one double one, one one one one", 0);
    /// assert_eq!(heard[0].text, "it is ••••");
    /// let heard = masker.hear(Customer, "2", "1111 and 1111 thank you", 4_000);
    /// assert_eq!(heard[0].text, "•••• and •••• thank you");
    /// assert!(masker.finish().is_empty());
    /// ```
    pub fn hear(&mut self, speaker: Speaker, id: &str, text: &str, now_ms: i64) -> Vec<MaskedText> {
        self.take(speaker, id, text, now_ms);
        self.changes()
    }

    /// How words that may still change can be shown now. Nothing is remembered of them.
    pub fn preview(&self, speaker: Speaker, text: &str, now_ms: i64) -> String {
        let mut masker = self.clone();
        masker.take(speaker, "", text, now_ms);
        masker.entries.last().map(OpenEntry::render).unwrap_or_default()
    }

    /// What is known by the time alone.
    pub fn pass(&mut self, now_ms: i64) -> Vec<MaskedText> {
        for at in 0..self.runs.len() {
            self.close_if_over(at, now_ms);
        }
        self.changes()
    }

    /// Nothing more is said: what is not a number by now is none.
    pub fn finish(&mut self) -> Vec<MaskedText> {
        for at in 0..self.runs.len() {
            self.close(at);
        }
        self.changes()
    }

    fn take(&mut self, speaker: Speaker, id: &str, text: &str, now_ms: i64) {
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or_default().to_owned();
        let (words, number) = (words(&text), self.next);
        self.next += 1;
        let marks = vec![Mark::default(); words.len()];
        let kinds: Vec<_> = words.iter().map(|word| word.kind.clone()).collect();
        let (id, shown) = (id.to_owned(), None);
        self.entries.push(OpenEntry { number, id, text, words, marks, shown });
        let own = usize::from(speaker == Speaker::Agent);
        for at in [own, TOGETHER] {
            self.close_if_over(at, now_ms);
            for (word, kind) in kinds.iter().enumerate() {
                let who = (at == TOGETHER).then_some(speaker);
                self.feed(at, (number, word), (who, kind), now_ms);
            }
        }
    }

    fn feed(
        &mut self,
        at: usize,
        place: WordPlace,
        (who, kind): (Option<Speaker>, &WordKind),
        now_ms: i64,
    ) {
        let Some(run) = self.runs.get_mut(at) else { return };
        match kind {
            WordKind::Filler => {}
            WordKind::Times(times) => {
                run.times = Some(*times);
                run.last_ms = now_ms;
                self.join(at, place);
            }
            WordKind::Digits(digits) => {
                let times = run.times.take().filter(|_| digits.len() == 1).unwrap_or(1);
                self.digits(at, place, (who, digits.repeat(times)), now_ms);
                self.code(at, place, digits);
            }
            WordKind::Code(code) => {
                let digits: String = code.chars().filter(char::is_ascii_digit).collect();
                if digits.is_empty() {
                    run.gap += 1;
                } else {
                    self.digits(at, place, (who, digits), now_ms);
                }
                self.code(at, place, code);
                self.close_if_over(at, now_ms);
            }
            WordKind::Plain => {
                run.times = None;
                run.gap += 1;
                run.code.clear();
                self.close_if_over(at, now_ms);
            }
        }
    }

    fn digits(
        &mut self,
        at: usize,
        place: WordPlace,
        (who, digits): (Option<Speaker>, String),
        now_ms: i64,
    ) {
        let Some(run) = self.runs.get_mut(at) else { return };
        (run.gap, run.last_ms) = (0, now_ms);
        match run.said.last_mut() {
            Some((same, said)) if *same == who => said.push_str(&digits),
            _ => run.said.push((who, digits)),
        }
        self.join(at, place);
        let Some(run) = self.runs.get_mut(at) else { return };
        if run.masked || run.digits() >= DIGITS || run.words.len() >= MOST {
            run.masked = true;
            // It is a number by now: what was said does not matter any more.
            run.said.truncate(1);
            run.said.iter_mut().for_each(|(_, said)| said.truncate(DIGITS));
            let places = std::mem::take(&mut run.words);
            self.mask(&places);
        }
    }

    /// A word becomes part of a run.
    fn join(&mut self, at: usize, place: WordPlace) {
        let Some(run) = self.runs.get_mut(at) else { return };
        if run.words.len() < MOST {
            run.words.push(place);
        }
        let is_full = run.words.len() >= MOST;
        if let Some(mark) = self.mark(place) {
            mark.waiting |= 1 << at;
            mark.masked |= is_full;
        }
    }

    /// Looks whether letters and digits are an account number.
    fn code(&mut self, at: usize, place: WordPlace, code: &str) {
        const FORM: [bool; 10] = [false, false, false, false, false, true, true, true, true, false];
        let Some(run) = self.runs.get_mut(at) else { return };
        run.code.push((place, code.to_owned()));
        if run.code.len() > FORM.len() {
            run.code.remove(0);
        }
        let letters = |(place, code): &(WordPlace, String)| -> Vec<(WordPlace, char)> {
            code.chars().map(|c| (*place, c)).collect()
        };
        let all: Vec<_> = run.code.iter().flat_map(letters).collect();
        // A zero may be the letter.
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '0';
        let fits = |((_, c), is_digit): (&(WordPlace, char), &bool)| {
            if *is_digit { c.is_ascii_digit() } else { is_letter(*c) }
        };
        let begins =
            |part: &[(WordPlace, char)]| part.first().is_some_and(|(_, c)| c.is_ascii_alphabetic());
        let found =
            all.windows(FORM.len()).find(|part| part.iter().zip(&FORM).all(fits) && begins(part));
        if let Some(part) = found {
            let places: Vec<_> = part.iter().map(|(place, _)| *place).collect();
            run.code.clear();
            self.mask(&places);
        }
    }

    fn mask(&mut self, places: &[WordPlace]) {
        for place in places {
            if let Some(mark) = self.mark(*place) {
                mark.masked = true;
            }
        }
    }

    fn mark(&mut self, (number, word): WordPlace) -> Option<&mut Mark> {
        let entry = self.entries.iter_mut().rev().find(|entry| entry.number == number)?;
        entry.marks.get_mut(word)
    }

    fn close_if_over(&mut self, at: usize, now_ms: i64) {
        let Some(run) = self.runs.get(at) else { return };
        if run.is_over(run.digits(), now_ms) {
            self.close(at);
        }
    }

    fn close(&mut self, at: usize) {
        let Some(run) = self.runs.get_mut(at) else { return };
        let code = std::mem::take(&mut run.code);
        let places = std::mem::take(run).words;
        run.code = code;
        for place in places {
            if let Some(mark) = self.mark(place) {
                mark.waiting &= !(1 << at);
            }
        }
    }

    /// The entries that are to be shown in another way than before.
    fn changes(&mut self) -> Vec<MaskedText> {
        let mut changes = Vec::new();
        for entry in &mut self.entries {
            let text = entry.render();
            if entry.shown.as_ref() != Some(&text) {
                changes.push(MaskedText { id: entry.id.clone(), text: text.clone() });
                entry.shown = Some(text);
            }
        }
        self.entries.retain(OpenEntry::is_waiting);
        // The newest first: whoever asked is answered first.
        changes.reverse();
        changes
    }
}

/// The text without numbers of four digits and more, for those who are asked about it.
///
/// ```
/// use desk::core::assist::masking::without_numbers;
///
/// let text = "call 98765 43210 or nine eight double seven, in two days";
/// assert_eq!(without_numbers(text), "call •••• or ••••, in two days");
/// ```
pub fn without_numbers(text: &str) -> String {
    let words = words(text);
    let mut hidden = vec![false; words.len()];
    let (mut run, mut digits, mut times): (Vec<usize>, usize, Option<usize>) =
        (Vec::new(), 0, None);
    let mut end = |run: &mut Vec<usize>, digits: &mut usize| {
        let places = std::mem::take(run);
        if std::mem::take(digits) >= ASKED_DIGITS {
            for place in places {
                if let Some(hidden) = hidden.get_mut(place) {
                    *hidden = true;
                }
            }
        }
    };
    for (n, word) in words.iter().enumerate() {
        match &word.kind {
            WordKind::Filler => {}
            WordKind::Times(count) => {
                times = Some(*count);
                run.push(n);
            }
            WordKind::Digits(said) => {
                digits += said.len() * times.take().unwrap_or(1);
                run.push(n);
            }
            WordKind::Code(code) if code.bytes().any(|b| b.is_ascii_digit()) => {
                digits += code.bytes().filter(u8::is_ascii_digit).count();
                run.push(n);
            }
            WordKind::Code(_) | WordKind::Plain => {
                times = None;
                end(&mut run, &mut digits);
            }
        }
    }
    end(&mut run, &mut digits);
    render(text, words.iter().zip(hidden))
}

#[cfg(test)]
mod tests;
