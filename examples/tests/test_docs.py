"""What the documents say about the tree is so."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import capsock
import places

DOCUMENTS = [places.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCUMENTS += sorted((places.ROOT / "docs").glob("*.md")) + sorted(places.EXAMPLES.glob("**/*.md"))

POM = ElementTree.parse(places.ROOT / "bindings-java" / "pom.xml")
MAVEN = "{http://maven.apache.org/POM/4.0.0}"


def crates() -> list[dict[str, Any]]:
    """The packages of the workspace, as cargo reads them."""
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    described = json.loads(subprocess.check_output(command, cwd=places.ROOT))
    packages: list[dict[str, Any]] = described["packages"]
    return packages


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_its_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        assert "://" in target or (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_make_targets_that_it_names_are_there(document: Path) -> None:
    makefile = (places.ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z]+)\b", document.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}: .*##", makefile, re.MULTILINE), target


def test_the_workflow_runs_the_suites_of_make_test() -> None:
    text = (places.ROOT / ".github" / "workflows" / "ci.yml").read_text()
    rows = re.findall(r"\bsuite: ([a-z]+)(?:, argument: \"([^\"]+)\")?", text)
    named = {*(suite for suite, _ in rows), *re.findall(r"scripts/suite ([a-z]+)", text)}

    there = re.findall(r"^([a-z]+)\(\)", (places.ROOT / "scripts" / "suite").read_text(), re.MULTILINE)
    assert named <= set(there)

    test = (places.ROOT / "scripts" / "test").read_text()
    assert named >= set(re.findall(r"^(?:.*do )? *run (?:\".+?\"|[a-z]+) ([a-z]+)", test, re.MULTILINE))
    for suite, versions in (("python", "pythons"), ("java", "jdks")):
        expected = re.search(rf"^expected_{versions}=\((.+)\)$", test, re.MULTILINE)
        assert expected is not None
        assert {(suite, version) for version in expected[1].split()} <= set(rows)


def test_the_rooms_of_the_architecture_are_there() -> None:
    text = (places.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [places.ROOT, places.ROOT / "core" / "src"]
    for room in re.findall(r"`([a-z][a-z/.-]*/[a-z_/.-]*)`", text):
        assert any((folder / room).exists() or (folder / f"{room}.rs").exists() for folder in folders), room


def test_every_dependency_has_its_line() -> None:
    text = (places.ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)

    ours = {crate["name"] for crate in crates()}
    rust = {dependency["name"] for crate in crates() for dependency in crate["dependencies"]} - ours
    folders = [places.ROOT / "scripts", places.ROOT / "bindings-python" / "artifacts"]
    requirements = "".join((folder / "requirements.txt").read_text() for folder in folders)
    python = set(re.findall(r"^([a-z0-9-]+)==", requirements, re.MULTILINE))
    java = {
        str(element.findtext(f"{MAVEN}artifactId"))
        for kind in ("dependency", "plugin")
        for element in POM.iter(f"{MAVEN}{kind}")
    }
    assert sorted(described) == sorted(rust | python | java)


def test_the_tests_that_the_threats_name_are_there() -> None:
    folders = [places.ROOT / name for name in ("bench", "cli", "core", "examples", "figure", "fuzz", "link")]
    folders += places.ROOT.glob("bindings-*")
    text = (places.ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+\.(?:rs|c|py|java)): ([^`]+)`", text)
    assert len(named) > 40
    for file, name in named:
        # A function, a class, or a macro's use.
        wanted = re.escape(name) if name.endswith("!") else rf"(?:fn|void|def|class) {re.escape(name)}\b"
        paths = [path for folder in folders for path in folder.rglob(file)]
        assert any(re.search(wanted, path.read_text(encoding="utf-8")) for path in paths), f"{file}: {name}"


def test_all_java_has_one_format() -> None:
    poms = POM, ElementTree.parse(places.EXAMPLES / "pom.xml")
    path = f".//{MAVEN}plugin[{MAVEN}artifactId='spotless-maven-plugin']"
    formats = [
        [
            pom.findtext(f"{path}/{MAVEN}version"),
            pom.findtext(f"{path}//{MAVEN}googleJavaFormat/{MAVEN}version"),
        ]
        for pom in poms
    ]
    assert formats[0] == formats[1]
    assert None not in formats[0]


def test_there_is_one_version() -> None:
    versions = {crate["name"]: crate["version"] for crate in crates()}
    versions["the jar"] = str(POM.findtext(f"{MAVEN}version"))
    versions["the command"] = subprocess.check_output([places.CAPSOCK, "--version"], text=True).split()[1]
    assert set(versions.values()) == {capsock.__version__}, versions
