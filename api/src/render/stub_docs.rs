//! The docstrings of the Python stub: those of the module, which are the comments of its source.

use std::collections::BTreeMap;

/// The files with the module's public functions and classes.
const SOURCES: [&str; 6] = [
    include_str!("../../../bindings-python/src/descriptors.rs"),
    include_str!("../../../bindings-python/src/request_context.rs"),
    include_str!("../../../bindings-python/src/server.rs"),
    include_str!("../../../bindings-python/src/tcp_client.rs"),
    include_str!("../../../bindings-python/src/udp_client.rs"),
    include_str!("../../../bindings-python/src/uppercase.rs"),
];

/// Docstrings by names: `uppercase`, `Server`, `Server.stop`.
pub(super) struct Docs(BTreeMap<String, Vec<String>>);

impl Docs {
    /// Those of the source.
    pub(super) fn of_source() -> Docs {
        let mut docs = Docs(BTreeMap::new());
        SOURCES.iter().for_each(|source| docs.read(source));
        docs
    }

    pub(super) fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.trim_end().lines().map(str::to_owned).collect());
    }

    fn read(&mut self, source: &str) {
        let (mut comment, mut class, mut methods) = (Vec::new(), None, false);
        for line in source.lines() {
            let code = line.trim_start();
            if let Some(text) = code.strip_prefix("///") {
                comment.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
                continue;
            }
            methods |= code == "#[pymethods]";
            if code.starts_with("#[") {
                continue;
            }
            if let Some(name) = code.strip_prefix("impl ").and_then(|rest| rest.strip_suffix(" {"))
                && methods
            {
                class = Some(name.to_owned());
            }
            if line == "}" {
                (class, methods) = (None, false);
            }
            let code = code.strip_prefix("pub(crate) ").unwrap_or(code);
            let name = ["fn ", "struct "].iter().find_map(|word| code.strip_prefix(word)).map(identifier);
            if let Some(name) = name
                && !comment.is_empty()
            {
                let key = class.as_ref().map_or(name.to_owned(), |class| format!("{class}.{name}"));
                self.0.insert(key, std::mem::take(&mut comment));
            }
            comment.clear();
        }
    }

    /// The stub with a docstring for each class, and for each function at its first overload.
    pub(super) fn put_into(mut self, stub: &str) -> String {
        let (mut text, mut class, mut pending) = (String::new(), None, None);
        for line in stub.lines() {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            if let Some(name) = code.strip_prefix("class ").map(identifier) {
                text += &format!("{line}\n");
                if let Some(doc) = self.0.remove(name) {
                    text += &docstring(&doc, "    ");
                }
                class = Some(name.to_owned());
                continue;
            }
            if let Some(name) = code.strip_prefix("def ").map(identifier) {
                let key = match &class {
                    Some(class) if !indent.is_empty() => format!("{class}.{name}"),
                    _ => name.to_owned(),
                };
                pending = self.0.remove(&key);
            }
            match (line.strip_suffix(" ..."), pending.take_if(|_| line.ends_with(": ..."))) {
                (Some(head), Some(doc)) => {
                    let apart = if indent.is_empty() { "\n" } else { "" };
                    text += &format!("{head}\n{}{apart}", docstring(&doc, &format!("{indent}    ")));
                }
                _ => text += &format!("{line}\n"),
            }
        }
        text
    }
}

fn identifier(code: &str) -> &str {
    let end = code.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &code[..end.unwrap_or(code.len())]
}

/// The lines of a docstring, as the format of Python's files has it.
fn docstring(doc: &[String], indent: &str) -> String {
    let body = doc.join("\n");
    // What would have to be escaped.
    assert!(!body.contains("\"\"\"") && !body.contains('\\'), "no docstring: {body}");
    assert!(!body.starts_with('"'), "the format of Python's files would change it: {body}");
    if doc.len() == 1 && !body.ends_with('"') && indent.len() + body.len() + 6 <= 110 {
        return format!("{indent}\"\"\"{body}\"\"\"\n");
    }
    let lines = doc.iter().enumerate().map(|(index, line)| match (index, line.as_str()) {
        (0, line) => format!("{indent}\"\"\"{line}\n"),
        (_, "") => "\n".to_owned(),
        (_, line) => format!("{indent}{line}\n"),
    });
    format!("{}{indent}\"\"\"\n", lines.collect::<String>())
}
