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


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", sections_of_google, priority=100)
