"""`capsock run` runs a script as `python` does, on capsock's sockets. Its hints have tests of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path

import pytest

from support import LIMIT, sleeping, wait_until

RUN = [sys.executable, "-m", "capsock", "run", "--no-hints"]
SCRIPTS_FOLDER = sysconfig.get_path("scripts")

# Scripts, and their arguments. PID is what differs from run to run.
SCRIPTS: dict[str, tuple[str, list[str]]] = {
    "output": ("print('hello')", []),
    "names": (
        "import sys\n"
        "print(__name__, __file__, __spec__, __package__, __doc__, type(__loader__), sys.argv, sys.path[0])\n"
        "print(sorted(globals()), sys.modules['__main__'].__dict__ is globals())",
        ["one", "--two", "-"],
    ),
    "no exit code": ("import sys\nsys.exit()", []),
    "an exit code": ("import sys\nsys.exit(3)", []),
    "a large exit code": ("raise SystemExit(300)", []),
    "an exit with True": ("raise SystemExit(True)", []),
    "an exit with text": ("import sys\nsys.exit('went wrong')", []),
    "an exit with an object": ("raise SystemExit((1, 2))", []),
    "an exit in atexit": ("import atexit\natexit.register(print, 'bye')\nraise SystemExit(4)", []),
    "an exit at once": ("import os\nprint('x', flush=True)\nos._exit(7)", []),
    "an exception": ("def f():\n    raise ValueError('x')\nf()", []),
    "a chain": ("try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError('y') from e", []),
    "an exception of a socket": ("import socket\nsocket.socket().recv(1)", []),
    "an exception of its accept": ("from socket import *\nsocket(AF_INET, SOCK_DGRAM).accept()", []),
    "a wrong argument": ("import socket\nsocket.socket().connect('x')", []),
    "a syntax error": ("def f(:\n", []),
    "a wrong byte": ("x = '\udcff'", []),
    "a hook": ("import sys\nsys.excepthook = lambda *a: print('hook', a[1])\n1 / 0", []),
    "a hook that fails": ("import sys\nsys.excepthook = lambda *a: 1 / 0\nraise KeyError(1)", []),
    "an interruption": ("import atexit\natexit.register(print, 'bye')\nraise KeyboardInterrupt", []),
    "a thread's exception": (
        "from threading import *\nt = Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint('on')",
        [],
    ),
    "an unclosed file": ("import sys\nsys.stdout.write('no newline')", []),
    "a class of its own": (
        "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)",
        [],
    ),
    "a module beside it": ("import helper\nprint(helper.answer)", []),
    "input": ("print(input('? ').upper())", []),
    "a socket's text": ("import socket\nwith socket.socket() as s:\n    print(s)\nprint(s)", []),
}


def ended(command: list[str], folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        command, cwd=folder, input=b"typed\n", capture_output=True, timeout=LIMIT, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_ends_as_with_python(name: str, tmp_path: Path) -> None:
    text, arguments = SCRIPTS[name]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "script.py").write_bytes(text.encode(errors="surrogateescape"))
    (tmp_path / "folder" / "helper.py").write_text("answer = 42")
    scripts = ["folder/script.py"]
    if name == "names":
        scripts += [
            "./folder/script.py",
            str(tmp_path / "folder" / "script.py"),
            "folder/../folder/script.py",
        ]
    for script in scripts:
        theirs = ended([sys.executable, script, *arguments], tmp_path)
        assert ended([*RUN, script, *arguments], tmp_path) == theirs


def test_options_end_with_the_script(tmp_path: Path) -> None:
    (tmp_path / "-h").write_text("import sys\nprint(sys.argv)")
    assert ended([*RUN, "--", "-h", "--no-hints"], tmp_path) == (
        0,
        "['-h', '--no-hints']\n",
        "",
    )


def test_a_script_from_standard_input(tmp_path: Path) -> None:
    text = b"import sys, socket\nprint(sys.argv, sys.path[0], socket.__name__)"
    done = subprocess.run(
        [*RUN, "-", "a"], cwd=tmp_path, input=text, capture_output=True, timeout=LIMIT, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"['-', 'a']  capsock.socket\n", b"")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "Usage: capsock run"),
        (["--frobnicate", "x.py"], 2, "--frobnicate"),
        (["missing.py"], 2, "missing.py': [Errno 2] No such file or directory"),
        (["."], 2, "[Errno 21]"),
        (["--help"], 0, ""),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, text: str, tmp_path: Path) -> None:
    status, out, err = ended([*RUN, *arguments], tmp_path)
    assert (status, bool(out)) == (code, code == 0)
    assert text in err


def test_modules_that_it_imports_are_served(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(
        "from socket import *\nimport socketserver\nserver = socketserver.socket"
    )
    (tmp_path / "script.py").write_text(
        "import helper, socket, ssl, http.client, asyncio.base_events as events\n"
        "print({module.socket is socket for module in (http.client, events)})\n"
        "print(helper.socket is socket.socket, helper.server is socket)\n"
        "print(issubclass(ssl.SSLSocket, socket.socket))\n"
        "print(socket.socket()._capsock_core is not None)"
    )
    assert ended([*RUN, "script.py"], tmp_path)[:2] == (0, "{True}\nTrue True\nTrue\nTrue\n")


def test_ctrl_c_ends_a_script_as_python_does(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "from socket import *\ns = socket(AF_INET, SOCK_DGRAM)\nprint('ready', flush=True)\ns.recv(1)\n"
    )
    for command in ([sys.executable], RUN):
        with subprocess.Popen(
            [*command, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            wait_until(partial(sleeping, process.pid, process.pid), "it waits")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=LIMIT)
        assert process.returncode == -signal.SIGINT
        assert err.decode().splitlines()[1].endswith(f'{os.sep}script.py", line 4, in <module>')
        assert err.endswith(b"KeyboardInterrupt\n")


# What is printed of where modules are looked for, and where some were found.
PATHS = (
    "import sys\nprint(sys.path, 'helper' in sys.modules)\n"
    "for name in ('helper', 'enum', 'selectors', 'types', 'os', 'abc', 're', 'array'):\n"
    "    try: module = __import__(name, fromlist=['x'])\n"
    "    except Exception as error: print(name, type(error))\n"
    "    else: print(name, module.__name__, getattr(module, '__file__', None), hasattr(module, 'own'))\n"
)

FLAGS = [[], ["-I"], ["-s"], ["-E"]] + ([["-P"]] if sys.version_info >= (3, 11) else [])


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
@pytest.mark.parametrize("variables", [{}, {"PYTHONSAFEPATH": "1"}, {"PYTHONPATH": "extra"}], ids=str)
def test_modules_are_looked_for_where_python_looks_for_them(
    flags: list[str], variables: dict[str, str], tmp_path: Path
) -> None:
    """A file beside the script goes before the standard library, one in the working folder does not count."""
    for folder in ("folder", "extra"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "helper.py").write_text("own = 1")
    for name in ("enum", "selectors", "types", "os", "abc", "re", "array"):
        (tmp_path / "folder" / f"{name}.py").write_text("own = 1")
    (tmp_path / "folder" / "script.py").write_text(PATHS)
    environment = {**os.environ, **variables}
    for script in ("folder/script.py", "script.py"):
        here = tmp_path if "/" in script else tmp_path / "folder"
        # `python -m` itself looks into the working folder first: there, the installed command runs it.
        command = RUN[1:] if "/" in script else [os.path.join(SCRIPTS_FOLDER, "capsock-run")]
        outcomes = [
            subprocess.run(
                [sys.executable, *flags, *words, script], cwd=here, env=environment, capture_output=True,
                timeout=LIMIT, check=False,
            )
            for words in ([], command)
        ]  # fmt: skip
        assert (outcomes[1].stdout, outcomes[1].stderr) == (outcomes[0].stdout, outcomes[0].stderr)
        assert outcomes[1].returncode == outcomes[0].returncode == 0


@pytest.mark.parametrize(
    "name", ["enum", "selectors", "socket", "typing", "types", "re", "array", "signal", "io"]
)
def test_no_file_of_the_working_folder_hides_the_standard_library(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "nothing.py").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "script.py").write_text(
        f"import socket, {name}\nprint(getattr({name}, '__file__', None), socket.AF_INET)"
    )
    theirs = ended([sys.executable, "folder/script.py"], tmp_path)
    assert theirs[0] == 0
    commands = [[os.path.join(SCRIPTS_FOLDER, "capsock"), "run", "--no-hints"]]
    # What `python -m` needs before it has found the module, it takes from there whatever the module is.
    if ended([sys.executable, "-m", "nothing"], tmp_path)[0] == 0:
        commands.append(RUN)
    for words in commands:
        code, out, err = ended([*words, "folder/script.py"], tmp_path)
        assert (code, err) == (0, "")
        assert name == "socket" or out == theirs[1]


def test_a_script_is_to_be_run(tmp_path: Path) -> None:
    code, out, err = ended([sys.executable, "-m", "capsock", "folder/X.py"], tmp_path)
    assert (code, out) == (2, "")
    assert "write: run folder/X.py" in err
