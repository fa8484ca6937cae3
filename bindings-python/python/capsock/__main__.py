"""The `capsock` command: `capsock --help`, or `python -m capsock --help`."""

import sys

from capsock import _native


def main() -> int:
    """Run the command with this process's arguments and return its exit code."""
    if sys.argv[1:2] == ["run"]:
        # The working folder, or that of the installed command: neither is searched for what this package
        # imports, nor is it when the script runs. With -I and -P there is no such entry.
        if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
            del sys.path[:1]
        from capsock import _run

        return _run.main(sys.argv[2:])
    return _native.main(["capsock", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
