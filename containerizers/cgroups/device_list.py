"""Devices that a container may use: the harmless ones, and those that it was given."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from containerizers.cgroups.tree import CgroupError
from containerizers.spec import Device


class Rule(NamedTuple):
    """Access to devices; `minor` None: all of that `major`."""

    kind: str
    major: int
    minor: int | None
    access: str

    def __str__(self) -> str:
        return f"{self.kind} {self.major}:{'*' if self.minor is None else self.minor} {self.access}"


#: null, zero, full, random, urandom; tty, console, ptmx; and all ends of pseudo terminals.
HARMLESS = (
    *(Rule("c", 1, minor, "rwm") for minor in (3, 5, 7, 8, 9)),
    *(Rule("c", 5, minor, "rwm") for minor in (0, 1, 2)),
    Rule("c", 136, None, "rwm"),
)


def rules(devices: Sequence[Device]) -> tuple[Rule, ...]:
    """What may be used beside these devices of the host; raises CgroupError for one that is none."""
    return (*HARMLESS, *map(_rule, devices))


def _rule(device: Device) -> Rule:
    if not device.access or not set(device.access) <= set("rwm"):
        raise CgroupError(f"device {device.path!r}: access {device.access!r} must be made of r, w and m")
    try:
        seen = os.stat(device.path)  # noqa: PTH116  a string
    except (OSError, ValueError) as error:
        raise CgroupError(f"device {device.path!r}: {error}") from None
    if stat.S_ISCHR(seen.st_mode):
        kind = "c"
    elif stat.S_ISBLK(seen.st_mode):
        kind = "b"
    else:
        raise CgroupError(f"device {device.path!r}: is no device")
    return Rule(kind, os.major(seen.st_rdev), os.minor(seen.st_rdev), device.access)
