"""Lays out the sources of the site: `stage FOLDER`.

The pages are the Markdown files of docs/, and files of other folders that they link to. In the site, docs/ is
the root. A link to a file that is not in the site leads to the repository at this version, or becomes plain
text if Cargo.toml names no repository. The files of pages/ are the parts of pages that only Sphinx can read:
each is appended to the page of its name. The references of Python and C are made from the stub and the
header, which are changed here so that Sphinx's extensions can read them.
"""

import ast
import posixpath
import re
import shutil
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]

# Pages outside of docs/, and where they are in the site.
OTHERS = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "bindings-c/README.md": "bindings-c.md",
    "bindings-java/README.md": "bindings-java.md",
    "bindings-python/README.md": "bindings-python.md",
    "examples/README.md": "examples.md",
    "bench/README.md": "bench.md",
}
# The sections of the C reference, by the beginning of a name; the first that fits.
C_SECTIONS = {
    "capsock_status": "Errors",
    "capsock_last_": "Errors",
    "capsock_server_options": "Options of a server",
    "capsock_handler": "Handlers and logs",
    "capsock_context_handler": "Handlers and logs",
    "capsock_request_context": "Handlers and logs",
    "capsock_reply": "Handlers and logs",
    "capsock_log": "Handlers and logs",
    "capsock_level": "Handlers and logs",
    "capsock_server": "Servers",
    "capsock_transport": "Servers",
    "capsock_concurrency": "Servers",
    "capsock_framing": "Servers",
    "capsock_default_port": "Servers",
    "capsock_stats": "Totals",
    "capsock_feature": "Totals",
    "capsock_stop_report": "Totals",
    "capsock_tcp_client": "TCP clients",
    "capsock_on_reply": "TCP clients",
    "capsock_file": "TCP clients",
    "capsock_udp_client": "UDP clients",
    "capsock_socket": "Sockets",
    "capsock_fd": "Sockets",
    "capsock_address": "Addresses",
    "capsock_uppercase": "Upper case",
    "capsock_trace": "Traces",
    "capsock_": "Memory and times",
}
C_NAMES = [
    ("func", r"^\w[^\n(=]*?\b(capsock_\w+)\("),
    ("macro", r"^#define (CAPSOCK_[A-Z_]+) "),
    ("enumerator", r"^ +(CAPSOCK_\w+) = "),
    ("enum", r"^enum (capsock_\w+)"),
    ("type", r"^typedef (?!int32_t|enum)[^;]*?\b(capsock_\w+)(?:\)\(|;)"),
    ("type", r"^typedef struct (capsock_\w+) \{?"),
]
SYSTEM = """
typedef _Bool bool;
typedef __SIZE_TYPE__ size_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef unsigned int socklen_t;
struct sockaddr;
"""
LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^()\s]+)\)")
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """The path in the repository of each page, and its path in the site."""
    found = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "docs").glob("*.md")}
    found |= {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "docs" / "api").glob("*.md")}
    there = {name: name.removeprefix("docs/") for name in sorted(found)}
    for path in sorted((ROOT / "examples" / "lessons").glob("*.md")):
        there[f"examples/lessons/{path.name}"] = f"lessons/{path.name.replace('README', 'index')}"
    return there | {name: target for name, target in OTHERS.items() if (ROOT / name).exists()}


def repository() -> str | None:
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    url = re.search(r'^repository = "(.+?)/?"$', manifest, re.MULTILINE)
    version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
    return f"{url[1]}/blob/v{version[1]}" if url and version else None


class Stage:
    def __init__(self, out: Path) -> None:
        self.out = out
        self.pages = pages()
        self.url = repository()

    def link(self, source: str, text: str, target: str) -> str:
        """The link of a page as it is in the site."""
        if "://" in target or target.startswith(("#", "mailto:")):
            return f"{text}({target})"
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        anchor = f"#{anchor}" if anchor else ""
        here = posixpath.dirname(self.pages[source])
        for name in path, posixpath.join(path, "README.md"):
            if name in self.pages:
                return f"{text}({posixpath.relpath(self.pages[name], here or '.')}{anchor})"
        file = ROOT / path
        is_program = (
            file.parent.name == "programs"
        )  # those of the lessons, which a reader of the site can save
        if (is_program or file.suffix in {".png", ".svg", ".json"}) and file.is_file():
            copy = self.out / "files" / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
            return f"{text}({posixpath.relpath(f'files/{path}', here or '.')})"
        if self.url:
            return f"{text}({self.url}/{path}{anchor})"
        return text[1:-1]

    def page(self, source: str) -> None:
        text = (ROOT / source).read_text(encoding="utf-8")
        parts = FENCED.split(text)
        parts[::2] = [
            LINK.sub(lambda match: self.link(source, match[1], match[2]), part) for part in parts[::2]
        ]
        text = "".join(parts)
        more = SITE / "pages" / self.pages[source]
        if more.exists():
            text += "\n" + more.read_text(encoding="utf-8")
        target = self.out / self.pages[source]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def python(self) -> None:
        """The package, with its stub as the native module and a body for each overloaded function."""
        package = self.out / "_python" / "capsock"
        shutil.copytree(
            ROOT / "bindings-python/python/capsock", package, ignore=shutil.ignore_patterns("__pycache__")
        )
        stub = package / "_native.pyi"
        lines = stub.read_text(encoding="utf-8").splitlines()
        bodies: list[tuple[int, str]] = []
        module = ast.parse("\n".join(lines))
        scopes: list[ast.Module | ast.ClassDef] = [module]
        scopes += [node for node in module.body if isinstance(node, ast.ClassDef)]
        for scope in scopes:
            overloaded: dict[str, tuple[str, int]] = {}
            for node in scope.body:
                if isinstance(node, ast.FunctionDef) and any(
                    isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list
                ):
                    text, _ = overloaded.get(node.name, ("", 0))
                    overloaded[node.name] = (text or ast.get_docstring(node) or "", node.end_lineno or 0)
            margin = "" if scope is module else "    "
            bodies += [
                (line, f"{margin}def {name}(*args, **kwargs):\n{margin}    {text!r}")
                for name, (text, line) in overloaded.items()
            ]
        for line, body in sorted(bodies, reverse=True):
            lines.insert(line, body)
        text = re.sub(r"^(\w+: Final\[.+\])$", r"\1 = None", "\n".join(lines), flags=re.MULTILINE)
        (package / "_native.py").write_text(f"from __future__ import annotations\n{text}\n", encoding="utf-8")
        stub.unlink()

    def c(self) -> None:
        """The header with its comments as hawkmoth takes them, and the page of its parts."""
        header = (ROOT / "bindings-c/include/capsock.h").read_text(encoding="utf-8")
        conventions, body = re.split(r"\n\n\n?(?=#ifndef CAPSOCK_H)", header, maxsplit=1)
        known: dict[str, str] = {}
        for kind, pattern in C_NAMES:
            known |= dict.fromkeys(re.findall(pattern, body, re.MULTILINE), kind)

        def role(match: re.Match[str]) -> str:
            kind = known.get(match[1])
            return f":c:{kind}:`{match[1]}`" if kind else f"``{match[1]}``"

        def doc(match: re.Match[str]) -> str:
            margin = match[1]
            texts = [line.strip().removeprefix("//").removeprefix(" ") for line in match[0].splitlines()]
            texts = [re.sub(r"`([^`]+)`", role, re.sub(r"\\", r"\\\\", text)) for text in texts]
            return "\n".join(
                [f"{margin}/**", *(f"{margin} * {text}".rstrip() for text in texts), f"{margin} */\n"]
            )

        body = re.sub(r"^( *)//.*\n(?:\1//.*\n)*", doc, body, flags=re.MULTILINE)
        # libclang has no headers of its own: declarations of what this header takes from the system's.
        body = re.sub(
            r"(#include <.+>\n|#if defined\(_WIN32\)\n#include(.*\n)+?#endif\n)+", SYSTEM, body, count=1
        )
        folder = self.out / "_c"
        folder.mkdir()
        (folder / "capsock.h").write_text(body, encoding="utf-8")

        sections = dict.fromkeys(C_SECTIONS.values(), "")
        for name, kind in known.items():
            if kind != "enumerator":
                directive = {"func": "function", "enum": "enum", "macro": "macro"}.get(kind, "type")
                title = next(title for start, title in C_SECTIONS.items() if name.lower().startswith(start))
                directive = "struct" if name == "capsock_bytes" else directive
                options = "   :file: capsock.h\n" + (
                    "   :members:\n" if directive in {"enum", "struct"} else ""
                )
                sections[title] += f".. c:auto{directive}:: {name}\n{options}\n"
        text = "".join(f"{title}\n{'-' * len(title)}\n\n{items}" for title, items in sections.items())
        (folder / "sections.rst").write_text(text, encoding="utf-8")

        text = "\n".join(line.removeprefix("//").rstrip() for line in conventions.splitlines())
        blocks = text.split("Conventions of all functions:")[1]
        items = [" ".join(part.split()) for part in re.split(r"\n (?=\w)", blocks) if part.strip()]
        marked = [re.sub(r"(?<![\w`])[\w.]*_[\w.]*\w_?(?:\(\w*\))?", r"``\g<0>``", item) for item in items]
        (folder / "conventions.rst").write_text("".join(f"* {item}\n" for item in marked), encoding="utf-8")


def main(out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    stage = Stage(out)
    for source in stage.pages:
        stage.page(source)
    stage.python()
    stage.c()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
