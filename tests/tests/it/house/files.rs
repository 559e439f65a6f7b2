//! One convention for the files of modules, and no file that is too long to read.

use super::FILES;

/// Lines of code in a file of `src`, at most: neither blank nor comment.
const LONGEST: usize = 600;

/// Whether the file is a module's and its name says of none which.
fn is_unnamed(path: &str) -> bool {
    path == "mod.rs" || path.ends_with("/mod.rs")
}

/// Lines that are neither blank nor comment.
fn lines_of_code(text: &str) -> usize {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    text.lines().filter(code).count()
}

#[test]
fn a_module_is_the_file_of_its_name() {
    let found: Vec<_> = FILES.keys().filter(|path| is_unnamed(path)).collect();
    assert!(found.is_empty(), "`foo.rs` and a folder `foo`, please: {found:?}");
}

#[test]
fn no_file_of_the_sources_is_too_long() {
    let mut found = Vec::new();
    for (path, text) in FILES.iter() {
        let is_source = path.starts_with("src/") || path.contains("/src/");
        let lines = lines_of_code(text);
        if is_source && lines > LONGEST {
            found.push(format!("{path} has {lines} lines of code, at most {LONGEST} are read"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Clippy counts the lines of functions (`too-many-lines-threshold`), unless it is told not to.
#[test]
fn no_function_may_be_long() {
    let word = ["too_many", "lines"].join("_");
    let found: Vec<_> = FILES.iter().filter(|(_, text)| text.contains(&word)).collect();
    assert!(found.is_empty(), "{:?}", found.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn lines_and_names_are_judged() {
    assert_eq!(lines_of_code("//! Doc.\n\nfn f() {\n    // Why.\n    g(); // here\n}\n"), 3);
    assert!(is_unnamed("a/mod.rs") && is_unnamed("mod.rs") && !is_unnamed("a/my_mod.rs"));
}
