//! What a provider writes, as plain text: it may be anything, and is shown to an agent.

use std::iter::Peekable;
use std::str::Chars;

/// How many characters a suggestion may have.
pub const LONGEST: usize = 400;

/// Words that begin an address.
const SCHEMES: [&str; 8] =
    ["http:", "https:", "www.", "javascript:", "data:", "mailto:", "tel:", "file:"];

/// The text without control characters, markup, addresses and marks of formatting, and no longer than `most`
/// characters.
///
/// ```
/// use desk::core::assist::plain_text::plain;
///
/// let text = "Ask <b onclick=x>**when**</b> it\u{202e} began, see [help](https://x.example.test/a?b).";
/// assert_eq!(plain(text, 100), "Ask when it began, see help.");
/// assert_eq!(plain("one two three", 9), "one two…");
/// ```
pub fn plain(text: &str, most: usize) -> String {
    let text = without_links(&without_markup(text));
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        if is_address(word) {
            continue;
        }
        let word: String = word
            .chars()
            .filter(|c| !matches!(c, '*' | '`' | '#' | '~' | '|' | '<' | '>'))
            .collect();
        let word = word.trim_matches('_');
        if !word.is_empty() && !is_address(word) {
            words.push(word.to_owned());
        }
    }
    cut(&words.join(" "), most)
}

/// Characters that are not shown, or that turn others around.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Without what is between `<` and `>`. A `<` that nothing ends goes with all that follows, but for one before a space or
/// a digit, which is a comparison.
fn without_markup(text: &str) -> String {
    let mut left = String::new();
    let mut chars = text.chars().filter(|c| !is_hidden(*c)).peekable();
    while let Some(c) = chars.next() {
        let begins = |next: Option<&char>| {
            next.is_some_and(|n| n.is_alphabetic() || matches!(n, '/' | '!' | '?'))
        };
        if c == '<' && begins(chars.peek()) {
            skip_until(&mut chars, '>');
        } else {
            left.push(c);
        }
    }
    left
}

fn skip_until(chars: &mut Peekable<impl Iterator<Item = char>>, end: char) {
    for c in chars.by_ref() {
        if c == end {
            return;
        }
    }
}

/// `[text](address)` as `text`, and `![text](address)` as well.
fn without_links(text: &str) -> String {
    let (mut left, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '[' | ']' => {
                if c == ']' && chars.peek() == Some(&'(') {
                    skip_address(&mut chars);
                }
            }
            '!' if chars.peek() == Some(&'[') => {}
            _ => left.push(c),
        }
    }
    left
}

fn skip_address(chars: &mut Peekable<Chars<'_>>) {
    let mut depth = 0_u32;
    for c in chars.by_ref() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// Whether a word is an address: it has a scheme, or the form of a host.
fn is_address(word: &str) -> bool {
    let word = word.to_lowercase();
    if word.contains("://") || SCHEMES.iter().any(|scheme| word.contains(scheme)) {
        return true;
    }
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let Some((name, last)) = host.rsplit_once('.') else { return false };
    let is_label = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
    };
    // `e.g` and `9.30` are none.
    last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && is_label(name)
        && name.chars().any(char::is_alphabetic)
        && name.chars().count() >= 2
}

/// At most so many characters, cut after a word.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    let head = head.rsplit_once(' ').map_or(head.as_str(), |(before, _)| before);
    format!("{}…", head.trim_end())
}

/// At most two sentences of a text.
///
/// ```
/// use desk::core::assist::plain_text::two_sentences;
///
/// assert_eq!(two_sentences("One at 9.30. Two? Three."), "One at 9.30. Two?");
/// ```
pub fn two_sentences(text: &str) -> &str {
    let mut sentences = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let ends = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if matches!(c, '.' | '!' | '?' | '।') && ends {
            sentences += 1;
            if sentences == 2 {
                return &text[..at + c.len_utf8()];
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_page_or_a_reader_could_follow_goes() {
        for (text, expected) in [
            ("<script>alert(1)</script>Offer a slot", "alert(1)Offer a slot"),
            ("<img src=x onerror=alert(1)", ""),
            ("if a < b and 3 <4 say so", "if a b and 3 4 say so"),
            ("see https://evil.example.test/x, or evil.example.test", "see or"),
            ("![logo](data:image/png;base64,AAAA) text", "logo text"),
            ("[a](javascript:alert(1)) b", "a b"),
            ("mail a@evil.example.test now", "mail now"),
            ("<<b>script>x", "script x"),
            ("`code` and *bold* and _it_ | # h", "code and bold and it h"),
            ("at 9.30, e.g. on Monday. Then", "at 9.30, e.g. on Monday. Then"),
            ("a\u{0}b\u{1b}[31mred", "ab31mred"),
            ("line\none\ttwo", "line one two"),
        ] {
            let found = plain(text, LONGEST);
            let same = |text: &str| text.replace(' ', "");
            assert_eq!(same(&found), same(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_markup_addresses_and_what_is_hidden(text in "(\\PC|[<>\\[\\]()*_ a-z./:]){0,80}") {
            let found = plain(&text, 60);
            prop_assert!(!found.contains(['<', '>', '[', ']', '`']), "{}", found);
            prop_assert!(!found.contains("://") && !found.contains("www."), "{}", found);
            prop_assert!(!found.chars().any(|c| c.is_control() || is_hidden(c)), "{}", found);
            prop_assert!(found.chars().count() <= 60);
            prop_assert!(two_sentences(&found).len() <= found.len());
        }

        #[test]
        fn plain_text_stays_as_it_is(words in proptest::collection::vec("[a-z]{1,8}[,.]?", 0..12)) {
            let text = words.join(" ");
            prop_assert_eq!(plain(&text, 200), text);
        }
    }
}
