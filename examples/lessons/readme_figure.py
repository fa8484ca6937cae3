"""Draws README's first picture by the command that stands above it, from README's own programs.

Usage: readme_figure.py [--check]
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "figures" / "show.svg"
CAPSOCK = ROOT / ".venv" / "bin" / "capsock"

# A program of the page: its name at the end of a paragraph, and the block below.
PROGRAM = re.compile(r"`(\w+\.py)`:\n\n```python\n(.*?)```\n", re.DOTALL)
COMMAND = re.compile(r"^capsock (show .*)$", re.MULTILINE)

# Seconds for the server to be bound and for the client to end, on a busy machine.
PATIENCE = 120

# A network of its own, where no other program has the port.
ALONE = ["unshare", "--map-root-user", "--net"]


def drawn() -> str:
    """Runs the command in a folder with the programs and returns the picture."""
    page = README.read_text(encoding="utf-8")
    found = COMMAND.search(page)
    if found is None:
        raise LookupError(f"{README} has no line 'capsock show ...'")
    options = [f"--patience={PATIENCE}", "--normalize", "--output=show.svg"]
    show, *words = found[1].split()
    command = [str(CAPSOCK), show, *options, *words]
    if subprocess.run([*ALONE, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
        command = [*ALONE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in PROGRAM.findall(page):
            Path(folder, name).write_text(text, encoding="utf-8")
        subprocess.run(command, cwd=folder, check=True)
        return Path(folder, "show.svg").read_text(encoding="utf-8")


def main() -> int:
    picture = drawn()
    if sys.argv[1:] != ["--check"]:
        PICTURE.write_text(picture, encoding="utf-8")
        print(f"written {PICTURE.relative_to(ROOT)}")
        return 0
    same = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == picture
    print(
        "ok     " if same else "FAILED ", PICTURE.relative_to(ROOT), "" if same else "(make lessons draws it)"
    )
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
