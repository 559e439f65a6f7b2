//! Every public item has an example; what runs them is `cargo test --doc`.

use std::path::Path;

/// Whether a line begins an item that users see. What a `pub(crate)` item holds is not among them.
fn is_public(line: &str) -> bool {
    const ITEMS: [&str; 7] = ["fn", "const fn", "struct", "enum", "trait", "const", "type"];
    let item = |rest: &str| ITEMS.iter().any(|item| rest.starts_with(&format!("{item} ")));
    // The methods that a macro makes are listed as `name = Variant,` under their documentation.
    let listed = line.split_once(" = ").is_some_and(|(name, variant)| {
        let lower = |c: char| c.is_ascii_lowercase() || c == '_';
        name.chars().all(lower) && variant.chars().next().is_some_and(char::is_uppercase)
    });
    line.strip_prefix("pub ").is_some_and(item) || listed
}

/// The public items of a file whose documentation has no example.
fn without_example(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut documented, mut example) = (false, false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("///") {
            (documented, example) = (true, example || line == "/// ```");
        } else if is_public(line) {
            if documented && !example {
                found.push(line);
            }
            (documented, example) = (false, false);
        } else if !line.starts_with("#[") && !line.is_empty() {
            (documented, example) = (false, false);
        }
    }
    found
}

#[test]
fn every_public_item_has_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut items = 0;
    for path in crate::corpus::files_below(&folder) {
        let source = std::fs::read_to_string(&path).unwrap();
        items += source.lines().filter(|line| is_public(line.trim())).count();
        assert_eq!(without_example(&source), Vec::<&str>::new(), "{}", path.display());
    }
    assert!(items > 250, "{items}");
}

#[test]
fn an_item_without_example_is_noticed() {
    let source = "/// A.\n///\n/// ```\n/// assert!(a());\n/// ```\npub fn a() -> bool {}\n\
                  /// B.\n#[inline]\npub const fn b() {}\n/// C.\nc = Ceded,\n";
    assert_eq!(without_example(source), ["pub const fn b() {}", "c = Ceded,"]);
}
