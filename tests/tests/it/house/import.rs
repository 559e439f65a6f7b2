//! The names that a `use` brings.

use syn::{ItemUse, UseTree, Visibility};

/// A name that a module imports.
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name it gets here; none for `*`.
    pub(super) name: Option<String>,
    /// Whether others can import it from here.
    pub(super) exported: bool,
    /// Whether users of the crate can.
    pub(super) public: bool,
}

/// Adds the names of one `use`. What begins with `::` is another crate's.
pub(super) fn add_import(imports: &mut Vec<Import>, item: &ItemUse) {
    if item.leading_colon.is_none() {
        let exported = !matches!(item.vis, Visibility::Inherited);
        let public = matches!(item.vis, Visibility::Public(_));
        flatten(&item.tree, &mut Vec::new(), &mut |path, name| {
            imports.push(Import { path, name, exported, public });
        });
    }
}

/// Calls `add` with the path and the name of each leaf.
fn flatten(
    tree: &UseTree,
    path: &mut Vec<String>,
    add: &mut impl FnMut(Vec<String>, Option<String>),
) {
    let with = |path: &[String], last: &syn::Ident| {
        let mut path = path.to_vec();
        if last != "self" {
            path.push(last.to_string());
        }
        path
    };
    match tree {
        UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            flatten(&inner.tree, path, add);
            path.pop();
        }
        UseTree::Name(leaf) => {
            let path = with(path, &leaf.ident);
            let name = path.last().cloned();
            add(path, name);
        }
        UseTree::Rename(leaf) => add(with(path, &leaf.ident), Some(leaf.rename.to_string())),
        UseTree::Glob(_) => add(path.clone(), None),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path, add);
            }
        }
    }
}
