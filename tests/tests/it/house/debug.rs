//! What `Debug` of the SDK's types may print. A new type or field fails here until someone has looked at it: a derived
//! `Debug` prints plain text, so every plain text is on a list; one that is written by hand has a case with marks in
//! every field, and prints none of them.

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Fields, Item, ItemImpl, ItemMacro, Type, Visibility};

use super::FILES;
use cases::{CASES, MARK, NOT_MADE, NUMBER};

/// Types whose own `Debug` prints what they hold.
const PLAIN: [&str; 13] = [
    "String",
    "str",
    "Url",
    "Value",
    "Bytes",
    "HeaderMap",
    "HeaderValue",
    "Uri",
    "PathBuf",
    "OsString",
    "u8",
    "Request",
    "Response",
];

/// The plain texts that are printed, by type: words of the service, names of settings and the like. None of them is a
/// secret, a number, or text about a person.
const PRINTED: &str = include_str!("debug/printed.txt");

/// What the sources say about `Debug`.
#[derive(Default)]
struct Found {
    /// Plain texts in public types that derive it.
    printed: BTreeMap<String, BTreeSet<String>>,
    /// Public types that write it by hand, and not as one word.
    by_hand: BTreeSet<String>,
}

fn found(files: &BTreeMap<String, String>) -> Found {
    let mut found = Found::default();
    for (path, text) in files {
        let inside = path.strip_prefix("ozonetel-sdk/src/").unwrap_or("tests");
        if inside.contains("tests") {
            continue;
        }
        let items = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}")).items;
        let is_public = |name: &str| {
            items.iter().any(|item| match item {
                Item::Struct(it) => it.ident == name && matches!(it.vis, Visibility::Public(_)),
                Item::Enum(it) => it.ident == name && matches!(it.vis, Visibility::Public(_)),
                _ => false,
            })
        };
        for item in &items {
            match item {
                Item::Struct(it) if is_public(&it.ident.to_string()) && derives(&it.attrs) => {
                    found.fields(&it.ident.to_string(), "", &it.fields);
                }
                Item::Enum(it) if is_public(&it.ident.to_string()) && derives(&it.attrs) => {
                    for variant in &it.variants {
                        let variant_name = variant.ident.to_string();
                        found.fields(&it.ident.to_string(), &variant_name, &variant.fields);
                    }
                }
                Item::Macro(call) if call.mac.path.is_ident("record") => found.record(call),
                Item::Macro(call) if call.mac.path.is_ident("verbs") => found.verbs(call),
                Item::Impl(it) => {
                    if let Some(name) = of_debug(it)
                        && is_public(&name)
                        && !is_one_word(it)
                    {
                        found.by_hand.insert(name);
                    }
                }
                _ => {}
            }
        }
    }
    found
}

impl Found {
    fn fields(&mut self, name: &str, variant: &str, fields: &Fields) {
        for (at, field) in fields.iter().enumerate() {
            if is_plain(field.ty.to_token_stream()) {
                let field =
                    field.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
                let dot = if variant.is_empty() { "" } else { "." };
                let fields = self.printed.entry(name.to_owned()).or_default();
                fields.insert(format!("{variant}{dot}{field}"));
            }
        }
    }

    /// `verbs! { Name = "tag" (text: Type) { field: Type [argument] = "attribute", … } … }`
    fn verbs(&mut self, call: &ItemMacro) {
        let tokens: Vec<TokenTree> = call.mac.tokens.clone().into_iter().collect();
        for three in tokens.windows(3) {
            if let [TokenTree::Ident(name), TokenTree::Punct(is), TokenTree::Literal(_)] = three
                && is.as_char() == '='
            {
                self.by_hand.insert(name.to_string());
            }
        }
    }

    /// `record! { pub struct Name { field: Type = "wire", … } }`
    fn record(&mut self, call: &ItemMacro) {
        let tokens: Vec<TokenTree> = call.mac.tokens.clone().into_iter().collect();
        let word = |token: &TokenTree| match token {
            TokenTree::Ident(ident) => Some(ident.to_string()),
            _ => None,
        };
        let Some(at) = tokens.iter().position(|token| word(token).as_deref() == Some("struct"))
        else {
            return;
        };
        let (Some(name), Some(TokenTree::Group(body))) =
            (tokens.get(at + 1).and_then(word), tokens.get(at + 2))
        else {
            panic!("a record without a body");
        };
        let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
        for at in 1..tokens.len() {
            let colon = matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == ':');
            if let (true, Some(field)) = (colon, word(&tokens[at - 1])) {
                let rest = tokens[at + 1..].iter();
                let ty = rest.take_while(
                    |token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == '='),
                );
                if is_plain(ty.cloned().collect()) {
                    self.printed.entry(name.clone()).or_default().insert(field);
                }
            }
        }
    }
}

fn derives(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive")
            && attribute.to_token_stream().to_string().contains("Debug")
    })
}

fn is_plain(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => PLAIN.iter().any(|plain| ident == plain),
        TokenTree::Group(group) => is_plain(group.stream()),
        _ => false,
    })
}

/// The type that an `impl Debug` is for.
fn of_debug(it: &ItemImpl) -> Option<String> {
    let (path, _) = it.trait_.as_ref()?;
    let Type::Path(this) = &*it.self_ty else { return None };
    (path.segments.last()?.ident == "Debug")
        .then(|| this.path.segments.last().map(|s| s.ident.to_string()))?
}

/// Whether all that is printed is a word of the source.
fn is_one_word(it: &ItemImpl) -> bool {
    let text = it.items.iter().map(|item| item.to_token_stream().to_string()).collect::<String>();
    let body = text.split_once('{').map_or("", |(_, body)| body.trim());
    body.starts_with("f . write_str (\"") && body.matches("f .").count() == 1
}

#[test]
fn every_plain_text_that_debug_prints_was_looked_at() {
    let printed: Vec<String> = found(&FILES)
        .printed
        .iter()
        .map(|(name, fields)| {
            format!("{name}: {}", fields.iter().cloned().collect::<Vec<_>>().join(" "))
        })
        .collect();
    let known: Vec<&str> = PRINTED.lines().collect();
    let new: Vec<_> = printed.iter().filter(|line| !known.contains(&line.as_str())).collect();
    let gone: Vec<_> =
        known.iter().filter(|line| !printed.iter().any(|printed| printed == *line)).collect();
    let advice = "a secret, a number or a text about a person has a type that hides it \
        (Secret, PhoneNumber, SensitiveText, ServiceMessage); what may be printed goes into \
        tests/it/house/debug/printed.txt";
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}\n{advice}");
}

#[test]
fn every_debug_that_is_written_by_hand_hides_what_is_marked() {
    let by_hand = found(&FILES).by_hand;
    let cases: BTreeSet<String> = CASES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let not_made: BTreeSet<String> = NOT_MADE.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> =
        by_hand.iter().filter(|name| !cases.contains(*name) && !not_made.contains(*name)).collect();
    assert!(missing.is_empty(), "no case in tests/it/house/debug/cases.rs for {missing:?}");
    for (name, printed) in CASES {
        let text = printed();
        assert!(!text.is_empty(), "{name}");
        assert!(!text.contains(MARK) && !text.contains(NUMBER), "{name} prints {text}");
    }
}

#[test]
fn plain_texts_are_found_in_structs_enums_and_records() {
    let planted = [(
        "ozonetel-sdk/src/a.rs".to_owned(),
        r#"#[derive(Clone, Debug)] pub struct A { pub a: Option<String>, pub b: SensitiveText }
        #[derive(Debug)] pub enum B { C(Url), D { e: Vec<u8> }, F }
        #[derive(Debug)] struct Inside(String);
        #[derive(Clone)] pub struct G(String);
        impl fmt::Debug for G { fn fmt(&self, f: &mut F) -> R { write!(f, "{}", self.0) } }
        #[derive(Clone)] pub struct H(String);
        impl fmt::Debug for H { fn fmt(&self, f: &mut F) -> R { f.write_str("H") } }
        verbs! { /// Doc.
            V = "v" ( /// Doc.
                t: String) { /// Doc.
                a: String [impl Into<String>] = "a" } W = "w" {} }
        record! { /// Doc.
            pub struct R { /// Doc.
                a: String = "A" or text, b: Vec<(SensitiveText, u32)> = "B", c: PerLeg<String> = "C" | "c" } }"#
            .to_owned(),
    )];
    let found = found(&planted.into_iter().collect());
    let lines: Vec<_> = found
        .printed
        .iter()
        .map(|(name, fields)| format!("{name} {}", fields.iter().cloned().collect::<String>()))
        .collect();
    assert_eq!(lines, ["A a", "B C.0D.e", "R ac"]);
    assert_eq!(found.by_hand, ["G", "V", "W"].map(str::to_owned).into());
}
