"""What `import capsock` loads: the extension module alone, without the command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from capsock import _native
from support import LIMIT, run_script

MODULE = Path(_native.__file__)
COMMAND = Path(sysconfig.get_path("scripts")) / "capsock"
# The argument parser and the generator of manual pages: their sources' paths are in what links them.
PARSER = [b"clap_builder-", b"clap_mangen"]


def test_the_module_is_small() -> None:
    assert MODULE.stat().st_size < 2_500_000


def test_the_module_has_no_argument_parser() -> None:
    module, command = MODULE.read_bytes(), COMMAND.read_bytes()
    assert command.startswith(b"\x7fELF")
    for name in PARSER:
        assert name in command
        assert name not in module


def test_an_import_maps_the_module_and_no_other_file_of_the_package() -> None:
    code = """
        import capsock, capsock.socket, sys
        for line in open("/proc/self/maps"):
            print(line.split(maxsplit=5)[-1].strip())
    """
    status, out, err = run_script(code)
    assert (status, err) == (0, "")
    mapped = {line for line in out.splitlines() if "capsock" in Path(line).name or "/capsock/" in line}
    assert mapped == {str(MODULE)}


# Without the packages of this environment: `pip install --target` has both folders in one.
@pytest.mark.parametrize(("folder", "found"), [("bin", True), ("elsewhere", False)])
def test_the_command_is_found_where_pip_puts_it(folder: str, found: bool, tmp_path: Path) -> None:
    shutil.copytree(MODULE.parent, tmp_path / "capsock")
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "capsock").symlink_to(COMMAND)
    done = subprocess.run(
        [sys.executable, "-S", "-m", "capsock", "uppercase"], env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path,
        input=b"hello", capture_output=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    expected = (0, b"HELLO", b"") if found else (1, b"", b"capsock: the command is missing: install")
    assert (done.returncode, done.stdout, done.stderr[: len(expected[2])]) == expected
