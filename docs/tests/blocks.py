"""The code blocks of the pages, as a reader sees them.

The words after a block's language say what a test does with it; a code host and the site show none of them:

    ```python hello.py         the block is the file hello.py in the page's folder
    ```python hello.py add     the block is added to the end of that file
    ```console                 the lines after `$ ` are typed in the page's folder, and print the other lines
    ```console status=1        the same, and the last command ends with that status
    ```sh not-run: REASON      the block is not run
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import places

DOCS = places.ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted((DOCS / "api").glob("*.md"))]

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    line: int
    language: str
    words: str
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        language, _, words = match[1].partition(" ")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(line, language, words.strip(), match[2]))
    return found


@dataclass
class Step:
    command: str
    output: str


def steps(block: Block) -> list[Step]:
    """The commands of a console block, each with what it prints."""
    found: list[Step] = []
    typing = False
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
            typing = True
        elif typing and line.startswith("> "):
            found[-1].command += line[2:]
        else:
            assert found, f"line {block.line}: output before the first command"
            typing = False
            found[-1].output += line
    return found


def matches(expected: str, printed: str) -> bool:
    """Is it what the page shows? `...` stands for any text, over lines where it is a line of its own."""
    pattern = re.escape(expected)
    pattern = re.sub(r"(^|\n)\\\.\\\.\\\.\\\n", r"\1(?:.*\\n)*?", pattern)
    return re.fullmatch(pattern.replace(r"\.\.\.", ".*?"), printed) is not None
