"""What is run of each artifact, on each machine that a target has."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import build
import mingw
import packages
import wine
from artifacts import COMMAND, JNI, LIBRARY, PROGRAM, TESTS, WHEEL, Artifact
from machines import Machine
from packages import Missing
from paths import EXAMPLES, HERE, ROOT, Failed, quietly
from report import Report
from targets import Target

from programs import CONCURRENCIES, HOST, LIMIT, Program, run, start_on_free_port

PEER = EXAMPLES / "peer"
TEXTBOOK = EXAMPLES / "textbook"
# The textbook's servers, each with its client.
PAIRS = (("UDPServer", "UDPClient"), ("TCPServer", "TCPClient"), ("ConcurrentTCPServer", "TCPClient"))


# The other test programs of the C library use headers and calls of Unix.
WINDOWS_C_TESTS = (
    "test_clients",
    "test_handler",
    "test_handler_slow",
    "test_many",
    "test_null",
    "test_socket_datagrams",
)


@dataclass(frozen=True)
class Site:
    """A target on a machine."""

    target: Target
    machine: Machine
    report: Report
    alone: bool  # the target has no other machine

    @property
    def out(self) -> Path:
        return build.out(self.target)

    def check(self, artifact: Artifact, name: str, check: Callable[[], None]) -> None:
        self.report.check(self.target, artifact, self.named(name), check)

    def failed(self, artifact: Artifact, name: str, why: str) -> None:
        self.report.failed(self.target, artifact, self.named(name), why)

    def named(self, name: str) -> str:
        return name if self.alone else f"{name} ({self.machine.name})"

    def rust(self, program: Path) -> list[str]:
        """A Rust program, which is static where libc is musl."""
        return [*(self.machine.static if self.target.musl else self.machine.shared), str(program)]

    def command(self) -> list[str]:
        return self.rust(self.out / COMMAND.files(self.target.system)[0])


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=P)(?=[SC])", "_", name).lower()


def transport_of(name: str) -> str:
    return "udp" if name.startswith("UDP") else "tcp"


def expect(command: list[str], output: str, text: str = "") -> None:
    ended = run(command, text)
    assert (ended.returncode, ended.stdout) == (0, output), (
        f"{ended.returncode} {ended.stdout!r} {ended.stderr!r}"
    )


# The command.


def serve_and_ask(command: list[str], transport: str, concurrency: str) -> None:
    """A server of the command answers its client, and ends on Ctrl-C."""
    with Program(
        [*command, "serve", transport, "--concurrency", concurrency, "--port", "0", "--json"]
    ) as server:
        port = str(json.loads(server.wait_for("\n").splitlines()[0])["port"])
        expect([*command, "client", transport, HOST, port, "hello,", "straße"], "HELLO, STRASSE\n")
        status = server.interrupt()
        assert status == 130, f"it ended with status {status}: {server.errors}"


def refuses(site: Site, concurrency: str) -> bool:
    return concurrency == "processes" and site.target.system == "windows"


def refuse_processes(command: list[str], transport: str, concurrency: str) -> None:
    """Without fork(2), a message says that there are no such servers."""
    ended = run([*command, "serve", transport, "--concurrency", concurrency, "--port", "0", "--json"])
    assert ended.returncode != 0, "it serves"
    assert concurrency in ended.stderr, f"it ended with status {ended.returncode}: {ended.stderr!r}"


def check_command(site: Site) -> None:
    command = site.command()
    site.check(
        COMMAND, "uppercase", lambda: expect([*command, "uppercase"], "HELLO, STRASSE\n", "hello, straße\n")
    )
    for transport in "tcp", "udp":
        for concurrency in CONCURRENCIES:
            ask = refuse_processes if refuses(site, concurrency) else serve_and_ask
            site.check(COMMAND, f"{transport} {concurrency}", partial(ask, command, transport, concurrency))


def record_foreign(site: Site) -> None:
    """Recorded by the preload library, a program of C does what it does without, and its calls are known."""
    source = ROOT / "preload" / "tests" / "programs" / "results.c"
    program = str(build.c_program(site.target, source, "programs", linked=False))
    trace = site.out / "results.jsonl"
    trace.unlink(missing_ok=True)
    alone = run([program])
    recorded = run([*site.command(), "run", "--trace", str(trace), program])
    assert (recorded.returncode, recorded.stdout) == (alone.returncode, alone.stdout), recorded.stderr
    calls = {json.loads(line).get("call") for line in trace.read_text(encoding="utf-8").splitlines()}
    assert {"socket", "bind", "sendto", "recv", "accept", "close"} <= calls, calls


def cancel_recorded(site: Site) -> None:
    """A thread is cancelled in a recorded call (pthread_cancel(3)), which unwinds the library's frames."""
    source = ROOT / "preload" / "tests" / "programs" / "hostile.c"
    program = str(build.c_program(site.target, source, "programs", linked=False))
    trace = site.out / "hostile.jsonl"
    trace.unlink(missing_ok=True)
    recorded = run([*site.command(), "run", "--trace", str(trace), program, "cancel"])
    assert (recorded.returncode, recorded.stdout) == (0, "cancel 0\n"), (
        f"{recorded.returncode} {recorded.stderr}"
    )


def check_preload(site: Site) -> None:
    # Another loader is asked to preload by another variable, or by none.
    if site.target.system == "linux" and not site.machine.shared:
        site.check(COMMAND, "a program of C, recorded", lambda: record_foreign(site))
        site.check(COMMAND, "a cancelled thread, recorded", lambda: cancel_recorded(site))


# The textbook's programs of a language, and the peers of the demo.


def ask_textbook(command: Callable[[str], list[str]], server: str, client: str) -> None:
    program, port = start_on_free_port(transport_of(server), lambda port: [*command(server), str(port)])
    with program:
        program.wait_for("The server is ready to receive")
        ended = run([*command(client), HOST, str(port)], "hello world\n")
        assert (ended.returncode, ended.stderr) == (0, ""), f"{ended.returncode} {ended.stderr!r}"
        assert "HELLO WORLD" in ended.stdout, repr(ended.stdout)


def check_textbook(
    site: Site, artifact: Artifact, command: Callable[[str], list[str]], suffix: str = ""
) -> None:
    for server, client in PAIRS:
        site.check(artifact, f"textbook {server}{suffix}", partial(ask_textbook, command, server, client))


def rust_textbook(site: Site) -> Callable[[str], list[str]]:
    folder = build.rust_programs(site.target, [f"textbook_{snake(name)}" for pair in PAIRS for name in pair])
    return lambda name: site.rust(folder / f"textbook_{snake(name)}{PROGRAM[site.target.system]}")


def c_textbook(site: Site) -> Callable[[str], list[str]]:
    built = {
        path.stem: build.c_program(site.target, path, "textbook") for path in (TEXTBOOK / "c").glob("*.c")
    }
    return lambda name: [*site.machine.shared, str(built[snake(name)])]


def check_demo(site: Site, peers: dict[str, tuple[Artifact, list[str]]]) -> None:
    """Every peer asks every peer; a cell of the demo counts for the artifact of the client."""
    words = [f"--peer={name}={shell_command(site, command)}" for name, (_, command) in peers.items()]
    ended = subprocess.run(
        with_wheel(site, [*site.command(), "demo", "--json", *words]),
        check=False,
        capture_output=True,
        text=True,
        timeout=20 * LIMIT,
    )
    if not ended.stdout:
        site.failed(COMMAND, "demo", ended.stderr.strip())
        return
    told = json.loads(ended.stdout)
    for cell in told["cells"]:
        artifact, _ = peers[cell["client"]]
        if cell["result"] == "ok":
            site.report.passed(site.target, artifact)
        elif cell["result"] == "unsupported" and refuses(site, cell["concurrency"]):
            continue
        else:
            name = "demo {client} asks {server} {transport} {concurrency}".format_map(cell)
            site.failed(artifact, name, cell["detail"])
    for why in told.get("other_failures", []):
        site.failed(COMMAND, "demo", why)


def shell_command(site: Site, command: list[str]) -> str:
    """A peer's command, as the demo passes it to the shell of its system."""
    if site.target.system != "windows":
        return shlex.join(command)
    # The demo is a program of Windows by then, as the peers are, and PYTHONPATH is in its environment.
    program, *words = command[command.index(site.machine.shared[-1]) + 1 :]
    return subprocess.list2cmdline([wine.path(Path(program)), *words])


# The C library.


def exported(library: Path) -> None:
    """It shows no names but its own."""
    if library.suffix == ".dll":
        names = mingw.exports(library)
    elif library.suffix == ".dylib":
        macho = [build.tool("python"), str(HERE / "macho.py"), str(library)]
        names = quietly("macho", macho).splitlines()
    else:
        names = [line.split()[-1] for line in nm("--defined-only", library)]
    others = [name for name in names if not name.startswith("capsock_")]
    assert names, "it exports nothing"
    assert not others, f"it exports {others}"


def versioned(library: Path) -> None:
    """Each symbol of glibc has its version: one without is looked up when the library is loaded, which fails
    with an older glibc, and neither the linker nor auditwheel reports it."""
    bare = [line.split()[-1] for line in nm("--undefined-only", library) if " U " in line and "@" not in line]
    # CPython's symbols have no versions.
    bare = [name for name in bare if not re.match("_?Py", name)]
    assert not bare, f"undefined and without a version: {bare}"


def nm(option: str, library: Path) -> list[str]:
    return quietly("nm", ["nm", "--dynamic", option, str(library)]).splitlines()


def run_c_test(site: Site, source: Path, words: Sequence[str] = (), linked: bool = True) -> None:
    """A program of bindings-c/tests, which prints `passed NAME` or `failed NAME` for each of its tests."""
    program: Path | None = None

    def compile_it() -> None:
        nonlocal program
        program = build.c_program(site.target, source, "tests", linked)

    if not site.report.attempt(site.target, LIBRARY, f"compile {source.name}", compile_it) or program is None:
        return
    command = [*site.machine.shared, str(program), *words]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        site.failed(LIBRARY, source.stem, "it did not end")
        return
    told = re.findall(r"^(passed|failed) +(.*)$", ended.stdout, re.MULTILINE)
    for outcome, name in told:
        if outcome == "passed":
            site.report.passed(site.target, LIBRARY)
        else:
            site.failed(LIBRARY, f"{source.stem}: {name}", ended.stderr.strip()[-500:])
    if ended.returncode != 0 and not any(outcome == "failed" for outcome, _ in told):
        site.failed(
            LIBRARY, source.stem, f"it ended with status {ended.returncode}: {ended.stderr.strip()[-500:]}"
        )


def check_paths(file: Path) -> None:
    """It names no folder of this machine."""
    content = file.read_bytes()
    found = [place for place in build.SOURCES if f"{place}/".encode() in content]
    assert not found, f"it has the paths of {found}"


def check_exports(target: Target) -> None:
    exported(build.out(target) / LIBRARY.files(target.system)[0])


def check_library(site: Site) -> None:
    site.check(LIBRARY, "exports", lambda: check_exports(site.target))
    tests = ROOT / "bindings-c" / "tests"
    for source in sorted(tests.glob("test_*.c")):
        if site.target.system != "windows" or source.stem in WINDOWS_C_TESTS:
            run_c_test(site, source)
    if site.target.glibc:
        # musl unloads nothing.
        library = site.out / LIBRARY.files(site.target.system)[0]
        run_c_test(site, tests / "unload" / "unload.c", [str(library)], linked=False)


def check_symbols(site: Site) -> None:
    """All that is loaded has glibc's symbols with their versions."""
    for artifact in COMMAND, LIBRARY, JNI:
        file = site.out / artifact.files(site.target.system)[0]
        site.check(artifact, "versioned symbols", partial(versioned, file))
    module = next(iter((site.out / "site").glob("capsock/_native*.so")))
    site.check(WHEEL, "versioned symbols", partial(versioned, module))


# The JNI library.


def jar(site: Site) -> Path:
    """The jar, with the target's library in the place of this machine's."""
    made = site.out / "capsock.jar"
    folder = site.out / "jar"
    shutil.rmtree(folder, ignore_errors=True)
    packages.unzip(ROOT / "bindings-java" / "target" / "capsock.jar", folder)
    native = folder / "io" / "capsock" / "native"
    shutil.rmtree(native)
    (name,) = JNI.files(site.target.system)
    build.copy(site.out / name, native / f"{site.target.system}-{site.target.processor}" / name)
    made.unlink(missing_ok=True)
    shutil.make_archive(str(made), "zip", folder)
    Path(f"{made}.zip").rename(made)
    return made


def java_classes(site: Site, the_jar: Path) -> Path:
    """The peer and the textbook's programs, compiled: the fetched runtime has no compiler."""
    folder = site.out / "classes"
    home = subprocess.check_output(["scripts/jdks"], cwd=ROOT, text=True).splitlines()[0].split("\t")[1]
    sources = [str(PEER / "Peer.java"), *map(str, (TEXTBOOK / "java").glob("*.java"))]
    javac = [f"{home}/bin/javac", "--release", "17", "-d", str(folder), "-cp", str(the_jar)]
    quietly(f"{site.target.name}-javac", [*javac, *sources])
    return folder


def java_command(site: Site) -> list[str]:
    if site.machine.java is None:
        raise Missing(f"there is no Java runtime for {site.machine.name}")
    the_jar = jar(site)
    separator = ";" if site.target.system == "windows" else ":"
    path = f"{java_classes(site, the_jar)}{separator}{the_jar}"
    return [*site.machine.java, "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp", path]


def check_dlopen(site: Site) -> None:
    """Where there is no Java, the library is at least loaded."""
    program = build.c_program(site.target, HERE / "dlopen.c", "programs")
    (name,) = JNI.files(site.target.system)
    expect([*site.machine.shared, str(program), str(site.out / name), "JNI_OnLoad"], "loaded\n")


# The wheel.


def python_command(site: Site) -> list[str]:
    if site.machine.python is None:
        raise Missing(f"there is no CPython for {site.machine.name}")
    return with_wheel(site, site.machine.python)


def with_wheel(site: Site, command: list[str]) -> list[str]:
    """A command in whose environment Python finds the wheel."""
    return ["env", f"PYTHONPATH={site.out / 'site'}", *command]


def check_tag(site: Site) -> None:
    """The wheel has its tag, and what it needs agrees: with glibc, auditwheel says so."""
    (wheel,) = (site.out / "wheel").glob("*.whl")
    # It may have an older name of the same tag as well.
    assert site.target.wheel in wheel.stem.rpartition("-")[2].split("."), wheel.name
    if site.target.glibc:
        shown = quietly(f"{site.target.name}-auditwheel", [build.tool("auditwheel"), "show", str(wheel)])
        assert re.search(rf'platform tag:\s+"{site.target.wheel}"', shown), " ".join(shown.split())
    elif site.target.musl:
        # auditwheel knows libc by the name alone that Alpine's linker gives it; musl's loader takes both.
        (module,) = (site.out / "site" / "capsock").glob("_native*.so")
        needed = re.findall(r"NEEDED.*\[(.*)\]", quietly("readelf", ["readelf", "--dynamic", str(module)]))
        assert needed == ["libc.so"], f"it needs {needed}"


def check_import(python: list[str]) -> None:
    expect([*python, "-c", "import capsock; print(capsock.uppercase('straße'))"], "STRASSE\n")


# All of it.


def peers_and_textbooks(site: Site) -> dict[str, tuple[Artifact, list[str]]]:
    """Runs the textbook's programs of each language that the machine has, and returns the demo's peers."""
    peers = {"rust": (COMMAND, [*site.command(), "peer"])}
    for language, artifact, prepare in languages(site):

        def prepared(
            language: str = language,
            artifact: Artifact = artifact,
            prepare: Callable[[], tuple[Callable[[str], list[str]], list[str]]] = prepare,
        ) -> None:
            textbook, peer = prepare()
            check_textbook(site, artifact, textbook)
            if peer:
                peers[language] = (artifact, peer)

        site.report.attempt(site.target, artifact, site.named(f"{language} programs"), prepared)
    return peers


def languages(
    site: Site,
) -> Iterator[tuple[str, Artifact, Callable[[], tuple[Callable[[str], list[str]], list[str]]]]]:
    """For each language, what gives the command of a program of the textbook, and the demo's peer."""

    def c() -> tuple[Callable[[str], list[str]], list[str]]:
        peer = build.c_program(site.target, PEER / "peer.c", "programs")
        return c_textbook(site), [*site.machine.shared, str(peer)]

    def python() -> tuple[Callable[[str], list[str]], list[str]]:
        command = python_command(site)
        folder = TEXTBOOK / "python"
        return lambda name: [*command, str(folder / f"{name}.py")], [*command, str(PEER / "peer.py")]

    def java() -> tuple[Callable[[str], list[str]], list[str]]:
        command = java_command(site)
        return lambda name: [*command, name], [*command, "Peer"]

    yield "rust", COMMAND, lambda: (rust_textbook(site), [])
    yield "c", LIBRARY, c
    yield "python", WHEEL, python
    yield "java", JNI, java


def check_tests(site: Site, crates: list[str], tests: Sequence[str], skipped: Sequence[str]) -> None:
    """The Rust tests of the crates, run as programs of the target."""
    output = build.run_tests(site.target, site.rust(Path())[:-1], crates, tests, skipped, limit=1200)
    results = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed", output, re.MULTILINE)
    if not results:
        raise Failed("no test ran: see the log")
    site.report.passed(site.target, TESTS, sum(int(passed) for passed, _ in results))
    names = sorted(set(re.findall(r"^    ([\w:]+)$", output, re.MULTILINE)))
    for name in names:
        site.failed(TESTS, name, f"{name}: see the log")
    if not names and any(int(failed) for _, failed in results):
        raise Failed("a test failed: see the log")
