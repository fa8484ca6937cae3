"""The `capsock` command: `capsock --help`, or `python -m capsock --help`."""

from __future__ import annotations

import sys

from capsock import _native


def main() -> int:
    """Run the command with this process's arguments and return its exit code."""
    if sys.argv[1:2] == ["run"]:
        from capsock import _run

        return _run.main(sys.argv[2:])
    return _native.main(["capsock", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
