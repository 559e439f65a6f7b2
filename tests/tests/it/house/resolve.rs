//! From a path to the file in which its name is defined.

use super::scan::DOLLAR_CRATE;
use super::source::Source;

/// Imports of imports that are followed before a path counts as another crate's.
const DEPTH: usize = 16;

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) module: usize,
    /// The item, or none where the path is a module's.
    pub(super) item: Option<String>,
    /// Whether an import in the crate's root file was on the way.
    pub(super) facade: bool,
}

impl Source {
    /// Follows a path from a module; none for another crate's.
    pub(super) fn resolve(&self, from: usize, path: &[String]) -> Option<Found> {
        self.follow(from, path, DEPTH)
    }

    fn follow(&self, from: usize, path: &[String], depth: usize) -> Option<Found> {
        let mut at = from;
        let mut rest = path;
        let mut anchored = false;
        while let Some((first, tail)) = rest.split_first() {
            match first.as_str() {
                "crate" | DOLLAR_CRATE if !anchored => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent,
                _ => break,
            }
            anchored = true;
            rest = tail;
        }
        let found = self.look_up(at, rest, depth);
        // A name that a macro makes is in no list: the module that the path names has it.
        let made = || Found { module: at, item: rest.first().cloned(), facade: false };
        if anchored { found.or_else(|| Some(made())) } else { found }
    }

    fn look_up(&self, at: usize, rest: &[String], depth: usize) -> Option<Found> {
        let Some((name, tail)) = rest.split_first() else {
            return Some(Found { module: at, item: None, facade: false });
        };
        let depth = depth.checked_sub(1)?;
        let module = &self.modules[at];
        let child = module.children.get(name);
        let own = Found { module: at, item: Some(name.clone()), facade: false };
        match child {
            Some(&child) if !tail.is_empty() => {
                let made = Found { module: child, item: tail.first().cloned(), facade: false };
                return self.look_up(child, tail, depth).or(Some(made));
            }
            _ if module.items.contains(name) => return Some(own),
            Some(&child) => return self.look_up(child, tail, depth),
            None => {}
        }
        if at == 0
            && let Some(&module) = self.exported.get(name)
        {
            return Some(Found { module, ..own });
        }
        let named = module.imports.iter().filter(|import| import.name.as_ref() == Some(name));
        for import in named {
            let path: Vec<_> = import.path.iter().chain(tail).cloned().collect();
            if let Some(found) = self.follow(at, &path, depth) {
                return Some(Found { facade: found.facade || module.file == self.root, ..found });
            }
        }
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        for import in globs {
            let home = self.follow(at, &import.path, depth).filter(|home| home.item.is_none());
            let Some(home) = home.filter(|home| home.module != at) else { continue };
            if let Some(found) = self.look_up(home.module, rest, depth) {
                return Some(Found { facade: found.facade || module.file == self.root, ..found });
            }
        }
        None
    }
}

#[test]
fn a_name_leads_to_the_file_that_defines_it() {
    let source = super::planted(&[
        ("lib.rs", "mod a; mod b; pub use a::Deep; pub use b::*;"),
        ("a.rs", "mod deep; pub use deep::Deep; use std::fmt;"),
        ("a/deep.rs", "pub struct Deep; #[macro_export] macro_rules! shared { () => {} }"),
        ("b.rs", "pub struct Wide; use crate::a as letter;"),
    ]);
    let file = |from: &str, path: &str| {
        let from = source.modules.iter().position(|module| module.file == from).unwrap();
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        source
            .resolve(from, &path)
            .map(|found| (source.modules[found.module].file.as_str(), found.item, found.facade))
    };
    let deep = Some(("a/deep.rs", Some("Deep".to_owned()), false));
    assert_eq!(file("b.rs", "crate::a::Deep"), deep);
    assert_eq!(file("b.rs", "super::a::Deep"), deep);
    assert_eq!(file("b.rs", "letter::Deep::new"), deep);
    assert_eq!(file("b.rs", "crate::Deep"), Some(("a/deep.rs", Some("Deep".to_owned()), true)));
    assert_eq!(file("a.rs", "crate::Wide"), Some(("b.rs", Some("Wide".to_owned()), true)));
    assert_eq!(
        file("b.rs", "crate::shared"),
        Some(("a/deep.rs", Some("shared".to_owned()), false))
    );
    assert_eq!(file("b.rs", "crate::a"), Some(("a.rs", None, false)));
    assert_eq!(
        file("b.rs", "crate::a::made_by_a_macro"),
        Some(("a.rs", Some("made_by_a_macro".to_owned()), false))
    );
    assert_eq!(file("a.rs", "fmt::Display"), None);
    assert_eq!(file("a.rs", "serde::Serialize"), None);
}
