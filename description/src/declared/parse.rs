//! Rust into declarations: derived structs, and what the SDK's macros declare.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, FieldsNamed, GenericArgument, Ident, Item, LitStr, Meta, PathArguments, Token,
    Type,
};

use super::{Declaration, Field, Shape, TypeName};

type Found = BTreeMap<String, Declaration>;

/// The type without its path.
pub(super) fn type_name(ty: &Type) -> TypeName {
    let Type::Path(path) = ty else {
        return TypeName { name: "?".to_owned(), args: Vec::new() };
    };
    let Some(last) = path.path.segments.last() else {
        return TypeName { name: "?".to_owned(), args: Vec::new() };
    };
    let args = match &last.arguments {
        PathArguments::AngleBracketed(args) => args
            .args
            .iter()
            .filter_map(|arg| match arg {
                GenericArgument::Type(ty) => Some(type_name(ty)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    TypeName { name: last.ident.unraw().to_string(), args }
}

/// Adds what the items declare.
pub(super) fn declarations(items: &[Item], found: &mut Found) {
    let mut templates = BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                let generics =
                    item.generics.type_params().map(|param| param.ident.to_string()).collect();
                let shape = match &item.fields {
                    syn::Fields::Named(named) => {
                        Shape::Object { generics, fields: named_fields(named) }
                    }
                    syn::Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                        Shape::Same(type_name(&fields.unnamed[0].ty))
                    }
                    _ => continue,
                };
                add(found, &item.ident, &item.attrs, shape);
            }
            Item::Mod(module) if !is_test(&module.attrs) => {
                if let Some((_, items)) = &module.content {
                    declarations(items, found);
                }
            }
            Item::Macro(item) => {
                let tokens = item.mac.tokens.clone();
                let name = item.mac.path.segments.last().map(|last| last.ident.to_string());
                match (name.as_deref(), &item.ident) {
                    (Some("macro_rules"), Some(ident)) => {
                        if let Some(fields) = template(tokens) {
                            templates.insert(ident.to_string(), fields);
                        }
                    }
                    (Some(name), None) => invoked(name, tokens, &templates, found),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

fn add(found: &mut Found, name: &Ident, attrs: &[Attribute], shape: Shape) {
    let name = name.unraw().to_string();
    found.entry(name).or_insert(Declaration { doc: doc(attrs), shape });
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        matches!(&attr.meta, Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string().contains("test"))
    })
}

/// The first paragraph of the documentation, links as their text.
fn doc(attrs: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs {
        let Meta::NameValue(pair) = &attr.meta else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        let Expr::Lit(literal) = &pair.value else { continue };
        let syn::Lit::Str(text) = &literal.lit else { continue };
        let line = text.value();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    plain(&lines.join(" "))
}

/// Text without Rust's links: ``[`Type`](path)`` is `` `Type` ``.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let Some((shown, tail)) = after.split_once(']') else {
            out.push('[');
            rest = after;
            continue;
        };
        if shown.starts_with('`') || tail.starts_with('(') {
            out.push_str(shown);
            rest = match tail.strip_prefix('(').and_then(|link| link.split_once(')')) {
                Some((_, tail)) => tail,
                None => tail,
            };
        } else {
            out.push('[');
            rest = after;
        }
    }
    out.push_str(rest);
    // Where to look further is of use to a reader of the sources alone.
    match out.split_once(": see `") {
        Some((said, _)) => format!("{said}."),
        None => out,
    }
}

/// What `serde` is told about a field.
#[derive(Default)]
struct SerdeNotes {
    rename: Option<String>,
    default: bool,
    flatten: bool,
    skip: bool,
}

fn serde_notes(attrs: &[Attribute]) -> SerdeNotes {
    let mut notes = SerdeNotes::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let Meta::List(list) = &attr.meta else { continue };
        let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
        let Ok(metas) = parser.parse2(list.tokens.clone()) else { continue };
        for meta in metas {
            let path = meta.path();
            if path.is_ident("default") || path.is_ident("skip_serializing_if") {
                notes.default = true;
            } else if path.is_ident("flatten") {
                notes.flatten = true;
            } else if path.is_ident("skip") {
                notes.skip = true;
            } else if path.is_ident("rename")
                && let Meta::NameValue(pair) = &meta
                && let Expr::Lit(literal) = &pair.value
                && let syn::Lit::Str(text) = &literal.lit
            {
                notes.rename = Some(text.value());
            }
        }
    }
    notes
}

fn named_fields(named: &FieldsNamed) -> Vec<Field> {
    let field = |field: &syn::Field| {
        let notes = serde_notes(&field.attrs);
        let ident = field.ident.as_ref()?;
        let ty = type_name(&field.ty);
        (!notes.skip).then(|| Field {
            name: notes.rename.unwrap_or_else(|| ident.unraw().to_string()),
            aliases: Vec::new(),
            required: !notes.default && ty.name != "Option",
            spread: notes.flatten,
            doc: doc(&field.attrs),
            ty,
        })
    };
    named.named.iter().filter_map(field).collect()
}

/// The fields of `pub struct $name { … }` in a macro's definition.
fn template(tokens: TokenStream) -> Option<Vec<Field>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let after_struct = at >= 3
                && matches!(&tokens[at - 3], TokenTree::Ident(word) if word == "struct")
                && matches!(&tokens[at - 2], TokenTree::Punct(mark) if mark.as_char() == '$');
            if after_struct && group.delimiter() == Delimiter::Brace {
                let whole = TokenStream::from(token.clone());
                return syn::parse2::<FieldsNamed>(whole).ok().map(|named| named_fields(&named));
            }
            if let Some(found) = template(group.stream()) {
                return Some(found);
            }
        }
    }
    None
}

/// What the invocation of a macro declares.
fn invoked(
    name: &str,
    tokens: TokenStream,
    templates: &BTreeMap<String, Vec<Field>>,
    found: &mut Found,
) {
    match name {
        "record" => {
            let record = syn::parse2::<RecordDeclaration>(tokens)
                .unwrap_or_else(|error| panic!("a record that cannot be parsed: {error}"));
            let shape = Shape::Object { generics: Vec::new(), fields: record.fields };
            add(found, &record.name, &record.attrs, shape);
        }
        "string_enum" => {
            if let Ok(words) = syn::parse2::<WordsDeclaration>(tokens) {
                add(found, &words.name, &words.attrs, Shape::Words(words.words));
            }
        }
        "numeric_id" | "name" => {
            if let Ok(named) = syn::parse2::<NamedDeclaration>(tokens) {
                let shape = if name == "name" { Shape::Text } else { Shape::Digits };
                add(found, &named.name, &named.attrs, shape);
            }
        }
        other => {
            let Some(fields) = templates.get(other) else { return };
            if let Ok(named) = syn::parse2::<NamedDeclaration>(tokens) {
                let shape = Shape::Object { generics: Vec::new(), fields: fields.clone() };
                add(found, &named.name, &named.attrs, shape);
            }
        }
    }
}

/// Attributes and a name; the rest is skipped.
struct NamedDeclaration {
    attrs: Vec<Attribute>,
    name: Ident,
}

impl Parse for NamedDeclaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(Self { attrs, name })
    }
}

/// `pub struct Name { field: Type = "wire" | "other" or text, … }`
struct RecordDeclaration {
    attrs: Vec<Attribute>,
    name: Ident,
    fields: Vec<Field>,
}

impl Parse for RecordDeclaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `borrowed Name;`: a second form of the same record, with the same fields.
        if input.peek(Ident) && input.peek2(Ident) && input.peek3(Token![;]) {
            input.parse::<Ident>()?;
            input.parse::<Ident>()?;
            input.parse::<Token![;]>()?;
        }
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![struct]>()?;
        let name = input.parse()?;
        let inside;
        syn::braced!(inside in input);
        let mut fields = Vec::new();
        while !inside.is_empty() {
            let attrs = inside.call(Attribute::parse_outer)?;
            inside.call(Ident::parse_any)?;
            inside.parse::<Token![:]>()?;
            let ty: Type = inside.parse()?;
            inside.parse::<Token![=]>()?;
            let wire: LitStr = inside.parse()?;
            let mut aliases = Vec::new();
            while inside.peek(Token![|]) {
                inside.parse::<Token![|]>()?;
                aliases.push(inside.parse::<LitStr>()?.value());
            }
            if !inside.is_empty() && !inside.peek(Token![,]) {
                inside.call(Ident::parse_any)?;
                inside.call(Ident::parse_any)?;
            }
            if !inside.is_empty() {
                inside.parse::<Token![,]>()?;
            }
            fields.push(Field {
                name: wire.value(),
                aliases,
                ty: type_name(&ty),
                required: false,
                spread: false,
                doc: doc(&attrs),
            });
        }
        Ok(Self { attrs, name, fields })
    }
}

/// `Name, Kind { Variant = ["first", "other"], … }`
struct WordsDeclaration {
    attrs: Vec<Attribute>,
    name: Ident,
    words: Vec<(String, String)>,
}

impl Parse for WordsDeclaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<Token![,]>()?;
        input.parse::<Ident>()?;
        let inside;
        syn::braced!(inside in input);
        let mut words = Vec::new();
        while !inside.is_empty() {
            let attrs = inside.call(Attribute::parse_outer)?;
            inside.call(Ident::parse_any)?;
            inside.parse::<Token![=]>()?;
            let spellings;
            syn::bracketed!(spellings in inside);
            let spellings = Punctuated::<LitStr, Token![,]>::parse_terminated(&spellings)?;
            if let Some(first) = spellings.first() {
                words.push((first.value(), doc(&attrs)));
            }
            if !inside.is_empty() {
                inside.parse::<Token![,]>()?;
            }
        }
        Ok(Self { attrs, name, words })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Declared;
    use super::*;

    fn declared(text: &str) -> Declared {
        let file = syn::parse_file(text).unwrap();
        let mut found = Found::new();
        declarations(&file.items, &mut found);
        Declared(found)
    }

    fn names(declared: &Declared, of: &str) -> Vec<(String, bool, String)> {
        let fields = declared.fields(&TypeName::parse(of)).unwrap();
        let field = |field: Field| (field.name, field.required, field.ty.inner().name.clone());
        fields.fields.into_iter().map(field).collect()
    }

    fn row(name: &str, required: bool, ty: &str) -> (String, bool, String) {
        (name.to_owned(), required, ty.to_owned())
    }

    #[test]
    fn a_derived_struct_has_the_names_of_the_wire() {
        let found = declared(
            r#"
            /// Rings [`Agents`](crate::x).
            ///
            /// More.
            pub struct Dial<E> {
                /// Who.
                #[serde(rename = "agentID")] pub agent: AgentId,
                #[serde(default)] pub uui: Option<Text>,
                #[serde(flatten)] pub rest: E,
                #[serde(flatten)] pub free: BTreeMap<String, Text>,
                #[serde(skip)] pub ours: u8,
            }
            pub struct More { pub r#type: String }
            pub struct Around(pub More);
            "#,
        );
        assert_eq!(found.get("Dial").unwrap().doc, "Rings `Agents`.");
        let want = [
            row("agentID", true, "AgentId"),
            row("uui", false, "Text"),
            row("type", true, "String"),
        ];
        assert_eq!(names(&found, "a::b::Dial<c::More>"), want);
        assert!(found.fields(&TypeName::parse("Dial<More>")).unwrap().open);
        assert_eq!(names(&found, "Around"), [row("type", true, "String")]);
        assert_eq!(found.record_in(&TypeName::parse("alloc::vec::Vec<x::Around>")), Some("More"));
    }

    #[test]
    fn the_macros_declare_as_well() {
        let found = declared(
            r#"
            record! {
                borrowed BorrowedRow;
                /// A row.
                pub struct Row {
                    /// The leg.
                    ucid: a::Ucid = "UCID" | "ucid",
                    day: Day = "CallDate" or text,
                }
            }
            string_enum! {
                /// A word.
                Colour, ColourKind { /// Warm.\n Red = ["Red", "RED"], Blue = ["Blue"], }
            }
            numeric_id! { /// Digits. \n Ucid, "ucid" }
            macro_rules! action { ($name:ident) => { pub struct $name { pub did: Did } } }
            action! { /// Holds. \n Hold, "x" }
            "#
            .replace("\\n", "\n")
            .as_str(),
        );
        let fields = found.fields(&TypeName::parse("Row")).unwrap().fields;
        assert_eq!(
            (fields[0].name.as_str(), fields[0].aliases.as_slice()),
            ("UCID", &["ucid".to_owned()][..])
        );
        assert_eq!((fields[0].doc.as_str(), fields[1].name.as_str()), ("The leg.", "CallDate"));
        let Shape::Words(words) = &found.get("Colour").unwrap().shape else { panic!("words") };
        let words: Vec<_> = words.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(words, ["Red", "Blue"]);
        assert!(matches!(found.get("Ucid").unwrap().shape, Shape::Digits));
        assert_eq!(found.get("Hold").unwrap().doc, "Holds.");
        assert_eq!(names(&found, "Hold"), [row("did", true, "Did")]);
    }
}
