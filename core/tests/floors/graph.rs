//! Which file of a crate uses names of which other one, and the circles in that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::source::{Module, modules};

/// For each file, the files whose definitions it uses, and the names of these.
pub(crate) type Uses = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// What the files of a crate use of each other. A name that was handed on by `pub use` counts as the defining file's;
/// declaring a module, or handing a name on, is no use.
pub(crate) fn uses(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Uses {
    let modules = modules(root, read);
    let mut uses = Uses::new();
    for (index, module) in modules.iter().enumerate() {
        let used = uses.entry(module.file.clone()).or_default();
        let imported = module.imports.iter().filter(|import| !import.exported && import.name != "*");
        for path in imported.map(|import| &import.path).chain(&module.paths) {
            for meaning in resolve(&modules, index, path, &mut Vec::new()) {
                if let Meaning::Item(definer, name) = meaning
                    && modules[definer].file != module.file
                {
                    used.entry(modules[definer].file.clone()).or_default().insert(name);
                }
            }
        }
    }
    uses
}

#[derive(Clone)]
enum Meaning {
    Module(usize),
    /// A name that this module defines.
    Item(usize, String),
}

/// What a path in a module means: several things where a name is, say, a module's and a function's; nothing where it is
/// another crate's.
fn resolve(
    modules: &[Module],
    module: usize,
    path: &[String],
    pending: &mut Vec<(usize, usize)>,
) -> Vec<Meaning> {
    let mut meanings = vec![Meaning::Module(module)];
    for (position, name) in path.iter().enumerate() {
        let mut next = Vec::new();
        for meaning in &meanings {
            let &Meaning::Module(at) = meaning else { continue };
            match (position, name.as_str()) {
                (0, "crate") => next.push(Meaning::Module(0)),
                (_, "self") => next.push(Meaning::Module(at)),
                (_, "super") => next.push(Meaning::Module(modules[at].parent)),
                _ => next.extend(lookup(modules, at, name, pending)),
            }
        }
        if next.is_empty() {
            // A type's associated name, or what a macro of the module defines.
            let items = meanings.iter().filter(|meaning| matches!(meaning, Meaning::Item(..)));
            let items: Vec<Meaning> = items.cloned().collect();
            return match meanings.as_slice() {
                [Meaning::Module(at)] if position > 0 => vec![Meaning::Item(*at, name.clone())],
                _ => items,
            };
        }
        meanings = next;
    }
    meanings
}

/// What a name means in a module. `pending` has the imports that are being looked up, by module and position.
fn lookup(modules: &[Module], module: usize, name: &str, pending: &mut Vec<(usize, usize)>) -> Vec<Meaning> {
    let found = &modules[module];
    let mut meanings: Vec<Meaning> =
        found.children.get(name).map(|&child| Meaning::Module(child)).into_iter().collect();
    if found.items.contains(name) {
        meanings.push(Meaning::Item(module, name.to_owned()));
    }
    for wanted in [name, "*"] {
        if wanted == "*" && !meanings.is_empty() {
            break; // a glob import is shadowed
        }
        for (index, import) in found.imports.iter().enumerate().filter(|(_, import)| import.name == wanted) {
            if pending.contains(&(module, index)) {
                continue;
            }
            pending.push((module, index));
            for meaning in resolve(modules, module, &import.path, pending) {
                match meaning {
                    Meaning::Module(at) if wanted == "*" => {
                        meanings.extend(lookup(modules, at, name, pending))
                    }
                    Meaning::Item(..) if wanted == "*" => {}
                    _ => meanings.push(meaning),
                }
            }
            pending.pop();
        }
    }
    meanings
}

/// The circles: the largest sets of files that reach each other.
pub(crate) fn circles(uses: &Uses) -> Vec<BTreeSet<PathBuf>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        uses.keys().map(|file| (file, reachable(uses, file))).collect();
    let mut circles: Vec<BTreeSet<PathBuf>> = Vec::new();
    for (file, others) in &reached {
        if others.contains(file) && !circles.iter().any(|circle| circle.contains(*file)) {
            let back = others.iter().filter(|other| reached[*other].contains(file));
            circles.push(back.map(|other| (*other).clone()).collect());
        }
    }
    circles
}

fn reachable<'a>(uses: &'a Uses, file: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&PathBuf> = uses[file].keys().collect();
    while let Some(next) = pending.pop() {
        if reached.insert(next) {
            pending.extend(uses[next].keys());
        }
    }
    reached
}
