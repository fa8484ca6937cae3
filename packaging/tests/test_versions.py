"""The version is set once, in Cargo.toml; where it has to be repeated, it is the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def version() -> str:
    """The version of the workspace."""
    found = re.search(r'^version = "(\d+\.\d+\.\d+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


REPEATED = [
    # File, and what finds a version in it; each one that it finds is compared.
    ("Cargo.toml", r'path = "(?:core|figure|link|judge)", version = "([^"]+)"'),
    ("bindings-java/pom.xml", r"<artifactId>capsock</artifactId>\s*<version>([^<]+)</version>"),
    ("CHANGELOG.md", r"\A(?:.*\n)*?## \[(\d[^\]]*)\] - \d{4}-\d{2}-\d{2}$"),
    ("README.md", r"\bcapsock-(\d+\.\d+\.\d+)"),
    ("README.md", r"\bversion (\d+\.\d+\.\d+)"),
    ("README.md", r"\bio\.capsock:capsock:(\d+\.\d+\.\d+)"),
    ("docs/**/*.md", r"\bio\.capsock:capsock:(\d+\.\d+\.\d+)"),
    ("docs/**/*.md", r"\bcapsock-(\d+\.\d+\.\d+)"),
    ("deploy/**/*.yaml", r"\bcapsock[:-](\d+\.\d+\.\d+)"),
    ("docs/tests/conftest.py", r'^VERSION = "([^"]+)"$'),
]


@pytest.mark.parametrize(("pattern", "finds"), REPEATED, ids=[f"{row[0]} {row[1]}" for row in REPEATED])
def test_it_is_the_same_everywhere(pattern: str, finds: str) -> None:
    files = [file for file in ROOT.glob(pattern) if file.is_file() and file.suffix not in (".pyc", ".crate")]
    versions = [
        (str(file.relative_to(ROOT)), found)
        for file in files
        for found in re.findall(finds, file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert versions, "nothing has a version here any more"
    assert [row for row in versions if row[1] != version()] == []


def test_the_crates_have_the_workspaces_version() -> None:
    for manifest in ROOT.glob("*/Cargo.toml"):
        text = manifest.read_text(encoding="utf-8")
        if "workspace" in text and manifest.parent.name not in ("bench", "fuzz"):
            assert "version.workspace = true" in text, manifest


def test_each_file_of_a_release_has_it(dist: Path) -> None:
    named = [file for file in dist.rglob("*capsock*") if file.is_file() and ".deb" not in file.name]
    assert named
    for file in named:
        assert version() in file.name or file.name.startswith("maven-metadata"), file


def test_the_sums_are_those_of_the_files(dist: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dist, check=True)
    listed = {line.split(maxsplit=1)[1] for line in (dist / "SHA256SUMS").read_text().splitlines()}
    there = {str(file.relative_to(dist)) for file in dist.rglob("*") if file.is_file()}
    assert listed == there - {"SHA256SUMS"}
