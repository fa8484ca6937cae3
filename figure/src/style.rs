//! The style of a picture's file: one class for each look, in light colours.
//!
//! The page has a style sheet (`page/figure.css`) whose rules name an element by its own classes and those around it, with
//! a second set for dark colour schemes. Of programs that show or convert SVG files, several know neither: LibreOffice
//! takes the rules for dark schemes and drops selectors of two classes. So the rules are applied here, and the file has
//! the result.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

/// The style sheet of the drawings in a page, for light and dark colour schemes.
pub(super) const STYLE: &str = include_str!("page/figure.css");

/// An element of the drawing, as a selector's part names it: its tag, or all of some classes.
#[derive(Debug, Clone, Copy)]
enum Part {
    Tag(&'static str),
    /// With a dot before each: `.within.served`.
    Classes(&'static str),
}

impl Part {
    fn of(text: &'static str) -> Part {
        if text.starts_with('.') { Part::Classes(text) } else { Part::Tag(text) }
    }

    fn matches(self, tag: &str, classes: &str) -> bool {
        match self {
            Part::Tag(name) => name == tag,
            Part::Classes(names) => {
                let mut wanted = names.split('.').filter(|name| !name.is_empty());
                wanted.all(|name| classes.split(' ').any(|class| class == name))
            }
        }
    }

    /// How many classes, and how many tags (CSS Selectors Level 3, 9).
    fn specificity(self) -> (usize, usize) {
        match self {
            Part::Tag(_) => (0, 1),
            Part::Classes(names) => (names.matches('.').count(), 0),
        }
    }
}

/// A rule of the style sheet, for one selector below `.figure`.
struct Rule {
    /// The elements around it, from the outermost on, and the element itself.
    parts: Vec<Part>,
    declarations: &'static str,
}

impl Rule {
    fn specificity(&self) -> (usize, usize) {
        let each = self.parts.iter().map(|part| part.specificity());
        each.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    fn matches(&self, tag: &str, classes: &str, groups: &[String]) -> bool {
        let Some((own, around)) = self.parts.split_last() else { return false };
        let mut groups = groups.iter();
        own.matches(tag, classes) && around.iter().all(|part| groups.any(|group| part.matches("g", group)))
    }
}

/// The rules for light colour schemes, those that prevail behind the others; first the declarations of the whole figure.
fn rules() -> &'static (&'static str, Vec<Rule>) {
    static RULES: OnceLock<(&str, Vec<Rule>)> = OnceLock::new();
    RULES.get_or_init(|| {
        let light = STYLE.split("@media").next().unwrap_or_default();
        let (mut all, mut rules) = ("", Vec::new());
        for rule in light.lines() {
            let Some((selectors, declarations)) = rule.split_once('{') else { continue };
            let declarations = declarations.trim().trim_end_matches('}').trim();
            for selector in selectors.split(',') {
                let parts: Vec<_> = selector.split_whitespace().skip(1).map(Part::of).collect();
                if parts.is_empty() {
                    all = declarations;
                } else {
                    rules.push(Rule { parts, declarations });
                }
            }
        }
        rules.sort_by_key(Rule::specificity);
        (all, rules)
    })
}

/// The looks that a file uses.
#[derive(Default)]
pub(super) struct Looks {
    /// The names of the declarations.
    names: BTreeMap<String, String>,
}

impl Looks {
    /// The class of an element with these classes in these groups; `None` if no rule is for it.
    pub(super) fn class(&mut self, tag: &str, classes: &str, groups: &[String]) -> Option<&str> {
        let (all, rules) = rules();
        let mut declarations = BTreeMap::new();
        // What text inherits is not inherited everywhere.
        let inherited = if tag == "text" { *all } else { "" };
        let matching = rules.iter().filter(|rule| rule.matches(tag, classes, groups));
        for list in std::iter::once(inherited).chain(matching.map(|rule| rule.declarations)) {
            for declaration in list.split(';') {
                if let Some((name, value)) = declaration.split_once(':') {
                    declarations.insert(name.trim(), value.trim());
                }
            }
        }
        if declarations.is_empty() {
            return None;
        }
        let mut text = String::new();
        for (name, value) in declarations {
            let _ = write!(text, "{name}: {value}; "); // a String takes all
        }
        let taken = self.names.len();
        let name = self.names.entry(text).or_insert_with(|| {
            let own = classes.split(' ').next().filter(|own| !own.is_empty()).unwrap_or(tag);
            format!("{own}-{}", taken + 1)
        });
        Some(name)
    }

    /// The style sheet of what is used.
    pub(super) fn sheet(&self) -> String {
        let mut lines: Vec<_> =
            self.names.iter().map(|(declarations, name)| format!(".{name} {{ {declarations}}}\n")).collect();
        lines.sort();
        lines.concat()
    }
}
