"""README's lines are typed as they stand, in a folder that has nothing but the files of a release."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from reader import Block, Reader, blocks

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = [(name, list(found)) for name, found in groupby(blocks(ROOT / "README.md"), lambda b: b.section)]

# The pages for those who use capsock; the others are for those who change it as well.
READ = ["teaching", "lab", "sheet", "students", "command", "trace", "preload", "install"]
READ += ["operations", "reference", "python", "java", "c", "rust"]


def listed(script: str) -> list[str]:
    """The interpreters or JDKs of this machine."""
    lines = subprocess.run([ROOT / "scripts" / script], check=True, capture_output=True, text=True)
    return [line.split("\t")[1] for line in lines.stdout.splitlines()]


@pytest.fixture(scope="module")
def reader(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("reader")
    # The newest of each is what README's lines are written for.
    there = folder / "programs"
    there.mkdir()
    (there / "python3").symlink_to(listed("pythons")[-1])
    found = Reader(folder, dist, [there, Path(listed("jdks")[-1]) / "bin"])
    yield found
    found.close()


@pytest.mark.parametrize("blocks", [pytest.param(found, id=name) for name, found in SECTIONS])
def test_what_a_section_shows(reader: Reader, blocks: list[Block]) -> None:
    reader.section(blocks, f"linux-{os.uname().machine}")


def test_the_figure_has_both_programs(reader: Reader) -> None:
    """The student's commands have left a record of two runs, in Python and in Java."""
    drawn = reader.terminal.typed("capsock trace run.jsonl")
    for name in "UDPServer.py", "UDPClient.py", "UDPClient.java", "hello", "HELLO", "STRASSE":
        assert name in drawn, drawn


def test_the_documents_have_what_they_link_to(dist: Path, tmp_path: Path) -> None:
    (packed,) = dist.glob("capsock-*-docs.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    (there,) = tmp_path.iterdir()
    pages = [there / "README.md", *there.glob("examples/lessons/*.md")]
    pages += [there / "docs" / f"{name}.md" for name in READ]
    for page in pages:
        # What is from there on is of a checkout.
        text = page.read_text(encoding="utf-8").partition("## From the source")[0]
        links = [link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if ":" not in link]
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name
