"""What was measured on, and with which versions."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> dict[str, str]:
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return {
        "processor": f"{processor}, {os.cpu_count()} cores",
        "kernel": f"Linux {platform.release().partition('-')[0]}",
    }
