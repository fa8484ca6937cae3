"""The command `capsock`, as `python -m capsock`.

The command is an executable among the package's scripts, which replaces this process. `capsock run SCRIPT.py`
needs Python: the executable starts the entry point `capsock-run` beside it, which is `run` below.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command with the arguments of this process; return the exit code of `run`."""
    if sys.argv[1:2] == ["run"]:
        return run(sys.argv[2:])
    _drop_first_folder()
    import os

    executable = _executable()
    if executable is not None:
        os.execv(executable, [executable, *sys.argv[1:]])
    print("capsock: the command is missing: install the package capsock again", file=sys.stderr)
    return 1


def run(arguments: list[str] | None = None) -> int:
    """Run a script with its sockets on capsock; the arguments are those of this process unless given."""
    _drop_first_folder()
    from capsock import _run

    return _run.main(sys.argv[1:] if arguments is None else arguments)


def _drop_first_folder() -> None:
    """Take the working folder, or that of the entry point, out of sys.path.

    It is searched neither for what this package imports nor for what a script does. With -I and -P it is not
    there.
    """
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        del sys.path[:1]


def _executable() -> str | None:
    """Return the path of the command's executable."""
    import os
    from importlib import metadata

    # The installer's list of the package's files, for any scheme: a virtual environment, --user...
    try:
        files = metadata.files("capsock") or []
    except metadata.PackageNotFoundError:
        files = []
    listed = [str(file.locate()) for file in files if file.name == "capsock"]
    # With --target, pip moves the scripts and leaves the list as it was.
    moved = os.path.join(os.path.dirname(os.path.dirname(__file__)), "bin", "capsock")
    return next((path for path in [*listed, moved] if os.access(path, os.X_OK)), None)


if __name__ == "__main__":
    sys.exit(main())
