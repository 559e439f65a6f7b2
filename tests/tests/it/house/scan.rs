//! Paths in tokens: in code, in the bodies of macros, and in attributes that name a function.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{ItemUse, Meta};

use super::cfg::Features;
use super::import::{Import, add_import};

/// The first segment of a path in an exported macro, which can only take the public way.
pub(super) const DOLLAR_CRATE: &str = "$crate";

/// What the tokens of a module mention.
#[derive(Default)]
pub(super) struct Mentions {
    /// Paths of two segments and more.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Every identifier, those of imports left out.
    pub(super) words: BTreeSet<String>,
    /// Imports inside of functions.
    pub(super) imports: Vec<Import>,
}

impl Mentions {
    /// Adds what `tokens` mention.
    pub(super) fn add(&mut self, tokens: TokenStream, features: &Features) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Group(group) => {
                    self.add(group.stream(), features);
                    at + 1
                }
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    self.attribute(&tokens, at + 1, features)
                }
                TokenTree::Ident(word) if word == "use" && !is(tokens.get(at + 1), '<') => {
                    self.import(&tokens, at)
                }
                TokenTree::Ident(_) => self.path(&tokens, at),
                _ => at + 1,
            };
        }
    }

    /// Reads an attribute; returns where to go on, which is behind its item if that is left out.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, features: &Features) -> usize {
        let Some(TokenTree::Group(group)) = tokens.get(at) else { return at };
        if group.delimiter() != Delimiter::Bracket {
            return at;
        }
        let Ok(meta) = syn::parse2::<Meta>(group.stream()) else { return at };
        if features.keep_meta(&meta) {
            self.named(group.stream());
            return at + 1;
        }
        let item = tokens.get(at + 1..).unwrap_or_default();
        let end = item.iter().position(|token| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            other => is(Some(other), ';') || is(Some(other), ','),
        });
        end.map_or(tokens.len(), |end| at + end + 2)
    }

    /// Texts in an attribute that are paths: `#[serde(with = "crate::wire::text")]`.
    fn named(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.named(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let path: Vec<_> =
                        text.trim_matches('"').split("::").map(str::to_owned).collect();
                    let word = |part: &String| {
                        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_')
                    };
                    if path.len() > 1 && path.iter().all(word) {
                        self.paths.insert(path);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads an import inside of a function.
    fn import(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let length = tokens[at..].iter().position(|token| is(Some(token), ';'));
        let end = length.map_or(tokens.len(), |length| at + length + 1);
        let import = tokens[at..end].iter().cloned().collect();
        if let Ok(import) = syn::parse2::<ItemUse>(import) {
            add_import(&mut self.imports, &import);
        }
        end
    }

    /// Reads a path from its first segment.
    fn path(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let mut path = Vec::new();
        let mut at = start;
        while let Some(TokenTree::Ident(word)) = tokens.get(at) {
            path.push(word.to_string());
            at += 1;
            if !(is(tokens.get(at), ':') && is(tokens.get(at + 1), ':')) {
                break;
            }
            at += 2;
        }
        self.words.extend(path.iter().cloned());
        if start > 0 && is(tokens.get(start - 1), '$') && path[0] == "crate" {
            DOLLAR_CRATE.clone_into(&mut path[0]);
        }
        let goes_on = start > 1 && is(tokens.get(start - 1), ':') && is(tokens.get(start - 2), ':');
        if path.len() > 1 && !goes_on {
            self.paths.insert(path);
        }
        at.max(start + 1)
    }
}

/// Whether the token is this punctuation mark.
pub(super) fn is(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

#[test]
fn paths_are_found_in_code_macros_and_attributes() {
    let mut found = Mentions::default();
    let text = r#"
        #[serde(with = "crate::wire::text")] struct A(super::B<crate::c::D>);
        macro_rules! m { () => { $crate::e::F::new() } }
        fn g() { use crate::h::I; format!("{}", crate::j::K); ::std::mem::drop(1); }
        #[cfg(test)] fn t() { crate::tests_only::X }
    "#;
    found.add(text.parse().unwrap(), &Features::All);
    let paths: Vec<_> = found.paths.iter().map(|path| path.join("::")).collect();
    let expected =
        ["$crate::e::F::new", "crate::c::D", "crate::j::K", "crate::wire::text", "super::B"];
    assert_eq!(paths, expected);
    assert_eq!(found.imports.len(), 1);
}
