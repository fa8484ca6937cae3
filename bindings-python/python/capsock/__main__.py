"""The command `capsock`, as `python -m capsock`.

The command is an executable among the package's scripts, which replaces this process, or on Windows runs
as its child. `capsock run SCRIPT.py` needs Python: the executable starts the entry point `capsock-run` beside
it, which is `run` below.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> int:
    """Run the command with the arguments of this process; return the exit code of `run`."""
    if sys.argv[1:2] == ["run"]:
        return run(sys.argv[2:])
    _drop_first_folder()
    executable = _executable()
    if executable is not None:
        return _execute([executable, *sys.argv[1:]])
    print("capsock: the command is missing: install the package capsock again", file=sys.stderr)
    return 1


def _execute(command: list[str]) -> int:
    """Replace this process by the command's; on Windows, run it and return its exit code."""
    if sys.platform != "win32":
        import os

        os.execv(command[0], command)
    # There, os.execv() starts a second process and ends this one, for which alone the shell waits.
    import signal
    import subprocess

    # The console sends Ctrl-C to both; the command decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = subprocess.call(command)
    # sys.exit() takes a signed number.
    return status - 2**32 if status >= 2**31 else status


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

    return next((path for path in _candidates() if os.access(path, os.X_OK)), None)


def _candidates() -> Iterator[str]:
    from os.path import dirname, join

    from capsock import __version__

    name = "capsock.exe" if sys.platform == "win32" else "capsock"
    site = dirname(dirname(__file__))
    # The installer's list of the package's files, for any scheme: a virtual environment, --user...
    try:
        with open(join(site, f"capsock-{__version__}.dist-info", "RECORD"), encoding="utf-8") as record:
            files = [line.partition(",")[0] for line in record]
    except OSError:
        files = []
    yield from (join(site, file) for file in files if file.endswith(f"/{name}"))
    # With --target, pip moves the scripts and leaves the list as it was.
    yield join(site, "bin", name)
    # With --editable, the list is elsewhere. This import takes longer than all else here.
    from importlib import metadata

    try:
        listed = metadata.files("capsock") or []
    except metadata.PackageNotFoundError:
        return
    yield from (str(file.locate()) for file in listed if file.name == name)


if __name__ == "__main__":
    sys.exit(main())
