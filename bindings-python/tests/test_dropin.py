"""What programs and libraries do with the module beside its calls: subclasses, patches, reloads, workers."""

from __future__ import annotations

import copy
import importlib
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import LIMIT, run_script

RUN = [sys.executable, "-m", "capsock", "run", "--no-hints"]

# Subclasses, and what is done with them: the same is printed with both modules.
SUBCLASSES = {
    "methods that need an initialised object": """
        class C(socket.socket):
            def __init__(self):
                super().__init__()
                self._timeout = None
            def gettimeout(self): return self._timeout
            def fileno(self): return super().fileno() + 0 * self.ready
            def getsockname(self): return super().getsockname() + (self.ready,)
        c = C()
        c.ready = 1
        print(c.gettimeout(), c.fileno() >= 0, c.getsockname())
    """,
    "everything raises": """
        import _socket
        def no(*_): raise RuntimeError("overridden")
        names = [n for n in dir(socket.socket) if not n.startswith("__") and n not in ("_io_refs", "_closed")]
        names = [n for n in names if not n.startswith("_capsock")]
        C = type("C", (socket.socket,), {n: property(no) if n in DATA else no for n in names})
        c = C()
        print(_socket.socket.fileno(c) >= 0)
        socket.socket._real_close(c)
        print(_socket.socket.fileno(c))
        l = socket.create_server(("127.0.0.1", 0))
        d = C(fileno=socket.dup(l.fileno()))
        print(socket.socket.getsockname(d) == l.getsockname())
        socket.socket._real_close(d)
    """,
    "attributes of its own names": """
        class C(socket.socket):
            timeout = family_name = core = _core = "mine"
            def __init__(self, *a, **k):
                super().__init__(*a, **k)
                self._core = self.core = self._sock = 1
        a, b = pair(C)
        a.sendall(b"hello")
        print(b.recv(9), a.timeout, a._core)
    """,
    "slots": """
        class C(socket.socket):
            __slots__ = ("mine",)
        class D(socket.socket):
            __slots__ = ()
        c = C(); c.mine = 1
        try: c.other = 1
        except AttributeError as e: print(e)
        print(c.mine, D().getsockname())
    """,
    "an __init__ that calls no other": """
        class C(socket.socket):
            def __init__(self): pass
        c = C()
        print(c.fileno(), str(c).replace("fd=-1", "fd"))
        for call in (lambda: c.recv(1), lambda: c.settimeout(1), c.getsockname, c.detach, c._real_close):
            try: print(call())
            except Exception as e: print(type(e), e)
    """,
    "__getattr__ without an end": """
        class C(socket.socket):
            def __init__(self): pass
            def __getattr__(self, name): return getattr(self.wrapped, name)
        c = C()
        for call in (lambda: c.send(b"x"), c.detach, c._real_close):
            try: print(call())
            except Exception as e: print(type(e), e)
    """,
    "__getattribute__ and __setattr__": """
        class C(socket.socket):
            def __getattribute__(self, name):
                if name.startswith("_c"): raise KeyError(name)
                return super().__getattribute__(name)
            def __setattr__(self, name, value):
                if name not in ("_io_refs", "_closed"): raise KeyError(name)
                super().__setattr__(name, value)
        a, b = pair(C)
        a.sendall(b"hello")
        print(b.recv(9))
    """,
    "__new__": """
        class C(socket.socket):
            def __new__(cls, name, *a, **k):
                self = super().__new__(cls, *a, **k)
                self.name = name
                return self
            def __init__(self, name, *a, **k): super().__init__(*a, **k)
        c = C("a name", socket.AF_INET, socket.SOCK_DGRAM)
        c.bind(("127.0.0.1", 0))
        print(c.name, c.getsockname()[0], c.type)
    """,
    "__init__ twice": """
        class C(socket.socket):
            def __init__(self):
                super().__init__()
                first = self.fileno()
                super().__init__(socket.AF_INET6, socket.SOCK_DGRAM)
                print(first != self.fileno(), self.family, self.type)
        c = C()
        c.bind(("::1", 0))
        print(c.getsockname()[0])
        c.close()
        print(c.fileno())
        s = socket.socket()
        socket.socket.__init__(s, socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(b"x", ("127.0.0.1", 9))
        print(s.type)
    """,
    "the base's __init__ by name": """
        import _socket
        class C(socket.socket):
            def __init__(self):
                _socket.socket.__init__(self, socket.AF_INET, socket.SOCK_DGRAM)
                self._io_refs, self._closed = 0, False
        c = C()
        c.bind(("127.0.0.1", 0)); c.sendto(b"x", c.getsockname()); print(c.recv(9)); c.close()
    """,
    "several bases": """
        import threading
        class Named:
            def __init__(self, *a, name=None, **k):
                super().__init__(*a, **k)
                self.name = name
            def close(self):
                print("closes", self.name)
                super().close()
        class C(Named, socket.socket): pass
        class T(threading.Thread, socket.socket):
            def __init__(self):
                threading.Thread.__init__(self)
                socket.socket.__init__(self, type=socket.SOCK_DGRAM)
                self.bind(("127.0.0.1", 0))
            def run(self): print(self.recv(9))
        with C(name="n") as c: c.listen()
        t = T(); t.start(); t.sendto(b"x", t.getsockname()); t.join()
    """,
    "accept, dup, detach, makefile": """
        class C(socket.socket):
            closed = 0
            def _real_close(self):
                C.closed += 1
                super()._real_close()
            def recv_into(self, *a, **k):
                n = super().recv_into(*a, **k)
                print("read", n)
                return n
        l = C(); l.bind(("127.0.0.1", 0)); l.listen()
        c = C(); c.settimeout(30); c.connect(l.getsockname())
        s, _ = l.accept()
        d = c.dup()
        print(type(s) is socket.socket, type(d).__name__, d.gettimeout())
        s.sendall(b"a line\\n"); s.close()
        f = c.makefile()
        c.close()
        print(f.readline(), C.closed)
        f.close()
        print(C.closed, d.detach() >= 0, d.fileno(), c.fileno())
        a = C(fileno=l.detach())
        print(a.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), a.family)
    """,
    "its class in the place of the module's": """
        class Mine(socket.socket):
            def connect(self, address):
                print("connects")
                super().connect(address)
        kept = socket.socket
        socket.socket = Mine
        l = socket.create_server(("127.0.0.1", 0))
        c = socket.create_connection(l.getsockname())
        s, _ = l.accept()
        s.sendall(b"x")
        a, b = socket.socketpair()
        print({type(one).__name__ for one in (l, c, s, a, b, socket.fromfd(c.fileno(), c.family, c.type))})
        print(c.recv(9))
        importlib.reload(socket)
        print(socket.socket is not Mine, isinstance(c, kept))
    """,
    "a function in the place of the class": """
        kept = socket.socket
        socket.socket = lambda *a, **k: kept(*a, **k)
        l = socket.create_server(("127.0.0.1", 0))
        print(type(l) is kept)
    """,
    # As PySocks has it.
    "a proxy": """
        original = socket.socket
        class Base(original):
            def __init__(self, *pos, **kw):
                original.__init__(self, *pos, **kw)
                self._savedmethods = dict()
                for name in self._savenames:
                    self._savedmethods[name] = getattr(self, name)
                    delattr(self, name)
            _savenames = list()
        for name in ("sendto", "send", "recvfrom", "recv"):
            if not callable(getattr(Base, name, None)):
                Base._savenames.append(name)
        class Proxied(Base):
            def __init__(self, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0, *args, **kwargs):
                super().__init__(family, type, proto, *args, **kwargs)
                self._timeout = None
            def settimeout(self, timeout):
                self._timeout = timeout
                try:
                    self.getpeername()
                    super().settimeout(timeout)
                except OSError:
                    pass
            def gettimeout(self): return self._timeout
            def setblocking(self, v): self.settimeout(None if v else 0)
            def connect(self, address):
                original.settimeout(self, self._timeout)
                super().connect(address)
                self.settimeout(self._timeout)
        socket.socket = Proxied
        l = socket.create_server(("127.0.0.1", 0))
        c = socket.create_connection(l.getsockname(), timeout=30)
        s, _ = l.accept()
        c.sendall(b"hello")
        print(s.recv(9), original.gettimeout(c), c.gettimeout())
    """,
    "reloaded": """
        before = socket.socket()
        again = importlib.reload(socket)
        print(again is socket, type(before) is socket.socket, repr(socket.socket()) != "")
        before.bind(("127.0.0.1", 0)); before.listen()
        with socket.create_connection(before.getsockname()) as c:
            s, _ = before.accept()
            s.sendall(b"hello"); s.close()
            print(c.recv(9))
        importlib.reload(socket)
        print(len(set(socket.__all__)) == len(socket.__all__))
    """,
    "copied and pickled": """
        import copy, pickle
        for one in (socket.socket(), type("C", (socket.socket,), {})()):
            for act in (copy.copy, copy.deepcopy, *(lambda s, p=p: pickle.dumps(s, p) for p in range(6))):
                try: print(act(one))
                except Exception as e: print(type(e), e)
        print(pickle.loads(pickle.dumps(socket.socket)) is socket.socket)
        print(pickle.loads(pickle.dumps(socket.create_server)) is socket.create_server)
        print(pickle.loads(pickle.dumps(socket.AF_INET)), pickle.loads(pickle.dumps(socket.timeout)))
    """,
}

PRELUDE = """
import importlib, warnings
warnings.simplefilter("ignore")
DATA = ("family", "type", "proto", "timeout")
def pair(kind):
    a, b = kind(type=socket.SOCK_DGRAM), kind(type=socket.SOCK_DGRAM)
    b.bind(("127.0.0.1", 0))
    a.connect(b.getsockname())
    return a, b
"""


def program(module: str, text: str) -> str:
    return f"import {module}\nsocket = {module}\n{PRELUDE}{textwrap.dedent(text)}"


def ended(command: list[str], folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("name", SUBCLASSES)
def test_subclasses_and_patches_do_as_with_the_standard_library(name: str, tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(program("socket", SUBCLASSES[name]))
    (tmp_path / "ours.py").write_text(program("capsock.socket", SUBCLASSES[name]))
    theirs = ended([sys.executable, "theirs.py"], tmp_path)
    assert (theirs[0], theirs[2]) == (0, "")
    assert ended([*RUN, "theirs.py"], tmp_path) == theirs
    assert ended([sys.executable, "ours.py"], tmp_path) == theirs


def test_subclasses_have_their_calls_made_by_the_core() -> None:
    code = """
        from capsock import socket
        class C(socket.socket):
            def __init__(self): super().__init__(); self._timeout = None
            def gettimeout(self): return self._timeout
            def __getattr__(self, name): raise RuntimeError(name)
        class D(socket.socket): __slots__ = ()
        old = socket.socket
        import importlib
        importlib.reload(socket)
        print([one._capsock_core is not None for one in (C(), D(), old(), socket.socket(), D().dup())])
    """
    assert run_script("import warnings\nwarnings.simplefilter('ignore')\n" + textwrap.dedent(code)) == (
        0,
        f"{[True] * 5}\n",
        "",
    )


@pytest.mark.parametrize("act", [copy.copy, pickle.dumps], ids=["copy", "pickle"])
def test_a_socket_is_no_value(act: Callable[[object], object]) -> None:
    """Only multiprocessing sends sockets, and registers nothing that others use."""
    import multiprocessing.reduction  # noqa: F401

    ours = importlib.import_module("capsock.socket")
    with ours.socket() as socket, pytest.raises(TypeError, match="cannot pickle 'socket' object"):
        act(socket)


@pytest.mark.parametrize(
    "patch",
    [
        "import socket\nclass Mine(socket.socket): pass\nsocket.socket = Mine",
        "import socket\nclass Green: pass\nsocket.socket = Green",
        "import socket\nsocket.socket = lambda *a: None",
        "import sys, types\nsys.modules['socket'] = types.ModuleType('socket')\n"
        "sys.modules['socket'].__file__ = '/x'",
    ],
    ids=["a subclass", "another class", "a function", "another module"],
)
def test_what_was_patched_before_the_import_stays_out_of_it(patch: str) -> None:
    code = f"""{patch}
import warnings; warnings.simplefilter("ignore")
import sys
before = sys.modules["socket"]
import capsock.socket as ours
native, base = ours.socket.__mro__[1:3]
print(native.__name__, base.__module__, ours.socket()._capsock_core is not None)
listener = ours.create_server(("127.0.0.1", 0))
with ours.create_connection(listener.getsockname()) as client:
    connection, _ = listener.accept()
    connection.sendall(b"x")
    print(client.recv(1), type(connection) is ours.socket, sys.modules["socket"] is before)
"""
    expected = "SocketCalls socket True\nb'x' True True\n"
    assert run_script(code) == (0, expected, "")


# What a program has, with the one import, when `socket` is thrown out of sys.modules and imported again.
def test_a_module_that_is_imported_anew_is_ours_as_well(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import socket, sys, warnings\nwarnings.simplefilter('ignore')\nfirst = sys.modules.pop('socket')\n"
        "import socket\nprint(first is socket, socket.__name__, socket.socket()._capsock_core is not None)\n"
        "import importlib\n"
        "print(importlib.reload(socket) is socket, importlib.reload(first).socket() is not None)\n"
    )
    assert ended([*RUN, "script.py"], tmp_path) == (0, "False socket True\nTrue True\n", "")


# How a socket reaches another process, in a program that has METHOD for the start method.
WORKERS = {
    "an argument": """
        p = context.Process(target=answer, args=(server,)); p.start()
    """,
    "a pipe": """
        here, there = context.Pipe()
        p = context.Process(target=from_pipe, args=(there,)); p.start()
        here.send(server)
    """,
    "a queue": """
        queue = context.Queue()
        p = context.Process(target=from_queue, args=(queue,)); p.start()
        queue.put(server)
    """,
    "an executor": """
        from concurrent.futures import ProcessPoolExecutor
        pool = ProcessPoolExecutor(1, mp_context=context)
        future = pool.submit(answer, server)
    """,
    "a bound method": """
        from concurrent.futures import ProcessPoolExecutor
        pool = ProcessPoolExecutor(1, mp_context=context)
        print(pool.submit(server.getsockname).result() == server.getsockname())
        future = pool.submit(answer, server)
    """,
}

WORKER_PROGRAM = """
import sys
IMPORT
import warnings; warnings.simplefilter("ignore")
def answer(s):
    core = getattr(s, "_capsock_core", None)
    s.sendall(f"{core is not None} {s.family.name} {s.type.name} {s.gettimeout()}\\n".encode())
    s.close()
def from_pipe(pipe): answer(pipe.recv())
def from_queue(queue): answer(queue.get())
if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    import multiprocessing
    context = multiprocessing.get_context("METHOD")
BODY
    print(client.makefile().readline().strip())
    if "pool" in vars(): future.result(); pool.shutdown()
    else: p.join(); print(p.exitcode)
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("way", WORKERS)
@pytest.mark.parametrize("imports", ["one line", "before", "run"])
def test_a_socket_goes_to_another_process(way: str, method: str, imports: str, tmp_path: Path) -> None:
    line = {
        "one line": "import capsock.socket as socket",
        "before": "import multiprocessing.reduction\nimport capsock.socket as socket",
        "run": "import socket",
    }[imports]
    body = textwrap.indent(textwrap.dedent(WORKERS[way]), "    ")
    text = WORKER_PROGRAM.replace("IMPORT", line).replace("METHOD", method).replace("BODY", body)
    (tmp_path / "script.py").write_text(text)
    command = RUN if imports == "run" else [sys.executable]
    code, out, err = ended([*command, "script.py"], tmp_path)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert "True AF_INET SOCK_STREAM None" in lines
    assert "False" not in lines


def test_other_objects_go_to_other_processes_as_before() -> None:
    code: Any = """
        import capsock.socket as ours, socket, sys
        import multiprocessing, multiprocessing.reduction as reduction
        from importlib import reload
        reload(reduction)
        a, b = socket.socketpair()
        here, there = multiprocessing.Pipe()
        here.send([a, ours.socketpair()[0], {"x": 1}])
        one, two, three = there.recv()
        print(type(one) is socket.socket, type(two) is ours.socket, two.family.name, three)
        source = reduction.__loader__.get_source("multiprocessing.reduction")
        print(sys.meta_path[0].__name__, source is not None)
    """
    code = "import warnings\nwarnings.simplefilter('ignore')\n" + textwrap.dedent(code)
    assert run_script(code) == (0, "True True AF_UNIX {'x': 1}\n_Finder True\n", "")
