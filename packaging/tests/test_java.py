"""What packaging/java/repository lays out, and programs that use it as a stranger does."""

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging/java/repository"
SAMPLES = ROOT / "packaging/java/samples"
BUILT = ROOT / "bindings-java/target/capsock.jar"
NATIVE = "io/capsock/native/"
ANOTHER = "plan9"
POM = "{http://maven.apache.org/POM/4.0.0}"
URL = "https://example.org/capsock"

JDKS = dict(
    line.split("\t")
    for line in subprocess.run(
        [ROOT / "scripts/jdks"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
)


def other_than(platform: str) -> tuple[str, str]:
    """A platform that the tests do not run on, whose library none of them loads."""
    return (
        ("macos-aarch64", "libcapsock_jni.dylib")
        if platform != "macos-aarch64"
        else ("linux-x86_64", "libcapsock_jni.so")
    )


def clean(**more: str) -> dict[str, str]:
    """The environment without the options that it has for Java, which Java reports."""
    removed = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "MAVEN_OPTS", "MAVEN_ARGS", "GRADLE_OPTS")
    return {name: value for name, value in os.environ.items() if name not in removed} | more


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs a command, which must succeed, and returns what it prints."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env or clean(),
        cwd=cwd,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Laid(NamedTuple):
    """A repository that was laid out."""

    out: Path
    folder: Path
    base: str
    here: str
    """The platform that the tests run on."""

    other: str

    def jar(self, classifier: str = "") -> Path:
        return self.folder / f"{self.base}{'-' if classifier else ''}{classifier}.jar"

    @property
    def classifiers(self) -> list[str]:
        return ["", "javadoc", "sources", "without-natives", self.here, self.other]


@pytest.fixture(scope="session")
def natives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of this platform, as the jar of `scripts/build java` has it, and a file for another one."""
    folder = tmp_path_factory.mktemp("natives")
    with zipfile.ZipFile(BUILT) as jar:
        for name in jar.namelist():
            if name.startswith(NATIVE) and not name.endswith("/"):
                library = folder / name.removeprefix(NATIVE)
                library.parent.mkdir()
                library.write_bytes(jar.read(name))
    platform, file = other_than(next(folder.iterdir()).name)
    (folder / platform).mkdir(exist_ok=True)
    (folder / platform / file).write_bytes(b"no library, but of this platform")
    return folder


def lay_out(natives: Path, out: Path, env: dict[str, str]) -> Laid:
    """Runs the script."""
    run(SCRIPT, natives, out, env=env)
    (pom,) = out.rglob("*.pom")
    other = next(
        one.name for one in natives.iterdir() if b"no library" in next(one.iterdir()).read_bytes()[:10]
    )
    here = next(one.name for one in natives.iterdir() if one.name != other)
    return Laid(out, pom.parent, pom.stem, here, other)


@pytest.fixture(scope="session")
def laid(natives: Path, tmp_path_factory: pytest.TempPathFactory) -> Laid:
    """What the script makes where cargo and rustc are of no use."""
    tools = tmp_path_factory.mktemp("tools")
    for name in ("cargo", "rustc"):
        (tools / name).write_text(f"#!/bin/sh\necho {name} was started >&2\nexit 1\n")
        (tools / name).chmod(0o755)
    env = clean(PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    return lay_out(natives, tmp_path_factory.mktemp("repository"), env)


@pytest.fixture(scope="session")
def classes(laid: Laid, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the Maven project, a module, compiled with the oldest JDK."""
    folder = tmp_path_factory.mktemp("classes")
    sources = sorted((SAMPLES / "maven").rglob("*.java"))
    home = next(iter(JDKS.values()))
    javac = Path(home, "bin", "javac")
    run(
        javac,
        "-Xlint:all",
        "-Werror",
        "--release",
        "17",
        "-d",
        folder,
        "--module-path",
        laid.jar("without-natives"),
        *sources,
    )
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def entries(jar: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(jar) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def test_the_files_are_those_of_a_release(laid: Laid) -> None:
    version = ET.parse(ROOT / "bindings-java/pom.xml").findtext(f"{POM}version")
    assert laid.folder == laid.out / "io/capsock/capsock" / str(version)
    assert laid.base == f"capsock-{version}"
    artifacts = [f"{laid.base}.pom", *(laid.jar(one).name for one in laid.classifiers)]
    hashes = ("md5", "sha1", "sha256")
    expected = {*artifacts, *(f"{name}.{kind}" for name in artifacts for kind in hashes)}
    assert {file.name for file in laid.out.rglob("*") if file.is_file()} == expected
    for name in artifacts:
        content = (laid.folder / name).read_bytes()
        for kind in hashes:
            assert (laid.folder / f"{name}.{kind}").read_text() == hashlib.new(kind, content).hexdigest()


def test_two_builds_give_the_same_bytes(laid: Laid, natives: Path, tmp_path: Path) -> None:
    env = clean(TZ="Pacific/Auckland", LC_ALL="C", TMPDIR=str(tmp_path))
    before = os.umask(0o077)
    try:
        again = lay_out(natives, tmp_path / "again", env)
    finally:
        os.umask(before)
    first, second = files(laid.out), files(again.out)
    assert first.keys() == second.keys()
    assert [name for name, content in first.items() if second[name] != content] == []


def test_each_jar_has_its_part(laid: Laid, natives: Path) -> None:
    libraries = {f"{NATIVE}{path}": content for path, content in files(natives).items()}
    everything = entries(laid.jar())
    assert {name: content for name, content in everything.items() if name.startswith(NATIVE)} == libraries
    assert {"META-INF/LICENSE-MIT", "META-INF/LICENSE-APACHE", "module-info.class"} <= everything.keys()
    without = {name: content for name, content in everything.items() if name not in libraries}
    assert entries(laid.jar("without-natives")) == without
    for platform in (laid.here, laid.other):
        own = entries(laid.jar(platform))
        assert {name for name in own if name.startswith(NATIVE)} == {
            name for name in libraries if name.startswith(f"{NATIVE}{platform}/")
        }
        assert {"META-INF/LICENSE-MIT", "META-INF/LICENSE-APACHE", "module-info.class"} <= own.keys()
        # Beside the jar without libraries, no file is there twice but those of every jar.
        both = {name for name in own.keys() & without.keys() if not name.startswith("META-INF/")}
        assert both == {"module-info.class"}
        metadata = json.loads(
            own[f"META-INF/native-image/io.capsock/capsock-{platform}/reachability-metadata.json"]
        )
        module = f"io.capsock.natives.{platform.replace('-', '_')}"
        assert metadata == {"resources": [{"module": module, "glob": f"{NATIVE}**"}]}
    assert "META-INF/native-image/io.capsock/capsock/reachability-metadata.json" in without
    sources = {name for name in entries(laid.jar("sources")) if name.endswith(".java")}
    assert sources == {
        path.relative_to(ROOT / "bindings-java/src/main/java").as_posix()
        for path in (ROOT / "bindings-java/src/main/java").rglob("*.java")
    }
    javadoc = entries(laid.jar("javadoc"))
    assert {
        "index.html",
        "io.capsock/io/capsock/Server.html",
        "io.capsock/io/capsock/net/Socket.html",
    } <= javadoc.keys()


def test_without_a_url_the_pom_has_none(laid: Laid) -> None:
    project = ET.parse(laid.folder / f"{laid.base}.pom").getroot()
    names = [element.tag.removeprefix(POM) for element in project]
    assert " ".join(names) == (
        "modelVersion groupId artifactId version packaging name description licenses developers"
    )


def test_maven_central_takes_the_pom() -> None:
    """Its requirements: a name, a description, a URL, licences, developers and the source repository."""
    text = runpy.run_path(str(SCRIPT))["consumer_pom"](URL)[0]
    assert b"${" not in text
    project = ET.fromstring(text)
    values = {
        "groupId": "io.capsock",
        "artifactId": "capsock",
        "url": URL,
        "scm/url": URL,
        "scm/connection": f"scm:git:{URL}.git",
        "developers/developer/name": "The capsock authors",
    }
    for path, value in values.items():
        assert project.findtext("/".join(POM + name for name in path.split("/"))) == value, path
    assert project.findtext(f"{POM}name")
    assert project.findtext(f"{POM}description")
    licences = project.findall(f"{POM}licenses/{POM}license")
    assert [licence.findtext(f"{POM}name") for licence in licences] == ["MIT", "Apache-2.0"]
    assert all(str(licence.findtext(f"{POM}url")).startswith("https://") for licence in licences)
    for clutter in ("dependencies", "dependencyManagement", "build", "properties", "profiles"):
        assert project.find(f"{POM}{clutter}") is None, clutter


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({}, "has no libraries"),
        ({f"{ANOTHER}/libcapsock_jni.so": b""}, "is no platform; there are linux-x86_64, "),
        ({"linux-x86_64/libcapsock.so": b""}, "has libcapsock.so, and should have libcapsock_jni.so"),
        (
            {"linux-x86_64/libcapsock_jni.so": b"", "linux-x86_64/notes": b""},
            "and should have libcapsock_jni.so",
        ),
        ({"linux-x86_64": b""}, "linux-x86_64"),
    ],
)
def test_libraries_that_the_loader_would_not_find_are_refused(
    there: dict[str, bytes], said: str, tmp_path: Path
) -> None:
    natives = tmp_path / "natives"
    natives.mkdir()
    for name, content in there.items():
        (natives / name).parent.mkdir(exist_ok=True)
        (natives / name).write_bytes(content)
    done = subprocess.run([SCRIPT, natives, tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_version_is_laid_out_once(laid: Laid, natives: Path) -> None:
    before = files(laid.out)
    done = subprocess.run([SCRIPT, natives, laid.out], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "exists" in done.stderr
    assert files(laid.out) == before


class Paths(NamedTuple):
    """Where the jars are, by their classifiers."""

    name: str
    class_path: tuple[str, ...] = ()
    module_path: tuple[str, ...] = ()


ARRANGEMENTS = [
    Paths("all on the class path", class_path=("",)),
    Paths("all on the module path", module_path=("",)),
    Paths("one platform on the class path", class_path=("without-natives", "HERE")),
    Paths("one platform, first on the class path", class_path=("HERE", "without-natives")),
    Paths("one platform on the module path", module_path=("without-natives", "HERE")),
    Paths("two platforms on the module path", module_path=("without-natives", "OTHER", "HERE")),
    Paths("two platforms on the class path", class_path=("OTHER", "without-natives", "HERE")),
    # Maven puts a module that no other requires on the class path.
    Paths("the library alone on the class path", class_path=("HERE",), module_path=("without-natives",)),
]


def program(
    laid: Laid, classes: Path, paths: Paths, home: str, *options: str
) -> "subprocess.CompletedProcess[str]":
    """Runs the program with the jars arranged so."""
    chosen = {"HERE": laid.here, "OTHER": laid.other}

    def joined(classifiers: tuple[str, ...], *more: Path) -> str:
        return os.pathsep.join(map(str, [*(laid.jar(chosen.get(one, one)) for one in classifiers), *more]))

    command = [str(Path(home, "bin", "java")), *options]
    if paths.module_path:
        command += ["--module-path", joined(paths.module_path, classes)]
        if paths.class_path:
            command += ["--class-path", joined(paths.class_path)]
        command += ["--module", "hello/hello.Hello"]
    else:
        command += ["--class-path", joined(paths.class_path, classes), "hello.Hello"]
    return subprocess.run(command, capture_output=True, text=True, env=clean(), check=False)


def flag(paths: Paths) -> str:
    """The documented option."""
    return f"--enable-native-access={'io.capsock' if paths.module_path else 'ALL-UNNAMED'}"


@pytest.mark.parametrize("jdk", JDKS)
@pytest.mark.parametrize("paths", ARRANGEMENTS, ids=lambda paths: paths.name)
def test_with_the_documented_option_nothing_else_is_printed(
    laid: Laid, classes: Path, paths: Paths, jdk: str
) -> None:
    done = program(laid, classes, paths, JDKS[jdk], flag(paths))
    assert (done.returncode, done.stdout, done.stderr) == (0, "HELLO\n", "")


@pytest.mark.parametrize("jdk", JDKS)
@pytest.mark.parametrize("paths", ARRANGEMENTS[:2], ids=lambda paths: paths.name)
def test_without_the_option_later_javas_warn(laid: Laid, classes: Path, paths: Paths, jdk: str) -> None:
    done = program(laid, classes, paths, JDKS[jdk])
    assert (done.returncode, done.stdout) == (0, "HELLO\n")
    assert bool(done.stderr) == (int(jdk) >= 24), done.stderr
    if done.stderr:
        assert flag(paths) in done.stderr


@pytest.mark.parametrize(
    "paths",
    [
        Paths("class path", class_path=("without-natives", "OTHER")),
        Paths("module path", module_path=("without-natives", "OTHER")),
    ],
    ids=lambda paths: paths.name,
)
def test_the_jar_of_another_platform_is_named(laid: Laid, classes: Path, paths: Paths) -> None:
    for arrangement, platforms in (
        (paths, laid.other),
        (Paths("", paths.class_path[:1], paths.module_path[:1]), "no platform"),
    ):
        done = program(laid, classes, arrangement, next(iter(JDKS.values())), flag(paths))
        assert done.returncode == 1
        assert re.search(rf"UnsatisfiedLinkError: .* libraries for {platforms}:", done.stderr), done.stderr
        assert f"for which there is a jar with the classifier {laid.here}" in done.stderr


def test_an_image_of_jlink(laid: Laid, classes: Path, tmp_path: Path) -> None:
    jdks = [home for home in JDKS.values() if Path(home, "jmods").is_dir()]
    if not jdks:
        pytest.skip("no JDK here has the folder jmods")
    path = os.pathsep.join(map(str, [laid.jar("without-natives"), laid.jar(laid.here), classes]))
    modules = f"hello,io.capsock.natives.{laid.here.replace('-', '_')}"
    image = tmp_path / "image"
    run(Path(jdks[0], "bin", "jlink"), "--module-path", path, "--add-modules", modules, "--output", image)
    done = subprocess.run(
        [image / "bin/java", "--enable-native-access=io.capsock", "--module", "hello/hello.Hello"],
        capture_output=True, text=True, env=clean(), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "HELLO\n", "")


@pytest.mark.timeout(900)  # Maven fetches its plugins.
def test_the_maven_project(laid: Laid, tmp_path: Path) -> None:
    project = shutil.copytree(SAMPLES / "maven", tmp_path / "project")
    options = [
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        f"-Dmaven.repo.local={tmp_path / 'local'}",
    ]
    options += [f"-Dcapsock.repository={laid.out.as_uri()}"]
    for platform in ([], [f"-Dcapsock.platform={laid.here}"]):
        printed = run("mvn", *options, *platform, "clean", "compile", "exec:exec", cwd=project)
        assert re.sub(r"\x1b\[[0-9;]*m", "", printed) == "HELLO\n"
    fetched = {file.name for file in (tmp_path / "local/io/capsock").rglob("*.jar")}
    assert fetched == {laid.jar(one).name for one in ("", "without-natives", laid.here)}


@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("gradle") is None, reason="Gradle is not installed")
def test_the_gradle_project(laid: Laid, tmp_path: Path) -> None:
    project = shutil.copytree(SAMPLES / "gradle", tmp_path / "project")
    options: list[str | Path] = [
        "--offline",
        "--no-daemon",
        "--quiet",
        "--gradle-user-home",
        tmp_path / "home",
    ]
    options += ["--init-script", ROOT / "packaging/tests/old_gradle.gradle"]
    options += [f"-Pcapsock.repository={laid.out.as_uri()}"]
    for platform in ([], [f"-Pcapsock.platform={laid.here}"]):
        printed = run("gradle", *options, *platform, "run", cwd=project)
        assert printed.splitlines()[-1] == "HELLO", printed
