"""The artifacts: what is built for each target, from which crate, and the files of each."""

from __future__ import annotations

from dataclasses import dataclass

from targets import System

# The endings of a program, and the beginning and the ending of a shared library and of a static one.
PROGRAM: dict[System, str] = {"linux": "", "darwin": "", "freebsd": "", "windows": ".exe"}
SHARED: dict[System, tuple[str, str]] = {
    "linux": ("lib", ".so"),
    "darwin": ("lib", ".dylib"),
    "freebsd": ("lib", ".so"),
    "windows": ("", ".dll"),
}
STATIC = ("lib", ".a")
# The C library's name for the programs that are linked with it, by bindings-c/build.rs.
SONAMES: dict[System, str] = {
    "linux": "libcapsock.so.0",
    "darwin": "@rpath/libcapsock.0.dylib",
    "freebsd": "libcapsock.so.0",
}
# What programs are linked with on Windows, in the place of a shared library.
IMPORT = ("lib", ".dll.a")


@dataclass(frozen=True)
class Artifact:
    name: str  # the column of the table
    crate: str
    program: str = ""
    shared: str = ""
    static: str = ""

    def files(self, system: System) -> list[str]:
        """The names of its files, the one whose size is told first."""
        names = []
        if self.program:
            names.append(self.program + PROGRAM[system])
        if self.shared:
            names.append(self.shared.join(SHARED[system]))
        if self.static:
            names.append(self.static.join(STATIC))
        if self.static and system == "windows":
            names.append(self.shared.join(IMPORT))
        return names


COMMAND = Artifact("command", "capsock-cli", program="capsock")
LIBRARY = Artifact("C library", "capsock-c", shared="capsock", static="capsock")
JNI = Artifact("JNI library", "capsock-jni", shared="capsock_jni")
# Its file has its version and its platform in its name: maturin says which it is.
# For Linux alone; the command finds it by its name.
PRELOAD = Artifact("preload library", "capsock-preload", shared="capsock_preload")
WHEEL = Artifact("wheel", "capsock-python")
# No artifact, but a column: the tests of the core and the command, as programs of the target.
TESTS = Artifact("Rust tests", "capsock")

ARTIFACTS = (COMMAND, LIBRARY, JNI, WHEEL, TESTS)


def preload_file(musl: bool) -> str:
    """The name of the preload library's file: the command and a package may have that of each C library."""
    return f"libcapsock_preload{'-musl' if musl else ''}.so"
