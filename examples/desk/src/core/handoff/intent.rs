//! Whether a caller asks for a human: phrases and negations of each language, as data. Pure.

use serde::Deserialize;

/// The rules that hold unless others are configured.
const RULES: &str = include_str!("intent.json");

/// How many words of a text are looked at.
const MOST_WORDS: usize = 2_000;

/// How many words may stand between a negation and what it negates.
const REACH: usize = 5;

/// How many words a `*` stands for at most.
const GAP: usize = 3;

/// The phrases of one language. Words are written without apostrophes and in any case; `*` is up to three words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    language: String,
    /// What asks for a human.
    phrases: Vec<String>,
    /// What takes it back when it comes before.
    #[serde(default)]
    negations: Vec<String>,
    /// What takes it back when it comes after.
    #[serde(default)]
    negations_after: Vec<String>,
    /// What holds a negation and negates nothing: "why don't you".
    #[serde(default)]
    not_negations: Vec<String>,
    /// Words between two clauses.
    #[serde(default)]
    breaks: Vec<String>,
}

#[derive(Debug, Clone)]
struct Language {
    name: String,
    phrases: Vec<Vec<String>>,
    negations: Vec<Vec<String>>,
    negations_after: Vec<Vec<String>>,
    not_negations: Vec<Vec<String>>,
    breaks: Vec<String>,
}

/// How to tell that a caller wants a human.
#[derive(Debug, Clone)]
pub struct IntentRules {
    languages: Vec<Language>,
}

/// The rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a JSON list of languages with phrases: {0}")]
pub struct BadRules(String);

/// What a caller wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// A human, in this language.
    Human(String),
    /// Nothing that has to do with one.
    None,
}

impl Default for IntentRules {
    /// Those of a few languages.
    fn default() -> Self {
        // A test reads the file.
        Self::parse(RULES).unwrap_or(Self { languages: Vec::new() })
    }
}

impl IntentRules {
    /// From a JSON list of languages: `[{"language": "en", "phrases": ["talk to a human"], "negations": ["dont"]}]`.
    ///
    /// # Errors
    /// It is no such list, or a phrase says nothing.
    pub fn parse(json: &str) -> Result<Self, BadRules> {
        let files: Vec<LanguageFile> =
            serde_json::from_str(json).map_err(|error| BadRules(error.to_string()))?;
        let languages = files.into_iter().map(Language::of).collect::<Result<_, _>>()?;
        Ok(Self { languages })
    }

    /// What a caller wants, by these words. What is said last counts.
    ///
    /// ```
    /// use desk::core::handoff::intent::{Intent, IntentRules};
    ///
    /// let rules = IntentRules::default();
    /// assert_eq!(rules.intent("Could I talk to a human, please?"), Intent::Human("en".into()));
    /// assert_eq!(rules.intent("Don't transfer me!"), Intent::None);
    /// ```
    pub fn intent(&self, text: &str) -> Intent {
        let mut intent = Intent::None;
        let clauses = clauses(text);
        for clause in &clauses {
            let said = self.languages.iter().find_map(|language| language.asked(clause));
            match said {
                Some((true, language)) => intent = Intent::Human(language.to_owned()),
                Some((false, _)) => intent = Intent::None,
                None => {}
            }
        }
        intent
    }
}

impl Language {
    fn of(file: LanguageFile) -> Result<Self, BadRules> {
        let name = file.language;
        let list = |phrases: Vec<String>| -> Result<Vec<Vec<String>>, BadRules> {
            let words = |phrase: &String| {
                let words = pattern(phrase);
                let says = words.iter().any(|word| word != "*");
                says.then_some(words)
                    .ok_or_else(|| BadRules(format!("{name}: {phrase:?} says nothing")))
            };
            phrases.iter().map(words).collect()
        };
        Ok(Self {
            phrases: list(file.phrases)?,
            negations: list(file.negations)?,
            negations_after: list(file.negations_after)?,
            not_negations: list(file.not_negations)?,
            breaks: list(file.breaks)?.concat(),
            name,
        })
    }

    /// Whether the last phrase of a clause asks for a human (`true`) or is taken back.
    fn asked(&self, clause: &[String]) -> Option<(bool, &str)> {
        let parts = clause.split(|word| self.breaks.contains(word));
        parts
            .filter_map(|part| self.asked_in(part))
            .next_back()
            .map(|asks| (asks, self.name.as_str()))
    }

    fn asked_in(&self, words: &[String]) -> Option<bool> {
        let mut last = None;
        for start in 0..words.len() {
            let ends = self.phrases.iter().filter_map(|phrase| matched(phrase, words, start));
            if let Some(end) = ends.max() {
                last = Some(!self.is_negated(words, start, end));
            }
        }
        last
    }

    fn is_negated(&self, words: &[String], start: usize, end: usize) -> bool {
        let excused = |at: usize| {
            let spans = (0..=at).flat_map(|from| {
                self.not_negations
                    .iter()
                    .filter_map(move |phrase| Some((from, matched(phrase, words, from)?)))
            });
            spans.into_iter().any(|(from, to)| from <= at && at < to)
        };
        let before = (0..start).any(|at| {
            let to = self.negations.iter().filter_map(|phrase| matched(phrase, words, at)).max();
            to.is_some_and(|to| to <= start && start - to < REACH) && !excused(at)
        });
        let reach = (end + REACH).min(words.len());
        let after = (end..reach).any(|at| {
            self.negations_after.iter().any(|phrase| matched(phrase, words, at).is_some())
        });
        before || after
    }
}

/// Where a phrase that begins at a word ends.
fn matched(phrase: &[String], words: &[String], start: usize) -> Option<usize> {
    let Some((first, rest)) = phrase.split_first() else { return Some(start) };
    if first == "*" {
        return (0..=GAP).find_map(|skipped| matched(rest, words, start + skipped));
    }
    (words.get(start)? == first).then(|| matched(rest, words, start + 1)).flatten()
}

/// Whether a character is a word of its own: scripts without blanks.
fn is_whole(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`')
}

/// Signs of scripts in which vowels are written as marks belong to their words.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{963}' | '\u{970}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

/// The words of a text, clause by clause.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut clauses = vec![Vec::new()];
    let mut word = String::new();
    let mut count = 0;
    for c in text.chars().chain([' ']) {
        if is_apostrophe(c) {
            continue;
        }
        if (c.is_alphanumeric() || is_mark(c)) && !is_whole(c) {
            word.extend(c.to_lowercase());
            continue;
        }
        let Some(clause) = clauses.last_mut() else { break };
        if !word.is_empty() {
            clause.push(std::mem::take(&mut word));
            count += 1;
        }
        if is_whole(c) {
            clause.push(c.to_string());
            count += 1;
        }
        if count >= MOST_WORDS {
            break;
        }
        if !(c.is_whitespace() || is_whole(c) || matches!(c, '-' | '/' | '"')) {
            clauses.push(Vec::new());
        }
    }
    clauses
}

/// The words of a phrase of the rules.
fn pattern(phrase: &str) -> Vec<String> {
    let parts = phrase.split_whitespace();
    parts
        .flat_map(|part| match part {
            "*" => vec!["*".to_owned()],
            part => clauses(part).concat(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wants(text: &str) -> bool {
        matches!(IntentRules::default().intent(text), Intent::Human(_))
    }

    #[test]
    fn every_language_of_the_file_is_read() {
        let rules = IntentRules::parse(RULES).unwrap();
        let names: Vec<_> = rules.languages.iter().map(|language| language.name.as_str()).collect();
        assert_eq!(names, ["en", "hi", "es", "fr", "de"]);
    }

    #[test]
    fn the_wish_for_a_human_is_found() {
        for text in [
            "transfer me",
            "Please transfer me to an agent.",
            "Can I TALK to a real person?",
            "I don't want to talk to a bot, give me a human",
            "no, connect me to somebody in support",
            "Why don't you transfer me?",
            "Don't hang up. Transfer me to an agent.",
            "I can't find it but could you put me through to an operator",
            "don't transfer me … actually, do transfer me",
            "mujhe agent se baat karni hai",
            "मुझे किसी इंसान से बात करनी है",
            "quiero hablar con una persona",
            "je veux parler à un conseiller",
            "Ich möchte mit einem Menschen sprechen",
        ] {
            assert!(wants(text), "{text}");
        }
    }

    #[test]
    fn what_is_taken_back_or_never_said_is_none() {
        for text in [
            "",
            "don't transfer me",
            "Don\u{2019}t transfer me!",
            "please do not transfer me to an agent",
            "I never said transfer me",
            "there is no need to talk to a human",
            "transfer me. No, don't transfer me.",
            "you are not a human",
            "I transferred money to my agent",
            "what can you do?",
            "mujhe agent se baat nahi karni hai",
            "no quiero hablar con una persona",
            "je ne veux pas parler à un conseiller",
            "ich möchte nicht mit einem Menschen sprechen",
            "Verbinden Sie mich nicht",
        ] {
            assert!(!wants(text), "{text}");
        }
    }

    #[test]
    fn rules_are_data() {
        let rules = IntentRules::parse(
            r#"[{"language": "ja", "phrases": ["人間 * お願い"], "negations_after": ["しない"]}]"#,
        )
        .unwrap();
        assert_eq!(rules.intent("人間をお願いします"), Intent::Human("ja".into()));
        assert_eq!(rules.intent("人間をお願いしない"), Intent::None);
        assert_eq!(rules.intent("talk to a human"), Intent::None);
        for wrong in
            ["", "{}", r#"[{"language": "x"}]"#, r#"[{"language": "x", "phrases": ["*"]}]"#]
        {
            assert!(IntentRules::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,200}") {
            let _ = IntentRules::default().intent(&text);
        }

        #[test]
        fn a_negation_before_the_phrase_always_takes_it_back(
            pre in "[a-z ]{0,40}",
            between in prop::sample::select(vec!["", "ever ", "just "]),
            phrase in prop::sample::select(vec!["transfer me", "talk to a human", "speak to an agent"]),
        ) {
            let rules = IntentRules::default();
            prop_assume!(rules.intent(&pre) == Intent::None && !pre.contains("why"));
            let text = format!("{pre} dont {between}{phrase}");
            prop_assert_eq!(rules.intent(&text), Intent::None, "{}", text);
        }
    }
}
