"""Which boot of this host it is."""

from __future__ import annotations

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id(path: Path = _BOOT_ID) -> str:
    """An id that the kernel makes up at every boot; raises OSError where it tells none."""
    return path.read_text(encoding="ascii").strip()
