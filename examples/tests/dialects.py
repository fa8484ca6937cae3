"""The lecture's own programs as they stand in `lecture`, on their languages' own sockets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import places
from programs import HOST, Transport

LECTURE = Path(__file__).parent / "lecture"


@dataclass(frozen=True)
class Dialect:
    """One set of the lecture's programs: what runs them, and the ports that are written in them."""

    suffix: str
    command: tuple[str, ...]
    tcp_port: int
    udp_port: int

    def program(self, name: str, transport: Transport, port: int, folder: Path) -> list[str]:
        """Puts host and port into a copy of a program, and returns the command that runs it."""
        text = (LECTURE / folder.name / f"{name}{self.suffix}").read_text()
        for there, here in {
            "servername": HOST,
            "hostname": HOST,
            str(self.tcp_port if transport == "tcp" else self.udp_port): str(port),
        }.items():
            text = text.replace(there, here)
        assert str(port) in text
        copy = folder / f"{name}{self.suffix}"
        copy.write_text(text)
        return [*self.command, str(copy)]


# -u: the servers do not flush their first line.
DIALECTS = {
    "python2": Dialect(".py", (places.python2() or "", "-u"), 12000, 12000),
    "python3": Dialect(".py", (places.PYTHON, "-u"), 12000, 12000),
    "java": Dialect(".java", (places.JAVA,), 6789, 9876),
}
