"""`capsock run SCRIPT.py [ARG...]`: a script as `python SCRIPT.py` runs it, with its sockets on the core."""

from __future__ import annotations

import builtins
import os
import sys
import types

from capsock import _native
from capsock import trace as _trace

USAGE = "Usage: capsock run [--no-hints] [--trace FILE [--no-payload]] [--] SCRIPT.py [ARG...]"

HELP = f"""\
Run a Python script with its TCP and UDP sockets on capsock: what it imports as `socket` is
`capsock.socket`, also in the modules that it imports. Everything else is as `python SCRIPT.py` has
it. SCRIPT.py may be `-`, for standard input.

{USAGE}

Options:
      --no-hints    Say nothing of common mistakes on standard error
      --trace FILE  Append a record of every socket call to FILE, a line of JSON each
      --no-payload  Leave the first bytes of what is sent and received out of the record
  -h, --help        Print help"""


def main(arguments: list[str]) -> int:
    """Run the script that these arguments name and return the exit code, unless SystemExit ends it."""
    hints, payload, trace = True, True, None
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
    _native._introduce("<stdin>" if arguments[0] == "-" else arguments[0])
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
            file = os.open(script, os.O_RDONLY | os.O_CLOEXEC)
            if os.path.isdir(script):
                os.close(file)
                raise IsADirectoryError(21, "a folder is not run; name the script in it")
        except OSError as error:
            print(
                f"capsock run: can't open file {name!r}: [Errno {error.errno}] {error.strerror}",
                file=sys.stderr,
            )
            return 2

    import capsock.socket as ours
    from capsock import _hints

    sys.modules["socket"] = ours
    sys.argv[:] = arguments
    # Not there in isolated mode, and with -P.
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder
    sys.modules["__main__"] = _main_module()
    if hints:
        _hints.start()
    if _native._run_file(file, name):
        return 0
    ended_by = getattr(sys, "last_value", None)
    if hints and ended_by is not None:
        _hints.explain(ended_by)
    if isinstance(ended_by, KeyboardInterrupt):
        # Its traceback has been printed. The interpreter ends by SIGINT if an interruption arrives there.
        sys.excepthook = lambda *_: None
        raise ended_by
    return 1


def _main_module() -> types.ModuleType:
    """Make the module `__main__` as it is before a script runs, which fills in its file and loader."""
    module = types.ModuleType("__main__")
    vars(module)["__builtins__"] = builtins
    if sys.version_info < (3, 14):
        vars(module)["__annotations__"] = {}
    return module
