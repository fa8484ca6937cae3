"""What the README shows is run: its four programs, and its commands."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

import places
from languages import compile_c, java_command
from programs import Program, free_port, run

README = (places.ROOT / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.usefixtures("prefix")


def block(language: str) -> str:
    """The README's one code block in that language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def rust_command(source: str, folder: Path) -> list[str]:
    """A program that depends on the crate, built with the checkout's lock file and target folder."""
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text(source)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "readme"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n'
        f'[dependencies]\ncapsock = {{ path = "{places.ROOT / "core"}" }}\n'
    )
    shutil.copy(places.ROOT / "Cargo.lock", folder)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(places.ROOT / "target")}
    subprocess.run(["cargo", "build", "--quiet", "--offline"], cwd=folder, env=environment, check=True)
    return [str(places.ROOT / "target" / "debug" / "readme")]


@pytest.mark.parametrize("language", ["c", "java", "python", "rust"])
def test_its_programs(language: str, tmp_path: Path) -> None:
    text = block(language)
    if language == "rust":
        command = rust_command(text, tmp_path)
    else:
        source = tmp_path / {"c": "hello.c", "java": "Hello.java", "python": "hello.py"}[language]
        source.write_text(text)
        command = {"java": java_command(source), "python": [places.PYTHON, str(source)]}.get(language, [])
        if language == "c":
            compile_c(source, tmp_path / "hello")
            command = [str(tmp_path / "hello")]
    ended = run(command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "HELLO\n", "")


def test_its_way_to_install_the_python_package(tmp_path: Path) -> None:
    assert "`pip install ./bindings-python`" in README
    environment = {**os.environ, "CARGO_TARGET_DIR": str(places.ROOT / "target")}
    subprocess.check_call([places.PYTHON, "-m", "venv", str(tmp_path)])
    pip = [str(tmp_path / "bin" / "pip"), "install", "--quiet", "./bindings-python"]
    subprocess.check_call(pip, cwd=places.ROOT, env=environment)
    ended = run([str(tmp_path / "bin" / "python"), "-c", block("python")])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "HELLO\n", "")
    ended = run([str(tmp_path / "bin" / "capsock"), "uppercase"], "hello")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "HELLO", "")


def is_ready(server: Program) -> bool:
    return "Ctrl-C" in server.errors


def test_its_session_with_the_command(tmp_path: Path) -> None:
    """Each line after `$ ` is run, on a free port, and prints what the README prints after it."""
    port = str(free_port("tcp"))
    (tmp_path / "book.txt").write_text("a long story\n" * 100_000)
    with ExitStack() as servers:
        for step in block("console").replace("12000", port).removeprefix("$ ").split("\n$ "):
            command, _, output = (step.rstrip("\n") + "\n").partition("\n")
            words = [str(places.PREFIX / "bin" / "capsock"), *shlex.split(command.removesuffix("&"))[1:]]
            assert command.startswith("capsock ")
            if command.endswith("&"):
                server = servers.enter_context(Program(words))
                server.wait_until(functools.partial(is_ready, server), "it is ready")
            else:
                shell = ["bash", "-c", command.replace("capsock", shlex.quote(words[0]), 1)]
                ended = run(shell, cwd=tmp_path)
                assert (ended.returncode, ended.stdout, ended.stderr) == (0, output, "")
        assert server.interrupt() == 130
