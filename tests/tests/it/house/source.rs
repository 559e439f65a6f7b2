//! One crate as its modules: what each defines, imports and mentions.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, Visibility};

use super::cfg::Features;
use super::import::{Import, add_import};
use super::scan::{Mentions, is};

/// Texts by their path below the folder of sources.
pub(super) type Files = BTreeMap<String, String>;

/// A crate.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) root: String,
    /// The first is the root.
    pub(super) modules: Vec<Module>,
    /// Modules of the macros that are exported, which the root has by name.
    pub(super) exported: BTreeMap<String, usize>,
}

/// A module: a file, or a part of one.
#[derive(Default)]
pub(super) struct Module {
    pub(super) path: Vec<String>,
    pub(super) file: String,
    pub(super) parent: usize,
    pub(super) public: bool,
    pub(super) children: BTreeMap<String, usize>,
    /// Names of items of every kind.
    pub(super) items: BTreeSet<String>,
    pub(super) types: Vec<Type>,
    pub(super) imports: Vec<Import>,
    pub(super) mentions: Mentions,
}

/// A type that a module defines.
pub(super) struct Type {
    pub(super) name: String,
    /// Whether other files can name it: `pub`, `pub(crate)` or the like.
    pub(super) shared: bool,
}

impl Source {
    /// Reads a crate from its root file on.
    pub(super) fn parse(name: &str, root: &str, files: &Files, features: &Features) -> Self {
        let mut source = Self {
            name: name.to_owned(),
            root: root.to_owned(),
            modules: vec![Module { file: root.to_owned(), public: true, ..Module::default() }],
            exported: BTreeMap::new(),
        };
        let mut reader = Reader { files, features, defining: BTreeSet::new(), calls: Vec::new() };
        reader.file(&mut source, 0);
        for (module, name, tokens) in reader.calls {
            let types = types_of_call(tokens, reader.defining.contains(&name));
            let module = &mut source.modules[module];
            module.items.extend(types.iter().map(|found| found.name.clone()));
            module.types.extend(types);
        }
        source
    }

    /// The module path of each file.
    pub(super) fn files(&self) -> BTreeMap<&str, &[String]> {
        let mut files: BTreeMap<&str, &[String]> = BTreeMap::new();
        for module in &self.modules {
            files.entry(&module.file).or_insert(&module.path);
        }
        files
    }
}

/// Walks from file to file.
struct Reader<'a> {
    files: &'a Files,
    features: &'a Features,
    /// Macros that define a type by a name they are given.
    defining: BTreeSet<String>,
    /// Calls of macros that stand for items: the module, the macro, and what it is given.
    calls: Vec<(usize, String, TokenStream)>,
}

impl Reader<'_> {
    fn file(&mut self, source: &mut Source, at: usize) {
        let file = source.modules[at].file.clone();
        let text = &self.files[&file];
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.items(source, at, parsed.items);
    }

    fn items(&mut self, source: &mut Source, at: usize, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Mod(inner) if self.features.keep(&inner.attrs) => {
                    self.module(source, at, inner);
                }
                Item::Use(import) => {
                    if self.features.keep(&import.attrs) {
                        add_import(&mut source.modules[at].imports, &import);
                    }
                }
                Item::Macro(call) if self.features.keep(&call.attrs) => {
                    self.macro_item(source, at, call);
                }
                Item::Mod(_) | Item::Macro(_) => {}
                item => self.item(&mut source.modules[at], &item),
            }
        }
        let module = &mut source.modules[at];
        module.imports.append(&mut module.mentions.imports);
    }

    /// A child module, in a file of its own or in braces.
    fn module(&mut self, source: &mut Source, parent: usize, inner: syn::ItemMod) {
        let name = inner.ident.to_string();
        let above = &source.modules[parent];
        let mut path = above.path.clone();
        path.push(name.clone());
        let stem = path.join("/");
        let own = [format!("{stem}.rs"), format!("{stem}/mod.rs")];
        let file = match &inner.content {
            Some(_) => above.file.clone(),
            None => own
                .into_iter()
                .find(|file| self.files.contains_key(file))
                .unwrap_or_else(|| panic!("{}: no file for mod {name}", above.file)),
        };
        let public = is_public(&inner.vis);
        let child = source.modules.len();
        source.modules.push(Module { path, file, parent, public, ..Module::default() });
        source.modules[parent].children.insert(name, child);
        match inner.content {
            Some((_, items)) => self.items(source, child, items),
            None => self.file(source, child),
        }
    }

    /// A macro, defined or called.
    fn macro_item(&mut self, source: &mut Source, at: usize, call: syn::ItemMacro) {
        let tokens = call.mac.tokens;
        source.modules[at].mentions.add(tokens.clone(), self.features);
        let Some(name) = call.ident else {
            let name = call.mac.path.segments.last().map(|last| last.ident.to_string());
            self.calls.push((at, name.unwrap_or_default(), tokens));
            return;
        };
        let name = name.to_string();
        if call.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
            source.exported.insert(name.clone(), at);
        }
        if defines_a_type(tokens) {
            self.defining.insert(name.clone());
        }
        source.modules[at].items.insert(name);
    }

    /// Any other item.
    fn item(&self, module: &mut Module, item: &Item) {
        let none: &[Attribute] = &[];
        let (attributes, name, visibility, is_type) = match item {
            Item::Struct(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), true),
            Item::Enum(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), true),
            Item::Union(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), true),
            Item::Trait(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), true),
            Item::Type(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), true),
            Item::Const(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), false),
            Item::Static(item) => (&*item.attrs, Some(&item.ident), Some(&item.vis), false),
            Item::Fn(item) => (&*item.attrs, Some(&item.sig.ident), Some(&item.vis), false),
            Item::Impl(item) => (&*item.attrs, None, None, false),
            _ => (none, None, None, false),
        };
        if !self.features.keep(attributes) || is_test(attributes) {
            return;
        }
        if let Some(name) = name {
            module.items.insert(name.to_string());
            if is_type {
                let shared = !matches!(visibility, Some(Visibility::Inherited));
                module.types.push(Type { name: name.to_string(), shared });
            }
        }
        module.mentions.add(item.to_token_stream(), self.features);
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether the item is a test, which no `cfg` has to say.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "test"))
}

const TYPE_WORDS: [&str; 4] = ["struct", "enum", "trait", "type"];

/// Whether a macro's body says `struct $name` or the like.
fn defines_a_type(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => defines_a_type(group.stream()),
        TokenTree::Ident(word) => {
            TYPE_WORDS.iter().any(|known| word == known) && is(tokens.get(at + 1), '$')
        }
        _ => false,
    })
}

/// The types that the call of a macro brings: those spelt out (`pub struct Name`) and, for a macro
/// that defines a type by a name it is given, capitalised names that stand alone in the call.
fn types_of_call(tokens: TokenStream, defining: bool) -> Vec<Type> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut types = Vec::new();
    let (mut public, mut spelt) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Ident(word) = token else {
            if !matches!(token, TokenTree::Group(_)) {
                spelt = false;
            }
            continue;
        };
        let word = word.to_string();
        let near = |mark| is(tokens.get(at + 1), mark) || at > 0 && is(tokens.get(at - 1), mark);
        if word == "pub" {
            public = true;
        } else if TYPE_WORDS.contains(&&*word) {
            spelt = true;
        } else {
            let named = defining && !near(':') && !near('<') && !near('.') && !near('!');
            if word.starts_with(char::is_uppercase) && (spelt || named) {
                types.push(Type { name: word, shared: public || !spelt });
            }
            (public, spelt) = (false, false);
        }
    }
    types
}

#[test]
fn a_macro_that_defines_types_defines_those_of_its_calls() {
    let source = super::planted(&[(
        "lib.rs",
        "macro_rules! word { ($name:ident, $kind:ident { $($v:ident),* }) => { pub struct $name; pub enum $kind {} } }
         word! { /// Doc.
             Color, ColorKind { Red, Blue } }
         same! { pub struct Spelt { a: Other } }
         other! { NotAType }
         #[cfg(test)] struct Hidden;",
    )]);
    let names: Vec<_> = source.modules[0].types.iter().map(|found| &*found.name).collect();
    assert_eq!(names, ["Color", "ColorKind", "Spelt"]);
}
