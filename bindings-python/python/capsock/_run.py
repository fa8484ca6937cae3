"""`capsock run SCRIPT.py [ARG...]`: run a script as `python SCRIPT.py` does, with its sockets on the core."""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.util
import os
import sys
import types

from capsock import _native, _standard
from capsock import trace as _trace

USAGE = "Usage: capsock run [--no-hints] [--trace FILE [--no-payload]] [--] SCRIPT.py [ARG...]"

HELP = f"""\
Run a Python script with its TCP and UDP sockets on capsock: the module `socket` is
`capsock.socket`, also in the modules that the script imports. Everything else is as with
`python SCRIPT.py`. SCRIPT.py may be `-`, for standard input.

{USAGE}

Options:
      --no-hints    Print no hints about common mistakes
      --trace FILE  Append a line of JSON to FILE for each socket call
      --no-payload  Record no bytes of what is sent and received
  -h, --help        Print help

The environment variable CAPSOCK_HINTS=0 has the effect of --no-hints."""


def main(arguments: list[str]) -> int:
    """Run the script that these arguments name and return the exit code, unless SystemExit ends it."""
    hints, payload, trace = os.environ.get("CAPSOCK_HINTS") != "0", True, None
    while arguments and arguments[0].startswith("-") and arguments[0] != "-":
        option, equals, value = arguments.pop(0).partition("=")
        if option == "--" and not equals:
            break
        if option in ("-h", "--help") and not equals:
            print(HELP)
            return 0
        if option == "--trace" and (equals or arguments):
            trace = value if equals else arguments.pop(0)
        elif option == "--no-hints" and not equals:
            hints = False
        elif option == "--no-payload" and not equals:
            payload = False
        elif option == "--trace":
            return _refused("a value is required for '--trace FILE' but none was supplied")
        else:
            return _refused(f"unexpected argument '{option}{equals}{value}' found")
    if not arguments:
        return _refused("the script is missing")
    if trace is None and not payload:
        return _refused("'--no-payload' needs '--trace FILE'")
    _native._set_process_info("<stdin>" if arguments[0] == "-" else arguments[0])
    if trace is not None:
        try:
            _trace.start(trace, payload)
        except OSError as error:
            print(f"capsock run: {error.strerror}", file=sys.stderr)
            return 1
    return _run(arguments, hints)


def _refused(why: str) -> int:
    print(f"error: {why}\n\n{USAGE}", file=sys.stderr)
    return 2


def _run(arguments: list[str], hints: bool) -> int:
    script = arguments[0]
    if script == "-":
        name, folder, file = "<stdin>", "", os.dup(0)
    else:
        # `__file__` as the interpreter has it: absolute, and otherwise as it was given.
        name, folder = os.path.join(os.getcwd(), script), os.path.dirname(os.path.realpath(script))
        try:
            if os.path.isdir(script):
                raise IsADirectoryError(21, "a folder is not run; name the script in it")
            file = os.open(script, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            print(
                f"capsock run: can't open file {name!r}: [Errno {error.errno}] {error.strerror}",
                file=sys.stderr,
            )
            return 2

    import capsock.socket as ours
    from capsock import _hints

    if hints:
        _hints.start()
    sys.argv[:] = arguments
    # Not there in isolated mode, and with -P.
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)
        _make_room(folder or os.getcwd())
    _replace_socket(ours)
    sys.modules["__main__"] = _main_module()
    if _native._run_file(file, name):
        return 0
    ended_by = getattr(sys, "last_value", None)
    if isinstance(ended_by, KeyboardInterrupt):
        # Its traceback has been printed. The interpreter ends by SIGINT if an interruption arrives there.
        sys.excepthook = lambda *_: None
        raise ended_by
    return 1


# The modules that the interpreter imports before a script, other than built-in ones.
STARTUP = {
    "_collections_abc",
    "abc",
    "codecs",
    "encodings",
    "genericpath",
    "io",
    "os",
    os.path.__name__,
    "site",
    "stat",
}


def _make_room(folder: str) -> None:
    """Remove the modules from sys.modules that this command has imported and the script's folder shadows."""
    try:
        names = {entry.partition(".")[0] for entry in os.listdir(folder)}
    except OSError:
        return
    for name in names & set(sys.modules) - STARTUP - set(sys.builtin_module_names) - {"capsock", "__main__"}:
        spec = _standard.found(name)
        file = spec.origin if spec is not None else None
        # Built-in and frozen modules are found before any file.
        is_own = file is not None and os.path.dirname(file) in (folder, os.path.join(folder, name))
        if is_own and file != getattr(sys.modules[name], "__file__", None):
            for loaded in [one for one in sys.modules if one.partition(".")[0] == name]:
                del sys.modules[loaded]


def _replace_socket(ours: types.ModuleType) -> None:
    """Replace `socket` by `capsock.socket`, unless a file of the script's folder shadows it."""
    spec = _standard.found("socket")
    if spec is not None and _standard.is_shadow(spec.origin):
        sys.modules.pop("socket", None)
        return
    sys.modules["socket"] = ours
    ours.socket.__module__ = "socket"
    sys.meta_path.insert(0, _Finder)


class _Finder:
    """Finds `capsock.socket` for a program that removes `socket` from sys.modules and imports it again."""

    @staticmethod
    def find_spec(
        name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "socket":
            return None
        file = sys.modules["capsock.socket"].__file__
        return importlib.util.spec_from_file_location(name, file)


def _main_module() -> types.ModuleType:
    """Return a module `__main__` as it is before a script runs, which sets its file and loader."""
    module = types.ModuleType("__main__")
    vars(module)["__builtins__"] = builtins
    if sys.version_info < (3, 14):
        vars(module)["__annotations__"] = {}
    return module
