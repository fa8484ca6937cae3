"""Prints the names that a library for macOS exports; run by the Python of the tools, which has macholib."""

import sys

from macholib.MachO import MachO  # type: ignore[import-not-found]
from macholib.SymbolTable import SymbolTable  # type: ignore[import-not-found]

# zig's linker gives these to each library.
LINKERS = {"_mh_dylib_header", "__dso_handle"}

for _, name in SymbolTable(MachO(sys.argv[1])).extdefsyms:
    # The compiler puts this before each name of C.
    shown = name.decode().removeprefix("_")
    if shown not in LINKERS:
        print(shown)
