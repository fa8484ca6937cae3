"""What a reader's machine has for the pages' commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import places

HERE = places.ROOT / "target" / "test" / "docs"
VERSION = "0.1.0"


@pytest.fixture(scope="session")
def site() -> None:
    """The site, made anew."""
    subprocess.run([str(places.ROOT / "scripts" / "docs")], check=True)


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The command and the C library, installed as `make install` installs them."""
    environment = {**os.environ, "PREFIX": str(places.PREFIX), "DESTDIR": ""}
    subprocess.check_output([str(places.ROOT / "scripts" / "install")], env=environment)
    return places.PREFIX


def _maven(folder: Path) -> None:
    """A remote repository of Maven that has the jar, and a local one without earlier copies of it."""
    there = folder / "published" / "io" / "capsock" / "capsock" / VERSION
    there.mkdir(parents=True, exist_ok=True)
    shutil.copy(places.JAR, there / f"capsock-{VERSION}.jar")
    (there / f"capsock-{VERSION}.pom").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>io.capsock</groupId><artifactId>capsock</artifactId><version>{VERSION}</version></project>\n"
    )
    shutil.rmtree(folder / "repository" / "io" / "capsock", ignore_errors=True)
    (folder / "settings.xml").write_text(
        f"<settings><localRepository>{folder / 'repository'}</localRepository>"
        "<profiles><profile><id>published</id><repositories><repository><id>published</id>"
        f"<url>file://{folder / 'published'}</url></repository></repositories></profile></profiles>"
        "<activeProfiles><activeProfile>published</activeProfile></activeProfiles></settings>\n"
    )


def _cargo(folder: Path) -> None:
    """Cargo's configuration that has the crates of the checkout in place of crates.io's."""
    patches = "".join(f'{name}.path = "{places.ROOT / path}"\n' for name, path in CRATES.items())
    (folder / ".cargo").mkdir(exist_ok=True)
    (folder / ".cargo" / "config.toml").write_text(
        f"[net]\noffline = true\n[patch.crates-io]\n{patches}"
        f'[build]\ntarget-dir = "{places.ROOT / "target" / "test" / "docs-cargo"}"\n'
    )


CRATES = {"capsock": "core", "capsock-figure": "figure"}


@pytest.fixture(scope="session")
def environment(prefix: Path) -> dict[str, str]:
    """The variables of the reader's shell. What was published is what `make build` has made."""
    HERE.mkdir(parents=True, exist_ok=True)
    _maven(HERE)
    tools = HERE / "bin"
    tools.mkdir(exist_ok=True)
    for name, target in {"python": places.PYTHON, "python3": places.PYTHON}.items():
        (tools / name).unlink(missing_ok=True)
        (tools / name).symlink_to(target)
    maven = tools / "mvn"
    maven.write_text(f'#!/bin/sh\nexec {shutil.which("mvn")} -s "{HERE}/settings.xml" "$@"\n')
    maven.chmod(0o755)
    java = Path(places.JAVA).parent
    variables = {
        name: value
        for name, value in os.environ.items()
        if name in {"HOME", "CARGO_HOME", "RUSTUP_HOME", "LANG", "TMPDIR", "RUSTUP_TOOLCHAIN"}
    }
    return {
        "LANG": "C.UTF-8",
        **variables,
        "PATH": f"{prefix}/bin:{java}:{tools}:{os.environ['PATH']}",
        "JAVA_HOME": str(java.parent),
        "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"),
        "CMAKE_PREFIX_PATH": str(prefix),
        "LD_LIBRARY_PATH": str(prefix / "lib"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(places.ROOT / "target" / "python"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a page's files."""
    _cargo(tmp_path)
    there = tmp_path / "page"
    there.mkdir()
    (there / "book.txt").write_text("a long story\n" * 1000)
    return there
