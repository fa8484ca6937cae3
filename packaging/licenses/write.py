"""Write THIRD-PARTY.txt: the licences of what the command and the libraries contain.

The crates are those that cargo resolves for the targets of cross/targets.py, and the texts are the files of
their packages. With --check, say whether the file is as it would be written.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = HERE / "THIRD-PARTY.txt"
# The crates of the workspace that are shipped in compiled form.
SHIPPED = ("capsock-cli", "capsock-c", "capsock-jni", "capsock-preload", "capsock-python")
TEXTS = re.compile(r"(?i)^(licen[cs]e|copying|copyright|notice|unlicense)")
Json = dict[str, Any]
RULE = "=" * 78

HEAD = """\
Licences of third parties

capsock itself is licensed under MIT OR Apache-2.0 (LICENSE-MIT, LICENSE-APACHE). The command and the
libraries contain compiled code of the packages below. A package of one system or one language is not in
the files of the others. Where a package may be used under one of several licences, capsock uses it under
MIT if that is among them.
"""


def metadata() -> Json:
    """Ask cargo what the crates depend on."""
    triples = re.findall(
        r'Target\("[a-z ]+", "([^"]+)"', (ROOT / "cross" / "targets.py").read_text(encoding="utf-8")
    )
    platforms = [word for triple in triples for word in ("--filter-platform", triple)]
    command = ["cargo", "metadata", "--format-version", "1", "--locked", *platforms]
    found: Json = json.loads(
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    )
    return found


def contained(data: Json) -> list[Json]:
    """Return the packages of others that are linked into what is shipped, not build scripts or macros."""
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    seen: set[str] = set()
    todo = [ident for ident, package in packages.items() if package["name"] in SHIPPED]
    while todo:
        ident = todo.pop()
        if ident in seen or any("proc-macro" in target["kind"] for target in packages[ident]["targets"]):
            continue
        seen.add(ident)
        for dependency in nodes[ident]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    found = [packages[ident] for ident in seen if packages[ident]["source"]]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def text_of(package: Json) -> str:
    """Return the texts that come with a package: that of MIT alone if it may be chosen, else all."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and TEXTS.match(file.name))
    licence = package["license"] or ""
    if re.search(r"\bMIT\b", licence) and " AND " not in licence:
        files = [file for file in files if "mit" in file.name.lower()] or files
    if not files:
        if "Apache-2.0" not in licence:
            raise SystemExit(
                f"{package['name']} {package['version']} ({licence}) comes without a text of its licence"
            )
        # That text names no holder: it is the same for every package.
        files = [ROOT / "LICENSE-APACHE"]
    texts = [normalized(file.read_text(encoding="utf-8")) for file in files]
    return "\n\n".join(texts)


def normalized(text: str) -> str:
    """Remove what differs between files of the same text."""
    return "\n".join(line.rstrip() for line in text.strip("\ufeff \r\n\f").splitlines())


def rendered(packages: list[Json]) -> str:
    """Return the content of the file: each text once, below the packages that it belongs to."""
    by_text: dict[str, list[str]] = defaultdict(list)
    for package in packages:
        by_text[text_of(package)].append(f"{package['name']} {package['version']} ({package['license']})")
    parts = [HEAD]
    for text, names in sorted(by_text.items(), key=lambda item: item[1]):
        parts.append("\n".join([RULE, *names, "", text, ""]))
    for file in sorted((HERE / "runtime").glob("*.txt")):
        parts.append(f"{RULE}\n{normalized(file.read_text(encoding='utf-8'))}\n")
    return "\n".join(parts)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = rendered(contained(metadata()))
    if not arguments.check:
        OUT.write_text(text, encoding="utf-8")
    elif not OUT.exists() or OUT.read_text(encoding="utf-8") != text:
        print(
            f"{OUT.relative_to(ROOT)} is not of these dependencies: python3 packaging/licenses/write.py",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
