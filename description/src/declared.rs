//! What the SDK's sources declare: the types of requests, answers and pushes, their fields as they are called on the
//! wire, and what the documentation says about each.
//!
//! The types carry no schema at run time, and a second list of their fields would be a second place for one fact. So
//! the sources are parsed, as the tests of the house rules do.

mod parse;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A type's name without its path, and what it is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// The last segment of the path.
    pub name: String,
    /// The arguments.
    pub args: Vec<Self>,
}

impl TypeName {
    /// Parses a type as Rust writes it, or as [`std::any::type_name`] returns it.
    ///
    /// # Panics
    ///
    /// It is not a type.
    pub fn parse(text: &str) -> Self {
        let parsed: syn::Type =
            syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        parse::type_name(&parsed)
    }

    /// The type without `Option` and `Box` around it.
    pub fn inner(&self) -> &Self {
        match (self.name.as_str(), self.args.first()) {
            ("Option" | "Box", Some(inner)) => inner.inner(),
            _ => self,
        }
    }

    fn with(&self, known: &BTreeMap<String, Self>) -> Self {
        if let Some(known) = known.get(&self.name) {
            return known.clone();
        }
        Self {
            name: self.name.clone(),
            args: self.args.iter().map(|arg| arg.with(known)).collect(),
        }
    }
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire; empty for one that is spread into its parent.
    pub name: String,
    /// Other names under which it is read.
    pub aliases: Vec<String>,
    /// Its type.
    pub ty: TypeName,
    /// Whether it cannot be left out.
    pub required: bool,
    /// Whether the fields of its type stand in its place.
    pub spread: bool,
    /// What it is.
    pub doc: String,
}

/// What a type is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// An object of these fields.
    Object {
        /// Its type parameters.
        generics: Vec<String>,
        /// The fields.
        fields: Vec<Field>,
    },
    /// Written as another type.
    Same(TypeName),
    /// A word from an open list: the first spelling of each, and what it means.
    Words(Vec<(String, String)>),
    /// Decimal digits.
    Digits,
    /// Text.
    Text,
}

/// A declared type.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// What it is, in words.
    pub doc: String,
    /// What it is made of.
    pub shape: Shape,
}

/// All declared types, by name.
#[derive(Debug, Default)]
pub struct Declared(BTreeMap<String, Declaration>);

/// The fields of an object, those of spread ones included.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// In the order of their declaration.
    pub fields: Vec<Field>,
    /// Whether others may stand beside them, under names of the caller's.
    pub open: bool,
}

impl Declared {
    /// Reads the sources of the SDK.
    ///
    /// # Panics
    ///
    /// They are not there, or not Rust.
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ozonetel-sdk/src");
        let mut files = Vec::new();
        for band in ["types", "core", "api", "receive", "mdl"] {
            collect(&root.join(band), &mut files);
        }
        files.sort();
        let mut declared = Self::default();
        for path in files {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let file = syn::parse_file(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            parse::declarations(&file.items, &mut declared.0);
        }
        declared
    }

    /// The declaration of a type.
    pub fn get(&self, name: &str) -> Option<&Declaration> {
        self.0.get(name)
    }

    /// The fields of an object type, or of the type that it is written as.
    pub fn fields(&self, of: &TypeName) -> Option<Fields> {
        let (generics, fields) = match &self.get(&of.name)?.shape {
            Shape::Object { generics, fields } => (generics, fields),
            Shape::Same(other) => return self.fields(other.inner()),
            _ => return None,
        };
        let known = generics.iter().cloned().zip(of.args.iter().cloned()).collect();
        let mut out = Fields::default();
        for field in fields {
            let ty = field.ty.with(&known);
            if !field.spread {
                out.fields.push(Field { ty, ..field.clone() });
            } else if let Some(inner) = self.fields(ty.inner()) {
                out.open |= inner.open;
                out.fields.extend(inner.fields);
            } else {
                out.open = true;
            }
        }
        Some(out)
    }

    /// The record that a type is, holds or lists.
    pub fn record_in(&self, ty: &TypeName) -> Option<&str> {
        let Some((name, declaration)) = self.0.get_key_value(&ty.name) else {
            return ty.args.iter().find_map(|arg| self.record_in(arg));
        };
        match &declaration.shape {
            Shape::Object { .. } => Some(name),
            Shape::Same(other) => self.record_in(other),
            _ => None,
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_test {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    let file = folder.with_extension("rs");
    if file.is_file() && !files.contains(&file) {
        files.push(file);
    }
}
