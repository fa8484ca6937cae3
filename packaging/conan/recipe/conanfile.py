"""The Conan recipe: packs the release's archive of a platform."""

from __future__ import annotations

from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get, load
from conan.tools.layout import basic_layout

# Conan's names of systems and processors, and the archives'.
SYSTEMS = {"Linux": "linux", "Macos": "macos", "FreeBSD": "freebsd", "Windows": "windows"}
PROCESSORS = {"x86_64": "x86_64", "armv8": "aarch64"}


class CapsockRecipe(ConanFile):
    """capsock, as a shared or a static library."""

    name = "capsock"
    description = "Sockets, clients and request-reply servers over TCP and UDP"
    license = "MIT OR Apache-2.0"
    topics = ("socket", "tcp", "udp", "server", "education")
    settings = "os", "arch", "compiler", "build_type"
    # Conan's settings do not tell Linux's C libraries apart.
    options = {"shared": [True, False], "libc": ["glibc", "musl"]}  # noqa: RUF012 - as Conan has it
    default_options = {"shared": True, "libc": "glibc"}  # noqa: RUF012
    package_type = "library"

    @property
    def _platform(self) -> str:
        processor = PROCESSORS.get(str(self.settings.arch), str(self.settings.arch))
        musl = "-musl" if self.options.get_safe("libc") == "musl" else ""
        return f"{SYSTEMS.get(str(self.settings.os), str(self.settings.os))}-{processor}{musl}"

    def config_options(self) -> None:
        """Remove the choice of the C library where a system has one."""
        if self.settings.os != "Linux":
            del self.options.libc

    def layout(self) -> None:
        """Lay out the folders."""
        basic_layout(self)

    def package_id(self) -> None:
        """Tell that all compilers get one build: no C++ is in the library."""
        del self.info.settings.compiler
        del self.info.settings.build_type

    def validate(self) -> None:
        """Refuse platforms that have no archive."""
        if self._platform not in self.conan_data["archives"][self.version]:
            raise ConanInvalidConfiguration(f"capsock {self.version} has no archive for {self._platform}")
        if self.settings.os == "Windows" and self.settings.compiler == "msvc" and not self.options.shared:
            raise ConanInvalidConfiguration("the static library is for MinGW: use capsock/*:shared=True")

    def build(self) -> None:
        """Fetch and check the archive."""
        get(self, **self.conan_data["archives"][self.version][self._platform], strip_root=True)

    def package(self) -> None:
        """Copy the library that is asked for."""
        built, to = self.build_folder, self.package_folder
        copy(self, "*", str(Path(built, "include")), str(Path(to, "include")))
        copy(self, "LICENSE-*", str(Path(built, "share/doc/capsock")), str(Path(to, "licenses")))
        copy(self, "THIRD-PARTY.txt", str(Path(built, "share/doc/capsock")), str(Path(to, "licenses")))
        if not self.options.shared:
            copy(self, "libcapsock.a", str(Path(built, "lib")), str(Path(to, "lib")))
        else:
            for pattern in ("libcapsock.so*", "libcapsock*.dylib", "libcapsock.dll.a"):
                copy(self, pattern, str(Path(built, "lib")), str(Path(to, "lib")))
            copy(self, "capsock.dll", str(Path(built, "bin")), str(Path(to, "bin")))
        copy(self, "capsock.pc", str(Path(built, "lib/pkgconfig")), str(Path(to, "share")))

    def package_info(self) -> None:
        """Tell the names of the library, and what the static one needs."""
        self.cpp_info.libs = ["capsock"]
        self.cpp_info.set_property("cmake_file_name", "capsock")
        target = "capsock::capsock" if self.options.shared else "capsock::capsock-static"
        self.cpp_info.set_property("cmake_target_name", target)
        self.cpp_info.set_property("pkg_config_name", "capsock")
        if not self.options.shared:
            # The list is that of the archive's capsock.pc.
            lines = load(self, str(Path(self.package_folder, "share", "capsock.pc"))).splitlines()
            (private,) = (line for line in lines if line.startswith("Libs.private:"))
            words = private.split()[1:]
            self.cpp_info.system_libs = [word.removeprefix("-l") for word in words if word != "-lc"]
        elif self.settings.os == "Windows":
            self.cpp_info.system_libs = ["ws2_32"]
