//! The public interface of each library as text, kept in the repository: what is added, changed or taken away shows in a
//! change of `tests/public/<crate>.txt`, and is to be in the change log.
//!
//! It is read from the sources, so it takes a moment and any compiler. Types and functions are listed where users find
//! them; what a macro makes is listed as the call of the macro. `UPDATE_PUBLIC=1` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, TraitItem, Visibility};

use super::cfg::Features;
use super::source::Source;
use super::{FILES, TARGETS, workspace};

/// The libraries that are published.
const LIBRARIES: [&str; 4] = ["ozonetel-sdk", "ozonetel-sim", "ozonetel-store", "sip-ucid"];

/// The items of every module, by its path.
type Items = BTreeMap<Vec<String>, Vec<Item>>;

struct Listing<'a> {
    source: &'a Source,
    items: &'a Items,
    /// What is implemented for a type, by its name.
    impls: BTreeMap<String, Vec<&'a ItemImpl>>,
    /// Modules by the paths at which they were listed.
    done: BTreeSet<(usize, String)>,
    lines: BTreeSet<String>,
}

/// One crate's lines.
fn listing(source: &Source, items: &Items) -> String {
    let mut impls: BTreeMap<String, Vec<&ItemImpl>> = BTreeMap::new();
    for item in items.values().flatten() {
        if let Item::Impl(it) = item
            && is_kept(&it.attrs)
            && let syn::Type::Path(path) = &*it.self_ty
            && let Some(last) = path.path.segments.last()
        {
            impls.entry(last.ident.to_string()).or_default().push(it);
        }
    }
    let (done, lines) = (BTreeSet::new(), BTreeSet::new());
    let mut listing = Listing { source, items, impls, done, lines };
    listing.module(0, &source.name.replace('-', "_"), None);
    let mut text = String::new();
    for line in &listing.lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

impl Listing<'_> {
    /// What users find in a module at a path; only the item of a name, if one is given, under that name or another.
    fn module(&mut self, at: usize, path: &str, only: Option<(&str, &str)>) {
        if only.is_none() && !self.done.insert((at, path.to_owned())) {
            return;
        }
        let (source, items) = (self.source, self.items);
        let module = &source.modules[at];
        for item in items.get(&module.path).into_iter().flatten() {
            self.item(item, path, only);
        }
        if only.is_some() {
            return;
        }
        for (name, &child) in &module.children {
            if source.modules[child].public {
                self.lines.insert(format!("{path}::{name}: mod"));
                self.module(child, &format!("{path}::{name}"), None);
            }
        }
        for import in module.imports.iter().filter(|import| import.public) {
            let Some(found) = source.resolve(at, &import.path) else {
                let from = import.path.join("::");
                self.lines.insert(format!("{path}: use {from}"));
                continue;
            };
            match (&found.item, &import.name) {
                (Some(item), Some(name)) => self.module(found.module, path, Some((item, name))),
                (None, Some(name)) => {
                    self.lines.insert(format!("{path}::{name}: mod"));
                    self.module(found.module, &format!("{path}::{name}"), None);
                }
                _ => self.module(found.module, path, None),
            }
        }
    }

    fn item(&mut self, item: &Item, path: &str, only: Option<(&str, &str)>) {
        let shown = |name: &syn::Ident| match only {
            None => Some(name.to_string()),
            Some((wanted, shown)) => (name == wanted).then(|| shown.to_owned()),
        };
        let (name, visibility, attributes) = match item {
            Item::Struct(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Enum(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Trait(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Type(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Const(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Static(it) => (&it.ident, &it.vis, &it.attrs),
            Item::Fn(it) => (&it.sig.ident, &it.vis, &it.attrs),
            Item::Macro(call) => return self.call(call, path, only),
            _ => return,
        };
        let Some(shown) = shown(name).filter(|_| is_public(visibility) && is_kept(attributes))
        else {
            return;
        };
        let at = format!("{path}::{shown}");
        let marks = marks(attributes);
        let line = match item {
            Item::Struct(it) => {
                self.fields(&at, &it.fields);
                format!("struct{}{}", text(&it.generics), sealed(&it.fields))
            }
            Item::Enum(it) => {
                for variant in it.variants.iter().filter(|variant| is_kept(&variant.attrs)) {
                    let mut bare = variant.clone();
                    bare.attrs.clear();
                    for field in &mut bare.fields {
                        field.attrs.clear();
                    }
                    self.lines.insert(format!("{at}::{}: variant", text(&bare)));
                }
                format!("enum{}", text(&it.generics))
            }
            Item::Trait(it) => {
                for item in &it.items {
                    self.trait_item(&at, item);
                }
                let bounds = text(&it.supertraits);
                format!(
                    "trait{}{}{bounds}",
                    text(&it.generics),
                    if bounds.is_empty() { "" } else { ": " }
                )
            }
            Item::Type(it) => format!("type{} = {}", text(&it.generics), text(&it.ty)),
            Item::Const(it) => format!("const: {}", text(&it.ty)),
            Item::Static(it) => format!("static: {}", text(&it.ty)),
            Item::Fn(it) => text(&it.sig),
            _ => return,
        };
        self.lines.insert(format!("{at}: {marks}{line}"));
        self.implemented(&name.to_string(), &at);
    }

    /// A macro's call that makes public items, as it is written.
    fn call(&mut self, call: &syn::ItemMacro, path: &str, only: Option<(&str, &str)>) {
        if call.ident.is_some() || !is_kept(&call.attrs) {
            return;
        }
        let tokens = without_documentation(call.mac.tokens.clone());
        let names = names(tokens.clone());
        let found: Vec<_> = match only {
            Some((wanted, _)) => names.into_iter().filter(|name| name == wanted).collect(),
            None => names,
        };
        let makes_all = only.is_none() || !found.is_empty();
        if makes_all && (mentions(tokens.clone(), "pub") || !found.is_empty()) {
            let name = text(&call.mac.path);
            self.lines.insert(format!("{path}: {name}! {{ {} }}", spaced(tokens)));
            for made in found {
                self.implemented(&made, &format!("{path}::{made}"));
            }
        }
    }

    fn fields(&mut self, at: &str, fields: &Fields) {
        for (number, field) in fields.iter().enumerate() {
            if is_public(&field.vis) && is_kept(&field.attrs) {
                let name = field.ident.as_ref().map_or_else(|| number.to_string(), text);
                self.lines.insert(format!("{at}.{name}: {}", text(&field.ty)));
            }
        }
    }

    fn trait_item(&mut self, at: &str, item: &TraitItem) {
        let line = match item {
            TraitItem::Fn(it) => {
                let body = if it.default.is_some() { ": provided" } else { "" };
                format!("{}{body}", text(&it.sig))
            }
            TraitItem::Const(it) => format!("const {}: {}", it.ident, text(&it.ty)),
            TraitItem::Type(it) => format!("type {}: {}", it.ident, text(&it.bounds)),
            _ => return,
        };
        self.lines.insert(format!("{at}: {line}"));
    }

    /// What is implemented for a type: its public functions, and traits by name.
    fn implemented(&mut self, name: &str, at: &str) {
        for it in self.impls.get(name).cloned().unwrap_or_default() {
            let generics = text(&it.generics);
            if let Some((of, _)) = &it.trait_ {
                self.lines.insert(format!(
                    "{at}: impl{generics} {} for {}",
                    text(of),
                    text(&it.self_ty)
                ));
                continue;
            }
            for item in &it.items {
                let line = match item {
                    ImplItem::Fn(it) if is_public(&it.vis) && is_kept(&it.attrs) => text(&it.sig),
                    ImplItem::Const(it) if is_public(&it.vis) && is_kept(&it.attrs) => {
                        format!("const {}: {}", it.ident, text(&it.ty))
                    }
                    _ => continue,
                };
                self.lines.insert(format!("{at}: {line}"));
            }
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether users see it: no test, and not hidden.
fn is_kept(attributes: &[Attribute]) -> bool {
    let hidden = |attribute: &Attribute| {
        attribute.path().is_ident("doc") && mentions(attribute.to_token_stream(), "hidden")
    };
    Features::All.keep(attributes) && !attributes.iter().any(hidden)
}

/// The attributes that are part of the interface.
fn marks(attributes: &[Attribute]) -> String {
    let kept = attributes.iter().filter(|attribute| {
        ["derive", "non_exhaustive", "must_use", "cfg"]
            .iter()
            .any(|word| attribute.path().is_ident(word))
    });
    kept.map(|attribute| {
        // Why a value must be used is documentation.
        let must_use = attribute.path().is_ident("must_use");
        if must_use { "#[must_use] ".to_owned() } else { format!("{} ", text(attribute)) }
    })
    .collect()
}

/// Whether others can make a value of it.
fn sealed(fields: &Fields) -> &'static str {
    match fields {
        Fields::Unit => "",
        fields if fields.iter().all(|field| is_public(&field.vis)) => " { all public }",
        _ => " { … }",
    }
}

/// The names that follow `struct`, `enum`, `trait` or `type`, or begin a macro's call.
fn names(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let word = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    };
    let is_name = |name: &String| name.starts_with(char::is_uppercase);
    let mut names: Vec<_> = word(0).filter(is_name).into_iter().collect();
    for at in 0..tokens.len() {
        if let Some("struct" | "enum" | "trait" | "type") = word(at).as_deref() {
            names.extend(word(at + 1).filter(is_name));
        } else if let (Some(_), Some(TokenTree::Punct(mark))) = (word(at), tokens.get(at + 1))
            && mark.as_char() == ','
            && at == 0
        {
            names.extend(word(2).filter(is_name));
        }
    }
    names
}

fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// Tokens without `#[…]`, but for what is part of the interface.
fn without_documentation(tokens: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                let documents = matches!(tokens.peek(), Some(TokenTree::Group(group))
                    if mentions(group.stream(), "doc"));
                if documents {
                    tokens.next();
                } else {
                    kept.push(TokenTree::Punct(mark));
                }
            }
            TokenTree::Group(group) => {
                let inner = without_documentation(group.stream());
                kept.push(proc_macro2::Group::new(group.delimiter(), inner).into());
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

fn text(tokens: &impl quote::ToTokens) -> String {
    spaced(without_documentation(tokens.to_token_stream()))
}

/// Tokens as people write them, or nearly so; the same for the same tokens, however they were laid out.
fn spaced(tokens: TokenStream) -> String {
    let mut out = String::new();
    let mut glued = true;
    let mut path = false;
    for token in tokens {
        let begins_path = matches!(&token, TokenTree::Punct(mark)
            if mark.as_char() == ':' && mark.spacing() == Spacing::Joint);
        let (piece, tight_before, tight_after) = match token {
            TokenTree::Group(group) => {
                let inner = spaced(group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => {
                        (format!("({})", inner.trim_end_matches(',')), true, false)
                    }
                    Delimiter::Bracket => (format!("[{inner}]"), true, false),
                    Delimiter::Brace => (format!("{{ {inner} }}"), false, false),
                    Delimiter::None => (inner, false, false),
                }
            }
            TokenTree::Punct(mark) => {
                let joint = mark.spacing() == Spacing::Joint;
                match mark.as_char() {
                    ',' | ';' | '?' => (mark.to_string(), true, false),
                    // The end of an arrow.
                    '>' if out.ends_with(['-', '=']) => (mark.to_string(), true, false),
                    ':' => (mark.to_string(), true, begins_path || path),
                    '<' | '>' | '.' => (mark.to_string(), true, true),
                    '&' | '\'' | '#' | '!' => (mark.to_string(), false, true),
                    other => (other.to_string(), false, joint),
                }
            }
            other => (other.to_string(), false, false),
        };
        let after_word = out.ends_with([',', ';']);
        if !(glued || tight_before && !after_word) {
            out.push(' ');
        }
        out.push_str(&piece);
        (glued, path) = (tight_after, begins_path);
    }
    out
}

/// The items of every module of a crate.
fn items_of(source: &Source, folder: &str) -> Items {
    let mut items = Items::new();
    for (file, path) in source.files() {
        let text = &FILES[&format!("{folder}/{file}")];
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        nest(&mut items, path.to_vec(), parsed.items);
    }
    items
}

fn nest(items: &mut Items, path: Vec<String>, found: Vec<Item>) {
    for item in &found {
        if let Item::Mod(inner) = item
            && let Some((_, below)) = &inner.content
            && Features::All.keep(&inner.attrs)
        {
            let path = path.iter().cloned().chain([inner.ident.to_string()]).collect();
            nest(items, path, below.clone());
        }
    }
    items.insert(path, found);
}

#[test]
fn the_public_interface_is_the_one_in_the_repository() {
    let update = std::env::var_os("UPDATE_PUBLIC").is_some();
    let mut changed = Vec::new();
    for &(name, folder, _) in TARGETS.iter().filter(|(name, ..)| LIBRARIES.contains(name)) {
        let (source, _) = super::SOURCES.iter().find(|(source, _)| source.name == name).unwrap();
        let found = listing(source, &items_of(source, folder));
        assert!(found.lines().count() > 100, "{name}: {found}");
        let path = workspace().join(format!("tests/public/{name}.txt"));
        if update {
            fs::write(&path, &found).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let (kept, found): (BTreeSet<_>, BTreeSet<_>) =
            (kept.lines().collect(), found.lines().collect());
        changed.extend(kept.difference(&found).map(|line| format!("- {line}")));
        changed.extend(found.difference(&kept).map(|line| format!("+ {line}")));
    }
    assert!(
        changed.is_empty(),
        "the public interface has changed; say so in docs/changes.md, and write it anew with UPDATE_PUBLIC=1:\n{}",
        changed.join("\n")
    );
}

#[cfg(test)]
fn planted_listing(files: &[(&str, &str)]) -> String {
    let source = super::planted(files);
    let mut items = Items::new();
    for (file, path) in source.files() {
        let (_, text) = files.iter().find(|(name, _)| *name == file).unwrap();
        nest(&mut items, path.to_vec(), syn::parse_file(text).unwrap().items);
    }
    listing(&source, &items)
}

#[test]
fn what_users_find_is_listed_where_they_find_it() {
    let found = planted_listing(&[
        (
            "lib.rs",
            "mod a; pub mod b; pub use a::{Deep, f as g}; pub use a::inner::*; mod hidden { pub struct No; }",
        ),
        (
            "a.rs",
            "/// Doc. \n #[derive(Clone)] #[non_exhaustive] pub struct Deep<T> { pub x: Vec<T>, y: u8 }
             impl<T> Deep<T> { /// Doc. \n pub fn get(&self, at: usize) -> Option<&T> { None } fn own(&self) {} }
             impl<T> Default for Deep<T> { fn default() -> Self { todo!() } }
             pub fn f() {} pub fn unseen() {}
             pub mod inner { pub enum E { A, /// Doc. \n B(u8) } pub const C: u8 = 1; #[cfg(test)] pub fn t() {} }
             ",
        ),
        ("b.rs", "record! { /// Doc. \n pub struct Row { /// Doc. \n a: Text = \"A\" } } pub trait T: Send { fn m(&self); fn p(&self) {} type O; }"),
    ]);
    let lines: Vec<_> = found.lines().collect();
    assert_eq!(
        lines,
        [
            "planted::C: const: u8",
            "planted::Deep.x: Vec<T>",
            "planted::Deep: #[derive(Clone)] #[non_exhaustive] struct<T> { … }",
            "planted::Deep: fn get(&self, at: usize) -> Option<&T>",
            "planted::Deep: impl<T> Default for Deep<T>",
            "planted::E: enum",
            "planted::E::A: variant",
            "planted::E::B(u8): variant",
            "planted::b: mod",
            "planted::b: record! { pub struct Row { a: Text = \"A\" } }",
            "planted::b::T: fn m(&self)",
            "planted::b::T: fn p(&self): provided",
            "planted::b::T: trait: Send",
            "planted::b::T: type O: ",
            "planted::g: fn f()",
        ]
    );
}
