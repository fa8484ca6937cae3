//! The modules of a crate, read from its files: what each defines, imports and names.
//!
//! The files are taken apart by `proc-macro2`, the compiler's own tokens: no comment or string is taken for code, and
//! a path in a macro's arguments or in an attribute is found like any other, which a syntax tree (`syn`) leaves
//! unparsed. Types are not inferred: a method that an `impl` in another file adds is no name that a file uses.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A module, in a file of its own or in its parent's.
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    pub(crate) parent: usize,
    pub(crate) children: HashMap<String, usize>,
    /// Functions, types, constants, traits and macros.
    pub(crate) items: HashSet<String>,
    pub(crate) imports: Vec<Import>,
    /// The paths in its code, of one name or several.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// The folder of the modules that it declares.
    folder: PathBuf,
}

/// One name of a `use` declaration.
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// `*` stands for all names of the path.
    pub(crate) name: String,
    /// `pub use`, with any visibility: hands a name on, and uses it nowhere.
    pub(crate) exported: bool,
}

/// The modules of the crate whose root is `file`, the root first. `read` has the text of each file.
pub(crate) fn modules(file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<Module> {
    let mut reader = Reader { modules: Vec::new(), read };
    let folder = file.parent().expect("a file is in a folder").to_owned();
    reader.file(file.to_owned(), folder, 0);
    reader.modules
}

struct Reader<'a> {
    modules: Vec<Module>,
    read: &'a dyn Fn(&Path) -> Option<String>,
}

impl Reader<'_> {
    fn add(&mut self, file: PathBuf, folder: PathBuf, parent: usize) -> usize {
        self.modules.push(Module {
            file,
            parent,
            children: HashMap::new(),
            items: HashSet::new(),
            imports: Vec::new(),
            paths: BTreeSet::new(),
            folder,
        });
        self.modules.len() - 1
    }

    fn file(&mut self, file: PathBuf, folder: PathBuf, parent: usize) -> usize {
        let text = (self.read)(&file).unwrap_or_else(|| panic!("{} is not there", file.display()));
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        let module = self.add(file, folder, parent);
        self.tokens(module, tokens, true);
        module
    }

    /// `mod name;`
    fn declared(&mut self, parent: usize, name: &str, path: Option<&str>) {
        let (file, folder) = (&self.modules[parent].file, &self.modules[parent].folder);
        let candidates = match path {
            Some(path) => vec![normal(&file.with_file_name(path))],
            None => vec![folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")],
        };
        let found = candidates.iter().find(|file| (self.read)(file).is_some());
        let found = found.unwrap_or_else(|| panic!("{}: there is no module {name}", file.display())).clone();
        let own = path.is_some() || found.ends_with("mod.rs");
        let below = if own { found.with_file_name("") } else { found.with_extension("") };
        let child = self.file(found, below, parent);
        self.modules[parent].children.insert(name.to_owned(), child);
    }

    /// Takes in what stands in a file, or in braces, brackets and parentheses. `items` says whether definitions there
    /// are the module's.
    fn tokens(&mut self, module: usize, stream: TokenStream, items: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut path = None;
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Punct(sign) if sign.as_char() == '#' => {
                    at += 1 + usize::from(is(&tokens, at + 1, '!'));
                    let Some(TokenTree::Group(attribute)) = tokens.get(at) else { continue };
                    let text = attribute.stream().to_string().replace(' ', "");
                    at += 1;
                    if text == "cfg(test)" {
                        at = end_of_item(&tokens, at);
                    } else if let Some(value) = text.strip_prefix("path=") {
                        path = Some(value.trim_matches('"').to_owned());
                    } else if !text.starts_with("doc") {
                        self.tokens(module, attribute.stream(), false);
                    }
                }
                TokenTree::Group(group) => {
                    let foreign = at > 1 && word(&tokens, at - 2).as_deref() == Some("extern");
                    self.tokens(module, group.stream(), items && foreign);
                    at += 1;
                }
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    at = match name.as_str() {
                        "use" if !is(&tokens, at + 1, '<') => self.import(module, &tokens, at),
                        "mod" if items => self.module(module, &tokens, at, path.take()),
                        _ if items && defines(&tokens, at) => {
                            let named = if name == "macro_rules" { at + 2 } else { at + 1 };
                            self.modules[module].items.extend(word(&tokens, named));
                            named + 1
                        }
                        _ => self.path(module, &tokens, at),
                    };
                }
                _ => at += 1,
            }
        }
    }

    /// `mod name;` or `mod name { .. }`, which begins at `at`; where it ends.
    fn module(&mut self, parent: usize, tokens: &[TokenTree], at: usize, path: Option<String>) -> usize {
        let Some(name) = word(tokens, at + 1) else { return at + 1 };
        if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
            let (file, folder) = (self.modules[parent].file.clone(), self.modules[parent].folder.join(&name));
            let child = self.add(file, folder, parent);
            self.modules[parent].children.insert(name, child);
            self.tokens(child, body.stream(), true);
        } else {
            self.declared(parent, &name, path.as_deref());
        }
        at + 3
    }

    /// `use ..;`, which begins at `at`; where it ends.
    fn import(&mut self, module: usize, tokens: &[TokenTree], at: usize) -> usize {
        let end = (at..tokens.len()).find(|&end| is(tokens, end, ';')).unwrap_or(tokens.len());
        let exported = at > 0
            && (word(tokens, at - 1).as_deref() == Some("pub")
                || at > 1 && word(tokens, at - 2).as_deref() == Some("pub"));
        let mut names = Vec::new();
        tree(&[], &tokens[at + 1..end], &mut names);
        let imports = names.into_iter().map(|(path, name)| Import { path, name, exported });
        self.modules[module].imports.extend(imports);
        end
    }

    /// A path in code, which begins at `at`; where it ends.
    fn path(&mut self, module: usize, tokens: &[TokenTree], at: usize) -> usize {
        let mut path = vec![word(tokens, at).expect("the caller saw a name")];
        let mut end = at + 1;
        while is_path_separator(tokens, end)
            && let Some(next) = word(tokens, end + 2)
        {
            path.push(next);
            end += 3;
        }
        // A field, method or lifetime, a macro's variable, and the rest of a path such as `<T as Trait>::name`.
        let other = at > 0
            && ((is(tokens, at - 1, '.') && !(at > 1 && is(tokens, at - 2, '.')))
                || is(tokens, at - 1, '\'')
                || (is(tokens, at - 1, '$') && path[0] != "crate")
                || (at > 1 && is_path_separator(tokens, at - 2)));
        if !other {
            self.modules[module].paths.insert(path);
        }
        end
    }
}

/// The paths and names of a `use` declaration's tree.
fn tree(prefix: &[String], tokens: &[TokenTree], names: &mut Vec<(Vec<String>, String)>) {
    for branch in tokens.split(|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')) {
        if is_path_separator(branch, 0) {
            continue; // another crate's
        }
        let mut path = prefix.to_vec();
        let mut name = None;
        let mut at = 0;
        while let Some(token) = branch.get(at) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = self::word(branch, at + 1);
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !prefix.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(sign) if sign.as_char() == '*' => name = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    tree(&path, &inner, names);
                    path.clear();
                }
                _ => {}
            }
            at += 1;
        }
        if let Some(name) = name.or_else(|| path.last().cloned())
            && !path.is_empty()
        {
            names.push((path, name));
        }
    }
}

fn word(tokens: &[TokenTree], at: usize) -> Option<String> {
    match tokens.get(at)? {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is(tokens: &[TokenTree], at: usize, sign: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(first)) if first.as_char() == ':' && first.spacing() == Spacing::Joint)
        && is(tokens, at + 1, ':')
}

/// Whether a definition begins here.
fn defines(tokens: &[TokenTree], at: usize) -> bool {
    let after = |at| word(tokens, at);
    match word(tokens, at).as_deref() {
        Some("fn" | "struct" | "enum" | "union" | "trait" | "type") => after(at + 1).is_some(),
        Some("const" | "static") => {
            !matches!(after(at + 1).as_deref(), None | Some("fn" | "unsafe" | "extern" | "async" | "mut"))
        }
        Some("mut") => at > 0 && after(at - 1).as_deref() == Some("static"),
        Some("macro_rules") => is(tokens, at + 1, '!'),
        _ => false,
    }
}

/// Where the item ends that begins here: behind its braces or its semicolon.
fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    tokens[at..].iter().position(ends).map_or(tokens.len(), |end| at + end + 1)
}

/// Without `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path {
        if part == ".." {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}
