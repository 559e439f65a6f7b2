//! The graph of files: an arrow from each file to those it imports from, and its circles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::scan::DOLLAR_CRATE;
use super::source::Source;

/// Arrows between files, each with the names that tie it.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) arrows: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Names that a file takes from the crate's root, by file.
    pub(super) facade: BTreeMap<String, BTreeSet<String>>,
    /// Each file's parent and children.
    families: BTreeSet<(String, String)>,
}

/// Files that lead back to the first, with the names of each arrow.
pub(super) struct Circle {
    steps: Vec<(String, BTreeSet<String>)>,
    /// How many files can reach each other here.
    pub(super) files: BTreeSet<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, names) in &self.steps {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            write!(f, "{file} -[{}]-> ", names.join(", "))?;
        }
        write!(f, "{}", self.steps.first().map_or("", |(file, _)| file))
    }
}

impl Graph {
    /// The arrows of a crate. `mod child;` is none, and neither is the re-export of a descendant's
    /// name that the file itself does not mention: both say where something is found.
    pub(super) fn of(source: &Source) -> Self {
        let mut graph = Self::default();
        for (at, module) in source.modules.iter().enumerate() {
            for import in &module.imports {
                let Some(found) = source.resolve(at, &import.path) else { continue };
                let target = &source.modules[found.module];
                let mentioned = |name: &String| module.mentions.words.contains(name);
                let wiring = import.exported
                    && target.path.starts_with(&module.path)
                    && !import.name.as_ref().is_some_and(mentioned);
                // An imported module ties its file to what is taken out of it, see below.
                let through = |name: &String| {
                    found.item.is_none()
                        && module.mentions.paths.iter().any(|path| path.first() == Some(name))
                };
                if !wiring && !import.name.as_ref().is_some_and(through) {
                    graph.add(source, at, &import.path, import.name.is_none());
                }
            }
            for path in &module.mentions.paths {
                graph.add(source, at, path, false);
            }
        }
        let files = source.files();
        for (file, path) in &files {
            for (child, below) in &files {
                if below.len() == path.len() + 1 && below.starts_with(path) {
                    graph.families.insert(((*file).to_owned(), (*child).to_owned()));
                    graph.families.insert(((*child).to_owned(), (*file).to_owned()));
                }
            }
        }
        graph
    }

    /// Adds the arrow of one path.
    fn add(&mut self, source: &Source, at: usize, path: &[String], glob: bool) {
        let Some(found) = source.resolve(at, path) else { return };
        let (from, to) = (&source.modules[at].file, &source.modules[found.module].file);
        let mut name = found.item.or_else(|| path.last().cloned()).unwrap_or_default();
        if glob {
            name.push_str("::*");
        }
        if from == to {
            return;
        }
        let public_way = path.first().is_some_and(|first| first == DOLLAR_CRATE);
        if *from != source.root && !public_way && (found.facade || *to == source.root) {
            self.facade.entry(from.clone()).or_default().insert(name.clone());
        }
        let arrow = self.arrows.entry(from.clone()).or_default().entry(to.clone()).or_default();
        arrow.insert(name);
    }

    /// The circles: of each set of files that all lead to each other, the shortest. A circle whose
    /// every arrow is between a file and its own child is none.
    pub(super) fn circles(&self) -> Vec<Circle> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.arrows.keys().map(|file| (file.as_str(), self.reachable(file))).collect();
        let leads = |from: &str, to: &str| reach.get(from).is_some_and(|files| files.contains(to));
        let mut circles: Vec<Circle> = Vec::new();
        for (from, arrows) in &self.arrows {
            for to in arrows.keys() {
                let family = self.families.contains(&(from.clone(), to.clone()));
                if family || !leads(to, from) {
                    continue;
                }
                let steps = self.back(from, to);
                let known = circles.iter_mut().find(|circle| circle.files.contains(from));
                match known {
                    Some(known) if known.steps.len() <= steps.len() => {}
                    Some(known) => known.steps = steps,
                    None => {
                        let together = |file: &&str| leads(file, from);
                        let files = reach[from.as_str()].iter().copied().filter(together);
                        let files = files.map(str::to_owned).collect();
                        circles.push(Circle { steps, files });
                    }
                }
            }
        }
        circles
    }

    /// What can be reached from a file by one arrow and more.
    fn reachable(&self, file: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next = vec![file];
        while let Some(file) = next.pop() {
            for to in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        seen
    }

    /// The shortest circle that begins with the arrow from `from` to `to`.
    fn back(&self, from: &str, to: &str) -> Vec<(String, BTreeSet<String>)> {
        let mut before: BTreeMap<&str, &str> = BTreeMap::from([(to, from)]);
        let mut queue = VecDeque::from([to]);
        while let Some(file) = queue.pop_front() {
            if file == from {
                break;
            }
            for next in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if !before.contains_key(next.as_str()) {
                    before.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        let mut steps = Vec::new();
        let mut file = from;
        loop {
            let earlier = before[file];
            steps.push((earlier.to_owned(), self.arrows[earlier][file].clone()));
            file = earlier;
            if file == from {
                break;
            }
        }
        steps.reverse();
        steps
    }
}
