use proptest::prelude::*;

use super::*;
use crate::core::assist::transcript::Speaker::{Agent, Customer};

/// Everything that was ever given out of some utterances, and what is shown in the end.
struct Heard {
    versions: Vec<String>,
    last: Vec<(String, String)>,
}

impl Heard {
    fn of(said: &[(Speaker, &str)]) -> Self {
        let (mut masker, mut heard) = (Masker::default(), Self { versions: vec![], last: vec![] });
        for (n, (speaker, text)) in (0_i64..).zip(said) {
            let at = 2_000 * n;
            heard.versions.push(masker.preview(*speaker, text, at));
            let id = n.to_string();
            let changes = masker.hear(*speaker, &id, text, at);
            assert_eq!(changes.first().map(|one| one.id.as_str()), Some(id.as_str()));
            heard.take(changes);
        }
        heard.take(masker.finish());
        assert!(masker.entries.is_empty());
        heard
    }

    fn take(&mut self, changes: Vec<MaskedText>) {
        for MaskedText { id, text } in changes {
            self.versions.push(text.clone());
            self.last.retain(|(known, _)| *known != id);
            self.last.push((id, text));
        }
        self.last.sort_by_key(|(id, _)| id.parse::<usize>().unwrap());
    }

    fn shown(&self) -> Vec<&str> {
        self.last.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Whether a word of a number is in a text.
fn has_digits(text: &str) -> bool {
    words(text).iter().any(|word| matches!(word.kind, WordKind::Digits(_) | WordKind::Times(_)))
}

fn customer(said: &[&str]) -> Heard {
    Heard::of(&said.iter().map(|text| (Customer, *text)).collect::<Vec<_>>())
}

#[test]
fn numbers_of_cards_and_identities_are_masked_however_they_are_said() {
    for text in [
        "4111 1111 1111 1111",
        "4111111111111111",
        "4111-1111-1111-1111",
        "four one one one one one one one one one one one one one one one",
        "four triple one double one double one, one one one one, four times one, one one one one",
        "Four, triple one. Double one double one. Double one double one! Double one double one?",
        "forty one eleven eleven eleven eleven eleven eleven eleven",
        "4 oh 1 o one one zero one one one um one one and one one one one",
        "four,one,one,one,one,one,one,one,one,one,one,one,one",
        "1234 5678 9012",
        "१२३४ ५६७८ ९०१२",
        "एक दो तीन चार पाँच छह सात आठ नौ शून्य एक दो",
        "4111 that's the first then 1111 let me see yes 1111 and 1111",
    ] {
        let heard = customer(&[&format!("it goes {text}")]);
        for version in &heard.versions {
            let digits: usize = words(version)
                .iter()
                .map(
                    |word| if let WordKind::Digits(digits) = &word.kind { digits.len() } else { 0 },
                )
                .sum();
            // "first" and such are words; of the number nothing is left.
            assert_eq!(digits, 0, "{text}: {version}");
            assert!(version.starts_with("it goes ••••"), "{version}");
        }
    }
}

#[test]
fn what_is_no_such_number_is_shown_in_the_end() {
    for text in [
        "I have two children and a double room for three nights",
        "my telephone number is 98765 43210",
        "it was nine eight seven six five four three two one zero",
        "on the 26th of November 2026 at 9:30",
        "order 482913 please",
        "one",
        "double",
        "",
        "… ?!",
    ] {
        assert_eq!(customer(&[text]).shown(), [text]);
    }
}

#[test]
fn a_number_over_several_utterances_is_never_given_out() {
    let heard = customer(&[
        "my card is four one one one",
        "double one double one",
        "yes",
        "one one one one",
        "and one one one one",
        "that is all",
    ]);
    assert!(heard.versions.iter().all(|version| !has_digits(version)), "{:?}", heard.versions);
    assert_eq!(
        heard.shown(),
        ["my card is ••••", "••••", "yes", "••••", "and ••••", "that is all"]
    );
    // A multiplier and its digit in two utterances.
    let heard = customer(&["41111111 double", "one 11"]);
    assert_eq!(heard.shown(), ["••••", "••••"]);
}

#[test]
fn the_other_speaker_does_not_break_a_number_and_may_repeat_it() {
    let heard = Heard::of(&[
        (Customer, "four one one one"),
        (Agent, "thank you very much for that, and would you please go on with the next ones now"),
        (Customer, "one one one one"),
        (Agent, "four one one one, one one one one"),
        (Customer, "one one one one one one one one"),
        (Agent, "one one one one and one one one one, is that right"),
    ]);
    assert!(heard.versions.iter().all(|version| !has_digits(version)), "{:?}", heard.versions);
    // Each says a half.
    let heard = Heard::of(&[(Agent, "is it 4111 2345"), (Customer, "yes and then 6789 0123")]);
    assert!(heard.versions.iter().all(|version| !has_digits(version)), "{:?}", heard.versions);
    // A telephone number that is repeated is one telephone number.
    let heard =
        Heard::of(&[(Customer, "it is 98765 43210"), (Agent, "98765 43210"), (Customer, "yes")]);
    assert_eq!(heard.shown(), ["it is 98765 43210", "98765 43210", "yes"]);
}

#[test]
fn an_account_number_is_masked() {
    for text in
        ["ABCDE1234F", "ABCDE 1234 F", "A B C D E 1 2 3 4 F", "A b c d e one two three four f"]
    {
        let heard = customer(&[&format!("PAN {text} thanks")]);
        assert_eq!(heard.shown(), ["PAN •••• thanks"], "{text}");
    }
    let heard = customer(&["it is A B C D E", "one two three four", "F"]);
    assert_eq!(heard.shown()[1..], ["••••", "••••"]);
    assert!(heard.versions.iter().all(|version| !has_digits(version)));
}

#[test]
fn a_few_digits_wait_for_a_while_only() {
    let mut masker = Masker::default();
    let text =
        |changes: Vec<MaskedText>| changes.into_iter().map(|one| one.text).collect::<Vec<_>>();
    assert_eq!(text(masker.hear(Customer, "1", "we are two", 0)), ["we are ••••"]);
    assert!(masker.pass(8_000).is_empty());
    assert_eq!(text(masker.pass(8_001)), ["we are two"]);
    assert_eq!(text(masker.hear(Customer, "2", "4111 1111", 10_000)), ["••••"]);
    assert!(masker.pass(70_000).is_empty());
    // Half of a number, and the other half just in time.
    assert_eq!(text(masker.hear(Customer, "3", "1111 1111", 70_000)), ["••••"]);
    assert!(masker.pass(200_000).is_empty());
    assert_eq!(text(masker.hear(Customer, "4", "order 482913", 300_000)), ["order ••••"]);
    let more = "is what I was going to ask you about today, if you have got time for me";
    assert_eq!(text(masker.hear(Customer, "5", more, 302_000)), [more, "order 482913"]);
}

/// A number as it may be said: its words, and where it is cut into utterances.
fn spoken(digits: &[u8], ways: &[u8]) -> Vec<String> {
    const WORDS: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let (mut utterances, mut text, mut at, mut n) = (Vec::new(), String::new(), 0, 0);
    while let Some(digit) = digits.get(at) {
        let way = ways.get(n % ways.len().max(1)).copied().unwrap_or(0);
        n += 1;
        let word = WORDS[usize::from(*digit)];
        let same = digits[at..].iter().take_while(|other| *other == digit).count();
        match way % 8 {
            0 if same >= 2 => (text, at) = (text + "double " + word + " ", at + 2),
            1 if same >= 3 => (text, at) = (text + "triple " + word + ", ", at + 3),
            2 if *digit == 0 => (text, at) = (text + "oh ", at + 1),
            3 => {
                let group: String = digits[at..].iter().take(4).map(u8::to_string).collect();
                (text, at) = (text + &group + " ", at + group.len());
            }
            4 => (text, at) = (text + "um " + word + " and ", at + 1),
            5 => {
                utterances.push(std::mem::take(&mut text));
                text = format!("{word} ");
                at += 1;
            }
            6 => (text, at) = (text + &digit.to_string() + "-", at + 1),
            _ => (text, at) = (text + word + " ", at + 1),
        }
    }
    utterances.push(text);
    utterances
}

proptest! {
    /// However a number is said and whatever the other speaker says in between, no digit of it is ever given out.
    #[test]
    fn a_number_is_given_out_in_no_version(
        digits in proptest::collection::vec(0_u8..10, 12..20),
        ways in proptest::collection::vec(any::<u8>(), 1..20),
        between in proptest::collection::vec("(yes|please go on|sorry could you say that again for me|right)?", 20),
    ) {
        let mut said: Vec<(Speaker, String)> = vec![(Customer, "my card number is".into())];
        for (utterance, other) in spoken(&digits, &ways).into_iter().zip(between) {
            said.push((Customer, utterance));
            if !other.is_empty() {
                said.push((Agent, other));
            }
        }
        said.push((Customer, "thank you that was all I wanted to say to you".into()));
        let said: Vec<_> = said.iter().map(|(speaker, text)| (*speaker, text.as_str())).collect();
        let heard = Heard::of(&said);
        for version in &heard.versions {
            prop_assert!(!has_digits(version), "{:?} of {:?}", version, said);
        }
    }

    #[test]
    fn words_without_numbers_stay_as_they_are(
        said in proptest::collection::vec((any::<bool>(), "[b-n p-z,.]{0,40}"), 0..10),
    ) {
        let said: Vec<_> = said.iter().map(|(agent, text)| (if *agent { Agent } else { Customer }, text.as_str())).collect();
        let texts: Vec<_> = said.iter().map(|(_, text)| *text).collect();
        if texts.iter().all(|text| !has_digits(text)) {
            let heard = Heard::of(&said);
            prop_assert_eq!(heard.shown(), texts);
        }
    }

    #[test]
    fn any_text_is_taken_and_little_is_remembered(
        said in proptest::collection::vec((any::<bool>(), "(\\PC|[0-9]|double | four ){0,60}"), 0..30),
    ) {
        let mut masker = Masker::default();
        for (n, (agent, text)) in (0_i64..).zip(&said) {
            let speaker = if *agent { Agent } else { Customer };
            masker.hear(speaker, &n.to_string(), text, n);
            let _ = without_numbers(text);
        }
        prop_assert!(masker.entries.len() <= 3 * MOST);
        masker.finish();
        prop_assert!(masker.entries.is_empty());
    }
}
