"""The site as `make docs` makes it: links, anchors, nothing from outside, and every public name."""

from __future__ import annotations

import functools
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import capsock
import places

pytestmark = pytest.mark.usefixtures("site")

SITE = places.ROOT / "target" / "docs" / "site"
# rustdoc copies texts of the crate `tracing`, whose links lead to that crate's own pages.
NOT_OURS = {"dispatcher#setting-the-default-subscriber"}
FORMS = {"a": "href", "area": "href"}
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """The links, the anchors and the loads of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in FORMS and FORMS[tag] in given:
            self.links.append(given[FORMS[tag]])
        if (
            tag in LOADS
            and LOADS[tag] in given
            and given.get("rel") not in ("next", "prev", "search", "index")
        ):
            self.loads.append(given[LOADS[tag]])


@functools.cache
def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def html() -> list[Path]:
    return sorted(SITE.rglob("*.html"))


def broken(path: Path) -> list[str]:
    """The links of a page that lead to no file, or to no anchor of a page."""
    found = []
    for link in page(path).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or link in NOT_OURS:
            continue
        target = path if not parts.path else Path(posixpath.normpath(path.parent / unquote(parts.path)))
        if target.is_dir():
            target /= "index.html"
        anchor = parts.fragment
        if not target.is_file() or not target.is_relative_to(SITE):
            found.append(link)
            continue
        # The lines of sources are made by rustdoc's script.
        has_anchors = target.suffix == ".html" and "rust/src/" not in target.as_posix()
        # rustdoc's anchors are quoted in the page as well.
        if anchor and has_anchors and not {anchor, unquote(anchor)} & (page(target).anchors | {"top"}):
            found.append(link)
    return found


def test_all_links_lead_somewhere() -> None:
    pages = html()
    assert len(pages) > 100
    assert {str(path.relative_to(SITE)): found for path in pages if (found := broken(path))} == {}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<p id="here"><a href="#here"></a><a href="#there"></a><a href="no.html"></a>')
    assert broken(path) == ["#here", "#there", "no.html"]  # outside of the site


def test_nothing_is_loaded_from_outside() -> None:
    outside = re.compile(r"(?:https?:)?//")
    for path in html():
        assert [load for load in page(path).loads if outside.match(load)] == [], path
    imported = re.compile(r"@import\s+(?:url\()?['\"]?(?:https?:)?//|url\(\s*['\"]?(?:https?:)?//")
    for path in SITE.rglob("*.css"):
        assert not imported.search(path.read_text(encoding="utf-8")), path
    for path in SITE.rglob("*.woff2"):
        assert path.stat().st_size > 0


def test_the_python_reference_has_every_public_name() -> None:
    anchors = page(SITE / "api" / "python.html").anchors
    wanted = {f"capsock.{name}" for name in capsock.__all__ if name not in ("__version__", "trace")}
    kinds = (capsock.RequestContext, capsock.Server, capsock.Stats, capsock.StopReport)
    for kind in (*kinds, capsock.TcpClient, capsock.UdpClient):
        wanted |= {f"capsock.{kind.__name__}.{name}" for name in vars(kind) if not name.startswith("_")}
    assert wanted - anchors == set()


def test_the_c_reference_has_every_name() -> None:
    header = (places.ROOT / "bindings-c" / "include" / "capsock.h").read_text(encoding="utf-8")
    names = set(re.findall(r"^\w[^\n(=/]*?\b(capsock_\w+)\(", header, re.MULTILINE))
    names |= set(re.findall(r"^ +(CAPSOCK_\w+) = ", header, re.MULTILINE))
    names |= set(re.findall(r"^#define (CAPSOCK_[A-Z_]+) ", header, re.MULTILINE))
    assert len(names) > 150
    anchors = {anchor.rpartition(".")[2] for anchor in page(SITE / "api" / "c.html").anchors}
    assert names - anchors == set()


def test_the_other_references_are_there() -> None:
    for path in (
        "rust/capsock/index.html",
        "rust/capsock_figure/index.html",
        "java/io.capsock/module-summary.html",
    ):
        assert (SITE / path).is_file(), path


def test_the_search_knows_the_pages() -> None:
    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    for name in "students", "python", "api/c", "threats":
        assert f'"{name}"' in index
