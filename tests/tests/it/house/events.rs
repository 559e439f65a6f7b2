//! The desk's page of routes names every event that the desk sends, and no other.

use std::collections::BTreeSet;
use std::fs;

use super::{FILES, workspace};

/// What an event is made or sent with; its kind comes next.
const MADE_BY: [&str; 4] =
    ["NewEvent::new(", "NewEvent::unwritten(", "self.private(", "self.pass_on("];

/// What is between quotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

/// Whether a text is a kind of event by its form alone.
fn is_kind(text: &str) -> bool {
    let Some((what, word)) = text.split_once('.') else { return false };
    matches!(word, "changed" | "merged") && what.bytes().all(|b| b.is_ascii_lowercase())
}

/// The kinds of events that a source makes or sends.
fn kinds(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut kinds = BTreeSet::new();
    for marker in MADE_BY {
        let first = code.split(marker).skip(1).filter_map(|rest| {
            let rest = rest.trim_start().strip_prefix('"')?;
            rest.split('"').next()
        });
        kinds.extend(first.map(str::to_owned));
    }
    for line in code.lines() {
        kinds.extend(quoted(line).filter(|text| is_kind(text)).map(str::to_owned));
        // The stream's own.
        if line.contains("self.say(") {
            kinds.extend(quoted(line).next().map(str::to_owned));
        }
    }
    kinds
}

/// The table of a page's section on events: the kinds in its first column, with the row of each.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let section = page.split("\n## Events\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let row = |line| -> Option<(&str, &str)> {
        let rest = str::strip_prefix(line, "| `")?;
        Some((rest.split('`').next()?, line))
    };
    section.lines().filter_map(row).collect()
}

#[test]
fn the_page_of_routes_names_every_event_and_part_of_a_snapshot() {
    let page = fs::read_to_string(workspace().join("docs/desk-api.md")).unwrap();
    let rows = rows(&page);
    let of_desk = FILES.iter().filter(|(path, _)| {
        path.starts_with("examples/desk/src/")
            && !path.contains("/suite/")
            && !path.contains("/tests")
    });
    let sent: BTreeSet<_> = of_desk.flat_map(|(_, text)| kinds(text)).collect();
    let named: BTreeSet<_> = rows.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    assert_eq!(sent, named, "left: what the desk sends; right: what docs/desk-api.md names");
    let snapshot = rows.iter().find(|(kind, _)| *kind == "snapshot").map(|(_, row)| row);
    let parts = FILES["examples/desk/src/routes/live.rs"].split("const PARTS").nth(1).unwrap();
    let parts = parts.split("];").next().unwrap_or_default().lines().flat_map(quoted);
    let parts: Vec<_> = parts.collect();
    assert!(parts.len() > 3, "{parts:?}");
    for part in parts.iter().chain(&["lastId"]) {
        assert!(snapshot.unwrap().contains(&format!("`{part}`")), "{part}");
    }
}

#[test]
fn kinds_are_found_however_they_are_written() {
    let source = "const CHANGED: &str = \"owed.changed\";\n\
                  let event = NewEvent::new(\n    \"popup\", audience, &body)?;\n\
                  self.pass_on(\"transcript\", &body);\n\
                  self.say(Some(self.last), \"tick\", json);\n\
                  let other = NewEvent::new(kind, audience, &body)?;\n\
                  #[cfg(test)]\nmod tests { const X: &str = \"other.changed\"; }";
    let found: Vec<_> = kinds(source).into_iter().collect();
    assert_eq!(found, ["owed.changed", "popup", "tick", "transcript"]);
    let page = "# A\n| `a` | b |\n## Events\n| event |\n| `popup` | x |\n## More\n| `c` | d |\n";
    assert_eq!(rows(page), [("popup", "| `popup` | x |")]);
}
