"""What went through the network of a process, by interface (proc_pid_net: net/dev)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

_PROC: Final = Path("/proc")
#: What stays within a network does not count.
_LOOPBACK: Final = "lo"


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """What one interface, or several, took in and sent; by the names of `Usage`."""

    received_bytes: int = 0
    received_packets: int = 0
    received_errors: int = 0
    received_dropped: int = 0
    sent_bytes: int = 0
    sent_packets: int = 0
    sent_errors: int = 0
    sent_dropped: int = 0


def interfaces(process: int | str = "self", proc: Path = _PROC) -> Mapping[str, Counters]:
    """By name, the interfaces of the network that a process is in; none of one that is gone."""
    try:
        lines = (proc / str(process) / "net/dev").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines[2:]:  # behind the headings
        name, _, rest = line.rpartition(":")
        # Of sixteen numbers the first eight are of what came in: bytes, packets, errors, dropped, ….
        fields = tuple(map(int, rest.split()))
        found[name.strip()] = Counters(
            received_bytes=fields[0],
            received_packets=fields[1],
            received_errors=fields[2],
            received_dropped=fields[3],
            sent_bytes=fields[8],
            sent_packets=fields[9],
            sent_errors=fields[10],
            sent_dropped=fields[11],
        )
    return found


def total(counted: Mapping[str, Counters]) -> Counters:
    """All but the loopback together."""
    each = [counters for name, counters in counted.items() if name != _LOOPBACK]
    sums = {field: sum(getattr(one, field) for one in each) for field in Counters.__struct_fields__}
    return Counters(**sums)


def has_own(process: int, proc: Path = _PROC) -> bool:
    """Whether a process is in another network than this one."""
    try:
        return (proc / str(process) / "ns/net").readlink() != (proc / "self/ns/net").readlink()
    except OSError:
        return False
