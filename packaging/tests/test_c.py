"""What is made of the C library and the command: archives, Debian packages, an image, recipes.

Each is made of the build of this machine (target/release) and used from where it is unpacked. If
target/cross/out has artifacts of other targets (make cross), the archives of those are made as well.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
RELEASE = ROOT / "target" / "release"
CROSS = ROOT / "target" / "cross" / "out"
CONAN = ROOT / "target" / "tools" / "conan" / "bin" / "conan"
PROGRAM = PACKAGING / "conan" / "recipe" / "test_package" / "program.c"
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]  # type: ignore[index]
HOST = f"linux-{os.uname().machine}"
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "")
# The folders of make cross, and the names of the platforms.
TARGETS = {
    "x86_64-unknown-linux-musl": "linux-x86_64-musl",
    "aarch64-unknown-linux-musl": "linux-aarch64-musl",
    "x86_64-unknown-linux-gnu.2.17": "linux-x86_64",
    "aarch64-unknown-linux-gnu.2.17": "linux-aarch64",
    "x86_64-unknown-freebsd": "freebsd-x86_64",
    "aarch64-apple-darwin": "macos-aarch64",
    "x86_64-apple-darwin": "macos-x86_64",
    "x86_64-pc-windows-gnu": "windows-x86_64",
}


def run(*command: object, cwd: Path | None = None, **env: str) -> str:
    """Run a command that has to succeed, and return what it printed."""
    words = [str(word) for word in command]
    ran = subprocess.run(
        words, cwd=cwd, env={**os.environ, **env}, check=False, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, f"{' '.join(words)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def functions() -> set[str]:
    """Return the functions of the interface, by their record."""
    lines = (ROOT / "bindings-c" / "abi" / "libcapsock.txt").read_text().splitlines()
    found = {match[1] for line in lines if (match := re.search(r"\b(capsock_\w+)\(", line))}
    assert len(found) > 100
    return found


def unpacked(file: Path, to: Path) -> Path:
    """Unpack an archive, and return its only folder."""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(to)
    else:
        with tarfile.open(file) as archive:
            archive.extractall(to, filter="data")
    (folder,) = to.iterdir()
    return folder


def index(library: Path) -> set[str]:
    """Return the names in the index of a static library, which are those that a linker finds."""
    data = library.read_bytes()
    assert data.startswith(b"!<arch>\n/ "), "no index"
    size = int(data[56:66])
    table = data[68 : 68 + size]
    (count,) = struct.unpack(">I", table[:4])
    names = table[4 + 4 * count :].rstrip(b"\0").split(b"\0")
    assert len(names) == count
    return {name.decode() for name in names}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what is handed on of this machine's build."""
    to = tmp_path_factory.mktemp("dist")
    run(PACKAGING / "archive", RELEASE, HOST, to)
    run(PACKAGING / "debian" / "build", RELEASE, HOST, to)
    return to


@pytest.fixture(scope="module")
def prefix(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the archive into a folder with a space in its name."""
    return unpacked(dist / f"capsock-{VERSION}-{HOST}.tar.gz", tmp_path_factory.mktemp("a folder"))


@pytest.mark.parametrize("static", [False, True], ids=["shared", "static"])
def test_a_program_finds_the_archive_by_pkg_config(prefix: Path, tmp_path: Path, static: bool) -> None:
    """The .pc file finds itself, wherever the archive is unpacked."""
    asked = ["pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "capsock"]
    # pkg-config quotes what has a space, for a shell.
    flags = run(*asked, PKG_CONFIG_PATH=str(prefix / "lib" / "pkgconfig"))
    linked = "-static" if static else f"-Wl,-rpath,'{prefix}/lib'"
    run(
        "sh",
        "-c",
        f"gcc -std=c99 -Wall -Werror -o program '{PROGRAM}' {flags.strip()} {linked}",
        cwd=tmp_path,
    )
    assert run(tmp_path / "program") == f"{VERSION} HELLO\n"
    needed = run("readelf", "-d", tmp_path / "program")
    assert ("libcapsock.so.0" in needed) is not static


@pytest.mark.parametrize("target", ["capsock", "capsock-static"])
def test_a_program_finds_the_archive_by_cmake(prefix: Path, tmp_path: Path, target: str) -> None:
    """The targets are those of find_package(capsock)."""
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(test C)\nfind_package(capsock 0.1 REQUIRED)\n"
        f'add_executable(program "{PROGRAM}")\ntarget_link_libraries(program PRIVATE capsock::{target})\n'
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "program") == f"{VERSION} HELLO\n"


def test_the_archive_has_the_command_with_its_pages_and_licences(prefix: Path) -> None:
    """A user gets all without a checkout."""
    assert run(prefix / "bin" / "capsock", "--version") == f"capsock {VERSION}\n"
    share = prefix / "share"
    for name in (
        "man/man1/capsock.1",
        "man/man1/capsock-serve-tcp.1",
        "bash-completion/completions/capsock",
        "zsh/site-functions/_capsock",
        "fish/vendor_completions.d/capsock.fish",
        "doc/capsock/README.md",
        "doc/capsock/LICENSE-MIT",
        "doc/capsock/LICENSE-APACHE",
    ):
        assert (share / name).stat().st_size > 100, name
    notices = (share / "doc" / "capsock" / "THIRD-PARTY.txt").read_text()
    for crate in ("clap ", "memchr ", "socket2 ", "The standard library of Rust", "musl (MIT)"):
        assert f"\n{crate}" in notices


def test_the_licences_are_those_of_the_dependencies() -> None:
    """A changed dependency needs its licence written anew."""
    run(sys.executable, PACKAGING / "licenses" / "write.py", "--check")


def test_the_same_artifacts_give_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    """Whatever the folder, the mask and the time zone."""
    made_of = f"'{RELEASE}' {HOST} ."
    script = f"umask 077; '{PACKAGING}/archive' {made_of} && '{PACKAGING}/debian/build' {made_of}"
    run("bash", "-c", script, cwd=tmp_path, TZ="Asia/Tokyo")
    made = sorted(tmp_path.iterdir())
    assert len(made) == 4
    for file in made:
        assert file.read_bytes() == (dist / file.name).read_bytes(), file.name


def test_libraries_show_the_interface_alone(prefix: Path) -> None:
    """The shared library exports, and the static one has in its index, the functions and nothing else."""
    exported = run("nm", "--dynamic", "--defined-only", prefix / "lib" / "libcapsock.so")
    assert {line.split()[-1] for line in exported.splitlines()} == functions()
    assert index(prefix / "lib" / "libcapsock.a") == functions()


def test_another_static_library_of_rust_is_linked_too(prefix: Path, tmp_path: Path) -> None:
    """Two standard libraries do not collide."""
    source = tmp_path / "other.rs"
    source.write_text(
        "#[unsafe(no_mangle)]\n"
        'pub extern "C" fn other() -> usize { std::hint::black_box(vec![1, 2]).len() }\n'
    )
    # What it needs of the standard library comes along with its own objects.
    run("rustc", "--edition=2024", "--crate-type=staticlib", "-o", tmp_path / "libother.a", source)
    program = tmp_path / "program.c"
    text = PROGRAM.read_text().replace(
        "int main(void) {", "size_t other(void);\nint main(void) {\n  if (other() != 2) return 2;"
    )
    program.write_text(text)
    libraries = [
        prefix / "lib" / "libcapsock.a",
        "-Wl,--whole-archive",
        tmp_path / "libother.a",
        "-Wl,--no-whole-archive",
    ]
    run(
        "gcc", f"-I{prefix}/include", "-o", tmp_path / "both", program, *libraries, "-lpthread", "-ldl", "-lm"
    )
    assert run(tmp_path / "both") == f"{VERSION} HELLO\n"


def test_the_static_library_is_made_without_rusts_linker(tmp_path: Path) -> None:
    """Debian's rustc has none; nor is there one if root installs what another user has built."""
    run(PACKAGING / "stage", RELEASE, HOST, tmp_path / "tree", PATH="/usr/bin:/bin")
    assert index(tmp_path / "tree" / "lib" / "libcapsock.a") == functions()
    run(
        "gcc",
        f"-I{tmp_path}/tree/include",
        "-o",
        tmp_path / "program",
        PROGRAM,
        tmp_path / "tree/lib/libcapsock.a",
    )
    assert run(tmp_path / "program") == f"{VERSION} HELLO\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("archive", RELEASE, "plan9-x86_64"), "not a platform"),
        (("archive", PACKAGING, HOST), "no capsock in"),
        (("debian/build", RELEASE, f"{HOST}-musl"), "Debian packages are for"),
        (("oci/image", RELEASE / "capsock", HOST), "take the one for musl"),
        (("oci/image", RELEASE / "capsock", "linux-riscv64"), "no architecture"),
    ],
)
def test_what_cannot_be_packed_is_refused(tmp_path: Path, command: tuple[object, ...], message: str) -> None:
    """With the reason, and nothing made."""
    script, *arguments = command
    words = [str(PACKAGING / str(script)), *map(str, arguments), str(tmp_path / "out")]
    ran = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert message in ran.stderr
    assert not (tmp_path / "out").exists()


# Debian


def packages(dist: Path) -> list[Path]:
    """Return the Debian packages, each after those that it depends on."""
    names = ("libcapsock0", "libcapsock-dev", "capsock")
    return [dist / f"{name}_{VERSION}-1_{DEBIAN}.deb" for name in names]


def test_lintian_finds_nothing(dist: Path) -> None:
    """No error and no warning; the one override has its reason beside it."""
    lintian = ["lintian", "--allow-root", "--profile", "debian", "--fail-on", "error,warning"]
    assert run(*lintian, *packages(dist)) == ""


def test_debian_packages_are_installed_used_and_purged(dist: Path, tmp_path: Path) -> None:
    """With a database and a root of their own, so that nothing of this machine changes."""
    root = tmp_path / "root"
    database = root / "var" / "lib" / "dpkg"
    for folder in (database / "info", database / "updates", database / "triggers"):
        folder.mkdir(parents=True)
    (database / "status").touch()
    before = {str(file.relative_to(root)) for file in root.rglob("*")}
    # The dependencies are this machine's.
    dpkg = [
        "dpkg",
        f"--admindir={database}",
        f"--instdir={root}",
        "--force-not-root",
        "--force-depends",
        f"--log={tmp_path}/log",
        "--force-script-chrootless",
    ]
    run(*dpkg, "--install", *packages(dist))
    multiarch = run("gcc", "-print-multiarch").strip()
    library = root / "usr" / "lib" / multiarch
    assert run(root / "usr" / "bin" / "capsock", "--version") == f"capsock {VERSION}\n"
    settings = {"PKG_CONFIG_PATH": str(library / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(root)}
    flags = run("pkg-config", "--cflags", "--libs", "capsock", cwd=None, **settings).split()
    run("gcc", "-o", tmp_path / "program", PROGRAM, *[flag.replace('"', "") for flag in flags])
    assert run(tmp_path / "program", LD_LIBRARY_PATH=str(library)) == f"{VERSION} HELLO\n"
    run(*dpkg, "--purge", "capsock", "libcapsock-dev", "libcapsock0")
    left = {str(file.relative_to(root)) for file in root.rglob("*")} - before
    assert {name for name in left if not name.startswith("var/lib/dpkg")} == set()


def test_debian_packages_depend_on_the_glibc_that_they_use(dist: Path) -> None:
    """As dpkg-shlibdeps would have it, or a later one."""
    for name, file in (("capsock", "capsock"), ("libcapsock0", "libcapsock.so")):
        depends = run("dpkg-deb", "--field", dist / f"{name}_{VERSION}-1_{DEBIAN}.deb", "Depends")
        wanted = re.search(r"libc6 \(>= ([\d.]+)\)", depends)
        symbols = re.findall(r"GLIBC_([\d.]+)", run("objdump", "-T", RELEASE / file))
        newest = max(symbols, key=lambda version: [int(part) for part in version.split(".")])
        assert wanted
        assert wanted[1] == newest


# The image


@pytest.fixture(scope="module")
def static_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command for musl, or one that is built without optimisation, with the static glibc."""
    musl = CROSS / f"{os.uname().machine}-unknown-linux-musl" / "capsock"
    if musl.exists():
        return musl
    triple = f"{os.uname().machine}-unknown-linux-gnu"
    folder = ROOT / "target" / "packaging"
    build = [
        "cargo",
        "build",
        "--locked",
        "-p",
        "capsock-cli",
        # What draws PNG and PDF takes most of the build, and is not looked at here.
        "--no-default-features",
        "--target",
        triple,
        "--target-dir",
        str(folder),
    ]
    env = {"RUSTFLAGS": "-C target-feature=+crt-static", "CARGO_PROFILE_DEV_DEBUG": "false"}
    run(*build, cwd=None, **env)
    return folder / triple / "debug" / "capsock"


@pytest.fixture(scope="module")
def image(static_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the image."""
    to = tmp_path_factory.mktemp("image")
    run(PACKAGING / "oci" / "image", static_command, f"{HOST}-musl", to)
    return to / f"capsock-{VERSION}-oci-{os.uname().machine}.tar"


@pytest.fixture(scope="module")
def bundle(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Unpack the image, as a runtime has it."""
    layout = tmp_path_factory.mktemp("layout")
    with tarfile.open(image) as archive:
        archive.extractall(layout, filter="data")
    to = tmp_path_factory.mktemp("bundle") / "bundle"
    rootless = [] if os.getuid() == 0 else ["--rootless"]
    run("umoci", "unpack", *rootless, "--image", f"{layout}:{VERSION}", to)
    yield to
    shutil.rmtree(to)


def test_the_image_is_described(bundle: Path) -> None:
    """User, entry point and labels."""
    config = json.loads((bundle / "config.json").read_text())
    assert config["process"]["args"] == ["capsock", "--help"]
    assert (config["process"]["user"]["uid"], config["process"]["user"]["gid"]) == (65532, 65532)
    assert config["process"]["cwd"] == "/work"
    labels = config["annotations"]
    assert labels["org.opencontainers.image.version"] == VERSION
    assert labels["org.opencontainers.image.licenses"] == "MIT OR Apache-2.0"
    assert labels["org.opencontainers.image.exposedPorts"] == "12000/tcp,12000/udp"
    files = {
        str(file.relative_to(bundle / "rootfs")) for file in (bundle / "rootfs").rglob("*") if file.is_file()
    }
    assert {"usr/bin/capsock", "etc/passwd", "usr/share/doc/capsock/THIRD-PARTY.txt"} <= files
    assert len(files) == 6


def test_the_image_serves_and_asks(bundle: Path) -> None:
    """As its user, with nothing of this machine but its loopback."""
    words = (
        f"--bind {shlex.quote(str(bundle / 'rootfs'))} / --chdir /work --proc /proc --setenv PATH /usr/bin"
    )
    user = "--unshare-user --uid 65532 --gid 65532 --die-with-parent --clearenv"
    inside = ["bwrap", *shlex.split(f"{user} {words}"), "capsock"]
    serve = [*inside, "serve", "tcp", "--port", "0", "--json"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            port = json.loads(server.stdout.readline())["port"]
            assert run(*inside, "client", "tcp", "localhost", port, "hello") == "HELLO\n"
        finally:
            server.terminate()


def test_the_image_is_reproducible(image: Path, static_command: Path, tmp_path: Path) -> None:
    """The same command, the same bytes."""
    run(PACKAGING / "oci" / "image", static_command, f"{HOST}-musl", tmp_path)
    assert (tmp_path / image.name).read_bytes() == image.read_bytes()


# Conan and vcpkg


@pytest.fixture(scope="module")
def recipes(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the recipes for the archive."""
    to = tmp_path_factory.mktemp("recipes")
    run(PACKAGING / "recipes", dist, dist.as_uri(), to)
    return to


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "static"])
def test_conan_creates_the_package(recipes: Path, tmp_path: Path, shared: bool) -> None:
    """And compiles and runs the program of test_package with it."""
    home = {"CONAN_HOME": str(tmp_path)}
    run(CONAN, "profile", "detect", cwd=None, **home)
    create = [CONAN, "create", recipes / "conan", "--options", f"capsock/*:shared={shared}"]
    ran = subprocess.run(
        [str(word) for word in create],
        env={**os.environ, **home},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{VERSION} HELLO\n" in ran.stdout + ran.stderr


# The functions of vcpkg that the port calls, as far as the port sees them. vcpkg itself is not run.
VCPKG = """
cmake_minimum_required(VERSION 3.20)
set(VCPKG_TARGET_IS_LINUX ON)
set(PORT capsock)
function(vcpkg_download_distfile result)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILENAME;SHA512" "URLS")
  file(DOWNLOAD "${arg_URLS}" "${WORK}/${arg_FILENAME}" EXPECTED_HASH "SHA512=${arg_SHA512}")
  set(${result} "${WORK}/${arg_FILENAME}" PARENT_SCOPE)
endfunction()
function(vcpkg_extract_source_archive result)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ARCHIVE" "")
  file(ARCHIVE_EXTRACT INPUT "${arg_ARCHIVE}" DESTINATION "${WORK}/source")
  file(GLOB folder "${WORK}/source/*")
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()
function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  foreach(file ${arg_FILE_LIST})
    file(INSTALL "${file}" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
  endforeach()
endfunction()
include("${PORTFILE}")
"""


@pytest.mark.parametrize("linkage", ["dynamic", "static"])
def test_the_port_of_vcpkg_packs_the_library(recipes: Path, tmp_path: Path, linkage: str) -> None:
    """With stand-ins for vcpkg's functions, and a program that finds the outcome by find_package."""
    port = recipes / "vcpkg" / "capsock"
    assert json.loads((port / "vcpkg.json").read_text())["version-semver"] == VERSION
    (tmp_path / "vcpkg.cmake").write_text(VCPKG)
    to = tmp_path / "packages"
    architecture = "arm64" if os.uname().machine == "aarch64" else "x64"
    run(
        "cmake",
        f"-DPORTFILE={port / 'portfile.cmake'}",
        f"-DCURRENT_PACKAGES_DIR={to}",
        f"-DWORK={tmp_path}",
        f"-DVCPKG_TARGET_ARCHITECTURE={architecture}",
        f"-DVCPKG_LIBRARY_LINKAGE={linkage}",
        "-P",
        tmp_path / "vcpkg.cmake",
    )
    assert (to / "lib" / "libcapsock.a").exists() is (linkage == "static")
    assert (to / "debug" / "lib" / "libcapsock.so").exists() is (linkage == "dynamic")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(test C)\nfind_package(capsock CONFIG REQUIRED)\n"
        f'add_executable(program "{PROGRAM}")\ntarget_link_libraries(program PRIVATE capsock::capsock)\n'
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={to}")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "program") == f"{VERSION} HELLO\n"


# Other targets


@pytest.mark.parametrize("target", TARGETS)
def test_archives_of_other_targets(tmp_path: Path, target: str) -> None:
    """The files of each system, under the names that its linkers and CMake look for."""
    if not list((CROSS / target).glob("libcapsock.a")):
        pytest.skip(f"make cross TARGETS={target} builds it")
    platform = TARGETS[target]
    run(PACKAGING / "archive", CROSS / target, platform, tmp_path, COMMAND=str(RELEASE / "capsock"))
    (file,) = tmp_path.iterdir()
    prefix = unpacked(file, tmp_path / "unpacked")
    system = platform.split("-")[0]
    config = (prefix / "lib" / "cmake" / "capsock" / "capsock-config.cmake").read_text()
    named = re.findall(r'(?:LOCATION|IMPLIB) "\$\{_capsock_prefix\}/(.*)"', config)
    assert len(named) == (3 if system == "windows" else 2)
    for name in named:
        assert (prefix / name).is_file(), name
    assert not re.search(r"@[A-Z_]+@", config + (prefix / "lib" / "pkgconfig" / "capsock.pc").read_text())
    if system in ("linux", "freebsd"):
        exported = run("nm", "--plugin=", "--dynamic", "--defined-only", prefix / "lib" / "libcapsock.so")
        assert {line.split()[-1] for line in exported.splitlines()} == functions()
        assert index(prefix / "lib" / "libcapsock.a") == functions()
    if platform.endswith("-musl"):
        assert "INTERP" not in run("readelf", "--program-headers", prefix / "bin" / "capsock")
