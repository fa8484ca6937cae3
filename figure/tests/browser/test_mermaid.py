"""The golden diagrams, rendered by the real Mermaid: what stands in a trace stands in the picture as text."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from selenium import webdriver

ROOT = Path(__file__).parents[3]
DIAGRAMS = sorted((ROOT / "figure/tests/traces/golden").glob("*.mmd"))
VERSION = "11.17.2"

RENDER = """
const [text, done] = arguments;
mermaid.render("diagram", text).then(
  ({ svg }) => {
    document.body.innerHTML = svg;
    done([...document.querySelectorAll("svg text")].map((text) => text.textContent));
  },
  (error) => done(String(error)),
);
"""


@pytest.fixture(scope="session")
def mermaid(chromium: webdriver.Chrome) -> webdriver.Chrome:
    """The browser with Mermaid in it, which comes from npm once and is kept."""
    script = ROOT / "target/test/mermaid" / VERSION / "package/dist/mermaid.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm, which brings Mermaid, is not on this machine")
        folder = script.parents[2]
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", f"--pack-destination={folder}", f"mermaid@{VERSION}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            pytest.skip(f"npm did not bring Mermaid: {done.stderr.strip()}")
        with tarfile.open(folder / f"mermaid-{VERSION}.tgz") as packed:
            packed.extract("package/dist/mermaid.min.js", folder, filter="data")
    page = script.with_name("page.html")
    page.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><script src="mermaid.min.js"></script><body></body>'
    )
    chromium.get(page.as_uri())
    chromium.execute_script("mermaid.initialize({ startOnLoad: false })")
    return chromium


def meant(diagram: str) -> list[str]:
    """What the lines of a diagram are to show: the text behind its colon, with the entities as characters."""
    texts = []
    for line in diagram.splitlines()[1:]:
        text = line.split(" as " if "participant" in line.split() else ": ", 1)[1]
        texts.append(re.sub(r"#(\d+);", lambda entity: chr(int(entity[1])), text))
    return texts


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_shows_every_line_as_it_was_meant(mermaid: webdriver.Chrome, path: Path) -> None:
    diagram = path.read_text()
    shown = mermaid.execute_async_script(RENDER, diagram)
    assert isinstance(shown, list), shown
    # Mermaid draws the participants above and below.
    participants = [
        text for line, text in zip(diagram.splitlines()[1:], meant(diagram)) if "participant" in line.split()
    ]
    assert sorted(shown) == sorted(meant(diagram) + participants)


def test_nothing_in_a_diagram_is_markup(mermaid: webdriver.Chrome) -> None:
    diagram = (ROOT / "figure/tests/traces/golden/hostile.mmd").read_text()
    mermaid.execute_async_script(RENDER, diagram)
    assert mermaid.execute_script("return document.querySelectorAll('svg script, svg br').length") == 0
