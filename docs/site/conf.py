"""Sphinx's configuration. `scripts/docs` runs it on what stage.py laid out."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
STAGE = ROOT / "target" / "docs" / "source"
sys.path[:0] = [str(STAGE / "_python")]

project = "capsock"
author = project_copyright = "the capsock contributors"
version = release = str(
    re.findall(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[0]
)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "hawkmoth"]
exclude_patterns = ["_python", "_c", "files"]
default_role = "code"
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # bindings' READMEs begin below the level of a page's title

html_theme = "furo"
html_title = f"capsock {release}"
html_static_path = [str(SITE / "static")]
html_css_files = ["site.css"]
html_extra_path = [str(SITE / "extra")]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
c_maximum_signature_line_length = 100

hawkmoth_root = str(STAGE / "_c")
hawkmoth_compiler = None
hawkmoth_autoconf = []
hawkmoth_clang = ["-std=c99"]


def sections_of_google(
    app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]
) -> None:
    """The docstrings' sections `Arguments` and `Raises` have no colon, which napoleon needs."""
    for index, line in enumerate(lines):
        if line in ("Arguments", "Raises"):
            lines[index] = f"{line}:"
    if name == "capsock.Feature":
        lines[:] = [re.sub(r"^([A-Z_]+): ", r"* ``\1``: ", line.replace("|", r"\|")) for line in lines]
        lines[:] = [re.sub(r"^ +", "  ", line) for line in lines]


# What axe finds in the theme's pages: a level for the captions of the sidebar, names of its parts, tables
# without empty headers, a heading of the search, and a way to scroll by the keyboard.
ACCESSIBLE = {
    'role="heading"': 'role="heading" aria-level="2"',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-label="This page">',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    '<div class="table-wrapper ': '<div tabindex="0" class="table-wrapper ',
    '<div class="highlight"><pre>': '<div class="highlight"><pre tabindex="0">',
    '<div id="search-results"></div>': '<h1>Search</h1><div id="search-results"></div>',
}
# The parameters of a long signature are a list of definitions without terms.
PARAMETERS = re.compile(r"^<dl>\n((?:<dd>.*</dd>\n)+)</dl>\n", re.MULTILINE)


def make_accessible(app: Sphinx, error: Exception | None) -> None:
    """Changes the pages when they are made."""
    for path in app.outdir.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for old, new in ACCESSIBLE.items():
            text = text.replace(old, new)
        text = PARAMETERS.sub(lambda match: re.sub("(</?)dd>", r"\1var>", match[1]), text)
        path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", make_accessible)
    app.connect("autodoc-process-docstring", sections_of_google, priority=100)
