"""Builds and runs a program with the package."""

from __future__ import annotations

from pathlib import Path

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class CapsockTest(ConanFile):
    """A program that finds capsock by find_package."""

    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeToolchain", "CMakeDeps"

    def requirements(self) -> None:
        """Require the package under test."""
        self.requires(self.tested_reference_str)

    def layout(self) -> None:
        """Lay out the folders."""
        cmake_layout(self)

    def build(self) -> None:
        """Compile the program."""
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self) -> None:
        """Run the program, if this machine can."""
        if can_run(self):
            self.run(f'"{Path(self.cpp.build.bindir, "program").absolute()}"', env="conanrun")
