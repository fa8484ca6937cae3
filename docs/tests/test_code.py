"""Every code block of the pages: files are written; commands are typed, and print what is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from blocks import PAGES, Step, blocks, matches, steps
from shell import Shell

LANGUAGES = {"c", "cmake", "console", "ini", "java", "json", "python", "rust", "sh", "text", "toml", "xml"}
WITH_CODE = [page for page in PAGES if any(block.language == "console" for block in blocks(page))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_block_says_what_it_is(page: Path) -> None:
    for block in blocks(page):
        where = f"line {block.line}"
        if block.language in {"", "text"} and not block.words:
            continue  # a diagram, or what a tool has printed
        assert block.language in LANGUAGES, where
        if block.language == "console":
            assert re.fullmatch(r"|status=\d+|not-run: \w.{9,}", block.words), where
            for step in steps(block):
                # When has a program that goes on printed its last line? The page shows that line.
                assert not (step.command.endswith("&\n") and step.output.splitlines()[-1:] == ["..."]), where
        else:
            assert re.fullmatch(r"[\w./-]+\.[a-z]+|[\w./-]+\.[a-z]+ add|not-run: \w.{9,}", block.words), where


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_it_runs(page: Path, folder: Path, environment: dict[str, str]) -> None:
    with Shell(folder, environment) as shell:
        for block in blocks(page):
            if block.words.startswith("not-run:") or block.language in {"", "text"}:
                continue
            if block.language != "console":
                name, _, add = block.words.partition(" ")
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a" if add else "w", encoding="utf-8") as out:
                    out.write(shell.moved(block.text))
                continue
            typed = steps(block)
            status = int(block.words.partition("=")[2] or 0)
            for index, step in enumerate(typed):
                try:
                    shell.type(step, status if index == len(typed) - 1 else 0)
                except AssertionError as error:
                    raise AssertionError(f"{page.name}:{block.line}: {error}") from error


def test_jobs_that_ended_give_their_numbers_back(tmp_path: Path) -> None:
    def starts(seconds: int) -> Step:
        # A path in the place of a port: the shell does not wait until something listens.
        return Step(f": unix:; sleep {seconds} &\n", "")

    with Shell(tmp_path, dict(os.environ)) as shell:
        shell.type(starts(60))
        shell.type(starts(0))
        shell.type(Step("while kill -0 %2; do :; done 2> /dev/null; kill %1; wait\n", "...\n"))
        shell.type(starts(60))
        shell.type(Step("kill %1 && wait\n", "...\n"))


def test_dots_stand_for_any_text() -> None:
    assert matches("a ... c\n", "a b c\n")
    assert not matches("a ... c\n", "a b d\n")
    assert not matches("a ... c\n", "a b\n b c\n")
    assert matches("a\n...\nc\n", "a\nb\nb\nc\n")
    assert matches("a\n...\nc\n", "a\nc\n")
    assert not matches("a\n", "")
    assert not matches("", "a\n")
