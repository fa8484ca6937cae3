"""The targets: one row each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

# What is expected of a target: that its artifacts are linked; that they run here.
Step = Literal["linked", "run"]
System = Literal["linux", "darwin", "freebsd", "windows"]

HOST = os.uname().machine


@dataclass(frozen=True)
class Target:
    step: Step
    triple: str
    system: System
    policy: str  # the platform of the wheel, as maturin takes it: for Linux without the processor
    glibc: str = ""  # the oldest glibc that the artifacts run with
    debug: bool = False  # debug builds, which are quick to make, are run here and handed to nobody

    @property
    def name(self) -> str:
        """The triple, with glibc's version as cargo-zigbuild takes it."""
        return f"{self.triple}.{self.glibc}" if self.glibc else self.triple

    @property
    def wheel(self) -> str:
        """The platform tag of the wheel."""
        return f"{self.policy}_{self.processor}" if self.system == "linux" else self.policy

    @property
    def musl(self) -> bool:
        return self.triple.endswith("-musl")

    @property
    def tested(self) -> bool:
        """Are the Rust tests run? An emulator is too slow for them."""
        return self.processor == HOST and (self.musl or self.system == "windows")

    @property
    def processor(self) -> str:
        return self.triple.split("-")[0]


TARGETS = (
    Target("run", "x86_64-unknown-linux-musl", "linux", "musllinux_1_2"),
    Target("run", "x86_64-unknown-linux-gnu", "linux", "manylinux_2_17", glibc="2.17"),
    Target("run", "aarch64-unknown-linux-gnu", "linux", "manylinux_2_17", glibc="2.17"),
    Target("run", "aarch64-unknown-linux-musl", "linux", "musllinux_1_2"),
    Target("linked", "aarch64-apple-darwin", "darwin", "macosx_11_0_arm64"),
    Target("linked", "x86_64-apple-darwin", "darwin", "macosx_10_12_x86_64"),
    Target("linked", "x86_64-unknown-freebsd", "freebsd", "freebsd_14_x86_64"),
    Target("run", "x86_64-pc-windows-gnu", "windows", "win_amd64"),
)
