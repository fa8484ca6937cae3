"""Makes what a release publishes, in dist/: docs/release.md says what each file is, and where it goes."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

# What builds for other systems is shared with what tests it.
sys.path.append(str(Path(__file__).resolve().parent.parent / "cross"))

import build
from artifacts import COMMAND, JNI, preload_file
from packages import Missing
from paths import Failed, quietly, say
from targets import TARGETS, Target

PACKAGING = Path(__file__).resolve().parent
ROOT = PACKAGING.parent
VENV = ROOT / ".venv" / "bin"
CRATES = ("capsock", "capsock-figure", "capsock-link", "capsock-check", "capsock-cli")
# A list of what each of these contains: the crates that are linked into it.
LISTED = {"capsock": "core", "capsock-cli": "cli", "capsock-c": "bindings-c"}
LISTED |= {"capsock-jni": "bindings-java", "capsock-python": "bindings-python"}


@dataclass(frozen=True)
class Built:
    """The artifacts of a target."""

    target: Target
    folder: Path  # the command and the libraries
    wheels: list[Path]

    @property
    def jni(self) -> Path:
        return self.folder / JNI.files(self.target.system)[0]

    @property
    def command(self) -> Path:
        return self.folder / COMMAND.files(self.target.system)[0]

    @property
    def platform(self) -> str:
        """The platform in the names of archives: linux-x86_64, linux-x86_64-musl, macos-aarch64."""
        system = "macos" if self.target.system == "darwin" else self.target.system
        return f"{system}-{self.target.processor}{'-musl' if self.target.musl else ''}"


@dataclass
class Release:
    """What is made, and what is not."""

    out: Path
    version: str
    left_out: list[str] = field(default_factory=list)
    failed: bool = False

    def step(self, name: str, make: Callable[[], None]) -> None:
        """One kind of file. What this machine lacks is left out and named; what fails fails the whole."""
        say(f"{name} ...")
        try:
            make()
        except Missing as why:
            self.left_out.append(f"{name}: {why}")
        except (Failed, OSError, ValueError, subprocess.SubprocessError) as why:
            self.failed = True
            self.left_out.append(f"{name}: FAILED: {why}")
            say(f"FAILED  {name}: {why}")


def built_here() -> Built:
    """This machine's own build, which needs no other compiler than the installed one."""
    quietly("dist-build", [str(ROOT / "scripts" / "build"), "wheel"])
    env = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    quietly("dist-jni", ["cargo", "build", "--release", "--locked", "--package", "capsock-jni"], env=env)
    host = next(line for line in output(["rustc", "-vV"]).splitlines() if line.startswith("host: "))[6:]
    target = next(target for target in TARGETS if target.triple == host)
    release = ROOT / "target" / "release"
    return Built(replace(target, glibc=""), release, sorted((ROOT / "target" / "python").glob("*.whl")))


def built_for(target: Target) -> Built:
    """The artifacts of another target, or of this one for older systems."""
    build.link(target)
    return Built(target, build.out(target), build.wheels(target))


def share_preload_libraries(builds: list[Built]) -> None:
    """Give each command for Linux both preload libraries: it runs programs of both C libraries."""
    linux = [built for built in builds if built.target.system == "linux"]
    for built, other in product(linux, linux):
        name = preload_file(built.target.musl)
        if built.target.processor == other.target.processor and not (other.folder / name).exists():
            shutil.copy2(built.folder / name, other.folder / name)


def output(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def source_package(release: Release) -> None:
    manifest = ["--manifest-path", "bindings-python/Cargo.toml"]
    quietly("dist-sdist", [str(VENV / "maturin"), "sdist", *manifest, "--out", str(release.out)])


def crates(release: Release, here: bool) -> None:
    """As crates.io takes them, each compiled from what is packed; with `here` they are packed alone."""
    named = [word for crate in CRATES for word in ("--package", crate)]
    options = ["--no-verify"] if here else []
    env = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    quietly("dist-crates", ["cargo", "package", *options, "--allow-dirty", "--locked", *named], env=env)
    to = release.out / "crates"
    to.mkdir()
    for crate in CRATES:
        shutil.copy2(ROOT / "target" / "package" / f"{crate}-{release.version}.crate", to)


def maven_repository(release: Release, builds: list[Built]) -> None:
    natives = ROOT / "target" / "dist" / "natives"
    shutil.rmtree(natives, ignore_errors=True)
    for built in builds:
        place = output(["bindings-java/native-library.sh", built.target.triple]).strip()
        (natives / place).parent.mkdir(parents=True)
        shutil.copy2(built.jni, natives / place)
    (home, *_) = output(["scripts/jdks"]).splitlines() or [""]
    if not home:
        raise Missing("no JDK is here")
    env = {"JAVA_HOME": home.split("\t")[1]}
    maven = release.out / "maven"
    quietly("dist-java", [str(PACKAGING / "java" / "repository"), str(natives), str(maven)], env=env)
    # The one file that most people take.
    (jar,) = maven.rglob(f"capsock-{release.version}.jar")
    shutil.copy2(jar, release.out)


def archive(release: Release, built: Built) -> None:
    pack("archive", release, built.folder, built)


def debian(release: Release, built: Built) -> None:
    ensure("packaging")
    pack("debian/build", release, built.folder, built)


def image(release: Release, built: Built) -> None:
    ensure("packaging")
    pack("oci/image", release, built.command, built)


def pack(script: str, release: Release, made: Path, built: Built) -> None:
    """Has a script of this folder pack what was built."""
    name = f"dist-{script.replace('/', '-')}-{built.platform}"
    quietly(name, [str(PACKAGING / script), str(made), built.platform, str(release.out)])


def ensure(need: str) -> None:
    """Sees to it that a tool is here; the file is left out where it cannot be had."""
    quietly(f"dist-ensure-{need}", [str(ROOT / "scripts" / "ensure"), need], Missing)


def contents(release: Release) -> None:
    """A CycloneDX list of the crates in each artifact."""
    ensure("cargo-cyclonedx")
    to = release.out / "sbom"
    to.mkdir()
    tool = str(ROOT / "target" / "tools" / "bin" / "cargo-cyclonedx")
    for crate, folder in LISTED.items():
        name = f"{crate}-{release.version}.cdx"
        manifest = ["--manifest-path", f"{folder}/Cargo.toml"]
        options = ["--format", "json", "--spec-version", "1.5", "--target", "all", "--no-build-deps"]
        written = ROOT / folder / f"{name}.json"
        try:
            quietly(
                f"dist-sbom-{crate}", [tool, "cyclonedx", *manifest, *options, "--override-filename", name]
            )
            # Without the path of this checkout.
            text = written.read_text(encoding="utf-8").replace(f"path+file://{ROOT}", "path+file:///capsock")
            (to / written.name).write_text(text, encoding="utf-8")
        finally:
            written.unlink(missing_ok=True)
            # It writes one for each member of the workspace that the crate uses.
            for other in ROOT.glob(f"*/{name}.json"):
                other.unlink()


def documents(release: Release) -> None:
    """README with the pages, the lessons and the examples that it links to, for who has no checkout."""
    quietly("dist-documents", [str(PACKAGING / "documents"), str(release.out)])


def instructions(release: Release, builds: list[Built]) -> None:
    """INSTALL.txt: a line for each file, and how it is installed."""
    text = (PACKAGING / "INSTALL.txt.in").read_text(encoding="utf-8")
    text = text.replace("@VERSION@", release.version)
    text = text.replace("@PLATFORMS@", ", ".join(sorted(built.platform for built in builds)))
    (release.out / "INSTALL.txt").write_text(text, encoding="utf-8")


def sums(release: Release) -> None:
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(release.out)}\n"
        for file in sorted(release.out.rglob("*"))
        if file.is_file()
    ]
    (release.out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def table(release: Release) -> None:
    for file in sorted(release.out.rglob("*")):
        if file.is_file():
            say(f"{file.stat().st_size / 1e6:9.3f} MB  {file.relative_to(release.out)}")


def version() -> str:
    lines = (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("version = ")).split('"')[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="dist", description=__doc__)
    parser.add_argument(
        "--here", action="store_true", help="of this machine's own build alone, which takes a few minutes"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where to [default: dist]")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="a target of cross/targets.py [default: all]"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - {target.name for target in TARGETS}
    if unknown:
        parser.error(f"no target is called {' or '.join(sorted(unknown))}: see cross/targets.py")

    start = time.monotonic()
    out = arguments.out.resolve()
    if (
        out.exists()
        and not out.is_relative_to(ROOT)
        and any(out.iterdir())
        and not (out / "SHA256SUMS").exists()
    ):
        parser.error(f"{out} has other files than those of a release, and would be emptied")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    release = Release(out, version())
    # Files that are packed have the time of the commit, so that the same commit gives the same bytes.
    os.environ.setdefault("SOURCE_DATE_EPOCH", output(["git", "log", "-1", "--format=%ct"]).strip())

    builds: list[Built] = []
    # The manual pages and the completions are printed by a command that runs here.
    quietly("dist-command", [str(ROOT / "scripts" / "build"), "rust"])
    if arguments.here:
        release.step("build", lambda: builds.append(built_here()))
        release.left_out.append("other systems and processors: make dist without HERE=1 builds for them")
    else:
        for target in TARGETS:
            if target.name in (arguments.targets or [target.name]):
                release.step(f"build for {target.name}", lambda t=target: builds.append(built_for(t)))  # type: ignore[misc]
            else:
                release.left_out.append(f"{target.name}: not asked for")

    share_preload_libraries(builds)
    for built in builds:
        for wheel in built.wheels:
            shutil.copy2(wheel, out)
    release.step("source package", lambda: source_package(release))
    release.step("crates", lambda: crates(release, arguments.here))
    release.step("jars", lambda: maven_repository(release, builds))
    for built in builds:
        release.step(f"archive {built.platform}", lambda b=built: archive(release, b))  # type: ignore[misc]
        if built.target.system == "linux" and not built.target.musl:
            release.step(f"Debian packages {built.platform}", lambda b=built: debian(release, b))  # type: ignore[misc]
        if built.target.musl:
            release.step(f"image {built.platform}", lambda b=built: image(release, b))  # type: ignore[misc]
    release.step("documents", lambda: documents(release))
    release.step("lists of contents", lambda: contents(release))
    release.step("instructions", lambda: instructions(release, builds))
    release.step("sums", lambda: sums(release))

    say("")
    table(release)
    for line in release.left_out:
        say(f"left out: {line}")
    say(f"made in {time.monotonic() - start:.0f} s: {out}")
    return 1 if release.failed else 0


if __name__ == "__main__":
    sys.exit(main())
